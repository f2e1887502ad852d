#!/bin/sh
# SPDX-License-Identifier: MIT
# What the http driver makes of answers that a good server does not give, or seldom.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/http.sh"

good
calls OK 'a new object' root="$root" <<END
put_immutable $key $work/data
END
is "$(made)" 'HEAD PUT MOVE ' 'is looked for, sent and moved'
name=$(sed -n 's/^PUT \(.*\) HTTP.*/\1/p' "$ANSWERS_ROOT/requests")
like "$name" '^/store/\.tmp/[0-9a-f]{16}-[0-9a-f]{16}$' 'it is sent under a name that no object has'
is "$(grep -A9 '^MOVE' "$ANSWERS_ROOT/requests" | grep -E '^(MOVE|Destination|Overwrite)' | sort | tr '\n' ' ')" \
  "Destination: $root/immutable/$(echo "$key" | sed 's/^\(..\)\(..\)/\1\/\2\/\1\2/') MOVE $name HTTP/1.1 Overwrite: F " 'and replaces nothing'

good
calls OK 'a record' root="$root" <<END
put_mutable id $work/data
END
is "$(made)" 'PUT MOVE ' 'is sent and moved'
like "$(cat "$ANSWERS_ROOT/requests")" '^Overwrite: T$' 'and replaces'

good
calls 'OK OK' 'with replace: put' root="$root" replace=put <<END
put_immutable $key $work/data
put_mutable id $work/data
END
is "$(made)" 'HEAD PUT PUT ' 'there is no move'
is "$(grep -c '^If-None-Match: \*$' "$ANSWERS_ROOT/requests")" 1 'and the record replaces'

# fails_put STATUS WHAT SENTENCE REQUESTS: a put of a record.
fails_put() {
  calls "$1" "$2" root="$root" <<END
put_mutable id $work/data
END
  told "$3" "$2: it is told"
  is "$(made)" "$4 " "$2: these are the requests"
}

good
answer MOVE '501 Not Implemented'
fails_put UNSUPPORTED 'a server without MOVE' 'replace: put' 'PUT MOVE DELETE'
good
answer MOVE '405 Method Not Allowed'
fails_put UNSUPPORTED 'a server that allows no MOVE' 'replace: put' 'PUT MOVE DELETE'
good
answer MOVE '502 Bad Gateway'
fails_put TRANSIENT 'a server that does not know itself' 'as its own' 'PUT MOVE DELETE'
good
answer MOVE '403 Forbidden'
answer MKCOL '405 Method Not Allowed'
fails_put DENIED 'a move that is forbidden' Forbidden 'PUT MOVE MKCOL MOVE DELETE'
good
answer MOVE '507 Insufficient Storage'
fails_put NO_SPACE 'a full server, at the move' 'Insufficient Storage' 'PUT MOVE DELETE'
good
answer MOVE '423 Locked'
fails_put FAILED 'a locked record' Locked 'PUT MOVE DELETE'
good
answer PUT '507 Insufficient Storage'
fails_put NO_SPACE 'a full server' 'Insufficient Storage' 'PUT DELETE'
good
answer PUT '413 Content Too Large'
fails_put TOO_LARGE 'an object that is too large' 413 'PUT DELETE'
good
answer PUT '405 Method Not Allowed'
fails_put UNSUPPORTED 'a server without WebDAV' 'is WebDAV on' 'PUT DELETE'
good
answer PUT '301 Moved Permanently' 'Location: http://elsewhere.example/store'
fails_put FAILED 'a server that sends elsewhere' elsewhere.example 'PUT DELETE'

body='<?xml version="1.0"?><D:multistatus xmlns:D="DAV:"><D:response><D:href>/x</D:href><D:status>HTTP/1.1 200 OK</D:status>
</D:response><D:response><D:href>/y</D:href><D:status>HTTP/1.1 423 Locked</D:status></D:response></D:multistatus>'
good
answer MOVE '207 Multi-Status'
fails_put FAILED 'a failure within a success' Locked 'PUT MOVE DELETE'
good
answer DELETE '207 Multi-Status'
calls FAILED 'so it is of a delete' root="$root" <<END
delete_mutable id
END
body='<multistatus/>'
good
answer DELETE '207 Multi-Status'
calls FAILED 'and one that tells nothing' root="$root" <<END
delete_immutable $key
END
body=

# Of what succeeds only what says that it is done counts.
for code in 202 203 206 208 299; do
  good
  answer PUT "$code Perhaps"
  fails_put FAILED "$code to a PUT" "answered $code" 'PUT DELETE'
  good
  answer MOVE "$code Perhaps"
  fails_put FAILED "$code to a MOVE" "answered $code" 'PUT MOVE DELETE'
  good
  answer DELETE "$code Perhaps"
  calls 'FAILED FAILED' "$code to a DELETE" root="$root" <<END
