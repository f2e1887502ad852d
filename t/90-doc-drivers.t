#!/bin/sh
# SPDX-License-Identifier: MIT
# A driver's manual lists the options that its metadata declares: the same keys, types, needs and defaults.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
command -v objcopy >/dev/null || skip_all 'needs objcopy'

# "KEY (type, required)" of each option in the driver's note, where core/driver/note.c finds it too.
declared() {
  objcopy -O binary --only-section=.note.blockstore "$1" "$work/note"
  tr '\0' '\n' <"$work/note" | awk -F '\t' 'sub(/^option=/, "") {
    type = $2; sub(/^enum:/, "one of ", type)
    print $1 " (" type ", " ($3 == "required" ? "required" : $4 == "" ? "optional" : "default " $4) ")"
  }' | sort
}

described() {
  sed -n 's/^=item B<\([a-z0-9_]*\)> \((.*)\)$/\1 \2/p' "$1" | sort
}

found=0
for driver in "$builddir"/plugins/.libs/*.so; do
  [ -e "$driver" ] || continue
  found=$((found + 1))
  name=$(basename "$driver" .so)
  pod=$srcdir/plugins/$name/$name.pod
  is "$(described "$pod")" "$(declared "$driver")" "$name: the manual lists the declared options"
  succeeds "$name: the manual is sound" podchecker "$pod"
  sections=$(sed -n 's/^=head1 //p' "$pod" | tr '\n' ' ')
  is "$sections" 'NAME SYNOPSIS DESCRIPTION EXAMPLES OPTIONS NOTES SEE ALSO ' "$name: the manual has its sections, in order"
  succeeds "$name: the examples name it" grep -qE "driver: $name|filters?: [[{ a-z,:]*$name" "$pod"
done
[ "$found" -gt 0 ]
report $? 'there are drivers to look at'
done_testing
