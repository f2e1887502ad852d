/* SPDX-License-Identifier: MIT */
/* What is asked of a ledger: the names of a namespace, the operations of a block and of a name, what was refused. */
#include <config.h>

#include "core/chain/ledger-private.h"
#include "core/chain/statements.h"
#include "core/codec/hex.h"
#include "t/lib/ledger.h"

/* ---- operations, as they were visited ---- */

struct seen {
  size_t count;
  uint64_t blocks[8];
  enum bs_opcode opcodes[8];
  char values[8][400]; /* "name=value " of each field that has one */
};

static bool see(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct seen *seen = user;
  char *at = seen->values[seen->count];
  size_t left = sizeof seen->values[0];

  (void)error;
  assert_true(seen->count < 8);
  seen->blocks[seen->count] = block;
  seen->opcodes[seen->count++] = fields->opcode;
  for (size_t i = 0; i < fields->count; i++) {
    const struct bs_field *field = &fields->items[i];
    int length;

    if (field->length == 0 || field->length > 40 || strcmp(field->name, "sender") == 0) continue;
    length = snprintf(at, left, "%s=%.*s ", field->name, (int)field->length, field->value);
    assert_true(length > 0 && (size_t)length < left);
    at += length;
    left -= (size_t)length;
  }
  return true;
}

#define assert_seen(seen, number, opcode, text)                                                \
  do {                                                                                         \
    assert_true((number) < (seen).count);                                                      \
    assert_int_equal((seen).opcodes[number], (opcode));                                        \
    if (strstr((seen).values[number], (text)) == NULL) fail_msg("%s", (seen).values[number]);  \
  } while (0)

static struct seen operations_at(struct fixture *fixture, uint64_t block) {
  struct seen seen = {0};
  struct bs_error error = {0};

  assert_ok(bs_index_operations_at(bs_ledger_index(fixture->ledger), block, see, &seen, &error));
  return seen;
}

static struct seen operations_on(struct fixture *fixture, const char *name, uint64_t first, uint64_t last) {
  struct seen seen = {0};
  struct bs_error error = {0};

  assert_ok(bs_index_operations_on(bs_ledger_index(fixture->ledger), name, first, last, see, &seen, &error));
  return seen;
}

static void the_operations_of_a_block(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation update;
  struct seen seen;
  uint64_t height;

  own(fixture, "foo.id", fixture->alice);
  height = tip_of(fixture).height;
  seen = operations_at(fixture, height - 1);
  assert_int_equal(seen.count, 1);
  assert_seen(seen, 0, BS_NAME_PREORDER, "op=? ");
  assert_seen(seen, 0, BS_NAME_PREORDER, "op_fee=6400000 ");
  seen = operations_at(fixture, height);
  assert_int_equal(seen.count, 1);
  assert_int_equal(seen.blocks[0], height);
  assert_seen(seen, 0, BS_NAME_REGISTRATION, "name=foo.id address=");
  assert_seen(seen, 0, BS_NAME_REGISTRATION, "revoked=False op=: vtxindex=0 op_fee=6400000 recipient_address=");
  update = update_of(fixture, "foo.id", 0x11);
  assert_null(send(fixture, fixture->alice, &update, NULL, 0));
  seen = operations_at(fixture, height + 1);
  assert_seen(seen, 0, BS_NAME_UPDATE, "value_hash=1111111111111111111111111111111111111111 ");
  assert_seen(seen, 0, BS_NAME_UPDATE, "consensus_hash=");
  assert_int_equal(operations_at(fixture, 1).count, 0);
  assert_int_equal(operations_at(fixture, height + 2).count, 0);
  assert_int_equal(operations_at(fixture, UINT64_MAX).count, 0);
}

static void the_operations_on_a_name(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation operation, revoke = {.opcode = BS_NAME_REVOKE, .name = "foo.id"};
  struct seen seen;
  uint64_t first;

  own(fixture, "foo.id", fixture->alice);
  first = tip_of(fixture).height;
  own(fixture, "bar.id", fixture->alice);
  operation = update_of(fixture, "foo.id", 0x22);
  assert_null(send(fixture, fixture->alice, &operation, NULL, 0));
  operation = (struct bs_operation){.opcode = BS_NAME_TRANSFER, .keep_data = true};
  bs_hash128(operation.name_hash, "foo.id", 6);
  memcpy(operation.consensus, tip_of(fixture).consensus, sizeof operation.consensus);
  assert_null(send(fixture, fixture->alice, &operation, fixture->bob, 0));
  assert_null(send(fixture, fixture->bob, &revoke, NULL, 0));
  seen = operations_on(fixture, "foo.id", 0, UINT64_MAX);
  assert_int_equal(seen.count, 4);
  assert_int_equal(seen.blocks[0], first);
  assert_int_equal(seen.blocks[3], first + 5);
  assert_seen(seen, 1, BS_NAME_UPDATE, "value_hash=2222");
  assert_seen(seen, 2, BS_NAME_TRANSFER, "op=>> ");
  assert_seen(seen, 2, BS_NAME_TRANSFER, "keep_data=True ");
  assert_seen(seen, 3, BS_NAME_REVOKE, "revoked=True op=~ ");
  assert_int_equal(operations_on(fixture, "foo.id", first + 3, first + 4).count, 2);
  assert_int_equal(operations_on(fixture, "foo.id", first + 6, UINT64_MAX).count, 0);
  assert_int_equal(operations_on(fixture, "bar.id", 0, UINT64_MAX).count, 1);
  assert_int_equal(operations_on(fixture, "nobody.id", 0, UINT64_MAX).count, 0);
}

