#!/bin/sh
# SPDX-License-Identifier: MIT
# What is asked of the chain's blocks, announcements, and transactions that are sent after they were made.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
no_coin=0100000001$(printf %064d 1)0000000000ffffffff01$(printf %016d 0)0000000000
refused 8 no_names 'no ledger' broadcast_transaction "$no_coin"
own_name alice.id
cli getinfo
first=$(member last_block)
cli update alice.id "$(printf %040d 7)"
cli keygen "$HOME/bob"
bob=$(member address)
cli transfer alice.id "$bob"
cli -k "$HOME/bob" revoke alice.id
cli getinfo
last=$(member last_block)
consensus=$(member consensus)

# ---- blocks ----
exits 0 'get_nameops_at' get_nameops_at "$first"
is_document 'it prints a document'
says block "$first" 'it has the block'
says nameops.0.opcode NAME_PREORDER 'the first is the preorder'
says nameops.1.opcode NAME_REGISTRATION 'then comes the registration'
says nameops.1.name alice.id 'with the name'
says nameops.1.value_hash null 'what has no value is null'
says nameops.1.revoked false 'truths are truths'
says nameops.1.vtxindex 1 'numbers are numbers'
says refused null 'what was refused is not asked for'
exits 0 'get_nameops_at --refused' get_nameops_at "$first" --refused
says refused '[]' 'nothing was refused'
cli get_nameops_at 1
says nameops '[]' 'a block without operations'
refused 3 not_found 'no block 99999' get_nameops_at 99999
refused 3 not_found 'no block 99999' get_nameops_at --refused 99999
refused 2 usage 'BLOCK' get_nameops_at x

exits 0 'get_consensus_range' get_consensus_range "$first" "$last"
is_document 'it prints a document'
says "consensus.$((last - first))" "$consensus" 'the last is the newest'
cli get_consensus_at "$first"
first_consensus=$(member consensus)
cli get_consensus_range "$first" "$first"
says consensus "[\"$first_consensus\"]" 'a range of one block'
refused 2 usage 'goes backwards' get_consensus_range "$last" "$first"
refused 2 usage 'more than 1000' get_consensus_range 1 1001
refused 2 usage 'more than 1000' get_consensus_range 0 9223372036854775807
refused 3 not_found "no block $((last + 1))" get_consensus_range "$first" "$((last + 1))"
refused 2 usage 'LAST' get_consensus_range 1 x
refused 2 usage 'FIRST LAST' get_consensus_range 1

# ---- a name ----
exits 0 'get_name_blockchain_history' get_name_blockchain_history alice.id
is_document 'it prints a document'
n=0
for opcode in NAME_REGISTRATION NAME_UPDATE NAME_TRANSFER NAME_REVOKE null; do
  says history.$n.opcode $opcode "number $n is $opcode"
  n=$((n + 1))
done
says history.0.block "$first" 'the block of the first'
says history.1.value_hash "$(printf %040d 7)" 'the value after the update'
says history.2.address "$bob" 'the owner after the transfer'
says history.2.keep_data true 'what only a transfer says'
says history.3.value_hash null 'the value after the revocation'
cli get_name_blockchain_history alice.id "$((first + 1))"
says history.0.opcode NAME_UPDATE 'from a block on'
cli get_name_blockchain_history alice.id "$first" "$first"
says history.1 null 'in one block'
says history.0.opcode NAME_REGISTRATION 'the one in it'
cli get_name_blockchain_history alice.id "$((last + 1))" "$((last + 9))"
says history '[]' 'later than all'
refused 3 not_found 'nobody.id' get_name_blockchain_history nobody.id
refused 2 usage 'goes backwards' get_name_blockchain_history alice.id 7 6
refused 2 usage 'FIRST' get_name_blockchain_history alice.id x
refused 2 usage 'nodot' get_name_blockchain_history nodot

