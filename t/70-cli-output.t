#!/bin/sh
# SPDX-License-Identifier: MIT
# Where the bytes go: a file replaced in one step, and a stdout that cannot be written is an error.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id
head -c 400000 /dev/urandom >"$work/data"
cli put_immutable alice.id @"$work/data"
key=$(sha256 "$work/data")
mkdir "$work/to"

exits 0 'get -o a new file' get_immutable alice.id "$key" -o "$work/to/file"
is_document 'the document goes to stdout'
says key "$key" 'it has the key'
says data null 'it has no data'
succeeds 'the file has the data' cmp "$work/data" "$work/to/file"
echo old >"$work/to/file"
ln "$work/to/file" "$work/to/link"
exits 0 'get -o a file that exists' get_immutable alice.id "$key" --output="$work/to/file"
succeeds 'it has the data' cmp "$work/data" "$work/to/file"
is "$(cat "$work/to/link")" old 'it is another file: it was replaced, not rewritten'
is "$(find "$work/to" -mindepth 1 | sort | tr '\n' ' ')" "$work/to/file $work/to/link " 'nothing else is left'
umask 022
for mode in 600 640 400; do
  chmod $mode "$work/to/file"
  exits 0 "get -o a file of mode $mode" get_immutable alice.id "$key" -o "$work/to/file"
  is "$(stat -c %a "$work/to/file")" $mode 'which it keeps: nobody else can read it now'
done
chmod 666 "$work/to/file"
(umask 027 && "$builddir/run" blockstore-cli get_immutable alice.id "$key" -o "$work/to/file" >/dev/null)
is "$(stat -c %a "$work/to/file")" 640 'and the umask narrows it'
(cd "$work/to" && "$builddir/run" blockstore-cli get_immutable alice.id "$key" -o here >/dev/null)
succeeds 'a name without a directory' cmp "$work/data" "$work/to/here"

ln -s file "$work/to/symbolic"
exits 0 'get -o a symbolic link' get_immutable alice.id "$key" -o "$work/to/symbolic"
succeeds 'it stays one' test -L "$work/to/symbolic"
mkfifo "$work/fifo"
cat "$work/fifo" >"$work/through" &
exits 0 'get -o a pipe' get_immutable alice.id "$key" -o "$work/fifo"
wait
succeeds 'the pipe got the data' cmp "$work/data" "$work/through"
succeeds 'and stays a pipe' test -p "$work/fifo"

refused 2 usage 'is a directory' get_immutable alice.id "$key" -o "$work/to"
cli get_immutable alice.id "$key" -o "$work/none/file"
like "$status" '^[12]$' 'a directory that is not there'
like "$(cat "$err")" "$work/none" 'and which'
cli get_immutable alice.id "$key" --raw -o "$work/to/file"
is "$status" 2 'to a file and to stdout'
like "$(cat "$err")" 'not to both' 'and why'

# unwritable WHAT REGEX: the status and the line on stderr of what was just run.
unwritable() {
  is "$status" 1 "$1"
  like "$(cat "$err")" "^blockstore-cli: .*$2" "$1: why"
  is "$(wc -l <"$err")" 1 "$1: in one line"
}
for arguments in ping --help --version help; do
  status=0
  "$builddir/run" blockstore-cli $arguments >/dev/full 2>"$err" || status=$?
  unwritable "$arguments to a full disk" 'No space left'
  status=0
  "$builddir/run" blockstore-cli $arguments >&- 2>"$err" || status=$?
  unwritable "$arguments to a closed stdout" 'Bad file descriptor'
done
status=0
"$builddir/run" blockstore-cli get_immutable alice.id "$key" --raw >/dev/full 2>"$err" || status=$?
unwritable '--raw to a full disk' 'No space left'
status=0
"$builddir/run" blockstore-cli get_immutable alice.id "$key" --raw >&- 2>"$err" || status=$?
unwritable '--raw to a closed stdout' 'Bad file descriptor'
for way in --raw ''; do
  # shellcheck disable=SC2086
  { "$builddir/run" blockstore-cli get_immutable alice.id "$key" $way 2>"$err" || echo $? >"$work/status"; } | :
  status=$(cat "$work/status")
  unwritable "a closed pipe${way:+ with }$way" 'Broken pipe'
done
"$builddir/run" blockstore-cli nonsense >&- 2>"$err"
is "$?" 2 'a usage error stays one when stdout is closed'
exits 0 'the ledger is whole after all that' lookup alice.id
done_testing
