#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored --check: what it examines of the configuration and the index, also beside all blocks of the node and while the server
# runs; what it and the server say of a damaged index, and that --reindex mends it.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/bitcoin.sh"
trap 'end_server KILL; end_servers; rm -rf "$work"' EXIT
command -v sqlite3 >/dev/null || skip_all 'needs sqlite3'
own_server bitcoind
index=$work/index

# run ARGUMENT...: leaves $out, $err, $status.
run() {
  status=0
  timeout 60 "$server" -c "$work/server.yaml" "$@" >"$out" 2>"$err" || status=$?
}
configure() {
  printf 'chain: {source: bitcoind, network: regtest, port: %s, cookie: %s, confirmations: 1, index: %s}\nlisten: ["127.0.0.1:0", "unix:%s"]\n%s\n' \
    "$BITCOIN_PORT" "$BITCOIN_COOKIE" "$index" "$socket" "${1-}" >"$work/server.yaml"
}
# finding MEMBER: of the first finding.
finding() {
  member "findings.0.$1"
}
# sound WHAT: nothing is wrong.
sound() {
  is "$status $(member sound) $(finding problem)" '0 true null' "$1"
}
info_is() {
  call getinfo >"$out"
  [ "$(member "0.$1")" = "$2" ]
}
configure

# ---- what is asked for ----
run --chain
is "$status" 2 '--chain alone'
like "$(cat "$err")" '^blockstored: --chain goes with --check; see blockstored --help\.$' 'as it says'
run --check --reindex
is "$status" 2 'looking and changing at once'
like "$(cat "$err")" '--check changes nothing, and --reindex does' 'as it says'
run --check
sound 'no index yet'
is "$(member checked.0.what) $(member checked.0.path)" "configuration $work/server.yaml" 'the configuration is examined'
[ ! -e "$index" ]
report $? 'and no index is made'
run --check --chain
sound 'nor with --chain'

# ---- a sound one ----
mine 300
bitcoin createwallet odd >/dev/null
mine 101 "$(bitcoin -rpcwallet=odd getnewaddress '' legacy)"
# Something that is refused: a name without a namespace.
raw=$(bitcoin createrawtransaction '[]' '[{"data":"69643a6162"}]')
raw=$(bitcoin -rpcwallet=odd fundrawtransaction "$raw" '{"changePosition":1}' | sed -n 's/.*"hex": "\(.*\)".*/\1/p')
raw=$(bitcoin -rpcwallet=odd signrawtransactionwithwallet "$raw" | sed -n 's/.*"hex": "\(.*\)".*/\1/p')
bitcoin generateblock 'raw(51)' "[\"$raw\"]" >/dev/null 2>"$err" || report 1 'an odd operation' "$(cat "$err")"
refused=$(node_height)
mine 1
run_server
await info_is last_block "$refused"
run --check
sound 'while the server runs'
is "$(member checked.1.what) $(member checked.1.path) $(member checked.1.blocks) $(member checked.1.names)" "index $index $refused 0" \
  'the index is examined'
is_empty "$(cat "$err")" 'in silence'
run --check --chain
sound 'beside the blocks, while the server runs'
is "$(member checked.1.replayed)" "$refused" 'all of which are replayed'
like "$(cat "$err")" "^blockstored: $refused blocks of the node at http://127.0.0.1:$BITCOIN_PORT are replayed, .* 1 MiB of temporary files" \
  'what it costs is said before'
(for _ in 1 2 3 4 5 6 7 8; do mine 2; done) &
mining=$!
for try in 1 2 3; do
  run --check --chain
  sound "while blocks come, $try"
done
wait "$mining"
await info_is last_block "$(($(node_height) - 1))"
end_server
is "$status" 0 'the server ends'
branch 5
run --check --chain
is "$status $(member sound) $(finding severity)" '0 true warning' 'blocks that have left the chain are no damage'
like "$(finding problem)" '^The blocks [0-9]+ to [0-9]+ have left the node'"'"'s chain since they were indexed' 'and told'
before=$(stat -c '%n %s %y' "$index" "$index"-wal 2>&1)
run --check --chain
is "$(stat -c '%n %s %y' "$index" "$index"-wal 2>&1)" "$before" 'nothing is changed by looking'

