/* SPDX-License-Identifier: MIT */
/* What became of the operations that wait for a block, and what is due for them. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/chain/index.h"
#include "core/codec/hex.h"
#include "core/names/waiting.h"

/* ---- what the index shows ---- */

static bool has_id(const struct bs_underway *item, const unsigned char txid[BS_TXID_SIZE]) {
  return (item->raw.length != 0 && memcmp(item->txid, txid, BS_TXID_SIZE) == 0) || bs_underway_was(item, txid);
}

static bool find_preorder(struct bs_waiting *waiting, const struct bs_underway *item, enum bs_opcode opcode, bool *ret_found,
                          struct bs_error *error) {
  struct bs_preorder_entry entry;
  unsigned char hash[BS_HASH160_SIZE];

  bs_job_preorder_hash(hash, item->name, item->sender, item->address);
  return waiting->names->provider->get_preorder(waiting->names->state, &entry, ret_found, opcode, hash, error);
}

static bool get_name(struct bs_waiting *waiting, const struct bs_underway *item, struct bs_name_entry *entry, bool *ret_found,
                     struct bs_error *error) {
  struct bs_namespace_entry name_space;
  bool ignored;

  return waiting->names->provider->get_name(waiting->names->state, entry, ret_found, &name_space, &ignored, item->name, error);
}

/* Has the name been registered for this address since? */
static bool is_registered_since(const struct bs_underway *item, const struct bs_name_entry *entry) {
  return strcmp(entry->origin.address, item->address) == 0 && entry->last_renewed >= item->block;
}

/* One that it replaced is in the chain: that is its transaction, and the journal is to say so (bs_state_underway_save). */
static bool go_back_to(struct bs_underway *item, size_t at, struct bs_error *error) {
  unsigned char found[BS_TXID_SIZE];

  memcpy(found, item->earlier.bytes + at, sizeof found);
  bs_buffer_add(&item->earlier, item->txid, BS_TXID_SIZE);
  if (!bs_buffer_ok(&item->earlier, error)) return false;
  memcpy(item->txid, found, sizeof found);
  return true;
}

/* By its transaction, or one that it replaced. */
static bool find_by_id(struct bs_waiting *waiting, struct bs_underway *item, bool *ret_found, struct bs_error *error) {
  const struct bs_provider *provider = waiting->names->provider;
  unsigned char value_hash[BS_HASH160_SIZE];
  bool is_update;

  if (!provider->find_value(waiting->names->state, value_hash, ret_found, &is_update, item->txid, item->name, error))
    return false;
  for (size_t i = item->earlier.length; i > 0 && !*ret_found; i -= BS_TXID_SIZE) {
    if (!provider->find_value(waiting->names->state, value_hash, ret_found, &is_update, item->earlier.bytes + i - BS_TXID_SIZE,
                              item->name, error))
      return false;
    if (*ret_found) return go_back_to(item, i - BS_TXID_SIZE, error);
  }
  return true;
}

/* By what it was to do, where something else has spent its coins: another form of the same transaction. */
static bool find_by_effect(struct bs_waiting *waiting, const struct bs_underway *item, bool *ret_found, struct bs_error *error) {
  struct bs_name_entry entry;
  char value_hash[BS_VALUE_HASH_TEXT] = "";
  bool found;

  *ret_found = false;
  if (!get_name(waiting, item, &entry, &found, error) || !found) return found;
  if (entry.has_value) bs_hex_encode(value_hash, entry.value_hash, sizeof entry.value_hash);
  switch (item->opcode) {
    case BS_NAME_UPDATE: *ret_found = strcmp(value_hash, item->value_hash) == 0 && entry.changed_block >= item->block; break;
    case BS_NAME_IMPORT:
      *ret_found = strcmp(value_hash, item->value_hash) == 0 && strcmp(entry.origin.address, item->address) == 0;
      break;
    case BS_NAME_REGISTRATION: *ret_found = is_registered_since(item, &entry); break;
    case BS_NAME_TRANSFER:
      *ret_found = strcmp(entry.origin.address, item->address) == 0 && entry.changed_block >= item->block;
      break;
    case BS_NAME_REVOKE: *ret_found = entry.revoked; break;
    default: break;
  }
  return true;
}

