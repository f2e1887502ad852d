#!/bin/sh
# SPDX-License-Identifier: MIT
# The http driver with a server and a network that fail: each fault ends in the right status, and the next call works.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=http
. "$srcdir/t/lib/drive.sh"
own_server apache
through "$APACHE_PORT"
root=http://127.0.0.1:$PROXY_PORT/dav/store
curl -sf -m 5 --noproxy '*' -o /dev/null -X MKCOL "http://127.0.0.1:$APACHE_PORT/dav/store/"
store=$APACHE_ROOT/dav/store

cat >"$work/fault" <<END
curl -sf -m 5 --noproxy '*' -o /dev/null -d "\$1" -X PUT http://127.0.0.1:$PROXY_CONTROL/
END
head -c 1000000 /dev/urandom >"$work/data"
head -c 1000000 /dev/urandom >"$work/other"
key=$(sha256 "$work/data")
echo record >"$work/record"
url=$(echo 'make_mutable_url id' | drive root="$root"; head -n 1 "$said")
calls 'OK OK OK' 'there are an object and a record' root="$root" <<END
put_immutable $key $work/data
put_mutable id $work/record
put_mutable large $work/other
END

# faulty STATUS WHAT FAULT CALL: it fails so, and then works.
faulty() {
  calls "$1 OK" "$2" root="$root" <<END
deadline 1000
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
  faulty "$1" "$3: a record is read" "$2" "get_mutable $url $work/out"
  faulty "$1" "$3: an object is put" "$2" "put_immutable $(sha256 "$work/other") $work/other"
  faulty "$1" "$3: a record is put" "$2" "put_mutable large $work/data"
  faulty "$1" "$3: a record is deleted" "$2" "delete_mutable none"
  faulty "$1" "$3: the store is looked at" "$2" check
  rm "$store/immutable"/*/*/"$(sha256 "$work/other")"
}

each TRANSIENT '{"refuse": true}' 'connections are reset'
each CANCELLED '{"latency_ms": 1500}' 'it is slower than the deadline'
each TRANSIENT '{"down_limit": 40}' 'the connection ends in the head of an answer'
each TRANSIENT '{"down_limit": 40, "on_limit": "reset"}' 'it is reset there'
each CANCELLED '{"down_limit": 40, "on_limit": "hang"}' 'the server hangs there'
each CANCELLED '{"up_limit": 0, "on_limit": "hang"}' 'it never gets the request'
each FAILED '{"corrupt_at": 2}' 'the head of an answer has a flipped byte'
faulty TRANSIENT 'an answer is cut short' '{"down_limit": 500000}' "get_immutable $key $work/out"
faulty TRANSIENT 'it is reset' '{"down_limit": 500000, "on_limit": "reset"}' "get_immutable $key $work/out"
faulty CANCELLED 'it hangs' '{"down_limit": 500000, "on_limit": "hang"}' "get_immutable $key $work/out"
faulty CANCELLED 'it drips' '{"rate": 20000}' "get_immutable $key $work/out"
for limit in close reset; do
  faulty TRANSIENT "an upload ends ($limit)" "{\"up_limit\": 500000, \"on_limit\": \"$limit\", \"first_n\": 1}" "put_mutable large $work/other"
done
faulty CANCELLED 'an upload hangs' '{"up_limit": 500000, "on_limit": "hang", "first_n": 1}' "put_mutable large $work/data"
is_empty "$(find "$store/.tmp" -type f ! -name '.davfs.tmp*')" 'nothing is left on its way'

# A byte of the body that is flipped is for who verifies it.
calls OK 'a flipped byte' root="$root" <<END
run sh $work/fault '{"corrupt_at": 5000}'
get_immutable $key $work/out
END
fails 'is handed on' cmp "$work/out" "$work/data"
sh "$work/fault" '{}'

# The server stops, and comes back.
cat >"$work/server" <<END
sh $srcdir/t/servers/apache \$1 $own_folder
END
calls 'OK TRANSIENT TRANSIENT OK OK OK' 'a server that is away and comes back' root="http://127.0.0.1:$APACHE_PORT/dav/store" <<END
get_immutable $key $work/out
run sh $work/server stop
get_immutable $key $work/out
put_mutable id $work/record
run sh $work/server start
get_immutable $key $work/out
run sh $work/server stop; sh $work/server start
get_immutable $key $work/out
put_mutable id $work/record
END

fails 'what was not sent is not said to be left' grep -q '^log' "$said"

# The server's disk is full.
if [ "$(id -u)" = 0 ] && mkdir "$store/full" && mount -t tmpfs -o size=1m,mode=777 none "$store/full" 2>/dev/null; then
  trap 'umount "$store/full"; end_servers; rm -rf "$work"' EXIT
  head -c 3000000 /dev/urandom >"$work/large"
  calls 'NO_SPACE OK OK' 'a full disk' root="http://127.0.0.1:$APACHE_PORT/dav/store/full" <<END
put_immutable $(sha256 "$work/large") $work/large
put_mutable id $work/record
put_immutable $(sha256 "$work/record") $work/record
END
  is_empty "$(find "$store/full" -size +100k)" 'nothing is left of what had no room'
else
  skip 'only root can mount a file system'
fi
done_testing
