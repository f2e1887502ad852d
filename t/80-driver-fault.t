#!/bin/sh
# SPDX-License-Identifier: MIT
# A driver crashes: one line says which, in which call, of which store; the process ends by the same signal as ever; nothing that was
# acknowledged is lost.  Elsewhere no driver is blamed.
. "${srcdir:-$(dirname "$0")/..}/t/lib/lying.sh"
cp "$builddir/t/modules/.libs/falling.so" "$work/drivers" && chmod 755 "$work/drivers/falling.so"
# A sanitizer handles these signals too, and exits.
for variable in ASAN_OPTIONS TSAN_OPTIONS UBSAN_OPTIONS; do
  export "$variable=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:detect_leaks=0"
done
# shellcheck disable=SC3045 # dash and bash have it
ulimit -c 0
everything >"$work/before"

# falls SIGNAL WHERE ARGUMENT...: it ends by the signal, and the one line says where.
falls() {
  signal=$1 where=$2
  shift 2
  cli -c "$config" "$@"
  is "$status" "$((128 + $(number "$signal")))" "$1 ends by SIG$signal: $where"
  is "$(grep '^blockstore-cli: ' "$err")" "blockstore-cli: SIG$signal inside the driver $where.  The fault is most likely the driver's: tell \
who made it, and take the store out of the configuration until it is mended.  What was reported as done is done." 'the line'
  is "$(cat "$out")" '' 'nothing else is printed'
}

number() {
  case $1 in
    SEGV) echo 11 ;;
    ABRT) echo 6 ;;
    FPE) echo 8 ;;
    BUS) echo 7 ;;
  esac
}

# intact WHAT: what was acknowledged is there, with a store that is good.
intact() {
  with_good
  everything >"$work/after"
  succeeds "$1: nothing has changed" cmp "$work/before" "$work/after"
  cli -c "$config" get_immutable alice.id "$key"
  is "$status $(member data)" '0 some data' "$1: what was put is there"
  exits 0 "$1: and the next put works" put_immutable -c "$config" alice.id 'some data'
}

lying="lying ($work/drivers/lying.so)"
with_good
printf '  - {name: new, driver: falling}\n' >>"$config"
falls SEGV "falling ($work/drivers/falling.so), while it was being loaded" get_immutable alice.id "$key"
intact 'a constructor'

for inline in true false; do
  with_good 'lie: segv' 'on: init' "inline: $inline"
  falls SEGV "$lying, in storage_init of the store liar" stores
  liar_only 'lie: abort' 'on: get' "inline: $inline"
  falls ABRT "$lying, in get_immutable of the store liar" get_immutable alice.id "$key"
  liar_only 'lie: fpe' 'on: get' "inline: $inline"
  case $(uname -m) in
    x86_64 | i?86) falls FPE "$lying, in get_immutable of the store liar" get_immutable alice.id "$key" ;;
    *) skip 'needs x86' ;; # elsewhere a division by zero may be none
  esac
  liar_only 'lie: raise' 'on: get' "inline: $inline"
  falls BUS "$lying, in get_immutable of the store liar" get_immutable alice.id "$key"
  intact "inline: $inline"
done
with_good 'lie: overflow' 'on: get'
falls SEGV "$lying, in get_immutable of the store liar" get_immutable alice.id "$key"
liar_only 'lie: overflow' 'on: get' 'inline: false'
cli -c "$config" get_immutable alice.id "$key"
is "$status" 139 "an overflow of a worker's stack ends the process too"
intact 'a stack that overflows'

# In the middle of a put: the good store may have the new datum and the name does not list it.
for inline in true false; do
  with_good 'lie: half' 'on: put' "inline: $inline"
  falls SEGV "$lying, in put_immutable of the store liar" put_immutable alice.id 'some new data'
  with_good
  cli -c "$config" get_immutable alice.id "$key"
  is "$status $(member data)" '0 some data' 'what was put before is there'
  cli -c "$config" get_immutable alice.id "$(printf 'some new data' | sha256)"
  is "$status" 3 'what was not acknowledged is not listed'
  rm -f "$HOME/liar/$(printf 'some new data' | sha256)"
done
exits 0 'the put can be repeated' put_immutable -c "$config" alice.id 'some new data'
cli -c "$config" get_immutable alice.id "$(printf 'some new data' | sha256)"
is "$status $(member data)" '0 some new data' 'and is there'
cli -c "$config" put_mutable alice.id note 'first'
with_good 'lie: half' 'on: put'
falls SEGV "$lying, in put_mutable of the store liar" put_mutable alice.id note 'second'
with_good
cli -c "$config" get_mutable alice.id note
like "$status $(member data)" '^0 (first|second)$' 'mutable data can be read'
exits 0 'and put' put_mutable -c "$config" alice.id note 'third'
cli -c "$config" get_mutable alice.id note
is "$status $(member data)" '0 third' 'and that is what is read'

# Outside of a driver nobody is blamed; nor for a signal from elsewhere, in a driver or not.
past_libtool
BLOCKSTORE_PLUGIN_PATH=$work/drivers:$BLOCKSTORE_PLUGIN_PATH
# killed SIGNAL ARGUMENT...: waits for the line "entering" of -vv, or for the input to be waited for, then sends the signal.
killed() {
  signal=$1
  shift
  "$program" -vv -c "$config" "$@" >"$out" 2>"$err" <"$work/input" &
  process=$!
  exec 9>"$work/input"
  for _ in $(seq 300); do
    ! grep -q "$until" "$err" || break
    sleep 0.1
  done
  kill -s "$signal" "$process"
  status=0
  wait "$process" 2>"$work/shell" || status=$?
  exec 9>&-
  is "$status" "$((128 + $(number "$signal")))" "SIG$signal from elsewhere ends it"
  is "$(grep -c 'fault' "$err")" 0 'and nobody is blamed'
}
mkfifo "$work/input"
for inline in true false; do
  liar_only 'lie: hang' 'on: get' "inline: $inline"
  until='entering get_immutable of the driver lying'
  killed SEGV get_immutable alice.id "$key" --deadline 60s
done
with_good
until=information
killed ABRT put_immutable alice.id -
done_testing
