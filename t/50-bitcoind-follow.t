#!/bin/sh
# SPDX-License-Identifier: MIT
# The index follows a node: from its first block on, over restarts, kills and other branches, and tells what stands in the way.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/bitcoin.sh"
own_server bitcoind
index=$work/index

# ---- following ----
is "$(ask follow "$index")" '0 of 0, +0 -0, syncing' 'a node without blocks'
mine 300
is "$(ask follow "$index")" '300 of 300, +300 -0' '300 blocks'
is "$(ask tip "$index" | cut -d ' ' -f 1,2)" "300 $(bitcoin getblockhash 300)" 'the last of which is known'
is "$(ask follow "$index")" '300 of 300, +0 -0' 'nothing new'
is "$(NODE_ANSWER_MAX=20000 ask follow "$work/less")" '300 of 300, +300 -0' 'where answers are too large less is asked for'
is "$(ask tip "$work/less")" "$(ask tip "$index")" 'with the same result'
like "$(NODE_ANSWER_MAX=200 ask follow "$work/least")" '^too_large: ' 'where they all are it fails'
mine 5
is "$(ask follow "$index")" '305 of 305, +5 -0' 'five more'
is "$(ask follow "$work/six" 6)" '299 of 305, +299 -0' 'six confirmations: six blocks have followed the last one'
stop_server
like "$(ask follow "$index")" '^no_names: Nothing answers at ' 'a node that is down'
start_server
is "$(ask follow "$index")" '305 of 305, +0 -0' 'and up again'
is "$(NODE_FIRST_BLOCK=300 ask follow "$work/later")" '305 of 305, +6 -0' 'an index may begin later'
is "$(ask tip "$index" | cut -d ' ' -f 3)" "$(rm "$index"* && ask follow "$index" >/dev/null && ask tip "$index" | cut -d ' ' -f 3)" \
  'an index that is made again is the same'

# ---- what it is of ----
like "$(ask follow "$work/later")" '^config: .*/later is the index of the network regtest from block 300 on, and not of regtest from 1 on' \
  'another first block'
like "$(NODE_NETWORK='test' ask follow "$index")" '^config: .* and not of test from 1 on: give it another path, or remove it\.$' \
  'an index of another network'
like "$(NODE_NETWORK='test' ask follow "$work/test")" \
  '^config: The Bitcoin node at .* is of the network regtest, and the network test is configured\.$' 'a node of another network'
like "$(NODE_NETWORK=main NODE_FIRST_BLOCK=5 ask follow "$work/main")" '^config: .* begin with block 373601, not with 5\.$' \
  'on main nobody begins elsewhere'
like "$(NODE_NETWORK=moon ask follow "$work/moon")" '^config: There is no network moon of Bitcoin; ' 'no network'
like "$(NODE_FIRST_BLOCK=99999999999 ask follow "$work/far")" '^config: There will be no block 99999999999' 'no block'
echo text >"$work/text"
like "$(ask follow "$work/text")" '^corrupt: ' 'no index'

# ---- other branches ----
depth_sum=0
for depth in 1 6 99 100; do
  branch $depth
  is "$(ask follow "$index")" "$((305 + depth_sum + 1)) of $((305 + depth_sum + 1)), +$((depth + 1)) -$depth" "$depth blocks are replaced"
  is "$(ask tip "$index" | cut -d ' ' -f 2)" "$(bitcoin getbestblockhash)" 'and the node is followed'
  depth_sum=$((depth_sum + 1))
done
is "$(ask tip "$index" | cut -d ' ' -f 3)" "$(ask follow "$work/anew" >/dev/null && ask tip "$work/anew" | cut -d ' ' -f 3)" \
  'the index is what it would be without them'
cp "$index" "$work/saved"
branch 101
before=$(ask tip "$index")
like "$(ask follow "$index")" "^conflict: $index: More than 100 blocks up to 309 have left the node's chain, .* remove the index" \
  'deeper than is kept'
is "$(ask tip "$index")" "$before" 'nothing is changed then'
like "$(ask follow "$index")" '^conflict: ' 'and it stays so'
rm "$index"*
like "$(ask follow "$index")" '^310 of 310, \+310 -0' 'a new index'

# A node that is merely behind is waited for: here until it has another branch.
bitcoin invalidateblock "$(bitcoin getblockhash 301)"
is "$(ask follow "$index")" '310 of 300, +0 -0, syncing' 'a node that is behind'
bitcoin generatetodescriptor 3 'raw(5151)' >/dev/null
is "$(ask follow "$index")" '303 of 303, +3 -10' 'with other blocks it is followed, though it has fewer'
# All blocks are others.
NODE_FIRST_BLOCK=300 ask follow "$work/short" >/dev/null
bitcoin invalidateblock "$(bitcoin getblockhash 299)"
bitcoin generatetodescriptor 9 'raw(5152)' >/dev/null
is "$(NODE_FIRST_BLOCK=300 ask follow "$work/short")" '307 of 307, +8 -4' 'an index whose blocks are all gone begins anew'

