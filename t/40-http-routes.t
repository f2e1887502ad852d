#!/bin/sh
# SPDX-License-Identifier: MIT
# URLs of routes are an enemy's: the http driver reads them without a login, and only at public addresses.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=http
. "$srcdir/t/lib/drive.sh"
own_server answers
port=$ANSWERS_PORT
(umask 077 && echo secret >"$work/token")
printf 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nrecord' >"$ANSWERS_ROOT/GET"
rm "$ANSWERS_ROOT/requests" # that it answers at all was tried

requests() {
  cat "$ANSWERS_ROOT/requests" 2>/dev/null
}

# Where 127.0.0.1 is meant, however it is written, and other places that are nobody's business.
for host in 127.0.0.1 127.1 127.0.1 127.255.255.254 2130706433 0x7f000001 0x7F.1 017700000001 0177.0.0.1 127.0.0.1. 0 0.0.0.0 localhost \
  LOCALHOST localhost. a.localhost '[::1]' '[0:0:0:0:0:0:0:1]' '[::]' '[::ffff:127.0.0.1]' '[::FFFF:7f00:1]' '[::127.0.0.1]' \
  '[64:ff9b::127.0.0.1]' '[2002:7f00:1::]' 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 198.18.0.1 224.0.0.1 \
  255.255.255.255 '[fe80::1]' '[fd00::1]' '[fec0::1]' '[ff02::1]'; do
  calls FAILED "$host is refused" <<END
get_mutable http://$host:$port/a $work/out
END
  told 'not allowed' "$host is told to be"
done
is_empty "$(requests)" 'nobody was asked'

calls OK 'with allow_private it is read' allow_private=true <<END
get_mutable http://127.0.0.1:$port/a?b=c $work/out
END
is "$(cat "$work/out")" record 'as it stands there'
like "$(requests)" '^GET /a\?b=c HTTP/1.1$' 'with its query'

# The root may be anywhere, what is beside it not; and only the root is told who asks.
rm "$ANSWERS_ROOT/requests"
calls 'OK FAILED FAILED FAILED' 'a root at home' root="http://127.0.0.1:$port/store" token=@"$work/token" <<END
get_mutable http://127.0.0.1:$port/store/mutable/ab/cd/x $work/out
get_mutable http://127.0.0.1:$port/store/other $work/out
get_mutable http://127.0.0.1:$port/store/mutable/../../other $work/out
get_mutable http://127.0.0.1:$port/storeroom/mutable/ab/cd/x $work/out
END
is "$(requests | grep -E '^(GET|Authorization)' | tr '\n' ' ')" 'GET /store/mutable/ab/cd/x HTTP/1.1 Authorization: Bearer secret ' \
  'only the root is asked'
rm "$ANSWERS_ROOT/requests"
calls 'OK OK OK' 'others, with allow_private' root="http://127.0.0.1:$port/store" token=@"$work/token" allow_private=true <<END
get_mutable http://127.0.0.1:$port/store/other $work/out
get_mutable http://127.0.0.1:$port/store/mutable/../../other $work/out
get_mutable http://localhost:$port/store/mutable/ab/cd/x $work/out
END
is_empty "$(requests | grep Authorization)" 'none is told who asks'

# Another spelling of an own URL is one.
rm "$ANSWERS_ROOT/requests"
calls OK 'an own URL in another spelling' root="http://LOCALHOST:$port/store/" token=@"$work/token" <<END
get_mutable HTTP://localhost:$port/store/mut%61ble/ab/cd/%78 $work/out
END
is "$(requests | grep -E '^(GET|Authorization)' | tr '\n' ' ')" 'GET /store/mutable/ab/cd/x HTTP/1.1 Authorization: Bearer secret ' \
  'is asked as what it is'

rm "$ANSWERS_ROOT/requests"
calls 'OK OK FAILED FAILED FAILED' 'the same, where the root has escapes' root="http://127.0.0.1:$port/%7Ealice/%61%20b" token=@"$work/token" <<END
get_mutable http://127.0.0.1:$port/~alice/a%20b/mutable/ab/cd/x $work/out
get_mutable http://127.0.0.1:$port/%7ealice/a%20%62/mutable/ab/cd/x $work/out
get_mutable http://127.0.0.1:$port/~alice/a%20b%2fmutable/ab/cd/x $work/out
get_mutable http://127.0.0.1:$port/~alice/a%2520b/mutable/ab/cd/x $work/out
get_mutable http://127.0.0.1:$port/~alice/a%20b/mutable/ab/cd/x?y $work/out
END
is "$(requests | grep -c '^GET /%7Ealice/%61%20b/mutable/ab/cd/x HTTP/1.1$')" 2 'is asked for as the root is written'

# A redirect stays where it is.
printf 'HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://localhost:%s/b\r\n\r\n' "$port" >"$ANSWERS_ROOT/GET"
rm "$ANSWERS_ROOT/requests"
calls FAILED 'a redirect to another host' allow_private=true <<END
get_mutable http://127.0.0.1:$port/a $work/out
END
is "$(requests | grep -c ^GET)" 1 'is not followed'

# Where others keep their records may be such a server, too.
rm "$ANSWERS_ROOT/GET" "$ANSWERS_ROOT/requests"
calls NOT_FOUND 'what is not there' allow_private=true <<END
get_mutable http://127.0.0.1:$port/a $work/out
END
is "$(requests | grep -c ^GET)" 2 'is looked for twice'

# A proxy looks up names itself: what is an address, or this machine's, does not get to it.
printf 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nrecord' >"$ANSWERS_ROOT/GET"
calls 'OK FAILED FAILED FAILED' 'a proxy' proxy="http://127.0.0.1:$port" <<END
get_mutable http://example.org/a $work/out
get_mutable http://0x7f.1/a $work/out
get_mutable http://[::1]/a $work/out
get_mutable http://localhost/a $work/out
END
is "$(requests | grep -c '^GET http://')" 1 'is asked for what is public'
done_testing
