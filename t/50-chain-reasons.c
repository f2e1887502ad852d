/* SPDX-License-Identifier: MIT */
/* Refusals by the rules that no ledger of one's own comes to, or not soon, and what is said of an index that somebody
 * changed: on the index alone, with transactions that nobody signed. */
#include <config.h>

#include "core/base/auto.h"
#include "core/chain/ledger-private.h"
#include "t/lib/ledger.h"

struct world {
  struct bs_chain_parameters parameters;
  struct bs_index index;
  struct bs_script alice, bob;
  unsigned char input[35]; /* that shows the key of alice: a signature of no bytes, and 33 bytes of a key */
  uint64_t height; /* of the newest block, whose consensus hash is: */
  unsigned char consensus[BS_CONSENSUS_SIZE];
  struct bs_block_transaction judged[2]; /* of the newest block */
};

/* A transaction with one input, that shows no key unless it is said. */
struct sent {
  struct bs_transaction transaction;
  struct bs_transaction_input input;
  struct bs_transaction_output outputs[4];
  unsigned char data[2 + BS_PAYLOAD_MAX];
  const struct bs_script *sender;
};

static const struct bs_script of_a_script = {{0xa9, 20, [22] = 0x87}, 23}, of_anyone = {{0x51}, 1},
                              burn = {{0x76, 0xa9, 20, [23] = 0x88, 0xac}, 25},
                              multisig = {{0x51, 33, 2, [35] = 0x51, 0xae}, 37};

/* ---- a chain of blocks ---- */

static struct bs_script script_of(const unsigned char key[33]) {
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_script script;

  bs_hash160(hash, key, 33);
  bs_script_pay_to(&script, hash);
  return script;
}

static int open_world(void **state) {
  static const struct bs_operation id = {
      .opcode = BS_NAMESPACE_REVEAL,
      .name = "id",
      .version = 1,
      .rules = {.lifetime = 100, .coeff = 1, .base = 1, .nonalpha_discount = 1, .no_vowel_discount = 1}};
  struct world *world = calloc(1, sizeof *world);
  struct bs_database *database;
  struct bs_error error = {0};

  assert_non_null(world);
  assert_ok(bs_database_open_memory(&database, &bs_ledger_kind, &error));
  world->parameters = (struct bs_chain_parameters){.magic = {'i', 'd'},
                                                   .script_version = 5,
                                                   .first_block = 10,
                                                   .names_per_owner = 2,
                                                   .undo_blocks = 2,
                                                   .seed_first = 9,
                                                   .seed_last = 9};
  world->index = (struct bs_index){database, &world->parameters};
  world->height = 9;
  memcpy(world->input, (const unsigned char[]){0, 33, 2, 'a'}, 4);
  world->alice = script_of(world->input + 2);
  world->bob = script_of((const unsigned char[33]){2, 'b'});
  assert_ok(bs_rules_add_genesis(&world->index, &id, &error));
  *state = world;
  return 0;
}

static int close_world(void **state) {
  struct world *world = *state;

  bs_database_close(world->index.database);
  free(world);
  return 0;
}

static void pay(struct sent *sent, const struct bs_script *script, uint64_t value) {
  sent->outputs[sent->transaction.output_count++] =
      (struct bs_transaction_output){value, script->bytes, script->length};
}

/* The operation alone: whom it pays is still to be said. */
static void begin(struct sent *sent, const struct bs_script *sender, const struct bs_operation *operation) {
  size_t length = bs_operation_write(sent->data + 2, (const unsigned char *)"id", operation);

  sent->data[0] = 0x6a;
  sent->data[1] = (unsigned char)length;
  sent->sender = sender;
  sent->input = (struct bs_transaction_input){.script = (const unsigned char *)""};
  sent->transaction = (struct bs_transaction){
      .inputs = &sent->input, .input_count = 1, .outputs = sent->outputs, .output_count = 1};
  sent->outputs[0] = (struct bs_transaction_output){0, sent->data, 2 + length};
}

static void show_key(struct sent *sent, const struct world *world) {
  sent->input.script = world->input;
  sent->input.script_length = sizeof world->input;
}

/* The next block; NULL when the last of its transactions was accepted, else why not. */
static const char *judge(struct world *world, const struct sent *sent, size_t count) {
  struct bs_block_result result;
  struct bs_error error = {0};

  for (size_t i = 0; i < count; i++)
    world->judged[i] = (struct bs_block_transaction){.transaction = &sent[i].transaction,
                                                     .vtxindex = i,
                                                     .sender = sent[i].sender->bytes,
                                                     .sender_length = sent[i].sender->length};
  assert_ok(bs_rules_apply(&world->index, &result, ++world->height, world->judged, count, &error));
  memcpy(world->consensus, result.consensus, sizeof world->consensus);
  return world->judged[count - 1].verdict == BS_VERDICT_ACCEPTED ? NULL : world->judged[count - 1].reason;
}

