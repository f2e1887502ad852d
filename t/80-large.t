#!/bin/sh
# SPDX-License-Identifier: MIT
# A file that no offset of 32 bits reaches the end of goes into a store and comes out again.  Its zeros are holes, in the store
# too (t/lib/sparse.c); what is no zero lies where a number of 31 or 32 bits ends.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"

# The hash is sha256sum's, which takes longer than all the rest.
size=4294967298
marks='2147483646 4294967294'
key=ceedc71eb6b84909a77ca97df1b5d9d683079760721b3ed12c71604aa5a506fe
if [ -n "${BLOCKSTORE_TEST_BRIEF-}" ]; then
  size=67108866
  marks='33554430 67108862'
  key=32a2557838c43132244cb0b520b270d91f8d9253f9bdfda18380d9b8568886db
fi

past_libtool
sparsely() {
  env LD_PRELOAD="$builddir/t/lib/.libs/sparse.so" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
    "$program" --deadline 1800s "$@" >"$out" 2>"$err"
}

# What stands at the marks of a file.
marked() {
  for at in $marks; do tail -c "+$((at + 1))" "$1" | head -c 4; done
}

truncate -s "$size" "$work/large"
for at in $marks; do printf 'mark' | dd of="$work/large" bs=1 seek="$at" conv=notrunc status=none; done
is "$(stat -c %s "$work/large") $(marked "$work/large")" "$size markmark" 'a file with holes'

exits 0 'a key' keygen "$work/alice.key"
exits 0 'a name' -k "$work/alice.key" register alice.id
succeeds 'it goes into the store' sparsely -k "$work/alice.key" put_immutable alice.id "@$work/large"
says key "$key" 'by its hash'
object=$(find "$HOME" -type f -size "+$((size / 1024 - 1))k" ! -path '*/.tmp/*')
is "$(stat -c %s "$object")" "$size" 'the store has all of it'
succeeds 'it comes out' sparsely get_immutable alice.id "$key" -o "$work/copy"
is "$(stat -c %s "$work/copy") $(marked "$work/copy")" "$size markmark" 'as it went in'
refused 2 too_large "larger than the 16 MiB that a document holds" get_immutable alice.id "$key"
done_testing
