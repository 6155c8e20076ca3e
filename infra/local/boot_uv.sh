#!/usr/bin/env bash
# boot_uv.sh PYTHON: prints the path of the pinned uv, after installing it with PYTHON when it is missing or outdated.
#
# A uv that happens to be on PATH is left alone: an older one ignores the build flags in pyproject.toml without a word.
# BOOT names another folder for it than .boot.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
boot=${BOOT:-$root/.boot}
pins=$root/requirements-uv.txt
wanted=$(cksum <"$pins")

# Asking for its version also finds a uv of another system, as in a checkout that is mounted into a container.
if ! "$boot/bin/uv" --version >/dev/null 2>&1 || [[ $(cat "$boot/.ready" 2>/dev/null) != "$wanted" ]]; then
    "$1" -m venv --clear "$boot" >&2
    "$boot/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$pins" >&2
    printf '%s\n' "$wanted" >"$boot/.ready"
fi
printf '%s\n' "$boot/bin/uv"
