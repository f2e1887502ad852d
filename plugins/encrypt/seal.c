/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/encrypt/seal.h"

#include <openssl/crypto.h>
#include <string.h>

/* Bytes of chunk `number` before it is encrypted. */
static size_t chunk_length(const struct bs_crypt_seal *seal, uint64_t number) {
  return number == seal->last ? (size_t)(seal->padded - number * BS_CRYPT_CHUNK) : BS_CRYPT_CHUNK;
}

/* The size, the data, the padding: what of them lies in the chunk. */
static enum blockstore_status fill(const struct bs_crypt_seal *seal, uint64_t number, size_t length) {
  uint64_t size = seal->plain->size, offset = number == 0 ? 0 : number * BS_CRYPT_CHUNK - BS_CRYPT_PREFIX;
  size_t at = number == 0 ? BS_CRYPT_PREFIX : 0, room = length - at;
  size_t count = offset >= size ? 0 : size - offset < room ? (size_t)(size - offset) : room;

  for (size_t i = 0; i < at; i++) seal->data[i] = (unsigned char)(size >> (8 * (BS_CRYPT_PREFIX - 1 - i)));
  memset(seal->data + at + count, 0, room - count);
  return count == 0 ? BLOCKSTORE_STATUS_OK : seal->plain->read_at(seal->plain, seal->data + at, count, offset);
}

static enum blockstore_status make_chunk(struct bs_crypt_seal *seal, unsigned char *ret_sealed, uint64_t number) {
  size_t length = chunk_length(seal, number);
  enum blockstore_status status = fill(seal, number, length);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (bs_crypt_chunk_seal(seal->cipher, ret_sealed, seal->data, length, number, number == seal->last))
    return BLOCKSTORE_STATUS_OK;
  seal->failed = true;
  return BLOCKSTORE_STATUS_FAILED;
}

/* Some bytes from `offset` behind the header: *ret_count of them. */
static enum blockstore_status read_some(struct bs_crypt_seal *seal, unsigned char *buffer, size_t length, uint64_t offset,
                                        size_t *ret_count) {
  uint64_t number = offset / BS_CRYPT_SEALED_CHUNK;
  size_t within = (size_t)(offset % BS_CRYPT_SEALED_CHUNK), whole = chunk_length(seal, number) + BS_CRYPT_TAG;
  size_t rest = whole - within;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  *ret_count = rest < length ? rest : length;
  if (*ret_count == whole) return make_chunk(seal, buffer, number);
  if (seal->held != number) {
    seal->held = UINT64_MAX;
    status = make_chunk(seal, seal->sealed, number);
    if (status != BLOCKSTORE_STATUS_OK) return status;
    seal->held = number;
  }
  memcpy(buffer, seal->sealed + within, *ret_count);
  return status;
}

static enum blockstore_status read_at(const struct blockstore_source *source, void *buffer, size_t length, uint64_t offset) {
  struct bs_crypt_seal *seal = (struct bs_crypt_seal *)(uintptr_t)source;
  unsigned char *to = buffer;
  size_t count;

  if (offset > source->size || length > source->size - offset) return BLOCKSTORE_STATUS_FAILED;
  for (; length > 0; to += count, offset += count, length -= count) {
    enum blockstore_status status = BLOCKSTORE_STATUS_OK;

    if (offset < BS_CRYPT_HEADER_SIZE) {
      count = BS_CRYPT_HEADER_SIZE - (size_t)offset;
      if (count > length) count = length;
      memcpy(to, seal->header.bytes + offset, count);
    } else {
      status = read_some(seal, to, length, offset - BS_CRYPT_HEADER_SIZE, &count);
    }
    if (status != BLOCKSTORE_STATUS_OK) return status;
  }
  return BLOCKSTORE_STATUS_OK;
}

bool bs_crypt_seal_begin(struct bs_crypt_seal *seal, const struct bs_crypt_key *key, const struct bs_crypt_header *header,
                         const struct blockstore_source *plain) {
  *seal = (struct bs_crypt_seal){.abi = {sizeof seal->abi, 0, read_at, bs_crypt_sealed_size(plain->size)},
                                 .plain = plain,
                                 .header = *header,
                                 .padded = bs_crypt_padded(plain->size),
                                 .held = UINT64_MAX};
  seal->last = bs_crypt_last(seal->padded);
  seal->cipher = bs_crypt_cipher(key, header, true);
  seal->data = malloc(chunk_length(seal, 0));
  seal->sealed = malloc(chunk_length(seal, 0) + BS_CRYPT_TAG);
  return seal->cipher != NULL && seal->data != NULL && seal->sealed != NULL;
}

void bs_crypt_seal_end(struct bs_crypt_seal *seal) {
  if (seal->data != NULL) OPENSSL_cleanse(seal->data, chunk_length(seal, 0));
  free(seal->data);
  free(seal->sealed);
  EVP_CIPHER_CTX_free(seal->cipher); /* which wipes its key */
}
