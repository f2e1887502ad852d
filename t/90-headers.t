#!/bin/sh
# SPDX-License-Identifier: MIT
# Each public header compiles alone, without a warning, in the languages that its users write.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
strict='-fsyntax-only -pedantic -Wall -Wextra -Werror -Wundef -Wstrict-overflow=0'

# compiles COMPILER STANDARD LANGUAGE FILE
compiles() {
  # shellcheck disable=SC2086
  "$1" $strict "-std=$2" -I"$srcdir/include" -x "$3" "$4"
}

try() {
  if ! command -v "$1" >/dev/null; then
    skip "needs $1"
    return
  fi
  succeeds "$1 $2: $(basename "$4")" compiles "$@"
}

for header in blockstore driver; do
  printf '#include <blockstore/%s.h>\n#include <blockstore/%s.h>\nextern int alone;\n' "$header" "$header" >"$work/$header.h-alone"
done
printf '#include <blockstore/driver.h>\n#include <blockstore/blockstore.h>\nextern int alone;\n' >"$work/both"
cat >"$work/a-driver" <<'END'
#include <blockstore/driver.h>
static enum blockstore_status hello_init(void **ret_self, struct blockstore_call *call,
                                         const struct blockstore_settings *settings, const struct blockstore_next *next) {
  (void)settings;
  (void)next;
  *ret_self = NULL;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s", "hello");
}
static const struct blockstore_driver hello = {hello_init, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL};
BLOCKSTORE_REGISTER_DRIVER(hello, hello, BLOCKSTORE_VERSION("1") BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "Where"));
END

for source in "$work"/*; do
  for c in gcc clang; do
    try $c c99 c "$source"
    try $c c11 c "$source"
    try $c c2x c "$source"
  done
  for c in g++ clang++; do
    try $c c++17 c++ "$source"
    try $c c++20 c++ "$source"
  done
done
echo 'int unused(int a) { return 0; }' >"$work/careless"
fails 'a warning would be seen' compiles gcc c99 c "$work/careless"
is_empty "$(grep -nE 'config\.h|HAVE_[A-Z]' "$srcdir"/include/blockstore/*.h)" 'no public header depends on config.h'
done_testing
