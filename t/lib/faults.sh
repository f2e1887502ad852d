# SPDX-License-Identifier: MIT
# For tests with t/lib/faults.c: . "$srcdir/t/lib/faults.sh".  A home where alice.id has data; commands that die or fail at
# the n-th call that changes a file, for each n (with BLOCKSTORE_TEST_LONG=1) or some.
. "$(dirname "$0")/lib/cli.sh"
program=$builddir/tools/bin/.libs/blockstore-cli
[ -x "$program" ] || program=$builddir/tools/bin/blockstore-cli

# faulty VARIABLE=VALUE ARGUMENT...: the program itself, past libtool's script, with the fault.
faulty() {
  fault=$1
  shift
  status=0
  env "$fault" LD_PRELOAD="$builddir/t/lib/.libs/faults.so" LD_LIBRARY_PATH="$builddir/.libs" \
    ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 BLOCKSTORE_PLUGIN_PATH="$builddir/plugins/.libs" \
    "$program" "$@" >"$out" 2>"$err" || status=$?
}

own_name alice.id
cli put_immutable alice.id 'old data'
old=$(printf 'old data' | sha256)
ledger=$HOME/.local/state/blockstore/ledger.db
cp -a "$HOME" "$work/before"

afresh() {
  rm -rf "$HOME"
  cp -a "$work/${1:-before}" "$HOME"
}

# Files that only a writer amid its work may have.
litter() {
  find "$HOME" \( -name '.blockstore-*' ! -name .blockstore-disk -o -path '*/.tmp/*' -o -name '*.db.*' -o -name '*.new' \) | head -n 5
}

# What must hold whatever happened: the ledger is sound, what was acknowledged is there.
sound() {
  "$builddir/t/lib/replay" "$ledger" >"$work/replay" 2>&1 || { echo "replay: $(cat "$work/replay")"; return; }
  cli get_immutable alice.id "$old"
  [ "$status $(member data)" = '0 old data' ] || echo "old data: $(cat "$out" "$err")"
}

# points ARGUMENT...: how many calls there are to fail.
points() {
  faulty FAULT_COUNT="$work/count" "$@"
  cat "$work/count"
}

# each POINTS MOST: 1 to POINTS, or at most MOST of these, evenly.
each() {
  step=$(($1 / $2 + 1))
  [ -z "${BLOCKSTORE_TEST_LONG-}" ] || step=1
  seq 1 $step "$1"
}
