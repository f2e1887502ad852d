#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 while -o FILE gets its name: FILE is as it was, or whole, and nothing else is left; where it was there before, at one
# point, the new data under a name of their own.
. "${srcdir:-$(dirname "$0")/..}/t/lib/faults.sh"

left() {
  find "$HOME" -maxdepth 1 -name '.blockstore-*'
}

# killed BEFORE: what FILE has before, '' for no FILE; a line for each point at which something is left, and for what is wrong.
killed() {
  for n in $(seq $((total - 9)) "$total"); do
    afresh
    [ -z "$1" ] || printf %s "$1" >"$HOME/got"
    faulty FAULT_KILL="$n" get_immutable alice.id "$old" -o "$HOME/got"
    is_there=$(cat "$HOME/got" 2>/dev/null)
    case $is_there in
      "$1" | 'old data') ;;
      *) echo "wrong: at $n: $is_there" ;;
    esac
    left | while read -r file; do echo "left: $is_there, $(cat "$file")"; done
    cli get_immutable alice.id "$old" -o "$HOME/got"
    [ "$status $(cat "$HOME/got")" = '0 old data' ] || echo "wrong: again at $n: $status $(cat "$err")"
  done
}

afresh
total=$(points get_immutable alice.id "$old" -o "$HOME/got")
like "$total" '^[1-9][0-9]*$' "there are points: $total"
is_empty "$(killed '')" 'of a new file nothing is left, at no point'
afresh
echo older >"$HOME/got"
total=$(points get_immutable alice.id "$old" -o "$HOME/got")
is "$(killed older)" 'left: older, old data' 'of one that is replaced, at one point, the new beside the old'
done_testing
