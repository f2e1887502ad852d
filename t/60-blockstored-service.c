/* SPDX-License-Identifier: MIT */
/* blockstored's answers without connections: who may ask for coins, and the history of a namespace. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "t/lib/ledger.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/service.h"

#define NAMESPACE_PRICE UINT64_C(40000000) /* of eight characters and more */

static char source[] = "local", all[] = "all", local[] = "local", off[] = "off";

struct world {
  struct bsd_settings settings;
  struct bsd_service service;
  struct bsd_frame frame; /* of the last request */
  struct bs_buffer reply;
};

static void open_world(struct world *world, struct fixture *fixture) {
  struct bs_error error = {0};

  memset(world, 0, sizeof *world);
  world->settings = (struct bsd_settings){
      .source = source, .ledger = fixture->path, .confirmations = 6, .frame = 8192, .unspents = all, .search_ms = 60000};
  bsd_journal_open(BS_LOG_ERROR, false);
  assert_ok(bsd_service_open(&world->service, &world->settings, &error));
}

static void close_world(struct world *world) {
  bsd_service_close(&world->service);
  bs_buffer_free(&world->reply);
}

static const char *ask(struct world *world, bool is_local, const char *request) {
  bs_buffer_clear(&world->reply);
  bsd_frame_read(&world->frame, &world->service, is_local, request, strlen(request));
  bsd_frame_answer(&world->frame, &world->service, &world->reply);
  return bs_buffer_string(&world->reply);
}

#define assert_has(text, part)                                                    \
  do {                                                                            \
    if (strstr((text), (part)) == NULL) fail_msg("not in it: %s: %s", part, text); \
  } while (0)

/* ---- coins ---- */

static void coins_are_told_to_those_who_may_ask(void **state) {
  struct fixture *fixture = *state;
  struct world world;
  char address[BS_ADDRESS_TEXT], request[200];
  static const struct {
    char *unspents;
    bool is_local, may;
  } cases[] = {{all, true, true},    {all, false, true},  {local, true, true},
               {local, false, false}, {off, true, false}, {off, false, false}};

  open_world(&world, fixture);
  bs_key_address(address, fixture->alice, BS_NETWORK_MAIN);
  snprintf(request, sizeof request, "{\"method\":\"get_unspents\",\"params\":[\"%s\"]}", address);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *reply;

    world.settings.unspents = cases[i].unspents;
    reply = ask(&world, cases[i].is_local, request);
    assert_has(reply, cases[i].may ? "\"value\":1000000000" : "\"code\":\"denied\"");
    assert_int_equal(world.frame.lane, cases[i].may ? BSD_NODE : BSD_AT_ONCE); /* who is refused waits for nobody */
    assert_int_equal(world.frame.cost, cases[i].may ? 20 : 1);
  }
  assert_has(ask(&world, true, request), "tells nobody which coins an address has (limits.unspents: off). Ask another one");
  world.settings.unspents = local;
  assert_has(ask(&world, false, request), "only clients on its own machine which coins an address has (limits.unspents: local)");
  close_world(&world);
}

static void a_batch_is_refused_in_part(void **state) {
  struct world world;
  const char *reply;

  open_world(&world, *state);
  world.settings.unspents = local;
  reply = ask(&world, false,
              "[{\"method\":\"ping\"},{\"method\":\"get_unspents\",\"params\":[\"x\"]},{\"method\":\"get_all_names\"}]");
  assert_has(reply, "[[{\"status\":\"alive\"}],[{\"error\":\"This server tells only clients");
  assert_has(reply, "\"code\":\"denied\"}],[[]]]");
  assert_int_equal(world.frame.lane, BSD_SCAN);
  close_world(&world);
}

/* ---- namespaces ---- */

/* By alice for bob. */
static void operations_of(struct fixture *fixture, struct bs_operation operations[3], const char *id) {
  operations[0] = preorder_of(fixture, id, fixture->alice, fixture->bob);
  operations[0].opcode = BS_NAMESPACE_PREORDER;
  operations[1] = registration_of(id);
  operations[1].opcode = BS_NAMESPACE_REVEAL;
  operations[1].version = 1;
  operations[1].rules = (struct bs_namespace_rules){
      .lifetime = 100, .coeff = 1, .base = 2, .buckets = {8, 7, 6}, .nonalpha_discount = 1, .no_vowel_discount = 1};
  operations[2] = registration_of(id);
  operations[2].opcode = BS_NAMESPACE_READY;
}

