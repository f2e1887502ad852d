#!/bin/sh
# SPDX-License-Identifier: MIT
# The driver dht on two real nodes of OpenDHT: all behaviours, the examples of its manual, and keys that others have crowded.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/pod.sh"
. "$srcdir/t/lib/conformance.sh"
need_server dhtnode
one=http://127.0.0.1:$DHT_PORT two=http://127.0.0.1:$DHT_PORT2
unset http_proxy all_proxy

# Isolated, a put of one piece may have gone out when it hears that it is given up, and nobody can take it back from there.
left_out_isolated='deadlines\.(put-.*|slow-source|other-thread|no-descriptor)'
conforms_twice dht 'no second store: .*|objects have at most 57344 bytes here, 1048576 are wanted|the store is nowhere in @DIR@'\
'|the driver does not (declare itself (consistent|durable)|support delete_(im)?mutable_handler)' -o proxies="$one" -o proxies="$two"

# The examples, with our nodes for those of the page.
blocks "$srcdir/plugins/dht/dht.pod" EXAMPLES "$work/blocks"
sed -i "s|http://127.0.0.1:8080|$one|; s|http://127.0.0.1:8081|$two|" "$work"/blocks/*
for block in "$work"/blocks/*; do
  case $(head -n 1 "$block") in
    stores:) exits 0 "a configuration of the manual is read: $(sed -n 2p "$block")" -c "$block" config ;;
    '#'*) ;; # for the root of another computer
    *) cat "$block" >>"$work/commands" ;;
  esac
done
output=$(cd "$HOME" && "$builddir/run" sh -eux "$work/commands" 2>&1)
report $? 'the commands of the manual run' "$(printf '%s\n' "$output" | tail -n 20)"

# What it says of deriving keys and of values, which t/40-dht-values.c holds against the driver.
blocks "$srcdir/plugins/dht/dht.pod" NOTES "$work/notes"
for block in $(grep -l '^printf' "$work"/notes/*); do
  key=$(tail -n 1 "$block")
  is "$(sed '$d' "$block" | sh)" "$key" 'the manual derives a key'
  succeeds 'the driver too' grep -q "\"$key\"" "$srcdir/t/40-dht-values.c"
done

# put_values HASH COUNT FORMAT: values under a key, as anybody may put them, each with its number in the format.
put_values() {
  for number in $(seq "$2"); do
    printf '{"data":"%s"}' "$(printf "$3" "$number" | base64 -w 0)" >"$work/value"
    curl -sf -m 10 --noproxy '*' -o "$work/answer" --data-binary "@$work/value" "$one/key/$1"
  done
}

cd "$HOME" || exit 1
object=$(printf 'some data' | sha256)
place=$(printf 'blockstore-dht-1\0i\0%s' "$object" | sha256 | cut -c 1-40)
put_values "$place" 100 'something else %s'
put_values "$place" 100 'BSv1i\0\0\0\0\0\0\0\0another object %s'
exits 0 'an object is found among 200 other values' -c reader.yaml get_immutable alice.id "$object" --raw
is "$(cat "$out")" 'some data' 'as it is'
cli -c reader.yaml lookup alice.id
place=$(grep -o 'dht:[0-9a-f]*' "$out" | head -n 1 | cut -d : -f 2)
put_values "$place" 100 'something else %s'
put_values "$place" 100 'BSv1m\377\377\377\377\377\377\377\377no record %s'
exits 0 'a record is found among 200 other values' -v -c reader.yaml get_mutable alice.id status --raw
is "$(cat "$out")" 'at home' 'as it is'
like "$(cat "$err")" "swarm: dht:$place is crowded: 20[0-9] values stand there" 'the log says that not all are looked at'
put_values "$place" 40 'BSv1m\0\0\0\0\0\0\0\1{"data": "", "id": "status", "sig": "v2:", "ver": 9%s}'
refused 5 malformed 'swarm: The mutable record' -c reader.yaml get_mutable alice.id status
exits 0 'what false records hide the other store has' -c both.yaml get_mutable alice.id status --raw
done_testing
