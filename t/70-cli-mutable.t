#!/bin/sh
# SPDX-License-Identifier: MIT
# put_mutable, get_mutable, delete_mutable, explain, pending: their options, documents and exit statuses.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id
store=$HOME/.local/share/blockstore
state=$HOME/.local/state/blockstore

exits 0 'put the first version' put_mutable alice.id notes 'hello, world'
is_document 'it prints a document'
says name alice.id 'name'
says id notes 'id'
says ver 1 'ver'
like "$(member z)" '^[0-9a-f]{64}$' 'z'
like "$(member txid)" '^[0-9a-f]{64}$' 'txid'
txid=$(member txid)
says stores.0.ok true 'stores'

exits 0 'get it' get_mutable alice.id notes
is_document 'it prints a document'
says data 'hello, world' 'data'
says ver 1 'ver'
says size 12 'size'
says expires null 'expires'
says first_seen false 'first_seen: the writer saw it'
says proven local 'proven'
says conflicts '[]' 'conflicts'
says route.id notes 'route'
says stores.0.believed true 'stores'
like "$(member signer)" '^1' 'signer'
like "$(member sig)" '^v2:' 'sig'

exits 0 'put-mutable, a file' put-mutable alice.id notes @"$BLOCKSTORE_KEY_FILE"
says ver 2 'the next version'
says txid null 'without a transaction'
printf 'a\0b\377\n' | "$builddir/run" blockstore-cli put_mutable alice.id notes - >"$out" 2>"$err"
is "$?" 0 'put from a pipe'
exits 0 'get binary' get_mutable alice.id notes
says data_base64 YQBi/wo= 'in base64'
printf 'a\0b\377\n' >"$work/binary"
exits 0 'get --raw' get_mutable --raw alice.id notes
succeeds 'the bytes alone' cmp "$out" "$work/binary"
exits 0 'get -o FILE' get_mutable alice.id notes -o "$work/to"
succeeds 'the file has them' cmp "$work/to" "$work/binary"
is_document 'and stdout the document'
says data_base64 null 'without them'
exits 0 'put nothing' put_mutable alice.id notes ''
exits 0 'get nothing' get_mutable alice.id notes
says data '' 'nothing is text'
exits 0 'an id that is a path' put_mutable alice.id ../../etc/passwd x
exits 0 'an id behind --' put_mutable alice.id -- -notes x
exits 0 'get it' get_mutable alice.id -- -notes

# ---- versions ----
exits 0 'put --ver' put_mutable alice.id notes ten --ver 10
says ver 10 'that version'
refused 4 stale 'version 10 is known' put_mutable alice.id notes nine --ver 9
refused 2 usage '2\^20' put_mutable alice.id notes far --ver 2000000
exits 0 'put --force' put_mutable alice.id notes far --ver 2000000 --force
for bad in 0 -1 1x '' 9007199254740991 9007199254740992 99999999999999999999 ' 1'; do
  cli put_mutable alice.id notes x --ver="$bad"
  is "$status" 2 "--ver '$bad'"
done
refused 2 usage 'from 1 to 2\^53-2 was' put_mutable alice.id notes x --ver 9007199254740991
for bad in soon 0 -1 253402300800 9007199254740991 99999999999999999999; do
  refused 2 usage '--expires: A number from 1 to 253402300799' put_mutable alice.id notes x --expires="$bad"
done
for past in 1 1000000000 "$(date +%s)"; do
  refused 2 usage "--expires: The time $past is past: it is [0-9]* now" put_mutable alice.id notes x --expires "$past"
done
exits 0 'the latest time' put_mutable alice.id brief x --expires 253402300799
refused 2 usage '--ver-min: A number' get_mutable alice.id notes --ver-min 0
refused 2 usage '--ver-max: A number' get_mutable alice.id notes --ver-max x
exits 0 'get --ver-min' get_mutable alice.id notes --ver-min 2000000 --ver-max 2000000
refused 4 stale 'below ver_min' get_mutable alice.id notes --ver-min 2000001
refused 3 not_found 'within the bounds' get_mutable alice.id notes --ver-max 5
refused 2 usage '64 lower-case' get_mutable alice.id notes --z 12
exits 0 'put --expires' put_mutable alice.id brief x --expires 4000000000
exits 0 'get it' get_mutable alice.id brief
says expires 4000000000 'its expiry'
expires=$(($(date +%s) + 3))
exits 0 'put what expires soon' put_mutable alice.id brief y --expires $expires
while [ "$(date +%s)" -lt $expires ]; do sleep 0.2; done
refused 4 expired 'has expired' get_mutable alice.id brief

