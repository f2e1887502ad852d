#!/bin/sh
# SPDX-License-Identifier: MIT
# Every command on names and blocks says by way of a server what it says on the ledger itself; and where several servers or kinds
# of addresses are given, each is used.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"

# configured NAMES: ways to the server.
configured() {
  printf 'state_dir: %s/state-remote\nnames: %s\nstores: [{name: home, driver: disk, root: %s/data}]\n' "$work" "$1" "$work" >"$work/remote.yaml"
}
remote() {
  cli -c "$work/remote.yaml" "$@"
}
whoever() {
  sed -E '/"proven": "(local|none)"/d; s/(, says| on) (the name server [^ "]*|the ledger [^"]*only\)\.|[^ "]*ledger.db[^ "]*)/ HERE/; s/,$//' "$out"
}
# same ARGUMENT...: by both, but for what is said of who says it.
same() {
  client "$@"
  whoever >"$work/wanted"
  wanted=$status
  remote "$@"
  whoever >"$work/got"
  [ "$status" = "$wanted" ] && report 0 "status: $*" || report 1 "status: $*" "$status instead of $wanted: $(cat "$err")"
  differs=$(diff "$work/wanted" "$work/got")
  is_empty "$differs" "$*"
}
# done_by WHAT ARGUMENT...: by way of the server.
done_by() {
  remote "$@"
  [ "$status" = 0 ] && report 0 "$*" || report 1 "$*" "$(cat "$err")"
}

serve
configured "{provider: blockstored, server: localhost, port: $port, max_price: 100000000}"
cli keygen "$work/other"
other=$(member address)

remote config
says names.max_age_ms 60000 'what a server said is relied on for a minute'
client config
says names.max_age_ms 0 'what a ledger says is not'

# ---- what changes names ----
done_by preorder bob.id
preorder=$(member txid)
done_by register bob.id
is "$(member preorder_txid)" null 'the preorder of before is used'
done_by update bob.id 1111111111111111111111111111111111111111
update=$(member txid)
done_by renew bob.id
done_by register eve.id
done_by transfer eve.id "$other" false
done_by register data.id
done_by put_immutable data.id hello
done_by announce 'good morning'
done_by register carol.id
done_by revoke carol.id
remote --dry-run register dave.id
is "$status" 0 'a dry run'
like "$(member transaction)" '^[0-9a-f]+$' 'shows the transaction'
same get_name_blockchain_record dave.id
done_by namespace_preorder department
done_by namespace_reveal department
done_by name_import a.department "$other" 2222222222222222222222222222222222222222
done_by namespace_ready department
remote register bob.id
is "$(member code)" conflict 'a name that is taken'
remote renew eve.id
is "$(member code)" denied 'a name of somebody else'
remote --key "$work/other" register poor.id
is "$(member code)" denied 'without coins'
like "$(cat "$err")" "The coins of the owner's key do not suffice" 'nothing can be done: a server makes none'

# ---- what asks ----
same get_name_blockchain_record bob.id
same get_name_blockchain_record eve.id
same get_name_blockchain_record carol.id
same get_name_blockchain_record a.department
same lookup bob.id
same lookup carol.id
same get_name_blockchain_history bob.id
same get_name_blockchain_history eve.id 1 4
same get_name_blockchain_history alice.id 7 3
same get_all_names
same get_all_names 1 2
same get_all_names 99
same get_names_owned_by_address "$address"
same get_names_owned_by_address "$other"
same get_names_owned_by_address nobody
same get_names_in_namespace id
same get_names_in_namespace id 1 1
same get_names_in_namespace department
same get_namespace_blockchain_record id
same get_namespace_blockchain_record department
same get_namespace_cost abc
same get_name_cost abc.id
same get_name_cost abc.nowhere_
for block in 0 1 2 3 8 9 10 11 99; do
  same get_nameops_at "$block"
  same --refused get_nameops_at "$block"
  same get_consensus_at "$block"
done
same get_consensus_range 1 9
same get_consensus_range 1 99
same get_consensus_range 9 1

# ---- transactions as they are ----
remote --dry-run update bob.id 3333333333333333333333333333333333333333
raw=$(member transaction)
remote --dry-run broadcast_transaction "$raw"
says operation accepted 'a dry run of a transaction'
done_by broadcast_transaction "$raw"
says operation accepted 'one that was built before'
remote broadcast_transaction "$raw"
is "$(member code)" conflict 'the same again'
like "$(cat "$err")" "The name server localhost:$port says: " 'in the words of the server'
remote broadcast_transaction 00
is "$(member code)" usage 'what is none'
remote update bob.id @/dev/null "$update"
is "$status" 2 'an update again'
like "$preorder" '^[0-9a-f]{64}$' 'a preorder has an id'

# ---- ways to it ----
for way in "server: 127.0.0.1, port: $port" "server: \"127.0.0.1:$port\"" "servers: [\"unix:$socket\"]" "server: \"unix:$socket\"" \
  "servers: [\"127.0.0.1:1\", \"localhost:$port\"]"; do
  configured "{provider: blockstored, $way}"
  remote getinfo
  is "$status" 0 "$way"
done
configured '{provider: blockstored, server: "[::1]:1"}'
remote getinfo
is "$status" 8 'an address of IPv6'
like "$(cat "$err")" 'name server \[::1\]:1 cannot be reached' 'is taken for one'
configured '{provider: blockstored, server: no-such-host.invalid}'
remote getinfo
is "$status" 8 'a host that there is not'
like "$(cat "$err")" 'name server no-such-host.invalid:6264 cannot be found: ' 'is not found'
configured "{provider: blockstored, server: \"unix:$work/nowhere\"}"
remote ping
is "$status" 8 'a socket that there is not'

done_testing
