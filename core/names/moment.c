/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/moment.h"

#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/names/names-private.h"

#define TRIES 16 /* blocks that may come while one question is answered */

void bs_unspent_free(struct bs_unspent *unspent) {
  bs_buffer_free(&unspent->raw);
}

/* ---- one moment: the chain's end is the same before and after ---- */

/* A state that is held has one tip. */
static bool look(const struct bs_names_call *call, struct bs_moment *ret_moment, struct bs_error *error) {
  struct bs_names *names = call->names;
  struct bs_moment moment = {.exists = call->exists};

  if (call->exists) {
    if (!names->has_tip && !names->provider->tip(names->state, &names->next, names->consensus, error)) return false;
    names->has_tip = names->is_held;
    memcpy(moment.consensus, names->consensus, sizeof moment.consensus);
    moment.block = names->next - 1;
  }
  *ret_moment = moment;
  return true;
}

static bool same(const struct bs_moment *a, const struct bs_moment *b) {
  return a->exists == b->exists && a->block == b->block && memcmp(a->consensus, b->consensus, sizeof a->consensus) == 0;
}

bool bs_names_moment(struct bs_names *names, struct bs_scope *scope, struct bs_moment *ret_moment, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};

  return bs_names_enter(&call, names, scope, false, error) && look(&call, ret_moment, error);
}

void bs_names_hold(struct bs_names *names, struct bs_scope *scope) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_error error = {0};

  if (names->provider->hold == NULL || !bs_names_enter(&call, names, scope, false, &error) || !call.exists) return;
  names->is_held = names->provider->hold(names->state, &error);
}

bool bs_names_is_newest(struct bs_names *names) {
  BS_LOCKED(&names->mutex);

  return names->is_held && names->provider->is_newest(names->state);
}

void bs_names_release(struct bs_names *names) {
  BS_LOCKED(&names->mutex);

  if (names->is_held) names->provider->release(names->state);
  names->is_held = names->has_tip = false;
}

/* Reads one entry with all that belongs to it. */
typedef bool (*read_entry)(const struct bs_names *names, void *state, const void *key, struct bs_error *error);

static bool read_at_once(struct bs_names *names, struct bs_scope *scope, struct bs_moment *ret_moment, read_entry read,
                         void *state, const void *key, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_moment before, after;

  if (!bs_names_enter(&call, names, scope, false, error) || !look(&call, &before, error)) return false;
  for (int i = 0; i < TRIES && call.exists; i++, before = after) {
    if (!read(names, state, key, error)) return false;
    if (names->is_held) break;
    if (!look(&call, &after, error)) return false;
    if (same(&before, &after)) break;
    if (i + 1 == TRIES) return bs_fail(error, BS_WORD_failed, "The chain changes faster than it can be read; try again.");
  }
  *ret_moment = before;
  return true;
}

static bool read_name(const struct bs_names *names, void *user, const void *key, struct bs_error *error) {
  struct bs_name_answer *state = user;

  return names->provider->get_name(names->state, &state->entry, &state->found, &state->name_space, &state->name_space_found, key,
                                   error) &&
         (!state->found || names->provider->is_inherited(names->state, &state->inherited, &state->entry, error));
}

bool bs_names_name_state(struct bs_names *names, struct bs_scope *scope, struct bs_name_answer *ret_state, const char *name,
                         struct bs_error *error) {
  struct bs_name_answer state = {.found = false};

  if (!bs_name_check(name, error) || !read_at_once(names, scope, &state.moment, read_name, &state, name, error)) return false;
  *ret_state = state;
  return true;
}

static bool fail_untold(const struct bs_names *names, const char *what, struct bs_error *error) {
  return bs_fail(error, BS_WORD_failed, "The name provider %s does not tell %s.", names->provider->name, what);
}

/* One query: of one moment also where none is held. */
bool bs_names_name_history(struct bs_names *names, struct bs_scope *scope, bool *ret_found, const char *name,
                           const struct bs_history_visitor *visitor, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  bool found = false;

  if (names->provider->get_history == NULL) return fail_untold(names, "the history of a name", error);
  if (!bs_name_check(name, error) || !bs_names_enter(&call, names, scope, false, error) ||
      (call.exists && !names->provider->get_history(names->state, &found, name, visitor, error)))
    return false;
  *ret_found = found;
  return true;
}

static bool read_namespace(const struct bs_names *names, void *user, const void *key, struct bs_error *error) {
  struct bs_namespace_answer *state = user;

  return names->provider->get_namespace(names->state, &state->entry, &state->found, key, error);
}

bool bs_names_namespace_state(struct bs_names *names, struct bs_scope *scope, struct bs_namespace_answer *ret_state,
                              const char *id, struct bs_error *error) {
  struct bs_namespace_answer state = {.found = false};

  if (!bs_names_check_namespace(id, error) ||
      !read_at_once(names, scope, &state.moment, read_namespace, &state, id, error))
    return false;
  *ret_state = state;
  return true;
}

struct namespace_history {
  struct bs_namespace_answer answer;
  const struct bs_namespace_history_visit *visit;
};

