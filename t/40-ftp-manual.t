#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of blockstore-ftp(7): its configurations are read, its commands run with a real server, by TLS; and what the command
# line says of a store that cannot be used.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"
. "$srcdir/t/lib/servers.sh"
own_server proftpd
blocks "$srcdir/plugins/ftp/ftp.pod" 'SYNOPSIS|EXAMPLES' "$work/blocks"
mkdir "$HOME/.secrets"
(umask 077 && printf %s "$FTP_PASSWORD" >"$HOME/.secrets/ftp" && printf 'it is wrong' >"$work/wrong")
cp "$FTP_TLS/ca.pem" "$HOME/nas.pem"
NAS_PASSWORD=$FTP_PASSWORD
export NAS_PASSWORD
read_configurations "$FTP_PASSWORD"
mkdir "$work/home2"
output=$(cd "$work/home2" && HOME=$PWD PORT=$FTP_PORT CA=$FTP_TLS/ca.pem PASSWORD_FILE=$work/home/.secrets/ftp \
  "$builddir/run" sh -eux "$work/commands" 2>&1)
report $? 'its commands run' "$(printf '%s\n' "$output" | tail -n 20)"
like "$output" 'at home$' 'and give what was put'
is "$(find "$FTP_HOME/some/where" -type f | wc -l)" 4 'two user records, data and a record are on the server'

# unhealthy REGEX WHAT [LINE]...: what `stores` says of a store with these options.
unhealthy() {
  regex=$1 what=$2
  shift 2
  printf 'stores:\n  - name: here\n    driver: ftp\n' >"$work/bad.yaml"
  printf '    %s\n' "$@" "user: $FTP_USER" >>"$work/bad.yaml"
  exits 1 "$what" -c "$work/bad.yaml" stores
  like "$(member stores.0.error)" "$regex" "$what: it is told"
}
password="password: {file: $HOME/.secrets/ftp}" ca="ca_file: $FTP_TLS/ca.pem"
server="host: localhost
    port: $FTP_PORT"
unhealthy 'The server refuses user and password: 530 Login incorrect' 'a wrong password' "$server" "$ca" "password: {file: $work/wrong}"
unhealthy 'The certificate is not trusted: self-signed' 'a certificate of nobody' "$server" "$password"
unhealthy 'The certificate is not trusted: certificate has expired' 'one that has expired' 'host: localhost' "port: $FTP_EXPIRED_PORT" \
  "$ca" "$password"
unhealthy 'The certificate is not trusted: it is for another host' 'one for another host' 'host: localhost' "port: $FTP_OTHER_PORT" \
  "$ca" "$password"
unhealthy '/none/here/: The root is not there' 'a directory that is missing' "$server" "$ca" "$password" 'root: none/here' 'must_exist: true'
echo x >"$FTP_HOME/file"
unhealthy 'to make its directory: 550 file/.uploads: Not a directory' 'a file in its place' "$server" "$ca" "$password" 'root: file'
mkdir "$FTP_HOME/closed"
chmod 555 "$FTP_HOME/closed"
unhealthy 'to make its directory: 550 closed/.uploads: Permission denied' 'a directory that is closed' "$server" "$ca" "$password" \
  'root: closed'
stop_server
unhealthy 'Nobody listens there' 'a server that is away' "$server" "$ca" "$password"
done_testing
