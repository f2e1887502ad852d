# SPDX-License-Identifier: MIT
# For tests of blockstored: . "$srcdir/t/lib/blockstored.sh".  A ledger with the name alice.id, and a server before it.
#
#   serve [YAML]    starts one with these lines in its configuration: $pid, $port (RPC), $socket (RPC), $http (port, or empty), $log
#   run_server      the same with $work/server.yaml as it is
#   end_server [SIGNAL]   ends it; $status is its own
#   as USER ARGUMENT...   blockstore-cli with that user's key and configuration, $work/USER.key and USER.yaml; done_as WHAT USER ARGUMENT...
#                         is a test that it succeeds
#   call METHOD [PARAMS]  one request's reply; send and raw as t/lib/rpc.pl has them
. "$(dirname "$0")/lib/cli.sh"
trap 'end_server KILL; rm -rf "$work"' EXIT
pid='' ledger=$work/ledger.db socket=$work/rpc.sock log=$work/server.log

server=$builddir/tools/bin/.libs/blockstored
[ -x "$server" ] || server=$builddir/tools/bin/blockstored

printf 'state_dir: %s/state\nnames: {ledger: %s, max_price: 100000000000}\nstores: [{name: home, driver: disk, root: %s/data}]\n' "$work" "$ledger" "$work" \
  >"$work/client.yaml"
BLOCKSTORE_KEY_FILE=$work/key
export BLOCKSTORE_KEY_FILE
# The library's own program of the build tree: one that is not installed yet.
past_libtool
client() {
  cli -c "$work/client.yaml" "$@"
}
cli keygen "$work/key"
address=$(member address)
client register alice.id

as() {
  BLOCKSTORE_KEY_FILE=$work/$1.key
  who=$1
  shift
  cli -c "$work/$who.yaml" "$@"
}
done_as() {
  what=$1
  shift
  as "$@"
  [ "$status" = 0 ] && report 0 "$what" || report 1 "$what" "$(cat "$err")"
}

# written YAML: the configuration, its limits in the lines that are given.
written() {
  printf 'chain: {source: local, ledger: %s}\nlisten: ["127.0.0.1:0", "unix:%s"]\n%s\n' "$ledger" "$socket" "${1-}" >"$work/server.yaml"
}

# port_of SIDE: where it listens, out of the log.
port_of() {
  sed -n "s/.*listening.*side[\":=]*$1\W.*127.0.0.1:\([0-9]*\)\"*}*\$/\1/p" "$log"
}

# await COMMAND...: until it succeeds, half a minute at most.
await() {
  for _ in $(seq 600); do
    ! "$@" 2>/dev/null || return 0
    sleep 0.05
  done
  return 1
}

serve() {
  written "${1-}"
  run_server
}

# run_server: with $work/server.yaml as it is.
run_server() {
  : >"$log"
  "$server" -c "$work/server.yaml" 2>"$log" &
  pid=$!
  await grep -q started "$log" || report 1 'the server starts' "$(cat "$log")"
  port=$(port_of rpc) http=$(port_of http)
}

end_server() {
  [ -n "$pid" ] || return 0
  kill "-${1-TERM}" "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  status=$?
  pid=''
}

rpc() {
  perl "$srcdir/t/lib/rpc.pl" "$@"
}
call() {
  rpc "$port" call "$@"
}
send() {
  rpc "$port" send "$1"
}
raw() {
  rpc "$port" raw "$1"
}
