/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "upload.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIGITS ((size_t)16) /* of the time, and again of the random number */
#define OLD 86400           /* seconds */

enum blockstore_status bs_upload_name(char ret_name[BS_UPLOAD_NAME_SIZE], struct blockstore_call *call) {
  uint64_t random;

  if (getentropy(&random, sizeof random) < 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "The system gives no random numbers.");
  snprintf(ret_name, BS_UPLOAD_NAME_SIZE, "%016" PRIx64 "-%016" PRIx64, (uint64_t)time(NULL), random);
  return BLOCKSTORE_STATUS_OK;
}

static bool is_number(const char *text, char end) {
  return strspn(text, "0123456789abcdef") == DIGITS && text[DIGITS] == end;
}

bool bs_upload_is_old(const char *name, time_t now) {
  uint64_t made;

  if (!is_number(name, '-') || !is_number(name + DIGITS + 1, '\0')) return false;
  made = strtoull(name, NULL, 16);
  return made < (uint64_t)now && (uint64_t)now - made > OLD;
}
