#!/bin/sh
# SPDX-License-Identifier: MIT
# The syndicate driver with a gateway and a network that fail: each fault ends in the right status within its deadline, leaves nothing
# that reads as an object, and the next call works.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
driver=syndicate
. "$srcdir/t/lib/drive.sh"
. "$srcdir/t/lib/trouble.sh"
own_server syndicate
(umask 077 && printf %s "$SYNDICATE_PASSWORD" >"$work/key" && printf 'another word' >"$work/wrong")
place=$SYNDICATE_ROOT/fs/$own

# opened GATEWAY [ROOT]: the options of the store there.
opened() {
  echo "gateway=$1 key=@$work/key volume=test session=$SYNDICATE_USER root=${2-$own}"
}
there=$(opened "http://127.0.0.1:$SYNDICATE_PORT")

# shellcheck disable=SC2046,SC2086 # options are several, here and below
behind "$SYNDICATE_PORT" $(opened http://127.0.0.1:PROXY_PORT)
network_fails

# Puts so far ran into their deadlines: they had a quarter of a second to tidy up, and what the network still held of them may reach
# the gateway at any time.  The names of uploads begin with when they were begun.
sleep 1
since=$(printf '%016x' "$(date +%s)")
left() {
  for file in "$place"/tmp/*; do [ ! -e "$file" ] || basename "$file"; done | awk -v since="$since" '$0 "" >= since ""'
}
one TRANSIENT '{"up_limit": 500000, "on_limit": "close", "first_n": 2}' 'an upload of an object is cut short' "put_immutable $other $work/other"
is_empty "$(left)" 'nothing is left on its way'
byte_is_flipped
# shellcheck disable=SC2086
server_restarts '' $there

# shellcheck disable=SC2046
strangers_answer $(opened "$answering")
like "$(grep -c '^Authorization: Basic' "$ANSWERS_ROOT/requests")" '^[1-9]' 'the key goes to the gateway'
for method in GET PUT POST; do
  printf 'HTTP/1.1 200 OK\r\n\r\n' >"$ANSWERS_ROOT/$method"
  echo endless >"$ANSWERS_ROOT/$method-rest"
done
# shellcheck disable=SC2046
calls 'TOO_LARGE FAILED FAILED' 'bodies without end' $(opened "$answering") <<END
limit 5000000
get_immutable $key $work/none
put_mutable id $work/record
check
END
rm "$ANSWERS_ROOT"/PUT* "$ANSWERS_ROOT"/POST* "$ANSWERS_ROOT"/GET-rest
for answer in '404 Not Found' '410 Gone'; do
  # shellcheck disable=SC2046
  answered FAILED "$answer is no absence" "HTTP/1.1 $answer\r\nContent-Length: 0\r\n\r\n" '' $(opened "$answering")
done

# ---- gateways that cannot do what it takes to write safely ----
echo replace >"$SYNDICATE_ROOT/lacks"
# shellcheck disable=SC2086
calls 'OK FAILED OK FAILED' 'a gateway that renames over no file' $there <<END
put_mutable new $work/record
put_mutable id $work/data
get_mutable $url $work/out
check
END
told 'The gateway renames over no file that is there' 'is told'
succeeds 'what was there stays' cmp "$work/out" "$work/record"
echo rename >"$SYNDICATE_ROOT/lacks"
# shellcheck disable=SC2086
calls 'FAILED NOT_FOUND FAILED OK FAILED' 'a gateway that does not rename' $there <<END
put_immutable $other $work/other
get_immutable $other $work/none
put_mutable id $work/data
get_mutable $url $work/out
check
END
told 'The gateway does not know the operation' 'is told'
succeeds 'and what was there stays there' cmp "$work/out" "$work/record"
is_empty "$(left)" 'nothing is left of these'
rm "$SYNDICATE_ROOT/lacks"

# ---- an object that cannot be read is put again ----
object=$place/immutable/$(printf %.2s "$key")/$(printf %s "$key" | cut -c 3-4)/$key
for lost in download end; do
  before=$(stat -c %i "$object")
  # shellcheck disable=SC2086
  calls 'OK TRANSIENT OK OK' "a gateway that has lost blocks: $lost" $there <<END
put_immutable $key $work/data
run echo $lost >$SYNDICATE_ROOT/lacks
get_immutable $key $work/none
put_immutable $key $work/data
run rm $SYNDICATE_ROOT/lacks
get_immutable $key $work/out
END
  succeeds 'the object is there' cmp "$work/out" "$work/data"
  fails 'and is a new file' [ "$(stat -c %i "$object")" = "$before" ]
done
is_empty "$(left)" 'nothing is left of the old ones'

# ---- a gateway that makes no directories, and one that lists none ----
echo mkdir >"$SYNDICATE_ROOT/lacks"
# shellcheck disable=SC2046
calls 'FAILED FAILED' 'a gateway that finds nothing to make a directory in' $(opened "http://127.0.0.1:$SYNDICATE_PORT" "$own-none/deep") <<END
put_immutable $other $work/other
check
END
told 'there is nothing to make it in (404)' 'is told'
echo listdir >"$SYNDICATE_ROOT/lacks"
# shellcheck disable=SC2086
calls OK 'a gateway that lists no directory' $there <<END
check
END
told "What older puts left in $own/tmp stays there: The directory cannot be listed: The gateway does not know the operation" 'is told'
told '"temporaries_swept": 0' 'and is healthy'
rm "$SYNDICATE_ROOT/lacks"
# shellcheck disable=SC2086
calls 'OK TRANSIENT OK' 'directories that somebody removes' $there <<END
put_mutable id $work/record
run rm -r $place/mutable $place/tmp
put_mutable id $work/record
put_mutable id $work/record
END
told 'somebody removes the directories' 'are told'

# ---- the command line tells what is wrong ----
# looks GATEWAY SESSION KEY-FILE REGEX WHAT: stores ends with 1, and says this.
looks() {
  echo "stores: [{name: volume, driver: syndicate, gateway: '$1', volume: test, session: $2, key: {file: $3}, root: $own}]" >"$work/config.yaml"
  exits 1 "stores: $5" -c "$work/config.yaml" stores
  like "$(cat "$out")" "$4" 'it says so'
  fails 'and no key' grep -qF "$(cat "$3")" "$out" "$err"
}
looks "http://127.0.0.1:$SYNDICATE_PORT" user "$work/wrong" 'takes .session. and .key. for wrong' 'a wrong key'
looks "http://127.0.0.1:$SYNDICATE_PORT" nobody "$work/key" 'takes .session. and .key. for wrong' 'a session that is none'
looks http://127.0.0.1:9 user "$work/key" 'Nobody listens there' 'no gateway there'
rm "$ANSWERS_ROOT/GET"
looks "$answering" user "$work/key" 'no Syndicate user gateway' 'some other server'

# ---- a full disk, and a large object ----
if [ "$(id -u)" = 0 ] && mkdir "$place/full" && mount -t tmpfs -o size=1m none "$place/full" 2>/dev/null; then
  trap 'umount "$place/full"; end_servers; rm -rf "$work"' EXIT
  head -c 3000000 /dev/urandom >"$work/large"
  # shellcheck disable=SC2046
  calls 'NO_SPACE OK OK' 'a full disk' $(opened "http://127.0.0.1:$SYNDICATE_PORT" "$own/full") <<END
put_immutable $(sha256 "$work/large") $work/large
put_mutable id $work/record
put_immutable $(sha256 "$work/record") $work/record
END
  is_empty "$(find "$place/full" -size +100k)" 'nothing is left of what had no room'
else
  skip 'only root can mount a file system'
fi
head -c 67108864 /dev/urandom >"$work/large"
# shellcheck disable=SC2086
calls 'OK OK' '64 MiB' $there <<END
put_immutable $(sha256 "$work/large") $work/large
get_immutable $(sha256 "$work/large") $work/out
END
succeeds 'are the same' cmp "$work/large" "$work/out"
done_testing
