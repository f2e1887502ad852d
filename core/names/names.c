/* SPDX-License-Identifier: MIT */
/* The service and the questions on names; questions.c: on namespaces and blocks; operations.c: what changes names. */
#include <config.h>

#include "core/names/names.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/rules.h"
#include "core/codec/hex.h"
#include "core/names/names-private.h"

static const struct bs_provider *const providers[] = {&bs_provider_embedded, &bs_provider_blockstored};

const struct bs_provider *bs_names_stand_in;

static const struct bs_provider *find_provider(const char *name) {
  if (bs_names_stand_in != NULL) return bs_names_stand_in;
  for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++)
    if (strcmp(providers[i]->name, name) == 0) return providers[i];
  return NULL;
}

bool bs_names_open(struct bs_names **ret_names, const struct bs_names_config *config, struct bs_error *error) {
  const struct bs_provider *provider = find_provider(config->provider);

  if (provider == NULL)
    return bs_fail(error, BS_WORD_config, "The name provider %s is unknown; this release has: embedded, blockstored.",
                   config->provider);
  return bs_names_open_on(ret_names, provider, config, error);
}

bool bs_names_open_on(struct bs_names **ret_names, const struct bs_provider *provider, const struct bs_names_config *config,
                      struct bs_error *error) {
  struct bs_names *names = calloc(1, sizeof *names);

  if (names == NULL) return bs_fail_memory(error);
  names->provider = provider;
  names->max_fee = config->max_fee != 0 ? config->max_fee : BS_NAMES_MAX_FEE;
  names->max_price = config->max_price != 0 ? config->max_price : BS_NAMES_MAX_PRICE;
  pthread_mutex_init(&names->mutex, NULL);
  if (!provider->open(&names->state, config, error)) {
    pthread_mutex_destroy(&names->mutex);
    free(names);
    return false;
  }
  *ret_names = names;
  return true;
}

void bs_names_close(struct bs_names *names) {
  if (names == NULL) return;
  names->provider->close(names->state);
  pthread_mutex_destroy(&names->mutex);
  free(names);
}

bool bs_names_is_immediate(struct bs_names *names) {
  BS_LOCKED(&names->mutex);

  return names->provider->is_immediate(names->state);
}

bool bs_names_network(struct bs_names *names, const struct bs_scope *scope, enum bs_network *ret_network,
                      struct bs_error *error) {
  BS_LOCKED(&names->mutex);

  return names->provider->network(names->state, scope, ret_network, error);
}

bool bs_names_check(struct bs_names *names, const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error) {
  BS_LOCKED(&names->mutex);

  return names->provider->check(names->state, scope, survey, error);
}

/* ---- a call: the lock, the provider made ready, and both let go of at the end of the scope ---- */

bool bs_names_enter(struct bs_names_call *call, struct bs_names *names, const struct bs_scope *scope, bool write,
                    struct bs_error *error) {
  if (scope != NULL && !bs_scope_check(scope, error)) return false;
  pthread_mutex_lock(&names->mutex);
  if (!names->provider->enter(names->state, scope, write, &call->exists, error)) {
    pthread_mutex_unlock(&names->mutex);
    return false;
  }
  call->names = names;
  return true;
}

void bs_names_leave(struct bs_names_call *call) {
  if (call->names == NULL) return;
  call->names->provider->leave(call->names->state);
  pthread_mutex_unlock(&call->names->mutex);
  call->names = NULL;
}

bool bs_names_may_repeat(struct bs_names *names) {
  BS_LOCKED(&names->mutex);

  return names->provider->was_misled != NULL && names->provider->was_misled(names->state);
}

bool bs_names_chain_id(struct bs_names *names, struct bs_scope *scope, unsigned char chain_id[32],
                       struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};

  if (!bs_names_enter(&call, names, scope, false, error)) return false;
  if (call.exists) return names->provider->chain_id(names->state, chain_id, error);
  bs_names_leave(&call);
  return bs_names_enter(&call, names, scope, true, error) && names->provider->chain_id(names->state, chain_id, error);
}

