/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/unconfirmed.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/chain/index.h"
#include "core/codec/hex.h"
#include "core/names/pending.h"
#include "core/record/rebase.h"

enum fate { UNDERWAY, CONFIRMED, REFUSED, GONE };

/* The journal's entries of a name that were sent, the oldest first. */
struct own {
  struct bs_pending *entries;
  enum fate *fates;
  size_t count;
};

static void free_own(struct own *own) {
  bs_pending_free(own->entries, own->count);
  free(own->fates);
}

static bool load(struct bs_work *work, struct own *own, const struct bs_present *present) {
  char chain[65];
  size_t kept = 0;

  bs_hex_encode(chain, present->record.chain_id, sizeof present->record.chain_id);
  if (!bs_state_journal_list(work->session->state, work->scope, &own->entries, &own->count, chain, present->record.name,
                             &work->report.error))
    return false;
  for (size_t i = 0; i < own->count; i++) {
    if (own->entries[i].txid[0] == '\0') bs_pending_clear(&own->entries[i]);
    else own->entries[kept++] = own->entries[i];
  }
  own->count = kept;
  own->fates = calloc(kept + 1, sizeof *own->fates);
  return own->fates != NULL || bs_fail_memory(&work->report.error);
}

/* By its transaction; where that was made anew, or came in another form, by its value hash. */
static bool find_fate(struct bs_work *work, enum fate *ret_fate, const struct bs_present *present,
                      const struct bs_pending *entry) {
  struct bs_error *error = &work->report.error;
  char value_hash[BS_VALUE_HASH_TEXT];
  enum bs_waiting_state state;

  if (bs_names_transaction_value(work->session->names, work->scope, value_hash, present->record.name, entry->txid, error)) {
    *ret_fate = CONFIRMED;
    return true;
  }
  if (error->word != BS_WORD_not_found && error->word != BS_WORD_wrong_id) return false;
  *error = (struct bs_error){0};
  if (!bs_names_state_of(work->session->names, work->scope, &state, present->record.chain_id, entry->txid, error)) return false;
  *ret_fate = state == BS_WAITING_UNDERWAY ? UNDERWAY : state == BS_WAITING_REFUSED ? REFUSED
              : strcmp(entry->value_hash, present->record.value_hash) == 0 ? CONFIRMED
                                                                           : GONE;
  return true;
}

static bool find_fates(struct bs_work *work, struct own *own, const struct bs_present *present) {
  for (size_t i = 0; i < own->count; i++)
    if (!find_fate(work, &own->fates[i], present, &own->entries[i])) return false;
  return true;
}

/* Takes a copy of the entry's record. */
static bool take(struct bs_work *work, struct bs_present *present, const struct bs_pending *entry) {
  struct bs_buffer bytes = BS_BUFFER_INIT;

  bs_buffer_add(&bytes, entry->record.bytes, entry->record.length);
  return bs_present_hold(work, present, entry->value_hash, &bytes);
}

bool bs_unconfirmed_find(struct bs_work *work, struct bs_present *present, bool *ret_found) {
  struct own own BS_AUTO(free_own) = {.count = 0};

  *ret_found = false;
  if (!load(work, &own, present)) return false;
  for (size_t i = own.count; i > 0; i--) { /* what was lost or refused leaves those before it as they are */
    const struct bs_pending *entry = &own.entries[i - 1];
    enum fate fate;

    if (!find_fate(work, &fate, present, entry)) return false;
    if (fate == CONFIRMED) return true;
    if (fate != UNDERWAY) continue;
    bs_log(BS_LOG_INFO, "%s has the user record %s as soon as the transaction %s is confirmed: it is taken now", entry->name,
           entry->value_hash, entry->txid);
    *ret_found = true;
    return take(work, present, entry);
  }
  return true;
}

bool bs_unconfirmed_by_txid(struct bs_work *work, struct bs_present *present, bool *ret_found, const char *txid) {
  struct own own BS_AUTO(free_own) = {.count = 0};
  char current[BS_TXID_TEXT];

  *ret_found = false;
  if (!bs_names_current_txid(work->session->names, work->scope, current, present->record.chain_id, txid, &work->report.error) ||
      !load(work, &own, present))
    return false;
  for (size_t i = 0; i < own.count && !*ret_found; i++) {
    if (strcmp(own.entries[i].txid, current) != 0) continue;
    if (!take(work, present, &own.entries[i])) return false;
    *ret_found = true;
  }
  return true;
}

