/* SPDX-License-Identifier: MIT */
/*
 * Transactions through a name server.  They were built and signed here; each is tried before it is sent, for on a chain that puts
 * it into a block whatever its operation is worth, what is refused has spent its coins all the same.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/codec/hex.h"
#include "core/names/blockstored.h"

#define BUILDS_MAX 4 /* of one submission: the chain may move on while it is built */

/* ---- coins ---- */

struct coins_wanted {
  struct bs_coin *coins;
  size_t count, most;
  const unsigned char *hash;
  bool is_immediate;
};

/* What a node would not take yet is no coin. */
static bool read_coins(void *user, struct bs_json result, struct bs_error *error) {
  struct coins_wanted *wanted = user;
  struct bs_coin coins[BS_COINS_MAX];
  uint64_t confirmations[BS_COINS_MAX];
  size_t count;

  if (!bs_told_coins_read(coins, confirmations, &count, BS_COINS_MAX, wanted->hash, result, error)) return false;
  wanted->count = 0;
  for (size_t i = 0; i < count && wanted->count < wanted->most; i++)
    if (wanted->is_immediate || !coins[i].is_coinbase || confirmations[i] >= BS_COINBASE_MATURITY)
      wanted->coins[wanted->count++] = coins[i];
  return true;
}

static bool ask_for_coins(struct bs_blockstored *blockstored, const unsigned char hash[BS_HASH160_SIZE], bs_read_result read,
                          void *user, struct bs_error *error) {
  char params[BS_PARAMS_MAX], address[BS_ADDRESS_TEXT];
  enum bs_network network;

  if (!bs_blockstored_network(blockstored, NULL, &network, error)) return false;
  bs_address_encode(address, bs_address_version(network), hash);
  snprintf(params, sizeof params, "\"%s\"", address);
  return bs_blockstored_ask(blockstored, "get_unspents", params, read, user, error);
}

bool bs_blockstored_coins(void *state, struct bs_coin *coins, size_t *ret_count, size_t most,
                          const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  struct coins_wanted wanted = {
      .coins = coins, .most = most, .hash = hash, .is_immediate = bs_blockstored_immediate(state)};

  if (!ask_for_coins(state, hash, read_coins, &wanted, error)) return false;
  *ret_count = wanted.count;
  return true;
}

/* ---- one transaction ---- */

struct sending {
  struct bs_blockstored *blockstored;
  const struct bs_buffer *raw;
  unsigned char txid[BS_TXID_SIZE];
  char text[BS_TXID_TEXT];
  struct bs_told_broadcast told;
};

static bool begin(struct sending *sending, struct bs_blockstored *blockstored, const struct bs_buffer *raw,
                  struct bs_error *error) {
  struct bs_transaction transaction;

  *sending = (struct sending){.blockstored = blockstored, .raw = raw};
  if (!bs_transaction_parse(&transaction, raw->bytes, raw->length, error)) return false;
  memcpy(sending->txid, transaction.txid, sizeof sending->txid);
  bs_txid_text(sending->text, sending->txid);
  bs_transaction_free(&transaction);
  return true;
}

static bool read_sent(void *user, struct bs_json result, struct bs_error *error) {
  struct sending *sending = user;

  return bs_told_broadcast_read(&sending->told, result, sending->txid, error);
}

static bool ask_to_send(struct sending *sending, bool dry_run, struct bs_error *error) {
  struct bs_buffer params BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_question question = {.method = "broadcast_transaction", .read = read_sent, .user = sending, .is_once = !dry_run};
  char *digits;

  bs_buffer_byte(&params, '"');
  digits = (char *)bs_buffer_extend(&params, 2 * sending->raw->length + 1);
  if (digits == NULL) return bs_fail_memory(error);
  bs_hex_encode(digits, sending->raw->bytes, sending->raw->length);
  params.length--; /* the NUL */
  bs_buffer_text(&params, dry_run ? "\", true" : "\"");
  question.params = bs_buffer_string(&params);
  if (question.params == NULL) return bs_fail_memory(error);
  return bs_servers_ask(&sending->blockstored->servers, &question, error);
}

/* ---- was it taken?  When the link ended before the answer came ---- */

struct coins_of {
  const struct sending *sending;
  const unsigned char *hash;
  bool found;
  uint64_t confirmations;
};

