#!/usr/bin/env bash
# Runs the fuzzers for some seconds each, as many at once as there are cores: fuzz.sh SECONDS [TARGET…]
# What they learn stays in build/fuzz/corpus, so that the next call goes on from there. An input that breaks something
# is left in build/fuzz/found, and the command that repeats it is said. FRESHET_FUZZ_SEED=1: the same inputs each time.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

seconds=${1:?usage: fuzz.sh SECONDS [TARGET…]}
shift
corpus=tests/fuzz/corpus learnt=build/fuzz/corpus found=build/fuzz/found
readonly kInputMax=8192 kMemoryMb=1024 kAtOnceMb=64 kInputSeconds=20

targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(ls "$corpus")

scripts/build.sh fuzz fuzzers

# run TARGET: silent, but for what it found.
run() {
  local target=$1 log=$found/$1.log
  mkdir -p "$learnt/$target"
  build/fuzz/fuzz_"$target" -max_total_time="$seconds" -seed="${FRESHET_FUZZ_SEED:-0}" -max_len=$kInputMax -timeout=$kInputSeconds -rss_limit_mb=$kMemoryMb \
    -malloc_limit_mb=$kAtOnceMb -print_final_stats=1 -artifact_prefix="$found/$target-" \
    "$learnt/$target" "$corpus/$target" >"$log" 2>&1 && {
    printf 'fuzz %-9s nothing found in %s inputs\n' "$target" \
      "$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")"
    return
  }
  local input
  input=$(awk '/Test unit written to/ { print $NF }' "$log")
  tail -n 60 "$log" | grep -v '^ *#[0-9]* 0x' >&2  # without the frames, which have no names here
  printf 'fuzz %s: FAILED; repeat with\n  %s %s\n' "$target" "build/fuzz/fuzz_$target" "$input" >&2
  return 1
}

mkdir -p "$found"
status=0 running=0
for target in "${targets[@]}"; do
  if [ "$running" -ge "${JOBS:-$(nproc)}" ]; then
    wait -n || status=1
    running=$((running - 1))
  fi
  run "$target" &
  running=$((running + 1))
done
for ((; running > 0; --running)); do wait -n || status=1; done
exit "$status"
