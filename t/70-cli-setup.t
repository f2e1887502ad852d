#!/bin/sh
# SPDX-License-Identifier: MIT
# A user who has nothing: what is in force without a config file, and the one that init writes.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
config=$HOME/.config/blockstore/blockstore.yaml

exits 0 'config without a file' config
is_document 'config prints a document'
cp "$out" "$work/default"
exits 0 'drivers' drivers
is_document 'drivers prints a document'
like "$(cat "$out")" '"disk"' 'the disk driver is found'
exits 0 'drivers disk' drivers disk
is_document 'drivers NAME prints a document'
exits 0 'stores without a file' stores
is_document 'stores prints a document'
says healthy true 'the default store is healthy'

exits 0 'init' init
is_document 'init prints a document'
like "$(cat "$out")" "$config" 'it names the file that it made'
succeeds 'the file is there' test -s "$config"
is "$(sed -n 's/^state_dir: //p; s/^ *root: //p' "$config")" "$(printf '%s\n' '"~/.local/state/blockstore"' '"~/.local/share/blockstore"')" \
  'its paths go with the home'
before=$(sha256 "$config")
refused 6 conflict "$config" init
is "$(sha256 "$config")" "$before" 'a second init changes nothing'
exits 0 'config with the file of init' config
exits 0 'stores with the file of init' stores
says healthy true 'its store is healthy'

exits 0 'init -c' -c "$work/other.yaml" init
succeeds 'it wrote the file that was named' test -s "$work/other.yaml"
exits 0 'config -c' config -c "$work/other.yaml"
refused 6 conflict other.yaml --config="$work/other.yaml" init

cli -c "$work/missing.yaml" config
is "$status" 2 'a config file that is missing'
like "$(cat "$err")" 'missing.yaml' 'and which'
echo 'storse: []' >"$work/bad.yaml"
refused 2 config 'bad.yaml:1:1.*stores' -c "$work/bad.yaml" config
refused 2 config 'bad.yaml' -c "$work/bad.yaml" ping
refused 2 config 'bad.yaml' -c "$work/bad.yaml" stores
printf 'stores:\n  - {name: a, driver: nosuch}\n' >"$work/nosuch.yaml"
cli -c "$work/nosuch.yaml" stores
like "$status" '^[02]$' 'a driver that does not exist ends in a status of its own'
like "$(cat "$out")" 'nosuch' 'and is named'
printf 'stores:\n  - {name: a, driver: disk, root: %s, secret: hunter2}\n' "$work/a" >"$work/secret.yaml"
cli -c "$work/secret.yaml" stores
like "$(cat "$out")" 'secret' 'an option that the driver does not know is named'

printf 'stores:\n  - {name: good, driver: disk, root: %s}\n  - {name: bad, driver: disk, root: /dev/null/x}\n' "$work/good" >"$work/two.yaml"
cli -c "$work/two.yaml" stores
is "$status $(member healthy) $(member stores.0.healthy) $(member stores.1.healthy)" '1 false true false' 'one store of two is not usable'
like "$(cat "$err")" '^blockstore-cli: Not every store is usable' 'which is said'
done_testing
