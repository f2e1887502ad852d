/* SPDX-License-Identifier: MIT */
/*
 * Two drivers of the network linked into a program that looks for no file: they share the parts that both are made of,
 * and libcurl, with each other, and nothing with the library.
 */
#include <config.h>

#include "t/lib/client.h"
#include "t/lib/driver-host.h"
#include "t/lib/standin.h"

#define KEY "ab34567890123456789012345678901234567890123456789012345678901234"
#define STORES                                                                                       \
  "plugin_path: []\nstores:\n"                                                                       \
  "  - {name: bucket, driver: s3, endpoint: \"http://127.0.0.1:1\", bucket: data, anonymous: true}\n" \
  "  - {name: web, driver: http}\n"

const struct blockstore_registration *http_LTX_blockstore_driver(void);
const struct blockstore_registration *s3_LTX_blockstore_driver(void);

static void both_ask_one_server(void **state) {
  struct standin standin;
  struct host_store web, bucket;
  char *server, *page;

  (void)state;
  standin_start(&standin, NULL, NULL);
  server = host_path("http://127.0.0.1:%u", standin.port);
  page = host_path("%s/bytes?n=1000", server);
  assert_int_equal(host_store_begin(&web, http_LTX_blockstore_driver()->driver,
                                    (const struct host_setting[]){
                                        {"allow_private", "true"}, {"replace", "move"}, {"proxy", "none"}, {NULL, NULL}}),
                   BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_store_begin(&bucket, s3_LTX_blockstore_driver()->driver,
                                    (const struct host_setting[]){{"endpoint", server}, {"bucket", "data"}, {"style", "auto"},
                                                                  {"anonymous", "true"}, {"proxy", "none"}, {NULL, NULL}}),
                   BLOCKSTORE_STATUS_OK);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(host_get_url(&web, page), BLOCKSTORE_STATUS_OK);
    assert_int_equal(host_get_immutable(&bucket, KEY), BLOCKSTORE_STATUS_FAILED);
    assert_non_null(strstr(bucket.call.sentence, "the server answered 404"));
  }
  host_store_close(&bucket);
  assert_int_equal(host_get_url(&web, page), BLOCKSTORE_STATUS_OK);
  host_store_close(&web);
  free(page);
  free(server);
  standin_stop(&standin);
}

static void the_library_takes_both(void **state) {
  struct world *world = *state;
  const char *first;
  char *json = NULL;

  assert_done(blockstore_add_driver(s3_LTX_blockstore_driver(), &error));
  assert_done(blockstore_add_driver(http_LTX_blockstore_driver(), &error));
  open_session(world, STORES);
  assert_done(blockstore_stores(world->session, &json, &error));
  assert_non_null(strstr(json, "Nobody listens there"));
  assert_non_null(strstr(json, "\"reads_private_addresses\": false"));
  first = strstr(json, "\"file\": \"(built in)\"");
  assert_non_null(first);
  assert_non_null(strstr(first + 1, "\"file\": \"(built in)\""));
  blockstore_free(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(both_ask_one_server), in_world(the_library_takes_both)};

  return RUN_TESTS(tests);
}
