# SPDX-License-Identifier: MIT
# For tests of the http driver with a server of their own that says what it is told to: . "$srcdir/t/lib/http.sh", after t/lib/tap.sh.
# Its store is $root, of which $url is a record; $work/data, $key are something to put, and $work/password a password, "secret".
. "$srcdir/t/lib/servers.sh"
driver=http
. "$srcdir/t/lib/drive.sh"
own_server answers
root=http://127.0.0.1:$ANSWERS_PORT/store
printf data >"$work/data"
key=$(sha256 "$work/data")
(umask 077 && echo secret >"$work/password")
url=$root/mutable/ab/cd/id

# answer METHOD STATUS-LINE [HEADER...]: what it gets, without a body unless $body says one.  METHOD-once*: but then as before.
body=
answer() {
  method=$1
  {
    printf 'HTTP/1.1 %s\r\nContent-Length: %s\r\n' "$2" "${#body}"
    shift 2
    for header; do printf '%s\r\n' "$header"; done
    printf '\r\n%s' "$body"
  } >"$ANSWERS_ROOT/$method"
}

forget() {
  rm -f "$ANSWERS_ROOT"/*
}

# made METHOD...: the requests since `forget`.
made() {
  sed -n 's/ .* HTTP\/1.1$//p' "$ANSWERS_ROOT/requests" | tr '\n' ' '
}

# A server on which all goes well: each change is made, and nothing is there before.
good() {
  forget
  answer PUT '201 Created'
  answer MOVE '201 Created'
  answer MKCOL '201 Created'
  answer DELETE '204 No Content'
}
