/* SPDX-License-Identifier: MIT */
/* What is over stays over: expired, deleted, re-created and transferred data, and a name service that was rolled back. */
#include <config.h>

#include "core/base/clock.h"
#include "t/lib/attack.h"

/* Of the liar alone, each version of one datum: "first" of version 1, "second" of version 2. */
struct past {
  struct world *world;
  struct bs_buffer first, second;
};

static void begin(struct past *past, struct world *world) {
  *past = (struct past){.world = world};
  begin_attack(world);
  put_next(world, ID, "first");
  read_liar(world, ID, &past->first);
  put_next(world, ID, "second");
  read_liar(world, ID, &past->second);
  open_session(world, LIAR);
}

static void end(struct past *past) {
  bs_buffer_free(&past->first);
  bs_buffer_free(&past->second);
}

/* Both old records, to the reader who has seen the present and to one who has seen nothing. */
static void assert_over(const struct past *past, const char *word, const char *text) {
  struct world newcomer = open_elsewhere(past->world, "state2", LIAR);
  const struct bs_buffer *records[] = {&past->first, &past->second};

  for (size_t i = 0; i < 2; i++) {
    give_kept(past->world, ID, records[i]);
    assert_get(past->world, ID, word, text);
    assert_get(&newcomer, ID, word, text);
  }
  close_world(&newcomer);
}

/* ---- time ---- */

/* A commit of another datum, at that time by the clock of then. */
static void commit_at(const struct world *world, uint64_t now) {
  unsigned char chain[32];
  const struct bs_datum datum = {chain, NAME, "/another"};
  const struct bs_seen seen = {.ver = now % 1000000 + 1, .sig = "v2:"};
  const struct bs_belief belief = {.datum = &datum, .version = &seen, .now = now};
  struct bs_error error = {0};

  chain_of(world, chain);
  assert_ok(bs_state_believe(world->session->state, NULL, &belief, &error));
}

static void a_clock_that_is_set_back_revives_nothing(void **state) {
  struct world *world = *state;
  uint64_t now = bs_clock_unix();
  struct past past;

  begin(&past, world);
  give_signed(world, ID, 3, now + 1000, "for a while");
  assert_get(world, ID, "", "for a while");
  commit_at(world, now + 2000);
  assert_get(world, ID, "expired", "version, 3, has expired");
  open_session(world, LIAR);
  assert_get(world, ID, "expired", "version, 3, has expired");
  give_kept(world, ID, &past.second);
  assert_get(world, ID, "stale", "was seen before");
  end(&past);
}

/* Not even who saw it for the first time when it was over is given the version before. */
static void what_expired_is_not_replaced_by_what_was_before(void **state) {
  struct world *world = *state, newcomer;
  struct past past;

  begin(&past, world);
  give_signed(world, ID, 3, 1, "over");
  newcomer = open_elsewhere(world, "state2", LIAR);
  assert_get(&newcomer, ID, "expired", "\"result\": 4");
  give_kept(world, ID, &past.second);
  assert_get(&newcomer, ID, "stale", "was seen before");
  assert_get(world, ID, "", "second");
  close_world(&newcomer);
  end(&past);
}

/* ---- deletion ---- */

static void what_was_deleted_stays_so(void **state) {
  struct past past;

  begin(&past, *state);
  delete_datum(past.world, ID);
  assert_get(past.world, ID, "deleted", "by version 3");
  assert_over(&past, "deleted", "by version 3");
  end(&past);
}

/* Its tombstone is in the stores, but the user record of before still says that there is a route. */
static void a_tombstone_alone_is_enough(void **state) {
  struct world *world = *state;
  unsigned char chain[32];
  struct past past;
  struct forge of;

  begin(&past, world);
  chain_of(world, chain);
  of = forge_of(world, chain, ID, 2, "");
  give_forged(world, "deleted", &of);
  assert_get(world, ID, "deleted", "by version 3");
  give_kept(world, ID, &past.second);
  assert_get(world, ID, "stale", "version 3, which was seen before");
  end(&past);
}

static void a_new_life_has_nothing_of_the_former(void **state) {
  struct world *world = *state;
  struct bs_buffer tombstone = BS_BUFFER_INIT;
  struct past past;

  begin(&past, world);
  delete_datum(world, ID);
  read_liar(world, ID, &tombstone);
  put_next(world, ID, "reborn");
  assert_get(world, ID, "", "reborn");
  assert_over(&past, "stale", "\"result\": 4");
  give_kept(world, ID, &tombstone);
  assert_get(world, ID, "stale", "is below");
  put_next(world, ID, "again");
  assert_int_equal(floor_of(world, ID).ver, 5);
  bs_buffer_free(&tombstone);
  end(&past);
}

