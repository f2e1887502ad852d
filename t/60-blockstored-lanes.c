/* SPDX-License-Identifier: MIT */
/* Whose turn it is on a lane of blockstored. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "t/lib/brief.h"
#include "t/lib/unit.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/lane.h"

#define FULL (1u << 20) /* bytes of replies that may wait */

struct world {
  char directory[40], ledger[60], source[8], unspents[8];
  struct bsd_settings settings;
  struct bsd_service service;
  struct event_base *base;
  struct bsd_mailbox *mailbox;
  struct bsd_lanes *lanes;
  char order[20]; /* who was answered, one after the other */
};

static struct world *world; /* of the test that runs */

static int set_up(void **state) {
  struct bs_error error = {0};

  world = calloc(1, sizeof *world);
  assert_non_null(world);
  snprintf(world->directory, sizeof world->directory, "/tmp/blockstore-lanes-XXXXXX");
  assert_non_null(mkdtemp(world->directory));
  snprintf(world->ledger, sizeof world->ledger, "%s/ledger", world->directory);
  bs_ledger_close(open_brief_ledger(world->ledger));
  memcpy(world->source, "local", sizeof "local");
  memcpy(world->unspents, "all", sizeof "all");
  world->settings = (struct bsd_settings){.source = world->source,
                                          .ledger = world->ledger,
                                          .confirmations = 6,
                                          .frame = 8192,
                                          .unspents = world->unspents,
                                          .search_ms = 60000,
                                          .replies = FULL};
  bsd_journal_open(BS_LOG_ERROR, false);
  assert_ok(bsd_service_open(&world->service, &world->settings, &error));
  world->base = event_base_new();
  assert_ok(bsd_mailbox_open(&world->mailbox, world->base, &error));
  assert_ok(bsd_lanes_open(&world->lanes, &world->service, &error));
  *state = world;
  return 0;
}

static int tear_down(void **state) {
  char command[60];

  (void)state;
  bsd_lanes_close(world->lanes);
  bsd_mailbox_close(world->mailbox);
  event_base_free(world->base);
  bsd_service_close(&world->service);
  snprintf(command, sizeof command, "rm -rf %s", world->directory);
  free(world);
  return system(command) == 0 ? 0 : -1;
}

static void note(struct bsd_job *job, void *user) {
  assert_true(strlen(world->order) < sizeof world->order - 1);
  world->order[strlen(world->order)] = *(const char *)user;
  bsd_job_taken(job);
}

static struct bsd_job *add(uint64_t key, char *who, size_t cost) {
  static const char request[] = "{\"method\":\"get_all_names\"}";
  const struct bsd_asker asker = {key, false, world->mailbox, note, who, cost};
  struct bs_error error = {0};
  struct bsd_job *job = bsd_lanes_run(world->lanes, BSD_SCAN, &asker, request, strlen(request), &error);

  assert_non_null(job);
  return job;
}

/* The lane is held up by replies that nobody takes, until all of them wait. */
static void hold(void) {
  bsd_count(bsd_service_waiting(&world->service), FULL);
}

static void assert_order(const char *expected) {
  bsd_uncount(bsd_service_waiting(&world->service), FULL);
  while (strlen(world->order) < strlen(expected)) assert_int_equal(event_base_loop(world->base, EVLOOP_ONCE), 0);
  assert_string_equal(world->order, expected);
}

static void addresses_take_turns(void **state) {
  static char a[] = "a", b[] = "b", c[] = "c", d[] = "d", local[] = "u", dropped[] = "x";

  (void)state;
  hold();
  add(1, a, 1);
  add(1, a, 1);
  bsd_lanes_drop(world->lanes, add(1, dropped, 1));
  add(1, a, 0);
  add(2, b, 1);
  add(0, local, 1);
  add(3, c, 7);
  add(3, c, 1);
  add(4, d, 1);
  assert_order("abucdaac");
}

/* Whoever has asked for much before is not behind for it when nothing of his is there any more. */
static void what_was_answered_does_not_count(void **state) {
  static char a[] = "a", b[] = "b";

  (void)state;
  hold();
  add(1, a, 100);
  assert_order("a");
  hold();
  add(1, a, 1);
  add(2, b, 1);
  assert_order("aab");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(addresses_take_turns, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_was_answered_does_not_count, set_up, tear_down),
  };

  return RUN_TESTS(tests);
}
