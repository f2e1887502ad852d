/* SPDX-License-Identifier: MIT */
/* The options of the s3 driver: what is refused when a store is opened, and the URLs that follow from them.  No server. */
#include <config.h>

#include "t/lib/driver-host.h"

#define BUCKET "my-data"
#define SETTINGS(...) \
  ((const struct host_setting[]){{"bucket", BUCKET}, {"anonymous", "true"}, {"style", "auto"}, __VA_ARGS__, {NULL, NULL}})
#define ID "0a8ce26f:alice.id:status"
#define LABEL "0a8ce26f%253Aalice.id%253Astatus"

static void refused(const char *option, const char *value, const char *text) {
  const struct host_setting settings[] = {
      {option, value}, {"bucket", BUCKET}, {"style", "auto"}, {"anonymous", "true"}, {NULL, NULL}};
  struct host_store store;
  enum blockstore_status status = host_store_try(&store, "s3", settings);

  if (status != BLOCKSTORE_STATUS_FAILED) fail_msg("%s=%s: %d", option, value, status);
  if (strstr(store.call.sentence, text) == NULL) fail_msg("%s=%s: %s", option, value, store.call.sentence);
  if (strncmp(store.call.sentence, option, strlen(option)) != 0) fail_msg("%s=%s: %s", option, value, store.call.sentence);
}

static void wrong_values_are_refused(void **state) {
  static const char *const endpoints[] = {
      "s3.example.org", "ftp://s3.example.org", "https://", "https:///x", "https://user@host.example", "https://host.example:",
      "https://host.example:99999999", "https://host.example:65536",
      "https://host.example:http", "https://host.example?x=1", "https://host.example/#x",
      "https://host.example//x", "https://host.example/../x", "https://ho st.example", "https://h%6Fst.example", "https://[::1",
      "https://[::1]x", "https://[fe80::1%25eth0]", "https://host.example:80:80"};
  static const char *const buckets[] = {
      "", "ab", "My-Data", "my_data", "-data", "data-", ".data", "data.", "my..data", "my/data", "my data", "m\303\274ll",
      "a23456789012345678901234567890123456789012345678901234567890abcd"};
  static const char *const prefixes[] = {"/", "/x", "x//y", "x/../y", ".", "..", "x/.", "./x"};
  static const char *const regions[] = {"eu central", "eu/central", "a\nb",
                                        "a2345678901234567890123456789012345678901234567890123456789012345"};
  static const char *const classes[] = {"", "STANDARD IA", "A\r\nX: y",
                                        "A2345678901234567890123456789012345678901234567890123456789012345"};

  (void)state;
  for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) refused("endpoint", endpoints[i], "URL");
  for (size_t i = 0; i < sizeof buckets / sizeof buckets[0]; i++) refused("bucket", buckets[i], "3 to 63 small letters");
  for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) refused("prefix", prefixes[i], "single slashes");
  for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) refused("region", regions[i], "eu-central-1");
  for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) refused("storage_class", classes[i], "STANDARD_IA");
}

/* An address and a path have no room for the bucket. */
static void virtual_style_needs_a_name(void **state) {
  static const char *const endpoints[] = {"http://127.0.0.1:9000", "https://[2001:db8::1]", "https://s3.example.org/storage"};

  (void)state;
  for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
    struct host_store store;
    const struct host_setting settings[] = {
        {"bucket", BUCKET}, {"style", "virtual"}, {"anonymous", "true"}, {"endpoint", endpoints[i]}, {NULL, NULL}};

    assert_int_equal(host_store_try(&store, "s3", settings), BLOCKSTORE_STATUS_FAILED);
    assert_non_null(strstr(store.call.sentence, "style: path"));
  }
}

