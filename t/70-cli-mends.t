#!/bin/sh
# SPDX-License-Identifier: MIT
# Answers of stores that are stale, forged or corrupt: the error says what mends that, and both ways of it do.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
store=$HOME/.local/share/blockstore
own_name alice.id
cli put_immutable alice.id old-data
key=$(member key)
cli put_mutable alice.id notes first
cp -a "$store" "$work/older"
cli put_mutable alice.id notes second
cp -a "$store" "$work/good"
cp -a "$HOME" "$work/before"

# with STORE: all as it was, and the store is a copy of that one.
with() {
  rm -rf "$HOME"
  cp -a "$work/before" "$HOME"
  rm -rf "$store"
  cp -a "$1" "$store"
}

# spoil FOLDER COMMAND...: that store's objects there, each changed by the command.
spoil() {
  folder=$1
  shift
  rm -rf "$work/spoilt"
  cp -a "$work/good" "$work/spoilt"
  find "$work/spoilt/$folder" -type f ! -name '.*' -exec "$@" {} \;
}

# mended WORD PUT STORE GET...: what GET says of STORE, and that it gets the data of a copy, and after the put.
mended() {
  word=$1 put=$2 spoilt=$3
  shift 3
  with "$spoilt"
  case $word in stale) expected=4 ;; *) expected=5 ;; esac
  case $1 in get_mutable) mend="The owner's next put of it" ;; *) mend="The owner's put of the same bytes" ;; esac
  refused $expected "$word" "$mend, or another store's copy, mends this" "$@"
  with "$work/good"
  exits 0 "$word: another copy mends it" "$@"
  with "$spoilt"
  # shellcheck disable=SC2086
  exits 0 "$word: and so does a put" $put
  exits 0 "$word: it can be read" "$@"
}

mended stale 'put_mutable alice.id notes third' "$work/older" get_mutable alice.id notes
spoil mutable sed -i 's/^./x/'
mended malformed 'put_mutable alice.id notes third' "$work/spoilt" get_mutable alice.id notes
spoil mutable sed -i 's/"data": "[^"]*"/"data": "dGhpcmQ="/'
mended forged 'put_mutable alice.id notes third' "$work/spoilt" get_mutable alice.id notes
spoil immutable sed -i 's/^old-data$/bad-data/'
mended corrupt 'put_immutable alice.id old-data' "$work/spoilt" get_immutable alice.id "$key"

# What the caller asked for is not the stores' fault.
with "$work/good"
cli get_mutable alice.id notes --ver-min 9
is "$status $(member code) $(grep -c 'mends this' "$out")" '4 stale 0' 'below ver_min: nothing to mend'
done_testing
