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

#include "core/base/error.h"

#define RUN_TESTS(tests) (cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL))

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
