#!/bin/sh
# SPDX-License-Identifier: MIT
# Several name servers: one stands in for another, they are held against each other, and none may be of another chain.
. "${srcdir:-$(dirname "$0")/..}/t/lib/names.sh"
one=1111111111111111111111111111111111111111
two=2222222222222222222222222222222222222222

# told N BLOCK ENTRY [MORE]: of one history.
told() {
  world "$1" "{\"network\": \"regtest\", \"block\": $2, \"history\": \"one\", \"names\": {\"foo.id\": $3}${4-}}"
}
# what foo.id says, as the server's record has it.
record() {
  asks -v get_name_blockchain_record foo.id
}
told 1 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
told 2 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
standin 1
standin 2
remote 1 2

# alone WHAT SERVER: the last document is the word of that one; "": of more than one
alone() {
  is "$(member told_by)" "${2:-null}" "$1"
}

record
is "$status" 0 'two servers that agree'
says value_hash "$one" 'say what the name says'
alone 'nobody alone' ''
like "$(cat "$err")" "name server 127.0.0.1:$port2 is connected" 'and both were asked'

# ---- contradictions ----
contradict() {
  fails_with 6 conflict "The name servers contradict each other about foo.id: 127.0.0.1:$port1.*; 127.0.0.1:$port2" "$1" \
    get_name_blockchain_record foo.id
}
told 2 20 "{\"changed_block\": 9, \"value_hash\": \"$two\"}"
contradict 'another value'
like "$(cat "$err")" "says $one since block 9.*says $two since block 9" 'both answers are told'
told 2 20 null
contradict 'a name that one of them does not have'
told 2 20 "{\"changed_block\": 9, \"value_hash\": \"$one\", \"revoked\": true}"
contradict 'a revocation'
told 2 25 "{\"changed_block\": 9, \"value_hash\": \"$two\"}"
contradict 'another value, by one that is further'
told 2 15 "{\"changed_block\": 9, \"value_hash\": \"$two\"}"
contradict 'another value, by one that is behind'
world 2 "{\"network\": \"regtest\", \"block\": 20, \"history\": [[0, \"one\"], [15, \"two\"]], \"names\": {\"foo.id\": {\"changed_block\": 9, \"value_hash\": \"$one\"}}}"
contradict 'another branch of the chain, though the name says the same'
world 2 "{\"network\": \"regtest\", \"block\": 25, \"history\": [[0, \"one\"], [15, \"two\"]], \"names\": {\"foo.id\": {\"changed_block\": 9, \"value_hash\": \"$one\"}}}"
contradict 'the same, where one is further'
told 2 25 "{\"changed_block\": 23, \"value_hash\": \"$two\"}"
record
is "$status" 0 'what came later is no contradiction'
says value_hash "$two" 'the one that knows more of the chain is believed'
alone 'and it is told that it is alone with that' "127.0.0.1:$port2"
like "$(cat "$err")" "warning: What the name server 127.0.0.1:$port2 says of foo.id, as of block 25, is its word alone" 'with a warning'
told 1 23 "{\"changed_block\": 23, \"value_hash\": \"$two\"}"
record
alone 'until the other one gets there' ''
told 1 23 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
contradict 'what the other one then does not have'
told 1 24 "{\"changed_block\": 23, \"value_hash\": \"$two\"}"
told 2 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
record
says value_hash "$two" 'also where it is the first'
told 1 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
told 2 25 null
contradict 'that it is not there, by one that is further'
told 1 20 null
told 2 25 "{\"changed_block\": 23, \"value_hash\": \"$two\"}"
record
says value_hash "$two" 'a name that the one behind does not know yet'
told 1 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"

# ---- another chain ----
told 2 20 "{\"changed_block\": 9, \"value_hash\": \"$two\"}" ", \"chain\": \"$(printf '22%.0s' $(seq 32))\""
fails_with 6 conflict "The name server 127.0.0.1:$port2 answers for another chain than was answered for before" 'another chain' \
  get_name_blockchain_record foo.id
options="  chain: \"$(printf '11%.0s' $(seq 32))\"
"
remote 1 2
record
is "$status" 0 'where the configuration says which chain is meant, the other one is not listened to'
like "$(cat "$err")" "warning: The name server 127.0.0.1:$port2 answers for another chain than the one of names.chain" 'with a warning'
options=''
remote 1 2

# ---- a second opinion on what is new ----
standin 3
remote 1 2 3
told 1 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
told 2 25 "{\"changed_block\": 23, \"value_hash\": \"$two\"}"
told 3 24 "{\"changed_block\": 23, \"value_hash\": \"$two\"}"
record
says value_hash "$two" 'what two of three know'
alone 'is not the word of one' ''
told 3 24 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
fails_with 6 conflict "contradict each other about foo.id: 127.0.0.1:$port2.*; 127.0.0.1:$port3" 'what the third contradicts is not believed' \
  get_name_blockchain_record foo.id
told 3 22 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
record
alone 'a third that is not as far is no witness' "127.0.0.1:$port2"

