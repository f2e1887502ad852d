/* SPDX-License-Identifier: MIT */
/*
 * Names that a server answers for.  What it says is believed as a certificate authority is: nothing but the coins, the form of
 * the answers, and that they don't go back or contradict each other, is checked here.
 */
#include <config.h>

#include "core/names/blockstored.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/chain/networks.h"
#include "core/codec/hex.h"

/* ---- the call ---- */

static void blockstored_close(void *state) {
  struct bs_blockstored *blockstored = state;

  bs_servers_close(&blockstored->servers);
  free(blockstored);
}

static bool blockstored_open(void **ret_state, const struct bs_names_config *config, struct bs_error *error) {
  struct bs_blockstored *blockstored = calloc(1, sizeof *blockstored);

  if (blockstored == NULL) return bs_fail_memory(error);
  if (!bs_servers_open(&blockstored->servers, config, error)) {
    free(blockstored);
    return false;
  }
  *ret_state = blockstored;
  return true;
}

void bs_blockstored_forget(struct bs_blockstored *blockstored) {
  blockstored->has_tip = blockstored->has_name = blockstored->has_moved = false;
  blockstored->ahead.count = 0;
  blockstored->ahead.next = 0;
  blockstored->servers.is_bound = blockstored->servers.was_lost = blockstored->servers.is_fresh = false;
}

static bool fail_chainless(struct bs_blockstored *blockstored, struct bs_error *error) {
  return bs_fail(error, BS_WORD_no_names, "The name server %s has no chain yet; whoever runs it makes one.",
                 blockstored->servers.chosen->address.text);
}

/* Before something is written: what the others know of the chain's length counts, too. */
static bool need_newest(struct bs_blockstored *blockstored, struct bs_error *error) {
  bool again = true;

  if (!bs_servers_look_around(&blockstored->servers, error)) return false;
  while (!bs_blockstored_may_write(blockstored, &again, error)) {
    if (!again) return false;
    bs_blockstored_forget(blockstored);
  }
  return true;
}

static bool blockstored_enter(void *state, const struct bs_scope *scope, bool write, bool *ret_exists, struct bs_error *error) {
  struct bs_blockstored *blockstored = state;

  if (!bs_servers_begin(&blockstored->servers, scope, error)) return false;
  if (!bs_servers_choose(&blockstored->servers, error) ||
      (!blockstored->servers.chosen->info.exists && !bs_servers_refresh(&blockstored->servers, error))) {
    bs_servers_end(&blockstored->servers);
    return false;
  }
  blockstored->has_tip = blockstored->has_name = blockstored->has_moved = false;
  blockstored->ahead.count = 0;
  blockstored->ahead.next = 0;
  *ret_exists = blockstored->servers.chosen->info.exists;
  if (!write || (*ret_exists ? need_newest(blockstored, error) : fail_chainless(blockstored, error))) return true;
  bs_servers_end(&blockstored->servers);
  return false;
}

static void blockstored_leave(void *state) {
  bs_servers_end(&((struct bs_blockstored *)state)->servers);
}

bool bs_blockstored_note_tip(struct bs_blockstored *blockstored, const struct bs_told_tip *tip, struct bs_error *error) {
  struct bs_servers *servers = &blockstored->servers;
  uint64_t lag;

  if (blockstored->has_tip && (tip->block != blockstored->tip.block ||
                               memcmp(tip->consensus, blockstored->tip.consensus, sizeof tip->consensus) != 0)) {
    blockstored->has_moved = true;
    return bs_fail(error, BS_WORD_no_names, "The chain has moved on while the name server %s was asked; try again.",
                   servers->chosen->address.text);
  }
  if (blockstored->has_tip) return true;
  blockstored->has_tip = servers->is_bound = true;
  blockstored->tip = *tip;
  bs_servers_saw(servers, servers->chosen, tip->block);
  lag = bs_servers_lag(servers, tip->block);
  if (lag > BS_SERVERS_LAG)
    bs_log(BS_LOG_WARNING, "The name server %s is %" PRIu64 " blocks behind what was seen before: what it says may be old.",
           servers->chosen->address.text, lag);
  return true;
}

