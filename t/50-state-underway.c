/* SPDX-License-Identifier: MIT */
/* Operations that wait for a block, as the state keeps them. */
#include <config.h>

#include <signal.h>
#include <sys/wait.h>

#include "core/state/underway.h"
#include "t/lib/state.h"

#define CHAIN_ONE "0100000000000000000000000000000000000000000000000000000000000000"

/* Each member's value depends on `number`. */
static struct bs_underway make(unsigned char number) {
  struct bs_underway operation = {.name = "foo.id", .opcode = '+', .stage = BS_STAGE_MADE, .has_consensus = number % 2 != 0,
                                  .consensus_block = 100u + number, .change = number, .fee = 1000u + number,
                                  .block = 200u + number, .spent = 400u + number, .looked = 190u + number, .made = 300u + number};
  static const char reason[] = "a reason";

  memcpy(operation.chain_id, chain_one, 32);
  memset(operation.txid, number, 32);
  memset(operation.sender, number, sizeof operation.sender);
  memset(operation.payer, number + 1, sizeof operation.payer);
  memset(operation.value_hash, 'a', 40);
  memcpy(operation.address, "1address", 9);
  memcpy(operation.reason, reason, sizeof reason);
  bs_buffer_add(&operation.raw, operation.txid, 10);
  operation.inputs = calloc(2, sizeof *operation.inputs);
  assert_non_null(operation.inputs);
  operation.input_count = 2;
  for (size_t i = 0; i < 2; i++)
    operation.inputs[i] = (struct bs_underway_input){
        .txid = {number, 1}, .output = (uint32_t)(0xfffffff0 + i), .value = UINT64_C(2100000000000000) - i, .script = {7, 8},
        .script_length = i == 0 ? 25 : 22};
  return operation;
}

static void assert_same(const struct bs_underway *a, const struct bs_underway *b) {
  assert_int_equal(a->id, b->id);
  assert_memory_equal(a->chain_id, b->chain_id, 32);
  assert_string_equal(a->name, b->name);
  assert_int_equal(a->opcode, b->opcode);
  assert_int_equal(a->stage, b->stage);
  assert_memory_equal(a->txid, b->txid, 32);
  assert_int_equal(a->raw.length, b->raw.length);
  assert_memory_equal(a->raw.bytes, b->raw.bytes, b->raw.length);
  assert_int_equal(a->earlier.length, b->earlier.length);
  assert_int_equal(a->input_count, b->input_count);
  assert_memory_equal(a->inputs, b->inputs, b->input_count * sizeof *b->inputs);
  assert_string_equal(a->value_hash, b->value_hash);
  assert_string_equal(a->address, b->address);
  assert_memory_equal(a->sender, b->sender, sizeof b->sender);
  assert_memory_equal(a->payer, b->payer, sizeof b->payer);
  assert_true(a->has_consensus == b->has_consensus && a->consensus_block == b->consensus_block && a->change == b->change &&
              a->fee == b->fee && a->block == b->block && a->spent == b->spent && a->looked == b->looked && a->made == b->made);
  assert_string_equal(a->reason, b->reason);
}

static void what_is_saved_is_listed_by_another_process(void **state) {
  struct bs_state *writer AUTO_STATE = open_state(*state), *reader AUTO_STATE = open_state(*state);
  struct bs_underway made[] = {make(1), make(2)}, *saved[] = {&made[0], &made[1]}, *items;
  struct bs_error error = {0};
  size_t count;

  assert_ok(bs_state_underway_list(reader, NULL, &items, &count, chain_one, &error));
  assert_int_equal(count, 0);
  bs_underway_free(items, count);
  assert_ok(bs_state_underway_save(writer, NULL, saved, 2, &error));
  assert_true(made[0].id > 0 && made[1].id > made[0].id);
  assert_ok(bs_state_underway_list(reader, NULL, &items, &count, chain_one, &error));
  assert_int_equal(count, 2);
  for (size_t i = 0; i < 2; i++) assert_same(&items[i], &made[i]);
  bs_underway_free(items, count);

  made[0].stage = BS_STAGE_SENT;
  made[0].fee = 5;
  made[1].is_over = true;
  assert_ok(bs_state_underway_save(writer, NULL, saved, 2, &error));
  assert_ok(bs_state_underway_list(reader, NULL, &items, &count, NULL, &error));
  assert_int_equal(count, 1);
  assert_same(&items[0], &made[0]);
  bs_underway_free(items, count);
  for (size_t i = 0; i < 2; i++) bs_underway_clear(&made[i]);
}

static void chains_are_apart(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_underway one = make(1), two = make(2), *saved[] = {&one, &two}, *items;
  struct bs_error error = {0};
  size_t count;

  memcpy(two.chain_id, chain_two, 32);
  assert_ok(bs_state_underway_save(opened, NULL, saved, 2, &error));
  assert_ok(bs_state_underway_list(opened, NULL, &items, &count, chain_two, &error));
  assert_int_equal(count, 1);
  assert_int_equal(items[0].id, two.id);
  bs_underway_free(items, count);
  bs_underway_clear(&one);
  bs_underway_clear(&two);
}

