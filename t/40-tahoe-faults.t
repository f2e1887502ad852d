#!/bin/sh
# SPDX-License-Identifier: MIT
# The tahoe driver with a network that fails between it and its gateway: each fault ends in the right status within its deadline, leaves
# nothing that reads as an object, and the next call works.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
driver=tahoe
. "$srcdir/t/lib/drive.sh"
. "$srcdir/t/lib/trouble.sh"
need_server tahoe
gateway=http://127.0.0.1:$TAHOE_PORT
make_root() {
  curl -sf -m 20 --noproxy '*' -X POST "$gateway/uri?t=mkdir"
}
(umask 077 && make_root >"$work/root" && sed 's/\(URI:DIR2:[^:]*:\)....../\1aaaaaa/' "$work/root" >"$work/wrong")

behind "$TAHOE_PORT" gateway=http://127.0.0.1:PROXY_PORT root="@$work/root"
network_fails
byte_is_flipped

# ---- others, who write through another gateway, undo what was acknowledged: a directory that is in use is none any more ----
calls 'OK TRANSIENT OK OK' 'a directory that others put in the place of the one in use' gateway="$gateway" root="@$work/root" <<END
put_mutable first $work/record
run curl -sf -m 20 --noproxy '*' -o /dev/null -X DELETE $gateway/uri/$(cat "$work/root")/mutable
put_mutable first $work/record
put_mutable first $work/record
get_mutable $(echo 'make_mutable_url first' | drive gateway="$gateway" root="@$work/root"; head -n 1 "$said") $work/out
END
told 'have undone it' 'is noticed'
(umask 077 && make_root >"$work/odd")
echo URI:LIT:nbuqu | curl -sf -m 20 --noproxy '*' -o /dev/null -T - "$gateway/uri/$(cat "$work/odd")/mutable?t=uri"
calls FAILED 'a file in the place of a directory' gateway="$gateway" root="@$work/odd" <<END
put_mutable id $work/record
END
told 'root: What is called mutable there is no directory' 'is told'

# ---- the command line tells what is wrong ----
# looks GATEWAY ROOT-FILE REGEX WHAT: stores ends with 1, and says this.
looks() {
  printf 'stores: [{name: grid, driver: tahoe, gateway: "%s", root: {file: %s}}]\n' "$1" "$2" >"$work/config.yaml"
  exits 1 "stores: $4" -c "$work/config.yaml" stores
  like "$(cat "$out")" "$3" 'it says so'
  fails 'and no capability' grep -qF "$(cut -d : -f 3 "$2")" "$out" "$err"
}
looks "$gateway" "$work/wrong" '0 can be reached.*is the capability right' 'a wrong capability'
looks http://127.0.0.1:9 "$work/root" 'Nobody listens there' 'no gateway there'
looks "$answering" "$work/root" 'no Tahoe-LAFS web API' 'some other server'
done_testing
