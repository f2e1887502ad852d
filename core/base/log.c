/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/base/auto.h"
#include "core/base/text.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* log_function, log_user, and one line at a time */
static bs_log_function log_function;
static void *log_user;
static atomic_int log_most = -1; /* the highest level wanted; -1: none */

void bs_log_to(bs_log_function function, void *user, enum bs_log_level most) {
  BS_LOCKED(&lock);
  log_function = function;
  log_user = user;
  atomic_store(&log_most, function == NULL ? -1 : (int)most);
}

bool bs_log_wanted(enum bs_log_level level) {
  return (int)level <= atomic_load_explicit(&log_most, memory_order_relaxed);
}

void bs_log(enum bs_log_level level, const char *format, ...) {
  char line[2048];
  va_list arguments;

  if (!bs_log_wanted(level)) return;
  va_start(arguments, format);
  if (vsnprintf(line, sizeof line, format, arguments) < 0) line[0] = '\0';
  va_end(arguments);
  bs_text_tidy(line);
  BS_LOCKED(&lock);
  if (log_function != NULL) log_function(log_user, (int)level, line);
}
