/* SPDX-License-Identifier: MIT */
/* Encrypted objects in memory: sealed from bytes, opened into bytes.  The includer has what ends a test: NEEDED(condition). */
#ifndef BS_T_ENCRYPT_H
#define BS_T_ENCRYPT_H

#include <string.h>

#include "plugins/encrypt/open.h"
#include "plugins/encrypt/seal.h"

#define MASTER "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define OTHER_MASTER "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f"

/* Bytes in memory as a source. */
struct bytes {
  struct blockstore_source abi;
  const unsigned char *data;
  enum blockstore_status answer;
};

static inline enum blockstore_status bytes_read_at(const struct blockstore_source *source, void *buffer, size_t length,
                                                   uint64_t offset) {
  const struct bytes *bytes = (const struct bytes *)source;

  NEEDED(offset <= source->size && length <= source->size - offset);
  if (bytes->answer == BLOCKSTORE_STATUS_OK && length > 0) memcpy(buffer, bytes->data + offset, length);
  return bytes->answer;
}

static inline struct bytes bytes_of(const void *data, size_t length) {
  return (struct bytes){{sizeof(struct blockstore_source), 0, bytes_read_at, length}, data, BLOCKSTORE_STATUS_OK};
}

/* A sink that keeps the last value. */
struct kept {
  struct blockstore_sink abi;
  unsigned char *data;
  uint64_t size, length;
  unsigned values;
  enum blockstore_status answer; /* to what comes after `patience` calls */
  unsigned patience;
};

static inline enum blockstore_status kept_begin(struct blockstore_sink *sink, uint64_t size) {
  struct kept *kept = (struct kept *)sink;

  if (kept->answer != BLOCKSTORE_STATUS_OK && kept->patience-- == 0) return kept->answer;
  free(kept->data);
  kept->data = malloc(size < 1 << 24 ? (size_t)size + 1 : 1);
  NEEDED(kept->data != NULL);
  kept->size = size;
  kept->length = 0;
  kept->values++;
  return BLOCKSTORE_STATUS_OK;
}

static inline enum blockstore_status kept_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct kept *kept = (struct kept *)sink;

  if (kept->answer != BLOCKSTORE_STATUS_OK && kept->patience-- == 0) return kept->answer;
  NEEDED(kept->values > 0 && length <= kept->size - kept->length);
  if (kept->size < 1 << 24) memcpy(kept->data + kept->length, bytes, length);
  kept->length += length;
  return BLOCKSTORE_STATUS_OK;
}

static inline struct kept kept_none(void) {
  return (struct kept){.abi = {sizeof(struct blockstore_sink), 0, kept_begin, kept_write}};
}

static inline void take_keys(struct bs_crypt_keys *ret_keys, const char *text) {
  unsigned line;

  NEEDED(bs_crypt_keys_parse(ret_keys, &line, text, strlen(text)) == NULL);
}

static inline struct bs_crypt_header header_of(const struct bs_crypt_key *key, enum bs_crypt_kind kind, const char *text,
                                               uint64_t version, const void *data, size_t length) {
  unsigned char name[BS_CRYPT_NAME_SIZE], digest[BS_CRYPT_DIGEST_SIZE];
  struct bs_crypt_header header;

  NEEDED(kind == BS_CRYPT_MARK ? bs_crypt_mark_name(name) : bs_crypt_name(name, key, kind, text));
  NEEDED(EVP_Digest(data, length, digest, NULL, EVP_sha256(), NULL) == 1);
  NEEDED(bs_crypt_header_make(&header, key, kind, name, version, length, digest));
  return header;
}

/* An object, by free(). */
static inline unsigned char *seal_bytes(size_t *ret_size, const struct bs_crypt_key *key, enum bs_crypt_kind kind,
                                        const char *text, uint64_t version, const void *data, size_t length) {
  struct bs_crypt_header header = header_of(key, kind, text, version, data, length);
  struct bytes plain = bytes_of(data, length);
  struct bs_crypt_seal seal;
  unsigned char *object;

  NEEDED(bs_crypt_seal_begin(&seal, key, &header, &plain.abi));
  *ret_size = (size_t)seal.abi.size;
  object = malloc(*ret_size + 1);
  NEEDED(object != NULL && seal.abi.read_at(&seal.abi, object, *ret_size, 0) == BLOCKSTORE_STATUS_OK);
  bs_crypt_seal_end(&seal);
  return object;
}

/* What comes of an object that arrives in pieces of so many bytes; *ret_fault may be NULL. */
static inline enum blockstore_status open_bytes(struct kept *kept, enum bs_crypt_fault *ret_fault,
                                                const struct bs_crypt_keys *keys, enum bs_crypt_kind kind,
                                                const unsigned char *name, const unsigned char *object, size_t size,
                                                size_t piece) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  struct bs_crypt_open open;

  NEEDED(bs_crypt_open_begin(&open, &kept->abi, keys, kind, name));
  for (size_t at = 0; at < size && status == BLOCKSTORE_STATUS_OK; at += piece)
    status = open.abi.write(&open.abi, object + at, size - at < piece ? size - at : piece);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_crypt_open_finish(&open);
  if (ret_fault != NULL) *ret_fault = open.fault;
  bs_crypt_open_end(&open);
  return status;
}

#endif
