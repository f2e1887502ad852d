#!/bin/sh
# SPDX-License-Identifier: MIT
# The http driver and certificates: which it trusts, and to whom it shows its own.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=http
. "$srcdir/t/lib/drive.sh"
need_server apache
(umask 077 && echo "$APACHE_PASSWORD" >"$work/password")
ca=$APACHE_TLS/ca.pem
printf data >"$work/data"
key=$(sha256 "$work/data")
curl -sf -m 5 --noproxy '*' -o /dev/null -X MKCOL "http://127.0.0.1:$APACHE_PORT/dav/$own/"
curl -sf -m 5 --noproxy '*' -o /dev/null -u "$APACHE_USER:$APACHE_PASSWORD" -X MKCOL "http://127.0.0.1:$APACHE_PORT/private/$own/"

calls 'OK OK OK' 'an authority of our own' root="https://localhost:$APACHE_TLS_PORT/private/$own" ca_file="$ca" user="$APACHE_USER" \
  password=@"$work/password" <<END
put_immutable $key $work/data
get_immutable $key $work/out
check
END
succeeds 'what comes back is the same' cmp "$work/data" "$work/out"
calls OK 'by its address' root="https://127.0.0.1:$APACHE_TLS_PORT/dav/$own" ca_file="$ca" <<END
put_immutable $key $work/data
END

# refused PORT SENTENCE WHAT OPTION...
refused() {
  port=$1 sentence=$2 what=$3
  shift 3
  calls 'FAILED FAILED FAILED' "$what" root="https://localhost:$port/dav/$own" "$@" <<END
get_immutable $key $work/out
put_immutable $key $work/data
check
END
  told "$sentence" "$what: it is told"
}
refused "$APACHE_TLS_PORT" 'not trusted' 'a certificate of nobody'
refused "$APACHE_TLS_PORT" 'not trusted' 'one of another authority' ca_file="$APACHE_TLS/stranger.pem"
refused "$APACHE_EXPIRED_PORT" expired 'one that has expired' ca_file="$ca"
refused "$APACHE_OTHER_PORT" localhost 'one for another host' ca_file="$ca"

client="client_certificate=$APACHE_TLS/client.pem"
client_key="client_key=$APACHE_TLS/client.key"
calls OK 'a server that wants a certificate' root="https://localhost:$APACHE_CLIENT_PORT/dav/$own" ca_file="$ca" "$client" "$client_key" <<END
get_immutable $key $work/out
END
drive root="https://localhost:$APACHE_CLIENT_PORT/dav/$own" ca_file="$ca" <<END
get_immutable $key $work/out
END
fails 'without one nothing is read' grep -q '^OK' "$said"

# Others than the root are judged by what the system trusts, and are not shown the certificate.
stranger=/dav/$own/immutable/$(echo "$key" | sed 's/^\(..\)\(..\)/\1\/\2\/\1\2/')
calls 'OK FAILED' "the root's authority" root="https://localhost:$APACHE_TLS_PORT/dav/$own" ca_file="$ca" allow_private=true <<END
get_immutable $key $work/out
get_mutable https://localhost:$APACHE_TLS_PORT$stranger $work/out
END
told 'not trusted' 'says nothing of others'
calls OK 'without a root it is that of all' ca_file="$ca" allow_private=true <<END
get_mutable https://localhost:$APACHE_TLS_PORT$stranger $work/out
END
calls 'FAILED' 'plain HTTP to a port of TLS' root="http://localhost:$APACHE_TLS_PORT/dav/$own" <<END
get_immutable $key $work/out
END

if [ "$(id -u)" != 0 ] || ! unshare -m mount -t tmpfs none /etc/ssl/certs 2>/dev/null; then
  skip 'only root can mount a file system'
  done_testing
  exit
fi
# From here on the system trusts our authority, as far as the driver sees.
cat >"$work/trusting" <<END
mount -t tmpfs none /etc/ssl/certs && cp "$ca" /etc/ssl/certs/ca-certificates.crt && exec "\$@"
END
drive_by="unshare -m sh $work/trusting"
calls 'FAILED OK' 'what the system trusts' root="https://localhost:$APACHE_TLS_PORT/dav/$own" ca_file="$APACHE_TLS/stranger.pem" \
  allow_private=true <<END
get_immutable $key $work/out
get_mutable https://localhost:$APACHE_TLS_PORT$stranger $work/out
END
calls 'OK DENIED OK' 'a certificate of our own' root="https://localhost:$APACHE_CLIENT_PORT/dav/$own" allow_private=true "$client" \
  "$client_key" <<END
get_immutable $key $work/out
get_mutable https://localhost:$APACHE_CLIENT_PORT$stranger $work/out
get_immutable $key $work/out
END
told 'asks for a client certificate' 'is shown to the root alone'
done_testing
