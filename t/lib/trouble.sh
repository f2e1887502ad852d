# SPDX-License-Identifier: MIT
# For tests of a driver whose server and network fail: . "$srcdir/t/lib/trouble.sh", after t/lib/tap.sh or what sources it,
# t/lib/servers.sh and, with driver=NAME, t/lib/drive.sh.  A fault is JSON, as t/servers/faultproxy.py tells.
head -c 1000000 /dev/urandom >"$work/data"
head -c 1000000 /dev/urandom >"$work/other"
echo record >"$work/record"
key=$(sha256 "$work/data") other=$(sha256 "$work/other")

# One who answers what no server of the driver's does; here, so that the last server that the test asks for is its own.
own_server answers
answering=http://127.0.0.1:$ANSWERS_PORT

# behind PORT OPTION...: the store of the test is opened with these, its server being behind that port, and PROXY_PORT in the options.
# Makes an object and a record, whose URL is $url, and counts the descriptors that the driver holds.
behind() {
  through "$1"
  shift
  cat >"$work/fault" <<END
curl -sf -m 5 --noproxy '*' -o /dev/null -d "\$1" -X PUT http://127.0.0.1:$PROXY_CONTROL/
END
  options=$(echo "$@" | sed "s/PROXY_PORT/$PROXY_PORT/")
  # shellcheck disable=SC2086 # $options is several, here and below
  calls 'OK OK OK OK OK' 'there are an object and a record' $options <<END
make_mutable_url id
put_immutable $key $work/data
put_mutable id $work/record
get_immutable $key $work/out
check
run ls /proc/\$PPID/fd | wc -l >$work/descriptors
END
  url=$(head -n 1 "$said")
}

# leaves_nothing WHAT: what was put last, and failed, is not there in part; the store holds what it held, and takes what is put.
leaves_nothing() {
  cat <<END
run sh $work/fault '{}'
deadline 20000
get_immutable $other $work/none
get_mutable $url $work/same
put_immutable $other $work/other
get_immutable $other $work/out
delete_immutable $other
check
run ls /proc/\$PPID/fd | wc -l >$work/descriptors.now
END
}

# met STATUSES WHAT <SCRIPT: these must be what the calls of the script answer, and afterwards the store is as it was.
met() {
  rm -f "$work/same" "$work/out"
  # shellcheck disable=SC2086
  calls "$1 NOT_FOUND OK OK OK OK OK" "$2" $options <<END
$(cat)
$(leaves_nothing)
END
  cmp -s "$work/same" "$work/record" && cmp -s "$work/out" "$work/other" && [ ! -s "$work/none" ] &&
    [ "$(cat "$work/descriptors.now")" -le "$(cat "$work/descriptors")" ]
  report $? "$2: nothing is left of it" "$(cat "$said"; head "$work"/descriptors*)"
}

# patience STATUS: a call that must not end by itself is given little time, another a lot.
patience() {
  [ "$1" = CANCELLED ] && echo "deadline 500" || echo "deadline 10000"
}

# each STATUS FAULT WHAT: it is met by whatever is called.
each() {
  met "$1 $1 $1 $1 $1 $1" "$3" <<END
$(patience "$1")
run sh $work/fault '$2'
get_immutable $key $work/out
get_mutable $url $work/out
put_immutable $other $work/other
put_mutable id $work/data
delete_immutable $other
check
END
}

# one STATUS FAULT WHAT CALL: by that call.
one() {
  met "$1" "$3" <<END
$(patience "$1")
run sh $work/fault '$2'
$4
END
}

