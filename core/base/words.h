/* SPDX-License-Identifier: MIT */
/*
 * Every code word an error can carry, and the result (the exit status of blockstore-cli) that it stands for: the only
 * list of them.  X(word, result), the result without its BLOCKSTORE_ prefix.
 */
#ifndef BS_BASE_WORDS_H
#define BS_BASE_WORDS_H

#define BS_WORDS(X)             \
  X(failed, ERROR)              \
  X(no_memory, ERROR)           \
  X(io, ERROR)                  \
  X(no_space, ERROR)            \
  X(changed, ERROR)             \
  X(usage, USAGE)               \
  X(config, USAGE)              \
  X(driver, USAGE)              \
  X(key, USAGE)                 \
  X(too_large, USAGE)           \
  X(not_found, NOT_FOUND)       \
  X(deleted, NOT_FOUND)         \
  X(stale, STALE)               \
  X(expired, STALE)             \
  X(malformed, FORGED)          \
  X(wrong_id, FORGED)           \
  X(forged, FORGED)             \
  X(corrupt, FORGED)            \
  X(high_s, FORGED)             \
  X(downgrade, FORGED)          \
  X(owner_changed, FORGED)      \
  X(conflict, CONFLICT)         \
  X(contested, CONFLICT)        \
  X(too_few, TOO_FEW)           \
  X(unreachable, TOO_FEW)       \
  X(no_names, NO_NAMES)         \
  X(denied, DENIED)             \
  X(cancelled, CANCELLED)       \
  X(deadline, CANCELLED)

#endif
