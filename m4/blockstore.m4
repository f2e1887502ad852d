# SPDX-License-Identifier: MIT
# For the configure.ac of a Blockstore driver that is built outside of Blockstore's own tree; installed for aclocal.
# Needs pkg.m4, which comes with pkg-config.

# BLOCKSTORE_DRIVER([ABI])
#
# Finds the installed Blockstore by pkg-config, or ends configure with an error that says what is missing.  ABI,
# MAJOR.MINOR, is the driver ABI that the driver is written for.  The installed one fits where its major number is the same
# and its minor number no lower.  Without ABI any will do.
#
# Makes known to make (AC_SUBST):
#   BLOCKSTORE_CFLAGS          what blockstore/driver.h is found by
#   BLOCKSTORE_ABI             MAJOR.MINOR of the installed header
#   BLOCKSTORE_DRIVERDIR       where the driver is installed: --with-blockstore-driverdir=DIR; else, with --prefix, the
#                              same place below that prefix; else where Blockstore looks by itself
#   BLOCKSTORE_DRIVER_LDFLAGS  for libtool: one shared object, whose only symbol is the driver's entry, nothing undefined,
#                              resident once loaded
#   BLOCKSTORE_DRIVER_TEST     the program blockstore-driver-test, or nothing where it is not installed
#
# A Makefile.am says, for a driver called NAME:
#   driverdir = $(BLOCKSTORE_DRIVERDIR)
#   driver_LTLIBRARIES = NAME.la
#   NAME_la_CFLAGS = $(BLOCKSTORE_CFLAGS)
#   NAME_la_LDFLAGS = -module $(BLOCKSTORE_DRIVER_LDFLAGS)
AC_DEFUN([BLOCKSTORE_DRIVER], [
  AC_REQUIRE([PKG_PROG_PKG_CONFIG])
  AC_ARG_WITH([blockstore-driverdir],
    [AS_HELP_STRING([--with-blockstore-driverdir=DIR],
      [where the driver is installed [Blockstore's own directory of drivers]])],
    [], [with_blockstore_driverdir=])

  AC_MSG_CHECKING([for Blockstore])
  AS_IF([test -z "$PKG_CONFIG"], [
    AC_MSG_RESULT([no])
    AC_MSG_ERROR([pkg-config is missing, which is asked for Blockstore: install pkg-config])])
  AS_IF([$PKG_CONFIG --exists blockstore], [], [
    AC_MSG_RESULT([no])
    AC_MSG_ERROR([pkg-config finds no Blockstore: install libblockstore-dev, or set PKG_CONFIG_PATH to the \
directory that holds blockstore.pc])])
  AC_MSG_RESULT([`$PKG_CONFIG --modversion blockstore`])

  AC_MSG_CHECKING([for the driver ABI of Blockstore]m4_ifval([$1], [[ (for a driver of $1)]]))
  BLOCKSTORE_ABI=`$PKG_CONFIG --variable=driverabi blockstore`
  blockstore_dir=`$PKG_CONFIG --variable=driverdir blockstore`
  AC_MSG_RESULT([${BLOCKSTORE_ABI:-unknown}])
  AS_IF([test -z "$BLOCKSTORE_ABI" || test -z "$blockstore_dir"],
    [AC_MSG_ERROR([the installed Blockstore is too old to build drivers for: its blockstore.pc \
has no driverabi or no driverdir])])
  m4_ifval([$1], [m4_if(m4_bregexp([$1], [^[0-9]+\.[0-9]+$]), [-1],
    [m4_fatal([BLOCKSTORE_DRIVER: "$1" is no version of the driver ABI, which is MAJOR.MINOR])])])
  m4_ifval([$1], [AS_IF([_BLOCKSTORE_ABI_FITS([$1])], [],
    [AC_MSG_ERROR([this driver is written for driver ABI $1, and the installed Blockstore has $BLOCKSTORE_ABI: \
install a Blockstore that fits, or a release of the driver for it])])])

  BLOCKSTORE_CFLAGS=`$PKG_CONFIG --cflags blockstore`
  BLOCKSTORE_DRIVERDIR=$with_blockstore_driverdir
  AS_CASE([$BLOCKSTORE_DRIVERDIR],
    [yes | no], [AC_MSG_ERROR([--with-blockstore-driverdir wants a directory])],
    [''], [_BLOCKSTORE_DRIVERDIR])
  BLOCKSTORE_DRIVER_LDFLAGS='-avoid-version -shared -export-symbols-regex _LTX_blockstore_driver$$'
  BLOCKSTORE_DRIVER_LDFLAGS="$BLOCKSTORE_DRIVER_LDFLAGS -Wl,-z,nodelete -Wl,-z,now"
  # What the sanitizers of clang need stays undefined until the program is linked.
  AS_CASE([" $CFLAGS $CXXFLAGS $LDFLAGS"], [*\ -fsanitize=*], [],
    [BLOCKSTORE_DRIVER_LDFLAGS="$BLOCKSTORE_DRIVER_LDFLAGS -Wl,-z,defs"])
  AC_PATH_PROG([BLOCKSTORE_DRIVER_TEST], [blockstore-driver-test], [],
    [$PATH$PATH_SEPARATOR`$PKG_CONFIG --variable=exec_prefix blockstore`/bin])
  AC_SUBST([BLOCKSTORE_ABI])
  AC_SUBST([BLOCKSTORE_CFLAGS])
  AC_SUBST([BLOCKSTORE_DRIVERDIR])
  AC_SUBST([BLOCKSTORE_DRIVER_LDFLAGS])
])

# The command that tells whether the installed $BLOCKSTORE_ABI fits a driver of $1.
m4_define([_BLOCKSTORE_ABI_FITS], [[expr "X$BLOCKSTORE_ABI" : 'X[0-9][0-9]*\.[0-9][0-9]*$' >/dev/null &&]
  test "${BLOCKSTORE_ABI%.*}" -eq _BLOCKSTORE_PART([$1], [1]) &&
  test "${BLOCKSTORE_ABI@%:@*.}" -ge _BLOCKSTORE_PART([$1], [2])])
m4_define([_BLOCKSTORE_PART],
  [m4_bregexp([$1], [^\([0-9]+\)\.\([0-9]+\)$], [\$2])])

# Without --prefix: where Blockstore looks.  With it: there, but with this prefix for Blockstore's own.
m4_define([_BLOCKSTORE_DRIVERDIR], [
  BLOCKSTORE_DRIVERDIR=$blockstore_dir
  blockstore_prefix=`$PKG_CONFIG --variable=prefix blockstore`
  AS_IF([test "$prefix" != NONE], [AS_CASE([$blockstore_dir],
    ["$blockstore_prefix"/*], [BLOCKSTORE_DRIVERDIR='${prefix}'${blockstore_dir@%:@"$blockstore_prefix"}])])
])