/* ---- what somebody else's update did not know ---- */

#define HISTORY_BLOCKS 1000 /* before the newest operation: nothing waits as long */

struct update {
  uint64_t block;
  char txid[BS_TXID_TEXT];
  char value_hash[BS_VALUE_HASH_TEXT];
  char consensus[BS_CONSENSUS_TEXT]; /* that it named: of the newest block that its writer knew */
};
/* Those of the present owner, since the name came to him, the oldest first. */
struct history {
  struct update *items;
  size_t count;
};

static void free_history(struct history *history) {
  free(history->items);
}

static void copy_field(char *text, size_t size, const struct bs_fields *fields, const char *name) {
  for (size_t i = 0; i < fields->count; i++)
    if (strcmp(fields->items[i].name, name) == 0 && fields->items[i].length < size)
      memcpy(text, fields->items[i].value, fields->items[i].length);
}

/* Does the name begin anew with it?  What was before is of another owner, or was given up. */
static bool is_beginning(const struct bs_fields *fields) {
  char op[3] = "";

  if (fields->opcode == BS_NAME_REGISTRATION) copy_field(op, sizeof op, fields, "op");
  return fields->opcode == BS_NAME_TRANSFER || fields->opcode == BS_NAME_IMPORT || strcmp(op, ":") == 0; /* "::": a renewal */
}

static bool visit(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct history *history = user;
  struct update *items;

  if (is_beginning(fields)) history->count = 0;
  if (fields->opcode != BS_NAME_UPDATE) return true;
  items = realloc(history->items, (history->count + 1) * sizeof *items);
  if (items == NULL) return bs_fail_memory(error);
  history->items = items;
  items[history->count] = (struct update){.block = block};
  copy_field(items[history->count].txid, BS_TXID_TEXT, fields, "txid");
  copy_field(items[history->count].value_hash, BS_VALUE_HASH_TEXT, fields, "value_hash");
  copy_field(items[history->count].consensus, BS_CONSENSUS_TEXT, fields, "consensus_hash");
  history->count++;
  return true;
}

static bool read_history(struct bs_work *work, struct history *history, const struct bs_present *present) {
  const struct bs_name_record *record = &present->record;
  uint64_t first = record->block > HISTORY_BLOCKS ? record->block - HISTORY_BLOCKS : 0;

  return bs_names_operations_on(work->session->names, work->scope, record->name, first, INT64_MAX, visit, history,
                                &work->report.error);
}

static bool is_own(const struct own *own, const char *txid) {
  for (size_t i = 0; i < own->count; i++)
    if (strcmp(own->entries[i].txid, txid) == 0) return true;
  return false;
}

/* The block whose consensus hash the update named; 0: none of those it could. */
static bool find_known_block(struct bs_work *work, const struct update *update, uint64_t *ret_block) {
  struct bs_error *error = &work->report.error;

  *ret_block = 0;
  for (uint64_t back = 1; back <= BS_CONSENSUS_WINDOW && back <= update->block; back++) {
    char consensus[BS_CONSENSUS_TEXT];

    if (!bs_names_consensus_at(work->session->names, work->scope, consensus, update->block - back, error)) {
      if (error->word != BS_WORD_not_found) return false;
      *error = (struct bs_error){0};
      continue;
    }
    if (strcmp(consensus, update->consensus) != 0) continue;
    *ret_block = update->block - back;
    return true;
  }
  return true;
}

/* Was the entry, which is in a block, overwritten by somebody who did not know it? */
static bool was_overwritten(struct bs_work *work, const struct own *own, const struct history *history,
                            const struct bs_pending *entry, bool *ret_overwritten) {
  size_t at = 0;
  uint64_t known;

  *ret_overwritten = false;
  while (at < history->count && strcmp(history->items[at].txid, entry->txid) != 0) at++;
  if (at == history->count) return true;
  for (size_t i = at + 1; i < history->count; i++) {
    if (is_own(own, history->items[i].txid)) continue;
    if (!find_known_block(work, &history->items[i], &known)) return false;
    *ret_overwritten = known < history->items[at].block;
    return true;
  }
  return true;
}

