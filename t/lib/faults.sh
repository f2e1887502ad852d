# SPDX-License-Identifier: MIT
# For tests with t/lib/faults.c: . "$srcdir/t/lib/faults.sh".  A home where alice.id has data, and notes in their second version;
# commands that die or fail at the n-th call that changes a file, for each n (with BLOCKSTORE_TEST_LONG=1) or some (a quarter of
# these with BLOCKSTORE_TEST_BRIEF=1).
[ -n "${TMPDIR-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm # no power is cut here: nothing of it need be on a disk
. "$(dirname "$0")/lib/cli.sh"
past_libtool

# faulty VARIABLE=VALUE ARGUMENT...: the program itself, with the fault.
faulty() {
  fault=$1
  shift
  status=0
  env "$fault" LD_PRELOAD="$builddir/t/lib/.libs/faults.so" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
    "$program" "$@" >"$out" 2>"$err" || status=$?
}

own_name alice.id
cli put_immutable alice.id 'old data'
old=$(printf 'old data' | sha256)
state=$HOME/.local/state/blockstore
ledger=$state/ledger.db
store=$HOME/.local/share/blockstore

# Somebody else who reads the same stores, and remembers for himself.
cat >"$work/witness.yaml" <<END
state_dir: $HOME/witness
names: {ledger: $ledger}
stores: [{name: home, driver: disk, root: $store}]
END
cli put_mutable alice.id notes 'first note'
cp -a "$store/mutable" "$work/older"
cli put_mutable alice.id notes 'old note'
cli -c "$work/witness.yaml" get_mutable alice.id notes
[ "$status" = 0 ] || { echo "Bail out! notes: $(cat "$err")"; exit 1; }
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

# got [-c CONFIG] NAME ID: the version and the data, or why there are none.
got() {
  cli get_mutable "$@"
  if [ "$status" = 0 ]; then echo "$(member ver) $(member data)"; else member code; fi
}

# What others, and then the owner, get for ID now.
both() {
  echo "$(got -c "$work/witness.yaml" alice.id "$1") / $(got alice.id "$1")"
}

# Stores that forgot all mutable data but the first notes.
roll_back() {
  rm -rf "$store/mutable"
  cp -a "$work/older" "$store/mutable"
}

# points ARGUMENT...: how many calls there are to fail.
points() {
  faulty FAULT_COUNT="$work/count" "$@"
  sed -n "s/^changes //p" "$work/count"
}

# each POINTS MOST: 1 to POINTS, or at most MOST of these, evenly.
each() {
  step=$(($1 / $2 + 1))
  [ -z "${BLOCKSTORE_TEST_BRIEF-}" ] || step=$((4 * step))
  [ -z "${BLOCKSTORE_TEST_LONG-}" ] || step=1
  seq 1 $step "$1"
}
