/* SPDX-License-Identifier: MIT */
/* Puts on a chain whose blocks come later: before they come, when they come otherwise, and when nobody answers. */
#include <config.h>

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "core/client/session.h"
#include "t/lib/client.h"
#include "t/lib/slow-chain.h"

#define LAG 2
#define COIN UINT64_C(100000000)

/* The client number `number` of the world: with a state of its own, and the same store. */
static void become(struct world *world, int number) {
  char *text, *file = path_in(world->place, "blockstore.yaml");

  close_world(world);
  assert_true(asprintf(&text, "state_dir: state%d\nnames: {max_age: 0s}\n" ONE_STORE, number) >= 0);
  write_file(world->place, "blockstore.yaml", text, strlen(text));
  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_done(blockstore_session(world->config, &world->session, NULL, 0, &error));
  free(text);
  free(file);
}

static char *pending(struct world *world, bool resumes) {
  return call(world, "pending", resumes ? "true" : NULL, NULL);
}

static void assert_in(const char *document, const char *text) {
  if (strstr(document, text) == NULL) fail_msg("%s is not in %s", text, document);
}

static void resume(struct world *world) {
  blockstore_free(pending(world, true));
}

static int begin(void **state) {
  struct world *world;
  char *ledger;

  if (world_begin(state) != 0) return -1;
  world = *state;
  ledger = path_in(world->place, "ledger");
  slow_begin(ledger, LAG);
  free(ledger);
  bs_names_stand_in = &slow_provider;
  assert_done(blockstore_key_generate(&world->key, &error));
  slow_grant(world->key->key, COIN);
  slow_grant(world->key->key, COIN / 2);
  become(world, 1);
  blockstore_free(call(world, "register", NAME, NULL));
  slow_mine(1 + LAG);
  blockstore_free(call(world, "register", NAME, NULL));
  slow_mine(1 + LAG);
  resume(world);
  return 0;
}

static int end(void **state) {
  int result;

  close_world(*state);
  slow_end();
  bs_names_stand_in = NULL;
  result = world_end(state);
  return result;
}

#define WAITING_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

static void assert_nothing_pending(struct world *world) {
  char *json = pending(world, false);

  assert_in(json, "\"operations\": []");
  assert_in(json, "\"user_records\": []");
  blockstore_free(json);
}

/* Its only transaction, taken out of the pool. */
static void take_transaction(struct bs_buffer *raw) {
  assert_int_equal(slow->pool.count, 1);
  bs_buffer_add(raw, slow->pool.items[0].raw, slow->pool.items[0].length);
  slow_forget();
}

/* ---- before the block ---- */

static void several_puts_before_the_first_is_confirmed(void **state) {
  struct world *world = *state;
  static const char *const texts[] = {"one", "two", "three"};
  char keys[3][65];

  for (size_t i = 0; i < 3; i++) {
    put_text(world, keys[i], texts[i]);
    for (size_t j = 0; j <= i; j++) assert_holds(world, NAME, keys[j], texts[j], strlen(texts[j]));
    if (i == 1) become(world, 1); /* another process */
  }
  assert_int_equal(slow->pool.count, 3);
  put_text(world, keys[1], texts[1]); /* it will be listed: nothing is sent */
  assert_int_equal(slow->pool.count, 3);
  become(world, 2);
  assert_get_refused(world, NAME, keys[0], "not_found", ""); /* who did not put it waits for the block */
  slow_mine(1 + LAG);
  for (int i = 0; i < 3; i++) assert_holds(world, NAME, keys[i], texts[i], strlen(texts[i]));
  become(world, 1);
  for (int i = 0; i < 3; i++) assert_holds(world, NAME, keys[i], texts[i], strlen(texts[i]));
  resume(world);
  assert_nothing_pending(world);
  assert_int_equal(slow->pool.count, 0);
}

