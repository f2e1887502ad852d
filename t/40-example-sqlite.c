/* SPDX-License-Identifier: MIT */
/* The driver of examples/driver, held in the hand: what others see of a put under way, and what it does not survive. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "t/lib/driver-host.h"

#define KEY "ab34567890123456789012345678901234567890123456789012345678901234"
#define SIZE ((1u << 20) + 17)

struct world {
  char *directory, *file;
  struct host_store store;
  unsigned char *bytes; /* SIZE */
};

static int begin(void **state) {
  static struct world world;

  world.directory = host_directory();
  world.file = host_path("%s/o b.db", world.directory);
  world.bytes = malloc(SIZE);
  assert_non_null(world.bytes);
  for (size_t i = 0; i < SIZE; i++) world.bytes[i] = (unsigned char)(i % 251);
  host_store_open(&world.store, "sqlite", (const struct host_setting[]){{"file", world.file}, {NULL, NULL}});
  *state = &world;
  return 0;
}

static int end(void **state) {
  struct world *world = *state;

  host_store_close(&world->store);
  host_directory_remove(world->directory);
  free(world->file);
  free(world->bytes);
  return 0;
}

static void cancelled_at_any_look_a_put_is_invisible(void **state) {
  struct world *world = *state;
  enum blockstore_status status = BLOCKSTORE_STATUS_CANCELLED;
  int looks;

  for (looks = 0; status != BLOCKSTORE_STATUS_OK; looks++) {
    atomic_store(&world->store.call.looks, looks);
    status = host_put_immutable(&world->store, KEY, world->bytes, SIZE);
    atomic_store(&world->store.call.looks, -1);
    if (status == BLOCKSTORE_STATUS_OK) break;
    assert_int_equal(status, BLOCKSTORE_STATUS_CANCELLED);
    assert_int_equal(host_get_immutable(&world->store, KEY), BLOCKSTORE_STATUS_NOT_FOUND);
  }
  assert_true(looks > 5); /* one a piece */
  host_holds_immutable(&world->store, KEY, world->bytes, SIZE);
}

/* A source that looks, while it is read, at what another instance sees. */
struct watching {
  struct host_source source;
  struct host_store *other;
  const unsigned char *seen;
};

static enum blockstore_status read_and_watch(const struct blockstore_source *source, void *buffer, size_t length,
                                             uint64_t offset) {
  const struct watching *watching = (const struct watching *)source;

  memcpy(buffer, watching->source.bytes + offset, length);
  host_holds_mutable(watching->other, "id", watching->seen, SIZE);
  atomic_store(&watching->other->call.looks, 3);
  assert_int_equal(host_put_mutable(watching->other, "other", "x", 1), BLOCKSTORE_STATUS_CANCELLED);
  atomic_store(&watching->other->call.looks, -1);
  return BLOCKSTORE_STATUS_OK;
}

static void a_put_under_way_is_not_seen_and_delays_writers_only(void **state) {
  struct world *world = *state;
  struct watching watching = {.seen = world->bytes};
  struct host_store other;
  unsigned char *fresh = calloc(1, SIZE);

  assert_non_null(fresh);
  host_store_open(&other, "sqlite", (const struct host_setting[]){{"file", world->file}, {NULL, NULL}});
  assert_int_equal(host_put_mutable(&world->store, "id", world->bytes, SIZE), BLOCKSTORE_STATUS_OK);
  host_source_init(&watching.source, fresh, SIZE);
  watching.source.source.read_at = read_and_watch;
  watching.other = &other;
  assert_int_equal(world->store.driver->put_mutable_handler(world->store.self, &world->store.call.call, "id", 2, "",
                                                            &watching.source.source),
                   BLOCKSTORE_STATUS_OK);
  host_holds_mutable(&other, "id", fresh, SIZE);
  assert_int_equal(host_put_mutable(&other, "other", "x", 1), BLOCKSTORE_STATUS_OK);
  host_store_close(&other);
  free(fresh);
}

/* A program that forks amid a put, and whose child exits as any program does. */
static enum blockstore_status read_and_fork(const struct blockstore_source *source, void *buffer, size_t length,
                                            uint64_t offset) {
  int status;
  pid_t child;

  memcpy(buffer, ((const struct host_source *)source)->bytes + offset, length);
  fflush(NULL);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) exit(0);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status)); /* with what it may: valgrind counts in it what the child never gave back */
  return BLOCKSTORE_STATUS_OK;
}

