#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored on several threads before a Bitcoin node: blocks that leave the chain do so for all clients at once.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/bitcoin.sh"
trap 'end_server KILL; end_servers; rm -rf "$work"' EXIT
own_server bitcoind
cd "$srcdir" || exit 1
bitcoin createwallet miner >/dev/null
mine 101 "$(bitcoin -rpcwallet=miner getnewaddress)"
mine 2
# An operation that is none: the block tells that it was refused.
bitcoin -rpcwallet=miner send '[{"data":"69643f00"}]' >/dev/null
mine 3

cat >"$work/server.yaml" <<END
chain: {source: bitcoind, network: regtest, port: $BITCOIN_PORT, cookie: $BITCOIN_COOKIE, confirmations: 1, index: $work/index}
listen: ["127.0.0.1:0"]
http: 127.0.0.1:0
limits: {request_rate: 0}
threads: 3
END
last_block_is() {
  call getinfo | grep -q "\"last_block\":$1,"
}
run_server
await last_block_is 105
report $? 'it follows'
like "$(call get_refused_at '[104]')" '"reason"' 'a block with something in it'

# Clients ask in turn, so that each has asked after the one before was answered: what one was told was committed before.  Between
# the branches the block may be none at all.
watch() {
  perl -e 'require "./t/lib/rpc.pl"; my ($rpc, $over) = @ARGV; my @all = map { dial($rpc) } 1 .. 9; my (@told, $wrong, %before); $wrong = "";
    sub refused { my ($socket) = @_; print $socket frame(request("get_refused_at", "[104]")); take($socket) }
    until (-e $over) {
      for my $socket (@all) {
        my $now = refused($socket);
        if (!@told || $told[-1] ne $now) { $wrong .= "back again " if $before{$now}++; push @told, $now }
      }
      open my $begun, ">", "$over.begun";
    }
    my %last = map { refused($_) => 1 } @all;
    print @told > 1 ? "moved " : "stayed ", scalar(keys %last), " $wrong"' "$port" "$1"
}
watch "$work/over" >"$work/watched" 2>&1 &
watching=$!
await [ -e "$work/over.begun" ]
branch 5
await last_block_is 106
report $? 'another branch is followed'
touch "$work/over"
wait "$watching"
is "$(cat "$work/watched")" 'moved 1 ' 'what was told of the former branch is not told again, and all are told the same'
like "$(rpc "$http" raw 'GET /metrics HTTP/1.0\n\n')" '^blockstored_reorganisations_total 1$' 'what left the chain is counted once'
is "$(grep -c 'warning core message=.*other blocks from' "$log")" 1 'and told once'
is "$(sed -n 's/.* info block //p' "$log" | sort | uniq -d)" '' 'each block is told by one thread'
end_server
is "$status" 0 'it ends well'

# More than can be taken back, while clients ask: the first thread ends, and the others with it.
mine 110
run_server
await last_block_is 216
watch "$work/never" >"$work/watched" 2>&1 &
watching=$!
await [ -e "$work/never.begun" ]
branch 102
wait "$pid"
is "$?" 1 'a branch that is too deep ends all of it'
pid=''
wait "$watching"
like "$(cat "$work/watched")" 'the server ended it|no reply' 'and the connections'
done_testing
