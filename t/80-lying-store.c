/* SPDX-License-Identifier: MIT */
/* The store that lies to other tests does as its options say, where mutable records are concerned, and else keeps them. */
#include <config.h>

#include <sys/stat.h>

#include "t/lib/driver-host.h"

#define DATUM "0a8ce26f:foo.test:/Bar"
#define NAME "m30613863653236663a666f6f2e746573743a2f426172"
#define KEY "d7d5ee7824ff93f94c3055af9382c86c68b5ca92"

struct world {
  char *root;
  struct host_store store;
};

static void lie(struct world *world, const char *lie, const char *on, const char *about) {
  const struct host_setting settings[] = {{"root", world->root}, {"lie", lie}, {"on", on}, {"about", about}, {NULL, NULL}};

  if (world->store.self != NULL) host_store_close(&world->store);
  host_store_open(&world->store, "lying", settings);
}

static void tell_the_truth(struct world *world) {
  lie(world, "none", "get", "all");
}

static int begin(void **state) {
  static struct world world;

  world.store.self = NULL;
  world.root = host_directory();
  tell_the_truth(&world);
  *state = &world;
  return 0;
}

static int end(void **state) {
  struct world *world = *state;

  host_store_close(&world->store);
  host_directory_remove(world->root);
  return 0;
}

static void write_file(const struct world *world, const char *name, const char *text) {
  char *path = host_path("%s/%s", world->root, name);
  FILE *file = fopen(path, "w");

  if (file == NULL) fail_msg("%s cannot be written", path);
  fputs(text, file);
  fclose(file);
  free(path);
}

/* The last candidate, by free(); *ret_status: what the get answered. */
static char *get(struct world *world, enum blockstore_status *ret_status, unsigned *ret_candidates) {
  char *url = host_path("lying:%s/" NAME, world->root);
  struct host_sink sink;

  host_sink_init(&sink);
  sink.room = 1 << 20;
  *ret_status = world->store.driver->get_mutable_handler(world->store.self, &world->store.call.call, &sink.sink, url);
  *ret_candidates = sink.begins;
  free(url);
  if (sink.bytes == NULL) sink.bytes = (unsigned char *)host_path("%s", "");
  sink.bytes[sink.length] = '\0';
  return (char *)sink.bytes;
}

static void assert_told(struct world *world, const char *expected, unsigned candidates) {
  enum blockstore_status status;
  unsigned told;
  char *text = get(world, &status, &told);

  assert_int_equal(status, BLOCKSTORE_STATUS_OK);
  assert_string_equal(text, expected);
  assert_int_equal(told, candidates);
  free(text);
}

static void put(struct world *world, const char *text, enum blockstore_status expected) {
  assert_int_equal(host_put_mutable(&world->store, DATUM, text, strlen(text)), expected);
}

static enum blockstore_status delete(struct world *world) {
  return world->store.driver->delete_mutable_handler(world->store.self, &world->store.call.call, DATUM, "v2:");
}

static void an_honest_one_keeps_plain_files(void **state) {
  struct world *world = *state;
  char *url = host_url(&world->store, DATUM), *expected = host_path("lying:%s/" NAME, world->root);

  assert_string_equal(url, expected);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_NOT_FOUND);
  put(world, "first", BLOCKSTORE_STATUS_OK);
  put(world, "second", BLOCKSTORE_STATUS_OK);
  host_holds_mutable(&world->store, DATUM, "second", 6);
  write_file(world, NAME, "replaced");
  host_holds_mutable(&world->store, DATUM, "replaced", 8);
  assert_int_equal(delete(world), BLOCKSTORE_STATUS_OK);
  assert_int_equal(delete(world), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_NOT_FOUND);
  free(expected);
  free(url);
}

static void long_ids_have_files_of_their_own(void **state) {
  struct world *world = *state;
  char one[4144], other[4144];

  memset(one, 'x', sizeof one);
  one[sizeof one - 1] = '\0';
  memcpy(other, one, sizeof other);
  other[sizeof other - 2] = 'y';
  assert_int_equal(host_put_mutable(&world->store, one, "one", 3), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_put_mutable(&world->store, other, "other", 5), BLOCKSTORE_STATUS_OK);
  host_holds_mutable(&world->store, one, "one", 3);
  host_holds_mutable(&world->store, other, "other", 5);
}

static enum blockstore_status handles(struct world *world, const char *url) {
  return world->store.driver->handles_url(world->store.self, &world->store.call.call, url);
}

/* Of another root, of another scheme, of no record, and what leaves the root. */
static void urls_of_others_are_not_handled(void **state) {
  struct world *world = *state;
  char *urls[] = {host_path("lying:%s2/" NAME, world->root), host_path("lying:%s", world->root),
                  host_path("file:%s/" NAME, world->root),   host_path("lying:%s/" KEY, world->root),
                  host_path("lying:%s/m61/../x", world->root), host_path("lying:/nowhere/m61"), host_path("%s", "")};

  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    if (handles(world, urls[i]) != BLOCKSTORE_STATUS_UNHANDLED_URL) fail_msg("handled: %s", urls[i]);
    assert_int_equal(host_get_url(&world->store, urls[i]), BLOCKSTORE_STATUS_UNHANDLED_URL);
    free(urls[i]);
  }
  lie(world, "nothing", "handles", "all");
  assert_int_equal(handles(world, "http://example.org/"), BLOCKSTORE_STATUS_OK);
}

