#!/bin/sh
# SPDX-License-Identifier: MIT
# Names on a Bitcoin node: the scenarios of t/lib/node-names.c.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
own_server bitcoind
NODE_URL=http://127.0.0.1:$BITCOIN_PORT NODE_USER=$BITCOIN_USER NODE_PASSWORD=$BITCOIN_PASSWORD "$builddir/t/lib/node-names"
