#!/bin/sh
# SPDX-License-Identifier: MIT
# The filter cache in a configuration: the filter log below it tells what reaches the store.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id

# with STORE FILTERS: the configuration of a store that has them.
with() {
  printf 'stores:\n  - {name: shelf, driver: disk, root: %s,\n     filters: %s}\n' "$work/$1" "$2" >"$work/c.yaml"
}

# reached REGEX: how many calls of the last command reached the store.
reached() {
  grep -cE -e "shelf: $1[ ,].*: OK" "$err"
}

with shelf "[{filter: cache, directory: $work/kept}, log]"
exits 0 'a put' -v -c "$work/c.yaml" put_immutable alice.id 'some data'
key=$(printf 'some data' | sha256)
is "$(reached "put_immutable $key")" 1 'goes to the store'
exits 0 'a get' -v -c "$work/c.yaml" get_immutable alice.id "$key"
says data 'some data' 'gives the data'
is "$(reached get_immutable)" 0 'without asking the store, of the user record neither'
printf 'other bytes' >"$work/kept/immutable/$(printf %.2s "$key")/$key"
exits 0 'when the file is damaged' -v -c "$work/c.yaml" get_immutable alice.id "$key"
says data 'some data' 'the data are the same'
is "$(reached "get_immutable $key")" 1 'and the store was asked'
exits 0 'again' -v -c "$work/c.yaml" get_immutable alice.id "$key"
is "$(reached "get_immutable $key")" 0 'it was mended'
exits 0 'a mutable put' -v -c "$work/c.yaml" put_mutable alice.id status here
exits 0 'a mutable get' -v -c "$work/c.yaml" get_mutable alice.id status
says data here 'gives the data'
is "$(reached get_mutable)" 1 'by asking the store'

with shelf "[{filter: cache, directory: $work/kept, fresh: 1h}, log]"
exits 0 'with fresh' -v -c "$work/c.yaml" get_mutable alice.id status
exits 0 'a mutable get' -v -c "$work/c.yaml" get_mutable alice.id status
says data here 'gives the data'
is "$(reached get_mutable)" 0 'without asking the store'
exits 0 'a mutable put of another process' -c "$work/c.yaml" put_mutable alice.id status there
exits 0 'a mutable get' -v -c "$work/c.yaml" get_mutable alice.id status
says data there 'gives what was put'
exits 0 'a mutable delete' -c "$work/c.yaml" delete_mutable alice.id status
refused 3 deleted 'deleted' -c "$work/c.yaml" get_mutable alice.id status

exits 0 'the stores' -c "$work/c.yaml" stores
says stores.0.durable true 'durable as the store is'
exits 0 'the drivers' drivers cache
says drivers.0.kind filter 'cache is a filter'

with other "[{filter: cache, directory: $work/kept}]"
cli -c "$work/c.yaml" stores
is "$status" 1 'two stores that share a directory'
like "$(cat "$err" "$out")" "$work/kept: This is the cache of another store, file://$work/shelf/.*, and not of file://$work/other/" \
  'are told so'
with shelf '[cache]'
refused 2 config 'c.yaml:3:16: .*"directory"' -c "$work/c.yaml" stores

# What cannot be written fails nothing, and is told.
with shelf "[log, {filter: cache, directory: $work/kept}]"
rmdir "$work/kept/.tmp" && touch "$work/kept/.tmp"
exits 0 'a cache that cannot be written' -c "$work/c.yaml" stores
says stores.0.healthy true 'is healthy'
says stores.0.warnings "[\"$work/kept: Nothing can be kept, and the store is asked instead: Not a directory\"]" 'and tells of it'
exits 0 'a get' -c "$work/c.yaml" get_immutable alice.id "$key"
says data 'some data' 'is answered'
rm "$work/kept/.tmp"
exits 0 'without that' -c "$work/c.yaml" stores
says stores.0.warnings null 'it warns of nothing'

# Full of what it must not have: the store answers all the same.
with shelf "[{filter: cache, directory: $work/kept, size: 8K}, log]"
head -c 100000 /dev/urandom >"$work/large"
exits 0 'a put of what is too large to be kept' -v -c "$work/c.yaml" put_immutable alice.id "@$work/large"
key=$(sha256 <"$work/large")
exits 0 'a get of it' -v -c "$work/c.yaml" get_immutable alice.id "$key"
is "$(reached "get_immutable $key")" 1 'asks the store'
done_testing
