/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/state/floors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/codec/hex.h"
#include "core/state/state-private.h"

static bool fail_damaged(const struct bs_database *database, const char *what, struct bs_error *error) {
  return bs_fail(error, BS_WORD_corrupt, "%s: The state is damaged: %s.", database->path, what);
}

static bool row_ver(struct bs_database *database, sqlite3_stmt *row, int column, uint64_t *ret_ver, struct bs_error *error) {
  uint64_t ver = bs_row_integer(row, column);

  if (ver < 1 || ver > BS_VER_MAX) return fail_damaged(database, "a stored version is out of range", error);
  *ret_ver = ver;
  return true;
}

/* The columns of BS_STATE_RECALL. */
enum {
  CLOCK,
  NAME_BLOCK,
  NAME_VTXINDEX,
  NAME_VALUE_HASH,
  NAME_OWNER,
  NAME_CONSENSUS,
  NAME_IS_CURRENT,
  RESERVED_VER,
  RESERVED_Z,
  FLOOR_SIGNER,
  FLOOR_VER,
  FLOOR_Z,
  FLOOR_IS_TOMBSTONE,
  FLOOR_IS_LEGACY,
  FLOOR_EXPIRES,
  FLOOR_LENGTH,
  FLOOR_SHA256,
  FLOOR_SIG
};

static bool has(sqlite3_stmt *row, int column) {
  return sqlite3_column_type(row, column) != SQLITE_NULL;
}

static bool read_name(struct bs_database *database, struct bs_recalled *known, sqlite3_stmt *row, struct bs_error *error) {
  struct bs_name_seen *name = &known->name;

  known->has_name = true;
  name->block = bs_row_integer(row, NAME_BLOCK);
  name->vtxindex = bs_row_integer(row, NAME_VTXINDEX);
  name->is_current = bs_row_integer(row, NAME_IS_CURRENT) != 0;
  return bs_row_text(database, row, NAME_VALUE_HASH, name->value_hash, sizeof name->value_hash, error) &&
         bs_row_text(database, row, NAME_OWNER, name->owner, sizeof name->owner, error) &&
         bs_row_text(database, row, NAME_CONSENSUS, name->consensus, sizeof name->consensus, error);
}

static bool read_reserved(struct bs_database *database, struct bs_recalled *known, sqlite3_stmt *row, struct bs_error *error) {
  return row_ver(database, row, RESERVED_VER, &known->reserved, error) &&
         bs_row_bytes(database, row, RESERVED_Z, known->reserved_z, sizeof known->reserved_z, error);
}

static bool read_floor(struct bs_database *database, struct bs_recalled *known, sqlite3_stmt *row, const unsigned char *signer,
                       struct bs_error *error) {
  struct bs_seen seen = {.is_tombstone = bs_row_integer(row, FLOOR_IS_TOMBSTONE) != 0,
                         .is_legacy = bs_row_integer(row, FLOOR_IS_LEGACY) != 0,
                         .expires = bs_row_integer(row, FLOOR_EXPIRES),
                         .length = bs_row_integer(row, FLOOR_LENGTH)};

  if (!row_ver(database, row, FLOOR_VER, &seen.ver, error) ||
      !bs_row_bytes(database, row, FLOOR_Z, seen.z, sizeof seen.z, error) ||
      !bs_row_bytes(database, row, FLOOR_SIGNER, seen.signer, sizeof seen.signer, error) ||
      !bs_row_bytes(database, row, FLOOR_SHA256, seen.sha256, sizeof seen.sha256, error) ||
      !bs_row_text(database, row, FLOOR_SIG, seen.sig, sizeof seen.sig, error))
    return false;
  if (!seen.is_legacy) known->has_current = true;
  if (signer == NULL || memcmp(signer, seen.signer, sizeof seen.signer) != 0) return true;
  known->has_version = true;
  known->version = seen;
  return true;
}

