#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored before a Bitcoin node: it follows, through restarts of either side, other branches, and a node that is away.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/bitcoin.sh"
trap 'end_server KILL; end_servers; rm -rf "$work"' EXIT
own_server bitcoind
mine 120

# configure [CREDENTIALS]
configure() {
  cat >"$work/server.yaml" <<END
chain: {source: bitcoind, network: regtest, port: $BITCOIN_PORT, ${1-cookie: $BITCOIN_COOKIE}, confirmations: 1, index: $work/index}
listen: ["127.0.0.1:0", "unix:$socket"]
http: 127.0.0.1:0
END
}
# info MEMBER: of getinfo.
info() {
  call getinfo >"$out"
  member "0.$1"
}
info_is() {
  [ "$(info "$1")" = "$2" ]
}
configure
run_server
await info_is last_block 119
is "$(info last_block) $(info node_blocks) $(info blocks)" '119 120 120' 'the index is behind the node by the block that is not confirmed'
is "$(info state) $(info network) $(info first_block) $(info confirmations)" 'following regtest 1 1' 'what it says of itself'
is "$(info chain_id)" "$(bitcoin getblockhash 0)" 'the chain is told by its block 0'
like "$(info fee_rate)" '^[1-9][0-9]*$' 'what a transaction should pay'
is "$(call lookup '["alice.id"]')" '[null]' 'a name that there is not'
like "$(call get_nameops_hash_at '[100]')" '5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456' 'a block without operations'
consensus=$(info consensus)
mine 2
await info_is last_block 121
is "$(info last_block)" 121 'it follows'
[ "$(info consensus)" != "$consensus" ]
report $? 'every block has a consensus hash of its own'

