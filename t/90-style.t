#!/bin/sh
# SPDX-License-Identifier: MIT
# What holds for every source file: licence line, length, config.h first, and functions that the compiler refuses.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
cd "$srcdir" || exit 1

c_sources() {
  find core plugins tools t examples include -type f \( -name '*.c' -o -name '*.h' \) | sort
}

# C, shell and build files; a built C test also ends in .t.
all_sources() {
  c_sources
  find . -maxdepth 1 -name '*.a[cm]' -o -maxdepth 1 -name '*.in' ! -name 'Makefile.in' ! -name config.h.in ! -name '*.pc.in'
  find core plugins tools t examples include doc -name '*.inc'
  grep -rlIE '^#!/bin/sh' tools t debian --include='*' | grep -vE '\.(o|log)$'
}

# Functions longer than $1 lines: a name at the left edge begins one, a lone brace there ends it.
long_functions() {
  awk -v limit="$1" 'FNR == 1 { start = 0 } /^[A-Za-z_]/ { start = FNR } /^}$/ && FNR - start + 1 > limit {
    print FILENAME ":" start ": " FNR - start + 1 " lines" }' $2
}

without_licence=$(all_sources | while read -r file; do head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "$file"; done)
is_empty "$without_licence" 'every source has its licence line'
is_empty "$(c_sources | xargs wc -l | awk '$2 != "total" && $1 > 1000')" 'no file has more than 1,000 lines'
is_empty "$(long_functions 100 "$(c_sources)")" 'no function has more than 100 lines'
is_empty "$(c_sources | xargs grep -nE '	| $')" 'no tab and no space at the end of a line'
is_empty "$(c_sources | xargs awk 'length > 130 { print FILENAME ":" FNR ": " length " columns" }')" 'no line of C has more than 130 columns'
first=$(find core plugins tools -name '*.c' | while read -r file; do
  grep -m1 -E '^# *include' "$file" | grep -qE '<config.h>' || echo "$file"
done)
is_empty "$first" 'every .c begins with config.h'
is_empty "$(grep -rnE '\b(printf|puts|putchar|perror|exit|abort|assert|setlocale) *\(' core --include='*.[ch]' |
  grep -vE ':[0-9]+: *(/?\*|//)|format\(printf|__printf__')" 'the library never prints, exits or aborts'

# compiles FILE: with the project's own config.h before it.
compiles() {
  ${CC:-gcc} -fsyntax-only -I"$builddir" -I"$srcdir" -I"$srcdir/include" -x c "$1"
}
printf '#include <config.h>\nint f(const char *s);\nint f(const char *s) { return (int)strtol(s, NULL, 10); }\n' >"$work/good"
printf '#include <config.h>\nint f(const char *s);\nint f(const char *s) { return atoi(s); }\n' >"$work/bad"
succeeds 'strtol compiles' compiles "$work/good"
fails 'atoi does not' compiles "$work/bad"
{
  echo 'int f(void) {'
  yes '  f();' | head -n 99
  echo '}'
} >"$work/long"
is "$(long_functions 100 "$work/long" | wc -l)" 1 'a function of 101 lines is seen'

# wrong_skips FILE: lines for a test that has one already, or that there is not.
wrong_skips() {
  sed '/^#/d; /^$/d; s/: .*//' "$1" | sort | uniq -c | while read -r count test; do
    [ "$count" = 1 ] || echo "$test: $count lines"
    [ -e "$test" ] || [ -e "${test%.t}.c" ] || echo "$test: there is no such test"
  done
}
is_empty "$(wrong_skips t/allowed-skips)" 'each line of t/allowed-skips is the one for a test that there is'
printf 't/90-style.t: a\nt/90-style.t: b\nt/90-style(-x)?.t: c\n' >"$work/skips"
is "$(wrong_skips "$work/skips" | wc -l)" 2 'a second line, and one for no test, are seen'
done_testing
