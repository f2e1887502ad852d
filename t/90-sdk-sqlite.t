#!/bin/sh
# SPDX-License-Identifier: MIT
# The driver of examples/driver, as an operator meets it: what it makes, what it refuses and how it says so, two processes at
# once, a full disk.  What every driver has to do, blockstore-driver-test tries.
sdk_tools=sqlite3
. "${srcdir:-$(dirname "$0")/..}/t/lib/sdk.sh"
copy_example driver "$work/example"
make -s -C "$work/example" -f plain.mk >"$work/make" 2>&1 || { echo 'Bail out! plain.mk'; cat "$work/make"; exit 1; }
mkdir "$work/drivers" "$work/s" && cp "$work/example/sqlite.so" "$work/drivers"
cd "$work/s" || exit 1

# store FILE [LINE]: what the store of that database says of itself: its error, or its report.
store() {
  use_driver "$work/drivers" sqlite "$1"
  printf '%s\n' "state_dir: $HOME/state" 'timeouts: {operation: 20s}' >>"$config"
  if [ -n "${2-}" ]; then sed -i "/file:/a\\    $2" "$config"; fi
  cli -c "$config" -k "$HOME/key" stores
  error=$(member stores.0.error)
}
refused_store() { # WHAT REGEX FILE [LINE]
  store "$3" "${4-}"
  like "$status $error" "^1 .*$2" "$1"
}
use() { # STATUS WHAT ARGUMENT...
  expected=$1 what=$2
  shift 2
  exits "$expected" "$what" -c "$config" -k "$HOME/key" "$@"
}

# ---- what it makes ----

store "$work/s/objects.db"
is "$status $(member stores.0.healthy) $(member stores.0.report.unused)" '0 true 0' 'a new database is a store'
is "$(stat -c %a objects.db)" 600 'of its owner alone'
is "$(ls)" objects.db 'and one file'
is "$(sqlite3 objects.db 'PRAGMA application_id; PRAGMA user_version; PRAGMA journal_mode')" "$(printf '1112756529\n1\nwal')" \
  'which says whose it is'
cli keygen "$HOME/key"
use 0 'a name' register alice.id
use 0 'an empty object' put_immutable alice.id ''
head -c 3000000 /dev/urandom >large
use 0 'one of several pieces' put_immutable alice.id @large
use 0 'comes back' get_immutable alice.id "$(sha256 large)" -o copy
succeeds 'as it was' cmp large copy
use 0 'and the empty one' get_immutable alice.id "$(sha256 </dev/null)" -o copy
is "$(stat -c %s copy)" 0 'as empty as it was'
ln -s objects.db link.db
: >none.db && chmod 600 none.db
store "$work/s/link.db"
is "$status $(member stores.0.report.size)" "0 $(stat -c %s objects.db)" \
  'a link leads to the same store'
store "$work/s/none.db" 'must_exist: true'
is "$status" 0 'an empty file becomes a store'
store "$work/s/objects.db"

# ---- ids and URLs ----

long=$(printf '%0700d' 7)
for id in status 'a/b c?d#e%20' "$(printf '\303\244\302\240')" '..' "$long"; do
  use 0 "an id: $(printf %.20s "$id")" put_mutable alice.id "$id" "$id"
  use 0 'is found by its URL' get_mutable alice.id "$id"
  says data "$id" 'with its data'
done
scope=$(sqlite3 objects.db "SELECT substr(name, 9, 8) FROM object WHERE name LIKE 'mutable/%:status'")
is_empty "$(for name in 'a%2Fb%20c%3Fd%23e%2520' '%C3%A4%C2%A0' '..'; do
  [ "$(sqlite3 objects.db "SELECT count(*) FROM object WHERE name = 'mutable/$scope:alice.id:$name'")" = 1 ] || echo "$name"
done)" 'an id stands in its row, escaped'
hash=$(printf '%s' "$scope:alice.id:$long" | sha256)
is "$(sqlite3 objects.db "SELECT count(*) FROM object WHERE name = 'mutable/sha256=$hash'")" 1 \
  'or its hash'

# ---- refusals ----

: >text && echo 'this is a text, and long enough to be looked at by whoever takes it for a database; it is none at all' >text
cp text before
refused_store 'a text' "$work/s/text: The file cannot be read as a database: file is not a database" "$work/s/text"
succeeds 'which is left alone' cmp text before
sqlite3 other.db 'CREATE TABLE object (name, data)'
cp other.db before
refused_store 'the database of another program' \
  'other\.db: This is a database of another program: name a new file' "$work/s/other.db"
succeeds 'which is left alone' cmp other.db before
sqlite3 marked.db 'PRAGMA application_id = 7; VACUUM'
refused_store 'an empty one that is marked as theirs' 'of another program' "$work/s/marked.db"
cp objects.db later.db && sqlite3 later.db 'PRAGMA user_version = 2' && rm -f later.db-*
refused_store 'one of a later driver' 'another version of the driver \(schema 2, 1 was expected\)' "$work/s/later.db"
refused_store 'a directory' "$work/s: A regular file was expected: name the database, not its directory" "$work/s"
mkfifo fifo
refused_store 'a pipe' 'fifo: A regular file was expected' "$work/s/fifo"
refused_store 'a directory that is not there' \
  'gone/objects\.db: The database cannot be made: No such file or directory' "$work/s/gone/objects.db"