delete_mutable id
delete_immutable $key
END
done
good
answer MOVE '409 Conflict'
answer MKCOL '202 Accepted'
fails_put FAILED '202 to a MKCOL' 'answered 202' 'PUT MOVE MKCOL DELETE'
for code in 200 201 204; do
  good
  answer PUT "$code Done"
  answer MOVE "$code Done"
  answer DELETE "$code Done"
  calls 'OK OK' "$code is done" root="$root" <<END
put_mutable id $work/data
delete_mutable id
END
done

# Nobody else is there, whatever the server calls a conflict.
for code in 409 412; do
  good
  answer PUT-once '409 Conflict'
  answer HEAD '200 OK'
  answer MKCOL "$code Conflict"
  fails_put FAILED "a collection that is not made ($code)" 'cannot be made' "PUT MKCOL $([ "$code" = 412 ] || echo 'HEAD MKCOL ')DELETE"
  good
  answer DELETE "$code Conflict"
  calls FAILED "a delete that is not done ($code)" root="$root" <<END
delete_mutable id
END
  answer GET "$code Conflict"
  calls FAILED "a read ($code)" root="$root" <<END
get_immutable $key $work/out
END
done
good
answer PUT '412 Precondition Failed'
fails_put FAILED 'a name on the way that is refused' 'answered 412' 'PUT DELETE'
good
answer MOVE '412 Precondition Failed'
fails_put FAILED 'a record that cannot be replaced' 'answered 412' 'PUT MOVE DELETE'
good
answer HEAD '200 OK'
answer HEAD-once '404 Not Found'
answer MOVE '409 Conflict'
answer MKCOL '409 Conflict'
calls FAILED 'an object without a collection' root="$root" <<END
put_immutable $key $work/data
END
is "$(made)" 'HEAD PUT MOVE MKCOL MKCOL MKCOL HEAD MKCOL DELETE ' 'is sent once'

# Two make a collection: who comes second finds it there.
for code in 404 409; do
  good
  answer PUT-once "$code There Is None"
  answer MOVE-once "$code There Is None"
  answer MKCOL '405 Method Not Allowed'
  calls OK "a collection that another has made ($code)" root="$root" <<END
put_mutable id $work/data
END
  is "$(made)" 'PUT MKCOL PUT MOVE MKCOL MOVE ' 'is there'
done

good
answer HEAD '200 OK'
answer PUT-once '409 Conflict'
answer MKCOL-once '403 Forbidden'
answer MKCOL '405 Method Not Allowed'
calls OK 'one that another makes at that moment' root="$root" <<END
put_mutable id $work/data
END
is "$(made)" 'PUT MKCOL MKCOL PUT MOVE ' 'is looked for again'
good
answer HEAD '200 OK'
answer PUT-once '409 Conflict'
answer MKCOL-once-1 '409 Conflict'
answer MKCOL-once-2 '403 Forbidden'
answer MKCOL '405 Method Not Allowed'
calls OK 'the same, where one above was missing' root="$root" <<END
put_mutable id $work/data
END
is "$(made)" 'PUT MKCOL HEAD MKCOL MKCOL PUT MOVE ' 'is looked for again, too'
good
answer HEAD '200 OK'
answer PUT '409 Conflict'
answer MKCOL '403 Forbidden'
fails_put DENIED 'one that is forbidden' 'cannot be made' 'PUT MKCOL MKCOL DELETE'

# Parents that are missing again and again, and a root that is missing.
good
answer MOVE '409 Conflict'
fails_put TRANSIENT "somebody removes collections" "somebody removes them" 'PUT MOVE MKCOL MOVE DELETE'
forget
answer PUT '409 Conflict'
answer MKCOL '409 Conflict'
calls FAILED 'there is no root' root="$root" <<END
put_mutable id $work/data
END
told 'There is no such collection' 'as is told'
forget
calls 'FAILED FAILED FAILED FAILED FAILED' 'without a root nothing is absent' root="$root" <<END
get_immutable $key $work/out
get_mutable $url $work/out
delete_immutable $key
delete_mutable id
check
END
answer HEAD '403 Forbidden'
calls 'NOT_FOUND NOT_FOUND OK OK' 'with one it is' root="$root" <<END
get_immutable $key $work/out
get_mutable $url $work/out
delete_immutable $key
delete_mutable id
END
answer GET '410 Gone'
calls 'NOT_FOUND' 'what is gone is absent, too' root="$root" <<END
get_immutable $key $work/out
END

# A MOVE takes a record away for a moment: what is not there is looked for once more.
for code in 403 404; do
  forget
  answer GET-once "$code No"
  answer GET '200 OK'
  calls OK "a record that another is moved to ($code)" root="$root" <<END
