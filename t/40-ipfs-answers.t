#!/bin/sh
# SPDX-License-Identifier: MIT
# The ipfs driver with a node whose every answer is given here: what Kubo does and the node of the other tests does not, what
# others do at the same time, and what it asks for then.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=ipfs
. "$srcdir/t/lib/drive.sh"
. "$srcdir/t/lib/ipfs.sh"
own_server answers
node=http://127.0.0.1:$ANSWERS_PORT
name=k51qzi5uqu5dht4ml893x3a0zq6x4yfuz3qxdudbq6zs4ncb207u6xdkl0adxi
other_name=${name%i}j

echo record >"$work/record"
key=$(sha256 "$work/record")

content=$(cid "$key")
other=$(cid "$(echo other | sha256sum | cut -d ' ' -f 1)")

# answer FILE CODE [BODY]
answer() {
  printf 'HTTP/1.1 %s x\r\nContent-Length: %d\r\n\r\n%s' "$2" "${#3}" "$3" >"$ANSWERS_ROOT/$1"
}
# says [BODY], refuses MESSAGE, hangs: the next answer, after those that were said before.  The node begins with none, and what is
# not said it does, without a word.
begin() {
  rm -f "$ANSWERS_ROOT"/POST* "$ANSWERS_ROOT/requests"
  answer POST 200 ''
  said_so_far=0
}
next() {
  said_so_far=$((said_so_far + 1))
  printf 'POST-once%02d' $said_so_far
}
says() {
  for body in "${@:-}"; do
    next >"$work/next"
    answer "$(cat "$work/next")" 200 "$body"
  done
}
refuses() {
  next >"$work/next"
  answer "$(cat "$work/next")" 500 "{\"Message\":\"$1\",\"Code\":0,\"Type\":\"error\"}"
}
hangs() {
  next >"$work/next"
  printf 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n' >"$ANSWERS_ROOT/$(cat "$work/next")"
}

# asked: the commands, in order; queries COMMAND: what else such have in their queries.
asked() {
  sed -n 's/^POST \/api\/v0\/\([a-z/]*\)?.*/\1/p' "$ANSWERS_ROOT/requests" | paste -sd ' '
}
queries() {
  sed -n "s|^POST /api/v0/$1?timeout=[0-9]*ms||; s| HTTP/1.1\$||p" "$ANSWERS_ROOT/requests" | grep '^&'
}
stat() {
  printf '{"Hash":"%s","Size":%d,"Type":"file"}' "$1" "${2-7}"
}
is_taken='cp: cannot put node in path: directory already has entry by that name'
with="rpc=$node search=0s publish=0s ipns_name=$name"

# put STATUS WHAT: of the record.
# shellcheck disable=SC2086 # $with is several options, here and below
put() {
  calls "$1" "$2" $with <<END
put_mutable id $work/record
END
}
# keep STATUS WHAT: of the same as immutable data.
# shellcheck disable=SC2086
keep() {
  calls "$1" "$2" $with <<END
put_immutable $key $work/record
END
}

# Records: written beside the directory that is published, then moved into it.
begin
says '' "$(stat "$content")"
put OK 'a record is put'
is "$(asked)" 'files/write files/stat files/mv files/rm' 'by a write, a look, a move and a broom'
label=$(queries files/mv | sed 's/.*\(mutable\/..\/..\/[^&]*\).*/\1/')
like "$(queries files/write)" "^&arg=/blockstore\.tmp/[0-9a-f]{16}-[0-9a-f]{16}/${label##*/}&" 'it is written beside the directory'
like "$(queries files/mv)" "^&arg=/blockstore\.tmp/[0-9a-f-]{33}/${label##*/}&arg=/blockstore/mutable/../../${label##*/}&" 'and moved into it'
like "$(queries files/rm)" '^&arg=/blockstore\.tmp/[0-9a-f-]{33}&recursive=true$' 'nothing stays'

begin
says '' "$(stat "$content")"
refuses 'file does not exist'
put OK 'a node that makes no directories when it moves'
is "$(asked)" 'files/write files/stat files/mv files/mkdir files/mv files/rm' 'is asked for them'

