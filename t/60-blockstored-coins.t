#!/bin/sh
# SPDX-License-Identifier: MIT
# get_unspents of blockstored: who may ask, how long the node may search, that it stops when nobody waits, and a wallet that is gone.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/bitcoin.sh"
trap 'end_server KILL; end_servers; [ -z "${played-}" ] || kill "$played"; rm -rf "$work"' EXIT

# ---- who may ask ----
for who in all local; do
  serve "limits: {unspents: $who}"
  like "$(call get_unspents "[\"$address\"]")" '"unspents":\[' "$who: a client on this machine"
  like "$(rpc "$socket" call get_unspents "[\"$address\"]")" '"unspents":\[' 'by the unix socket, too'
  end_server
done
serve
like "$(call get_unspents "[\"$address\"]")" '"unspents":\[' 'as it is without a word'
end_server
serve 'limits: {unspents: off}'
like "$(rpc "$socket" call get_unspents "[\"$address\"]")" 'tells nobody which coins.*Ask another one, or one of your own.*"code":"denied"' 'off: nobody'
like "$(call lookup '["alice.id"]')" "$address" 'who can still read'
client register bob.id
end_server

# ---- a node that searches without end: played, what it is asked is in $work/asked ----
cat >"$work/node.pl" <<'END'
use strict;
use IO::Socket::INET;
$SIG{CHLD} = "IGNORE";
my $listener = IO::Socket::INET->new(Listen => 20, LocalAddr => "127.0.0.1", LocalPort => 0) or die;
open my $told, ">", "$ARGV[0].new" or die;
print $told $listener->sockport;
close $told;
rename "$ARGV[0].new", $ARGV[0];
while (my $socket = $listener->accept) {
  next if fork;
  close $listener;
  while (1) {
    my ($head, $body) = ("", "");
    until ($head =~ /\r\n\r\n/) { sysread($socket, $head, 1, length $head) or exit }
    my ($length) = $head =~ /content-length: (\d+)/i;
    while (length $body < $length) { sysread($socket, $body, $length - length $body, length $body) or exit }
    open my $asked, ">>", $ARGV[1] or die;
    print $asked "$body\n" if $body =~ /scantxoutset/;
    close $asked;
    if ($body =~ /"start"/) { sysread($socket, my $more, 1); exit }
    my $answer = "[" . join(",", map { "{\"id\":$_,\"error\":{\"code\":-28,\"message\":\"Loading\"}}" } $body =~ /"id":(\d+)/g) . "]";
    syswrite($socket, "HTTP/1.1 200 OK\r\nContent-Length: " . length($answer) . "\r\n\r\n$answer");
  }
}
END
perl "$work/node.pl" "$work/node.port" "$work/asked" &
played=$!
await [ -s "$work/node.port" ]
NODE_PASSWORD=secret
export NODE_PASSWORD
configure() {
  cat >"$work/server.yaml" <<END
chain: {source: bitcoind, network: regtest, url: "$url", user: $user, password: "\${NODE_PASSWORD}", index: $work/index${2-}}
listen: ["127.0.0.1:0", "unix:$socket"]
limits: {search: $1, stop: 1s}
END
}
url=http://127.0.0.1:$(cat "$work/node.port") user=u
owner=mfcSEPR8EkJrpX91YkTJ9iscdAzppJrG9j
count() {
  grep -c "$1" "$work/asked"
}
is_asked() {
  [ "$(count "$1")" -ge "$2" ]
}
configure 1s
run_server
from=$(date +%s)
reply=$(call get_unspents "[\"$owner\"]")
[ $(($(date +%s) - from)) -le 5 ]
report $? 'a search ends when its time is over' "$from"
like "$reply" 'was not done with going over all its coins when the time was over: give it more, or let it watch by a wallet.*"code":"deadline"' \
  'which is told, and what to do'
is "$(count '"abort"')" 1 'and the node is told to stop'
end_server
configure 10m
run_server
perl -e 'require $ARGV[2]; my $socket = dial($ARGV[0]); print $socket frame(request("get_unspents", "[\"$ARGV[1]\"]")); sleep 60' \
  "$socket" "$owner" "$srcdir/t/lib/rpc.pl" 2>/dev/null &
asking=$!
await is_asked '"start"' 2
is "$(count '"start"') $(count '"abort"')" '2 1' 'somebody waits: the node searches'
kill "$asking"
wait "$asking" 2>/dev/null
await is_asked '"abort"' 2
is "$(count '"abort"')" 2 'nobody waits any more: it is told to stop'
call get_unspents "[\"$owner\"]" >"$work/reply" 2>&1 &
asking=$!
await is_asked '"start"' 3
is "$(count '"start"')" 3 'the next one has his turn'
end_server
is "$status" 0 'a server that ends does not wait for it'
is "$(count '"abort"')" 3 'and leaves no node that searches for nobody'
wait "$asking"
kill "$played"
played=''

# ---- a wallet that is gone ----
rm -f "$work"/index*
own_server bitcoind
url=http://127.0.0.1:$BITCOIN_PORT user=$BITCOIN_USER NODE_PASSWORD=$BITCOIN_PASSWORD
bitcoin createwallet miner >/dev/null
reward=$(bitcoin -rpcwallet=miner getnewaddress '' legacy)
mine 101 "$reward"
configure 1m ', wallet: watch'
run_server
good='"unspents":\[{"txid":"[0-9a-f]{64}","output":0,"value":5000000000,'
like "$(call get_unspents "[\"$reward\"]")" "$good" 'coins by a wallet'
bitcoin unloadwallet watch false >/dev/null
like "$(call get_unspents "[\"$reward\"]")" "$good" 'one that somebody unloaded is loaded again'
stop_server
like "$(call get_unspents "[\"$reward\"]")" '"code":"no_names"' 'the node is away'
start_server
like "$(call get_unspents "[\"$reward\"]")" "$good" 'it is back, and so is the wallet'
bitcoin unloadwallet watch false >/dev/null
stop_server
start_server
like "$(call get_unspents "[\"$reward\"]")" "$good" 'also where the node does not load it'
end_server
done_testing
