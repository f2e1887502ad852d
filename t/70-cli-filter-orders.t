#!/bin/sh
# SPDX-License-Identifier: MIT
# Filters in every order and in each other's way: what cannot work is refused with what and where, the rest works.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
command -v openssl >/dev/null || skip_all 'needs openssl'
own_name alice.id
key=$(printf 'some data' | sha256)
(umask 077 && openssl rand -hex 32 >"$work/a.key" && openssl rand -hex 32 >"$work/b.key")
encrypt="{filter: encrypt, key_file: $work/a.key}"

# with ROOT FILTERS [MORE]: the configuration of a store that has them, and of more stores.
with() {
  printf 'stores:\n  - {name: shelf, driver: disk, root: %s,\n     filters: %s}\n%s' "$work/$1" "$2" "${3-}" >"$work/c.yaml"
}
cache() {
  echo "{filter: cache, directory: $work/$1${2-}}"
}

# serves WHAT: what a new name puts, immutable and mutable, is got, and is gone when it was deleted.
names=0
serves() {
  names=$((names + 1))
  name=n$names.id
  exits 0 "$1: a name" -c "$work/c.yaml" register $name
  exits 0 "$1: a put" -c "$work/c.yaml" put_immutable $name 'some data'
  exits 0 "$1: a mutable put" -c "$work/c.yaml" put_mutable $name status here
  exits 0 "$1: a get" -c "$work/c.yaml" get_immutable $name "$key"
  says data 'some data' "$1: the same"
  exits 0 "$1: a mutable get" -c "$work/c.yaml" get_mutable $name status
  says data here "$1: the same"
  exits 0 "$1: a delete" -c "$work/c.yaml" delete_mutable $name status
  refused 3 deleted 'deleted' -c "$work/c.yaml" get_mutable $name status
  exits 0 "$1: and of the other" -c "$work/c.yaml" delete_immutable $name "$key"
}

# ---- what is refused ----

with one "[$encrypt, $(cache kept)]"
refused 2 config "c.yaml:3:16: Store shelf: The filter encrypt changes data, and cache below it takes them only as they are: put cache to the left of encrypt" \
  -c "$work/c.yaml" put_immutable alice.id x
with one "[$encrypt, log, $(cache kept ', fresh: 1h'), retry]"
refused 2 config 'c.yaml:3:16: Store shelf: The filter encrypt changes data, and cache below it' -c "$work/c.yaml" stores
printf 'stores:\n  - {name: shelf, driver: good, root: %s,\n     filters: [log, %s]}\n' "$work/one" "$encrypt" >"$work/c.yaml"
BLOCKSTORE_PLUGIN_PATH=$builddir/t/modules/.libs
export BLOCKSTORE_PLUGIN_PATH
refused 2 config 'c.yaml:3:21: Store shelf: The filter encrypt changes data, and the driver good takes them only as they are: leave out' \
  -c "$work/c.yaml" stores
unset BLOCKSTORE_PLUGIN_PATH
fails 'nothing was made' test -e "$work/kept" -o -e "$work/one"

# ---- one filter twice ----

for twice in log readonly '{filter: rate, calls: 100}' '{filter: delay, get: 1ms}' '{filter: retry, wait: 1ms}'; do
  with twice "[$twice, $twice]"
  exits 0 "twice: $twice" -c "$work/c.yaml" stores
done
with twice "[$encrypt, log, {filter: encrypt, key_file: $work/b.key}]"
refused 2 config 'c.yaml:3:16: Store shelf: The filter encrypt changes data, and stands there twice: leave out one of them' \
  -c "$work/c.yaml" put_immutable alice.id x
with kept-twice "[$(cache first), $(cache second)]"
serves 'two caches'
with kept-same "[$(cache third ', fresh: 1h'), $(cache third ', fresh: 1h')]"
serves 'two caches in one directory'

# ---- orders that work ----

