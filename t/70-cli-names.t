#!/bin/sh
# SPDX-License-Identifier: MIT
# The commands on names, against the embedded ledger, and the names that are refused.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
BLOCKSTORE_KEY_FILE=$work/key
export BLOCKSTORE_KEY_FILE
cli keygen "$work/key"
exits 0 'a dry run by who has nothing yet' register --dry-run first.id
is_empty "$(find "$HOME" -mindepth 1)" 'makes nothing'
own_name first.id

for command in ping getinfo; do
  exits 0 "$command" $command
  is_document "$command prints a document"
done

exits 0 'register' register alice.id
is_document 'register prints a document'
exits 0 'get_name_blockchain_record' get_name_blockchain_record alice.id
is_document 'it prints a document'
like "$(cat "$out")" 'alice.id' 'it is the name asked for'
exits 0 'get-name-blockchain-record is the same command' get-name-blockchain-record alice.id
exits 0 'preorder' preorder bob.id
is_document 'preorder prints a document'
exits 0 'register after preorder' register bob.id
cli keygen "$HOME/payment"
address=$(member address)
exits 0 'preorder with an address' preorder eve.id "$address"
says address "$address" 'it is for that address'
exits 0 'register for that address' register eve.id "$address"
cli get_name_blockchain_record eve.id
says address "$address" 'the address owns it'
refused 9 denied "$address" put_immutable eve.id 'not mine'
refused 2 usage 'address' register eva.id nonsense
refused 2 usage 'address' preorder eva.id nonsense
exits 0 'register with a payment key' --payment-key "$HOME/payment" register paid.id
is "$([ "$(member address)" = "$address" ] && echo payer || echo owner)" owner 'the name is the owner'"'"'s'

exits 0 'a dry run' register --dry-run dora.id
is_document 'a dry run prints a document'
exits 3 'a dry run registers nothing' get_name_blockchain_record dora.id

cli put_immutable first.id 'some data'
exits 0 'lookup' lookup first.id
is_document 'lookup prints a document'
like "$(cat "$out")" "$(printf 'some data' | sha256sum | cut -c 1-64)" 'its user record lists the data'

find "$HOME/.local/share" -type f -exec grep -l immutable_data {} + | head -n 1 | xargs cat >"$work/user"
cli lookup first.id
hash=$(member name_record.value_hash)
exits 0 'update from a file' update first.id "@$work/user"
says value_hash "$hash" 'it has the hash of the record'
exits 0 'update with its text' update first.id "$(cat "$work/user")"
"$builddir/run" blockstore-cli update first.id - <"$work/user" >"$out" 2>"$err"
is "$?" 0 'update from standard input'
says value_hash "$hash" 'it is the same record'
exits 0 'update --dry-run' update --dry-run first.id "@$work/user"
like "$(member transaction)" '^[0-9a-f]+$' 'it shows the transaction'
cli get_name_blockchain_record first.id
txid=$(member txid)
exits 0 'update with a TXID' update first.id "@$work/user" "$txid"
exits 0 'update --txid' update first.id "@$work/user" --txid "$txid"

hash=$(printf %040d 7)
exits 0 'update with a hash' update alice.id "$hash"
is_document 'update prints a document'
cli get_name_blockchain_record alice.id
like "$(cat "$out")" "$hash" 'the chain has the hash'
echo "not a record" >"$work/record"
cli update alice.id @"$work/record"
is "$status" 2 'update with a file that is no user record'
cli update alice.id "@$work/none"
is "$status" 2 'update with a file that is missing'
like "$(cat "$err")" "$work/none" 'and which'
refused 2 usage 'The record cannot be read: Is a directory' update alice.id "@$work"
refused 2 usage 'it is no text|larger than' update alice.id @/dev/zero
refused 2 usage 'TXID is given twice' update alice.id "$hash" "$(printf %064d 1)" --txid "$(printf %064d 1)"
"$builddir/run" blockstore-cli update alice.id - <"$work/record" >"$out" 2>"$err"
is "$?" 2 'update reads standard input'

exits 0 'get_name_cost' get_name_cost new.id
like "$(member satoshis)" '^[1-9][0-9]*$' 'it says satoshis'
exits 0 'get_all_names' get_all_names
is_document 'get_all_names prints a document'
is "$(member names.0)" alice.id 'it lists the names'
exits 0 'get_all_names OFFSET COUNT' get_all_names 1 1
is "$(member names)" '["bob.id"]' 'from there on, so many'
exits 0 'get_names_owned_by_address' get_names_owned_by_address "$address"
is "$(member names)" '["eve.id"]' 'it lists the names of an owner'
exits 0 'get_consensus_at' get_consensus_at 1
like "$(member consensus)" '^[0-9a-f]{32}$' 'it is a consensus hash'
exits 0 'renew' renew alice.id
is_document 'renew prints a document'
exits 0 'renew --dry-run' renew --dry-run alice.id
refused 2 usage 'OFFSET' get_all_names x
refused 3 not_found '99999' get_consensus_at 99999
refused 2 usage 'address' get_names_owned_by_address nonsense

refused 2 usage 'names.max_price allows 10000000' register a.id
refused 6 conflict 'alice.id' register alice.id
cli keygen "$HOME/other"
cli -k "$HOME/other" update alice.id "$hash"
is "$status" 9 'update with a key that does not own the name'
for command in lookup get_name_blockchain_record; do
  refused 3 not_found 'nobody.id' $command nobody.id
done

for name in '' alice alice. .id a.b.c Alice.id 'al ice.id' 'älice.id' 'alice.id/x' "$(printf %038d 0).id"; do
  for command in lookup register get_name_blockchain_record preorder; do
    cli $command "$name"
    is "$status" 2 "$command '$name'"
  done
  cli update "$name" "$hash"
  is "$status" 2 "update '$name'"
done

# A user record that no store has: what the message says helps.
cli register lost.id
cli put_immutable lost.id first
earlier=$(member value_hash)
cli put_immutable lost.id second
find "$HOME/.local/share/blockstore" -name "*$(member value_hash)*" -exec rm {} +
refused 3 not_found 'Bring it back from a copy of any store; or give the name another one' get_immutable lost.id "$(printf first | sha256)"
exits 0 'an earlier user record' update lost.id "$earlier"
exits 0 'is in force again' get_immutable lost.id "$(printf first | sha256)"
done_testing
