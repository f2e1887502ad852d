#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 before calls that change a file: what is left is sound, check says so without touching it, and what it warns of is mended
# as it says: by the same command again, or by removing what was left.
. "${srcdir:-$(dirname "$0")/..}/t/lib/faults.sh"
state=$HOME/.local/state/blockstore

# Leftovers, which a mend says to remove.
leftovers() {
  perl -MJSON::PP -e '
    local $/;
    for (@{JSON::PP->new->utf8->decode(<STDIN>)->{findings}}) {
      print "$_->{where}\n" if $_->{problem} =~ /^This was left/ && $_->{mend} =~ /remove it\.$/;
    }' <"$out"
}

# killed MOST ARGUMENT...
killed() {
  most=$1
  shift
  afresh
  total=$(points "$@")
  wrong=$(each "$total" "$most" | while read -r n; do
    afresh
    faulty FAULT_KILL="$n" "$@"
    whole >"$work/left"
    cli check
    [ "$status $(member sound)" = '0 true' ] || echo "at $n: check: $status: $(cat "$out")"
    is_same=$(whole | diff "$work/left" - | head -n 3)
    [ -z "$is_same" ] || echo "at $n: changed by check: $is_same"
    leftovers | while read -r file; do rm "$file"; done
    cli "$@"
    [ "$status" = 0 ] || [ "$status $1" = '6 register' ] || echo "at $n: again: $status: $(cat "$err")"
    cli check
    if grep -q 'number is odd' "$out"; then # it was killed behind its last change: to do it again changes nothing
      cli put_immutable alice.id "something new, $n"
      cli check
    fi
    [ "$status $(member findings)" = '0 []' ] || echo "at $n: check after it: $status: $(cat "$out")"
  done)
  is_empty "$(printf '%s\n' "$wrong" | head -n 20)" "$1: killed at $total points"
  like "$total" '^[1-9][0-9]*$' "$1: there were some"
}

killed 12 put_mutable alice.id notes 'new note'
killed 12 put_immutable alice.id 'new data'
killed 8 delete_mutable alice.id notes
killed 6 register bob.id
done_testing