/* One statement, so that it is of one moment; a row for each signer of the datum, or one without. */
static bool look(struct bs_database *database, struct bs_recalled *ret_known, const struct bs_datum *datum,
                 const unsigned char *signer, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_recalled known = {.clock = 0};

  if (!bs_database_query(database, BS_STATE_RECALL, &row,
                         BS_VALUES(bs_value_blob(datum->chain_id, 32), bs_value_text(datum->name),
                                   bs_value_text(datum->id)), error))
    return false;
  if (row == NULL) return fail_damaged(database, "its clock is missing", error);
  known.clock = bs_row_integer(row, CLOCK);
  if (has(row, NAME_BLOCK) && !read_name(database, &known, row, error)) return false;
  if (has(row, RESERVED_VER) && !read_reserved(database, &known, row, error)) return false;
  while (row != NULL)
    if ((has(row, FLOOR_SIGNER) && !read_floor(database, &known, row, signer, error)) || !bs_database_next(database, &row, error))
      return false;
  *ret_known = known;
  return true;
}

bool bs_state_recall(struct bs_state *state, struct bs_scope *scope, struct bs_recalled *ret_recalled,
                     const struct bs_datum *datum, const unsigned char *signer, struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;
  uint64_t sequence = bs_sequence_read(&state->sequence);

  if (bs_recall_find(&state->recalls, sequence, ret_recalled, datum, signer)) return true;
  if (!bs_state_enter(&use, state, scope, false, error)) return false;
  if (use.database == NULL) *ret_recalled = (struct bs_recalled){.clock = 0};
  if (use.database == NULL) return true;
  if (!look(use.database, ret_recalled, datum, signer, error)) return false;
  if (bs_sequence_read(&state->sequence) == sequence) bs_recall_keep(&state->recalls, sequence, ret_recalled, datum, signer);
  return true;
}

bool bs_state_knows_name(struct bs_state *state, struct bs_scope *scope, bool *ret_known, const char *name,
                         struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;
  sqlite3_stmt *row BS_AUTO_ROW = NULL; /* let go of before the connection is */

  if (!bs_state_enter(&use, state, scope, false, error) ||
      (use.database != NULL && !bs_database_query(use.database, BS_STATE_KNOWS_NAME, &row,
                                                  BS_VALUES(bs_value_text(name)), error)))
    return false;
  *ret_known = row != NULL;
  return true;
}

/* What a belief changes. */
struct changes {
  const struct bs_seen *version; /* NULL: nothing */
  bool has_name;
  struct bs_name_seen name;
};

static bool weigh_version(struct changes *changes, const struct bs_recalled *known, const struct bs_belief *belief,
                          struct bs_error *error) {
  const struct bs_seen *seen = belief->version, *floor = &known->version;
  const struct bs_datum *datum = belief->datum;

  if (known->has_version && seen->ver < floor->ver)
    return bs_fail(error, BS_WORD_stale, "Version %" PRIu64 " is older than version %" PRIu64
                   ", which was seen before, of this datum of %s: %s", seen->ver, floor->ver, datum->name, datum->id);
  if (known->has_version && seen->ver == floor->ver) {
    if (memcmp(seen->z, floor->z, sizeof seen->z) == 0) return true;
    return bs_fail(error, BS_WORD_conflict, "Two contents were signed for version %" PRIu64 " of this datum of %s: %s", seen->ver,
                   datum->name, datum->id);
  }
  if (seen->is_legacy && (known->has_current || known->name.is_current))
    return bs_fail(error, BS_WORD_downgrade, "The name %s has left the records of 2015 behind; version %" PRIu64
                   " of this datum is one of them: %s", datum->name, seen->ver, datum->id);
  changes->version = seen;
  return true;
}

static int compare_places(const struct bs_name_seen *a, const struct bs_name_seen *b) {
  if (a->block != b->block) return a->block < b->block ? -1 : 1;
  return (a->vtxindex > b->vtxindex) - (a->vtxindex < b->vtxindex);
}

static bool is_same_name(const struct bs_name_seen *a, const struct bs_name_seen *b) {
  return compare_places(a, b) == 0 && strcmp(a->value_hash, b->value_hash) == 0 && strcmp(a->owner, b->owner) == 0 &&
         strcmp(a->consensus, b->consensus) == 0 && a->is_current == b->is_current;
}