static void they_may_be_mined_one_by_one(void **state) {
  struct world *world = *state;
  char one[65], two[65], three[65];
  char txid[BS_TXID_TEXT];

  put_text(world, one, "one");
  put_text(world, two, "two");
  bs_txid_text(txid, slow->pool.items[0].txid);
  slow_mine_only(txid);
  slow_mine(0);
  {
    struct slow_transactions rest = slow->pool;

    slow_forget();
    slow_mine(LAG);
    slow->pool = rest;
  }
  assert_holds(world, NAME, two, "two", 3);
  put_text(world, three, "three");
  assert_int_equal(slow->pool.count, 2);
  slow_mine(1 + LAG);
  become(world, 2);
  assert_holds(world, NAME, one, "one", 3);
  assert_holds(world, NAME, two, "two", 3);
  assert_holds(world, NAME, three, "three", 5);
  become(world, 1);
  resume(world);
  assert_nothing_pending(world);
}

static void mutable_data_is_read_before_its_route_is_confirmed(void **state) {
  struct world *world = *state;

  for (int i = 0; i < 2; i++) {
    const char *text = i == 0 ? "first" : "second";
    struct blockstore_input *input = blockstore_input_from_memory(text, strlen(text));
    struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
    size_t got;

    assert_done(blockstore_put_mutable(world->session, NULL, NAME, "notes", input, world->key, NULL, &error));
    blockstore_input_free(input);
    assert_done(blockstore_get_mutable(world->session, output, NULL, NAME, "notes", NULL, &error));
    assert_memory_equal(blockstore_output_bytes(output, &got), text, strlen(text));
    blockstore_output_free(output);
    assert_int_equal(slow->pool.count, 1); /* the route's transaction only */
  }
  slow_mine(1 + LAG);
  resume(world);
  assert_nothing_pending(world);
}

static void change_state(const char *sql);

/* The second is lost, and nobody knows it any more; the first still waits. */
static void what_is_lost_leaves_the_one_before_it(void **state) {
  struct world *world = *state;
  char one[65], two[65];

  put_text(world, one, "one");
  put_text(world, two, "two");
  change_state("DELETE FROM operations WHERE id = (SELECT max(id) FROM operations)");
  assert_holds(world, NAME, one, "one", 3);
  assert_get_refused(world, NAME, two, "not_found", "");
  slow_mine(1 + LAG);
  put_text(world, two, "two");
  slow_mine(1 + LAG);
  assert_holds(world, NAME, one, "one", 3);
  assert_holds(world, NAME, two, "two", 3);
}

static void a_put_is_tried_again_with_its_transaction(void **state) {
  struct world *world = *state;
  struct blockstore_put_immutable_options options = BLOCKSTORE_PUT_IMMUTABLE_INIT;
  struct blockstore_receipt *receipt = put_bytes(world, NAME, "text", 4);
  struct blockstore_input *input = blockstore_input_from_memory("text", 4);
  char txid[65], key[65];

  snprintf(txid, sizeof txid, "%s", blockstore_receipt_txid(receipt));
  snprintf(key, sizeof key, "%s", blockstore_receipt_key(receipt));
  blockstore_receipt_free(receipt);
  remove_object(world, "one", key);
  options.txid = txid;
  assert_done(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, &options, &error));
  assert_holds(world, NAME, key, "text", 4);
  assert_int_equal(slow->pool.count, 1);
  slow_forget();
  slow_mine(16);
  resume(world); /* it is made anew, and is still known by its former id */
  assert_false(slow_has(txid));
  assert_done(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, &options, &error));
  assert_int_equal(slow->pool.count, 1);
  memset(txid, 'a', 64);
  assert_refused(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, &options, &error), "not_found",
                 "no accepted operation");
  blockstore_input_free(input);
}

/* ---- others ---- */

/* Another client's put is in a block, and this client's, which was to spend the same coin, is lost. */
static void lose_to_another(struct world *world, char theirs[65], char ours[65]) {
  struct bs_buffer raw = BS_BUFFER_INIT;

  become(world, 2);
  put_text(world, theirs, "theirs");
  take_transaction(&raw);
  become(world, 1);
  put_text(world, ours, "ours");
  slow_mine_raw(&raw);
  slow_mine(LAG);
  bs_buffer_free(&raw);
}

static void assert_all_there(struct world *world, const char *theirs, const char *ours) {
  slow_mine(1 + LAG);
  for (int i = 1; i <= 3; i++) {
    become(world, i);
    assert_holds(world, NAME, theirs, "theirs", 6);
    assert_holds(world, NAME, ours, "ours", 4);
  }
  become(world, 1);
  resume(world);
  assert_nothing_pending(world);
}

