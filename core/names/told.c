/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/told.h"

#include <string.h>

#include "core/base/auto.h"
#include "core/chain/networks.h"
#include "core/codec/hex.h"

/* ---- members ---- */

static bool refuse(struct bs_error *error, const char *member, const char *expected) {
  return bs_fail(error, BS_WORD_malformed, "sent an answer whose \"%s\" is not %s", member, expected);
}

static bool find(struct bs_json object, const char *member, struct bs_json *ret_value, struct bs_error *error) {
  return bs_json_find(object, member, ret_value) ||
         bs_fail(error, BS_WORD_malformed, "sent an answer without \"%s\"", member);
}

static bool is_null(struct bs_json value) {
  return bs_json_type(value) == BS_JSON_NULL;
}

static bool read_number(uint64_t *ret_number, struct bs_json object, const char *member, struct bs_error *error) {
  struct bs_json value;

  return find(object, member, &value, error) &&
         (bs_json_integer(value, ret_number) || refuse(error, member, "a whole number"));
}

/* null: 0. */
static bool read_number_or_null(uint64_t *ret_number, struct bs_json object, const char *member, struct bs_error *error) {
  struct bs_json value;

  *ret_number = 0;
  return find(object, member, &value, error) &&
         (is_null(value) || bs_json_integer(value, ret_number) || refuse(error, member, "a whole number or null"));
}

static bool read_truth(bool *ret_truth, struct bs_json object, const char *member, struct bs_error *error) {
  struct bs_json value;
  enum bs_json_type type;

  if (!find(object, member, &value, error)) return false;
  type = bs_json_type(value);
  *ret_truth = type == BS_JSON_TRUE;
  return type == BS_JSON_TRUE || type == BS_JSON_FALSE || refuse(error, member, "true or false");
}

static bool read_hex(void *bytes, size_t length, struct bs_json object, const char *member, struct bs_error *error) {
  struct bs_json value;

  return find(object, member, &value, error) &&
         (bs_json_hex(value, bytes, length) || refuse(error, member, "hexadecimal digits of the right number"));
}

static bool read_txid(unsigned char txid[BS_TXID_SIZE], struct bs_json object, const char *member, struct bs_error *error) {
  struct bs_json value;

  return find(object, member, &value, error) &&
         (bs_txid_from_json(txid, value) || refuse(error, member, "hexadecimal digits of the right number"));
}

/* At most size - 1 bytes are taken of a longer one. */
static bool read_text(char *text, size_t size, struct bs_json object, const char *member, struct bs_error *error) {
  struct bs_buffer buffer BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_json value;
  size_t length;

  if (!find(object, member, &value, error)) return false;
  if (bs_json_type(value) != BS_JSON_STRING) return refuse(error, member, "a text");
  bs_json_string(value, &buffer);
  if (bs_buffer_string(&buffer) == NULL) return bs_fail_memory(error);
  length = buffer.length < size ? buffer.length : size - 1;
  while (length > 0 && length < buffer.length && (buffer.bytes[length] & 0xc0) == 0x80) length--;
  memcpy(text, buffer.bytes, length);
  text[length] = '\0';
  return true;
}

static bool need_object(struct bs_json result, struct bs_error *error) {
  return bs_json_type(result) == BS_JSON_OBJECT || bs_fail(error, BS_WORD_malformed, "sent an answer that is no object");
}

static bool find_array(struct bs_json object, const char *member, struct bs_json_iterator *ret_items, struct bs_error *error) {
  struct bs_json value;

  if (!find(object, member, &value, error)) return false;
  *ret_items = bs_json_begin(value);
  return bs_json_type(value) == BS_JSON_ARRAY || refuse(error, member, "a list");
}

/* ---- the chain ---- */

static bool read_tip(struct bs_told_tip *tip, struct bs_json object, const char *block, struct bs_error *error) {
  return need_object(object, error) && read_number(&tip->block, object, block, error) &&
         read_hex(tip->consensus, sizeof tip->consensus, object, "consensus", error);
}

static bool read_network(const char **ret_network, struct bs_json object, struct bs_error *error) {
  const struct bs_bitcoin_network *known = bs_bitcoin_networks;
  struct bs_json value;

  if (!find(object, "network", &value, error)) return false;
  while (known->name != NULL && !bs_json_string_is(value, known->name, strlen(known->name))) known++;
  *ret_network = known->name;
  if (known->name != NULL) return true;
  *ret_network = "local";
  return bs_json_string_is(value, "local", strlen("local")) || refuse(error, "network", "a network that is known here");
}

