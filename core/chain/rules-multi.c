/* SPDX-License-Identifier: MIT */
/*
 * Preorders of several names: one hash for all of them, and a fee that no set is compared with (x_multi1).
 * Registrations of the sender wait, in order of arrival, until they are as many as one of the sender's preorders counts
 * and hash to it; then all of them are made (name_preorder_multi_register_multipleblocks).  What waits stays: one
 * registration too many, or a wrong one, keeps the set from ever being complete
 * (name_preorder_multi_register_followthrough).
 *
 * No recording shows a name that waits twice, or one of a set that somebody else got meanwhile.  Here the registration
 * that would have to make them is refused.
 */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/chain/rules-private.h"

/* The names that wait with the one that is judged, in order of arrival. */
struct set {
  struct bs_pending_entry *members; /* by free() */
  size_t count;
};

static void set_free(struct set *set) {
  free(set->members);
}

static int compare_members(const void *left, const void *right) {
  const struct bs_pending_entry *a = left, *b = right;
  int order = strcmp(a->name, b->name);

  return order != 0 ? order : strcmp(a->recipient_address, b->recipient_address);
}

static struct bs_pending_entry as_member(const struct bs_judgement *judgement) {
  struct bs_pending_entry member = {.recipient = judgement->recipient, .vtxindex = judgement->origin.vtxindex};

  memcpy(member.name, judgement->operation.name, sizeof member.name);
  memcpy(member.recipient_address, judgement->recipient_address, sizeof member.recipient_address);
  memcpy(member.txid, judgement->origin.txid, sizeof member.txid);
  return member;
}

static bool load(const struct bs_engine *engine, struct set *set, const struct bs_judgement *judgement,
                 struct bs_error *error) {
  if (!bs_index_get_pending(engine->index, &set->members, &set->count, &judgement->origin.sender, error)) return false;
  set->members[set->count++] = as_member(judgement);
  return true;
}

/* Of "NAME:ADDRESS" for each member, sorted by name, joined by commas, and the sender's script in hexadecimal. */
static bool hash_set(unsigned char hash[BS_HASH160_SIZE], const struct set *set, const struct bs_script *sender,
                     struct bs_error *error) {
  struct set sorted BS_AUTO(set_free) = {calloc(set->count, sizeof *sorted.members), set->count};
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  if (sorted.members == NULL) return bs_fail_memory(error);
  memcpy(sorted.members, set->members, set->count * sizeof *sorted.members);
  qsort(sorted.members, sorted.count, sizeof *sorted.members, compare_members);
  for (size_t i = 0; i < sorted.count; i++)
    bs_buffer_format(&text, "%s%s:%s", i == 0 ? "" : ",", sorted.members[i].name, sorted.members[i].recipient_address);
  for (size_t i = 0; i < sender->length; i++) bs_buffer_format(&text, "%02x", sender->bytes[i]);
  if (!bs_buffer_ok(&text, error)) return false;
  bs_hash160(hash, text.bytes, text.length);
  return true;
}

/* The preorder that the set completes, in judgement->preorder. */
static bool find_completed(struct bs_engine *engine, struct bs_judgement *judgement, const struct set *set,
                           bool *ret_found, struct bs_error *error) {
  unsigned char hash[BS_HASH160_SIZE];

  if (!hash_set(hash, set, &judgement->origin.sender, error) ||
      !bs_index_get_preorder(engine->index, &judgement->preorder, ret_found, BS_NAME_PREORDER, hash, error))
    return false;
  *ret_found = *ret_found && set->count > 1 && bs_preorder_quantity(&judgement->preorder) == set->count;
  return true;
}

/* The members as judgements of their own: what the rules for one registration ask for. */
static bool as_judgement(const struct bs_engine *engine, struct bs_judgement *ret_judgement,
                         const struct bs_judgement *last, const struct bs_pending_entry *member,
                         struct bs_error *error) {
  struct bs_judgement judgement = *last;
  bool found, name_space_found;

  memcpy(judgement.operation.name, member->name, sizeof judgement.operation.name);
  judgement.recipient = member->recipient;
  memcpy(judgement.recipient_address, member->recipient_address, sizeof judgement.recipient_address);
  memcpy(judgement.origin.txid, member->txid, sizeof member->txid);
  judgement.origin.vtxindex = member->vtxindex;
  judgement.name = (struct bs_name_entry){.name = ""};
  if (!bs_index_get_name_in_namespace(engine->index, &judgement.name, &found, &judgement.name_space, &name_space_found,
                                      member->name, error))
    return false;
  if (!name_space_found)
    return bs_fail(error, BS_WORD_corrupt, "%s: The namespace of %s is missing.", engine->index->database->path,
                   member->name);
  *ret_judgement = judgement;
  return true;
}

/* Somebody else may have got one meanwhile: then none is registered. */
static bool check_all_free(struct bs_engine *engine, struct bs_judgement *judgement, const struct set *set,
                           struct bs_error *error) {
  for (size_t i = 0; i < set->count && !bs_rules_refused(judgement); i++) {
    struct bs_judgement each;

    if (!as_judgement(engine, &each, judgement, &set->members[i], error)) return false;
    if (each.name.name[0] != '\0' && bs_rules_is_registered(&each.name, &each.name_space, engine->height))
      return bs_rules_refuse(judgement, "The name %s is registered already, by %s.", each.operation.name,
                             each.name.origin.address);
    bs_rules_need_preorder(&each);
  }
  return true;
}

static bool need_once(struct bs_judgement *judgement, const struct set *set) {
  for (size_t i = 0; i + 1 < set->count; i++)
    if (strcmp(set->members[i].name, judgement->operation.name) == 0)
      return !bs_rules_refuse(judgement, "The name %s waits already for the others of its preorder.",
                              judgement->operation.name);
  return true;
}

bool bs_rules_check_member(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  struct set set BS_AUTO(set_free) = {NULL, 0};
  const char *name = judgement->operation.name;
  bool found;

  if (!bs_index_has_multi_preorder(engine->index, &found, &judgement->origin.sender, error)) return false;
  if (!found) return bs_rules_refuse(judgement, "The name %s was not preordered by this sender for this owner.", name);
  judgement->membership = BS_MEMBERSHIP_WAITS;
  if (!load(engine, &set, judgement, error)) return false;
  if (!need_once(judgement, &set) || set.count > UINT8_MAX) return true; /* no preorder counts so many */
  if (!find_completed(engine, judgement, &set, &found, error)) return false;
  if (!found) return true;
  judgement->membership = BS_MEMBERSHIP_COMPLETES;
  return check_all_free(engine, judgement, &set, error);
}

bool bs_rules_apply_member(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  struct set set BS_AUTO(set_free) = {NULL, 0};
  const struct bs_script *sender = &judgement->origin.sender;
  struct bs_pending_entry member = as_member(judgement);

  if (judgement->membership == BS_MEMBERSHIP_WAITS)
    return bs_index_put_pending(engine->index, sender, engine->height, &member, error);
  if (!load(engine, &set, judgement, error)) return false;
  for (size_t i = 0; i < set.count; i++) {
    struct bs_judgement each;

    if (!as_judgement(engine, &each, judgement, &set.members[i], error) || !bs_rules_register(engine, &each, error))
      return false;
  }
  return bs_index_drop_pending(engine->index, sender, error) &&
         bs_index_drop_preorder(engine->index, BS_NAME_PREORDER, judgement->preorder.hash, error);
}