/* Alice preorders and reveals it, for bob. */
static void reveal(struct fixture *fixture, const char *id) {
  struct bs_operation preorder = preorder_of(fixture, id, fixture->alice, fixture->bob),
                      reveal = {.opcode = BS_NAMESPACE_REVEAL,
                                .version = 1,
                                .rules = {.lifetime = 52595,
                                          .coeff = 250,
                                          .base = 4,
                                          .buckets = {6, 5, 4, 3, 2, 1},
                                          .nonalpha_discount = 10,
                                          .no_vowel_discount = 9}};

  preorder.opcode = BS_NAMESPACE_PREORDER;
  snprintf(reveal.name, sizeof reveal.name, "%s", id);
  assert_null(send(fixture, fixture->alice, &preorder, NULL, bs_price_of_namespace(id)));
  assert_null(send(fixture, fixture->alice, &reveal, fixture->bob, 0));
}

static void the_operations_on_a_namespace(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation ready = {.opcode = BS_NAMESPACE_READY, .name = "long-space"};
  struct seen seen;
  uint64_t height;

  reveal(fixture, "long-space");
  assert_null(send(fixture, fixture->bob, &ready, NULL, 0));
  height = tip_of(fixture).height;
  seen = operations_at(fixture, height - 2);
  assert_seen(seen, 0, BS_NAMESPACE_PREORDER, "op=* op_fee=40000000 ");
  seen = operations_at(fixture, height - 1);
  assert_seen(seen, 0, BS_NAMESPACE_REVEAL, "namespace_id=long-space ");
  assert_seen(seen, 0, BS_NAMESPACE_REVEAL, "lifetime=52595 coeff=250 base=4 ");
  assert_seen(seen, 0, BS_NAMESPACE_REVEAL, "nonalpha_discount=10 no_vowel_discount=9 ");
  seen = operations_at(fixture, height);
  assert_seen(seen, 0, BS_NAMESPACE_READY, "op=! ");
  assert_seen(seen, 0, BS_NAMESPACE_READY, "ready_block=");
}

static bool stop(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  (void)user;
  (void)block;
  (void)fields;
  return bs_fail(error, BS_WORD_failed, "Enough.");
}

static void a_visitor_ends_the_question(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  own(fixture, "foo.id", fixture->alice);
  assert_fails(bs_index_operations_on(bs_ledger_index(fixture->ledger), "foo.id", 0, 99, stop, NULL, &error),
               BS_WORD_failed, "Enough");
  mine(fixture, 1); /* no read stayed open */
}

/* ---- what is no serialised operation ---- */

#define REVOKE                                                                                             \
  "~:6:foo.id,0:,2:76,0:,3:1AB,1:1,1:1,1:2,1:2,4:True,1:~,2:00,1:0,5:100.0,0:,0:"

static bool read_copy(struct bs_fields *fields, const char *text, size_t length, struct bs_error *error) {
  char *copy = malloc(length + 1); /* whatever is read beyond it is seen */
  bool good;

  assert_non_null(copy);
  memcpy(copy, text, length);
  good = bs_fields_read(fields, copy, length, error);
  free(copy);
  return good;
}