# ---- what is not there ----
refused 3 not_found 'no route' get_mutable alice.id none
for digits in 40 64; do
  key=$(printf "%0${digits}d" 7)
  cli explain alice.id "$key"
  like "$(member why)" 'no route to the data 0*7\.  Immutable data, .* a key, has no versions: get_immutable gets it\.$' "explain with $digits digits"
done
cli explain alice.id none
like "$(member why)" 'no route to the data none\.$' 'and with another id'
refused 3 not_found 'none is to be made' put_mutable alice.id none x --no-create
refused 3 not_found nobody.id get_mutable nobody.id notes
refused 3 not_found nobody.id put_mutable nobody.id notes x
refused 2 usage 'id' get_mutable alice.id ''
refused 2 usage 'id' put_mutable alice.id "$(printf '\377')" x
refused 2 usage "$work/none" put_mutable alice.id notes "@$work/none"
cli keygen "$work/other"
refused 9 denied alice.id -k "$work/other" put_mutable alice.id notes mine
refused 9 denied alice.id -k "$work/other" delete_mutable alice.id notes
exits 0 'put again with the txid' put_mutable alice.id notes far --txid "$txid"
says txid "$txid" 'no other transaction was sent'
refused 2 usage '64 lower-case' put_mutable alice.id notes x --txid 12

# ---- more stores ----
cat >"$work/two.yaml" <<END
stores:
  - {name: home, driver: disk, root: $store}
  - {name: second, driver: disk, root: $work/second}
END
exits 0 'put with a new store' -c "$work/two.yaml" put_mutable alice.id notes wide
says missing_from_route '["second"]' 'it is missing from the route'
exits 0 'put --reroute' -c "$work/two.yaml" put_mutable alice.id notes wider --reroute
like "$(member txid)" '^[0-9a-f]{64}$' 'takes a transaction'
exits 0 'explain' -c "$work/two.yaml" explain alice.id notes
is_document 'it prints a document'
says believed true 'believed'
says stores.0.store home 'each store'
says stores.1.in_route true 'and whether the route names it'
like "$(member seen_before.ver)" '^20000' 'what was seen before'
exits 0 'explain what is not there' explain alice.id none
says believed false 'not believed'
says code not_found 'and why'

# ---- another reader finds an older copy ----
find "$work/second/mutable" -type f -name '*notes' -exec cp {} "$work/old" \;
cli -c "$work/two.yaml" put_mutable alice.id notes newest
newest=$(member ver)
sed "1i state_dir: $work/state2\nnames: {ledger: $state/ledger.db}" "$work/two.yaml" >"$work/reader.yaml"
exits 0 'a new reader' -c "$work/reader.yaml" get_mutable alice.id notes
says first_seen true 'is told that nothing older is known'
like "$(member warning)" 'newest cannot be told' 'in words, too'
find "$store/mutable" "$work/second/mutable" -type f -name '*notes' -exec cp -f "$work/old" {} \;
refused 4 stale "older than version $newest" -c "$work/reader.yaml" get_mutable alice.id notes
exits 0 'explain says why' -c "$work/reader.yaml" explain alice.id notes
says code stale 'stale'
like "$(member stores.0.why)" 'older than a version' 'for each store'

# ---- with --raw, what the document would tell goes to stderr ----
# raw CONFIG WHAT DATA WARNINGS ARGUMENT...: a get that gives DATA, and so many warnings, each a line.
raw() {
  config=$1 what=$2 data=$3 warnings=$4
  shift 4
  cli -c "$work/$config.yaml" get_mutable alice.id rivals --raw "$@"
  is "$status $(cat "$out")" "0 $data" "$what"
  is "$(grep -c '^blockstore-cli: warning: ' "$err") $(wc -l <"$err")" "$warnings $warnings" "$what: the warnings"
}
cat >"$work/one.yaml" <<END
stores:
  - {name: home, driver: disk, root: $store}
