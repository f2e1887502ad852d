#!/bin/sh
# SPDX-License-Identifier: MIT
# Every command without a descriptor for what it opens, once and from there on: it says so, and nothing is damaged.
. "${srcdir:-$(dirname "$0")/..}/t/lib/sweep.sh"
sweep 8 changing_commands EMFILE EMFILE+
sweep 8 asking_commands EMFILE EMFILE+
sweeps_all
done_sweeping
