#!/usr/bin/env bash
# The whole line against physical limits. Without arguments everything is measured, and the figures go into
# docs/performance.md, between its marks; with arguments only what they name, to standard output.
#   scripts/bench.sh [stream|big|snapshot|latency]…      ROWS=1000000 RUNS=5 RATE=5000
set -euo pipefail
cd "$(dirname "$0")/.."

page=docs/performance.md
begin='<!-- figures: written by make bench -->'
end='<!-- end of figures -->'

machine() {
  local memory load
  memory=$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)
  load=$(cut -d ' ' -f 1 /proc/loadavg)
  echo "Measured on $(date -u +%F) at commit $(git rev-parse --short HEAD), with ROWS=${ROWS:-1000000} RUNS=${RUNS:-5}:"
  echo "$(nproc) cores, $memory GB of memory, load average $1 at the beginning and $load at the end."
  echo
}

scripts/build.sh release programs bench_line adshop-generator >&2
export FRESHET_BUILD_DIR=$PWD/build/release FRESHET_SOURCE_DIR=$PWD
if [ $# -gt 0 ]; then
  exec build/release/bench_line "$@"
fi

figures=$(mktemp)
trap 'rm -f "$figures"' EXIT
load_before=$(cut -d ' ' -f 1 /proc/loadavg)
build/release/bench_line >"$figures"
{
  sed "/^$begin\$/q" "$page"
  echo
  machine "$load_before"
  cat "$figures"
  echo
  sed -n "/^$end\$/,\$p" "$page"
} >"$page.new"
mv "$page.new" "$page"
echo "$page has the new figures" >&2
