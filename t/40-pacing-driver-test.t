#!/bin/sh
# SPDX-License-Identifier: MIT
# The filters that pace a store, keep it from writing or let it fail do all that is asked of a driver, with options under which
# nothing fails.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
said=$work/said

# behaves FILTER SKIPPED ARGUMENT...: and skips nothing but what the expression allows.
behaves() {
  filter=$1 skipped=$2
  shift 2
  "$builddir/tools/bin/blockstore-driver-test" "$@" "$builddir/plugins/.libs/$filter.so" >"$said" 2>&1
  report $? "$filter does what a driver must" "$(grep -A1 '^not ok' "$said" || tail -n 3 "$said")"
  is_empty "$(grep '# SKIP ' "$said" | grep -vE "SKIP ($skipped)\$")" "$filter: nothing else is skipped"
}

nature='the driver declares (no largest object|threads=parallel)|the driver has no (SECRET|such) option|no way was found to make storage_init fail'
behaves retry "$nature"
behaves delay "$nature" -o jitter=2ms -o seed=1
behaves rate "$nature" -o calls=1000000 -o bytes=1G
behaves error "$nature" -o at=1000000 -o seed=1
behaves readonly "$nature|the driver is read-only"
done_testing
