/* SPDX-License-Identifier: MIT */
/* What was believed about data and names is kept, and only rises. */
#include <config.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include "t/lib/state.h"

static struct bs_name_seen answer(uint64_t block, uint64_t vtxindex, const char *value_hash) {
  struct bs_name_seen name = {.block = block, .vtxindex = vtxindex, .owner = "1owner"};

  snprintf(name.value_hash, sizeof name.value_hash, "%s", value_hash);
  return name;
}

static void what_is_missing_reads_as_empty(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_recalled recalled = recall(opened, &here, 7);
  char *directory BS_AUTO_FREE = path_in(*state, "state");
  struct bs_unfinished *items = (void *)1;
  struct bs_error error = {0};
  size_t count = 1;

  assert_false(recalled.has_name || recalled.has_version || recalled.has_current);
  assert_int_equal(recalled.clock, 0);
  assert_int_equal(recalled.reserved, 0);
  assert_ok(bs_state_unfinished(opened, NULL, &items, &count, &error));
  assert_int_equal(count, 0);
  bs_unfinished_free(items, count);
  assert_int_equal(access(directory, F_OK), -1);
}

static void believing_makes_a_private_state(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  char *directory BS_AUTO_FREE = path_in(*state, "state");
  struct bs_seen version = seen(1, 1, 1);
  struct bs_error error = {0};
  struct stat status;

  assert_ok(believe(opened, &here, &version, NULL, 10, &error));
  assert_int_equal(stat(directory, &status), 0);
  assert_int_equal(status.st_mode & 07777, 0700);
}

static void what_was_believed_is_recalled(void **state) {
  struct bs_state *opened = open_state(*state);
  struct bs_name_seen name = answer(UINT64_C(5000000000), 3, "00112233445566778899aabbccddeeff00112233");
  struct bs_seen version = seen(BS_VER_MAX, 8, 9);
  struct bs_recalled recalled;
  struct bs_error error = {0};

  snprintf(name.consensus, sizeof name.consensus, "%032d", 5);
  version.is_tombstone = true;
  assert_ok(believe(opened, &here, &version, &name, 1000, &error));
  bs_state_free(opened);
  opened = open_state(*state);
  recalled = recall(opened, &here, 9);
  bs_state_free(opened);
  assert_int_equal(recalled.clock, 1000);
  assert_true(recalled.has_name && recalled.has_version && recalled.has_current);
  assert_int_equal(recalled.name.block, UINT64_C(5000000000));
  assert_int_equal(recalled.name.vtxindex, 3);
  assert_string_equal(recalled.name.value_hash, name.value_hash);
  assert_string_equal(recalled.name.owner, "1owner");
  assert_string_equal(recalled.name.consensus, name.consensus);
  assert_false(recalled.name.is_current);
  assert_int_equal(recalled.version.ver, BS_VER_MAX);
  assert_memory_equal(recalled.version.z, version.z, sizeof version.z);
  assert_memory_equal(recalled.version.signer, version.signer, sizeof version.signer);
  assert_true(recalled.version.is_tombstone);
  assert_false(recalled.version.is_legacy);
}

static void a_version_only_rises(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen first = seen(5, 1, 1), lower = seen(4, 1, 1), rival = seen(5, 2, 1), next = seen(6, 2, 1);
  struct bs_error error = {0};

  assert_ok(believe(opened, &here, &first, NULL, 10, &error));
  assert_fails(believe(opened, &here, &lower, NULL, 10, &error), BS_WORD_stale,
               "Version 4 is older than version 5, which was seen before, of this datum of foo.id: notes");
  assert_fails(believe(opened, &here, &rival, NULL, 10, &error), BS_WORD_conflict, "Two contents were signed for version 5");
  assert_ok(believe(opened, &here, &next, NULL, 10, &error));
  assert_int_equal(recall(opened, &here, 1).version.ver, 6);
  assert_int_equal(recall(opened, &here, 1).version.z[0], 2);
  assert_fails(believe(opened, &here, &first, NULL, 10, &error), BS_WORD_stale, "older");
}

static void a_refusal_changes_nothing(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen first = seen(5, 1, 1), lower = seen(4, 1, 1), next = seen(6, 1, 1);
  struct bs_name_seen name = answer(7, 0, ""), higher = answer(8, 0, ""), before = answer(6, 0, "");
  struct bs_recalled recalled;
  struct bs_error error = {0};

  assert_ok(believe(opened, &here, &first, &name, 10, &error));
  assert_fails(believe(opened, &here, &lower, &higher, 20, &error), BS_WORD_stale, "older than version 5");
  assert_fails(believe(opened, &here, &next, &before, 20, &error), BS_WORD_stale, "from block 6");
  recalled = recall(opened, &here, 1);
  assert_int_equal(recalled.clock, 10);
  assert_int_equal(recalled.name.block, 7);
  assert_int_equal(recalled.version.ver, 5);
}

