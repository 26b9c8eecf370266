#!/usr/bin/env bash
# JupyterLab on 8888, with a token that is made up once and left in a file that only its user can read.
set -euo pipefail
cd "${DATATRUST_PROJECT:-/app}"
token=.datatrust/notebook-token
[ -s "$token" ] || (umask 077 && mkdir -p .datatrust && python -c 'import secrets; print(secrets.token_urlsafe(24))' >"$token")
echo "the token is in $PWD/$token" >&2
JUPYTER_TOKEN=$(cat "$token")
export JUPYTER_TOKEN
[ "${1:-}" = --prepare ] || exec jupyter lab --ip 0.0.0.0 --port 8888 --no-browser --ServerApp.root_dir="$PWD"
