#!/bin/sh
# SPDX-License-Identifier: MIT
# check: it sees what is wrong, says how to mend it, what it says does mend it, and it changes nothing itself.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
state=$HOME/.local/state/blockstore
umask 077

# found SEVERITY WHAT REGEX: is there such a finding?  Its mend is $mend.
found() {
  mend=$(perl -MJSON::PP -e '
    local $/;
    my ($severity, $what, $regex) = @ARGV;
    my $at = JSON::PP->new->utf8->decode(<STDIN>);
    for (@{$at->{findings}}) {
      next if $_->{severity} ne $severity || $_->{what} ne $what || "$_->{where}: $_->{problem}" !~ /$regex/;
      print $_->{mend};
      exit;
    }
    exit 1' "$1" "$2" "$3" <"$out")
}

# finds STATUS SEVERITY WHAT REGEX TITLE
finds() {
  cli check
  if [ "$status" = "$1" ] && found "$2" "$3" "$4" && ! grep -q 'problem.*blockstore-cli check' "$out"; then report 0 "$5"; else
    mend=
    report 1 "$5" "status $status; wanted: $1 $2 $3 $4
$(cat "$out" "$err")"
  fi
}

# sound TITLE: nothing to find.
sound() {
  cli check
  is "$status $(member sound) $(member findings) $(cat "$err")" "0 true [] " "$1"
}

# follow PREFIX: what the mend says behind "run" is run.
follow() {
  command=$(printf '%s\n' "$mend" | sed -n "s|.*$1: ||p")
  [ -n "$command" ] || { report 1 "a command in: $mend"; return; }
  sh -c "$command" || report 1 "$command"
}

afresh() {
  rm -rf "$HOME"
  cp -a "$work/before" "$HOME"
}

exits 0 'check by who has nothing yet' check
is_document 'it prints a document'
says sound true 'it is sound'
is_empty "$(find "$HOME" -mindepth 1)" 'and nothing was made'

own_name alice.id
cli put_immutable alice.id 'some data'
cli put_mutable alice.id notes 'some notes'
cli get_mutable alice.id notes
cli lookup alice.id
whole >"$work/whole"
exits 0 'check' check
is_document 'it prints a document'
says findings '[]' 'nothing is found'
says checked.0.what 'state directory' 'the state directory was looked at'
says checked.1.floors 1 'each version that was seen'
says checked.3.blocks 4 'each block'
is "$(whole)" "$(cat "$work/whole")" 'nothing is changed'
rm "$state"/*-shm
sound 'without the indexes of the logs, as after a copy'
is "$(find "$state" -name '*-shm')" '' 'which are not made'
rm "$state"/*-wal
sound 'and without the logs'
is "$(find "$state" -name '*-wal')" '' 'which are not made either'
cp -a "$HOME" "$work/before"
mkdir "$work/stash"

# ---- the state directory ----
chmod 755 "$state"
finds 0 warning 'state directory' 'can be read by other users \(mode 0755\)' 'a directory that others can read'
follow Run
sound 'is closed'
chmod 777 "$state"
finds 1 error 'state directory' 'can be written by other users' 'one that others can write'
like "$(cat "$err")" '^blockstore-cli: Something is wrong' 'standard error says so'
follow Run
sound 'is closed'
chmod 644 "$state/state.db"
finds 0 warning 'state directory' 'state.db: This can be read' 'a file that others can read'
follow Run
chmod 622 "$state/ledger.db"
finds 1 error 'state directory' 'ledger.db: This can be written' 'one that others can write'
follow Run
sound 'both are closed'

touch "$state/.blockstore-0123456789abcdef" "$state/state.db.new" "$state/ledger.db.new-journal" "$state/notes.txt"
finds 0 warning 'state directory' '.blockstore-0123456789abcdef: This was left' 'a temporary file'
like "$mend" 'remove it\.$' 'is to be removed'
for leftover in state.db.new ledger.db.new-journal; do
  finds 0 warning 'state directory' "$leftover: This was left" "$leftover"
done
finds 0 warning 'state directory' 'notes.txt: This is none of the files' 'a stranger'
is "$mend" 'This configuration does not use it. Another one may; else move it away.' 'may be of another configuration'
rm "$state/.blockstore-0123456789abcdef" "$state/state.db.new" "$state/ledger.db.new-journal"
mv "$state/notes.txt" "$work/stash"
sound 'all of them gone'

for file in state.db ledger.db state.sequence lock-alice.id; do
  afresh
  rm "$state/$file"
  mkfifo "$state/$file"
  finds 1 error 'state directory' "$file: This is a FIFO" "a FIFO in the place of $file"
  like "$mend" 'move it away\.$' 'is to be moved'
  rm "$state/$file"
  mkdir "$state/$file"
  finds 1 error 'state directory' "$file: This is a directory" "a directory in the place of $file"
done
for file in state.db-wal ledger.db-shm; do
  afresh
  touch "$state/${file%-*}-wal"
  rm -f "$state/$file"
  mkfifo "$state/$file"
  finds 1 error 'state directory' "$file: This is a FIFO" "a FIFO in the place of $file"
done
afresh
mkdir "$work/elsewhere"
mv "$state/ledger.db" "$work/elsewhere"
ln -s "$work/elsewhere/ledger.db" "$state/ledger.db"
finds 0 warning 'state directory' 'ledger.db: This is a link' 'a link to the ledger'
rm "$state/ledger.db"
mv "$work/elsewhere"/* "$state"
sound 'the file itself in its place'
ln -s state.db "$state/lock-bob.id"
finds 1 error 'state directory' 'lock-bob.id: This is a link, where a regular file' 'a link in the place of a lock'
mv "$state/lock-bob.id" "$work/stash"
sound 'moved away'
afresh
mv "$state" "$work/stash/state"
touch "$state"
finds 1 error 'state directory' 'something else than a directory' 'a file in the place of the directory'
mv "$state" "$work/stash/file"
sound 'moved away there is nothing to check'

# ---- the files ----
for file in state.db ledger.db; do
  noun=${file%.db}
  afresh
  : >"$state/$file"
  finds 1 error "$noun" 'file is empty' "an empty $file"
  head -c 5000 "$work/before/.local/state/blockstore/$file" >"$state/$file"
  finds 1 error "$noun" "$file: " "a $file that was cut off"
  head -c 8192 /dev/zero | tr '\0' x >"$state/$file"
  finds 1 error "$noun" "not a $noun" "something else for a $file"
  like "$mend" "bring $state/$file, with its -wal and -shm, back from a copy" 'a copy is what mends it'
  cp "$work/before/.local/state/blockstore/$file" "$state/$file"
  sound "$file brought back"
  rm "$state/$file"
  touch "$state/$file-wal"
  finds 1 error "$noun" "is gone, but its log" "a log without its $file"
  like "$mend" "remove $state/$file-wal and $state/$file-shm" 'is to be removed, or the file brought back'
  cp "$work/before/.local/state/blockstore/$file" "$state/$file"
  sound 'brought back'
done
afresh
: >"$state/state.db"
cli check
rm "$state"/state.db*
finds 0 warning state 'There is no state any more' 'state.db removed, as is said'
exits 0 'and all goes on' get_mutable alice.id notes
printf 'x' >"$state/state.sequence"
finds 0 warning state 'less than the 8 bytes' 'a sequence number that was cut off'
exits 0 'the next put' put_mutable alice.id notes 'other notes'
sound 'mends it'
printf '\1\0\0\0\0\0\0\0' >"$state/state.sequence"
finds 0 warning state 'the number is odd' 'one that was left in a commit'
exits 0 'the next put' put_mutable alice.id notes 'still other notes'
sound 'mends it'

# ---- the ledger that was put back, lost, or replaced ----
afresh
cli register bob.id
cli lookup bob.id
mv "$state"/ledger.db* "$work/stash"
cp "$work/before/.local/state/blockstore/ledger.db" "$state"
finds 1 error names 'The name bob.id was seen as of block 5; the ledger, which ends at block 4, does not have it' 'an older ledger'
like "$mend" '^Bring the ledger back that was used before' 'the newer one mends it'
rm "$state"/ledger.db*
mv "$work/stash"/ledger.db* "$state"
sound 'brought back'
cli put_immutable alice.id 'newer data'
cli lookup alice.id
rm "$state"/ledger.db*
cp "$work/before/.local/state/blockstore/ledger.db" "$state"
finds 1 error names 'The name alice.id was seen as of block 6; .* has an older or another state' 'an older state of a name'
cli check
is "$(grep -c '"what": "names"' "$out")" 3 'both names are told'
rm "$state"/state.db*
finds 0 warning state 'There is no state any more' 'state.db removed, as is said'
exits 0 'and all goes on' get_mutable alice.id notes
afresh
mv "$state"/ledger.db* "$work/stash"
finds 1 error names 'There is no ledger, but the state remembers 1 of its names: alice.id' 'a lost ledger'
cli register carol.id
finds 1 error names 'remembers a name, alice.id, of another chain than the ledger' 'a replaced ledger'
cli lookup carol.id
finds 0 warning names 'of another chain' 'two ledgers in use'
is "$mend" 'Nothing, where you use several ledgers on purpose; give each a state_dir of its own.' 'which may be meant'
rm "$state"/ledger.db*
mv "$work/stash"/ledger.db* "$state"
finds 0 warning names 'a name, carol.id, of another chain' 'the first of them back'
rm "$state"/state.db*
finds 0 warning state 'of what was seen nothing is remembered' 'state.db removed nothing is remembered'

# ---- the configuration ----
afresh
mkdir -p "$HOME/.config/blockstore"
config=$HOME/.config/blockstore/blockstore.yaml
stores() {
  printf 'stores:\n  - {name: one, driver: disk, root: %s}\n  - {name: two, driver: disk, root: %s, must_exist: true}\n' "$1" "$2" >"$config"
}
stores "$work/disk" "$work/disk"
finds 1 error stores 'The stores one and two are one place' 'two stores in one directory, which is not made'
stores "$work/disk" "$work//./disk/"
finds 1 error stores 'one and two are one place' 'the same in another spelling'
ln -s . "$work/here"
stores "$work/disk/new" "$work/here/disk/new"
finds 1 error stores 'one and two are one place' 'the same behind a link'
stores "$work/disk/new" "$work/here/disk/old"
cli check
is "$(grep -c 'one place' "$out")" 0 'two that are still to be made beside each other are two'
succeeds 'it is not made' test ! -e "$work/disk"
mkdir "$work/disk"
ln -s disk "$work/link"
stores "$work/disk" "$work/link/../disk/."
finds 1 error stores 'one and two are one place' 'the same by other paths'
stores "$work/disk" "$work/link"
finds 1 error stores 'one and two are one place' 'the same by a link'
like "$mend" '^Give the store two a place of its own' 'the second is to have another'
mkdir "$work/disk2"
stores "$work/disk" "$work/disk2"
sound 'which it gets'
printf 'stores:\n  - {name: one, driver: nosuch}\n' >"$config"
finds 0 warning stores 'Where the store one is cannot be told: .*nosuch' 'a driver that there is not'
stores "$work/disk" "$work/disk2"
sound 'mended'
echo 'storse: []' >"$config"
refused 2 config 'storse' check
refused 2 usage 'too many arguments' check x

# ---- while others write ----
afresh
cli get_mutable alice.id notes
before=$(member ver)
for n in 1 2 3 4 5 6 7 8 9 10; do
  "$builddir/run" blockstore-cli put_mutable alice.id notes "$n" >/dev/null
  echo $?
done >"$work/puts" 2>&1 &
writer=$!
wrong=
for n in 1 2 3 4 5 6 7 8 9 10; do
  cli check
  [ "$status" = 0 ] || wrong="$wrong$(cat "$out" "$err")"
done
wait $writer
is_empty "$wrong" 'sound at each moment'
sound 'and afterwards'
is "$(tr '\n' ' ' <"$work/puts")" '0 0 0 0 0 0 0 0 0 0 ' 'while each of the others succeeds'
cli get_mutable alice.id notes
says ver $((before + 10)) 'and counts'

# ---- the ledger by other paths ----
afresh
mkdir -p "$HOME/.config/blockstore"
ln -s blockstore "$HOME/.local/state/link"
for pair in "$state $state/./ledger.db" "$state/ $state/ledger.db" "$HOME/.local/state/link $state/ledger.db" \
            "$state $HOME/.local/state/link/ledger.db"; do
  printf 'state_dir: %s\nnames: {ledger: %s}\n%s\n' ${pair% *} ${pair#* } \
    "stores: [{name: one, driver: disk, root: $HOME/.local/share/blockstore}]" >"$config"
  sound "state_dir and ledger: $pair"
done
rm "$config"
mv "$state/ledger.db" "$work/stash/away.db"
ln -s "$work/nowhere.db" "$state/ledger.db"
rm -f "$state"/ledger.db-*
finds 1 error ledger 'The link leads to a file that is not there' 'a link to a disk that is not mounted'
is "$mend" 'Mount or bring back what it leads to.' 'which is to be mounted'
mv "$work/stash/away.db" "$work/nowhere.db"
finds 0 warning 'state directory' 'ledger.db: This is a link' 'and then is only a link'

# ---- commands on a path with a blank and a quote ----
afresh
mkdir -p "$HOME/.config/blockstore"
odd="$HOME/it's a place"
mv "$state" "$odd"
printf 'state_dir: "%s"\nnames: {ledger: "%s/ledger.db"}\n%s\n' "$odd" "$odd" \
  "stores: [{name: one, driver: disk, root: $HOME/.local/share/blockstore}]" >"$config"
chmod 755 "$odd"
finds 0 warning 'state directory' 'can be read by other users \(mode 0755\)' 'such a directory that others can read'
follow Run
sound 'is closed'

# ---- stores that say where they are, or not ----
afresh
mkdir -p "$HOME/.config/blockstore"
export BLOCKSTORE_PLUGIN_PATH="$builddir/t/modules/.libs"
export TOKEN=a OTHER=b
acting() {
  printf 'stores:\n  - {name: one, driver: acting%s}\n  - {name: two, driver: acting%s}\n' "$1" "$2" >"$config"
}
acting '' ''
sound 'two stores whose options do not say where they are may be anywhere'
acting ', wait: true' ', wait: true'
sound 'nor does a switch say it'
acting ', token: "${TOKEN}"' ', token: "${TOKEN}"'
sound 'nor does a secret'
mkdir "$work/x"
acting ", change: $work/x" ", change: $work/x"
finds 1 error stores 'one and two are one place' 'but a path does'
acting ", change: $work/x, token: \"\${TOKEN}\"" ", change: $work/x, token: \"\${TOKEN}\""
finds 1 error stores 'one and two are one place' 'with the same secret'
acting ", change: $work/x, token: \"\${TOKEN}\"" ", change: $work/x, token: \"\${OTHER}\""
sound 'who has another secret is elsewhere'
unset BLOCKSTORE_PLUGIN_PATH
rm "$config"

# ---- what has no file ----
exits 0 'check without a configuration file' check --deadline 60s
is "$(perl -MJSON::PP -e '
  local $/;
  print join " ", map { exists $_->{path} ? "path" : "none" } grep { $_->{what} eq "stores" }
    @{JSON::PP->new->decode(<STDIN>)->{checked}}' <"$out")" none 'the built-in configuration is no path'
done_testing
