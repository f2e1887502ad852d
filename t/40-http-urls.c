/* SPDX-License-Identifier: MIT */
/* The http driver without a server: which options and URLs it takes, and which URLs it makes. */
#include <config.h>

#include "t/lib/driver-host.h"

#define ROOT "https://dav.example/a/b"
#define OPEN(...) ((const struct host_setting[]){__VA_ARGS__, {NULL, NULL}})
#define KEY "ab34567890123456789012345678901234567890123456789012345678901234"

static enum blockstore_status handles(struct host_store *store, const char *url) {
  return store->driver->handles_url(store->self, &store->call.call, url);
}

static void refused(const struct host_setting *settings, const char *sentence) {
  struct host_store store;

  assert_int_equal(host_store_try(&store, "http", settings), BLOCKSTORE_STATUS_FAILED);
  if (strstr(store.call.sentence, sentence) == NULL) fail_msg("\"%s\" is not: %s", store.call.sentence, sentence);
  if (strstr(store.call.sentence, "secret") != NULL) fail_msg("a secret is told: %s", store.call.sentence);
}

static void taken(const struct host_setting *settings) {
  struct host_store store;

  host_store_open(&store, "http", settings);
  host_store_close(&store);
}

static void makes(const char *root, const char *url) {
  struct host_store store;
  char *made;

  host_store_open(&store, "http", OPEN({"root", root}));
  made = host_url(&store, "0a8ce26f:foo.test:/Bar");
  assert_string_equal(made, url);
  assert_int_equal(handles(&store, made), BLOCKSTORE_STATUS_OK);
  host_store_close(&store);
  free(made);
}

static void roots_that_are_no_roots_are_refused(void **state) {
  static const char *const urls[] = {"",
                                     "dav.example/a",
                                     "ftp://dav.example/a",
                                     "https:/dav.example/a",
                                     "https://",
                                     "https:///a",
                                     "https://user:secret@dav.example/a",
                                     "https://secret@dav.example/a",
                                     "https://dav.example/a?b",
                                     "https://dav.example/a#b",
                                     "https://dav.example:0/a",
                                     "https://dav.example:65536/a",
                                     "https://dav.example:/a",
                                     "https://dav.example:80x/a",
                                     "https://dav.example/a b",
                                     "https://dav.example/%",
                                     "https://dav.example/%4",
                                     "https://dav.\xc3\xa9xample/a",
                                     "https://dav.example/\xc3\xa9",
                                     "https://[::1/a",
                                     "https://[]/a",
                                     "https://[fe80::1%25eth0]/a",
                                     " https://dav.example/a"};
  static const char *const paths[] = {"//", "//a", "/a//b", "/.", "/..", "/a/../b", "/a/%2e%2E/b", "/a/./b"};

  (void)state;
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) refused(OPEN({"root", urls[i]}), "root must be a URL like");
  for (size_t i = 2; i < sizeof paths / sizeof paths[0]; i++) {
    char *url = host_path("https://dav.example%s", paths[i]);

    refused(OPEN({"root", url}), "root must have no empty component");
    free(url);
  }
}

static void long_roots_are_refused(void **state) {
  char *root = malloc(3000);

  (void)state;
  assert_non_null(root);
  memset(root, 'x', 3000);
  memcpy(root, ROOT, strlen(ROOT));
  root[1701] = '\0';
  refused(OPEN({"root", root}), "root is too long");
  root[1700] = '\0';
  taken(OPEN({"root", root}));
  free(root);
}

static void a_login_is_whole_and_safe(void **state) {
  (void)state;
  refused(OPEN({"root", ROOT}, {"user", "alice"}), "password is not set");
  refused(OPEN({"root", ROOT}, {"password", "secret"}), "user is not set");
  refused(OPEN({"root", ROOT}, {"user", "alice"}, {"password", "secret"}, {"token", "secret"}), "not both");
  refused(OPEN({"user", "alice"}, {"password", "secret"}), "root must be set");
  refused(OPEN({"token", "secret"}), "root must be set");
  refused(OPEN({"client_certificate", "/secret"}), "root must be set");
  refused(OPEN({"root", "http://dav.example/a"}, {"token", "secret"}), "allow_plain_login");
  refused(OPEN({"root", "http://127.example/a"}, {"token", "secret"}), "allow_plain_login");
  refused(OPEN({"root", "http://localhost.example/a"}, {"token", "secret"}), "allow_plain_login");
  refused(OPEN({"root", "http://192.168.1.1/a"}, {"user", "alice"}, {"password", "secret"}), "allow_plain_login");
  refused(OPEN({"root", "http://localhost.:8080/a"}, {"token", "secret"}), "allow_plain_login");
  taken(OPEN({"root", ROOT}, {"user", "alice"}, {"password", "secret"}));
  taken(OPEN({"root", "http://LOCALHOST:8080/a"}, {"token", "secret"}));
  taken(OPEN({"root", "http://127.0.0.1/a"}, {"token", "secret"}));
  taken(OPEN({"root", "http://[::1]:80/a"}, {"token", "secret"}));
  taken(OPEN({"root", "http://dav.localhost/a"}, {"token", "secret"}));
  taken(OPEN({"root", "http://dav.example/a"}, {"token", "secret"}, {"allow_plain_login", "true"}));
  taken(OPEN({"root", "http://dav.example/a"}));
}

