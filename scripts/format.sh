#!/usr/bin/env bash
# Formats the C++ sources that git knows or could know: format.sh [--check]
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
[ "${1:-}" != --check ] || mode=(--dry-run --Werror)
git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.h' |
  xargs -0 -r -n 40 -P "$(nproc)" clang-format-19 "${mode[@]}"
