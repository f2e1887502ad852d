/* SPDX-License-Identifier: MIT */
/* What a name says, and to whom it listens, once it was transferred, revoked, or has expired. */
#include <config.h>

#include "t/lib/brief.h"
#include "t/lib/client.h"

#define SCRIPT_ADDRESS "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"

/* Alice owns NAME, which lists `key`; Bob has a key and nothing else. */
struct deal {
  struct world *world;
  struct blockstore_key *alice, *bob;
  const char *bob_address;
  char key[65]; /* of "before" */
};

static void begin(struct deal *deal, struct world *world) {
  open_with_name(world, ONE_STORE);
  *deal = (struct deal){.world = world, .alice = world->key};
  assert_done(blockstore_key_generate(&deal->bob, &error));
  deal->bob_address = blockstore_key_address(deal->bob, BLOCKSTORE_NETWORK_MAIN);
  put_text(world, deal->key, "before");
}

static void end(struct deal *deal) {
  deal->world->key = deal->alice;
  blockstore_key_free(deal->bob);
}

/* A method of NAME that the world's key signs; the arguments after the name may be NULL. */
static enum blockstore_result call_on_name(struct world *world, char **ret_json, const char *method,
                                           const char *second, const char *third,
                                           int dry_run, struct blockstore_error **error) {
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  const char *const arguments[] = {NAME, second, third};

  options.owner_key = world->key;
  options.dry_run = dry_run;
  return blockstore_call_method(world->session, ret_json, method, arguments,
                                1 + (size_t)(second != NULL) + (size_t)(third != NULL), &options, error);
}

#define assert_call_refused(world, method, second, third, word, text)                                      \
  do {                                                                                                     \
    char *json_ = NULL;                                                                                    \
    assert_refused(call_on_name((world), &json_, (method), (second), (third), 0, &error), (word), (text)); \
    assert_null(json_);                                                                                    \
  } while (0)

static void assert_call_says(struct world *world, const char *method, const char *second, const char *third, int dry_run,
                             const char *text) {
  char *json = NULL;

  assert_done(call_on_name(world, &json, method, second, third, dry_run, &error));
  if (strstr(json, text) == NULL) fail_msg("%s", json);
  blockstore_free(json);
}

static void assert_put_refused(struct world *world, const char *word, const char *text) {
  struct blockstore_input *input = blockstore_input_from_memory("x", 1);

  assert_refused(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, NULL, &error), word, text);
  blockstore_input_free(input);
}

static void a_transfer_keeps_the_data(void **state) {
  struct world *world = *state;
  struct deal deal;
  char hash[41], after[41], key[65];

  begin(&deal, world);
  value_hash_of(world, hash, NAME);
  assert_call_says(world, "transfer", deal.bob_address, NULL, 0, deal.bob_address);
  value_hash_of(world, after, NAME);
  assert_string_equal(hash, after);
  assert_call_says(world, "get_name_blockchain_record", NULL, NULL, 0, deal.bob_address);
  assert_holds(world, NAME, deal.key, "before", 6);
  assert_put_refused(world, "denied", deal.bob_address);
  assert_call_refused(world, "renew", NULL, NULL, "denied", deal.bob_address);
  world->key = deal.bob;
  put_text(world, key, "after");
  assert_holds(world, NAME, key, "after", 5);
  assert_holds(world, NAME, deal.key, "before", 6);
  assert_call_says(world, "lookup", NULL, NULL, 0, "\"owner\": \"");
  assert_call_says(world, "transfer", blockstore_key_address(deal.alice, BLOCKSTORE_NETWORK_MAIN), "true", 0,
                   "\"keep_data\": true");
  end(&deal);
  put_text(world, key, "again");
  assert_holds(world, NAME, deal.key, "before", 6);
}

static void a_transfer_drops_the_data(void **state) {
  struct world *world = *state;
  struct deal deal;
  char hash[41], key[65];

  begin(&deal, world);
  assert_call_says(world, "transfer", deal.bob_address, "false", 0, "\"keep_data\": false");
  value_hash_of(world, hash, NAME);
  assert_string_equal(hash, "");
  assert_call_says(world, "lookup", NULL, NULL, 0, "\"user_record\": null");
  assert_get_refused(world, NAME, deal.key, "not_found", "no user record");
  assert_true(holds_object(world, "one", deal.key));
  assert_put_refused(world, "denied", deal.bob_address);
  world->key = deal.bob;
  put_text(world, key, "after");
  assert_holds(world, NAME, key, "after", 5);
  assert_get_refused(world, NAME, deal.key, "not_found", "lists no");
  end(&deal);
}

