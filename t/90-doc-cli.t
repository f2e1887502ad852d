#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual page of blockstore-cli has every command with its arguments and every option, and no other.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"
pod=$srcdir/doc/blockstore-cli.pod

cli --help
sed -n '/^Options:/q; s/^  \([a-z_][a-z_]*\( \[[a-z|]*\]\)*\( [][A-Z_ ]*[]A-Z]\)*\)\(  *.*\)*$/\1/p' "$out" | sed 's/ *$//' | LC_ALL=C sort >"$work/commands"
is "$(grep -c . "$work/commands")" "$(grep -cE '^  [a-z]' "$out")" 'every command of --help is understood'
is "$(items "$pod" COMMANDS | LC_ALL=C sort)" "$(cat "$work/commands")" 'the manual page has the commands of --help with their arguments'

while read -r command _; do
  cli help "$command"
  cat "$out"
done <"$work/commands" >"$work/all"
cli --help
cat "$out" >>"$work/all"
sed -nE 's/^  (    |(-.), )(--[a-z-]+)( [A-Z]+)?( .*)?$/\2, \3\4/p' "$work/all" | sed 's/^, //' | LC_ALL=C sort -u >"$work/options"
is "$(items "$pod" OPTIONS | LC_ALL=C sort)" "$(cat "$work/options")" 'the manual page has the options of help with their arguments'
is_empty "$(podchecker "$pod" 2>&1 | grep -v 'pod syntax OK')" 'the manual page is well-formed'

statuses=$(sed -n 's/^  BLOCKSTORE_[A-Z_]* = \([0-9]*\),\{0,1\}.*/\1/p' "$srcdir/include/blockstore/blockstore.h" | sort -n)
is "$(items "$pod" 'EXIT STATUS' | sed 's/,.*//' | grep -v 130 | sort -n)" "$statuses" 'the manual page has the exit statuses of the library'
# "WORD (STATUS)" of each row of core/base/words.h.
declared=$(sed -n 's/^  X(\([a-z_]*\), \([A-Z_]*\)).*/\1 \2/p' "$srcdir/core/base/words.h" | while read -r word result; do
  echo "$word ($(sed -n "s/^  BLOCKSTORE_$result = \([0-9]*\).*/\1/p" "$srcdir/include/blockstore/blockstore.h"))"
done | LC_ALL=C sort)
is "$(items "$pod" 'CODE WORDS' | LC_ALL=C sort)" "$declared" 'the manual page has the code words with their statuses'

declared=$(sed -n 's/^  X(\([a-z_]*\)).*/\1/p' "$srcdir/core/driver/rule.h" | LC_ALL=C sort)
is "$(items "$pod" 'RULES OF DRIVERS' | sed 's/, /\n/g' | LC_ALL=C sort)" "$declared" 'the manual page has the rules that refuse a driver'

# The members of documents: given to functions that add them, or rows of core/chain/fields.c.  Those of the configuration are its keys.
members() {
  (cd "$srcdir/core/client" && cat drivers.c locks.c record.c receipt.c report.c reading.c get-mutable.c init.c inspect.c methods*.c) |
    sed '/^static cJSON \*config_document/,/^}/d' |
    grep -oE '(bs_document_[a-z]+|add_json|add_text|cJSON_Add[A-Za-z]+)\([a-z>-]+, "[a-z0-9_]+"|"data(_base64)?"'
  grep -oE '(TEXT|NUMBER|TRUTH)\("[a-z_]+"|\{"buckets"' "$srcdir/core/chain/fields.c"
}
members | sed 's/.*"\(.*\)"/\1/' | sort -u >"$work/members"
[ "$(wc -l <"$work/members")" -ge 100 ]
report $? 'documents have members' "$(cat "$work/members")"
is_empty "$(while read -r name; do grep -qF "C<$name>" "$pod" || echo "$name"; done <"$work/members")" \
  'the manual page has every member of the documents'
done_testing
