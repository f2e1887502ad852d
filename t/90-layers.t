#!/bin/sh
# SPDX-License-Identifier: MIT
# Calls go one way: a room includes no header of a room above or beside it, a plugin knows the driver ABI and its
# helpers only, the command line and the examples know the public header only.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
cd "$srcdir" || exit 1

# "FILE:#include ..." of every source below the given folders.
includes() {
  find "$@" \( -name '*.c' -o -name '*.h' \) -type f -exec grep -HE '^ *# *include' {} + | sed 's/# *include *//'
}

# "FILE: header" of every include that looks up or sideways.
climbing() {
  includes core | awk -F '[/:"]' '
    BEGIN {
      split("base codec crypto record state", low, " ")
      for (i in low) height[low[i]] = i + 0
      height["chain"] = height["driver"] = 6; height["names"] = height["replica"] = 7; height["bitcoind"] = 8; height["client"] = 8
    }
    !($2 in height) { print; next }
    {
      header = $0; sub(/^[^:]*:/, "", header)
      if (header !~ /^"core\//) next
      split(header, path, "/")
      if (path[2] != $2 && !(height[path[2]] < height[$2])) print
    }'
}

is_empty "$(climbing)" 'no room includes a header from above or beside it'
# Both sides of the channel to a program are made of one file.
frame='^tools/driver-host/[a-z]+\.[ch]:"plugins/exec/frame\.h"$'
is_empty "$(includes core tools | grep -E ':"' | grep -vE ":\"(core|tools)/|$frame")" 'private headers are named from the top'
is_empty "$(includes core | grep -E '"(plugins|tools)/')" 'the core includes nothing of plugins and tools'
is_empty "$(includes plugins/common | grep -E ':("|<blockstore/)' | grep -vE '/plugin\.h:"core/base/auto\.h"' |
  grep -vE ':"[a-z]+\.h"|<blockstore/driver.h>')" 'what authors of drivers copy includes driver.h only'
is_empty "$(includes plugins | grep -vE '^plugins/common/' | grep -E ':("|<blockstore/)' |
  grep -vE '"plugins/|<blockstore/(driver|filter).h>')" 'a driver includes driver.h, filter.h and plugins only'
is_empty "$(includes plugins | awk -F '[/:"]' '$2 != "common" && /"plugins\// && !/"plugins\/common\// &&
  index($0, "\"plugins/" $2 "/") == 0')" 'a driver includes no other driver'
is_empty "$(includes tools/blockstore-cli examples | grep -E '"(core|plugins)/')" 'the command line and the examples are held to the public header'
is_empty "$(includes include | grep -E ':"')" 'the public headers need no private one'

# The libraries that one room keeps to itself.  The floors of the benches are those libraries and nothing else.
floors='^tools/bench-(mutable|index)/floor-'
is_empty "$(grep -rlE 'lt_dl|<ltdl\.h>' core tools plugins examples --include='*.[ch]' | grep -vx core/driver/module.c)" \
  'only core/driver/module.c knows libltdl'
is_empty "$(includes core tools plugins | grep '<sqlite3.h>' | grep -vE "^core/(state|chain)/|$floors")" 'only state and chain know SQLite'
is_empty "$(includes core tools plugins | grep '<secp256k1' | grep -vE "^core/crypto/|$floors")" 'only crypto knows secp256k1'
is_empty "$(includes core tools plugins | grep '<yaml.h>' | grep -vE '^core/codec/')" 'only codec knows libyaml'
is_empty "$(includes core include | grep '<curl/' | grep -v '^core/bitcoind/')" 'the library does not know libcurl'

# A test that cannot fail is none: the same look at a room that climbs.
mkdir -p "$work/core/base"
echo '#include "core/client/session.h"' >"$work/core/base/buffer.c"
cd "$work" || exit 1
is "$(climbing)" 'core/base/buffer.c:"core/client/session.h"' 'a climbing include is seen'
done_testing