/* A preorder is gone once its name is registered. */
static bool find_preordered(struct bs_waiting *waiting, const struct bs_underway *item, bool *ret_found, struct bs_error *error) {
  struct bs_name_entry entry;
  bool found;

  if (!find_preorder(waiting, item, (enum bs_opcode)item->opcode, ret_found, error)) return false;
  if (*ret_found || item->opcode != BS_NAME_PREORDER) return true;
  if (!get_name(waiting, item, &entry, &found, error)) return false;
  *ret_found = found && is_registered_since(item, &entry);
  return true;
}

static bool find_namespace(struct bs_waiting *waiting, const struct bs_underway *item, bool *ret_found, struct bs_error *error) {
  struct bs_namespace_entry entry;
  bool found;

  if (!waiting->names->provider->get_namespace(waiting->names->state, &entry, &found, item->name, error)) return false;
  *ret_found = found && (item->opcode == BS_NAMESPACE_READY ? entry.state == BS_NAMESPACE_IS_READY
                                                            : strcmp(entry.recipient_address, item->address) == 0);
  return true;
}

static bool find(struct bs_waiting *waiting, struct bs_underway *item, bool *ret_found, struct bs_error *error) {
  switch (item->opcode) {
    case BS_NAME_PREORDER:
    case BS_NAMESPACE_PREORDER: return find_preordered(waiting, item, ret_found, error);
    case BS_NAMESPACE_REVEAL:
    case BS_NAMESPACE_READY: return find_namespace(waiting, item, ret_found, error);
    case BS_ANNOUNCE: *ret_found = false; return true; /* by its block */
    default: break;
  }
  if (!find_by_id(waiting, item, ret_found, error)) return false;
  return *ret_found || item->stage != BS_STAGE_SPENT || waiting->index_block < item->spent ||
         find_by_effect(waiting, item, ret_found, error);
}

static void end(struct bs_underway *item) {
  item->is_over = true;
  bs_log(BS_LOG_INFO, "done: %s of %s", bs_opcode_text((enum bs_opcode)item->opcode), item->name);
}

static bool look_for(struct bs_waiting *waiting, struct bs_underway *item, struct bs_error *error) {
  bool found;

  if (!bs_waiting_is_alive(item)) return true;
  if (!find(waiting, item, &found, error)) return false;
  if (found) end(item);
  return true;
}

/* ---- what is in no list but that of its block: refusals, announcements ---- */

#define LOOK_MAX 200 /* blocks in one call, each a question; the next call goes on */

static bool visit_refused(void *user, const struct bs_refused *refused, struct bs_error *error) {
  struct bs_waiting *waiting = user;

  (void)error;
  for (size_t i = 0; i < waiting->count; i++) {
    struct bs_underway *item = &waiting->items[i];

    if (!bs_waiting_is_alive(item) || !has_id(item, refused->txid)) continue;
    item->stage = BS_STAGE_REFUSED;
    memcpy(item->reason, refused->reason, sizeof item->reason);
  }
  return true;
}

static bool visit_announcement(void *user, const struct bs_announcement *announcement, struct bs_error *error) {
  struct bs_waiting *waiting = user;

  (void)error;
  for (size_t i = 0; i < waiting->count; i++)
    if (waiting->items[i].opcode == BS_ANNOUNCE && bs_waiting_is_alive(&waiting->items[i]) &&
        has_id(&waiting->items[i], announcement->txid))
      end(&waiting->items[i]);
  return true;
}

static bool announces(const struct bs_waiting *waiting) {
  for (size_t i = 0; i < waiting->count; i++)
    if (waiting->items[i].opcode == BS_ANNOUNCE && bs_waiting_is_alive(&waiting->items[i])) return true;
  return false;
}

