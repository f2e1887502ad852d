#!/bin/sh
# SPDX-License-Identifier: MIT
# Every command that changes something, killed before each call that changes a file: nothing that was acknowledged is lost, and
# the command can be repeated.
. "${srcdir:-$(dirname "$0")/..}/t/lib/sweep.sh"
sweep 12 changing_commands kill
done_sweeping
