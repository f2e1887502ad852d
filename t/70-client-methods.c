/* SPDX-License-Identifier: MIT */
/* The name operations and questions, as documents. */
#include <config.h>

#include "t/lib/client.h"

/* The document must hold each of the texts. */
static void assert_says(char *json, const char *one, const char *two) {
  if (strstr(json, one) == NULL || strstr(json, two) == NULL) fail_msg("%s", json);
  blockstore_free(json);
}

#define assert_method_refused(method, first, key, word, text)                                                                \
  do {                                                                                                                       \
    struct blockstore_name_options options_ = BLOCKSTORE_NAME_INIT;                                                          \
    const char *const arguments_[] = {(first), NULL};                                                                        \
    char *json_ = NULL;                                                                                                      \
    options_.owner_key = (key);                                                                                              \
    assert_refused(blockstore_call_method(world->session, &json_, (method), arguments_, (first) != NULL, &options_, &error), \
                   word, text);                                                                                              \
    assert_null(json_);                                                                                                      \
  } while (0)

static void questions_on_names(void **state) {
  struct world *world = *state;
  const char *address;

  open_with_name(world, ONE_STORE);
  own(world, "bobby.id");
  address = blockstore_key_address(world->key, BLOCKSTORE_NETWORK_MAIN);
  assert_says(call(world, "ping", NULL, NULL), "alive", "status");
  assert_says(call(world, "getinfo", NULL, NULL), "\"names\": 2", "\"proven\": \"local\"");
  assert_says(call(world, "get_name_cost", "carol.id", NULL), "\"satoshis\": ", "\"name\": \"carol.id\"");
  assert_says(call(world, "get_all_names", NULL, NULL), NAME "\",", "bobby.id\"");
  assert_says(call(world, "get-all-names", "1", NULL), "[\n        \"bobby.id\"\n    ]", "");
  assert_says(call(world, "get_all_names", "0", "1"), "[\n        \"" NAME "\"\n    ]", "");
  assert_says(call(world, "get_all_names", "2", NULL), "\"names\": []", "");
  assert_says(call(world, "get_names_owned_by_address", address, NULL), NAME "\",", address);
  assert_says(call(world, "get_names_owned_by_address", "1EHNa6Q4Jz2uvNExL497mE43ikXhwF6kZm", NULL), "\"names\": []", "");
  assert_says(call(world, "get_consensus_at", "1", NULL), "\"block\": 1", "\"consensus\": \"");
}

static void questions_that_are_refused(void **state) {
  struct world *world = *state;

  open_with_name(world, ONE_STORE);
  assert_method_refused("get_nam_cost", NAME, NULL, "usage", "did you mean \"get_name_cost\"?");
  assert_method_refused("get_name_cost", NULL, NULL, "usage", "takes NAME");
  assert_method_refused("get_name_cost", "nodot", NULL, "usage", "nodot");
  assert_method_refused("get_name_cost", "a.nowhere", NULL, "not_found", "nowhere");
  assert_method_refused("get_all_names", "-1", NULL, "usage", "OFFSET");
  assert_method_refused("get_all_names", "x", NULL, "usage", "OFFSET");
  assert_method_refused("get_names_owned_by_address", "x", NULL, "usage", "address");
  assert_method_refused("get_consensus_at", "99999", NULL, "not_found", "99999");
  assert_method_refused("get_consensus_at", "", NULL, "usage", "BLOCK");
  assert_method_refused("ping", "x", NULL, "usage", "no arguments");
}

static void renewing(void **state) {
  struct world *world = *state;
  struct blockstore_key *other = NULL;
  long before;

  open_with_name(world, ONE_STORE);
  before = height(world);
  assert_says(call(world, "renew", NAME, NULL), "\"txid\": \"", "\"price\": ");
  assert_int_equal(height(world), before + 1);
  assert_done(blockstore_key_generate(&other, &error));
  assert_method_refused("renew", NAME, other, "denied", NAME);
  assert_method_refused("renew", NAME, NULL, "usage", "private key");
  assert_method_refused("renew", "nobody.id", world->key, "not_found", "nobody.id");
  blockstore_key_free(other);
}

/* Where name or user record decide alone, no store was asked for the data, and of none is anything said. */
static void explaining_what_is_not_there(void **state) {
  struct world *world = *state;
  char key[65];

  open_with_name(world, ONE_STORE);
  assert_says(call(world, "explain", NAME, "status"), "\"code\": \"not_found\"", "\"stores\": []");
  put_text(world, key, "a user record");
  assert_says(call(world, "explain", NAME, "status"), "has no route", "\"stores\": []");
  assert_says(call(world, "explain", "nobody.id", "status"), "\"believed\": false", "\"stores\": []");
  assert_method_refused("explain", NAME, NULL, "usage", "NAME ID");
}

static void a_ledger_that_is_damaged_does_not_answer(void **state) {
  struct world *world = *state;
  static const char rubbish[] = "this is no ledger, and long enough to be looked at: a header of SQLite has a hundred "
                                "bytes, and so has this line.";

  make_directory(world->place, "state", 0700);
  write_file(world->place, "state/ledger.db", rubbish, sizeof rubbish);
  open_session(world, ONE_STORE);
  assert_method_refused("ping", NULL, NULL, "corrupt", "ledger.db");
}

