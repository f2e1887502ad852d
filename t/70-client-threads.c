/* SPDX-License-Identifier: MIT */
/* Data of one name, read and written by several threads with one session: each put gets a version of its own, no reader sees
 * versions fall, what a thread has put it reads, and that others overtake it is no reader's fault. */
#include <config.h>

#include <pthread.h>
#include <stdatomic.h>

#include "t/lib/client.h"

enum { WRITERS = 2, READERS = 2, PUTS = 8 };

static struct world *world;
static char key[65]; /* of immutable data */
static atomic_uint writing; /* writers that are not done */
static atomic_uchar taken[WRITERS * PUTS + 2]; /* by version: how many puts were given it */

static uint64_t put(const char *id, const char *text) {
  struct blockstore_input *input = blockstore_input_from_memory(text, strlen(text));
  struct blockstore_receipt *receipt = NULL;
  uint64_t ver;

  assert_done(blockstore_put_mutable(world->session, &receipt, NAME, id, input, world->key, NULL, &error));
  ver = blockstore_receipt_ver(receipt);
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
  return ver;
}

static uint64_t get(const char *id) {
  struct blockstore_output *output = blockstore_output_to_memory(100);
  struct blockstore_record *record = NULL;
  uint64_t ver;

  assert_done(blockstore_get_mutable(world->session, output, &record, NAME, id, NULL, &error));
  ver = blockstore_record_ver(record);
  blockstore_record_free(record);
  blockstore_output_free(output);
  return ver;
}

static void *write_versions(void *user) {
  char text[32];

  for (unsigned i = 0; i < PUTS; i++) {
    uint64_t ver;

    snprintf(text, sizeof text, "%s %u", (const char *)user, i);
    ver = put("shared", text);
    assert_in_range(ver, 2, WRITERS * PUTS + 1);
    atomic_fetch_add(&taken[ver], 1);
    assert_true(get("shared") >= ver);
    assert_int_equal(put(text, text), 1); /* another route each time: the name changes too */
    assert_int_equal(get(text), 1);
  }
  atomic_fetch_sub(&writing, 1);
  return NULL;
}

static void *read_versions(void *user) {
  uint64_t last = 1;

  (void)user;
  while (atomic_load(&writing) > 0) {
    uint64_t ver = get("shared");

    assert_true(ver >= last);
    last = ver;
    assert_holds(world, NAME, key, "fixed", 5);
    blockstore_free(call(world, "lookup", NAME, NULL));
  }
  return NULL;
}

static void one_session_serves_many(void **state) {
  static char own[WRITERS][16];
  pthread_t threads[WRITERS + READERS];
  char *pending;

  world = *state;
  open_with_name(world, TWO_STORES);
  put_text(world, key, "fixed");
  assert_int_equal(put("shared", "first"), 1);
  atomic_store(&writing, WRITERS);
  for (int i = 0; i < WRITERS + READERS; i++) {
    if (i < WRITERS) snprintf(own[i], sizeof own[i], "own%d", i);
    assert_int_equal(pthread_create(&threads[i], NULL, i < WRITERS ? write_versions : read_versions,
                                    i < WRITERS ? own[i] : NULL), 0);
  }
  for (int i = 0; i < WRITERS + READERS; i++) pthread_join(threads[i], NULL);
  for (int ver = 2; ver <= WRITERS * PUTS + 1; ver++) assert_int_equal(atomic_load(&taken[ver]), 1);
  assert_int_equal(get("shared"), WRITERS * PUTS + 1);
  pending = call(world, "pending", NULL, NULL);
  assert_non_null(strstr(pending, "\"user_records\": []"));
  assert_non_null(strstr(pending, "\"versions\": []"));
  blockstore_free(pending);
}

int main(void) {
  const struct CMUnitTest tests[] = {in_world(one_session_serves_many)};

  return RUN_TESTS(tests);
}
