# SPDX-License-Identifier: MIT

# BS_CORE_IS_A_FOLDER, before AC_INIT: configure removes core dumps, `rm -f core`, after each check and when it ends.  That
# would complain of our folder each time, and at the end leave configure's own files behind.
AC_DEFUN([BS_CORE_IS_A_FOLDER], [m4_foreach([macro],
  [[_AC_INIT_PREPARE], [_AC_COMPILE_IFELSE], [_AC_LINK_IFELSE], [_AM_PROG_CC_C_O]],
  [m4_define(m4_defn([macro]), m4_bpatsubst(m4_dquote(m4_defn(m4_defn([macro]))), [rm -f core ], [rm -f ]))])])