static void a_put_that_was_lost_is_made_again_by_the_next(void **state) {
  struct world *world = *state;
  char theirs[65], ours[65], next[65];

  lose_to_another(world, theirs, ours);
  put_text(world, next, "next");
  assert_int_equal(slow->pool.count, 1);
  assert_all_there(world, theirs, ours);
  assert_holds(world, NAME, next, "next", 4);
}

static void or_when_it_is_resumed(void **state) {
  struct world *world = *state;
  char theirs[65], ours[65];
  char *json;

  lose_to_another(world, theirs, ours);
  json = pending(world, true); /* finds it spent */
  blockstore_free(json);
  json = pending(world, true);
  assert_in(json, "\"failed\": []");
  blockstore_free(json);
  assert_int_equal(slow->pool.count, 1);
  assert_all_there(world, theirs, ours);
}

/* Both are mined, theirs last, without knowing ours. */
static void a_put_that_was_overwritten_is_made_again(void **state) {
  struct world *world = *state;
  struct bs_buffer raw = BS_BUFFER_INIT;
  char theirs[65], ours[65];

  put_text(world, ours, "ours");
  take_transaction(&raw);
  become(world, 2);
  slow->hides_largest = true;
  put_text(world, theirs, "theirs");
  slow->hides_largest = false;
  {
    struct slow_transactions kept = slow->pool;

    slow_forget();
    slow_mine_raw(&raw);
    slow->pool = kept;
  }
  bs_buffer_free(&raw);
  slow_mine(1 + LAG);
  assert_get_refused(world, NAME, ours, "not_found", "");
  become(world, 1);
  resume(world);
  assert_int_equal(slow->pool.count, 1);
  assert_all_there(world, theirs, ours);
}

/* Theirs is mined first, while ours, made without it, waits: ours must not take it away. */
static void a_put_that_waits_is_rebased(void **state) {
  struct world *world = *state;
  struct bs_buffer raw = BS_BUFFER_INIT;
  char theirs[65], ours[65];

  put_text(world, ours, "ours");
  {
    struct slow_transactions kept = slow->pool;

    slow_forget();
    become(world, 2);
    slow->hides_largest = true;
    put_text(world, theirs, "theirs");
    slow->hides_largest = false;
    take_transaction(&raw);
    slow_mine_raw(&raw);
    slow_mine(LAG);
    slow->pool = kept;
  }
  bs_buffer_free(&raw);
  become(world, 1);
  assert_holds(world, NAME, ours, "ours", 4);
  resume(world);
  assert_int_equal(slow->pool.count, 2); /* the former, and one behind it */
  resume(world);
  assert_int_equal(slow->pool.count, 2);
  assert_all_there(world, theirs, ours);
}

/* Theirs is confirmed, and they are done with it; then ours, which was sent before without knowing theirs, takes it away. */
static void what_a_put_has_overwritten_comes_back(void **state) {
  struct world *world = *state;
  struct bs_buffer raw = BS_BUFFER_INIT;
  struct slow_transactions kept;
  char theirs[65], ours[65];

  become(world, 2);
  put_text(world, theirs, "theirs");
  take_transaction(&raw);
  become(world, 1);
  slow->hides_largest = true;
  put_text(world, ours, "ours");
  slow->hides_largest = false;
  kept = slow->pool;
  slow_forget();
  slow_mine_raw(&raw);
  bs_buffer_free(&raw);
  slow_mine(LAG);
  become(world, 2);
  resume(world);
  assert_nothing_pending(world);
  assert_holds(world, NAME, theirs, "theirs", 6);
  slow->pool = kept;
  slow_mine(1 + LAG);
  assert_get_refused(world, NAME, theirs, "not_found", "");
  become(world, 1);
  resume(world);
  assert_int_equal(slow->pool.count, 1);
  assert_all_there(world, theirs, ours);
}