END
cat >"$work/device.yaml" <<END
state_dir: $work/state3
names: {ledger: $state/ledger.db}
stores:
  - {name: second, driver: disk, root: $work/second}
END
sed "s|^state_dir.*|state_dir: $work/state4|; s|^names.*|names: {ledger: $state/ledger.db}|" "$work/reader.yaml" >"$work/reader4.yaml"
exits 0 'one device puts' -c "$work/one.yaml" put_mutable alice.id rivals one --ver 7
z=$(member z)
raw one 'its own get' one 0
raw reader 'a reader who has seen nothing' one 1
like "$(cat "$err")" 'warning: No version of this data was seen before' 'is told so'
raw reader 'the same reader again' one 0
cp -R "$store/immutable/." "$work/second/immutable" # the user record
exits 0 'another device signs the same version' -c "$work/device.yaml" put_mutable alice.id rivals two --ver 7
raw two 'the first device sees both' one 1
like "$(cat "$err")" "warning: Other content was signed for version 7, too: .* $z; .*explain" 'and is told so'
exits 0 'without --raw' -c "$work/two.yaml" get_mutable alice.id rivals
is "$(cat "$err")" '' 'the document says it, stderr nothing'
raw reader4 'a new reader who chooses' one 2 --z "$z"

# ---- writes that are not done ----
exits 0 'pending' pending
is_document 'it prints a document'
says versions '[]' 'no versions'
says user_records '[]' 'no user records'
says operations '[]' 'no operations: on this chain none waits'
refused 2 key 'There is no such file with a key' -k "$work/none" pending --resume
exits 0 'pending --resume' pending --resume
says operations '[]' 'with the same document'
says failed '[]' 'and nothing that could not be published'
refused 2 usage 'explain has no option --resume;' explain alice.id notes --resume
rm -rf "$work/second" && : >"$work/second"
refused 7 too_few second -c "$work/two.yaml" put_mutable alice.id notes 'not everywhere'
exits 0 'pending' pending
says versions.0.id notes 'it shows the id'
says versions.0.name alice.id 'the name'
says versions.0.ver "$((newest + 1))" 'the version'
exits 0 'the put is repeated' put_mutable alice.id notes 'not everywhere'
says ver "$((newest + 1))" 'with the same version'
cli pending
says versions '[]' 'and is done'

# ---- delete ----
exits 0 'delete' delete_mutable alice.id notes
is_document 'it prints a document'
says ver "$((newest + 2))" 'its version'
refused 3 deleted "by version $((newest + 2))" get_mutable alice.id notes
exits 0 'delete twice' delete_mutable alice.id notes
says ver null 'no version was written'
exits 0 'delete nothing' delete_mutable alice.id none
exits 0 'put anew' put_mutable alice.id notes anew
says ver "$((newest + 3))" 'above the deletion'
exits 0 'delete --purge' delete_mutable alice.id notes --purge
is "$(find "$store/mutable" -type f -name '*Anotes')" '' 'the bytes are gone'
refused 3 deleted 'deleted' get_mutable alice.id notes

# ---- help ----
for command in put_mutable get_mutable delete_mutable explain pending; do
  exits 0 "help $command" help $command
  like "$(cat "$out")" "^Usage: blockstore-cli $command \\[OPTION" 'it has the usage'
done
refused 2 usage 'too few arguments; write: blockstore-cli put_mutable NAME ID DATA$' put_mutable alice.id notes
refused 2 usage 'too few arguments; write: blockstore-cli get_mutable NAME ID$' get_mutable alice.id
refused 2 usage 'too many arguments; write: blockstore-cli delete_mutable NAME ID$' delete_mutable alice.id notes x
refused 2 usage 'too many arguments; write: blockstore-cli pending$' pending x
refused 2 usage 'get_mutable has no option --ver;' get_mutable alice.id notes --ver 1
refused 2 usage 'put_mutable has no option --purge' put_mutable alice.id notes x --purge
refused 2 usage 'explain has no option --output' explain alice.id notes -o x
done_testing
