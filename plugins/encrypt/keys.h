/* SPDX-License-Identifier: MIT */
/* The key file, and what is derived of its keys.  Master keys are wiped as soon as that is done; derived ones by the owner. */
#ifndef BS_PLUGINS_ENCRYPT_KEYS_H
#define BS_PLUGINS_ENCRYPT_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "plugins/common/plugin.h"

#define BS_CRYPT_KEYS_MOST 16
#define BS_CRYPT_KEY_SIZE 32      /* bytes of a key, and of what HMAC-SHA256 gives */
#define BS_CRYPT_KEY_ID_SIZE 8    /* bytes */
#define BS_CRYPT_FILE_MOST 16384  /* bytes of a key file */

/* One key of the file: a key for each purpose, and what objects call it. */
struct bs_crypt_key {
  unsigned char id[BS_CRYPT_KEY_ID_SIZE];
  unsigned char names[BS_CRYPT_KEY_SIZE];
  unsigned char salts[BS_CRYPT_KEY_SIZE];
  unsigned char files[BS_CRYPT_KEY_SIZE];
};

/* In the order of the file: the first writes, all read, the last names mutable data. */
struct bs_crypt_keys {
  size_t count;
  struct bs_crypt_key all[BS_CRYPT_KEYS_MOST];
};

/* HMAC-SHA256; false: libcrypto failed. */
bool bs_crypt_mac(unsigned char ret_mac[BS_CRYPT_KEY_SIZE], const unsigned char key[BS_CRYPT_KEY_SIZE], const void *bytes,
                  size_t length);

/*
 * Takes the text of a key file: a key of 64 hexadecimal digits on each line; empty lines, and what follows '#', are left out.
 * Returns NULL, or what is amiss with *ret_line (0: with the whole); *ret_keys then holds nothing.
 */
const char *bs_crypt_keys_parse(struct bs_crypt_keys *ret_keys, unsigned *ret_line, const char *text, size_t length);
/* Reads a regular file of the user's own that nobody else may use: DENIED otherwise, FAILED when it holds no keys. */
enum blockstore_status bs_crypt_keys_read(struct bs_crypt_keys *ret_keys, struct blockstore_call *call, const char *path);
void bs_crypt_keys_wipe(struct bs_crypt_keys *keys);

/* NULL: the file does not have it. */
const struct bs_crypt_key *bs_crypt_keys_find(const struct bs_crypt_keys *keys, const unsigned char id[BS_CRYPT_KEY_ID_SIZE]);

#endif