bitcoin createwallet miner >/dev/null
reward=$(bitcoin -rpcwallet=miner getnewaddress '' legacy)
mine 101 "$reward"
await info_is node_blocks 223
coins=$(call get_unspents "[\"$reward\"]")
like "$coins" '"value":[0-9]+,"confirmations":1[0-9]{2},"transaction":"[0-9a-f]+"' 'coins, each with its transaction'
other=$(bitcoin -rpcwallet=miner getnewaddress '' legacy)
txid=$(bitcoin -rpcwallet=miner sendtoaddress "$other" 1)
raw=$(bitcoin -rpcwallet=miner gettransaction "$txid" | sed -n 's/.*"hex": "\([0-9a-f]*\)".*/\1/p')
is "$(call broadcast_transaction "[\"$raw\"]")" "[{\"transaction_hash\":\"$txid\",\"status\":true}]" 'a transaction that the node knows is sent'
like "$(call broadcast_transaction "[\"$(printf '%s' "$raw" | sed 's/^0200/0300/')\"]")" '"code":"[a-z_]+"' 'one that was changed is not'

# Another branch: what clients are told changes, and metrics tell it.
before=$(call get_consensus_at '[220]')
branch 5
await info_is node_blocks 224
await info_is last_block 223
is "$(info last_block)" 223 'another branch is followed'
[ "$(call get_consensus_at '[222]')" != '[null]' ]
report $? 'with its blocks' "$before"
like "$(rpc "$http" raw 'GET /metrics HTTP/1.0\n\n')" '^blockstored_lag_blocks 0$' 'the lag is a metric: what has too few confirmations is none'
like "$(rpc "$http" raw 'GET /metrics HTTP/1.0\n\n')" '^blockstored_reorganisations_total 1$' 'and so is what left the chain'
like "$(cat "$log")" 'warning core message=.*other blocks from 219 on' 'it is in the log'

# The node is away, and comes back with another cookie.
stop_server
await info_is state waiting
is "$(info state)" waiting 'a node that is away'
is "$(call lookup '["alice.id"]')" '[null]' 'the index answers all the same'
like "$(call get_unspents "[\"$reward\"]")" '"code":"no_names"' 'what needs the node fails'
is_empty "$(sed -n 's/.* warning node state=waiting why=//p' "$log" | sort | uniq -d)" 'each reason is told once'
is_empty "$(call get_unspents "[\"$reward\"]" | grep -e "$BITCOIN_PORT" -e 127.0.0 -e "$BITCOIN_COOKIE" -e "$work")" \
  'strangers do not hear where the node and its cookie are'
like "$(call get_unspents "[\"$reward\"]")" 'The Bitcoin node behind this server cannot be asked|Nothing answers: the Bitcoin node' \
  'but that it is away'
start_server
await info_is state following
mine 1
await info_is last_block 224
is "$(info last_block) $(info state)" '224 following' 'and is followed again'

# A node that hangs holds nobody up but who needs it.
node=$(cat "$BITCOIN_DIR/regtest/bitcoind.pid")
kill -STOP "$node"
(call get_unspents "[\"$reward\"]" >"$work/unspents" 2>&1) &
asking=$!
sleep 0.3
for i in 1 2 3 4 5 6; do
  call get_unspents "[\"$reward\"]" >"$work/unspents-$i" 2>&1 &
  all="${all-} $!"
done
(rpc "$socket" call get_unspents "[\"$reward\"]" >"$work/unspents-local" 2>&1) &
all="$all $!"
# How many were told that it is busy.
told() {
  grep -l 'busy with 4 requests like this of your address' "$work"/unspents-? | grep -c .
}
are_told() {
  [ "$(told)" = 3 ]
}
await are_told
is "$(told)" 3 'of one address as many wait as may; the others are told so'
is "$(rpc "$socket" call broadcast_transaction '["zz"]' | grep -c '"error"')" 1 'transactions are on a lane of their own'
from=$(date +%s)
is "$(call lookup '["alice.id"]') $(info last_block)" '[null] 224' 'while the node hangs, questions are answered'
[ $(($(date +%s) - from)) -le 3 ]
report $? 'at once'
await info_is state waiting || await info_is state waiting
is "$(info state) $(info node_blocks)" 'waiting 225' 'that it hangs is noticed'
is "$(call lookup '["alice.id"]')" '[null]' 'and the index still answers, as it was not behind'
kill -CONT "$node"
wait "$asking"
for one in $all; do
  wait "$one"
done
is "$(grep -l '"unspents":' "$work"/unspents-* | grep -c .)" 4 'and so have the others'
like "$(cat "$work/unspents")" '"unspents":\[' 'who needs it waits, and has his answer'

# An index that somebody removes is made again.
rm -f "$work"/index "$work"/index-wal "$work"/index-shm
await grep -q 'The index was removed; it is made again' "$log"
await info_is last_block 224
is "$(info last_block) $(info state)" '224 following' 'an index that was removed is made again'
is "$(grep -c 'warning core message=.*The index was removed; it is made again' "$log")" 1 'as the log says'

# Killed and started again, it goes on where it was.
end_server KILL
mine 3
run_server
await info_is last_block 227
is "$(info last_block)" 227 'killed, it goes on'
end_server
is "$status" 0 'and ends well'
configure "user: $BITCOIN_USER, password: \"\${NODE_PASSWORD}\""
NODE_PASSWORD=$BITCOIN_PASSWORD
export NODE_PASSWORD
run_server
await info_is state following
is "$(info last_block)" 227 'with a user and a password'
is "$(grep -c "$BITCOIN_PASSWORD" "$log")" 0 'which is in no log'

# More than can be taken back.
branch 102
wait "$pid"
is "$?" 1 'a branch that is too deep ends it'
pid=''
like "$(tail -n 1 "$log")" 'More than 100 blocks .*remove the index' 'as it says'
NODE_PASSWORD=wrong
run_server
await info_is state waiting
is "$(info state)" waiting 'a wrong password: it waits'
like "$(grep ' node ' "$log")" 'state=waiting why=' 'and tells why'
end_server
sed -i 's/regtest/signet/' "$work/server.yaml"
NODE_PASSWORD=$BITCOIN_PASSWORD
rm -f "$work"/index*
timeout 20 "$server" -c "$work/server.yaml" 2>"$log"
is "$?" 2 'a node of another network ends it'
like "$(tail -n 1 "$log")" 'is of the network regtest, and the network signet is configured' 'as it says'
done_testing