static void gets_lie(void **state) {
  struct world *world = *state;
  char *old = host_path("%s/old", world->root);
  enum blockstore_status status;
  unsigned candidates;

  put(world, "stored", BLOCKSTORE_STATUS_OK);
  write_file(world, "other", "another's");
  assert_int_equal(mkdir(old, 0700), 0);
  write_file(world, "old/" NAME, "old one");
  free(old);
  lie(world, "flip", "get", "mutable");
  assert_told(world, "rtored", 1);
  lie(world, "other", "get", "mutable");
  assert_told(world, "another's", 1);
  lie(world, "old", "get", "mutable");
  assert_told(world, "old one", 1);
  lie(world, "both", "get", "mutable");
  assert_told(world, "stored", 2);
  lie(world, "bad_then_good", "get", "mutable");
  assert_told(world, "stored", 2);
  lie(world, "nothing", "get", "mutable");
  assert_told(world, "", 0);
  lie(world, "endless", "get", "mutable");
  free(get(world, &status, &candidates));
  assert_int_equal(status, BLOCKSTORE_STATUS_TOO_LARGE);
  lie(world, "denied", "get", "mutable");
  free(get(world, &status, &candidates));
  assert_int_equal(status, BLOCKSTORE_STATUS_DENIED);
}

static void lies_are_about_some_objects(void **state) {
  struct world *world = *state;

  put(world, "stored", BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_put_immutable(&world->store, KEY, "user", 4), BLOCKSTORE_STATUS_OK);
  lie(world, "empty", "get", "mutable");
  host_holds_immutable(&world->store, KEY, "user", 4);
  assert_told(world, "", 1);
  lie(world, "empty", "get", "user");
  host_holds_immutable(&world->store, KEY, "", 0);
  assert_told(world, "stored", 1);
  lie(world, "empty", "get", "data");
  host_holds_immutable(&world->store, KEY, "user", 4);
  assert_told(world, "stored", 1);
  lie(world, "empty", "get", "all");
  assert_told(world, "", 1);
}

static void puts_and_deletes_lie(void **state) {
  struct world *world = *state;
  char *url = host_url(&world->store, DATUM);

  lie(world, "nothing", "put", "mutable");
  put(world, "first", BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_NOT_FOUND);
  lie(world, "freeze", "put", "mutable");
  put(world, "second", BLOCKSTORE_STATUS_OK);
  assert_told(world, "second", 1); /* there was none before */
  put(world, "third", BLOCKSTORE_STATUS_OK);
  assert_told(world, "second", 1);
  lie(world, "truncate", "put", "mutable");
  put(world, "fourth", BLOCKSTORE_STATUS_OK);
  assert_told(world, "fou", 1);
  lie(world, "good_but_denied", "put", "mutable");
  put(world, "fifth", BLOCKSTORE_STATUS_DENIED);
  assert_told(world, "fifth", 1);
  lie(world, "no_space", "put", "mutable");
  put(world, "sixth", BLOCKSTORE_STATUS_NO_SPACE);
  assert_told(world, "fifth", 1);
  lie(world, "nothing", "delete", "mutable");
  assert_int_equal(delete(world), BLOCKSTORE_STATUS_OK);
  assert_told(world, "fifth", 1);
  free(url);
}

static void assert_url(struct world *world, const char *lie_, enum blockstore_status expected, const char *text) {
  struct host_sink sink;

  lie(world, lie_, "url", "all");
  host_sink_init(&sink);
  sink.room = 2048;
  assert_int_equal(world->store.driver->make_mutable_url(world->store.self, &world->store.call.call, &sink.sink,
                                                         DATUM), expected);
  if (text != NULL) assert_string_equal(sink.bytes == NULL ? "" : (char *)sink.bytes, text);
  host_sink_free(&sink);
}

static void urls_lie(void **state) {
  assert_url(*state, "empty", BLOCKSTORE_STATUS_OK, "");
  assert_url(*state, "control", BLOCKSTORE_STATUS_OK, "lying:a\nb");
  assert_url(*state, "other", BLOCKSTORE_STATUS_OK, "lying:/nowhere/m61");
  assert_url(*state, "endless", BLOCKSTORE_STATUS_TOO_LARGE, NULL);
  assert_url(*state, "transient", BLOCKSTORE_STATUS_TRANSIENT, "");
}

#define in_world(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(an_honest_one_keeps_plain_files), in_world(long_ids_have_files_of_their_own),
      in_world(urls_of_others_are_not_handled),  in_world(gets_lie),
      in_world(lies_are_about_some_objects),     in_world(puts_and_deletes_lie),
      in_world(urls_lie),
  };

  return RUN_TESTS(tests);
}
