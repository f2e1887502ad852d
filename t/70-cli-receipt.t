#!/bin/sh
# SPDX-License-Identifier: MIT
# A standard output that cannot be written: what was done is said on standard error, so that no receipt is lost.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
own_name alice.id
cli keygen "$HOME/heir"
heir=$(member address)
cli init
sed -i 's/^  provider: embedded.*/&\n  max_price: 40000000000/' "$(member config)"

# unsaid ARGUMENT...: into a full disk; $line is what it says, in one line.
unsaid() {
  status=0
  "$builddir/run" blockstore-cli "$@" >/dev/full 2>"$err" || status=$?
  line=$(cat "$err")
  is "$status $(wc -l <"$err")" '1 1' "$1: it failed, in one line"
  like "$line" '^blockstore-cli: The standard output cannot be written: No space left' "$1: why"
}

# sends ARGUMENT...: the transaction that it names stands in the newest block.
sends() {
  unsaid "$@"
  like "$line" '\. The command was done; its transaction is [0-9a-f]{64}\.$' "$1: it was done"
  txid=${line##* }
  cli getinfo
  cli get_nameops_at "$(member last_block)"
  like "$(cat "$out")" "\"txid\": \"${txid%.}\"" "$1: that transaction is there"
}

sends preorder late.id
sends register bob.id
sends renew bob.id
sends update bob.id "$(printf %040d 7)"
sends announce hello
sends put_immutable alice.id data
sends put_mutable alice.id id data
sends delete_mutable alice.id id
sends delete_immutable alice.id "$(printf data | sha256)"
sends transfer bob.id "$heir"
sends -k "$HOME/heir" revoke bob.id
sends namespace_preorder test
sends namespace_reveal test
sends name_import bob.test "$heir" "$(printf %040d 7)"
sends namespace_ready test
cli update --dry-run late.id "$(printf %040d 7)"
cli register late.id
cli update --dry-run late.id "$(printf %040d 7)"
sends broadcast_transaction "$(member transaction)"

# Without a transaction.
unsaid put_mutable alice.id other data
unsaid put_mutable alice.id other 'more data'
like "$line" '\. The command was done\.$' 'it was done without a transaction'
cli get_mutable alice.id other
says data 'more data' 'and is there'
unsaid keygen "$HOME/new"
like "$line" '\. The command was done\.$' 'a key was made'
succeeds 'it is there' test -s "$HOME/new"
unsaid -c "$work/config.yaml" init
like "$line" '\. The command was done\.$' 'a configuration was written'
for arguments in ping 'get_name_blockchain_record alice.id' 'register --dry-run zoe.id' help 'config'; do
  # shellcheck disable=SC2086
  unsaid $arguments
  like "$line" 'No space left on device$' 'nothing was done'
done

# A standard output that is closed, or read no more.
status=0
"$builddir/run" blockstore-cli register closed.id >&- 2>"$err" || status=$?
is "$status" 1 'a closed standard output'
like "$(cat "$err")" 'Bad file descriptor\. The command was done; its transaction is [0-9a-f]{64}\.$' 'it was done, too'
mkfifo "$work/pipe"
exec 3<>"$work/pipe"
exec 4>"$work/pipe" 3<&-
status=0
"$builddir/run" blockstore-cli register piped.id >&4 2>"$err" || status=$?
exec 4>&-
is "$status" 1 'a pipe that nobody reads'
like "$(cat "$err")" 'Broken pipe\. The command was done; its transaction is [0-9a-f]{64}\.$' 'it was done, too'
done_testing