if command -v script >/dev/null; then
  script -qec "'$server' -c '$work/server.yaml' --check --chain" /dev/null </dev/null >"$work/terminal"
  like "$(tr '\r' '\n' <"$work/terminal")" 'blockstored: block 0 of [0-9]+ \(0 %\)' 'a terminal shows how far it is'
else
  skip 'needs script'
fi

# ---- what stands in the way ----
stop_server
run --check --chain
is "$status $(finding what)" '1 node' 'a node that is down'
like "$(finding problem)" '^The blocks could not be replayed: (Nothing answers at|There is no cookie file) ' 'as it says'
like "$(finding mend)" 'the index itself may be sound' 'which is not the index'"'"'s fault'
run --check
sound 'the index by itself needs no node'
run --reindex
is "$status" 1 '--reindex needs the node'
run --check
sound 'without it the old index stays'
rm -f "$index".reindex*
start_server
configure 'log: {format: json}'
sed -i 's/regtest/signet/' "$work/server.yaml"
run --check
is "$status $(finding what)" '1 index' 'an index of another network'
like "$(finding problem)" 'is the index of the network regtest .* give it another path' 'as it says'
run --reindex
is "$status" 2 'is not replaced'
[ -e "$index" ]
report $? 'and stays'
configure

# ---- interrupted ----
mine 3000
rm -f "$index"*
run --reindex
is "$status" 0 'an index is made where there is none'
(
  trap - INT
  exec "$server" -c "$work/server.yaml" --check --chain
) >"$out" 2>"$err" &
checking=$!
await grep -q 'are replayed' "$err"
kill -TERM "$checking"
wait "$checking"
is "$?" 10 'SIGTERM ends a replay'
is_empty "$(cat "$out")" 'without a document'

# ---- damaged ones ----
cp "$index" "$work/good"
# spoilt WHAT SENTENCE: the index is damaged; all tell it, and how it is mended, which does mend it.
spoilt() {
  run --check
  is "$status $(member sound) $(finding severity) $(finding what)" '1 false error index' "$1: it is found"
  is "$(finding mend)" 'blockstored --reindex makes it again from the node.' 'the mend is told'
  like "$(cat "$err")" '^blockstored: Something is wrong; "findings" ' 'and that there is one'
  if [ -n "$2" ]; then
    run
    is "$status" 1 'no server starts with it'
    like "$(tail -n 1 "$err")" "^blockstored: $index: $2: blockstored --reindex makes it again from the node\\.\$" 'but tells how it is mended'
  fi
  run --reindex
  is "$status" 0 'it is made anew'
  like "$(cat "$out")" "^$index: The index is made anew, up to block [0-9]+\\.\$" 'as it says'
  is_empty "$(find "$work" -maxdepth 1 -name 'index.reindex*')" 'nothing is left beside it'
  run --check --chain
  sound 'and sound'
}
dd if=/dev/zero of="$index" bs=4096 seek=3 count=30 conv=notrunc 2>"$err"
spoilt 'bytes overwritten' ''
truncate -s 20000 "$index"
spoilt 'cut off' 'The index is damaged'
truncate -s 0 "$index"
spoilt 'empty' 'This file is empty, and no index'
sqlite3 "$index" "UPDATE consensus SET hash = zeroblob(16) WHERE block = 77"
run --check
is "$(finding where)" "$index, block 77" 'a consensus hash'
spoilt 'a consensus hash' ''
sqlite3 "$index" "UPDATE undo SET changes = zeroblob(length(changes)) WHERE block = (SELECT max(block) FROM undo)"
run --check
like "$(finding where)" "^$index, table undo, row [0-9]+\$" 'what takes the newest block back'
run_server
await info_is state following
branch 3
await info_is state waiting
is "$(call lookup '["alice.id"]')" '[null]' 'a server that cannot take a block back answers'
like "$(cat "$log")" "warning node state=waiting why=.*what takes block [0-9]+ back is not what was once written; blockstored --reindex" \
  'and says why it stays where it is'
