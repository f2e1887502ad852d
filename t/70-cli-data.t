#!/bin/sh
# SPDX-License-Identifier: MIT
# Immutable data: every way in, every way out, byte for byte.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id

# put WHAT FILE DATA: stores DATA, which is what FILE holds, and gets it back.
put() {
  exits 0 "put $1" put_immutable alice.id "$3"
  key=$(sha256 "$2")
  says key "$key" "the key of $1"
  "$builddir/run" blockstore-cli get_immutable alice.id "$key" --raw >"$work/back" 2>"$err"
  succeeds "$1 comes back" cmp "$2" "$work/back"
  is "$(cat "$err")" '' "$1: nothing on stderr"
}

printf 'hello, world' >"$work/text"
put text "$work/text" 'hello, world'
is_document 'get and put: a document'
printf '@home' >"$work/at"
put 'text with an @' "$work/at" @@home
printf '' >"$work/nothing"
put 'no bytes at all' "$work/nothing" ''
printf 'a\0b\377\n' >"$work/binary"
put 'a file' "$work/binary" @"$work/binary"
head -c 3000000 /dev/urandom >"$work/large"
put 'a large file' "$work/large" @"$work/large"

"$builddir/run" blockstore-cli put_immutable alice.id - <"$work/large" >"$out" 2>"$err"
is "$?" 0 'put from a file on stdin'
says key "$(sha256 "$work/large")" 'its key'
head -c 2000000 "$work/large" | "$builddir/run" blockstore-cli put_immutable alice.id - >"$out" 2>"$err"
is "$?" 0 'put from a pipe'
key=$(head -c 2000000 "$work/large" | sha256)
says key "$key" 'its key'
is_document 'put prints a document'
exits 0 'put again is no error' put_immutable alice.id 'hello, world'
cli put_immutable alice.id 'with a txid'
txid=$(member txid)
exits 0 'put with the txid of an earlier try' put_immutable alice.id 'with a txid' --txid "$txid"
says txid "$txid" 'no other transaction was sent'
refused 2 usage 'other bytes' put_immutable alice.id 'other data' --txid "$txid"
printf -- '-5' >"$work/minus"
exits 0 'put after --' put_immutable alice.id -- -5
says key "$(sha256 "$work/minus")" 'its key'

key=$(sha256 "$work/text")
exits 0 'get text' get_immutable alice.id "$key"
is_document 'get prints a document'
says data 'hello, world' 'data'
says key "$key" 'key'
says name alice.id 'name'
says size 12 'size'
says proven local 'proven'
exits 0 'get binary' get-immutable alice.id "$(sha256 "$work/binary")"
is_document 'get of binary data prints a document'
says data_base64 YQBi/wo= 'in base64'
says data null 'and in no other way'
exits 0 'get nothing' get_immutable alice.id "$(sha256 "$work/nothing")"
says data '' 'nothing is text'
exits 0 'get with a deadline' get_immutable alice.id "$key" --deadline 5s
: >"$work/big"
perl -e 'truncate shift, 16 * 1048576 + 1' "$work/big"
cli put_immutable alice.id @"$work/big"
refused 2 too_large 'use --output or --raw' get_immutable alice.id "$(sha256 "$work/big")"
exits 0 'get -o -' get_immutable alice.id "$key" -o -
is "$(cat "$out")" 'hello, world' 'is --raw'

exits 0 'delete' delete_immutable alice.id "$key"
is_document 'delete prints a document'
refused 3 not_found "$key" get_immutable alice.id "$key"
exits 0 'delete again is no error' delete_immutable alice.id "$key"
exits 0 'delete --purge' delete_immutable alice.id "$(sha256 "$work/at")" --purge
is "$(find "$HOME" -type f -exec grep -lxF @home {} +)" '' 'the bytes are gone'
exits 0 'put what was deleted' put_immutable alice.id 'hello, world'
exits 0 'get it' get_immutable alice.id "$key"

# One store of two is enough, and the other is told of.
printf 'stores:\n  - {name: good, driver: disk, root: "%s"}\n  - {name: bad, driver: disk, root: "%s/data"}\n%s\n' \
  "$HOME/.local/share/blockstore" "$work/at" 'replication: {write: {at_least: 1}}' >"$work/two.yaml"
exits 0 'put with a store that fails' put_immutable alice.id 'to one store' -c "$work/two.yaml"
like "$(cat "$err")" '^blockstore-cli: warning: bad: ' 'which is told on standard error'
says stores.1.ok false 'and in the document'
done_testing
