#!/bin/sh
# SPDX-License-Identifier: MIT
# What peers may cost: connections, request rate, slow readers, those that say nothing.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"

# talk CODE [ARGUMENT...]: perl with the functions of t/lib/rpc.pl.
talk() {
  code=$1
  shift
  perl -e 'require "./t/lib/rpc.pl"; $| = 1; '"$code" "$port" "$@"
}
cd "$srcdir" || exit 1

serve 'limits: {connections: 3, connections_of_one: 3}'
is "$(talk 'my @many = map { dial($ARGV[0]) } 1 .. 3;
  for my $one (@many) { print $one frame(request("ping")); take($one) }
  my $more = dial($ARGV[0]);
  print take($more), rest($more), "\n";
  close $many[0];
  select undef, undef, undef, 0.3;
  $more = dial($ARGV[0]);
  print $more frame(request("ping"));
  print take($more), "\n"')" '{"fault":"Fault","faultCode":8002,"faultString":"The server has as many connections of your address as it may; end one of them first."}
[{"status":"alive"}]' 'one connection too many is told so and ended; when one ends there is room'
like "$(cat "$log")" ' warning refused peer=127.0.0.1:[0-9]+ side=rpc why="too many connections of one address"' 'it is in the log'
end_server

serve 'limits: {request_rate: 20}'
took=$(talk 'use Time::HiRes "time"; my $socket = dial($ARGV[0]); my $from = time;
  print $socket frame(request("ping")) x 50;
  take($socket) for 1 .. 50;
  print int(10 * (time - $from))')
[ "$took" -ge 12 ] && [ "$took" -le 60 ]
report $? '50 requests at 20 a second take a second and a half: they wait, and are all answered' "$took tenths of a second"
is "$(rpc "$socket" call ping)" '[{"status":"alive"}]' 'a unix socket has no rate'
end_server

serve 'limits: {idle: 1s, patience: 1s, output: 4K}'
is "$(talk 'my $socket = dial($ARGV[0]); print rest($socket, 6)')" '' 'who says nothing is left'
like "$(cat "$log")" ' closed peer=.* why=idle ' 'and why is told'
is "$(talk 'my $socket = dial($ARGV[0]); print $socket "100:{"; my $from = time; $SIG{PIPE} = "IGNORE";
  while (time - $from < 6) { last unless syswrite($socket, " "); select undef, undef, undef, 0.1 } print time - $from < 5 ? "left" : "kept"')" left \
  'who does not finish a request is left, though bytes come'
like "$(cat "$log")" 'why="a request was not finished"' 'and why is told'
is "$(raw '40:{"method":"get_consensus_at","params":[1')" '' 'half a request, and silence'

# A reader that takes nothing: its requests are not read beyond the bound, and it is left in the end.
sent=$(talk 'my $socket = dial($ARGV[0]); $socket->blocking(0); $SIG{PIPE} = "IGNORE";
  my ($one, $sent, $from) = (frame(request("get_name_blockchain_record", "[\"alice.id\"]")) x 100, 0, time);
  while (time - $from < 8) {
    my $more = syswrite($socket, $one);
    if (defined $more) { $sent += $more } else { last unless $!{EAGAIN}; select undef, undef, undef, 0.05 }
  }
  print $sent')
[ "$sent" -lt 30000000 ]
report $? 'a slow reader is not read from without end' "$sent bytes were taken"
await grep -q 'why=slow' "$log"
report $? 'and is left'
memory=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status")
[ "$memory" -lt 60000 ]
report $? 'it has cost little memory' "$memory KiB"

is "$(talk 'my @many = map { dial($ARGV[0]) } 1 .. 20;
  print $_ frame(request("get_name_blockchain_record", "[\"alice.id\"]")) x 50 for @many;
  my $good = 0;
  for my $one (reverse @many) { for (1 .. 50) { $good++ if take($one) =~ /alice/ } }
  print $good')" 1000 'who reads late, but reads, gets all in order'
is "$(call ping)" '[{"status":"alive"}]' 'after all of this it answers still'
end_server
is "$status" 0 'and ends well'

# Many readers that take nothing: all together have a bound, and those in the way are left long before they are idle.
serve 'limits: {replies: 128K, output: 64K, idle: 60s, request_rate: 0}
http: 127.0.0.1:0'
waiting=$(talk 'my $batch = frame("[" . join(",", (request("get_name_blockchain_record", "[\"alice.id\"]")) x 60) . "]");
  my @many = map { dial($ARGV[0]) } 1 .. 30;
  $SIG{PIPE} = "IGNORE";
  $_->blocking(0) for @many;
  my ($most, $from, %left) = (0, time);
  while (time - $from < 6) {
    for my $one (@many) {
      $left{$one} ||= $batch x 20;
      substr($left{$one}, 0, syswrite($one, $left{$one}) // 0) = "";
    }
    my $asking = dial($ARGV[1]);
    print $asking "GET /metrics HTTP/1.0\r\n\r\n";
    my ($now) = rest($asking) =~ /^blockstored_replies_waiting (\d+)/m;
    $most = $now if $now > $most;
    select undef, undef, undef, 0.1;
  }
  print $most' "$http")
[ "$waiting" -gt 100000 ] && [ "$waiting" -lt 400000 ]
report $? 'what waits for many slow readers has a bound' "$waiting bytes"
is "$(call ping)" '[{"status":"alive"}]' 'others are answered again'
[ "$(grep -c 'why=slow' "$log")" -ge 1 ]
report $? 'as those in the way were left' "$(tail -n 3 "$log")"
end_server
is "$status" 0 'and it ends well'

serve 'limits: {frame: 1K}'
like "$(call lookup "[\"$(yes x | head -n 1100 | tr -d '\n')\"]")" 'at most 1024 bytes' 'a smaller frame'
like "$(call broadcast_transaction "[\"$(yes 00 | head -n 40000 | tr -d '\n')\"]")" '"code":"(usage|malformed)"' \
  'a transaction may be longer'
end_server
done_testing
