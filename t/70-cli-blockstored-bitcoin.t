#!/bin/sh
# SPDX-License-Identifier: MIT
# Two users, each with a state of its own, a name server, and a Bitcoin node behind it: a name and its data, on a disk and in a
# bucket of S3, go from one to the other, through blocks, another branch of the chain, and a server that is killed.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/bitcoin.sh"
trap 'end_server KILL; end_servers; rm -rf "$work"' EXIT
unset AWS_SESSION_TOKEN AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE http_proxy HTTP_PROXY
need_server radosgw
AWS_ACCESS_KEY_ID=$S3_KEY AWS_SECRET_ACCESS_KEY=$S3_SECRET
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
succeeds 'a bucket is made' s3_bucket "$own"
own_server bitcoind
mine 120
cat >"$work/server.yaml" <<END
chain: {source: bitcoind, network: regtest, port: $BITCOIN_PORT, cookie: $BITCOIN_COOKIE, confirmations: 1, index: $work/index}
listen: ["127.0.0.1:0", "unix:$socket"]
END
run_server

# user NAME: with coins.
user() {
  cli keygen --test "$work/$1.key"
  eval "$1=$(member address)"
  for _ in 1 2 3; do bitcoin -rpcwallet=miner sendtoaddress "$(eval "echo \$$1")" 5 >/dev/null; done
  cat >"$work/$1.yaml" <<YAML
state_dir: $work/state-$1
names: {provider: blockstored, server: "unix:$socket", max_price: 100000000, max_age: 0ms}
stores:
  - {name: shared, driver: disk, root: $work/shared}
  - {name: bucket, driver: s3, endpoint: "http://127.0.0.1:$S3_PORT", bucket: $own}
replication: {write: {at_least: all}}
YAML
}
is_indexed() {
  [ "$(call getinfo | sed 's/.*"last_block":\([0-9]*\).*/\1/')" = $(($(node_height) - 1)) ]
}
# blocks COUNT: are mined, and the server has them.
blocks() {
  mine "$1"
  await is_indexed || report 1 'the server follows' "$(call getinfo)"
}

bitcoin createwallet miner >/dev/null
mine 101 "$(bitcoin -rpcwallet=miner getnewaddress '' legacy)"
user ann
user bob
blocks 2
done_as 'the server answers for the chain' ann getinfo
says network regtest 'which is a real one'
done_as 'a namespace is preordered' ann namespace_preorder marketplace
blocks 2
done_as 'and revealed' ann namespace_reveal marketplace
blocks 2
done_as 'and made ready' ann namespace_ready marketplace
blocks 2
done_as 'a name is preordered' ann preorder shop.marketplace
blocks 2
done_as 'and registered' ann register shop.marketplace
blocks 2
# shellcheck disable=SC2154 # by user
done_as 'it is there' bob get_name_blockchain_record shop.marketplace
says address "$ann" 'and belongs to ann'
says proven none 'says the server'
done_as 'she puts data' ann put_mutable shop.marketplace offer 'nails, 3 coins'
done_as 'which she has at once' ann get_mutable shop.marketplace offer
says data 'nails, 3 coins' 'as it is'
as bob get_mutable shop.marketplace offer
is "$status" 3 'and bob not yet'
blocks 2
done_as 'but when it is in a block' bob get_mutable shop.marketplace offer
says data 'nails, 3 coins' 'as it is'
done_as 'a newer version needs no block' ann put_mutable shop.marketplace offer 'nails, 4 coins'
done_as 'bob reads it' bob get_mutable shop.marketplace offer
says data 'nails, 4 coins' 'as it is'

# ---- another branch of the chain ----
done_as 'ann changes the name' ann put_immutable shop.marketplace 'a price list'
key=$(member key)
blocks 2
done_as 'bob sees it' bob get_immutable shop.marketplace "$key"
mv "$work/shared" "$work/lost"
mkdir "$work/shared"
done_as 'without the disk, too: out of the bucket' bob get_immutable shop.marketplace "$key"
rm -rf "$work/shared"
mv "$work/lost" "$work/shared"
# The transaction is back in the mempool, and in no block of the new branch.
bitcoin invalidateblock "$(bitcoin getblockhash $(($(node_height) - 2)))"
for _ in 1 2 3 4; do bitcoin generateblock 'raw(0151)' '[]' >/dev/null; done
await is_indexed
as bob get_immutable shop.marketplace "$key"
is "$status" 3 'when its block has left the chain, bob follows'
done_as 'what was before is there' bob get_mutable shop.marketplace offer
blocks 2
done_as 'and when it is in a block again, so is the change' bob get_immutable shop.marketplace "$key"

# ---- the server is killed ----
end_server KILL
as bob get_mutable shop.marketplace offer
is "$status" 8 'without the server there are no names'
run_server
await is_indexed
done_as 'it comes back, and bob reads' bob get_mutable shop.marketplace offer
# shellcheck disable=SC2154
done_as 'ann sells the name' ann transfer shop.marketplace "$bob"
blocks 2
done_as 'it is bob who owns it' ann get_name_blockchain_record shop.marketplace
says address "$bob" 'says the server'
done_as 'and writes' bob put_mutable shop.marketplace offer 'pliers, 7 coins'
blocks 2
done_as 'ann reads' ann get_mutable shop.marketplace offer
says data 'pliers, 7 coins' 'what he wrote'
done_as 'nothing is under way any more' ann pending

done_testing