static void reveal(struct fixture *fixture, const char *id) {
  struct bs_operation operations[3];

  operations_of(fixture, operations, id);
  assert_null(send(fixture, fixture->alice, &operations[0], NULL, NAMESPACE_PRICE));
  assert_null(send(fixture, fixture->alice, &operations[1], fixture->bob, 0));
}

/* All three in one block, each from a coin of its own. */
static void make_at_once(struct fixture *fixture, const char *id) {
  struct bs_operation operations[3];
  struct bs_buffer raws[3] = {BS_BUFFER_INIT, BS_BUFFER_INIT, BS_BUFFER_INIT};
  struct bs_coin coins[3];
  struct bs_error error = {0};

  grant(fixture, fixture->alice);
  mine(fixture, 1);
  coins[0] = coin_of(fixture, fixture->alice, 0);
  coins[1] = coin_of(fixture, fixture->alice, 1);
  coins[2] = coin_of(fixture, fixture->bob, 0);
  operations_of(fixture, operations, id);
  make(&raws[0], &coins[0], fixture->alice, &operations[0], NULL, NAMESPACE_PRICE);
  make(&raws[1], &coins[1], fixture->alice, &operations[1], fixture->bob, 0);
  make(&raws[2], &coins[2], fixture->bob, &operations[2], NULL, 0);
  assert_ok(append(fixture, raws, 3, &error));
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(fixture->verdicts[i].verdict, BS_VERDICT_ACCEPTED);
    bs_buffer_free(&raws[i]);
  }
}

static struct bs_json record_of(struct world *world, const char *method, const char *id) {
  static const struct bs_json_limits limits = {1 << 20, BS_JSON_DEPTH_MAX};
  struct bs_error error = {0};
  struct bs_json_iterator items;
  struct bs_json root, record;
  char request[200];
  const char *reply;

  snprintf(request, sizeof request, "{\"method\":\"%s\",\"params\":[\"%s\"]}", method, id);
  reply = ask(world, true, request);
  assert_ok(bs_json_scan(&root, reply, strlen(reply), &limits, &error));
  items = bs_json_begin(root);
  assert_true(bs_json_next_item(&items, &record));
  return record;
}

static int compare_texts(const void *left, const void *right) {
  return strcmp(left, right);
}

/* The names of its members, sorted. */
static void names_of(char names[600], struct bs_json object) {
  struct bs_json_iterator members = bs_json_begin(object);
  struct bs_json key, value;
  char texts[40][40];
  size_t count = 0;

  while (bs_json_next_member(&members, &key, &value))
    snprintf(texts[count++], sizeof texts[0], "%.*s", (int)key.length - 2, key.text + 1);
  qsort(texts, count, sizeof texts[0], compare_texts);
  names[0] = '\0';
  for (size_t i = 0; i < count; i++) snprintf(names + strlen(names), 600 - strlen(names), "%s%s", i == 0 ? "" : " ", texts[i]);
}

/* What was replaced in a block: item `number` there. */
static struct bs_json replaced_in(struct bs_json record, uint64_t block, size_t number, size_t count) {
  struct bs_json history, list, item = {NULL, 0}, found = {NULL, 0};
  struct bs_json_iterator items;
  char key[24];
  size_t seen = 0;

  snprintf(key, sizeof key, "%llu", (unsigned long long)block);
  assert_true(bs_json_find(record, "history", &history));
  assert_true(bs_json_find(history, key, &list));
  for (items = bs_json_begin(list); bs_json_next_item(&items, &item); seen++)
    if (seen == number) found = item;
  assert_int_equal(seen, count);
  return found;
}

static void assert_member(struct bs_json object, const char *key, const char *text) {
  struct bs_json value;

  assert_true(bs_json_find(object, key, &value));
  if (value.length != strlen(text) || memcmp(value.text, text, value.length) != 0)
    fail_msg("%s is %.*s, not %s", key, (int)value.length, value.text, text);
}

/* As the server of 2016 told them in the recorded run namespace_preorder_reveal_ready_history, but for the fee of the miners,
 * which nobody has to keep. */