get_mutable $url $work/out
END
  is "$(made)" 'GET GET ' 'is found'
done
forget
answer HEAD '200 OK'
calls NOT_FOUND 'a record that is not there' root="$root" <<END
get_mutable $url $work/out
END
is "$(made)" 'GET GET HEAD ' 'is looked for twice, and then the root'
rm "$ANSWERS_ROOT/requests"
answer GET '410 Gone'
calls NOT_FOUND 'one that was removed' root="$root" <<END
get_mutable $url $work/out
END
is "$(made)" 'GET HEAD ' 'is not looked for again'
rm "$ANSWERS_ROOT/requests" "$ANSWERS_ROOT/GET"
calls NOT_FOUND 'nor is an object' root="$root" <<END
get_immutable $key $work/out
END
is "$(made)" 'GET HEAD ' 'for it is not replaced'

# Somebody puts the same between our question and our move.
good
answer MOVE '412 Precondition Failed'
calls TRANSIENT 'an object that comes and goes' root="$root" <<END
put_immutable $key $work/data
END
is "$(made)" 'HEAD PUT MOVE DELETE HEAD PUT MOVE DELETE HEAD PUT MOVE DELETE ' 'is tried three times'

# What is there is not believed unless it is the same; the size alone is not enough.
body=data
good
answer HEAD '200 OK'
answer GET '200 OK'
calls OK 'the same object is there' root="$root" <<END
put_immutable $key $work/data
END
is "$(made)" 'HEAD GET ' 'it is read and not sent'
body=dates
answer GET '200 OK'
rm "$ANSWERS_ROOT/requests"
calls OK 'another is there, of the same size by HEAD' root="$root" <<END
put_immutable $key $work/data
END
is "$(made)" 'HEAD GET PUT MOVE ' 'it is replaced'
like "$(cat "$ANSWERS_ROOT/requests")" '^Overwrite: T$' 'by overwriting'
body=datum
body=${body%m}a
answer GET '200 OK'
rm "$ANSWERS_ROOT/requests"
calls OK 'another, of the same size' root="$root" <<END
put_immutable $key $work/data
END
is "$(made)" 'HEAD GET PUT MOVE ' 'it is replaced, too'
body=
for code in 403 410 500; do
  answer GET "$code No"
  rm "$ANSWERS_ROOT/requests"
  calls OK "one that cannot be read ($code)" root="$root" <<END
put_immutable $key $work/data
END
  is "$(made)" 'HEAD GET PUT MOVE ' 'it is replaced, too'
done
printf 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n' >"$ANSWERS_ROOT/GET"
echo hang >"$ANSWERS_ROOT/GET-rest"
calls CANCELLED 'one that hangs' root="$root" <<END
deadline 500
put_immutable $key $work/data
END

# What a failed put has left is removed, also at a server that takes its time; what cannot be is told.
good
answer MOVE '501 Not Implemented'
answer DELETE '403 Forbidden'
calls UNSUPPORTED 'what was sent cannot be removed' root="$root" <<END
put_mutable id $work/data
END
like "$(cat "$said")" '^log: .* left there: .*/store/\.tmp/[0-9a-f]{16}-[0-9a-f]{16}: .*403' 'as the log tells'
for code in 204 404; do
  answer DELETE "$code No Content"
  calls UNSUPPORTED "it is removed ($code)" root="$root" <<END
put_mutable id $work/data
END
  fails 'nothing is told' grep -q '^log' "$said"
done
through "$ANSWERS_PORT"
fault '{"latency_ms": 300}'
calls UNSUPPORTED 'it is removed from far away' root="http://127.0.0.1:$PROXY_PORT/store" <<END
put_mutable id $work/data
END
fails 'nothing is told' grep -q '^log' "$said"