static void urls_follow_from_the_options(void **state) {
  static const struct {
    struct host_setting first, second;
    const char *base;
  } rows[] = {
      {{NULL, NULL}, {NULL, NULL}, "https://my-data.s3.us-east-1.amazonaws.com/"},
      {{"region", "eu-central-1"}, {NULL, NULL}, "https://my-data.s3.eu-central-1.amazonaws.com/"},
      {{"endpoint", "https://s3.eu-west-3.amazonaws.com"}, {"prefix", "a/b"}, "https://my-data.s3.eu-west-3.amazonaws.com/a/b/"},
      {{"endpoint", "https://S3.Example.org:443/"}, {"prefix", "a/"}, "https://s3.example.org/my-data/a/"},
      {{"endpoint", "HTTP://localhost:80"}, {NULL, NULL}, "http://localhost/my-data/"},
      {{"endpoint", "https://localhost:9000"}, {"prefix", "\303\274 %+"}, "https://localhost:9000/my-data/%C3%BC%20%25%2B/"},
      {{"endpoint", "https://[2001:DB8::1]:9000"}, {NULL, NULL}, "https://[2001:db8::1]:9000/my-data/"},
      {{"endpoint", "https://[2001:db8:0:0:0::1]:09000"}, {NULL, NULL}, "https://[2001:db8::1]:9000/my-data/"},
      {{"endpoint", "http://0x7f000001:9000"}, {"allow_http", "true"}, "http://127.0.0.1:9000/my-data/"},
      {{"endpoint", "http://127.1:0080"}, {"allow_http", "true"}, "http://127.0.0.1/my-data/"},
      {{"endpoint", "https://host.example/storage/v1"}, {NULL, NULL}, "https://host.example/storage/v1/my-data/"},
      {{"endpoint", "https://host.example:444"}, {"style", "virtual"}, "https://my-data.host.example:444/"},
      {{"endpoint", "http://localhost:9000"}, {"style", "virtual"}, "http://my-data.localhost:9000/"},
      {{"style", "path"}, {NULL, NULL}, "https://s3.us-east-1.amazonaws.com/my-data/"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct host_setting settings[6] = {rows[i].first, rows[i].second};
    size_t count = rows[i].first.key == NULL ? 0 : rows[i].second.key == NULL ? 1 : 2;
    struct host_store store;
    char *url, expected[512];

    settings[count++] = (struct host_setting){"bucket", BUCKET};
    settings[count++] = (struct host_setting){"style", "auto"};
    settings[count++] = (struct host_setting){"anonymous", "true"};
    settings[count] = (struct host_setting){NULL, NULL};
    host_store_open(&store, "s3", settings);
    url = host_url(&store, ID);
    snprintf(expected, sizeof expected, "%smutable/ef/b1/%s", rows[i].base, LABEL);
    /* The digits of the id's hash are the layout's business. */
    memcpy(strstr(expected, "ef/b1"), strstr(url, "mutable/") + strlen("mutable/"), 5);
    assert_string_equal(url, expected);
    assert_int_equal(store.driver->handles_url(store.self, &store.call.call, url), BLOCKSTORE_STATUS_OK);
    free(url);
    host_store_close(&store);
  }
}

static void only_its_own_urls_are_handled(void **state) {
  static const char *const own[] = {"https://s3.example.org/my-data/p/", "https://my-data.s3.example.org/p/", "s3://my-data/p/",
                                    "HTTPS://S3.EXAMPLE.ORG/my-data/p/", "https://s3.example.org/my%2Ddata/p/"};
  static const char *const others[] = {
      "https://s3.example.org/their-data/p/", "https://their-data.s3.example.org/p/", "s3://their-data/p/",
      "http://s3.example.org/my-data/p/", "https://s3.example.org:444/my-data/p/",
      "https://s3.example.org.evil.example/my-data/p/",
      "https://user@s3.example.org/my-data/p/", "https://s3.example.org/my-data/q/", "https://s3.example.org/my-data/",
      "https://s3.example.org/my-data/p/../p/", "https://s3.example.org/my-data//p/", "https://s3.example.org/My-Data/p/",
      "https://s3.example.org/my-data%2Fp/", "https://s3.example.org", "file:///my-data/p/", "s3:my-data/p/", "s3://my-data/"};
  static const char *const wrong[] = {"immutable/ab/cd/x", "mutable/ab/cd/", "mutable/ab/cd/x/y", "mutable/ab/x", "x",
                                      "mutable/AB/cd/x", "mutable/ab/cd/x?versionId=1", "mutable/ab/cd/x#y", "mutable/ab/cd/.."};
  struct host_store store;
  char url[256];

  (void)state;
  host_store_open(&store, "s3", SETTINGS({"endpoint", "https://s3.example.org"}, {"prefix", "p"}));
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    snprintf(url, sizeof url, "%smutable/ab/cd/x", own[i]);
    if (store.driver->handles_url(store.self, &store.call.call, url) != BLOCKSTORE_STATUS_OK) fail_msg("%s", url);
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    snprintf(url, sizeof url, "%smutable/ab/cd/x", others[i]);
    if (store.driver->handles_url(store.self, &store.call.call, url) != BLOCKSTORE_STATUS_UNHANDLED_URL) fail_msg("%s", url);
    assert_int_equal(host_get_url(&store, url), BLOCKSTORE_STATUS_UNHANDLED_URL);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    snprintf(url, sizeof url, "%s%s", own[0], wrong[i]);
    if (store.driver->handles_url(store.self, &store.call.call, url) != BLOCKSTORE_STATUS_UNHANDLED_URL) fail_msg("%s", url);
  }
  host_store_close(&store);
}