/* The chains of Bitcoin's networks have ids that everybody knows: none of them passes for a chain of another kind, with other
 * rules of what is burned, waited for or believed. */
static bool check_network(const struct bs_told_info *info, struct bs_error *error) {
  char id[2 * sizeof info->chain_id + 1];

  bs_hex_encode(id, info->chain_id, sizeof info->chain_id);
  for (const struct bs_bitcoin_network *known = bs_bitcoin_networks; known->name != NULL; known++)
    if (strcmp(known->chain_id, id) == 0 && strcmp(known->name, info->network) != 0)
      return bs_fail(error, BS_WORD_malformed, "calls the chain of Bitcoin's network %s one of the network %s", known->name,
                     info->network);
  return true;
}

bool bs_told_info_read(struct bs_told_info *ret_info, struct bs_json result, struct bs_error *error) {
  struct bs_told_info info = {.exists = false};
  struct bs_json id;

  if (!need_object(result, error) || !find(result, "chain_id", &id, error) ||
      !read_text(info.server, sizeof info.server, result, "server", error) || !read_network(&info.network, result, error))
    return false;
  info.exists = !is_null(id);
  if (info.exists &&
      (!read_hex(info.chain_id, sizeof info.chain_id, result, "chain_id", error) || !check_network(&info, error) ||
       !read_tip(&info.tip, result, "last_block", error) || !read_number(&info.first_block, result, "first_block", error) ||
       !read_number_or_null(&info.block_time, result, "block_time", error) ||
       !read_number(&info.names, result, "names", error) ||
       !read_number_or_null(&info.fee_rate, result, "fee_rate", error) ||
       !read_number_or_null(&info.confirmations, result, "confirmations", error) ||
       !read_number_or_null(&info.node_blocks, result, "node_blocks", error)))
    return false;
  if (info.fee_rate > BS_MONEY_MAX / 1000) /* fees are computed with it */
    return bs_fail(error, BS_WORD_malformed, "sent a fee_rate that nobody can pay");
  *ret_info = info;
  return true;
}

bool bs_told_consensus_read(unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, struct bs_json result,
                            struct bs_error *error) {
  *ret_found = !is_null(result);
  return !*ret_found || bs_json_hex(result, consensus, BS_CONSENSUS_SIZE) ||
         bs_fail(error, BS_WORD_malformed, "sent an answer that is no consensus hash");
}

/* ---- entries ---- */

static bool fail_entry(struct bs_error *error, const char *member) {
  return error->word == BS_WORD_no_memory ? false : bs_context(error, "sent an answer whose \"%s\" cannot be read", member);
}

static bool fail_other(struct bs_error *error, const char *member, const char *told, const char *asked) {
  return bs_fail(error, BS_WORD_malformed, "sent an answer whose \"%s\" is about %s, and %s was asked for", member, told, asked);
}

static bool read_namespace(struct bs_namespace_entry *entry, bool *ret_found, struct bs_json object, const char *id,
                           struct bs_error *error) {
  struct bs_json value;

  if (!find(object, "namespace", &value, error)) return false;
  *ret_found = !is_null(value);
  if (!*ret_found) return true;
  if (!bs_namespace_from_json(entry, value, error)) return fail_entry(error, "namespace");
  return strcmp(entry->id, id) == 0 || fail_other(error, "namespace", entry->id, id);
}

static bool read_name(struct bs_told_name *told, struct bs_json object, const char *name, struct bs_error *error) {
  struct bs_json value;

  if (!find(object, "name", &value, error)) return false;
  told->found = !is_null(value);
  if (!told->found) return true;
  if (!bs_name_from_json(&told->entry, value, error)) return fail_entry(error, "name");
  return strcmp(told->entry.name, name) == 0 || fail_other(error, "name", told->entry.name, name);
}