/* Who deletes a listing that is in a block knows it: it does not come back. */
static void what_another_deleted_stays_deleted(void **state) {
  struct world *world = *state;
  char ours[65], next[65];

  put_text(world, ours, "ours");
  slow_mine(1 + LAG);
  become(world, 2);
  assert_done(blockstore_delete_immutable(world->session, NULL, NAME, ours, world->key, NULL, &error));
  slow_mine(1 + LAG);
  become(world, 1);
  put_text(world, next, "next");
  slow_mine(1 + LAG);
  assert_holds(world, NAME, next, "next", 4);
  assert_get_refused(world, NAME, ours, "not_found", "");
  resume(world);
  assert_nothing_pending(world);
}

/* The name goes to somebody else, whose puts are held against no record of the former owner, in a store or not. */
static void a_new_owner_has_overwritten_nothing(void **state) {
  struct world *world = *state;
  struct blockstore_key *former = world->key;
  char theirs[65], one[65], two[65];

  put_text(world, theirs, "theirs");
  slow_mine(1 + LAG);
  resume(world);
  assert_done(blockstore_key_generate(&world->key, &error));
  slow_grant(world->key->key, COIN);
  {
    struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
    const char *const sent[] = {NAME, blockstore_key_address(world->key, BLOCKSTORE_NETWORK_MAIN), "false"};
    char *json;

    options.owner_key = former;
    assert_done(blockstore_call_method(world->session, &json, "transfer", sent, 3, &options, &error));
    blockstore_free(json);
  }
  blockstore_key_free(former);
  slow_mine(1 + LAG);
  become(world, 2);
  put_text(world, one, "one");
  slow_mine(1 + LAG);
  put_text(world, two, "two");
  slow_mine(1 + LAG);
  assert_holds(world, NAME, one, "one", 3);
  assert_holds(world, NAME, two, "two", 3);
  assert_get_refused(world, NAME, theirs, "not_found", "");
  resume(world);
  assert_int_equal(slow->pool.count, 0);
  assert_nothing_pending(world);
}

/* ---- failures ---- */

static void a_put_that_may_have_been_sent_is_read(void **state) {
  struct world *world = *state;
  struct blockstore_input *input = blockstore_input_from_memory("text", 4);
  static const char key[] = "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1"; /* of "text" */

  slow->is_down = true;
  assert_refused(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, NULL, &error), "unreachable",
                 "not known whether it was sent");
  blockstore_input_free(input);
  slow->is_down = false;
  assert_holds(world, NAME, key, "text", 4);
  resume(world);
  assert_int_equal(slow->pool.count, 1);
  slow_mine(1 + LAG);
  become(world, 2);
  assert_holds(world, NAME, key, "text", 4);
}

static int take_number(void *user, int count, char **values, char **names) {
  (void)count, (void)names;
  *(int *)user = values[0] == NULL ? 0 : (int)strtol(values[0], NULL, 10);
  return 0;
}

/* What the state of client 1 believes: was a user record of today's form seen of any name? */
static int has_seen_current(void) {
  char *file = path_in(getenv("HOME"), "state1/state.db");
  sqlite3 *sqlite;
  int number = -1;

  assert_int_equal(sqlite3_open(file, &sqlite), SQLITE_OK);
  assert_int_equal(sqlite3_exec(sqlite, "SELECT max(is_current) FROM names", take_number, &number, NULL), SQLITE_OK);
  sqlite3_close(sqlite);
  free(file);
  return number;
}

/* It may never be in one: then a user record of 2015, which the name still says, is to be believed as before. */
static void what_waits_for_a_block_is_not_believed_of_the_name(void **state) {
  struct world *world = *state;
  char key[65], next[65];

  put_text(world, key, "text");
  assert_holds(world, NAME, key, "text", 4);
  put_text(world, next, "next");
  assert_int_equal(has_seen_current(), 0);
  slow_mine(1 + LAG);
  assert_holds(world, NAME, key, "text", 4);
  assert_int_equal(has_seen_current(), 1);
}

/* The state of client 1, changed behind its back. */
static void change_state(const char *sql) {
  char *file = path_in(getenv("HOME"), "state1/state.db");
  sqlite3 *sqlite;

  assert_int_equal(sqlite3_open(file, &sqlite), SQLITE_OK);
  assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(sqlite);
  free(file);
}

static bool damage_and_fail(void *state, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw, bool dry_run,
                            struct bs_error *error) {
  (void)state, (void)ret_broadcast, (void)raw, (void)dry_run;
  change_state("UPDATE operations SET stage = 9");
  return bs_fail(error, BS_WORD_unreachable, "The node did not answer.");
}