/* S3 takes names of 1,024 bytes, a URL of 2,048; the longest path below the prefix has 216. */
static void prefix_must_leave_room_for_objects(void **state) {
  char prefix[2049];
  struct host_store store;

  (void)state;
  memset(prefix, 'x', sizeof prefix);
  prefix[sizeof prefix - 1] = '\0';
  refused("prefix", prefix, "no room");
  prefix[1024 - 216] = '\0';
  refused("prefix", prefix, "no room");
  prefix[1024 - 216 - 1] = '\0';
  host_store_open(&store, "s3", SETTINGS({"prefix", prefix}));
  host_store_close(&store);
}

static void http_is_for_this_machine(void **state) {
  static const char *const own[] = {"http://127.0.0.1:9000", "http://LOCALHOST:9000/storage", "http://[::1]:9000"};
  static const char *const others[] = {"http://s3.example.org", "http://127.example:9000", "http://192.168.1.1:9000",
                                       "http://[2001:db8::1]:9000"};
  struct host_store store;

  (void)state;
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    host_store_open(&store, "s3", SETTINGS({"endpoint", own[i]}));
    host_store_close(&store);
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    refused("endpoint", others[i], "use https, or set allow_http: true");
    host_store_open(&store, "s3", SETTINGS({"endpoint", others[i]}, {"allow_http", "true"}));
    host_store_close(&store);
  }
}

static void nothing_is_put_without_credentials(void **state) {
  struct host_store store;
  static const char key[] = "ab34567890123456789012345678901234567890123456789012345678901234";

  (void)state;
  host_store_open(&store, "s3", SETTINGS({"endpoint", "http://127.0.0.1:1"}));
  assert_int_equal(host_put_immutable(&store, key, "x", 1), BLOCKSTORE_STATUS_DENIED);
  assert_non_null(strstr(store.call.sentence, "no credentials"));
  assert_int_equal(host_put_mutable(&store, ID, "x", 1), BLOCKSTORE_STATUS_DENIED);
  assert_int_equal(store.driver->delete_immutable_handler(store.self, &store.call.call, key, NULL), BLOCKSTORE_STATUS_DENIED);
  assert_int_equal(store.driver->delete_mutable_handler(store.self, &store.call.call, ID, "x"), BLOCKSTORE_STATUS_DENIED);
  host_store_close(&store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wrong_values_are_refused),
      cmocka_unit_test(virtual_style_needs_a_name),
      cmocka_unit_test(urls_follow_from_the_options),
      cmocka_unit_test(only_its_own_urls_are_handled),
      cmocka_unit_test(prefix_must_leave_room_for_objects),
      cmocka_unit_test(http_is_for_this_machine),
      cmocka_unit_test(nothing_is_put_without_credentials),
  };

  return RUN_TESTS(tests);
}
