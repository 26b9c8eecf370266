#!/usr/bin/env bash
# The chat with sign-in on. The first person's password comes from a secret, or is made up and left in a file that
# only the server's user can read. With --prepare it stops before it serves.
set -euo pipefail
cd "${DATATRUST_PROJECT:-/app}"
here=$(cd "$(dirname "$0")" && pwd)
person=${DATATRUST_FIRST_PERSON:-admin}
secret=${DATATRUST_PASSWORD_FILE:-/run/secrets/chat_password}
made=.datatrust/first-password

python "$here/address.py" configs/pipeline_config.json "${DATATRUST_ADDRESS:-http://localhost:7860}"
if [ "$(datatrust user list --json)" = "[]" ]; then
    if [ ! -s "$secret" ]; then
        (umask 077 && mkdir -p .datatrust && python -c 'import secrets; print(secrets.token_urlsafe(18))' >"$made")
        secret=$made
        echo "sign in as $person; the password is in $PWD/$made" >&2
    fi
    datatrust user add "$person" <"$secret"
fi
[ "${1:-}" = --prepare ] || exec datatrust serve --host 0.0.0.0 --port 7860
