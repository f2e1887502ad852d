#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 before calls that change a file: what a second reader and one who has seen the new version get of mutable data, and of a name
# that is passed on without it.  The old or the new version is read, never an older one than was seen, no version has two contents, and
# whatever was begun can be done again.  (That each command survives it at each call is t/80-faults-kill.t's.)
. "${srcdir:-$(dirname "$0")/..}/t/lib/faults.sh"
BLOCKSTORE_KEY_FILE=$work/before/key

# died N TOTAL: it was killed; or had come to its end, as it makes a call more or less when a second ends amid it.
died() {
  [ "$status" = 137 ] || { [ "$status" = 0 ] && [ $(($2 - $1)) -lt 8 ]; } || echo "status $status: $(cat "$err")"
}

# Nothing that was begun is left.
idle() {
  left=$(litter)
  [ -z "$left" ] || echo "left behind: $left"
  cli pending
  [ "$(member user_records) $(member versions)" = '[] []' ] || echo "pending: $(cat "$out")"
  sound
}

# expect ID WORDS WHEN: both readers get that.
expect() {
  words=$(both "$1")
  [ "$words" = "$2 / $2" ] || echo "$3: got: $words; expected: $2"
}

# between ID OLD NEW: the readers, one after the other, have the old or the new, and then not the old any more.
between() {
  words=$(both "$1")
  case $words in
    "$2 / $2" | "$2 / $3" | "$3 / $3") ;;
    *) echo "killed: got: $words; expected: $2 or $3" ;;
  esac
}

# Then, after `between`: the command again, which writes the very version that was begun; or the next, when all that was left to
# do was to say so.
repeated() {
  id=$1 due=$2 stale=$3
  shift 3
  cli "$@"
  [ "$status" = 0 ] || echo "repeated: status $status: $(cat "$err")"
  [ "$words" != "$due / $due" ] || [ "$(both "$id")" = "$words" ] || due="$((${due%% *} + 1)) ${due#* }"
  idle
  expect "$id" "$due" 'repeated'
  roll_back
  expect "$id" "$stale" 'afterwards, from older stores'
}

# Or: another content, which must not be signed for a version that has one.
superseded() {
  id=$1
  cli put_mutable alice.id "$id" 'another'
  [ "$status" = 0 ] || echo "superseded: status $status: $(cat "$err")"
  another="$(member ver) another"
  idle
  expect "$id" "$another" 'superseded'
}

# killed MOST START ID WAS NEW STALE ARGUMENT...: from the home START; STALE is what is told once NEW was seen and stores that have
# older things only are read.  What was printed was done.
killed() {
  most=$1 start=$2 id=$3 was=$4 new=$5 stale=$6
  shift 6
  afresh "$start"
  total=$(points "$@")
  wrong=$(each "$total" "$most" | while read -r n; do
    for then in repeated superseded; do
      afresh "$start"
      faulty FAULT_KILL="$n" "$@"
      died "$n" "$total"
      [ -s "$out" ] && between "$id" "$new" "$new" || between "$id" "$was" "$new"
      sound
      $then "$id" "$new" "$stale" "$@"
    done | sed "s/^/at $n: /"
  done)
  is_empty "$(printf '%s\n' "$wrong" | head -n 20)" "$1 $id: killed at $total points"
  like "$total" '^[1-9][0-9]*$' "$1 $id: there were some"
}

# A reader who knows nothing yet: what was handed out binds him, though he was killed behind it.
cp -a "$work/before" "$work/reader"
rm "$work/reader/.local/state/blockstore/state.db"*
got_once() {
  afresh reader
  total=$(points get_mutable alice.id notes -o "$HOME/got")
  wrong=$(each "$total" 8 | while read -r n; do
    afresh reader
    faulty FAULT_KILL="$n" get_mutable alice.id notes -o "$HOME/got"
    died "$n" "$total" | sed "s/^/at $n: /"
    [ ! -e "$HOME/got" ] || is "$(cat "$HOME/got")" 'old note' "at $n: all of it" | grep -A9 '^not ok'
    [ ! -e "$HOME/got" ] || { roll_back; is "$(got alice.id notes)" stale "at $n: remembered" | grep -A9 '^not ok'; }
  done)
  is_empty "$wrong" "get_mutable -o: killed at $total points"
}

killed 10 before notes '2 old note' '3 new note' stale put_mutable alice.id notes 'new note'
killed 6 before notes '2 old note' '2 old note' stale put_mutable alice.id notes 'old note' --ver 2
killed 6 before notes '2 old note' '3 new note' stale put_mutable alice.id notes 'new note' --reroute
killed 6 before notes '2 old note' deleted deleted delete_mutable alice.id notes --purge
got_once

# passed MOST NEW ARGUMENT...: the name changes hands in one step; NEW is what it says then, done again it is refused.
passed() {
  most=$1 new=$2
  shift 2
  afresh
  total=$(points "$@")
  wrong=$(each "$total" "$most" | while read -r n; do
    afresh
    faulty FAULT_KILL="$n" "$@"
    died "$n" "$total" | sed "s/^/at $n: /"
    "$builddir/t/lib/replay" "$ledger" 2>&1
    holder=$(holder)
    case $holder in
      "$address") between notes '2 old note' '2 old note' | sed "s/^/at $n: /" ;;
      "$new") ;;
      *) echo "at $n: owned by $holder" ;;
    esac
    cli "$@"
    case $status:$holder in
      "0:$address" | "9:$new" | "3:$new") ;;
      *) echo "at $n: repeated: status $status: $(cat "$err")" ;;
    esac
    [ "$(holder)" = "$new" ] || echo "at $n: repeated: owned by $(holder)"
    cli pending
    [ "$(member user_records) $(member versions)" = '[] []' ] || echo "at $n: pending: $(cat "$out")"
  done)
  is_empty "$(printf '%s\n' "$wrong" | head -n 20)" "$1: killed at $total points"
}
holder() {
  cli get_name_blockchain_record alice.id
  member address
}

afresh
address=$(holder)
cli keygen "$work/heir"
heir=$(member address)
passed 8 "$heir" transfer alice.id "$heir" false
done_testing
