#!/bin/sh
# SPDX-License-Identifier: MIT
# The servers of the tests do what tests of drivers count on: they refuse what they should, and start again.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/bitcoin.sh"

# answer EXPECTED WHAT CURL-ARGUMENT...: the status of the answer, or curl's where there is none.
answer() {
  expected=$1 what=$2
  shift 2
  is "$(curl -s -m 20 --noproxy '*' -o "$work/body" -w '%{http_code} %{exitcode}' "$@")" "$expected" "$what"
}

# each SERVER: its tests, where it can be had.
each() {
  if has_server "$1"; then "$1"; elif servers_are_required; then report 1 "$1 is there" "$reason"; else skip "$reason"; fi
}

apache() {
  at=http://127.0.0.1:$APACHE_PORT
  answer '201 0' 'apache stores' -T "$work/data" "$at/dav/$own"
  answer '412 0' 'and heeds a precondition' -T "$work/data" -H 'If-None-Match: *' "$at/dav/$own"
  is "$(cat "$APACHE_ROOT/dav/$own")" data 'the file can be looked at'
  answer '401 0' 'a wrong password is refused' -u user:wrong "$at/private/"
  answer '200 0' 'the right one is not' -u "$APACHE_USER:$APACHE_PASSWORD" "$at/private/"
  answer '200 0' 'nor by Digest' --digest -u "$APACHE_USER:$APACHE_PASSWORD" "$at/digest/"
  answer '200 0' 'the certificate is for localhost' --cacert "$APACHE_TLS/ca.pem" "https://localhost:$APACHE_TLS_PORT/"
  answer '000 60' 'one has expired' --cacert "$APACHE_TLS/ca.pem" "https://localhost:$APACHE_EXPIRED_PORT/"
  like "$(curl -sS -m 5 --cacert "$APACHE_TLS/ca.pem" "https://localhost:$APACHE_EXPIRED_PORT/" 2>&1)" expired 'as is told'
  answer '000 60' 'one is for another host' --cacert "$APACHE_TLS/ca.pem" "https://localhost:$APACHE_OTHER_PORT/"
  answer '000 56' 'a client without a certificate is refused' --cacert "$APACHE_TLS/ca.pem" "https://localhost:$APACHE_CLIENT_PORT/"
  answer '200 0' 'one with it is not' --cacert "$APACHE_TLS/ca.pem" --cert "$APACHE_TLS/client.pem" --key "$APACHE_TLS/client.key" \
    "https://localhost:$APACHE_CLIENT_PORT/"
}

proftpd() {
  at=ftp://$FTP_USER:$FTP_PASSWORD@localhost
  answer '226 0' 'proftpd stores' -T "$work/data" "$at:$FTP_PORT/$own"
  is "$(cat "$FTP_HOME/$own")" data 'the file can be looked at'
  answer '530 67' 'a wrong password is refused' "ftp://user:wrong@127.0.0.1:$FTP_PORT/"
  answer '226 0' 'explicit TLS' --ssl-reqd --cacert "$FTP_TLS/ca.pem" "$at:$FTP_PORT/$own"
  answer '226 0' 'implicit TLS' --cacert "$FTP_TLS/ca.pem" "ftps://$FTP_USER:$FTP_PASSWORD@localhost:$FTP_TLS_PORT/$own"
  answer '234 60' 'an expired certificate' --ssl-reqd --cacert "$FTP_TLS/ca.pem" "$at:$FTP_EXPIRED_PORT/$own"
  answer '234 60' 'one for another host' --ssl-reqd --cacert "$FTP_TLS/ca.pem" "$at:$FTP_OTHER_PORT/$own"
}

radosgw() {
  succeeds 'radosgw makes a bucket' s3_bucket "$own"
  answer '403 0' 'nobody else sees it' "http://127.0.0.1:$S3_PORT/$own"
  fails 'a wrong secret is refused' s3_with_secret wrong
  answer '403 0' 'TLS' --cacert "$S3_TLS/ca.pem" "https://localhost:$S3_TLS_PORT/$own"
  answer '403 0' 'a virtual host' "http://$own.localhost:$S3_PORT/"
}

s3_with_secret() (
  S3_SECRET=$1
  s3 GET "/$own"
)

dhtnode() {
  key=$(printf %s "$own" | sha1sum | cut -d ' ' -f 1)
  answer '200 0' 'a node takes a value' -d '{"data": "ZGF0YQ==", "permanent": true}' "http://127.0.0.1:$DHT_PORT/key/$key"
  answer '200 0' 'the other has it' "http://127.0.0.1:$DHT_PORT2/key/$key"
  like "$(cat "$work/body")" '"data": *"ZGF0YQ=="' 'as it was'
}

ipfs() {
  answer '200 0' 'ipfs takes a block' -F "data=@$work/data" \
    "http://127.0.0.1:$IPFS_PORT/api/v0/block/put?cid-codec=raw&format=raw&mhtype=sha2-256&version=1&pin=true&cid-base=base32"
  cid=$(sed -n 's/.*"Key":"\([a-z0-9]*\)".*/\1/p' "$work/body")
  is "$cid" bafkreib2n2yhsdzzvsd4stzyk2zn2lc5cehgqelaejq2tkjd2o5shloiw4 'whose address is its SHA-256'
  answer '200 0' 'the gateway has it' "http://127.0.0.1:$IPFS_GATEWAY/ipfs/$cid"
  is "$(cat "$work/body")" data 'as it was'
}