static bool look_through(struct bs_waiting *waiting, uint64_t block, struct bs_error *error) {
  const struct bs_provider *provider = waiting->names->provider;

  if (!provider->refused_at(waiting->names->state, block, visit_refused, waiting, error) ||
      (announces(waiting) && !provider->announcements_at(waiting->names->state, block, visit_announcement, waiting, error)))
    return false;
  for (size_t i = 0; i < waiting->count; i++)
    if (waiting->items[i].looked < block) waiting->items[i].looked = block;
  return true;
}

/* The blocks that the index has had since it was looked at; fewer than it had, where the chain was reorganised. */
static bool look_through_blocks(struct bs_waiting *waiting, struct bs_error *error) {
  uint64_t first = UINT64_MAX;

  for (size_t i = 0; i < waiting->count; i++) {
    struct bs_underway *item = &waiting->items[i];

    if (item->looked > waiting->index_block) item->looked = waiting->index_block;
    if (bs_waiting_is_alive(item) && item->looked + 1 < first) first = item->looked + 1;
  }
  for (uint64_t block = first; block <= waiting->index_block && block - first < LOOK_MAX; block++)
    if (!look_through(waiting, block, error)) return false;
  return true;
}

/* ---- one after the other ---- */

#define LOST_PARENT "What it spends was to come from an operation that is lost."

static void lose(struct bs_underway *item, const char *reason) {
  item->stage = BS_STAGE_LOST;
  snprintf(item->reason, sizeof item->reason, "%s", reason);
}

/* Does it spend what a lost one was to make? */
static bool depends_on_lost(const struct bs_waiting *waiting, const struct bs_underway *item) {
  for (size_t i = 0; i < waiting->count; i++) {
    const struct bs_underway *other = &waiting->items[i];

    if (other->raw.length == 0 || (other->stage != BS_STAGE_LOST)) continue;
    for (size_t j = 0; j < item->input_count; j++)
      if (memcmp(item->inputs[j].txid, other->txid, BS_TXID_SIZE) == 0) return true;
  }
  return false;
}

/* A registration that waits for its preorder: was the name registered meanwhile, or is the preorder gone? */
static bool look_at_plan(struct bs_waiting *waiting, struct bs_underway *item, struct bs_error *error) {
  const struct bs_underway *preorder =
      bs_waiting_find_of(waiting, BS_NAME_PREORDER, item->name, item->sender, item->address, false);
  struct bs_name_entry entry;
  bool found;

  if (!get_name(waiting, item, &entry, &found, error)) return false;
  item->is_over = found && is_registered_since(item, &entry);
  if (item->is_over || preorder != NULL) return true;
  if (!find_preorder(waiting, item, BS_NAME_PREORDER, &found, error)) return false;
  if (!found) lose(item, "Its preorder did not get into the chain; register the name again.");
  return true;
}

/* What was neither found nor refused. */
static bool judge(struct bs_waiting *waiting, struct bs_underway *item, struct bs_error *error) {
  if (!item->is_over && item->stage == BS_STAGE_PLANNED) return look_at_plan(waiting, item, error);
  if (!bs_waiting_is_alive(item)) return true;
  if (depends_on_lost(waiting, item)) lose(item, LOST_PARENT);
  return true;
}

bool bs_waiting_look(struct bs_waiting *waiting, struct bs_error *error) {
  for (size_t i = 0; i < waiting->count; i++)
    if (!look_for(waiting, &waiting->items[i], error)) return false;
  if (!look_through_blocks(waiting, error)) return false;
  for (size_t i = 0; i < waiting->count; i++)
    if (!judge(waiting, &waiting->items[i], error)) return false;
  return true;
}

/* A rival that waits for a block, as it does, makes it contested, not spent.  What was in a block may have left the chain
 * meanwhile: only what was refused again, once the index has the blocks of then, is lost.  They may have an earlier form of its
 * own, as long as that names no consensus hash that is too old. */
