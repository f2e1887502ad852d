#!/bin/sh
# SPDX-License-Identifier: MIT
# A name server that does everything wrong: each time the user is told which server it is and what it did, and nothing is believed.
. "${srcdir:-$(dirname "$0")/..}/t/lib/names.sh"
world 1 '{"block": 20, "history": "one", "names": {"foo.id": {}}}'
standin 1
remote 1
here="The name server 127.0.0.1:$port1"

# lying LIE: about the state of names.
lying() {
  world 1 "{\"block\": 20, \"history\": \"one\", \"names\": {\"foo.id\": ${2-"{}"}}, \"lies\": {\"${1%% *}\": ${1#* }}}"
}

asks get_name_blockchain_record foo.id
is "$status" 0 'what is right is believed'
says proven none 'and what it is worth is said'

# ---- frames ----
garbage() {
  lying "get_name_state $1"
  fails_with 5 malformed "^blockstore-cli: $here $2" "$3" get_name_blockchain_record foo.id
}
garbage '{"raw": "hello"}' 'sent an answer that is no netstring' 'no netstring'
garbage '{"raw": "2:[],3:x"}' 'sent bytes behind its answer' 'bytes behind the answer'
garbage '{"raw": "02:[],"}' 'sent an answer that is no netstring' 'a leading zero'
garbage '{"raw": "2:[];"}' 'sent an answer that is no netstring' 'no comma'
garbage '{"raw": "8388609:"}' 'announced an answer of more than 8388608 bytes' 'a length beyond the limit'
garbage '{"raw": "99999999999999999999999:"}' 'announced an answer of more than' 'a length beyond all numbers'
garbage '{"raw": "0:,"}' 'sent an answer that is no JSON' 'nothing at all'
garbage '{"text": "{"}' 'sent an answer that is no JSON' 'half of JSON'
garbage '{"text": "[1]x"}' 'sent an answer that is no JSON' 'more than JSON'
garbage '{"text": "[\"\u00ff\"]"}' 'sent an answer that is no JSON' 'JSON that is no UTF-8'
garbage '{"text": "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]"}' 'sent an answer that is no JSON' 'JSON that is too deep'
garbage '{"text": "[]"}' 'sent what is not one result' 'no result'
garbage '{"text": "[1, 2]"}' 'sent what is not one result' 'two results'
garbage '{"text": "7"}' 'sent what is not one result' 'a number'
garbage '{"text": "{\"result\": 1}"}' 'sent neither a result nor a fault' 'an object that is no fault'

# ---- results ----
garbage '{"result": null}' 'sent an answer that is no object' 'no object'
garbage '{"result": {}}' 'sent an answer without "block"' 'an empty one'
garbage '{"result": {"block": "20"}}' 'sent an answer whose "block" is not a whole number' 'a wrong type'
garbage '{"result": {"block": 20, "consensus": "11"}}' 'sent an answer whose "consensus" is not hexadecimal' 'a wrong length'
lying 'nothing {}' '{"name": "bar.id"}'
fails_with 5 malformed "$here sent an answer whose \"name\" is about bar.id, and foo.id was asked for" 'another name' lookup foo.id
lying 'nothing {}' '{"changed_block": 21}'
fails_with 5 malformed "$here tells of an operation in a block that its chain does not have" 'a block of the future' lookup foo.id
lying 'nothing {}' '{"address": "1BKufFedDrueBBFBXtiATB2PSdsBGZxf3N"}'
fails_with 5 malformed "$here .*\"address\" is not the address of its script" 'the address of another script' lookup foo.id
lying 'nothing {}' '{"op_fee": "100"}'
fails_with 5 malformed "$here .*\"op_fee\" is not a number of satoshis" 'a fee that is a text' lookup foo.id