static bool get_info(struct bs_names *names, struct bs_scope *scope, struct bs_names_info *ret_info, bool is_index_only,
                     struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_names_info info = {
      .provider = names->provider->name, .proven = names->provider->proven, .is_index_only = is_index_only};

  if (!bs_names_enter(&call, names, scope, false, error)) return false;
  info.exists = call.exists;
  if (!names->provider->info(names->state, &info, error)) return false;
  *ret_info = info;
  return true;
}

bool bs_names_info(struct bs_names *names, struct bs_scope *scope, struct bs_names_info *ret_info,
                   struct bs_error *error) {
  return get_info(names, scope, ret_info, false, error);
}

bool bs_names_index_info(struct bs_names *names, struct bs_scope *scope, struct bs_names_info *ret_info,
                         struct bs_error *error) {
  return get_info(names, scope, ret_info, true, error);
}

const char *bs_names_proven(const struct bs_names *names) {
  return names->provider->proven;
}

bool bs_names_is_local(const struct bs_names *names) {
  return strcmp(names->provider->proven, "local") == 0;
}

void bs_names_saw(struct bs_names *names, uint64_t block) {
  BS_LOCKED(&names->mutex);

  if (names->provider->saw != NULL) names->provider->saw(names->state, block);
}

bool bs_names_fail_unknown(const struct bs_names *names, const char *name, struct bs_error *error) {
  if (!bs_names_is_local(names))
    return bs_fail(error, BS_WORD_not_found, "The name %s is not registered, says %s.", name,
                   names->provider->place(names->state));
  return bs_fail(error, BS_WORD_not_found,
                 "The name %s is not registered on the ledger %s (its names exist on this machine only).", name,
                 names->provider->place(names->state));
}

bool bs_names_fail_address(const char *text, struct bs_error *error) {
  return bs_fail(error, BS_WORD_usage, "\"%.40s%s\" is not an address of a key on this chain.", text,
                 strlen(text) > 40 ? "..." : "");
}

/* name_space NULL: its reveal lapsed, and nothing says when.  height: of the newest block. */
static void describe(struct bs_name_record *record, const struct bs_name_entry *entry,
                     const struct bs_namespace_entry *name_space, uint64_t height) {
  *record = (struct bs_name_record){.revoked = entry->revoked,
                                    .first_registered = entry->first_registered,
                                    .last_renewed = entry->last_renewed,
                                    .expires = name_space == NULL ? entry->last_renewed
                                                                  : bs_name_last_block(entry, name_space),
                                    .block = entry->changed_block,
                                    .vtxindex = entry->origin.vtxindex,
                                    .block_number = entry->block_number,
                                    .preorder_block_number = entry->preorder_block_number,
                                    .opcode = bs_opcode_text((enum bs_opcode)(unsigned char)entry->origin.op[0]),
                                    .op_fee = bs_fee_satoshis(entry->op_fee)};
  record->expired = name_space == NULL || record->expires < height;
  memcpy(record->name, entry->name, sizeof record->name);
  memcpy(record->owner, entry->origin.address, sizeof record->owner);
  bs_script_classify(record->owner_hash, entry->origin.sender.bytes, entry->origin.sender.length);
  if (entry->has_value) bs_hex_encode(record->value_hash, entry->value_hash, sizeof entry->value_hash);
  bs_txid_text(record->txid, entry->origin.txid);
  snprintf(record->op, sizeof record->op, "%.3s", entry->origin.op);
  if (entry->origin.sender.length <= (sizeof record->sender - 1) / 2)
    bs_hex_encode(record->sender, entry->origin.sender.bytes, entry->origin.sender.length);
  bs_hex_encode(record->sender_pubkey, entry->origin.public_key.bytes, entry->origin.public_key.length);
}

bool bs_names_answer(const struct bs_names_call *call, const struct bs_scope *scope, struct bs_names_answer *ret_answer,
                     const char *name, struct bs_error *error) {
  struct bs_names *names = call->names;
  const struct bs_provider *provider = names->provider;
  struct bs_names_answer answer = {.found = false};
  unsigned char consensus[BS_CONSENSUS_SIZE];
  uint64_t next = 1;

  if (call->exists && !provider->get_name(names->state, &answer.entry, &answer.found, &answer.name_space,
                                          &answer.name_space_found, name, error))
    return false;
  if (answer.found) {
    if (answer.name_space_found && answer.name_space.rules.lifetime != BS_LIFETIME_INFINITE &&
        !provider->tip(names->state, &next, consensus, error))
      return false;
    describe(&answer.record, &answer.entry, answer.name_space_found ? &answer.name_space : NULL, next - 1);
    snprintf(answer.record.proven, sizeof answer.record.proven, "%s", provider->proven);
    if (provider->witness != NULL) provider->witness(names->state, &answer.record.told_by, &answer.record.is_far);
    if (!provider->network(names->state, scope, &answer.record.network, error) ||
        !provider->is_inherited(names->state, &answer.record.is_inherited, &answer.entry, error) ||
        !provider->chain_id(names->state, answer.record.chain_id, error))
      return false;
  }
  *ret_answer = answer;
  return true;
}