/* ---- operations ---- */

static const char *preorder(struct world *world, const char *name, const struct bs_script *owner) {
  struct bs_operation operation = {.opcode = BS_NAME_PREORDER, .quantity = 1};
  unsigned char hash[BS_HASH160_SIZE];
  char address[BS_ADDRESS_TEXT];
  struct sent sent;

  bs_script_classify(hash, owner->bytes, owner->length);
  bs_address_encode(address, 0, hash);
  bs_name_hash(operation.hash, name, owner, address);
  memcpy(operation.consensus, world->consensus, sizeof operation.consensus);
  begin(&sent, owner, &operation);
  pay(&sent, &burn, 1000);
  return judge(world, &sent, 1);
}

static void begin_registration(struct sent *sent, const char *name, const struct bs_script *sender,
                               const struct bs_script *owner) {
  struct bs_operation operation = registration_of(name);

  begin(sent, sender, &operation);
  pay(sent, owner, 1000);
  pay(sent, &burn, 1000); /* what a renewal costs */
}

static const char *register_for(struct world *world, const char *name, const struct bs_script *owner) {
  struct sent sent;

  begin_registration(&sent, name, &world->alice, owner);
  return judge(world, &sent, 1);
}

/* ---- refusals ---- */

static void one_transaction_alone_is_refused(void **state) {
  struct world *world = *state;
  const struct bs_script *alice = &world->alice, *bob = &world->bob;
  const struct {
    enum bs_opcode opcode;
    const char *name;
    bool shows_key;
    const struct bs_script *sender, *paid[2];
    const char *reason;
  } rows[] = {
      {BS_NAME_PREORDER, "", true, &of_a_script, {bob, alice}, "is the address of a script"},
      {BS_NAMESPACE_PREORDER, "", true, &of_a_script, {bob, alice}, "is the address of a script"},
      {BS_NAME_PREORDER, "", true, &of_anyone, {bob, alice}, "The sender's output has no address of its own"},
      {BS_NAME_PREORDER, "", true, &multisig, {bob, alice}, "The sender's output has no address of its own"},
      {BS_NAME_PREORDER, "", true, alice, {bob, &of_anyone}, "An output of the transaction has no address"},
      {BS_NAME_PREORDER, "", true, alice, {bob, &multisig}, "burns no fee"},
      {BS_NAME_REGISTRATION, "foo.id", true, alice, {NULL, NULL}, "registration of foo.id names no new owner"},
      {BS_NAME_REGISTRATION, "foo.id", true, alice, {&multisig, bob}, "registration of foo.id names no new owner"},
      {BS_NAME_REGISTRATION, "foo.id", true, alice, {&of_a_script, bob}, "registration of foo.id names no new owner"},
      {BS_NAME_TRANSFER, "", true, alice, {NULL, NULL}, "The transfer names no new owner"},
      {BS_NAME_TRANSFER, "", true, alice, {&multisig, bob}, "The transfer names no new owner"},
      {BS_NAME_TRANSFER, "", true, alice, {&of_a_script, bob}, "The transfer names no new owner"},
      {BS_NAME_IMPORT, "foo.new", false, alice, {bob, alice}, "The import of foo.new does not show the sender's"},
      {BS_NAME_IMPORT, "foo.new", true, alice, {&multisig, bob}, "The import of foo.new names no owner"},
      {BS_NAME_IMPORT, "foo.new", true, alice, {bob, bob}, "The import of foo.new has no value hash"},
      {BS_NAME_IMPORT, "foo.new", true, alice, {bob, &multisig}, "The import of foo.new has no value hash"},
      {BS_NAME_IMPORT, "foo.new", true, alice, {bob, alice}, "The namespace new is not revealed"},
      {BS_NAMESPACE_REVEAL, "new", true, alice, {&multisig, bob}, "of the namespace new names nobody to open it"},
      {BS_NAMESPACE_REVEAL, "new", false, alice, {bob, alice}, "reveal of the namespace new does not show the"},
      {BS_NAMESPACE_REVEAL, "new", true, alice, {bob, alice}, "was not preordered"},
  };

  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct bs_operation operation = {.opcode = rows[i].opcode, .version = 1, .quantity = 1};
    struct sent sent;

    operation.rules.nonalpha_discount = operation.rules.no_vowel_discount = 1;
    memcpy(operation.consensus, world->consensus, sizeof operation.consensus);
    snprintf(operation.name, sizeof operation.name, "%s", rows[i].name);
    begin(&sent, rows[i].sender, &operation);
    if (rows[i].shows_key) show_key(&sent, world);
    for (size_t j = 0; j < 2 && rows[i].paid[j] != NULL; j++) pay(&sent, rows[i].paid[j], 1000);
    assert_refused(judge(world, &sent, 1), rows[i].reason);
  }
}

