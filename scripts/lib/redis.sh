# To be sourced: a private Redis on a Unix socket, that nothing else on the machine can meet.

# start_redis FOLDER: sets redis_pid and redis_url.
start_redis() {
  local socket=$1/redis.sock
  redis-server --port 0 --unixsocket "$socket" --dir "$1" --save '' --appendonly no --daemonize no \
    >"$1/redis.log" 2>&1 &
  redis_pid=$!
  export redis_url=unix://$socket
  for _ in {1..100}; do
    [[ $(redis-cli -s "$socket" ping 2>&1) == PONG ]] && return 0
    kill -0 "$redis_pid" || break
    sleep 0.1
  done
  echo "Redis did not start:" >&2
  cat "$1/redis.log" >&2
  return 1
}

# stop_redis: ends what start_redis started; does nothing if nothing was.
stop_redis() {
  [[ -n ${redis_pid:-} ]] || return 0
  if kill "$redis_pid"; then wait "$redis_pid" || echo "Redis ended with status $?" >&2; fi
  redis_pid=
}
