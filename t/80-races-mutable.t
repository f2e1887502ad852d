#!/bin/sh
# SPDX-License-Identifier: MIT
# Mutable data that several processes write at once, with one state or as devices with states of their own over one ledger and
# the same stores: no put that was acknowledged is lost silently, and no writer gives one version to two contents.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
writers='1 2 3 4' rounds='1 2 3 4'
for number in $writers; do
  cat >"$work/config$number" <<END
state_dir: $work/state$number
names: {ledger: $work/ledger.db}
stores:
  - {name: first, driver: disk, root: $work/first}
  - {name: second, driver: disk, root: $work/second}
END
done
cli -c "$work/config1" keygen "$work/key"
BLOCKSTORE_KEY_FILE=$work/key
export BLOCKSTORE_KEY_FILE

# field NAME FILE: a member of a document's first level.
field() {
  sed -n "s/^    \"$1\": \"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}$/\\1/p" "$2"
}

# act TAG CONFIG COMMAND NAME ID [DATA]: its status goes to TAG.status; when it is acknowledged, "VER Z DATA" to TAG.acks.
act() {
  tag=$1 config=$2
  shift 2
  code=0
  "$builddir/run" blockstore-cli -c "$work/config$config" "$@" >"$work/$tag.out" 2>>"$work/$tag.err" || code=$?
  echo "$code" >>"$work/$tag.status"
  [ "$code" != 0 ] || echo "$(field ver "$work/$tag.out") $(field z "$work/$tag.out") ${4-}" >>"$work/$tag.acks"
}

# keep_putting TAG CONFIG NAME ID, in the background.
keep_putting() {
  {
    for round in $rounds; do act "$1" "$2" put_mutable "$3" "$4" "$1 $round"; done
  } &
}

# Two contents of one version in these lists of what was acknowledged.
doubles() {
  cat "$@" | grep -v '^null' | cut -d ' ' -f 1,2 | sort -u | cut -d ' ' -f 1 | uniq -d
}

# only REGEX TAGS WHAT: each of their statuses is one of these.
only() {
  # shellcheck disable=SC2086
  is_empty "$(cat $2 | grep -vxE "$1")" "$3"
}

# newest TAGS: what was acknowledged as the highest version: "$ver $z $data"; ver 0: nothing.
newest() {
  ver=0 z='' data=''
  cat "$@" | grep -v '^null' | sort -n | tail -n 1 >"$work/newest"
  read -r ver z data <"$work/newest" || ver=0
}

# ---- one state: writers wait for each other ----
cli -c "$work/config1" register one.id
for number in $writers; do
  keep_putting "one-a$number" 1 one.id a
  keep_putting "one-b$number" 1 one.id b
done
wait
only 0 "$work/one-??.status" 'one state: every put is done'
for id in a b; do
  is "$(cat "$work"/one-$id?.acks | cut -d ' ' -f 1 | sort -n | tr '\n' ' ')" "$(seq -s ' ' 16) " "one state: each put of $id has a version of its own"
  cli -c "$work/config1" get_mutable one.id $id
  newest "$work"/one-$id?.acks
  is "$(member ver) $(member z) $(member data)" "$ver $z $data" "one state: the newest of $id is read"
done

# ---- one state: puts against deletes ----
cli -c "$work/config1" register deleted.id
for number in 1 2; do
  keep_putting "del-put$number" 1 deleted.id a
  {
    for round in $rounds; do act "del-del$number" 1 delete_mutable deleted.id a; done
  } &
done
wait
only 0 "$work/del-*.status" 'puts and deletes: all are done'
is_empty "$(doubles "$work"/del-*.acks)" 'puts and deletes: each version was given once'
cli -c "$work/config1" get_mutable deleted.id a
newest "$work"/del-*.acks
if [ -n "$data" ]; then
  is "$status $(member ver) $(member data)" "0 $ver $data" 'puts and deletes: the last one, a put, holds'
else
  is "$status $(member code)" '3 deleted' 'puts and deletes: the last one, a delete, holds'
fi

# ---- devices: who cannot see the other is told later, by a read or by the put itself ----

