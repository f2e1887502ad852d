#!/bin/sh
# SPDX-License-Identifier: MIT
# What happens between a client that writes and its name server: answers that are lost, a chain that moves on, a server that stops.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
. "$srcdir/t/lib/names.sh"
trap 'stop_standins; end_server KILL; rm -rf "$work"' EXIT
serve
world 1 "{\"behind\": $port}"
standin 1
remote 1

# lie METHOD LIE: between them.
lie() {
  world 1 "{\"behind\": $port, \"lies\": {\"$1\": $2}}"
}
truth() {
  world 1 "{\"behind\": $port}"
}
# owner NAME: by the server itself.
owner() {
  client get_name_blockchain_record "$1"
  member address
}

asks register bob.id
is "$status" 0 'through what lies between'

# ---- an answer to a transaction is lost ----
lie broadcast_transaction '{"params": 1, "close": 0}'
asks update bob.id 1111111111111111111111111111111111111111
is "$status" 8 'a transaction that did not come to the server'
truth
asks get_name_blockchain_record bob.id
says value_hash null 'has done nothing'
lie broadcast_transaction '{"params": 1, "forward": true, "close": 9}'
asks -v update bob.id 1111111111111111111111111111111111111111
is "$status" 0 'one that was taken, though the answer to it was lost'
txid=$(member txid) block=$(member block)
like "$(cat "$err")" "the transaction $txid was taken, although the answer to it was lost: The name server .* hung up" 'is found'
asks get_name_blockchain_record bob.id
says value_hash 1111111111111111111111111111111111111111 'and has done what it should'
says last_block "$block" 'in the block that was said'
lie broadcast_transaction '{"params": 1, "forward": true, "raw": "hm"}'
asks renew bob.id
is "$status" 0 'the same, where the answer was rubbish'
lie broadcast_transaction '{"params": 1, "forward": true, "result": {"transaction_hash": "00"}}'
asks register carol.id
is "$status" 0 'or about something else'
is "$(owner carol.id)" "$address" 'each of the two was taken once'

# ---- what a server would refuse is not sent ----
lie broadcast_transaction '{"params": 2, "forward": true, "result": {"error": "Not today.", "code": "denied"}}'
asks register dave.id
is "$status" 9 'what the server would refuse'
like "$(cat "$err")" "The name server 127.0.0.1:$port1 says: Not today." 'in its words'
client get_name_blockchain_record dave.id
is "$status" 3 'is not sent'

# ---- lies about coins ----
lie get_unspents '{"result": {"unspents": [{"txid": "00", "output": 0, "value": 1, "confirmations": 1, "transaction": "00"}]}}'
asks register dave.id
is "$status" 5 'coins that are none'
truth
rpc "$port" call get_unspents "[\"$address\"]" >"$work/coins"
# The same coins, worth a hundred times as much.
coins=$(sed -E 's/^\[(.*)\]$/\1/; s/"value":([0-9]+)/"value":\100/g' "$work/coins")
lie get_unspents "{\"result\": $coins}"
asks register dave.id
is "$(member code)" forged 'coins that are worth less than the server says'
like "$(cat "$err")" 'tells of a coin that the transaction it comes from does not make' 'are found out by the transactions they come from'
coins=$(perl -MJSON::PP -e 'local $/; my $r = decode_json(<STDIN>)->[0]; $r->{unspents} = [($r->{unspents}[0]) x 2]; print encode_json($r)' <"$work/coins")
lie get_unspents "{\"result\": $coins}"
asks register dave.id
is "$(member code)" forged 'one coin twice'
lie get_unspents '{"result": {"unspents": []}}'
asks register dave.id
is "$(member code)" denied 'coins that are kept back'

# ---- fees ----
lie getinfo "$(rpc "$port" call getinfo | sed -E 's/^\[(.*)\]$/{"result": \1}/; s/"fee_rate":[0-9]+/"fee_rate":0/')"
asks register dave.id
is "$status" 8 'a server that does not know what a transaction costs'
like "$(cat "$err")" 'does not know yet what a transaction has to pay; try again later' 'says so'
lie getinfo "$(rpc "$port" call getinfo | sed -E 's/^\[(.*)\]$/{"result": \1}/; s/"fee_rate":[0-9]+/"fee_rate":9000000/')"
asks register dave.id
is "$status" 2 'one that wants too much'
like "$(cat "$err")" 'but names.max_fee allows' 'gets no more than the configuration allows'

done_testing
