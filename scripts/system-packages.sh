#!/bin/sh
# Installs what the tests need from the system and is missing: a PostgreSQL server and Chromium.
# Debian and Ubuntu only; elsewhere it says what to install. Where it cannot help, the tests that
# need the missing part are reported as not run; with CI=true that is a failure.
set -eu

has_postgres() {
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

has_chromium() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

missing=""
has_postgres || missing="$missing postgresql"
# fonts-dejavu-core: a Chromium without any font draws boxes.
has_chromium || missing="$missing chromium fonts-dejavu-core"
[ -z "$missing" ] && exit 0

give_up() {
    echo "system-packages: $1" >&2
    echo "system-packages: install by hand:$missing (a PostgreSQL server with initdb; Chromium)." >&2
    echo "system-packages: until then the tests that need them are reported as NOT RUN." >&2
    [ "${CI:-}" = true ] && exit 1
    exit 0
}

command -v apt-get >/dev/null 2>&1 || give_up "this system has no apt-get."
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || give_up "not root, and there is no sudo."
    as_root="sudo"
    # Without a terminal nobody can type a password.
    [ -t 0 ] || as_root="sudo -n"
    $as_root true || give_up "sudo was refused."
fi
echo "system-packages: installing$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # both lists are meant to be split
if ! { $as_root apt-get update &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
} >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    give_up "apt-get could not install$missing."
fi
