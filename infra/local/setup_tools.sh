#!/usr/bin/env bash
# setup_tools.sh sam|emulator|scan|peers: makes the environment of the SAM command line (.tools/sam), of the AWS emulator
# that it deploys to (.tools/emulator), of the scanner for templates (.tools/scan) or of the libraries that the benchmark
# compares with (.tools/peers), or leaves it alone when it is up to date; prints the folder of its programs.
#
# Environments of their own, because they pin what they depend on, each otherwise, and nobody needs them to work on the
# code. With the functions' version of Python, because built functions run in them.
set -euo pipefail

# As in the Makefile: this script is called without make too.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
pins=requirements-$1.txt
venv=.tools/$1

if [[ -e $venv && ! -e $venv/pyvenv.cfg && -n $(ls -A "$venv") ]]; then
    printf 'setup_tools: %s is not a virtual environment; not touching it\n' "$venv" >&2
    exit 1
fi

# The place counts: the scripts of an environment name it, so one that was moved is broken.
wanted=$(printf '%s\n' "$root" "$(cat "$pins" "$here/setup_tools.sh" | cksum)")
if [[ ! -x $venv/bin/python || $(cat "$venv/.ready" 2>/dev/null) != "$wanted" ]]; then
    python=$("$here/find_python.sh" --fetch 3.13)
    printf 'setup_tools: %s with %s\n' "$venv" "$python" >&2
    uv=$("$here/boot_uv.sh" "$python")
    mkdir -p .tools
    "$uv" venv --quiet --clear --python "$python" "$venv" >&2
    # Without --compile-bytecode every run would compile again wherever PYTHONDONTWRITEBYTECODE is set.
    "$uv" pip sync --quiet --python "$venv/bin/python" --compile-bytecode --require-hashes "$pins" >&2
    printf '%s\n' "$wanted" >"$venv/.ready"
fi
printf '%s\n' "$root/$venv/bin"
