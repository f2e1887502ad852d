#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 before each call that changes a file: nothing that was acknowledged is lost, and the command can be repeated.
. "${srcdir:-$(dirname "$0")/..}/t/lib/faults.sh"
mkdir "$work/bare"

# repeated N ARGUMENT...: the command again; what is wrong afterwards.
repeated() {
  number=$1
  shift
  cli "$@"
  case $1:$status in
    *:0 | init:6 | keygen:6 | register:6) ;;
    *) echo "at $number: repeated: status $status: $(cat "$err")" ;;
  esac
  left=$(litter)
  [ -z "$left" ] || echo "at $number: left behind: $left"
}

# killed MOST START CHECK ARGUMENT...: from the home START; CHECK says what is wrong at the end, if anything.
killed() {
  most=$1 start=$2 check=$3
  shift 3
  afresh "$start"
  total=$(points "$@")
  wrong=$(each "$total" "$most" | while read -r n; do
    afresh "$start"
    faulty FAULT_KILL="$n" "$@"
    [ "$status" = 137 ] || echo "at $n: status $status: $(cat "$err")"
    [ "$start" = bare ] || sound | sed "s/^/at $n: /"
    repeated "$n" "$@"
    $check "$n" | sed "s/^/at $n: afterwards: /"
  done)
  is_empty "$(printf '%s\n' "$wrong" | head -n 20)" "$1: killed at $total points"
  like "$total" '^[1-9][0-9]*$' "$1: there were some"
}

# Wrong is, after the repetition, ...
unusable() {
  cli register zoe.id -k "$work/before/key"
  [ "$status" = 0 ] || echo "register: $(cat "$err")"
  cli put_immutable zoe.id -k "$work/before/key" 'old data'
  [ "$status" = 0 ] || echo "put: $(cat "$err")"
}
no_key() {
  cli register zoe.id -k "$HOME/new"
  [ "$status" = 0 ] || echo "the key: $(cat "$err")"
}
not_owned() {
  sound
  cli get_name_blockchain_record bob.id
  [ "$status $(member address)" = "0 $address" ] || echo "$(cat "$out")"
}
not_put() {
  sound
  cli get_immutable alice.id "$(printf 'new data' | sha256)"
  [ "$status $(member data)" = '0 new data' ] || echo "$(cat "$out")"
}
not_deleted() {
  "$builddir/t/lib/replay" "$ledger" 2>&1
  cli get_immutable alice.id "$old"
  [ "$status" = 3 ] || echo "$(cat "$out")"
}
BLOCKSTORE_KEY_FILE=$work/before/key
cli get_name_blockchain_record alice.id
address=$(member address)

killed 16 bare unusable init
killed 9 before no_key keygen "$HOME/new"
killed 16 before not_owned register bob.id
killed 24 before not_put put_immutable alice.id 'new data'

# Deleting: what was acknowledged before is what the command takes away.
afresh
total=$(points delete_immutable alice.id "$old" --purge)
wrong=$(each "$total" 16 | while read -r n; do
  afresh
  faulty FAULT_KILL="$n" delete_immutable alice.id "$old" --purge
  "$builddir/t/lib/replay" "$ledger" 2>&1
  exits 0 again lookup alice.id | grep -A9 '^not ok'
  repeated "$n" delete_immutable alice.id "$old" --purge
  not_deleted
done)
is_empty "$wrong" "delete_immutable: killed at $total points"
done_testing
