#!/bin/sh
# SPDX-License-Identifier: MIT
# Every skip of the run that this test ends stands in t/allowed-skips.  tools/run-tests leaves the TAP of the tests
# before this one in the folder $PERL_TEST_HARNESS_DUMP_TAP.
set -eu
: "${srcdir:=$(dirname "$0")/..}"
tap=${PERL_TEST_HARNESS_DUMP_TAP-}
if [ -z "$tap" ]; then
  echo '1..0 # SKIP only tools/run-tests keeps the output of all tests'
  exit
fi

# "FILE reason" of each skip, of a whole file or of one test in it.
skips() {
  find "$tap" -type f -name '*.t' ! -name '99-skips.t' | sort | while read -r file; do
    sed -n "s|^ *\(ok\|1\.\.0\)\>.*# *[Ss][Kk][Ii][Pp][A-Za-z]*:* *|t/$(basename "$file") |p" "$file"
  done
}

# A tool that is asked for by "needs TOOL" and could be had is no reason.
tool_is_there() {
  case $1 in
    'needs '*)
      tool=${1#needs }
      [ "${CI-}" = true ] || command -v "${tool%%[ :,]*}" >/dev/null
      ;;
    *) false ;;
  esac
}

is_allowed() {
  sed '/^#/d; /^$/d' "$srcdir/t/allowed-skips" | while IFS= read -r line; do
    test=${line%%: *}
    if [ "t/${test#t/}" = "$1" ] && printf '%s\n' "$2" | grep -qxE -e "${line#*: }"; then echo yes; fi
  done | grep -q yes
}

echo 1..2
refused=$(skips | while read -r file reason; do
  if tool_is_there "$reason" || ! is_allowed "$file" "$reason"; then echo "# $file: $reason"; fi
done)
[ -z "$refused" ] || printf '%s\n' "$refused"
[ -z "$refused" ] && echo 'ok 1 - every skip is allowed' || echo 'not ok 1 - every skip is allowed'
find "$tap" -name '*.t' | grep -q . && echo 'ok 2 - there was something to look at' || echo 'not ok 2 - no output found'
