/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/bitcoind/provider.h"

#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/bitcoind/wallet.h"
#include "core/codec/hex.h"
#include "core/names/indexed.h"

struct node_names {
  struct bs_indexed indexed; /* of `chain` */
  const struct bs_bitcoin_network *network;
  struct bs_chain_parameters parameters;
  char *index;
  char *url;
  char place[40];
  struct bs_bitcoin_chain *chain; /* opened when first needed, then kept; NULL: not yet */
  struct bs_wallet *wallet;
  const struct bs_scope *scope; /* of the call */
  bool is_held;                 /* the index's state, from one call to the next */
};

static void bitcoind_close(void *state) {
  struct node_names *names = state;

  bs_bitcoin_chain_close(names->chain);
  bs_wallet_close(names->wallet);
  free(names->index);
  free(names->url);
  free(names);
}

static bool set_up(struct node_names *names, const struct bs_bitcoind_config *config, struct bs_error *error) {
  names->network = bs_bitcoin_network_find(config->network);
  if (!bs_wallet_open(&names->wallet, config, error) ||
      !bs_bitcoin_parameters(&names->parameters, names->network, config->first_block, error))
    return false;
  names->index = strdup(config->index);
  names->url = strdup(config->rpc.url);
  snprintf(names->place, sizeof names->place, "Bitcoin's network %s", names->network->name);
  return (names->index != NULL && names->url != NULL) || bs_fail_memory(error);
}

static bool bitcoind_open(void **ret_state, const struct bs_names_config *config, struct bs_error *error) {
  struct node_names *names;

  if (config->bitcoind == NULL || config->bitcoind->index == NULL || config->bitcoind->network == NULL)
    return bs_fail(error, BS_WORD_config, "The name provider bitcoind needs the path of its index and the name of its network.");
  names = calloc(1, sizeof *names);
  if (names == NULL) return bs_fail_memory(error);
  names->indexed.cache = config->cache;
  if (!set_up(names, config->bitcoind, error)) {
    bitcoind_close(names);
    return false;
  }
  *ret_state = names;
  return true;
}

static bool fail_missing(const struct node_names *names, struct bs_error *error) {
  return bs_fail(error, BS_WORD_no_names, "%s: There is no index of %s yet: it is made while the node is followed.", names->index,
                 names->place);
}

static void close_index(struct node_names *names) {
  bs_bitcoin_chain_close(names->chain);
  names->chain = NULL;
  names->indexed.index = NULL;
}

static bool open_index(struct node_names *names, struct bs_error *error) {
  if (!bs_bitcoin_chain_open(&names->chain, names->index, names->network, names->parameters.first_block, BS_DATABASE_READ,
                             names->scope, error))
    return false;
  if (bs_indexed_use(&names->indexed, bs_bitcoin_chain_index(names->chain), error)) return true;
  close_index(names);
  return false;
}

/* One that was removed is made again by whoever follows: then it is another file. */
static bool ensure_index(struct node_names *names, bool *ret_exists, struct bs_error *error) {
  if (names->chain != NULL && bs_bitcoin_chain_is_removed(names->chain)) close_index(names);
  *ret_exists = names->chain != NULL || open_index(names, error);
  if (*ret_exists) return true;
  if (error->word != BS_WORD_not_found) return false;
  *error = (struct bs_error){0};
  return true;
}

static bool bitcoind_enter(void *state, const struct bs_scope *scope, bool write, bool *ret_exists, struct bs_error *error) {
  struct node_names *names = state;

  names->scope = scope;
  *ret_exists = true;
  if (!names->is_held && !ensure_index(names, ret_exists, error)) return false;
  if (!*ret_exists) return !write || fail_missing(names, error);
  bs_bitcoin_chain_scope(names->chain, scope);
  if (names->is_held || bs_bitcoin_chain_begin_read(names->chain, error)) return true;
  bs_bitcoin_chain_scope(names->chain, NULL);
  return false;
}

static void bitcoind_leave(void *state) {
  struct node_names *names = state;

  names->scope = NULL;
  if (names->chain == NULL) return;
  if (!names->is_held) bs_bitcoin_chain_abort(names->chain);
  bs_bitcoin_chain_scope(names->chain, NULL);
}

static bool bitcoind_hold(void *state, struct bs_error *error) {
  (void)error;
  ((struct node_names *)state)->is_held = true;
  return true;
}

static void bitcoind_release(void *state) {
  struct node_names *names = state;

  names->is_held = false;
  bs_bitcoin_chain_abort(names->chain);
}

static bool bitcoind_is_newest(void *state) {
  return bs_database_is_newest(((struct node_names *)state)->indexed.index->database);
}

