# SPDX-License-Identifier: MIT
# TAP for shell tests: . "$srcdir/t/lib/tap.sh"; plan is the number of `ok`, `not ok` lines, said at the end by done_testing.
: "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}" "${builddir:=$PWD}"
tests=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT # dash leaves out EXIT where a signal ends it
trap 'exit 143' TERM HUP

# report STATUS WHAT [DETAIL]: one test; its detail is shown when it failed.
report() {
  tests=$((tests + 1))
  if [ "$1" = 0 ]; then
    echo "ok $tests - $2"
  else
    echo "not ok $tests - $2"
    if [ -n "${3-}" ]; then printf '%s\n' "$3" | sed 's/^/#   /'; fi
  fi
}

# is_empty TEXT WHAT: the offenders that were found must be none.
is_empty() {
  [ -z "$1" ] && report 0 "$2" || report 1 "$2" "$1"
}

is() {
  [ "$1" = "$2" ] && report 0 "$3" || report 1 "$3" "got:      $1
expected: $2"
}

# like TEXT REGEX WHAT
like() {
  printf '%s\n' "$1" | grep -qE -e "$2" && report 0 "$3" || report 1 "$3" "got:  $1
like: $2"
}

# succeeds WHAT COMMAND..., fails WHAT COMMAND...
succeeds() {
  what=$1
  shift
  output=$("$@" 2>&1) && report 0 "$what" || report 1 "$what" "$output"
}

fails() {
  what=$1
  shift
  output=$("$@" 2>&1) && report 1 "$what" "$output" || report 0 "$what"
}

skip() {
  tests=$((tests + 1))
  echo "ok $tests # SKIP $1"
}

skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

done_testing() {
  echo "1..$tests"
}