/* The update right before the first of the entries that are in blocks, where that entry's writer, this client, could not know
 * it; NULL when there is none.  Who made it may have seen it confirmed, and be done with it. */
static const struct update *find_overwritten(const struct own *own, const struct history *history) {
  for (size_t i = 0; i < own->count; i++) {
    const struct bs_pending *entry = &own->entries[i];
    const struct update *before;
    size_t at = history->count;

    if (own->fates[i] != CONFIRMED || entry->is_whole) continue;
    while (at > 0 && strcmp(history->items[at - 1].txid, entry->txid) != 0) at--;
    if (at < 2) continue;
    before = &history->items[at - 2];
    if (!is_own(own, before->txid) && strcmp(before->value_hash, entry->base) != 0 &&
        strcmp(before->value_hash, entry->made_from) != 0)
      return before;
  }
  return NULL;
}

/* ---- the record to change ---- */

/* That of a value hash: an entry's, or one that the stores have; "": none. */
static bool find_record(struct bs_work *work, const struct own *own, const struct bs_present *present, const char *value_hash,
                        struct bs_user_copy **ret_copy) {
  struct bs_present scratch = {.record = present->record, .was_current = present->was_current};

  *ret_copy = NULL;
  if (value_hash[0] == '\0') return true;
  for (size_t i = 0; i < own->count; i++)
    if (strcmp(own->entries[i].value_hash, value_hash) == 0) {
      if (!take(work, &scratch, &own->entries[i])) return false;
      *ret_copy = scratch.copy;
      return true;
    }
  if (!bs_present_user(work, &scratch, present->record.name, value_hash)) return false;
  *ret_copy = scratch.copy;
  return true;
}

/* What the entry changed, made to the record that is held. */
static bool rebase(struct bs_work *work, const struct own *own, struct bs_present *present, const struct bs_pending *entry) {
  struct bs_user_copy *from BS_AUTO(bs_present_drop_copy) = NULL;
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error *error = &work->report.error;
  struct bs_user to, onto;
  char value_hash[BS_VALUE_HASH_TEXT];
  bool changed;

  if (entry->is_whole) return take(work, present, entry);
  if (!find_record(work, own, present, entry->made_from, &from) ||
      !bs_user_parse(&to, entry->record.bytes, entry->record.length, entry->name, error))
    return false;
  if (present->copy != NULL) {
    onto = present->copy->user;
    onto.is_foreign = present->is_foreign;
  }
  if (!bs_user_rebase(&bytes, &changed, from == NULL ? NULL : &from->user, &to, present->copy == NULL ? NULL : &onto, entry->name,
                      present->record.owner, error))
    return false;
  if (!changed) return true;
  bs_log(BS_LOG_INFO, "%s was changed by somebody else meanwhile: what the user record %s changed is put on top", entry->name,
         entry->value_hash);
  bs_user_hash(value_hash, bytes.bytes, bytes.length);
  return bs_present_hold(work, present, value_hash, &bytes);
}

/* Somebody else's record, and on top of it what this client changed and is not in it. */
static bool rebase_all(struct bs_work *work, const struct own *own, const struct history *history, struct bs_present *present) {
  if (present->record.value_hash[0] != '\0' &&
      !bs_present_user(work, present, present->record.name, present->record.value_hash))
    return false;
  for (size_t i = 0; i < own->count; i++) {
    bool is_missing = own->fates[i] == UNDERWAY || own->fates[i] == GONE;

    if (own->fates[i] == CONFIRMED && !was_overwritten(work, own, history, &own->entries[i], &is_missing)) return false;
    if (is_missing && !rebase(work, own, present, &own->entries[i])) return false;
  }
  return true;
}

/* What this client overwrote without knowing it, and on top of that all that it changed. */
static bool rebase_on(struct bs_work *work, const struct own *own, struct bs_present *present, const struct update *overwritten) {
  if (!bs_present_user(work, present, present->record.name, overwritten->value_hash)) return false;
  for (size_t i = 0; i < own->count; i++)
    if (!rebase(work, own, present, &own->entries[i])) return false;
  return true;
}

