#!/bin/sh
# SPDX-License-Identifier: MIT
# The s3 driver does all that is asked of a driver, with a real server; at odd places, too.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
. "$srcdir/t/lib/conformance.sh"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE
need_server radosgw
program=$builddir/tools/bin/blockstore-driver-test
(umask 077 && printf %s "$S3_SECRET" >"$work/secret")

# behaves WHAT ARGUMENT...: so it shows some behaviours.
behaves() {
  what=$1
  shift
  "$program" "$builddir/plugins/.libs/s3.so" -o bucket="$own" -o access_key_id="$S3_KEY" -o "secret_access_key=@$work/secret" "$@" \
    --only='immutable.page,mutable.byte,urls.own,*.delete,opening.check*' >"$work/out" 2>&1
  report $? "$what" "$(grep -vE '^ok|^# seed' "$work/out")"
}

succeeds 'a bucket is made' s3_bucket "$own"
conforms_twice s3 'the store is nowhere in @DIR@' -o bucket="$own" -o access_key_id="$S3_KEY" -o "secret_access_key=@$work/secret" \
  -o endpoint="http://127.0.0.1:$S3_PORT" -o prefix=one -O prefix=two
behaves 'virtual style' -o endpoint="http://localhost:$S3_PORT" -o style=virtual
behaves 'TLS' -o endpoint="https://localhost:$S3_TLS_PORT" -o ca_file="$S3_TLS/ca.pem"
behaves 'another region' -o endpoint="http://127.0.0.1:$S3_PORT" -o region=eu-central-1

# Every byte that a path may hold, and names that mean something elsewhere, are the names of a long prefix.
prefix=$(paste -s -d / <<'END'
 a
a b
a+b
a%20b
a%2Fb
100%
a&b
a=b
a?b
a#b
a;b
a:b
a@b
a,b
a$b
a!b
a*b
a'b
a"b
(a)[b]{c}
a\b
a|b
a^b
a`b
a~b
<a>
.a
...
é
日本語
ß
😀
-_.
END
)
behaves 'an odd prefix' -o endpoint="http://127.0.0.1:$S3_PORT" -o prefix="$prefix"
is_empty "$(s3 GET "/$own?list-type=2" | grep -o '<Key>[^<]*')" 'nothing is left behind'
done_testing