static void an_id_has_one_url(void **state) {
#define TAIL "/mutable/7f/5e/0a8ce26f%253Afoo.test%253A%252F%2542ar"
  (void)state;
  makes(ROOT, ROOT TAIL);
  makes(ROOT "/", ROOT TAIL);
  makes(ROOT "///", ROOT TAIL);
  makes("HTTPS://DAV.example:443/a/b", ROOT TAIL);
  makes("https://dav.example:8443/a/b", "https://dav.example:8443/a/b" TAIL);
  makes("http://dav.example:443", "http://dav.example:443" TAIL);
  makes("http://dav.example:80/", "http://dav.example" TAIL);
  makes("http://[2001:DB8::1]/x", "http://[2001:db8::1]/x" TAIL);
  makes("https://dav.example/%7Ea/B%20c@d", "https://dav.example/%7Ea/B%20c@d" TAIL);
#undef TAIL
}

static void urls_of_the_web_are_handled(void **state) {
  static const char *const urls[] = {"http://example.org",        "https://example.org/",           "HTTP://EXAMPLE.org/a",
                                     "http://example.org:8080/a", "https://[2001:db8::1]:8443/a?b", "http://127.0.0.1/a",
                                     "http://0x7f.1/",            "https://a_b-c.example/%C3%A9?x=y&z=%20", ROOT "/../../c"};
  struct host_store store;

  (void)state;
  host_store_open(&store, "http", OPEN({"root", ROOT}));
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
    if (handles(&store, urls[i]) != BLOCKSTORE_STATUS_OK) fail_msg("not handled: %s", urls[i]);
  host_store_close(&store);
}

static void other_urls_are_not(void **state) {
  static const char *const urls[] = {"",
                                     "http:",
                                     "http://",
                                     "http:///etc/passwd",
                                     "https://:80/",
                                     "file:///etc/passwd",
                                     "ftp://example.org/a",
                                     "httpss://example.org/a",
                                     "http://user@example.org/a",
                                     "http://user:password@example.org/a",
                                     "http://example.org@127.0.0.1/a",
                                     "http://example.org#@127.0.0.1/a",
                                     "http://example.org\\@127.0.0.1/a",
                                     "http://example.org/a#b",
                                     "http://example.org?a",
                                     "http://example.org/a\\b",
                                     "http://example.org/a b",
                                     "http://example.org/%",
                                     "http://example.org/%zz",
                                     "http://example.org/a%0",
                                     "http://exam%70le.org/",
                                     "http://ex ample.org/",
                                     "http://example.org:/",
                                     "http://example.org:0/",
                                     "http://example.org:123456/",
                                     "http://example.org:8a/",
                                     "http://[::1]x/",
                                     "http://[fe80::1%25lo]/",
                                     "http://example.org/\xc3\xa9",
                                     "//example.org/a",
                                     "url:http://example.org/a"};
  struct host_store store;

  (void)state;
  host_store_open(&store, "http", OPEN({"root", ROOT}));
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    if (handles(&store, urls[i]) != BLOCKSTORE_STATUS_UNHANDLED_URL) fail_msg("handled: %s", urls[i]);
    assert_int_equal(host_get_url(&store, urls[i]), BLOCKSTORE_STATUS_UNHANDLED_URL);
  }
  host_store_close(&store);
}

static void refuses_writes(struct host_store *store, const char *sentence) {
  const struct blockstore_driver *driver = store->driver;
  struct blockstore_call *call = &store->call.call;

  assert_int_equal(host_put_immutable(store, KEY, "x", 1), BLOCKSTORE_STATUS_UNSUPPORTED);
  assert_non_null(strstr(store->call.sentence, sentence));
  assert_int_equal(host_put_mutable(store, "x", "x", 1), BLOCKSTORE_STATUS_UNSUPPORTED);
  assert_int_equal(driver->delete_immutable_handler(store->self, call, KEY, NULL), BLOCKSTORE_STATUS_UNSUPPORTED);
  assert_int_equal(driver->delete_mutable_handler(store->self, call, "x", "v2:"), BLOCKSTORE_STATUS_UNSUPPORTED);
}

/* Without a root nothing is kept, and so nothing is there. */
static void without_root_nothing_is_kept(void **state) {
  struct host_store store;
  struct host_sink sink;

  (void)state;
  host_store_open(&store, "http", OPEN({"read_only", "false"}));
  host_sink_init(&sink);
  assert_int_equal(store.driver->make_mutable_url(store.self, &store.call.call, &sink.sink, "x"), BLOCKSTORE_STATUS_UNSUPPORTED);
  assert_int_equal(host_get_immutable(&store, KEY), BLOCKSTORE_STATUS_NOT_FOUND);
  refuses_writes(&store, "no root");
  assert_int_equal(store.driver->check(store.self, &store.call.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_non_null(strstr((char *)sink.bytes, "\"none\""));
  host_sink_free(&sink);
  host_store_close(&store);
}

static void a_store_for_reading_is_not_written(void **state) {
  struct host_store store;

  (void)state;
  host_store_open(&store, "http", OPEN({"root", "http://127.0.0.1:1/a"}, {"read_only", "true"}));
  refuses_writes(&store, "read_only");
  host_store_close(&store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(roots_that_are_no_roots_are_refused),
      cmocka_unit_test(long_roots_are_refused),
      cmocka_unit_test(a_login_is_whole_and_safe),
      cmocka_unit_test(an_id_has_one_url),
      cmocka_unit_test(urls_of_the_web_are_handled),
      cmocka_unit_test(other_urls_are_not),
      cmocka_unit_test(without_root_nothing_is_kept),
      cmocka_unit_test(a_store_for_reading_is_not_written),
  };
  return RUN_TESTS(tests);
}
