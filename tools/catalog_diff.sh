#!/usr/bin/env bash
# Write what a change of the catalog since REVISION does to the numbers, as Markdown: catalog_diff.sh REVISION FILE
set -euo pipefail
cd "$(dirname "$0")/.."
revision=${1:?the revision to compare with} file=${2:?the file to write}
said=$(mktemp)
if .venv/bin/datatrust semantic diff "$revision" >"$said" 2>&1; then outcome=""; else outcome="It ended with code $?."; fi
{
    echo "### What this change of the catalog does to the numbers"
    echo "Before: \`${revision:0:12}\`; both on the same release of the sample company. $outcome"
    echo '```text'
    head -c 60000 "$said"
    echo '```'
} >"$file"
rm -f "$said"
