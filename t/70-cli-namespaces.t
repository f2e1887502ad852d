#!/bin/sh
# SPDX-License-Identifier: MIT
# A namespace from its preorder to data under a name in it, and what is refused on the way.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
for name in payer reveal owner stranger; do
  cli keygen "$HOME/$name"
  eval "$name=\$(member address)"
done
BLOCKSTORE_KEY_FILE=$HOME/payer
export BLOCKSTORE_KEY_FILE
hash=$(printf %040d 7)

# Where there is no ledger yet.
refused 3 not_found 'test is not revealed' namespace_ready test
refused 3 not_found 'test is not revealed' name_import alice.test "$owner" "$hash"
refused 9 denied 'was not preordered by this key' namespace_reveal test "$reveal"
refused 9 denied 'Only who owns a name' announce hello
refused 3 not_found 'test does not exist' get_namespace_blockchain_record test
[ -e "$HOME/.local/state/blockstore/ledger.db" ]
is "$?" 1 'none of them makes a ledger'

exits 0 'get_namespace_cost' get_namespace_cost test
is_document 'it prints a document'
says satoshis 400000000 'four letters cost 4 bitcoins'
for cost in a:40000000000 ab:4000000000 abc:4000000000 abcdefg:400000000 abcdefgh:40000000; do
  cli get_namespace_cost "${cost%:*}"
  says satoshis "${cost#*:}" "what ${cost%:*} costs"
done
refused 2 usage 'set names.max_price to 400000000' namespace_preorder test "$reveal"
for bad in '' Test te.st 'te st' "$(printf %020d 0)"; do
  for command in get_namespace_cost get_namespace_blockchain_record get_names_in_namespace namespace_preorder \
    namespace_reveal namespace_ready; do
    refused 2 usage "namespace's id" $command "$bad"
  done
done

cli init
sed -i 's/^  provider: embedded.*/&\n  max_price: 40000000000/' "$(member config)"
exits 0 'the configuration allows the price' config
says names.max_price 40000000000 'it says so'

exits 0 'namespace_preorder --dry-run' namespace_preorder --dry-run test "$reveal"
like "$(member transaction)" '^[0-9a-f]+$' 'it shows the transaction'
refused 9 denied 'was not preordered' namespace_reveal test "$reveal"
exits 0 'namespace_preorder' namespace_preorder test "$reveal"
is_document 'it prints a document'
says namespace test 'it has the namespace'
says address "$reveal" 'and the reveal address'
says price 400000000 'and the price'
refused 6 conflict 'preordered already' namespace_preorder test "$reveal"
refused 2 usage 'not an address' namespace_preorder other nonsense
refused 3 not_found 'test does not exist' get_namespace_blockchain_record test
refused 3 not_found 'test is not revealed' -k "$HOME/reveal" name_import alice.test "$owner" "$hash"

# ---- its rules ----
refused 9 denied 'was not preordered by this key' namespace_reveal test "$stranger"
refused 9 denied 'was not preordered by this key' namespace_reveal test
refused 9 denied 'was not preordered by this key' -k "$HOME/stranger" namespace_reveal test "$reveal"
while read -r option value text; do
  refused 2 usage "$text" namespace_reveal test "$reveal" "$option" "$value"
done <<END
--lifetime 0 1 to 4294967294 blocks
--lifetime 4294967295 1 to 4294967294 blocks
--lifetime never number from 0
--coeff 256 coefficient is 0 to 255
--coeff -1 coefficient is a number
--base 256 base is 0 to 255
--buckets 6,5,4 16 exponents
--buckets 16,5,4,3,2,1,0,0,0,0,0,0,0,0,0,0 16 exponents
--buckets 6,5,4,3,2,1,0,0,0,0,0,0,0,0,0,0,0 16 exponents
--buckets 6,5,4,3,2,1,0,0,0,0,0,0,0,0,0, 16 exponents
--buckets 6;5;4;3;2;1;0;0;0;0;0;0;0;0;0;0 16 exponents
--nonalpha-discount 0 nonalpha discount is 1 to 15
--nonalpha-discount 16 nonalpha discount is 1 to 15
--no-vowel-discount 0 no-vowel discount is 1 to 15
--no-vowel-discount 16 no-vowel discount is 1 to 15
END
refused 2 usage 'has no option --lifetime' namespace_ready test --lifetime 7
exits 0 'namespace_reveal --dry-run' namespace_reveal --dry-run test "$reveal"
is_document 'it prints a document'
for rule in lifetime:52595 coeff:250 base:4 nonalpha_discount:10 no_vowel_discount:10 \
  buckets:[6,5,4,3,2,1,0,0,0,0,0,0,0,0,0,0]; do
  says "${rule%%:*}" "${rule#*:}" "without an option: $rule"
done
exits 0 'namespace_reveal' namespace_reveal test "$reveal" --lifetime infinite --coeff 7 --base 3 \
  --buckets 5,5,5,5,4,3,2,1,1,1,1,1,1,1,1,0 --nonalpha-discount 2 --no-vowel-discount 3
