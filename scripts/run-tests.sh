#!/usr/bin/env bash
# Runs the tests of build/dev against one PostgreSQL and one store of their own: run-tests.sh [ctest options]
# Both live in a temporary folder on free loopback ports and are stopped, by their pids, at the end. Tests that
# kill or restart a server start their own.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

BUILD=${FRESHET_BUILD_DIR:-$PWD/build/dev}
export FRESHET_BUILD_DIR=$BUILD FRESHET_SOURCE_DIR=$PWD
export FRESHET_TEST_KAFKA_ARCHIVES=${FRESHET_TEST_KAFKA_ARCHIVES:-$(scripts/install-kafka.sh --folder)}
work=$(mktemp -d "${TMPDIR:-/tmp}/freshet-tests-XXXXXX")
chmod 755 "$work"
pids=()

stop_servers() {
  local pid
  for pid in "${pids[@]}"; do kill -INT "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap stop_servers EXIT
trap 'exit 130' INT TERM

. scripts/postgres.sh

start_postgres() {
  local port attempt
  postgres_init "$work/postgres" --no-sync
  cat >>"$work/postgres/postgresql.conf" <<-CONF
	wal_level = logical
	max_wal_senders = 60
	max_replication_slots = 60
	max_connections = 300
	max_prepared_transactions = 20
	wal_sender_timeout = '20s'
	fsync = off
	log_min_messages = warning
	CONF
  for attempt in 1 2 3; do
    port=$(free_port)
    postgres_run "$work/postgres" "$port" "$work/postgres.log" &
    pids=($!)
    if postgres_wait "$work/postgres" "$port" 30; then
      export FRESHET_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
      return
    fi
    kill -INT "${pids[0]}" 2>/dev/null || true # the port was taken meanwhile
  done
  tail -n 20 "$work/postgres.log" >&2
  echo "run-tests: PostgreSQL didn't start" >&2
  exit 1
}

start_store() {
  [ -x "$BUILD/freshet-store" ] || return 0
  mkdir "$work/store"
  "$BUILD/freshet-store" --path "$work/store" --port 0 --port-file "$work/store.port" >"$work/store.log" 2>&1 &
  pids+=($!)
  local left
  for ((left = 300; left > 0; --left)); do
    [ ! -s "$work/store.port" ] || break
    kill -0 "${pids[1]}" 2>/dev/null || break
    sleep 0.1
  done
  if [ ! -s "$work/store.port" ]; then
    tail -n 20 "$work/store.log" >&2
    echo "run-tests: freshet-store didn't start" >&2
    exit 1
  fi
  export FRESHET_TEST_STORE="http://127.0.0.1:$(cat "$work/store.port")"
}

# What failed, in short, where a long log ends: the checks that didn't hold and the tests they stand in.
print_failures() {
  printf '\n=== what failed\n'
  grep -aE -A 14 '(: Failure|^\[  FAILED  \]|terminate called|ERROR: .*Sanitizer|\*\*\*(Timeout|Exception))' \
    "$BUILD/Testing/Temporary/LastTest.log" | grep -av '"level":' | cut -c1-1000 | head -n 200
}

start_postgres
start_store
ctest --test-dir "$BUILD" -j"${JOBS:-$(nproc)}" --output-on-failure --no-tests=error "$@" || {
  status=$?
  print_failures || true
  exit "$status"
}