bool bs_blockstored_ask(struct bs_blockstored *blockstored, const char *method, const char *params, bs_read_result read,
                        void *user, struct bs_error *error) {
  const struct bs_question question = {.method = method, .params = params, .read = read, .user = user};

  return bs_servers_ask(&blockstored->servers, &question, error);
}

/* ---- the chain ---- */

static bool need_network(struct bs_blockstored *blockstored, const struct bs_scope *scope, struct bs_error *error) {
  bool good;

  if (blockstored->servers.network != NULL) return true;
  if (blockstored->servers.chosen != NULL) return bs_servers_refresh(&blockstored->servers, error);
  good = bs_servers_begin(&blockstored->servers, scope, error) && bs_servers_choose(&blockstored->servers, error);
  bs_servers_end(&blockstored->servers);
  return good;
}

bool bs_blockstored_network(void *state, const struct bs_scope *scope, enum bs_network *ret_network, struct bs_error *error) {
  struct bs_blockstored *blockstored = state;
  const struct bs_bitcoin_network *network;

  if (!need_network(blockstored, scope, error)) return false;
  network = bs_bitcoin_network_find(blockstored->servers.network);
  *ret_network = network == NULL ? BS_NETWORK_MAIN : network->addresses; /* NULL: "local" */
  return true;
}

bool bs_blockstored_immediate(void *state) {
  const char *network = ((struct bs_blockstored *)state)->servers.network;

  return network != NULL && strcmp(network, "local") == 0;
}

/* It keeps no files. */
static bool blockstored_check(void *state, const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error) {
  (void)state, (void)scope, (void)survey, (void)error;
  return true;
}

static const char *blockstored_place(void *state) {
  struct bs_blockstored *blockstored = state;
  struct bs_servers *servers = &blockstored->servers;
  const struct bs_server *server = servers->chosen != NULL ? servers->chosen : servers->preferred;

  if (server == NULL) server = &servers->items[0];
  snprintf(blockstored->place, sizeof blockstored->place, "the name server %s", server->address.text);
  return blockstored->place;
}

static bool blockstored_chain_id(void *state, unsigned char chain_id[32], struct bs_error *error) {
  struct bs_blockstored *blockstored = state;

  if (!blockstored->servers.chosen->info.exists) return fail_chainless(blockstored, error);
  memcpy(chain_id, blockstored->servers.chain_id, sizeof blockstored->servers.chain_id);
  return true;
}

static bool blockstored_info(void *state, struct bs_names_info *info, struct bs_error *error) {
  struct bs_blockstored *blockstored = state;
  const struct bs_told_info *told;

  if (!bs_servers_refresh(&blockstored->servers, error)) return false;
  told = &blockstored->servers.chosen->info;
  info->server = blockstored->servers.chosen->address.text;
  info->network = told->network;
  info->exists = told->exists;
  if (!told->exists) return true;
  bs_hex_encode(info->chain_id, told->chain_id, sizeof told->chain_id);
  bs_hex_encode(info->consensus, told->tip.consensus, sizeof told->tip.consensus);
  info->first_block = told->first_block;
  info->height = told->tip.block;
  info->node_height = told->node_blocks > told->tip.block ? told->node_blocks : 0;
  info->block_time = told->block_time;
  info->names = told->names;
  return true;
}

static bool blockstored_tip(void *state, uint64_t *ret_height, unsigned char consensus[BS_CONSENSUS_SIZE],
                            struct bs_error *error) {
  struct bs_blockstored *blockstored = state;

  if (!blockstored->has_tip && (!bs_servers_refresh(&blockstored->servers, error) ||
                                !bs_blockstored_note_tip(blockstored, &blockstored->servers.chosen->info.tip, error)))
    return false;
  *ret_height = blockstored->tip.block + 1;
  memcpy(consensus, blockstored->tip.consensus, BS_CONSENSUS_SIZE);
  return true;
}

