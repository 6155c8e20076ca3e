#!/usr/bin/env bash
# setup_lighthouse.sh: installs the pinned Lighthouse into .tools/lighthouse, or leaves it alone when it is there; prints
# the script that node runs.
#
# It is the only thing here that comes from npm, measures the page and is part of nothing that is deployed or tested. A
# folder of its own keeps the project free of a package.json; version 13 wants a newer Node than Debian has.
set -euo pipefail

version=12.8.2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$root/.tools/lighthouse
script=$folder/node_modules/lighthouse/cli/index.js

if ! type -P node >/dev/null || ! type -P npm >/dev/null; then
    printf 'setup_lighthouse: Lighthouse needs Node 20 or newer and npm: install nodejs and npm\n' >&2
    exit 1
fi
if [[ $(cat "$folder/.ready" 2>/dev/null) != "$version" || ! -e $script ]]; then
    printf 'setup_lighthouse: Lighthouse %s\n' "$version" >&2
    mkdir -p "$folder"
    printf '{"private": true}\n' >"$folder/package.json"
    # What it depends on runs nothing while it is installed, and calls nobody.
    npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-package-lock --no-save --silent \
        "lighthouse@$version" >&2
    printf '%s\n' "$version" >"$folder/.ready"
fi
printf '%s\n' "$script"