static void what_is_damaged_is_not_read(void **state) {
  static const char *const damaged[] = {
      "", "~", "~:", "x:1:a", "#:1:a", "~;6:foo.id",
      REVOKE ",", REVOKE ",1:x", /* too long */
      "~:6:foo.id,0:,2:76,0:,3:1AB,1:1,1:1,1:2,1:2,4:Trux,1:~,2:00,1:0,5:100.0,0:,0:",
      "~:6:foo.id,0:,2:76,0:,3:1AB,1:1,1:1,1:2,1:x,4:True,1:~,2:00,1:0,5:100.0,0:,0:",
      "~:6:foo.id,0:,2:76,0:,3:1AB,1:1,1:1,1:2,0:,4:True,1:~,2:00,1:0,5:100.0,0:,0:",
      "~:6:foo.id,:,2:76,0:,3:1AB,1:1,1:1,1:2,1:2,4:True,1:~,2:00,1:0,5:100.0,0:,0:",
      "~:6:foo.id;0:,2:76,0:,3:1AB,1:1,1:1,1:2,1:2,4:True,1:~,2:00,1:0,5:100.0,0:,0:",
      "~:99999999999999999999999999999999:foo.id",
      /* no numbers of JSON, and no text */
      "~:6:foo.id,0:,2:76,0:,3:1AB,1:1,1:1,1:2,3:010,4:True,1:~,2:00,1:0,5:100.0,0:,0:",
      "~:6:foo.id,0:,2:76,0:,3:1AB,1:1,1:1,1:2,1:2,4:True,1:~,2:00,1:0,4:100.,0:,0:",
      "~:6:foo.id,0:,2:76,0:,3:1AB,1:1,1:1,1:2,1:2,4:True,1:~,2:00,1:0,5:1e100,0:,0:",
      "~:7:foo\xff.id,0:,2:76,0:,3:1AB,1:1,1:1,1:2,1:2,4:True,1:~,2:00,1:0,5:100.0,0:,0:",
      "~:6:foo id,0:,2:76,0:,3:1AB,1:1,1:1,1:2,1:2,4:True,1:~,2:00,1:0,5:100.0,0:,0:",
  };
  struct bs_fields fields = {.count = 77};
  struct bs_error error = {0};

  (void)state;
  for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++)
    assert_fails(read_copy(&fields, damaged[i], strlen(damaged[i]), &error), BS_WORD_corrupt, "not what was once written");
  for (size_t length = 0; length < strlen(REVOKE); length++)
    assert_fails(read_copy(&fields, REVOKE, length, &error), BS_WORD_corrupt, "not what was once written");
  assert_int_equal(fields.count, 77);
  assert_ok(read_copy(&fields, REVOKE, strlen(REVOKE), &error));
  assert_int_equal(fields.count, 16);
  assert_string_equal(fields.items[13].name, "op_fee");
  assert_int_equal(fields.items[13].length, 5);
}

/* ---- the names of a namespace ---- */

static void assert_names(struct fixture *fixture, const char *id, uint64_t offset, uint64_t most, const char *expected) {
  struct bs_buffer texts BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  size_t count, expected_count = 0;

  assert_ok(bs_index_list_in_namespace(bs_ledger_index(fixture->ledger), &texts, &count, id, offset, most, &error));
  for (size_t i = 0; i < texts.length; i++)
    if (texts.bytes[i] == '\0') texts.bytes[i] = ' ';
  for (const char *at = expected; *at != '\0'; at++) expected_count += *at == ' ';
  assert_string_equal(texts.length == 0 ? "" : bs_buffer_string(&texts), expected);
  assert_int_equal(count, expected_count);
}

static void the_names_of_a_namespace(void **state) {
  struct fixture *fixture = *state;

  own(fixture, "foo.id", fixture->alice);
  own(fixture, "bar.id", fixture->bob);
  own(fixture, "a.brief", fixture->alice);
  own(fixture, "id.brief", fixture->alice);
  assert_names(fixture, "id", 0, 10, "bar.id foo.id ");
  assert_names(fixture, "brief", 0, UINT64_MAX, "a.brief id.brief ");
  assert_names(fixture, "id", 1, 10, "foo.id ");
  assert_names(fixture, "id", 0, 1, "bar.id ");
  assert_names(fixture, "id", 2, 10, "");
  assert_names(fixture, "d", 0, 10, "");
  assert_names(fixture, "foo.id", 0, 10, "");
}

