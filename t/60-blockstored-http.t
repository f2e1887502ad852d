#!/bin/sh
# SPDX-License-Identifier: MIT
# blockstored's HTTP side: paths, status codes, headers, the page with and without a script.
. "${srcdir:-$(dirname "$0")/..}/t/lib/blockstored.sh"
serve ''
is "$http" '' 'it is off unless it is asked for'
end_server
client update alice.id 1111111111111111111111111111111111111111
serve 'http: "127.0.0.1:0"'

# ask METHOD PATH [HEADER]: the whole answer in $answer, its status in $code, its body in $body.
ask() {
  answer=$(rpc "$http" raw "$1 $2 HTTP/1.1\nHost: here\n${3-}\n" | tr -d '\r')
  code=$(printf '%s\n' "$answer" | sed -n '1s/HTTP[^ ]* \([0-9]*\) .*/\1/p')
  body=$(printf '%s\n' "$answer" | sed '1,/^$/d')
}
# answers CODE PATH REGEX WHAT
answers() {
  ask GET "$2"
  is "$code" "$1" "$4: $1"
  like "$body" "$3" "$4"
}
answers 200 /v1/info '"last_block":[0-9]+.*"server":"blockstored ' 'the chain'
answers 200 /v1/info '"names":1,' 'with the number of its names'
answers 200 /v1/names '^\["alice\.id"\]' 'names'
answers 200 '/v1/names?offset=1&count=5' '^\[\]' 'a part of them'
answers 400 '/v1/names?count=1001' 'error' 'too many'
answers 400 '/v1/names?offset=-1' 'error' 'a negative number'
answers 200 /v1/names/alice.id '"value_hash": "1{40}"' 'a name'
answers 200 '/v1/names/alice%2Eid' '"name": "alice.id"' 'an encoded path'
answers 404 /v1/names/bob.id 'There is none' 'a name that there is not'
answers 400 /v1/names/BOB 'lower case' 'what is no name'
answers 400 /v1/names/%ff 'malformed' 'what is no UTF-8'
answers 400 /v1/names/a%00b 'malformed' 'a NUL'
answers 200 /v1/names/alice.id/history '"opcode":"NAME_UPDATE"' 'its history'
answers 404 /v1/names/bob.id/history 'Not found' 'the history of none'
answers 200 /v1/namespaces/id '"namespace_id": "id"' 'a namespace'
answers 404 /v1/namespaces/none 'There is none' 'a namespace that there is not'
answers 200 /v1/blocks/2/operations 'NAME_REGISTRATION' 'a block'
answers 404 /v1/blocks/999/operations 'There is none' 'a block that there is not'
answers 400 /v1/blocks/two/operations 'whole number' 'what is no block'
answers 200 /v1/consensus/1 '^"[0-9a-f]{32}"' 'a consensus hash'
answers 404 /v1/consensus/999 'There is none' 'that of no block'
answers 404 /v1/nothing 'no such path' 'no path'
answers 404 /v1/names/alice.id/other 'no such path' 'no path below a name'
for method in POST PUT DELETE PATCH; do
  ask $method /v1/info
  is "$code" 405 "$method is not allowed"
  like "$answer" '^Allow: GET, HEAD$' 'it says what is'
done

for path in /v1/names/alice.id /v1/names '/?name=alice.id' /v1/names/bob.id; do
  ask GET "$path"
  length=$(printf '%s\n' "$answer" | grep '^Content-Length: ')
  known=$code
  ask HEAD "$path"
  is "$code $(printf '%s\n' "$answer" | grep '^Content-Length: ')" "$known ${length:-none}" "HEAD $path: its status and its length"
  is_empty "$body" 'and no body'
done

ask GET /v1/names/bob.id
is "$code $(printf '%s\n' "$answer" | grep -c -e '^ETag' -e '^Cache-Control: no-store$') $(printf '%s\n' "$answer" | grep -c '^Cache-Control')" \
  '404 1 1' 'what fails is not to be kept'
