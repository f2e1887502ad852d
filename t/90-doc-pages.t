#!/bin/sh
# SPDX-License-Identifier: MIT
# What holds for every manual page: sound source, formatted without a warning, narrow enough, its name in it, and no reference
# that leads nowhere.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
cd "$srcdir" && srcdir=$PWD || exit 1
elsewhere='exit(3) flock(2) fork(2) fsync(2) gdb(1) openat2(2) prctl(2) prove(1) realpath(3) secure_getenv(3) setlocale(3) strip(1)'

pods() {
  ls doc/*.pod plugins/*/*.pod
}

# The pages as they were built, there or beside their sources: "NAME(SECTION) FILE".
pages() {
  make -C "$builddir" -s --no-print-directory list-manuals | while read -r page; do
    file=$builddir/$page
    [ -e "$file" ] || file=$srcdir/$page
    basename "$page" | sed "s|\(.*\)\.\([1-8]\)\$|\1(\2) $file|"
  done
}

pages >"$work/pages"
is "$(wc -l <"$work/pages")" "$(pods | wc -l)" 'each source is a page'
is_empty "$(while read -r name file; do [ -s "$file" ] || echo "$name"; done <"$work/pages")" 'each was built'
is_empty "$(pods | while read -r pod; do podchecker "$pod" 2>&1 | grep -v 'pod syntax OK'; done)" 'no source has an error or a warning'
is_empty "$(pods | xargs awk '/^ / && length > 80 { print FILENAME ":" FNR }')" 'no line of an example is wider than 80'
is_empty "$(pods | xargs grep -nE '	| $')" 'no tab, and no space at the end of a line'
is_empty "$(while read -r name file; do
  said=$(sed -n '/^\.SH "*NAME"*$/{n;s/\\//g;p;q;}' "$file")
  case $said in "${name%(*} - "[A-Za-z]*) ;; *) echo "$file: $said" ;; esac
done <"$work/pages")" 'each tells its name and what it is'
is_empty "$(pods | while read -r pod; do
  for section in NAME SYNOPSIS DESCRIPTION EXAMPLES 'SEE ALSO'; do
    grep -qx "=head1 $section" "$pod" || case $pod:$section in doc/blockstore.7.pod:SYNOPSIS) ;; *) echo "$pod: $section" ;; esac
  done
done)" 'each has its sections'

# References, as L<name(1)> or bare.
for name in $elsewhere; do echo "$name"; done | cat - "$work/pages" | sed 's/ .*//' | sort >"$work/known"
pods | xargs grep -hoE '\b[a-z][a-z0-9_.-]*\([1-8]\)' | sort -u >"$work/named"
[ "$(grep -c '^blockstore' "$work/named")" -ge 5 ]
report $? 'there are references'
is_empty "$(comm -13 "$work/known" "$work/named")" 'and all of them are known'
is_empty "$(sed 's/ .*//' "$work/pages" | while read -r name; do
  pods | xargs grep -qF "L<$name>" || echo "$name"
done)" 'each page is named by one'

if command -v groff >/dev/null; then
  is_empty "$(while read -r _ file; do groff -k -man -Tutf8 -ww -z "$file" 2>&1; done <"$work/pages")" 'groff has no warning'
  printf '.TH BAD 7\n.SH NAME\nbad \\- a page\n.nosuchrequest\n' >"$work/bad.7"
  [ -n "$(groff -k -man -Tutf8 -ww -z "$work/bad.7" 2>&1)" ]
  report $? 'it would have one'
else
  skip 'needs groff'
  skip 'needs groff'
fi
done_testing
