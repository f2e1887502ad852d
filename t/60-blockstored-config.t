#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored's configuration and command line, and what is refused of them; the log.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"

# run ARGUMENT...: leaves $out, $err, $status.
run() {
  status=0
  timeout 20 "$server" "$@" >"$out" 2>"$err" || status=$?
}
written
run -c "$work/server.yaml" --check
is "$status" 0 'a good configuration'
like "$(cat "$out")" '"what": "configuration"' 'as it says'
run --version
is "$status $(cut -d ' ' -f 1 "$out")" '0 blockstored' 'its version'
run --help
like "$(cat "$out")" 'Usage: blockstored' 'help'
run --nonsense
is "$status" 2 'an option that there is not'
run -c "$work/server.yaml" more
is "$status" 2 'an argument'
like "$(cat "$err")" 'no argument "more"' 'it says which'
run -c "$work/none.yaml"
is "$status" 2 'no file'

# refuses YAML TEXT: with the place and this text.
refuses() {
  printf '%s\n' "$1" >"$work/bad.yaml"
  run -c "$work/bad.yaml" --check
  is "$status" 2 "refused: $1"
  like "$(cat "$err")" "^blockstored: .*bad.yaml(:[0-9]+:[0-9]+)?: .*$2" "$2"
}
refuses 'chain: {ledgr: /x}' 'There is no key "ledgr" here; did you mean "ledger"\?'
refuses 'chian: {ledger: /x}' 'There is no key "chian" here; did you mean "chain"\?'
refuses 'listen: [a]' 'The local chain needs the path of its file'
refuses 'chain: {source: local}' 'needs the path of its file'
refuses 'chain: {source: remote, ledger: /x}' 'Expected here: local or bitcoind'
refuses 'chain: {ledger: /x, wallet: w}' '"wallet" goes with chain.source: bitcoind'
refuses 'chain: {source: bitcoind, ledger: /x, index: /i}' '"ledger" goes with chain.source: local'
refuses 'chain: {source: bitcoind, index: /i, user: u}' 'with its "cookie", or as "user" with'
refuses 'chain: {source: bitcoind}' 'need a file for their index'
refuses 'chain: {source: bitcoind, index: /i, network: moon}' 'Expected here: main, test, signet or regtest'
refuses 'chain: {source: bitcoind, index: /i, url: "http://a", host: b}' 'by "url", or by "host"'
refuses 'chain: {source: bitcoind, index: /i, cookie: /c, user: b}' 'with its "cookie", or as "user"'
refuses 'chain: {source: bitcoind, index: /i, confirmations: 0}' 'outside its range'
refuses 'chain: {source: bitcoind, index: /i, silence: 11m}' 'silence: The value is outside its range'
refuses 'chain: {ledger: /x, silence: 5s}' '"silence" goes with chain.source: bitcoind'
refuses 'chain: {source: bitcoind, index: /i, user: u, password: secret1}' 'does not stand in the configuration'
is "$(grep -c secret1 "$err")" 0 'it is not repeated'
refuses 'chain: {source: bitcoind, index: /i, user: u, password: {fiel: /x}}' 'did you mean "file"'
printf 'secret2\n' >"$work/password"
chmod 644 "$work/password"
refuses "chain: {source: bitcoind, index: /i, user: u, password: {file: $work/password}}" 'password'
refuses 'chain: {source: bitcoind, index: /i, user: u, password: "${BLOCKSTORED_NOT_SET}"}' 'BLOCKSTORED_NOT_SET'
refuses 'threads: 0' 'threads: The value is outside its range'
refuses 'threads: 17' 'threads: The value is outside its range'
refuses 'limits: {connections: 0}' 'connections: The value is outside its range'
refuses 'limits: {connections_of_one: 0}' 'connections_of_one: The value is outside its range'
refuses 'limits: {frame: 1M}' 'frame: The value is outside its range'
refuses 'limits: {unspents: some}' 'Expected here: off, local or all'
refuses 'limits: {search: 0s}' 'search: The value is outside its range'
refuses 'limits: {idle: never}' 'Expected here: a duration'
refuses 'log: {level: loud}' 'Expected here: error, warning, info or debug'
refuses '{chain: {ledger: /x}, listen: 127.0.0.1}' 'Expected here: a list'
chmod 600 "$work/password"
printf 'chain: {source: bitcoind, index: /i, user: u, password: {file: %s}}\n' "$work/password" >"$work/good.yaml"
run -c "$work/good.yaml" --check
is "$status" 0 'a password in a file of its owner'

# What can only be seen when it starts.
starts_not() {
  printf 'chain: {ledger: %s}\nlisten: ["%s"]\n%s\n' "$1" "$2" "${5-}" >"$work/bad.yaml"
  run -c "$work/bad.yaml"
  is "$status" "$3" "it does not start: $4"
  like "$(tail -n 1 "$err")" "^blockstored: .*$4" 'as it says'
}
starts_not "$work/none.db" 127.0.0.1:0 1 'There is no ledger'
is_empty "$(ls "$work"/none.db* 2>/dev/null)" 'and makes none'
starts_not "$work/key" 127.0.0.1:0 1 'key'
starts_not "$ledger" nowhere 2 'no address to listen on'
starts_not "$ledger" 1.2.3.4.5:1 2 'cannot be found'
starts_not "$ledger" 127.0.0.1:70000 2 'no address to listen on'
starts_not "$ledger" unix:relative 2 'absolute path'
starts_not "$ledger" "unix:$work/key" 1 'is there, and no socket'
starts_not "$ledger" 127.0.0.1:0 2 'no address to listen on' 'http: everywhere'
serve
starts_not "$ledger" "127.0.0.1:$port" 1 'Somebody listens'
end_server

serve 'log: {level: debug, format: json}'
call ping >/dev/null
call preorder '["alice.id","5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj9"]' >/dev/null
call "$(printf 'a\\u0001b\\u009b')" >/dev/null
raw '9:x' >/dev/null
end_server
is_empty "$(perl -MJSON::PP -ne 'my $line = eval { JSON::PP->new->utf8->decode($_) }; print unless $line && $line->{time} && $line->{level} && $line->{event}' "$log")" \
  'every line of a JSON log is an object'
like "$(cat "$log")" '"event":"request","method":"ping","outcome":"ok","microseconds":[0-9]+' 'a request with its duration'
is "$(grep -c 5JesPiN "$log")" 0 'a private key that somebody sent is not in the log'
is_empty "$(LC_ALL=C grep -P '[\x00-\x08\x0b-\x1f\x7f]' "$log")" 'nor a control character'
written 'log: {level: error}'
"$server" -c "$work/server.yaml" 2>"$log" &
pid=$!
await rpc "$socket" call ping >/dev/null
end_server
is "$(wc -c <"$log")" 0 'a quiet log'
done_testing
