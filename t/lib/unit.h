/* SPDX-License-Identifier: MIT */
/* What every C unit test includes: cmocka, its group run with TAP output, and a fresh directory. */
#ifndef BS_T_UNIT_H
#define BS_T_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"

/* Ends the test without a verdict; the reason has to stand in t/allowed-skips. */
#define skip_because(reason) (unit_skip_reason = (reason), skip())
__attribute__((weak)) const char *unit_skip_reason = "no reason given";

/* How many users there are: one, for the root of a user namespace that an ordinary user made. */
static inline unsigned long users_here(void) {
  unsigned long first, outside, count = 0;
  FILE *map = fopen("/proc/self/uid_map", "r");

  if (map != NULL && fscanf(map, "%lu %lu %lu", &first, &outside, &count) != 3) count = 0;
  if (map != NULL) fclose(map);
  return count;
}

/* Can it give files away? */
static inline bool is_root(void) {
  return geteuid() == 0 && users_here() > 65534;
}

/* Before a child becomes another user, if it is root who runs this. */
static inline void need_other_users(void) {
  if (geteuid() == 0 && !is_root()) skip_because("there is no other user");
}

/*
 * Instead of cmocka's own: cmocka 1.1.5 calls a skipped test "not ok", which prove takes for a failure, and tells no
 * reason.  The library reaches this one because the program's symbols go first.
 */
__attribute__((weak, visibility("default"), format(printf, 1, 2))) void print_message(const char *const format, ...) {
  va_list arguments;

  va_start(arguments, format);
  if (strstr(format, "ok %u # SKIP %s") != NULL) {
    unsigned number = va_arg(arguments, unsigned);

    printf("ok %u - %s # SKIP %s\n", number, va_arg(arguments, const char *), unit_skip_reason);
  } else {
    vprintf(format, arguments);
  }
  fflush(stdout);
  va_end(arguments);
}

/* A test that hangs is killed, after far more time than any takes under valgrind. */
#define RUN_TESTS(tests) \
  (alarm(600), cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL))

/* The call must succeed; otherwise the test fails with the error's message. */
#define assert_ok(call)                                                        \
  do {                                                                         \
    if (!(call)) fail_msg("%s: %s", #call, error.message);                     \
  } while (0)

/* The call must fail with this word, and its message must hold this text. */
#define assert_fails(call, expected_word, text)                                                                    \
  do {                                                                                                             \
    error = (struct bs_error){0};                                                                                  \
    if (call) fail_msg("%s: succeeded", #call);                                                                    \
    if (error.word != (expected_word)) fail_msg("%s: word %s: %s", #call, bs_word_text(error.word), error.message); \
    if (strstr(error.message, (text)) == NULL) fail_msg("%s: message: %s", #call, error.message);                  \
    error = (struct bs_error){0};                                                                                  \
  } while (0)

#endif
