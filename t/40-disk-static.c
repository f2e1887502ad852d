/* SPDX-License-Identifier: MIT */
/*
 * A driver linked into a program beside the library's archive: each has its own functions, whatever it shares with the
 * other.  The same store is served by the driver in the program and, through the library, by disk.so.
 */
#include <config.h>

#include "t/lib/client.h"
#include "t/lib/driver-host.h"

const struct blockstore_registration *disk_LTX_blockstore_driver(void);

static void both_serve_one_store(void **state) {
  struct world *world = *state;
  char *root = path_in(world->place, "one");
  const struct host_setting settings[] = {{"root", root}, {NULL, NULL}};
  struct host_store linked;
  char key[65];

  open_with_name(world, ONE_STORE);
  put_text(world, key, "from the library");
  assert_int_equal(host_store_begin(&linked, disk_LTX_blockstore_driver()->driver, settings), BLOCKSTORE_STATUS_OK);
  host_holds_immutable(&linked, key, "from the library", 16);
  assert_int_equal(linked.driver->delete_immutable_handler(linked.self, &linked.call.call, key, NULL), BLOCKSTORE_STATUS_OK);
  assert_get_refused(world, NAME, key, "not_found", key);
  assert_int_equal(host_put_immutable(&linked, key, "from the library", 16), BLOCKSTORE_STATUS_OK);
  assert_holds(world, NAME, key, "from the library", 16);
  host_store_close(&linked);
  free(root);
}

/* Both report, each in its own way. */
static void both_tell_of_its_health(void **state) {
  struct world *world = *state;
  char *root = path_in(world->place, "one"), *json = NULL;
  const struct host_setting settings[] = {{"root", root}, {NULL, NULL}};
  struct host_store linked;
  struct host_sink sink;

  open_session(world, ONE_STORE);
  assert_done(blockstore_stores(world->session, &json, &error));
  assert_non_null(strstr(json, "\"temporaries_swept\": 0"));
  assert_int_equal(host_store_begin(&linked, disk_LTX_blockstore_driver()->driver, settings), BLOCKSTORE_STATUS_OK);
  host_sink_init(&sink);
  assert_int_equal(linked.driver->check(linked.self, &linked.call.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_non_null(strstr((char *)sink.bytes, "\"temporaries_swept\": 0"));
  host_sink_free(&sink);
  host_store_close(&linked);
  blockstore_free(json);
  free(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {in_world(both_serve_one_store), in_world(both_tell_of_its_health)};

  return RUN_TESTS(tests);
}