/* ---- another owner ---- */

static void the_former_owner_is_not_believed(void **state) {
  struct world *world = *state;
  struct blockstore_key *alice, *bob;
  struct past past;
  char key[65];

  begin(&past, world);
  put_text(world, key, "immutable");
  alice = world->key;
  assert_done(blockstore_key_generate(&bob, &error));
  blockstore_free(call(world, "transfer", NAME, blockstore_key_address(bob, BLOCKSTORE_NETWORK_MAIN)));
  assert_over(&past, "owner_changed", "\"result\": 5");
  assert_holds(world, NAME, key, "immutable", 9);
  assert_refused(put_as(world, alice, ID, "mine still", NULL, &error), "denied", "owned by");
  world->key = bob;
  put_next(world, ID, "the new owner's");
  assert_get(world, ID, "", "the new owner's");
  assert_over(&past, "forged", "\"result\": 5");
  world->key = alice;
  give_signed(world, ID, 9, 0, "mine still");
  assert_get(world, ID, "forged", "\"result\": 5");
  assert_holds(world, NAME, key, "immutable", 9);
  blockstore_key_free(bob);
  end(&past);
}

/* ---- the name service ---- */

/* A newcomer was told that the data are gone, and nothing else. */
static void what_a_name_no_longer_says_is_remembered(void **state) {
  struct world *world = *state, newcomer;
  struct past past;
  char key[65];

  begin(&past, world);
  put_text(world, key, "immutable");
  close_world(world);
  copy(world, "state/ledger.db", "older.db");
  open_session(world, LIAR);
  delete_datum(world, ID);
  assert_done(blockstore_delete_immutable(world->session, NULL, NAME, key, world->key, NULL, &error));
  newcomer = open_elsewhere(world, "state2", LIAR);
  assert_get(&newcomer, ID, "deleted", "by version 3");
  close_world(&newcomer);
  newcomer = open_elsewhere(world, "state3", LIAR);
  assert_get_refused(&newcomer, NAME, key, "not_found", "lists no");
  close_world(&newcomer);
  close_world(world);
  copy(world, "older.db", "state/ledger.db");
  newcomer = open_elsewhere(world, "state2", LIAR);
  give_kept(&newcomer, ID, &past.second);
  assert_get(&newcomer, ID, "stale", "rolled back");
  close_world(&newcomer);
  newcomer = open_elsewhere(world, "state3", LIAR);
  assert_get_refused(&newcomer, NAME, key, "stale", "rolled back");
  close_world(&newcomer);
  end(&past);
}

/* Also when it has grown past the block that was seen. */
static void a_ledger_that_was_rolled_back_is_stale(void **state) {
  struct world *world = *state;
  struct past past;

  begin(&past, world);
  close_world(world);
  copy(world, "state/ledger.db", "older.db");
  open_session(world, LIAR);
  delete_datum(world, ID);
  assert_get(world, ID, "deleted", "by version 3");
  close_world(world);
  copy(world, "older.db", "state/ledger.db");
  open_session(world, LIAR);
  give_kept(world, ID, &past.second);
  assert_get(world, ID, "stale", "rolled back");
  assert_refused(put_as(world, world->key, ID, "third", NULL, &error), "stale", "rolled back");
  own(world, "carol.id");
  own(world, "dave.id");
  assert_get(world, ID, "stale", "another history");
  assert_refused(put_as(world, world->key, ID, "third", NULL, &error), "stale", "another history");
  end(&past);
}

static enum blockstore_result ask_name(struct world *world, const char *method, const char *name,
                                       struct blockstore_error **error) {
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  char *json = NULL;
  enum blockstore_result result;

  options.owner_key = world->key;
  result = blockstore_call_method(world->session, &json, method, &name, 1, &options, error);
  blockstore_free(json);
  return result;
}

/* Whatever is asked about NAME, which was seen before. */
static void assert_missed(struct world *world, const char *key, const char *text) {
  struct blockstore_input *input = blockstore_input_from_memory("new", 3);

  assert_refused(ask_name(world, "lookup", NAME, &error), "stale", text);
  assert_get_refused(world, NAME, key, "stale", text);
  assert_get(world, ID, "stale", text);
  assert_refused(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, NULL, &error), "stale", text);
  assert_refused(ask_name(world, "renew", NAME, &error), "stale", text);
  assert_refused(ask_name(world, "preorder", NAME, &error), "stale", text);
  assert_refused(ask_name(world, "register", NAME, &error), "stale", text);
  assert_refused(ask_name(world, "lookup", "nobody.id", &error), "not_found", "not registered");
  blockstore_input_free(input);
}

