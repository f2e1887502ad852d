/* SPDX-License-Identifier: MIT */
/* What a server of names answers. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/names/entry-json.h"
#include "core/names/rpc.h"
#include "core/names/told.h"
#include "t/fuzz/targets.h"

static const struct bs_json_limits limits = {1u << 16, 8};

static struct bs_json scan_again(struct bs_buffer *json) {
  struct bs_error error = {0};
  struct bs_json root;

  PROMISED(bs_buffer_string(json) != NULL);
  PROMISED(bs_json_scan(&root, json->bytes, json->length, &limits, &error));
  return root;
}

static void fuzz_name(struct bs_json root) {
  struct bs_buffer json BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_entry entry, again;
  struct bs_error error = {0};

  if (!bs_name_from_json(&entry, root, &error)) return;
  PROMISED(bs_fee_satoshis(entry.op_fee) <= INT64_MAX);
  bs_name_to_json(&json, &entry);
  PROMISED(bs_name_from_json(&again, scan_again(&json), &error));
  PROMISED(memcmp(&entry, &again, sizeof entry) == 0);
}

static void fuzz_namespace(struct bs_json root) {
  struct bs_buffer json BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_namespace_entry entry, again;
  struct bs_error error = {0};

  if (!bs_namespace_from_json(&entry, root, &error)) return;
  PROMISED(bs_price_to_pay(&entry.rules, "foo.test") <= INT64_MAX);
  bs_namespace_to_json(&json, &entry);
  PROMISED(bs_namespace_from_json(&again, scan_again(&json), &error));
  PROMISED(memcmp(&entry, &again, sizeof entry) == 0);
}

static void fuzz_preorder(struct bs_json root) {
  struct bs_buffer json BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_preorder_entry entry, again;
  struct bs_error error = {0};

  if (!bs_preorder_from_json(&entry, root, &error)) return;
  PROMISED(bs_preorder_quantity(&entry) >= 1);
  bs_preorder_to_json(&json, &entry);
  PROMISED(bs_preorder_from_json(&again, scan_again(&json), &error));
  PROMISED(memcmp(&entry, &again, sizeof entry) == 0);
}

void bs_fuzz_entry(const uint8_t *bytes, size_t length) {
  struct bs_error error = {0};
  struct bs_json root;

  if (!bs_json_scan(&root, bytes, length, &limits, &error)) return;
  fuzz_name(root);
  fuzz_namespace(root);
  fuzz_preorder(root);
}

/* ---- replies: whatever they are taken for, they are that or are refused with a sentence ---- */

static bool visit_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  (void)block, (void)error;
  PROMISED(fields->count > 0);
  return ++*(size_t *)user < 3;
}

static bool visit_announcement(void *user, const struct bs_announcement *announcement, struct bs_error *error) {
  (void)user, (void)error;
  PROMISED(strlen(announcement->address) < sizeof announcement->address);
  return true;
}

static bool visit_refused(void *user, const struct bs_refused *refused, struct bs_error *error) {
  (void)user, (void)error;
  PROMISED(bs_utf8_valid(refused->reason, strlen(refused->reason)));
  return true;
}

static void read_states(struct bs_json result) {
  struct bs_error error = {0};
  unsigned char hash[BS_HASH160_SIZE] = {0};
  struct bs_told_info info;
  struct bs_told_name name, again;
  struct bs_told_namespace name_space;
  struct bs_told_preorder preorder;

  if (bs_told_info_read(&info, result, &error)) PROMISED(strlen(info.server) < sizeof info.server && info.network != NULL);
  if (bs_told_name_read(&name, result, "foo.test", &error)) {
    again = name;
    PROMISED(!bs_told_names_differ(&name, &again));
  }
  (void)bs_told_namespace_read(&name_space, result, "test", &error);
  (void)bs_told_preorder_read(&preorder, result, BS_NAME_PREORDER, hash, &error);
}

static void read_lists(struct bs_json result) {
  struct bs_buffer texts BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  size_t count, listed, visited = 0;
  bool more, ended;

  if (bs_told_list_read(&texts, &count, &listed, result, 1, 2, &error)) PROMISED(count <= 2 && count <= listed);
  if (!bs_told_operations_read(&count, &more, &ended, result, 7, visit_operation, &visited, &error))
    PROMISED(ended || error.word == BS_WORD_malformed);
  visited = 0;
  (void)bs_told_operations_read(&count, &more, &ended, result, UINT64_MAX, visit_operation, &visited, &error);
  (void)bs_told_announcements_read(&ended, result, visit_announcement, NULL, &error);
  (void)bs_told_refused_read(&ended, result, visit_refused, NULL, &error);
}

static void read_rest(struct bs_json result) {
  unsigned char hash[BS_TXID_SIZE] = {0};
  struct bs_coin coins[4];
  struct bs_told_broadcast broadcast;
  struct bs_error error = {0};
  size_t count;
  bool found, update;

  if (bs_told_coins_read(coins, NULL, &count, 4, hash, result, &error)) PROMISED(count <= 4);
  if (bs_told_broadcast_read(&broadcast, result, hash, &error))
    PROMISED(bs_utf8_valid(broadcast.reason, strlen(broadcast.reason)));
  (void)bs_told_value_read(hash, &found, &update, result, &error);
  (void)bs_told_consensus_read(hash, &found, result, &error);
}

void bs_fuzz_reply(const uint8_t *bytes, size_t length) {
  struct bs_reply reply BS_AUTO_REPLY = BS_REPLY_INIT;
  struct bs_error error = {0};

  bs_buffer_add(&reply.bytes, bytes, length);
  if (!bs_reply_read(&reply, &error)) {
    PROMISED(error.word != BS_NO_WORD && error.message[0] != '\0' && bs_utf8_valid(error.message, strlen(error.message)));
    return;
  }
  read_states(reply.result);
  read_lists(reply.result);
  read_rest(reply.result);
}
