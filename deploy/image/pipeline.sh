#!/usr/bin/env bash
# The sample company's raw files where there are none, then a release; Spark's page is on 4040 while it runs.
set -euo pipefail
cd "${DATATRUST_PROJECT:-/app}"
[ -n "$(ls -A data 2>/dev/null)" ] || datatrust sample build
exec datatrust pipeline run "$@"
