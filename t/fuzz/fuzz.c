/* SPDX-License-Identifier: MIT */
/* The libFuzzer program that `make fuzz` builds: FUZZ=json t/fuzz/fuzz CORPUS.  The targets are those of t/fuzz/targets.c. */
#include <config.h>

#include <stdio.h>

#include "t/fuzz/targets.h"

static bs_fuzz_target target;

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerInitialize(int *count, char ***arguments) {
  const char *name = getenv("FUZZ");

  (void)count, (void)arguments;
  target = bs_fuzz_find(name == NULL ? "" : name);
  if (target != NULL) return 0;
  fprintf(stderr, "FUZZ names the parser: json, yaml, user, route, mutable, note, metadata, transaction, payload, key or blocks\n");
  exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  target(bytes, length);
  return 0;
}
