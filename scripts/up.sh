#!/usr/bin/env bash
# Runs the whole line on this machine until Ctrl-C, and goes on at the next call: `make up`.
#
# Without SOURCE it brings its own PostgreSQL (under DATA/postgres, on a port of its own), the reference shop with
# days of history in it, and a generator of live traffic.
#
#   SOURCE=postgres://…  an existing database instead; its password in FRESHET_SOURCE_PASSWORD or ~/.pgpass, or, when
#                        SOURCE itself comes from the environment, in there
#   DATA=.freshet        the folder of all state
#   PROJECT=dir          projects/adshop; with SOURCE and no PROJECT one is written into DATA/project first
#   DAYS=7 RATE=1000     history, and changes per second
#   FOR=seconds          stop after that long: the generator first, then, when all is loaded, compare source and
#                        mirrors; exit status 0 only when everything is equal
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" != --help ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '/^set/d'; exit 0; }

BUILD=${FRESHET_BUILD_DIR:-build/release}
DATA=${DATA:-.freshet} DAYS=${DAYS:-7} RATE=${RATE:-1000} SOURCE=${SOURCE:-} PROJECT=${PROJECT:-} FOR=${FOR:-}
readonly kLoadedDeadline=3600 # seconds that the line may take to have everything loaded, at the end of FOR

mkdir -p "$DATA/log"
DATA=$(cd "$DATA" && pwd)
postgres_pid= generator_pid= freshet_pid=

say() { printf '%s\n' "$*"; }
fail() { printf 'up: %s\n' "$@" >&2; exit 1; }

