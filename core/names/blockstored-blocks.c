/* SPDX-License-Identifier: MIT */
/* Lists of names, and what blocks did, as a name server tells them: in parts, for a server gives no answer of any length. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/codec/hex.h"
#include "core/names/blockstored.h"

size_t bs_blockstored_list_bytes = (size_t)256 << 20, bs_blockstored_parts_most = 1000000;

/* ---- consensus hashes ---- */

bool bs_blockstored_read_consensus(void *user, struct bs_json result, struct bs_error *error) {
  struct bs_consensus_wanted *wanted = user;

  return bs_told_consensus_read(wanted->consensus, &wanted->found, result, error);
}

/* Who does not answer says nothing. */
bool bs_blockstored_has_elsewhere(void *state, bool *ret_has, uint64_t block, const unsigned char consensus[BS_CONSENSUS_SIZE],
                                  struct bs_error *error) {
  struct bs_servers *servers = &((struct bs_blockstored *)state)->servers;
  unsigned char told[BS_CONSENSUS_SIZE];
  struct bs_consensus_wanted wanted = {told, false};
  char params[BS_PARAMS_MAX];
  const struct bs_question question = {
      .method = "get_consensus_at", .params = params, .read = bs_blockstored_read_consensus, .user = &wanted};

  *ret_has = false;
  snprintf(params, sizeof params, "%" PRIu64, block);
  for (struct bs_server *at = bs_servers_other(servers, NULL); at != NULL; at = bs_servers_other(servers, at + 1)) {
    if (bs_servers_ask_one(servers, at, &question, error)) {
      *ret_has = wanted.found && memcmp(told, consensus, sizeof told) == 0;
      if (*ret_has)
        bs_log(BS_LOG_WARNING, "The name server %s has the block %" PRIu64 " that was seen before, and %s has another.",
               at->address.text, block, servers->chosen->address.text);
      if (*ret_has) return true;
      continue;
    }
    if (error->word == BS_WORD_deadline || error->word == BS_WORD_cancelled || error->word == BS_WORD_no_memory) return false;
    bs_log(BS_LOG_WARNING, "%s", error->message);
    *error = (struct bs_error){0};
  }
  return true;
}

/* As many as were asked for, or fewer: its chain may have become shorter since it said how long it is. */
static bool read_ahead(void *user, struct bs_json result, struct bs_error *error) {
  struct bs_blockstored *blockstored = user;
  struct bs_json_iterator items = bs_json_begin(result);
  struct bs_json item;
  size_t count = 0;

  if (bs_json_type(result) != BS_JSON_ARRAY) return bs_fail(error, BS_WORD_malformed, "sent an answer that is no list");
  for (; bs_json_next_item(&items, &item); count++)
    if (count == blockstored->ahead.count || !bs_json_hex(item, blockstored->ahead.hashes[count], BS_CONSENSUS_SIZE))
      return bs_fail(error, BS_WORD_malformed, "sent an answer that is not the consensus hashes that it was asked for");
  blockstored->ahead.count = count;
  return true;
}

/* Where the hashes of a range are wanted, those that come next are asked for with the second. */
static bool look_ahead(struct bs_blockstored *blockstored, uint64_t block, struct bs_error *error) {
  const struct bs_server *server = blockstored->servers.chosen;
  uint64_t last = server == NULL ? 0 : server->info.tip.block, first = blockstored->ahead.first;
  bool follows = block == blockstored->ahead.next;
  char params[BS_PARAMS_MAX];

  blockstored->ahead.next = block + 1;
  if (!follows || block >= last || (block >= first && block - first < blockstored->ahead.count)) return true;
  if (last - block >= BS_BLOCKS_AHEAD) last = block + BS_BLOCKS_AHEAD - 1;
  blockstored->ahead.first = block;
  blockstored->ahead.count = (size_t)(last - block + 1);
  snprintf(params, sizeof params, "%" PRIu64 ", %" PRIu64, block, last);
  if (bs_blockstored_ask(blockstored, "get_consensus_range", params, read_ahead, blockstored, error)) return true;
  blockstored->ahead.count = 0;
  return false;
}

