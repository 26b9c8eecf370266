#!/usr/bin/env bash
# Set up one part of what the project needs, only where it is missing: packages | tools | java | chromium | postgres.
# Installs system packages without asking only as root with apt; elsewhere it names the command and stops.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$1"; say "next: $2"; exit 2; }

may_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    local log
    log=$(mktemp)
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        fail "apt could not install $*" "apt-get install $*"
    }
    rm -f "$log"
}

find_uv() {
    if command -v uv >/dev/null; then command -v uv; return; fi
    if [ ! -x .cache/uv/bin/uv ]; then
        say "installing uv into .cache/uv"
        local python
        python=$(command -v python3.11 || command -v python3) || fail "no Python" "install Python 3.11 or newer"
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
            || fail "$("$python" --version) is too old" "install Python 3.11 or newer"
        "$python" -m venv .cache/uv || fail "Python cannot make a virtual environment" "apt-get install python3-venv"
        .cache/uv/bin/pip install -q --disable-pip-version-check uv >&2
    fi
    echo .cache/uv/bin/uv
}

# Compiled here once: where the machine tells Python to keep no compiled files, every start would compile them again.
sync() {
    local uv
    uv=$(find_uv)
    say "installing the locked Python packages into .venv"
    "$uv" sync --frozen --quiet --compile-bytecode "$@"
}

packages() { sync --inexact --no-default-groups --extra pipeline --extra chat --extra llm; }

tools() { sync; }

java_works() {
    local java=${1:-java} version
    version=$("$java" -version 2>&1 | sed -nE 's/.*version "([0-9]+).*/\1/p' | head -n 1)
    [ "${version:-0}" -ge 17 ]
}

java() {
    if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ] && java_works "$JAVA_HOME/bin/java"; then return; fi
    local found
    found=$(type -P java || true)
    if [ -n "$found" ] && java_works "$found"; then return; fi
    may_apt || fail "Spark needs Java 17 or 21, and there is none" "apt-get install openjdk-17-jre-headless"
    say "installing Java 17"
    apt_install openjdk-17-jre-headless
}

chromium() {
    if [ -x /usr/bin/chromium ]; then return; fi
    may_apt || fail "the browser tests need Chromium, and there is none" "apt-get install chromium"
    say "installing Chromium"
    apt_install chromium fonts-dejavu-core
}

postgres() {
    if command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then return; fi
    may_apt || fail "the tests of database sources need PostgreSQL, and there is none" "apt-get install postgresql"
    say "installing PostgreSQL"
    apt_install postgresql
}

case "${1:-}" in
packages | tools | java | chromium | postgres) "$1" ;;
*) fail "unknown part: ${1:-}" "bash tools/setup.sh packages|tools|java|chromium|postgres" ;;
esac
