#!/bin/sh
# SPDX-License-Identifier: MIT
# Every command on a disk that is full or fails, and with files that are written and read in part: it says what failed or succeeds, and
# nothing is damaged.
. "${srcdir:-$(dirname "$0")/..}/t/lib/sweep.sh"
sweep 3 changing_commands ENOSPC ENOSPC+ EIO EIO+ SHORT SHORT+ EINTR READ READ+
sweep 3 asking_commands ENOSPC ENOSPC+ EIO EIO+ SHORT SHORT+ EINTR READ READ+
sweeps_all
done_sweeping
