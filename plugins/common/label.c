/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "label.h"

/* EVP, which these functions are deprecated for, costs 2 ms at its first use. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <string.h>

#include "url.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_-"
#define HASHED "sha256=" /* '=' is never kept, so no escaped id looks like this */

void bs_label_digest(char ret_digits[BS_LABEL_DIGITS + 1], const char *data_id) {
  static const char digits[] = "0123456789abcdef";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256_CTX context;

  SHA256_Init(&context);
  SHA256_Update(&context, data_id, strlen(data_id));
  SHA256_Final(digest, &context);
  for (size_t i = 0; i < sizeof digest; i++) {
    ret_digits[2 * i] = digits[digest[i] >> 4];
    ret_digits[2 * i + 1] = digits[digest[i] & 15];
  }
  ret_digits[BS_LABEL_DIGITS] = '\0';
}

/* Escapes bytes behind the `used` ones, where there is room; the length of the whole. */
static size_t add(char *label, size_t longest, size_t used, const char *bytes, size_t length, const char *keep) {
  bool full = used > longest;

  return used + bs_url_escape(full ? NULL : label + used, full ? 0 : longest + 1 - used, bytes, length, keep);
}

void bs_label_make(char *ret_label, size_t longest, const char *data_id) {
  size_t length = strlen(data_id), first = length > 0 ? 1 : 0, last = length > 1 ? 1 : 0, used;

  used = add(ret_label, longest, 0, data_id, first, LETTERS); /* a dot in front would hide it, or climb */
  used = add(ret_label, longest, used, data_id + first, length - first - last, LETTERS ".");
  used = add(ret_label, longest, used, data_id + length - last, last, LETTERS); /* FAT and SMB drop a dot at the end */
  if (used <= longest) return;
  memcpy(ret_label, HASHED, strlen(HASHED));
  bs_label_digest(ret_label + strlen(HASHED), data_id);
}

bool bs_label_is(const char *label, size_t longest) {
  size_t length = strlen(label);

  return length > 0 && length <= longest && label[0] != '.' && strspn(label, LETTERS ".%=ABCDEF") == length;
}
