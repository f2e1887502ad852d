/* SPDX-License-Identifier: MIT */
/* What a session believes of a name service that proves nothing by itself, once a pin is configured. */
#include <config.h>

#include "core/chain/ledger.h"
#include "core/client/session.h"
#include "core/codec/hex.h"
#include "core/names/provider.h"
#include "t/lib/client.h"

static struct bs_provider remote; /* the ledger, as a server of names would show it */
static unsigned char false_value; /* what it adds to value hashes */
static bool hides;                /* every name */
static size_t answers;            /* that it gives about blocks before it takes too long */

static bool remote_get_name(void *state, struct bs_name_entry *ret_entry, bool *ret_found,
                            struct bs_namespace_entry *ret_name_space, bool *ret_name_space_found, const char *name,
                            struct bs_error *error) {
  if (!bs_provider_embedded.get_name(state, ret_entry, ret_found, ret_name_space, ret_name_space_found, name, error))
    return false;
  if (*ret_found) ret_entry->value_hash[0] = (unsigned char)(ret_entry->value_hash[0] ^ false_value);
  if (hides) *ret_found = false;
  return true;
}

static bool remote_consensus_at(void *state, unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, uint64_t block,
                                struct bs_error *error) {
  if (answers-- > 0) return bs_provider_embedded.consensus_at(state, consensus, ret_found, block, error);
  answers = 0;
  return bs_fail(error, BS_WORD_deadline, "It takes too long.");
}

/* The session's name service becomes one that is somewhere else. */
static void go_remote(struct world *world) {
  struct blockstore *session = world->session;
  const struct bs_names_config config = {.ledger = session->config->ledger, .create = true};
  struct bs_error error = {0};

  remote = bs_provider_embedded;
  remote.proven = "none";
  remote.get_name = remote_get_name;
  remote.consensus_at = remote_consensus_at;
  answers = SIZE_MAX;
  false_value = 0;
  hides = false;
  bs_names_close(session->names);
  assert_ok(bs_names_open_on(&session->names, &remote, &config, &error));
}

/* Anew, with the newest block for a pin; more: further keys of `names`, each with ", " before it. */
static void open_pinned(struct world *world, const char *more) {
  struct bs_names_info info;
  struct bs_error error = {0};
  char *text;

  assert_ok(bs_names_info(world->session->names, NULL, &info, &error));
  assert_true(asprintf(&text, ONE_STORE "names: {pin: {block: %d, consensus: %s}%s}\n", (int)info.height, info.consensus,
                       more) > 0);
  open_session(world, text);
  free(text);
  go_remote(world);
}

static char *proven_of(struct world *world, const char *key) {
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  struct blockstore_record *record = NULL;
  char *proven;

  assert_done(blockstore_get_immutable(world->session, output, &record, NAME, key, NULL, &error));
  proven = strdup(blockstore_record_proven(record));
  blockstore_record_free(record);
  blockstore_output_free(output);
  return proven;
}

#define assert_proven(world, key, expected)        \
  do {                                             \
    char *proven_ = proven_of(world, key);         \
    assert_string_equal(proven_, expected);        \
    free(proven_);                                 \
  } while (0)

static void a_record_below_the_pin_is_included(void **state) {
  struct world *world = *state;
  char key[65];

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  assert_proven(world, key, "local");
  open_pinned(world, "");
  assert_proven(world, key, "included");
  assert_proven(world, key, "included"); /* out of what was remembered */
}

/* Other names are looked up, too, the last of them one that is not proven. */
static void a_purge_tells_of_the_name_that_it_changes(void **state) {
  struct world *world = *state;
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;
  struct blockstore_receipt *receipt = NULL;
  char key[65];

  options.purge = 1;
  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  open_pinned(world, "");
  own(world, "bobby.id");
  assert_done(blockstore_delete_immutable(world->session, &receipt, NAME, key, world->key, &options, &error));
  assert_non_null(strstr(blockstore_receipt_document(receipt), "\"proven\": \"included\""));
  blockstore_receipt_free(receipt);
}

/* Nothing but the service's word holds then, and that is said. */
static void a_newer_record_is_not_proven(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt;
  char key[65];

  open_with_name(world, ONE_STORE);
  open_pinned(world, "");
  receipt = put_bytes(world, NAME, "text", 4);
  assert_non_null(strstr(blockstore_receipt_document(receipt), "\"proven\": \"included\""));
  memcpy(key, blockstore_receipt_key(receipt), sizeof key);
  blockstore_receipt_free(receipt);
  assert_proven(world, key, "none");
  receipt = put_bytes(world, NAME, "more", 4);
  assert_non_null(strstr(blockstore_receipt_document(receipt), "\"proven\": \"none\""));
  blockstore_receipt_free(receipt);
}

static void a_lie_is_refused(void **state) {
  struct world *world = *state;
  struct blockstore_input *input = blockstore_input_from_memory("other", 5);
  char key[65];

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  open_pinned(world, "");
  false_value = 1;
  assert_get_refused(world, NAME, key, "forged", "owner, value hash or another part of its record is false");
  assert_refused(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, NULL, &error), "forged", "is false");
  blockstore_input_free(input);
}

static char *look(struct world *world, const char *name) {
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  char *json = NULL;

  options.prove = 1;
  assert_done(blockstore_call_method(world->session, &json, "lookup", &name, 1, &options, &error));
  return json;
}

