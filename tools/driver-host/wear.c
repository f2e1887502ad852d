/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-host/wear.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROWTH_MOST (UINT64_C(256) << 20)
#define DESCRIPTORS_MOST 256
#define EVERY 8 /* calls, between two looks */

void wear_begin(struct wear *wear) {
  *wear = (struct wear){.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
}

/* Bytes in memory, 0: not known. */
static uint64_t resident(const struct wear *wear) {
  char text[128], *pages;
  ssize_t length = wear->statm < 0 ? -1 : pread(wear->statm, text, sizeof text - 1, 0);

  if (length <= 0) return 0;
  text[length] = '\0';
  pages = strchr(text, ' '); /* behind the size of all that is mapped */
  return pages == NULL ? 0 : strtoull(pages, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The lowest that is free tells how many are open, as they are given from below. */
static bool is_short_of_descriptors(void) {
  int free_one = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

  if (free_one >= 0) close(free_one);
  return free_one < 0 || free_one >= DESCRIPTORS_MOST;
}

bool wear_is_out(struct wear *wear) {
  uint64_t bytes;

  if (wear->calls++ % EVERY != 0) return false;
  if (is_short_of_descriptors()) {
    fprintf(stderr, "The driver leaves descriptors open: its process is replaced.\n");
    return true;
  }
  bytes = resident(wear);
  if (wear->first == 0) wear->first = bytes;
  if (bytes < wear->first + GROWTH_MOST) return false;
  fprintf(stderr, "The driver has grown by %ju MiB: its process is replaced.\n", (uintmax_t)(bytes - wear->first) >> 20);
  return true;
}
