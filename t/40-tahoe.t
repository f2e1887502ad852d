#!/bin/sh
# SPDX-License-Identifier: MIT
# The tahoe driver with a grid: it shows the behaviours of a driver (all of them with BLOCKSTORE_TEST_LONG=1, which takes minutes), its
# manual's examples run, and the capability that writes is said nowhere.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/conformance.sh"
driver=tahoe
. "$srcdir/t/lib/drive.sh"
need_server tahoe
gateway=http://127.0.0.1:$TAHOE_PORT
new_root() {
  curl -sf -m 20 --noproxy '*' -X POST "$gateway/uri?t=mkdir"
}
(umask 077 && new_root >"$work/one" && new_root >"$work/two")
writing=$(cat "$work/one")

few='opening.opens,opening.apart,options.secret*,immutable.byte,immutable.empty,immutable.again,immutable.delete*,mutable.shorter,deadlines.put*,streams.source-*,visibility.same,threads.parallel'
[ -z "${BLOCKSTORE_TEST_LONG-}" ] || few='*'
conforms_twice tahoe 'the driver does not declare itself durable|the store is nowhere in @DIR@' --only="$few" -o gateway="$gateway" \
  -o root="@$work/one" -O root="@$work/two" -O others=false

# ---- objects ----
printf 'some data' >"$work/data"
printf 'a record that is long' >"$work/long"
printf 'short' >"$work/short"
head -c 3000000 /dev/urandom >"$work/large"
key=$(sha256 "$work/data") large=$(sha256 "$work/large")
calls 'OK OK OK OK OK OK' 'objects are put' gateway="$gateway" root="@$work/one" <<END
put_immutable $key $work/data
put_immutable $key $work/data
put_immutable $large $work/large
put_mutable id $work/long
put_mutable id $work/short
get_immutable $large $work/out
END
succeeds 'a large one is read' cmp "$work/out" "$work/large"
url=$(echo 'make_mutable_url id' | drive gateway="$gateway" root="@$work/one"; head -n 1 "$said")
like "$url" '^tahoe:URI:DIR2-RO:[a-z2-7]{26}:[a-z2-7]{52}/mutable/[0-9a-f]{2}/id$' 'a URL has the capability that reads'
is "$(curl -sf -m 20 --noproxy '*' "$gateway/uri/$writing?t=json" | sed -n 's/.*"ro_uri": "\(.*\)".*/\1/p' | grep -xF "$(expr "$url" : 'tahoe:\(.*\)/mutable')")" \
  "$(expr "$url" : 'tahoe:\(.*\)/mutable')" 'as the grid computes it'
rm -f "$work/out"
calls OK 'a reader without a root reads it' gateway="$gateway" <<END
get_mutable $url $work/out
END
succeeds 'as it is now' cmp "$work/out" "$work/short"
calls 'UNHANDLED_URL UNSUPPORTED UNSUPPORTED' 'and nothing else' gateway="$gateway" others=false <<END
get_mutable $url $work/none
get_immutable $key $work/none
put_immutable $key $work/data
END
told 'root: The capability of the store'"'"'s directory is needed for this. A reader has the one that reads (root_read_only' 'is told'
(umask 077 && expr "$url" : 'tahoe:\(.*\)/mutable' >"$work/reading")
calls 'OK DENIED DENIED DENIED' 'who may only read' gateway="$gateway" root="@$work/reading" <<END
get_immutable $key $work/out
put_immutable $key $work/data
put_mutable id $work/data
delete_immutable $key
END
calls 'OK OK NOT_FOUND OK OK' 'what was deleted is gone' gateway="$gateway" root="@$work/one" <<END
delete_immutable $key
delete_immutable $key
get_immutable $key $work/none
delete_mutable id
delete_mutable none
END

