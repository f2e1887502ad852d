/* SPDX-License-Identifier: MIT */
/* When memory runs out, at whatever allocation, the state says no_memory, and what it has is whole. */
#include <config.h>

#include "t/lib/memory.h"
#include "t/lib/state.h"

static const char *directory; /* of the test that runs */
static unsigned number;       /* of the version to write, so that each try has its own */

static bool believe_once(struct bs_error *error) {
  struct bs_seen version = seen(++number, 1, 1);
  struct bs_state *opened = NULL;
  bool ok = bs_state_new(&opened, directory, error) && believe(opened, &here, &version, NULL, 10, error);

  bs_state_free(opened);
  return ok;
}

static bool recall_once(struct bs_error *error) {
  struct bs_recalled recalled;
  struct bs_state *opened = NULL;
  bool ok = bs_state_new(&opened, directory, error) && bs_state_recall(opened, NULL, &recalled, &here, NULL, error);

  if (ok) assert_true(recalled.has_current);
  bs_state_free(opened);
  return ok;
}

static bool unfinished_once(struct bs_error *error) {
  struct bs_unfinished *items = NULL;
  struct bs_state *opened = NULL;
  size_t count = 0;
  bool ok = bs_state_new(&opened, directory, error) && bs_state_unfinished(opened, NULL, &items, &count, error);

  assert_int_equal(count, ok ? 20 : 0);
  bs_unfinished_free(items, count);
  bs_state_free(opened);
  return ok;
}

static void when_memory_runs_out(void **state) {
  char *path BS_AUTO_FREE = path_in(*state, "state");
  struct bs_error error = {0};
  struct bs_state *opened;

  directory = path;
  assert_each_failure_is_said(believe_once, 5);
  assert_each_failure_is_said(recall_once, 5);
  opened = open_state(*state);
  for (int i = 0; i < 20; i++) {
    char id[16];
    const struct bs_datum datum = {chain_one, "foo.id", id};
    struct bs_intent begun = intent(&datum, 1, 1, 0);
    int64_t entry;

    snprintf(id, sizeof id, "%d", i);
    assert_ok(bs_state_intend(opened, NULL, &entry, &begun, &error));
  }
  bs_state_free(opened);
  assert_each_failure_is_said(unfinished_once, 26);
}

int main(void) {
  const struct CMUnitTest tests[] = {in_place(when_memory_runs_out)};

  return RUN_TESTS(tests);
}
