# SPDX-License-Identifier: MIT
# For tests with a store of each kind that a server is there for: . "$srcdir/t/lib/stores.sh", after t/lib/servers.sh and the
# functions store and secret.  A kind whose server cannot be had is left out with a skip that says why.

# with SERVER: true when it is there.
with() {
  has_server "$1" && return
  servers_are_required && report 1 "there is a server: $1" "$reason" || skip "$1: $reason"
  return 1
}

if with apache; then
  curl -sf -m 5 --noproxy '*' -X MKCOL "http://127.0.0.1:$APACHE_PORT/dav/$own"
  store http <<END
root: http://127.0.0.1:$APACHE_PORT/dav/$own
END
fi

if with proftpd; then
  store ftp <<END
host: 127.0.0.1
port: $FTP_PORT
root: $own
user: $FTP_USER
password: $(secret ftp-password "$FTP_PASSWORD")
ca_file: $FTP_TLS/ca.pem
END
fi

if with radosgw; then
  s3_bucket "$own"
  store s3 <<END
endpoint: http://127.0.0.1:$S3_PORT
bucket: $own
access_key_id: $S3_KEY
secret_access_key: $(secret s3-secret "$S3_SECRET")
END
fi

if with syndicate; then
  store syndicate <<END
gateway: http://127.0.0.1:$SYNDICATE_PORT
volume: $own
session: $SYNDICATE_USER
key: $(secret syndicate-key "$SYNDICATE_PASSWORD")
END
fi

if with ipfs; then
  store ipfs <<END
rpc: http://127.0.0.1:$IPFS_PORT
directory: /$own
key: $own
END
fi

if with dhtnode; then
  store dht <<END
proxies: ["http://127.0.0.1:$DHT_PORT", "http://127.0.0.1:$DHT_PORT2"]
END
fi

if with tahoe; then
  store tahoe <<END
gateway: http://127.0.0.1:$TAHOE_PORT
root: $(secret tahoe-root "$(curl -sf -m 60 --noproxy '*' -X POST "http://127.0.0.1:$TAHOE_PORT/uri?t=mkdir")")
END
fi