ask GET /v1/names/alice.id
like "$answer" '^X-Content-Type-Options: nosniff$' 'a type is what is said'
like "$answer" "^Content-Security-Policy: default-src 'none'" 'a policy'
tag=$(printf '%s\n' "$answer" | sed -n 's/^ETag: //p')
ask GET /v1/names/alice.id "If-None-Match: $tag\n"
is "$code" 304 'the same again needs no body'
client register bob.id
ask GET /v1/names/alice.id "If-None-Match: $tag\n"
is "$code" 200 'a block later it does'
answers 200 /v1/names/bob.id '"name": "bob.id"' 'and what is new is seen'
answers 200 /v1/info '"names":2,' 'and counted'

# More bytes while a reply is made: requests of the RPC keep the lane busy meanwhile.
cat >"$work/more.pl" <<'END'
require "$ENV{srcdir}/t/lib/rpc.pl";
$SIG{PIPE} = 'IGNORE';
my ($http, $rpc) = @ARGV;
my $batch = frame('[' . join(',', (request('get_all_names', '[0,100]')) x 100) . ']');
my @busy = map { my $socket = dial($rpc); print $socket $batch; $socket } 1 .. 100;
select(undef, undef, undef, 0.02);
my $asking = dial($http);
print $asking "GET /v1/names HTTP/1.1\r\nHost: here\r\n\r\n";
for (1 .. 20) { print $asking 'GET / HTTP/1.1' unless IO::Select->new($asking)->can_read(0.002) }
print rest($asking, 20) =~ /^HTTP\/1.1 200 OK.*alice\.id/s ? 'answered' : 'not answered';
END
is "$(perl "$work/more.pl" "$http" "$socket" 2>&1)" 'answered' 'more bytes while a reply is made'
is "$(call ping)" '[{"status":"alive"}]' 'do not end the server'

answers 200 /metrics '^blockstored_requests_total\{method="get_name_state",outcome="ok"\} [1-9]' 'metrics'
for metric in request_duration_seconds_bucket connections_open connections_total bytes_in_total bytes_out_total tip lag_blocks \
  reorganisations_total cache_hits_total lane_waiting lane_running state; do
  like "$body" "^blockstored_$metric" "$metric is among them"
done
is_empty "$(printf '%s\n' "$body" | grep -vE '^# (HELP|TYPE) blockstored_[a-z_]+ .|^blockstored_[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.e+]+$|^\(open\)$')" \
  'every line of them is one of Prometheus'"'"' format'

# What waits for a thread, while there is some of it, and when there is none.
cat >"$work/lanes.pl" <<'END'
require "$ENV{srcdir}/t/lib/rpc.pl";
my ($http, $rpc) = @ARGV;
my $batch = frame('[' . join(',', (request('get_all_names', '[0,100]')) x 100) . ']');
sub jobs { my $asking = dial($http); print $asking "GET /metrics HTTP/1.0\r\n\r\n"; join ' ', rest($asking, 20) =~ /^blockstored_lane_\w+\{lane="scan"\} (\d+)/mg }
my @busy = map { my $socket = dial($rpc); print $socket $batch; $socket } 1 .. 100;
my $during = '';
for (1 .. 50) { last if ($during = jobs()) =~ /^[1-9]\d* 1$/ }
take($_) for @busy;
print $during =~ /^[1-9]\d* 1$/ ? 'some' : $during, ' then ', jobs();
END
is "$(perl "$work/lanes.pl" "$http" "$socket" 2>&1)" 'some then 0 0' 'requests that wait for a thread are counted'
ask GET /metrics
is "$(printf '%s\n' "$body" | grep '^blockstored_state{' | tr '\n' ' ')" \
  'blockstored_state{state="following"} 1 blockstored_state{state="indexing"} 0 blockstored_state{state="waiting"} 0 ' 'and how the index stands'

