# SPDX-License-Identifier: MIT
# For tests of a driver's own: . "$srcdir/t/lib/drive.sh", after t/lib/tap.sh or what sources it, with driver=NAME.

# drive OPTION... <SCRIPT: KEY=VALUE options, and calls as t/lib/drive.c tells; what is said is in $said, and with what was said before
# in $all_said.  0: the store was opened and closed, whatever the calls answered; 1: it did not open; else drive itself has died.
# A test may set a command that runs it: $drive_by.
said=$work/said all_said=$work/said-by-all
drive_by=
drive() {
  drive_status=0
  TMPDIR=$work $drive_by "$builddir/t/lib/drive" "$builddir/plugins/.libs/$driver.so" "$@" >"$said" 2>&1 || drive_status=$?
  cat "$said" >>"$all_said"
  return $drive_status
}

# calls STATUSES WHAT OPTION... <SCRIPT: these must be what the calls answer, one after the other, and then the store is closed.
calls() {
  wanted=$1 what=$2
  shift 2
  drive "$@" && [ "$(grep -oE '^[A-Z_]+\b' "$said" | tr '\n' ' ')" = "$wanted " ] && report 0 "$what" ||
    report 1 "$what" "expected: $wanted; it ended with $drive_status
$(cat "$said")"
}

# unopened TEXT WHAT OPTION...: the store does not open, and says this.
unopened() {
  text=$1 what=$2
  shift 2
  drive "$@" </dev/null || :
  [ "$drive_status" = 1 ] && grep -qF -- "$text" "$said" && report 0 "$what" ||
    report 1 "$what" "expected: $text; it ended with $drive_status
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
