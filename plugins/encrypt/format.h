/* SPDX-License-Identifier: MIT */
/*
 * What an encrypted object looks like, byte by byte as blockstore-encrypt(7) has it; pure, but for libcrypto.  Functions that
 * return false had libcrypto fail them, unless said otherwise.
 */
#ifndef BS_PLUGINS_ENCRYPT_FORMAT_H
#define BS_PLUGINS_ENCRYPT_FORMAT_H

#include <openssl/evp.h>
#include <stdint.h>

#include "plugins/encrypt/keys.h"

#define BS_CRYPT_HEADER_SIZE 80
#define BS_CRYPT_NAME_SIZE 32
#define BS_CRYPT_SALT_SIZE 32
#define BS_CRYPT_DIGEST_SIZE 32
#define BS_CRYPT_CHUNK ((size_t)65536) /* bytes of a chunk before it is encrypted */
#define BS_CRYPT_TAG ((size_t)16)
#define BS_CRYPT_PREFIX ((size_t)8) /* the true size, in front of the data in the first chunk */
#define BS_CRYPT_LEAST 256          /* to which what is shorter is padded */
#define BS_CRYPT_LARGEST (UINT64_C(1) << 46)
#define BS_CRYPT_TEXT_SIZE sizeof "e-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum bs_crypt_kind {
  BS_CRYPT_IMMUTABLE = 1,
  BS_CRYPT_MUTABLE = 2,
  BS_CRYPT_MARK = 3, /* says with which key the store is written */
};

/* The first bytes of an object, of which the rest is encrypted. */
struct bs_crypt_header {
  unsigned char bytes[BS_CRYPT_HEADER_SIZE];
};

/* What is the matter with an object. */
enum bs_crypt_fault {
  BS_CRYPT_SOUND,
  BS_CRYPT_FOREIGN, /* nothing of ours */
  BS_CRYPT_NEWER,   /* of a format that is not known here */
  BS_CRYPT_KEY,     /* encrypted with a key that is not in the file */
  BS_CRYPT_OTHER,   /* another object than was asked for */
  BS_CRYPT_DAMAGED, /* changed, cut short or made longer */
  BS_CRYPT_TROUBLE, /* libcrypto failed */
};

/* ---- names ---- */

/* The name that stands for an immutable key, or a data id. */
bool bs_crypt_name(unsigned char ret_name[BS_CRYPT_NAME_SIZE], const struct bs_crypt_key *key, enum bs_crypt_kind kind,
                   const char *text);
/* The name of the mark: the same whatever the key. */
bool bs_crypt_mark_name(unsigned char ret_name[BS_CRYPT_NAME_SIZE]);
/* As the store below is told it: 40 digits, or "e-" and 64 for mutable data. */
void bs_crypt_name_text(char ret_text[BS_CRYPT_TEXT_SIZE], enum bs_crypt_kind kind,
                        const unsigned char name[BS_CRYPT_NAME_SIZE]);
/* False: the URL does not end with a name of mutable data. */
bool bs_crypt_name_of_url(unsigned char ret_name[BS_CRYPT_NAME_SIZE], const char *url);

/* ---- header ---- */

/* version: 0 for what is immutable.  digest: SHA-256 of all the data, so that other data never have the same salt. */
bool bs_crypt_header_make(struct bs_crypt_header *ret_header, const struct bs_crypt_key *key, enum bs_crypt_kind kind,
                          const unsigned char name[BS_CRYPT_NAME_SIZE], uint64_t version, uint64_t size,
                          const unsigned char digest[BS_CRYPT_DIGEST_SIZE]);
/* name: NULL: any. */
enum bs_crypt_fault bs_crypt_header_check(const struct bs_crypt_key **ret_key, const struct bs_crypt_header *header,
                                          const struct bs_crypt_keys *keys, enum bs_crypt_kind kind, const unsigned char *name);
/* Of any bytes at all: the key's id, 16 digits and a NUL. */
void bs_crypt_header_key(char ret_digits[2 * BS_CRYPT_KEY_ID_SIZE + 1], const struct bs_crypt_header *header);
/* Could an object begin with these bytes? */
bool bs_crypt_header_begins(const unsigned char *bytes, size_t length);

/* ---- sizes: of data of at most BS_CRYPT_LARGEST bytes ---- */

/* Bytes to be encrypted: prefix, data and padding. */
uint64_t bs_crypt_padded(uint64_t size);
/* The number of the last chunk. */
uint64_t bs_crypt_last(uint64_t padded);
/* Of the whole object. */
uint64_t bs_crypt_sealed_size(uint64_t size);

/* ---- chunks ---- */

/* By EVP_CIPHER_CTX_free.  NULL: libcrypto failed. */
EVP_CIPHER_CTX *bs_crypt_cipher(const struct bs_crypt_key *key, const struct bs_crypt_header *header, bool seals);
/* Encrypts length bytes, and BS_CRYPT_TAG behind them. */
bool bs_crypt_chunk_seal(EVP_CIPHER_CTX *cipher, unsigned char *ret_sealed, const unsigned char *plain, size_t length,
                         uint64_t number, bool is_last);
/* length: of the data, without the tag behind.  False: it is not this chunk; ret_plain is then wiped. */
bool bs_crypt_chunk_open(EVP_CIPHER_CTX *cipher, unsigned char *ret_plain, const unsigned char *sealed, size_t length,
                         uint64_t number, bool is_last);

#endif