/* Alice's other machine, as it were: nothing but the ledger tells it. */
static void the_former_owner_is_denied_everywhere(void **state) {
  struct world *world = *state;
  struct world elsewhere = {.place = world->place};
  struct deal deal;
  static const char other[] = "state_dir: state2\nnames: {ledger: state/ledger.db}\n" ONE_STORE;
  char *file;

  begin(&deal, world);
  write_file(world->place, "other.yaml", other, strlen(other));
  file = path_in(world->place, "other.yaml");
  assert_done(blockstore_get_config(&elsewhere.config, file, &error));
  assert_done(blockstore_session(elsewhere.config, &elsewhere.session, NULL, 0, &error));
  elsewhere.key = deal.alice;
  blockstore_free(call(&elsewhere, "lookup", NAME, NULL));
  assert_call_says(world, "transfer", deal.bob_address, NULL, 0, "\"keep_data\": true");
  assert_put_refused(&elsewhere, "denied", deal.bob_address);
  assert_call_refused(&elsewhere, "transfer", deal.bob_address, NULL, "denied", deal.bob_address);
  assert_call_refused(&elsewhere, "revoke", NULL, NULL, "denied", deal.bob_address);
  assert_holds(&elsewhere, NAME, deal.key, "before", 6);
  close_world(&elsewhere);
  free(file);
  end(&deal);
}

static void transfers_that_are_refused(void **state) {
  struct world *world = *state;
  struct deal deal;
  long before;

  begin(&deal, world);
  before = height(world);
  assert_call_refused(world, "transfer", NULL, NULL, "usage", "takes NAME ADDRESS [KEEPDATA]");
  assert_call_refused(world, "transfer", "nobody", NULL, "usage", "not an address");
  assert_call_refused(world, "transfer", SCRIPT_ADDRESS, NULL, "usage", "not an address of a key");
  assert_call_refused(world, "transfer", blockstore_key_address(deal.alice, BLOCKSTORE_NETWORK_MAIN), NULL, "usage", "already");
  assert_call_refused(world, "transfer", deal.bob_address, "True", "usage", "true or false, not \"True\"");
  assert_call_refused(world, "transfer", deal.bob_address, "", "usage", "true or false");
  world->key = deal.bob;
  assert_call_refused(world, "transfer", deal.bob_address, NULL, "denied", deal.bob_address);
  assert_call_refused(world, "revoke", NULL, NULL, "denied", deal.bob_address);
  world->key = NULL;
  assert_call_refused(world, "transfer", deal.bob_address, NULL, "usage", "private key");
  assert_call_refused(world, "revoke", NULL, NULL, "usage", "private key");
  end(&deal);
  assert_int_equal(height(world), before);
}

static void a_revoked_name_says_nothing(void **state) {
  struct world *world = *state;
  struct deal deal;
  char *json;

  begin(&deal, world);
  assert_call_says(world, "revoke", NULL, NULL, 0, "\"txid\": \"");
  assert_call_says(world, "get_name_blockchain_record", NULL, NULL, 0, "\"revoked\": true");
  assert_call_refused(world, "lookup", NULL, NULL, "not_found", "was revoked by its owner");
  assert_get_refused(world, NAME, deal.key, "not_found", "was revoked by its owner");
  assert_put_refused(world, "not_found", "was revoked by its owner");
  assert_call_refused(world, "renew", NULL, NULL, "denied", "was revoked");
  assert_call_refused(world, "transfer", deal.bob_address, NULL, "denied", "was revoked");
  assert_call_refused(world, "revoke", NULL, NULL, "denied", "was revoked");
  assert_call_refused(world, "register", NULL, NULL, "denied", "was revoked");
  json = call(world, "get_names_owned_by_address", blockstore_key_address(deal.alice, BLOCKSTORE_NETWORK_MAIN), NULL);
  assert_non_null(strstr(json, "\"names\": []"));
  blockstore_free(json);
  end(&deal);
}

static void dry_runs_change_nothing(void **state) {
  struct world *world = *state;
  struct deal deal;
  long before;
  char key[65];

  begin(&deal, world);
  before = height(world);
  assert_call_says(world, "transfer", deal.bob_address, "false", 1, "\"transaction\": \"");
  assert_call_says(world, "revoke", NULL, NULL, 1, "\"transaction\": \"");
  assert_int_equal(height(world), before);
  assert_holds(world, NAME, deal.key, "before", 6);
  put_text(world, key, "after");
  end(&deal);
}