/* ---- names ---- */

struct name_wanted {
  const char *name;
  struct bs_told_name told;
};

static bool read_name(void *user, struct bs_json result, struct bs_error *error) {
  struct name_wanted *wanted = user;

  return bs_told_name_read(&wanted->told, result, wanted->name, error);
}

static void describe(struct bs_buffer *text, const struct bs_server *server, const struct bs_told_name *told) {
  char consensus[BS_CONSENSUS_TEXT], value_hash[BS_VALUE_HASH_TEXT] = "nothing";

  bs_hex_encode(consensus, told->tip.consensus, sizeof told->tip.consensus);
  if (told->found && told->entry.has_value) bs_hex_encode(value_hash, told->entry.value_hash, sizeof told->entry.value_hash);
  bs_buffer_format(text, "%s, as of block %" PRIu64 " (consensus %s), says ", server->address.text, told->tip.block, consensus);
  if (!told->found)
    bs_buffer_text(text, "that it is not registered");
  else
    bs_buffer_format(text, "that it belongs to %s and says %s since block %" PRIu64 "%s", told->entry.origin.address, value_hash,
                     told->entry.changed_block, told->entry.revoked ? ", and was revoked" : "");
}

static bool fail_contradiction(const struct bs_server *one, const struct bs_told_name *first, const struct bs_server *other,
                               const struct bs_told_name *second, const char *name, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  describe(&text, one, first);
  bs_buffer_text(&text, "; ");
  describe(&text, other, second);
  if (bs_buffer_string(&text) == NULL) return bs_fail_memory(error);
  return bs_fail(error, BS_WORD_conflict, "The name servers contradict each other about %s: %s.  One of them lies, or follows "
                 "another branch of the chain: find out which, and take it out of names.servers.", name, bs_buffer_string(&text));
}

/* Both are of one history: the one that is further has the other's consensus hash where that one ends. */
static bool are_of_one_chain(struct bs_blockstored *blockstored, struct bs_server *further, const struct bs_told_tip *low,
                             bool *ret_are, struct bs_error *error) {
  unsigned char consensus[BS_CONSENSUS_SIZE];
  struct bs_consensus_wanted wanted = {consensus, false};
  char params[BS_PARAMS_MAX];
  const struct bs_question question = {
      .method = "get_consensus_at", .params = params, .read = bs_blockstored_read_consensus, .user = &wanted};

  snprintf(params, sizeof params, "%" PRIu64, low->block);
  if (!bs_servers_ask_one(&blockstored->servers, further, &question, error)) return false;
  *ret_are = wanted.found && memcmp(consensus, low->consensus, sizeof consensus) == 0;
  return true;
}

/* *ret_agree also where the other one says nothing. */
static bool hold_against(struct bs_blockstored *blockstored, struct bs_server *other, const struct bs_question *question,
                         const struct name_wanted *first, bool *ret_agree, struct name_wanted *second, struct bs_error *error) {
  struct bs_server *chosen = blockstored->servers.chosen;
  bool first_is_low;

  if (!bs_servers_ask_one(&blockstored->servers, other, question, error)) return false;
  *ret_agree = !bs_told_names_differ(&first->told, &second->told);
  if (!*ret_agree || first->told.tip.block == second->told.tip.block) return true;
  first_is_low = first->told.tip.block < second->told.tip.block;
  return are_of_one_chain(blockstored, first_is_low ? other : chosen, first_is_low ? &first->told.tip : &second->told.tip,
                          ret_agree, error);
}

/* Of two that agree the one that knows more of the chain is believed: a lie about its newest blocks shows in the next ones, to
 * stand still shows never. */
