#!/bin/sh
# SPDX-License-Identifier: MIT
# The ipfs driver with a node: what it stores, where anyone finds it, and what is published.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=ipfs
. "$srcdir/t/lib/drive.sh"
. "$srcdir/t/lib/ipfs.sh"
own_server ipfs
node=http://127.0.0.1:$IPFS_PORT gateway=http://127.0.0.1:$IPFS_GATEWAY

# rpc COMMAND: what the node answers.
rpc() {
  curl -s -m 20 --noproxy '*' -X POST "$node/api/v0/$1"
}


# There and back, by size.
head -c 1048577 /dev/urandom >"$work/1048577"
for size in 0 1 1048576; do head -c "$size" "$work/1048577" >"$work/$size"; done
for size in 0 1 1048576 1048577; do
  key=$(sha256 "$work/$size")
  calls 'OK OK OK' "$size bytes are put, put again and got" rpc="$node" <<END
put_immutable $key $work/$size
put_immutable $key $work/$size
get_immutable $key $work/out
END
  succeeds "as they were" cmp "$work/out" "$work/$size"
  path=/blockstore/immutable/$(echo "$key" | sed 's/\(..\)\(..\).*/\1\/\2/')/$key
  rpc "files/read?arg=$path" >"$work/out"
  succeeds "$path leads to them" cmp "$work/out" "$work/$size"
  [ "$size" != 1048577 ] || continue
  curl -s -m 20 --noproxy '*' "$gateway/ipfs/$(cid "$key")" >"$work/out"
  succeeds "the gateway has them at $(cid "$key")" cmp "$work/out" "$work/$size"
  like "$(rpc "pin/ls?arg=$(cid "$key")")" 'is not pinned' 'and their pin has gone, for they are linked'
done