# ---- what one alone says of blocks to come ----
remote 1 2
told 1 20 "{\"changed_block\": 9}"
told 2 5000 "{\"changed_block\": 4900, \"op\": \"+\"}"
asks -v lookup foo.id
is "$status" 0 'a name that one of two has in a block far from the other ones'
is "$(member name_record.last_block)" 4900 'is told as that one says'
alone 'as its word' "127.0.0.1:$port2"
like "$(cat "$err")" 'far beyond what any other name server than .* knows: it is not remembered' 'and not remembered'
told 2 20 "{\"changed_block\": 9}"
asks lookup foo.id
is "$(member name_record.last_block)" 9 'so that it does not stay when it was a lie'
alone 'both say that' ''
rm -rf "$work/state"
told 1 20 "{\"changed_block\": 9}" ', "node_blocks": 5000'
told 2 5000 "{\"changed_block\": 4900, \"op\": \"+\"}"
asks lookup foo.id
is "$(member name_record.last_block)" 4900 'in a block that the node of the other one has'
told 2 20 "{\"changed_block\": 9}"
fails_with 4 stale 'its state of block 4900 was seen before' 'it is remembered then' lookup foo.id
rm -rf "$work/state"

# ---- a block that some of them have lost ----
remote 1 2 3
for server in 1 2 3; do told "$server" 20 '{"changed_block": 18}'; done
asks lookup foo.id
is "$status" 0 'three servers that agree'
for server in 1 2; do
  world "$server" '{"network": "regtest", "block": 20, "history": [[0, "one"], [15, "two"]], "names": {"foo.id": {"changed_block": 9}}}'
done
fails_with 4 stale 'from another history than the one that was seen before' 'what the third still has is not taken back' lookup foo.id
asks -v lookup foo.id
like "$(cat "$err")" "warning: The name server 127.0.0.1:$port3 has the block 18 that was seen before, and 127.0.0.1:$port1 has another" \
  'and who is who is said'
stop_standin 3
asks lookup foo.id
is "$status" 0 'where nobody has it any more, the new one is followed'
rm -rf "$work/state"
remote 1 2

# ---- failover ----
told 2 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
told 1 20 "{}" ', "lies": {"get_name_state": {"raw": "rubbish"}}'
record
is "$status" 0 'where one sends rubbish, the other is asked'
like "$(cat "$err")" "warning: The name server 127.0.0.1:$port1 sent an answer that is no netstring" 'and it is said why'
told 1 20 "{}" ', "lies": {"getinfo": {"hang": true}}'
patience=4s
remote 1 2
record
is "$status" 0 'where one does not answer, the other is asked in time'
patience=20s
remote 1 2
told 1 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
told 2 20 "{}" ', "lies": {"get_name_state": {"hang": true}}'
began=$(date +%s)
record
is "$status" 0 'where the second does not answer, the first is believed'
[ $(($(date +%s) - began)) -le 4 ]
report $? 'and the second is not waited for for long' "$(($(date +%s) - began)) s"
told 2 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
told 1 20 "{}" ', "lies": {"get_name_state": {"result": {"error": "No.", "code": "denied"}}}'
fails_with 9 denied "127.0.0.1:$port1 says: No." 'an answer is an answer: nobody else is asked' get_name_blockchain_record foo.id
port=$port1
stop_standin 1
port1=$port
record
is "$status" 0 'where one is gone, the other is asked'
says value_hash "$one" 'and believed'

# ---- behind ----
told 2 40 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
told 1 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}"
standin 1
remote 1 2
cli keygen "$work/key"
fails_with 9 denied "coins of the owner's key do not suffice" 'for a write, the one that is further is asked' --key "$work/key" -v register bar.id
like "$(cat "$err")" "warning: The name server 127.0.0.1:$port1 is 20 blocks behind what was seen before: its chain ends at block 20" \
  'as the first is behind it'
like "$(cat "$err")" "Block 40 was told of by 127.0.0.1:$port2: where that is none, take that one out of names.servers" 'and who says so'
told 2 9007199254740991 "{}" ', "lies": {"get_name_state": {"raw": "rubbish"}}'
fails_with 9 denied "coins of the owner's key do not suffice" 'one that only boasts, and cannot be used, keeps nobody from writing' \
  --key "$work/key" -v register bar.id
like "$(cat "$err")" "127.0.0.1:$port2 sent an answer that is no netstring" 'with what it did'
world 2 "{\"network\": \"regtest\", \"block\": 9007199254740991, \"history\": [[0, \"one\"], [15, \"two\"]]}"
asks --key "$work/key" -v announce 1111111111111111111111111111111111111111
is_empty "$(grep 'blocks behind' "$err")" 'how far another branch goes does not count'
like "$(cat "$err")" "warning: The name server 127.0.0.1:$port2 has another block 20 than 127.0.0.1:$port1: that its chain ends at block 9007199254740991 does not" \
  'and is told'
told 1 20 "{\"changed_block\": 9, \"value_hash\": \"$one\"}" ', "node_blocks": 90'
told 2 40 "{\"changed_block\": 9, \"value_hash\": \"$one\"}" ', "node_blocks": 90'
fails_with 4 stale 'None of the 2 name servers.*is 70 blocks behind.*is 50 blocks behind' 'where all are behind, nothing is written' \
  --key "$work/key" register bar.id
stop_standin 1
port1=1
remote 1 2
fails_with 4 stale 'None of the 2 name servers.*cannot be reached.*is 50 blocks behind' 'the one that answers is old: that is what it is' \
  --key "$work/key" register bar.id
stop_standin 2
port1=1 port2=2
remote 1 2
fails_with 8 no_names 'None of the 2 name servers of the configuration can be used.  The name server 127.0.0.1:1 .*  The name server 127.0.0.1:2 ' \
  'none is there' get_name_blockchain_record foo.id

done_testing
