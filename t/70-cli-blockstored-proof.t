#!/bin/sh
# SPDX-License-Identifier: MIT
# Names of a server that are proven by a pinned consensus hash: what it cannot prove is not believed.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
. "$srcdir/t/lib/names.sh"
trap 'stop_standins; end_server KILL; rm -rf "$work"' EXIT
client put_immutable alice.id 'some data'
for name in bob.id carol.id dave.id erin.id; do client register "$name"; done
client transfer dave.id 1BKufFedDrueBBFBXtiATB2PSdsBGZxf3N
client getinfo
block=$(member last_block) consensus=$(member consensus)
serve
world 1 "{\"behind\": $port}"
standin 1
options="  pin: {block: $block, consensus: $consensus}
"
remote 1
# No memory of former proofs helps.
prove() {
  rm -f "$work"/state/proofs.db*
  asks lookup --prove "$@"
}

prove bob.id
is "$status" 0 'a name is proven by what the server tells'
says proven "current_at $block" 'to be current at the pin'
prove alice.id
is "$status" 0 'one with a value, too'
prove dave.id
says name_record.address 1BKufFedDrueBBFBXtiATB2PSdsBGZxf3N 'and one that was transferred'
prove nobody.id
is "$status" 3 'that there is none is proven'
like "$(cat "$err")" "nobody.id is not registered up to block $block: proven" 'and said'

# ---- lies ----
lie() {
  world 1 "{\"behind\": $port, \"lies\": {\"$1\": $2}}"
}
state=$(rpc "$port" call get_name_state '["bob.id"]' | sed -E 's/^\[(.*)\]$/\1/')
lie get_name_state "{\"result\": $(printf '%s' "$state" | sed 's/"value_hash": null/"value_hash": "1111111111111111111111111111111111111111"/')}"
prove bob.id
is "$status" 5 'another value is no longer believed when a proof is wanted'
is "$(member code)" forged 'and called what it is'
lie get_name_state "{\"result\": $(printf '%s' "$state" | sed 's/"name":{.*},"namespace"/"name":null,"namespace"/')}"
prove bob.id
[ "$status" = 5 ]
report $? 'nor that it is not there' "status $status: $(cat "$err")"
world 1 "{\"behind\": $port, \"batch\": {\"get_nameops_hash_at\": \"$(printf '00%.0s' $(seq 32))\"}}"
prove bob.id
is "$(member code)" forged 'nor operations hashes that do not fit'
world 1 "{\"behind\": $port, \"batch\": {\"get_consensus_at\": \"zz\"}}"
prove bob.id
is "$(member code)" malformed 'nor what is no hash'
world 1 "{\"behind\": $port, \"batch\": {\"get_consensus_at\": null}}"
prove bob.id
[ "$status" != 0 ]
report $? 'nor a chain without its blocks' "$(cat "$err")"

done_testing
