/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/encrypt/format.h"

#include <openssl/crypto.h>
#include <string.h>

#define MAGIC "BSCRPT"
#define FORMAT 1
#define VISIBLE ((size_t)20) /* bytes of an immutable name that the store is told */
#define NONCE 12
#define ID_LONGEST 4143

/* Where things stand in the header. */
enum { AT_FORMAT = 6, AT_KIND = 7, AT_KEY = 8, AT_NAME = 16, AT_SALT = 48 };
_Static_assert(AT_SALT + BS_CRYPT_SALT_SIZE == BS_CRYPT_HEADER_SIZE, "the salt ends the header");

static void put_number(unsigned char ret_bytes[8], uint64_t number) {
  for (size_t i = 0; i < 8; i++) ret_bytes[7 - i] = (unsigned char)(number >> (8 * i));
}

/* ---- names ---- */

bool bs_crypt_name(unsigned char ret_name[BS_CRYPT_NAME_SIZE], const struct bs_crypt_key *key, enum bs_crypt_kind kind,
                   const char *text) {
  unsigned char bytes[1 + ID_LONGEST];
  size_t length = strlen(text);

  if (length > ID_LONGEST) return false;
  bytes[0] = (unsigned char)kind;
  memcpy(bytes + 1, text, length);
  if (!bs_crypt_mac(ret_name, key->names, bytes, 1 + length)) return false;
  if (kind != BS_CRYPT_MUTABLE) memset(ret_name + VISIBLE, 0, BS_CRYPT_NAME_SIZE - VISIBLE);
  return true;
}

bool bs_crypt_mark_name(unsigned char ret_name[BS_CRYPT_NAME_SIZE]) {
  static const char label[] = "blockstore-encrypt-1 mark";

  if (EVP_Digest(label, strlen(label), ret_name, NULL, EVP_sha256(), NULL) != 1) return false;
  memset(ret_name + VISIBLE, 0, BS_CRYPT_NAME_SIZE - VISIBLE);
  return true;
}

static void write_digits(char *ret_digits, const unsigned char *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";

  for (size_t i = 0; i < length; i++) {
    *ret_digits++ = digits[bytes[i] >> 4];
    *ret_digits++ = digits[bytes[i] & 15];
  }
  *ret_digits = '\0';
}

void bs_crypt_name_text(char ret_text[BS_CRYPT_TEXT_SIZE], enum bs_crypt_kind kind,
                        const unsigned char name[BS_CRYPT_NAME_SIZE]) {
  if (kind != BS_CRYPT_MUTABLE) {
    write_digits(ret_text, name, VISIBLE);
    return;
  }
  memcpy(ret_text, "e-", 2);
  write_digits(ret_text + 2, name, BS_CRYPT_NAME_SIZE);
}

bool bs_crypt_name_of_url(unsigned char ret_name[BS_CRYPT_NAME_SIZE], const char *url) {
  const char *slash = strrchr(url, '/');
  const char *text = slash == NULL ? "" : slash + 1;

  if (strncmp(text, "e-", 2) != 0 || strlen(text + 2) != (size_t)2 * BS_CRYPT_NAME_SIZE ||
      strspn(text + 2, "0123456789abcdef") != (size_t)2 * BS_CRYPT_NAME_SIZE)
    return false;
  text += 2;
  for (size_t i = 0; i < (size_t)2 * BS_CRYPT_NAME_SIZE; i++) {
    unsigned value = (unsigned)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);

    ret_name[i / 2] = (unsigned char)(i % 2 == 0 ? value << 4 : ret_name[i / 2] | value);
  }
  return true;
}

/* ---- header ---- */

bool bs_crypt_header_make(struct bs_crypt_header *ret_header, const struct bs_crypt_key *key, enum bs_crypt_kind kind,
                          const unsigned char name[BS_CRYPT_NAME_SIZE], uint64_t version, uint64_t size,
                          const unsigned char digest[BS_CRYPT_DIGEST_SIZE]) {
  unsigned char facts[1 + BS_CRYPT_NAME_SIZE + 8 + 8 + BS_CRYPT_DIGEST_SIZE], *at = facts;
  unsigned char *bytes = ret_header->bytes;

  *at++ = (unsigned char)kind;
  memcpy(at, name, BS_CRYPT_NAME_SIZE);
  put_number(at += BS_CRYPT_NAME_SIZE, version);
  put_number(at += 8, size);
  memcpy(at + 8, digest, BS_CRYPT_DIGEST_SIZE);
  memcpy(bytes, MAGIC, AT_FORMAT);
  bytes[AT_FORMAT] = FORMAT;
  bytes[AT_KIND] = (unsigned char)kind;
  memcpy(bytes + AT_KEY, key->id, BS_CRYPT_KEY_ID_SIZE);
  memcpy(bytes + AT_NAME, name, BS_CRYPT_NAME_SIZE);
  return bs_crypt_mac(bytes + AT_SALT, key->salts, facts, sizeof facts);
}

