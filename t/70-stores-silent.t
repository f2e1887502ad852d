#!/bin/sh
# SPDX-License-Identifier: MIT
# A disk beside a store whose server takes connections and says nothing: what the disk alone is enough for is done in time,
# and who did not answer is named.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
command -v /usr/bin/python3 >/dev/null || skip_all 'needs /usr/bin/python3'
past_libtool

/usr/bin/python3 -c 'import socket, time
server = socket.create_server(("127.0.0.1", 0), backlog=128)
print(server.getsockname()[1], flush=True)
time.sleep(600)' >"$work/port" &
silent=$!
trap 'kill "$silent"; rm -rf "$work"' EXIT
until [ -s "$work/port" ]; do sleep 0.05; done
cat >"$work/config.yaml" <<END
state_dir: $work/state
stores:
  - {name: home, driver: disk, root: $work/disk}
  - {name: mute, driver: http, root: "http://127.0.0.1:$(cat "$work/port")/store"}
timeouts: {operation: 15s, budget: 500ms}
END
cli() {
  status=0
  "$program" -c "$work/config.yaml" -k "$work/key" "$@" >"$out" 2>"$err" || status=$?
}

# done_without_it WHAT ARGUMENT...
done_without_it() {
  what=$1
  shift
  exits 0 "$what" "$@"
  like "$(cat "$out" "$err")" 'mute: It did not answer within [0-9]+ ms after the others, and was left\.' 'who did not is named'
}

exits 0 'a key' keygen "$work/key"
exits 0 'a name' register alice.id
done_without_it 'immutable data' put_immutable alice.id 'for ever'
key=$(printf 'for ever' | sha256sum | cut -d ' ' -f 1)
exits 0 'are read' get_immutable alice.id "$key" --raw
is "$(cat "$out")" 'for ever' 'as they were put'
done_without_it 'mutable data' put_mutable alice.id status home
done_without_it 'and their next version' put_mutable alice.id status away
exits 0 'are read' get_mutable alice.id status --raw
is "$(cat "$out")" away 'as they were put last'
done_testing
