#!/bin/sh
# SPDX-License-Identifier: MIT
# examples/driver, copied elsewhere, is built with autotools against an installed Blockstore; blockstore.m4 says what is wrong
# with the one that is installed.
sdk_tools=autoreconf
. "${srcdir:-$(dirname "$0")/..}/t/lib/sdk.sh"
for tool in libtoolize aclocal pod2man; do
  command -v $tool >/dev/null || skip_all "needs $tool"
done

is "$(pkg-config --variable=driverabi blockstore)" \
  "$(printf '#include <blockstore/driver.h>\nBLOCKSTORE_ABI_MAJOR BLOCKSTORE_ABI_MINOR\n' |
    cc -E -P -I"$prefix/include" - | tail -n 1 | tr ' ' .)" 'blockstore.pc has the version of the ABI'
is "$(pkg-config --variable=driverdir blockstore)" "$library/blockstore/drivers" 'and the directory of drivers'
is_empty "$(diff -r "$srcdir/examples/driver" "$(pkg-config --variable=docdir blockstore)/examples/driver" 2>&1)" 'the example is installed'
succeeds 'and so are the parts to copy' test -e "$(pkg-config --variable=driverparts blockstore)/tree.c"

copy_example driver "$work/mine"
cd "$work/mine" || exit 1
succeeds 'autoreconf' autoreconf -fi

# configured WHAT EXPECTED ARGUMENT...: where the driver would be installed.
configured() {
  what=$1 expected=$2
  shift 2
  rm -rf "$work/try"
  output=$(configure "$@") || { report 1 "$what" "$output"; return; }
  is "$(printf 'where: ; @echo $(driverdir)\n' | make -s -C "$work/try" -f Makefile -f - where)" "$expected" "$what"
}
configured 'it is installed where Blockstore looks' "$library/blockstore/drivers"
configured 'or below its own prefix' "/opt/mine${library#"$prefix"}/blockstore/drivers" --prefix=/opt/mine
configured 'or where it is told' "$work/drivers" --with-blockstore-driverdir="$work/drivers"
succeeds 'make' make -C "$work/try"
like "$(make -s -C "$work/try" check 2>&1)" '^(blockstore-driver-test is not installed|ok 1|1\.\.[0-9])' \
  'make check runs the tests of drivers, or says why not'
succeeds 'make install' make -s -C "$work/try" install prefix="$work/installed"
is "$(ls "$work/drivers")" sqlite.so 'the driver is installed'
is "$(find "$work/installed" -type f -size +1k | sed 's/.*man7/man7/')" man7/blockstore-sqlite.7 'with its manual'
exports_entry "$work/drivers/sqlite.so" sqlite
like "$(readelf -d "$work/drivers/sqlite.so" | tr '\n' ' ')" 'NOW.*NODELETE' 'is bound at once and resident'
use_driver "$work/drivers" sqlite "$HOME/objects.db"
cli -c "$config" stores
is "$status $(member stores.0.file)" "0 $work/drivers/sqlite.so" 'and serves a store'
succeeds 'make uninstall' make -s -C "$work/try" uninstall prefix="$work/installed"
is_empty "$(find "$work/drivers" "$work/installed" ! -type d)" 'nothing is left'
cp sqlite.c whole.c
sed 's/sqlite_wait(self, 0)/nobody_has_this()/' whole.c >sqlite.c
fails 'what is undefined is found by the linker' make -s -C "$work/try" CFLAGS=-Wno-implicit-function-declaration
cp whole.c sqlite.c

# ---- refusals ----

# unfit WHAT REGEX SED: configure refuses a Blockstore whose blockstore.pc was changed so.
mkdir "$work/other"
unfit() {
  sed "$3" "$library/pkgconfig/blockstore.pc" >"$work/other/blockstore.pc"
  output=$(configure PKG_CONFIG_PATH="$work/other") && report 1 "$1" "$output" ||
    like "$output" "^configure: error: $2" "$1"
}
unfit 'a Blockstore without the SDK' '.*too old.*driverabi' /^driverabi/d
unfit 'one without a directory of drivers' '.*too old' /^driverdir/d
unfit 'one from before 1.0' \
  'this driver is written for driver ABI 1\.0.*has 0\.2: install' 's/^driverabi=.*/driverabi=0.2/'
unfit 'one of another major version' '.*has 2\.1' 's/^driverabi=.*/driverabi=2.1/'
unfit 'one whose version is none' '.*has new' 's/^driverabi=.*/driverabi=new/'
output=$(configure PKG_CONFIG_LIBDIR="$work/none" PKG_CONFIG_PATH="$work/none")
like "$output" '^configure: error: pkg-config finds no Blockstore: install libblockstore-dev' 'no Blockstore at all'
output=$(configure PKG_CONFIG=/nonexistent/pkg-config)
like "$output" '^configure: error: pkg-config' 'no pkg-config'
output=$(configure --without-blockstore-driverdir)
like "$output" '^configure: error: --with-blockstore-driverdir wants a directory' 'no directory for it'
output=$(ACLOCAL_PATH=$work/none autoreconf -fi 2>&1)
like "$output" 'blockstore\.m4 is not found: install libblockstore-dev' 'no macro' "$output"

sed 's/BLOCKSTORE_DRIVER(\[1\.0\])/BLOCKSTORE_DRIVER([1])/' "$srcdir/examples/driver/configure.ac" >configure.ac
like "$(autoreconf -fi 2>&1)" 'BLOCKSTORE_DRIVER: "1" is no version of the driver ABI' 'a version that is none'

# Any later minor version fits.
sed 's/BLOCKSTORE_DRIVER(\[1\.0\])/BLOCKSTORE_DRIVER([1.2])/' "$srcdir/examples/driver/configure.ac" >configure.ac
succeeds 'a driver for ABI 1.2' autoreconf -fi
unfit 'an older minor version' '.*driver ABI 1\.2.*has 1\.1' 's/^driverabi=.*/driverabi=1.1/'
unfit 'a newer major version' '.*has 2\.2' 's/^driverabi=.*/driverabi=2.2/'
sed 's/^driverabi=.*/driverabi=1.10/' "$library/pkgconfig/blockstore.pc" >"$work/other/blockstore.pc"
succeeds 'a newer minor version fits' configure PKG_CONFIG_PATH="$work/other"
done_testing
