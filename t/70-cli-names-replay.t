#!/bin/sh
# SPDX-License-Identifier: MIT
# A name server that goes back, or to another chain: what was believed before is not taken back, but where the chain itself was
# reorganised.
. "${srcdir:-$(dirname "$0")/..}/t/lib/names.sh"
other=2222222222222222222222222222222222222222
newest="\"changed_block\": 18, \"op\": \"+\", \"vtxindex\": 0"

# chain NETWORK BLOCK HISTORY ENTRY [MORE]
chain() {
  world 1 "{\"network\": \"$1\", \"block\": $2, \"history\": $3, \"names\": {\"foo.id\": $4}${5-}}"
}
# looked up: by what remembers it.
look() {
  fails_with "$1" "$2" "$3" "$4" lookup foo.id
}
believed() {
  asks lookup foo.id
  is "$status" 0 "$1"
}
forget() {
  rm -rf "$work/state"
}
# A name that says nothing has no user record to be fetched, so nothing but the server is asked.
chain regtest 20 '"one"' "{$newest}"
cli keygen "$work/key"
standin 1
remote 1

believed 'a name is believed as of block 18'
chain regtest 20 '"one"' '{"changed_block": 9}'
look 4 stale 'as of block 9, but its state of block 18 was seen before' 'an older state of the name is refused'
chain regtest 20 '"one"' null
look 4 stale 'does not know the name foo.id, which was seen before' 'that it is not there is refused'
chain regtest 12 '"one"' '{"changed_block": 9}'
look 4 stale 'as of block 9, but its state of block 18 was seen before.*Ask another name server' 'an older tip is refused'
chain regtest 20 '"one"' "{$newest, \"value_hash\": \"$other\"}"
look 4 stale 'as of block 18' 'another value at the same place is refused'
chain regtest 20 '[[0, "one"], [15, "two"]]' '{"changed_block": 9}'
believed 'when the block itself has left the chain, the new one is followed'
forget
chain regtest 20 '"one"' "{$newest}"
believed 'anew'
chain regtest 119 '[[0, "one"], [15, "two"]]' '{"changed_block": 9}'
look 4 stale 'from another history than the one that was seen before.*Ask another name server' 'no block that 100 stand upon leaves a chain'
chain regtest 119 '[[0, "one"], [15, "two"]]' null
look 4 stale 'from another history' 'nor is a name gone by that'
asks check
is "$status" 1 'check finds it'
chain regtest 118 '[[0, "one"], [15, "two"]]' '{"changed_block": 9}'
believed 'one less, and it is followed'
chain regtest 20 '"one"' "{$newest}"
believed 'and forward again'
chain regtest 22 '[[0, "one"], [15, "two"]]' null
fails_with 3 not_found 'is not registered, says the name server' 'a registration that left the chain is gone' lookup foo.id

# ---- a pin knows better ----
# hash HISTORY BLOCK: as the stand-in makes it
hash() {
  printf '%s %s' "$1" "$2" | md5sum | cut -d' ' -f1
}
# pinned BLOCK HASH
pinned() {
  options="  pin: {block: $1, consensus: $2}
"
  remote 1
}
forget
chain regtest 20 '"one"' '{"changed_block": 18, "op": "+"}'
remote 1
believed 'a name in block 18'
chain regtest 20 '[[0, "one"], [15, "two"]]' null
pinned 18 "$(hash one 18)"
fails_with 4 stale 'from another history' 'where the pin is the block of before, it has not left the chain' lookup foo.id
pinned 19 "$(hash one 19)"
asks -v lookup foo.id
is "$status $(member code)" '4 stale' 'nor where the server cannot show that the pin, above it, has another'
like "$(cat "$err")" 'warning: By the pin, names.pin: ' 'and it is told why'
pinned 17 "$(hash one 17)"
fails_with 3 not_found 'is not registered' 'a pin below it says nothing of it' lookup foo.id
pinned 18 "$(hash two 18)"
fails_with 3 not_found 'is not registered' 'a pin that has the new one lets it be followed' lookup foo.id
options=''
remote 1

# ---- a chain from which no block leaves ----
forget
chain local 20 '"one"' "{$newest}"
believed 'on a local chain'
chain local 20 '[[0, "one"], [15, "two"]]' '{"changed_block": 9}'
look 4 stale 'from another history than the one that was seen before.*an older chain was put back' 'another history is refused'
asks check
is "$status" 1 'check finds it, too'
like "$(member findings.0.problem)" "the name server's chain has another block there" 'and says where'

# ---- other chains ----
forget
chain regtest 20 '"one"' "{$newest}"
believed 'on one chain'
id=$(printf '22%.0s' $(seq 32))
chain regtest 20 '"one"' "{$newest}" ", \"chain\": \"$id\""
look 4 stale "was seen on another chain than the one that the name server answers for now, $id.*names.chain: $id" \
  'another chain does not get round what was seen'
fails_with 4 stale 'was seen on another chain' 'nor do writes' --key "$work/key" renew foo.id
options="  chain: \"$id\"
"
remote 1
believed 'but where the configuration wants that chain'
chain regtest 20 '"one"' "{$newest}"
look 6 conflict "answers for another chain than the one of names.chain in the configuration: its chain id is 1{64}, and should be $id" \
  'and no other then'
options=''
remote 1

# ---- behind ----
forget
chain regtest 20 '"one"' "{$newest}"
believed 'at block 20'
# The name's floor is 18.
chain regtest 11 '"one"' '{"changed_block": 9}'
fails_with 4 stale 'was rolled back, or hides' 'a write looks at the floor' --key "$work/key" renew foo.id
chain regtest 20 '"one"' '{"changed_block": 9}' ', "node_blocks": 100, "confirmations": 6'
fails_with 4 stale 'is 74 blocks behind what was seen before: its chain ends at block 20.  Nothing is written by what it says' \
  'nothing is written by what a server says that is behind its node' --key "$work/key" register bar.id
asks -v get_name_blockchain_record foo.id
is "$status" 0 'but it is read'
like "$(cat "$err")" 'warning: The name server .* is 74 blocks behind' 'with a warning'
chain regtest 94 '"one"' '{"changed_block": 9}' ', "node_blocks": 106, "confirmations": 6'
fails_with 9 denied "coins of the owner's key do not suffice" '6 blocks are no matter' --key "$work/key" register bar.id
chain regtest 93 '"one"' '{"changed_block": 9}' ', "node_blocks": 106, "confirmations": 6'
fails_with 4 stale 'is 7 blocks behind' '7 are' --key "$work/key" register bar.id

# ---- ranges ----
chain regtest 700 '"one"' "{$newest}"
asks get_consensus_range 1 700
is "$status" 0 'a long range'
for block in 1 2 3 250 251 252 500 501 699 700; do
  wanted=$(printf 'one %s' "$block" | md5sum | cut -d ' ' -f 1)
  [ "$(member "consensus.$((block - 1))")" = "$wanted" ] || echo "$block"
done >"$work/wrong"
is_empty "$(cat "$work/wrong")" 'has the hash of each block'
fails_with 3 not_found 'There is no block 701 on the name server' 'one beyond the end' get_consensus_range 1 701

done_testing