with plain "[$(cache plain.kept), $encrypt]"
exits 0 'a name' -c "$work/c.yaml" register bob.id
exits 0 'a cache above encrypt' -c "$work/c.yaml" put_immutable bob.id 'some data'
succeeds 'keeps what is not encrypted' grep -rqF 'some data' "$work/plain.kept"
fails 'which the store has not' grep -rqF 'some data' "$work/plain"
is "$(find "$work/plain.kept" -maxdepth 0 -perm 0700 | wc -l)" 1 'in a directory that nobody else reads'
with plain "[$(cache plain.kept), {filter: encrypt, key_file: $work/b.key}]"
cli -c "$work/c.yaml" get_immutable bob.id "$key"
is "$status $(grep -c "$work/plain.kept: This is the cache of another store" "$err")" '7 1' 'with another key it is not its cache'
with plain "[$(cache plain.kept), $encrypt]"
exits 0 'with the right one it is as before' -c "$work/c.yaml" get_immutable bob.id "$key"
with paced '[{filter: rate, calls: 1000}, {filter: retry, wait: 1ms}]'
serves 'rate above retry'
with seen "[log, $encrypt, {filter: log, level: warning}]"
exits 0 'a name' -c "$work/c.yaml" register carol.id
exits 0 'log above and below encrypt' -v -c "$work/c.yaml" put_immutable carol.id 'some data'
is "$(grep -c "shelf: put_immutable $key, 9 bytes" "$err")" 1 'above it tells the true key'
[ "$(grep -cE 'shelf: put_immutable [0-9a-f]{40}, 352 bytes' "$err")" -ge 1 ]
report $? 'below it another' "$(cat "$err")"
with seen '[readonly, log]'
refused 2 config 'at_least asks for 1 durable stores, and 0 of the 1 that are used' -c "$work/c.yaml" put_immutable carol.id 'more data'

# ---- two stores ----

with left "[$encrypt]" "  - {name: other, driver: disk, root: $work/right, filters: [$encrypt]}
"
exits 0 'a name' -c "$work/c.yaml" register dora.id
exits 0 'one key file for two stores' -c "$work/c.yaml" put_immutable dora.id 'some data'
is "$(cd "$work/left/immutable" && find . -type f -exec sha256sum {} + | sort)" \
  "$(cd "$work/right/immutable" && find . -type f -exec sha256sum {} + | sort)" 'which have the same objects'
with left "[$(cache shared)]" "  - {name: other, driver: disk, root: $work/right, filters: [$(cache shared)]}
"
exits 1 'one cache for two stores' -c "$work/c.yaml" stores
like "$(member stores.1.error)" "other: $work/shared: This is the cache of another store, file://$work/left/.*, and not of file://$work/right/.*: give each" \
  'is refused to the second'
says stores.0.healthy true 'and not to the first'

# ---- directories ----

# told REGEX WHAT: the store cannot be used, and says this.
told() {
  cli -c "$work/c.yaml" stores
  is "$status $(member stores.0.healthy)" '1 false' "$2"
  like "$(member stores.0.error)" "^shelf: $1" 'is refused'
}
elsewhere='give the cache a directory of its own, elsewhere'
with root "[$(cache root)]"
told "$work/root: The directory is, or lies inside, a store or another cache \(there is a $work/root/.blockstore-disk\): $elsewhere" \
  'a cache that is the store'
with root "[$(cache root/immutable/kept)]"
told "$work/root/immutable/kept: The directory is, or lies inside, .* \(there is a $work/root/.blockstore-disk\): $elsewhere" 'one in it'
with root "[$(cache first/kept)]"
told "$work/first/kept: .* \(there is a $work/first/.blockstore-cache\): $elsewhere" 'one in another cache'
with first '[]'
told "$work/first: This is the directory of a cache \(there is a .blockstore-cache in it\), not a store; give the store" 'a cache as a store'
with first/within '[]'
told "$work/first/within: The directory lies inside a cache \(there is a $work/first/.blockstore-cache\): give the store a directory" \
  'a store in a cache'
touch "$work/file"
with root "[$(cache file/kept)]"
told "$work/file/kept: The directory cannot be made: Not a directory" 'a cache below a file'
done_testing
