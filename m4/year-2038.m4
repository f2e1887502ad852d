# SPDX-License-Identifier: MIT

# BS_YEAR_2038, after AC_SYS_LARGEFILE: a time_t of 64 bits, which glibc has for 32-bit machines on request only.
# (AC_SYS_YEAR2038 does this from autoconf 2.72 on.)
AC_DEFUN([BS_YEAR_2038], [
  AC_CACHE_CHECK([for what makes time_t 64 bits long], [bs_cv_time_bits], [
    bs_cv_time_bits=unknown
    bs_saved_cppflags=$CPPFLAGS
    for bs_flag in '' -D_TIME_BITS=64; do
      CPPFLAGS="$bs_saved_cppflags $bs_flag"
      AC_COMPILE_IFELSE([AC_LANG_PROGRAM([#include <time.h>], [switch (0) { case 0: case sizeof(time_t) >= 8:; }])],
        [bs_cv_time_bits=${bs_flag:-nothing}; break])
    done
    CPPFLAGS=$bs_saved_cppflags])
  AS_IF([test "$bs_cv_time_bits" = -D_TIME_BITS=64],
    [AC_DEFINE([_TIME_BITS], [64], [seconds of 64 bits on a machine of 32])])
])