# stop PID: in order, and waits for it.
stop() {
  [ -n "$1" ] && kill -0 "$1" 2>/dev/null || return 0
  kill -"${2:-TERM}" "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# From the end of the line to its beginning's server, so that nobody waits for somebody who has left.
stop_all() {
  trap '' INT TERM
  stop "$generator_pid"
  stop "$freshet_pid"
  [ -z "$freshet_pid" ] || rm -f "$DATA/endpoints.json" # which a killed one leaves
  stop "$postgres_pid" INT
}

. scripts/postgres.sh

sql() { PGOPTIONS='-c client_min_messages=warning' "$PG_BIN/psql" -XAtq -v ON_ERROR_STOP=1 "$1" -c "$2"; }

# make's command line can be read for as long as we run; `freshet init` refuses the same.
refuse_a_password_that_all_can_read() {
  [ "${SOURCE_ORIGIN:-}" = 'command line' ] || return 0
  [[ $SOURCE =~ ^[a-z]+://[^/@]*:[^/@]*@ || $SOURCE =~ password= ]] || return 0
  fail "SOURCE on the command line holds a password, and every user of this machine can read it there" \
    "leave it out and export FRESHET_SOURCE_PASSWORD=… (or use ~/.pgpass), or export SOURCE itself"
}

# The lock goes with this shell: what it starts closes it (9>&-), since that may outlive it.
refuse_a_second_one() {
  local status=0
  exec 9>"$DATA/up.lock"
  flock --nonblock 9 || fail "another make up runs on $DATA"
  "$BUILD/freshet" status --data "$DATA" >/dev/null 2>&1 || status=$?
  [ "$status" = 3 ] || fail "it runs already on $DATA; see: $BUILD/freshet status --data $DATA"
}

# The server that a killed `make up` left behind.
stop_leftover_postgres() {
  local pid left
  pid=$(head -n 1 "$DATA/postgres/postmaster.pid" 2>/dev/null || true)
  [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$DATA/postgres" ] || return 0
  say "stopping the PostgreSQL that was left behind (pid $pid)"
  kill -INT "$pid"
  for ((left = 600; left > 0; --left)); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  fail "the PostgreSQL with pid $pid doesn't stop; its log is $DATA/log/postgres.log"
}

start_own_postgres() {
  local attempt port
  if [ ! -s "$DATA/postgres/PG_VERSION" ]; then
    say "making a PostgreSQL in $DATA/postgres"
    rm -rf "$DATA/postgres"
    postgres_init "$DATA/postgres" || fail "initdb failed"
    cat >>"$DATA/postgres/postgresql.conf" <<-CONF
	wal_level = logical
	max_wal_senders = 10
	max_replication_slots = 10
	shared_buffers = 256MB
	max_wal_size = 4GB
	checkpoint_timeout = 15min
	log_min_messages = warning
	CONF
  fi
  stop_leftover_postgres
  for attempt in 1 2 3; do
    port=$(cat "$DATA/postgres.port" 2>/dev/null || free_port)
    postgres_run "$DATA/postgres" "$port" "$DATA/log/postgres.log" 9>&- &
    postgres_pid=$!
    if postgres_wait "$DATA/postgres" "$port" 60; then
      echo "$port" >"$DATA/postgres.port"
      SERVER="postgres://postgres@127.0.0.1:$port"
      return
    fi
    stop "$postgres_pid" INT
    rm -f "$DATA/postgres.port" # somebody else has it now
  done
  tail -n 5 "$DATA/log/postgres.log" >&2
  fail "PostgreSQL didn't start; its log is $DATA/log/postgres.log"
}

# Schema and history, once. What an interrupted call left half-done is made anew.
fill_adshop() {
  SOURCE="$SERVER/adshop"
  [ ! -e "$DATA/history.done" ] || return 0
  sql "$SERVER/postgres" 'DROP DATABASE IF EXISTS adshop WITH (FORCE)'
  sql "$SERVER/postgres" 'CREATE DATABASE adshop'
  "$BUILD/adshop-generator" schema "$SOURCE"
  "$BUILD/adshop-generator" history "$SOURCE" --days "$DAYS"
  touch "$DATA/history.done"
}

prepare_source() {
  if [ -z "$SOURCE" ]; then
    PROJECT=${PROJECT:-projects/adshop}
    start_own_postgres
    fill_adshop
    export FRESHET_SOURCE_URL=$SOURCE
    with_us TERM setsid "$BUILD/adshop-generator" live "$SOURCE" --rate "$RATE" >>"$DATA/log/generator.log" 2>&1 </dev/null 9>&- &
    generator_pid=$!
    return
  fi
  export FRESHET_SOURCE_URL=$SOURCE
  [ -z "$PROJECT" ] || return 0
  PROJECT=$DATA/project
  [ -e "$PROJECT/pipeline.yaml" ] || "$BUILD/freshet" init "$PROJECT" --create-publication
}

# After FOR: the traffic ends, all of it arrives, and then source and mirrors are compared.
finish_and_compare() {
  [ -z "$generator_pid" ] || kill -0 "$generator_pid" 2>/dev/null ||
    fail "the generator ended by itself; its log is $DATA/log/generator.log"
  stop "$generator_pid"
  "$BUILD/freshet" status --data "$DATA" --until-loaded "$kLoadedDeadline" >/dev/null ||
    fail "not everything was loaded; the log is $DATA/log/up.jsonl"
  "$BUILD/freshet" parity "$PROJECT" --data "$DATA"
}

refuse_a_password_that_all_can_read
refuse_a_second_one
trap stop_all EXIT
# Ctrl-C is how it is meant to end, unless it was asked for a comparison that now isn't made.
trap 'exit $([ -z "$FOR" ] && echo 0 || echo 130)' INT TERM
prepare_source
with_us TERM "$BUILD/freshet" up "$PROJECT" --data "$DATA" 9>&- &
freshet_pid=$!

status=0
if [ -z "$FOR" ]; then
  wait "$freshet_pid" || status=$?
  exit "$status"
fi
sleep "$FOR" 9>&- &
sleeper=$!
wait -n "$freshet_pid" "$sleeper" || status=$?
if ! kill -0 "$freshet_pid" 2>/dev/null; then
  kill "$sleeper" 2>/dev/null || true
  fail "freshet ended by itself (exit status $status); its log is $DATA/log/up.jsonl"
fi
finish_and_compare || status=$?
exit "$status"