static void a_dry_run_sends_nothing(void **state) {
  struct world *world = *state;
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  const char *const arguments[] = {"carol.id"};
  char *json = NULL;
  long before;

  open_with_name(world, ONE_STORE);
  before = height(world);
  options.owner_key = world->key;
  options.dry_run = 1;
  assert_done(blockstore_call_method(world->session, &json, "register", arguments, 1, &options, &error));
  assert_says(json, "\"transaction\": \"", "carol.id");
  assert_int_equal(height(world), before);
}

/* The document that a method with any number of arguments answers, by blockstore_free. */
static char *call_with(struct world *world, const char *method, const char *const *arguments, size_t count, int dry_run) {
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  char *json = NULL;

  options.owner_key = world->key;
  options.dry_run = dry_run;
  assert_done(blockstore_call_method(world->session, &json, method, arguments, count, &options, &error));
  return json;
}

#define RICH ONE_STORE "names: {provider: embedded, max_price: 40000000000}\n"
#define CALL_WITH(world, method, dry_run, ...)                 \
  call_with(world, method, (const char *const[]){__VA_ARGS__}, \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), dry_run)

static void the_rules_of_a_namespace_are_arguments(void **state) {
  struct world *world = *state;

  open_with_name(world, RICH);
  assert_says(call(world, "namespace_preorder", "test", NULL), "\"price\": 400000000", "\"namespace\": \"test\"");
  assert_says(CALL_WITH(world, "namespace_reveal", 1, "test"), "\"lifetime\": 52595", "\"transaction\": ");
  assert_says(CALL_WITH(world, "namespace_reveal", 0, "test", NULL, "infinite", NULL, "5", NULL, NULL, "7"),
              "\"coeff\": 250", "\"no_vowel_discount\": 7");
  assert_says(call(world, "get_namespace_blockchain_record", "test", NULL), "\"base\": 5", "\"state\": \"revealed\"");
  assert_says(call(world, "namespace-ready", "test", NULL), "\"txid\": \"", "");
  assert_says(call(world, "get_namespace_blockchain_record", "test", NULL), "\"lifetime\": 4294967295", "\"state\": \"ready\"");
  assert_says(call(world, "get_namespace_blockchain_record", "id", NULL), "\"sender\": null", "\"opcode\": \"NAMESPACE_READY\"");
  assert_says(call(world, "get_names_in_namespace", "id", NULL), "[\n        \"" NAME "\"\n    ]", "");
}

static void questions_on_blocks_that_are_refused(void **state) {
  struct world *world = *state;

  open_with_name(world, ONE_STORE);
  assert_method_refused("get_nameops_at", "99999", NULL, "not_found", "99999");
  assert_method_refused("get_namespace_cost", "a.b", NULL, "usage", "a.b");
  assert_method_refused("get_consensus_range", "1", NULL, "usage", "FIRST LAST");
  assert_method_refused("broadcast_transaction", "x", NULL, "usage", "hexadecimal");
  assert_method_refused("announce", "x", NULL, "usage", "private key");
  assert_method_refused("namespace_ready", "test", NULL, "usage", "private key");
  assert_refused(blockstore_call_method(world->session, &(char *){NULL}, "get_nameops_at",
                                        (const char *const[]){"1", "maybe"}, 2, NULL, &error),
                 "usage", "REFUSED is true or false");
  assert_refused(blockstore_call_method(world->session, &(char *){NULL}, "get_consensus_range",
                                        (const char *const[]){"1", NULL}, 2, NULL, &error),
                 "usage", "argument 1 is NULL");
}

static void a_transaction_is_tried_and_sent(void **state) {
  struct world *world = *state;
  char *json, *transaction;
  long before;

  open_with_name(world, ONE_STORE);
  json = CALL_WITH(world, "update", 1, NAME, "1111111111111111111111111111111111111111");
  transaction = strstr(json, "\"transaction\": \"") + strlen("\"transaction\": \"");
  *strchr(transaction, '"') = '\0';
  before = height(world);
  assert_says(CALL_WITH(world, "broadcast_transaction", 1, transaction), "\"operation\": \"accepted\"", "\"reason\": null");
  assert_int_equal(height(world), before);
  assert_says(CALL_WITH(world, "broadcast_transaction", 0, transaction), "\"operation\": \"accepted\"", "\"reason\": null");
  assert_int_equal(height(world), before + 1);
  assert_says(call(world, "get_name_blockchain_record", NAME, NULL), "\"1111111111111111111111111111111111111111\"", "");
  blockstore_free(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(questions_on_names),
      in_world(questions_that_are_refused),
      in_world(renewing),
      in_world(explaining_what_is_not_there),
      in_world(a_ledger_that_is_damaged_does_not_answer),
      in_world(a_dry_run_sends_nothing),
      in_world(the_rules_of_a_namespace_are_arguments),
      in_world(questions_on_blocks_that_are_refused),
      in_world(a_transaction_is_tried_and_sent),
  };

  return RUN_TESTS(tests);
}
