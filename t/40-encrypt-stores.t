#!/bin/sh
# SPDX-License-Identifier: MIT
# The filter encrypt shows all behaviours of a store: with and without its mark, with one key and with several.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/tap.sh"
command -v openssl >/dev/null || skip_all 'needs openssl'
filter=$builddir/plugins/.libs/encrypt.so
(umask 077 && openssl rand -hex 32 >"$work/one" && openssl rand -hex 32 | cat - "$work/one" >"$work/two")

# shows WHAT OPTION...
shows() {
  what=$1
  shift
  "$builddir/tools/bin/blockstore-driver-test" "$filter" "$@" >"$work/out" 2>&1
  report $? "$what" "$(grep -A 6 -E '^not ok|^#' "$work/out")"
}
shows 'all behaviours' -o key_file="$work/one"
passed=$(sed -n 's/^# \([0-9]*\) passed, 0 failed.*/\1/p' "$work/out")
[ "${passed:-0}" -ge 165 ]
report $? 'hardly any are left out' "$passed"
shows 'without a mark' -o key_file="$work/one" -o mark=false --only='immutable.*,mutable.*,urls.*,filter.*'
shows 'with two keys' -o key_file="$work/two" --only='immutable.*,mutable.*,urls.*,filter.*'
done_testing
