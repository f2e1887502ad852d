#!/bin/sh
# SPDX-License-Identifier: MIT
# A ledger, a state or a state directory that this user may not read or write: denied (9), with the file and why; what needs none of it works.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
program=$builddir/tools/bin/.libs/blockstore-cli
[ -x "$program" ] || program=$builddir/tools/bin/blockstore-cli
LD_LIBRARY_PATH=$builddir/.libs BLOCKSTORE_PLUGIN_PATH=$builddir/plugins/.libs BLOCKSTORE_KEY_FILE=$HOME/key
export LD_LIBRARY_PATH BLOCKSTORE_PLUGIN_PATH BLOCKSTORE_KEY_FILE
user=$(id -u)
if [ "$user" = 0 ]; then # who may do anything
  user=65534
  chmod 755 "$work"
  chown $user "$HOME"
  as_user="setpriv --reuid=$user --regid=$user --clear-groups"
fi
# shellcheck disable=SC2086
${as_user-} test -x "$program" || skip_all 'another user cannot reach the build folder'

cli() {
  status=0
  # shellcheck disable=SC2086
  ${as_user-} "$program" "$@" >"$out" 2>"$err" || status=$?
}

own_name alice.id
cli put_immutable alice.id data
cli put_mutable alice.id id data
key=$(printf data | sha256)
state=$HOME/.local/state/blockstore

# denied MODE FILE REGEX COMMANDS: each of these is, and none when the file is as it was.
denied() {
  mode=$1 file=$2 regex=$3 commands=$4
  was=$(stat -c %a "$file")
  chmod "$mode" "$file"
  printf '%s\n' "$commands" >"$work/commands"
  # shellcheck disable=SC2086
  while read -r line; do refused 9 denied "$regex" $line; done <"$work/commands"
  chmod "$was" "$file"* # SQLite gives what it makes beside a file the file's mode
}

questions="getinfo
lookup alice.id
get_name_blockchain_record alice.id"
data="get_immutable alice.id $key
get_mutable alice.id id
explain alice.id id"
changes="register bob.id
renew alice.id
put_immutable alice.id more"

denied 000 "$state/ledger.db" 'ledger\.db: .*Permission denied' "$questions
get_immutable alice.id $key
get_mutable alice.id id
$changes"
denied 400 "$state/ledger.db" 'ledger\.db: The ledger may not be written' "$changes"
denied 000 "$state/state.db" 'state\.db: .*Permission denied' "get_immutable alice.id $key
get_mutable alice.id id
put_mutable alice.id id more"
denied 400 "$state/state.db" 'state\.db: The state may not be written' 'put_mutable alice.id id more'
denied 000 "$state" 'Permission denied' "$questions
get_mutable alice.id id
$changes"
for line in "$questions" "$data"; do
  printf '%s\n' "$line" >"$work/commands"
  # shellcheck disable=SC2086
  while read -r arguments; do exits 0 "afterwards: $arguments" $arguments; done <"$work/commands"
done
chmod 400 "$state/ledger.db"
exits 0 'what is only read needs no writing' get_mutable alice.id id
chmod 600 "$state/ledger.db"
exits 0 'and all is well again' put_mutable alice.id id more
done_testing
