#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of blockstore-s3(7): its configurations are read, its commands run with a real server, by TLS.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/s3.sh"
. "$srcdir/t/lib/pod.sh"
# t/90-doc-examples.t reads the configurations.
blocks "$srcdir/plugins/s3/s3.pod" EXAMPLES "$work/blocks"
for block in "$work"/blocks/*; do
  [ "$(head -n 1 "$block")" = stores: ] || cat "$block" >>"$work/commands"
done
succeeds 'the bucket of the manual' s3_bucket my-data
mkdir "$work/home2"
output=$(cd "$work/home2" && unset BLOCKSTORE_KEY_FILE && HOME=$PWD ENDPOINT=https://localhost:$S3_TLS_PORT CA=$S3_TLS/ca.pem \
  "$builddir/run" sh -eux "$work/commands" 2>&1)
report $? 'its commands run' "$(printf '%s\n' "$output" | tail -n 20)"
like "$output" 'at home$' 'and give what was put'

# Somebody else's bucket beside a disk: with what the page says, the usual policy asks the disk alone.
grant() {
  printf '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::%s", "arn:aws:s3:::%s/*"]}]}' "$own" "$own" >"$work/policy"
  put "$work/policy" '?policy='
}
succeeds 'everybody may read the bucket' grant
sed "s|https://s3.example.org|http://127.0.0.1:$S3_PORT|; s/their-data/$own/" "$(grep -l 'anonymous: true' "$work"/blocks/*)" >"$work/public.yaml"
exits 0 'both stores are healthy' -c "$work/public.yaml" stores
exits 0 'a name' -c "$work/public.yaml" register beside.id
exits 0 'data' -c "$work/public.yaml" put_immutable beside.id 'some data'
exits 0 'a record' -c "$work/public.yaml" put_mutable beside.id status 'at home'
exits 0 'can be read' -c "$work/public.yaml" get_mutable beside.id status
exits 0 'and are deleted where they are' -c "$work/public.yaml" delete_mutable beside.id status
grep -v durable "$work/public.yaml" >"$work/counted.yaml"
refused 9 denied 'There are no credentials.*durable: false' -c "$work/counted.yaml" put_immutable beside.id 'other data'
done_testing
