#!/bin/sh
# SPDX-License-Identifier: MIT
# The ipfs driver with a node and a network that fail: each fault ends in the right status, and the next call works.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=ipfs
. "$srcdir/t/lib/drive.sh"
own_server ipfs
through "$IPFS_PORT"
node=http://127.0.0.1:$PROXY_PORT

cat >"$work/fault" <<END
curl -sf -m 5 --noproxy '*' -o /dev/null -d "\$1" -X PUT http://127.0.0.1:$PROXY_CONTROL/
END
head -c 1000000 /dev/urandom >"$work/data"
head -c 1000000 /dev/urandom >"$work/other"
key=$(sha256 "$work/data")
echo record >"$work/record"
with="rpc=$node search=0s publish=0s"
# shellcheck disable=SC2086 # $with is several options, here and below
calls 'OK OK OK' 'there are an object and a record' $with <<END
put_immutable $key $work/data
put_mutable id $work/record
make_mutable_url id
END
url=$(grep -o 'ipns://.*' "$said")

# faulty STATUS WHAT FAULT CALL: it fails so, and then works.
faulty() {
  # shellcheck disable=SC2086
  calls "$1 OK" "$2" $with <<END
deadline 2000
run sh $work/fault '$3'
$4
run sh $work/fault '{}'
deadline 20000
$4
END
}

# each STATUS FAULT NAME: of reading, writing and deleting.
each() {
  faulty "$1" "$3: an object is read" "$2" "get_immutable $key $work/out"
  succeeds "$3: and then it is whole" cmp "$work/out" "$work/data"
  faulty "$1" "$3: an object is put" "$2" "put_immutable $(sha256 "$work/other") $work/other"
  faulty "$1" "$3: a record is put" "$2" "put_mutable id $work/record"
  faulty "$1" "$3: a record is deleted" "$2" "delete_mutable none"
  faulty "$1" "$3: the node is looked at" "$2" check
}

each TRANSIENT '{"refuse": true}' 'connections are reset'
each CANCELLED '{"latency_ms": 2500}' 'it is slower than the deadline'
each TRANSIENT '{"down_limit": 40, "on_limit": "reset"}' 'it is reset in the head of an answer'
each CANCELLED '{"down_limit": 40, "on_limit": "hang"}' 'the node hangs there'
faulty TRANSIENT 'an answer is cut short' '{"down_limit": 500000}' "get_immutable $key $work/out"
faulty TRANSIENT 'it is reset' '{"down_limit": 500000, "on_limit": "reset"}' "get_immutable $key $work/out"
faulty CANCELLED 'it hangs' '{"down_limit": 500000, "on_limit": "hang"}' "get_immutable $key $work/out"
faulty CANCELLED 'it drips' '{"rate": 20000}' "get_immutable $key $work/out"

# A record of the same length.
# shellcheck disable=SC2086
calls 'OK OK' 'there is a long record' $with <<END
put_mutable long $work/data
make_mutable_url long
END
long=$(grep -o 'ipns://.*' "$said")
faulty TRANSIENT 'a record is cut short' '{"down_limit": 500000}' "get_mutable $long $work/out"
faulty TRANSIENT 'it is reset' '{"down_limit": 500000, "on_limit": "reset"}' "get_mutable $long $work/out"
faulty CANCELLED 'it hangs' '{"down_limit": 500000, "on_limit": "hang"}' "get_mutable $long $work/out"
succeeds 'and then it is whole' cmp "$work/out" "$work/data"

# A record that could not be put whole is the one before.
for limit in close reset hang; do
  # shellcheck disable=SC2086
  drive $with <<END || :
deadline 2000
run sh $work/fault '{"up_limit": 500000, "on_limit": "$limit", "first_n": 1}'
put_mutable id $work/other
run sh $work/fault '{}'
deadline 20000
get_mutable $url $work/out
END
  like "$(grep -oE '^[A-Z_]+\b' "$said" | tr '\n' ' ')" '^(TRANSIENT|CANCELLED) OK $' "an upload ends ($limit)"
  succeeds 'the record stands' cmp "$work/out" "$work/record"
done

# A flipped byte: on the way back it is for who verifies it.
# shellcheck disable=SC2086
calls OK 'a byte that is flipped' $with <<END
run sh $work/fault '{"corrupt_at": 5000}'
get_immutable $key $work/out
END
fails 'is handed on' cmp "$work/out" "$work/data"
sh "$work/fault" '{}'
# shellcheck disable=SC2086
calls FAILED 'bytes that are not those of the key' $with <<END
put_immutable $(sha256 "$work/record") $work/other
END
told 'other bytes arrived' 'are told'

# The node stops, and comes back.
cat >"$work/server" <<END
sh $srcdir/t/servers/ipfs \$1 $own_folder
END
calls 'OK TRANSIENT OK OK' 'a node that is away and comes back' rpc="http://127.0.0.1:$IPFS_PORT" publish=0s search=0s <<END
get_immutable $key $work/out
run sh $work/server stop
get_immutable $key $work/out
run sh $work/server start
get_immutable $key $work/out
put_mutable id $work/record
END

# The node's disk is full.
blocks=$own_folder/repository/blocks
stop_server
mv "$blocks" "$blocks.all" && mkdir "$blocks"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=$(($(du -sm "$blocks.all" | cut -f 1) + 3))m none "$blocks" 2>/dev/null; then
  trap 'end_servers; umount "$blocks" 2>/dev/null; rm -rf "$work"' EXIT
  cp -a "$blocks.all/." "$blocks"
  start_server
  head -c 9000000 /dev/urandom >"$work/large"
  calls 'NO_SPACE OK' 'a full disk' rpc="http://127.0.0.1:$IPFS_PORT" publish=0s search=0s <<END
