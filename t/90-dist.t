#!/bin/sh
# SPDX-License-Identifier: MIT
# The release holds every file that git knows.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
command -v git >/dev/null || skip_all 'needs git'
[ -e "$srcdir/.git" ] || skip_all 'not a git checkout'

release=blockstore-dist-test.$$
trap 'rm -rf "$work" "$builddir/$release"' EXIT
succeeds 'make distdir' make -C "$builddir" -s distdir distdir="$release"
git -c safe.directory='*' -C "$srcdir" ls-files | sort >"$work/known"
(cd "$builddir/$release" 2>/dev/null && find . ! -type d | sed 's|^\./||' | sort) >"$work/released"
[ -s "$work/known" ]
report $? 'git knows files'
is_empty "$(comm -23 "$work/known" "$work/released")" 'every file of git is released'
# What the release adds is made by autoreconf and pod2man.
is_empty "$(comm -13 "$work/known" "$work/released" |
  grep -vE '^(build-aux/.*|m4/l.*\.m4|Makefile\.in|aclocal\.m4|config\.h\.in|configure|.*\.[1-8])$')" 'nothing else is, but what is made for it'
done_testing