bool bs_told_name_read(struct bs_told_name *ret_name, struct bs_json result, const char *name, struct bs_error *error) {
  struct bs_told_name told;

  memset(&told, 0, sizeof told);
  if (!read_tip(&told.tip, result, "block", error) || !read_name(&told, result, name, error) ||
      !read_namespace(&told.name_space, &told.name_space_found, result, bs_name_namespace(name), error) ||
      !read_truth(&told.inherited, result, "inherited", error))
    return false;
  if (told.found && told.entry.changed_block > told.tip.block)
    return bs_fail(error, BS_WORD_malformed, "tells of an operation in a block that its chain does not have");
  *ret_name = told;
  return true;
}

bool bs_told_namespace_read(struct bs_told_namespace *ret_namespace, struct bs_json result, const char *id,
                            struct bs_error *error) {
  struct bs_told_namespace told;

  memset(&told, 0, sizeof told);
  if (!read_tip(&told.tip, result, "block", error) || !read_namespace(&told.entry, &told.found, result, id, error)) return false;
  *ret_namespace = told;
  return true;
}

bool bs_told_preorder_read(struct bs_told_preorder *ret_preorder, struct bs_json result, enum bs_opcode opcode,
                           const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  struct bs_told_preorder told;
  struct bs_json value;

  memset(&told, 0, sizeof told);
  if (!read_tip(&told.tip, result, "block", error) || !find(result, "preorder", &value, error)) return false;
  told.found = !is_null(value);
  if (told.found && !bs_preorder_from_json(&told.entry, value, error)) return fail_entry(error, "preorder");
  if (told.found && (told.entry.origin.op[0] != (char)opcode || memcmp(told.entry.hash, hash, sizeof told.entry.hash) != 0))
    return fail_other(error, "preorder", "another", "this one");
  *ret_preorder = told;
  return true;
}

bool bs_told_list_read(struct bs_buffer *texts, size_t *ret_count, size_t *ret_listed, struct bs_json result, uint64_t skip,
                       uint64_t most, struct bs_error *error) {
  struct bs_json_iterator items = bs_json_begin(result);
  struct bs_json item;
  size_t count = 0, listed = 0;

  if (bs_json_type(result) != BS_JSON_ARRAY) return bs_fail(error, BS_WORD_malformed, "sent an answer that is no list");
  for (; bs_json_next_item(&items, &item); listed++) {
    char name[BS_NAME_MAX + 1];

    if (bs_json_type(item) != BS_JSON_STRING || item.length > sizeof name + 1)
      return bs_fail(error, BS_WORD_malformed, "lists what is no name");
    memcpy(name, item.text + 1, item.length - 2);
    name[item.length - 2] = '\0';
    if (!bs_name_check(name, error)) return bs_fail(error, BS_WORD_malformed, "lists what is no name");
    if (listed < skip || count >= most) continue;
    bs_buffer_add(texts, name, item.length - 1);
    count++;
  }
  *ret_count = count;
  *ret_listed = listed;
  return true;
}

bool bs_told_value_read(unsigned char value_hash[BS_HASH160_SIZE], bool *ret_found, bool *ret_update, struct bs_json result,
                        struct bs_error *error) {
  struct bs_json value;

  *ret_update = false;
  if (!need_object(result, error) || !read_truth(ret_found, result, "found", error) ||
      !find(result, "value_hash", &value, error))
    return false;
  if (!*ret_found || is_null(value)) return true;
  *ret_update = bs_json_hex(value, value_hash, BS_HASH160_SIZE);
  return *ret_update || refuse(error, "value_hash", "a value hash or null");
}

/* ---- what blocks did ---- */

static bool visit_hex(struct bs_buffer *bytes, bool *ret_ended, struct bs_json hex, uint64_t block, bs_visit_operation visit,
                      void *user, struct bs_error *error) {
  size_t length = hex.length < 2 ? 0 : (hex.length - 2) / 2;
  unsigned char *room;
  struct bs_fields fields;

  bs_buffer_clear(bytes);
  room = bs_buffer_extend(bytes, length);
  if (room == NULL && length > 0) return bs_fail_memory(error);
  if (length == 0 || !bs_json_hex(hex, room, length) || !bs_fields_read(&fields, room, length, error))
    return bs_fail(error, BS_WORD_malformed, "sent an operation that is none");
  *ret_ended = !visit(user, block, &fields, error);
  return !*ret_ended;
}

