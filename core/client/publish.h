/* SPDX-License-Identifier: MIT */
/* A change of what a name says, or of data below it, in the order of trust rule 10. */
#ifndef BS_CLIENT_PUBLISH_H
#define BS_CLIENT_PUBLISH_H

#include "core/client/present.h"

struct bs_publication {
  const char *name;
  const struct blockstore_key *owner;
  const struct blockstore_key *payment; /* NULL: the owner's */
  const char *txid;                     /* that transaction was sent before: only replicate; NULL: send one when needed */
  struct bs_user_change change;         /* a delta; all zero: the user record stays */
  const char *record;                   /* or: the whole record, as somebody wrote it; NULL: the delta */
  size_t record_length;
  bool dry_run;
  /*
   * Under the name's lock, and again after a race, with what the name says: decides `change`, and `datum` and `version`
   * of what is written, or is_done.  With a txid, `present` is what that transaction published.  NULL: all is decided.
   */
  bool (*prepare)(void *user, struct bs_work *work, struct bs_publication *publication, const struct bs_present *present);
  bool has_lists;       /* set by prepare: it has locked what names list (bs_state_lock_lists), alone */
  bool restores_record; /* set by prepare: a user record that stays is brought to the stores again */
  bool is_done; /* there is nothing to do: where `datum` is given, it was deleted by `version`; ver 0: it never was there */
  const struct bs_datum *datum; /* of which a version is written; NULL: of none */
  struct bs_seen version;
  /* Stores what the new record lists, before anything is announced.  NULL: nothing to store. */
  bool (*store_data)(void *user, struct bs_work *work, const struct bs_publication *publication);
  /* What follows a success, still under the name's lock.  NULL: nothing. */
  bool (*finish)(void *user, struct bs_work *work, const struct bs_publication *publication);
  void *user;
  /* Out */
  uint64_t superseded_by; /* another version of the datum, which was read here before this one was stored; 0: none */
  char txid_sent[BS_TXID_TEXT]; /* "": none was needed */
  char value_hash[BS_VALUE_HASH_TEXT];
  struct bs_name_receipt receipt; /* of the operation; by bs_name_receipt_clear */
};
bool bs_publish(struct bs_work *work, struct bs_publication *publication);
/* Does the key own the name?  Word: denied. */
bool bs_publish_check_owner(struct bs_work *work, const struct bs_publication *publication, const struct bs_present *present);

#endif