bool bs_names_lookup(struct bs_names *names, struct bs_scope *scope, struct bs_name_record *ret_record,
                     const char *name, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_names_answer answer = {.found = false};

  if (!bs_name_check(name, error) || !bs_names_enter(&call, names, scope, false, error) ||
      !bs_names_answer(&call, scope, &answer, name, error))
    return false;
  if (!answer.found) return bs_names_fail_unknown(names, name, error);
  *ret_record = answer.record;
  return true;
}

bool bs_names_give_list(char **ret_texts, struct bs_buffer *texts, struct bs_error *error) {
  char *taken = bs_buffer_take(texts);

  if (taken == NULL) return bs_fail_memory(error);
  *ret_texts = taken;
  return true;
}

bool bs_names_list(struct bs_names *names, struct bs_scope *scope, char **ret_texts, size_t *ret_count,
                   const char *address, uint64_t offset, uint64_t count, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_buffer texts BS_AUTO_BUFFER = BS_BUFFER_INIT;
  enum bs_network network;
  unsigned char version, hash[BS_HASH160_SIZE];
  size_t listed = 0;

  if (!bs_names_network(names, scope, &network, error)) return false;
  if (address != NULL && (!bs_address_decode(&version, hash, address) || version != bs_address_version(network)))
    return bs_names_fail_address(address, error);
  if (!bs_names_enter(&call, names, scope, false, error)) return false;
  if (call.exists &&
      !names->provider->list(names->state, &texts, &listed, address == NULL ? NULL : hash, offset, count, error))
    return false;
  if (!bs_names_give_list(ret_texts, &texts, error)) return false;
  *ret_count = listed;
  return true;
}

bool bs_names_cost(struct bs_names *names, struct bs_scope *scope, uint64_t *ret_price, const char *name,
                   struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_namespace_entry name_space;
  const char *id;
  bool found = false;

  if (!bs_name_check(name, error) || !bs_names_enter(&call, names, scope, false, error)) return false;
  id = bs_name_namespace(name);
  if (call.exists && !names->provider->get_namespace(names->state, &name_space, &found, id, error)) return false;
  if (!found)
    return bs_fail(error, BS_WORD_not_found, "The namespace %s does not exist on %s.", id,
                   names->provider->place(names->state));
  *ret_price = bs_price_to_pay(&name_space.rules, name);
  return true;
}

bool bs_names_is_payable(uint64_t price) {
  return price <= BS_MONEY_MAX - UINT64_C(300000000); /* the rest: fees, and coins that are made in advance */
}

bool bs_names_transaction_value(struct bs_names *names, struct bs_scope *scope, char value_hash[BS_VALUE_HASH_TEXT],
                                const char *name, const char *txid, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  unsigned char id[BS_TXID_SIZE], value[BS_HASH160_SIZE];
  bool found = false, update = false;

  if (!bs_name_check(name, error)) return false;
  if (!bs_txid_parse(id, txid))
    return bs_fail(error, BS_WORD_usage, "A transaction id is 64 hexadecimal digits in lower case.");
  if (!bs_names_enter(&call, names, scope, false, error)) return false;
  if (call.exists && !names->provider->find_value(names->state, value, &found, &update, id, name, error)) return false;
  if (!found)
    return bs_fail(error, BS_WORD_not_found, "There is no accepted operation %s of the name %s on %s.", txid, name,
                   names->provider->place(names->state));
  if (!update) return bs_fail(error, BS_WORD_wrong_id, "The transaction %s did not update the name %s.", txid, name);
  bs_hex_encode(value_hash, value, sizeof value);
  return true;
}