tahoe() {
  directory=$(curl -s -m 20 --noproxy '*' -X POST "http://127.0.0.1:$TAHOE_PORT/uri?t=mkdir")
  answer '201 0' 'tahoe stores' -T "$work/data" "http://127.0.0.1:$TAHOE_PORT/uri/$directory/x"
  answer '200 0' 'and gives' "http://127.0.0.1:$TAHOE_PORT/uri/$directory/x"
  is "$(cat "$work/body")" data 'as it was'
}

# What stands in sha256sum's list is what was unpacked, or it was said that it is not (tools/debian-folder).
bitcoind() {
  at=http://127.0.0.1:$BITCOIN_PORT/
  answer '401 0' 'bitcoind wants a password' --data-binary '{"method":"getblockcount"}' "$at"
  answer '200 0' 'takes one' -u "$BITCOIN_USER:$BITCOIN_PASSWORD" --data-binary '{"method":"getblockcount"}' "$at"
  answer '200 0' 'or the cookie' -u "$(cat "$BITCOIN_COOKIE")" --data-binary '{"method":"getblockcount"}' "$at"
  own_server bitcoind
  mine 2
  is "$(node_height)" 2 'it mines'
  stop_server
  start_server
  is "$(node_height)" 2 'and has the blocks after a restart'
  sh "$srcdir/t/servers/bitcoind" fetch >"$work/folder" 2>"$work/moved"
  is_empty "$(cat "$work/moved")" 'its packages are not fetched twice'
}

syndicate() {
  user=$SYNDICATE_USER:$SYNDICATE_PASSWORD
  at=http://127.0.0.1:$SYNDICATE_PORT/fs/$own
  answer '401 0' 'syndicate wants a password' "$at?stat"
  answer '404 0' 'a file that is not there' -u "$user" "$at?stat"
  like "$(cat "$work/body")" '"result": false, "name": "ENOENT", "message": "' 'is told in words'
  answer '200 0' 'it makes a directory' -u "$user" -X POST "$at?mkdir&mode=755"
  answer '200 0' 'and a file' -u "$user" --data-binary data "$at/x?write&offset=0&len=4"
  answer '200 0' 'writes into it' -u "$user" --data-binary OLD "$at/x?write&offset=0&len=3"
  answer '200 0' 'reads it' -u "$user" "$at/x?download"
  is "$(cat "$work/body")" OLDa 'which was not cut off'
  answer '200 0' 'a part' -u "$user" "$at/x?read&offset=2&len=2"
  is "$(cat "$work/body")" Da 'of two bytes'
  answer '200 0' 'renames' -u "$user" -X POST "$at/x?rename&to=/$own/y"
  answer '200 0' 'lists' -u "$user" "$at?listdir"
  like "$(cat "$work/body")" '"entries": \[\{"name": "y", "size": 4,[^{]*\]' 'the one file'
  answer '200 0' 'sets an attribute' -u "$user" -X POST "$at/y?setxattr&key=k&value=v"
  answer '200 0' 'gets it' -u "$user" "$at/y?getxattr&key=k"
  is "$(cat "$work/body")" '{"value": "v"}' 'its value'
  answer '200 0' 'removes' -u "$user" -X DELETE "$at/y?unlink"
  answer '200 0' 'and the directory' -u "$user" -X DELETE "$at?rmdir"
  answer '400 0' 'a bad path' -u "$user" --path-as-is "http://127.0.0.1:$SYNDICATE_PORT/fs/../x?stat"
  answer '403 0' 'an unknown operation' -u "$user" "$at?format"
  answer '200 0' 'health' -u "$user" "http://127.0.0.1:$SYNDICATE_PORT/sessions?statvfs&session=$SYNDICATE_USER"
}

# A server of one's own, through the proxy.
stopped_and_faulty() {
  own_server apache
  through "$APACHE_PORT"
  at=http://127.0.0.1:$PROXY_PORT/dav/x
  answer '201 0' 'through the proxy' -T "$work/data" "$at"
  fault '{"refuse": true}'
  fails 'refused' curl -sf -m 5 "$at"
  fault '{"down_limit": 20, "on_limit": "reset"}'
  answer '200 56' 'reset amid the head' "$at"
  fault '{"down_limit": 20, "on_limit": "hang", "first_n": 1}'
  answer '200 28' 'a connection that hangs' -m 1 "$at"
  answer '200 0' 'the next does not' "$at"
  fault '{"up_limit": 10}'
  answer '000 52' 'nothing of the request arrives' "$at"
  fault '{"corrupt_at": 0}'
  answer '000 1' 'a byte is another' "$at"
  fault '{}'
  answer '200 0' 'no fault' "$at"
  fails 'a fault that there is not' fault '{"no_such": 1}'
  like "$(faults)" '"faults": 5,' 'faults are counted'
  stop_server
  fails 'a server that is stopped' curl -sf -m 5 "$at"
  start_server
  answer '200 0' 'and started again' "$at"
  is "$(cat "$work/body")" data 'has what it had'
}

printf data >"$work/data"
each apache
each proftpd
each radosgw
each dhtnode
each ipfs
each tahoe
each syndicate
each bitcoind
if has_server apache; then stopped_and_faulty; else skip "$reason"; fi
done_testing
