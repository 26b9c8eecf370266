#!/usr/bin/env bash
# The locked Python packages of the named extras, without those that only developers need.
set -euo pipefail
extras=()
for extra in "$@"; do
    [ "$extra" = --dry-run ] && extras+=(--dry-run) || extras+=(--extra "$extra")
done
uv sync --frozen --no-default-groups --compile-bytecode "${extras[@]}"
