#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored's HTTP side under those who are slow, too many, or in the middle of something: each step has its time, what waits for
# them is counted, and what was asked before the end is answered.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
cd "$srcdir" || exit 1

# talk CODE [ARGUMENT...]: perl with the functions of t/lib/rpc.pl; $http and $rpc are the ports.
talk() {
  code=$1
  shift
  perl -MTime::HiRes=time -e 'require "./t/lib/rpc.pl"; $| = 1; $SIG{PIPE} = "IGNORE"; our ($http, $rpc) = splice @ARGV, 0, 2;
    sub metric { my $socket = dial($http); print $socket "GET /metrics HTTP/1.0\r\n\r\n"; rest($socket) =~ /^$_[0] (\d+)/m ? $1 : "none" }
    sub pause { select undef, undef, undef, $_[0] }
    '"$code" "$http" "$port" "$@"
}

# A history that no buffer on the way takes whole.
for number in $(seq 260); do client update alice.id "$(printf '%040x' "$number")"; done
large=/v1/names/alice.id/history

serve 'limits: {patience: 1s, idle: 2s, connections: 4, connections_of_one: 4}
http: "127.0.0.1:0"'
length=$(rpc "$http" raw "GET $large HTTP/1.0\n\n" | sed -n 's/^Content-Length: \([0-9]*\).*/\1/p')
[ "$length" -gt 140000 ]
report $? 'there is a long reply' "$length bytes"
is "$(talk 'my $socket = dial($http); my $from = time; print $socket "GET / HTTP/1.1\r\nX: ";
  while (time - $from < 8) { last unless syswrite($socket, "x"); pause(0.1) } print time - $from < 4 ? "left" : "kept"')" left \
  'who sends a byte now and then is left when the request has had its time'
is "$(talk 'my $socket = dial($http); my $from = time; rest($socket, 8); print time - $from < 4 ? "left" : "kept"')" left \
  'and who sends none'
is "$(talk 'my $socket = dial_small($http); my $from = time;
  print $socket "GET $ARGV[0] HTTP/1.0\r\n\r\n";
  while (time - $from < 5) { last unless sysread($socket, my $bytes, 400); pause(0.2) }
  print metric("blockstored_dropped_slow_total")' "$large")" 1 'who takes a few bytes now and then is left'
like "$(talk 'print metric("blockstored_dropped_slow_total"), " ", metric("blockstored_dropped_idle_total")')" '^1 2$' 'they are counted'
is "$(talk 'my @many = map { dial($http) } 1 .. 4; pause(0.2);
  my $more = dial($http); print $more "GET /v1/info HTTP/1.0\r\n\r\n"; my $said = rest($more);
  close shift @many; pause(0.3);
  $more = dial($http); print $more "GET /v1/info HTTP/1.0\r\n\r\n"; my $after = rest($more);
  print "$1 $2 " if $said =~ m{^HTTP/1.1 (\d+).*^Retry-After: (\d+)}ms; print $said =~ /(has as many[^;]*)/; print $after =~ m{^HTTP/1.1 (\d+)}')" \
  '503 1 has as many connections of your address as it may200' 'those that are open count: one too many is told so, and when one goes there is room'
like "$(cat "$log")" 'warning refused peer=127.0.0.1:[0-9]+ side=http why="too many connections' 'it is in the log'
is "$(call ping)" '[{"status":"alive"}]' 'the other side has places of its own'
end_server
is "$status" 0 'and it ends well'

serve 'limits: {request_rate: 5}
http: "127.0.0.1:0"'
is "$(talk 'my @codes; for (1 .. 8) { my $asking = dial($http); print $asking "GET /v1/info HTTP/1.0\r\n\r\n"; push @codes, rest($asking) =~ m{^HTTP/1.1 (\d+)} }
  print "@codes[0 .. 4] ", scalar(grep { $_ == 429 } @codes) ? "429" : "none", " ", metric("blockstored_throttled_total") > 0 ? "counted" : "not"; pause(1.2);
  my $asking = dial($http); print $asking "GET /v1/info HTTP/1.0\r\n\r\n"; print " ", rest($asking) =~ m{^HTTP/1.1 (\d+)}')" \
  '200 200 200 200 200 429 counted 200' 'an address may ask so often a second, on this side too'
end_server

