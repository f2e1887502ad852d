#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of blockstore-s3(7): its configurations are read, its commands run with a real server, by TLS.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/s3.sh"
. "$srcdir/t/lib/pod.sh"
blocks "$srcdir/plugins/s3/s3.pod" EXAMPLES "$work/blocks"
for block in "$work"/blocks/*; do
  if [ "$(head -n 1 "$block")" = stores: ]; then
    exits 0 "a configuration is read: $(sed -n 2p "$block")" -c "$block" config
  else
    cat "$block" >>"$work/commands"
  fi
done
succeeds 'the bucket of the manual' s3_bucket my-data
mkdir "$work/home2"
output=$(cd "$work/home2" && unset BLOCKSTORE_KEY_FILE && HOME=$PWD ENDPOINT=https://localhost:$S3_TLS_PORT CA=$S3_TLS/ca.pem \
  "$builddir/run" sh -eux "$work/commands" 2>&1)
report $? 'its commands run' "$(printf '%s\n' "$output" | tail -n 20)"
like "$output" 'at home$' 'and give what was put'
done_testing