static void take_newer(struct bs_blockstored *blockstored, struct bs_server *other, struct name_wanted *first,
                       struct name_wanted *second) {
  const struct bs_told_name before = first->told;

  if (second->told.tip.block <= first->told.tip.block) return;
  bs_servers_saw(&blockstored->servers, other, second->told.tip.block);
  if (blockstored->has_tip) return;
  first->told = second->told;
  second->told = before;
  blockstored->servers.chosen = other;
  blockstored->servers.is_fresh = false;
}

/* Does what is believed also hold where the other one's chain ends?  A change, or an end, of later is one server's word. */
static bool vouches(const struct bs_told_name *believed, const struct bs_told_name *other) {
  const struct bs_namespace_entry *name_space = believed->name_space_found ? &believed->name_space : NULL;
  uint64_t last = believed->found && name_space != NULL ? bs_name_last_block(&believed->entry, name_space) : UINT64_MAX;

  if (!believed->found || other->tip.block >= believed->tip.block) return true;
  return believed->entry.changed_block <= other->tip.block && (last >= believed->tip.block || last < other->tip.block);
}

/* How far another one that agrees is, or its node. */
static uint64_t reach_of(const struct bs_server *other, uint64_t block) {
  const struct bs_told_info *info = &other->info;
  uint64_t indexable = info->node_blocks > info->confirmations ? info->node_blocks - info->confirmations : 0;

  return indexable > block ? indexable : block;
}

/* It agrees.  Is it a second one who says what is believed? */
static bool confirms(struct bs_blockstored *blockstored, struct bs_server *other, struct name_wanted *first,
                     struct name_wanted *second) {
  struct bs_server *low = second->told.tip.block > first->told.tip.block ? blockstored->servers.chosen : other;
  uint64_t reach;

  take_newer(blockstored, other, first, second);
  if (vouches(&first->told, &second->told)) return true;
  blockstored->servers.preferred = blockstored->servers.chosen; /* only that one can be asked about the block */
  reach = reach_of(low, second->told.tip.block);
  if (reach > blockstored->reach) blockstored->reach = reach;
  blockstored->is_compared = true;
  return false;
}

static void tell_alone(struct bs_blockstored *blockstored, const struct name_wanted *first) {
  blockstored->teller = blockstored->servers.chosen;
  if (!first->told.found || !blockstored->is_compared) return;
  blockstored->is_far = first->told.entry.changed_block > blockstored->reach + BS_SERVERS_LAG;
  bs_log(BS_LOG_WARNING, "What the name server %s says of %s, as of block %" PRIu64 ", is its word alone: no other is as far.",
         blockstored->teller->address.text, first->name, first->told.tip.block);
}

enum opinion { OPINION_CONFIRMED, OPINION_NONE, OPINION_FAILED };

/* What another one says.  Both are asked once more before it is said that they differ: one of them may just have got a block. */
static enum opinion ask_opinion(struct bs_blockstored *blockstored, struct bs_server *other, struct name_wanted *first,
                                const struct bs_question *question, struct bs_error *error) {
  struct name_wanted second = {.name = first->name};
  struct bs_question same = *question;
  bool agree = true;

  same.user = &second;
  for (int attempt = 0; attempt < 2; attempt++) {
    if (attempt > 0 && !bs_servers_ask(&blockstored->servers, question, error)) return OPINION_FAILED;
    if (!hold_against(blockstored, other, &same, first, &agree, &second, error)) break;
    if (agree) return confirms(blockstored, other, first, &second) ? OPINION_CONFIRMED : OPINION_NONE;
  }
  if (!agree && error->word == BS_NO_WORD) {
    fail_contradiction(blockstored->servers.chosen, &first->told, other, &second.told, first->name, error);
    return OPINION_FAILED;
  }
  if (error->word == BS_WORD_deadline || error->word == BS_WORD_cancelled || error->word == BS_WORD_no_memory ||
      (error->word == BS_WORD_conflict && !blockstored->servers.is_pinned)) /* which of them is right? */
    return OPINION_FAILED;
  bs_log(BS_LOG_WARNING, "%s", error->message);
  *error = (struct bs_error){0};
  return OPINION_NONE;
}

