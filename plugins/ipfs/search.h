/* SPDX-License-Identifier: MIT */
/*
 * A get: the places that may have what is wanted are asked one after the other.  What each gives is another candidate for
 * the core, so one that lies or breaks off does not hide what the next has; and each has its part of the time, so one
 * that hangs does not, either.
 */
#ifndef BS_PLUGINS_IPFS_SEARCH_H
#define BS_PLUGINS_IPFS_SEARCH_H

#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>

#include "plugins/common/errand.h"
#include "plugins/common/plugin.h"

#pragma GCC visibility push(hidden)

/* For one thread.  It stays where it was begun: the call and the sink are in it. */
struct bs_search {
  struct bs_errand errand;     /* its call is for the place that is asked, and ends when the answer must have begun */
  struct blockstore_sink sink; /* for what it gives */
  bool over;                   /* nobody else is to be asked */

  struct blockstore_call *outer;
  struct blockstore_sink *out;
  const char *key;
  size_t places;                   /* still to be asked */
  SHA256_CTX digest;               /* of the candidate */
  enum blockstore_status refusal;  /* what the core said to it, if not OK */
  enum blockstore_status trouble;  /* of the last place that had any; else NOT_FOUND */
  bool asked, gave;                /* anybody was asked; somebody gave a candidate */
  bool is_absent;                  /* somebody who would know said so */
};

/*
 * In:  key:    what the bytes must have for a hash, else the next place is asked; NULL: the search is over when it is
 *              said so, for nobody here can tell a good answer
 *      places: how many are going to be asked
 */
void bs_search_begin(struct bs_search *ret_search, struct blockstore_call *call, struct blockstore_sink *out, const char *key,
                     size_t places);

/* Before a place is asked: gives it its time. */
void bs_search_ask(struct bs_search *search);
/* What it answered; `who` it is, for a sentence. */
void bs_search_take(struct bs_search *search, const char *who, enum blockstore_status status);
/* It has no block of that CID: which is nothing of the store, where what is larger is no such block. */
void bs_search_pass(struct bs_search *search);

/* Returns: OK: a candidate was given; NOT_FOUND: all said so; FAILED: nobody was asked who would know; or what the last said
 * that had trouble. */
enum blockstore_status bs_search_end(const struct bs_search *search);

#pragma GCC visibility pop
#endif