begin
says '' "$(stat "$content")"
refuses "$is_taken"
refuses "$is_taken"
put OK 'somebody puts the same record at the same time'
is "$(asked)" 'files/write files/stat files/mv files/mv files/mv files/rm' 'it is moved again, and written nowhere else'
like "$(queries files/mv | sed 1d)" '&arg=/blockstore/mutable/../../&' 'into the directory, which replaces on js-ipfs, too'

begin
says '' "$(stat "$content")"
for again in 1 2 3 4 5 6 7 8 9 10 11; do refuses "$is_taken"; done
put TRANSIENT 'somebody does so all the time'
told 'is replaced by others all the time' 'is told'
is "$(asked | sed 's/files\/mv //g')" 'files/write files/stat files/rm' 'the record that stands there is not touched'

begin
says '' "$(stat "$content" 3)"
put TRANSIENT 'a node that has not all of it'
told 'has not all of the 7 bytes' 'is told'
is "$(asked)" 'files/write files/stat files/rm' 'and puts nothing in its place'
begin
put FAILED 'what says yes to all and means nothing by it'
told 'did not say' 'is told'

begin
hangs
# shellcheck disable=SC2086
calls CANCELLED 'the deadline comes amid a record' $with <<END
deadline 1500
put_mutable id $work/record
END
is "$(asked)" 'files/write files/rm' 'what is there of it goes'

# Immutable data.
begin
says "{\"Name\":\"data\",\"Hash\":\"$content\"}"
refuses "path '$content' is not pinned"
keep OK 'a datum is put'
is "$(asked)" 'add pin/ls pin/add files/cp pin/rm' 'pinned until it is linked'
begin
says "{\"Name\":\"data\",\"Hash\":\"$content\"}" "{\"Keys\":{\"$content\":{\"Type\":\"recursive\"}}}"
keep OK 'the same, when the user has pinned it'
is "$(asked)" 'add pin/ls files/cp' 'whose pin is left alone'
begin
says "{\"Name\":\"data\",\"Hash\":\"$content\"}"
refuses "path '$content' is not pinned"
says ''
refuses 'disk: EIO'
keep TRANSIENT 'a datum that cannot be linked'
told 'cannot be put in its place: the server answered 500 Internal Server Error: disk: EIO' 'why, is told'
is "$(asked)" 'add pin/ls pin/add files/cp pin/rm' 'and the pin goes'
begin
says "{\"Name\":\"data\",\"Hash\":\"$content\"}"
refuses "path '$content' is not pinned"
says '' ''
refuses 'disk: EIO'
keep OK 'a pin that stays'
told 'stays pinned, also when it is deleted here' 'is told'

begin
says "{\"Name\":\"data\",\"Hash\":\"$content\"}" ''
refuses "$is_taken"
says "$(stat "$other")" ''
refuses "$is_taken"
says "$(stat "$content")"
keep OK 'two repair a damaged datum at once'
is "$(asked)" 'add pin/ls files/cp files/stat files/rm files/cp files/stat' 'and find it repaired'
begin
says "{\"Name\":\"data\",\"Hash\":\"$content\"}" ''
for again in 1 2 3 4 5 6 7 8 9 10; do
  refuses "$is_taken"
  says "$(stat "$other")" ''
done
keep TRANSIENT 'somebody damages it all the time'
told 'is changed by others all the time' 'is told'
begin
says "{\"Name\":\"data\",\"Hash\":\"$content\"}" ''
refuses 'file does not exist'
keep FAILED 'a node that has lost what it was sent'
told 'cannot be put in its place: file does not exist' 'is told'
begin
# shellcheck disable=SC2086
calls OK 'a datum is deleted' $with <<END
delete_immutable $key
END
is "$(asked)" 'files/rm' 'by its link alone: no pin is touched'

