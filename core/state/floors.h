/* SPDX-License-Identifier: MIT */
/*
 * What was believed before: no version of a datum and no answer about a name falls below it, across processes, crashes and
 * restarts (trust rules 4 to 6 and 12); and the versions that a writer has reserved (rule 10).  Kept in struct bs_state's
 * database; its threads, processes and words are those of state.h.
 *
 * A floor belongs to chain, name, id and signer.  It only rises: each commit looks again at what stands there.
 */
#ifndef BS_STATE_FLOORS_H
#define BS_STATE_FLOORS_H

#include "core/record/mutable.h"
#include "core/state/state.h"

/* One version of a datum, as it was verified. */
struct bs_seen {
  uint64_t ver;                /* 1..BS_VER_MAX */
  unsigned char z[BS_SHA256_SIZE]; /* its identity */
  unsigned char signer[BS_HASH160_SIZE]; /* of the compressed form of the key */
  bool is_tombstone;
  bool is_legacy; /* of 2015 */
  /* The rest of what was signed, and the signature: should other content turn up for this version, both are evidence. */
  uint64_t expires, length;
  unsigned char sha256[BS_SHA256_SIZE];
  char sig[BS_SIG_TEXT];
};

/* The newest answer about a name that was believed. */
struct bs_name_seen {
  uint64_t block, vtxindex; /* of the newest operation on the name */
  char value_hash[41];      /* "": none */
  char owner[40];           /* address */
  char consensus[33];       /* of that block: with another one there, the block has left the chain; "": not known */
  bool is_current;          /* a user record of version 3 was seen; once true it stays so */
};

struct bs_recalled {
  uint64_t clock; /* the latest time, Unix seconds, of any commit of the state; 0: none */
  bool has_name;
  struct bs_name_seen name;
  bool has_version; /* of the signer asked for */
  struct bs_seen version;
  bool has_current; /* any signer's floor of the datum is of the current generation */
  uint64_t reserved; /* the highest version that is reserved for the datum, 0: none */
  unsigned char reserved_z[BS_SHA256_SIZE];
};

/*
 * What is known of the datum, as of one moment.  datum->id NULL: of the name and the clock only, all else is as if
 * nothing was known.  signer NULL: not the version.  Makes no state.
 */
bool bs_state_recall(struct bs_state *state, struct bs_scope *scope, struct bs_recalled *ret_recalled,
                     const struct bs_datum *datum, const unsigned char *signer, struct bs_error *error);

/* Was an answer about the name believed, of whatever chain?  Makes no state. */
bool bs_state_knows_name(struct bs_state *state, struct bs_scope *scope, bool *ret_known, const char *name,
                         struct bs_error *error);

/* What a call came to believe; members that are NULL say nothing. */
struct bs_belief {
  const struct bs_datum *datum;    /* id NULL: the name only */
  const struct bs_seen *version;
  const struct bs_name_seen *name; /* is_current false leaves it as it stands */
  bool replaces_name;              /* the block of the name's floor left the chain: the new answer counts, lower or not */
  uint64_t now;                    /* Unix seconds; raises the clock */
};
/*
 * Commits it durably, all or nothing.  When another process raised a floor meanwhile, and the belief is below: stale;
 * the same version with another z: conflict; the same place of a name with another value hash or owner: stale; a new
 * version of 2015 where a current one, or a user record of version 3, was seen: downgrade.  What stands there already
 * is no error and no commit: then only the clock would change, and it stays.
 */
bool bs_state_believe(struct bs_state *state, struct bs_scope *scope, const struct bs_belief *belief, struct bs_error *error);

/* A write that begins: a version, and perhaps a new user record.  All texts are the caller's. */
struct bs_intent {
  const struct bs_datum *datum; /* id NULL: no version is reserved */
  uint64_t ver;
  unsigned char z[BS_SHA256_SIZE];
  const char *value_hash; /* of the user record; NULL: none is to be published */
  const void *record;
  size_t record_length;
  const char *made_from; /* the value hash of the record that it is an edition of; "" or NULL: of none */
  const char *base;      /* the name's value hash in a block, when it was made; likewise */
  bool is_whole;         /* it is nobody's edition, and takes the place of any record */
};
/*
 * Durable on return, in one commit; under the name's lock.  Reserves the version (conflict when a higher one is
 * reserved, or the same with another z; the same again is fine) and journals the user record; *ret_entry: its entry, 0
 * when there is none; the name's entries that were never sent, left by a process that ended in between, go in either
 * case.  Raises the clock to the system's.
 */
bool bs_state_intend(struct bs_state *state, struct bs_scope *scope, int64_t *ret_entry, const struct bs_intent *intent,
                     struct bs_error *error);
/* The write is done: in one commit the journal's entry ends (0: there is none), the reservation of belief->version goes (that of
 * another z stays), and what was written is believed.  belief NULL: the entry only.  When the belief is refused, nothing ends. */
bool bs_state_conclude(struct bs_state *state, struct bs_scope *scope, int64_t entry, const struct bs_belief *belief,
                       struct bs_error *error);
/* Versions up to `ver` are reserved no more, as none of them can be written again: the datum was deleted by `ver`.
 * Under the name's lock; makes no state. */
bool bs_state_release(struct bs_state *state, struct bs_scope *scope, const struct bs_datum *datum, uint64_t ver,
                      struct bs_error *error);

/* One write that was begun and is not done, for people. */
struct bs_unfinished {
  char chain[65];
  char name[38];
  char *id;            /* of a reserved version; NULL: a user record */
  uint64_t ver;        /* reserved */
  char value_hash[41]; /* of the user record */
  char txid[65];       /* "": not sent as far as is known */
};
/* All of them: journal entries, then reservations, each by name.  By bs_unfinished_free.  Makes no state. */
bool bs_state_unfinished(struct bs_state *state, struct bs_scope *scope, struct bs_unfinished **ret_items, size_t *ret_count,
                         struct bs_error *error);
void bs_unfinished_free(struct bs_unfinished *items, size_t count);

#endif
