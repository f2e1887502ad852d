/* SPDX-License-Identifier: MIT */
/* What a name says now: its record, as the name service answers it and no older than one seen before, and its user record. */
#ifndef BS_CLIENT_PRESENT_H
#define BS_CLIENT_PRESENT_H

#include "core/client/session.h"
#include "core/state/floors.h"

struct bs_present {
  struct bs_name_record record;
  struct bs_user_copy *copy;  /* NULL: the name has no user record */
  bool is_foreign;            /* its user record was the name's already when it came to its owner (trust rule 8) */
  struct bs_name_seen seen;   /* the answer, as a floor */
  bool is_news;               /* the floor is below, or says less: bs_present_believe is owed before data go out */
  bool has_left;              /* the block of the floor left the chain */
  bool is_checked;            /* bs_present_check let it pass */
  bool was_current;           /* a user record of version 3 was seen before */
  bool is_cached;             /* the record is the session's, not the name service's of now */
  bool is_second;             /* it was asked for again */
  bool is_outdated;           /* bs_present_check found that another call has seen something newer: ask again */
  /* Set by bs_unconfirmed_prepare, on a chain that is not immediate; value hashes, "": none. */
  char made_from[BS_VALUE_HASH_TEXT]; /* of the record that a new one counts as a change of */
  char will_be[BS_VALUE_HASH_TEXT];   /* the name's, once all that is on its way is in a block */
};
#define BS_PRESENT_INIT {.copy = NULL}
void bs_present_free(struct bs_present *present);
void bs_present_drop_copy(struct bs_user_copy **copy);

/* What the name service and the stores say, before it is held against what was seen: bs_present_check is owed, and what
 * else is known by then can be recalled with it.  A revoked or an expired name has no user record here.  again: the
 * check found the last look outdated. */
bool bs_present_look(struct bs_work *work, struct bs_present *ret_present, const char *name, bool again);
/* Refuses what the next refuses.  recalled: what is known of the name (bs_state_recall). */
bool bs_present_check(struct bs_work *work, struct bs_present *present, const struct bs_recalled *recalled);

/* The name's record; refuses a revoked (not_found) and an expired one (expired), and an answer that is older than one that was
 * believed (stale). */
bool bs_present_name(struct bs_work *work, struct bs_present *ret_present, const char *name);
/* For a change of the name that its user record has no part in: refuses nothing but an older answer (stale). */
bool bs_present_need_newest(struct bs_work *work, const char *name);
/* As bs_present_name, with its user record, the newest that this client knows of: a pending one goes before the others. */
bool bs_present_load(struct bs_work *work, struct bs_present *ret_present, const char *name);
/* The second half of that, for a name that was looked up. */
bool bs_present_load_user(struct bs_work *work, struct bs_present *present);
/* The user record under a value hash, out of the session's cache or from the stores, checked to be the name's. */
bool bs_present_user(struct bs_work *work, struct bs_present *present, const char *name, const char *value_hash);

/* Takes the bytes, which are the user record with that hash; the session keeps a copy. */
bool bs_present_hold(struct bs_work *work, struct bs_present *present, const char *value_hash, struct bs_buffer *bytes);

/* After a change of the name, which is confirmed: its answer of now is the news.  `record` stays as it was. */
bool bs_present_renew(struct bs_work *work, struct bs_present *present);
/* The consensus hash of its block, which an answer that is believed has. */
bool bs_present_add_consensus(struct bs_work *work, struct bs_name_seen *seen);
/* Commits, durably, what was believed: the name's answer where it is news, and a version of a datum (NULL: none).  Nothing
 * in a dry run. */
bool bs_present_believe(struct bs_work *work, const struct bs_present *present, const struct bs_datum *datum,
                        const struct bs_seen *version);
/* The same for reads whose bytes a hash has proven: a state that may not be written is no reason to refuse them. */
bool bs_present_believe_name(struct bs_work *work, const struct bs_present *present);
/* For a read that is refused because of what the name says: that is remembered before it is told.  Always false, with
 * the error as it was; with another when another process has seen something newer. */
bool bs_present_refuse(struct bs_work *work, const struct bs_present *present);

/* The time by which records expire, Unix seconds: of the system's clock, of the newest block, or of the state's last
 * commit (clock), whichever is latest, so that a clock that is set back revives nothing. */
bool bs_present_now(struct bs_work *work, uint64_t *ret_now, uint64_t clock);

#endif
