#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of blockstore-ipfs(7): its configurations are read, its commands run with a node.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"
. "$srcdir/t/lib/servers.sh"
blocks "$srcdir/plugins/ipfs/ipfs.pod" 'SYNOPSIS|EXAMPLES' "$work/blocks"
mkdir "$HOME/.secrets"
(umask 077 && printf 'a secret' >"$HOME/.secrets/ipfs")
read_configurations 'a secret'

if ! has_server ipfs; then
  servers_are_required && report 1 'there is a server: ipfs' "$reason" || skip "$reason"
  done_testing
  exit
fi
IPFS_RPC=http://127.0.0.1:$IPFS_PORT IPFS_GATEWAY=http://127.0.0.1:$IPFS_GATEWAY
export IPFS_RPC IPFS_GATEWAY
unset http_proxy all_proxy BLOCKSTORE_KEY_FILE
output=$(cd "$HOME" && "$builddir/run" sh -eux "$work/commands" 2>&1)
report $? 'its commands run' "$(printf '%s\n' "$output" | tail -n 20)"
is "$(printf '%s\n' "$output" | grep -cE '^here\+')" 2 'node and gateway give the record that was put'
like "$output" 'some data$' 'and a gateway the datum, by its CID'
done_testing