# Publishing.
with="rpc=$node search=0s ipns_name=$name"
begin
third=$(cid "$(echo third | sha256sum | cut -d ' ' -f 1)")
says '' "$(stat "$content")" '' '' "$(stat "$content")" '{}' "$(stat "$other")" '{}' "$(stat "$third")" '{}' "$(stat "$content")"
put OK 'another process puts while this one publishes'
is "$(asked)" 'files/write files/stat files/mv files/rm files/stat name/publish files/stat name/publish' 'so it publishes again, but not for ever'
is "$(queries name/publish | grep -oE 'arg=[^&]*' | paste -sd ' ')" "arg=/ipfs/$content arg=/ipfs/$other" 'what the directory has become'
fails 'what it put is published' grep -q 'log: ' "$said"
begin
says '' "$(stat "$content")" '' '' "$(stat "$content")" '{}' "$(stat "$other")"
refuses 'no time'
put OK 'it cannot publish again'
fails 'though what it put is published' grep -q 'log: ' "$said"
begin
says '' "$(stat "$content")" '' '' "$(stat "$content")"
hangs
# shellcheck disable=SC2086
calls OK 'a node that publishes for ever' $with <<END
deadline 6000
put_mutable id $work/record
END
told 'did not publish it (changes: 1), for which it had' 'is told'
most=$(sed -n 's/^POST .*name\/publish?timeout=\([0-9]*\)ms.*/\1/p' "$ANSWERS_ROOT/requests")
succeeds "it may take a quarter of the time that is left: ${most:-?} ms" test "${most:-9999}" -le 1500
begin
says '' "$(stat "$content")" '' '' "$(stat "$content")"
refuses 'no key by the given name was found'
put OK 'a node that does not publish'
told 'did not publish it' 'is told'
begin
says ''
refuses 'file does not exist'
# shellcheck disable=SC2086
calls OK 'what was never put is deleted' $with <<END
delete_mutable id
END
fails 'and nothing is to be published' grep -q 'log: ' "$said"

# The key: made by a put that is published, by who asks where a record lies, and by who looks at the store.
for publish in 0s 30s; do
  begin
  says '' "$(stat "$content")" '' ''
  [ "$publish" = 0s ] || says "$(stat "$content")"
  says '{"Keys":[]}' "{\"Name\":\"blockstore\",\"Id\":\"$name\"}"
  [ "$publish" = 0s ] || says '{}' "$(stat "$content")"
  calls 'OK OK' "a record is put where there is no key, publish=$publish" rpc="$node" publish="$publish" <<END
put_mutable id $work/record
make_mutable_url id
END
  like "$(asked)" '^files/write files/stat files/mv files/rm (files/stat )?key/list key/gen( name/publish files/stat)?$' 'it is made'
  told "ipns://$name/mutable/" 'and is not asked for again'
done
begin
says '{"Keys":[]}'
refuses 'keystore is read-only'
calls TRANSIENT 'where none can be made there is no URL' rpc="$node" <<END
make_mutable_url id
END
is "$(asked)" 'key/list key/gen' 'of a node that was asked for it'
told 'cannot be made: the server answered 500 Internal Server Error: keystore is read-only' 'which is told'
begin
calls OK 'a store whose name is known' rpc="$node" ipns_name="$name" <<END
make_mutable_url id
END
fails 'is not asked' test -e "$ANSWERS_ROOT/requests"
begin
hangs
calls FAILED 'a node that does not tell its name' rpc="$node" <<END
make_mutable_url id
END
told 'did not tell its IPNS name in 2 s: where ipns_name is set it is not asked' 'is not waited for'
begin
hangs
calls CANCELLED 'though the deadline may come before' rpc="$node" <<END
deadline 1000
make_mutable_url id
END

# Each directory has its own.
# key_of OPTION...: what key the store gets.
key_of() {
  begin
  says '{"Version":"0.30.0"}' '{"Keys":[]}' "{\"Name\":\"x\",\"Id\":\"$name\"}"
  drive rpc="$node" "$@" <<END || :
check
END
  queries key/gen | sed 's/^&arg=\([^&]*\).*/\1/'
}
is "$(key_of directory=/blockstore)" blockstore 'the key of /blockstore'
is "$(key_of directory=/second)" blockstore-second 'of /second'
is "$(key_of directory=/a/B)" blockstore-a%252F%2542 'of /a/B: as labels are'
is "$(key_of directory=/a/B key=mine)" mine 'the one that is set'

