#!/bin/sh
# SPDX-License-Identifier: MIT
# A machine that is odd: a full disk where a key is made, few descriptors, a clock that is wrong.  (Each command with each call that
# can fail is t/80-faults-*.t's.)
. "${srcdir:-$(dirname "$0")/..}/t/lib/faults.sh"
BLOCKSTORE_KEY_FILE=$work/before/key

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
  wrong=$(for n in $(seq 4 3 40); do
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