refused_store 'one that must exist' \
  'absent\.db: The database cannot be found: No such file' "$work/s/absent.db" 'must_exist: true'
fails 'and is not made' test -e absent.db
ln -s absent.db dangling.db
refused_store 'a link that leads nowhere' 'dangling\.db: The database cannot be found: No such file' "$work/s/dangling.db"
deep=$work/s
for _ in 1 2 3 4 5 6 7; do deep=$deep/$(printf '%0210d' 0); done
mkdir -p "$deep"
refused_store 'a path too long for a URL' 'too long for the URLs of the records: 1438 bytes' "$deep/objects.db"
use_driver "$work/drivers" sqlite '' && sed -i /file:/d "$config"
cli -c "$config" stores
like "$status $(cat "$err")" '^2 .*"file"' 'no file at all'

# ---- damage and trouble ----

store "$work/s/objects.db"
cp objects.db damaged.db
dd if=/dev/zero of=damaged.db bs=4096 seek=1 count=3 conv=notrunc status=none
store "$work/s/damaged.db"
like "$status $error" '^1 .*damaged\.db: .*malformed' 'a damaged database says so'
store "$work/s/objects.db"
use 0 'it is there' put_mutable alice.id status there
mv objects.db moved.db
sleep 0.1 # no test of time: the next process begins anew
store "$work/s/objects.db" 'must_exist: true'
like "$error" 'cannot be found' 'one that was taken away'
mv moved.db objects.db
store "$work/s/objects.db"

# Another program locks it, for good and for a moment.
lock() {
  mkfifo "$work/lock-$1"
  sqlite3 objects.db <"$work/lock-$1" >"$work/locked" &
  exec 7>"$work/lock-$1"
  printf 'BEGIN IMMEDIATE;\nSELECT 1;\n' >&7
  until [ -s "$work/locked" ]; do sleep 0.05; done
}
unlock() {
  exec 7>&-
  wait
  rm "$work/locked"
}
lock good
use 7 'a put into a locked database' put_mutable alice.id status locked
like "$(cat "$out")" \
  'objects\.db: Another program has kept the database locked for 5 seconds: end it, or try again later' 'says so'
use 0 'which can be read' get_mutable alice.id status
unlock
lock moment
(sleep 1; printf 'ROLLBACK;\n' >&7) 7>&7 &
use 0 'who finds it locked waits' put_mutable alice.id status waited
unlock

# Four processes at once.
for one in 1 2 3 4; do
  (for number in 1 2 3 4 5; do
    "$prefix/bin/blockstore-cli" -c "$config" -k "$HOME/key" put_immutable alice.id "$one $number" || echo "$one $number"
  done >"$work/out-$one" 2>&1) &
done
wait
is "$(cat "$work"/out-? | grep -c '"txid"')" 20 'processes put at once'
is "$(sqlite3 objects.db 'PRAGMA integrity_check')" ok 'and the database is sound'

# The disk is full, or the power is cut, at one call after the other of a put.
faulty() {
  status=0
  env "$1" LD_PRELOAD="$builddir/t/lib/.libs/faults.so" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
    "$prefix/bin/blockstore-cli" -c "$config" -k "$HOME/key" put_mutable alice.id status "$1" >"$out" 2>"$err" || status=$?
}
for point in $(seq 1 2 60); do
  faulty FAULT_ERRNO="$point+:ENOSPC"
  cat "$out"
  [ "$(sqlite3 objects.db 'PRAGMA integrity_check')" = ok ] || echo "damaged at $point"
  faulty FAULT_KILL="$point"
  [ "$status" = 0 ] || killed=$((${killed-0} + 1))
  [ "$(sqlite3 objects.db 'PRAGMA integrity_check')" = ok ] || echo "damaged when killed at $point"
  cli -c "$config" get_mutable alice.id status
  [ "$status" = 0 ] || echo "unreadable after $point: $(cat "$err")"
done >"$work/faults"
like "$(cat "$work/faults")" '"code": "no_space"' 'a full disk is told'
like "$(cat "$work/faults")" 'objects\.db: .*: database or disk is full' 'by its sentence'
[ "${killed-0}" -ge 5 ]
report $? 'the power was cut'
is_empty "$(grep -E 'damaged|unreadable' "$work/faults")" 'nothing was lost by it'

# ---- another user ----

if [ "$(id -u)" = 0 ]; then
  user=65534
  as_user="setpriv --reuid=$user --regid=$user --clear-groups"
  chmod 755 "$work" "$work/s"
  chown -R $user "$HOME"
fi
if ${as_user-} test -x "$prefix/bin/blockstore-cli"; then
  chmod 400 objects.db
  [ -z "${as_user-}" ] || chown 65534 objects.db
  cli() {
    status=0
    ${as_user-} "$prefix/bin/blockstore-cli" "$@" >"$out" 2>"$err" || status=$?
  }
  refused_store 'a file that may only be read' 'objects\.db: The file may not be written' "$work/s/objects.db"
  chmod 000 objects.db
  refused_store 'one that may not be read' 'objects\.db: The database cannot be opened: unable to open' "$work/s/objects.db"
else
  skip 'another user cannot reach the build folder'
  skip 'another user cannot reach the build folder'
fi
done_testing