says namespace test 'it has the namespace'
says address "$reveal" 'and the reveal address'
says price 0 'it burns nothing'
refused 6 conflict 'test is revealed already' namespace_reveal test "$reveal"
refused 6 conflict 'test is revealed already' -k "$HOME/stranger" namespace_preorder test

exits 0 'get_namespace_blockchain_record' get_namespace_blockchain_record test
is_document 'it prints a document'
for field in state:revealed opcode:NAMESPACE_REVEAL namespace_id:test version:1 address:"$payer" recipient_address:"$reveal" \
  lifetime:4294967295 coeff:7 base:3 buckets:[5,5,5,5,4,3,2,1,1,1,1,1,1,1,1,0] nonalpha_discount:2 no_vowel_discount:3 \
  ready_block:null op:\&; do
  says "${field%%:*}" "${field#*:}" "the record: $field"
done

# ---- names before it is ready ----
refused 2 usage 'test is not ready yet' -k "$HOME/owner" register bob.test
refused 9 denied 'may not import' -k "$HOME/stranger" name_import alice.test "$owner" "$hash"
refused 2 usage '40 hexadecimal digits' -k "$HOME/reveal" name_import alice.test "$owner" 77
refused 2 usage 'not an address' -k "$HOME/reveal" name_import alice.test nonsense "$hash"
refused 2 usage 'Alice' -k "$HOME/reveal" name_import Alice.test "$owner" "$hash"
refused 3 not_found 'nowhere is not revealed' -k "$HOME/reveal" name_import alice.nowhere "$owner" "$hash"
refused 6 conflict 'id is ready already' -k "$HOME/reveal" name_import alice.id "$owner" "$hash"
exits 0 'name_import --dry-run' -k "$HOME/reveal" name_import --dry-run alice.test "$owner" "$hash"
exits 0 'name_import' -k "$HOME/reveal" name_import alice.test "$stranger" "$(printf %040d 1)"
is_document 'it prints a document'
says price 0 'it burns nothing'
says address "$stranger" 'it has the owner'
exits 0 'name_import over it, paid for by another key' -k "$HOME/reveal" --payment-key "$HOME/payer" \
  name_import alice.test "$owner" "$hash"
exits 0 'name_import of another' -k "$HOME/reveal" name_import carol.test "$owner" "$hash"
cli get_name_blockchain_record alice.test
for field in address:"$owner" value_hash:"$hash" opcode:NAME_IMPORT; do
  says "${field%%:*}" "${field#*:}" "the imported name: $field"
done
exits 0 'get_names_in_namespace' get_names_in_namespace test
is_document 'it prints a document'
says names '["alice.test","carol.test"]' 'it lists the imported names'
exits 0 'get_names_in_namespace OFFSET COUNT' get_names_in_namespace test 1 1
says names '["carol.test"]' 'from there on, so many'
cli get_names_in_namespace id
says names '[]' 'a namespace without names'
refused 3 not_found 'nowhere' get_names_in_namespace nowhere
refused 2 usage 'OFFSET' get_names_in_namespace test x

# ---- opened ----
refused 9 denied "$reveal" namespace_ready test
exits 0 'namespace_ready --dry-run' -k "$HOME/reveal" namespace_ready --dry-run test
exits 0 'namespace_ready' -k "$HOME/reveal" namespace_ready test
is_document 'it prints a document'
cli get_namespace_blockchain_record test
says state ready 'the record says so'
says ready_block "$(member ready_block | grep -E '^[0-9]+$')" 'and since when'
refused 6 conflict 'test is ready already' -k "$HOME/reveal" namespace_ready test
refused 6 conflict 'test is ready already' -k "$HOME/reveal" name_import dave.test "$owner" "$hash"
refused 6 conflict 'test is ready already' namespace_preorder test "$reveal"

exits 0 'register in it' -k "$HOME/owner" register bob.test
says price 170100 'at its price: 7 * 3^5 * 100'
exits 0 'put under it' -k "$HOME/owner" put_immutable bob.test 'some data'
cli get_immutable --raw bob.test "$(printf 'some data' | sha256)"
is "$(cat "$out")" 'some data' 'what was put is read'
exits 0 'put mutable data' -k "$HOME/owner" put_mutable bob.test status 'here'
cli get_mutable bob.test status
says data here 'it is read'
refused 6 conflict 'alice.test is registered already' register alice.test
exits 0 'the owner of an imported name updates it' -k "$HOME/owner" update alice.test "$(printf %040d 2)"
exits 0 'and renews it' -k "$HOME/owner" renew alice.test

exits 0 'namespace_preorder for oneself' namespace_preorder mine-alone
exits 0 'and reveal' namespace-reveal mine-alone --lifetime 10
exits 0 'and ready' namespace_ready mine-alone
cli get_namespace_blockchain_record mine-alone
says lifetime 10 'the lifetime that was given'
says recipient_address "$payer" 'the owner'"'"'s key revealed it for itself'
done_testing
