/* SPDX-License-Identifier: MIT */
/* One session that several threads use at once: what each put acknowledged, and what each get was given. */
#include <config.h>

#include <pthread.h>

#include "t/lib/mutable.h"

enum { THREADS = 4, ROUNDS = 5 };
#define WORKERS "stores: [{name: one, driver: disk, root: one, inline: false}, {name: two, driver: disk, root: two}]\n"

struct thread {
  struct world *world;
  const char *id;
  int number;
  pthread_t thread;
  uint64_t vers[ROUNDS];
  char failed[300]; /* cmocka's checks are the first thread's alone */
};

static void note(struct thread *thread, const char *what, struct blockstore_error *error) {
  snprintf(thread->failed, sizeof thread->failed, "%s: %s", what, error == NULL ? "" : blockstore_error_message(error));
  blockstore_error_free(error);
}

static void *put_often(void *user) {
  struct thread *thread = user;

  for (int i = 0; i < ROUNDS; i++) {
    struct blockstore_receipt *receipt = NULL;
    struct blockstore_error *error = NULL;
    char text[40];

    snprintf(text, sizeof text, "%d of %d", i, thread->number);
    if (put_with(thread->world, &receipt, thread->id, text, NULL, &error) == BLOCKSTORE_DONE)
      thread->vers[i] = blockstore_receipt_ver(receipt);
    else note(thread, "put", error);
    blockstore_receipt_free(receipt);
  }
  return NULL;
}

/* Versions never fall. */
static void *get_often(void *user) {
  struct thread *thread = user;
  struct blockstore_output *output = blockstore_output_to_memory(100);
  uint64_t last = 0;

  for (int i = 0; i < 4 * ROUNDS; i++) {
    struct blockstore_record *record = NULL;
    struct blockstore_error *error = NULL;

    if (blockstore_get_mutable(thread->world->session, output, &record, NAME, thread->id, NULL, &error) != BLOCKSTORE_DONE) {
      note(thread, "get", error);
      continue;
    }
    if (blockstore_record_ver(record) < last) note(thread, "the version fell", NULL);
    last = blockstore_record_ver(record);
    blockstore_record_free(record);
  }
  blockstore_output_free(output);
  return NULL;
}

static void run(struct thread threads[], size_t count, void *(*const work[])(void *)) {
  for (size_t i = 0; i < count; i++) assert_int_equal(pthread_create(&threads[i].thread, NULL, work[i], &threads[i]), 0);
  for (size_t i = 0; i < count; i++) pthread_join(threads[i].thread, NULL);
  for (size_t i = 0; i < count; i++) assert_string_equal(threads[i].failed, "");
}

/* Each version went to one put. */
static void assert_all_different(const struct thread threads[], uint64_t first) {
  bool used[THREADS * ROUNDS] = {false};

  for (size_t i = 0; i < THREADS; i++)
    for (size_t k = 0; k < ROUNDS; k++) {
      uint64_t ver = threads[i].vers[k];

      assert_true(ver >= first && ver < first + THREADS * ROUNDS);
      assert_false(used[ver - first]);
      used[ver - first] = true;
    }
}

static void puts_of_one_id(void **state) {
  struct world *world = *state;
  struct thread threads[THREADS];
  void *(*const work[])(void *) = {put_often, put_often, put_often, put_often};

  open_with_name(world, WORKERS);
  for (int i = 0; i < THREADS; i++) threads[i] = (struct thread){.world = world, .id = ID, .number = i};
  run(threads, THREADS, work);
  assert_all_different(threads, 1);
  for (int i = 0; i < THREADS; i++) {
    char text[40];

    if (threads[i].vers[ROUNDS - 1] != THREADS * ROUNDS) continue;
    snprintf(text, sizeof text, "%d of %d", ROUNDS - 1, i);
    assert_reads(world, ID, text, THREADS * ROUNDS);
    return;
  }
  fail_msg("no put has the highest version");
}

static void puts_of_ids_of_their_own(void **state) {
  static const char *const ids[] = {"a", "b", "c", "d"};
  struct world *world = *state;
  struct thread threads[THREADS];
  void *(*const work[])(void *) = {put_often, put_often, put_often, put_often};

  open_with_name(world, WORKERS);
  for (int i = 0; i < THREADS; i++) threads[i] = (struct thread){.world = world, .id = ids[i], .number = i};
  run(threads, THREADS, work);
  for (int i = 0; i < THREADS; i++) {
    char text[40];

    snprintf(text, sizeof text, "%d of %d", ROUNDS - 1, i);
    assert_reads(world, ids[i], text, ROUNDS);
  }
}

static void gets_beside_puts(void **state) {
  struct world *world = *state;
  struct thread threads[THREADS];
  void *(*const work[])(void *) = {put_often, get_often, get_often, get_often};

  open_with_name(world, WORKERS);
  put_id(world, ID, "first");
  put_id(world, "other", "first");
  for (int i = 0; i < THREADS; i++) threads[i] = (struct thread){.world = world, .id = i < 3 ? ID : "other", .number = i};
  run(threads, THREADS, work);
  assert_reads(world, ID, "4 of 0", 1 + ROUNDS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(puts_of_one_id),
      in_world(puts_of_ids_of_their_own),
      in_world(gets_beside_puts),
  };

  return RUN_TESTS(tests);
}