static bool send_and_lock(void *state, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw, bool dry_run,
                          struct bs_error *error) {
  bool good = slow_provider.broadcast(state, ret_broadcast, raw, dry_run, error);

  change_state("CREATE TRIGGER no BEFORE INSERT ON operations BEGIN SELECT RAISE(ABORT, 'no'); END;"
               "CREATE TRIGGER never BEFORE UPDATE ON operations BEGIN SELECT RAISE(ABORT, 'no'); END");
  return good;
}

static void what_was_sent_and_is_not_remembered_is_told(void **state) {
  struct world *world = *state;
  struct bs_provider locking = slow_provider;
  struct blockstore_input *input = blockstore_input_from_memory("text", 4);

  locking.broadcast = send_and_lock;
  bs_names_stand_in = &locking;
  become(world, 1);
  assert_refused(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, NULL, &error), "io",
                 "was sent, by the transaction ");
  assert_int_equal(slow->pool.count, 1);
  change_state("DROP TRIGGER no; DROP TRIGGER never");
  bs_names_stand_in = &slow_provider;
  become(world, 1);
  assert_done(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, NULL, &error));
  assert_int_equal(slow->pool.count, 1);
  blockstore_input_free(input);
}

/* It cannot be found out whether the transaction was made: the user record stays. */
static void a_put_of_which_nothing_is_known_stays(void **state) {
  struct world *world = *state;
  struct bs_provider damaging = slow_provider;
  struct blockstore_input *input = blockstore_input_from_memory("text", 4);
  char *json;

  damaging.broadcast = damage_and_fail;
  bs_names_stand_in = &damaging;
  become(world, 1);
  assert_refused(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, NULL, &error), "unreachable",
                 "The node did not answer");
  blockstore_input_free(input);
  bs_names_stand_in = &slow_provider;
  become(world, 1);
  change_state("UPDATE operations SET stage = 2");
  json = pending(world, true);
  assert_in(json, "\"user_records\": [\n");
  blockstore_free(json);
  assert_int_equal(slow->pool.count, 1);
  slow_mine(1 + LAG);
  resume(world);
  assert_nothing_pending(world);
}

static void a_put_that_was_refused_by_the_node_changes_nothing(void **state) {
  struct world *world = *state;
  struct blockstore_input *input = blockstore_input_from_memory("text", 4);

  slow->refuses = true;
  assert_refused(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, NULL, &error), "denied",
                 "The node does not like it");
  blockstore_input_free(input);
  slow->refuses = false;
  assert_nothing_pending(world);
}

static void a_put_that_the_rules_refused_ends(void **state) {
  struct world *world = *state;
  struct slow_transactions kept;
  char key[65];
  char *json;

  put_text(world, key, "text");
  kept = slow->pool;
  slow_forget();
  slow_mine(26);
  slow->pool = kept;
  slow_mine(1 + LAG);
  {
    struct blockstore_name_options none = BLOCKSTORE_NAME_INIT;
    static const char *const resumes[] = {"true"};

    change_state("INSERT INTO reservations VALUES (x'00', 'a', 'b', 1, x'00')"); /* a call that fails has told nobody */
    assert_refused(blockstore_call_method(world->session, &json, "pending", resumes, 1, &none, &error), "corrupt", "");
    change_state("DELETE FROM reservations WHERE chain = x'00'");
    assert_done(blockstore_call_method(world->session, &json, "pending", resumes, 1, &none, &error)); /* without a key */
  }
  assert_in(json, "\"state\": \"refused\"");
  blockstore_free(json);
  assert_get_refused(world, NAME, key, "not_found", "");
  assert_nothing_pending(world);
  put_text(world, key, "text");
  slow_mine(1 + LAG);
  assert_holds(world, NAME, key, "text", 4);
}

