#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored(8) has every option, key, method, path and metric that there is, and its examples run.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
. "$srcdir/t/lib/pod.sh"
pod=$srcdir/doc/blockstored.pod
code=$srcdir/tools/blockstored

# missing NAME...: those that the page does not have as C<NAME> or after it.
missing() {
  while read -r name; do grep -qE "[CB]<$name>|  $name( |\$)" "$pod" || echo "$name"; done
}
options=$("$server" --help | grep -oE '(^|[ ,])--?[a-z]+' | tr -d ' ,')
[ "$(printf '%s\n' "$options" | wc -l)" -ge 5 ]
report $? '--help has options'
is_empty "$(printf '%s\n' "$options" | missing)" 'every option is in the page'
sed -n 's/^    BS_ROW("[a-z]*", "\([a-z_]*\)".*/\1/p' "$code/settings.c" >"$work/keys"
[ "$(wc -l <"$work/keys")" -ge 20 ]
report $? 'there are keys'
is_empty "$(missing <"$work/keys")" 'every key is in the page'
sed -n 's/^    {"\([a-z_]*\)", .*/\1/p' "$code/method.c" | sort -u >"$work/methods"
[ "$(wc -l <"$work/methods")" -ge 30 ]
report $? 'there are methods'
is_empty "$(missing <"$work/methods")" 'every method is in the page'
is_empty "$(sed -n 's/^    {"\([a-z_]*\)", "[^"]*", [0-9].*/\1/p' "$code/method.c" | LC_ALL=C sort -c 2>&1)" 'the table of methods is sorted'
serve 'http: "127.0.0.1:0"'
call ping >/dev/null
rpc "$http" raw 'GET /metrics HTTP/1.0\n\n' | sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' >"$work/metrics"
[ "$(wc -l <"$work/metrics")" -ge 15 ]
report $? 'there are metrics'
is_empty "$(missing <"$work/metrics")" 'every metric is in the page'
for path in $(sed -n 's/^  \(\/[^ ?]*\).*/\1/p' "$pod"); do
  given=$(echo "$path" | sed 's/NAME/alice.id/; s/ID/id/; s/N$/1/; s/N\//1\//')
  like "$(rpc "$http" raw "GET $given HTTP/1.0\n\n" | head -n 1)" ' 200 ' "$path is there"
done
end_server

blocks "$pod" EXAMPLES "$work/blocks"
set -- "$work"/blocks/*
is $# 3 'three examples'
sed -i "s|~/.local|$work/.local|; s|/run/user/1000|$work|; s|127.0.0.1:8080|127.0.0.1:0|; s|127.0.0.1:6264|127.0.0.1:0|" "$1"
for block in "$1" "$2"; do
  "$server" -c "$block" --check >"$out" 2>&1
  report $? "a configuration is read: $(head -n 1 "$block")" "$(cat "$out")"
done
# The commands, at a port of their own.
mkdir "$work/run"
cd "$work/run" || exit 1
free=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
printf 'chain: {ledger: ~/.local/state/blockstore/ledger.db}\nlisten: ["127.0.0.1:%s"]\n' "$free" >blockstored.yaml
sed "s|127.0.0.1:6264|127.0.0.1:$free|; s|kill %1|kill \$!|" "$3" >commands
mkdir bin
ln -s "$server" bin/blockstored
ln -s "$program" bin/blockstore-cli
PATH=$PWD/bin:$PATH sh -eux commands >said 2>&1
report $? 'the commands run' "$(cat said)"
like "$(cat reply)" '^[0-9]+:\[\{"address":.*"value_hash":null\}\],' 'and the reply is as the page says'
done_testing