static bool says(const struct bs_fields *fields, const char *name, const char *value) {
  for (size_t i = 0; i < fields->count; i++)
    if (strcmp(fields->items[i].name, name) == 0)
      return fields->items[i].length == strlen(value) && memcmp(fields->items[i].value, value, strlen(value)) == 0;
  return false;
}

static bool visit_preorder(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  const struct namespace_history *history = user;
  char hash[2 * BS_HASH160_SIZE + 1];

  bs_hex_encode(hash, history->answer.entry.hash, sizeof history->answer.entry.hash);
  return fields->opcode != BS_NAMESPACE_PREORDER || !says(fields, "namespace_id_hash", hash) ||
         history->visit->visit(history->visit->user, block, fields, error);
}

static bool visit_reveal(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  const struct namespace_history *history = user;

  return fields->opcode != BS_NAMESPACE_REVEAL || !says(fields, "namespace_id", history->answer.entry.id) ||
         history->visit->visit(history->visit->user, block, fields, error);
}

static bool read_namespace_history(const struct bs_names *names, void *user, const void *key, struct bs_error *error) {
  struct namespace_history *history = user;
  const struct bs_namespace_entry *entry = &history->answer.entry;

  if (!read_namespace(names, &history->answer, key, error)) return false;
  history->visit->restart(history->visit->user, &history->answer);
  return !history->answer.found || entry->origin.sender.length == 0 ||
         (names->provider->operations_at(names->state, entry->block_number, visit_preorder, history, error) &&
          names->provider->operations_at(names->state, entry->reveal_block, visit_reveal, history, error));
}

bool bs_names_namespace_history(struct bs_names *names, struct bs_scope *scope, struct bs_namespace_answer *ret_answer,
                                const char *id, const struct bs_namespace_history_visit *visit, struct bs_error *error) {
  struct namespace_history history = {.visit = visit};

  if (!bs_names_check_namespace(id, error) ||
      !read_at_once(names, scope, &history.answer.moment, read_namespace_history, &history, id, error))
    return false;
  *ret_answer = history.answer;
  return true;
}

struct preorder_key {
  enum bs_opcode opcode;
  const unsigned char *hash;
};

static bool read_preorder(const struct bs_names *names, void *user, const void *key, struct bs_error *error) {
  struct bs_preorder_answer *state = user;
  const struct preorder_key *wanted = key;

  return names->provider->get_preorder(names->state, &state->entry, &state->found, wanted->opcode, wanted->hash, error);
}

bool bs_names_preorder_state(struct bs_names *names, struct bs_scope *scope, struct bs_preorder_answer *ret_state,
                             enum bs_opcode opcode, const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  const struct preorder_key key = {opcode, hash};
  struct bs_preorder_answer state = {.found = false};

  if (!read_at_once(names, scope, &state.moment, read_preorder, &state, &key, error)) return false;
  *ret_state = state;
  return true;
}

/* ---- what not every provider can tell ---- */

bool bs_names_block_of(struct bs_names *names, struct bs_scope *scope, uint64_t *ret_block, bool *ret_found,
                       const unsigned char consensus[BS_CONSENSUS_SIZE], struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  bool found = false;

  if (names->provider->block_of == NULL) return fail_untold(names, "the block of a consensus hash", error);
  if (!bs_names_enter(&call, names, scope, false, error) ||
      (call.exists && !names->provider->block_of(names->state, ret_block, &found, consensus, error)))
    return false;
  *ret_found = found;
  return true;
}

bool bs_names_operations_hash_at(struct bs_names *names, struct bs_scope *scope, unsigned char hash[BS_SHA256_SIZE],
                                 bool *ret_found, uint64_t block, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  bool found = false;

  if (names->provider->operations_hash_at == NULL) return fail_untold(names, "what a block's operations hash to", error);
  if (!bs_names_enter(&call, names, scope, false, error) ||
      (call.exists && block <= INT64_MAX &&
       !names->provider->operations_hash_at(names->state, hash, &found, block, error)))
    return false;
  *ret_found = found;
  return true;
}

bool bs_names_fee_rate(struct bs_names *names, struct bs_scope *scope, uint64_t *ret_rate, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};

  return bs_names_enter(&call, names, scope, false, error) &&
         names->provider->fee_rate(names->state, ret_rate, error);
}

bool bs_names_unspents(struct bs_names *names, struct bs_scope *scope, struct bs_unspent *unspents, size_t *ret_count,
                       const char *address, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  enum bs_network network;
  unsigned char version, hash[BS_HASH160_SIZE];
  size_t count = 0;

  if (names->provider->unspents == NULL) return fail_untold(names, "unspent outputs", error);
  if (!bs_names_network(names, scope, &network, error)) return false;
  if (!bs_address_decode(&version, hash, address) || version != bs_address_version(network))
    return bs_names_fail_address(address, error);
  if (!bs_names_enter(&call, names, scope, false, error) ||
      (call.exists && !names->provider->unspents(names->state, unspents, &count, hash, error)))
    return false;
  *ret_count = count;
  return true;
}