/* [block, hex] */
static bool split_pair(uint64_t *ret_block, struct bs_json *ret_hex, struct bs_json item, struct bs_error *error) {
  struct bs_json_iterator items = bs_json_begin(item);
  struct bs_json block, other;

  return (bs_json_type(item) == BS_JSON_ARRAY && bs_json_next_item(&items, &block) && bs_json_next_item(&items, ret_hex) &&
          !bs_json_next_item(&items, &other) && bs_json_integer(block, ret_block)) ||
         bs_fail(error, BS_WORD_malformed, "sent an operation without its block");
}

bool bs_told_operations_read(size_t *ret_count, bool *ret_more, bool *ret_ended, struct bs_json result, uint64_t block,
                             bs_visit_operation visit, void *user, struct bs_error *error) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_json_iterator items;
  struct bs_json item;

  *ret_count = 0;
  *ret_ended = false;
  if (!need_object(result, error) || !read_truth(ret_more, result, "more", error) ||
      !find_array(result, "operations", &items, error))
    return false;
  for (; bs_json_next_item(&items, &item); ++*ret_count) {
    uint64_t at = block;

    if (block == UINT64_MAX && !split_pair(&at, &item, item, error)) return false;
    if (!visit_hex(&bytes, ret_ended, item, at, visit, user, error)) return false;
  }
  return !*ret_more || *ret_count > 0 || bs_fail(error, BS_WORD_malformed, "sent an answer that ends where there should be more");
}

static bool need_list(struct bs_json result, struct bs_error *error) {
  return bs_json_type(result) == BS_JSON_ARRAY || bs_fail(error, BS_WORD_malformed, "sent an answer that is no list");
}

bool bs_told_announcements_read(bool *ret_ended, struct bs_json result, bs_visit_announcement visit, void *user,
                                struct bs_error *error) {
  struct bs_json_iterator items = bs_json_begin(result);
  struct bs_json item;

  *ret_ended = false;
  if (!need_list(result, error)) return false;
  while (bs_json_next_item(&items, &item)) {
    struct bs_announcement told = {.vtxindex = 0};
    unsigned char version, hash[BS_HASH160_SIZE];

    if (!need_object(item, error) || !read_number(&told.vtxindex, item, "vtxindex", error) ||
        !read_txid(told.txid, item, "txid", error) || !read_text(told.address, sizeof told.address, item, "address", error) ||
        !read_hex(told.hash, sizeof told.hash, item, "hash", error))
      return false;
    if (!bs_address_decode(&version, hash, told.address)) return refuse(error, "address", "an address");
    *ret_ended = !visit(user, &told, error);
    if (*ret_ended) return false;
  }
  return true;
}

bool bs_told_refused_read(bool *ret_ended, struct bs_json result, bs_visit_refused visit, void *user, struct bs_error *error) {
  struct bs_json_iterator items = bs_json_begin(result);
  struct bs_json item;

  *ret_ended = false;
  if (!need_list(result, error)) return false;
  while (bs_json_next_item(&items, &item)) {
    struct bs_refused told = {.vtxindex = 0};

    if (!need_object(item, error) || !read_number(&told.vtxindex, item, "vtxindex", error) ||
        !read_txid(told.txid, item, "txid", error) || !read_text(told.reason, sizeof told.reason, item, "reason", error))
      return false;
    *ret_ended = !visit(user, &told, error);
    if (*ret_ended) return false;
  }
  return true;
}

/* ---- coins ---- */

static bool read_coin(struct bs_coin *coin, struct bs_buffer *raw, const unsigned char hash[BS_HASH160_SIZE],
                      struct bs_json object, struct bs_error *error) {
  unsigned char txid[BS_TXID_SIZE];
  uint64_t output, value;
  struct bs_script script;
  struct bs_json hex;
  unsigned char *room;
  size_t length;

  if (!need_object(object, error) || !read_txid(txid, object, "txid", error) ||
      !read_number(&output, object, "output", error) || !read_number(&value, object, "value", error) ||
      !find(object, "transaction", &hex, error))
    return false;
  length = hex.length < 2 ? 0 : (hex.length - 2) / 2;
  bs_buffer_clear(raw);
  room = bs_buffer_extend(raw, length);
  if (room == NULL && length > 0) return bs_fail_memory(error);
  if (output > UINT32_MAX || length == 0 || !bs_json_hex(hex, room, length))
    return refuse(error, "transaction", "a transaction and the number of its output");
  if (!bs_coin_from_transaction(coin, txid, (uint32_t)output, room, length, error))
    return bs_context(error, "tells of a coin that there cannot be");
  bs_script_pay_to(&script, hash);
  if (!bs_script_equal(&coin->script, &script)) bs_script_pay_to_witness(&script, hash);
  if (coin->value != value || !bs_script_equal(&coin->script, &script))
    return bs_fail(error, BS_WORD_forged, "tells of a coin that the transaction it comes from does not make");
  return true;
}

