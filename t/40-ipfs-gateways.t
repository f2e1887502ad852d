#!/bin/sh
# SPDX-License-Identifier: MIT
# The ipfs driver with several gateways, some of which are down, hang, break off, lie or show a page.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
driver=ipfs
. "$srcdir/t/lib/drive.sh"
need_server ipfs
node=http://127.0.0.1:$IPFS_PORT good=http://127.0.0.1:$IPFS_GATEWAY down=http://127.0.0.1:1
through "$IPFS_GATEWAY"
broken=http://127.0.0.1:$PROXY_PORT
own_server answers
other=http://127.0.0.1:$ANSWERS_PORT

head -c 300000 /dev/urandom >"$work/data"
head -c 1200000 /dev/urandom >"$work/large"
echo record >"$work/record"
key=$(sha256 "$work/data") large=$(sha256 "$work/large") short=$(sha256 "$work/record" | cut -c 1-40)
calls 'OK OK OK OK' 'there are objects and a record' rpc="$node" directory="/$own" key="$own" <<END
put_immutable $key $work/data
put_immutable $large $work/large
put_mutable id $work/record
make_mutable_url id
END
url=$(grep -o 'ipns://.*' "$said")
name=${url#ipns://} name=${name%%/*}

# other_says HEAD-AND-BODY [REST]: what the gateway at $other answers.
other_says() {
  printf '%b' "HTTP/1.1 $1" >"$ANSWERS_ROOT/GET"
  rm -f "$ANSWERS_ROOT/GET-rest"
  [ -z "${2-}" ] || echo "$2" >"$ANSWERS_ROOT/GET-rest"
}
page='<html>Hello</html>' end='Content-Length: 0\r\n\r\n'
html="200 OK\r\nContent-Type: text/html\r\nContent-Length: ${#page}\r\n\r\n$page"

# through_both FIRST WHAT: then the good one is asked, and gives all of it.
through_both() {
  rm -f "$work"/out?
  calls 'OK OK OK' "$2, and the next one has it" gateways="$1" gateways="$good" ipns_name="$name" <<END
deadline 8000
get_immutable $key $work/out1
get_immutable $large $work/out2
get_mutable $url $work/out3
END
  for pair in out1=data out2=large out3=record; do
    succeeds "$2: ${pair#*=} is as it was" cmp "$work/${pair%=*}" "$work/${pair#*=}"
  done
}
through_both "$down" 'the first is down'
other_says "$html"
through_both "$other" 'the first shows a page'
# asked PATH: the heads of such requests.
asked() {
  awk -v RS= -v path="GET $1" 'index($0, path) == 1' "$ANSWERS_ROOT/requests"
}
is "$(asked "/ipns/" | grep -c '^GET') $(asked "/ipns/" | grep -c raw)" '3 0' 'it is asked for files: of a large one the block is an index'
other_says "404 Not Found\r\nContent-Length: ${#page}\r\n\r\n$page"
through_both "$other" 'the first shows a page that says no'
other_says "500 Oops\r\n$end"
through_both "$other" 'the first has trouble'
other_says '' hang
through_both "$other" 'the first hangs'
other_says "302 Found\r\nLocation: https://example.com/login\r\n$end"
through_both "$other" 'the first sends elsewhere'
fault '{"down_limit": 1000}'
through_both "$broken" 'the first breaks off'
fault '{"corrupt_at": 900}'
through_both "$broken" 'a byte of the first is flipped'
fault '{}'

# The node that hangs has its part of the time, too.
fault '{"down_limit": 0, "on_limit": "hang"}'
calls OK 'the node hangs' rpc="$broken" gateways="$good" ipns_name="$name" <<END
deadline 8000
get_immutable $key $work/out
END
succeeds 'and a gateway has it' cmp "$work/out" "$work/data"
fault '{}'

# What one alone says, and what nobody has.
# alone STATUS WHAT HEAD-AND-BODY [OPTION]
alone() {
  other_says "$3"
  calls "$1" "$2" gateways="$other" ${4+"$4"} <<END
deadline 2000
get_immutable $key $work/out
END
}
alone NOT_FOUND 'a gateway says that it is not there' "404 Not Found\r\n$end" ipns_name="$name"
alone FAILED 'of a block, which says nothing of larger data' "404 Not Found\r\n$end"
told 'found by the option ipns_name alone' 'which is told'
calls FAILED 'so the block of a route' gateways="$other" ipns_name="$name" <<END
get_mutable ipfs://bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku $work/out
END
like "$(asked "/ipfs/")" '^GET /ipfs/bafkrei[a-z2-7]{52}\?format=raw ' 'a CID is asked for as a block'
alone FAILED 'a gateway does not want to' "410 Gone\r\n$end"
alone FAILED 'a gateway gives a part' '206 Partial Content\r\nContent-Length: 4\r\n\r\npart'
told 'answered 206' 'and that is told'
alone TRANSIENT 'a gateway finds nothing in time' "504 Gateway Timeout\r\n$end"
alone FAILED 'a gateway that sends elsewhere' "301 Moved\r\nLocation: http://bafy.ipfs.localhost/\r\n$end"
told 'a redirect that is not followed, to http://bafy.ipfs.localhost/' 'is told'
alone OK 'what nobody gives better is for the core' "$html"
other_says "404 Not Found\r\n$end"
calls TRANSIENT 'one that is down hides what is not there' gateways="$down" gateways="$other" <<END
get_immutable $key $work/out
END
calls TOO_LARGE 'what is too large ends the search' gateways="$good" gateways="$other" ipns_name="$name" <<END
limit 1000
get_immutable $key $work/out
END
other_says '' hang
calls CANCELLED 'one alone may take all the time' gateways="$other" <<END
deadline 2000
get_immutable $key $work/out
END
calls FAILED 'a key without a CID, and no name' gateways="$good" <<END
get_immutable $short $work/out
END
told 'There is nobody to ask for it' 'is told'

# What the node's proxy wants to know, a gateway never hears; both are one server here.
printf 'secret word' >"$work/secret"
chmod 600 "$work/secret"
other_says "404 Not Found\r\n$end"
printf 'HTTP/1.1 500 Oops\r\n%b' "$end" >"$ANSWERS_ROOT/POST"
for with in "user=u password=@$work/secret:Basic" "token=@$work/secret:Bearer secret word"; do
  rm "$ANSWERS_ROOT/requests"
  # shellcheck disable=SC2086
  calls TRANSIENT "${with%%=*}: a node and a gateway are asked" rpc="$other" search=0s gateways="$other" ipns_name="$name" ${with%:*} <<END
get_immutable $key $work/out
END
  fails 'what is secret is not told' grep -qF 'secret word' "$said"
  for method in POST GET; do
    awk -v RS= -v method="$method " 'index($0, method) == 1' "$ANSWERS_ROOT/requests" >"$work/$method"
  done
  is "$(grep -c '^POST' "$work/POST")" "$(grep -c "^Authorization: ${with##*:}" "$work/POST")" 'the node is told with each request'
  is "$(grep -c '^GET' "$work/GET") $(grep -ciE 'authorization|secret' "$work/GET")" '2 0' 'and no gateway'
done

# Whoever shows a page is no gateway.
other_says "$html"
calls OK 'the gateways are looked at' gateways="$good" gateways="$other" gateways="$down" <<END
check
END
told '"gateways": 3, "gateways_answering": 1' 'and how many answer'
calls TRANSIENT 'when none does' gateways="$other" <<END
check
END
told 'no gateway' 'that is told'

# The whole of it: between two that lie, a reader gets the record and the datum that the owner put.
# config OPTION...: of the store
config() {
  printf '%s\n' 'names: {provider: embedded}' 'stores:' '  - name: planet' '    driver: ipfs' >"$work/config"
  printf '    %s\n' "$@" >>"$work/config"
}
config "rpc: $node" 'durable: true' "directory: /$own-cli" "key: $own-cli"
cd "$work" || exit 1
exits 0 'a key' keygen alice.key
exits 0 'a name' -c config -k alice.key register alice.id
exits 0 'a datum' -c config -k alice.key put_immutable alice.id @data
exits 0 'a record' -c config -k alice.key put_mutable alice.id status 'at home'
exits 0 'the health of the store' -c config stores
theirs=$(member stores.0.report.ipns_name)
config "ipns_name: $theirs" "gateways: [$other, $good, $other]"
exits 0 'the datum is read' -c config get_immutable alice.id "$key" -o out
succeeds 'as it was' cmp out data
exits 0 'and the record' -c config get_mutable alice.id status --raw
is "$(cat "$out")" 'at home' 'which was put'
config "rpc: $down" "ipns_name: $theirs" "gateways: [$other, $good]"
exits 0 'while the node is away, gateways give the record of its own name' -c config get_mutable alice.id status --raw
is "$(cat "$out")" 'at home' 'all of it'
exits 0 'and the datum' -c config get_immutable alice.id "$key" -o out
succeeds 'as it was' cmp out data
config "ipns_name: $theirs" "gateways: [$other]"
exits 5 'one that lies alone is told' -c config get_immutable alice.id "$key"
done_testing
