/* SPDX-License-Identifier: MIT */
/*
 * Replies that were given before, by what was asked.  They hold for one state of the chain: another one makes all of them
 * strangers at once.  Four places for each hash, so that no choice of requests makes it slow.  One thread.
 */
#ifndef BLOCKSTORED_CACHE_H
#define BLOCKSTORED_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bsd_cache;

/* most: bytes of what is kept; 0: nothing is.  NULL: no memory. */
struct bsd_cache *bsd_cache_new(size_t most);
void bsd_cache_free(struct bsd_cache *cache); /* NULL is allowed */
/* What is kept belongs to a state of the chain that is over. */
void bsd_cache_turn(struct bsd_cache *cache);
/* *ret_reply: valid until the cache is changed. */
bool bsd_cache_find(const struct bsd_cache *cache, const unsigned char **ret_reply, size_t *ret_length, size_t method,
                    const void *params, size_t params_length);
/* Was it asked for before, not all too long ago?  What is asked only once need not be kept. */
bool bsd_cache_wants(struct bsd_cache *cache, size_t method, const void *params, size_t params_length);
/* Keeps a copy; where there is no memory, none. */
void bsd_cache_keep(struct bsd_cache *cache, size_t method, const void *params, size_t params_length, const void *reply,
                    size_t length);
size_t bsd_cache_bytes(const struct bsd_cache *cache); /* of what is kept */

#endif