static void a_lookup_proves_what_is_current(void **state) {
  struct world *world = *state;
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  const char *name = NAME, *nobody = "nobody.id";
  char *json = NULL, key[65];

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  open_pinned(world, ", prove_blocks: 1");
  json = look(world, NAME);
  assert_non_null(strstr(json, "\"proven\": \"current_at "));
  assert_non_null(strstr(json, "\"pin_block\": "));
  blockstore_free(json);
  options.prove = 1;
  hides = true;
  assert_refused(blockstore_call_method(world->session, &json, "lookup", &name, 1, &options, &error), "too_large", "allow more");
  options.prove_blocks = 100;
  assert_refused(blockstore_call_method(world->session, &json, "lookup", &name, 1, &options, &error), "forged",
                 "it hides the name");
  hides = false;
  assert_refused(blockstore_call_method(world->session, &json, "lookup", &nobody, 1, &options, &error), "not_found", "proven by");
  assert_refused(blockstore_call_method(world->session, &json, "get_name_cost", &name, 1, &options, &error), "usage",
                 "get_name_cost proves nothing; lookup does");
}

static void mine(struct world *world, int count) {
  struct bs_ledger *ledger;
  struct bs_error error = {0};
  uint64_t height;

  assert_ok(bs_ledger_open(&ledger, world->session->config->ledger, BS_DATABASE_WRITE, NULL, NULL, &error));
  while (count-- > 0) {
    assert_ok(bs_ledger_begin(ledger, &error));
    assert_ok(bs_ledger_append(ledger, &height, NULL, NULL, 0, true, &error));
    assert_ok(bs_ledger_commit(ledger, &error));
  }
  bs_ledger_close(ledger);
}

/* Each call has time for less than the half of it. */
static void a_proof_goes_on_after_a_deadline(void **state) {
  struct world *world = *state;
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  const char *name = NAME;
  char *json = NULL, key[65];
  int tries = 1;

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  mine(world, 700);
  open_pinned(world, "");
  options.prove = 1;
  for (;; tries++) {
    struct blockstore_error *why = NULL;

    answers = 500;
    if (blockstore_call_method(world->session, &json, "lookup", &name, 1, &options, &why) == BLOCKSTORE_DONE) break;
    assert_string_equal(blockstore_error_word(why), "deadline");
    blockstore_error_free(why);
    if (tries == 10) fail_msg("it does not end");
  }
  assert_non_null(strstr(json, "\"proven\": \"current_at "));
  assert_true(tries > 1);
  blockstore_free(json);
  answers = 0; /* all of it is remembered */
  blockstore_free(look(world, NAME));
}

static uint64_t change_memory(struct world *world, const char *sql) {
  const struct bs_database_kind kind = {.noun = "memory of proofs", .application_id = 0x42535052, .version = 1};
  struct bs_database *database;
  struct bs_error error = {0};
  uint64_t changes;
  char *path;

  assert_true(asprintf(&path, "%s/proofs.db", world->session->config->state_dir) > 0);
  assert_ok(bs_database_open(&database, path, &kind, BS_DATABASE_WRITE, NULL, &error));
  assert_ok(bs_database_execute(database, sql, &error));
  changes = (uint64_t)sqlite3_changes64(database->sqlite);
  bs_database_close(database);
  free(path);
  return changes;
}

/* Who wrote lies into what is remembered is not believed, and the server is asked for all of it again. */
static void what_is_remembered_is_not_believed(void **state) {
  static const char *const lies[] = {
      /* nothing happened in any */
      "UPDATE blocks SET operations = (SELECT operations FROM blocks AS other WHERE other.block = 60)",
      "UPDATE blocks SET consensus = zeroblob(16) WHERE block % 2 = 0",
      "UPDATE blocks SET consensus = (SELECT consensus FROM blocks AS other WHERE other.block = blocks.block / 2 + 30)",
  };
  struct world *world = *state;
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  const char *name = NAME;
  char *json = NULL, key[65];

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  mine(world, 70);
  open_pinned(world, "");
  options.prove = 1;
  for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
    blockstore_free(look(world, NAME));
    assert_true(change_memory(world, lies[i]) > 0);
    false_value = 1; /* nor is the server's lie that they might have been written for */
    assert_refused(blockstore_call_method(world->session, &json, "lookup", &name, 1, &options, &error), "forged", "");
    false_value = 0;
    hides = true;
    assert_refused(blockstore_call_method(world->session, &json, "lookup", &name, 1, &options, &error), "forged", "hides");
    hides = false;
    json = look(world, NAME);
    assert_non_null(strstr(json, "\"proven\": \"current_at "));
    blockstore_free(json);
  }
  blockstore_free(look(world, NAME));
  assert_true(change_memory(world, "UPDATE lists SET operations = CAST('3:foo,' AS BLOB)") > 0);
  blockstore_free(look(world, NAME));
}

/* A program that was built before `prove` was there. */
static void an_older_program_asks_for_no_proof(void **state) {
  struct world *world = *state;
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  const char *name = NAME;
  char *json = NULL;

  open_with_name(world, ONE_STORE);
  options.prove = 1;
  options.struct_size = offsetof(struct blockstore_name_options, prove);
  assert_done(blockstore_call_method(world->session, &json, "lookup", &name, 1, &options, &error));
  assert_non_null(strstr(json, "\"proven\": \"local\""));
  blockstore_free(json);
  options.struct_size = sizeof options;
  assert_refused(blockstore_call_method(world->session, &json, "lookup", &name, 1, &options, &error), "config", "needs a pin");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_purge_tells_of_the_name_that_it_changes),
      in_world(a_record_below_the_pin_is_included), in_world(a_newer_record_is_not_proven), in_world(a_lie_is_refused),
      in_world(a_lookup_proves_what_is_current),    in_world(an_older_program_asks_for_no_proof),
      in_world(a_proof_goes_on_after_a_deadline),   in_world(what_is_remembered_is_not_believed),
  };
  return RUN_TESTS(tests);
}
