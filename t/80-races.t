#!/bin/sh
# SPDX-License-Identifier: MIT
# Several processes at once, with one state or with states of their own over one ledger and one store: each name has one
# owner, and every put that was acknowledged is listed and readable.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
for number in 1 2 3 4; do
  cat >"$work/config$number" <<END
state_dir: $work/state$number
names: {ledger: $work/ledger.db}
stores:
  - {name: shared, driver: disk, root: $work/store}
END
  cli -c "$work/config1" keygen "$work/key$number"
done

# run TAG CONFIG ARGUMENT...: in the background; its status goes to TAG.status, its words to TAG.out.
run() {
  tag=$1 config=$2
  shift 2
  {
    "$builddir/run" blockstore-cli -c "$work/config$config" "$@" >"$work/$tag.out" 2>"$work/$tag.err"
    echo "$?" >"$work/$tag.status"
  } &
}

# race STATES: with one state for all, or one each.
race() {
  states=$1
  at() {
    [ "$states" = one ] && echo 1 || echo "$1"
  }
  for n in 1 2 3 4; do
    run "same$n" "$(at $n)" -k "$work/key$n" register "same-$states.id"
    run "own$n" "$(at $n)" -k "$work/key$n" register "own$n-$states.id"
  done
  wait
  is "$(cat "$work"/same?.status | grep -cx 0)" 1 "$states: one of four gets the name"
  is "$(cat "$work"/own?.status | tr '\n' ' ')" '0 0 0 0 ' "$states: all get names of their own"
  winner=$(grep -lx 0 "$work"/same?.status | sed 's/.*same\(.\).*/\1/')
  losers=$(cat "$work"/same?.status | grep -vxc '[0126]\|10')
  is "$losers" 0 "$states: the others are told"
  cli -c "$work/config1" get_name_blockchain_record "same-$states.id"
  owner=$(member address)
  cli -c "$work/config1" getinfo
  is "$status" 0 "$states: the ledger answers"
  like "$owner" '^1' "$states: the name has an owner"

  # Four writers of one name, each with several puts, and each into a name of its own.
  for round in 1 2 3; do
    for n in 1 2 3 4; do
      run "put$n" "$(at $n)" -k "$work/key$winner" put_immutable "same-$states.id" "same $states $round $n"
      run "mine$n" "$(at $n)" -k "$work/key$n" put_immutable "own$n-$states.id" "own $states $round $n"
    done
    wait
    for n in 1 2 3 4; do
      for kind in put mine; do
        [ "$(cat "$work/$kind$n.status")" = 0 ] && echo "$kind $round $n" >>"$work/acknowledged-$states"
      done
    done
  done
  lost=$(while read -r kind round n; do
    if [ "$kind" = put ]; then name=same-$states.id text="same $states $round $n"; else name=own$n-$states.id text="own $states $round $n"; fi
    cli -c "$work/config1" get_immutable "$name" "$(printf '%s' "$text" | sha256)"
    [ "$status $(member data)" = "0 $text" ] || echo "$text: $(cat "$err")"
  done <"$work/acknowledged-$states")
  is_empty "$lost" "$states: no acknowledged put is lost ($(wc -l <"$work/acknowledged-$states") of 24)"
  is "$(grep -c mine "$work/acknowledged-$states")" 12 "$states: writers of different names do not hinder each other"
}
race one
is "$(grep -c put "$work/acknowledged-one")" 12 'one: writers of one name wait for each other'
race own
like "$(grep -c put "$work/acknowledged-own")" '^([3-9]|1[0-2])$' 'own: some writers of one name get through each time'
fails 'no entry is left in the journals' grep -qa 'same one' "$work"/state?/state.db
succeeds 'the ledger is sound' "$builddir/t/lib/replay" "$work/ledger.db"
done_testing
