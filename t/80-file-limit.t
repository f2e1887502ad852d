#!/bin/sh
# SPDX-License-Identifier: MIT
# Files that may not grow (ulimit -f), as a full disk: an error and no death by a signal, whatever file meets the limit.
. "${srcdir:-$(dirname "$0")/..}/t/lib/faults.sh"
head -c 300000 /dev/urandom >"$work/large"

# limited BLOCKS ARGUMENT...: standard output and error go through pipes, which have no limit.
limited() {
  blocks=$1
  shift
  { { (ulimit -f "$blocks" && exec "$builddir/run" blockstore-cli "$@"); echo $? >&3; } 2>&1 >&4 | cat >"$err"; } 3>"$work/status" 4>&1 | cat >"$out"
  status=$(cat "$work/status")
}

# refuses ARGUMENT...: with each limit it is done or says why not, and works without one.
refuses() {
  wrong=$(for blocks in 0 1 40 64 100 200 400; do
    afresh
    limited $blocks "$@"
    case $status in
      0) ;;
      1 | 2 | 7) grep -qE 'File too large|larger than' "$err" || echo "$blocks blocks: status $status: $(cat "$err")" ;;
      *) echo "$blocks blocks: status $status: $(cat "$err")" ;;
    esac
    sound | sed "s/^/$blocks blocks: /"
    cli "$@"
    [ "$status" = 0 ] || echo "$blocks blocks: repeated: status $status: $(cat "$err")"
  done)
  is_empty "$wrong" "$1: files that may not grow"
}

refuses put_immutable alice.id "@$work/large"
refuses put_mutable alice.id notes "@$work/large"
refuses get_immutable alice.id "$old" -o "$HOME/got"
refuses renew alice.id
refuses delete_mutable alice.id notes
afresh
limited 0 register bob.id
is "$status" 1 'a ledger that may not grow'
like "$(cat "$err")" 'ledger.db.*File too large' 'it says so'

# Standard output can be such a file, too.
{ (ulimit -f 0 && exec "$builddir/run" blockstore-cli ping 2>&1 >"$out"); echo $? >"$work/status"; } | cat >"$err"
is "$(cat "$work/status")" 1 'a standard output that may not grow'
like "$(cat "$err")" 'standard output cannot be written: File too large' 'it says so'
done_testing
