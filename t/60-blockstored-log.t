#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored's log under strangers: what they cause is told so often a second, and nothing waits for who reads it.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
cd "$srcdir" || exit 1

serve
perl -e 'require "./t/lib/rpc.pl"; $SIG{PIPE} = "IGNORE"; for (1 .. 300) { my $socket = dial($ARGV[0]); print $socket "x"; rest($socket) }' "$port"
await grep -q 'left_out of=malformed' "$log"
report $? 'many warnings of a kind: how many were left out is told' "$(tail -n 5 "$log")"
sleep 2.2
told=$(grep -c ' warning malformed ' "$log")
left_out=$(sed -n 's/.*left_out of=malformed records=\([0-9]*\)$/\1/p' "$log" | paste -sd +)
is $((told + left_out)) 300 'none is missing'
[ "$told" -ge 10 ] && [ "$told" -le 100 ]
report $? 'few were told' "$told"
perl -e 'require "./t/lib/rpc.pl"; $SIG{PIPE} = "IGNORE"; my $socket = dial($ARGV[0]); print $socket "x"; rest($socket)' "$port"
sleep 0.1
is "$(grep -c ' warning malformed ' "$log")" $((told + 1)) 'and a second later one is told again'
end_server

# A pipe that nobody empties.
mkfifo "$work/pipe"
written 'log: {level: debug}'
sleep 60 <>"$work/pipe" &
holder=$!
"$server" -c "$work/server.yaml" 2>"$work/pipe" &
pid=$!
await rpc "$socket" call ping >/dev/null
answered=$(timeout 30 perl -e 'require "./t/lib/rpc.pl"; my $socket = dial($ARGV[0]); my $good = 0;
  for (1 .. 30) { print $socket frame(request("ping")) x 100; for (1 .. 100) { $good++ if take($socket) =~ /alive/ } } print $good' "$socket" 2>&1)
is "$answered" 3000 'a full pipe stops nobody'
timeout 2 cat "$work/pipe" >"$work/read" || :
like "$(cat "$work/read")" ' warning lost records=[0-9]{3,}$' 'how many lines were lost is told when there is room'
is_empty "$(grep -vE '^20[0-9]{2}-.* (debug|info|warning) [a-z_]+( [a-z_]+=.*)?$' "$work/read")" 'and each line is whole'
kill "$holder"
wait "$holder" 2>/dev/null
end_server
is "$status" 0 'it ends well'

EVENT_SHOW_METHOD=1
export EVENT_SHOW_METHOD
serve 'log: {format: json}'
like "$(cat "$log")" '"level":"info","event":"libevent","message":"libevent using: [a-z]+"' 'what libevent says is a line of the log'
is_empty "$(grep -v '^{.*}$' "$log")" 'as all are'
end_server
done_testing
