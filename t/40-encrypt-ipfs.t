#!/bin/sh
# SPDX-License-Identifier: MIT
# The filter encrypt above ipfs: a node keeps what it is told by names that are no addresses of content, and sees none of it.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
need_server ipfs
command -v openssl >/dev/null || skip_all 'needs openssl'
(umask 077 && openssl rand -hex 32 >"$work/key")
node=http://127.0.0.1:$IPFS_PORT
cat >"$work/c.yaml" <<END
stores:
  - {name: node, driver: ipfs, rpc: "$node", search: 0s, publish: 0s, directory: /$own, key: $own, durable: true,
     filters: [{filter: encrypt, key_file: $work/key}]}
timeouts: {operation: 60s}
END
cli keygen "$work/alice.key"
exits 0 'a name' -c "$work/c.yaml" -k "$work/alice.key" register alice.id
exits 0 'immutable data' -c "$work/c.yaml" -k "$work/alice.key" put_immutable alice.id 'some data for the planet'
key=$(printf 'some data for the planet' | sha256)
exits 0 'come back' -c "$work/c.yaml" get_immutable alice.id "$key"
says data 'some data for the planet' 'as they were'
exits 0 'the same again' -c "$work/c.yaml" -k "$work/alice.key" put_immutable alice.id 'some data for the planet'
exits 0 'is no conflict, and the node is healthy' -c "$work/c.yaml" stores
exits 0 'mutable data' -c "$work/c.yaml" -k "$work/alice.key" put_mutable alice.id status 'in orbit'
exits 0 'come back' -c "$work/c.yaml" get_mutable alice.id status
says data 'in orbit' 'as they were'
curl -sf -m 20 --noproxy '*' -X POST "$node/api/v0/files/ls?arg=/$own/immutable&long=true" >"$work/ls"
like "$(cat "$work/ls")" 'Entries' 'they lie in the directory of the node'
done_testing