static void a_child_that_exits_does_no_harm(void **state) {
  struct world *world = *state;
  struct host_source forking;
  struct host_store other;

  host_source_init(&forking, world->bytes, SIZE);
  forking.source.read_at = read_and_fork;
  assert_int_equal(world->store.driver->put_immutable_handler(world->store.self, &world->store.call.call, KEY,
                                                              &forking.source, NULL),
                   BLOCKSTORE_STATUS_OK);
  host_holds_immutable(&world->store, KEY, world->bytes, SIZE);
  host_store_open(&other, "sqlite", (const struct host_setting[]){{"file", world->file}, {NULL, NULL}});
  host_holds_immutable(&other, KEY, world->bytes, SIZE);
  host_store_close(&other);
  assert_int_equal(host_put_immutable(&world->store, KEY, "more", 4), BLOCKSTORE_STATUS_OK);
  host_holds_immutable(&world->store, KEY, "more", 4);
}

static void a_file_that_is_gone_is_missed(void **state) {
  struct world *world = *state;
  char *elsewhere = host_path("%s/elsewhere.db", world->directory);

  assert_int_equal(host_put_immutable(&world->store, KEY, "data", 4), BLOCKSTORE_STATUS_OK);
  assert_int_equal(rename(world->file, elsewhere), 0);
  assert_int_equal(host_put_immutable(&world->store, KEY, "more", 4), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(world->store.call.sentence, "o b.db: The database that was opened is not there any more"));
  assert_int_equal(host_get_immutable(&world->store, KEY), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(rename(elsewhere, world->file), 0);
  host_holds_immutable(&world->store, KEY, "data", 4);
  free(elsewhere);
}

static enum blockstore_status never_read(const struct blockstore_source *source, void *buffer, size_t length,
                                         uint64_t offset) {
  (void)source, (void)buffer, (void)length, (void)offset;
  fail_msg("the source was read");
  return BLOCKSTORE_STATUS_FAILED;
}

/* What could not be written within a cancelled call's half second. */
static void more_than_is_soon_written_is_too_large(void **state) {
  const struct blockstore_source source = {
      .struct_size = sizeof source, .size = (16u << 20) + 1, .read_at = never_read};
  struct world *world = *state;

  assert_int_equal(
      world->store.driver->put_immutable_handler(world->store.self, &world->store.call.call, KEY, &source, NULL),
      BLOCKSTORE_STATUS_TOO_LARGE);
  assert_string_equal(strstr(world->store.call.sentence, "o b.db: "),
                      "o b.db: At most 16777216 bytes are stored as one object.");
}

static void only_its_own_urls_are_handled(void **state) {
  struct world *world = *state;
  char *url = host_url(&world->store, "a/b");
  char *paths[] = {host_path("sqlite://%s/o%%20b.db/", world->directory),
                   host_path("sqlite://%s/o%%20b.db", world->directory),
                   host_path("sqlite://%s/o b.db/id", world->directory),
                   host_path("sqlite://%s/o%%20b.db/a/b", world->directory),
                   host_path("SQLITE://%s/o%%20b.db/id", world->directory),
                   host_path("file://%s/o%%20b.db/id", world->directory),
                   host_path("sqlite://%s/o%%20b.db/i?d", world->directory),
                   host_path("sqlite://%s/x.db/id", world->directory),
                   host_path("sqlite://%s/o%%20b.db/%0601d", world->directory, 1)};
  char *expected = host_path("sqlite://%s/o%%20b.db/a%%2Fb", world->directory);

  assert_string_equal(url, expected);
  assert_int_equal(host_put_mutable(&world->store, "a/b", "data", 4), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_OK);
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    enum blockstore_status status =
        world->store.driver->handles_url(world->store.self, &world->store.call.call, paths[i]);

    if (status != BLOCKSTORE_STATUS_UNHANDLED_URL ||
        host_get_url(&world->store, paths[i]) != BLOCKSTORE_STATUS_UNHANDLED_URL)
      fail_msg("%s is handled", paths[i]);
    free(paths[i]);
  }
  free(expected);
  free(url);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(cancelled_at_any_look_a_put_is_invisible, begin, end),
      cmocka_unit_test_setup_teardown(a_put_under_way_is_not_seen_and_delays_writers_only, begin, end),
      cmocka_unit_test_setup_teardown(a_child_that_exits_does_no_harm, begin, end),
      cmocka_unit_test_setup_teardown(a_file_that_is_gone_is_missed, begin, end),
      cmocka_unit_test_setup_teardown(more_than_is_soon_written_is_too_large, begin, end),
      cmocka_unit_test_setup_teardown(only_its_own_urls_are_handled, begin, end),
  };
  return RUN_TESTS(tests);
}