# What waits for readers of this side counts as the other side's.
serve 'limits: {replies: 64K, idle: 60s, request_rate: 0}
http: "127.0.0.1:0"'
said=$(talk 'my ($waiting, $code, $tries, @slow) = (0, 0, 0);
  until ($waiting > 65536 && $code == 503 || $tries++ == 5) { # a slow machine may leave them before it is asked
    @slow = map { my $socket = dial_small($http); print $socket "GET $ARGV[0] HTTP/1.0\r\n\r\n"; $socket } 1 .. 12;
    for (1 .. 20) { $waiting = metric("blockstored_replies_waiting"); last if $waiting > 65536; pause(0.05) }
    my $asking = dial($http); print $asking "GET /v1/info HTTP/1.0\r\n\r\n"; ($code) = rest($asking, 20) =~ m{^HTTP/1.1 (\d+)};
  }
  my $peer = dial($rpc); print $peer frame(request("ping")); take($peer, 50);
  for (1 .. 900) { last if metric("blockstored_replies_waiting") < 65536; pause(0.1) } # those behind them have their turn
  print "$code ", metric("blockstored_replies_waiting") < 65536 && metric("blockstored_dropped_slow_total") > 0 ? "left" : "there " . metric("blockstored_replies_waiting") . " " . metric("blockstored_dropped_slow_total")' "$large")
is "$said" '503 left' 'slow readers of long replies: no more are made for anybody, until they are left'
end_server

# SIGTERM: what was asked is answered, to the end; those who only began are left.
serve 'http: "127.0.0.1:0"'
said=$(talk 'my $slow = dial_small($http); my $half = dial($http); my $lane = dial($http); my ($all, $bytes) = ("");
  print $slow "GET $ARGV[0] HTTP/1.0\r\n\r\n"; print $half "GET / HT"; print $lane "GET /v1/names HTTP/1.0\r\n\r\n";
  sysread($slow, $all, 1000);
  kill TERM => $ARGV[1];
  while (sysread($slow, $bytes, 4000)) { $all .= $bytes; pause(0.02) }
  my ($length) = $all =~ /^Content-Length: (\d+)/m;
  print $all =~ /\r\n\r\n(.*)/s && length $1 == $length ? "whole" : "cut", " ", rest($lane) =~ /alice/ ? "answered" : "not", " ", rest($half);
  ' "$large" "$pid")
is "$said" 'whole answered ' 'replies that are on their way arrive whole'
wait "$pid"
is "$?" 0 'and then it ends'
pid=''
serve 'limits: {stop: 1s}
http: "127.0.0.1:0"'
is "$(talk 'my $slow = dial_small($http); print $slow "GET $ARGV[0] HTTP/1.0\r\n\r\n"; pause(0.3); my $from = time; kill TERM => $ARGV[1];
  pause(0.1) while kill(0, $ARGV[1]) && -e "/proc/$ARGV[1]/exe" && time - $from < 8; print time - $from < 5 ? "ended" : "stays"' "$large" "$pid")" \
  ended 'not longer than limits.stop'
wait "$pid"
is "$?" 0 'it ends well'
pid=''

# Out of descriptors: it rests, and takes connections again when there are some.
written 'http: "127.0.0.1:0"'
: >"$log"
# shellcheck disable=SC3045 # every sh that there is has it
(ulimit -n 50 && exec "$server" -c "$work/server.yaml") 2>"$log" &
pid=$!
await grep -q started "$log"
report $? 'it starts with few descriptors' "$(cat "$log")"
port=$(port_of rpc) http=$(port_of http)
like "$(cat "$log")" 'warning descriptors allowed=50 wanted=[0-9]{4}' 'it says that they are few'
said=$(talk 'sub ticks { open my $file, "<", "/proc/$ARGV[0]/stat" or die; (split " ", <$file>)[13] + (split " ", do { seek $file, 0, 0; <$file> })[14] }
  my @many = map { dial($http) } 1 .. 60; pause(0.5);
  my $before = ticks(); pause(3); my $used = ticks() - $before;
  @many = (); pause(1.5);
  my $asking = dial($http); print $asking "GET /v1/info HTTP/1.0\r\n\r\n";
  print $used < 60 ? "rests" : "spins: $used", " ", rest($asking) =~ m{^HTTP/1.1 (\d+)}' "$pid")
is "$said" 'rests 200' 'without descriptors it does not spin'
accepts=$(grep -c 'warning accept why="Too many open files"' "$log")
[ "$accepts" -ge 1 ] && [ "$accepts" -le 20 ]
report $? 'it says so now and then' "$accepts times"
end_server
is "$status" 0 'and it ends well'
done_testing
