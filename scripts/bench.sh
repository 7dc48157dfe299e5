#!/usr/bin/env bash
# The whole line against physical limits (docs/performance.md): prints its tables, in Markdown.
#   scripts/bench.sh [stream|big|snapshot|latency]…      ROWS=1000000 RUNS=5 RATE=5000
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh release programs bench_line
FRESHET_BUILD_DIR=$PWD/build/release FRESHET_SOURCE_DIR=$PWD exec build/release/bench_line "$@"
