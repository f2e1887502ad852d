/* SPDX-License-Identifier: MIT */
/* Many threads and many instances at one disk store: nobody sees half an object, nobody's temporary is taken. */
#include <config.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/lib/disk-world.h"

#define SIZE ((1u << 20) + 4096)
#define ROUNDS 30
#define THREADS 4

struct worker {
  struct world *world;
  unsigned char *bytes; /* SIZE of them, all the same */
  const char *url;
  const char *problem;
  atomic_bool *done;
};

static void *write_rounds(void *argument) {
  struct worker *worker = argument;
  struct host_call call;
  struct host_source source;

  host_call_init(&call);
  host_source_init(&source, worker->bytes, SIZE);
  for (int i = 0; i < ROUNDS && worker->problem == NULL; i++)
    if (worker->world->store.driver->put_mutable_handler(worker->world->store.self, &call.call, "x", 1, "",
                                                         &source.source) != BLOCKSTORE_STATUS_OK)
      worker->problem = "a put failed";
  return NULL;
}

static void *read_rounds(void *argument) {
  struct worker *worker = argument;
  struct host_call call;
  struct host_sink sink;

  host_call_init(&call);
  while (!atomic_load(worker->done) && worker->problem == NULL) {
    host_sink_init(&sink);
    if (worker->world->store.driver->get_mutable_handler(worker->world->store.self, &call.call, &sink.sink,
                                                         worker->url) != BLOCKSTORE_STATUS_OK) {
      worker->problem = "a get failed";
    } else if (sink.length != SIZE || memcmp(sink.bytes, sink.bytes + 1, SIZE - 1) != 0) {
      worker->problem = "a get saw parts of two objects";
    }
    host_sink_free(&sink);
  }
  return NULL;
}

static void readers_see_whole_objects(void **state) {
  struct world *world = *state;
  char *url = host_url(&world->store, "x");
  atomic_bool done = false;
  struct worker workers[THREADS] = {0};
  pthread_t threads[THREADS];

  for (size_t i = 0; i < THREADS; i++) {
    workers[i] = (struct worker){world, malloc(SIZE), url, NULL, &done};
    assert_non_null(workers[i].bytes);
    memset(workers[i].bytes, 'a' + (int)i, SIZE);
  }
  assert_int_equal(host_put_mutable(&world->store, "x", workers[0].bytes, SIZE), BLOCKSTORE_STATUS_OK);
  for (size_t i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, i < THREADS / 2 ? write_rounds : read_rounds, &workers[i]), 0);
  for (size_t i = 0; i < THREADS; i++) {
    if (i == THREADS / 2) atomic_store(&done, true);
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    if (workers[i].problem != NULL) fail_msg("%s", workers[i].problem);
    free(workers[i].bytes);
  }
  assert_int_equal(count_files(world), 1);
  free(url);
}

static void *put_same_key(void *argument) {
  struct worker *worker = argument;
  struct host_call call;
  struct host_source source;

  host_call_init(&call);
  host_source_init(&source, worker->bytes, SIZE);
  for (int i = 0; i < ROUNDS && worker->problem == NULL; i++) {
    if (worker->world->store.driver->put_immutable_handler(worker->world->store.self, &call.call, KEY, &source.source,
                                                           NULL) != BLOCKSTORE_STATUS_OK)
      worker->problem = "a put failed";
    if (i % 3 == 2 && worker->world->store.driver->delete_immutable_handler(worker->world->store.self, &call.call, KEY,
                                                                            NULL) != BLOCKSTORE_STATUS_OK)
      worker->problem = "a delete failed";
  }
  return NULL;
}

static void same_key_is_put_in_parallel(void **state) {
  struct world *world = *state;
  unsigned char *bytes = calloc(1, SIZE);
  struct worker workers[THREADS];
  pthread_t threads[THREADS];

  assert_non_null(bytes);
  for (size_t i = 0; i < THREADS; i++) {
    workers[i] = (struct worker){world, bytes, NULL, NULL, NULL};
    assert_int_equal(pthread_create(&threads[i], NULL, put_same_key, &workers[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    if (workers[i].problem != NULL) fail_msg("%s", workers[i].problem);
  }
  assert_int_equal(host_put_immutable(&world->store, KEY, bytes, SIZE), BLOCKSTORE_STATUS_OK);
  host_holds_immutable(&world->store, KEY, bytes, SIZE);
  assert_int_equal(count_files(world), 1);
  free(bytes);
}

/* A source that opens the store once more, as another process would, while the put that reads it is half done. */
static enum blockstore_status open_while_reading(const struct blockstore_source *source, void *buffer, size_t length,
                                                 uint64_t offset) {
  const struct host_source *ours = (const struct host_source *)source;
  const char *root = (const char *)ours->bytes;
  struct host_store other;

  (void)offset;
  host_store_open(&other, "disk", DISK_SETTINGS(root));
  host_store_close(&other);
  memset(buffer, 'x', length);
  return BLOCKSTORE_STATUS_OK;
}

static void live_temporary_is_not_swept(void **state) {
  struct world *world = *state;
  struct host_source source;

  host_source_init(&source, world->root, 3);
  source.source.read_at = open_while_reading;
  assert_int_equal(
      world->store.driver->put_mutable_handler(world->store.self, &world->store.call.call, "x", 1, "", &source.source),
      BLOCKSTORE_STATUS_OK);
  host_holds_mutable(&world->store, "x", "xxx", 3);
}

/* Some initialise the same fresh root at once; all of them get it, and put and sweep at once. */
static int open_and_put(struct world *world, int number) {
  struct host_store store;
  char *root = host_path("%s/fresh", world->directory);
  char id[32] = "";

  snprintf(id, sizeof id, "from-%d", number);
  if (host_store_try(&store, "disk", DISK_SETTINGS(root)) != BLOCKSTORE_STATUS_OK) return 1;
  if (host_put_mutable(&store, id, id, sizeof id) != BLOCKSTORE_STATUS_OK) return 2;
  host_store_close(&store);
  free(root);
  return 0;
}

static void processes_begin_together(void **state) {
  struct world *world = *state;
  pid_t children[8];
  int result;

  for (int i = 0; i < 8; i++) {
    children[i] = fork();
    if (children[i] == 0) _exit(open_and_put(world, i));
  }
  for (int i = 0; i < 8; i++) {
    assert_int_equal(waitpid(children[i], &result, 0), children[i]);
    assert_int_equal(result, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      DISK_TEST(readers_see_whole_objects),
      DISK_TEST(same_key_is_put_in_parallel),
      DISK_TEST(live_temporary_is_not_swept),
      DISK_TEST(processes_begin_together),
  };

  return RUN_TESTS(tests);
}
