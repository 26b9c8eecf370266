#!/usr/bin/env bash
# Look up the locked packages, of every extra and group, in the advisory database that the package index keeps.
# Fails where one has a known advisory. Needs uv and the network; looks at the lock file, installs none of its packages.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/tool"
"$folder/tool/bin/pip" install --quiet uv pip-audit==2.10.1
"$folder/tool/bin/uv" export --frozen --all-extras --all-groups --no-emit-project --quiet -o "$folder/locked.txt"
"$folder/tool/bin/pip-audit" --strict --disable-pip --require-hashes --progress-spinner off -r "$folder/locked.txt"
