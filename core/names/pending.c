/* SPDX-License-Identifier: MIT */
/* The operations that wait for a block, listed and resumed for the client. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/names/waiting.h"

static const char *state_of(const struct bs_underway *item) {
  static const char *const states[] = {[BS_STAGE_PLANNED] = "planned", [BS_STAGE_MADE] = "made",       [BS_STAGE_SENT] = "sent",
                                       [BS_STAGE_SPENT] = "spent",     [BS_STAGE_LOST] = "lost", [BS_STAGE_REFUSED] = "refused"};

  return item->is_over ? "done" : states[item->stage];
}

/* Is the preorder of a planned registration in the index? */
static bool is_preordered(const struct bs_waiting *waiting, const struct bs_underway *plan) {
  return bs_waiting_find_of(waiting, BS_NAME_PREORDER, plan->name, plan->sender, plan->address, false) == NULL;
}

static const char *due_of(const struct bs_waiting *waiting, const struct bs_underway *item) {
  if (item->is_over) return NULL;
  if (item->stage == BS_STAGE_PLANNED) return is_preordered(waiting, item) ? "register" : NULL;
  if (bs_waiting_rebuild_reason(waiting, item) != NULL) return "rebuild";
  return item->stage == BS_STAGE_MADE ? "send" : NULL;
}

static uint64_t blocks_since(const struct bs_waiting *waiting, uint64_t block) {
  return waiting->next_block > block ? waiting->next_block - block : 0;
}

static void show(const struct bs_waiting *waiting, struct bs_pending_operation *shown, const struct bs_underway *item) {
  *shown = (struct bs_pending_operation){.id = item->id,
                                         .operation = bs_opcode_text((enum bs_opcode)item->opcode),
                                         .state = state_of(item),
                                         .due = due_of(waiting, item),
                                         .age = blocks_since(waiting, item->block),
                                         .consensus_age = UINT64_MAX,
                                         .fee = item->fee};
  if (item->has_consensus) shown->consensus_age = blocks_since(waiting, item->consensus_block);
  memcpy(shown->name, item->name, sizeof shown->name);
  memcpy(shown->value_hash, item->value_hash, sizeof shown->value_hash);
  memcpy(shown->reason, item->reason, sizeof shown->reason);
  if (item->raw.length != 0) bs_txid_text(shown->txid, item->txid);
}

static bool show_all(const struct bs_waiting *waiting, struct bs_pending_operation **ret_items, size_t *ret_count,
                     struct bs_error *error) {
  struct bs_pending_operation *shown = calloc(waiting->count + 1, sizeof *shown);

  if (shown == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < waiting->count; i++) show(waiting, &shown[i], &waiting->items[i]);
  *ret_items = shown;
  *ret_count = waiting->count;
  return true;
}

static bool show_none(struct bs_pending_operation **ret_items, size_t *ret_count, struct bs_error *error) {
  const struct bs_waiting none = BS_WAITING_INIT;

  return show_all(&none, ret_items, ret_count, error);
}

bool bs_names_pending(struct bs_names *names, struct bs_scope *scope, struct bs_pending_operation **ret_items, size_t *ret_count,
                      struct bs_error *error) {
  struct bs_waiting waiting BS_AUTO(bs_waiting_free) = BS_WAITING_INIT;
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};

  if (names->provider->is_immediate(names->state)) return show_none(ret_items, ret_count, error);
  if (!bs_names_enter(&call, names, scope, false, error)) return false;
  if (!call.exists) return show_none(ret_items, ret_count, error);
  return bs_waiting_load(&waiting, names, scope, error) && bs_waiting_look(&waiting, error) &&
         show_all(&waiting, ret_items, ret_count, error);
}

/* Copies of some: what those point to stays where it is. */
struct chosen {
  struct bs_underway *items;
  size_t count;
};

static void free_chosen(struct chosen *chosen) {
  free(chosen->items);
}

/* The registrations that can be sent now. */
static bool find_plans(const struct bs_waiting *waiting, struct chosen *plans, const struct bs_key *owner_key,
                       struct bs_error *error) {
  unsigned char hash[BS_HASH160_SIZE];

  plans->items = calloc(waiting->count + 1, sizeof *plans->items);
  if (plans->items == NULL) return bs_fail_memory(error);
  if (owner_key != NULL) bs_public_key_hash(hash, bs_key_public(owner_key));
  for (size_t i = 0; i < waiting->count; i++) {
    struct bs_underway *item = &waiting->items[i];

    if (item->is_over || item->stage != BS_STAGE_PLANNED || !is_preordered(waiting, item)) continue;
    /* Only its name and address are used: what else it has stays where it is. */
    if (owner_key != NULL && memcmp(hash, item->sender, sizeof hash) == 0) plans->items[plans->count++] = *item;
  }
  return true;
}

static bool settle_once(struct bs_names *names, struct bs_scope *scope, const struct bs_key *owner_key,
                        const struct bs_key *payment_key, struct bs_error *error) {
  struct bs_waiting waiting BS_AUTO(bs_waiting_free) = BS_WAITING_INIT;
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};

  if (!bs_waiting_lock(&waiting, names, scope, error) || !bs_names_enter(&call, names, scope, true, error)) return false;
  return !call.exists || (bs_waiting_load(&waiting, names, scope, error) &&
                          bs_waiting_settle(&waiting, owner_key, payment_key, error));
}