put_immutable $(sha256 "$work/large") $work/large
get_immutable $key $work/out
END
  told 'no space left' 'is told'
  stop_server
  umount "$blocks"
else
  skip 'only root can mount a file system'
fi
rmdir "$blocks" && mv "$blocks.all" "$blocks"
start_server

# A store that has just been opened knows the name of nothing; that is no absence.
calls TRANSIENT 'a node that was never there' rpc=http://127.0.0.1:1 search=0s <<END
get_mutable $url $work/out
END
calls FAILED 'a name of somebody else, which nobody may look for' rpc="http://127.0.0.1:$IPFS_PORT" search=0s key=another <<END
get_mutable $url $work/out
END
told 'nobody to ask' 'is told'

# What no node answers.
own_server answers
there=http://127.0.0.1:$ANSWERS_PORT
answered() {
  status=$1 what=$2
  printf '%b' "$3" >"$ANSWERS_ROOT/POST"
  rm -f "$ANSWERS_ROOT/POST-rest"
  [ -z "$4" ] || echo "$4" >"$ANSWERS_ROOT/POST-rest"
  shift 4
  calls "$status" "$what" rpc="$there" search=0s publish=0s ipns_name="$name" "$@" <<END
deadline 2000
get_immutable $key $work/out
END
}
printf "secret word" >"$work/password"
chmod 600 "$work/password"
name=${url#ipns://} name=${name%%/*}
end='Content-Length: 0\r\n\r\n'
answered DENIED 'a wrong password' "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\n$end" '' user=u "password=@$work/password"
like "$(grep -c '^Authorization: Basic' "$ANSWERS_ROOT/requests")" '^[1-9]' 'which was sent'
fails 'and is told to nobody' grep -qF "$(printf 'secret word')" "$said"
for at in http://127.0.0.2:1/x https://localhost/ file:///etc/passwd; do
  answered FAILED "a redirect to $at" "HTTP/1.1 307 Temporary Redirect\r\nLocation: $at\r\n$end" ''
  told "to $at" 'is told'
done
answered FAILED 'a gateway in the place of the RPC' "HTTP/1.1 404 Not Found\r\n$end" ''
told "no IPFS node's RPC" 'is told'
answered FAILED 'an answer without content' 'HTTP/1.1 204 No Content\r\n\r\n' ''
told 'got code 204' 'is told'
answered FAILED 'a part of an answer' 'HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\npart' ''
answered FAILED 'headers without end' 'HTTP/1.1 200 OK\r\n' headers
answered CANCELLED 'a slow drip' 'HTTP/1.1 200 OK\r\n\r\n' drip
answered CANCELLED 'an endless body' 'HTTP/1.1 200 OK\r\n\r\n' endless
answered NOT_FOUND 'a node that says so' \
  'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 34\r\n\r\n{"Message":"file does not exist"} ' ''
answered TRANSIENT 'a node that has trouble' 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 22\r\n\r\n{"Message":"disk: EIO"}' ''

# A node that has begun an answer says in a trailer that it failed: by a text, as Kubo does, or by a document.
# late STATUS WHAT SAID CALL
late() {
  printf 'HTTP/1.1 200 OK\r\nTrailer: X-Stream-Error\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nrecord\n\r\n0\r\n%b\r\n' "$3" >"$ANSWERS_ROOT/POST"
  rm -f "$ANSWERS_ROOT/POST-rest"
  calls "$1" "$2" rpc="$there" search=0s publish=0s ipns_name="$name" <<END
$4
END
}
broken='X-Stream-Error: context deadline exceeded\r\n'
document='X-Stream-Error: {"Message":"no space left on device","Code":0}\r\n'
late OK 'a record without one is whole' '' "get_mutable $url $work/out"
late TRANSIENT 'a record that breaks off' "$broken" "get_mutable $url $work/out"
told 'context deadline exceeded' 'is no record, and why is told'
late TRANSIENT 'so a user record' "$broken" "get_immutable $(sha256 "$work/record" | cut -c 1-40) $work/out"
late TRANSIENT 'and other data' "$broken" "get_immutable $key $work/out"
late TRANSIENT 'what breaks off is there, whatever the words' 'X-Stream-Error: file does not exist\r\n' "get_immutable $key $work/out"
late NO_SPACE 'a disk that gets full below a put' "$document" "put_immutable $key $work/data"
told 'no space left on device' 'is told'
late TRANSIENT 'a put that breaks off' "$broken" "put_immutable $key $work/data"

# What the options refuse.
refused() {
  text=$1 what=$2
  shift 2
  drive "$@" </dev/null || :
  told "$text" "$what"
}
refused 'allow_http' 'http to another computer' rpc=http://192.0.2.1:5001
refused 'allow_http' 'so for gateways' gateways=http://gateway.example
refused 'was expected' 'a URL with a password' rpc=https://u:p@host.example
refused 'was expected' 'another scheme' rpc=ftp://host.example
refused 'was expected' 'a directory with ..' directory=/a/../b
refused 'was expected' 'the root for a directory' directory=/
refused 'was expected' 'a name that is none' ipns_name=example.com
refused 'Both or neither' 'a user without a password' user=u
done_testing
