# SPDX-License-Identifier: MIT
# For tests of the s3 driver with blockstore-cli: . "$srcdir/t/lib/s3.sh".  A server, a bucket of the test's own, a name.
. "$srcdir/t/lib/cli.sh"
. "$srcdir/t/lib/servers.sh"
unset AWS_SESSION_TOKEN AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE http_proxy HTTP_PROXY
need_server radosgw
AWS_ACCESS_KEY_ID=$S3_KEY AWS_SECRET_ACCESS_KEY=$S3_SECRET
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
mkdir -p "$HOME/.config/blockstore"

# configure PORT [OPTION...]: the one store.
configure() {
  {
    printf 'stores:\n  - name: bucket\n    driver: s3\n    endpoint: http://127.0.0.1:%s\n' "$1"
    shift
    case " $* " in *' bucket: '*) ;; *) echo "    bucket: $own" ;; esac
    [ $# = 0 ] || printf '    %s\n' "$@"
  } >"$HOME/.config/blockstore/blockstore.yaml"
}

# at KEY: where immutable data lies in the bucket.
at() {
  echo "immutable/$(expr substr "$1" 1 2)/$(expr substr "$1" 3 2)/$1"
}

# put FILE PATH: behind the driver's back.
put() {
  curl -sf -m 20 --noproxy '*' --aws-sigv4 aws:amz:us-east-1:s3 -u "$S3_KEY:$S3_SECRET" -H "x-amz-content-sha256: $(sha256 "$1")" \
    -T "$1" "http://127.0.0.1:$S3_PORT/$own$2"
}

succeeds 'a bucket is made' s3_bucket "$own"
configure "$S3_PORT"
own_name alice.id