# ---- kill -9 ----
mine 3000
reached=0
for pause in 1 2 3 4 5 6 7 8 9 10 11 12; do
  # The program itself, not a shell that waits for it: else it would go on writing beside the next one.
  NODE_URL=http://127.0.0.1:$BITCOIN_PORT NODE_USER=$BITCOIN_USER NODE_PASSWORD=$BITCOIN_PASSWORD \
    "$builddir/t/lib/node" follow "$work/killed" >"$work/killed.out" &
  killed=$!
  sleep .0$pause
  kill -9 $killed 2>/dev/null && kills=$((${kills-0} + 1))
  wait $killed 2>/dev/null || :
  last=$reached
  reached=$(ask tip "$work/killed" | grep -oE '^[0-9]+' || echo 0)
  [ "$reached" -ge "$last" ] || report 1 'a kill takes nothing back' "$reached, and $last before"
done
[ "${kills-0}" -ge 3 ]
report $? 'a follower is killed several times' "${kills-0}"
ask follow "$work/killed" >"$work/killed.out"
like "$(cat "$work/killed.out")" '^3307 of 3307, ' 'killed again and again, it gets there'
is "$(ask tip "$work/killed")" "$(ask follow "$work/whole" >/dev/null && ask tip "$work/whole")" 'and is the same'
like "$(NODE_MS=60 ask follow "$work/slow")" '^deadline: ' 'a deadline ends it'
like "$(ask follow "$work/slow")" '^3307 of 3307, ' 'and the next step goes on'

# ---- odd operations ----
own_server bitcoind # where blocks still pay
index=$work/odd
# A coinbase pays to what would be an operation.
bitcoin generatetodescriptor 1 'raw(6a0869642e74657374)' >/dev/null
bitcoin generatetodescriptor 1 'raw(6a0569642174657374)' >/dev/null
bitcoin createwallet odd >/dev/null
mine 101 "$(bitcoin -rpcwallet=odd getnewaddress '' legacy)"
ask follow "$index" >/dev/null
# odd DATA: a block with a transaction that has it in a null-data output; what was refused of it
odd() {
  raw=$(bitcoin createrawtransaction '[]' "[{\"data\":\"$1\"}]")
  raw=$(bitcoin -rpcwallet=odd fundrawtransaction "$raw" '{"changePosition":1}' | sed -n 's/.*"hex": "\(.*\)".*/\1/p')
  raw=$(bitcoin -rpcwallet=odd signrawtransactionwithwallet "$raw" | sed -n 's/.*"hex": "\(.*\)".*/\1/p')
  bitcoin generateblock 'raw(51)' "[\"$raw\"]" >/dev/null
  ask follow "$index" >/dev/null
  ask refused "$index" "$(node_height)"
}
like "$(odd 6964)" '^1 ' 'only the magic'
like "$(odd 6964ff)" '^1 ' 'no opcode that there is'
like "$(odd 69643f00)" '^1 ' 'a preorder that is too short'
like "$(odd 69642b"$(printf %080d 0)")" '^$' 'a payload of more than 40 bytes is nobody'"'"'s'
like "$(odd 69643ac3a9c3a92e6964)" '^1 ' 'a name that is not ASCII'
like "$(odd 69643a6162)" '^1 ' 'a name without a namespace'
like "$(odd 69642174657374)" '^1 ' 'a namespace that is made ready without its dot'
like "$(odd 69642e74657374)" '^1 ' 'what stands in the coinbase, in a transaction'
like "$(odd 656700)" '^$' 'another magic'
is_empty "$(ask refused "$index" 1)$(ask refused "$index" 2)" 'of the coinbases nothing was read'
ask follow "$work/at-once" >/dev/null
is "$(ask tip "$work/at-once")" "$(ask tip "$index")" 'all of them in one batch'
for height in $(seq 104 "$(node_height)"); do
  [ "$(ask refused "$work/at-once" "$height")" = "$(ask refused "$index" "$height")" ] || echo "$height"
done >"$work/others"
is_empty "$(cat "$work/others")" 'with the same refusals'
is "$(NODE_ANSWER_MAX=9000 ask follow "$work/in-parts" | cut -d , -f 1) $(ask tip "$work/in-parts")" \
  "$(node_height) of $(node_height) $(ask tip "$index")" 'and where what they spend is too large an answer for all of them'

