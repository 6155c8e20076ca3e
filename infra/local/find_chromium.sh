#!/usr/bin/env bash
# find_chromium.sh: prints the path of a Chromium or Chrome for the tests of the page.
#
# Order: $CHROMIUM; then Chromium's headless shell, which is the same browser without windows and needs less than half of
# the processor's time; then the usual names on PATH. Where there is no headless shell and this runs as root on Debian,
# as it does in CI, it installs one; anywhere else it takes what there is or says what to install, because a test run
# must not change somebody's machine. A given CHROMIUM that does not run is an error, never replaced by another.
set -euo pipefail

shell=(chromium-headless-shell chrome-headless-shell)
names=(chromium chromium-browser google-chrome google-chrome-stable)
# Without a font the screenshots, and every width that depends on text, would be of empty boxes.
packages=(chromium-headless-shell fonts-dejavu-core)

say() { printf 'find_chromium: %s\n' "$*" >&2; }

# A name on PATH proves nothing: Ubuntu's chromium-browser may be a stub that only names a snap.
runs() { "$1" --version </dev/null >/dev/null 2>&1; }

# offer NAME…: prints the first browser that runs and ends the search.
offer() {
    local name path
    for name in "$@"; do
        if path=$(type -P "$name") && runs "$path"; then
            printf '%s\n' "$path"
            exit 0
        fi
    done
}

# Whoever has a browser can do without this, so that it may fail.
install() {
    export DEBIAN_FRONTEND=noninteractive
    say "no headless shell found; installing ${packages[*]}"
    apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
}

if [[ -n ${CHROMIUM:-} ]]; then
    path=$(type -P "$CHROMIUM") && runs "$path" || { say "CHROMIUM=$CHROMIUM does not run"; exit 1; }
    printf '%s\n' "$path"
    exit 0
fi

offer "${shell[@]}"

if [[ $(id -u) == 0 && -r /etc/debian_version ]] && type -P apt-get >/dev/null && ! grep -q '^ID=ubuntu' /etc/os-release; then
    install || say "that failed; looking for another browser"
    offer "${shell[@]}"
fi

offer "${names[@]}"

say "the tests of the page need Chromium or Chrome, and none of ${shell[*]} ${names[*]} runs here"
say "on Debian: sudo apt install ${packages[*]}; elsewhere install Chrome, or set CHROMIUM to a browser's path"
exit 1
