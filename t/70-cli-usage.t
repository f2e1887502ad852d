#!/bin/sh
# SPDX-License-Identifier: MIT
# A mistake on the command line exits with 2 before anything is opened, and says what was probably meant.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"

refused 2 usage 'command is missing.*--help'
refused 2 usage 'command is missing' -v
refused 2 usage 'no command frobnicate; blockstore-cli --help' frobnicate
refused 2 usage 'no command regster; is register meant' regster alice.id
refused 2 usage 'no command put-imutable; is put_immutable meant' put-imutable alice.id x
refused 2 usage 'no command  *;' ''
refused 2 usage 'no command 0*; blockstore-cli --help' "$(printf %0200d 0)"
refused 2 usage 'no option --0*; blockstore-cli --help' "--$(printf %0200d 0)"
refused 2 usage 'no command Ping; is ping meant' Ping

refused 2 usage 'no option --bogus; blockstore-cli --help' ping --bogus
refused 2 usage 'no option --deadlin; is --deadline meant' ping --deadlin 5s
refused 2 usage 'no option --verb;' --verb ping
refused 2 usage 'no option -x;' -x ping
refused 2 usage 'no option -vx;' -vx ping
refused 2 usage 'no option -raw; is --raw meant' ping -raw
refused 2 usage 'no option -1; blockstore-cli --help lists all' get_nameops_at -1
refused 2 usage 'no option ---;' --- ping
for data in -5 -hello --bogus; do
  refused 2 usage "no option $data;.*begins with - goes behind --" put_mutable alice.id notes "$data"
done
refused 2 usage 'no command -5;.* lists all\.$' -- -5
refused 2 usage '--quiet takes no value' --quiet=yes ping
refused 2 usage '--config needs its FILE' ping --config
refused 2 usage '--config needs its FILE' --config= ping
refused 2 usage '--key needs its FILE' ping -k
refused 2 usage '--key needs its FILE' -k '' ping

refused 2 usage 'ping has no option --purge; see: blockstore-cli help ping' ping --purge
refused 2 usage 'get_immutable has no option --txid' get_immutable alice.id KEY --txid 1
refused 2 usage 'put_immutable has no option --dry-run' put_immutable alice.id x --dry-run
refused 2 usage 'stores has no option --deadline' stores --deadline 5s

for command in init config stores ping getinfo; do
  refused 2 usage "too many arguments; write: blockstore-cli $command\$" "$command" extra
done
refused 2 usage 'too many arguments; write: blockstore-cli drivers \[why\|lock\] \[NAME\]$' drivers disk s3
refused 2 usage 'too many arguments; write: blockstore-cli preorder NAME \[ADDRESS\]' preorder a.id 1 2
refused 2 usage 'too many arguments' help ping pong
for command in keygen lookup get_name_blockchain_record preorder register; do
  refused 2 usage "too few arguments; write: blockstore-cli $command" "$command"
done
for command in update put_immutable get_immutable delete_immutable; do
  refused 2 usage "too few arguments; write: blockstore-cli $command NAME" "$command" alice.id
  refused 2 usage 'too many arguments' "$command" alice.id x y z
done

refused 2 usage '^[^@]*DATA: An @ means a file, and its name is missing; write @FILE\. The text @ is written @@\.$' put_immutable alice.id @
refused 2 usage 'DATA: An @ means a file' put_mutable alice.id notes @
refused 2 usage 'RECORD: An @ means a file, and its name is missing; write @FILE\.$' update alice.id @

for deadline in 5 s 0s 5x -5s 1.5s '5 s' 5sm 99999999999999999999ms 71583m; do
  refused 2 usage "deadline '$deadline' is not a duration" --deadline "$deadline" ping
done

is "$(find "$HOME" -mindepth 1)" '' 'none of these left anything behind'

"$builddir/run" blockstore-cli get_immutable alice.id --raw >"$out" 2>"$err"
is "$?" 2 'with --raw the exit status is the same'
is "$(cat "$out")" '' 'with --raw an error leaves stdout alone'
like "$(cat "$err")" 'too few arguments' 'with --raw it is told on stderr'
cli "$(printf 'a\033b\377')"
like "$(cat "$err")" 'There is no command a\?b' 'what goes to a terminal has no control characters'
is_document 'what is no UTF-8 makes no broken document'
done_testing
