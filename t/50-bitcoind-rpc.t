#!/bin/sh
# SPDX-License-Identifier: MIT
# Calls to a Bitcoin node: credentials, failures of the node in the user's words, and what answers without being one.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/bitcoin.sh"
own_server bitcoind
node=http://127.0.0.1:$BITCOIN_PORT

is "$(ask rpc getblockcount)" 0 'a call'
is "$(ask rpc getblockhash 0)" '"0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"' 'one with a parameter'
like "$(ask rpc getblockhash 7)" '^failed: The Bitcoin node at .* answered getblockhash with error -8: Block height out of range$' \
  'what the node says of a call is told'
like "$(ask rpc getnothing)" '^failed: .* answered getnothing with error -32601: Method not found$' 'an unknown method'
like "$(NODE_PASSWORD=x; BITCOIN_PASSWORD=wrong ask rpc getblockcount)" \
  '^denied: The Bitcoin node at .* does not take the user and password given\.$' 'a wrong password, which is not told'
like "$(NODE_URL="$node/" ask rpc getblockcount)" '^0$' 'a URL with a slash'
like "$(NODE_ANSWER_MAX=100 ask rpc getblockchaininfo)" '^too_large: .* answered with more than 100 bytes\.$' 'a long answer'

# ---- the cookie ----
with_cookie() {
  NODE_URL=$node NODE_COOKIE=${cookie-$BITCOIN_COOKIE} "$builddir/t/lib/node" "$@"
}
is "$(with_cookie rpc getblockcount)" 0 'the cookie'
like "$(cookie=$work/none with_cookie rpc getblockcount)" "^no_names: There is no cookie file $work/none: " 'none there'
echo nothing >"$work/strange"
like "$(cookie=$work/strange with_cookie rpc getblockcount)" "^config: $work/strange: This is no cookie file" 'something else'
echo __cookie__:0123 >"$work/old"
like "$(cookie=$work/old with_cookie rpc getblockcount)" "^denied: .* does not take the cookie in $work/old: " 'another node'"'"'s'
mkfifo "$work/go"
with_cookie twice getblockcount <"$work/go" >"$work/twice" &
exec 7>"$work/go"
tries=100
until [ -s "$work/twice" ] || [ $tries = 0 ]; do
  sleep .05
  tries=$((tries - 1))
done
cp "$BITCOIN_COOKIE" "$work/before"
stop_server
like "$(ask rpc getblockcount)" '^no_names: Nothing answers at http://127.0.0.1:[0-9]*: the Bitcoin node is not running, ' 'a node that is down'
start_server
fails 'a restarted node has another cookie' cmp -s "$work/before" "$BITCOIN_COOKIE"
echo >&7
wait $!
is "$(tr '\n' ' ' <"$work/twice")" '0 0 ' 'which is read again'

# ---- configuration ----
for url in '' 127.0.0.1:8332 ftp://127.0.0.1 http:// http://user:secret@127.0.0.1 'http://127.0.0.1/?x'; do
  like "$(NODE_URL=$url ask rpc getblockcount)" '^config: The URL of a Bitcoin node ' "the URL '$url' is refused"
done
is_empty "$(NODE_URL=http://user:secret@127.0.0.1 ask rpc getblockcount | grep secret)" 'without telling what it holds'
like "$(NODE_URL=$node "$builddir/t/lib/node" rpc getblockcount)" '^config: .* needs a cookie file, or user and password\.$' 'no credentials'

# ---- what is no node ----
own_server answers
NODE_URL=http://127.0.0.1:$ANSWERS_PORT
# says STATUS BODY WORD TEXT WHAT
says() {
  printf 'HTTP/1.1 %s x\r\nContent-Length: %d\r\n\r\n%s' "$1" "${#2}" "$2" >"$ANSWERS_ROOT/POST"
  like "$(ask rpc x)" "^$3: .*$4" "$5"
}
says 200 '<html>' no_names 'What answers at .* is no Bitcoin node: its answer is no JSON' 'HTML'
says 200 '' no_names 'its answer is no JSON' 'nothing'
says 200 '7' no_names 'its answer is no array' 'a number'
says 200 '[]' no_names 'it left out replies' 'no reply'
says 200 '[{"result":1,"error":null,"id":1}]' no_names 'the id of another request' 'a wrong id'
says 200 '[{"result":1,"error":null,"id":"0"}]' no_names 'a reply has no id' 'an id that is text'
says 200 '[{"id":0}]' no_names 'neither result nor error' 'an empty reply'
says 200 '[7]' no_names 'a reply has no id' 'a reply that is a number'
says 200 '[{"result":1,"id":0},{"result":1,"id":0}]' no_names 'the id of another request' 'two replies'
says 200 '[{"result":1,"result":2,"id":0}]' no_names 'its answer is no JSON' 'a key that stands there twice'
says 200 '{"result":1,"id":0}' no_names 'it answered a batch with one reply' 'no batch'
says 200 '[{"error":{"code":-28,"message":"Loading block index…"},"id":0}]' no_names 'is still starting: Loading block index' 'warming up'
says 500 '{"result":null,"error":{"code":-28,"message":"Verifying blocks…"},"id":null}' no_names 'is still starting: Verifying' \
  'the same of the whole batch'
says 200 '[{"error":{"code":-1,"message":"a\u001b[2Jb"},"id":0}]' failed 'error -1: a.?\[2Jb$' 'control characters are not passed on'
says 200 '[{"error":"no","id":0}]' failed 'answered x with error -1: no' 'an error of another form'
says 200 '[{"error":{"code":1e99},"id":0}]' failed 'answered x with error -1' 'a strange code'
says 503 'Work queue depth exceeded' no_names 'HTTP status 503: Work queue depth exceeded' 'a busy node'
says 403 '' denied 'takes no RPC from this machine \(rpcallowip\)' 'a node for others'
says 404 '<html>' no_names 'HTTP status 404: <html>' 'some web server'
printf 'HTTP/1.1 200 x\r\nContent-Length: 34\r\n\r\n[{"result":5,"error":null,"id":0}]' >"$ANSWERS_ROOT/POST"
is "$(ask rpc x)" 5 'an answer of the old form'
printf hang >"$ANSWERS_ROOT/POST-rest"
printf 'HTTP/1.1 200 x\r\nContent-Length: 100\r\n\r\n[' >"$ANSWERS_ROOT/POST"
like "$(NODE_MS=300 ask rpc x)" "^deadline: The Bitcoin node at $NODE_URL: " 'one that hangs'
printf endless >"$ANSWERS_ROOT/POST-rest"
printf 'HTTP/1.1 200 x\r\n\r\n[' >"$ANSWERS_ROOT/POST"
like "$(NODE_ANSWER_MAX=1000000 ask rpc x)" '^too_large: ' 'one without end'
done_testing