/* Is the answer below the floor, or another one at its place? */
static bool check_place(const struct bs_name_seen *name, const struct bs_name_seen *floor, const char *text,
                        struct bs_error *error) {
  int order = compare_places(name, floor);

  if (order < 0)
    return bs_fail(error, BS_WORD_stale, "An answer about the name %s from block %" PRIu64 ", transaction %" PRIu64
                   ", was believed before; the one from block %" PRIu64 ", transaction %" PRIu64 ", is older.", text,
                   floor->block, floor->vtxindex,
                   name->block, name->vtxindex);
  if (order > 0 || (strcmp(name->value_hash, floor->value_hash) == 0 && strcmp(name->owner, floor->owner) == 0)) return true;
  return bs_fail(error, BS_WORD_stale, "Of block %" PRIu64 ", transaction %" PRIu64
                 ", another answer about the name %s was believed before: value hash %s, owner %s.", name->block,
                 name->vtxindex, text,
                 floor->value_hash[0] == '\0' ? "none" : floor->value_hash, floor->owner);
}

static bool weigh_name(struct changes *changes, const struct bs_recalled *known, const struct bs_belief *belief,
                       struct bs_error *error) {
  const struct bs_name_seen *floor = &known->name;
  struct bs_name_seen name = *belief->name;

  if (known->has_name) {
    if (!belief->replaces_name && !check_place(&name, floor, belief->datum->name, error)) return false;
    name.is_current |= floor->is_current;
    /* What is known of the block stays; that it is another one now is for replaces_name to say. */
    if (!belief->replaces_name && compare_places(&name, floor) == 0 && floor->consensus[0] != '\0')
      memcpy(name.consensus, floor->consensus, sizeof name.consensus);
  }
  changes->has_name = !known->has_name || !is_same_name(&name, floor);
  changes->name = name;
  return true;
}

/* Judges the belief by what stands there at this moment. */
static bool weigh(struct bs_database *database, struct changes *ret_changes, const struct bs_belief *belief,
                  struct bs_error *error) {
  struct changes changes = {.version = NULL};
  struct bs_recalled known;

  if (!look(database, &known, belief->datum, belief->version == NULL ? NULL : belief->version->signer, error) ||
      (belief->version != NULL && !weigh_version(&changes, &known, belief, error)) ||
      (belief->name != NULL && !weigh_name(&changes, &known, belief, error)))
    return false;
  *ret_changes = changes;
  return true;
}

static bool write_version(struct bs_database *database, const struct bs_datum *datum, const struct bs_seen *seen,
                          struct bs_error *error) {
  return bs_database_run(database, BS_STATE_FLOOR_RAISE,
                         BS_VALUES(bs_value_blob(datum->chain_id, 32), bs_value_text(datum->name), bs_value_text(datum->id),
                                   bs_value_blob(seen->signer, sizeof seen->signer), bs_value_integer(seen->ver),
                                   bs_value_blob(seen->z, sizeof seen->z), bs_value_integer(seen->is_tombstone),
                                   bs_value_integer(seen->is_legacy), bs_value_integer(seen->expires),
                                   bs_value_integer(seen->length), bs_value_blob(seen->sha256, sizeof seen->sha256),
                                   bs_value_text(seen->sig)),
                         error);
}

static bool write_name(struct bs_database *database, const struct bs_datum *datum, const struct bs_name_seen *name,
                       struct bs_error *error) {
  return bs_database_run(database, BS_STATE_NAME_RAISE,
                         BS_VALUES(bs_value_blob(datum->chain_id, 32), bs_value_text(datum->name), bs_value_integer(name->block),
                                   bs_value_integer(name->vtxindex), bs_value_text(name->value_hash), bs_value_text(name->owner),
                                   bs_value_text(name->consensus), bs_value_integer(name->is_current)),
                         error);
}

static bool raise_clock(struct bs_database *database, uint64_t now, struct bs_error *error) {
  return bs_database_run(database, BS_STATE_CLOCK_RAISE, BS_VALUES(bs_value_integer(now)), error);
}

/* In an open transaction: looks again, and writes what is new. */
static bool believe(struct bs_database *database, struct changes *ret_changes, const struct bs_belief *belief,
                    struct bs_error *error) {
  struct changes changes;

  if (!weigh(database, &changes, belief, error) ||
      (changes.version != NULL && !write_version(database, belief->datum, changes.version, error)) ||
      (changes.has_name && !write_name(database, belief->datum, &changes.name, error)) ||
      !raise_clock(database, belief->now, error))
    return false;
  *ret_changes = changes;
  return true;
}

