/* SPDX-License-Identifier: MIT */
/* Writes that begin and end: reserved versions, the journal, and what of them is not done. */
#include <config.h>

#include "core/codec/hex.h"
#include "t/lib/state.h"

static int64_t begin(struct bs_state *opened, struct bs_intent begun) {
  struct bs_error error = {0};
  int64_t entry = -1;

  assert_ok(bs_state_intend(opened, NULL, &entry, &begun, &error));
  return entry;
}

static void assert_journaled(struct bs_state *opened, const struct bs_datum *datum, const char *value_hash) {
  struct bs_pending pending = BS_PENDING_INIT;
  struct bs_error error = {0};
  char chain[65];
  bool found;

  bs_hex_encode(chain, datum->chain_id, 32);
  assert_ok(bs_state_journal_find(opened, NULL, &found, &pending, chain, datum->name, &error));
  assert_int_equal(found, value_hash != NULL);
  if (found) {
    assert_string_equal(pending.value_hash, value_hash);
    assert_int_equal(pending.record.length, 6);
    assert_memory_equal(pending.record.bytes, "record", 6);
  }
  bs_pending_clear(&pending);
}

static void a_version_is_reserved(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_recalled recalled;

  assert_int_equal(begin(opened, intent(&here, 5, 1, 0)), 0);
  recalled = recall(opened, &here, 1);
  assert_int_equal(recalled.reserved, 5);
  assert_int_equal(recalled.reserved_z[31], 1);
  assert_false(recalled.has_version); /* a reader isn't bound */
  assert_int_equal(begin(opened, intent(&here, 5, 1, 0)), 0);
  assert_int_equal(begin(opened, intent(&here, 6, 2, 0)), 0);
  assert_int_equal(recall(opened, &here, 1).reserved, 6);
  assert_journaled(opened, &here, NULL);
}

static void a_version_is_reserved_for_one_content(void **state) {
  static const struct bs_datum beside = {chain_one, "foo.id", "notes2"};
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_intent rival = intent(&here, 5, 2, 3), lower = intent(&here, 4, 1, 3);
  struct bs_error error = {0};
  int64_t entry = -1;

  begin(opened, intent(&here, 5, 1, 2));
  assert_fails(bs_state_intend(opened, NULL, &entry, &rival, &error), BS_WORD_conflict,
               "has reserved version 5; version 5 can't be written now to this datum of foo.id: notes");
  assert_fails(bs_state_intend(opened, NULL, &entry, &lower, &error), BS_WORD_conflict, "reserved version 5; version 4");
  assert_int_equal(entry, -1);
  assert_int_equal(recall(opened, &here, 1).reserved_z[0], 1);
  assert_journaled(opened, &here, "2222222222222222222222222222222222222222");
  begin(opened, intent(&beside, 4, 2, 0));
  assert_int_equal(recall(opened, &here, 1).reserved, 5);
}

static void a_user_record_is_journaled_with_it(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  int64_t first = begin(opened, intent(&here, 5, 1, 1)), second = begin(opened, intent(&name_only, 0, 0, 2));
  struct bs_error error = {0};

  assert_true(first > 0 && second > first);
  assert_journaled(opened, &here, "2222222222222222222222222222222222222222"); /* the one never sent is gone */
  assert_int_equal(recall(opened, &here, 1).reserved, 5);
  assert_ok(bs_state_conclude(opened, NULL, second, NULL, &error));
  assert_journaled(opened, &here, NULL);
  assert_int_equal(recall(opened, &here, 1).reserved, 5);
}

/* What a process began that ended in between, and is not what is written now. */
static void a_write_without_one_clears_the_journal(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  const struct bs_datum other = {chain_one, "bar.id", "notes"};
  struct bs_error error = {0};
  int64_t sent;

  begin(opened, intent(&here, 5, 1, 1));
  begin(opened, intent(&other, 1, 1, 2));
  assert_int_equal(begin(opened, intent(&here, 6, 2, 0)), 0);
  assert_journaled(opened, &here, NULL);
  assert_journaled(opened, &other, "2222222222222222222222222222222222222222");
  sent = begin(opened, intent(&here, 7, 2, 3));
  assert_ok(bs_state_journal_sent(opened, NULL, sent, "txid", &error));
  begin(opened, intent(&here, 8, 2, 0));
  assert_journaled(opened, &here, "3333333333333333333333333333333333333333");
}

static void what_was_deleted_is_reserved_no_more(void **state) {
  const struct bs_datum beside = {chain_one, "foo.id", "notes2"};
  char *directory BS_AUTO_FREE = path_in(*state, "state");
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_error error = {0};

  assert_ok(bs_state_release(opened, NULL, &here, 9, &error));
  assert_int_equal(access(directory, F_OK), -1);
  begin(opened, intent(&here, 5, 1, 0));
  begin(opened, intent(&beside, 5, 1, 0));
  assert_ok(bs_state_release(opened, NULL, &here, 4, &error));
  assert_int_equal(recall(opened, &here, 1).reserved, 5);
  assert_ok(bs_state_release(opened, NULL, &here, 5, &error));
  assert_int_equal(recall(opened, &here, 1).reserved, 0);
  assert_int_equal(recall(opened, &beside, 1).reserved, 5);
}

