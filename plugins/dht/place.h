/* SPDX-License-Identifier: MIT */
/* Where an object lies: the key of the DHT, 20 bytes, derived from what the object is called. */
#ifndef BS_PLUGINS_DHT_PLACE_H
#define BS_PLUGINS_DHT_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#define DHT_HASH_DIGITS 40
#define DHT_SCHEME "dht:"

/* What an object is; also the letter of its values (value.h), and a part of what its key is derived from. */
enum dht_kind { DHT_IMMUTABLE = 'i', DHT_MUTABLE = 'm' };

/* The first 20 bytes of SHA-256("blockstore-dht-1", 00, kind, 00, name), as lower-case digits and a NUL. */
void dht_place_derive(char ret_hash[DHT_HASH_DIGITS + 1], enum dht_kind kind, const char *name);

/* The key in a URL, "dht:" and 40 lower-case digits and nothing else; false when it is another. */
bool dht_place_of_url(char ret_hash[DHT_HASH_DIGITS + 1], const char *url);

/* Are the bytes those of the immutable key: SHA-256, or of 40 digits RIPEMD-160 of SHA-256? */
bool dht_place_is_key_of(const char *key, const void *bytes, size_t length);

/* The number of a value: of the same bytes always the same, so that putting them again keeps them alive. */
void dht_place_number(char ret_decimal[21], const void *bytes, size_t length);

#endif
