# SPDX-License-Identifier: MIT
# For tests with a Bitcoin node: . "$srcdir/t/lib/bitcoin.sh", after need_server bitcoind or own_server bitcoind.
#
#   bitcoin METHOD [PARAMETER...]   what bitcoin-cli prints
#   mine COUNT [ADDRESS]            blocks with what is in the mempool; without an address everybody gets the reward
#   branch DEPTH                    so many blocks are replaced by as many others and one more
#   node_height
#   ask COMMAND ARGUMENT...         our own side (t/lib/node.c), with user and password

bitcoin() {
  "$BITCOIN_FOLDER/usr/lib64/ld-linux-x86-64.so.2" --library-path "$BITCOIN_FOLDER/usr/lib/x86_64-linux-gnu" \
    "$BITCOIN_FOLDER/usr/bin/bitcoin-cli" -regtest -rpcconnect=127.0.0.1 -rpcport="$BITCOIN_PORT" \
    -rpcuser="$BITCOIN_USER" -rpcpassword="$BITCOIN_PASSWORD" "$@"
}

mine() {
  if [ $# -gt 1 ]; then bitcoin generatetoaddress "$1" "$2" >/dev/null; else bitcoin generatetodescriptor "$1" 'raw(51)' >/dev/null; fi
}

# Blocks that were refused once never come again, so the new ones are made for others.
branch() {
  branches=$((${branches-0} + 1))
  bitcoin invalidateblock "$(bitcoin getblockhash $(($(node_height) - $1 + 1)))" &&
    bitcoin generatetodescriptor $(($1 + 1)) "raw(01$(printf %02x $branches)51)" >/dev/null
}

node_height() {
  bitcoin getblockcount
}

# ask COMMAND ARGUMENT...: our own side of it (t/lib/node.c), with user and password.
ask() {
  NODE_URL=${NODE_URL-http://127.0.0.1:$BITCOIN_PORT} NODE_USER=$BITCOIN_USER NODE_PASSWORD=$BITCOIN_PASSWORD \
    "$builddir/t/lib/node" "$@"
}
