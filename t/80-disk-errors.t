#!/bin/sh
# SPDX-License-Identifier: MIT
# A full or a failing disk, at each call that changes a file: the command says so or succeeds, and nothing is damaged.
. "${srcdir:-$(dirname "$0")/..}/t/lib/faults.sh"
mkdir "$work/bare"
BLOCKSTORE_KEY_FILE=$work/before/key

# judged N: what is wrong with the way the command ended.
judged() {
  case $status in
    0) [ ! -s "$err" ] || echo "at $1: success, but: $(cat "$err")" ;;
    1 | 2 | 7 | 9 | 10)
      [ "$(wc -l <"$err")" = 1 ] && [ -n "$(member code 2>/dev/null)" ] || echo "at $1: status $status: $(cat "$out" "$err")"
      grep -qE 'space|nput/output|I/O|durable|could not be opened for writing' "$err" || echo "at $1: not told why: $(cat "$err")"
      ;;
    *) echo "at $1: status $status: $(cat "$err")" ;;
  esac
}

# What must hold whatever failed: nothing ...
anything() {
  :
}
# ... of a name that changes hands ...
replayed() {
  "$builddir/t/lib/replay" "$ledger" 2>&1
}
# ... of notes, of which others never see more than their owner.
noted() {
  sound
  case $(both notes) in
    '2 old note / 2 old note' | '2 old note / 3 new note' | '3 new note / 3 new note' | '4 new note / 4 new note') ;;
    'deleted / deleted') ;;
    *) echo "notes: $(both notes)" ;;
  esac
}

# failing MOST START CHECK ERRNO ARGUMENT...: ERRNO is EIO, or +EIO: from there on.  CHECK says what is wrong, if anything.
failing() {
  most=$1 start=$2 check=$3 reason=$4
  shift 4
  afresh "$start"
  total=$(points "$@")
  wrong=$(each "$total" "$most" | while read -r n; do
    afresh "$start"
    case $reason in
      +*) faulty FAULT_ERRNO="$n+:${reason#+}" "$@" ;;
      *) faulty FAULT_ERRNO="$n:$reason" "$@" ;;
    esac
    judged "$n"
    first=$status
    $check | sed "s/^/at $n: /"
    cli "$@"
    case $1:$status:$first in
      *:0:*) ;;
      init:6:* | keygen:6:* | register:6:* | transfer:9:* | revoke:9:*) ;;
      *) echo "at $n: repeated: status $status: $(cat "$err")" ;;
    esac
    cli pending
    [ "$start" = bare ] || [ "$(member user_records) $(member versions)" = '[] []' ] || echo "at $n: pending: $(cat "$out")"
    $check | sed "s/^/at $n: afterwards: /"
  done)
  is_empty "$(printf '%s\n' "$wrong" | head -n 20)" "$1: $reason at $total points"
}

cp -a "$work/before" "$work/reader"
rm "$work/reader/.local/state/blockstore/state.db"*
cli keygen "$work/heir"
heir=$(member address)
for reason in ENOSPC EIO +ENOSPC +EIO; do
  failing 6 bare anything $reason init
  failing 4 before sound $reason keygen "$HOME/new"
  failing 4 before sound $reason register bob.id
  failing 7 before sound $reason put_immutable alice.id 'new data'
  failing 7 before noted $reason put_mutable alice.id new 'new note'
  failing 7 before noted $reason put_mutable alice.id notes 'new note'
  failing 7 before noted $reason delete_mutable alice.id notes
  failing 5 reader noted $reason get_mutable alice.id notes
  failing 4 before replayed $reason transfer alice.id "$heir"
  failing 4 before replayed $reason revoke alice.id
done

# What must not be there after a failure is a key that nobody was told of, or half of one.
wrong=$(for n in 1 2 3; do
  afresh
  faulty FAULT_ERRNO=$n:ENOSPC keygen "$HOME/new"
  if [ "$status" != 0 ] && [ -e "$HOME/new" ]; then echo "at $n: a key"; fi
done)
is_empty "$wrong" 'keygen that failed leaves no key'

# starved COMMAND ARGUMENT...: nothing left to open files with.
starved() {
  afresh
  wrong=$(for n in $(seq 4 2 40); do
    status=0
    # shellcheck disable=SC3045
    (ulimit -n "$n" && exec "$builddir/run" blockstore-cli "$@") >"$out" 2>"$err" || status=$?
    case $status in
      0 | 1 | 2 | 7) ;;
      126 | 127) grep -qiE 'too many|shared libraries|cannot open' "$err" || echo "at $n: $status $(cat "$err")" ;;
      *) echo "at $n: status $status: $(cat "$out" "$err")" ;;
    esac
    sound | sed "s/^/at $n: /"
  done)
  is_empty "$wrong" "$1: few descriptors"
  exits 0 'and with enough it works' "$@"
}
starved put_immutable alice.id 'new data'
starved put_mutable alice.id new 'new note'
starved put_mutable alice.id notes 'new note'
starved get_mutable alice.id notes
starved delete_mutable alice.id notes

# A clock that goes wrong.
for off in -1700000000 -86400 86400 4000000000; do
  faulty FAULT_CLOCK=$off put_immutable alice.id "at $off"
  is "$status" 0 "a put with the clock off by $off"
  is_empty "$(sound)" 'the ledger is sound'
  exits 0 'a get with the clock right' get_immutable alice.id "$(printf 'at %s' $off | sha256)"
done
done_testing