static bool read_whether_there(void *user, struct bs_json result, struct bs_error *error) {
  struct coins_of *wanted = user;
  struct bs_coin coins[BS_COINS_MAX];
  uint64_t confirmations[BS_COINS_MAX];
  size_t count;

  if (!bs_told_coins_read(coins, confirmations, &count, BS_COINS_MAX, wanted->hash, result, error)) return false;
  for (size_t i = 0; i < count && !wanted->found; i++) {
    wanted->found = memcmp(coins[i].txid, wanted->sending->txid, BS_TXID_SIZE) == 0;
    wanted->confirmations = confirmations[i];
  }
  return true;
}

/* Its outputs are among the coins of whom they pay. */
static bool look_for(struct sending *sending, bool *ret_found, struct bs_error *error) {
  struct bs_servers *servers = &sending->blockstored->servers;
  struct bs_transaction transaction;
  struct coins_of wanted = {.sending = sending};
  unsigned char hash[BS_HASH160_SIZE];
  bool good = true;

  if (!bs_servers_begin(servers, servers->scope, error) || !bs_servers_refresh(servers, error) ||
      !bs_transaction_parse(&transaction, sending->raw->bytes, sending->raw->length, error))
    return false;
  for (size_t i = 0; good && !wanted.found && i < transaction.output_count; i++) {
    const struct bs_transaction_output *output = &transaction.outputs[i];

    wanted.hash = hash;
    if (bs_script_classify(hash, output->script, output->script_length) == BS_SCRIPT_PUBLIC_KEY_HASH)
      good = ask_for_coins(sending->blockstored, hash, read_whether_there, &wanted, error);
  }
  bs_transaction_free(&transaction);
  if (!good) return false;
  *ret_found = wanted.found;
  sending->told = (struct bs_told_broadcast){.is_in_block = wanted.confirmations > 0, .is_operation = true, .is_accepted = true};
  if (wanted.confirmations > 0) sending->told.block = servers->chosen->info.tip.block + 1 - wanted.confirmations;
  return true;
}

static bool really_send(struct sending *sending, struct bs_error *error) {
  struct bs_error lost, later = {0};
  bool found;

  if (ask_to_send(sending, false, error)) return true;
  if (error->word != BS_WORD_no_names) return false; /* the server's own answer */
  lost = *error;
  if (!look_for(sending, &found, &later))
    return bs_fail(error, lost.word, "%s  Whether it has taken the transaction %s is not known: look at what the name says now "
                   "before you do it again.", lost.message, sending->text);
  if (!found) return false;
  bs_log(BS_LOG_INFO, "the transaction %s was taken, although the answer to it was lost: %s", sending->text, lost.message);
  return true;
}

/* On a chain that puts it into a block at once: is it worth anything there? */
static bool need_accepted(const struct sending *sending, const char *verb, struct bs_error *error) {
  const struct bs_told_broadcast *told = &sending->told;

  if (!told->is_in_block || (told->is_operation && told->is_accepted)) return true;
  return bs_fail(error, BS_WORD_denied, "The name server %s %s the operation: %s",
                 sending->blockstored->servers.chosen->address.text, verb,
                 told->is_operation ? told->reason : "it takes it for an ordinary payment.");
}

static bool try_to_send(struct sending *sending, struct bs_error *error) {
  return ask_to_send(sending, true, error) && need_accepted(sending, "would refuse", error);
}

static bool send_accepted(struct bs_blockstored *blockstored, uint64_t *ret_block, const struct bs_buffer *raw,
                          struct bs_error *error) {
  struct sending sending;

  if (!begin(&sending, blockstored, raw, error) || !try_to_send(&sending, error) || !really_send(&sending, error) ||
      !need_accepted(&sending, "has refused", error))
    return false;
  *ret_block = sending.told.is_in_block ? sending.told.block : 0;
  return true;
}

/* ---- a submission ---- */

bool bs_blockstored_may_write(struct bs_blockstored *blockstored, bool *ret_again, struct bs_error *error) {
  struct bs_servers *servers = &blockstored->servers;

  *ret_again = false;
  if ((!blockstored->has_tip || servers->chosen == NULL) && /* it may have been lost by what was asked before */
      (!bs_servers_refresh(servers, error) || !bs_blockstored_note_tip(blockstored, &servers->chosen->info.tip, error)))
    return false;
  if (bs_servers_lag(servers, blockstored->tip.block) <= BS_SERVERS_LAG) return true;
  *ret_again = bs_servers_pass_over(servers, blockstored->tip.block, error);
  return false;
}

