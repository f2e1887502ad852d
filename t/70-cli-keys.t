#!/bin/sh
# SPDX-License-Identifier: MIT
# keygen, and the key files that are refused.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"

exits 0 'keygen' keygen "$work/key"
is_document 'keygen prints a document'
like "$(member address)" '^1[1-9A-HJ-NP-Za-km-z]{25,33}$' 'it has the address'
says file "$work/key" 'it has the file'
says network main 'it has the network'
is "$(stat -c %a "$work/key")" 600 'the file is for the user alone'
key=$(cat "$work/key")
like "$key" '^[KL][1-9A-HJ-NP-Za-km-z]{51}$' 'it holds WIF'
is "$(grep -c "$key" "$out" "$err" | tr '\n' ' ')" "$out:0 $err:0 " 'the key is not printed'
refused 6 conflict "$work/key" keygen "$work/key"
is "$(cat "$work/key")" "$key" 'a key is never overwritten'

exits 0 'keygen --test' keygen --test "$work/testkey"
like "$(member address)" '^[mn]' 'an address of a test network'
says network test 'it says which network'
cli keygen "$work/none/key"
is "$status" 2 'a directory that is not there'
like "$(cat "$err")" "$work/none/key" 'and which'

refused 2 key 'needs the owner.s key.*-k.*BLOCKSTORE_KEY_FILE.*keygen' register alice.id
BLOCKSTORE_KEY_FILE='' refused 2 key 'keygen' put_immutable alice.id x
exits 0 'the key of -k' -k "$work/key" register alice.id
BLOCKSTORE_KEY_FILE=$work/key exits 0 'the key of the environment' register bob.id
BLOCKSTORE_KEY_FILE=$work/missing exits 0 '-k goes before the environment' register carol.id -k "$work/key"

cli -k "$work/missing" register dave.id
is "$status $(member code)" '2 key' 'a key file that is missing'
like "$(cat "$err")" "$work/missing" 'and which'
install -m 644 "$work/key" "$work/open"
refused 9 denied "$work/open" -k "$work/open" register dave.id
install -m 620 "$work/key" "$work/group"
refused 9 denied "$work/group" -k "$work/group" register dave.id
for text in '' nonsense "${key%?}" "${key}x" "$(printf %064d 0)" "$(printf %064d 0 | tr 0 f)"; do
  (umask 077; printf '%s\n' "$text" >"$work/bad")
  refused 2 key "$work/bad" -k "$work/bad" register dave.id
  if [ -n "$text" ] && grep -qF "$text" "$out" "$err"; then report 1 'its text is not shown'; else report 0 'its text is not shown'; fi
done
cli -k "$work" register dave.id
is "$status" 9 'a directory as a key file'
cli -k "$work/key" --payment-key "$work/bad" register dave.id
is "$status" 2 'a bad payment key'
exits 3 'none of these registered the name' lookup dave.id
done_testing