static bool bitcoind_is_immediate(void *state) {
  (void)state;
  return false;
}

static bool bitcoind_network(void *state, const struct bs_scope *scope, enum bs_network *ret_network, struct bs_error *error) {
  (void)scope, (void)error;
  *ret_network = ((struct node_names *)state)->network->addresses;
  return true;
}

static bool bitcoind_check(void *state, const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error) {
  const struct node_names *names = state;

  return bs_bitcoin_chain_check(names->index, names->network, names->parameters.first_block, scope, survey, error);
}

static const char *bitcoind_place(void *state) {
  return ((struct node_names *)state)->place;
}

static bool bitcoind_chain_id(void *state, unsigned char chain_id[32], struct bs_error *error) {
  (void)error;
  bs_bitcoin_chain_id(((struct node_names *)state)->chain, chain_id);
  return true;
}

static bool bitcoind_info(void *state, struct bs_names_info *info, struct bs_error *error) {
  struct node_names *names = state;
  struct bs_bitcoin_tip tip;

  info->network = names->network->name;
  info->server = names->url;
  if (!info->exists) return true;
  if (!bs_bitcoin_chain_tip(names->chain, &tip, error) || !bs_index_count(names->indexed.index, &info->names, error))
    return false;
  snprintf(info->chain_id, sizeof info->chain_id, "%s", names->network->chain_id);
  info->first_block = names->parameters.first_block;
  info->height = tip.height;
  info->block_time = tip.time;
  bs_hex_encode(info->consensus, tip.consensus, sizeof tip.consensus);
  if (info->is_index_only) return true;
  if (bs_wallet_height(names->wallet, names->scope, &info->node_height, error)) return true;
  if (error->word != BS_WORD_no_names) return false;
  *error = (struct bs_error){0}; /* the index answers also without the node */
  info->node_height = 0;
  return true;
}

static bool bitcoind_tip(void *state, uint64_t *ret_height, unsigned char consensus[BS_CONSENSUS_SIZE], struct bs_error *error) {
  struct bs_bitcoin_tip tip;

  if (!bs_bitcoin_chain_tip(((struct node_names *)state)->chain, &tip, error)) return false;
  *ret_height = tip.height + 1;
  memcpy(consensus, tip.consensus, BS_CONSENSUS_SIZE);
  return true;
}

/* ---- the node ---- */

static bool bitcoind_unspents(void *state, struct bs_unspent *unspents, size_t *ret_count,
                              const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  struct node_names *names = state;

  /* It may take minutes, and the index is not looked at: its snapshot would keep the write-ahead log from being taken up. */
  if (!names->is_held) bs_bitcoin_chain_abort(names->chain);
  return bs_wallet_coins(names->wallet, names->scope, unspents, ret_count, BS_COINS_MAX, hash, error);
}

static bool bitcoind_fee_rate(void *state, uint64_t *ret_rate, struct bs_error *error) {
  struct node_names *names = state;

  return bs_wallet_fee_rate(names->wallet, names->scope, ret_rate, error);
}

static bool bitcoind_broadcast(void *state, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw, bool dry_run,
                               struct bs_error *error) {
  struct node_names *names = state;
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};

  if (!bs_transaction_parse(&transaction, raw->bytes, raw->length, error) ||
      !(dry_run ? bs_wallet_try(names->wallet, names->scope, raw, 1, error)
                : bs_wallet_send(names->wallet, names->scope, raw, error)))
    return false;
  ret_broadcast->block = 0;
  ret_broadcast->is_operation = bs_rules_has_payload(&names->parameters, &transaction);
  ret_broadcast->is_accepted = false; /* nobody knows yet */
  ret_broadcast->reason[0] = '\0';
  return true;
}

const struct bs_provider bs_provider_bitcoind = {
    .name = "bitcoind",
    .proven = "local",
    .is_immediate = bitcoind_is_immediate,
    .open = bitcoind_open,
    .close = bitcoind_close,
    .enter = bitcoind_enter,
    .leave = bitcoind_leave,
    .hold = bitcoind_hold,
    .release = bitcoind_release,
    .is_newest = bitcoind_is_newest,
    .network = bitcoind_network,
    .check = bitcoind_check,
    .place = bitcoind_place,
    .chain_id = bitcoind_chain_id,
    .info = bitcoind_info,
    .tip = bitcoind_tip,
    BS_INDEXED_QUESTIONS,
    .unspents = bitcoind_unspents,
    .fee_rate = bitcoind_fee_rate,
    .broadcast = bitcoind_broadcast,
};
