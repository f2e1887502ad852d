# SPDX-License-Identifier: MIT

# BS_DRIVER_ABI: driverabi is MAJOR.MINOR of the driver ABI, as include/blockstore/driver.h has it.
AC_DEFUN([BS_DRIVER_ABI], [
  bs_header=$srcdir/include/blockstore/driver.h
  driverabi=`sed -n 's/^#define BLOCKSTORE_ABI_MAJOR \([[0-9]]*\)$/\1/p' "$bs_header"`.`sed -n \
    's/^#define BLOCKSTORE_ABI_MINOR \([[0-9]]*\)$/\1/p' "$bs_header"`
  AS_CASE([$driverabi], [[[0-9]]*.[[0-9]]*], [],
    [AC_MSG_ERROR([include/blockstore/driver.h does not say which version of the driver ABI it is])])
  AC_SUBST([driverabi])
])
