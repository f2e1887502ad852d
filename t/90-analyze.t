#!/bin/sh
# SPDX-License-Identifier: MIT
# Whatever keeps an analyzer, a compiler or valgrind quiet has its reason beside it; and `make analyze` fails on what it finds.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
cd "$srcdir" || exit 1

# The checks that a .clang-tidy turns off, whose name stands in none of its comments.
unexplained_checks() {
  sed -n 's/^  -\([a-z].*[a-zA-Z0-9]\),*$/\1/p' "$1" | while read -r check; do
    grep '^#' "$1" | grep -qE "(^|[ ,])$check(,|  |$)" || echo "$check"
  done
}

# NOLINT without a check, or without a reason behind it on its line.
unexplained_lints() {
  grep -rn 'NOLINT' "$@" --include='*.[ch]' | grep -vE 'NOLINT(NEXTLINE)?\([a-z][a-zA-Z0-9.-]+\): [a-z].{8}'
}

# "FILE:LINE" of each line like $1 without a comment on it or on one of the two lines before.
uncommented() {
  pattern=$1
  shift
  find "$@" -type f -exec awk -v pattern="$pattern" '
    FNR == 1 { one = two = "" }
    $0 ~ pattern && (two one $0) !~ /\/\*|^#|# / { print FILENAME ":" FNR }
    { two = one; one = $0 }' {} +
}

is_empty "$(unexplained_checks .clang-tidy)" 'each check of clang-tidy that is off has its reason'
is_empty "$(grep -o 'Wno-analyzer-[a-z-]*' tools/analyze | sed 's/Wno-analyzer-//' | while read -r check; do
  grep -qE "^#   $check  +[A-Za-z]" tools/analyze || echo "$check"
done)" 'each check of gcc that is off has its reason'
is_empty "$(unexplained_lints core plugins tools include t examples)" 'each NOLINT names its check and has its reason'
is_empty "$(uncommented 'pragma (GCC|clang) diagnostic|no_sanitize' core plugins tools include t/lib t/fuzz examples)" \
  'each warning and sanitizer that is off in the code has its reason'
is_empty "$(uncommented '^[{]' t/glibc.supp)" 'each suppression of valgrind has its reason'

# What `make analyze` looks at: all but the tests, of which tools/driver-test is one.
unanalyzed() {
  sed -n '/^ANALYZE_FILES = /,/[^\\]$/p' tools/Makefile.inc | tr -s ' \t\\' '\n' | sed -n 's|^$(srcdir)/||p' >"$work/patterns"
  # shellcheck disable=SC2046 # patterns
  printf '%s\n' $(cat "$work/patterns") | sort >"$work/analyzed"
  find "$@" -name '*.c' ! -path 'tools/driver-test/*' | sort | comm -23 - "$work/analyzed"
}
is_empty "$(unanalyzed core plugins tools)" 'each source of core, plugins and tools is looked at'

# These looks see what is wrong.
like "$(unanalyzed core plugins tools examples)" '^examples/' 'a source that is not looked at is seen'
sed 's/^# bugprone-sizeof-expression .*/# nothing/' .clang-tidy >"$work/tidy"
is "$(unexplained_checks "$work/tidy")" bugprone-sizeof-expression 'a check without a reason is seen'
mkdir "$work/lint" "$work/pragma"
printf 'int a; /* NOLINT */\nint b; // NOLINT(misc-a)\nint c; /* NOLINT(misc-a): it is so */\n' >"$work/lint/a.c"
is "$(unexplained_lints "$work/lint" | wc -l)" 2 'a NOLINT without a reason is seen'
printf 'int a;\n\n#pragma GCC diagnostic ignored "-Wall"\n' >"$work/pragma/a.c"
is "$(uncommented 'pragma GCC diagnostic' "$work/pragma")" "$work/pragma/a.c:3" 'a pragma without a reason is seen'

analyze() {
  sh tools/analyze "$1" -DHAVE_CONFIG_H -I"$builddir" -I"$srcdir" -I"$srcdir/include" -std=gnu11
}
for tool in gcc clang-tidy; do
  command -v "$tool" >/dev/null && continue
  skip "needs $tool"
  done_testing
  exit
done
# That bs_fail returns false is what both must know.
cat >"$work/good.c" <<'END'
#include "core/base/error.h"
int first(int number, struct bs_error *error);
static bool find(const char **ret_text, int number, struct bs_error *error) {
  if (number < 0) return bs_fail(error, BS_WORD_failed, "The number is negative.");
  *ret_text = "text";
  return true;
}
int first(int number, struct bs_error *error) {
  const char *text = NULL;
  return find(&text, number, error) ? *text : 0;
}
END
succeeds 'nothing is found where nothing is wrong' analyze "$work/good.c"
sed 's/  if (number < 0)/  if (number == 5) return true;\n&/' "$work/good.c" >"$work/null.c"
fails 'what is NULL on one way is found' analyze "$work/null.c"
printf '#include <stdlib.h>\nvoid f(void *p);\nvoid f(void *p) {\n  free(p);\n  free(p);\n}\n' >"$work/twice.c"
fails 'what gcc finds fails' analyze "$work/twice.c"
is "$(printf '%s' "$output" | grep -c 'analyzer-double-free\]')" 1 'and is told'
printf 'int f(int a);\nint f(int a) {\n  if (a == 1);\n    a = 2;\n  return a;\n}\n' >"$work/semicolon.c"
fails 'what clang-tidy finds fails' analyze "$work/semicolon.c"
is "$(printf '%s' "$output" | grep -c 'error: .*bugprone-suspicious-semicolon')" 1 'and is told, too'
done_testing
