#!/bin/sh
# SPDX-License-Identifier: MIT
# A large object goes through the client into stores of the network, with the real servers, and comes out, in memory that does not
# grow with it; or the store says at once that it takes none so large.  BLOCKSTORE_TEST_LONG=1: 1 GiB, else 128 MiB.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
past_libtool
size=134217728 most_kib=49152
[ -z "${BLOCKSTORE_TEST_LONG-}" ] || size=1073741824

# secret NAME TEXT: a file that an option names.
secret() {
  printf '%s' "$2" >"$work/$1"
  chmod 600 "$work/$1"
  printf '{file: %s}' "$work/$1"
}

# store KIND <OPTIONS: a configuration with this store alone, where the store is one of these.  (ipfs and tahoe have nodes that
# hold such an object in their own memory, and tests of their own.)
kinds=
store() {
  case $1 in dht | ftp | http | s3 | syndicate) kinds="$kinds $1" ;; *) return ;; esac
  printf 'state_dir: %s\nnames: {provider: embedded, ledger: %s}\n' "$work/state-$1" "$work/ledger-$1.db"
  printf 'timeouts: {operation: 300s}\nstores:\n  - name: %s\n    driver: %s\n    durable: true\n' "$1" "$1"
  sed 's/^/    /'
} >>"$work/${1:-none}.yaml"
. "$srcdir/t/lib/stores.sh"

# measured KIND ARGUMENT...: with the store; how much memory it took at its peak, in KiB, is in $peak.
measured() {
  kind=$1
  shift
  /usr/bin/python3 -c 'import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)' "$work/peak" "$program" -c "$work/$kind.yaml" -k "$work/key" "$@" >"$out" 2>"$err"
  status=$?
  peak=$(cat "$work/peak")
}

head -c "$size" /dev/urandom >"$work/large"
key=$(sha256sum "$work/large" | cut -d ' ' -f 1)
"$program" keygen "$work/key" >/dev/null
for kind in $kinds; do
  measured "$kind" register alice.id
  is "$status$(cat "$err")" 0 "a name in $kind"
  measured "$kind" put_immutable alice.id "@$work/large"
  if [ "$kind" = dht ]; then
    is "$status $(grep -c 'at most 57344 bytes' "$err")" '2 1' "$kind takes none so large, and says so"
    continue
  fi
  is "$status$(cat "$err")" 0 "$kind takes it"
  [ "$peak" -lt "$most_kib" ]
  report $? "in less than 48 MiB" "$peak KiB"
  measured "$kind" get_immutable alice.id "$key" -o "$work/copy"
  is "$status$(cat "$err")" 0 "$kind gives it"
  [ "$peak" -lt "$most_kib" ]
  report $? "in less than 48 MiB" "$peak KiB"
  succeeds 'as it was' cmp "$work/large" "$work/copy"
  rm -f "$work/copy"
  measured "$kind" delete_immutable alice.id "$key" --purge
  is "$status$(cat "$err")" 0 "and $kind has it no more"
done
done_testing
