/* SPDX-License-Identifier: MIT */
/* An object as it is encrypted: a source over the source of the data, any part of it at any time, in the memory of two chunks. */
#ifndef BS_PLUGINS_ENCRYPT_SEAL_H
#define BS_PLUGINS_ENCRYPT_SEAL_H

#include "plugins/encrypt/format.h"

#define BS_CRYPT_SEALED_CHUNK (BS_CRYPT_CHUNK + BS_CRYPT_TAG)

struct bs_crypt_seal {
  struct blockstore_source abi;          /* for the store below */
  const struct blockstore_source *plain; /* at most BS_CRYPT_LARGEST bytes */
  struct bs_crypt_header header;
  EVP_CIPHER_CTX *cipher;
  uint64_t padded, last;
  unsigned char *data, *sealed; /* a chunk before and after */
  uint64_t held;                /* the number of the chunk in `sealed`; UINT64_MAX: none */
  bool failed;                  /* libcrypto did */
};

/* Ends with bs_crypt_seal_end, whatever it returns.  False: there is no memory, or libcrypto failed. */
bool bs_crypt_seal_begin(struct bs_crypt_seal *seal, const struct bs_crypt_key *key, const struct bs_crypt_header *header,
                         const struct blockstore_source *plain);
void bs_crypt_seal_end(struct bs_crypt_seal *seal);

#endif