static bool give_ahead(const struct bs_blockstored *blockstored, unsigned char *consensus, uint64_t block) {
  uint64_t first = blockstored->ahead.first;

  if (block < first || block - first >= blockstored->ahead.count) return false;
  memcpy(consensus, blockstored->ahead.hashes[block - first], BS_CONSENSUS_SIZE);
  return true;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as provider.h wants it */
bool bs_blockstored_consensus_at(void *state, unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, uint64_t block,
                                     struct bs_error *error) {
  struct bs_blockstored *blockstored = state;
  struct bs_consensus_wanted wanted = {consensus, false};
  char params[BS_PARAMS_MAX];

  *ret_found = false;
  if (block > BS_JSON_INTEGER_MAX) return true;
  if (!look_ahead(blockstored, block, error)) return false;
  *ret_found = give_ahead(blockstored, consensus, block);
  if (*ret_found) return true;
  snprintf(params, sizeof params, "%" PRIu64, block);
  if (!bs_blockstored_ask(state, "get_consensus_at", params, bs_blockstored_read_consensus, &wanted, error)) return false;
  *ret_found = wanted.found;
  return true;
}

/* ---- for proofs ---- */

struct hash_wanted {
  unsigned char *hash;
  bool found;
};

static bool read_hash(void *user, struct bs_json result, struct bs_error *error) {
  struct hash_wanted *wanted = user;

  wanted->found = bs_json_type(result) != BS_JSON_NULL;
  return !wanted->found || bs_json_hex(result, wanted->hash, BS_SHA256_SIZE) ||
         bs_fail(error, BS_WORD_malformed, "sent an answer that is no operations hash");
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as provider.h wants it */
bool bs_blockstored_operations_hash_at(void *state, unsigned char hash[BS_SHA256_SIZE], bool *ret_found, uint64_t block,
                                       struct bs_error *error) {
  struct hash_wanted wanted = {hash, false};
  char params[BS_PARAMS_MAX];

  *ret_found = false;
  if (block > BS_JSON_INTEGER_MAX) return true;
  snprintf(params, sizeof params, "%" PRIu64, block);
  if (!bs_blockstored_ask(state, "get_nameops_hash_at", params, read_hash, &wanted, error)) return false;
  *ret_found = wanted.found;
  return true;
}

static bool read_block(void *user, struct bs_json result, struct bs_error *error) {
  uint64_t *block = user;

  *block = UINT64_MAX;
  return bs_json_type(result) == BS_JSON_NULL || bs_json_integer(result, block) ||
         bs_fail(error, BS_WORD_malformed, "sent an answer that is no block");
}

bool bs_blockstored_block_of(void *state, uint64_t *ret_block, bool *ret_found, const unsigned char consensus[BS_CONSENSUS_SIZE],
                             struct bs_error *error) {
  char params[BS_PARAMS_MAX], digits[BS_CONSENSUS_TEXT];
  uint64_t block;

  bs_hex_encode(digits, consensus, BS_CONSENSUS_SIZE);
  snprintf(params, sizeof params, "\"%s\"", digits);
  if (!bs_blockstored_ask(state, "get_block_from_consensus", params, read_block, &block, error)) return false;
  *ret_found = block != UINT64_MAX;
  if (*ret_found) *ret_block = block;
  return true;
}

/* ---- lists ---- */

struct list_wanted {
  struct bs_buffer *texts;
  uint64_t skip, most;
  size_t count, listed;
};

/* What a server that is given up has listed goes again. */
static bool read_list(void *user, struct bs_json result, struct bs_error *error) {
  struct list_wanted *wanted = user;
  size_t before = wanted->texts->length;

  if (bs_told_list_read(wanted->texts, &wanted->count, &wanted->listed, result, wanted->skip, wanted->most, error)) return true;
  wanted->texts->length = before;
  return false;
}

/* In parts: a server gives no list of any length.  id NULL: of all names. */
static bool list_parts(struct bs_blockstored *blockstored, struct bs_buffer *texts, size_t *ret_count, const char *id,
                       uint64_t offset, uint64_t count, struct bs_error *error) {
  size_t total = 0;

  while (total < count && offset + total <= BS_JSON_INTEGER_MAX) {
    uint64_t most = count - total < BS_JSON_INTEGER_MAX ? count - total : BS_JSON_INTEGER_MAX;
    struct list_wanted wanted = {.texts = texts, .most = most};
    char params[BS_PARAMS_MAX];

    if (id == NULL)
      snprintf(params, sizeof params, "%" PRIu64 ", %" PRIu64, offset + total, most);
    else
      snprintf(params, sizeof params, "\"%s\", %" PRIu64 ", %" PRIu64, id, offset + total, most);
    if (!bs_blockstored_ask(blockstored, id == NULL ? "get_all_names" : "get_names_in_namespace", params, read_list, &wanted,
                            error))
      return false;
    if (wanted.count == 0) break;
    blockstored->servers.is_bound = true;
    total += wanted.count;
    if (texts->length > bs_blockstored_list_bytes)
      return bs_fail(error, BS_WORD_too_large, "The name server %s lists more names than fit: ask for fewer at once.",
                     blockstored->servers.chosen->address.text);
  }
  *ret_count = total;
  return true;
}

bool bs_blockstored_list(void *state, struct bs_buffer *texts, size_t *ret_count, const unsigned char *owner_hash,
                             uint64_t offset, uint64_t count, struct bs_error *error) {
  struct list_wanted wanted = {.texts = texts, .skip = offset, .most = count};
  char params[BS_PARAMS_MAX], address[BS_ADDRESS_TEXT];
  enum bs_network network;

  if (owner_hash == NULL) return list_parts(state, texts, ret_count, NULL, offset, count, error);
  if (!bs_blockstored_network(state, NULL, &network, error)) return false;
  bs_address_encode(address, bs_address_version(network), owner_hash);
  snprintf(params, sizeof params, "\"%s\"", address);
  if (!bs_blockstored_ask(state, "get_names_owned_by_address", params, read_list, &wanted, error)) return false;
  *ret_count = wanted.count;
  return true;
}

bool bs_blockstored_list_in_namespace(void *state, struct bs_buffer *texts, size_t *ret_count, const char *id,
                                          uint64_t offset, uint64_t count, struct bs_error *error) {
  return list_parts(state, texts, ret_count, id, offset, count, error);
}

/* ---- what blocks did ---- */

/* A visitor that ends the question is not to be taken for a server that cannot be used: its error is kept apart. */
struct visiting {
  struct bs_servers *servers;
  uint64_t block;
  bs_visit_operation operation;
  bs_visit_announcement announcement;
  bs_visit_refused refused;
  void *user;
  size_t count;
  bool more, has_ended;
  struct bs_error error;
};

static bool visit_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct visiting *visiting = user;

  visiting->servers->is_bound = true;
  if (visiting->operation(visiting->user, block, fields, error)) return true;
  visiting->error = *error;
  return false;
}

static bool visit_announcement(void *user, const struct bs_announcement *announcement, struct bs_error *error) {
  struct visiting *visiting = user;

  visiting->servers->is_bound = true;
  if (visiting->announcement(visiting->user, announcement, error)) return true;
  visiting->error = *error;
  return false;
}

static bool visit_refused(void *user, const struct bs_refused *refused, struct bs_error *error) {
  struct visiting *visiting = user;

  visiting->servers->is_bound = true;
  if (visiting->refused(visiting->user, refused, error)) return true;
  visiting->error = *error;
  return false;
}

static bool read_operations(void *user, struct bs_json result, struct bs_error *error) {
  struct visiting *visiting = user;

  visiting->more = false;
  visiting->count = 0;
  if (bs_json_type(result) == BS_JSON_NULL) return true; /* no such block: who asks has looked */
  return bs_told_operations_read(&visiting->count, &visiting->more, &visiting->has_ended, result, visiting->block,
                                 visit_operation, visiting, error) ||
         visiting->has_ended;
}

static bool read_announcements(void *user, struct bs_json result, struct bs_error *error) {
  struct visiting *visiting = user;

  return bs_json_type(result) == BS_JSON_NULL ||
         bs_told_announcements_read(&visiting->has_ended, result, visit_announcement, visiting, error) || visiting->has_ended;
}

static bool read_refused(void *user, struct bs_json result, struct bs_error *error) {
  struct visiting *visiting = user;

  return bs_json_type(result) == BS_JSON_NULL ||
         bs_told_refused_read(&visiting->has_ended, result, visit_refused, visiting, error) || visiting->has_ended;
}

static bool ask_visiting(struct bs_blockstored *blockstored, const char *method, const char *params, bs_read_result read,
                         struct visiting *visiting, struct bs_error *error) {
  visiting->servers = &blockstored->servers;
  if (!bs_blockstored_ask(blockstored, method, params, read, visiting, error)) return false;
  if (!visiting->has_ended) return true;
  *error = visiting->error;
  return false;
}

/* In parts.  params: without the offset. */
static bool visit_parts(struct bs_blockstored *blockstored, const char *method, const char *params, struct visiting *visiting,
                        struct bs_error *error) {
  uint64_t offset = 0;

  do {
    char all[2 * BS_PARAMS_MAX];

    snprintf(all, sizeof all, "%s, %" PRIu64, params, offset);
    if (!ask_visiting(blockstored, method, all, read_operations, visiting, error)) return false;
    offset += visiting->count;
    if (offset > bs_blockstored_parts_most)
      return bs_fail(error, BS_WORD_too_large, "The name server %s tells of more operations than there can be.",
                     blockstored->servers.chosen->address.text);
  } while (visiting->more);
  return true;
}

bool bs_blockstored_operations_at(void *state, uint64_t block, bs_visit_operation visit, void *user, struct bs_error *error) {
  struct visiting visiting = {.block = block, .operation = visit, .user = user};
  char params[BS_PARAMS_MAX];

  snprintf(params, sizeof params, "%" PRIu64, block);
  return visit_parts(state, "get_operations_at", params, &visiting, error);
}

static uint64_t at_most_integer(uint64_t number) {
  return number < BS_JSON_INTEGER_MAX ? number : BS_JSON_INTEGER_MAX;
}

bool bs_blockstored_operations_on(void *state, const char *name, uint64_t first, uint64_t last, bs_visit_operation visit,
                                      void *user, struct bs_error *error) {
  struct visiting visiting = {.block = UINT64_MAX, .operation = visit, .user = user};
  char params[BS_PARAMS_MAX];

  snprintf(params, sizeof params, "\"%s\", %" PRIu64 ", %" PRIu64, name, at_most_integer(first), at_most_integer(last));
  return visit_parts(state, "get_operations_on", params, &visiting, error);
}

bool bs_blockstored_announcements_at(void *state, uint64_t block, bs_visit_announcement visit, void *user,
                                         struct bs_error *error) {
  struct visiting visiting = {.announcement = visit, .user = user};
  char params[BS_PARAMS_MAX];

  snprintf(params, sizeof params, "%" PRIu64, block);
  return ask_visiting(state, "get_announcements_at", params, read_announcements, &visiting, error);
}

bool bs_blockstored_refused_at(void *state, uint64_t block, bs_visit_refused visit, void *user, struct bs_error *error) {
  struct visiting visiting = {.refused = visit, .user = user};
  char params[BS_PARAMS_MAX];

  snprintf(params, sizeof params, "%" PRIu64, block);
  return ask_visiting(state, "get_refused_at", params, read_refused, &visiting, error);
}

struct value_wanted {
  unsigned char *value_hash;
  bool found, is_update;
};

static bool read_value(void *user, struct bs_json result, struct bs_error *error) {
  struct value_wanted *wanted = user;

  return bs_told_value_read(wanted->value_hash, &wanted->found, &wanted->is_update, result, error);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as provider.h wants it */
bool bs_blockstored_find_value(void *state, unsigned char value_hash[BS_HASH160_SIZE], bool *ret_found, bool *ret_update,
                                   const unsigned char txid[BS_TXID_SIZE], const char *name, struct bs_error *error) {
  struct value_wanted wanted = {value_hash, false, false};
  char params[BS_PARAMS_MAX], digits[BS_TXID_TEXT];

  bs_txid_text(digits, txid);
  snprintf(params, sizeof params, "\"%s\", \"%s\"", name, digits);
  if (!bs_blockstored_ask(state, "get_name_value", params, read_value, &wanted, error)) return false;
  *ret_found = wanted.found;
  *ret_update = wanted.is_update;
  return true;
}

