#!/bin/sh
# SPDX-License-Identifier: MIT
# libblockstore exports what blockstore.h declares, no more and no less; a driver exports one symbol and wants none of ours.
# Both stay where they were loaded.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
command -v nm >/dev/null || skip_all 'needs nm'

# Functions that the header declares.
declared() {
  cpp -fpreprocessed -dD -P "$srcdir/include/blockstore/blockstore.h" 2>/dev/null | grep -v '^#' |
    grep -oE '\bblockstore_[a-z_]+\(' | tr -d '(' | sort -u
}

# Functions that the version script promises, with the node of each.
promised() {
  sed -nE 's/^(BLOCKSTORE_[0-9._]+) \{$/\1/p; s/^ +(blockstore_[a-z_]+);$/\1/p' "$srcdir/core/client/exports.map" |
    awk '/^BLOCKSTORE/ { node = $0; next } { print $0 "@@" node }' | sort
}

# What a shared object exports, less what the linker and sanitizers put in and the name of the symbols' version.
exported() {
  nm -D --defined-only --format=posix "$1" | awk '$2 != "A" { sub(/@.*/, "", $1); print $1 }' |
    grep -vE '^(_init|_fini|_end|_edata|__bss_start|__odr_asan.*)$' | sort
}

# Whether dlclose leaves it, for threads and drivers go on running its code.
stays() {
  readelf -d "$1" | grep -q 'FLAGS_1.*NODELETE'
}

library=$(find "$builddir" -path '*/.libs/libblockstore.so' | head -n 1)
[ -n "$library" ] || library=/nonexistent
is "$(exported "$library")" "$(declared)" 'libblockstore exports what blockstore.h declares'
is "$(nm -D --defined-only "$library" | sed -n 's/.* T //p' | grep '^blockstore_' | sort)" "$(promised)" \
  'and what core/client/exports.map promises: none of its names goes while the soname stays'
is_empty "$(nm -D --undefined-only "$library" | grep -E ' (lt_|curl_)' | grep -v lt_dl)" 'libblockstore wants no libcurl'
stays "$library"
report $? 'libblockstore stays loaded'

found=0
for driver in "$builddir"/plugins/.libs/*.so; do
  [ -e "$driver" ] || continue
  found=$((found + 1))
  name=$(basename "$driver" .so)
  is "$(exported "$driver")" "${name}_LTX_blockstore_driver" "$name exports its entry point alone"
  is_empty "$(nm -D --undefined-only "$driver" | grep -E ' U (bs_|blockstore_)')" "$name wants no symbol of the core"
  is_empty "$(ldd -r "$driver" 2>&1 | grep 'undefined symbol')" "$name finds all its symbols in its libraries"
  stays "$driver"
  report $? "$name stays loaded"
done
[ "$found" -gt 0 ]
report $? 'there are drivers to look at'
done_testing
