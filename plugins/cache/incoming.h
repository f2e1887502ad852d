/* SPDX-License-Identifier: MIT */
/*
 * What comes from the store below, or goes to it, and is kept on the way: a temporary file beside the sink or source that it was
 * for.  Whatever fails here only means that nothing is kept.  By one thread at a time, as sinks and sources are.
 *
 * Of an immutable key each candidate is tried, and the one that verifies is kept.  A record of which there were several is not.
 */
#ifndef BS_PLUGINS_CACHE_INCOMING_H
#define BS_PLUGINS_CACHE_INCOMING_H

#include "plugins/cache/object.h"
#include "plugins/cache/place.h"
#include "plugins/common/tree.h"

struct bs_cache_incoming {
  struct blockstore_sink sink; /* for the store below; stands first */
  struct blockstore_source source; /* for the store below, of a put */
  struct blockstore_sink *real_sink;
  const struct blockstore_source *real_source;
  struct bs_cache_place *place;
  struct blockstore_call *call;
  const struct bs_cache_object *object;
  struct bs_cache_head head; /* what it was like before the store was asked */
  struct bs_temporary temporary;
  SHA256_CTX digest;
  uint64_t size;     /* bytes of the value until now */
  uint64_t reserved; /* bytes of room */
  unsigned begun;    /* values */
  bool is_over;      /* nothing is kept (any more) */
  bool is_open;      /* a value is on its way */
};
#define BS_CACHE_INCOMING_INIT {.temporary = BS_TEMPORARY_INIT}
#define BS_CACHE_AUTO_INCOMING BS_AUTO(bs_cache_incoming_end)

/* Never copied after.  Before the store below is asked: what is dropped from then on is not kept. */
void bs_cache_incoming_from(struct bs_cache_incoming *incoming, struct bs_cache_place *place, struct blockstore_call *call,
                            const struct bs_cache_object *object, struct blockstore_sink *real);
void bs_cache_incoming_to(struct bs_cache_incoming *incoming, struct bs_cache_place *place, struct blockstore_call *call,
                          const struct bs_cache_object *object, const struct blockstore_source *real);
/* The store below has answered with that status, which is returned; or what the sink says to an empty value. */
enum blockstore_status bs_cache_incoming_done(struct bs_cache_incoming *incoming, enum blockstore_status status);
void bs_cache_incoming_end(struct bs_cache_incoming *incoming);

#endif
