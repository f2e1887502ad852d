/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/encrypt/open.h"

#include <openssl/crypto.h>
#include <string.h>

#define SEALED_CHUNK (BS_CRYPT_CHUNK + BS_CRYPT_TAG)
#define DROPPED_MOST ((uint64_t)1 << 20) /* bytes behind a fault that are waited out for the sake of another value */

static enum blockstore_status fault(struct bs_crypt_open *open, enum bs_crypt_fault fault) {
  open->fault = fault;
  return BLOCKSTORE_STATUS_OK;
}

/* ---- the data of a chunk ---- */

/* The size is the first that is known of the data, and says what must follow. */
static bool take_size(struct bs_crypt_open *open) {
  uint64_t size = 0;

  for (size_t i = 0; i < BS_CRYPT_PREFIX; i++) size = size << 8 | open->plain[i];
  if (size > BS_CRYPT_LARGEST) return false;
  open->left = size;
  open->padded = bs_crypt_padded(size);
  open->last = bs_crypt_last(open->padded);
  return true;
}

static bool is_zero(const unsigned char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (bytes[i] != 0) return false;
  return true;
}

/* Those who have the key made it so, or it was decrypted as another chunk: only one form is right. */
static bool has_form(const struct bs_crypt_open *open, size_t length, bool is_last) {
  return is_last ? open->number == open->last && length == open->padded - open->number * BS_CRYPT_CHUNK
                 : open->number < open->last;
}

/* A chunk that was verified, in open->plain. */
static enum blockstore_status take_plain(struct bs_crypt_open *open, size_t length, bool is_last) {
  bool is_first = open->number == 0;
  size_t at = is_first ? BS_CRYPT_PREFIX : 0, count;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  if (is_first && (length < BS_CRYPT_PREFIX || !take_size(open))) return fault(open, BS_CRYPT_DAMAGED);
  if (!has_form(open, length, is_last)) return fault(open, BS_CRYPT_DAMAGED);
  count = open->left < length - at ? (size_t)open->left : length - at;
  if (!is_zero(open->plain + at + count, length - at - count)) return fault(open, BS_CRYPT_DAMAGED);
  if (is_first) {
    open->is_shown = open->above != NULL;
    if (open->is_shown) status = open->above->begin(open->above, open->left);
  }
  if (status == BLOCKSTORE_STATUS_OK && open->is_shown && count > 0)
    status = open->above->write(open->above, open->plain + at, count);
  open->left -= count;
  open->number++;
  return status;
}

/* length: with the tag. */
static enum blockstore_status take_chunk(struct bs_crypt_open *open, const unsigned char *sealed, size_t length, bool is_last) {
  if (length <= BS_CRYPT_TAG) return fault(open, BS_CRYPT_DAMAGED);
  length -= BS_CRYPT_TAG;
  if (!bs_crypt_chunk_open(open->cipher, open->plain, sealed, length, open->number, is_last))
    return fault(open, BS_CRYPT_DAMAGED);
  return take_plain(open, length, is_last);
}

/* ---- what comes ---- */

/* Moves bytes into `to` until it has `size`. */
static void gather(struct bs_crypt_open *open, unsigned char *to, size_t size, const unsigned char **bytes, size_t *length) {
  size_t count = size - open->held_length < *length ? size - open->held_length : *length;

  memcpy(to + open->held_length, *bytes, count);
  open->held_length += count;
  *bytes += count;
  *length -= count;
}

static void take_header(struct bs_crypt_open *open) {
  open->held_length = 0;
  open->fault = bs_crypt_header_check(&open->value_key, &open->header, open->keys, open->kind, open->name);
  if (open->fault != BS_CRYPT_SOUND) return;
  open->cipher = bs_crypt_cipher(open->value_key, &open->header, false);
  if (open->cipher == NULL) open->fault = BS_CRYPT_TROUBLE;
}

/* A whole chunk is the last one unless something comes behind it. */
static enum blockstore_status take_bytes(struct bs_crypt_open *open, const unsigned char **bytes, size_t *length) {
  enum blockstore_status status;