/* What was committed. */
static void tell(const struct changes *changes, const struct bs_datum *datum) {
  if (changes->version != NULL)
    bs_log(BS_LOG_INFO, "remembered: version %" PRIu64 " of %.64s of %s; nothing older is taken any more", changes->version->ver,
           datum->id, datum->name);
  if (changes->has_name)
    bs_log(BS_LOG_INFO, "remembered: %s as of block %" PRIu64 "; no older answer is taken any more", datum->name,
           changes->name.block);
}

bool bs_state_believe(struct bs_state *state, struct bs_scope *scope, const struct bs_belief *belief, struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;
  struct changes changes;

  if (!bs_state_enter(&use, state, scope, true, error) || !weigh(use.database, &changes, belief, error)) return false;
  if (changes.version == NULL && !changes.has_name) return true; /* the usual read: no lock, no disk */
  if (!bs_state_begin(&use, error) || !believe(use.database, &changes, belief, error) || !bs_state_commit(&use, error))
    return false;
  tell(&changes, belief->datum);
  return true;
}

static bool reserve(struct bs_database *database, const struct bs_intent *intent, struct bs_error *error) {
  const struct bs_datum *datum = intent->datum;
  struct bs_recalled known;

  if (!look(database, &known, datum, NULL, error)) return false;
  if (known.reserved > intent->ver ||
      (known.reserved == intent->ver && memcmp(known.reserved_z, intent->z, sizeof intent->z) != 0))
    return bs_fail(error, BS_WORD_conflict, "Another write, which is not done, has reserved version %" PRIu64
                   "; version %" PRIu64 " can't be written now to this datum of %s: %s", known.reserved, intent->ver,
                   datum->name, datum->id);
  return bs_database_run(database, BS_STATE_RESERVE,
                         BS_VALUES(bs_value_blob(datum->chain_id, 32), bs_value_text(datum->name), bs_value_text(datum->id),
                                   bs_value_integer(intent->ver), bs_value_blob(intent->z, sizeof intent->z)),
                         error);
}

static bool journal(struct bs_database *database, int64_t *ret_entry, const struct bs_intent *intent, struct bs_error *error) {
  char chain[65];

  bs_hex_encode(chain, intent->datum->chain_id, 32);
  if (intent->value_hash == NULL) return bs_state_journal_clear(database, chain, intent->datum->name, error);
  return bs_state_journal_add(database, ret_entry, chain, intent, error);
}

bool bs_state_intend(struct bs_state *state, struct bs_scope *scope, int64_t *ret_entry, const struct bs_intent *intent,
                     struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;
  int64_t entry = 0;

  if (!bs_state_enter(&use, state, scope, true, error) || !bs_state_begin(&use, error) ||
      (intent->datum->id != NULL && !reserve(use.database, intent, error)) ||
      !journal(use.database, &entry, intent, error) || !raise_clock(use.database, bs_clock_unix(), error) ||
      !bs_state_commit(&use, error))
    return false;
  *ret_entry = entry;
  if (intent->datum->id != NULL)
    bs_log(BS_LOG_INFO, "reserved: version %" PRIu64 " of %.64s of %s", intent->ver, intent->datum->id, intent->datum->name);
  if (intent->value_hash != NULL)
    bs_log(BS_LOG_INFO, "in the journal: the user record %s of %s (%zu bytes)", intent->value_hash, intent->datum->name,
           intent->record_length);
  return true;
}

/* Its reservation goes: the version with this z. */
static bool release(struct bs_database *database, const struct bs_belief *belief, struct bs_error *error) {
  const struct bs_datum *datum = belief->datum;

  return bs_database_run(database, BS_STATE_RELEASE,
                         BS_VALUES(bs_value_blob(datum->chain_id, 32), bs_value_text(datum->name), bs_value_text(datum->id),
                                   bs_value_integer(belief->version->ver), bs_value_blob(belief->version->z, BS_SHA256_SIZE)),
                         error);
}

