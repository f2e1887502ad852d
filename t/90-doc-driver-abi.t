#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual for driver authors has every entry point, status and option type of the header, and its skeleton, and that of a
# filter, is built and examined by the commands that stand there.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
. "$srcdir/t/lib/pod.sh"
pod=$srcdir/doc/blockstore-driver.3.pod
header=$srcdir/include/blockstore/driver.h

# words SECTION: the words in the items of a section, sorted.
words() {
  items "$pod" "$1" | tr -s ', ' '\n' | sort
}

is "$(words 'ENTRY POINTS')" "$(sed -n '/^struct blockstore_driver {/,/^}/s/.*(\*\([a-z_]*\))(.*/\1/p' "$header" | sort)" 'it has the entry points'
is "$(words RESULTS)" "$(sed -n '/^enum blockstore_status {/,/^}/s/^  \(BLOCKSTORE_STATUS_[A-Z_]*\) =.*/\1/p' "$header" | sort)" 'it has the statuses'
is "$(words OPTIONS)" "$({
  sed -n 's/^#define BLOCKSTORE_OPTION_\([A-Z]*\) "[a-z]*"$/\1/p' "$header" | grep -vxE 'REQUIRED|OPTIONAL'
  echo BLOCKSTORE_OPTION_ENUM
} | sort)" 'it has the option types'
sed -n 's/.*(\*\([a-z_]*\))(.*/\1/p' "$header" | sort -u >"$work/functions"
is_empty "$(while read -r name; do grep -qF "$name" "$pod" || echo "$name"; done <"$work/functions")" \
  'it speaks of each function that a driver may call'
is_empty "$(podchecker "$pod" 2>&1 | grep -v 'pod syntax OK')" 'it is well-formed'

blocks "$pod" SYNOPSIS "$work/synopsis"
cat "$work"/synopsis/* >"$work/all"
sed '/^cc /,$d' "$work/all" >"$work/mine.c"
sed -n '/^cc /,$p' "$work/all" >"$work/commands"
mkdir "$work/bin" "$work/drivers"
ln -s "$builddir/tools/bin/blockstore-driver-test" "$work/bin/"
cat >"$work/bin/pkg-config" <<END
#!/bin/sh
case \$1 in
  --cflags) echo "-I$srcdir/include" ;;
  *) echo "$work/drivers" ;;
esac
END
chmod +x "$work/bin/pkg-config"
PATH=$work/bin:$PATH
cd "$work" || exit 1
sh -c "$(sed '/^blockstore-driver-test/d; /^install/d' commands)" 2>errors
report $? 'the skeleton is built' "$(cat errors)"
sh -c "$(grep '^blockstore-driver-test' commands)" >examined 2>&1
is "$?" 1 'and examined: it does nothing yet'
grep -q 'Its table has no handles_url' examined
report $? 'it lacks the rest of its table' "$(grep -A 1 '^not' examined)"
sh -c "$(grep '^install' commands)"
is "$(ls drivers)" mine.so 'it is installed'

# The skeleton of blockstore-filter(3) does all that a store does, as it leaves everything as it is.
rm -f mine.so mine.c
blocks "$srcdir/doc/blockstore-filter.3.pod" SYNOPSIS "$work/filter"
cat "$work"/filter/* >"$work/all"
sed '/^cc /,$d' "$work/all" >"$work/mine.c"
sed -n '/^cc /,$p' "$work/all" >"$work/commands"
sh -c "$(sed '/^blockstore-driver-test/d' commands)" 2>errors
report $? 'the skeleton of a filter is built' "$(cat errors)"
sh -c "$(grep '^blockstore-driver-test' commands) --only='immutable.*,mutable.*,filter.*'" >examined 2>&1
report $? 'and shows what is asked of a store' "$(cat examined)"
grep -q '^ok [0-9]* - filter.below' examined
report $? 'as a filter' "$(cat examined)"
done_testing