# Health: the node, then the gateways.
version='{"Version":"0.30.0"}'
keys="{\"Keys\":[{\"Name\":\"self\",\"Id\":\"$other_name\"},{\"Name\":\"blockstore\",\"Id\":\"$name\"}]}"
check() {
  status=$1 what=$2
  shift 2
  calls "$status" "$what" rpc="$node" "$@" <<END
check
END
}
begin
says "$version" "$keys"
refuses 'file does not exist'
says "$(stat "$content" 0)" "{\"Path\":\"/ipfs/$content\"}" '{"Peers":[{},{}]}'
check OK 'the node is looked at'
is "$(asked)" 'version key/list files/ls files/stat name/resolve swarm/peers' 'by these'
told "\"ipns_name\": \"$name\"" 'its name is told'
told '"published": true' 'and that it stands for the directory'
told '"peers": 2' 'and who would fetch from it'
begin
says "$version" "$keys" '{"Entries":null}' "$(stat "$content" 0)" "{\"Path\":\"/ipfs/$other\"}" '{"Peers":[]}'
check OK 'a name that stands for another directory'
told '"published": false' 'is told'
told "\"ipns_target\": \"/ipfs/$other\"" 'with what it stands for'
told 'publishes another directory' 'and what that may be'
begin
says "$version" "$keys" '{"Entries":null}' "$(stat "$content" 0)"
refuses 'could not resolve name'
check OK 'a name that stands for nothing yet'
told '"published": false' 'is told, too'
begin
says "$version" "$keys"
refuses 'file does not exist'
refuses 'file does not exist'
check OK 'a store without a put'
fails 'has nothing to publish' grep -q published "$said"

begin
says "$version" "$keys"
check FAILED 'another key than ipns_name says' ipns_name="$other_name"
told "which publishes, is $name" 'is told'
begin
says "$version" '{"Keys":[]}'
check FAILED 'no key, where ipns_name says that there is one' ipns_name="$name"
told 'the node has no key "blockstore"' 'is told'
is "$(asked)" 'version key/list' 'and none is made'

begin
refuses 'version does not exist'
check FAILED 'a node that does not know its version'
told 'version does not exist' 'is told'
begin
check FAILED 'what says yes to all'
told 'it has no version' 'is no node'
begin
says "$version"
refuses 'keystore does not exist'
check FAILED 'a node that has lost its keys'
is "$(asked)" 'version key/list' 'is not made to have new ones'
begin
says "$version" ''
check FAILED 'a node that does not say what keys it has'
told 'what keys it has' 'is told'
begin
says "$version" '{"Keys":[]}'
refuses 'key does not exist'
check FAILED 'a node that makes no key'
told 'cannot be made: key does not exist' 'is told'

# What puts left that were broken off long ago.
old=$(printf '%016x' $(($(date +%s) - 90000))) now=$(printf '%016x' "$(date +%s)") future=$(printf '%016x' $(($(date +%s) + 90000)))
chance=0123456789abcdef
entries=
for each in "$old-$chance" "$now-$chance" "$future-$chance" "$old-x" notes; do entries="$entries,{\"Name\":\"$each\"}"; done
begin
says "$version" "$keys" "{\"Entries\":[${entries#,}]}" ''
refuses 'file does not exist'
check OK 'leftovers'
is "$(queries files/rm)" "&arg=/blockstore.tmp/$old-$chance&recursive=true" 'those of the day before yesterday go'
told '"temporaries_swept": 1' 'and are counted'
begin
says "$version" "$keys" "{\"Entries\":[${entries#,}]}"
refuses 'not allowed'
refuses 'file does not exist'
check OK 'leftovers that cannot be removed'
told 'What older puts left in /blockstore.tmp/ stays there: ' 'are told'
told 'not allowed' 'and why'
told '"temporaries_swept": 0' 'and the store is healthy'
begin
says "$version" "$keys"
refuses 'not allowed'
refuses 'file does not exist'
check OK 'leftovers that cannot be listed'
told 'stays there: ' 'neither spoil it'
# A time that no 32 bits hold is not none.
begin
says '' "$(stat "$content")" '' '' "$(stat "$content")"
calls OK 'a record may be published for fifty days' rpc="$node" ipns_name="$name" publish=4294967296ms <<END
put_mutable id $work/record
END
like "$(asked)" name/publish 'and is published'
done_testing