/* Killed at the broadcast: before it or after it, the put is there in the end. */
static void a_killed_put_is_resumed(void **state) {
  struct world *world = *state;

  for (int after = 0; after < 2; after++) {
    const char *text = after == 0 ? "before" : "after";
    char key[65];
    pid_t child;
    int status;

    close_world(world);
    slow->broadcasts = 0;
    slow->kill_before = after == 0;
    slow->kill_after = after;
    child = fork();
    if (child == 0) {
      become(world, 1);
      put_text(world, key, text);
      _exit(0);
    }
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    slow->kill_before = slow->kill_after = 0;
    become(world, 1);
    resume(world);
    assert_int_equal(slow->pool.count, 1);
    put_text(world, key, text);
    assert_int_equal(slow->pool.count, 1);
    slow_mine(1 + LAG);
    become(world, 2);
    assert_holds(world, NAME, key, text, strlen(text));
    become(world, 1);
    resume(world);
    assert_nothing_pending(world);
  }
}

/* ---- documents ---- */

static void documents_say_what_waits(void **state) {
  struct world *world = *state;
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  static const char *const arguments[] = {NAME, "1111111111111111111111111111111111111111"};
  char *json = call(world, "register", "bob.id", NULL);

  assert_in(json, "\"state\": \"preordered\"");
  assert_in(json, "\"txid\": null");
  assert_in(json, "\"preorder_txid\": \"");
  assert_in(json, "\"block\": null");
  blockstore_free(json);
  json = call(world, "update", arguments[0], arguments[1]);
  assert_in(json, "\"state\": \"sent\"");
  blockstore_free(json);
  json = pending(world, false);
  assert_in(json, "\"operation\": \"NAME_PREORDER\"");
  assert_in(json, "\"state\": \"planned\"");
  assert_in(json, "\"value_hash\": \"1111111111111111111111111111111111111111\"");
  assert_in(json, "\"consensus_age\": 3");
  blockstore_free(json);
  options.owner_key = world->key;
  options.dry_run = 1;
  assert_done(blockstore_call_method(world->session, &json, "update", arguments, 2, &options, &error));
  assert_in(json, "\"transaction\": \"0100000001");
  assert_in(json, "\"size\": ");
  assert_in(json, "\"fee\": ");
  assert_in(json, "\"state\": \"dry_run\"");
  blockstore_free(json);
}

static void what_resumes_has_no_dry_run(void **state) {
  struct world *world = *state;
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  static const char *const resumes = "true", *const looks = "false";
  char *json = NULL;
  size_t sent;

  blockstore_free(call(world, "register", "bob.id", NULL));
  slow_forget();
  sent = slow->pool.count;
  options.owner_key = world->key;
  options.dry_run = 1;
  assert_refused(blockstore_call_method(world->session, &json, "pending", &resumes, 1, &options, &error), "usage",
                 "there is no dry run of it");
  assert_int_equal(slow->pool.count, sent);
  assert_done(blockstore_call_method(world->session, &json, "pending", &looks, 1, &options, &error));
  blockstore_free(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      WAITING_TEST(several_puts_before_the_first_is_confirmed),
      WAITING_TEST(they_may_be_mined_one_by_one),
      WAITING_TEST(mutable_data_is_read_before_its_route_is_confirmed),
      WAITING_TEST(what_is_lost_leaves_the_one_before_it),
      WAITING_TEST(a_put_is_tried_again_with_its_transaction),
      WAITING_TEST(a_put_that_was_lost_is_made_again_by_the_next),
      WAITING_TEST(or_when_it_is_resumed),
      WAITING_TEST(a_put_that_was_overwritten_is_made_again),
      WAITING_TEST(a_put_that_waits_is_rebased),
      WAITING_TEST(what_a_put_has_overwritten_comes_back),
      WAITING_TEST(what_another_deleted_stays_deleted),
      WAITING_TEST(a_new_owner_has_overwritten_nothing),
      WAITING_TEST(a_put_that_may_have_been_sent_is_read),
      WAITING_TEST(what_waits_for_a_block_is_not_believed_of_the_name),
      WAITING_TEST(a_put_of_which_nothing_is_known_stays),
      WAITING_TEST(what_was_sent_and_is_not_remembered_is_told),
      WAITING_TEST(a_put_that_was_refused_by_the_node_changes_nothing),
      WAITING_TEST(a_put_that_the_rules_refused_ends),
      WAITING_TEST(a_killed_put_is_resumed),
      WAITING_TEST(documents_say_what_waits),
      WAITING_TEST(what_resumes_has_no_dry_run),
  };

  return RUN_TESTS(tests);
}