/* While it was built another server may have told how far the chain is. */
static bool build_there(struct bs_blockstored *blockstored, bs_build build, void *user, struct bs_batch *batch, bool *ret_again,
                        struct bs_error *error) {
  struct bs_view view = {&bs_provider_blockstored, blockstored};
  struct bs_error why;
  bool good;

  if (!bs_blockstored_may_write(blockstored, ret_again, error)) return false;
  good = build(user, &view, batch, error);
  why = *error;
  *ret_again = !good && (blockstored->has_moved || blockstored->servers.was_lost);
  if (*ret_again || blockstored->servers.chosen == NULL) return false;
  if (!bs_blockstored_may_write(blockstored, ret_again, error)) return false;
  *error = why;
  return good;
}

static bool has_moved(struct bs_blockstored *blockstored) {
  const struct bs_told_tip before = blockstored->tip;
  struct bs_error ignored = {0};
  const struct bs_told_tip *now;

  if (blockstored->has_moved || blockstored->servers.was_lost) return true;
  blockstored->servers.is_fresh = false;
  if (!blockstored->has_tip || blockstored->servers.chosen == NULL || !bs_servers_refresh(&blockstored->servers, &ignored))
    return false;
  now = &blockstored->servers.chosen->info.tip;
  return now->block != before.block || memcmp(now->consensus, before.consensus, sizeof before.consensus) != 0;
}

static bool send_batch(struct bs_blockstored *blockstored, uint64_t *ret_block, const struct bs_batch *batch, size_t *ret_sent,
                       struct bs_error *error) {
  for (*ret_sent = 0; *ret_sent < batch->count; ++*ret_sent)
    if (!send_accepted(blockstored, ret_block, &batch->raw[*ret_sent], error)) return false;
  return true;
}

/* *ret_again: the chain moved on, or another server is asked; nothing was sent. */
static bool build_and_send(struct bs_blockstored *blockstored, uint64_t *ret_block, bs_build build, void *user, bool dry_run,
                           struct bs_batch *batch, bool *ret_again, struct bs_error *error) {
  struct sending sending;
  size_t sent = 0;

  if (!build_there(blockstored, build, user, batch, ret_again, error)) return false;
  if (dry_run) return begin(&sending, blockstored, &batch->raw[0], error) && try_to_send(&sending, error);
  if (send_batch(blockstored, ret_block, batch, &sent, error)) return true;
  if (sent > 0)
    return bs_context(error, "The preorder is done and stays, so the same again only does the rest; but the registration failed");
  *ret_again = (error->word == BS_WORD_denied || error->word == BS_WORD_conflict) && has_moved(blockstored);
  return false;
}

bool bs_blockstored_submit(void *state, uint64_t *ret_block, bs_build build, void *user, bool dry_run, struct bs_error *error) {
  struct bs_blockstored *blockstored = state;
  struct bs_batch batch BS_AUTO(bs_batch_free) = {.count = 0};
  bool again;

  *ret_block = 0;
  for (int builds = 1;; builds++) {
    if (build_and_send(blockstored, ret_block, build, user, dry_run, &batch, &again, error)) return true;
    if (!again || builds == BUILDS_MAX) return false;
    *error = (struct bs_error){0};
    bs_blockstored_forget(blockstored);
  }
}

bool bs_blockstored_broadcast(void *state, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw, bool dry_run,
                              struct bs_error *error) {
  struct sending sending;
  bool again;

  if (!begin(&sending, state, raw, error)) return false;
  while (!bs_blockstored_may_write(state, &again, error)) {
    if (!again) return bs_servers_unanswered(error);
    bs_blockstored_forget(state);
  }
  if (!(dry_run ? ask_to_send(&sending, true, error) : really_send(&sending, error))) return false;
  ret_broadcast->block = sending.told.block;
  ret_broadcast->is_operation = sending.told.is_operation;
  ret_broadcast->is_accepted = sending.told.is_accepted;
  memcpy(ret_broadcast->reason, sending.told.reason, sizeof ret_broadcast->reason);
  return true;
}
