#!/bin/sh
# SPDX-License-Identifier: MIT
# A driver ends the process: with -v the last line says whose file it was, with -vv in which call, and nothing is harmed.
. "${srcdir:-$(dirname "$0")/..}/t/lib/lying.sh"
cp "$builddir/t/modules/.libs/crashing.so" "$work/drivers" && chmod 755 "$work/drivers/crashing.so"
everything >"$work/before"

# dies FILE LIE ARGUMENT...
dies() {
  file=$1 lie=$2
  shift 2
  cli -v -c "$config" "$@"
  is "$status" 137 "$lie: $1 ends with the process"
  like "$(grep -v '^Killed' "$err" | tail -n 1)" "information: .*$file" 'the last line names the driver'
}

# unharmed WHAT: all that was there is there, and works with a store that is not the enemy's.
unharmed() {
  with_good
  cli -c "$config" get_immutable alice.id "$key"
  is "$status $(member data)" '0 some data' "$1: get works afterwards"
  exits 0 "$1: and put does" put_immutable -c "$config" alice.id 'some data'
  everything >"$work/after"
  succeeds "$1: nothing has changed" cmp "$work/before" "$work/after"
}

for command in "get_immutable alice.id $key" 'put_immutable alice.id new' "delete_immutable alice.id $key" 'lookup alice.id' stores; do
  with_good
  printf '  - {name: crash, driver: crashing}\n' >>"$config"
  # shellcheck disable=SC2086
  dies crashing.so constructor $command
  with_good 'lie: crash' 'on: init'
  # shellcheck disable=SC2086
  dies lying.so storage_init $command
done
unharmed 'loading and opening'
exits 0 'config loads no driver' config -c "$config"
with_good
printf '  - {name: crash, driver: crashing}\n' >>"$config"
exits 0 'drivers runs none' drivers -c "$config"

with_good 'lie: crash' 'on: get'
cli -c "$config" -vv get_immutable alice.id "$key"
is "$status" 137 'a get ends with the process'
is "$(grep -v '^Killed' "$err" | tail -n 1)" 'blockstore-cli: debug: liar: entering get_immutable of the driver lying' \
  'with -vv the last line names the store and what it was asked for'
unharmed 'a get'
with_good 'lie: crash' 'on: put'
cli -c "$config" put_immutable alice.id 'some new data'
is "$status" 137 'a put ends with the process'
with_good
exits 0 'the name can be read' get_immutable -c "$config" alice.id "$key"
cli -c "$config" get_immutable alice.id "$(printf 'some new data' | sha256)"
is "$status" 3 'and does not list what was never stored'
exits 0 'the put can be repeated' put_immutable -c "$config" alice.id 'some new data'
exits 0 'and read' get_immutable -c "$config" alice.id "$(printf 'some new data' | sha256)"

for lie in denied transient unknown nothing; do
  with_good "lie: $lie" 'on: init' 'inline: false'
  exits 0 "a store that cannot be opened does not hinder a get: $lie" get_immutable -c "$config" alice.id "$key"
done
with_good 'lie: hang' 'on: init' 'inline: false'
cli -c "$config" get_immutable alice.id "$key" --deadline 2s
like "$status" '^(0|10)$' 'one that hangs while it opens ends with the deadline'
with_good 'lie: slow' 'on: close' 'inline: false'
timeout 20 "$builddir/run" blockstore-cli -c "$config" get_immutable alice.id "$key" >"$out" 2>"$err"
is "$?" 0 'one that hangs while it closes does not keep the command'
done_testing