static void each_signer_id_name_and_chain_has_its_own(void **state) {
  static const struct bs_datum others[] = {{chain_one, "foo.id", "notes2"}, {chain_one, "fop.id", "notes"},
                                           {chain_two, "foo.id", "notes"}};
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen high = seen(9, 1, 1), low = seen(2, 2, 2);
  struct bs_name_seen name = answer(9, 0, "");
  struct bs_error error = {0};

  assert_ok(believe(opened, &here, &high, &name, 10, &error));
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    assert_false(recall(opened, &others[i], 1).has_version);
    assert_false(recall(opened, &others[i], 1).has_current);
    assert_int_equal(recall(opened, &others[i], 1).has_name, i == 0);
  }
  assert_false(recall(opened, &here, 2).has_version);
  assert_true(recall(opened, &here, 2).has_current);
  assert_ok(believe(opened, &here, &low, NULL, 10, &error));
  assert_int_equal(recall(opened, &here, 1).version.ver, 9);
  assert_int_equal(recall(opened, &here, 2).version.ver, 2);
  assert_false(recall(opened, &here, -1).has_version);
  assert_true(recall(opened, &here, -1).has_current);
}

static void a_name_alone_can_be_asked_for(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen version = seen(9, 1, 1);
  struct bs_name_seen name = answer(9, 0, ""), next = answer(10, 0, "");
  struct bs_intent begun = intent(&here, 10, 1, 0);
  struct bs_recalled recalled;
  struct bs_error error = {0};
  int64_t entry;

  assert_ok(believe(opened, &here, &version, &name, 10, &error));
  assert_ok(bs_state_intend(opened, NULL, &entry, &begun, &error));
  assert_ok(believe(opened, &name_only, NULL, &next, 10, &error));
  recalled = recall(opened, &name_only, 1);
  assert_true(recalled.has_name);
  assert_int_equal(recalled.name.block, 10);
  assert_false(recalled.has_version || recalled.has_current);
  assert_int_equal(recalled.reserved, 0);
}

static void a_tombstone_is_a_floor(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen tombstone = seen(5, 1, 1), old = seen(4, 2, 1), rival = seen(5, 2, 1), anew = seen(6, 2, 1);
  struct bs_error error = {0};

  tombstone.is_tombstone = true;
  assert_ok(believe(opened, &here, &old, NULL, 10, &error));
  assert_ok(believe(opened, &here, &tombstone, NULL, 10, &error));
  assert_fails(believe(opened, &here, &old, NULL, 10, &error), BS_WORD_stale, "older than version 5");
  assert_fails(believe(opened, &here, &rival, NULL, 10, &error), BS_WORD_conflict, "version 5");
  assert_ok(believe(opened, &here, &anew, NULL, 10, &error));
  assert_false(recall(opened, &here, 1).version.is_tombstone);
}

static void records_of_2015_end_with_the_first_later_one(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen legacy = seen(5, 1, 1), current = seen(6, 2, 1), other = seen(1, 3, 2);
  struct bs_error error = {0};

  legacy.is_legacy = true;
  assert_ok(believe(opened, &here, &legacy, NULL, 10, &error));
  assert_true(recall(opened, &here, 1).version.is_legacy);
  assert_false(recall(opened, &here, 1).has_current);
  assert_ok(believe(opened, &here, &current, NULL, 10, &error));
  assert_false(recall(opened, &here, 1).version.is_legacy);
  assert_true(recall(opened, &here, 1).has_current);
  assert_fails(believe(opened, &here, &legacy, NULL, 10, &error), BS_WORD_stale, "older");
  legacy.ver = 6;
  assert_fails(believe(opened, &here, &legacy, NULL, 10, &error), BS_WORD_conflict, "version 6");
  legacy.ver = 7;
  assert_fails(believe(opened, &here, &legacy, NULL, 10, &error), BS_WORD_downgrade,
               "left the records of 2015 behind; version 7");
  other.is_legacy = true;
  assert_fails(believe(opened, &here, &other, NULL, 10, &error), BS_WORD_downgrade, "version 1");
}

static void a_later_user_record_ends_them_too(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen legacy = seen(5, 1, 1);
  struct bs_name_seen name = answer(7, 0, "");
  struct bs_error error = {0};

  legacy.is_legacy = name.is_current = true;
  assert_ok(believe(opened, &name_only, NULL, &name, 10, &error));
  assert_fails(believe(opened, &here, &legacy, NULL, 10, &error), BS_WORD_downgrade, "foo.id");
}

