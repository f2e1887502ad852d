#!/bin/sh
# SPDX-License-Identifier: MIT
# The s3 driver with a real server that is stopped, comes back, and is started anew between two calls of one store.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/servers.sh"
driver=s3
. "$srcdir/t/lib/drive.sh"
. "$srcdir/t/lib/trouble.sh"
unset AWS_SESSION_TOKEN AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE
own_server radosgw
(umask 077 && printf %s "$S3_SECRET" >"$work/secret")
options="endpoint=http://127.0.0.1:$S3_PORT bucket=$own access_key_id=$S3_KEY secret_access_key=@$work/secret"
succeeds 'a bucket is made' s3_bucket "$own"
# shellcheck disable=SC2086 # $options is several, here and below
calls OK 'there is an object' $options <<END
put_immutable $key $work/data
END
# shellcheck disable=SC2086
server_restarts rgw $options
# shellcheck disable=SC2086
calls NOT_FOUND 'what the server did not take is not there' $options <<END
get_immutable $other $work/none
END
done_testing
