#!/usr/bin/env bash
# setup_sam.sh: makes the environment of the SAM command line, .tools, or leaves it alone when it is up to date; prints
# the folder of its programs.
#
# An environment of its own, because SAM pins what it depends on, and nobody needs it to work on the code. With the
# functions' version of Python, because the finished build is checked from here too.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
venv=.tools

if [[ -e $venv && ! -e $venv/pyvenv.cfg && -n $(ls -A "$venv") ]]; then
    printf 'setup_sam: %s is not a virtual environment; not touching it\n' "$venv" >&2
    exit 1
fi

# The place counts: the scripts of an environment name it, so one that was moved is broken.
wanted=$(printf '%s\n' "$root" "$(cat requirements-sam.txt "$here/setup_sam.sh" | cksum)")
if [[ ! -x $venv/bin/sam || $(cat "$venv/.ready" 2>/dev/null) != "$wanted" ]]; then
    python=$("$here/find_python.sh" --fetch 3.13)
    printf 'setup_sam: %s with %s\n' "$venv" "$python" >&2
    uv=$("$here/boot_uv.sh" "$python")
    "$uv" venv --quiet --clear --python "$python" "$venv" >&2
    # Without --compile-bytecode every run would compile again wherever PYTHONDONTWRITEBYTECODE is set.
    "$uv" pip sync --quiet --python "$venv/bin/python" --compile-bytecode --require-hashes requirements-sam.txt >&2
    printf '%s\n' "$wanted" >"$venv/.ready"
fi
printf '%s\n' "$root/$venv/bin"
