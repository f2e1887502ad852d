/* SPDX-License-Identifier: MIT */
/* A put and a get when memory runs out, at each allocation in turn: an error, nothing lost, and the next call works. */
#include <config.h>

#include "t/lib/client.h"
#include "t/lib/memory.h"

static struct world *world;
static char key[65];
static unsigned number; /* of the data, so that each put has a datum of its own */

/* Whatever ends it, the public error is complete and speaks of memory: as its word, or as the reason of a store. */
static bool tell(enum blockstore_result result, struct blockstore_error **ret_said, struct bs_error *error) {
  struct blockstore_error *said = *ret_said;

  if (result != BLOCKSTORE_DONE) {
    assert_non_null(said);
    assert_int_equal(blockstore_error_result(said), result);
    assert_non_null(blockstore_error_document(said));
    if (strstr(blockstore_error_message(said), "memory") == NULL) fail_msg("%s", blockstore_error_message(said));
    bs_fail_memory(error);
  }
  blockstore_error_free(said);
  *ret_said = NULL;
  return result == BLOCKSTORE_DONE;
}

static bool put_once(struct bs_error *error) {
  struct blockstore_input *input;
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;
  char text[16];
  bool good;

  snprintf(text, sizeof text, "%u", number++);
  input = blockstore_input_from_memory(text, strlen(text));
  good = tell(blockstore_put_immutable(world->session, &receipt, NAME, input, world->key, NULL, &said), &said, error);
  assert_true(good == (receipt != NULL));
  if (good) memcpy(key, blockstore_receipt_key(receipt), sizeof key);
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
  return good;
}

static bool get_once(struct bs_error *error) {
  struct blockstore_output *output = blockstore_output_to_memory(100);
  struct blockstore_record *record = NULL;
  struct blockstore_error *said = NULL;
  size_t length = 0;
  bool good = tell(blockstore_get_immutable(world->session, output, &record, NAME, key, NULL, &said), &said, error);

  assert_true(good == (record != NULL));
  if (output != NULL) assert_true(good == (blockstore_output_bytes(output, &length) != NULL));
  blockstore_record_free(record);
  blockstore_output_free(output);
  return good;
}

static bool open_once(struct bs_error *error) {
  struct blockstore_config *config = NULL;
  struct blockstore *session = NULL;
  struct blockstore_error *said = NULL;
  char file[256];
  bool good;

  snprintf(file, sizeof file, "%s/blockstore.yaml", world->place);
  good = tell(blockstore_get_config(&config, file, &said), &said, error);
  assert_true(good == (config != NULL));
  good = good && tell(blockstore_session(config, &session, NULL, 0, &said), &said, error);
  assert_true(good == (session != NULL));
  blockstore_close(session);
  blockstore_config_free(config);
  return good;
}

static bool list_once(struct bs_error *error) {
  struct blockstore_error *said = NULL;
  char *json = NULL;
  bool good = tell(blockstore_drivers(world->config, &json, NULL, &said), &said, error);

  assert_true(good == (json != NULL));
  blockstore_free(json);
  return good;
}

static bool explain_once(struct bs_error *error) {
  struct blockstore_error *said = NULL;
  char *json = NULL;
  int loads = -1;
  bool good = tell(blockstore_driver_why(world->config, &json, &loads, "disk", &said), &said, error);

  assert_true(good == (json != NULL));
  assert_int_equal(loads, good ? 1 : -1);
  blockstore_free(json);
  return good;
}

static void when_memory_runs_out(void **state) {
  static bool (*const calls[])(struct bs_error *error) = {open_once, put_once, get_once, list_once, explain_once};
  char text[16];

  world = *state;
  open_with_name(world, TWO_STORES);
  blockstore_receipt_free(put_bytes(world, NAME, "first", 5));
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) assert_each_failure_is_said(calls[i], 5);
  open_session(world, TWO_STORES);
  snprintf(text, sizeof text, "%u", number - 1);
  assert_holds(world, NAME, key, text, strlen(text));
}

int main(void) {
  const struct CMUnitTest tests[] = {in_world(when_memory_runs_out)};

  return RUN_TESTS(tests);
}
