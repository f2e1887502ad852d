/* SPDX-License-Identifier: MIT */
/* A cache never takes more than its size, whoever uses it and whoever dies; what was used longest ago goes first. */
#include <config.h>

#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "t/lib/cache-world.h"

#define LIMIT ((uint64_t)1 << 20)
#define LIMIT_TEXT "1048576"

static void put_into_store(struct world *world, struct datum *data, size_t count, size_t most) {
  for (size_t i = 0; i < count; i++) {
    data[i] = make_datum((i * 7919 + 1) % most, (unsigned)i + 1);
    add_item(&world->below, data[i].key, data[i].bytes, data[i].size);
  }
}

static void free_data(struct datum *data, size_t count) {
  for (size_t i = 0; i < count; i++) free(data[i].bytes);
}

static void the_bound_holds(void **state) {
  struct world *world = *state;
  struct datum data[200];
  uint64_t most = 0;

  reopen_cache(world, LIMIT_TEXT, "3600000");
  put_into_store(world, data, 200, 60000);
  for (size_t i = 0; i < 600; i++) {
    struct taken taken;

    world->below.is_silent = i % 3 == 0;
    host_holds_immutable(&world->store, data[i % 200].key, data[i % 200].bytes, data[i % 200].size);
    taken = count_taken(world, true);
    if (taken.bytes > LIMIT) fail_msg("%llu bytes are taken", (unsigned long long)taken.bytes);
    if (taken.bytes > most) most = taken.bytes;
  }
  assert_true(most > LIMIT * 3 / 4); /* and it is used */
  free_data(data, 200);
}

static void the_oldest_goes_first(void **state) {
  const struct timespec nap = {0, 10000000}; /* longer than a tick, by which files are dated */
  struct world *world = *state;
  struct datum data[40];
  unsigned kept = 0;

  reopen_cache(world, "131072", "0"); /* 32 blocks */
  for (size_t i = 0; i < 40; i++) {
    data[i] = make_datum(4096, (unsigned)i + 1);
    add_item(&world->below, data[i].key, data[i].bytes, data[i].size);
  }
  for (size_t i = 0; i < 32; i++) {
    gets_datum(world, data[i].key, &data[i], 1);
    nanosleep(&nap, NULL);
  }
  gets_datum(world, data[0].key, &data[0], 0); /* used again */
  gets_datum(world, data[2].key, &data[2], 0);
  gets_datum(world, data[32].key, &data[32], 1); /* makes room: an eighth of it, four blocks */
  for (size_t i = 0; i < 33; i++) kept += is_kept(world, data[i].key);
  assert_int_equal(kept, 29);
  for (size_t i = 0; i < 33; i++) assert_int_equal(is_kept(world, data[i].key), i != 1 && (i < 3 || i > 5));
  free_data(data, 40);
}

static void what_is_too_large_is_not_kept(void **state) {
  struct world *world = *state;
  struct datum large = make_datum(600000, 1), small = make_datum(1000, 2);

  reopen_cache(world, LIMIT_TEXT, "3600000");
  add_item(&world->below, small.key, small.bytes, small.size);
  gets_datum(world, small.key, &small, 1);
  for (int silent = 0; silent < 2; silent++) {
    world->below.is_silent = silent == 1;
    assert_int_equal(host_put_immutable(&world->store, large.key, large.bytes, large.size), BLOCKSTORE_STATUS_OK);
    gets_datum(world, large.key, &large, 1);
    gets_datum(world, large.key, &large, 1);
  }
  gets_datum(world, small.key, &small, 0);
  assert_int_equal(atomic_load(&warnings), 0);
  reopen_cache(world, "0", "3600000");
  gets_datum(world, small.key, &small, 0); /* it is there */
  gets_datum(world, large.key, &large, 1);
  free(large.bytes);
  free(small.bytes);
}

/* Records go as values do. */
static void records_are_bounded_too(void **state) {
  struct world *world = *state;
  char name[64];

  reopen_cache(world, "65536", "3600000");
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "below://one/%d", i);
    add_item(&world->below, name, name, strlen(name));
    gets_record(world, name + strlen("below://one/"), name, 1);
    assert_true(count_taken(world, true).bytes <= 65536);
  }
  gets_record(world, "99", "below://one/99", 0);
}

/* ---- several processes ---- */

/* A process of its own, which gets data at random until it is ended; the first `rounds` of them, or for ever. */
static pid_t begin_reader(struct world *world, const struct datum *data, size_t count, unsigned seed, unsigned rounds) {
  pid_t child = fork();

  if (child != 0) return child;
  open_cache(&world->store, world, LIMIT_TEXT, "3600000");
  for (unsigned i = 0; rounds == 0 || i < rounds; i++) {
    const struct datum *datum = &data[(seed = seed * 1103515245 + 12345) / 65536 % count];
    struct host_sink sink;

    host_sink_init(&sink);
    if (get_into(world, &sink.sink, datum->key) !=
            BLOCKSTORE_STATUS_OK ||
        sink.length != datum->size || (datum->size > 0 && memcmp(sink.bytes, datum->bytes, datum->size) != 0))
      _exit(1);
    host_sink_free(&sink);
  }
  _exit(0);
}

