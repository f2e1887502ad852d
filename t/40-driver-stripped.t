#!/bin/sh
# SPDX-License-Identifier: MIT
# Distributions strip what they install: a driver's note and its entry point survive that.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
for tool in objcopy strip nm; do
  command -v $tool >/dev/null || skip_all "needs $tool"
done

note() {
  objcopy -O binary --only-section=.note.blockstore "$1" "$2"
}

found=0
for driver in "$builddir"/plugins/.libs/*.so; do
  [ -e "$driver" ] || continue
  found=$((found + 1))
  name=$(basename "$driver" .so)
  strip -o "$work/$name.so" "$driver"
  note "$driver" "$work/before"
  note "$work/$name.so" "$work/after"
  succeeds "$name: the note is there" grep -q "^name=$name\$" "$work/after"
  succeeds "$name: the note is the same" cmp "$work/before" "$work/after"
  nm -D --defined-only --format=posix "$work/$name.so" >"$work/symbols"
  succeeds "$name: the entry point is there" grep -q "^${name}_LTX_blockstore_driver " "$work/symbols"
done
[ "$found" -gt 0 ]
report $? 'there are drivers to look at'
done_testing