# ---- other methods ----
misled() {
  lying "$1 $2"
  what=$3 says=$4
  shift 4
  fails_with 5 malformed "$here $says" "$what" "$@"
}
misled get_all_names '{"result": ["foo.id", "no name"]}' 'a list of what is no name' 'lists what is no name' get_all_names
misled get_all_names '{"result": {}}' 'a list that is none' 'sent an answer that is no list' get_all_names
misled get_consensus_at '{"result": "xy"}' 'a consensus hash that is none' 'sent an answer that is no consensus' get_consensus_at 3
misled get_consensus_range '{"result": ["00"]}' 'a range of what is no hash' 'sent an answer that is not the consensus hashes' \
  get_consensus_range 3 9
misled get_consensus_range '{"result": {}}' 'a range that is none' 'sent an answer that is no list' get_consensus_range 3 9
misled get_operations_at '{"result": {"operations": ["zz"], "more": false}}' 'an operation that is none' \
  'sent an operation that is none' get_nameops_at 3
misled get_operations_at '{"result": {"operations": [], "more": true}}' 'more of nothing' \
  'sent an answer that ends where there should be more' get_nameops_at 3
misled get_operations_on '{"result": {"operations": ["00"], "more": false}}' 'an operation without its block' \
  'sent an operation without its block' get_name_blockchain_history foo.id
misled get_announcements_at '{"result": [{"vtxindex": 0}]}' 'half of an announcement' 'sent an answer without "txid"' get_nameops_at 3
misled get_refused_at '{"result": [7]}' 'a refusal that is none' 'sent an answer that is no object' --refused get_nameops_at 3
misled get_namespace_state '{"result": {"block": 1}}' 'half of a namespace' 'sent an answer without "consensus"' get_name_cost foo.id
misled getinfo '{"result": {"chain_id": "11"}}' 'a chain that is none' 'sent an answer without' getinfo
misled getinfo '{"result": {"chain_id": null, "server": "x", "network": "moon"}}' 'a network that nobody knows' \
  'sent an answer whose "network" is not' getinfo

# ---- faults and errors ----
lying 'get_name_state {"text": "{\"fault\": \"NoSuchFunction\", \"faultCode\": -32601, \"faultString\": \"function not found\"}"}'
fails_with 8 no_names "$here does not know what was asked, or could not do it: function not found" 'a fault' lookup foo.id
lying 'get_name_state {"result": {"error": "Wait until noon.", "code": "denied"}}'
fails_with 9 denied "$here says: Wait until noon.$" 'an error of its own, with its word' lookup foo.id
lying 'get_name_state {"result": {"error": "I am tired.", "code": "corrupt"}}'
fails_with 8 no_names "$here says: I am tired." 'an error that is about the server itself' lookup foo.id
lying 'get_name_state {"result": {"error": "Who knows."}}'
fails_with 8 no_names "$here says: Who knows." 'an error without a word' lookup foo.id
lying "get_name_state {\"result\": {\"error\": \"$(printf 'x%.0s' $(seq 3000))\", \"code\": \"denied\"}}"
fails_with 9 denied 'says: x{400}\.\.\.' 'a long one is cut' lookup foo.id

# ---- connections ----
for bytes in 0 1 3 40; do
  lying "get_name_state {\"close\": $bytes}"
  fails_with 8 no_names "$here hung up" "it hangs up after $bytes bytes" lookup foo.id
done
patience=2s
remote 1
lying 'get_name_state {"hang": true}'
fails_with 8 no_names "$here did not answer in time" 'it does not answer' lookup foo.id
lying 'getinfo {"hang": true}'
fails_with 8 no_names "$here did not answer in time" 'not even who it is' lookup foo.id
patience=20s
remote 1
lying 'get_name_state {"slow": 1}'
asks get_name_blockchain_record foo.id
is "$status" 0 'one that is slow is waited for'
stop_standin 1
fails_with 8 no_names "$here cannot be reached: Connection refused.  See that blockstored runs there, or give another" 'nobody listens' \
  lookup foo.id

done_testing
