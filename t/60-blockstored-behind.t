#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored while its index is behind: what it has not read yet is not "not there", whatever becomes of the node.  The node is played.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
. "$srcdir/t/lib/servers.sh"
trap 'end_server KILL; end_servers; rm -rf "$work"' EXIT
own_server answers
genesis=0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206

# once BODY: the node's next answer; nothing else is answered
once() {
  printf 'HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n%s' "${#1}" "$1" >"$ANSWERS_ROOT/POST-once01"
}
info() {
  call getinfo >"$out"
  member "0.$1"
}
info_is() {
  [ "$(info "$1")" = "$2" ]
}
NODE_PASSWORD=secret
export NODE_PASSWORD
cat >"$work/server.yaml" <<END
chain: {source: bitcoind, network: regtest, url: "http://127.0.0.1:$ANSWERS_PORT", user: u, password: "\${NODE_PASSWORD}", confirmations: 1, index: $work/index}
listen: ["127.0.0.1:0"]
http: 127.0.0.1:0
END
run_server
await info_is state waiting
is "$(info state) $(info node_blocks)" 'waiting 0' 'a node that was never reached'
like "$(call lookup '["alice.id"]')" '"Indexing blockchain"' 'whether a name is there is not known then'
end_server

once "[{\"id\":0,\"result\":{\"chain\":\"regtest\",\"blocks\":1000,\"initialblockdownload\":false}},{\"id\":1,\"result\":\"$genesis\"}]"
run_server
await info_is node_blocks 1000
await info_is state waiting
is "$(info state) $(info last_block) $(info node_blocks)" 'waiting 0 1000' 'the node went away before its blocks came: the lag is told'
like "$(call lookup '["alice.id"]')" '"Indexing blockchain"' 'a name that is not there yet'
like "$(call get_name_blockchain_record '["alice.id"]')" '"Indexing blockchain"' 'its record'
like "$(call get_namespace_blockchain_record '["id"]')" '"Indexing blockchain"' 'a namespace'
like "$(rpc "$http" raw 'GET /metrics HTTP/1.0\n\n')" '^blockstored_lag_blocks 999$' 'the metric'
like "$(rpc "$http" raw 'GET /metrics HTTP/1.0\n\n')" '^blockstored_state\{state="waiting"\} 1$' 'and the state'
like "$(rpc "$http" raw 'GET /v1/names/alice.id HTTP/1.0\n\n')" '^HTTP/1.1 503 .*' 'over HTTP it is 503'
like "$(rpc "$http" raw 'GET /?name=alice.id HTTP/1.0\n\n')" 'alice.id is not known yet: the index is behind the chain' 'and the page says so'
sleep 2
like "$(call lookup '["alice.id"]')" '"Indexing blockchain"' 'it stays so'
end_server

# ---- a node that says how it stands, and then nothing ----
sed -i 's/confirmations: 1,/confirmations: 1, silence: 1s,/' "$work/server.yaml"
printf hang >"$ANSWERS_ROOT/POST-rest"
once "[{\"id\":0,\"result\":{\"chain\":\"regtest\",\"blocks\":1000,\"initialblockdownload\":false}},{\"id\":1,\"result\":\"$genesis\"}]"
run_server
await info_is node_blocks 1000
await info_is state waiting
is "$(info state) $(info node_blocks)" 'waiting 1000' 'a node that hangs in a step is told as waiting'
like "$(cat "$log")" 'gives no blocks: for 1 s nothing has come' 'and why'
rm "$ANSWERS_ROOT/POST-rest"
done_testing
