#!/bin/sh
# SPDX-License-Identifier: MIT
# The driver dht on two real nodes of OpenDHT: all behaviours, and the examples of its manual.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/pod.sh"
need_server dhtnode
one=http://127.0.0.1:$DHT_PORT two=http://127.0.0.1:$DHT_PORT2
unset http_proxy all_proxy

"$builddir/tools/bin/blockstore-driver-test" "$builddir/plugins/.libs/dht.so" -o proxies="$one" -o proxies="$two" >"$out" 2>&1
report $? 'it shows all behaviours' "$(grep -A 5 '^not ok' "$out")"
is "$(sed -n 's/^ok.* # SKIP //p' "$out" | sort -u)" 'no second store: use @DIR@ in the value of an option, or -O key=value
objects have at most 57344 bytes here, 1048576 are wanted
the driver does not declare itself consistent
the driver does not declare itself durable
the driver does not support delete_immutable_handler
the driver does not support delete_mutable_handler
the driver has no SECRET option' 'or says why not'

# The examples, with our nodes for those of the page.
blocks "$srcdir/plugins/dht/dht.pod" EXAMPLES "$work/blocks"
sed -i "s|http://127.0.0.1:8080|$one|; s|http://127.0.0.1:8081|$two|" "$work"/blocks/*
for block in "$work"/blocks/*; do
  case $(head -n 1 "$block") in
    stores:) exits 0 "a configuration of the manual is read: $(sed -n 2p "$block")" -c "$block" config ;;
    '#'*) ;; # for the root of another computer
    *) cat "$block" >>"$work/commands" ;;
  esac
done
output=$(cd "$HOME" && "$builddir/run" sh -eux "$work/commands" 2>&1)
report $? 'the commands of the manual run' "$(printf '%s\n' "$output" | tail -n 20)"

# What it says of deriving keys and of values, which t/40-dht-values.c holds against the driver.
blocks "$srcdir/plugins/dht/dht.pod" NOTES "$work/notes"
for block in $(grep -l '^printf' "$work"/notes/*); do
  key=$(tail -n 1 "$block")
  is "$(sed '$d' "$block" | sh)" "$key" 'the manual derives a key'
  succeeds 'the driver too' grep -q "\"$key\"" "$srcdir/t/40-dht-values.c"
done
done_testing