static void nobody_owns_more_than_the_quota(void **state) {
  struct world *world = *state;

  world->parameters.names_per_owner = 1;
  assert_null(preorder(world, "foo.id", &world->alice));
  assert_null(preorder(world, "bar.id", &world->alice));
  assert_null(register_for(world, "foo.id", &world->alice));
  assert_refused(register_for(world, "bar.id", &world->alice), "1 names already; nobody may own more than 1");
  assert_refused(preorder(world, "quux.id", &world->alice), "nobody may own more than 1");
}

static void a_renewal_keeps_the_owner(void **state) {
  struct world *world = *state;

  assert_null(preorder(world, "foo.id", &world->alice));
  assert_null(register_for(world, "foo.id", &world->alice));
  assert_refused(register_for(world, "foo.id", &world->bob), "The renewal of foo.id names another owner");
  assert_null(register_for(world, "foo.id", &world->alice));
}

static void a_preorder_must_be_younger_than_its_namespace(void **state) {
  struct world *world = *state;
  struct bs_namespace_entry entry;
  struct bs_error error = {0};
  bool found;

  assert_null(preorder(world, "foo.id", &world->alice));
  assert_ok(bs_index_get_namespace(&world->index, &entry, &found, "id", &error));
  entry.ready_block = world->height + 1;
  assert_ok(bs_index_put_namespace(&world->index, &entry, &error));
  assert_refused(register_for(world, "foo.id", &world->alice), "was preordered before its namespace");
  entry.ready_block = world->height - 1; /* the block of the preorder is not too early */
  assert_ok(bs_index_put_namespace(&world->index, &entry, &error));
  assert_null(register_for(world, "foo.id", &world->alice));
}

static void two_claims_of_one_block_are_refused(void **state) {
  struct world *world = *state;
  struct sent sent[2];

  assert_null(preorder(world, "foo.id", &world->alice));
  assert_null(preorder(world, "foo.id", &world->bob));
  begin_registration(&sent[0], "foo.id", &world->alice, &world->alice);
  begin_registration(&sent[1], "foo.id", &world->bob, &world->bob);
  assert_refused(judge(world, sent, 2), "Several transactions of one block claim foo.id");
  assert_refused(world->judged[0].reason, "Several transactions of one block claim foo.id");
  assert_null(judge(world, sent, 1)); /* the preorders are still there */
}

/* ---- an index that somebody changed ---- */

static void what_was_changed_since_is_not_undone(void **state) {
  struct world *world = *state;
  struct bs_error error = {0};

  assert_null(preorder(world, "foo.id", &world->alice));
  assert_ok(bs_database_execute(world->index.database, "UPDATE preorders SET op_fee = op_fee + 1", &error));
  assert_fails(bs_index_rollback(&world->index, world->height - 1, &error), BS_WORD_failed,
               "could not be noted or undone");
  assert_ok(bs_database_execute(world->index.database, "UPDATE preorders SET op_fee = op_fee - 1", &error));
  assert_ok(bs_index_rollback(&world->index, world->height - 1, &error));
}

/* `changes` of the newest block's row; within a savepoint, so that the next one finds it whole again. */
static void assert_damage_is_seen(struct world *world, const char *changes) {
  struct bs_error error = {0};
  uint64_t block = 0;
  bool whole = true;
  char *sql BS_AUTO_FREE = NULL;

  assert_true(asprintf(&sql, "SAVEPOINT whole; UPDATE undo SET %s WHERE block = %llu", changes,
                       (unsigned long long)world->height) > 0);
  assert_ok(bs_database_execute(world->index.database, sql, &error));
  assert_fails(bs_index_rollback(&world->index, world->height - 1, &error), BS_WORD_corrupt, "is not what was once written");
  assert_ok(bs_undo_check(&world->index, &block, &whole, &error));
  assert_false(whole);
  assert_int_equal(block, world->height);
  assert_ok(bs_database_execute(world->index.database, "ROLLBACK TO whole; RELEASE whole", &error));
}

