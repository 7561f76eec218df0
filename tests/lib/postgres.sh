# A private PostgreSQL for tests/run, gone when it ends.

POSTGRES_URL=
postgres_directory=

# Starts a server on a free port of the loopback address and sets POSTGRES_URL. It keeps nothing safe: no fsync.
start_postgres() {
  local programs port
  programs=$(postgres_programs)
  port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
  postgres_directory=$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-postgres.XXXXXX")
  trap stop_postgres EXIT
  if ((EUID == 0)); then chown postgres "$postgres_directory"; fi
  as_postgres "$programs/initdb" --pgdata="$postgres_directory/data" --username=gatehouse --auth=trust \
    --encoding=UTF8 --locale=C --no-sync >"$LOGS/postgres.log"
  as_postgres "$programs/pg_ctl" start --wait --silent --pgdata="$postgres_directory/data" \
    --log="$postgres_directory/log" --options="-p $port -c listen_addresses=127.0.0.1 \
      -c unix_socket_directories='$postgres_directory' -c max_connections=300 \
      -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
  as_postgres "$programs/createdb" --host=127.0.0.1 --port="$port" --username=gatehouse gatehouse
  POSTGRES_URL="postgres://gatehouse@127.0.0.1:$port/gatehouse"
}

stop_postgres() {
  as_postgres "$(postgres_programs)/pg_ctl" stop --mode=immediate --silent --pgdata="$postgres_directory/data" || true
  cp "$postgres_directory/log" "$LOGS/postgres-server.log" || true
  rm -rf "$postgres_directory"
}

# Where Debian keeps the newest installed server's programs.
postgres_programs() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort | tail -n 1)
  [[ -x $newest/initdb ]] || return 1
  echo "$newest"
}

# PostgreSQL refuses to run as root.
as_postgres() {
  if ((EUID == 0)); then (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@"); else "$@"; fi
}
