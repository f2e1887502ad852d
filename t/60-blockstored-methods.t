#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored's methods: the shapes of their replies, beside what blockstore-cli says of the same ledger.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"

cli keygen "$work/other"
other=$(member address)
client update alice.id 1111111111111111111111111111111111111111
client register bob.id
client transfer bob.id "$other" true
client register carol.id
client revoke carol.id
client namespace_preorder test
client namespace_reveal test --lifetime=1000
client name_import imported.test "$other" 2222222222222222222222222222222222222222
client namespace_preorder soon
client namespace_reveal soon
client namespace_ready test
client announce 'a message'
client getinfo
last=$(member last_block)
serve

# result PATH: a member of the reply in $reply, as `member` has it.
result() {
  printf '%s' "$reply" >"$out"
  member "0${1:+.$1}"
}
ask() {
  reply=$(call "$@")
}
members() {
  printf '%s' "$reply" | perl -MJSON::PP -e 'print join " ", sort keys %{decode_json(<STDIN>)->[0]}'
}

is "$(call ping)" '[{"status":"alive"}]' ping
ask getinfo
is "$(members)" 'bitcoind_blocks block_time blocks blockstore_version chain_id confirmations consensus fee_rate first_block last_block names network node_blocks server state testset' \
  'getinfo: the members of 2015 and ours'
is "$(result last_block) $(result blocks) $(result names)" "$last $last 4" 'what they say'
for method in name_cost get_name_cost; do
  is "$(call $method '["alice.id"]')" '[{"satoshis":400000}]' "$method"
done
is "$(call name_cost '["alice.none"]')" '[{"error":"Unknown/invalid namespace","code":"not_found"}]' 'of no namespace'
for method in namespace_cost get_namespace_cost; do
  is "$(call $method '["id"]')" '[{"satoshis":4000000000}]' "$method"
done

ask lookup '["alice.id"]'
is "$(members)" 'address first_registered last_renewed revoked sender sender_pubkey value_hash' 'lookup: the record of 2015'
is "$(result address) $(result value_hash) $(result revoked)" "$address 1111111111111111111111111111111111111111 false" 'what it says'
is "$(call lookup '["nobody.id"]')" '[null]' 'of an absent name'
ask lookup '["carol.id"]'
is "$(result revoked)" true 'of a revoked one'

ask get_name_blockchain_record '["alice.id"]'
is "$(members)" 'address block_number changed_block consensus_hash first_registered history importer importer_address last_renewed listed name op op_fee opcode preorder_block_number revoked sender sender_pubkey txid value_hash vtxindex' \
  'get_name_blockchain_record: every field'
is "$(result opcode) $(result history.2.0.history_snapshot) $(result history.2.0.opcode)" 'NAME_UPDATE true NAME_REGISTRATION' \
  'its history begins with the whole record'
is "$(result history.3.0.value_hash) $(result history.3.0.op) $(result history.3.0.opcode) $(result history.3.0.name)" \
  'null : NAME_REGISTRATION null' 'and goes on with what was replaced'
client get_name_blockchain_record alice.id
txid=$(member txid)
is "$(result txid)" "$txid" 'its transaction'
is "$(call get_name_blockchain_record '["nobody.id"]')" '[{"error":"Not found.","code":"not_found"}]' 'of an absent name'
ask get_name_blockchain_record '["imported.test"]'
is "$(result opcode) $(result address) $(result importer_address)" "NAME_IMPORT $other $address" 'of an imported one'

ask get_name_blockchain_history '["alice.id",0,100]'
is "$(result 0.block) $(result 0.opcode) $(result 1.block) $(result 1.value_hash)" \
  '2 NAME_REGISTRATION 3 1111111111111111111111111111111111111111' 'get_name_blockchain_history'
is "$(call get_name_blockchain_history '["alice.id",4,100]')" '[[]]' 'of blocks without'
like "$(call get_name_blockchain_history '["alice.id",5,4]')" 'goes backwards.*"code":"usage"' 'of blocks backwards'

ask get_nameops_at '[2]'
is "$(result 0.opcode) $(result 1.opcode) $(result 1.name)" 'NAME_PREORDER NAME_REGISTRATION alice.id' 'get_nameops_at'
is "$(call get_nameops_at '[9999]')" '[null]' 'of no block'
is "$(call get_nameops_hash_at '[1]')" '["5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456"]' 'get_nameops_hash_at, of a block without'
is "$(call get_nameops_hash_at '[9999]')" '[null]' 'of no block'
client get_consensus_at "$last"
consensus=$(member consensus)
is "$(call get_consensus_at "[$last]")" "[\"$consensus\"]" 'get_consensus_at'
like "$(call get_consensus_range "[1,$last]")" "^\[\[\"[0-9a-f]{32}\"(,\"[0-9a-f]{32}\"){$((last - 1))}\]\]\$" 'get_consensus_range'
like "$(call get_consensus_range '[1,2000]')" 'more than 1000 blocks' 'a range that is too long'
is "$(call get_block_from_consensus "[\"$consensus\"]")" "[$last]" 'get_block_from_consensus'
is "$(call get_block_from_consensus '["00000000000000000000000000000000"]')" '[null]' 'of no block'

is "$(call get_names_owned_by_address "[\"$other\"]")" '[["bob.id","imported.test"]]' 'get_names_owned_by_address'
is "$(call get_all_names '[1,2]')" '[["bob.id","carol.id"]]' 'get_all_names'
is "$(call get_all_names)" '[["alice.id","bob.id","carol.id","imported.test"]]' 'all of them'
is "$(call get_names_in_namespace '["test",0,10]')" '[["imported.test"]]' 'get_names_in_namespace'
like "$(call get_names_in_namespace '["none",0,10]')" 'does not exist on this chain.*not_found' 'of none; where the server keeps its chain is not told'
for method in lookup_namespace get_namespace_blockchain_record; do
  ask $method '["test"]'
  is "$(result opcode) $(result lifetime) $(result state)" 'NAMESPACE_READY 1000 ready' "$method"
  is "$(call $method '["soon"]')" '[{"error":"No such ready namespace","code":"not_found"}]' 'of one that is not ready'