# ---- URLs ----
rest=${url#tahoe:URI:DIR2-RO:}
for other in "tahoe:$writing/mutable/ab/id" "tahoe:URI:DIR2-RO:a$rest" "tahoe:URI:CHK:$rest" "tahoe://URI:DIR2-RO:$rest" "$url/" "$url?t=json" \
  "tahoe:uri:dir2-ro:$rest" "${url%/mutable*}" "${url%/mutable*}/immutable/ab/id" "${url%/mutable*}/mutable/../mutable/ab/id" \
  "${url%/mutable*}/mutable/ab/..%2Fid" "${url%/mutable*}/mutable/AB/id" "http://127.0.0.1/uri/$rest"; do
  calls 'UNHANDLED_URL UNHANDLED_URL' "not read: $other" gateway="$gateway" root="@$work/one" <<END
handles_url $other
get_mutable $other $work/none
END
done

# ---- what is wrong is told, without the capability ----
secret=$(printf %s "$writing" | cut -d : -f 3)
tells_no_secret() {
  ! grep -qF "$secret" "$said"
  report $? "$1" "$(cat "$said")"
}
calls 'TRANSIENT TRANSIENT TRANSIENT' 'nobody listens' gateway=http://127.0.0.1:9 root="@$work/one" <<END
get_immutable $key $work/none
put_immutable $key $work/data
delete_immutable $key
END
tells_no_secret 'the capability is not told'
own_server answers
answering=http://127.0.0.1:$ANSWERS_PORT
printf 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/uri/%s\r\nContent-Length: 0\r\n\r\n' "$writing" >"$ANSWERS_ROOT/GET"
calls FAILED 'a redirect' gateway="$answering" root="@$work/one" <<END
get_immutable $key $work/none
END
tells_no_secret 'nor with a redirect'
printf 'HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n%s is bad' $((${#writing} + 7)) "$writing" >"$ANSWERS_ROOT/GET"
calls TRANSIENT 'an error' gateway="$answering" root="@$work/one" <<END
get_immutable $key $work/none
END
told 'URI:*** is bad' 'what the gateway says is told'
tells_no_secret 'without a capability'
printf 'HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n' >"$ANSWERS_ROOT/GET"
calls TRANSIENT 'shares that are missing are no absence' gateway="$answering" root="@$work/one" <<END
get_immutable $key $work/none
END
printf 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n' >"$ANSWERS_ROOT/GET"
calls FAILED 'nor is what some other server has not' gateway="$answering" root="@$work/one" <<END
get_immutable $key $work/none
END
for wrong in no-capability URI:DIR2:a:b URI:CHK:a "$writing/" "${writing}a"; do
  (umask 077 && printf %s "$wrong" >"$work/wrong")
  unopened 'root: The capability of a directory was expected' 'a wrong root' gateway="$gateway" root="@$work/wrong"
done
for wrong in '' ftp://host http:// http://user@host http://host/?a host; do
  unopened 'gateway: A URL such as https' "gateway \"$wrong\"" gateway="$wrong" root="@$work/one"
done
for elsewhere in http://gateway.example http://192.0.2.1:3456 http://127.example; do
  unopened "gateway: $elsewhere is not encrypted, and not on this computer: use https, or set allow_http: true." "$elsewhere" \
    gateway="$elsewhere" root="@$work/one"
done
succeeds 'allow_http allows it' drive gateway=http://192.0.2.1:3456 allow_http=true root="@$work/one" </dev/null
succeeds 'and https needs nothing' drive gateway=https://192.0.2.1:3456 root="@$work/one" </dev/null

# ---- the manual ----
TAHOE_GATEWAY=$gateway GRID_ROOT=$writing GRID_READING=$(cat "$work/reading")
export TAHOE_GATEWAY GRID_ROOT GRID_READING
mkdir -p "$HOME/.secrets"
cp "$work/one" "$HOME/.secrets/tahoe-root"
blocks "$srcdir/plugins/tahoe/tahoe.pod" 'SYNOPSIS|EXAMPLES' "$work/blocks"
for block in "$work"/blocks/*; do
  if head -n 1 "$block" | grep -q '^stores:'; then
    exits 0 "a configuration is read: $(sed -n 2p "$block")" -c "$block" config
  else
    cat "$block" >>"$work/commands"
  fi
done
output=$(cd "$HOME" && "$builddir/run" sh -eux "$work/commands" 2>&1)
report $? 'the examples run' "$output"
like "$output" '"root_healthy": true' 'and tell how the root is'
is "$(printf '%s\n' "$output" | grep -c '^here')" 2 'and the owner and the reader get what was put'

# A computer with nothing but the reader's configuration and the ledger finds user record, immutable and mutable data in the grid.
(cd "$HOME" && cli -c grid.yaml -k alice.key put_immutable alice.id "@$work/data")
GRID_READING=$(cat "$HOME/reading")
{
  sed "s|driver: tahoe|&, gateway: \"$gateway\"|" "$(grep -l GRID_READING "$work"/blocks/*)"
  printf 'state_dir: %s\nnames: {provider: embedded, ledger: %s}\n' "$work/reader" "$HOME/.local/state/blockstore/ledger.db"
} >"$work/reader.yaml"
exits 0 'a reader gets immutable data' -c "$work/reader.yaml" get_immutable alice.id "$key" --raw
succeeds 'as they were put' cmp "$out" "$work/data"
exits 0 'and mutable data' -c "$work/reader.yaml" get_mutable alice.id status --raw
is "$(cat "$out")" here 'as they were put'
done_testing
