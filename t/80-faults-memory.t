#!/bin/sh
# SPDX-License-Identifier: MIT
# Every command without memory for an allocation, of its own or of a library, once and from there on: it says so, no answer lacks
# anything, and nothing is damaged.
. "${srcdir:-$(dirname "$0")/..}/t/lib/sweep.sh"
if grep -q '__[at]san_init' "$SWEEP_PROGRAM"; then skip_all "the sanitizers' allocator cannot be made to fail"; fi
sweep 12 changing_commands ENOMEM
sweep 40 asking_commands ENOMEM
sweep 4 changing_commands ENOMEM+
sweep 4 asking_commands ENOMEM+
sweeps_all
done_sweeping
