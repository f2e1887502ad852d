#!/bin/sh
# SPDX-License-Identifier: MIT
# A store lies about a put or a delete: the receipt names it, the policy decides, and a name never points at nothing.
. "${srcdir:-$(dirname "$0")/..}/t/lib/lying.sh"
policy() {
  printf 'replication: {write: {at_least: %s}}\n' "$1" >>"$config"
}
value_hash() {
  cli -c "$config" get_name_blockchain_record alice.id
  member value_hash
}
before=$(value_hash)

# A store that says no: one good store is enough where the policy says so, and the receipt has the reason of the other.
number=0
for lie in denied transient no_space conflict cancelled unhandled unknown negative; do
  for about in user data; do
    number=$((number + 1))
    with_good "lie: $lie" 'on: put' "about: $about"
    cp "$config" "$work/lying.yaml"
    policy 2
    cli -c "$config" put_immutable alice.id "datum $number"
    like "$status" '^[79]$' "refused where both must have it: $lie $about"
    like "$(cat "$err")" 'liar: ' 'and the liar is named'
    is "$(value_hash)" "$before" 'the name says what it said'
    exits 0 'and can be read' get_immutable -c "$config" alice.id "$key"
    cp "$work/lying.yaml" "$config"
    policy 1
    exits 0 "one is enough: $lie $about" put_immutable -c "$config" alice.id "datum $number"
    like "$(cat "$out")" '"liar"' 'the receipt names the liar'
    before=$(value_hash)
    exits 0 'the datum is there' get_immutable -c "$config" alice.id "$(printf 'datum %s' $number | sha256)"
  done
done

# A store that says yes and keeps nothing, or half of it: the other has it.
for lie in nothing truncate slow; do
  with_good "lie: $lie" 'on: put'
  policy all
  exits 0 "put: $lie" put_immutable -c "$config" alice.id "kept: $lie"
  with_good
  exits 0 "get: $lie" get_immutable -c "$config" alice.id "$(printf 'kept: %s' $lie | sha256)"
  says data "kept: $lie" 'the good store has it'
  exits 0 'put once more' put_immutable -c "$config" alice.id "kept: $lie"
  liar_only
  exits 0 'mends the other store' get_immutable -c "$config" alice.id "$(printf 'kept: %s' $lie | sha256)"
done

with_good 'lie: beyond' 'on: put'
policy 1
exits 0 'a store that reads behind the end' put_immutable -c "$config" alice.id 'kept: beyond'
like "$(cat "$out")" 'behind the end' 'is told apart'

# A store that never answers.
with_good 'lie: hang' 'on: put' 'inline: false'
policy 2
before=$(value_hash)
cli -c "$config" put_immutable alice.id 'never answered' --deadline 500ms
is "$status $(member code)" '10 deadline' 'a put that one store does not answer'
is "$(value_hash)" "$before" 'left the name as it was'

# Purging.
for lie in denied nothing unknown; do
  with_good
  cli -c "$config" put_immutable alice.id 'to be purged'
  with_good "lie: $lie" 'on: delete'
  cli -c "$config" delete_immutable alice.id "$(printf 'to be purged' | sha256)" --purge
  if [ $lie = nothing ]; then is "$status" 0 'purge: nothing'; else like "$(cat "$out")" '"liar"' "purge: $lie: the liar is named"; fi
  cli -c "$config" get_immutable alice.id "$(printf 'to be purged' | sha256)"
  is "$status" 3 'what was deleted is not listed, whoever still has it'
done
done_testing