static int length_of_undo(struct world *world) {
  sqlite3_stmt *row = NULL;
  int length;

  assert_int_equal(sqlite3_prepare_v2(world->index.database->sqlite, "SELECT length(changes) FROM undo ORDER BY block DESC", -1,
                                      &row, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(row), SQLITE_ROW);
  length = sqlite3_column_int(row, 0);
  sqlite3_finalize(row);
  return length;
}

/* Each byte of it: many an altered one SQLite would take and put false values back, and over some it would never end. */
static void what_undoes_a_block_is_what_was_kept(void **state) {
  struct world *world = *state;
  struct bs_error error = {0};
  uint64_t block;
  bool whole = false;
  int length;

  assert_null(preorder(world, "foo.id", &world->alice));
  length = length_of_undo(world);
  assert_true(length > 100);
  for (int i = 1; i <= length; i++) {
    char *changes BS_AUTO_FREE = NULL;

    assert_true(asprintf(&changes, "changes = CAST(substr(changes, 1, %d) || CASE WHEN substr(changes, %d, 1) = x'07' THEN x'ff'"
                         " ELSE x'07' END || substr(changes, %d) AS BLOB)", i - 1, i, i + 1) > 0);
    assert_damage_is_seen(world, changes);
  }
  assert_damage_is_seen(world, "changes = x''");
  assert_damage_is_seen(world, "changes = substr(changes, 1, length(changes) - 1)");
  assert_damage_is_seen(world, "changes = CAST(changes || x'00' AS BLOB)");
  assert_damage_is_seen(world, "digest = x''");
  assert_damage_is_seen(world, "digest = substr(digest, 1, 31)");
  assert_damage_is_seen(world, "digest = zeroblob(32)");
  assert_ok(bs_undo_check(&world->index, &block, &whole, &error));
  assert_true(whole);
  assert_ok(bs_index_rollback(&world->index, world->height - 1, &error));
}

/* As one of an older release has it. */
static void what_has_no_digest_is_undone(void **state) {
  struct world *world = *state;
  struct bs_error error = {0};
  uint64_t block;
  bool whole = false;

  assert_null(preorder(world, "foo.id", &world->alice));
  assert_ok(bs_database_execute(world->index.database, "UPDATE undo SET digest = NULL", &error));
  assert_ok(bs_undo_check(&world->index, &block, &whole, &error));
  assert_true(whole);
  assert_ok(bs_index_rollback(&world->index, world->height - 1, &error));
}

static bool count_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  (void)block;
  (void)error;
  assert_int_equal(fields->opcode, BS_NAME_PREORDER);
  ++*(size_t *)user;
  return true;
}

static void an_operation_that_was_changed_is_not_told(void **state) {
  static const char *const changes[] = {
      "substr(serialised, 1, length(serialised) - 1)", /* cut */
      "serialised || ',0:'",                           /* a field too many */
      "'$' || substr(serialised, 2)",                  /* of no operation */
      "replace(serialised, ':1000', ':1,00')",         /* no number */
      "replace(serialised, ',32:', ',33:')",           /* a length that is wrong */
      "replace(serialised, ',32:', ';32:')",           /* no comma */
      "replace(serialised, ',32:', ',:')",             /* no length */
      "replace(serialised, '4:1000', '99999999999999999999:1000')",
      "'?:'",
      "''",
  };
  struct world *world = *state;
  struct bs_error error = {0};
  size_t count = 0;

  assert_null(preorder(world, "foo.id", &world->alice));
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    char *sql BS_AUTO_FREE = NULL;

    assert_true(asprintf(&sql, "SAVEPOINT whole; UPDATE operations SET serialised = CAST(%s AS BLOB)", changes[i]) > 0);
    assert_ok(bs_database_execute(world->index.database, sql, &error));
    if (bs_index_operations_at(&world->index, world->height, count_operation, &count, &error))
      fail_msg("%s is taken for an operation", changes[i]);
    assert_int_equal(error.word, BS_WORD_corrupt);
    assert_non_null(strstr(error.message, "is not what was once written"));
    assert_ok(bs_database_execute(world->index.database, "ROLLBACK TO whole", &error));
  }
  assert_int_equal(count, 0);
  assert_ok(bs_index_operations_at(&world->index, world->height, count_operation, &count, &error));
  assert_int_equal(count, 1);
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, open_world, close_world)

int main(void) {
  const struct CMUnitTest tests[] = {
      WORLD_TEST(one_transaction_alone_is_refused),
      WORLD_TEST(nobody_owns_more_than_the_quota),
      WORLD_TEST(a_renewal_keeps_the_owner),
      WORLD_TEST(a_preorder_must_be_younger_than_its_namespace),
      WORLD_TEST(two_claims_of_one_block_are_refused),
      WORLD_TEST(what_was_changed_since_is_not_undone),
      WORLD_TEST(what_undoes_a_block_is_what_was_kept),
      WORLD_TEST(what_has_no_digest_is_undone),
      WORLD_TEST(an_operation_that_was_changed_is_not_told),
  };
  return RUN_TESTS(tests);
}
