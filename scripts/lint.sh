#!/usr/bin/env bash
# clang-tidy, and clang's check of the lock annotations, over all sources or those changed since a commit:
# lint.sh [COMMIT]. Needs build/dev.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${1:-}" ]; then
  mapfile -t files < <(git diff --name-only --diff-filter=d "$1" -- 'src/*.cpp' 'projects/*.cpp')
else
  mapfile -t files < <(git ls-files -- 'src/*.cpp' 'projects/*.cpp')
fi
[ "${#files[@]}" -gt 0 ] || { echo "nothing to lint"; exit 0; }

# g++'s flags are in the compile commands, and clang doesn't know all of its warnings; libstdc++ 12's own
# std::stable_sort calls what clang 19 calls deprecated.
printf '%s\0' "${files[@]}" |
  xargs -0 -n 1 -P "${JOBS:-$(nproc)}" clang-tidy-19 -p build/dev --quiet --extra-arg=-Wthread-safety \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-deprecated-declarations 2>/dev/null
echo "linted ${#files[@]} files"
