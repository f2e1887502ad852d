# SPDX-License-Identifier: MIT

# BS_TRY_CFLAG(VARIABLE, FLAG): appends the flag to the variable if the compiler takes it.
AC_DEFUN([BS_TRY_CFLAG], [
  AS_VAR_PUSHDEF([cache], [bs_cv_cflag_$2])
  AC_CACHE_CHECK([whether $CC takes $2], [cache], [
    bs_saved_cflags=$CFLAGS
    CFLAGS="$CFLAGS -Werror $2"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
    CFLAGS=$bs_saved_cflags])
  AS_VAR_IF([cache], [yes], [$1="$$1 $2"])
  AS_VAR_POPDEF([cache])
])

# BS_COMPILER_FLAGS: warnings, hardening and sanitizers, into BS_CFLAGS and BS_LDFLAGS; the user's CFLAGS stay theirs.
AC_DEFUN([BS_COMPILER_FLAGS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [warnings are errors])], [], [enable_werror=no])
  AC_ARG_ENABLE([sanitize],
    [AS_HELP_STRING([--enable-sanitize=LIST], [build with sanitizers: address,undefined or thread])],
    [], [enable_sanitize=no])

  BS_CFLAGS=
  BS_LDFLAGS=
  BS_TRY_CFLAG([BS_CFLAGS], [-std=gnu11])
  m4_foreach_w([flag], [-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough -Wnull-dereference
    -Wduplicated-cond -Wlogical-op -Wswitch-enum -Wdate-time],
    [BS_TRY_CFLAG([BS_CFLAGS], flag)])
  AS_IF([test "$enable_werror" = yes], [BS_CFLAGS="$BS_CFLAGS -Werror"])

  BS_TRY_CFLAG([BS_CFLAGS], [-fvisibility=hidden])
  BS_TRY_CFLAG([BS_CFLAGS], [-fno-common])
  AS_IF([test "$enable_sanitize" = no], [
    BS_TRY_CFLAG([BS_CFLAGS], [-fstack-protector-strong])
    BS_TRY_CFLAG([BS_CFLAGS], [-fstack-clash-protection])
    BS_TRY_CFLAG([BS_CFLAGS], [-fcf-protection])
    AS_CASE([" $CFLAGS $CPPFLAGS"], [*_FORTIFY_SOURCE*|*-O0*], [], [*\ -O*], [BS_CFLAGS="$BS_CFLAGS -D_FORTIFY_SOURCE=2"])
    BS_TRY_CFLAG([BS_LDFLAGS], [-Wl,-z,defs])
  ], [
    BS_CFLAGS="$BS_CFLAGS -fsanitize=$enable_sanitize -fno-omit-frame-pointer -fno-sanitize-recover=all"
    BS_LDFLAGS="$BS_LDFLAGS -fsanitize=$enable_sanitize"
  ])
  BS_TRY_CFLAG([BS_LDFLAGS], [-Wl,-z,relro])
  BS_TRY_CFLAG([BS_LDFLAGS], [-Wl,-z,now])
  BS_TRY_CFLAG([BS_LDFLAGS], [-Wl,--as-needed])
  AC_SUBST([BS_CFLAGS])
  AC_SUBST([BS_LDFLAGS])
])