# What a network does to any driver.  A request that is broken off on a connection with requests before it goes out again on another.
network_fails() {
  each TRANSIENT '{"refuse": true}' 'connections are reset'
  each CANCELLED '{"latency_ms": 1500}' 'it is slower than the deadline'
  each TRANSIENT '{"down_limit": 40}' 'the connection ends in the head of an answer'
  each TRANSIENT '{"down_limit": 40, "on_limit": "reset"}' 'it is reset there'
  each CANCELLED '{"down_limit": 40, "on_limit": "hang"}' 'the server hangs there'
  one TRANSIENT '{"down_limit": 500000}' 'an answer is cut short' "get_immutable $key $work/out"
  one TRANSIENT '{"down_limit": 500000, "on_limit": "reset"}' 'an answer is reset' "get_immutable $key $work/out"
  one CANCELLED '{"down_limit": 500000, "on_limit": "hang"}' 'an answer hangs' "get_immutable $key $work/out"
  one CANCELLED '{"rate": 20000}' 'an answer drips' "get_immutable $key $work/out"
  upload='"up_limit": 500000, "on_limit":'
  one TRANSIENT "{$upload \"close\", \"first_n\": 2}" 'an upload is cut short' "put_mutable id $work/data"
  one TRANSIENT "{$upload \"reset\", \"first_n\": 2}" 'an upload is reset' "put_mutable id $work/data"
  one CANCELLED "{$upload \"hang\", \"first_n\": 1}" 'an upload hangs' "put_mutable id $work/data"
  one CANCELLED "{$upload \"hang\", \"first_n\": 1}" 'an upload of an object hangs' "put_immutable $other $work/other"
}

# A byte of an object that is flipped on the way is for who verifies it, and never handed out.
byte_is_flipped() {
  rm -f "$work/out"
  # shellcheck disable=SC2086
  calls OK 'a flipped byte' $options <<END
run sh $work/fault '{"corrupt_at": 500000}'
get_immutable $key $work/out
run sh $work/fault '{}'
END
  fails 'is handed on' cmp "$work/out" "$work/data"
}

# server_restarts PROCESS OPTION...: the test's own server, which these reach directly, goes away and comes back, and is started anew
# between two calls of one store; only that process of it, unless that is empty.
server_restarts() {
  stopping="sh $srcdir/t/servers/$(cat "$own_folder/server") stop $own_folder $1"
  starting="sh $srcdir/t/servers/$(cat "$own_folder/server") start $own_folder"
  shift
  calls 'OK TRANSIENT TRANSIENT TRANSIENT OK OK OK' 'a server that is away and comes back' "$@" <<END
get_immutable $key $work/out
run $stopping
get_immutable $key $work/out
put_immutable $other $work/other
check
run $starting
get_immutable $key $work/out
run $stopping; $starting
get_immutable $key $work/out
put_mutable id $work/record
END
  succeeds 'what was there is there' cmp "$work/out" "$work/data"
}

# answered STATUS WHAT HEAD REST OPTION...: a get of an object is answered so, and ends so.
answered() {
  wanted_status=$1 what_is_met=$2
  rm -f "$ANSWERS_ROOT/GET-rest" "$ANSWERS_ROOT/requests"
  printf '%b' "$3" >"$ANSWERS_ROOT/GET"
  [ -z "$4" ] || echo "$4" >"$ANSWERS_ROOT/GET-rest"
  shift 4
  calls "$wanted_status" "$what_is_met" "$@" <<END
$(patience "$wanted_status")
get_immutable $key $work/none
END
}

# strangers_answer OPTION...: what no server of the driver's answers; the options reach $answering.
strangers_answer() {
  empty='Content-Length: 0\r\n\r\n'
  for to in "http://localhost:$ANSWERS_PORT/elsewhere" https://127.0.0.2/elsewhere file:///etc/passwd; do
    answered FAILED "a redirect to $to" "HTTP/1.1 302 Found\r\nLocation: $to\r\n$empty" '' "$@"
    fails 'is not followed' grep -q elsewhere "$ANSWERS_ROOT/requests"
  done
  answered FAILED 'an answer without content' 'HTTP/1.1 204 No Content\r\n\r\n' '' "$@"
  answered FAILED 'a part of an object' 'HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\npart' '' "$@"
  answered FAILED 'headers without end' 'HTTP/1.1 200 OK\r\n' headers "$@"
  answered CANCELLED 'a head that drips' 'HTTP/1.1 200 OK\r\nx-filling: ' drip "$@"
  answered CANCELLED 'a body that drips' 'HTTP/1.1 200 OK\r\n\r\n' drip "$@"
  answered CANCELLED 'a body that hangs' 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n' hang "$@"
  answered TRANSIENT 'a server that has trouble' "HTTP/1.1 503 No\r\nRetry-After: 7\r\n$empty" '' "$@"
}
