#!/bin/sh
# SPDX-License-Identifier: MIT
# Where blockstored listens: on each address of a host; on a unix socket that goes with it, and that no two servers have at once.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
cd "$srcdir" || exit 1

# A host with several addresses, one of which this machine does not have.
preloaded() {
  exec env LD_PRELOAD="$builddir/t/lib/.libs/odd.so" ASAN_OPTIONS=verify_asan_link_order=0 "$server" -c "$work/server.yaml"
}
several() {
  printf 'chain: {ledger: %s}\nlisten: ["%s:0"]\nhttp: "%s:0"\n' "$ledger" "$1" "$1" >"$work/server.yaml"
}
several everywhere.test
: >"$log"
(preloaded) 2>"$log" &
pid=$!
await grep -q started "$log"
report $? 'it starts on what there is of a host'"'"'s addresses' "$(cat "$log")"
port=$(port_of rpc) http=$(port_of http)
if perl -MIO::Socket::IP -e 'exit !IO::Socket::IP->new(Listen => 1, LocalHost => "::1", LocalPort => 0)'; then
  is "$(grep -c "listening side=rpc address=\[::1\]:$port" "$log")" 1 'both have one port'
  is "$(grep -c "listening side=http address=\[::1\]:$http" "$log")" 1 'and on the HTTP side'
  is "$(perl -MIO::Socket::IP -e 'require "./t/lib/rpc.pl"; my $socket = IO::Socket::IP->new(PeerHost => "::1", PeerPort => $ARGV[0]) or die;
    $socket->autoflush; print $socket frame(request("ping")); print take($socket)' "$port")" '[{"status":"alive"}]' 'one is asked'
else
  for _ in 1 2 3; do skip 'there is no IPv6 here'; done
fi
is "$(call ping)" '[{"status":"alive"}]' 'and the other'
is "$(grep -c 'listening side=rpc' "$log")" "$(($(grep -c '::1' "$log") / 2 + 1))" 'one that was told twice is one'
kill "$pid"
wait "$pid"
is "$?" 0 'it ends well'
pid=''
several nowhere.test
(preloaded) 2>"$err"
is "$?" 1 'where this machine has none of the addresses it does not start'
like "$(cat "$err")" '^blockstored: nowhere.test:0 cannot be listened on' 'as it says'

# As many descriptors as there may be connections, or a warning.
printf 'chain: {ledger: %s}\nlisten: ["unix:%s"]\n' "$ledger" "$socket" >"$work/server.yaml"
: >"$log"
# shellcheck disable=SC3045 # every sh that there is has it
(ulimit -Sn 60 && ODD_LIMITS=1 && export ODD_LIMITS && preloaded) 2>"$log" &
pid=$!
await grep -q started "$log"
like "$(cat "$log")" 'warning descriptors allowed=60 wanted=[0-9]{4}$' 'where their number cannot be raised that is told'
end_server
: >"$log"
# shellcheck disable=SC3045 # every sh that there is has it
(ulimit -Sn 60 && preloaded) 2>"$log" &
pid=$!
await grep -q started "$log"
fails 'where it can it is' grep -q 'warning descriptors' "$log"
end_server

# A unix socket goes with its server.
serve
[ -S "$socket" ]
report $? 'a unix socket'
end_server
[ ! -e "$socket" ]
report $? 'it is gone when the server has ended'
serve
mv "$socket" "$work/moved"
first=$pid
serve
pid_of_second=$pid
pid=$first
end_server
[ -S "$socket" ]
report $? 'a socket that another server has put there stays'
is "$(rpc "$socket" call ping)" '[{"status":"alive"}]' 'and is answered'
pid=$pid_of_second
end_server

# Two that begin at once look for the former socket one after the other.
serve
end_server KILL
[ -S "$socket" ]
report $? 'who was killed leaves its socket'
perl -e 'use Fcntl ":flock"; open my $directory, "<", $ARGV[0] or die; flock $directory, LOCK_EX or die; print "locked\n"; $| = 1; print "";
  sleep 1; print "left\n"' "$work" >"$work/said" &
holder=$!
await grep -q locked "$work/said"
: >"$log"
"$server" -c "$work/server.yaml" 2>"$log" &
pid=$!
sleep 0.5
fails 'while one is at it the other waits' grep -q started "$log"
await grep -q started "$log"
report $? 'and then begins' "$(cat "$log")"
wait "$holder"
end_server
serve
end_server KILL
for _ in 1 2 3 4 5; do
  for which in a b; do
    "$server" -c "$work/server.yaml" 2>"$work/log.$which" &
    eval "pid_$which=\$!"
  done
  for which in a b; do await grep -qE 'info started|^blockstored: ' "$work/log.$which"; done
  began=$(cat "$work/log.a" "$work/log.b" | grep -c 'info started')
  [ "$began" = 1 ] && is_alive=$(rpc "$socket" call ping) || is_alive="$began began"
  kill -KILL "$pid_a" "$pid_b" 2>/dev/null
  wait "$pid_a" "$pid_b" 2>/dev/null
  [ "$is_alive" = '[{"status":"alive"}]' ] || break
done
is "$is_alive" '[{"status":"alive"}]' 'of two that begin at once over a socket that was left one begins, and is reached'
done_testing
