#!/bin/sh
# SPDX-License-Identifier: MIT
# An ipfs store beside a disk: a node that hangs or makes no key takes nothing away from who reads, and a store that can only be read
# nothing from who writes.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
own_server answers
there=http://127.0.0.1:$ANSWERS_PORT
name=k51qzi5uqu5dht4ml893x3a0zq6x4yfuz3qxdudbq6zs4ncb207u6xdkl0adxi
cd "$work" || exit 1

# config [OPTION...]: a disk, and beside it an ipfs store with these.
config() {
  printf '%s\n' 'names: {provider: embedded}' 'stores:' "  - {name: own, driver: disk, root: $work/data}" >config
  [ $# = 0 ] || printf '%s\n' '  - name: planet' '    driver: ipfs' >>config
  [ $# = 0 ] || printf '    %s\n' "$@" >>config
}
# asked: the commands that the node got, in order.
asked() {
  sed -n 's/^POST \/api\/v0\/\([a-z/]*\)?.*/\1/p' "$ANSWERS_ROOT/requests" | paste -sd ' '
}
config
exits 0 'a key' keygen alice.key
exits 0 'a name' -c config -k alice.key register alice.id
exits 0 'a record on the disk' -c config -k alice.key put_mutable alice.id status 'at home'

# What the core asks of every store before it reads.
: >"$ANSWERS_ROOT/POST"
echo hang >"$ANSWERS_ROOT/POST-rest"
config "rpc: $there"
exits 0 'the node hangs, and the disk has the record' -c config --deadline 10s get_mutable alice.id status --raw
is "$(cat "$out")" 'at home' 'as it was put'
rm "$ANSWERS_ROOT/POST-rest" "$ANSWERS_ROOT/requests"
printf 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"Keys":[]}' >"$ANSWERS_ROOT/POST"
exits 0 'the node makes no key' -c config get_mutable alice.id status --raw
is "$(asked)" 'key/list key/gen' 'though it is asked to'

# A node that has gateways beside it, and no name for them.
warned='its gateways are asked for blocks alone'
exits 0 'a node alone' -v -c config get_mutable alice.id status
fails 'has nothing to be told of' grep -qF "$warned" "$err"
config "rpc: $there" "gateways: [$there]" "ipns_name: $name"
exits 0 'a node and gateways with a name' -v -c config get_mutable alice.id status
fails 'neither' grep -qF "$warned" "$err"
config "rpc: $there" "gateways: [$there]"
exits 0 'without a name' -v -c config get_mutable alice.id status
succeeds 'they are told' grep -qF "$warned" "$err"

# Somebody else's store does not count among those that must have taken a write.
config "ipns_name: $name" "gateways: [$there]"
exits 0 "beside somebody else's store a name" -c config -k alice.key register bob.id
exits 0 'immutable data' -c config -k alice.key put_immutable bob.id fact
exits 0 'and mutable data are put' -c config -k alice.key put_mutable bob.id status 'at home'
like "$(cat "$out" "$err")" 'to put, a node is needed' 'and that it did not take them is told'
config "rpc: $there"
exits 1 'a node that is none' -c config stores
is "$(member stores.0.durable) $(member stores.1.durable)" 'true false' 'counts no more, if the configuration does not say so'
done_testing