static void an_answer_about_a_name_only_rises(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_name_seen first = answer(7, 4, "aa"), later = answer(7, 5, "bb"), before = answer(7, 4, "bb"),
                      below = answer(6, 9, "aa"), other = answer(7, 5, "cc"), next = answer(8, 0, "");
  struct bs_error error = {0};

  assert_ok(believe(opened, &name_only, NULL, &first, 10, &error));
  assert_ok(believe(opened, &name_only, NULL, &later, 10, &error));
  assert_fails(believe(opened, &name_only, NULL, &before, 10, &error), BS_WORD_stale,
               "from block 7, transaction 5, was believed before; the one from block 7, transaction 4, is older");
  assert_fails(believe(opened, &name_only, NULL, &below, 10, &error), BS_WORD_stale, "block 6, transaction 9");
  assert_fails(believe(opened, &name_only, NULL, &other, 10, &error), BS_WORD_stale, "value hash bb, owner 1owner");
  other = later;
  snprintf(other.owner, sizeof other.owner, "1other");
  assert_fails(believe(opened, &name_only, NULL, &other, 10, &error), BS_WORD_stale, "another answer about the name foo.id");
  assert_ok(believe(opened, &name_only, NULL, &next, 10, &error));
  assert_string_equal(recall(opened, &name_only, -1).name.value_hash, "");
  other = answer(8, 0, "cc");
  assert_fails(believe(opened, &name_only, NULL, &other, 10, &error), BS_WORD_stale, "value hash none");
}

static void the_consensus_of_an_answer_can_come_later(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_name_seen name = answer(7, 4, "aa");
  struct bs_error error = {0};

  assert_ok(believe(opened, &name_only, NULL, &name, 10, &error));
  snprintf(name.consensus, sizeof name.consensus, "c0");
  assert_ok(believe(opened, &name_only, NULL, &name, 10, &error));
  assert_string_equal(recall(opened, &name_only, -1).name.consensus, "c0");
  name.consensus[0] = '\0';
  assert_ok(believe(opened, &name_only, NULL, &name, 10, &error));
  assert_string_equal(recall(opened, &name_only, -1).name.consensus, "c0");
  snprintf(name.consensus, sizeof name.consensus, "c1"); /* that the block is another one is not said by the way */
  assert_ok(believe(opened, &name_only, NULL, &name, 10, &error));
  assert_string_equal(recall(opened, &name_only, -1).name.consensus, "c0");
}

static void an_answer_whose_block_is_gone_is_replaced(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_name_seen name = answer(7, 4, "aa"), lower = answer(5, 0, "bb");
  struct bs_belief belief = {.datum = &name_only, .name = &lower, .replaces_name = true, .now = 10};
  struct bs_recalled recalled;
  struct bs_error error = {0};

  assert_ok(bs_state_believe(opened, NULL, &belief, &error));
  name.is_current = true;
  snprintf(name.consensus, sizeof name.consensus, "c0");
  assert_ok(believe(opened, &name_only, NULL, &name, 10, &error));
  assert_ok(bs_state_believe(opened, NULL, &belief, &error));
  recalled = recall(opened, &name_only, -1);
  assert_int_equal(recalled.name.block, 5);
  assert_string_equal(recalled.name.value_hash, "bb");
  assert_string_equal(recalled.name.consensus, "");
  assert_true(recalled.name.is_current);
  snprintf(lower.consensus, sizeof lower.consensus, "c1");
  assert_ok(bs_state_believe(opened, NULL, &belief, &error));
  snprintf(lower.consensus, sizeof lower.consensus, "c2");
  assert_ok(bs_state_believe(opened, NULL, &belief, &error));
  assert_string_equal(recall(opened, &name_only, -1).name.consensus, "c2");
}

static void a_later_user_record_is_never_forgotten(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_name_seen name = answer(7, 4, "aa"), next = answer(8, 0, "bb");
  struct bs_error error = {0};

  assert_ok(believe(opened, &name_only, NULL, &name, 10, &error));
  assert_false(recall(opened, &name_only, -1).name.is_current);
  name.is_current = true;
  assert_ok(believe(opened, &name_only, NULL, &name, 10, &error));
  name.is_current = false;
  assert_ok(believe(opened, &name_only, NULL, &name, 10, &error));
  assert_true(recall(opened, &name_only, -1).name.is_current);
  assert_ok(believe(opened, &name_only, NULL, &next, 10, &error));
  assert_true(recall(opened, &name_only, -1).name.is_current);
}

