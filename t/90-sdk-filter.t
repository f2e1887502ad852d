#!/bin/sh
# SPDX-License-Identifier: MIT
# examples/filter, copied elsewhere, is built against an installed Blockstore with autotools, and renamed by its plain Makefile;
# what is put through it lies below in another form, and comes back as it was.
sdk_tools=autoreconf
. "${srcdir:-$(dirname "$0")/..}/t/lib/sdk.sh"
for tool in libtoolize aclocal pod2man; do
  command -v $tool >/dev/null || skip_all "needs $tool"
done

# ---- with autotools ----

is_empty "$(diff -r "$srcdir/examples/filter" "$(pkg-config --variable=docdir blockstore)/examples/filter" 2>&1)" 'the example is installed'
copy_example filter "$work/mine"
succeeds 'autoreconf' sh -c "cd '$work/mine' && autoreconf -fi"
output=$(configure --with-blockstore-driverdir="$work/drivers")
report $? 'configure' "$output"
succeeds 'make' make -C "$work/try"
is "$(make -s -C "$work/try" check 2>&1 | sed -n '/^1\.\./s/[0-9]*$//p; /^not ok/p; /is not installed/s/.*/1../p')" 1.. \
  'make check runs the tests of drivers, which it passes, or says why not'
succeeds 'make install' make -s -C "$work/try" install prefix="$work/installed"
is "$(ls "$work/drivers")" mask.so 'the filter is installed'
is "$(find "$work/installed" -type f -size +1k | sed 's/.*man7/man7/')" man7/blockstore-mask.7 'with its manual'
exports_entry "$work/drivers/mask.so" mask
like "$(readelf -d "$work/drivers/mask.so" | tr '\n' ' ')" 'NOW.*NODELETE' 'is bound at once and resident'
succeeds 'make uninstall' make -s -C "$work/try" uninstall prefix="$work/installed"
is_empty "$(find "$work/drivers" "$work/installed" ! -type d)" 'nothing is left'

# ---- renamed, by its plain Makefile ----

copy_example filter "$work/renamed"
rename_example mask "$work/renamed"
succeeds 'plain.mk' make -s -C "$work/renamed" -f plain.mk CC="$(variable CC)" CFLAGS='-O2 -Wall -Wextra -Werror'
exports_entry "$work/renamed/mine.so" mine
cp "$work/renamed/mine.so" "$work/drivers"
succeeds 'it can be installed' make -s -C "$work/renamed" -f plain.mk install DESTDIR="$work/there" driverdir=/drivers
succeeds 'which puts the file there' cmp "$work/renamed/mine.so" "$work/there/drivers/mine.so"

# ---- in use ----

# store FILTERS: $config has one store of files, with these.
store() {
  cat >"$config" <<END
plugin_path: [$work/drivers, $library/blockstore/drivers]
state_dir: $HOME/state
stores:
  - {name: home, driver: disk, root: $HOME/data, filters: $1}
END
}
use() { # STATUS WHAT ARGUMENT...
  expected=$1 what=$2
  shift 2
  exits "$expected" "$what" -c "$config" -k "$HOME/key" "$@"
}
cd "$HOME" || exit 1
head -c 100000 /dev/urandom >random
cli keygen "$HOME/key"
store '[mine]'
use 0 'the filter is listed' drivers mine
says drivers.0.kind filter 'as one'
use 0 'a name' register alice.id
use 0 'data' put_immutable alice.id 'nobody is to find this'
use 0 'and more than it changes at once' put_immutable alice.id @random
use 0 'comes back' get_immutable alice.id "$(sha256 random)" -o copy
succeeds 'as it was' cmp random copy
use 0 'mutable data' put_mutable alice.id status 'nobody is to find that'
use 0 'comes back' get_mutable alice.id status
says data 'nobody is to find that' 'as it was put'
fails 'below it nothing of that is found' grep -rqE 'nobody|alice|signature|"ver"' data
key=$(printf 'nobody is to find this' | sha256)
is "$(stat -c %s "$(find data -name "$key")")" 22 'under the same key, as long as it was'
store '[]'
use 5 'without the filter it is damage' get_immutable alice.id "$key"
store '[{filter: mine, pattern: another}]'
use 5 'with another pattern, too' get_immutable alice.id "$key"
store '[{filter: mine, pattern: Blockstore}]'
use 0 'with the same it is there' get_immutable alice.id "$key" --raw
is "$(cat "$out")" 'nobody is to find this' 'and right'
use 0 'what is deleted' delete_immutable alice.id "$key" --purge
is_empty "$(find data -name "$key")" 'is gone'
use 0 'the store below is looked at' stores
is "$(member stores.0.healthy)" true 'and well'

# ---- refusals ----

store '[{filter: mine, pattern: ""}]'
use 1 'no pattern' stores
like "$(member stores.0.error)" 'pattern: A text of at least one character was expected' 'says so'
store '[{filter: mine, patern: x}]'
use 2 'an option that it has not' stores
like "$(cat "$err")" 'patern.*pattern' 'is told the one it has'
store '[mine, mine]'
use 2 'itself below it' stores
like "$(cat "$err")" 'mine changes data' 'is refused'
store "[mine, {filter: cache, directory: $HOME/kept}]"
use 2 'what needs the data as they are' stores
like "$(cat "$err")" 'mine changes data' 'is refused, too'
cat >"$config" <<END
plugin_path: [$work/drivers]
stores:
  - {name: home, driver: mine}
END
use 2 'a filter is no store' stores
like "$(cat "$err")" 'filter' 'which is said'
done_testing
