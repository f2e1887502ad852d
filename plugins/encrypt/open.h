/* SPDX-License-Identifier: MIT */
/*
 * Encrypted objects as they come out of a store: a sink that hands on what was verified, in the memory of two chunks.  No byte
 * goes up before its chunk was verified, no size before the first was.  A value that is not whole and sound is none: another may
 * follow it.
 */
#ifndef BS_PLUGINS_ENCRYPT_OPEN_H
#define BS_PLUGINS_ENCRYPT_OPEN_H

#include "plugins/encrypt/format.h"

struct bs_crypt_open {
  struct blockstore_sink abi;    /* for the store below */
  struct blockstore_sink *above; /* NULL: nobody wants the data */
  const struct bs_crypt_keys *keys;
  enum bs_crypt_kind kind;
  const unsigned char *name; /* that the object must have; NULL: any */
  size_t sound;              /* values that were whole */
  const struct bs_crypt_key *key; /* of the last of them */

  /* The value at hand. */
  enum bs_crypt_fault fault;
  bool has_begun, is_shown; /* it began; `above` was told of it */
  struct bs_crypt_header header;
  EVP_CIPHER_CTX *cipher; /* NULL: the header is not whole */
  const struct bs_crypt_key *value_key;
  unsigned char *held, *plain; /* what came of a chunk; a chunk that was decrypted */
  size_t held_length;          /* of the header, or of `held` */
  uint64_t number, last;       /* of the chunk that comes next; known after the first */
  uint64_t padded, left;       /* bytes of all chunks; of the data that was not handed on */
  uint64_t dropped;            /* bytes that came after a fault */
};

/* Ends with bs_crypt_open_end, whatever it returns.  False: there is no memory. */
bool bs_crypt_open_begin(struct bs_crypt_open *open, struct blockstore_sink *above, const struct bs_crypt_keys *keys,
                         enum bs_crypt_kind kind, const unsigned char *name);
/*
 * Once the store below has answered OK.  OK: there was a sound value, and `above` has nothing that is not.  FAILED: open->fault
 * says why; or what `above` answered.
 */
enum blockstore_status bs_crypt_open_finish(struct bs_crypt_open *open);
void bs_crypt_open_end(struct bs_crypt_open *open);

#endif
