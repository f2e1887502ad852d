#!/bin/sh
# SPDX-License-Identifier: MIT
# Shell scripts are POSIX shell and clean by shellcheck's warnings.
. "${srcdir:-$(dirname "$0")/..}/t/lib/tap.sh"
cd "$srcdir" || exit 1

scripts() {
  grep -rlIE '^#!/bin/sh' .ci tools t debian run.in | sort
}

is_empty "$(grep -rlIE '^#!.*bash' .ci tools t debian)" 'no script wants bash'
is_empty "$(for script in $(scripts); do sh -n "$script" 2>&1; done)" 'sh reads every script'
is_empty "$(scripts | while read -r file; do [ -x "$file" ] || case $file in run.in | tools/*) ;; *) echo "$file" ;; esac; done)" \
  'tests can be run by themselves'
if command -v shellcheck >/dev/null; then
  # Sourced files are found at run time only, so shellcheck knows neither them (SC1091) nor their variables (SC2034, SC2154).
  is_empty "$(scripts | xargs shellcheck -S warning -e SC1091,SC2034,SC2154)" 'shellcheck has no warning'
else
  skip 'needs shellcheck'
fi
done_testing
