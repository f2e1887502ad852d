#!/bin/sh
# SPDX-License-Identifier: MIT
# Help comes from the tables, in each of its spellings, and needs nothing: no config, no key.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"

exits 0 '--help' --help
cp "$out" "$work/help"
is "$(cat "$err")" '' '--help says nothing on stderr'
for spelling in help -h; do
  exits 0 "$spelling" $spelling
  succeeds "$spelling is --help" cmp "$out" "$work/help"
done

exits 0 'help get_immutable' help get_immutable
cp "$out" "$work/help"
like "$(cat "$out")" '^Usage: blockstore-cli get_immutable \[OPTION ...\] NAME KEY$' 'it has the arguments'
like "$(cat "$out")" '^ +--deadline DURATION ' 'it has the options'
is "$(grep -c -- --purge "$out")" 0 'it has no option of another command'
for spelling in 'help get-immutable' 'get_immutable --help' '-h get-immutable' 'get_immutable a b c -h'; do
  # shellcheck disable=SC2086
  exits 0 "$spelling" $spelling
  succeeds "$spelling is the same" cmp "$out" "$work/help"
done
exits 0 'help namespace_reveal' help namespace_reveal
like "$(cat "$out")" '^ {6}--buckets LIST {9}16 exponents' 'what an option is stands in a column'
like "$(grep -A 1 -- '^ *--nonalpha-discount NUMBER$' "$out" | tail -n 1)" '^ {29}what divides .*10 if not given$' \
  'below an option that is too long for it, in the same'
exits 0 'help register' help register
like "$(cat "$out")" "owner's key" 'a command that needs the key says so'
exits 0 'help on each command' help help
refused 2 usage 'no command bogus' help bogus
refused 2 usage 'no command bogus' --help bogus

exits 0 '--version' --version
version=$(sed -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$builddir/config.h")
is "$(cat "$out")" "blockstore-cli $version" 'the version is that of the build'
is "$(find "$HOME" -mindepth 1)" '' 'none of these left anything behind'
done_testing