static bool is_spent_for_good(const struct bs_waiting *waiting, const struct bs_underway *item) {
  uint64_t last = item->spent + (item->earlier.length > 0 ? BS_CONSENSUS_WINDOW : 0);

  return item->stage == BS_STAGE_SPENT && !item->is_unwanted && waiting->index_block >= last &&
         item->looked == waiting->index_block;
}

/* Made anew where that is due, and sent. */
static bool act_on(struct bs_waiting *waiting, struct bs_underway *item, const struct bs_key *owner_key,
                   const struct bs_key *payment_key, struct bs_error *error) {
  const char *due = bs_waiting_rebuild_reason(waiting, item);
  char why_not[sizeof item->reason] = "";
  bool made = false, was_spent = item->stage == BS_STAGE_SPENT;

  if (!bs_waiting_is_alive(item)) return true;
  if (depends_on_lost(waiting, item)) {
    lose(item, LOST_PARENT);
    return true;
  }
  if (due != NULL && !bs_waiting_rebuild(waiting, item, &made, due, owner_key, payment_key, error)) return false;
  if (due != NULL && !made) memcpy(why_not, item->reason, sizeof why_not);
  if (!bs_waiting_send(waiting, item, error)) return false;
  if (item->is_unwanted && !made &&
      !bs_waiting_rebuild(waiting, item, &made, "the node wants more", owner_key, payment_key, error))
    return false;
  if (item->is_unwanted && made && !bs_waiting_send(waiting, item, error)) return false;
  if (was_spent && is_spent_for_good(waiting, item)) lose(item, "Its coins were spent by another transaction.");
  if (why_not[0] != '\0' && item->stage == BS_STAGE_SENT) memcpy(item->reason, why_not, sizeof why_not); /* the old one is out */
  return true;
}

static void tell(const struct bs_underway *item) {
  char txid[BS_TXID_TEXT];

  if (item->stage != BS_STAGE_LOST && item->stage != BS_STAGE_REFUSED) return;
  bs_txid_text(txid, item->txid);
  bs_log(BS_LOG_WARNING, "%s of %s by the transaction %s is %s: %s", bs_opcode_text((enum bs_opcode)item->opcode), item->name,
         txid, item->stage == BS_STAGE_LOST ? "lost" : "in a block, and refused", item->reason);
}

/* All of them, and what has changed since is told. */
static bool save(struct bs_waiting *waiting, struct bs_scope *scope, const enum bs_stage *stages, struct bs_error *error) {
  struct bs_underway **saved BS_AUTO_FREE = calloc(waiting->count + 1, sizeof *saved);

  if (saved == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < waiting->count; i++) {
    saved[i] = &waiting->items[i];
    if (waiting->items[i].stage != stages[i]) tell(&waiting->items[i]);
  }
  return bs_state_underway_save(waiting->names->remembered, scope, saved, waiting->count, error);
}

static void note_stages(const struct bs_waiting *waiting, enum bs_stage *stages) {
  for (size_t i = 0; i < waiting->count; i++) stages[i] = waiting->items[i].stage;
}

/* How far it was looked is kept before anything is sent, and also when there was no time for more: else each call would begin
 * where the last one did. */
static bool look_and_save(struct bs_waiting *waiting, enum bs_stage *stages, struct bs_error *error) {
  struct bs_error ignored;
  bool good = bs_waiting_look(waiting, error);

  if (good) good = save(waiting, waiting->scope, stages, error);
  else save(waiting, NULL, stages, &ignored);
  note_stages(waiting, stages);
  return good;
}

bool bs_waiting_settle(struct bs_waiting *waiting, const struct bs_key *owner_key, const struct bs_key *payment_key,
                       struct bs_error *error) {
  enum bs_stage *stages BS_AUTO_FREE = calloc(waiting->count + 1, sizeof *stages);

  if (stages == NULL) return bs_fail_memory(error);
  note_stages(waiting, stages);
  if (!look_and_save(waiting, stages, error)) return false;
  for (size_t i = 0; i < waiting->count; i++)
    if (!act_on(waiting, &waiting->items[i], owner_key, payment_key, error)) return false;
  return save(waiting, waiting->scope, stages, error);
}