# Records and user records, published.
echo 'first record' >"$work/one"
echo 'second record, longer' >"$work/two"
short=$(sha256 "$work/two" | cut -c 1-40)
calls 'OK OK OK OK' 'records are put, one over the other' rpc="$node" <<END
put_mutable Id/%/x $work/one
put_mutable Id/%/x $work/two
put_immutable $short $work/two
make_mutable_url Id/%/x
END
url=$(grep -o 'ipns://.*' "$said")
like "$url" '^ipns://k51[a-z0-9]{59}/mutable/[0-9a-f]{2}/[0-9a-f]{2}/%2549d%252F%2525%252Fx$' 'their URL has the name of the key'
calls 'OK OK' 'and gives the newest' rpc="$node" <<END
handles_url $url
get_mutable $url $work/out
END
succeeds 'which it is' cmp "$work/out" "$work/two"
peer=$(rpc key/list | sed -n 's/.*"Name":"blockstore","Id":"\([^"]*\)".*/\1/p')
like "$(rpc "name/resolve?arg=$peer")" "$(rpc 'files/stat?arg=/blockstore' | sed -n 's/.*"Hash":"\([^"]*\)".*/"\/ipfs\/\1"/p')" \
  'the name stands for the directory as it is now'
is "$(rpc 'files/ls?arg=/blockstore.tmp' | grep -o '"Name"' | wc -l)" 0 'nothing is left on its way'

# Through a gateway, without a node.
key=$(sha256 "$work/1")
calls 'OK OK OK OK OK OK' 'a gateway gives all of it' gateways="$gateway" ipns_name="$peer" <<END
get_immutable $key $work/out1
get_immutable $(sha256 "$work/1048577") $work/out2
get_immutable $short $work/out3
get_mutable $url $work/out4
make_mutable_url Id/%/x
check
END
told "$url" 'the name in the settings makes the same URL'
told '"gateways_answering": 1' 'its health is told'
for pair in out1=1 out2=1048577 out3=two out4=two; do
  succeeds "${pair#*=} is as it was" cmp "$work/${pair%=*}" "$work/${pair#*=}"
done
calls 'OK OK' 'a block needs no name, and may stand in a route' gateways="$gateway" <<END
get_immutable $key $work/out
get_mutable ipfs://$(cid "$key") $work/out
END
calls 'UNSUPPORTED UNSUPPORTED UNSUPPORTED UNSUPPORTED' 'nothing is put or deleted through it' gateways="$gateway" <<END
put_immutable $key $work/1
put_mutable x $work/one
delete_immutable $key
delete_mutable x
END
told 'a node is needed' 'and why, is told'

# Deleting.
calls 'OK OK NOT_FOUND OK OK NOT_FOUND' 'what is deleted, twice, is gone' rpc="$node" search=0s <<END
delete_immutable $key
delete_immutable $key
get_immutable $key $work/out
delete_mutable Id/%/x
delete_mutable Id/%/x
get_mutable $url $work/out
END

# The same bytes under two keys, in a record and in another store: each keeps them from the node's garbage collection.
echo 'shared by four' >"$work/shared"
shared=$(sha256 "$work/shared")
there() {
  rpc "block/stat?arg=$(cid "$shared")&timeout=1s" | grep -q '"Size":'
}
calls 'OK OK OK OK OK' 'the same bytes are put thrice, and deleted once' rpc="$node" <<END
put_immutable $shared $work/shared
put_immutable $(echo "$shared" | cut -c 1-40) $work/shared
put_mutable shared $work/shared
make_mutable_url shared
delete_immutable $shared
END
url_of_shared=$(grep -o 'ipns://.*' "$said")
calls OK 'and put in another store' rpc="$node" directory=/second key=second <<END
put_immutable $shared $work/shared
END
rpc repo/gc >"$work/gc"
calls 'OK OK NOT_FOUND OK OK' 'who needs them has them' rpc="$node" search=0s <<END
get_immutable $(echo "$shared" | cut -c 1-40) $work/out
get_mutable $url_of_shared $work/out
get_immutable $shared $work/out
delete_immutable $(echo "$shared" | cut -c 1-40)
delete_mutable shared
END
rpc repo/gc >"$work/gc"
calls 'OK OK' 'the other store, too' rpc="$node" directory=/second key=second search=0s <<END
get_immutable $shared $work/out
delete_immutable $shared
END
succeeds 'until the garbage is collected the node has them' there
rpc repo/gc >"$work/gc"
fails 'and then no more' there

# A pin of the user's is not the store's.
pinned=$(cid "$(sha256 "$work/0")")
calls 'OK OK OK' 'the user pins what is put again, and deleted' rpc="$node" publish=0s <<END
put_immutable $(sha256 "$work/0") $work/0
run curl -s -m 9 -o /dev/null --noproxy '*' -X POST '$node/api/v0/pin/add?arg=$pinned'
put_immutable $(sha256 "$work/0") $work/0
delete_immutable $(sha256 "$work/0")
END
like "$(rpc "pin/ls?arg=$pinned&type=recursive")" '"Type":"recursive"' 'and it stays pinned'
calls FAILED 'nobody knows whether the network has it' rpc="$node" search=1s <<END
get_immutable $(echo nobody | sha256sum | cut -d ' ' -f 1) $work/out
END
told 'was not found in the network' 'and that is said'

# A file of two blocks whose second the node has lost: nobody says that it is not there, and half of it is not all.
head -c 2000000 /dev/urandom >"$work/two-blocks"
calls 'OK TRANSIENT' 'a block that is lost' rpc="$node" search=0s <<END
put_immutable $(sha256 "$work/two-blocks") $work/two-blocks
run find '$own_folder/repository/blocks' -type f -size 951424c -delete
deadline 3000
get_immutable $(sha256 "$work/two-blocks") $work/out
END
told 'The object cannot be read' 'is told'

# Two stores on one node.
calls 'OK OK OK NOT_FOUND' 'another directory is another store' rpc="$node" directory=/other/place search=0s <<END
make_mutable_url Id/%/x
check
make_mutable_url Id/%/x
get_immutable $(sha256 "$work/1048576") $work/out
END
fails 'with another name' grep -qF "${url%/mutable/*}" "$said"
calls OK 'the node tells its health' rpc="$node" <<END
check
END
told '"ipns_name"' 'with the name for readers'
told '"published": true' 'which stands for the directory'
calls OK 'another store under the same key' rpc="$node" directory=/second key=blockstore <<END
put_mutable id $work/one
END
calls OK 'takes it away' rpc="$node" <<END
check
END
told '"published": false' 'and that is told'
told 'publishes another directory' 'with what it may be'
calls 'OK OK' 'until something is put' rpc="$node" <<END
put_mutable Id/%/x $work/one
check
END
told '"published": true' 'again'

# Two who replace one record, and one who reads it: each sees all of one or of the other.
for who in one two; do
  yes "put_mutable shared $work/$who" | head -n 12 |
    "$builddir/t/lib/drive" "$builddir/plugins/.libs/ipfs.so" rpc="$node" publish=0s >"$work/said-$who" 2>&1 &
  eval "$who=\$!"
done
cat >"$work/one-of-two" <<END
cmp -s $work/seen $work/one || cmp -s $work/seen $work/two
END
{
  echo "put_mutable shared $work/two"
  for again in 1 2 3 4 5 6 7 8 9 10; do printf '%s\n' "get_mutable $url_of_shared $work/seen" "run sh $work/one-of-two"; done
} >"$work/reader"
calls 'OK OK OK OK OK OK OK OK OK OK OK' 'a record that two others replace' rpc="$node" publish=0s <"$work/reader"
wait "$one" "$two"
is "$(cat "$work/said-one" "$work/said-two" | sort | uniq -c | tr -s ' ')" ' 24 OK' 'both of them put it each time'
is "$(rpc 'files/ls?arg=/blockstore.tmp' | grep -o '"Name"' | wc -l)" 0 'and nothing is left on its way'

# Large ones, in memory that does not grow.
head -c 67108864 /dev/urandom >"$work/64M"
calls 'OK OK' '64 MiB are put and got' rpc="$node" <<END
put_immutable $(sha256 "$work/64M") $work/64M
get_immutable $(sha256 "$work/64M") $work/out
run grep VmHWM /proc/\$PPID/status
END
succeeds 'as they were' cmp "$work/out" "$work/64M"
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "$said")
succeeds "through a window of them: ${peak:-?} KiB at most" test "${peak:-99999}" -lt 49152
rm "$work/64M"
done_testing
