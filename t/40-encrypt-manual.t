#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of blockstore-encrypt(7): its commands run.
. "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"
command -v openssl >/dev/null || skip_all 'needs openssl'
blocks "$srcdir/plugins/encrypt/encrypt.pod" EXAMPLES "$work/blocks"
# shellcheck disable=SC2046
cat $(grep -l openssl "$work"/blocks/*) >"$work/commands"
mkdir "$work/home2"
output=$(cd "$work/home2" && HOME=$PWD "$builddir/run" sh -eux "$work/commands" 2>&1)
report $? 'its commands run' "$(printf '%s\n' "$output" | tail -n 20)"
like "$output" 'dear diary' 'and give what was put'
like "$output" 'a new leaf$' 'also with another key'
is "$(stat -c %a "$work/home2/far.key") $(wc -l <"$work/home2/far.key")" '600 2' 'the key file has both keys, for nobody else'
done_testing