# ---- a node that tells strange things ----
genesis=$(bitcoin getblockhash 0)
first=$(bitcoin getblockhash 1)
block=$(bitcoin getblock "$first" 0)
own_server answers
# once BODY...: the node's answers, one a batch; nothing else is answered
once() {
  rm -f "$ANSWERS_ROOT"/POST*
  said=0
  for body; do
    said=$((said + 1))
    printf 'HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n%s' "${#body}" "$body" >"$ANSWERS_ROOT/POST-once0$said"
  done
}
info() {
  echo "[{\"id\":0,\"result\":{\"chain\":\"regtest\",\"blocks\":$1,\"initialblockdownload\":false}},{\"id\":1,\"result\":\"$genesis\"}]"
}
hash_is() {
  echo "[{\"id\":2,\"result\":$1}]"
}
block_is() {
  echo "[{\"id\":3,\"result\":$1}]"
}
# strange REGEX WHAT
strange() {
  rm -rf "$work"/strange*
  like "$(NODE_URL=http://127.0.0.1:$ANSWERS_PORT ask follow "$work/strange")" "$1" "$2"
  like "$(ask tip "$work/strange")" '^0 ' 'nothing is indexed then'
}
once "$(info 1)" "$(hash_is "\"$first\"")" "$(block_is "\"$block\"")"
like "$(NODE_URL=http://127.0.0.1:$ANSWERS_PORT ask follow "$work/good")" '^1 of 1, \+1 -0$' 'a node that is played'
once "$(info 1)" "$(hash_is 7)"
strange '^no_names: .* answered getblockhash without a hash' 'a hash that is a number'
once "$(info 1)" "$(hash_is "\"${first%??}\"")"
strange '^no_names: .* answered getblockhash without a hash' 'a hash that is too short'
once "$(info 1)" "$(hash_is "\"$first\"")" "$(block_is "\"${block%??}\"")"
strange '^malformed: Block 1 of the Bitcoin node at .*: ' 'a block that is cut off'
once "$(info 1)" "$(hash_is "\"$first\"")" "$(block_is "\"xx$block\"")"
strange '^no_names: .* answered getblock without bytes in hexadecimal' 'a block that is not hexadecimal'
once "$(info 1)" "$(hash_is "\"$first\"")" "$(block_is "\"${block%?}\"")"
strange '^no_names: .* answered getblock without bytes in hexadecimal' 'a block of half a byte'
once "$(info 1)" "$(hash_is "\"$first\"")" "$(block_is '""')"
strange '^malformed: Block 1 .* less than its header' 'an empty block'
once "$(info 1)" "$(hash_is "\"$first\"")" "$(block_is null)"
strange '^no_names: .* answered getblock without bytes' 'no block'
once "$(info 1)" "$(hash_is "\"$genesis\"")" "$(block_is "\"$block\"")"
strange '^no_names: .* answered getblock without the block that was asked for' 'another block'
once "$(info 1)" "$(hash_is "\"$first\"")" '[{"id":3,"error":{"code":-1,"message":"Block not available"}}]'
strange '^failed: .* answered getblock with error -1: Block not available' 'a block that the node lacks'
once "$(info 1)" '<html>'
strange '^no_names: What answers at .* is no Bitcoin node: ' 'garbage'
once '[{"id":0,"result":{"chain":7}},{"id":1,"result":"'"$genesis"'"}]'
strange '^no_names: .* answered getblockchaininfo without the name of its network' 'no network'
once '[{"id":0,"result":{"chain":"regtest","blocks":-1}},{"id":1,"result":"'"$genesis"'"}]'
strange '^no_names: .* answered getblockchaininfo without its height' 'a height below nought'
once '[{"id":0,"result":{"chain":"regtest","blocks":9007199254740991}},{"id":1,"result":"'"$genesis"'"}]'
strange '^no_names: .* answered getblockchaininfo without its height' 'a height beyond all'
once '[{"id":0,"result":{"chain":"regtest","blocks":1}},{"id":1,"result":"'"$first"'"}]'
strange '^config: .* is of another chain, and the network regtest is configured' 'another first block than the network has'
once '[{"id":0,"error":{"code":-28,"message":"Loading"}},{"id":1,"error":{"code":-28,"message":"Loading"}}]'
strange '^no_names: .* is still starting: Loading' 'a node that starts'

# ---- a node that prunes ----
BITCOIN_FLAGS='-prune=1 -fastprune'
export BITCOIN_FLAGS
own_server bitcoind
mine 600
is "$(ask follow "$work/pruned")" '600 of 600, +600 -0' 'an index that began before'
bitcoin pruneblockchain 500 >/dev/null
from=$(bitcoin getblockchaininfo | sed -n 's/.*"pruneheight": \([0-9]*\).*/\1/p')
[ "$from" -gt 1 ]
report $? 'a node that has pruned' "$from"
mine 5
is "$(ask follow "$work/pruned")" '605 of 605, +5 -0' 'goes on'
like "$(ask follow "$work/late")" "^no_names: .* has pruned block 1, which the index needs next; it has blocks from $from on\." \
  'one that comes too late is told from where on'
is "$(NODE_FIRST_BLOCK=$from ask follow "$work/late-enough")" "605 of 605, +$((606 - from)) -0" 'from there on it goes'
done_testing
