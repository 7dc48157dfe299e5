# A PostgreSQL server of our own, for tests and `make up`: sourced, not run.
# The server refuses to run as root; then it runs as the user that Debian's package made.

PG_BIN=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)

# with_us SIGNAL COMMAND…: becomes the command, which gets the signal when the script ends, even by kill -9.
with_us() {
  local signal=$1
  shift
  exec setpriv --pdeathsig "$signal" "$@"
}

# as_postgres FOLDER COMMAND…: with FOLDER within reach, also below a folder that is root's alone (/root).
as_postgres() {
  local folder=$1 become=(setpriv --reuid=postgres --regid=postgres --init-groups)
  shift
  [ "$(id -u)" = 0 ] || exec "$@"
  "${become[@]}" test -x "$folder" ||
    become+=(--inh-caps=+dac_read_search --ambient-caps=+dac_read_search)
  exec "${become[@]}" "$@"
}

# free_port: a loopback port that nobody listens on now.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

# postgres_init DATA [initdb options]: a new cluster whose superuser `postgres` is trusted on loopback.
postgres_init() {
  local data=$1
  shift
  mkdir -p "$data"
  [ "$(id -u)" != 0 ] || chown postgres: "$data"
  (cd / && as_postgres "$data" "$PG_BIN/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C "$@") >"$data.initdb.log" 2>&1 || {
    cat "$data.initdb.log" >&2
    return 1
  }
  rm -f "$data.initdb.log"
}

# postgres_run DATA PORT LOG: becomes the server (so its pid is the caller's job). A session of its own keeps a
# terminal's Ctrl-C away from it: whoever started it stops it, in order.
postgres_run() {
  local data=$1 port=$2 log=$3
  exec >>"$log" 2>&1 </dev/null
  cd /
  as_postgres "$data" setpriv --pdeathsig INT setsid "$PG_BIN/postgres" -D "$data" -p "$port" -h 127.0.0.1 -k ''
}

# postgres_wait DATA PORT SECONDS: until it answers; fails when it ended, or the time did.
postgres_wait() {
  local data=$1 port=$2 left
  for ((left = $3 * 10; left > 0; --left)); do
    if "$PG_BIN/pg_isready" -q -h 127.0.0.1 -p "$port" -U postgres && [ -s "$data/postmaster.pid" ]; then return 0; fi
    sleep 0.1
  done
  return 1
}
