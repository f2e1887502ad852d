#!/bin/sh
# SPDX-License-Identifier: MIT
# Every command line of the README runs: each block marked sh, in order, in one fresh home.  Of the lines that would build,
# install or test all over again, what they name must be there.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"

blocks() {
  awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$srcdir/README.md"
}
is_heavy() {
  echo "$1" | grep -qE '^(sh tools/|git clone|mkdir -p build|cd blockstore|autoreconf|[./]*/configure|make\b|sudo |cc )'
}

mkdir "$work/home"
blocks | while IFS= read -r line; do is_heavy "$line" || printf '%s\n' "$line"; done >"$work/tour"
[ "$(grep -c blockstore-cli "$work/tour")" -ge 5 ]
report $? 'the README shows a tour'
mkdir "$work/bin" # where the drivers of this build are, for who asks where they are installed
printf '#!/bin/sh\necho "%s"\n' "$builddir/plugins/.libs" >"$work/bin/pkg-config"
chmod +x "$work/bin/pkg-config"
output=$(cd "$work/home" && PATH=$work/bin:$PATH env -u XDG_CONFIG_HOME -u XDG_STATE_HOME -u XDG_DATA_HOME HOME="$work/home" "$builddir/run" sh -eu "$work/tour" 2>&1)
report $? 'the tour runs' "$output"

missing=$(blocks | sed -n 's/^sh \(tools\/[a-z-]*\).*/\1/p' | while read -r script; do [ -f "$srcdir/$script" ] || echo "$script"; done)
is_empty "$missing" 'the scripts that the README names are there'
(cd "$work" && sh "$srcdir/tools/quickstart" --help) >"$work/usage" 2>&1
is "$? $(head -n 1 "$work/usage")" '0 Usage: sh tools/quickstart [DIRECTORY]' 'quickstart --help tells how to use it'
for arguments in --bogus -x 'one two'; do
  # shellcheck disable=SC2086
  output=$(cd "$work" && sh "$srcdir/tools/quickstart" $arguments 2>&1 >/dev/null)
  is "$? $(echo "$output" | grep -c '^Usage: ')" '2 1' "quickstart $arguments is refused"
done
options=$(blocks | sed -n 's|^[./]*/configure||p' | tr ' ' '\n' | sed -n 's/^--\([a-z-]*\).*/\1/p' | while read -r option; do
  "$srcdir/configure" --help | grep -qE -e "--$option\b" || echo "--$option"
done)
is_empty "$options" 'configure knows the options that the README names'
is_empty "$(grep -nE '\]\(([^)h#][^)]*)\)' "$srcdir/README.md" | grep -oE '\]\([^)]*' | tr -d '](' | while read -r link; do
  [ -e "$srcdir/${link%%#*}" ] || echo "$link"
done)" 'the files that the README links are there'
done_testing