static void assert_plan(struct fixture *fixture, enum bs_chain_statement statement, const char *text) {
  char sql[300];
  sqlite3_stmt *row;

  snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", bs_ledger_kind.statements[statement]);
  assert_int_equal(sqlite3_prepare_v2(fixture->ledger->database->sqlite, sql, -1, &row, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(row), SQLITE_ROW);
  if (strstr((const char *)sqlite3_column_text(row, 3), text) == NULL) fail_msg("%s", sqlite3_column_text(row, 3));
  assert_int_equal(sqlite3_step(row), SQLITE_DONE); /* nothing is sorted either */
  sqlite3_finalize(row);
}

static void no_question_looks_at_everything(void **state) {
  struct fixture *fixture = *state;

  assert_plan(fixture, BS_SQL_names_of_namespace, "USING COVERING INDEX names_by_namespace (<expr>=?)");
  assert_plan(fixture, BS_SQL_operations_at, "USING INDEX sqlite_autoindex_operations_1 (block=?)");
  assert_plan(fixture, BS_SQL_operations_of_name, "USING INDEX operations_by_name (name=? AND block>? AND block<?)");
  assert_plan(fixture, BS_SQL_refused_of_block, "USING PRIMARY KEY (block=?)");
}

/* ---- what was refused ---- */

struct refusals {
  size_t count;
  struct bs_refused items[4];
};

static bool note(void *user, const struct bs_refused *refused, struct bs_error *error) {
  struct refusals *refusals = user;

  (void)error;
  assert_true(refusals->count < 4);
  refusals->items[refusals->count++] = *refused;
  return true;
}

static struct refusals refused_at(struct fixture *fixture, uint64_t block) {
  struct refusals refusals = {0};
  struct bs_error error = {0};

  assert_ok(bs_index_refused_at(bs_ledger_index(fixture->ledger), block, note, &refusals, &error));
  return refusals;
}

/* Alice's coin back to her, and these bytes in the data output. */
static void make_payload(struct bs_buffer *raw, unsigned char txid[BS_TXID_SIZE], struct fixture *fixture,
                         const struct bs_key *key, const char *payload) {
  struct bs_coin coin = coin_of(fixture, key, 0);
  struct bs_draft draft = {.input_count = 0};
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_error error = {0};

  hash_of(hash, key);
  bs_draft_spend(&draft, &coin, key);
  bs_draft_data(&draft, (const unsigned char *)payload, strlen(payload));
  bs_draft_pay(&draft, hash, coin.value);
  assert_ok(bs_draft_sign(raw, txid, &draft, &error));
}

static void what_is_refused_is_kept(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation registration = registration_of("foo.id");
  struct bs_buffer raws[2] = {BS_BUFFER_INIT, BS_BUFFER_INIT};
  unsigned char txids[2][BS_TXID_SIZE];
  struct refusals refusals;
  uint64_t height;
  struct bs_error error = {0};

  assert_refused(send(fixture, fixture->alice, &registration, fixture->alice, 0), "not preordered");
  height = tip_of(fixture).height;
  refusals = refused_at(fixture, height);
  assert_int_equal(refusals.count, 1);
  assert_int_equal(refusals.items[0].vtxindex, 0);
  assert_string_equal(refusals.items[0].reason, fixture->verdicts[0].reason);
  assert_int_equal(operations_at(fixture, height).count, 0);

  make_payload(&raws[0], txids[0], fixture, fixture->alice, "hello"); /* another chain's, or nobody's */
  make_payload(&raws[1], txids[1], fixture, fixture->bob, "id:no dot");
  assert_ok(append(fixture, raws, 2, &error));
  refusals = refused_at(fixture, height + 1);
  assert_int_equal(refusals.count, 1);
  assert_int_equal(refusals.items[0].vtxindex, 1);
  assert_memory_equal(refusals.items[0].txid, txids[1], BS_TXID_SIZE);
  assert_int_equal(refused_at(fixture, height + 2).count, 0);
  bs_buffer_free(&raws[0]);
  bs_buffer_free(&raws[1]);
}

static void what_is_refused_follows_from_the_blocks(void **state) {
  struct fixture *fixture = *state;
  struct bs_database *database = fixture->ledger->database;
  struct bs_operation registration = registration_of("foo.id");
  struct bs_error error = {0};

  assert_refused(send(fixture, fixture->alice, &registration, fixture->alice, 0), "not preordered");
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
  assert_ok(bs_database_execute(database, "UPDATE refused SET reason = 'told in another way'", &error));
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
  assert_ok(bs_database_execute(database, "UPDATE refused SET vtxindex = 1", &error));
  assert_fails(bs_ledger_replay_check(fixture->ledger, &error), BS_WORD_corrupt, "refused");
  assert_ok(bs_database_execute(database, "DELETE FROM refused", &error));
  assert_fails(bs_ledger_replay_check(fixture->ledger, &error), BS_WORD_corrupt, "refused");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      LEDGER_TEST(the_operations_of_a_block),
      LEDGER_TEST(the_operations_on_a_name),
      LEDGER_TEST(the_operations_on_a_namespace),
      LEDGER_TEST(a_visitor_ends_the_question),
      cmocka_unit_test(what_is_damaged_is_not_read),
      LEDGER_TEST(the_names_of_a_namespace),
      LEDGER_TEST(no_question_looks_at_everything),
      LEDGER_TEST(what_is_refused_is_kept),
      LEDGER_TEST(what_is_refused_follows_from_the_blocks),
  };
  return RUN_TESTS(tests);
}
