#!/usr/bin/env bash
# Run the pipeline with SELECT (sources, separated by spaces) and FULL_REFRESH (true) from the environment.
set -euo pipefail
cd "$(dirname "$0")/.."
words=()
for source in ${SELECT:-}; do words+=(--select "$source"); done
[ "${FULL_REFRESH:-false}" = true ] && words+=(--full-refresh)
exec "${DATATRUST:-.venv/bin/datatrust}" pipeline run "${words[@]}"
