#!/bin/sh
# SPDX-License-Identifier: MIT
# Coins, fees and transactions of a node: by scantxoutset and by a wallet that watches, in blocks and in the mempool.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/bitcoin.sh"
own_server bitcoind
bitcoin createwallet miner >/dev/null
bitcoin createwallet user >/dev/null
miner() {
  bitcoin -rpcwallet=miner "$@"
}
user() {
  bitcoin -rpcwallet=user "$@"
}
# field NAME: of a document with one member a line
field() {
  sed -n "s/^ *\"$1\": \"\\{0,1\\}\\([^\",]*\\).*/\\1/p" | head -n 1
}
# hash_of ADDRESS: of its public key, from its script
hash_of() {
  user getaddressinfo "$1" | field scriptPubKey | sed 's/^76a914//; s/88ac$//; s/^0014//'
}
legacy=$(user getnewaddress '' legacy)
witness=$(user getnewaddress '' bech32)
reward=$(miner getnewaddress '' legacy)
hash=$(hash_of "$legacy")
witness_hash=$(hash_of "$witness")
watching() {
  NODE_WALLET='watch "me' ask coins "$1"
}

is_empty "$(ask coins "$hash")" 'no coins'
mine 99 "$reward"
is_empty "$(ask coins "$(hash_of "$reward")")" 'what was just mined cannot be spent'
mine 1 "$reward"
like "$(ask coins "$(hash_of "$reward")")" '^5000000000 [0-9a-f]{64}:0 mined$' 'what was mined 100 blocks ago can'
mine 20 "$reward"
is "$(ask coins "$(hash_of "$reward")" 3 | wc -l)" 3 'as many as are wanted'
first=$(miner sendtoaddress "$legacy" 0.5)
is_empty "$(ask coins "$hash")" 'what somebody pays counts when it is in a block'
mine 1
like "$(ask coins "$hash")" "^50000000 $first:[01]\$" 'then it does'
is "$(watching "$hash")" "$(ask coins "$hash")" 'a watching wallet finds the same'
miner sendtoaddress "$legacy" 0.25 >/dev/null
miner sendtoaddress "$witness" 0.125 >/dev/null
mine 1
is "$(ask coins "$hash" | cut -d ' ' -f 1 | tr '\n' ' ')" '50000000 25000000 ' 'the largest first'
is "$(watching "$hash")" "$(ask coins "$hash")" 'with the wallet, too'
like "$(ask coins "$witness_hash")" '^12500000 ' 'P2WPKH'
is "$(watching "$witness_hash")" "$(ask coins "$witness_hash")" 'and the wallet'
like "$(bitcoin -rpcwallet='watch "me' getwalletinfo | field private_keys_enabled)" false 'which has no private keys'

# ---- the mempool ----
# spend TXID OUTPUT ADDRESS AMOUNT [SEQUENCE]: a signed transaction
spend() {
  raw=$(bitcoin createrawtransaction "[{\"txid\":\"$1\",\"vout\":$2,\"sequence\":${5-4294967293}}]" "[{\"$3\":$4}]")
  user signrawtransactionwithwallet "$raw" ${6+"$6"} | field hex
}
output=$(ask coins "$hash" | sed -n "s/^50000000 $first://p")
change=$(spend "$first" "$output" "$legacy" 0.4999)
is "$(ask try "$change")" taken 'the node would take it'
is "$(ask coins "$hash" | wc -l)" 2 'nothing has happened by that'
is "$(ask send "$change")" taken 'it takes it'
is "$(ask send "$change")" taken 'and again'
is "$(ask try "$change")" taken 'and would again'
change_id=$(bitcoin decoderawtransaction "$change" | field txid)
is "$(ask coins "$hash" | tr '\n' ' ')" "49990000 $change_id:0 waits $(ask coins "$hash" | sed -n 2p) " 'the change is a coin, what it came from none'
is "$(watching "$hash")" "$(ask coins "$hash")" 'for the wallet, too'
script=$(user getaddressinfo "$legacy" | field scriptPubKey)
next=$(spend "$change_id" 0 "$reward" 0.4998 4294967293 "[{\"txid\":\"$change_id\",\"vout\":0,\"scriptPubKey\":\"$script\",\"amount\":0.4999}]")
is "$(ask send "$next")" taken 'it is spent'
is "$(ask coins "$hash" | cut -d ' ' -f 1)" 25000000 'then it is gone'
is "$(watching "$hash")" "$(ask coins "$hash")" 'for the wallet, too'

# ---- refusals ----
other=$(spend "$first" "$output" "$reward" 0.4999)
like "$(ask send "$other")" '^contested: .* another transaction that waits for a block spends the same coins.* \(' 'coins that are spent there'
like "$(ask try "$other")" '^contested: ' 'are refused before, too'
mine 1
is "$(ask send "$next")" taken 'what is in the chain counts as sent'
like "$(ask send "$other")" '^conflict: .* what it spends was spent already, or is not known there' 'coins that are gone'
coin=$(ask coins "$hash" | cut -d ' ' -f 2)
cheap=$(spend "${coin%:*}" "${coin#*:}" "$reward" 0.25)
like "$(ask send "$cheap")" '^denied: .* its fee is too low \(min relay fee not met' 'no fee'
good=$(spend "${coin%:*}" "${coin#*:}" "$legacy" 0.2499)
good_id=$(bitcoin decoderawtransaction "$good" | field txid)
forged=$(printf %s "$good" | sed 's/00000000$/01000000/')
like "$(ask send "$forged")" '^forged: .* a signature is not good' 'not what was signed'
like "$(ask send 00)" '^malformed: .* it is no transaction' 'no transaction'
like "$(ask try 00)" '^malformed: ' 'no transaction to try'
behind=$(spend "$good_id" 0 "$reward" 0.2498 4294967293 "[{\"txid\":\"$good_id\",\"vout\":0,\"scriptPubKey\":\"$script\",\"amount\":0.2499}]")
is "$(ask try "$good" "$behind")" taken 'two of which one spends the other'
like "$(ask try "$behind")" '^conflict: ' 'the second alone is refused'