static bool end_entry(struct bs_work *work, const struct bs_pending *entry) {
  return bs_state_conclude(work->session->state, work->scope, entry->id, NULL, &work->report.error);
}

/* What the rules refused has ended, and is told by who looks for it. */
static bool end_refused(struct bs_work *work, struct own *own) {
  size_t kept = 0;

  for (size_t i = 0; i < own->count; i++) {
    if (own->fates[i] == REFUSED && !end_entry(work, &own->entries[i])) return false;
    if (own->fates[i] == REFUSED) {
      bs_log(BS_LOG_WARNING, "The transaction %s is in a block, and was refused: the user record %s of %s is not published",
             own->entries[i].txid, own->entries[i].value_hash, own->entries[i].name);
      bs_pending_clear(&own->entries[i]);
      continue;
    }
    own->fates[kept] = own->fates[i];
    own->entries[kept++] = own->entries[i];
  }
  own->count = kept;
  return true;
}

/* Entries before the one that the name says now; that one, too, when it is the last. */
static bool end_done(struct bs_work *work, const struct own *own, const struct bs_present *present, bool *ret_all) {
  size_t done = 0;

  for (size_t i = 0; i < own->count; i++)
    if (own->fates[i] == CONFIRMED && strcmp(own->entries[i].value_hash, present->record.value_hash) == 0) done = i + 1;
  *ret_all = done == own->count;
  for (size_t i = 0; i < done && (*ret_all || i + 1 < done); i++)
    if (!end_entry(work, &own->entries[i])) return false;
  return true;
}

/* Is what the name says now something that the newest entry was made with, or on the way to it? */
static bool is_known(const struct own *own, const char *value_hash) {
  const struct bs_pending *newest = &own->entries[own->count - 1];

  if (own->fates[own->count - 1] == CONFIRMED) return false;
  if (strcmp(newest->base, value_hash) == 0) return true;
  for (size_t i = 0; i < own->count; i++)
    if (own->fates[i] == CONFIRMED && strcmp(own->entries[i].value_hash, value_hash) == 0) return true;
  return false;
}

static bool end_all(struct bs_work *work, const struct own *own) {
  for (size_t i = 0; i < own->count; i++)
    if (!end_entry(work, &own->entries[i])) return false;
  return true;
}

/* Is the newest entry what the name says now? */
static bool is_last(const struct own *own, const char *value_hash) {
  return own->fates[own->count - 1] == CONFIRMED && strcmp(own->entries[own->count - 1].value_hash, value_hash) == 0;
}

static void copy_hash(char to[BS_VALUE_HASH_TEXT], const char *from) {
  snprintf(to, BS_VALUE_HASH_TEXT, "%s", from);
}

bool bs_unconfirmed_prepare(struct bs_work *work, struct bs_present *present, bool is_whole) {
  struct own own BS_AUTO(free_own) = {.count = 0};
  struct history history BS_AUTO(free_history) = {NULL, 0};
  const struct update *overwritten;
  const char *now = present->record.value_hash;
  bool all_done = false;

  copy_hash(present->made_from, now);
  copy_hash(present->will_be, now);
  if (!load(work, &own, present) || !find_fates(work, &own, present) || !end_refused(work, &own) ||
      (own.count > 0 && !read_history(work, &history, present)))
    return false;
  overwritten = find_overwritten(&own, &history);
  if (overwritten != NULL && !is_whole && is_last(&own, now)) {
    if (!rebase_on(work, &own, present, overwritten)) return false;
    return present->copy == NULL || strcmp(present->copy->value_hash, now) != 0 || end_all(work, &own); /* put back before */
  }
  if (own.count > 0 && overwritten == NULL && !end_done(work, &own, present, &all_done)) return false;
  if (own.count == 0 || all_done)
    return is_whole || now[0] == '\0' || bs_present_user(work, present, present->record.name, now);
  for (size_t i = 0; i < own.count; i++)
    if (own.fates[i] == UNDERWAY) copy_hash(present->will_be, own.entries[i].value_hash);
  if (is_whole) return true;
  if (!is_known(&own, now)) return rebase_all(work, &own, &history, present);
  copy_hash(present->made_from, own.entries[own.count - 1].value_hash);
  return take(work, present, &own.entries[own.count - 1]);
}
