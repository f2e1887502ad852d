/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "layout.h"

#include <stdio.h>
#include <string.h>

#include "label.h"

#define IMMUTABLE "immutable"
#define MUTABLE "mutable"

/* Are the first `count` bytes lower-case hexadecimal digits? */
static bool has_digits(const char *text, size_t count) {
  return strspn(text, "0123456789abcdef") >= count;
}

enum blockstore_status bs_layout_immutable(struct bs_layout *ret_layout, struct blockstore_call *call, const char *key) {
  size_t length = strlen(key);

  if ((length != 40 && length != 64) || !has_digits(key, length))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%.80s: A key of 40 or 64 lower-case hexadecimal digits was expected.", key);
  snprintf(ret_layout->path, sizeof ret_layout->path, IMMUTABLE "/%.2s/%.2s/%s", key, key + 2, key);
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_layout_mutable(struct bs_layout *ret_layout, struct blockstore_call *call, const char *data_id) {
  char digits[BS_LABEL_DIGITS + 1], label[BS_LAYOUT_LABEL_LONGEST + 1];

  if (data_id[0] == '\0') return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "A data id was expected, but it is empty.");
  bs_label_digest(digits, data_id);
  bs_label_make(label, BS_LAYOUT_LABEL_LONGEST, data_id);
  snprintf(ret_layout->path, sizeof ret_layout->path, MUTABLE "/%.2s/%.2s/%s", digits, digits + 2, label);
  return BLOCKSTORE_STATUS_OK;
}

bool bs_layout_take(struct bs_layout *ret_layout, const char *path) {
  static const char area[] = MUTABLE "/";
  const char *rest = path + strlen(area);

  if (strncmp(path, area, strlen(area)) != 0 || !has_digits(rest, 2) || rest[2] != '/' || !has_digits(rest + 3, 2) ||
      rest[5] != '/' || !bs_label_is(rest + strlen("ab/cd/"), BS_LAYOUT_LABEL_LONGEST))
    return false;
  snprintf(ret_layout->path, sizeof ret_layout->path, "%s", path);
  return true;
}
