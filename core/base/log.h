/* SPDX-License-Identifier: MIT */
/* The log: one line a call to the function that the program set, or nothing.  The library itself never prints. */
#ifndef BS_BASE_LOG_H
#define BS_BASE_LOG_H

#include "core/base/error.h"

/*
 * What belongs to each stands in blockstore.h.  A line is one fact: who, what about whom, and, where there are any, the
 * numbers behind it.  The room that knows the fact says it.  Never a private key, bytes of data, or the value of a
 * driver's setting, which may be a secret.  What is long by an enemy's choice, as an id, is cut by the caller: the end
 * of a line of 2,047 bytes is.
 */
enum bs_log_level { BS_LOG_ERROR = 0, BS_LOG_WARNING = 1, BS_LOG_INFO = 2, BS_LOG_DEBUG = 3 };

/* `line`: UTF-8 without control characters, valid during the call.  May be called from any thread, one at a time. */
typedef void (*bs_log_function)(void *user, int level, const char *line);

/* For the whole process; NULL: silence (the start).  `most`: the highest level wanted. */
void bs_log_to(bs_log_function function, void *user, enum bs_log_level most);
/* For callers that would have to make up a line's parts. */
bool bs_log_wanted(enum bs_log_level level);
/* Formats nothing unless it is wanted. */
void bs_log(enum bs_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