/* Where a second server answers, too, it must say the same; where that one is not as far as what is new, a third. */
static bool compare(struct bs_blockstored *blockstored, struct name_wanted *first, const struct bs_question *question,
                    struct bs_error *error) {
  struct bs_server *other = NULL;

  blockstored->is_far = blockstored->is_compared = false;
  blockstored->reach = 0;
  blockstored->teller = NULL;
  while ((other = bs_servers_other(&blockstored->servers, other)) != NULL) {
    switch (ask_opinion(blockstored, other, first, question, error)) {
      case OPINION_FAILED: return false;
      case OPINION_CONFIRMED: return true;
      case OPINION_NONE: other++; break;
    }
  }
  tell_alone(blockstored, first);
  return true;
}

static bool blockstored_get_name(void *state, struct bs_name_entry *ret_entry, bool *ret_found,
                                 struct bs_namespace_entry *ret_name_space, bool *ret_name_space_found, const char *name,
                                 struct bs_error *error) {
  struct bs_blockstored *blockstored = state;
  struct name_wanted wanted = {.name = name};
  char params[BS_PARAMS_MAX];
  const struct bs_question question = {.method = "get_name_state", .params = params, .read = read_name, .user = &wanted};

  snprintf(params, sizeof params, "\"%s\"", name);
  if (!bs_servers_ask(&blockstored->servers, &question, error)) return false;
  if (blockstored->servers.count > 1 && !compare(blockstored, &wanted, &question, error)) return false;
  if (!bs_blockstored_note_tip(blockstored, &wanted.told.tip, error)) return false;
  blockstored->has_name = true;
  blockstored->name = wanted.told;
  *ret_found = wanted.told.found;
  *ret_name_space_found = wanted.told.name_space_found;
  if (*ret_found) *ret_entry = wanted.told.entry;
  if (ret_name_space != NULL && *ret_name_space_found) *ret_name_space = wanted.told.name_space;
  return true;
}

static void blockstored_witness(void *state, const char **ret_told_by, bool *ret_is_far) {
  const struct bs_blockstored *blockstored = state;

  *ret_told_by = blockstored->teller == NULL ? NULL : blockstored->teller->address.text;
  *ret_is_far = blockstored->is_far;
}

/* It came with the name. */
static bool blockstored_is_inherited(void *state, bool *ret_inherited, const struct bs_name_entry *entry,
                                     struct bs_error *error) {
  struct bs_blockstored *blockstored = state;
  struct bs_name_entry again;
  struct bs_namespace_entry name_space;
  bool found, name_space_found;

  if ((!blockstored->has_name || strcmp(blockstored->name.entry.name, entry->name) != 0) &&
      !blockstored_get_name(state, &again, &found, &name_space, &name_space_found, entry->name, error))
    return false;
  *ret_inherited = blockstored->name.inherited;
  return true;
}

struct namespace_wanted {
  const char *id;
  struct bs_told_namespace told;
};

static bool read_namespace(void *user, struct bs_json result, struct bs_error *error) {
  struct namespace_wanted *wanted = user;

  return bs_told_namespace_read(&wanted->told, result, wanted->id, error);
}

static bool blockstored_get_namespace(void *state, struct bs_namespace_entry *ret_entry, bool *ret_found, const char *id,
                                      struct bs_error *error) {
  struct namespace_wanted wanted = {.id = id};
  char params[BS_PARAMS_MAX];

  snprintf(params, sizeof params, "\"%s\"", id);
  if (!bs_blockstored_ask(state, "get_namespace_state", params, read_namespace, &wanted, error) ||
      !bs_blockstored_note_tip(state, &wanted.told.tip, error))
    return false;
  *ret_found = wanted.told.found;
  if (*ret_found) *ret_entry = wanted.told.entry;
  return true;
}

