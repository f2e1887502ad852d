#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual page of blockstore-driver-test has the options of its --help, and its examples run.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/pod.sh"
pod=$srcdir/doc/blockstore-driver-test.pod
program=$builddir/tools/bin/blockstore-driver-test

"$program" --help >"$work/help"
sed -nE 's/^ +(-o KEY=VALUE|-O KEY=VALUE|--[a-z]+(\[?=[^ ]*)?(, --version)?).*/\1/p' "$work/help" | sort >"$work/options"
[ "$(wc -l <"$work/options")" -ge 10 ]
report $? '--help has options' "$(cat "$work/help")"
is "$(items "$pod" OPTIONS | sort)" "$(cat "$work/options")" 'the manual page has the options of --help with their arguments'
is_empty "$(podchecker "$pod" 2>&1 | grep -v 'pod syntax OK')" 'the manual page is well-formed'

blocks "$pod" EXAMPLES "$work/examples"
mkdir "$work/bin"
ln -s "$program" "$work/bin/blockstore-driver-test"
printf '#!/bin/sh\necho "%s"\n' "$builddir/plugins/.libs" >"$work/bin/pkg-config"
chmod +x "$work/bin/pkg-config"
sed '1!d' "$work/examples/001" >"$work/setting"
PATH=$work/bin:$PATH
cd "$work" || exit 1
BLOCKSTORE_PLUGIN_PATH=$builddir/plugins/.libs BLOCKSTORE_DRIVER_HOST=$builddir/tools/libexec/driver-host
export BLOCKSTORE_PLUGIN_PATH BLOCKSTORE_DRIVER_HOST
for example in 001 002 003 005; do
  cat setting "examples/$example" >script
  succeeds "example $example runs" sh -e script
done
done_testing
