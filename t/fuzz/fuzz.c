/* SPDX-License-Identifier: MIT */
/* The program that the fuzzers drive: FUZZ=json t/fuzz/fuzz CORPUS.  Its targets are those of t/fuzz/targets.c. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "t/fuzz/targets.h"

static const struct bs_fuzz_target *target;

/* A line each: the name, and its dictionary's if it has one. */
static void list_targets(FILE *stream) {
  for (const struct bs_fuzz_target *each = bs_fuzz_targets; each->name != NULL; each++)
    fprintf(stream, each->dictionary == NULL ? "%s\n" : "%s %s\n", each->name, each->dictionary);
}

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerInitialize(int *count, char ***arguments) {
  const char *name = getenv("FUZZ");

  (void)count, (void)arguments;
  if (name != NULL && strcmp(name, "list") == 0) {
    list_targets(stdout);
    exit(0);
  }
  target = bs_fuzz_find(name == NULL ? "" : name);
  if (target != NULL) return 0;
  fprintf(stderr, "FUZZ names what is to be fuzzed, one of these (FUZZ=list prints them and ends):\n");
  list_targets(stderr);
  exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  target->run(bytes, length);
  return 0;
}
