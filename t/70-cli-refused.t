#!/bin/sh
# SPDX-License-Identifier: MIT
# Data that cannot be read or fetched, and outputs that cannot be written.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id
cli put_immutable alice.id 'the data'
key=$(printf 'the data' | sha256)
cli get_name_blockchain_record alice.id
before=$(cat "$out")

# unreadable WHAT DATA REGEX [STATUS]
unreadable() {
  cli put_immutable alice.id "$2"
  is "$status" "${4-2}" "put $1"
  like "$(cat "$err")" "$3" "put $1: why"
}
unreadable 'a missing file' "@$work/none" "$work/none.*No such file"
unreadable 'a missing file whose name is not UTF-8' "@$work/$(printf 'none\377')" 'none\?.*No such file'
unreadable 'a directory' "@$work" "$work.*(irectory|regular)"
ln -s loop "$work/loop"
unreadable 'a link to itself' "@$work/loop" "$work/loop"
if [ "$(id -u)" = 0 ]; then
  skip 'root reads every file'
else
  (umask 777; : >"$work/closed")
  unreadable 'a file that is closed' "@$work/closed" 'Permission denied' 9
fi
"$builddir/run" blockstore-cli put_immutable alice.id - <&- >"$out" 2>"$err"
like "$?" '^[12]$' 'put from a closed stdin'
"$builddir/run" blockstore-cli put_immutable alice.id - <"$work" >"$out" 2>"$err"
like "$?" '^[12]$' 'put from a directory on stdin'
cli get_name_blockchain_record alice.id
is "$(cat "$out")" "$before" 'none of these reached the chain'

refused 3 not_found nobody.id get_immutable nobody.id "$key"
refused 3 not_found "$(printf %064d 1)" get_immutable alice.id "$(printf %064d 1)"
for bad in '' 12 "$(printf %063d 1)" "$(printf %065d 1)" "$(printf %064d 1 | tr 1 g)" "$(printf %064d 1 | tr 1 A)" ../../etc/passwd; do
  cli get_immutable alice.id "$bad"
  is "$status" 2 "get '$bad'"
  cli delete_immutable alice.id "$bad"
  is "$status" 2 "delete '$bad'"
done
for name in alice a.b.c Alice.id; do
  cli get_immutable $name "$key"
  is "$status" 2 "get of $name"
  cli put_immutable $name x
  is "$status" 2 "put to $name"
done
cli keygen "$work/other"
refused 9 denied alice.id -k "$work/other" put_immutable alice.id 'not mine'
refused 9 denied alice.id -k "$work/other" delete_immutable alice.id "$key"
cli put_immutable alice.id x --txid nonsense
is "$status" 2 'put with a txid that is none'

cat >"$work/two.yaml" <<END
state_dir: $HOME/.local/state/blockstore
stores:
  - {name: home, driver: disk, root: $HOME/.local/share/blockstore}
  - {name: broken, driver: disk, root: $work/key/under-a-file}
replication: {write: {at_least: all}}
END
: >"$work/key"
refused 7 too_few 'broken' -c "$work/two.yaml" put_immutable alice.id 'to two stores'
is "$(member stores.0.ok) $(member stores.1.ok)" 'true false' 'the document says which store failed'
exits 0 'a get does without it' -c "$work/two.yaml" get_immutable alice.id "$key"

find "$HOME" -type f -exec grep -lxF 'the data' {} + >"$work/stored"
is "$(grep -c . "$work/stored")" 1 'the bytes lie in one store'
while read -r file; do chmod u+w "$file" && printf 'The data' >"$file"; done <"$work/stored"
echo kept >"$work/file"
cli get_immutable alice.id "$key" -o "$work/file"
is "$status" 5 'a changed byte is caught'
is "$(cat "$work/file")" kept 'and the file keeps what it had'
cli get_immutable alice.id "$key" --raw
is "$status $(cat "$out")" '5 ' 'and not a byte goes to stdout'
is "$(find "$work" -maxdepth 1 -type f -newer "$work/file" ! -name out ! -name err)" '' 'and nothing is left beside it'
done_testing
