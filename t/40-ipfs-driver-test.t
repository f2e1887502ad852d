#!/bin/sh
# SPDX-License-Identifier: MIT
# The ipfs driver with a node does all that is asked of a driver.  What the network has, and IPNS, are for other tests.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
need_server ipfs
node=http://127.0.0.1:$IPFS_PORT
trap 'kill "$pid" 2>/dev/null; end_servers; rm -rf "$work"' EXIT
"$builddir/tools/bin/blockstore-driver-test" "$builddir/plugins/.libs/ipfs.so" -o rpc="$node" -o search=0s -o publish=0s \
  -o directory="/$own" -o key="$own" -O rpc="$node" -O search=0s -O publish=0s -O directory="/$own-other" -O key="$own-other" \
  >"$work/out" 2>&1 &
pid=$!
wait "$pid"
report $? 'every behaviour is shown' "$(grep -A 5 '^not ok' "$work/out"; tail -n 1 "$work/out")"
is_empty "$(sed -n 's/.*# SKIP //p' "$work/out" | sort -u | grep -vE '^the (driver declares (no largest object|threads=parallel)|store is nowhere in @DIR@)$')" \
  'what is left out has a reason'
done_testing
