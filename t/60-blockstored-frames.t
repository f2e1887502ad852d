#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored's frames: what is answered, and every kind of malformed one.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
serve

is "$(call ping)" '[{"status":"alive"}]' 'a request over TCP'
is "$(rpc "$socket" call ping)" '[{"status":"alive"}]' 'a request over a unix socket'
# What txJSON-RPC's client of 2015 wrote, byte for byte.
is "$(raw '96:{"version": "2.0", "params": [], "method": "ping", "id": "3d6c09e2-f421-4be0-9fe0-1d1e3bb0f4e4"},')" \
  '20:[{"status":"alive"}],(open)' 'what a client of 2015 sends'
is "$(raw '41:{"method": "lookup", "params": ["a.id"]} ,')" '6:[null],(open)' 'without id and version'
is "$(send '{"id":"7","method":"ping","params":[]}
{"id":"7","method":"ping","params":[]}')" '[{"status":"alive"}]
[{"status":"alive"}]' 'an id may come twice'
is "$(send '{"method":"ping"}
{"method":"get_consensus_at","params":[999999]}
{"method":"get_all_names","params":[0,1]}
{"method":"ping","params":null}')" '[{"status":"alive"}]
[null]
[["alice.id"]]
[{"status":"alive"}]' 'requests that come together are answered in their order, slow ones too'
is "$(send '[{"method":"ping"},{"method":"get_all_names"},{"method":"nosuch"},{"method":"lookup","params":["a.id"]}]')" \
  '[[{"status":"alive"}],[["alice.id"]],{"fault":"NoSuchFunction","faultCode":-32601,"faultString":"function nosuch not found"},[null]]' \
  'a batch is answered by a batch'

# ends BYTES WHAT: one fault that says what, then the end.
no_netstring='This is no netstring'
ends() {
  got=$(raw "$1")
  case $got in
    *'(open)' | *'}'*'}'*) report 1 "$2" "$got" ;;
    *'"faultCode":8002'*"$3"*) report 0 "$2" ;;
    *) report 1 "$2" "$got" ;;
  esac
}
ends '04:null,' 'a leading zero' "$no_netstring"
ends '4:nullx' 'no comma' "$no_netstring"
ends '3:null,' 'a length that lies' "$no_netstring"
ends 'GET / HTTP/1.1\n\n' 'HTTP' "$no_netstring"
ends ':,' 'no length' "$no_netstring"
ends '-4:null,' 'a length below zero' "$no_netstring"
ends ' 4:null,' 'a space' "$no_netstring"
ends '\x00\x01\x02\x03' 'binary' "$no_netstring"
ends '131073:' 'more than is ever taken' 'too large'
ends '99999999999999999999999:' 'a huge number' 'too large'
is "$(raw '17:{"method":"ping"},4:nullx')" "$(printf '20:[{"status":"alive"}],%s' "$(raw '4:nullx')")" \
  'what came before is answered, and in order'

# faults JSON TEXT WHAT: a fault with this text, and the connection goes on.
faults() {
  got=$(send "$1
{\"method\":\"ping\"}")
  case $got in
    *'"faultCode":8002'*"$2"*'
[{"status":"alive"}]') report 0 "$3" ;;
    *) report 1 "$3" "$got" ;;
  esac
}
faults '{' 'byte' 'half a JSON'
faults '{"method":"ping"} x' 'byte' 'something behind it'
faults '{"method":"ping","method":"ping"}' 'two members' 'a key twice'
faults '[[[[[[[[[[[[1]]]]]]]]]]]]' 'deep' 'too deep'
faults '[]' 'A batch has 1 to 256 requests' 'an empty batch'
faults "[$(yes '1,' | head -n 299 | tr -d '\n')1]" 'A batch has 1 to 256 requests' 'too many in a batch'
faults 'null' 'A request is an object' 'null'
faults '"ping"' 'A request is an object' 'a text'
faults '{"params":[]}' 'A request is an object' 'no method'
faults '{"method":7}' 'A request is an object' 'a method that is a number'
faults '{"method":"lookup","params":{"name":"alice.id"}}' 'by position' 'parameters by name'
faults "{\"method\":\"lookup\",\"params\":[\"$(yes x | head -n 9000 | tr -d '\n')\"]}" 'at most 8192 bytes' 'more than 8 KiB'
faults "$(printf '{"method":"\377"}')" 'UTF-8' 'bytes that are no UTF-8'
is "$(call nosuch)" '{"fault":"NoSuchFunction","faultCode":-32601,"faultString":"function nosuch not found"}' 'a method that there is not'

# errs METHOD PARAMS TEXT WHAT: the application's error.
errs() {
  like "$(call "$1" "$2")" "^\[\{\"error\":\".*$3.*\",\"code\":\"[a-z_]+\"\}\]\$" "$4"
}
errs lookup '[]' 'lookup takes NAME, not 0 parameters' 'too few parameters'
errs lookup '["a.id","b.id"]' 'not 2 parameters' 'too many'
errs lookup '[null]' 'not null' 'null'
errs lookup '[7]' 'is a text' 'a number for a text'
errs lookup '[["a.id"]]' 'is a text' 'an array for a text'
errs lookup '["M\u00fcller.id"]' 'xbcller' 'a name beyond ASCII'
errs lookup '["a"]' 'a' 'no name'
errs lookup "[\"$(yes a | head -n 60 | tr -d '\n').id\"]" 'Name too long' 'a name that is too long'
errs lookup_namespace '["aaaaaaaaaaaaaaaaaaaaaaaa"]' 'Namespace ID too long' 'an id that is too long'
errs get_consensus_at '[-1]' 'whole number' 'a negative block'
errs get_consensus_at '[1.5]' 'whole number' 'half a block'
errs get_consensus_at '[1e3]' 'whole number' 'an exponent'
errs get_consensus_at '[99999999999999999999999999]' 'whole number' 'a huge number'
errs get_consensus_at '["1"]' 'whole number' 'a text for a number'
errs get_preorder_state '["name","12"]' '40 hexadecimal digits' 'a short hash'
errs get_preorder_state '["word","1111111111111111111111111111111111111111"]' 'Parameter 1 of get_preorder_state is' 'another word'
errs get_names_owned_by_address '["nobody"]' 'not an address' 'no address'
errs broadcast_transaction '["00"]' '' 'no transaction'
errs broadcast_transaction '["00","perhaps"]' 'true or false' 'neither true nor false'
is "$(call ping)" '[{"status":"alive"}]' 'after all of this it answers still'
is "$(grep -cE 'a{50}|x{50}|M.ller|nobody' "$log")" 0 'nothing that was sent is in the log'
done_testing
