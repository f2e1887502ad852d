#!/bin/sh
# SPDX-License-Identifier: MIT
# Stores with the filters retry, rate, delay, error and readonly, alone and above each other.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id

# with FILTERS [LINE]: the configuration of a store that has them, and one more line.
with() {
  printf 'stores:\n  - {name: shelf, driver: disk, root: %s,\n     filters: %s}\n%s\n' "$work/shelf" "$1" "${2-}" >"$work/c.yaml"
}

# told COUNT REGEX WHAT: so many lines of the log.
told() {
  is "$(grep -cE -e "$2" "$err")" "$1" "$3"
}

with '[]'
exits 0 'a store' -c "$work/c.yaml" put_immutable alice.id 'some data'
key=$(printf 'some data' | sha256)

# ---- error, and retry above it ----

with '[{filter: error, at: [1, 2, 3], entries: [put_immutable], seed: 5}]'
refused 7 too_few 'shelf: The filter error lets call 3 \(put_immutable\) fail; its seed is 5\.' \
  -c "$work/c.yaml" put_immutable alice.id 'other data'
with '[log, {filter: retry, wait: 1ms}, log, {filter: error, at: [1, 2, 3], entries: [put_immutable]}]'
exits 0 'what fails three times is tried again' -v -c "$work/c.yaml" put_immutable alice.id 'other data'
other=$(printf 'other data' | sha256)
told 3 "shelf: put_immutable $other, 10 bytes in .*: TRANSIENT: The filter error lets call" 'three failures are told'
told 3 "shelf: put_immutable $other is tried again in [01-4] ms: The filter error lets call" 'and three waits'
told 2 "shelf: put_immutable $other, 10 bytes in .*: OK" 'and the success, above and below'

with '[{filter: retry, wait: 1ms}, {filter: error, at: [1, 2], entries: [get_immutable], after: 4}]'
exits 0 'a get that is cut short' -c "$work/c.yaml" get_immutable alice.id "$key"
says data 'some data' 'begins anew'
with '[{filter: retry, wait: 1ms, times: 2}, {filter: error, one_in: 1, entries: [get], retry_after: 40s}]' 'timeouts: {operation: 30s}'
refused 7 unreachable 'shelf: Tried 1 time, as the next try would be past the deadline: The filter error lets call' \
  -c "$work/c.yaml" get_immutable alice.id "$key"
with '[{filter: retry, wait: 0s, times: 2}, {filter: error, one_in: 1, entries: [get]}]'
refused 7 unreachable 'shelf: Tried 2 times: The filter error lets call' -c "$work/c.yaml" get_immutable alice.id "$key"
with '[{filter: retry, wait: 0s, times: 2}, log, {filter: error, one_in: 1, entries: [get]}]'
cli -v -c "$work/c.yaml" get_immutable alice.id "$key"
told 2 'shelf: get_immutable .*: TRANSIENT' 'and no more than that, as the core does not begin anew'
with '[log, {filter: error, one_in: 1, entries: [get]}]'
cli -v -c "$work/c.yaml" get_immutable alice.id "$key"
told 3 'shelf: get_immutable .*: TRANSIENT' 'which without the filter tries three times'
with '[{filter: retry, wait: 0s}, {filter: error, one_in: 1, entries: [get], status: denied}]'
refused 7 unreachable 'shelf: The filter error lets call 1 ' -c "$work/c.yaml" get_immutable alice.id "$key"

# A put whose answer is lost was done.
with '[{filter: error, one_in: 1, entries: [put], status: failed, after: 1G}]'
refused 7 too_few 'shelf: The filter error lets' -c "$work/c.yaml" put_immutable alice.id 'lost data'
lost=$(printf 'lost data' | sha256)
is "$(cat "$work"/shelf/immutable/*/*/"$lost")" 'lost data' 'the store has it all the same'
with '[{filter: error, one_in: 1, entries: [put], status: failed, after: 3}]'
refused 7 too_few 'shelf: The filter error lets' -c "$work/c.yaml" put_immutable alice.id 'cut data'
is_empty "$(find "$work/shelf" -name "$(printf 'cut data' | sha256)")" 'one that was cut left nothing'

# The same seed, the same calls.
with '[log, {filter: error, one_in: 2, seed: 3, status: failed, entries: [get]}]'
cli -v -c "$work/c.yaml" get_immutable alice.id "$key"
grep -oE 'get_immutable .* (OK|FAILED)' "$err" | sed 's/ in .*:/:/' >"$work/first"
cli -v -c "$work/c.yaml" get_immutable alice.id "$key"
grep -oE 'get_immutable .* (OK|FAILED)' "$err" | sed 's/ in .*:/:/' >"$work/second"
[ -s "$work/first" ] && cmp -s "$work/first" "$work/second"
report $? 'a seed makes the same calls fail' "$(cat "$work/first" "$work/second")"
with '[{filter: error, one_in: 1000000}]'
exits 0 'without one' -v -c "$work/c.yaml" get_immutable alice.id "$key"
told 1 'shelf: error: the seed is [0-9]+$' 'the log has the seed'

