#!/bin/sh
# SPDX-License-Identifier: MIT
# The http driver with a server that means ill: each call ends in the right status, and tells nobody what is secret.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/http.sh"
other=$ANSWERS_PORT other_root=$ANSWERS_ROOT
. "$srcdir/t/lib/http.sh"
methods='GET HEAD PUT MOVE DELETE MKCOL'

# all STATUS WHAT OPTION...: of each of the calls.
all() {
  status=$1 what=$2
  shift 2
  calls "$status $status $status $status $status $status" "$what" root="$root" "$@" <<END
deadline ${deadline-20000}
get_immutable $key $work/out
get_mutable $url $work/out
put_immutable $key $work/data
put_mutable id $work/data
delete_immutable $key
check
END
}

# rest WHAT: what follows each answer's head.
rest() {
  for method in $methods; do echo "$1" >"$ANSWERS_ROOT/$method-rest"; done
}

# Redirects are followed by nobody who logs in or changes something, and by others to another path alone.
printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' | tee "$other_root/GET" >"$other_root/HEAD"
rm "$other_root/requests"
for location in "http://127.0.0.1:$other/a" "//127.0.0.1:$other/a" "http://localhost:$ANSWERS_PORT/a" "https://127.0.0.1:$ANSWERS_PORT/a" \
  file:///etc/passwd ftp://127.0.0.1/a; do
  for code in 301 302 303 307 308; do
    forget
    for method in $methods; do answer "$method" "$code Elsewhere" "Location: $location"; done
    all FAILED "$code to $location" user=alice password=@"$work/password"
  done
  told "a redirect that is not followed, to" "it is told"
  all FAILED "$location, without a login"
done
fails 'nobody else was asked' test -e "$other_root/requests"
forget
answer GET '302 Found' "Location: $root/more"
calls FAILED 'redirects without end' root="$root" <<END
get_immutable $key $work/out
END
is "$(made)" 'GET GET GET GET GET GET ' 'are followed five times'
rm "$ANSWERS_ROOT/requests"
calls FAILED 'with a login' root="$root" token=@"$work/password" <<END
get_immutable $key $work/out
END
is "$(made)" 'GET ' 'they are not followed at all'

# Heads that are too long: 10 MB of them, without end, and in one line.
forget
{
  printf 'HTTP/1.1 200 OK\r\n'
  awk 'BEGIN { for (i = 0; i < 10000; i++) printf "x-%d: %01000d\r\n", i, 0 }'
  printf 'Content-Length: 0\r\n\r\n'
} >"$work/head"
for method in $methods; do cp "$work/head" "$ANSWERS_ROOT/$method"; done
all FAILED '10 MB of headers'
told '64 KiB' 'are told of'
for method in $methods; do printf 'HTTP/1.1 200 OK\r\n' >"$ANSWERS_ROOT/$method"; done
rest headers
all FAILED 'headers without end'
forget
{
  printf 'HTTP/1.1 200 OK\r\nx: '
  head -c 10000000 /dev/zero | tr '\0' x
  printf '\r\nContent-Length: 0\r\n\r\n'
} >"$work/head"
for method in $methods; do cp "$work/head" "$ANSWERS_ROOT/$method"; done
all FAILED 'a header of 10 MB'

# Bodies without end.
forget
for method in $methods; do printf 'HTTP/1.1 201 Created\r\n\r\n' >"$ANSWERS_ROOT/$method"; done
printf 'HTTP/1.1 200 OK\r\n\r\n' >"$ANSWERS_ROOT/GET"
printf 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n' >"$ANSWERS_ROOT/HEAD"
rest endless
rm "$ANSWERS_ROOT/HEAD-rest"
calls 'TOO_LARGE TOO_LARGE FAILED FAILED FAILED' 'a body without end' root="$root" <<END
limit 5000000
get_immutable $key $work/out
get_mutable $url $work/out
put_immutable $key $work/data
put_mutable id $work/data
delete_immutable $key
END
for method in GET PUT MOVE DELETE; do printf 'HTTP/1.1 507 Insufficient Storage\r\n\r\n' >"$ANSWERS_ROOT/$method"; done
calls 'NO_SPACE NO_SPACE NO_SPACE NO_SPACE' 'an error without end' root="$root" <<END
get_immutable $key $work/out
put_immutable $key $work/data
put_mutable id $work/data
delete_immutable $key
END

# Answers that drip and hang, in the head and behind it.
deadline=1000
for end in hang drip; do
  forget
  for method in $methods; do printf 'HTTP/1.1 200 OK\r\nx: ' >"$ANSWERS_ROOT/$method"; done
  rest "$end"
  all CANCELLED "a $end in the head"
done
forget
printf 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n' >"$ANSWERS_ROOT/GET"
rest drip
calls 'CANCELLED' 'a drip, until the deadline' root="$root" <<END
deadline 2000
get_immutable $key $work/out
END
calls 'TRANSIENT' 'a drip, until it is too slow' root="$root" minimum_rate=10 <<END
deadline 60000
get_immutable $key $work/out
END

# One and the same store, a fault and then none.
good
answer HEAD '200 OK'
cp "$work/head" "$ANSWERS_ROOT/GET-once"
cp "$work/head" "$ANSWERS_ROOT/PUT-once"
calls 'FAILED NOT_FOUND FAILED OK' 'and then all is well' root="$root" <<END
get_immutable $key $work/out
get_immutable $key $work/out
put_mutable id $work/data
put_mutable id $work/data
END
done_testing
