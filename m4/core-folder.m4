# SPDX-License-Identifier: MIT

# BS_CORE_IS_A_FOLDER: autoconf's checks remove a core dump, `rm -f core`, and would complain of our folder each time.
AC_DEFUN([BS_CORE_IS_A_FOLDER], [
  m4_define([_AC_COMPILE_IFELSE], m4_bpatsubst(m4_dquote(m4_defn([_AC_COMPILE_IFELSE])), [rm -f core ], [rm -f ]))
  m4_define([_AC_LINK_IFELSE], m4_bpatsubst(m4_dquote(m4_defn([_AC_LINK_IFELSE])), [rm -f core ], [rm -f ]))
])
