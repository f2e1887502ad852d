/* SPDX-License-Identifier: MIT */
/* Mutable data when memory runs out, at each allocation in turn: an error, nothing lost, and the next call works. */
#include <config.h>

#include "t/lib/memory.h"
#include "t/lib/mutable.h"

static struct world *world;
static unsigned number; /* of the data, and of a new id */

/* Whatever ends it, the public error is complete and speaks of memory: as its word, or as the reason of a store. */
static bool tell(enum blockstore_result result, struct blockstore_error **ret_said, struct bs_error *error) {
  struct blockstore_error *said = *ret_said; /* only once the call has returned */

  if (result != BLOCKSTORE_DONE) {
    assert_non_null(said);
    assert_int_equal(blockstore_error_result(said), result);
    assert_non_null(blockstore_error_document(said));
    if (strstr(blockstore_error_message(said), "memory") == NULL) fail_msg("%s", blockstore_error_message(said));
    bs_fail_memory(error);
  }
  blockstore_error_free(said);
  return result == BLOCKSTORE_DONE;
}

static bool put_once(const char *id, struct bs_error *error) {
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;
  char text[16];
  bool good;

  snprintf(text, sizeof text, "%u", number++);
  good = tell(put_with(world, &receipt, id, text, NULL, &said), &said, error);
  assert_true(good == (receipt != NULL));
  blockstore_receipt_free(receipt);
  return good;
}

static bool put_first(struct bs_error *error) {
  char id[16];

  snprintf(id, sizeof id, "new%u", number);
  return put_once(id, error);
}

static bool put_next(struct bs_error *error) {
  return put_once(ID, error);
}

static int accept_all(void *user, const struct blockstore_record *record, const void *data, size_t length) {
  (void)user, (void)record, (void)data, (void)length;
  return 1;
}

static bool get_once(const struct blockstore_get_mutable_options *options, struct bs_error *error) {
  struct blockstore_output *output = blockstore_output_to_memory(100);
  struct blockstore_record *record = NULL;
  struct blockstore_error *said = NULL;
  size_t length = 0;
  bool good = tell(blockstore_get_mutable(world->session, output, &record, NAME, ID, options, &said), &said, error);

  assert_true(good == (record != NULL));
  if (output != NULL) assert_true(good == (blockstore_output_bytes(output, &length) != NULL));
  blockstore_record_free(record);
  blockstore_output_free(output);
  return good;
}

static bool get_plain(struct bs_error *error) {
  return get_once(NULL, error);
}

static bool get_checked(struct bs_error *error) {
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;

  options.ver_check = accept_all;
  return get_once(&options, error);
}

static bool delete_once(struct bs_error *error) {
  struct blockstore_error *said = NULL;

  return tell(delete_with(world, NULL, ID, NULL, &said), &said, error);
}

static void when_memory_runs_out(void **state) {
  char text[16];

  world = *state;
  open_with_name(world, TWO_STORES);
  put_id(world, ID, "first");
  assert_each_failure_is_said(put_first, 5);
  assert_each_failure_is_said(put_next, 5);
  snprintf(text, sizeof text, "%u", number - 1);
  assert_each_failure_is_said(get_plain, 5);
  assert_each_failure_is_said(get_checked, 5);
  open_session(world, TWO_STORES);
  blockstore_record_free(get_with(world, ID, text, NULL));
  assert_each_failure_is_said(delete_once, 5);
  assert_read_refused(world, ID, NULL, "deleted", "by version");
}

int main(void) {
  const struct CMUnitTest tests[] = {in_world(when_memory_runs_out)};

  return RUN_TESTS(tests);
}