enum bs_crypt_fault bs_crypt_header_check(const struct bs_crypt_key **ret_key, const struct bs_crypt_header *header,
                                          const struct bs_crypt_keys *keys, enum bs_crypt_kind kind, const unsigned char *name) {
  const unsigned char *bytes = header->bytes;
  const struct bs_crypt_key *key;

  if (!bs_crypt_header_begins(bytes, BS_CRYPT_HEADER_SIZE)) return BS_CRYPT_FOREIGN;
  if (bytes[AT_FORMAT] != FORMAT) return BS_CRYPT_NEWER;
  key = bs_crypt_keys_find(keys, bytes + AT_KEY);
  if (key == NULL) return BS_CRYPT_KEY;
  if (bytes[AT_KIND] != (unsigned char)kind) return BS_CRYPT_OTHER;
  if (name != NULL && memcmp(bytes + AT_NAME, name, BS_CRYPT_NAME_SIZE) != 0) return BS_CRYPT_OTHER;
  *ret_key = key;
  return BS_CRYPT_SOUND;
}

void bs_crypt_header_key(char ret_digits[2 * BS_CRYPT_KEY_ID_SIZE + 1], const struct bs_crypt_header *header) {
  write_digits(ret_digits, header->bytes + AT_KEY, BS_CRYPT_KEY_ID_SIZE);
}

bool bs_crypt_header_begins(const unsigned char *bytes, size_t length) {
  return memcmp(bytes, MAGIC, length < AT_FORMAT ? length : AT_FORMAT) == 0;
}

/* ---- sizes ---- */

/* Padme: of a length with the highest bit 2^E, only the floor(log2 E) + 1 bits behind that one may be set. */
uint64_t bs_crypt_padded(uint64_t size) {
  uint64_t length = size + BS_CRYPT_PREFIX, mask = 0;
  unsigned exponent;

  if (length <= BS_CRYPT_LEAST) return BS_CRYPT_LEAST;
  exponent = 63 - (unsigned)__builtin_clzll(length);
  for (unsigned bits = 32 - (unsigned)__builtin_clz(exponent); bits < exponent; bits++) mask = mask << 1 | 1;
  return (length + mask) & ~mask;
}

uint64_t bs_crypt_last(uint64_t padded) {
  return (padded - 1) / BS_CRYPT_CHUNK;
}

uint64_t bs_crypt_sealed_size(uint64_t size) {
  uint64_t padded = bs_crypt_padded(size);

  return BS_CRYPT_HEADER_SIZE + padded + (bs_crypt_last(padded) + 1) * BS_CRYPT_TAG;
}

/* ---- chunks ---- */

EVP_CIPHER_CTX *bs_crypt_cipher(const struct bs_crypt_key *key, const struct bs_crypt_header *header, bool seals) {
  unsigned char file[BS_CRYPT_KEY_SIZE];
  EVP_CIPHER_CTX *cipher = NULL;

  if (bs_crypt_mac(file, key->files, header->bytes, sizeof header->bytes)) cipher = EVP_CIPHER_CTX_new();
  if (cipher != NULL && EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, file, NULL, seals) != 1) {
    EVP_CIPHER_CTX_free(cipher);
    cipher = NULL;
  }
  OPENSSL_cleanse(file, sizeof file);
  return cipher;
}

/* The nonce of STREAM: the chunk's number, and whether it is the last. */
static bool begin_chunk(EVP_CIPHER_CTX *cipher, uint64_t number, bool is_last) {
  unsigned char nonce[NONCE] = {0};

  put_number(nonce + NONCE - 1 - 8, number);
  nonce[NONCE - 1] = is_last;
  return EVP_CipherInit_ex(cipher, NULL, NULL, NULL, nonce, -1) == 1;
}

bool bs_crypt_chunk_seal(EVP_CIPHER_CTX *cipher, unsigned char *ret_sealed, const unsigned char *plain, size_t length,
                         uint64_t number, bool is_last) {
  int got, end;

  return begin_chunk(cipher, number, is_last) && EVP_EncryptUpdate(cipher, ret_sealed, &got, plain, (int)length) == 1 &&
         EVP_EncryptFinal_ex(cipher, ret_sealed + got, &end) == 1 && (size_t)got + (size_t)end == length &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, (int)BS_CRYPT_TAG, ret_sealed + length) == 1;
}

bool bs_crypt_chunk_open(EVP_CIPHER_CTX *cipher, unsigned char *ret_plain, const unsigned char *sealed, size_t length,
                         uint64_t number, bool is_last) {
  unsigned char tag[BS_CRYPT_TAG];
  int got, end;

  memcpy(tag, sealed + length, sizeof tag);
  if (begin_chunk(cipher, number, is_last) && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, (int)sizeof tag, tag) == 1 &&
      EVP_DecryptUpdate(cipher, ret_plain, &got, sealed, (int)length) == 1 &&
      EVP_DecryptFinal_ex(cipher, ret_plain + got, &end) == 1)
    return true;
  OPENSSL_cleanse(ret_plain, length);
  return false;
}