/* Stops those that still run, which are then as they are killed; false when none is left. */
static bool stop_all(pid_t children[], int count) {
  bool some = false;

  for (int i = 0; i < count; i++) {
    int result;

    if (children[i] == 0) continue;
    kill(children[i], SIGSTOP);
    assert_int_equal(waitpid(children[i], &result, WUNTRACED), children[i]);
    if (WIFSTOPPED(result)) {
      some = true;
    } else {
      assert_int_equal(result, 0);
      children[i] = 0;
    }
  }
  return some;
}

static void the_bound_holds_for_all_processes(void **state) {
  const struct timespec nap = {0, 5000000};
  struct world *world = *state;
  struct datum data[100];
  pid_t children[4];

  put_into_store(world, data, 100, 90000);
  reopen_cache(world, LIMIT_TEXT, "3600000");
  host_store_close(&world->store);
  for (unsigned i = 0; i < 4; i++) children[i] = begin_reader(world, data, 100, i + 1, 400);
  while (stop_all(children, 4)) {
    struct taken taken = count_taken(world, true);

    if (taken.bytes > LIMIT) fail_msg("%llu bytes are taken", (unsigned long long)taken.bytes);
    for (int i = 0; i < 4; i++)
      if (children[i] != 0) kill(children[i], SIGCONT);
    nanosleep(&nap, NULL);
  }
  assert_true(count_taken(world, true).bytes <= LIMIT);
  free_data(data, 100);
}

/* After each death the rest is whole, within the bound, and what was on its way is swept. */
static void whoever_is_killed_leaves_nothing_wrong(void **state) {
  struct world *world = *state;
  struct datum data[100];
  unsigned seed = 1;

  put_into_store(world, data, 100, 90000);
  host_store_close(&world->store);
  for (unsigned round = 0; round < 40; round++) {
    pid_t children[2] = {begin_reader(world, data, 100, 2 * round + 1, 0), begin_reader(world, data, 100, 2 * round + 2, 0)};
    const struct timespec nap = {0, 1000000L + (long)((seed = seed * 1103515245 + 12345) / 65536 % 20000) * 1000};
    char *path = host_path("%s/.tmp", world->cache);
    struct taken taken = {0, 0};
    int result;

    nanosleep(&nap, NULL);
    for (int i = 0; i < 2; i++) {
      kill(children[i], SIGKILL);
      assert_int_equal(waitpid(children[i], &result, 0), children[i]);
      assert_true(WIFSIGNALED(result));
    }
    taken = count_taken(world, true);
    if (taken.bytes > LIMIT) fail_msg("%llu bytes are taken", (unsigned long long)taken.bytes);
    open_cache(&world->store, world, LIMIT_TEXT, "3600000");
    taken = (struct taken){0, 0};
    add_folder(&taken, path);
    assert_int_equal(taken.files, 0);
    for (size_t i = 0; i < 100; i++) {
      bool kept = is_kept(world, data[i].key);

      if (kept && round % 8 == 0) gets_datum(world, data[i].key, &data[i], 0);
    }
    host_store_close(&world->store);
    free(path);
  }
  free_data(data, 100);
}

/* Whoever is stopped with the tally locked holds up nobody for long. */
static void whoever_is_stopped_holds_up_nobody(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(1000, 1);
  char *path = host_path("%s/tally", world->cache);
  pid_t child;
  int pipes[2];
  char byte;

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  host_put_mutable(&world->store, "x", "first", 5);
  gets_record(world, "x", "first", 1);
  gets_record(world, "x", "first", 0);
  assert_int_equal(pipe(pipes), 0);
  child = fork();
  if (child == 0) {
    int fd = open(path, O_RDWR);

    if (fd < 0 || flock(fd, LOCK_EX) < 0 || write(pipes[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  assert_int_equal(read(pipes[0], &byte, 1), 1);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 1); /* it could not be kept */
  assert_int_equal(host_put_mutable(&world->store, "x", "second", 6), BLOCKSTORE_STATUS_OK);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  gets_record(world, "x", "second", 1); /* the first could not be dropped */
  gets_record(world, "x", "second", 1);
  assert_int_equal(atomic_load(&warnings), 1);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 0);
  close(pipes[0]);
  close(pipes[1]);
  free(path);
  free(datum.bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CACHE_TEST(the_bound_holds),
      CACHE_TEST(the_oldest_goes_first),
      CACHE_TEST(what_is_too_large_is_not_kept),
      CACHE_TEST(records_are_bounded_too),
      CACHE_TEST(the_bound_holds_for_all_processes),
      CACHE_TEST(whoever_is_killed_leaves_nothing_wrong),
      CACHE_TEST(whoever_is_stopped_holds_up_nobody),
  };

  return RUN_TESTS(tests);
}
