#!/usr/bin/env bash
# setup.sh [VENV]: makes the virtual environment (default .venv), or leaves it alone when it is up to date.
#
# Up to date means: same pins, same package and build settings, same place on disk, and the Python that PYTHON asks for,
# if any. These are compared by content, because git sets file times anew whenever it switches branches. When something
# differs the environment is made from scratch, since uv keeps an installed Annoy even when its build flags have changed;
# from a warm cache that takes seconds.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
venv=${1:-.venv}

if [[ -e $venv && ! -e $venv/pyvenv.cfg && -n $(ls -A "$venv") ]]; then
    printf 'setup: %s is not a virtual environment; not touching it\n' "$venv" >&2
    exit 1
fi

base_of() { "$1" -I -c 'import sys; print(sys.base_prefix, "%d.%d.%d" % sys.version_info[:3])' 2>/dev/null; }
settings='import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))
print(project["project"], project["build-system"], project["tool"]["hatch"], project["tool"]["uv"])'
state() {
    printf '%s\n' "$root" "$(base_of "$venv/bin/python")"
    { "$venv/bin/python" -I -c "$settings" && cat requirements-dev.txt "$here/setup.sh"; } | cksum
}

if [[ -f $venv/.ready && -x $venv/bin/daltonify ]] && current=$(base_of "$venv/bin/python"); then
    wanted=$current
    if [[ -n ${PYTHON:-} ]]; then
        python=$("$here/find_python.sh")
        wanted=$(base_of "$python")
    fi
    [[ $wanted != "$current" || $(cat "$venv/.ready") != "$(state)" ]] || exit 0
fi

python=$("$here/find_python.sh" --fetch)
printf 'setup: %s with %s\n' "$venv" "$python"
uv=$("$here/boot_uv.sh" "$python")
"$uv" venv --quiet --clear --python "$python" "$venv"
# Without --compile-bytecode every run would compile again wherever PYTHONDONTWRITEBYTECODE is set.
if ! "$uv" pip sync --quiet --python "$venv/bin/python" --compile-bytecode --require-hashes requirements-dev.txt; then
    printf 'setup: if Annoy failed to build, it lacks a C++ compiler or the Python headers\n' >&2
    printf '       (Debian and Ubuntu: apt install g++ python3-dev; macOS: xcode-select --install)\n' >&2
    exit 1
fi
"$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
state >"$venv/.ready"
