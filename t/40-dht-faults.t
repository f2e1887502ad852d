#!/bin/sh
# SPDX-License-Identifier: MIT
# What goes wrong between the driver dht and its nodes: each fault ends in its status and within its deadline, the other node
# stands in, and the next call works.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
driver=dht
. "$srcdir/t/lib/drive.sh"
own_server dhtnode
through "$DHT_PORT"
faulty=http://127.0.0.1:$PROXY_PORT other=http://127.0.0.1:$DHT_PORT2 nobody=http://127.0.0.1:$PROXY_CONTROL
unset http_proxy all_proxy
cd "$HOME" || exit 1

# config FILE PROXIES: beside an empty disk, so that whatever is read comes out of the DHT.
config() {
  echo "stores: [{name: empty, driver: disk, root: $HOME/${3-empty}}, {name: swarm, driver: dht, proxies: [$2]}]
replication: {write: {at_least: 1, require: [swarm]}}" >"$1"
}
config one.yaml "$faulty"
config two.yaml "$faulty, $other"
config both.yaml "$other" full
config second.yaml "$faulty, $other" full

cli keygen key
export BLOCKSTORE_KEY_FILE="$HOME/key"
exits 0 'a name' -c both.yaml register alice.id
head -c 57344 /dev/urandom >large
for data in "" x; do exits 0 "put: '$data'" -c both.yaml put_immutable alice.id "$data"; done
exits 0 'put: 56 KiB' -c both.yaml put_immutable alice.id @large
object=$(sha256 large)
works() {
  fault '{}'
  exits 0 "$1, and the next get works" -c one.yaml get_immutable alice.id "$object" -o got
  is "$(sha256 got)" "$object" 'it is whole'
}
works 'no fault yet'

# fails_so STATUS REGEX FAULT [DEADLINE]: with one node that fails the get does, with another behind it does not.
fails_so() {
  fault "$3"
  before=$(date +%s)
  exits "$1" "$3" -c one.yaml --deadline "${4-20s}" get_immutable alice.id "$object" -o got
  like "$(cat "$err")" "$2" 'it says why'
  [ "$(($(date +%s) - before))" -le 25 ]
  report $? 'within its time'
  works "$3"
}

fails_so 7 'reset|broken off|closed' '{"refuse": true}'
fails_so 7 'closed|broken off' '{"down_limit": 20000, "on_limit": "close"}'
fails_so 7 'closed|broken off|reset' '{"down_limit": 20000, "on_limit": "reset"}'
fails_so 10 'deadline|time' '{"down_limit": 20000, "on_limit": "hang"}' 2s
fails_so 10 'deadline|time' '{"latency_ms": 5000}' 2s
fails_so 10 'deadline|time' '{"rate": 5000}' 2s
fails_so 7 'no value of OpenDHT' '{"corrupt_at": 40000}'

# Each entry point that asks a node, and then again.
cat >fault <<END
curl -sf -m 5 --noproxy '*' -o "$HOME/answer" -d "\$1" -X PUT http://127.0.0.1:$PROXY_CONTROL/
END
url=dht:$(printf 'blockstore-dht-1\0m\0some-id' | sha256sum | cut -c 1-40)
printf 'a record' >record
calls OK 'there is a record' proxies="$faulty" <<END
put_mutable some-id record
END
each() {
  for call in "get_immutable $object got" "get_mutable $url got" "put_immutable $object large" 'put_mutable some-id record' 'check - got'; do
    calls "$1 OK" "$2: ${call%% *}" proxies="$faulty" <<END
deadline 1500
run sh ./fault '$2'
$call
run sh ./fault '{}'
deadline 20000
$call
END
  done
}
each TRANSIENT '{"refuse": true}'
each TRANSIENT '{"down_limit": 40}'
each TRANSIENT '{"down_limit": 40, "on_limit": "reset"}'
each CANCELLED '{"down_limit": 40, "on_limit": "hang"}'
each CANCELLED '{"latency_ms": 2000}'

fault '{"refuse": true}'
exits 0 'one node refuses, the next has it' -v -c two.yaml get_immutable alice.id "$object" -o got
like "$(cat "$err")" "$faulty: This node could not be used; the next is asked" 'the log says so'
exits 0 'it takes a put as well' -c second.yaml put_immutable alice.id "another"
cli -c two.yaml stores
like "$(cat "$out")" '"usable_proxies": 1' 'stores tells how many can be used'
fault '{"down_limit": 20000, "on_limit": "close"}'
exits 0 'one breaks off, the next has it' -c two.yaml get_immutable alice.id "$object" -o got
fault '{}'

config html.yaml "$nobody"
exits 7 'a server that is no node has nothing' -c html.yaml get_immutable alice.id "$object" -o got
like "$(cat "$err")" 'no value of OpenDHT|must be that of' 'it says what the URL must be'

stop_server
exits 7 'without nodes it is unreachable' -c one.yaml get_immutable alice.id "$object" -o got
cli -c one.yaml stores
is "$status" 1 'stores calls it broken'
start_server
exits 3 'nodes that were restarted, and know each other, have forgotten it' -c one.yaml get_immutable alice.id "$object" -o got
exits 0 'what is put again is there' -c both.yaml put_immutable alice.id @large
works 'restarted'

# The same between the calls of one store.
stopping="sh $srcdir/t/servers/dhtnode stop $own_folder" starting="sh $srcdir/t/servers/dhtnode start $own_folder"
calls 'OK TRANSIENT TRANSIENT TRANSIENT OK OK OK' 'nodes that are away and come back' proxies="$other" <<END
put_immutable $object large
run $stopping
put_immutable $object large
get_immutable $object got
check
run $starting
put_immutable $object large
run $stopping; $starting
put_immutable $object large
get_immutable $object got
END
is "$(sha256 got)" "$object" 'what is put again is whole'
done_testing