static void a_transaction_that_is_made_anew_keeps_its_user_record(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_underway made = make(1), *saved[] = {&made};
  struct bs_intent begun = intent(&here, 6, 2, 3);
  struct bs_pending *items;
  struct bs_error error = {0};
  char old[65], new[65];
  int64_t entry;
  size_t count;

  begun.made_from = "1111111111111111111111111111111111111111";
  begun.base = "2222222222222222222222222222222222222222";
  begun.is_whole = true;
  memset(old, '0', 64), memset(new, '0', 64);
  for (size_t i = 0; i < 64; i += 2) old[i + 1] = '1', new[i + 1] = '9';
  old[64] = new[64] = '\0';
  assert_ok(bs_state_intend(opened, NULL, &entry, &begun, &error));
  memset(made.value_hash, '3', 40);
  assert_ok(bs_state_underway_save(opened, NULL, saved, 1, &error));
  assert_ok(bs_state_journal_list(opened, NULL, &items, &count, CHAIN_ONE, "foo.id", &error));
  assert_string_equal(items[0].txid, old); /* before anything is sent */
  bs_pending_free(items, count);
  bs_buffer_add(&made.earlier, made.txid, 32);
  memset(made.txid, 9, 32);
  assert_ok(bs_state_underway_save(opened, NULL, saved, 1, &error));
  assert_ok(bs_state_journal_list(opened, NULL, &items, &count, CHAIN_ONE, "foo.id", &error));
  assert_int_equal(count, 1);
  assert_string_equal(items[0].txid, new);
  assert_string_equal(items[0].made_from, begun.made_from);
  assert_string_equal(items[0].base, begun.base);
  assert_true(items[0].is_whole);
  bs_pending_free(items, count);
  bs_buffer_add(&made.earlier, made.txid, 32); /* the former one got into a block after all */
  memset(made.txid, 1, 32);
  made.is_over = true;
  assert_ok(bs_state_underway_save(opened, NULL, saved, 1, &error));
  assert_ok(bs_state_journal_list(opened, NULL, &items, &count, CHAIN_ONE, "foo.id", &error));
  assert_int_equal(count, 1);
  assert_string_equal(items[0].txid, old);
  bs_pending_free(items, count);
  bs_underway_clear(&made);
}

/* Killed at any moment, a state has all of a commit or nothing. */
static void a_process_that_is_killed_leaves_whole_commits(void **state) {
  for (int i = 0; i < 20; i++) {
    struct bs_state *opened AUTO_STATE = open_state(*state);
    struct bs_underway *items;
    struct bs_error error = {0};
    size_t count;
    pid_t child = fork();

    if (child == 0) {
      struct bs_state *own = open_state(*state);

      for (unsigned char number = 1;; number++) {
        struct bs_underway one = make(number), two = make((unsigned char)(number + 1)), *saved[] = {&one, &two};

        if (!bs_state_underway_save(own, NULL, saved, 2, &error)) _exit(1);
      }
    }
    usleep(5000 + 2000 * (unsigned)i);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_ok(bs_state_underway_list(opened, NULL, &items, &count, chain_one, &error));
    assert_int_equal(count % 2, 0);
    bs_underway_free(items, count);
  }
}

static void damaged_rows_are_refused(void **state) {
  static const char *const damages[] = {"chain = x'01'",   "txid = x'01'",    "sender = x'01'",   "inputs = x'01'",
                                        "earlier = x'01'", "stage = 9",       "opcode = 0",       "fee = -1",
                                        "name = zeroblob(60)", "inputs = x'00' || replace(hex(zeroblob(70)), '0', '')",
                                        "reason = hex(zeroblob(200))"};
  char *file BS_AUTO_FREE = path_in(*state, "state/state.db");

  for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
    struct bs_state *opened AUTO_STATE = open_state(*state);
    struct bs_underway made = make(1), *saved[] = {&made}, *items;
    struct bs_error error = {0};
    char sql[200];
    sqlite3 *sqlite;
    size_t count;

    assert_ok(bs_state_underway_save(opened, NULL, saved, 1, &error));
    assert_int_equal(sqlite3_open(file, &sqlite), SQLITE_OK);
    snprintf(sql, sizeof sql, "UPDATE operations SET %s", damages[i]);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_fails(bs_state_underway_list(opened, NULL, &items, &count, NULL, &error), BS_WORD_corrupt, "The state is damaged");
    assert_int_equal(sqlite3_exec(sqlite, "DELETE FROM operations", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
    bs_underway_clear(&made);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(what_is_saved_is_listed_by_another_process),
      in_place(chains_are_apart),
      in_place(a_transaction_that_is_made_anew_keeps_its_user_record),
      in_place(a_process_that_is_killed_leaves_whole_commits),
      in_place(damaged_rows_are_refused),
  };

  return RUN_TESTS(tests);
}