end_server
spoilt 'what takes a block back' ''
sqlite3 "$index" "UPDATE blocks SET hash = zeroblob(32) WHERE height = 77"
run --check
sound 'a hash that only the node knows'
run --check --chain
is "$status $(finding where)" "1 $index, block 77" 'is found beside the blocks'
like "$(finding problem)" '^This is the first block of which the index has something else' 'as the first block'
is "$(member findings.1.where) $(member findings.1.problem)" \
  "$index, table blocks, row 77 The row is not what follows from the blocks." 'with the row'
sqlite3 "$index" "DELETE FROM refused; INSERT INTO names SELECT 'a.b', x'00', x'', 'x', '@', zeroblob(32), 1, NULL, 1, 1, 1, 1, 0, 'x', x'', '', NULL, 3, 1"
run --check --chain
is "$(member findings | grep -oE 'table (names, row a.b|refused, row)' | grep -c .)" 2 'each table is compared'
run --reindex
run --check --chain
sound 'and mended'

# What is no index is not removed.
echo text >"$index"
run --reindex
is "$status $(cat "$index")" '1 text' 'another file is not replaced'
like "$(cat "$err")" "$index: This file is no index, as far as can be told, and is not replaced: " 'as it says'
rm "$index"
sqlite3 "$index" 'PRAGMA application_id = 7; CREATE TABLE precious (x)'
run --reindex
is "$status $(sqlite3 "$index" .tables)" '1 precious' 'nor another database'
rm "$index"
mkdir "$index"
run --reindex
is "$status" 1 'nor a directory'
rmdir "$index"

if [ "$(id -u)" = 0 ] && chown 65534 "$work" 2>/dev/null; then
  run --reindex
  is "$status" 1 'root makes none for another user'
  like "$(cat "$err")" 'in a directory of another user: run this as that one; or remove the index' 'and says what can be done'
  chown 0 "$work"
fi

# ---- while the server runs ----
cp "$work/good" "$index"
run_server
await info_is last_block "$(($(node_height) - 1))"
sqlite3 "$index" "UPDATE blocks SET hash = zeroblob(32) WHERE height = 77"
run --reindex
is "$status" 0 'it is made anew while the server runs'
mine 3
await info_is last_block "$(($(node_height) - 1))"
info_is last_block "$(($(node_height) - 1))"
report $? 'which goes on with the new one'
run --check --chain
sound 'it is sound'
is "$(sqlite3 -readonly "$index" 'SELECT max(height) FROM blocks')" "$(($(node_height) - 1))" 'and the one that is followed'
# Killed half-way, it goes on where it was; two do not disturb each other.
mine 3000
"$server" -c "$work/server.yaml" --reindex >"$work/killed" 2>&1 &
killed=$!
await [ -e "$index.reindex" ]
run --reindex
is "$status" 1 'one at a time'
like "$(tail -n 1 "$err")" 'Another process makes this index anew already' 'as it says'
kill -9 "$killed"
wait "$killed" 2>/dev/null
run --reindex
is "$status" 0 'killed, it is done by the next one'
run --check --chain
sound 'and sound'
end_server

# ---- a ledger ----
written
run --check
sound 'a ledger'
is "$(member checked.1.what) $(member checked.1.names)" 'ledger 1' 'is replayed'
sqlite3 "$ledger" "UPDATE names SET address = 'x'"
client check
theirs=$(member findings)
run --check
is "$status $(finding where)" "1 $ledger, table names, row alice.id" 'a row that does not follow'
is "$(member findings)" "$theirs" 'as blockstore-cli check tells it'
is_document 'as a document'
run --reindex
is "$status" 2 'a ledger cannot be made anew'
like "$(cat "$err")" 'as nothing else has its blocks' 'as it says'
done_testing