struct preorder_wanted {
  enum bs_opcode opcode;
  const unsigned char *hash;
  struct bs_told_preorder told;
};

static bool read_preorder(void *user, struct bs_json result, struct bs_error *error) {
  struct preorder_wanted *wanted = user;

  return bs_told_preorder_read(&wanted->told, result, wanted->opcode, wanted->hash, error);
}

static bool blockstored_get_preorder(void *state, struct bs_preorder_entry *ret_entry, bool *ret_found, enum bs_opcode opcode,
                                     const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  struct preorder_wanted wanted = {.opcode = opcode, .hash = hash};
  char params[BS_PARAMS_MAX], digits[2 * BS_HASH160_SIZE + 1];

  bs_hex_encode(digits, hash, BS_HASH160_SIZE);
  snprintf(params, sizeof params, "\"%s\", \"%s\"", opcode == BS_NAME_PREORDER ? "name" : "namespace", digits);
  if (!bs_blockstored_ask(state, "get_preorder_state", params, read_preorder, &wanted, error) ||
      !bs_blockstored_note_tip(state, &wanted.told.tip, error))
    return false;
  *ret_found = wanted.told.found;
  if (*ret_found) *ret_entry = wanted.told.entry;
  return true;
}

/* ---- what it costs ---- */

static bool blockstored_fee_rate(void *state, uint64_t *ret_rate, struct bs_error *error) {
  struct bs_blockstored *blockstored = state;

  if (!bs_servers_refresh(&blockstored->servers, error)) return false;
  *ret_rate = blockstored->servers.chosen->info.fee_rate;
  return *ret_rate > 0 || bs_fail(error, BS_WORD_no_names, "The name server %s does not know yet what a transaction has to pay;"
                                  " try again later.", blockstored->servers.chosen->address.text);
}

static bool blockstored_was_misled(void *state) {
  return ((struct bs_blockstored *)state)->servers.is_misled;
}

static void blockstored_saw(void *state, uint64_t block) {
  bs_servers_saw(&((struct bs_blockstored *)state)->servers, NULL, block);
}

const struct bs_provider bs_provider_blockstored = {
    .name = "blockstored",
    .proven = "none",
    .is_immediate = bs_blockstored_immediate,
    .open = blockstored_open,
    .close = blockstored_close,
    .enter = blockstored_enter,
    .leave = blockstored_leave,
    .network = bs_blockstored_network,
    .check = blockstored_check,
    .place = blockstored_place,
    .saw = blockstored_saw,
    .was_misled = blockstored_was_misled,
    .chain_id = blockstored_chain_id,
    .info = blockstored_info,
    .tip = blockstored_tip,
    .get_name = blockstored_get_name,
    .witness = blockstored_witness,
    .is_inherited = blockstored_is_inherited,
    .get_namespace = blockstored_get_namespace,
    .get_preorder = blockstored_get_preorder,
    .list = bs_blockstored_list,
    .list_in_namespace = bs_blockstored_list_in_namespace,
    .operations_at = bs_blockstored_operations_at,
    .operations_on = bs_blockstored_operations_on,
    .announcements_at = bs_blockstored_announcements_at,
    .refused_at = bs_blockstored_refused_at,
    .consensus_at = bs_blockstored_consensus_at,
    .has_elsewhere = bs_blockstored_has_elsewhere,
    .operations_hash_at = bs_blockstored_operations_hash_at,
    .block_of = bs_blockstored_block_of,
    .hashes_of = bs_blockstored_hashes_of,
    .operations_of = bs_blockstored_operations_of,
    .find_value = bs_blockstored_find_value,
    .coins = bs_blockstored_coins,
    .fee_rate = blockstored_fee_rate,
    .submit = bs_blockstored_submit,
    .broadcast = bs_blockstored_broadcast,
};
