/* SPDX-License-Identifier: MIT */
/* blockstored's answers without connections: who may ask for coins. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "t/lib/ledger.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/service.h"

static char source[] = "local", all[] = "all", local[] = "local", off[] = "off";

struct world {
  struct bsd_settings settings;
  struct bsd_service service;
  struct bsd_frame frame; /* of the last request */
  struct bs_buffer reply;
};

static void open_world(struct world *world, struct fixture *fixture) {
  struct bs_error error = {0};

  memset(world, 0, sizeof *world);
  world->settings = (struct bsd_settings){
      .source = source, .ledger = fixture->path, .confirmations = 6, .frame = 8192, .unspents = all, .search_ms = 60000};
  bsd_journal_open(BS_LOG_ERROR, false);
  assert_ok(bsd_service_open(&world->service, &world->settings, &error));
}

static void close_world(struct world *world) {
  bsd_service_close(&world->service);
  bs_buffer_free(&world->reply);
}

static const char *ask(struct world *world, bool is_local, const char *request) {
  bs_buffer_clear(&world->reply);
  bsd_frame_read(&world->frame, &world->service, is_local, request, strlen(request));
  bsd_frame_answer(&world->frame, &world->service, &world->reply);
  return bs_buffer_string(&world->reply);
}

#define assert_has(text, part)                                                    \
  do {                                                                            \
    if (strstr((text), (part)) == NULL) fail_msg("not in it: %s: %s", part, text); \
  } while (0)

/* ---- coins ---- */

static void coins_are_told_to_those_who_may_ask(void **state) {
  struct fixture *fixture = *state;
  struct world world;
  char address[BS_ADDRESS_TEXT], request[200];
  static const struct {
    char *unspents;
    bool is_local, may;
  } cases[] = {{all, true, true},    {all, false, true},  {local, true, true},
               {local, false, false}, {off, true, false}, {off, false, false}};

  open_world(&world, fixture);
  bs_key_address(address, fixture->alice, BS_NETWORK_MAIN);
  snprintf(request, sizeof request, "{\"method\":\"get_unspents\",\"params\":[\"%s\"]}", address);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *reply;

    world.settings.unspents = cases[i].unspents;
    reply = ask(&world, cases[i].is_local, request);
    assert_has(reply, cases[i].may ? "\"value\":1000000000" : "\"code\":\"denied\"");
    assert_int_equal(world.frame.lane, cases[i].may ? BSD_NODE : BSD_AT_ONCE); /* who is refused waits for nobody */
    assert_int_equal(world.frame.cost, cases[i].may ? 20 : 1);
  }
  assert_has(ask(&world, true, request), "tells nobody which coins an address has (limits.unspents: off). Ask another one");
  world.settings.unspents = local;
  assert_has(ask(&world, false, request), "only clients on its own machine which coins an address has (limits.unspents: local)");
  close_world(&world);
}

static void a_batch_is_refused_in_part(void **state) {
  struct world world;
  const char *reply;

  open_world(&world, *state);
  world.settings.unspents = local;
  reply = ask(&world, false,
              "[{\"method\":\"ping\"},{\"method\":\"get_unspents\",\"params\":[\"x\"]},{\"method\":\"get_all_names\"}]");
  assert_has(reply, "[[{\"status\":\"alive\"}],[{\"error\":\"This server tells only clients");
  assert_has(reply, "\"code\":\"denied\"}],[[]]]");
  assert_int_equal(world.frame.lane, BSD_SCAN);
  close_world(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      LEDGER_TEST(coins_are_told_to_those_who_may_ask), LEDGER_TEST(a_batch_is_refused_in_part),
  };

  return RUN_TESTS(tests);
}
