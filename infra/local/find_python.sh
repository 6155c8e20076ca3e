#!/usr/bin/env bash
# find_python.sh [--fetch] [VERSION...]: prints the path of a Python to use, best version first (default: 3.13 3.12).
#
# Order: $PYTHON; then pythonVERSION on PATH for each version; then pyenv's; then one that uv fetched before; and with
# --fetch, one that uv fetches now. A given PYTHON that does not do is an error, never replaced by another.
# Why a script: a name on PATH proves nothing. pyenv's shims exist for versions that are not active and exit with 127,
# and Debian's Python may come without the part that makes virtual environments. So every candidate is run.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
boot=${BOOT:-$here/../../.boot}
fetch=no
if [[ ${1:-} == --fetch ]]; then
    fetch=yes
    shift
fi
versions=("$@")
[[ $# -gt 0 ]] || versions=(3.13 3.12)

wanted="${versions[*]}"
wanted=${wanted// / or }

say() { printf 'find_python: %s\n' "$*" >&2; }

# -I: neither PYTHONPATH nor the current folder has a say. The base executable: a virtual environment that is active
# now may be the very one that gets replaced.
probe='import sys
print("%d.%d" % sys.version_info[:2])
print(getattr(sys, "_base_executable", "") or sys.executable)
try:
    import ensurepip, venv
except ImportError:
    print("no venv")'

# check CANDIDATE: on success sets `found`, otherwise `why`.
check() {
    local answer version rest
    found='' why=''
    if ! answer=$("$1" -I -c "$probe" </dev/null 2>/dev/null); then
        why='does not run'
        return 1
    fi
    version=${answer%%$'\n'*}
    rest=${answer#*$'\n'}
    if [[ " ${versions[*]} " != *" $version "* ]]; then
        why="is Python ${version:-of unknown version}, not $wanted"
        return 1
    fi
    if [[ $rest == *$'\n'no\ venv ]]; then
        why="cannot make virtual environments (on Debian and Ubuntu: apt install python$version-venv)"
        return 1
    fi
    found=$rest
}

# offer CANDIDATE: prints it and ends the search when it will do.
offer() {
    if check "$1"; then
        printf '%s\n' "$found"
        exit 0
    fi
    # A shim that does not run is everyday; anything else may be what the reader has to mend.
    [[ $why == 'does not run' ]] || say "passing over $1: it $why"
}

if [[ -n ${PYTHON:-} ]]; then
    check "$PYTHON" || { say "PYTHON=$PYTHON $why"; exit 1; }
    printf '%s\n' "$found"
    exit 0
fi

for version in "${versions[@]}"; do
    # every one on PATH, because a dead shim may stand before a good one
    while IFS= read -r candidate; do
        [[ -z $candidate ]] || offer "$candidate"
    done < <(type -aP "python$version" || true)
done

# A shim also shows where pyenv lives, which HOME need not know.
home=~
roots=("${PYENV_ROOT:-$home/.pyenv}")
while IFS= read -r candidate; do
    [[ $candidate != */shims/* ]] || roots+=("${candidate%/shims/*}")
done < <(for version in "${versions[@]}"; do type -aP "python$version" || true; done)
for version in "${versions[@]}"; do
    for pyenv in "${roots[@]}"; do
        while IFS= read -r candidate; do
            [[ ! -x $candidate ]] || offer "$candidate"
        done < <(printf '%s\n' "$pyenv/versions/$version".*/bin/"python$version" | sort -rV)
    done
done

if [[ -x $boot/bin/uv ]]; then
    for version in "${versions[@]}"; do
        if candidate=$("$boot/bin/uv" python find --no-project --managed-python --no-python-downloads "$version" 2>/dev/null); then
            offer "$candidate"
        fi
    done
fi

if [[ $fetch == yes ]]; then
    for any in python3 python; do
        if uv=$("$here/boot_uv.sh" "$any" 2>/dev/null); then
            say "no Python $wanted on this machine: letting uv fetch ${versions[0]}"
            export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
            if "$uv" python install "${versions[0]}" >&2 &&
                candidate=$("$uv" python find --no-project --managed-python "${versions[0]}"); then
                offer "$candidate"
            fi
            break
        fi
    done
fi

say "there is no Python $wanted here. Install it (your package manager, pyenv install ${versions[0]},"
say "uv python install ${versions[0]} or python.org), or name one: make PYTHON=/path/to/python${versions[0]}"
exit 1
