# To be sourced: a private Redis on a Unix socket, that nothing else on the machine can meet.

# start_redis FOLDER [OPTION...]: sets redis_pid and redis_url.
start_redis() {
  redis_socket=$1/redis.sock
  redis-server --port 0 --unixsocket "$redis_socket" --dir "$1" --save '' --appendonly no --daemonize no \
    --user admin on '>admin' '~*' +@all "${@:2}" >"$1/redis.log" 2>&1 &
  redis_pid=$!
  export redis_url=unix://$redis_socket
  wait_for_redis "$1"
}

# wait_for_redis FOLDER: until redis_pid answers on redis_socket.
wait_for_redis() {
  for _ in {1..100}; do
    [[ $(redis_admin ping 2>&1) == PONG ]] && return 0
    kill -0 "$redis_pid" || break
    sleep 0.1
  done
  echo "Redis did not start:" >&2
  cat "$1/redis.log" >&2
  return 1
}

# start_redis_for_user FOLDER USE...: the same, but whoever connects is the documented user for these uses (scripts/redis-user).
start_redis_for_user() {
  local rules
  read -ra rules < <("$(dirname "${BASH_SOURCE[0]}")/../redis-user" --rules "${@:2}")
  start_redis "$1" --user default on nopass "${rules[@]}"
}

# nothing_was_refused: fails with what ACL LOG holds.
nothing_was_refused() {
  local refused
  refused=$(redis_admin acl log)
  echo "$refused"
  [[ -z $refused ]]
}

# redis_admin [WORD...]: a command of one who may do everything.
redis_admin() { redis-cli -s "$redis_socket" --user admin --pass admin --no-auth-warning "$@"; }

# stop_redis: ends what start_redis started; does nothing if nothing was.
stop_redis() {
  [[ -n ${redis_pid:-} ]] || return 0
  if kill "$redis_pid"; then wait "$redis_pid" || echo "Redis ended with status $?" >&2; fi
  redis_pid=
}
