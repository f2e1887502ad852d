#!/bin/sh
# SPDX-License-Identifier: MIT
# The s3 driver with a real server: uploads in parts, repair, credentials, a public bucket, and what it says is wrong.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/s3.sh"

# tells WHY WHAT: `stores` is not healthy, for this reason.
tells() {
  cli stores
  is "$status $(member healthy)" '1 false' "$2: the store is not healthy"
  like "$(member stores.0.error)" "$1" "$2: and why"
  is_empty "$(grep -F -e "$S3_SECRET" -e 'another secret' "$out" "$err")" "$2: no secret is told"
}

# In parts.
head -c 75000000 /dev/urandom >"$work/long"
key=$(sha256 "$work/long")
exits 0 'a long object' put_immutable alice.id "@$work/long"
exits 0 'comes back' get_immutable alice.id "$key" -o "$work/back"
succeeds 'as it was' cmp "$work/long" "$work/back"
exits 0 'it is put again' put_immutable alice.id "@$work/long"
is "$(s3 GET "/$own?list-type=2" | grep -c -e '-9&quot;')" 1 'it went up in nine parts'
is_empty "$(s3 GET "/$own?uploads=" | grep -o '<Upload>')" 'no upload is left open'

# Damage behind the driver's back: other bytes, of the same length or another.
exits 0 'an object' put_immutable alice.id 'some data'
small=$(printf 'some data' | sha256)
printf 'more data' >"$work/other"
for each in "$small" "$key"; do
  succeeds 'it is damaged' put "$work/other" "/$(at "$each")"
  exits 5 'a reader sees it' get_immutable alice.id "$each" -o "$work/damaged"
done
exits 0 'putting again' put_immutable alice.id 'some data'
exits 0 'repairs it' get_immutable alice.id "$small"
exits 0 'putting the long one again' put_immutable alice.id "@$work/long"
exits 0 'repairs it, too' get_immutable alice.id "$key" -o "$work/back"
exits 0 'it is deleted' delete_immutable alice.id "$key" --purge
fails 'and is gone' s3 GET "/$own/$(at "$key")"

# A storage class that there is, and one that there is not.
configure "$S3_PORT" 'storage_class: STANDARD'
exits 0 'a storage class' put_immutable alice.id 'of a class'
configure "$S3_PORT" 'storage_class: COLD'
exits 7 'one that there is not' put_immutable alice.id 'of no class'
like "$(member error)" 'InvalidArgument|InvalidStorageClass' 'is told'

# A quota that is used up, as a full disk is.
s3_bucket "full-$own"
succeeds 'a bucket with a quota' s3_quota "full-$own" 65536
configure "$S3_PORT" "bucket: full-$own"
head -c 100000 /dev/urandom >"$work/more"
exits 0 'a name that has nothing elsewhere' register full.id
exits 7 'more than it takes' put_immutable full.id "@$work/more"
like "$(member error)" 'The quota is used up' 'is told'
is_empty "$(s3 GET "/full-$own?list-type=2" | grep -o '<Key>')" 'and leaves nothing'
exits 0 'less can be put' put_immutable full.id 'a little'

# A clock that is off.
configure "$S3_PORT"
(
  past_libtool
  program="env LD_PRELOAD=$builddir/t/lib/.libs/skewed.so SKEWED=-4000 ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 $program"
  $program stores >"$work/skewed" 2>&1
)
like "$(cat "$work/skewed")" 'The clock is off: this computer.s says .*, the server.s' 'a clock that is off is told'

# Credentials.
configure "$S3_PORT"
cli stores
says stores.0.report.credentials environment 'the environment has them'
says stores.0.report.url "http://127.0.0.1:$S3_PORT/$own/" 'the place is told'
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
mkdir "$HOME/.aws"
printf '[default]\naws_access_key_id = nobody\naws_secret_access_key = x\n[right]\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
  "$S3_KEY" "$S3_SECRET" >"$HOME/.aws/credentials"
tells 'does not know the access key id' 'an unknown key'
configure "$S3_PORT" 'profile: right'
cli stores
says stores.0.report.credentials profile 'a profile has them'
configure "$S3_PORT" 'profile: wrong'
tells 'no profile .wrong.' 'no such profile'
(umask 077 && printf 'another secret' | tr ' ' _ >"$work/secret")
configure "$S3_PORT" "access_key_id: $S3_KEY" "secret_access_key: {file: $work/secret}"
tells 'secret access key is wrong' 'a wrong secret'
refused 7 unreachable 'secret access key is wrong' get_immutable alice.id "$small"
exits 7 'a put looks at the name first' -v put_immutable alice.id 'some data'
is_empty "$(grep -F another_secret "$out" "$err")" 'the log tells no secret'
configure "$S3_PORT" 'profile: right' "bucket: none-$own"
tells 'bucket does not exist' 'no such bucket'
configure 1 'profile: right'
tells 'Nobody listens there' 'no server'

# Everybody may read.
configure "$S3_PORT" 'anonymous: true'
tells 'Access denied' 'nobody may list it'
printf '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
  "Resource": ["arn:aws:s3:::%s", "arn:aws:s3:::%s/*"]}]}' "$own" "$own" >"$work/policy"
succeeds 'everybody may read it' put "$work/policy" '?policy='
exits 0 'without credentials the store is healthy' stores
says stores.0.report.credentials none 'and has none'
exits 0 'what is there can be read' get_immutable alice.id "$small"
exits 9 'nothing can be put' put_immutable alice.id 'other data'
like "$(member error)" 'no credentials' 'and why'
done_testing
