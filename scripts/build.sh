#!/usr/bin/env bash
# Configures a CMake preset where that is needed, and builds it: build.sh PRESET [target…]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?usage: build.sh PRESET [target…]}
shift

# CMake reconfigures by itself when its files change; only a folder that was never configured needs it here.
[ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null
exec cmake --build --preset "$preset" -j"${JOBS:-$(nproc)}" ${1:+--target "$@"}