bool bs_state_conclude(struct bs_state *state, struct bs_scope *scope, int64_t entry, const struct bs_belief *belief,
                       struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;
  struct changes changes = {.version = NULL};

  if (!bs_state_enter(&use, state, scope, true, error) || !bs_state_begin(&use, error) ||
      !(belief == NULL ? raise_clock(use.database, bs_clock_unix(), error) : believe(use.database, &changes, belief, error)) ||
      (belief != NULL && belief->version != NULL && !release(use.database, belief, error)) ||
      (entry != 0 && !bs_database_run(use.database, BS_STATE_JOURNAL_END, BS_VALUES(bs_value_integer((uint64_t)entry)), error)) ||
      !bs_state_commit(&use, error))
    return false;
  if (belief != NULL) tell(&changes, belief->datum);
  return true;
}

bool bs_state_release(struct bs_state *state, struct bs_scope *scope, const struct bs_datum *datum, uint64_t ver,
                      struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;

  if (!bs_state_enter(&use, state, scope, false, error)) return false;
  if (use.database == NULL) return true;
  return bs_state_begin(&use, error) &&
         bs_database_run(use.database, BS_STATE_RELEASE_UP_TO,
                         BS_VALUES(bs_value_blob(datum->chain_id, 32), bs_value_text(datum->name), bs_value_text(datum->id),
                                   bs_value_integer(ver)),
                         error) &&
         bs_state_commit(&use, error);
}

void bs_unfinished_free(struct bs_unfinished *items, size_t count) {
  for (size_t i = 0; i < count; i++) free(items[i].id);
  free(items);
}

struct list {
  struct bs_unfinished *items;
  size_t count, capacity;
};

static void free_list(struct list *list) {
  bs_unfinished_free(list->items, list->count);
}

/* A new one at its end, all zero; NULL when memory runs out. */
static struct bs_unfinished *extend(struct list *list) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 8 : 2 * list->capacity;
    struct bs_unfinished *items = realloc(list->items, capacity * sizeof *items);

    if (items == NULL) return NULL;
    list->items = items;
    list->capacity = capacity;
  }
  list->items[list->count] = (struct bs_unfinished){.id = NULL};
  return &list->items[list->count++];
}

/* The columns of BS_STATE_UNFINISHED. */
enum { ITEM_CHAIN, ITEM_NAME, ITEM_ID, ITEM_VER, ITEM_VALUE_HASH, ITEM_TXID };

static bool read_item(struct bs_database *database, struct bs_unfinished *item, sqlite3_stmt *row, struct bs_error *error) {
  if (!bs_row_bytes(database, row, ITEM_CHAIN, item->chain, sizeof item->chain - 1, error) ||
      !bs_row_text(database, row, ITEM_NAME, item->name, sizeof item->name, error) ||
      !bs_row_text(database, row, ITEM_VALUE_HASH, item->value_hash, sizeof item->value_hash, error) ||
      !bs_row_text(database, row, ITEM_TXID, item->txid, sizeof item->txid, error))
    return false;
  if (!has(row, ITEM_ID)) return true;
  item->id = strdup((const char *)sqlite3_column_text(row, ITEM_ID));
  if (item->id == NULL) return bs_fail_memory(error);
  return row_ver(database, row, ITEM_VER, &item->ver, error);
}

bool bs_state_unfinished(struct bs_state *state, struct bs_scope *scope, struct bs_unfinished **ret_items, size_t *ret_count,
                         struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;
  sqlite3_stmt *row BS_AUTO_ROW = NULL; /* let go of before the connection is */
  struct list list BS_AUTO(free_list) = {NULL, 0, 0};

  if (!bs_state_enter(&use, state, scope, false, error)) return false;
  if (use.database != NULL && !bs_database_query(use.database, BS_STATE_UNFINISHED, &row, BS_NO_VALUES, error)) return false;
  while (row != NULL) {
    struct bs_unfinished *item = extend(&list);

    if (item == NULL) return bs_fail_memory(error);
    if (!read_item(use.database, item, row, error) || !bs_database_next(use.database, &row, error)) return false;
  }
  *ret_items = list.items;
  *ret_count = list.count;
  list = (struct list){NULL, 0, 0};
  return true;
}