/* NAME is in a ledger, of which older.db is a copy from before. */
static void own_later(struct world *world) {
  open_session(world, ONE_STORE);
  own(world, "early.id");
  close_world(world);
  copy(world, "state/ledger.db", "older.db");
  open_session(world, ONE_STORE);
  own(world, NAME);
}

/* And was seen in it. */
static void outgrow(struct world *world, char key[65]) {
  own_later(world);
  put_text(world, key, "immutable");
  assert_done(ask_name(world, "lookup", NAME, &error));
  close_world(world);
  copy(world, "state/ledger.db", "newer.db");
}

static void a_name_that_was_seen_is_not_unregistered_by_an_older_ledger(void **state) {
  struct world *world = *state;
  char key[65];

  outgrow(world, key);
  copy(world, "older.db", "state/ledger.db");
  open_session(world, ONE_STORE);
  assert_missed(world, key, "bring the newer ledger back");
  assert_done(ask_name(world, "lookup", "early.id", &error));
  close_world(world);
  copy(world, "newer.db", "state/ledger.db");
  open_session(world, ONE_STORE);
  assert_done(ask_name(world, "lookup", NAME, &error));
}

/* The put saw it there, and nothing has read it since. */
static void nor_is_one_that_was_only_written(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt;
  char key[65];

  own_later(world);
  put_next(world, ID, "one");
  close_world(world);
  copy(world, "state/ledger.db", "newer.db");
  copy(world, "older.db", "state/ledger.db");
  open_session(world, ONE_STORE);
  assert_get(world, ID, "stale", "bring the newer ledger back");
  assert_refused(ask_name(world, "register", NAME, &error), "stale", "bring the newer ledger back");
  close_world(world);
  copy(world, "newer.db", "state/ledger.db");
  open_session(world, ONE_STORE);
  receipt = put_bytes(world, NAME, "immutable", 9); /* a newer answer, of which the put's own transaction is the reason */
  memcpy(key, blockstore_receipt_key(receipt), sizeof key);
  blockstore_receipt_free(receipt);
  close_world(world);
  copy(world, "newer.db", "state/ledger.db");
  open_session(world, ONE_STORE);
  assert_get_refused(world, NAME, key, "stale", "rolled back");
  assert_get(world, ID, "stale", "rolled back");
}

/* The block where it was seen is another one by then. */
static void nor_once_that_ledger_has_gone_another_way(void **state) {
  struct world *world = *state;
  char key[65];

  outgrow(world, key);
  copy(world, "older.db", "state/ledger.db");
  open_session(world, ONE_STORE);
  for (size_t i = 0; i < 3; i++) own(world, (const char *const[]){"carol.id", "dave.id", "eve.id"}[i]);
  assert_missed(world, key, "another history");
  assert_done(ask_name(world, "lookup", "early.id", &error));
  close_world(world);
  copy(world, "newer.db", "state/ledger.db");
  open_session(world, ONE_STORE);
  assert_done(ask_name(world, "lookup", NAME, &error));
}

static void nor_by_a_lost_one(void **state) {
  struct world *world = *state;
  char *ledger = path_in(world->place, "state/ledger.db");
  char key[65];

  outgrow(world, key);
  remove_database(world, "ledger.db");
  open_session(world, ONE_STORE);
  assert_missed(world, key, "state/state.db with its -wal and -shm");
  close_world(world);
  assert_int_equal(access(ledger, F_OK), -1);
  remove_database(world, "state.db"); /* as the message says */
  open_session(world, ONE_STORE);
  assert_refused(ask_name(world, "lookup", NAME, &error), "not_found", "not registered");
  own(world, NAME);
  free(ledger);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_clock_that_is_set_back_revives_nothing),
      in_world(what_expired_is_not_replaced_by_what_was_before),
      in_world(what_was_deleted_stays_so),
      in_world(a_tombstone_alone_is_enough),
      in_world(a_new_life_has_nothing_of_the_former),
      in_world(the_former_owner_is_not_believed),
      in_world(what_a_name_no_longer_says_is_remembered),
      in_world(a_ledger_that_was_rolled_back_is_stale),
      in_world(a_name_that_was_seen_is_not_unregistered_by_an_older_ledger),
      in_world(nor_is_one_that_was_only_written),
      in_world(nor_once_that_ledger_has_gone_another_way),
      in_world(nor_by_a_lost_one),
  };

  return RUN_TESTS(tests);
}
