#!/bin/sh
# SPDX-License-Identifier: MIT
# State, ledger, keys, store and plugin directory are something else than they should be: refused with their path, or used
# as they are; never hung on, never followed to where they should not lead.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id
cli put_immutable alice.id 'some data'
key=$(printf 'some data' | sha256)
state=$HOME/.local/state/blockstore store=$HOME/.local/share/blockstore
cp -a "$HOME" "$work/before"

# bad STATUS REGEX WHAT: a put fails so within ten seconds, in one line.  Then all is as it was before.
bad() {
  status=0
  timeout 10 "$builddir/run" blockstore-cli put_immutable alice.id new >"$out" 2>"$err" || status=$?
  like "$status" "^$1\$" "$3"
  like "$(cat "$err")" "$2" "$3: it says what"
  is "$(wc -l <"$err")" 1 "$3: in one line"
  rm -rf "$HOME"
  cp -a "$work/before" "$HOME"
}

# instead PATH WHAT: something else in the place of PATH.
instead() {
  rm -rf "$1"
  case $2 in
    fifo) mkfifo "$1" ;;
    directory) mkdir "$1" ;;
    file) echo text >"$1" ;;
    empty) : >"$1" ;;
    full | null | zero) ln -s "/dev/$2" "$1" ;;
    loop) ln -s "$(basename "$1")" "$1" ;;
    dangling) ln -s "$work/nowhere/else" "$1" ;;
  esac
}

for what in fifo directory full null zero loop; do
  instead "$state/ledger.db" $what
  bad '[1-9]' "$state/ledger.db" "the ledger is: $what"
  instead "$HOME/key" $what
  bad '[1-9]' "$HOME/key" "the key is: $what"
done
for what in file empty; do
  instead "$state/ledger.db" $what
  bad 5 "$state/ledger.db" "the ledger is: $what"
done
for what in fifo file full loop; do
  instead "$state" $what
  [ $what = loop ] && code='[1-9]' || code=2
  bad "$code" "$state" "the state directory is: $what"
  instead "$store" $what
  bad '[1-9]' "$store" "the store is: $what"
  instead "$state/lock-alice.id" $what
  [ $what = fifo ] || [ $what = file ] || bad '[1-9]' "$state/lock-alice.id" "the lock is: $what"
done
instead "$state" file
refused 2 config "$state" get_mutable alice.id notes
rm -rf "$HOME"
cp -a "$work/before" "$HOME"
instead "$state/state.db" file
bad 5 "$state/state.db" 'the journal is a text file'
chmod 777 "$state"
refused 2 config "$state.*chmod" get_immutable alice.id "$key"
bad 2 "$state.*chmod" 'the state directory is open to all'
for directory in "$store"/immutable/??; do
  rm -r "$directory" && ln -s "$work" "$directory"
done
bad '[1-9]' 'link' 'directories of the store are symbolic links'
find "$store" -name "$key" -exec rm {} \; -exec ln -s "$HOME/key" {} \;
cli get_immutable alice.id "$key"
like "$status" '^[57]$' 'an object that is a link to the key'
if grep -q "$(cat "$HOME/key")" "$out" "$err"; then report 1 'is not followed'; else report 0 'is not followed'; fi
rm -rf "$HOME"
cp -a "$work/before" "$HOME"

# Links that lead to the right thing are the user's own business.
mv "$state" "$work/state" && ln -s "$work/state" "$state"
mv "$store" "$work/store" && ln -s "$work/store" "$store"
exits 0 'a state directory and a store behind links' put_immutable alice.id new
rm -rf "$HOME" "$work/state" "$work/store"
cp -a "$work/before" "$HOME"

if [ "$(id -u)" = 0 ]; then
  for path in "$state" "$HOME/key"; do
    chown 12345 "$path"
    bad '[29]' "$path" "$path belongs to somebody else"
  done
  mkdir -m 755 "$work/drivers"
  cp "$builddir/plugins/.libs/disk.so" "$work/drivers/other.so"
  chown 12345 "$work/drivers"
  BLOCKSTORE_PLUGIN_PATH=$work/drivers cli drivers
  like "$(cat "$out" "$err")" "$work/drivers.*12345" 'a plugin directory of somebody else is named'
else
  skip 'only root can give a file away'
fi
exits 0 'in the end all works' get_immutable alice.id "$key"

# Standard streams.
status=0
"$builddir/run" blockstore-cli get_immutable alice.id "$key" >/dev/full 2>"$err" || status=$?
like "$status" '^[1-9]' 'stdout is full'
like "$(cat "$err")" 'space' 'it says so'
cli get_immutable alice.id "$key" -o /dev/full
like "$status" '^[1-9]' '-o /dev/full'
exits 0 '-o /dev/null' get_immutable alice.id "$key" -o /dev/null

# Names and keys with every odd byte: refused as usage, never a path.
for name in '' . .. / ../x.id a/b.id 'a
b.id' 'a b.id' "$(printf 'a\351.id')" 'ä.id' "$(printf 'a\033[2J.id')" 'A.id' .id id. a..id "$(printf %034d 0).id.id" "$(printf %035d 0).id" '%2e%2e.id' 'a;b.id' -- ; do
  cli register -- "$name"
  is "$status" 2 "the name '$(printf %s "$name" | tr -c ' -~' '?')'"
  is "$(wc -l <"$err")" 1 'in one line'
  if LC_ALL=C grep -q "$(printf '\033')" "$err"; then report 1 'without control characters'; else report 0 'without control characters'; fi
done
exits 0 'a name of 37 bytes' register "$(printf %034d 0).id"
done_testing