# What puts left that never ended is listed, and removed when it is old: by name, and below the root alone, whatever is listed.
date_in_name() {
  printf '%016x-%s' "$(($(date +%s) - $1))" "$2"
}
old=$(date_in_name 100000 0123456789abcdef) older=$(date_in_name 900000 fedcba9876543210)
new=$(date_in_name 3600 0123456789abcdef) later=$(date_in_name -200000 0123456789abcdef)
href() {
  printf '<d:response><d:href>%s</d:href><d:propstat><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>' "$1"
}
list="<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\">$(href /store/.tmp/)$(href "/store/.tmp/$old")$(href "/store/.tmp/$new")
$(href "/store/.tmp/$later")$(href "http://elsewhere.example/immutable/$older")$(href "/store/.tmp/$old-")$(href /store/.tmp/mine)
$(href "/store/.tmp/$older/")$(href "/store/.tmp/$old/../$key")$(href /store/.tmp/ABCDEF0123456789-0123456789abcdef)</d:multistatus>"
# lists STATUS-LINE: the server, on which all else goes well, answers the list so.
lists() {
  good
  answer HEAD '200 OK'
  body=$list
  answer PROPFIND "$1"
  body=
}
# removes WHAT NAME...: the store is looked at, by a file that is deleted, and then these are asked to be.
removes() {
  what=$1
  shift
  calls OK "$what" root="$root" <<END
check
END
  is "$(sed -n 's/^\(PROPFIND\|DELETE\) \(.*\) HTTP.*/\2/p' "$ANSWERS_ROOT/requests" | tail -n +2 | tr '\n' ' ')" \
    "/store/.tmp/ $(printf '/store/.tmp/%s ' "$@")" "$what: these are asked for"
}
lists '207 Multi-Status'
removes 'a list' "$old" "$older"
told '"temporaries_swept": 2' 'both are removed'
like "$(grep -A9 '^PROPFIND' "$ANSWERS_ROOT/requests")" '^Depth: 1$' 'of the collection alone'
lists '207 Multi-Status'
answer DELETE-once-1 '204 No Content'
answer DELETE-once-2 '404 Not Found'
removes 'another sweep that is faster' "$old" "$older"
told '"temporaries_swept": 1' 'counts the other'
lists '207 Multi-Status'
answer DELETE-once '204 No Content'
answer DELETE '403 Forbidden'
removes 'what cannot be removed' "$old"
told "What older puts left stays there: $root/.tmp/$old: It cannot be deleted: the server answered 403" 'is told'
told '"temporaries_swept": 0' 'and does no harm'
lists '207 Multi-Status'
calls OK 'a store for reading' root="$root" read_only=true <<END
check
END
is "$(made)" 'HEAD ' 'is not swept'

# lists_none WHAT STATUS-LINE: an answer that is no list, and has those names.
lists_none() {
  lists "$2"
  calls OK "$1" root="$root" <<END
check
END
  is "$(made)" 'HEAD PUT MOVE DELETE PROPFIND ' 'nothing is asked to be deleted'
}
for code in 404 410 405 501; do
  lists_none "there are no temporaries, or no lists ($code)" "$code None"
  fails 'nothing is told' grep -q 'stays there' "$said"
done
for code in 200 302 403 503; do
  lists_none "no list ($code)" "$code No List"
  told "What older puts left stays there: $root/.tmp/" 'is told'
done
list=
lists_none 'an empty list' '207 Multi-Status'
fails 'is no failure' grep -q 'stays there' "$said"
printf 'HTTP/1.1 207 Multi-Status\r\n\r\n' >"$ANSWERS_ROOT/PROPFIND"
echo endless >"$ANSWERS_ROOT/PROPFIND-rest"
calls OK 'a list without end' root="$root" <<END
check
END
told 'What older puts left stays there' 'is told'
echo hang >"$ANSWERS_ROOT/PROPFIND-rest"
calls CANCELLED 'one that hangs' root="$root" <<END
deadline 500
check
END

# Sentences have no query, and an end.
printf 'HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\n\r\n' >"$ANSWERS_ROOT/GET"
long=$(head -c 1500 /dev/zero | tr '\0' x)
calls FAILED 'a long URL with a query' allow_private=true <<END
get_mutable $root/$long?token=secret $work/out
END
told 'answered 206' 'what happened is told'
fails 'the query is not' grep -q secret "$said"
long=http://127.0.0.1:$ANSWERS_PORT/$long
forget
calls 'FAILED FAILED UNSUPPORTED' 'a long root' root="$long" read_only=true <<END
get_immutable $key $work/out
check
put_mutable id $work/data
END
told 'There is no such collection' 'is told of'
told read_only 'so is what is not allowed'
good
body='<multistatus/>'
answer DELETE '207 Multi-Status'
body=
calls FAILED 'a delete there' root="$long" <<END
delete_mutable id
END
told 'does not say what' 'is told of'
good
answer MOVE '409 Conflict'
calls TRANSIENT 'a put there' root="$long" <<END
put_mutable id $work/data
END
told 'somebody removes them' 'is told of'

# Reads: a login is refused, the answer is none, the server has had enough.
forget
answer GET '401 Unauthorized' 'WWW-Authenticate: Basic realm="t"'
calls DENIED 'a wrong password' root="$root" user=alice password=@"$work/password" <<END
get_immutable $key $work/out
END
fails 'is not told' grep -q secret "$said"
answer GET '204 No Content'
calls FAILED 'an answer that is no object' root="$root" <<END
get_immutable $key $work/out
END
answer GET '503 Service Unavailable' 'Retry-After: 2'
calls TRANSIENT 'a busy server' root="$root" <<END
get_immutable $key $work/out
END
done_testing