answers 200 '/?name=alice.id' 'id="answer".*alice\.id' 'the page looks a name up without a script'
like "$body" '<td>NAME_REGISTRATION</td><td><a href="/\?name=bob\.id">' 'it shows the newest operations'
client register dora.id
answers 200 / '<td>NAME_REGISTRATION</td><td><a href="/\?name=dora\.id">' 'and those of the next block'
like "$body" '<a href="/\?name=bob\.id">' 'before the others'
answers 200 '/?name=%3Cscript%3Ealert(1)%3C/script%3E' '&lt;script&gt;alert' 'what was typed is shown as a text'
is "$(printf '%s\n' "$body" | grep -c '<script>')" 1 'and is no script'
is_empty "$(printf '%s\n' "$body" | grep -oE '(src|href)="[^"/][^"]*"|url\(')" 'the page needs nothing from elsewhere'

if command -v chromium >/dev/null; then
  shown=$(cd "$work" && timeout 120 chromium --headless --no-sandbox --disable-gpu --no-proxy-server --user-data-dir="$work/chromium" \
    --virtual-time-budget=25000 --dump-dom "http://127.0.0.1:$http/?name=alice.id" 2>"$work/chromium.log")
  like "$shown" 'id="answer".*alice\.id' 'a browser shows it'
  is "$(printf '%s\n' "$shown" | sed -n 's/.*id="block">\([0-9]*\)<.*/\1/p')" "$(call getinfo | sed 's/.*"last_block":\([0-9]*\).*/\1/')" \
    'with the last block'
  ask GET /metrics
  like "$body" '^blockstored_requests_total\{method="getinfo",outcome="ok"\} ([3-9]|[0-9]{2,})$' 'its script has asked for news'
  is_empty "$(grep -i 'Refused to\|violates' "$work/chromium.log")" 'and the policy lets it'
else
  for _ in 1 2 3 4; do skip 'needs chromium'; done
fi
# What is wrong with a request, or with what it asks for, has a status of its own.
is "$(rpc "$http" raw 'nonsense\n\n' | head -n 1 | tr -d '\r')" 'HTTP/1.1 400 Bad Request' 'what is no HTTP'
is "$(rpc "$http" raw 'GET / HTTP/1.1\n\n' | head -n 1 | tr -d '\r')" 'HTTP/1.1 400 Bad Request' 'no host'
is "$(rpc "$http" raw "GET /$(yes x | head -n 9000 | tr -d '\n') HTTP/1.1\n\n" | head -n 1 | tr -d '\r')" \
  'HTTP/1.1 431 Request Header Fields Too Large' 'a path that is too long is refused'
answers 413 "/v1/names/$(yes %01 | head -n 1500 | tr -d '\n')" 'at most 8192 bytes' 'a name that makes too long a question'
is "$(rpc "$http" raw 'GET /v1/info HTTP/1.0\nContent-Length: 5\n\nhello' | head -n 1 | tr -d '\r')" 'HTTP/1.1 200 OK' 'a body is not looked at'
is "$(rpc "$http" raw 'GET http://elsewhere/v1/info HTTP/1.1\nHost: elsewhere\n\n' | head -n 1 | tr -d '\r')" 'HTTP/1.1 200 OK' \
  'a target with a host'
ask GET /v1/names/alice.id
like "$answer" '^Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2} [0-9:]{8} GMT$' 'each answer has a date'
is "$(printf '%s\n' "$answer" | grep -c '^ETag: ')" 1 'what is there has a tag'
for path in /v1/names/bob.no /v1/names/BOB /v1/nothing '/v1/names?count=x'; do
  ask GET "$path"
  is "$(printf '%s\n' "$answer" | grep -c -e '^ETag' -e '^Cache-Control: no-cache')" 0 "$path: $code has none"
done
# Who asks for what takes long, and goes.
perl -e 'chdir shift; require "./t/lib/rpc.pl"; for (1 .. 100) { my $socket = dial($ARGV[0]); print $socket "GET /v1/names HTTP/1.0\r\n\r\n" }' \
  "$srcdir" "$http"
answers 200 /v1/names 'alice' 'after a hundred that did not wait for their answer'
is "$(call ping)" '[{"status":"alive"}]' 'the other side goes on'
end_server
is "$status" 0 'and it ends well'
done_testing