done
ask get_namespace_reveal_blockchain_record '["soon"]'
is "$(result opcode) $(result namespace_id)" 'NAMESPACE_REVEAL soon' 'get_namespace_reveal_blockchain_record'
is "$(call get_namespace_reveal_blockchain_record '["test"]')" '[{"error":"No such revealed namespace","code":"not_found"}]' 'of a ready one'

# ---- ours ----
ask get_name_state '["alice.id"]'
is "$(members)" 'block consensus inherited name namespace' 'get_name_state'
is "$(result block) $(result consensus) $(result name.txid) $(result namespace.namespace_id) $(result inherited)" \
  "$last $consensus $txid id false" 'what it says'
ask get_name_state '["bob.id"]'
is "$(result name.address) $(result inherited)" "$other false" 'after a transfer'
ask get_name_state '["nobody.none"]'
is "$(result name) $(result namespace)" 'null null' 'of nothing'
ask get_namespace_state '["soon"]'
is "$(result block) $(result namespace.state)" "$last revealed" 'get_namespace_state'
ask get_preorder_state '["name","1111111111111111111111111111111111111111"]'
is "$(result block) $(result preorder)" "$last null" 'get_preorder_state, of none'
client preorder dave.id
ask get_operations_at "[$((last + 1))]"
hash=$(result operations.0 | perl -ne 'print $1 if pack("H*", $_) =~ /40:([0-9a-f]{40})/')
ask get_preorder_state "[\"name\",\"$hash\"]"
is "$(result preorder.preorder_name_hash) $(result block)" "$hash $((last + 1))" 'of one, a block later'

ask get_operations_at '[2]'
is "$(result operations.1 | perl -ne 'print pack("H*", $_)' | cut -c 1-13) $(result more)" '::8:alice.id, false' \
  'get_operations_at: as the operations hash is over them'
is "$(call get_operations_at '[2,2]')" '[{"operations":[],"more":false}]' 'from one on'
is "$(call get_operations_at '[9999]')" '[null]' 'of no block'
ask get_operations_on '["alice.id",0,100,1]'
is "$(result operations.0.0) $(result operations.1)" '3 null' 'get_operations_on'
is "$(call get_operations_on '["nobody.id",0,100]')" '[{"operations":[],"more":false}]' 'of nothing'
ask get_announcements_at "[$last]"
is "$(members 2>&1 | grep -c .) $(result 0.address) $(result 0.hash | wc -c)" "1 $address 40" 'get_announcements_at'
is "$(call get_refused_at "[$last]") $(call get_refused_at '[9999]')" '[[]] [null]' 'get_refused_at'
is "$(call get_name_value "[\"alice.id\",\"$txid\"]")" '[{"found":true,"value_hash":"1111111111111111111111111111111111111111"}]' 'get_name_value'
ask get_nameops_at '[2]'
is "$(call get_name_value "[\"alice.id\",\"$(result 1.txid)\"]")" '[{"found":true,"value_hash":null}]' 'of what was no update'
is "$(call get_name_value "[\"alice.id\",\"$(printf '%064d' 0)\"]")" '[{"found":false,"value_hash":null}]' 'of no transaction'

ask get_unspents "[\"$address\"]"
is "$(printf '%s' "$reply" | perl -MJSON::PP -MDigest::SHA=sha256 -e '
  my $list = decode_json(<STDIN>)->[0]{unspents};
  for (@$list) {
    my $raw = pack "H*", $_->{transaction};
    die "hash" unless unpack("H*", scalar reverse sha256(sha256($raw))) eq $_->{txid};
    die "members" unless join(" ", sort keys %$_) eq "confirmations output transaction txid value";
  }
  print @$list > 0 ? "good" : "none"')" good 'get_unspents: each with the transaction that made it'
client register --dry-run dave.id
raw=$(member transaction)
ask broadcast_transaction "[\"$raw\",true]"
is "$(result status) $(result accepted)" 'true true' 'broadcast_transaction, to try it'
like "$(call lookup '["dave.id"]')" null 'which does nothing'
ask broadcast_transaction "[\"$raw\"]"
is "$(result status) $(result operation) $(result accepted) $(result reason) $(result block)" "true true true null $((last + 2))" 'broadcast_transaction'
like "$(call lookup '["dave.id"]')" "$address" 'which has done it'
like "$(call broadcast_transaction "[\"$raw\"]")" '"code":"conflict"' 'a second time'

# ---- what is not done ----
for method in preorder register update transfer renew revoke name_import namespace_preorder namespace_reveal namespace_ready announce \
  register_tx update_tx_subsidized send_subsidized; do
  like "$(call $method '["a.id","5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj9"]')" \
    'Private keys never travel.*broadcast_transaction.*"code":"denied"' "$method says why not"
done
for method in get_mutable_data get_immutable_data; do
  like "$(call $method '["alice.id","x"]')" 'data is read by the client' "$method says who does"
done
end_server

# Every method of the table is in this test.
for method in $(sed -n 's/^    {"\([a-z_]*\)", .*/\1/p' "$srcdir/tools/blockstored/method.c"); do
  grep -q "\b$method\b" "$0" || echo "$method"
done >"$work/untried"
is_empty "$(cat "$work/untried")" 'every method is tried'
done_testing
