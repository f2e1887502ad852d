/* SPDX-License-Identifier: MIT */
/* What may be kept: a value under its key, or the record under a URL; where it lies, and how it is known to be whole. */
#ifndef BS_PLUGINS_CACHE_OBJECT_H
#define BS_PLUGINS_CACHE_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As label.h has it: EVP, which these functions are deprecated for, costs 2 ms at its first use. */
#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif
#include <openssl/sha.h>

#define BS_CACHE_SLOTS 256  /* what is dropped is told apart in so many classes */
#define BS_CACHE_BLOCK 4096 /* what a file takes is counted in these */

struct bs_cache_object {
  bool is_record;
  unsigned slot;
  size_t hash_size;                      /* 32, or 20 */
  unsigned char hash[SHA256_DIGEST_LENGTH]; /* the key; of a record, of its URL */
  char path[sizeof "immutable/ab/" + 2 * (size_t)SHA256_DIGEST_LENGTH];
  char folder[sizeof "immutable/ab"];
};

/* False: that is no key. */
bool bs_cache_object_of_key(struct bs_cache_object *ret_object, const char *key);
void bs_cache_object_of_url(struct bs_cache_object *ret_object, const char *url);

/* When something of this slot was dropped last: what was fetched before that is not kept. */
struct bs_cache_mark {
  uint64_t epoch; /* of the tally: another one after each boot */
  uint64_t all, one;
};

/* Before a record, in the byte order of this machine. */
struct bs_cache_head {
  char magic[8];
  struct bs_cache_mark mark;
  uint64_t kept_ms; /* CLOCK_BOOTTIME, when the store was asked */
  unsigned char url[SHA256_DIGEST_LENGTH];
  unsigned char digest[SHA256_DIGEST_LENGTH]; /* of what is before it and of the record: against damage, not against an enemy */
};
#define BS_CACHE_MAGIC "BSCACHE1"

/* Bytes before the value. */
size_t bs_cache_object_head(const struct bs_cache_object *object);

/* The digest of an object whose bytes come one after the other; `head` of a record. */
void bs_cache_digest_begin(SHA256_CTX *digest, const struct bs_cache_object *object, const struct bs_cache_head *head);
/* Is the digest the object's?  Of a record *head has it; where `seals`, it is written there instead. */
bool bs_cache_digest_end(SHA256_CTX *digest, const struct bs_cache_object *object, struct bs_cache_head *head, bool seals);

/* What a file of so many bytes counts for. */
uint64_t bs_cache_cost(uint64_t size);

uint64_t bs_cache_now_ms(void);

#endif
