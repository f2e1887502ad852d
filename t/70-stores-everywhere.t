#!/bin/sh
# SPDX-License-Identifier: MIT
# One configuration puts a name's data into a store of each kind, with the real servers; then each alone serves it to a reader
# who has seen nothing, and a store whose server lies is caught.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
past_libtool
mkdir -p "$work/only"
kinds=

# store KIND <OPTIONS: the lines of one store, for the configuration of all and for one that has it alone.
store() {
  kinds="$kinds $1"
  { printf '  - name: %s\n    driver: %s\n' "$1" "$1"; sed 's/^/    /'; } >"$work/only/$1"
}

# secret NAME TEXT: a file that an option names.
secret() {
  printf '%s' "$2" >"$work/$1"
  chmod 600 "$work/$1"
  printf '{file: %s}' "$work/$1"
}

# configuration FOLDER STORES...: with a state of its own and the ledger of all.
configuration() {
  state=$1
  shift
  printf 'state_dir: %s\nnames: {provider: embedded, ledger: %s}\nstores:\n' "$state" "$work/ledger.db"
  for kind; do cat "$work/only/$kind"; done
  printf 'replication:\n  write: {require: [%s]}\ntimeouts: {operation: 120s}\n' "$(echo "$*" | sed 's/ /, /g')"
}

store disk <<END
root: $work/disk
END
cp "$srcdir/examples/exec/store.sh" "$work" && chmod 755 "$work/store.sh"
store exec <<END
program: $work/store.sh
options: ["root=$work/exec"]
END
. "$srcdir/t/lib/stores.sh"
# shellcheck disable=SC2086
configuration "$work/state" $kinds >"$work/all.yaml"
cli() {
  status=0
  "$program" -c "$work/all.yaml" -k "$work/key" "$@" >"$out" 2>"$err" || status=$?
}

"$program" keygen "$work/key" >/dev/null
exits 0 'all stores are healthy' stores
exits 0 'a name' register alice.id
echo 'Nobody has to trust the store.' >"$work/fact"
exits 0 'immutable data go into each store' put_immutable alice.id "@$work/fact"
key=$(sha256sum "$work/fact" | cut -d ' ' -f 1)
exits 0 'mutable data go into each store' put_mutable alice.id status home
exits 0 'and are replaced' put_mutable alice.id status away

# alone KIND: a reader with nothing but this store.
alone() {
  configuration "$work/reader-$1" "$1" >"$work/$1.yaml"
  "$program" -c "$work/$1.yaml" "$2" alice.id "$3" --raw 2>"$err" || cat "$err"
}
for kind in $kinds; do
  is "$(alone "$kind" get_immutable "$key")" "$(cat "$work/fact")" "$kind alone serves immutable data"
  is "$(alone "$kind" get_mutable status)" away "$kind alone serves mutable data"
done

exits 0 'mutable data are deleted in each store' delete_mutable alice.id status
for kind in $kinds; do
  rm -rf "$work/reader-$kind"
  configuration "$work/reader-$kind" "$kind" >"$work/$kind.yaml"
  "$program" -c "$work/$kind.yaml" get_mutable alice.id status >"$out" 2>&1
  is "$?" 3 "$kind alone says that they are deleted"
done
done_testing
