#!/bin/sh
# SPDX-License-Identifier: MIT
# A store answers a get with whatever it likes: no wrong byte comes out, and a good store beside it is enough.
. "${srcdir:-$(dirname "$0")/..}/t/lib/lying.sh"
printf '{"data": "of another"}' >"$HOME/liar/other"
everything >"$work/before"

# alone STATUS WORD OPTION...: what a get says when no other store can help.
alone() {
  expected=$1 word=$2
  shift 2
  liar_only "$@"
  cli -c "$config" get_immutable alice.id "$key" -o "$work/data"
  is "$status $(member code)" "$expected $word" "alone: $*"
  like "$(cat "$out")" 'liar' "the document names the store: $*"
  is "$(wc -l <"$err")" 1 "in one line: $*"
  if LC_ALL=C grep -q "$(printf '\033')" "$err"; then report 1 "no control characters: $*"; else report 0 "no control characters: $*"; fi
  fails "no file: $*" test -e "$work/data"
}

# helped OPTION...: the good store makes up for it, whichever is asked first, on the caller's thread or not.
helped() {
  for inline in true false; do
    with_good "$@" "inline: $inline"
    cli -c "$config" -v get_immutable alice.id "$key"
    is "$status $(member data)" '0 some data' "helped: $* inline $inline"
    like "$(cat "$err")" 'reading [0-9a-f]*: (liar: |good: verified)' 'the log tells of the liar'
  done
}

for about in user data; do
  for lie in flip truncate extend other empty; do
    alone 5 corrupt "lie: $lie" "about: $about" 'at: 3'
    helped "lie: $lie" "about: $about" 'at: 3'
  done
done
alone 5 too_large 'lie: endless' 'about: user'
helped 'lie: endless' 'about: user'
alone 5 too_large 'lie: huge'
helped 'lie: huge'
for lie in denied transient no_space conflict unhandled unknown negative short long good_but_denied; do
  alone 7 unreachable "lie: $lie"
  helped "lie: $lie"
done
alone 5 corrupt 'lie: nothing' # the record of no bytes is another record
helped 'lie: nothing'
alone 3 not_found 'lie: not_found'
helped 'lie: not_found'
alone 10 deadline 'lie: hang' 'inline: false'
with_good 'lie: hang' 'inline: false'
cli -c "$config" get_immutable alice.id "$key"
is "$status $(member data)" '0 some data' 'helped: hang'
everything >"$work/after"
succeeds 'nothing was changed by any of these' cmp "$work/before" "$work/after"

for lie in bad_then_good good_then_bad slow; do
  for inline in true false; do
    liar_only "lie: $lie" "inline: $inline"
    cli -c "$config" get_immutable alice.id "$key"
    is "$status $(member data)" '0 some data' "one good candidate is enough: $lie inline $inline"
  done
done
done_testing
