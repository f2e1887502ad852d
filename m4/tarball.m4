# SPDX-License-Identifier: MIT

# BS_REPRODUCIBLE_TARBALL, after AM_INIT_AUTOMAKE: the same sources make the same tarball, whoever makes it, and when.  All its
# files are as old as SOURCE_DATE_EPOCH says, else the last commit, else NEWS.
AC_DEFUN([BS_REPRODUCIBLE_TARBALL], [
  bs_date='`git -c safe.directory=\* -C $(srcdir) log -1 --format=%ct 2>/dev/null || date -r $(srcdir)/NEWS +%s`'
  am__tar='tar --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX'
  am__tar="$am__tar --mtime=\"@$\${SOURCE_DATE_EPOCH:-$bs_date}\" -chf - \"$\$tardir\""
])