bool bs_told_coins_read(struct bs_coin *coins, uint64_t *confirmations, size_t *ret_count, size_t most,
                        const unsigned char hash[BS_HASH160_SIZE], struct bs_json result, struct bs_error *error) {
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_json_iterator items;
  struct bs_json item;
  size_t count = 0;

  if (!need_object(result, error) || !find_array(result, "unspents", &items, error)) return false;
  while (count < most && bs_json_next_item(&items, &item)) {
    uint64_t deep;

    if (!read_coin(&coins[count], &raw, hash, item, error) || !read_number(&deep, item, "confirmations", error)) return false;
    if (confirmations != NULL) confirmations[count] = deep;
    for (size_t i = 0; i < count; i++)
      if (coins[i].output == coins[count].output && memcmp(coins[i].txid, coins[count].txid, BS_TXID_SIZE) == 0)
        return bs_fail(error, BS_WORD_forged, "tells of one coin twice");
    count++;
  }
  *ret_count = count;
  return true;
}

bool bs_told_broadcast_read(struct bs_told_broadcast *ret_broadcast, struct bs_json result,
                            const unsigned char txid[BS_TXID_SIZE], struct bs_error *error) {
  struct bs_told_broadcast told = {.is_in_block = false};
  unsigned char sent[BS_TXID_SIZE];
  struct bs_json value;

  if (!need_object(result, error) || !read_txid(sent, result, "transaction_hash", error)) return false;
  if (memcmp(sent, txid, sizeof sent) != 0) return fail_other(error, "transaction_hash", "another transaction", "this one");
  told.is_in_block = bs_json_find(result, "operation", &value);
  if (told.is_in_block &&
      (!read_number_or_null(&told.block, result, "block", error) ||
       !read_truth(&told.is_operation, result, "operation", error) || !read_truth(&told.is_accepted, result, "accepted", error)))
    return false;
  if (told.is_in_block && bs_json_find(result, "reason", &value) && !is_null(value) &&
      !read_text(told.reason, sizeof told.reason, result, "reason", error))
    return false;
  *ret_broadcast = told;
  return true;
}

/* ---- two answers ---- */

/* What only an operation changes: the lists and `revoked` also change when it expires, without any. */
static bool entries_differ(const struct bs_name_entry *one, const struct bs_name_entry *other, bool same_block) {
  struct bs_name_entry a = *one, b = *other;

  if (!same_block) {
    a.listed = b.listed = 0;
    a.revoked = b.revoked = false;
  }
  return memcmp(a.origin.txid, b.origin.txid, sizeof a.origin.txid) != 0 || a.origin.vtxindex != b.origin.vtxindex ||
         strcmp(a.origin.op, b.origin.op) != 0 || !bs_script_equal(&a.origin.sender, &b.origin.sender) ||
         a.has_value != b.has_value || memcmp(a.value_hash, b.value_hash, sizeof a.value_hash) != 0 ||
         a.first_registered != b.first_registered || a.last_renewed != b.last_renewed || a.changed_block != b.changed_block ||
         a.revoked != b.revoked || a.listed != b.listed;
}

bool bs_told_names_differ(const struct bs_told_name *one, const struct bs_told_name *other) {
  const struct bs_told_name *low = one->tip.block <= other->tip.block ? one : other, *high = low == one ? other : one;
  bool same_block = low->tip.block == high->tip.block;

  if (same_block && memcmp(low->tip.consensus, high->tip.consensus, sizeof low->tip.consensus) != 0) return true;
  if (high->found && high->entry.changed_block > low->tip.block) return false; /* it came after */
  return low->found != high->found || (low->found && entries_differ(&low->entry, &high->entry, same_block)) ||
         (same_block && low->name_space_found != high->name_space_found) ||
         (same_block && low->found && low->inherited != high->inherited);
}