static void the_clock_only_rises_and_only_with_a_commit(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen version = seen(1, 1, 1);
  struct bs_name_seen name = answer(7, 4, "aa");
  struct bs_intent begun = intent(&here, 5, 1, 0);
  struct bs_error error = {0};
  int64_t entry;

  assert_ok(believe(opened, &here, &version, &name, 100, &error));
  assert_ok(believe(opened, &here, &version, &name, 200, &error));
  assert_int_equal(recall(opened, &here, 1).clock, 100);
  version.ver = 2;
  assert_ok(believe(opened, &here, &version, NULL, 50, &error));
  assert_int_equal(recall(opened, &here, 1).clock, 100);
  version.ver = 3;
  assert_ok(believe(opened, &here, &version, NULL, 150, &error));
  assert_int_equal(recall(opened, &here, 1).clock, 150);
  assert_ok(bs_state_intend(opened, NULL, &entry, &begun, &error));
  assert_true(recall(opened, &here, 1).clock > UINT64_C(1700000000)); /* a writer's is the system's */
}

/* Another process's write transaction. */
static struct bs_database *lock_out(const char *place) {
  static const struct bs_database_kind any = {.noun = "state", .application_id = 0x42535354, .version = 3};
  char *file BS_AUTO_FREE = path_in(place, "state/state.db");
  struct bs_database *other = NULL;
  struct bs_error error = {0};

  assert_ok(bs_database_open(&other, file, &any, BS_DATABASE_WRITE, NULL, &error));
  assert_ok(bs_database_begin(other, &error));
  return other;
}

static void what_stands_there_already_waits_for_nobody(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen version = seen(1, 1, 1), lower = seen(1, 2, 1);
  struct bs_name_seen name = answer(7, 4, "aa");
  struct bs_belief belief = {.datum = &here, .version = &version, .name = &name, .now = 10};
  struct bs_scopes scopes = {NULL};
  struct bs_database *other;
  struct bs_scope *scope;
  struct bs_error error = {0};

  assert_ok(bs_scope_open(&scopes, &scope, 50, &error));
  assert_ok(bs_state_believe(opened, scope, &belief, &error));
  other = lock_out(*state);
  assert_ok(bs_state_believe(opened, scope, &belief, &error));
  assert_true(recall(opened, &here, 1).has_version);
  belief.version = &lower;
  assert_fails(bs_state_believe(opened, scope, &belief, &error), BS_WORD_conflict, "version 1");
  belief.version = &version;
  version.ver = 2;
  assert_fails(bs_state_believe(opened, scope, &belief, &error), BS_WORD_deadline, "keeps the state locked");
  bs_database_close(other);
  bs_scope_close(scope);
  bs_scopes_free(&scopes);
  assert_int_equal(recall(opened, &here, 1).version.ver, 1);
  assert_ok(believe(opened, &here, &version, NULL, 10, &error));
}

static void a_child_opens_its_own(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen version = seen(1, 1, 1);
  struct bs_error error = {0};
  int status;
  pid_t child;

  assert_ok(believe(opened, &here, &version, NULL, 10, &error));
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    struct bs_recalled recalled;
    bool good = !bs_state_recall(opened, NULL, &recalled, &here, NULL, &error) && error.word == BS_WORD_failed &&
                strstr(error.message, "before a fork") != NULL;

    version.ver = 2;
    good = good && !believe(opened, &here, &version, NULL, 10, &error) && error.word == BS_WORD_failed;
    bs_state_free(opened);
    execlp(good ? "true" : "false", "child", (char *)NULL); /* at _exit valgrind would count what only the parent may close */
    _exit(2);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(recall(opened, &here, 1).version.ver, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(what_is_missing_reads_as_empty),
      in_place(believing_makes_a_private_state),
      in_place(what_was_believed_is_recalled),
      in_place(a_version_only_rises),
      in_place(a_refusal_changes_nothing),
      in_place(each_signer_id_name_and_chain_has_its_own),
      in_place(a_name_alone_can_be_asked_for),
      in_place(a_tombstone_is_a_floor),
      in_place(records_of_2015_end_with_the_first_later_one),
      in_place(a_later_user_record_ends_them_too),
      in_place(an_answer_about_a_name_only_rises),
      in_place(the_consensus_of_an_answer_can_come_later),
      in_place(an_answer_whose_block_is_gone_is_replaced),
      in_place(a_later_user_record_is_never_forgotten),
      in_place(the_clock_only_rises_and_only_with_a_commit),
      in_place(what_stands_there_already_waits_for_nobody),
      in_place(a_child_opens_its_own),
  };
  return RUN_TESTS(tests);
}
