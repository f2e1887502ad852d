#!/bin/sh
# SPDX-License-Identifier: MIT
# The filter cache shows all that a store shows, above the one of blockstore-driver-test.  It is small, so it makes room all the time;
# records would be kept for an hour if nothing dropped them.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
"$builddir/tools/bin/blockstore-driver-test" "$builddir/plugins/.libs/cache.so" -o directory=@DIR@/cache -o size=64K -o fresh=1h >"$work/out" 2>&1
report $? 'every behaviour is shown' "$(grep -vE '^ok|^# seed' "$work/out")"
is_empty "$(grep SKIP "$work/out" | grep -vE 'declares (no largest object|threads=parallel)|declares no secret|has no|does not count|modes do not count|not declare|nowhere in @DIR@')" \
  'what is skipped cannot be tried here'
done_testing