# ---- delay and rate ----

with '[{filter: delay, get: 10ms, put: 1ms, jitter: 5ms}]'
exits 0 'a slow store' -c "$work/c.yaml" get_immutable alice.id "$key"
with '[{filter: delay, get: 10m}]' 'timeouts: {operation: 300ms}'
refused 10 deadline . -c "$work/c.yaml" get_immutable alice.id "$key"

with '[{filter: rate, calls: 1000, bytes: 1M}]'
exits 0 'a limit that is not reached' -c "$work/c.yaml" get_immutable alice.id "$key"
with '[{filter: rate, calls: 1, per: 10m}]'
refused 7 unreachable 'shelf: The rate of 1 calls in 600000 ms would let this go on in [0-9]+ ms, when the deadline has passed' \
  -c "$work/c.yaml" get_immutable alice.id "$key"
with '[{filter: rate, bytes: 20, per: 10m}]'
refused 7 unreachable 'shelf: The rate of 20 bytes in 600000 ms would let this go on in [0-9]+ ms' \
  -c "$work/c.yaml" get_immutable alice.id "$key"

with '[log, {filter: retry, wait: 1ms}, {filter: rate, calls: 1000}, {filter: delay, jitter: 2ms}, {filter: error, at: [1, 3]}]'
exits 0 'all of them' -c "$work/c.yaml" put_mutable alice.id status here
exits 0 'and back' -c "$work/c.yaml" get_mutable alice.id status
says data here 'gives the data'
exits 0 'the store' -c "$work/c.yaml" stores
says stores.0.durable true 'is as durable as without'

# ---- readonly ----

with '[readonly]'
exits 0 'a store that is only read' -c "$work/c.yaml" get_immutable alice.id "$key"
says data 'some data' 'gives data'
exits 0 'it' -c "$work/c.yaml" stores
says stores.0.durable false 'is not durable'
cp -a "$work/shelf" "$work/before"
refused 2 config 'at_least asks for 1 durable stores, and 0 of the 1' -c "$work/c.yaml" put_immutable alice.id 'new data'
with '[readonly]' "  - {name: desk, driver: disk, root: $work/desk}
replication: {write: {at_least: all}}"
exits 0 'with another store a put' -c "$work/c.yaml" put_immutable alice.id 'new data'
like "$(cat "$out")" 'shelf: The store can only be read \(put_immutable\)' 'tells that this one has not got it'
exits 0 'a mutable put' -c "$work/c.yaml" put_mutable alice.id status there
exits 0 'a delete' -c "$work/c.yaml" delete_immutable alice.id "$key" --purge
like "$(cat "$out")" 'shelf: The store can only be read' 'tells it as well'
succeeds 'nothing of it has changed' diff -r "$work/before" "$work/shelf"

# ---- refusals ----

with '[{filter: retry, times: 0}]'
refused 7 unreachable 'shelf: times: A call is tried 1 time or more, not 0' -c "$work/c.yaml" get_immutable alice.id "$key"
with '[{filter: rate, calls: -1}]'
refused 7 unreachable 'shelf: calls: This must be 0 \(no limit\) or more' -c "$work/c.yaml" get_immutable alice.id "$key"
with '[{filter: rate, per: 0s}]'
refused 7 unreachable 'shelf: per: This must be 1 ms or more' -c "$work/c.yaml" get_immutable alice.id "$key"
with '[rate]'
refused 7 unreachable 'shelf: calls, bytes: One of them must be more than 0, or nothing is limited' -c "$work/c.yaml" get_immutable alice.id "$key"
with '[{filter: error, entries: [gets]}]'
refused 7 unreachable 'shelf: entries: "gets" is none of get, put' -c "$work/c.yaml" get_immutable alice.id "$key"
with '[{filter: error, at: [0]}]'
refused 7 unreachable 'shelf: at: "0" is no number of a call' -c "$work/c.yaml" get_immutable alice.id "$key"
with '[{filter: error, status: cancelled}]'
refused 2 config 'c.yaml:3:40: The option "status" must be transient, failed, ' -c "$work/c.yaml" stores
with '[{filter: delay, get: soon}]'
refused 2 config 'c.yaml:3:37: The option "get" must be' -c "$work/c.yaml" stores
with '[{filter: delay, seed: x}]'
refused 2 config 'c.yaml:3:38: The option "seed" must be' -c "$work/c.yaml" stores
with '[{filter: readonly, reason: none}]'
refused 2 config 'c.yaml:3:35: The driver readonly has no option "reason"' -c "$work/c.yaml" stores
done_testing
