#!/bin/sh
# SPDX-License-Identifier: MIT
# The processes of an isolated driver are killed at any moment while puts and gets go on: each kill costs at most one call, and
# nothing that was acknowledged is lost.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
driver='exec'
. "$srcdir/t/lib/drive.sh"
host=$BLOCKSTORE_DRIVER_HOST
count=${BLOCKSTORE_TEST_BRIEF:+60}
count=${count:-300}
mkdir "$work/data" "$work/got"

disk() {
  drive program="$host" arguments="$builddir/plugins/.libs/disk.so" options=root="$work/store"
}

# Puts of all sizes up to 1 MiB, each read again.
for i in $(seq "$count"); do
  head -c $((i * i * 12 % 1048576 + i)) /dev/urandom >"$work/data/$i"
  sum=$(sha256sum "$work/data/$i" | cut -d ' ' -f 1)
  echo "put_immutable $sum $work/data/$i"
  echo "get_immutable $sum $work/got/$i"
done >"$work/script"
: >"$work/kills"
{
  seen=0
  until [ -e "$work/end" ]; do
    there=$(find "$work/got" -type f -size +0 | wc -l) # one has done something since
    [ "$there" -gt "$seen" ] || { sleep 0.01; continue; }
    seen=$((there + 1))
    for pid in $(pgrep -f "^$host $builddir/plugins/.libs/disk.so"); do
      grep -qz "^TMPDIR=$work$" "/proc/$pid/environ" 2>/dev/null || continue # another test's
      kill -9 "$pid" 2>/dev/null && echo "$pid" >>"$work/kills"
    done
    sleep 0.0$((1 + $(wc -l <"$work/kills") % 7))
  done
} &
killer=$!
disk <"$work/script"
report $? 'the store is opened and closed' "$(tail -n 3 "$said")"
touch "$work/end"
wait $killer
kills=$(sort -u "$work/kills" | wc -l)
grep -oE '^(OK|TRANSIENT|NOT_FOUND|FAILED|CANCELLED|DENIED|CONFLICT)' "$said" >"$work/statuses"
is "$(wc -l <"$work/statuses")" "$((2 * count))" 'all calls have ended'
[ "$kills" -ge 5 ]
report $? 'processes were killed' "$kills of them"
# Behind two in a row that had not ended a call there is a pause, in which exec makes no other: that is told at once.
failed=$(grep TRANSIENT "$said" | grep -vc 'is not started for another')
[ "$failed" -gt 0 ] && [ "$failed" -le "$kills" ]
report $? 'each kill has cost one call at most' "$failed calls failed, $kills processes were killed"
is_empty "$(grep -vE '^(OK|TRANSIENT|NOT_FOUND)$' "$work/statuses")" 'and none fails otherwise'

# What was put is there, and what was got is whole.
awk 'NR % 2 == 1 { put = $0; next } { print NR / 2, put, $0 }' "$work/statuses" >"$work/pairs"
is_empty "$(grep 'OK NOT_FOUND' "$work/pairs")" 'nothing that was put is absent'
while read -r i put got; do
  [ "$got" != OK ] || cmp -s "$work/data/$i" "$work/got/$i" || echo "$i was got as something else"
  [ "$put" != OK ] || sed -n "$((2 * i))p" "$work/script" >>"$work/again"
done <"$work/pairs" >"$work/lost"
is_empty "$(cat "$work/lost")" 'what was got is whole'
rm -r "$work/got" && mkdir "$work/got"
disk <"$work/again"
is_empty "$(grep -oE '^[A-Z_]+\b' "$said" | grep -v '^OK$')" 'all of what was put can be got afterwards'
is_empty "$(for file in "$work/got"/*; do cmp "$file" "$work/data/$(basename "$file")" 2>&1; done)" 'whole'
done_testing
