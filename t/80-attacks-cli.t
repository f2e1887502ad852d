#!/bin/sh
# SPDX-License-Identifier: MIT
# Every forged record that t/forge knows, in a disk store, through blockstore-cli: refused with its word and exit status, nothing handed
# out, nothing repaired; and a good store beside it is enough.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"

# stores STATE STORE...: $config becomes that of disk stores of those names, and of a reader who saw what STATE says.
stores() {
  state=$1
  shift
  config=$work/config.yaml
  {
    echo "state_dir: $HOME/$state"
    echo "names: {ledger: $HOME/ledger.db}"
    echo 'stores:'
    for store in "$@"; do echo "  - {name: $store, driver: disk, root: $HOME/$store}"; done
  } >"$config"
}

status_of() {
  case $1 in
    -) echo 0 ;;
    deleted) echo 3 ;;
    stale | expired) echo 4 ;;
    conflict) echo 6 ;;
    unreachable) echo 7 ;;
    *) echo 5 ;;
  esac
}

# What is newer and authentic raises the floor: it gets a datum of its own.
id_of() {
  case $2 in deleted | expired) echo "$1" ;; *) echo datum ;; esac
}

# In the store `bad`; the one below it in `good` stays.
file_of() {
  find "$HOME/bad/mutable" -type f -name "*%3A$1"
}

everything() {
  (cd "$HOME" && find bad good ledger.db -type f ! -name '*-shm' ! -name '*-wal' -exec sha256sum {} + | sort -k 2)
}

stores state bad good
cli keygen "$HOME/key"
BLOCKSTORE_KEY_FILE=$HOME/key
export BLOCKSTORE_KEY_FILE
exits 0 'a name' register -c "$config" alice.id
chain=$(cli -c "$config" getinfo && member chain_id)
for id in datum deleted expired; do
  for text in first newest; do exits 0 "the $text $id" put_mutable -c "$config" alice.id $id "the $text"; done
done
for id in datum deleted expired; do cp "$(file_of $id)" "$work/kept-$id"; done
"$builddir/t/forge" --list >"$work/list"

# lay FAULT ID
lay() {
  file=$(file_of "$2")
  "$builddir/t/forge" -k "$HOME/key" -c "$chain" "$1" alice.id "$2" 2 'the newest' >"$work/record"
  cp -f "$work/record" "$file"
}

# find_in_answer KEY: its first value in the document, found without a parser since this is done often; - for none.
find_in_answer() {
  value=$(sed -n '/^ *"'"$1"'": /{s///;s/,$//;s/"//g;p;q;}' "$out")
  echo "${value:--}"
}

# alone FAULT WORD: when no other store can help.
alone() {
  cli -c "$config" get_mutable alice.id "$(id_of "$1" "$2")" -o "$work/data"
  if [ "$2" = - ]; then rm "$work/data"; fi
  is "$status $(find_in_answer code) $(find_in_answer store)" "$(status_of "$2") $2 bad" "alone: $1"
  if [ -e "$work/data" ]; then report 1 "data were handed out: $1"; fi
  if ! cmp -s "$work/record" "$file"; then report 1 "the record was changed: $1"; fi
}

# helped FAULT WORD: by the good store, and the bad one is named with its word.
helped() {
  cli -c "$config" get_mutable alice.id "$(id_of "$1" "$2")"
  code=$2 expected='0 the newest' believed=false
  case $2 in
    - | stale | conflict) code=- ;;
    unreachable) code=failed ;;
    deleted | expired) expected="$(status_of "$2") -" believed=- ;;
  esac
  [ "$2" = - ] && believed=true
  is "$status $(find_in_answer data) $(find_in_answer believed) $(find_in_answer code)" "$expected $believed $code" "helped: $1"
  like "$(cat "$out")" '"store": "bad"' "the bad store is named: $1"
}

everything >"$work/before"
while read -r fault _ word; do
  lay "$fault" "$(id_of "$fault" "$word")"
  stores state bad
  alone "$fault" "$word"
  stores state bad good
  helped "$fault" "$word"
done <"$work/list"
for id in datum deleted expired; do cp -f "$work/kept-$id" "$(file_of $id)"; done
everything >"$work/after"
succeeds 'nothing else was changed by any of these' cmp "$work/before" "$work/after"

# Two contents for who has seen neither; each can be chosen, and a higher version ends it.
lay conflict datum
stores new bad good
cli -c "$config" get_mutable alice.id datum -o "$work/data"
is "$status $(member code)" '6 conflict' 'two contents'
fails 'none is handed out' test -e "$work/data"
is "$(stat -c '%a' "$HOME"/new/evidence-*.json)" 600 'evidence, for the user only'
cp "$HOME"/new/evidence-*.json "$out"
is "$(member format) $(member ver) $(member name) $(member id)" 'blockstore-evidence-1 2 alice.id datum' 'of that version'
cli -c "$config" explain alice.id datum
for number in 0 1; do
  z=$(cli -c "$config" explain alice.id datum && member stores.$number.z)
  cli -c "$config" get_mutable alice.id datum --z "$z"
  is "$status $(member z)" "0 $z" 'the one that is chosen'
  like "$(member conflicts.0.z)" '^[0-9a-f]{64}$' 'with the other one beside it'
done
stores state bad good
exits 0 'a higher version' put_mutable -c "$config" alice.id datum 'the third'
stores new bad good
exits 0 'ends it' get_mutable -c "$config" alice.id datum
says data 'the third' 'for everybody'

# A store that brings back what was deleted, to who knows and to who does not.
cp "$(file_of datum)" "$work/kept"
stores state bad
exits 0 'deleted' delete_mutable -c "$config" alice.id datum
cp "$work/kept" "$(file_of datum)"
for state in state new newer; do
  stores $state bad
  refused 3 deleted 'was deleted, by version 4' get_mutable -c "$config" alice.id datum
done
stores state bad
exits 0 'put again' put_mutable -c "$config" alice.id datum 'the second life'
cp "$work/kept" "$(file_of datum)"
for state in state new newest; do
  stores $state bad
  refused 4 stale 'is below version|is below 5|older than version' get_mutable -c "$config" alice.id datum
done
done_testing
