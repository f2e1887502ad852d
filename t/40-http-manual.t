#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of blockstore-http(7): its commands run with a real server, by TLS; t/90-doc-examples.t reads the configurations.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"
. "$srcdir/t/lib/servers.sh"
need_server apache
blocks "$srcdir/plugins/http/http.pod" EXAMPLES "$work/blocks"
(umask 077 && printf %s "$APACHE_PASSWORD" >"$work/password")
succeeds 'a collection of its own' curl -sf -m 5 --noproxy '*' -o "$work/made" -u "$APACHE_USER:$APACHE_PASSWORD" \
  -X MKCOL "http://127.0.0.1:$APACHE_PORT/private/$own/"
mkdir "$work/home2"
output=$(cd "$work/home2" && HOME=$PWD ROOT=https://localhost:$APACHE_TLS_PORT/private/$own CA=$APACHE_TLS/ca.pem \
  LOGIN=$APACHE_USER PASSWORD_FILE=$work/password "$builddir/run" sh -eux "$(grep -l '^cat' "$work"/blocks/*)" 2>&1)
report $? 'its commands run' "$(printf '%s\n' "$output" | tail -n 20)"
like "$output" 'at home$' 'and give what was put'
is "$(find "$APACHE_ROOT/private/$own" -type f ! -path '*/.tmp/*' | wc -l)" 4 'two user records, data and a record are on the server'
done_testing