/* Its record would be stored, and without the name's lock. */
static void a_dry_run_sends_nothing_again(void **state) {
  static const char txid[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  struct world *world = *state;
  struct deal deal;
  char *json = NULL;

  begin(&deal, world);
  assert_refused(call_on_name(world, &json, "update", "{}", txid, 1, &error), "usage",
                 "A dry run sends nothing again: leave out --dry-run, or the transaction.");
  assert_null(json);
  end(&deal);
}

static bool has_state(const struct world *world) {
  char *file = path_in(world->place, "state/state.db");
  bool has = access(file, F_OK) == 0;

  free(file);
  return has;
}

static void a_dry_run_remembers_nothing(void **state) {
  struct world *world = *state;
  struct deal deal;
  char *json = NULL;

  begin(&deal, world);
  blockstore_free(call(world, "revoke", NAME, NULL));
  close_world(world);
  remove_database(world, "state.db");
  open_session(world, ONE_STORE);
  assert_refused(call_on_name(world, &json, "update", "{}", NULL, 1, &error), "not_found", "was revoked");
  assert_refused(call_on_name(world, &json, "transfer", deal.bob_address, NULL, 1, &error), "denied", "was revoked");
  assert_false(has_state(world));
  assert_refused(call_on_name(world, &json, "update", "{}", NULL, 0, &error), "not_found", "was revoked");
  assert_true(has_state(world));
  end(&deal);
}

/* A question is one, whatever the options say. */
static void an_answer_is_remembered_all_the_same(void **state) {
  struct world *world = *state;
  struct deal deal;
  char *json = NULL;

  begin(&deal, world);
  close_world(world);
  remove_database(world, "state.db");
  open_session(world, ONE_STORE);
  assert_done(call_on_name(world, &json, "lookup", NULL, NULL, 1, &error));
  assert_true(has_state(world));
  blockstore_free(json);
  end(&deal);
}

/* ---- a namespace whose names live for 5 blocks ---- */

#define BRIEF "alice.brief"

static void an_expired_name_says_nothing_until_it_is_registered(void **state) {
  struct world *world = *state;
  struct blockstore_input *input = blockstore_input_from_memory("x", 1);
  struct blockstore_receipt *receipt;
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  const char *const arguments[] = {BRIEF};
  char *path = path_in(world->place, "state/ledger.db"), *json = NULL;
  struct bs_ledger *ledger;
  char key[65], hash[41];

  make_directory(world->place, "state", 0700);
  ledger = open_brief_ledger(path);
  open_session(world, ONE_STORE);
  own(world, BRIEF);
  receipt = put_bytes(world, BRIEF, "before", 6);
  memcpy(key, blockstore_receipt_key(receipt), sizeof key);
  blockstore_receipt_free(receipt);
  mine_to(ledger, (uint64_t)height(world) + 5);
  assert_refused(blockstore_call_method(world->session, &json, "lookup", arguments, 1, &options, &error), "expired",
                 BRIEF " expired");
  assert_get_refused(world, BRIEF, key, "expired", BRIEF " expired");
  assert_refused(blockstore_put_immutable(world->session, NULL, BRIEF, input, world->key, NULL, &error), "expired",
                 "registered again");
  own(world, BRIEF);
  value_hash_of(world, hash, BRIEF);
  assert_string_equal(hash, "");
  assert_get_refused(world, BRIEF, key, "not_found", "no user record");
  blockstore_receipt_free(put_bytes(world, BRIEF, "x", 1));
  assert_get_refused(world, BRIEF, key, "not_found", "lists no");
  bs_ledger_close(ledger);
  blockstore_input_free(input);
  free(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_transfer_keeps_the_data),
      in_world(a_transfer_drops_the_data),
      in_world(the_former_owner_is_denied_everywhere),
      in_world(transfers_that_are_refused),
      in_world(a_revoked_name_says_nothing),
      in_world(dry_runs_change_nothing),
      in_world(a_dry_run_sends_nothing_again),
      in_world(a_dry_run_remembers_nothing),
      in_world(an_answer_is_remembered_all_the_same),
      in_world(an_expired_name_says_nothing_until_it_is_registered),
  };

  return RUN_TESTS(tests);
}