static void assert_preorder(struct bs_json former) {
  char names[600];

  names_of(names, former);
  assert_string_equal(names, "address block_number consensus_hash history_snapshot namespace_id_hash op op_fee opcode sender"
                             " sender_pubkey txid vtxindex");
  assert_member(former, "opcode", "\"NAMESPACE_PREORDER\"");
  assert_member(former, "op", "\"*\"");
  assert_member(former, "op_fee", "40000000");
  assert_member(former, "history_snapshot", "true");
}

static void assert_revealed(struct bs_json former, const char *id) {
  char names[600];

  names_of(names, former);
  assert_string_equal(names, "address base block_number buckets coeff history_snapshot lifetime namespace_id namespace_id_hash"
                             " no_vowel_discount nonalpha_discount op opcode recipient recipient_address reveal_block sender"
                             " sender_pubkey txid version vtxindex");
  assert_member(former, "opcode", "\"NAMESPACE_REVEAL\"");
  assert_member(former, "op", "\"&\"");
  assert_member(former, "namespace_id", id);
  assert_member(former, "lifetime", "100");
  assert_member(former, "history_snapshot", "true");
}

/* The recorded run's members of the record itself; state is ours. */
static void assert_members(struct bs_json record) {
  char names[600];

  names_of(names, record);
  assert_string_equal(names, "address base block_number buckets coeff history lifetime namespace_id namespace_id_hash"
                             " no_vowel_discount nonalpha_discount op opcode ready_block recipient recipient_address reveal_block"
                             " sender sender_pubkey state txid version vtxindex");
}

static void a_namespace_has_a_history(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation ready[3];
  struct world world;
  struct bs_json record;
  uint64_t revealed_in, ready_in;

  reveal(fixture, "longspace");
  reveal(fixture, "otherspace");
  revealed_in = tip_of(fixture).height;
  open_world(&world, fixture);
  record = record_of(&world, "get_namespace_reveal_blockchain_record", "otherspace");
  assert_members(record);
  assert_member(record, "opcode", "\"NAMESPACE_REVEAL\"");
  assert_preorder(replaced_in(record, revealed_in, 0, 1));
  operations_of(fixture, ready, "otherspace");
  assert_null(send(fixture, fixture->bob, &ready[2], NULL, 0));
  ready_in = tip_of(fixture).height;
  record = record_of(&world, "get_namespace_blockchain_record", "otherspace");
  assert_members(record);
  assert_member(record, "opcode", "\"NAMESPACE_READY\"");
  assert_preorder(replaced_in(record, revealed_in, 0, 1));
  assert_revealed(replaced_in(record, ready_in, 0, 1), "\"otherspace\"");
  assert_has(ask(&world, true, "{\"method\":\"lookup_namespace\",\"params\":[\"longspace\"]}"), "No such ready namespace");
  assert_has(ask(&world, true, "{\"method\":\"lookup_namespace\",\"params\":[\"nospace\"]}"), "No such ready namespace");
  close_world(&world);
}

/* As in the recorded run x_sameblock. */
static void what_happened_in_one_block_is_in_one_list(void **state) {
  struct fixture *fixture = *state;
  struct world world;
  struct bs_json record;
  uint64_t block;

  make_at_once(fixture, "longspace");
  block = tip_of(fixture).height;
  open_world(&world, fixture);
  record = record_of(&world, "get_namespace_blockchain_record", "longspace");
  assert_preorder(replaced_in(record, block, 0, 2));
  assert_revealed(replaced_in(record, block, 1, 2), "\"longspace\"");
  close_world(&world);
}

static void one_of_the_genesis_has_none(void **state) {
  struct world world;

  open_world(&world, *state);
  assert_member(record_of(&world, "lookup_namespace", "brief"), "history", "{}");
  close_world(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      LEDGER_TEST(coins_are_told_to_those_who_may_ask), LEDGER_TEST(a_batch_is_refused_in_part),
      LEDGER_TEST(a_namespace_has_a_history),           LEDGER_TEST(what_happened_in_one_block_is_in_one_list),
      LEDGER_TEST(one_of_the_genesis_has_none),
  };

  return RUN_TESTS(tests);
}
