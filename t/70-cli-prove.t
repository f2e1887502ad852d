#!/bin/sh
# SPDX-License-Identifier: MIT
# Names that are proven by a pinned consensus hash, of the user's own ledger.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
cli init
own_name alice.id
config=$HOME/.config/blockstore/blockstore.yaml
state=$HOME/.local/state/blockstore

# pin BLOCK CONSENSUS [LINE]: a configuration with that pin, and a further line of names.
pin() {
  { sed "/^  provider:/a\\  pin: {block: $1, consensus: $2}" "$config" | sed "/^  provider:/a\\  ${3:-max_age: 0ms}"; } >"$work/pinned.yaml"
}

refused 2 config 'names.pin: a block and its consensus hash' lookup --prove alice.id
cli put_immutable alice.id 'some data'
key=$(member key)
for name in bob.id carol.id; do cli register $name; done
cli getinfo
block=$(member last_block)
consensus=$(member consensus)
is "$(member provider)" embedded 'the ledger is the user'"'"'s'

# ---- what is current ----
pin "$block" "$consensus"
exits 0 'lookup --prove' -c "$work/pinned.yaml" lookup --prove alice.id
is_document 'it prints a document'
says proven "current_at $block" 'it is current at the pin'
says proof.pin_block "$block" 'the proof names the pin'
says proof.namespace genesis 'and says that the namespace is of the genesis'
says name_record.name alice.id 'with the record'
says user_record.immutable_data "[\"$key\"]" 'and the user record'
[ "$(member proof.blocks)" -gt 0 ] && [ "$(member proof.bytes)" -gt 0 ] && [ "$(member proof.questions)" -gt 0 ]
report $? 'the proof says what it cost'
cli -c "$work/pinned.yaml" -v lookup --prove carol.id
grep -q 'carol.id: a proof by block [0-9]* down to block [0-9]* checks [0-9]* blocks, in about [0-9]* questions for' "$err"
report $? 'the cost is told before it begins'
is "$(stat -c %a "$state/proofs.db")" 600 'what was verified is remembered'
cli -c "$work/pinned.yaml" lookup --prove alice.id
first=$(member proof.bytes)
rm -f "$state"/proofs.db*
cli -c "$work/pinned.yaml" lookup --prove alice.id
[ "$first" -lt "$(member proof.bytes)" ]
report $? 'so that it costs less the next time'
cli -c "$work/pinned.yaml" lookup alice.id
says proven local 'who does not ask gets no proof of a ledger'
says proof null 'and none is told'
exits 0 'check' -c "$work/pinned.yaml" check
says sound true 'the memory of proofs belongs to the state'

# ---- what is not ----
refused 3 not_found "nobody.id is not registered up to block $block: proven by the operations of all blocks from 1 on" \
  -c "$work/pinned.yaml" lookup --prove nobody.id
refused 2 usage 'has no dot' -c "$work/pinned.yaml" lookup --prove nobody
cli put_immutable alice.id 'more data'
refused 4 stale "comes after the pin's block $block" -c "$work/pinned.yaml" lookup --prove alice.id
exits 0 'what is older is proven all the same' -c "$work/pinned.yaml" lookup --prove bob.id
pin "$block" "$(printf %032d 0)"
refused 5 forged "block $block another consensus hash than the pin has" -c "$work/pinned.yaml" lookup --prove bob.id
pin 99999 "$consensus" 'prove_blocks: 100000'
refused 4 stale 'lacks a block below the pin' -c "$work/pinned.yaml" lookup --prove bob.id

# ---- bounds ----
cli getinfo
block=$(member last_block)
pin "$block" "$(member consensus)" 'prove_blocks: 2'
refused 2 too_large "bob.id, all [0-9]+ blocks from [0-9]+ to the pin's, $block, must be checked .* more than the 2" \
  -c "$work/pinned.yaml" lookup --prove bob.id
exits 0 '--prove-blocks goes before' -c "$work/pinned.yaml" lookup --prove --prove-blocks 1000 bob.id
refused 2 too_large 'more than the 1 ' -c "$work/pinned.yaml" lookup --prove --prove-blocks 1 bob.id
refused 2 usage 'prove-blocks goes with --prove' -c "$work/pinned.yaml" lookup --prove-blocks 1 bob.id
refused 2 usage 'number from 1 to 100000000' -c "$work/pinned.yaml" lookup --prove --prove-blocks 0 bob.id
refused 2 usage 'no option --prove' -c "$work/pinned.yaml" getinfo --prove

# ---- the memory of proofs is no authority ----
cli getinfo
pin "$block" "$(member consensus)"
echo 'no database' >"$state/proofs.db"
rm -f "$state/proofs.db-wal" "$state/proofs.db-shm"
exits 0 'a damaged memory is done without' -c "$work/pinned.yaml" lookup --prove bob.id
says proven "current_at $block" 'and the proof is as good'
rm -f "$state"/proofs.db*
mkdir "$state/proofs.db"
exits 0 'so is one that cannot be written' -c "$work/pinned.yaml" lookup --prove bob.id
rmdir "$state/proofs.db"
done_testing
