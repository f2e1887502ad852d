/* SPDX-License-Identifier: MIT */
/* Many threads, instances and processes at one cache: whoever reads after a put sees it, and every value is whole. */
#include <config.h>

#include <sys/wait.h>

#include "t/lib/cache-world.h"

#define THREADS 6
#define ROUNDS 150
#define VALUES 12
#define RECORDS 3

struct worker {
  struct world *world;
  struct host_store *store; /* every other thread shares one */
  struct datum *data;
  unsigned seed;
  atomic_uint *written; /* of each record: the number of the last put that has returned */
  const char *problem;
};

static unsigned next(struct worker *worker) {
  worker->seed = worker->seed * 1103515245 + 12345;
  return worker->seed / 65536;
}

static void get_value(struct worker *worker, struct host_call *call) {
  const struct datum *datum = &worker->data[next(worker) % VALUES];
  enum blockstore_status status;
  struct host_sink sink;

  host_sink_init(&sink);
  status = worker->store->driver->get_immutable_handler(worker->store->self, &call->call, &sink.sink, datum->key);
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND) worker->problem = "a get failed";
  if (status == BLOCKSTORE_STATUS_OK &&
      (sink.length != datum->size || (datum->size > 0 && memcmp(sink.bytes, datum->bytes, datum->size) != 0)))
    worker->problem = "a get gave other bytes";
  host_sink_free(&sink);
}

static void change_value(struct worker *worker, struct host_call *call, bool deletes) {
  const struct datum *datum = &worker->data[next(worker) % VALUES];
  const struct blockstore_driver *driver = worker->store->driver;
  enum blockstore_status status;
  struct host_source source;

  host_source_init(&source, datum->bytes, datum->size);
  status = deletes ? driver->delete_immutable_handler(worker->store->self, &call->call, datum->key, NULL)
                   : driver->put_immutable_handler(worker->store->self, &call->call, datum->key, &source.source, NULL);
  if (status != BLOCKSTORE_STATUS_OK) worker->problem = "a put or delete failed";
}

/* Each record has one writer, who counts. */
static void put_record(struct worker *worker, struct host_call *call, unsigned record) {
  unsigned number = atomic_load(&worker->written[record]) + 1;
  char id[16], text[16];
  struct host_source source;

  snprintf(id, sizeof id, "%u", record);
  snprintf(text, sizeof text, "%u", number);
  host_source_init(&source, text, strlen(text));
  if (worker->store->driver->put_mutable_handler(worker->store->self, &call->call, id, number, "", &source.source) !=
      BLOCKSTORE_STATUS_OK)
    worker->problem = "a put of a record failed";
  atomic_store(&worker->written[record], number);
}

static void get_record(struct worker *worker, struct host_call *call) {
  unsigned record = next(worker) % RECORDS, least = atomic_load(&worker->written[record]);
  enum blockstore_status status;
  struct host_sink sink;
  char url[64];

  snprintf(url, sizeof url, "below://one/%u", record);
  host_sink_init(&sink);
  status = worker->store->driver->get_mutable_handler(worker->store->self, &call->call, &sink.sink, url);
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND) worker->problem = "a get of a record failed";
  if (status == BLOCKSTORE_STATUS_NOT_FOUND && least > 0) worker->problem = "a record was not found";
  if (status == BLOCKSTORE_STATUS_OK && strtoul((char *)sink.bytes, NULL, 10) < least) worker->problem = "a get missed a put";
  host_sink_free(&sink);
}

static void *work(void *argument) {
  struct worker *worker = argument;
  struct host_call call;

  host_call_init(&call);
  for (unsigned i = 0; i < ROUNDS && worker->problem == NULL; i++) {
    unsigned what = next(worker) % 10;

    if (what < 4) get_value(worker, &call);
    if (what == 4) change_value(worker, &call, false);
    if (what == 5) change_value(worker, &call, true);
    if (what > 5) get_record(worker, &call);
  }
  return NULL;
}

static void *write_records(void *argument) {
  struct worker *worker = argument;
  struct host_call call;

  host_call_init(&call);
  for (unsigned i = 0; i < ROUNDS && worker->problem == NULL; i++) put_record(worker, &call, i % RECORDS);
  return NULL;
}

static void all_at_once(struct world *world, const char *size) {
  atomic_uint written[RECORDS] = {0};
  struct worker workers[THREADS + 1];
  struct datum data[VALUES];
  pthread_t threads[THREADS + 1];
  struct host_store other;

  reopen_cache(world, size, "3600000");
  open_cache(&other, world, size, "3600000");
  for (unsigned i = 0; i < VALUES; i++) {
    data[i] = make_datum(20000 * i, i + 1);
    add_item(&world->below, data[i].key, data[i].bytes, data[i].size);
  }
  for (unsigned i = 0; i <= THREADS; i++) {
    workers[i] = (struct worker){world, i % 2 == 0 ? &world->store : &other, data, i + 1, written, NULL};
    assert_int_equal(pthread_create(&threads[i], NULL, i == THREADS ? write_records : work, &workers[i]), 0);
  }
  for (unsigned i = 0; i <= THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  for (unsigned i = 0; i <= THREADS; i++)
    if (workers[i].problem != NULL) fail_msg("%s", workers[i].problem);
  assert_int_equal(atomic_load(&warnings), 0);
  assert_true(count_taken(world, true).bytes <= strtoull(size, NULL, 10));
  for (unsigned i = 0; i < VALUES; i++) free(data[i].bytes);
  host_store_close(&other);
}

static void threads_with_room(void **state) {
  all_at_once(*state, "1073741824");
}

static void threads_that_drive_each_other_out(void **state) {
  all_at_once(*state, "524288");
}

/* Several open an empty directory at once, of one store or of two: one store has it in the end. */
static void many_open_it_at_once(void **state) {
  struct world *world = *state;

  for (unsigned round = 0; round < 30; round++) {
    char *directory = host_path("%s/%u", world->directory, round);
    pid_t children[4];
    unsigned opened[2] = {0, 0};
    int result;

    for (unsigned i = 0; i < 4; i++) {
      children[i] = fork();
      if (children[i] == 0) {
        struct host_store store;
        struct below below;

        below_init(&below, i % 2 == 0 ? "below://one/" : "below://two/");
        _exit(try_cache(&store, world, &below, directory, "1048576", "0") == BLOCKSTORE_STATUS_OK);
      }
    }
    for (unsigned i = 0; i < 4; i++) {
      assert_int_equal(waitpid(children[i], &result, 0), children[i]);
      opened[i % 2] += WEXITSTATUS(result) == 1;
    }
    assert_true((opened[0] == 2 && opened[1] == 0) || (opened[0] == 0 && opened[1] == 2));
    free(directory);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CACHE_TEST(threads_with_room),
      CACHE_TEST(threads_that_drive_each_other_out),
      CACHE_TEST(many_open_it_at_once),
  };

  return RUN_TESTS(tests);
}
