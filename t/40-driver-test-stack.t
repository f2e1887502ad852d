#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstore-driver-test with filters above the driver (--filter), with the driver in processes of its own (--isolate), and with
# several behaviours at once (--jobs): what is refused, what is told, and that a flaw is found through all of it.
[ -w /dev/shm ] && export TMPDIR=/dev/shm # for $work
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
program=$builddir/tools/bin/blockstore-driver-test plugins=$builddir/plugins/.libs flawed=$builddir/t/flawed/.libs
disk=$plugins/disk.so
mkdir "$work/tmp"
BLOCKSTORE_DRIVER_HOST=$builddir/tools/libexec/driver-host BLOCKSTORE_PLUGIN_PATH=$plugins TMPDIR=$work/tmp
export BLOCKSTORE_DRIVER_HOST BLOCKSTORE_PLUGIN_PATH TMPDIR

# answers STATUS TEXT ARGUMENT...: TEXT is a regular expression.
answers() {
  wanted=$1 text=$2
  shift 2
  status=0
  "$program" "$@" >"$work/out" 2>&1 || status=$?
  is "$status" "$wanted" "$* ends with $wanted"
  grep -qE -- "$text" "$work/out"
  report $? "$* says: $text" "$(cat "$work/out")"
}

# on_disk STATUS TEXT ARGUMENT...: a store of the driver disk, with these around it.
on_disk() {
  wanted=$1 text=$2
  shift 2
  answers "$wanted" "$text" "$@" "$disk" -o root=@DIR@/store
}

# ---- what is refused ----

on_disk 2 'There is no driver retri .* Did you mean retry\?' --filter=retri
on_disk 2 'The driver disk is a store, not a filter' --filter=disk
on_disk 2 'The driver log has no option "lebel"; did you mean "level"\?' --filter=log,lebel=info
on_disk 2 'directory' --filter=cache
on_disk 2 'The filter encrypt changes data, and cache below it takes them only as they are: give that before it' \
  --filter=encrypt --filter=log --filter=cache
