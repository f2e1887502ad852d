#!/bin/sh
# SPDX-License-Identifier: MIT
# No host takes all of blockstored's connections: how many one address may have, on both sides, and what one too many hears.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
cd "$srcdir" || exit 1

talk() {
  code=$1
  shift
  perl -e 'require "./t/lib/rpc.pl"; $| = 1; $SIG{PIPE} = "IGNORE"; our ($rpc, $http, $unix) = splice @ARGV, 0, 3;
    sub pause { select undef, undef, undef, $_[0] }
    sub pings { my ($socket) = @_; print $socket frame(request("ping")); take($socket) =~ /alive/ ? "alive" : "refused" }
    sub gets { my ($socket) = @_; print $socket "GET /v1/info HTTP/1.0\r\n\r\n"; rest($socket) =~ m{^HTTP/1.1 (\d+)} ? $1 : "none" }
    '"$code" "$port" "$http" "$socket" "$@"
}

serve 'limits: {connections: 8, connections_of_one: 3}
http: "127.0.0.1:0"'
is "$(talk 'my @mine = map { dial($rpc) } 1 .. 3; print pings($_), " " for @mine;
  my $more = dial($rpc); print take($more), rest($more)')" \
  'alive alive alive {"fault":"Fault","faultCode":8002,"faultString":"The server has as many connections of your address as it may; end one of them first."}' \
  'one address has so many, and is told so'
like "$(cat "$log")" 'warning refused peer=127.0.0.1:[0-9]+ side=rpc why="too many connections of one address"' 'it is in the log'
is "$(talk 'my @mine = map { dial($rpc) } 1 .. 3; pings($_) for @mine; my $other = dial($rpc, "127.0.0.2"); print pings($other), " ";
  close shift @mine; pause(0.3); print pings(dial($rpc))')" 'alive alive' 'another address has its own, and when one ends there is room'
is "$(talk 'my @mine = map { dial($rpc) } 1 .. 3; pings($_) for @mine; my @unix = map { dial($unix) } 1 .. 5; print pings($_), " " for @unix;
  my $more = dial($unix); print take($more) =~ /as many connections as it may/ ? "full" : "taken"')" \
  'alive alive alive alive alive full' 'unix sockets are free of it, up to the limit of all'
is "$(talk 'my @mine = map { dial($http) } 1 .. 3; pause(0.2); print gets(dial($http)), " ", gets(dial($http, "127.0.0.2")), " ", pings(dial($rpc))')" \
  '503 200 alive' 'the same on the HTTP side, which is counted apart'

# Who has asked already hears why all the same: no reset comes in between.
is "$(talk 'my @mine = map { dial($rpc) } 1 .. 3; pings($_) for @mine; my $good = 0;
  for (1 .. 20) {
    my $more = dial($rpc); print $more frame(request("ping")); pause(0.05);
    my $sent = syswrite($more, frame(request("ping"))); pause(0.02);
    $sent = defined syswrite($more, frame(request("ping"))) && defined $sent;
    $good++ if $sent && take($more) =~ /of your address/;
  }
  print $good')" 20 'who is refused and goes on sending sees the answer'
is "$(talk 'my @mine = map { dial($rpc) } 1 .. 3; pings($_) for @mine; my @more = map { dial($rpc) } 1 .. 200; pause(0.3);
  my $open = grep { my ($socket, $bytes) = $_; $socket->blocking(0); !defined sysread($socket, $bytes, 1000) && $!{EAGAIN} } @more;
  print $open, " ", pings(dial($rpc, "127.0.0.2"))')" '0 alive' 'and many at once are no burden'
is "$(call ping)" '[{"status":"alive"}]' 'it goes on'
end_server
is "$status" 0 'and ends well'

serve 'limits: {connections: 8}'
is "$(talk 'my @mine = map { dial($rpc) } 1 .. 3; print pings($_), " " for @mine')" 'alive alive refused ' 'without being told it is a quarter'
end_server
serve 'limits: {connections: 2}'
is "$(talk 'my @mine = map { dial($rpc) } 1 .. 2; print pings($_), " " for @mine')" 'alive refused ' 'one at least'
end_server
done_testing
