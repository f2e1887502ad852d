#!/bin/sh
# SPDX-License-Identifier: MIT
# transfer and revoke: what the former owner, the new one and readers are told.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
cli keygen "$HOME/bob"
bob=$(member address)
refused 3 not_found 'alice.id is not registered' -k "$HOME/bob" revoke alice.id
own_name alice.id
alice=$(member address)
cli keygen "$HOME/payment"
key=$(printf 'some data' | sha256)

# reads NAME TEXT: it is there, under its hash.
reads() {
  cli get_immutable --raw "$1" "$(printf '%s' "$2" | sha256)"
  is "$(cat "$out")" "$2" "$1 has: $2"
}

cli put_immutable alice.id 'some data'
exits 0 'transfer --dry-run' transfer --dry-run alice.id "$bob" false
like "$(member transaction)" '^[0-9a-f]+$' 'it shows the transaction'
exits 0 'it changes nothing: the owner puts' put_immutable alice.id 'more data'

cli put_mutable alice.id notes 'one'
cli put_mutable alice.id notes 'two'

exits 0 'transfer' transfer alice.id "$bob"
is_document 'transfer prints a document'
says name alice.id 'it has the name'
says address "$bob" 'it has the new owner'
says keep_data true 'it keeps the data'
like "$(member txid)" '^[0-9a-f]{64}$' 'it has the transaction'
refused 9 denied "$bob" put_immutable alice.id 'mine no more'
reads alice.id 'some data'
refused 5 owner_changed "$bob" get_mutable alice.id notes
exits 0 'explain tells it' explain alice.id notes
says code owner_changed 'in its document'
exits 0 'the new owner puts' -k "$HOME/bob" put_immutable alice.id 'new data'
for text in 'some data' 'more data' 'new data'; do reads alice.id "$text"; done
refused 3 not_found 'no route' get_mutable alice.id notes
exits 0 'the new owner puts mutable data' -k "$HOME/bob" put_mutable alice.id notes "bob's"
says ver 1 'its versions begin anew'
exits 0 'who has seen higher versions reads it' get_mutable alice.id notes
says data "bob's" 'it is the new one'

exits 0 'transfer without the data, paid for by another key' -k "$HOME/bob" --payment-key "$HOME/payment" \
  transfer alice.id "$alice" false
says keep_data false 'it drops the data'
cli get_name_blockchain_record alice.id
says address "$alice" 'the chain has the new owner'
says value_hash null 'and no value hash'
refused 3 not_found 'no user record' get_immutable alice.id "$key"
exits 0 'the new owner begins anew' put_immutable alice.id 'some data'
reads alice.id 'some data'

refused 2 usage 'true or false' transfer alice.id "$bob" maybe
refused 2 usage 'not an address' transfer alice.id nonsense
refused 2 usage 'already' transfer alice.id "$alice"
refused 2 usage 'NAME ADDRESS' transfer alice.id
refused 3 not_found 'nobody.id' transfer nobody.id "$bob"
refused 3 not_found 'nobody.id' revoke nobody.id
refused 9 denied "$alice" -k "$HOME/bob" revoke alice.id

exits 0 'revoke --dry-run' revoke --dry-run alice.id
reads alice.id 'some data'
exits 0 'revoke, paid for by another key' --payment-key "$HOME/payment" revoke alice.id
is_document 'revoke prints a document'
says address "$alice" 'it has the owner'
refused 3 not_found 'was revoked' lookup alice.id
refused 3 not_found 'was revoked' get_immutable alice.id "$key"
refused 3 not_found 'was revoked' put_immutable alice.id 'more'
refused 9 denied 'was revoked' renew alice.id
refused 9 denied 'was revoked' transfer alice.id "$bob"
refused 9 denied 'was revoked' revoke alice.id
refused 9 denied 'was revoked' register alice.id
cli get_name_blockchain_record alice.id
says revoked true 'the chain says so'

# ---- a ledger that was put back to an older state ----
state=$HOME/.local/state/blockstore
cli register old.id
mkdir "$work/older" "$work/newer"
cp "$state"/ledger.db* "$work/older"
cli put_immutable old.id 'newer'
cli register newest.id
cli lookup newest.id
cli lookup old.id
hash=$(member name_record.value_hash)
mv "$state"/ledger.db* "$work/newer"
cp "$work/older"/* "$state"
before=$(cli getinfo && member last_block)
refused 4 stale 'was rolled back' lookup old.id
refused 4 stale 'was rolled back' transfer old.id "$bob"
refused 4 stale 'was rolled back' transfer --dry-run old.id "$bob"
refused 4 stale 'was rolled back' renew old.id
refused 4 stale 'was rolled back' update old.id "$hash"
refused 4 stale 'was rolled back' revoke old.id
is "$(cli getinfo && member last_block)" "$before" 'no block was made'
refused 4 stale 'does not know the name newest.id, which was seen before' lookup newest.id
refused 4 stale 'bring the newer ledger back' get_immutable newest.id "$(printf newer | sha256sum | cut -c 1-64)"
refused 4 stale 'was rolled back' get_mutable newest.id notes
refused 4 stale 'was rolled back' register newest.id
exits 0 'a name of which nothing newer was seen' register fresh.id
exits 0 'is renewed all the same' renew fresh.id

# ---- and has grown since: what it says of later blocks is another history ----
for n in 1 2 3 4 5 6; do cli renew fresh.id; done
for command in 'lookup old.id' "transfer old.id $bob" 'renew old.id' 'lookup newest.id' 'get_mutable newest.id notes' 'register newest.id'; do
  refused 4 stale 'from another history than the one that was seen before.* put back, and has grown since.* bring the newer ledger back' $command
done
printf 'state_dir: %s\nnames: {ledger: %s, max_price: 40000000000}\nstores: [{name: one, driver: disk, root: %s}]\n' "$HOME/other" \
  "$state/ledger.db" "$HOME/.local/share/blockstore" >"$work/other.yaml"
exits 0 'who has not seen it before changes the name there' -c "$work/other.yaml" update old.id "$hash"
refused 4 stale 'from another history' lookup old.id
refused 4 stale 'from another history' revoke old.id
cli check
like "$status $(member findings)" '^1 .*name newest.id was seen as of block [0-9]*; the ledger has another block there: an older one was put back' \
  'check tells it'
like "$(member findings)" 'name old.id was seen as of block [0-9]*; the ledger has another block there' 'of each name'
exits 0 'what that history alone knows is read' lookup fresh.id
mv "$state"/ledger.db* "$work/older"
cp "$work/newer"/* "$state"
exits 0 'the newer ledger mends it' lookup old.id
exits 0 'also for the other' lookup newest.id
done_testing
