#!/bin/sh
# SPDX-License-Identifier: MIT
# A ledger, a state, a state directory, a configuration, a key or a store that this user may not read or write: one line with the file
# and why; what needs none of it works.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
past_libtool
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

# without STATUS WORD MODE FILE REGEX COMMANDS: each of these is refused like that, and none when the file is as it was.
without() {
  expected_status=$1 expected_word=$2 mode=$3 file=$4 regex=$5 commands=$6
  was=$(stat -c %a "$file")
  chmod "$mode" "$file"
  printf '%s\n' "$commands" >"$work/commands"
  # shellcheck disable=SC2086
  while read -r line; do refused "$expected_status" "$expected_word" "$regex" $line; done <"$work/commands"
  chmod "$was" "$file"* # SQLite gives what it makes beside a file the file's mode
}

denied() {
  without 9 denied "$@"
}

state=$HOME/.local/state/blockstore
store=$HOME/.local/share/blockstore
own_name alice.id
own_name zoe.id
cli put_immutable alice.id data
key=$(printf data | sha256)
denied 500 "$store" "home: $store/mutable/.*Permission denied" 'put_mutable alice.id id data'
exits 0 'a put of mutable data' put_mutable alice.id id data

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
denied 500 "$state" "$state/lock-zoe\.id: .*Permission denied" 'put_immutable zoe.id more'
without 7 unreachable 000 "$store" "home: $store: The root directory cannot be opened: Permission denied" "get_immutable alice.id $key
get_mutable alice.id id
put_immutable alice.id more"
denied 000 "$HOME/key" 'key: The file cannot be opened: Permission denied' "$changes"
cli init
denied 000 "$HOME/.config/blockstore/blockstore.yaml" 'blockstore\.yaml: The file cannot be opened: Permission denied' "$questions
$data
$changes
check"
rm "$HOME/.config/blockstore/blockstore.yaml"
for line in "$questions" "$data"; do
  printf '%s\n' "$line" >"$work/commands"
  # shellcheck disable=SC2086
  while read -r arguments; do exits 0 "afterwards: $arguments" $arguments; done <"$work/commands"
done
chmod 000 "$HOME/key"
exits 0 'what is only read needs no key' get_mutable alice.id id
chmod 600 "$HOME/key"
chmod 500 "$state" "$store"
exits 0 'and nothing that is made anew' get_mutable alice.id id
chmod 700 "$state" "$store"
chmod 400 "$state/ledger.db"
exits 0 'what is only read needs no writing' get_mutable alice.id id
chmod 600 "$state/ledger.db"
exits 0 'and all is well again' put_mutable alice.id id more
done_testing
