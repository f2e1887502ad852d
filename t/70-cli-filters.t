#!/bin/sh
# SPDX-License-Identifier: MIT
# Stores with filters, as the configuration has them.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id

# with FILTERS: the configuration of a store that has them.
with() {
  printf 'stores:\n  - {name: shelf, driver: disk, root: %s,\n     filters: %s}\n' "$work/shelf" "$1" >"$work/c.yaml"
}

# logged REGEX: lines of the log.
logged() {
  grep -cE -e "$1" "$err"
}

with '[log]'
exits 0 'a put through a filter' -v -c "$work/c.yaml" put_immutable alice.id 'some data'
key=$(printf 'some data' | sha256)
is "$(logged "shelf: put_immutable $key, 9 bytes in [0-9]+\.[0-9]{3} ms: OK")" 1 'is told'
exits 0 'a get' -v -c "$work/c.yaml" get_immutable alice.id "$key"
says data 'some data' 'gives the data'
is "$(logged "shelf: get_immutable $key, 9 bytes in .*: OK")" 1 'and is told'
exits 0 'a mutable put' -v -c "$work/c.yaml" put_mutable alice.id status here
is "$(logged 'shelf: put_mutable .*, [0-9]+ bytes in .*: OK')" 1 'is told'
exits 0 'a mutable get' -v -c "$work/c.yaml" get_mutable alice.id status
says data here 'gives the data'
is "$(logged 'shelf: get_mutable file:.*\.\.\., [0-9]+ bytes in .*: OK')" 1 'and is told, with the beginning of the URL'

with '[log, {filter: log, level: debug}]'
exits 0 'a filter twice, one with an option' -v -c "$work/c.yaml" put_immutable alice.id 'more data'
key=$(printf 'more data' | sha256)
is "$(logged "put_immutable $key, 9 bytes")" 1 'that of the level debug is not told by -v'
exits 0 'again' -v -v -c "$work/c.yaml" put_immutable alice.id 'even more data'
key=$(printf 'even more data' | sha256)
is "$(logged "put_immutable $key, 14 bytes")" 2 'but by another'
exits 0 'the stores' -c "$work/c.yaml" stores
says stores.0.filters '["log","log"]' 'with their filters'
says stores.0.durable true 'durable as the store is'
exits 0 'the configuration' -c "$work/c.yaml" config
says stores.0.filters '["log",{"filter":"log","level":"debug"}]' 'with its filters as they stand there'
exits 0 'the drivers' drivers log
says drivers.0.kind filter 'log is a filter'
says drivers.0.declares_needs '[]' 'which needs nothing'
exits 0 'the drivers' drivers cache
says drivers.0.declares_needs.0 hashes 'cache needs the hashes of the bytes for their keys'
exits 0 'the drivers' drivers exec
says drivers.0.declares_needs.0 network 'what a sandbox lets a driver have is shown'
says drivers.0.declares_needs.1 programs 'all of it'

with '[]'
exits 0 'no filters' -c "$work/c.yaml" stores

# ---- refusals ----

with '[disk]'
refused 2 config "c.yaml:3:16: Store shelf: The driver disk is a store, not a filter" -c "$work/c.yaml" stores
with '[lgo]'
refused 2 driver 'c.yaml:3:16: Store shelf: .*"?lgo"?' -c "$work/c.yaml" stores
with '[{filter: log, levle: info}]'
refused 2 config 'c.yaml:3:30: The driver log has no option "levle"; did you mean "level"' -c "$work/c.yaml" stores
with '[{filter: log, level: loud}]'
refused 2 config 'c.yaml:3:37: The option "level" must be error, warning, info or debug' -c "$work/c.yaml" stores
with '[{level: info}]'
refused 2 config 'c.yaml:3:16: Expected here: the name of a filter' -c "$work/c.yaml" stores
with '[[log]]'
refused 2 config 'c.yaml:3:16: Expected here: the name of a filter' -c "$work/c.yaml" stores
with '[../log]'
refused 2 config 'c.yaml:3:16: Expected here: the name of a filter' -c "$work/c.yaml" stores
with log
refused 2 config 'c.yaml:3:15: Expected here: a list of at most 16 filters' -c "$work/c.yaml" stores
with '[log, log, log, log, log, log, log, log, log, log, log, log, log, log, log, log, log]'
refused 2 config 'c.yaml:3:15: Expected here: a list of at most 16 filters' -c "$work/c.yaml" stores
printf 'stores: [{name: shelf, driver: log}]\n' >"$work/c.yaml"
refused 2 config 'c.yaml:1:32: Store shelf: The driver log is a filter, not a store: it stands in a store.s "filters"' -c "$work/c.yaml" stores
done_testing