# ---- fees ----
least=$(bitcoin getmempoolinfo | field minrelaytxfee)
is "$(ask fee)" "$(printf %s "$least" | sed 's/^0\.0*//')" 'a node that cannot tell takes the least'

# ---- a node for which everything is new ----
stop_server
start_server
is "$(watching "$hash" | cut -d ' ' -f 1)" 25000000 'after a restart the wallet watches'
is "$(ask coins "$hash" | cut -d ' ' -f 1)" 25000000 'and the node finds'
like "$(NODE_MS=1 ask coins "$hash")" '^deadline: ' 'a deadline'

# ---- a node that is played ----
own_server answers
# says COMMAND BODY REGEX WHAT
says() {
  printf 'HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n%s' "${#2}" "$2" >"$ANSWERS_ROOT/POST-once1"
  # shellcheck disable=SC2086 # a command with its arguments
  like "$(NODE_URL=http://127.0.0.1:$ANSWERS_PORT ask $1)" "$3" "$4"
}
busy='[{"id":0,"error":{"code":-8,"message":"Scan already in progress, use action \"abort\" or \"status\""}}]'
# afterwards NUMBER BODY: what the node says after that
afterwards() {
  printf 'HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n%s' "${#2}" "$2" >"$ANSWERS_ROOT/POST-once$1"
}
for i in 2 3 4 5 6 7 8 9; do
  afterwards $i "$(printf %s "$busy" | sed "s/\"id\":0/\"id\":$((i - 1))/")"
done
NODE_MS=1200 says "coins $hash" "$busy" '^failed: .* goes over its coins for somebody else: try again, or let it watch by a wallet' \
  'a node that is busy for others all the time'
rm -f "$ANSWERS_ROOT"/POST-once*
best=$(printf '%064d' 1)
afterwards 2 "[{\"id\":1,\"result\":{\"success\":false,\"unspents\":[{\"txid\":\"00\"}]}}]"
afterwards 3 "[{\"id\":2,\"result\":{\"success\":true,\"height\":1,\"bestblock\":\"$best\",\"unspents\":[]}}]"
says "coins $hash" "$busy" '^$' 'one that is busy, and is then told by others to stop: it is asked until it has gone over all'
says "coins $hash" '[{"id":0,"result":{"height":1}}]' '^no_names: .* answered scantxoutset without coins' 'no coins told'
says "coins $hash" "[{\"id\":0,\"result\":{\"height\":1,\"bestblock\":\"$best\",\"unspents\":[{\"txid\":\"00\"}]}}]" '^no_names: .* without what a coin is' 'no coin'
says "coins $hash" '[{"id":0,"result":{"height":1,"unspents":[]}}]' '^no_names: .* without its newest block' 'of no block'
says "coins $hash" "[{\"id\":0,\"result\":{\"height\":9,\"bestblock\":\"$best\",\"unspents\":[{\"txid\":\"$best\",\"vout\":0,\"scriptPubKey\":\"51\",\"amount\":1,\"height\":1}]}}]" \
  '^no_names: .* without a script that it was asked for' 'a coin of somebody else'
pool='{"id":0,"result":{"mempoolminfee":0.00001,"minrelaytxfee":0.00002}}'
says fee "[$pool,{\"id\":1,\"result\":{\"feerate\":0.00012345,\"blocks\":6}}]" '^12345$' 'the fee that the node estimates'
says fee "[$pool,{\"id\":1,\"result\":{\"errors\":[\"Insufficient data\"]}}]" '^2000$' 'none: the highest of the least'
says fee "[$pool,{\"id\":1,\"result\":{\"feerate\":0.00000001}}]" '^2000$' 'an estimate below what it relays'
says fee "[$pool,{\"id\":1,\"result\":{\"feerate\":1e5}}]" '^2000$' 'an estimate of another form'
says fee '[{"id":0,"result":{}},{"id":1,"result":{}}]' '^no_names: .* answered getmempoolinfo without the fees' 'no fees'
says 'send 00' '[{"id":0,"error":{"code":-27,"message":"Transaction already in block chain"}}]' '^taken$' 'what it has in a block'
says 'send 00' '[{"id":0,"error":{"code":-26,"message":"insufficient fee, rejecting replacement"}}]' \
  '^contested: .* spends the same coins, and this one does not pay enough' 'a replacement that pays too little'
says 'send 00' '[{"id":0,"error":{"code":-26,"message":"weird-reason"}}]' '^denied: .* does not take the transaction: weird-reason\.$' \
  'another reason'
says 'try 00' '[{"id":0,"result":[]}]' '^no_names: .* as many verdicts as transactions' 'no verdict'
done_testing