# ---- announcements ----
refused 9 denied 'owns no name' -k "$HOME/bob" announce hello
cli -k "$HOME/bob" register bob.id
exits 0 'announce' -k "$HOME/bob" announce hello
is_document 'it prints a document'
hello=b6a9c8c230722b7c748331a8b450f05566dc7d0f
says message_hash $hello 'it has the hash160 of the message'
like "$(member txid)" '^[0-9a-f]{64}$' 'and the transaction'
cli get_nameops_at "$(member block)"
says announcements.0.message_hash $hello 'the block has it'
says announcements.0.address "$bob" 'and who said it'
says nameops '[]' 'it is no operation on a name'
printf hello >"$work/message"
echo $hello | tr a-f A-F | tr -d '\n' >"$work/hash"
for message in @"$work/message" $hello "$(cat "$work/hash")" B6a9c8c230722b7c748331a8b450f05566dc7d0F @"$work/hash"; do
  exits 0 "announce --dry-run $message" -k "$HOME/bob" announce --dry-run "$message"
  says message_hash $hello 'it has the same hash'
done
"$builddir/run" blockstore-cli -k "$HOME/bob" announce --dry-run - <"$work/message" >"$out" 2>"$err"
says message_hash $hello 'from standard input, too'
echo hello | "$builddir/run" blockstore-cli -k "$HOME/bob" announce --dry-run - >"$out" 2>"$err"
says message_hash cdeccbcf58d4db9b9a75fc1300e07454b5cd1c9b 'a newline at the end belongs to the message'
cli -k "$HOME/bob" announce --dry-run "${hello%?}g"
says message_hash 54eb11135723175237d3c0dabf1197410a26f272 '40 characters that are not all digits are text'
refused 2 usage 'it is empty' -k "$HOME/bob" announce ''
: >"$work/empty"
refused 2 usage 'it is empty' -k "$HOME/bob" announce "@$work/empty"
cli -k "$HOME/bob" announce --dry-run @@hello
says message_hash 90260716280505170fb2c351f3c573ce8e27464e 'two @ are one'
refused 2 usage 'The message cannot be read' -k "$HOME/bob" announce "@$work/none"
refused 2 usage 'The text @ is written @@' -k "$HOME/bob" announce @

# ---- a transaction that is sent later ----
cli -k "$HOME/bob" preorder late.id
cli -k "$HOME/bob" register --dry-run late.id
late=$(member transaction)
txid=$(member txid)
exits 0 'broadcast_transaction --dry-run' broadcast_transaction --dry-run "$late"
says operation accepted 'it would be accepted'
cli register late.id
refused 6 conflict 'late.id is registered already' -k "$HOME/bob" register late.id
exits 0 'broadcast_transaction, too late' broadcast_transaction "$late"
is_document 'it prints a document'
says operation refused 'it was refused'
says txid "$txid" 'it is the transaction of the dry run'
like "$(member reason)" 'late.id' 'and why'
exits 0 'what was refused' get_nameops_at --refused "$(member block)"
says refused.0.txid "$txid" 'the block says which'
says refused.0.vtxindex 0 'and where'
like "$(member refused.0.reason)" 'late.id belongs to' 'and why'
says nameops '[]' 'it did nothing'
refused 6 conflict 'spent already' broadcast_transaction "$late"

cli -k "$HOME/bob" update --dry-run bob.id "$(printf %040d 9)"
good=$(member transaction)
refused 5 forged 'signature' broadcast_transaction "${good%????????}01000000" # another lock time
refused 6 conflict 'never existed' broadcast_transaction "$no_coin"
printf '%s\n' "$good" >"$work/transaction"
exits 0 'broadcast_transaction --dry-run @FILE' broadcast_transaction --dry-run "@$work/transaction"
says operation accepted 'a transaction from a file'
"$builddir/run" blockstore-cli broadcast_transaction --dry-run - <"$work/transaction" >"$out" 2>"$err"
says operation accepted 'and from standard input'
printf '%s\nab' "$good" >"$work/two"
refused 2 usage 'hexadecimal digits' broadcast_transaction "@$work/two"
refused 2 usage 'transaction cannot be read' broadcast_transaction "@$work/none"
refused 2 usage 'write @FILE\.$' broadcast_transaction @
exits 0 'broadcast_transaction, in time' broadcast_transaction "$good"
says operation accepted 'it was accepted'
says reason null 'there is nothing to explain'
cli get_name_blockchain_record bob.id
says value_hash "$(printf %040d 9)" 'it did what it says'
refused 2 usage 'hexadecimal digits' broadcast_transaction xyz
refused 2 usage 'hexadecimal digits' broadcast_transaction abc
refused 2 usage 'malformed' broadcast_transaction ''
refused 2 usage 'malformed' broadcast_transaction "${good%??}"
refused 2 usage 'too many' broadcast_transaction "${good}00"
done_testing
