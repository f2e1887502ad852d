#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual page of the client API declares what blockstore.h declares, and nothing else; each of it is told; its example
# compiles without a warning in the languages of its readers, and runs.
. "${srcdir:-$(dirname "$0")/..}/t/lib/cli.sh"
. "$srcdir/t/lib/pod.sh"
header=$srcdir/include/blockstore/blockstore.h
pod=$srcdir/doc/blockstore.3.pod

# Every declaration of a C text, one a line, however it is laid out.
declarations() {
  perl -0777 -ne '
    s{/\*.*?\*/}{}gs;
    s/\\\n/ /g;
    s/^#.*$//gm;
    s/extern "C" \{//;
    s/\bBLOCKSTORE_(API|MUST_CHECK)\b//g;
    s/\s+/ /g;
    while (/\s*((?:[^;{]|\{[^}]*\})*;)/g) {
      $_one = $1;
      $_one =~ s/\s*([(){};,*=])\s*/$1/g;
      $_one =~ s/,\}/}/;
      print "$_one\n";
    }' "$@" | LC_ALL=C sort
}

blocks "$pod" '[A-Z ]*' "$work/blocks"
cat "$work"/blocks/* >"$work/all"
is_empty "$(grep -L . "$work"/blocks/*)" 'no block is empty'
grep -lE '^(enum|struct|typedef|const|void|int|size_t|uint64_t) ' "$work"/blocks/* | while read -r block; do
  grep -q '^#include' "$block" || cat "$block"
done | sed '/^struct blockstore_error \*error = NULL;$/d' >"$work/page.c"
declarations "$work/page.c" >"$work/page"
declarations "$header" >"$work/header"
[ "$(wc -l <"$work/header")" -ge 90 ]
report $? 'the header has declarations' "$(cat "$work/header")"
is_empty "$(comm -13 "$work/page" "$work/header")" 'every declaration of the header is in the page, word by word'
is_empty "$(comm -23 "$work/page" "$work/header")" 'and the page has no other'
is_empty "$(uniq -d "$work/page")" 'and none twice'

# What is said of them: outside of the blocks each function, type of a callback, result and macro has its words.
grep -v '^ ' "$pod" >"$work/prose"
is_empty "$(grep -oE '\b(blockstore_[a-z_]+\(|BLOCKSTORE_[A-Z_]*[A-Z])\b' "$pod" |
  grep -vx BLOCKSTORE_PLUGIN_PATH | tr -d '(' | sort -u | while read -r word; do
  grep -qw "$word" "$header" || echo "$word"
done)" 'no function or constant is named that is not there'
for word in $(sed -n 's/^#define \(BLOCKSTORE_[A-Z_]*\)[ (].*/\1/p' "$header") \
  $(sed -n '/^enum blockstore_result {/,/^}/s/^  \([A-Z_]*\) =.*/\1/p' "$header"); do
  grep -qw "$word" "$work/prose" || echo "$word"
done >"$work/untold"
is_empty "$(cat "$work/untold")" 'every macro and every result is told'
members=$(sed -n '/^struct blockstore_[a-z_]* {/,/^}/s/^  [^*/]*\b\([a-z_]*\);.*/\1/p' "$header" | sort -u)
is_empty "$(for member in $members; do grep -qw "$member" "$work/prose" || echo "$member"; done)" 'every member of the options is told'
is_empty "$(sed -n 's/^    {"\([a-z_]*\)", [0-9].*/\1/p' "$srcdir/core/client/methods.c" |
  while read -r method; do
  grep -q "C<$method>" "$pod" || echo "$method"
done)" 'every method is told'

# ---- the example ----

example=$srcdir/$(sed -n 's/^=for include //p' "$pod")
is "$(cd "$srcdir" && ls "$example")" "$srcdir/examples/link/put.c" 'the page includes an example'
is_empty "$(awk 'length > 76 { print FILENAME ":" FNR }' "$example")" 'which is no wider than the page'
page=$builddir/doc/blockstore.3
[ -e "$page" ] || page=$srcdir/doc/blockstore.3
is "$(grep -c 'usage: put NAME KEYFILE TEXT' "$page")" 1 'and is in the page that was built'

# compiles COMPILER STANDARD LANGUAGE
compiles() {
  "$1" "-std=$2" -pedantic -Wall -Wextra -Werror -I"$srcdir/include" -x "$3" -c -o "$work/put.o" "$example"
}
for try in 'gcc c99 c' 'gcc c11 c' 'g++ c++17 c++' 'clang c99 c' 'clang c11 c' 'clang++ c++17 c++'; do
  # shellcheck disable=SC2086
  set -- $try
  command -v "$1" >/dev/null || { skip "needs $1"; continue; }
  succeeds "the example compiles: $try" compiles "$@"
done

# With the compiler and the sanitizers of this build.
variable() {
  sed -n "s/^$1 = //p" "$builddir/Makefile"
}
# shellcheck disable=SC2046
succeeds 'it links' $(variable CC) $(variable CFLAGS) $(variable BS_LDFLAGS) -I"$srcdir/include" -o "$work/put" "$example" \
  -L"$builddir/.libs" -Wl,-rpath,"$builddir/.libs" -lblockstore
own_name alice.id
"$builddir/run" "$work/put" alice.id "$HOME/key" 'hello, world' >"$out" 2>"$err"
is "$?, $(cat "$out" "$err")" "0, $(printf 'hello, world' | sha256), from the store home:
hello, world" 'it puts and gets'
cli keygen "$HOME/other"
"$builddir/run" "$work/put" alice.id "$HOME/other" 'not mine' >"$out" 2>"$err"
is "$?, $(cat "$out")" '9, ' 'a failure is its result'
like "$(cat "$err")" '^put: The name alice\.id is owned by .* \(denied\)$' 'and is told'
rm -r "$HOME/.local/share/blockstore"
"$builddir/run" "$work/put" alice.id "$HOME/key" 'and more' >"$out" 2>"$err"
is "$?, $(grep -c '^put: home: ' "$err")" '3, 1' 'so is each store'
"$work/put" >"$out" 2>"$err"
is "$?, $(cat "$err")" '2, usage: put NAME KEYFILE TEXT' 'it says how it is used'
done_testing
