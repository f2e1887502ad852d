#!/bin/sh
# SPDX-License-Identifier: MIT
# The driver ftp against a real server: all behaviours, in plain FTP; those that move data, over both kinds of TLS.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
need_server proftpd
driver=$builddir/plugins/.libs/ftp.so
umask 077
printf %s "$FTP_PASSWORD" >"$work/password"

# behaves WHAT NAMES OPTION...: shows these behaviours; none is skipped but by what the driver declares.
behaves() {
  what=$1 names=$2
  shift 2
  "$builddir/run" blockstore-driver-test "$driver" --only="$names" -o host=127.0.0.1 -o user="$FTP_USER" \
    -o password=@"$work/password" "$@" >"$work/tap" 2>&1
  report $? "$what" "$(grep -v '^ok' "$work/tap")"
  is_empty "$(grep SKIP "$work/tap" | grep -vE 'the driver (declares no largest object|does not declare itself durable)|threads=|store is nowhere in @DIR@')" \
    "$what: nothing is skipped"
}

plain="-o port=$FTP_PORT -o tls=none"
behaves 'plain FTP' '*' $plain -o root="$FTP_HOME/$own-one" -O root="$FTP_HOME/$own-two"
some='immutable.byte,immutable.mebibyte,mutable.shorter,mutable.delete,deadlines.put-immutable'
behaves 'explicit TLS' "$some" -o port="$FTP_PORT" -o ca_file="$FTP_TLS/ca.pem" -o root="$own-explicit"
behaves 'implicit TLS' "$some" -o port="$FTP_TLS_PORT" -o tls=implicit -o ca_file="$FTP_TLS/ca.pem" -o root="$own-implicit"
is_empty "$(find "$FTP_HOME/$own"* -type f ! -path '*/.uploads/*')" 'what was put is deleted'
done_testing
