#!/usr/bin/env bash
# build.sh: checks and scans template.yaml, makes what is deployed in .aws-sam/build, and looks for the faults that only show there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
export SAM_CLI_TELEMETRY=0
# The layers' recipes are a make of their own, whatever this is part of.
unset MAKEFLAGS MAKELEVEL MFLAGS

tools=$("$here/setup_tools.sh" sam)
scanner=$("$here/setup_tools.sh" scan)
"$tools/sam" validate --lint
"$tools/python" -m infra.local.scan_template "$scanner/checkov"

# SAM builds a layer again when the folder in its ContentUri has changed, and does not know what else its recipe reads.
wanted=$(cat layers/*.mk layers/*/Makefile pyproject.toml requirements-uv.txt "$here/native_code.py" | cksum)
if [[ $(cat .aws-sam/recipes 2>/dev/null) != "$wanted" ]]; then
    rm -rf .aws-sam
    mkdir .aws-sam
    printf '%s\n' "$wanted" >.aws-sam/recipes
fi

# What it says in the end names commands that are not ours; progress and faults come by the other way.
"$tools/sam" build >/dev/null

# As in the layers: Lambda cannot write bytecode beside a function, and would compile it anew at every cold start.
for function in .aws-sam/build/*/shared; do
    folder=$(dirname "$function")
    "$tools/python" -I -m compileall -q --invalidation-mode unchecked-hash -s "$folder" -p /var/task "$folder"
done
"$tools/python" -m infra.local.check_build .aws-sam/build
