/* SPDX-License-Identifier: MIT */
/* What the filter encrypt takes: objects out of a store, of those who have no key and of those who have; and key files. */
#include <config.h>

#include "t/fuzz/targets.h"

#define NEEDED(condition) PROMISED(condition)
#include "t/lib/encrypt.h"

#define ID "0a8ce26f:alice.id:status"

/* As bytes of an object, in pieces; what is taken is what would be put, byte for byte. */
static void take_object(const struct bs_crypt_keys *keys, const uint8_t *bytes, size_t length) {
  struct kept kept = kept_none(), again = kept_none();
  enum bs_crypt_fault fault;
  enum blockstore_status status = open_bytes(&kept, &fault, keys, BS_CRYPT_MUTABLE, NULL, bytes, length, length + 1);

  PROMISED(status == BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_FAILED);
  PROMISED((status == BLOCKSTORE_STATUS_OK) == (fault == BS_CRYPT_SOUND));
  PROMISED(open_bytes(&again, NULL, keys, BS_CRYPT_MUTABLE, NULL, bytes, length, 77) == status);
  PROMISED(again.length == kept.length && again.values == kept.values);
  if (status == BLOCKSTORE_STATUS_OK) {
    struct bytes plain = bytes_of(kept.data, (size_t)kept.length);
    struct bs_crypt_header header;
    struct bs_crypt_seal seal;
    unsigned char *sealed = malloc(length);

    PROMISED(kept.size == kept.length && sealed != NULL);
    memcpy(header.bytes, bytes, sizeof header.bytes);
    PROMISED(bs_crypt_seal_begin(&seal, &keys->all[0], &header, &plain.abi) && seal.abi.size == length);
    PROMISED(seal.abi.read_at(&seal.abi, sealed, length, 0) == BLOCKSTORE_STATUS_OK);
    PROMISED(memcmp(sealed, bytes, length) == 0);
    bs_crypt_seal_end(&seal);
    free(sealed);
  }
  free(kept.data);
  free(again.data);
}

/* The same of one who has the key, and encrypts these bytes as they are. */
static void take_sealed(const struct bs_crypt_keys *keys, const uint8_t *bytes, size_t length) {
  struct bs_crypt_header header = header_of(&keys->all[0], BS_CRYPT_MUTABLE, ID, 7, bytes, length);
  EVP_CIPHER_CTX *cipher = bs_crypt_cipher(&keys->all[0], &header, true);
  unsigned char *object = malloc(BS_CRYPT_HEADER_SIZE + length + (length / BS_CRYPT_CHUNK + 1) * BS_CRYPT_TAG);
  size_t size = BS_CRYPT_HEADER_SIZE;

  PROMISED(cipher != NULL && object != NULL);
  memcpy(object, header.bytes, size);
  for (size_t at = 0; at < length; at += BS_CRYPT_CHUNK) {
    size_t count = length - at < BS_CRYPT_CHUNK ? length - at : BS_CRYPT_CHUNK;

    PROMISED(bs_crypt_chunk_seal(cipher, object + size, bytes + at, count, at / BS_CRYPT_CHUNK, at + count == length));
    size += count + BS_CRYPT_TAG;
  }
  take_object(keys, object, size);
  EVP_CIPHER_CTX_free(cipher);
  free(object);
}

static void take_key_file(const uint8_t *bytes, size_t length) {
  struct bs_crypt_keys keys;
  unsigned line;
  const char *fault = bs_crypt_keys_parse(&keys, &line, (const char *)bytes, length);

  PROMISED(fault == NULL ? keys.count > 0 && keys.count <= BS_CRYPT_KEYS_MOST && line == 0 : keys.count == 0);
}

void bs_fuzz_encrypt(const uint8_t *bytes, size_t length) {
  struct bs_crypt_keys keys;

  take_keys(&keys, MASTER);
  take_object(&keys, bytes, length);
  take_sealed(&keys, bytes, length);
  take_key_file(bytes, length);
}
