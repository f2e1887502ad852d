/* SPDX-License-Identifier: MIT */
/* A library, not a driver: what needslibrary.so needs. */
#include <config.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int gone_answer(void);
int gone_answer(void) {
  return 42;
}
