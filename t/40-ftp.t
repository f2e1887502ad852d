#!/bin/sh
# SPDX-License-Identifier: MIT
# The driver ftp against a real server: all behaviours, in plain FTP; those that move data, over both kinds of TLS.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/conformance.sh"
need_server proftpd
driver=$builddir/plugins/.libs/ftp.so
umask 077
printf %s "$FTP_PASSWORD" >"$work/password"

# begin NAME BEHAVIOURS OPTION...: tries them, beside the others.
begin() {
  name=$1 behaviours=$2
  shift 2
  {
    status=0
    "$builddir/run" blockstore-driver-test "$driver" --only="$behaviours" -o host=127.0.0.1 -o user="$FTP_USER" \
      -o password=@"$work/password" "$@" >"$work/$name" 2>&1 || status=$?
    echo "$status" >"$work/$name.status"
  } &
}

# shown NAME WHAT: they were; none is skipped but by what the driver declares.
shown() {
  report "$(cat "$work/$1.status")" "$2" "$(grep -v '^ok' "$work/$1")"
  is_empty "$(grep SKIP "$work/$1" | grep -vE 'the driver (declares no largest object|does not declare itself durable|is no filter)|threads=|store is nowhere in @DIR@')" \
    "$2: nothing is skipped"
}

conforms_twice ftp 'the driver does not declare itself durable|the store is nowhere in @DIR@' -o host=127.0.0.1 -o user="$FTP_USER" \
  -o password=@"$work/password" -o port="$FTP_PORT" -o tls=none -o root="$FTP_HOME/$own-one" -O root="$FTP_HOME/$own-two"
some='immutable.byte,immutable.many,immutable.mebibyte,mutable.shorter,mutable.delete,deadlines.put-immutable'
begin explicit "$some" -o port="$FTP_PORT" -o ca_file="$FTP_TLS/ca.pem" -o root="$own-explicit"
begin implicit "$some" -o port="$FTP_TLS_PORT" -o tls=implicit -o ca_file="$FTP_TLS/ca.pem" -o root="$own-implicit"
wait
shown explicit 'explicit TLS'
shown implicit 'implicit TLS'
is_empty "$(find "$FTP_HOME/$own"* -type f ! -path '*/.uploads/*')" 'what was put is deleted'
done_testing
