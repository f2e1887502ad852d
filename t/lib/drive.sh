# SPDX-License-Identifier: MIT
# For tests of a driver's own: . "$srcdir/t/lib/drive.sh", after t/lib/tap.sh or what sources it, with driver=NAME.

# drive OPTION... <SCRIPT: KEY=VALUE options, and calls as t/lib/drive.c tells; what is said is in $said.  A test may set a command
# that runs it: $drive_by.
said=$work/said
drive_by=
drive() {
  TMPDIR=$work $drive_by "$builddir/t/lib/drive" "$builddir/plugins/.libs/$driver.so" "$@" >"$said" 2>&1
}

# calls STATUSES WHAT OPTION... <SCRIPT: these must be what the calls answer, one after the other.
calls() {
  wanted=$1 what=$2
  shift 2
  drive "$@" || :
  [ "$(grep -oE '^[A-Z_]+\b' "$said" | tr '\n' ' ')" = "$wanted " ] && report 0 "$what" || report 1 "$what" "expected: $wanted
$(cat "$said")"
}

# told TEXT WHAT: in what was said last.
told() {
  grep -qF -- "$1" "$said" && report 0 "$2" || report 1 "$2" "expected: $1
$(cat "$said")"
}

sha256() {
  sha256sum "$1" | cut -d ' ' -f 1
}
