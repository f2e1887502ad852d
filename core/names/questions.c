/* SPDX-License-Identifier: MIT */
/* The questions on namespaces, blocks and histories. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/names/names-private.h"

/* ---- namespaces ---- */

bool bs_names_check_namespace(const char *id, struct bs_error *error) {
  if (bs_namespace_id_check(id)) return true;
  return bs_fail(error, BS_WORD_usage,
                 "A namespace's id is 1 to %d of the characters a-z, 0-9, - and _, which this is not: %s",
                 BS_NAMESPACE_MAX, id);
}

bool bs_names_namespace_cost(uint64_t *ret_price, const char *id, struct bs_error *error) {
  if (!bs_names_check_namespace(id, error)) return false;
  *ret_price = bs_price_of_namespace(id);
  return true;
}

/* Enters; the namespace is one that there is. */
static bool enter_namespace(struct bs_names_call *call, struct bs_names *names, struct bs_scope *scope,
                            struct bs_namespace_entry *entry, const char *id, struct bs_error *error) {
  bool found = false;

  if (!bs_names_check_namespace(id, error) || !bs_names_enter(call, names, scope, false, error)) return false;
  if (call->exists && !names->provider->get_namespace(names->state, entry, &found, id, error)) return false;
  return found || bs_fail(error, BS_WORD_not_found, "The namespace %s does not exist on %s.", id,
                          names->provider->place(names->state));
}

bool bs_names_namespace(struct bs_names *names, struct bs_scope *scope, const char *id, bs_visit_operation visit,
                        void *user, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_namespace_entry entry;
  struct bs_fields fields;
  bool ready;

  if (!enter_namespace(&call, names, scope, &entry, id, error)) return false;
  ready = entry.state == BS_NAMESPACE_IS_READY;
  bs_serialise_namespace(&text, &entry, ready ? BS_NAMESPACE_READY : BS_NAMESPACE_REVEAL);
  return bs_buffer_ok(&text, error) && bs_fields_read(&fields, text.bytes, text.length, error) &&
         visit(user, ready ? entry.ready_block : entry.reveal_block, &fields, error);
}

bool bs_names_list_in_namespace(struct bs_names *names, struct bs_scope *scope, char **ret_texts, size_t *ret_count,
                                const char *id, uint64_t offset, uint64_t count, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_buffer texts BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_namespace_entry entry;
  size_t listed;

  if (!enter_namespace(&call, names, scope, &entry, id, error) ||
      !names->provider->list_in_namespace(names->state, &texts, &listed, id, offset, count, error) ||
      !bs_names_give_list(ret_texts, &texts, error))
    return false;
  *ret_count = listed;
  return true;
}

/* ---- blocks ---- */

/* Within a call. */
static bool get_consensus(const struct bs_names_call *call, char consensus[BS_CONSENSUS_TEXT], uint64_t block,
                          struct bs_error *error) {
  const struct bs_names *names = call->names;
  unsigned char hash[BS_CONSENSUS_SIZE];
  bool found = false;

  if (call->exists && block <= INT64_MAX && !names->provider->consensus_at(names->state, hash, &found, block, error))
    return false;
  if (!found)
    return bs_fail(error, BS_WORD_not_found, "There is no block %" PRIu64 " on %s.", block,
                   names->provider->place(names->state));
  bs_hex_encode(consensus, hash, sizeof hash);
  return true;
}

/* Enters; the block is one that there is. */
static bool enter_block(struct bs_names_call *call, struct bs_names *names, struct bs_scope *scope,
                        char consensus[BS_CONSENSUS_TEXT], uint64_t block, struct bs_error *error) {
  return bs_names_enter(call, names, scope, false, error) && get_consensus(call, consensus, block, error);
}

bool bs_names_consensus_at(struct bs_names *names, struct bs_scope *scope, char consensus[BS_CONSENSUS_TEXT],
                           uint64_t block, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};

  return enter_block(&call, names, scope, consensus, block, error);
}

bool bs_names_has_elsewhere(struct bs_names *names, struct bs_scope *scope, bool *ret_has, const char *consensus, uint64_t block,
                            struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  unsigned char hash[BS_CONSENSUS_SIZE];

  *ret_has = false;
  if (names->provider->has_elsewhere == NULL || !bs_hex_is_string(consensus, 2 * sizeof hash)) return true;
  bs_hex_decode(hash, sizeof hash, consensus);
  return bs_names_enter(&call, names, scope, false, error) &&
         (!call.exists || names->provider->has_elsewhere(names->state, ret_has, block, hash, error));
}

static bool check_range(uint64_t first, uint64_t last, struct bs_error *error) {
  return first <= last || bs_fail(error, BS_WORD_usage,
                                  "The range from block %" PRIu64 " to block %" PRIu64 " goes backwards.", first, last);
}

bool bs_names_consensus_range(struct bs_names *names, struct bs_scope *scope, char (*consensus)[BS_CONSENSUS_TEXT],
                              uint64_t first, uint64_t last, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};

  if (!check_range(first, last, error)) return false;
  if (last - first >= BS_NAMES_RANGE_MAX)
    return bs_fail(error, BS_WORD_usage, "The range has more than %d blocks; ask for it in parts.", BS_NAMES_RANGE_MAX);
  if (!bs_names_enter(&call, names, scope, false, error)) return false;
  for (uint64_t i = 0; i <= last - first; i++)
    if (!get_consensus(&call, consensus[i], first + i, error)) return false;
  return true;
}

bool bs_names_operations_at(struct bs_names *names, struct bs_scope *scope, uint64_t block, bs_visit_operation visit,
                            void *user, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  char consensus[BS_CONSENSUS_TEXT];

  return enter_block(&call, names, scope, consensus, block, error) &&
         names->provider->operations_at(names->state, block, visit, user, error);
}

bool bs_names_announcements_at(struct bs_names *names, struct bs_scope *scope, uint64_t block,
                               bs_visit_announcement visit, void *user, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  char consensus[BS_CONSENSUS_TEXT];

  return enter_block(&call, names, scope, consensus, block, error) &&
         names->provider->announcements_at(names->state, block, visit, user, error);
}

bool bs_names_refused_at(struct bs_names *names, struct bs_scope *scope, uint64_t block, bs_visit_refused visit,
                         void *user, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  char consensus[BS_CONSENSUS_TEXT];

  return enter_block(&call, names, scope, consensus, block, error) &&
         names->provider->refused_at(names->state, block, visit, user, error);
}

/* ---- a name's history ---- */

bool bs_names_operations_on(struct bs_names *names, struct bs_scope *scope, const char *name, uint64_t first,
                            uint64_t last, bs_visit_operation visit, void *user, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_name_entry entry;
  struct bs_namespace_entry name_space;
  bool found = false, name_space_found;

  if (!bs_name_check(name, error) || !check_range(first, last, error) ||
      !bs_names_enter(&call, names, scope, false, error))
    return false;
  if (call.exists &&
      !names->provider->get_name(names->state, &entry, &found, &name_space, &name_space_found, name, error))
    return false;
  if (!found) return bs_names_fail_unknown(names, name, error);
  return names->provider->operations_on(names->state, name, first, last, visit, user, error);
}