on_disk 2 'The filter encrypt changes data, and stands there twice: leave out one of them' --filter=encrypt --filter=encrypt
answers 2 'The filter encrypt changes data, and cache below it .*: leave out the filter' --filter=encrypt "$plugins/cache.so"
answers 2 'The filter encrypt changes data, and stands there twice' --filter=encrypt "$plugins/encrypt.so"
mkdir -m 700 "$work/keys"
(umask 077 && head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n' >"$work/keys/key")
on_disk 0 '^ok 1 - immutable.byte' --filter="cache,directory=$work/tmp/cached" --filter="encrypt,key_file=$work/keys/key" \
  --only=immutable.byte
rm -r "$work/tmp/cached"
for bad in '' Log ../log 'log,' log,level log,=info log=info; do
  on_disk 2 "^blockstore-driver-test: This value is not understood" --filter="$bad"
done
for bad in '' maybe false; do on_disk 2 'This value is not understood' --isolate="$bad"; done
for bad in 0 -1 65 many; do on_disk 2 "This value is not understood: $bad" --jobs="$bad"; done
answers 2 'only a store.s own driver can be isolated.  Give that as FILE.so, and log by --filter' --isolate "$plugins/log.so"
BLOCKSTORE_DRIVER_HOST=$work/none
on_disk 2 "$work/none: There is no such program, in which drivers are isolated" --isolate=process
BLOCKSTORE_DRIVER_HOST=$builddir/tools/libexec/driver-host
mkdir -m 755 "$work/bad"
echo nothing >"$work/bad/exec.so"
BLOCKSTORE_PLUGIN_PATH=$work/bad
on_disk 2 'A driver is isolated by way of the driver exec: .*exec.so' --isolate=process
BLOCKSTORE_PLUGIN_PATH=$plugins
answers 1 'not ok 1 - file.note' --filter=log --isolate "$builddir/t/modules/.libs/nonote.so"

# ---- filters ----

# The first is asked first: what fails below retry is tried again, and what fails above it is not.
failing=error,at=1,at=2,at=3,at=4
on_disk 0 '^ok 1 - immutable.byte' --filter=retry,wait=1ms --filter=$failing --only=immutable.byte
on_disk 1 '^#   .* answered .*TRANSIENT' --filter=$failing --filter=retry,wait=1ms --only=immutable.byte
like "$(sed -n 3p "$work/out")" '^# .*/disk.so: disk .*, below error, retry$' 'the head tells the filters'
on_disk 0 '^ok 1 - immutable.byte.* # SKIP the driver with its filters is read-only$' --filter=log --filter=readonly --only=immutable.byte
on_disk 0 '^ok 1 - urls.own' --filter=readonly --only=urls.own
on_disk 0 '^ok 1 - filter.below' --filter=log --only=filter.below
on_disk 0 '^1\.\.1$' --filter="cache,directory=$work/tmp/a,,b" --only=immutable.byte
[ -d "$work/tmp/a,b" ]
report $? 'a comma in a value is written twice' "$(ls "$work/tmp")"
rm -r "$work/tmp/a,b"
answers 0 '^ok 1 - mutable.shorter' --filter=log --only=mutable.shorter "$plugins/retry.so"
BLOCKSTORE_PLUGIN_PATH=$plugins:$flawed
on_disk 1 'The filter called storage_close of the store below it' --filter=filter_below --only=filter.below
on_disk 1 'The filter called storage_close of the store below it' --filter=log --filter=filter_below --only=filter.below
BLOCKSTORE_PLUGIN_PATH=$plugins

# ---- isolated ----

on_disk 0 '^# .*/disk.so: disk .*, isolated \(process\), below log$' --isolate=process --filter=log --only=immutable.byte \
  --json="$work/report"
like "$(tr -d ' \t\n' <"$work/report")" '"seed":"[0-9]*","isolate":"process","filters":\["log"\],"passed":1' 'the report tells both'
on_disk 0 '# SKIP the driver is isolated, and knows another host than ours$' --isolate=process --only='options.required,manners.newer-host'
is "$(grep -c '# SKIP ' "$work/out")" 2 'what an isolated driver asks of its host is not seen'
answers 0 '# SKIP isolated, the driver has threads=parallel$' --isolate=process --only=threads.instance "$flawed/moody.so" \
  -o root=@DIR@/objects
# What runs in another process cannot make ours crash.
beside=$flawed/beside.so
answers 1 'The process died of SIGABRT inside storage_close' --filter=log --only=immutable.byte "$beside" -o root=@DIR@/objects
answers 0 '^ok 1 - immutable.byte' --isolate=process --only=immutable.byte "$beside" -o root=@DIR@/objects

# ---- flaws are found through it ----

# finds FLAW ARGUMENT...
finds() {
  flaw=$1
  shift
  answers 1 "^not ok 1 - $flaw:" "$@" --only="$flaw" "$flawed/flawed.so" -o root=@DIR@/objects -o flaw="$flaw"
}
for flaw in immutable.byte mutable.shorter ids.longest urls.own; do
  finds $flaw --filter=log
  finds $flaw --isolate=process
done
# Isolation itself sees to these, and a driver whose caller has died may end its call in order.
for flaw in streams.source-first deadlines.put-immutable visibility.killed-mutable; do finds $flaw --filter=log; done

# ---- several at once ----

asked=$("$program" --list | grep -cE '^(immutable|file)\.')
for jobs in 1 8; do
  on_disk 0 '^# [1-9][0-9]* passed, 0 failed' --jobs=$jobs --only='immutable.*,file.*' --seed=7
  is "$(grep -c '^ok ' "$work/out")" "$asked" 'all of them are told'
  sed -n 's/^\(ok [0-9]* - [a-z.-]*\).*/\1/p' "$work/out" >"$work/jobs-$jobs"
done
succeeds 'they are told in the same order' cmp "$work/jobs-1" "$work/jobs-8"
answers 1 '^not ok 1 - file.note' --jobs=8 "$builddir/t/modules/.libs/nonote.so"
is "$(sed '1,/^not ok/d' "$work/out" | grep -E '^(not )?ok' | grep -vc 'SKIP the driver cannot be used$')" 0 'what all need is known first'
answers 1 "The process that put died of SIGABRT" --jobs=8 --only='visibility.*' "$beside" -o root=@DIR@/objects
# Each that is under way holds a descriptor.
status=0
# shellcheck disable=SC3045 # dash and bash have it
(ulimit -n 12 && exec "$program" --jobs=30 --only='mutable.*' "$disk" -o root=@DIR@/store) >"$work/out" 2>&1 || status=$?
like "$status $(grep '^Bail out!' "$work/out")" '^2 Bail out! mutable\.[a-z-]* cannot be tried: Too many open files$' 'what cannot be tried'
is_empty "$(sed '1,/^Bail out!/d' "$work/out" | grep -v '^#')" 'is told behind those that were under way'
is_empty "$(find "$TMPDIR" -mindepth 1)" 'and nothing is left behind of them'
moody=$flawed/moody.so
env --default-signal=INT "$program" --jobs=8 "$moody" -o root="$work/kept" >"$work/out" 2>&1 &
until grep -q '^ok .* immutable' "$work/out" || ! kill -0 $! 2>/dev/null; do sleep 0.1; done
kill -s INT $!
wait $!
is "$(kill -l $?) $(tail -n 1 "$work/out")" 'INT Bail out! interrupted' 'a signal interrupts all'
is_empty "$(find "$TMPDIR" "$work/kept" -mindepth 1)" 'and nothing is left behind'
done_testing