bool bs_names_settle(struct bs_names *names, struct bs_scope *scope, const struct bs_key *owner_key,
                     const struct bs_key *payment_key, struct bs_error *error) {
  if (names->provider->is_immediate(names->state) || settle_once(names, scope, owner_key, payment_key, error)) return true;
  if (!bs_names_may_repeat(names)) return false;
  *error = (struct bs_error){0};
  return settle_once(names, scope, owner_key, payment_key, error);
}

/* Settles, and finds what is to be registered. */
static bool settle(struct bs_names *names, struct bs_scope *scope, struct bs_pending_operation **ret_items, size_t *ret_count,
                   struct chosen *plans, const struct bs_key *owner_key, const struct bs_key *payment_key,
                   struct bs_error *error) {
  struct bs_waiting waiting BS_AUTO(bs_waiting_free) = BS_WAITING_INIT;
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};

  if (!bs_waiting_lock(&waiting, names, scope, error) || !bs_names_enter(&call, names, scope, true, error)) return false;
  if (!call.exists) return show_none(ret_items, ret_count, error);
  return bs_waiting_load(&waiting, names, scope, error) && bs_waiting_settle(&waiting, owner_key, payment_key, error) &&
         find_plans(&waiting, plans, owner_key, error) && show_all(&waiting, ret_items, ret_count, error);
}

static struct bs_pending_operation *find_shown(struct bs_pending_operation *items, size_t count, int64_t id) {
  for (size_t i = 0; i < count; i++)
    if (items[i].id == id) return &items[i];
  return NULL;
}

/* What cannot be registered is no reason not to tell of the rest. */
static bool send_registration(struct bs_names *names, struct bs_scope *scope, const struct bs_underway *plan,
                              struct bs_pending_operation *shown, const struct bs_name_operation *operation,
                              struct bs_error *error) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error failure = {0};

  if (!bs_names_register(names, scope, &receipt, plan->name, plan->address, operation, &failure)) {
    if (shown != NULL) snprintf(shown->reason, sizeof shown->reason, "%.*s", (int)sizeof shown->reason - 1, failure.message);
    if (bs_waiting_is_refusal(failure.word) || failure.word == BS_WORD_expired) return true;
    *error = failure;
    return false;
  }
  if (shown != NULL) {
    memcpy(shown->txid, receipt.txid, sizeof shown->txid);
    shown->state = "sent";
    shown->due = NULL;
    shown->fee = receipt.fee;
  }
  bs_name_receipt_clear(&receipt);
  return true;
}

bool bs_names_resume(struct bs_names *names, struct bs_scope *scope, struct bs_pending_operation **ret_items, size_t *ret_count,
                     const struct bs_key *owner_key, const struct bs_key *payment_key, struct bs_error *error) {
  const struct bs_name_operation operation = {.owner_key = owner_key, .payment_key = payment_key};
  struct chosen plans BS_AUTO(free_chosen) = {NULL, 0};
  struct bs_pending_operation *items BS_AUTO_FREE = NULL;
  size_t count;

  if (names->provider->is_immediate(names->state)) return show_none(ret_items, ret_count, error);
  if (!settle(names, scope, &items, &count, &plans, owner_key, payment_key, error)) {
    if (plans.items != NULL || !bs_names_may_repeat(names)) return false;
    *error = (struct bs_error){0};
    if (!settle(names, scope, &items, &count, &plans, owner_key, payment_key, error)) return false;
  }
  for (size_t i = 0; plans.items != NULL && i < plans.count; i++) {
    struct bs_pending_operation *shown = find_shown(items, count, plans.items[i].id);

    /* Each plan is one of the items. */
    if (shown != NULL && !send_registration(names, scope, &plans.items[i], shown, &operation, error)) return false;
  }
  *ret_items = items;
  *ret_count = count;
  items = NULL;
  return true;
}

/* Of what is kept, what has ended for good and is among these. */
static bool was_told(const struct bs_underway *item, const struct bs_pending_operation *items, size_t count) {
  if (item->stage != BS_STAGE_LOST && item->stage != BS_STAGE_REFUSED) return false;
  for (size_t i = 0; i < count; i++)
    if (items[i].id == item->id) return true;
  return false;
}

static bool any_has_ended(const struct bs_pending_operation *items, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(items[i].state, "lost") == 0 || strcmp(items[i].state, "refused") == 0) return true;
  return false;
}

bool bs_names_told(struct bs_names *names, struct bs_scope *scope, const struct bs_pending_operation *items, size_t count,
                   struct bs_error *error) {
  struct bs_waiting waiting BS_AUTO(bs_waiting_free) = BS_WAITING_INIT;
  struct bs_underway **saved BS_AUTO_FREE = NULL;
  size_t saves = 0;

  if (!any_has_ended(items, count)) return true;
  if (!bs_waiting_lock(&waiting, names, scope, error) ||
      !bs_state_underway_list(names->remembered, scope, &waiting.items, &waiting.count, NULL, error))
    return false;
  saved = calloc(waiting.count + 1, sizeof(struct bs_underway *));
  if (saved == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < waiting.count; i++) {
    if (!was_told(&waiting.items[i], items, count)) continue;
    waiting.items[i].is_over = true;
    saved[saves++] = &waiting.items[i];
  }
  return bs_state_underway_save(names->remembered, scope, saved, saves, error);
}