static void a_write_that_is_done_is_believed(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_name_seen name = {.block = 3, .owner = "1owner", .is_current = true};
  struct bs_seen version = seen(5, 1, 9);
  const struct bs_belief belief = {.datum = &here, .version = &version, .name = &name, .now = 10};
  struct bs_recalled recalled;
  struct bs_error error = {0};
  int64_t entry = begin(opened, intent(&here, 5, 1, 1));

  assert_ok(bs_state_conclude(opened, NULL, entry, &belief, &error));
  recalled = recall(opened, &here, 9);
  assert_int_equal(recalled.reserved, 0);
  assert_int_equal(recalled.version.ver, 5);
  assert_int_equal(recalled.name.block, 3);
  assert_journaled(opened, &here, NULL);
  assert_ok(bs_state_conclude(opened, NULL, entry, &belief, &error)); /* again: nothing is left to do */
}

static void a_version_that_was_read_before_it_is_done_ends_too(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen version = seen(5, 1, 9);
  const struct bs_belief belief = {.datum = &here, .version = &version, .now = 10};
  struct bs_error error = {0};

  begin(opened, intent(&here, 5, 1, 0));
  assert_ok(bs_state_believe(opened, NULL, &belief, &error));
  assert_int_equal(recall(opened, &here, 9).reserved, 5);
  assert_ok(bs_state_conclude(opened, NULL, 0, &belief, &error));
  assert_int_equal(recall(opened, &here, 9).reserved, 0);
}

static void another_reservation_stays(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen version = seen(5, 2, 9);
  const struct bs_belief belief = {.datum = &here, .version = &version, .now = 10};
  struct bs_error error = {0};

  begin(opened, intent(&here, 5, 1, 0));
  assert_ok(bs_state_conclude(opened, NULL, 0, &belief, &error)); /* of another content */
  assert_int_equal(recall(opened, &here, 9).reserved_z[0], 1);
  begin(opened, intent(&here, 6, 2, 0));
  version = seen(6, 3, 9);
  assert_ok(bs_state_conclude(opened, NULL, 0, &belief, &error));
  assert_int_equal(recall(opened, &here, 9).reserved, 6);
}

static void what_cannot_be_believed_ends_nothing(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen higher = seen(6, 3, 9), version = seen(5, 1, 9);
  struct bs_belief belief = {.datum = &here, .version = &version, .now = 10};
  struct bs_error error = {0};
  int64_t entry = begin(opened, intent(&here, 5, 1, 1));

  assert_ok(believe(opened, &here, &higher, NULL, 10, &error));
  assert_fails(bs_state_conclude(opened, NULL, entry, &belief, &error), BS_WORD_stale, "older than version 6");
  assert_int_equal(recall(opened, &here, 9).reserved, 5);
  assert_journaled(opened, &here, "1111111111111111111111111111111111111111");
}

static void all_that_is_not_done_is_listed(void **state) {
  static const char zeros[] = "00000000000000000000000000000000000000000000000000000000000000";
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_unfinished *items;
  struct bs_error error = {0};
  size_t count;
  char id[16], name[16], chain[65];
  const struct bs_datum datum = {chain_two, name, id};

  for (int i = 19; i >= 0; i--) {
    snprintf(name, sizeof name, "n%02d.id", i / 2);
    snprintf(id, sizeof id, "id%02d", i);
    begin(opened, intent(&datum, (uint64_t)i + 1, 1, i % 2 == 0));
  }
  assert_ok(bs_state_journal_sent(opened, NULL, begin(opened, intent(&here, 7, 1, 3)), "txid", &error));
  assert_ok(bs_state_unfinished(opened, NULL, &items, &count, &error));
  assert_int_equal(count, 11 + 21);
  snprintf(chain, sizeof chain, "01%s", zeros);
  assert_string_equal(items[0].chain, chain);
  assert_string_equal(items[0].name, "foo.id");
  assert_null(items[0].id);
  assert_string_equal(items[0].value_hash, "3333333333333333333333333333333333333333");
  assert_string_equal(items[0].txid, "txid");
  assert_string_equal(items[10].name, "n09.id");
  assert_string_equal(items[10].txid, "");
  assert_string_equal(items[11].chain, chain);
  assert_string_equal(items[11].id, "notes");
  assert_int_equal(items[11].ver, 7);
  assert_string_equal(items[11].value_hash, "");
  snprintf(chain, sizeof chain, "02%s", zeros);
  for (size_t i = 0; i < 20; i++) {
    snprintf(id, sizeof id, "id%02zu", i);
    assert_string_equal(items[12 + i].chain, chain);
    assert_string_equal(items[12 + i].id, id);
    assert_int_equal(items[12 + i].ver, i + 1);
  }
  bs_unfinished_free(items, count);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(a_version_is_reserved),
      in_place(a_version_is_reserved_for_one_content),
      in_place(a_user_record_is_journaled_with_it),
      in_place(a_write_without_one_clears_the_journal),
      in_place(what_was_deleted_is_reserved_no_more),
      in_place(a_write_that_is_done_is_believed),
      in_place(a_version_that_was_read_before_it_is_done_ends_too),
      in_place(another_reservation_stays),
      in_place(what_cannot_be_believed_ends_nothing),
      in_place(all_that_is_not_done_is_listed),
  };
  return RUN_TESTS(tests);
}
