#!/bin/sh
# SPDX-License-Identifier: MIT
# Each behaviour of blockstore-driver-test has a driver that does not show it (t/flawed), and just that is found; the good
# driver shows all.  A flawed driver is asked for its behaviour and a sixteenth of the others, which one its
# number tells; with BLOCKSTORE_TEST_LONG=1 for all of them, with BLOCKSTORE_TEST_BRIEF=1 for its own alone.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
test_driver=$builddir/tools/bin/blockstore-driver-test
flawed=$builddir/t/flawed/.libs
[ -w /dev/shm ] && export TMPDIR=/dev/shm

# shows_all FILE ARGUMENT...: no behaviour fails.
shows_all() {
  "$test_driver" "$@" -o root=@DIR@/objects >"$work/out"
  status=$?
  is "$status$(grep -A 3 '^not ok' "$work/out")" 0 "$(basename "$1") shows every behaviour that it can have"
}

shows_all "$flawed/flawed.so"
shows_all "$flawed/readonly.so"
shows_all "$flawed/veiling.so"
shows_all "$flawed/crashtold.so" --only=threads.signals

# try NUMBER FLAW: tells whether the flaw NAME, or NAME+WHAT where a behaviour has more of them than one, fails NAME and nothing else.
cat >"$work/try" <<'END'
others=$(awk -v number="$1" '(NR + number) % 16 == 0' ORS=, "$work/behaviours")
shift
name=${1%+*}
file=$flawed/$(echo "$1" | tr .- __).so
[ -e "$file" ] || file=$flawed/flawed.so
only=--only=$others$name
[ -z "${BLOCKSTORE_TEST_BRIEF-}" ] || only=--only=$name
[ -z "${BLOCKSTORE_TEST_LONG-}" ] || only=
case $name in options.required) only="$only -o place=here" ;; esac
out=$work/out.$1
"$test_driver" "$file" -o root=@DIR@/objects -o flaw="$1" $only --timeout=5s >"$out" 2>&1
if [ $? = 1 ] && [ "$(sed -n 's/^not ok [0-9]* - \([^:]*\):.*/\1/p' "$out")" = "$name" ]; then
  echo "found $1"
else
  echo "$1: $(grep -A 1 -E '^not ok|^Bail|^blockstore' "$out" | head -n 6)"
fi
END
export test_driver flawed work
"$test_driver" --list | cut -d ' ' -f 1 >"$work/behaviours"
cp "$work/behaviours" "$work/flaws"
sed -n 's/^ *{"\([a-z.-]*+[a-z-]*\)".*/\1/p' "$srcdir"/t/flawed/flaws-*.c >>"$work/flaws"
nl -ba "$work/flaws" | xargs -P 4 -n 2 sh "$work/try" >"$work/found"
is_empty "$(grep -v '^found' "$work/found")" "each flaw fails exactly its behaviour: $(grep -c '^found' "$work/found") of them"
set -- "$work"/out.*
is $# "$(wc -l <"$work/flaws")" 'each was tried'
done_testing