# settle NAME ID: each device puts once more; then all of them read the last one.
settle() {
  for number in $writers; do exits 0 "$1: device $number puts once more" -c "$work/config$number" put_mutable "$1" "$2" "settled by $number"; done
  for number in $writers; do
    cli -c "$work/config$number" get_mutable "$1" "$2"
    is "$status $(member data)" '0 settled by 4' "$1: device $number reads the last"
  done
}

cli -c "$work/config1" register own.id
cli -c "$work/config1" put_mutable own.id a first
cli -c "$work/config1" put_mutable own.id b first
for number in $writers; do
  keep_putting "own-a$number" "$number" own.id a
  keep_putting "own-b$number" "$number" own.id b
done
wait
# 7: a device that was slower put an older version in its place.
only '0|6|7' "$work/own-??.status" 'devices: a put is done, in conflict, or overwritten'
for id in a b; do
  for number in $writers; do
    touch "$work/own-$id$number.acks"
    is_empty "$(doubles "$work/own-$id$number.acks")" "devices: device $number gave each version of $id once"
    cli -c "$work/config$number" get_mutable own.id $id
    found="$status $(member ver) $(member data)"
    newest "$work/own-$id$number.acks"
    case $status in
    0) { [ "$(member ver)" -gt "$ver" ] || [ "$found" = "0 $ver $data" ]; } && report 0 "devices: the last of device $number is there, or below" ||
      report 1 "devices: the last of device $number is there, or below" "$found, not $ver $data" ;;
    4 | 6) report 0 "devices: device $number is told that its last put of $id was overwritten" ;;
    *) report 1 "devices: device $number reads $id" "$(cat "$out")" ;;
    esac
  done
  settle own.id $id
done

# The first put of each makes the route: whoever comes later builds on it.
cli -c "$work/config1" register new.id
for number in $writers; do keep_putting "new-$number" "$number" new.id "id$number"; done
wait
only 0 "$work/new-?.status" 'devices: ids of their own are no conflict'
for number in $writers; do
  cli -c "$work/config1" get_mutable new.id "id$number"
  is "$(member ver) $(member data)" "4 new-$number 4" "devices: nothing of device $number is lost"
done

# ---- devices: puts against deletes ----
cli -c "$work/config1" register gone.id
cli -c "$work/config1" put_mutable gone.id a first
for number in 1 2; do keep_putting "gone-put$number" "$number" gone.id a; done
for number in 3 4; do
  {
    for round in $rounds; do act "gone-del$number" "$number" delete_mutable gone.id a; done
  } &
done
wait
only '0|6|7' "$work/gone-*.status" 'devices: puts and deletes are done, in conflict, or overwritten'
settle gone.id a

# ---- puts against a transfer ----
cli -c "$work/config1" keygen "$work/bob"
bob=$(member address)
for states in one own; do
  cli -c "$work/config1" register moved-$states.id
  cli -c "$work/config1" put_mutable moved-$states.id a first
  for number in $writers; do
    [ $states = one ] && config=1 || config=$number
    keep_putting "moved-$states-$number" "$config" moved-$states.id a
  done
  exits 0 "$states: transferred while it is put" -c "$work/config1" transfer moved-$states.id "$bob"
  wait
  only '0|6|7|9' "$work/moved-$states-?.status" "$states: a put is done, in conflict, overwritten, or denied"
  refused 9 denied "$bob" -c "$work/config1" put_mutable moved-$states.id a 'hers no more'
  refused 5 owner_changed "$bob" -c "$work/config1" get_mutable moved-$states.id a
  exits 0 "$states: the new owner puts" -c "$work/config2" -k "$work/bob" put_mutable moved-$states.id a his
  for number in $writers; do
    cli -c "$work/config$number" get_mutable moved-$states.id a
    is "$status $(member data)" '0 his' "$states: device $number reads it"
  done
done
for number in $writers; do
  cli -c "$work/config$number" pending
  says user_records '[]' "no entry is left in the journal of device $number"
done
succeeds 'the ledger is sound' "$builddir/t/lib/replay" "$work/ledger.db"
done_testing
