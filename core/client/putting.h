/* SPDX-License-Identifier: MIT */
/* One put or delete of mutable data in progress: what is there, and what is to be written above it. */
#ifndef BS_CLIENT_PUTTING_H
#define BS_CLIENT_PUTTING_H

#include "core/client/publish.h"
#include "core/client/reading.h"

struct bs_putting {
  struct bs_work *work;
  const char *name, *id;
  const struct blockstore_key *key;
  unsigned char signer[BS_HASH160_SIZE];
  struct blockstore_put_mutable_options options;
  bool is_delete, purges;
  struct bs_buffer data;
  /* Of one attempt, made by a prepare. */
  const struct bs_present *present; /* bs_publish's */
  struct bs_target target;
  struct bs_reading before; /* what the stores had */
  char *data_id;            /* that new records are stored under */
  struct bs_places own;     /* their URLs, for a route that is written */
  const char *urls[BS_URLS_MAX];
  uint64_t ver;
  const char *why; /* that version, for the log; static */
  struct bs_buffer record;
  struct bs_signed sign;
  uint64_t superseded_by;
};

/* The `prepare` hooks of bs_publish; user: the struct bs_putting.  They look at what the name says, what the stores
 * have and what was seen, choose the version, sign the record, and decide whether the route changes. */
bool bs_putting_prepare(void *user, struct bs_work *work, struct bs_publication *publication, const struct bs_present *present);
bool bs_putting_prepare_delete(void *user, struct bs_work *work, struct bs_publication *publication,
                               const struct bs_present *present);
/* Frees all but what the caller gave. */
void bs_putting_end(struct bs_putting *putting);

/* Our key's records, whatever the route says. */
struct bs_authority bs_putting_authority(const struct bs_putting *putting);
/* Is z that of the record that was signed? */
bool bs_putting_is_signed(const struct bs_putting *putting, const unsigned char *z);
/* Where the user record stays, nothing at the chain tells of a name that changed meanwhile, or since the transaction: asks. */
bool bs_putting_check_still(struct bs_putting *putting, const struct bs_publication *publication);

#endif
