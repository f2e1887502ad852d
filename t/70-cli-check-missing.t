#!/bin/sh
# SPDX-License-Identifier: MIT
# check: a directory that the configuration names and that is not there, since it is misspelt, not mounted or gone, is told before
# the next command makes it; of what nobody has used yet nothing is said.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
state=$HOME/.local/state/blockstore
root=$HOME/.local/share/blockstore
config=$HOME/.config/blockstore/blockstore.yaml

# missing WHERE REGEX TITLE: the one finding, a warning.
missing() {
  cli check
  is "$status $(member sound) $(member findings.0.severity) $(member findings.0.where) $(member findings.1)" "0 true warning $1 null" "$3"
  like "$(member findings.0.problem)" "$2" 'it says what'
  like "$(member findings.0.mend)" 'If .* before, set (root|state_dir in .*) to where' 'and what to look at'
}

silent() {
  cli check
  is "$status $(member sound) $(member findings)" '0 true []' "$1"
}

silent 'without a configuration'
exits 0 'init' init
sed -i 's/^  provider: embedded.*/&\n  max_price: 40000000000/' "$config"
silent 'after init'
own_name alice.id
rm -rf "$root"
silent 'a name without data'
exits 0 'data' put_immutable alice.id 'some data'
silent 'with data'

sed -i 's|/share/blockstore|/share/blokstore|' "$config"
missing "$HOME/.local/share/blokstore" '^The root of the store home does not exist\.$' 'a misspelt root'
is_empty "$(find "$HOME" -name 'blok*')" 'and it is not made'
sed -i 's|/share/blokstore|/share/blockstore|' "$config"
mv "$root" "$work/away"
missing "$root" '^The root of the store home does not exist\.$' 'one that is gone'
ln -s "$work/nowhere" "$root"
missing "$root" '^The root of the store home does not exist\.$' 'a link to nowhere'
rm "$root"
mv "$work/away" "$root"
silent 'back again'

sed -i "s|/state/blockstore|/state/blokstore|; s|^names:|&\\n  ledger: $state/ledger.db|" "$config"
missing "$HOME/.local/state/blokstore" '^The state_dir of the configuration does not exist: ' 'a misspelt state_dir'
is_empty "$(find "$HOME" -name 'blok*')" 'and it is not made'
sed -i 's|/state/blokstore|/state/blockstore|' "$config"
silent 'back again'
done_testing
