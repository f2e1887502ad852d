/* SPDX-License-Identifier: MIT */
/* Processes of the programs that the manual shows are killed at random while puts and gets go on: what was acknowledged is there,
 * and whatever is given is what was put. */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "t/lib/processes.h"

#define WRITERS 3
#define PUTS_MOST 4096
#define SIZE_MOST 300000u
#define ROUNDS 60u

struct writer {
  struct host_store *store;
  pthread_t thread;
  unsigned number, puts;
  unsigned char acknowledged[PUTS_MOST];
};

static atomic_bool is_over;
static atomic_uint broken, killed;

static void nap(unsigned milliseconds) {
  struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};

  while (nanosleep(&time, &time) < 0 && errno == EINTR) continue;
}

/* What a put of a writer puts: all of it follows from its number. */
static void make_object(char key[65], unsigned char *bytes, size_t *ret_length, unsigned writer, unsigned put) {
  uint32_t state = writer * 7919 + put * 104729 + 1;

  snprintf(key, 65, "%032x%032x", writer, put);
  *ret_length = put % 4 == 0 ? SIZE_MOST - put : put * 17 % 5000;
  for (size_t i = 0; i < *ret_length; i++) bytes[i] = (unsigned char)((state = state * 1664525 + 1013904223) >> 24);
}

static void must_be_honest(const struct host_call *call, enum blockstore_status status, const char *what) {
  if (status == BLOCKSTORE_STATUS_TRANSIENT || status == BLOCKSTORE_STATUS_FAILED) atomic_fetch_add(&broken, 1);
  else if (status != BLOCKSTORE_STATUS_OK) fail_msg("%s answered %d: %s", what, (int)status, call->sentence);
}

static void put(struct writer *writer, unsigned number, unsigned char *bytes) {
  struct host_source source;
  struct host_call call;
  enum blockstore_status status;
  size_t length;
  char key[65];

  make_object(key, bytes, &length, writer->number, number);
  host_source_init(&source, bytes, length);
  host_call_init(&call);
  status = writer->store->driver->put_immutable_handler(writer->store->self, &call.call, key, &source.source, NULL);
  must_be_honest(&call, status, "A put");
  writer->acknowledged[number] = status == BLOCKSTORE_STATUS_OK;
}

/* True: it was given, and was right. */
static bool get(struct writer *writer, unsigned number, unsigned char *bytes) {
  struct host_sink sink;
  struct host_call call;
  enum blockstore_status status;
  size_t length;
  char key[65];

  make_object(key, bytes, &length, writer->number, number);
  host_sink_init(&sink);
  host_call_init(&call);
  status = writer->store->driver->get_immutable_handler(writer->store->self, &call.call, &sink.sink, key);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND && !writer->acknowledged[number]) status = BLOCKSTORE_STATUS_TRANSIENT;
  must_be_honest(&call, status, "A get");
  if (status == BLOCKSTORE_STATUS_OK && (sink.length != length || memcmp(sink.bytes, bytes, length) != 0))
    fail_msg("%zu bytes were given instead of %zu.", sink.length, length);
  host_sink_free(&sink);
  return status == BLOCKSTORE_STATUS_OK;
}

static void *write_and_read(void *user) {
  struct writer *writer = user;
  unsigned char *bytes = malloc(SIZE_MOST);

  assert_non_null(bytes);
  while (!atomic_load(&is_over) && writer->puts < PUTS_MOST) {
    put(writer, writer->puts++, bytes);
    get(writer, writer->puts * 31 % writer->puts, bytes);
  }
  free(bytes);
  return NULL;
}

/* Kills one of the programs, or a process that one has started. */
static void kill_one(unsigned round) {
  pid_t pids[64];
  size_t count = programs(pids, 64, true);

  if (count > 0 && kill(pids[round * 7 % count], SIGKILL) == 0) atomic_fetch_add(&killed, 1);
}

/* All that was acknowledged is there, as often as it takes. */
static void look_for_all(struct writer *writer) {
  unsigned char *bytes = malloc(SIZE_MOST);
  unsigned acknowledged = 0;

  assert_non_null(bytes);
  for (unsigned i = 0; i < writer->puts; i++) {
    unsigned tries = 0;

    if (!writer->acknowledged[i]) continue;
    acknowledged++;
    while (!get(writer, i, bytes))
      if (++tries > 200) fail_msg("Object %u of writer %u cannot be had.", i, writer->number);
      else nap(20);
  }
  free(bytes);
  assert_true(acknowledged > 0);
}

static void kill_all_the_time(const char *example, unsigned pause_ms) {
  const char *source = getenv("srcdir");
  char *directory = host_directory(), *program = host_path("%s/examples/exec/%s", source == NULL ? "." : source, example);
  char *copy = host_path("%s/%s", directory, example), *root = host_path("root=%s/root", directory);
  char *command = host_path("cp '%s' '%s' && chmod 755 '%s'", program, copy, copy);
  static struct writer writers[WRITERS];
  struct host_store store;

  assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a command of the test's own */
  host_store_open(&store, "exec", (const struct host_setting[]){{"program", copy}, {"options", root}, {NULL, NULL}});
  atomic_store(&is_over, false);
  atomic_store(&killed, 0);
  atomic_store(&broken, 0);
  for (unsigned i = 0; i < WRITERS; i++) {
    writers[i] = (struct writer){.store = &store, .number = i};
    assert_int_equal(pthread_create(&writers[i].thread, NULL, write_and_read, &writers[i]), 0);
  }
  for (unsigned round = 0; round < ROUNDS; round++) {
    nap(pause_ms + round * 13 % 50);
    kill_one(round);
  }
  atomic_store(&is_over, true);
  for (unsigned i = 0; i < WRITERS; i++) pthread_join(writers[i].thread, NULL);
  assert_true(atomic_load(&killed) > ROUNDS / 6 && atomic_load(&broken) > 0);
  for (unsigned i = 0; i < WRITERS; i++) look_for_all(&writers[i]);
  host_store_close(&store);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
  free(command);
  free(root);
  free(copy);
  free(program);
  host_directory_remove(directory);
}

static void the_script(void **state) {
  (void)state;
  kill_all_the_time("store.sh", 20);
}

static void the_python(void **state) {
  (void)state;
  if (access("/usr/bin/python3", X_OK) != 0) skip_because("needs /usr/bin/python3");
  kill_all_the_time("store.py", 100); /* begins more slowly, and the pauses before that grow */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_script), cmocka_unit_test(the_python)};

  return RUN_TESTS(tests);
}
