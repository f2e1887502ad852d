/* SPDX-License-Identifier: MIT */
/* A datum as its name's user record describes it: where its records lie and whose signature counts. */
#ifndef BS_CLIENT_TARGET_H
#define BS_CLIENT_TARGET_H

#include "core/client/present.h"
#include "core/record/mutable.h"
#include "core/record/route.h"

struct bs_target {
  struct bs_datum datum; /* its strings are the caller's and the present's */
  bool has_route;
  struct bs_route route; /* within the present's user record */
  bool is_legacy;        /* of a user record of 2015 */
  bool admits_legacy;    /* records of 2015 are believed; set by bs_target_check_readable */
  bool is_foreign;       /* of a user record that another owner wrote (trust rule 8) */
  struct bs_public_key key;
  struct bs_authority authority; /* the route's key, or the name's owner; its pointers are into this and the present */
  char *data_id;                 /* what the stores' drivers know the datum by */
  struct bs_buffer url_texts;    /* of `urls` */
  const char *urls[BS_URLS_MAX]; /* the route's */
  size_t url_count;
};
#define BS_TARGET_INIT {.data_id = NULL, .url_texts = BS_BUFFER_INIT}
void bs_target_free(struct bs_target *target);

/* Looks the datum up; has_route is false where there is none.  `present` and `id` must outlive the target.  A route whose
 * pubkey is no key has none here: who may, writes another.  Words: usage (the id), no_memory. */
bool bs_target_find(struct bs_work *work, struct bs_target *target, const struct bs_present *present, const char *id);
/* May its records be believed?  recalled: what is known of the datum.  Words: not_found, deleted, owner_changed, malformed (the
 * route's key), downgrade. */
bool bs_target_check_readable(struct bs_work *work, struct bs_target *target, const struct bs_present *present,
                              const struct bs_recalled *recalled);
/* May a record of that form be believed at all, before its signature is looked at?  Words: downgrade, forged. */
bool bs_target_admits(const struct bs_target *target, const struct bs_present *present, const struct bs_mutable *record,
                      struct bs_error *error);

#endif