  if (open->held_length == 0 && *length > SEALED_CHUNK) {
    status = take_chunk(open, *bytes, SEALED_CHUNK, false);
    *bytes += SEALED_CHUNK;
    *length -= SEALED_CHUNK;
    return status;
  }
  if (open->held_length == SEALED_CHUNK) {
    open->held_length = 0;
    return take_chunk(open, open->held, SEALED_CHUNK, false);
  }
  gather(open, open->held, SEALED_CHUNK, bytes, length);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status open_write(struct blockstore_sink *sink, const void *data, size_t length) {
  struct bs_crypt_open *open = (struct bs_crypt_open *)sink;
  const unsigned char *bytes = data;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  open->has_begun = true;
  while (status == BLOCKSTORE_STATUS_OK && length > 0) {
    if (open->fault != BS_CRYPT_SOUND) {
      open->dropped += length;
      return open->dropped > DROPPED_MOST ? BLOCKSTORE_STATUS_FAILED : BLOCKSTORE_STATUS_OK;
    }
    if (open->cipher != NULL) {
      status = take_bytes(open, &bytes, &length);
    } else {
      gather(open, open->header.bytes, BS_CRYPT_HEADER_SIZE, &bytes, &length);
      if (open->held_length == BS_CRYPT_HEADER_SIZE) take_header(open);
    }
  }
  return status;
}

/* The value at hand ends here. */
static enum blockstore_status end_value(struct bs_crypt_open *open) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  if (open->fault != BS_CRYPT_SOUND) return status;
  if (open->cipher == NULL)
    return fault(open, open->held_length > 0 && !bs_crypt_header_begins(open->header.bytes, open->held_length) ? BS_CRYPT_FOREIGN
                                                                                                        : BS_CRYPT_DAMAGED);
  status = take_chunk(open, open->held, open->held_length, true);
  if (status != BLOCKSTORE_STATUS_OK || open->fault != BS_CRYPT_SOUND) return status;
  open->sound++;
  open->key = open->value_key;
  return status;
}

static void drop_value(struct bs_crypt_open *open) {
  EVP_CIPHER_CTX_free(open->cipher);
  open->cipher = NULL;
  open->fault = BS_CRYPT_SOUND;
  open->is_shown = false;
  open->held_length = 0;
  open->number = 0;
}

static enum blockstore_status open_value(struct blockstore_sink *sink, uint64_t size) {
  struct bs_crypt_open *open = (struct bs_crypt_open *)sink;
  enum blockstore_status status = open->has_begun ? end_value(open) : BLOCKSTORE_STATUS_OK;

  (void)size; /* what comes counts */
  if (status != BLOCKSTORE_STATUS_OK) return status;
  drop_value(open);
  open->has_begun = true;
  return status;
}

bool bs_crypt_open_begin(struct bs_crypt_open *open, struct blockstore_sink *above, const struct bs_crypt_keys *keys,
                         enum bs_crypt_kind kind, const unsigned char *name) {
  *open = (struct bs_crypt_open){.abi = {sizeof open->abi, 0, open_value, open_write},
                                 .above = above,
                                 .keys = keys,
                                 .kind = kind,
                                 .name = name,
                                 .held = malloc(SEALED_CHUNK),
                                 .plain = malloc(BS_CRYPT_CHUNK)};
  return open->held != NULL && open->plain != NULL;
}

enum blockstore_status bs_crypt_open_finish(struct bs_crypt_open *open) {
  enum blockstore_status status = end_value(open);

  if (status != BLOCKSTORE_STATUS_OK || open->fault == BS_CRYPT_SOUND) return status;
  return open->sound > 0 && !open->is_shown ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_FAILED;
}

void bs_crypt_open_end(struct bs_crypt_open *open) {
  EVP_CIPHER_CTX_free(open->cipher);
  if (open->plain != NULL) OPENSSL_cleanse(open->plain, BS_CRYPT_CHUNK);
  free(open->plain);
  free(open->held);
}
