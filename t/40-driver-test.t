#!/bin/sh
# SPDX-License-Identifier: MIT
# How blockstore-driver-test is used: what it refuses, its output, its report.
[ -w /dev/shm ] && export TMPDIR=/dev/shm # for $work
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
program=$builddir/tools/bin/blockstore-driver-test
disk=$builddir/plugins/.libs/disk.so
mkdir "$work/tmp"
export TMPDIR="$work/tmp"

# answers STATUS TEXT ARGUMENT...
answers() {
  wanted=$1 text=$2
  shift 2
  "$program" "$@" >"$work/out" 2>&1
  is "$?" "$wanted" "$* ends with $wanted"
  grep -qF -- "$text" "$work/out"
  report $? "$* says: $text" "$(cat "$work/out")"
}

answers 2 'One FILE.so is wanted'
answers 2 'One FILE.so is wanted' "$disk" "$disk"
answers 2 'No such file or directory' "$work/none.so"
answers 2 'The driver disk has no option "rot"; did you mean "root"?' "$disk" -o rot=@DIR@
answers 2 'root' "$disk"
answers 2 'This value is not understood: root' "$disk" -o root
answers 2 'This value is not understood: =x' "$disk" -o =x
answers 2 'must be true or false' "$disk" -o root=@DIR@ -o must_exist=perhaps
answers 2 'This value is not understood: soon' --timeout=soon "$disk"
answers 2 'This value is not understood: 0s' --patience=0s "$disk"
answers 2 'Expected was a duration, which is not 0, such as 500ms' --timeout=0s "$disk"
answers 2 'Expected was a duration such as 500ms' --budget=600 "$disk"
answers 2 'Expected was a size in bytes such as 4096' --largest=many "$disk"
answers 2 'Expected was a number that is not negative.' --seed=-1 "$disk"
answers 2 'Expected was a number from 1 to 64.' --jobs=65 "$disk"
answers 2 'Expected was KEY=VALUE.' -O root "$disk"
answers 2 'Expected was true or process.' --isolate=yes "$disk"
answers 2 'Expected was NAME, or NAME,KEY=VALUE and so on.' --filter=log,level "$disk"
answers 2 'There is no such behaviour: nothing.*' --only='nothing.*' "$disk"
answers 2 'There is no such behaviour: imutable.page' --only=immutable.byte,imutable.page "$disk"
answers 2 'There is no such behaviour: none' --list --only=immutable.byte,none
answers 2 'There is no such behaviour: ,' --only=, "$disk"
answers 2 "unrecognized option '--wrong'" --wrong "$disk"
answers 0 'immutable.byte ' --list --only='*.byte'
answers 0 'ok 1 - immutable.byte' "$disk" -o root=@DIR@ --only=immutable.byte --seed=7 --json="$work/report"
answers 0 '# seed 7' "$disk" -o root=@DIR@ --only=immutable.byte --seed=7
answers 0 'SKIP the budget of time is used up' "$disk" -o root=@DIR@ --only='immutable.*' --budget=1ms
answers 2 'The report cannot be written' "$disk" -o root=@DIR@ --only=immutable.byte --json="$work"
is "$(grep -c '^TAP' "$work/out")" 0 'which is said before anything is tried'
is "$(tr -d ' \t\n' <"$work/report" | sed 's/"file":"[^"]*",//; s/"milliseconds":[0-9]*/"milliseconds":N/; s/"version":"[^"]*"/"version":V/')" \
  '{"driver":"disk","version":V,"seed":"7","passed":1,"failed":0,"skipped":0,"behaviours":[{"name":"immutable.byte","behaviour":"anobjectof1byteisstored","outcome":"passed","milliseconds":N}]}' \
  'the report'

answers 0 'SKIP the driver is no filter' "$disk" -o root=@DIR@ --only=filter.below
answers 0 '1..1' "$builddir/t/flawed/.libs/veiling.so" --only=filter.below
answers 0 'SKIP the filter declares that it changes data' "$builddir/t/flawed/.libs/veiling.so" --only=filter.changes
answers 1 'After put_immutable_handler the store below has other bytes: declare BLOCKSTORE_CAPABILITY_CHANGES' \
  "$builddir/t/flawed/.libs/filter_changes.so" --only=filter.changes

answers 0 'driver ABI 1.' --version
answers 0 'Usage: ' --help
answers 0 'ok 1 - opening.apart' "$disk" -o root="$work/a" -O root="$work/b" --only=opening.apart --patience=30s --largest=1MiB
answers 0 'SKIP no second store: use @DIR@' "$disk" -o root="$work/a" --only=opening.apart

# What a driver says is shown and written as text, whatever bytes it has.
answers 1 'lie ?[31m? in two lines.' "$builddir/t/modules/.libs/lying.so" -o root=@DIR@/x -o on=init -o lie=denied \
  --only=opening.opens --json="$work/report"
is "$(LC_ALL=C grep -c "$(printf '\377')" "$work/report") $(grep -cF 'a\nlie ?[31m? in two lines.' "$work/report")" '0 1' 'also in the report'

# Whoever begins it may ignore what becomes of children.
env --ignore-signal=CHLD "$program" "$disk" -o root=@DIR@ --only=visibility.killed-mutable >"$work/out" 2>&1
is "$?$(grep -A 1 '^not' "$work/out")" 0 'a child that dies is waited for where SIGCHLD is ignored'

# A file that cannot be used is told once.
modules=$builddir/t/modules/.libs
answers 1 'It does not export nosymbol_LTX_blockstore_driver: its last line is BLOCKSTORE_REGISTER_DRIVER(nosymbol' "$modules/nosymbol.so"
is "$(sed '1,/^not ok/d' "$work/out" | grep -E '^(not )?ok' | grep -vc 'SKIP the driver cannot be used$')" 0 'and nothing else is tried'
cp "$modules/good.so" "$work/Bad-Name.so"
answers 1 "$work/Bad-Name.so: The file's name is not a lower-case letter" "$work/Bad-Name.so" -o root=@DIR@ --only=file.name

# What a driver seldom does, and may.
moody=$builddir/t/flawed/.libs/moody.so
answers 0 'ok 1 - options.secret-said' "$moody" -o root=@DIR@/objects --only=options.secret-said
answers 0 'ok 2 - immutable.delete' "$moody" -o root=@DIR@/objects --only=immutable.byte,immutable.delete
answers 0 'ok 2 - mutable.delete' "$moody" -o root=@DIR@/objects --only=mutable.byte,mutable.delete
answers 0 'ok 1 - threads.parallel' "$moody" -o root=@DIR@/objects --only=threads.parallel

# A crash is told with where it was, also on a thread of the driver's own, in whatever process of the examination.
beside=$builddir/t/flawed/.libs/beside.so
died='died of SIGABRT inside storage_close.'
answers 1 "The process $died" "$beside" -o root=@DIR@/objects --only=immutable.byte
answers 1 "The process that put $died" "$beside" -o root=@DIR@/objects --only=visibility.killed-mutable
answers 1 "The process that looks on $died" "$beside" -o root=@DIR@/objects --only=visibility.mutable
answers 1 "The process of the other writer $died" "$beside" -o root=@DIR@/objects --only=visibility.writers
answers 1 "The other process $died" "$beside" -o root=@DIR@/objects --only=urls.processes
answers 1 "With class=hot, the driver $died" "$beside" -o root=@DIR@/objects --only=options.words
# A sanitizer handles this signal too, and exits.
for variable in ASAN_OPTIONS TSAN_OPTIONS UBSAN_OPTIONS; do export "$variable=handle_segv=0"; done
answers 1 'The process died of SIGSEGV outside of all entry points.' "$builddir/t/modules/.libs/falling.so" --only=file.loads

# Wherever the directories of the stores are made, a driver is shown paths as it will name them.
mkdir "$work/tmp/real"
ln -s real "$work/tmp/link"
for place in "$work/tmp/link" "$work/tmp/real//" tmp/real .; do
  (cd "$work" && TMPDIR=$place "$program" "$disk" -o root=@DIR@/objects --only='options.paths,options.locked,options.optional' >out 2>&1)
  is "$?$(grep -A 2 '^not' "$work/out")" 0 "TMPDIR may be $place"
done
rm -r "$work/tmp/link" "$work/tmp/real"
TMPDIR=$work/none
answers 2 'A directory for the stores cannot be made (TMPDIR): No such file' "$disk" -o root=@DIR@
TMPDIR=$work/tmp

# A store that stays is left as it was.
mkdir "$work/store"
answers 0 'ok 1 - immutable.page' "$disk" -o root="$work/store" --only=immutable.page
is_empty "$(find "$work/store" -type f ! -name .blockstore-disk)" 'what was put into it is deleted'
is_empty "$(find "$TMPDIR" -mindepth 1)" 'no directory is left behind'

# So it is when a signal ends it.  The moody driver makes it last.
for signal in INT TERM; do
  env --default-signal=INT "$program" "$moody" -o root="$work/kept" --only='immutable.*,mutable.*,ids.*,streams.*' >"$work/out" 2>&1 &
  until grep -q '^ok 2 ' "$work/out" || ! kill -0 $! 2>/dev/null; do sleep 0.1; done
  kill -s "$signal" $!
  wait $!
  is "$(kill -l $?) $(tail -n 1 "$work/out")" "$signal Bail out! interrupted" "SIG$signal interrupts it"
  is_empty "$(find "$TMPDIR" "$work/kept" -mindepth 1)" "nothing is left behind after SIG$signal"
done

# The one who reads goes away.
(env --default-signal=PIPE "$program" "$moody" -o root="$work/kept" --only='immutable.*'; echo $? >"$work/status") | head -n 1 >"$work/out"
is "$(kill -l "$(cat "$work/status")") $(cat "$work/out")" 'PIPE TAP version 13' 'an output that nobody reads interrupts it'
is_empty "$(find "$TMPDIR" "$work/kept" -mindepth 1)" 'nothing is left behind then'
done_testing
