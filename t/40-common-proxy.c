/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/common/proxy.h"
#include "t/lib/http-world.h"

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ftp_proxy", "FTP_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static int clear(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) unsetenv(variables[i]);
  return 0;
}

static void asks(struct bs_proxy *ret_proxy, const char *proxy, const char *except) {
  const struct host_setting settings[] = {{proxy == NULL ? "-" : "proxy", proxy}, {except == NULL ? "-" : "no_proxy", except},
                                          {NULL, NULL}};
  const struct blockstore_settings given = {settings};
  struct host_call call;

  host_call_init(&call);
  if (bs_proxy_open(ret_proxy, &call.call, &given) != BLOCKSTORE_STATUS_OK) fail_msg("%s", call.sentence);
}

static void the_environment_counts_when_nothing_is_set(void **state) {
  static const struct {
    const char *variable, *http, *https, *ftp;
  } rows[] = {{"http_proxy", "P", "", ""},   {"HTTP_PROXY", "", "", ""}, {"https_proxy", "", "P", ""},
              {"HTTPS_PROXY", "", "P", ""},  {"ftp_proxy", "", "", "P"}, {"all_proxy", "P", "P", "P"},
              {"ALL_PROXY", "P", "P", "P"}};
  struct bs_proxy proxy;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    setenv(rows[i].variable, "P", 1);
    asks(&proxy, NULL, NULL);
    unsetenv(rows[i].variable);
    assert_string_equal(bs_proxy_for(&proxy, "http", "a.example"), rows[i].http);
    assert_string_equal(bs_proxy_for(&proxy, "https", "a.example"), rows[i].https);
    assert_string_equal(bs_proxy_for(&proxy, "ftp", "a.example"), rows[i].ftp);
    bs_proxy_close(&proxy);
  }
}

static void the_options_go_first(void **state) {
  struct bs_proxy proxy;

  (void)state;
  setenv("http_proxy", "http://environment.example:1", 1);
  setenv("no_proxy", "a.example", 1);
  asks(&proxy, "none", NULL);
  assert_string_equal(bs_proxy_for(&proxy, "http", "b.example"), "");
  bs_proxy_close(&proxy);
  asks(&proxy, "http://p.example:2", "c.example");
  assert_string_equal(bs_proxy_for(&proxy, "http", "a.example"), "http://p.example:2");
  assert_string_equal(bs_proxy_for(&proxy, "http", "c.example"), "");
  bs_proxy_close(&proxy);
  asks(&proxy, NULL, NULL);
  assert_string_equal(bs_proxy_for(&proxy, "http", "a.example"), "");
  assert_string_equal(bs_proxy_for(&proxy, "http", "b.example"), "http://environment.example:1");
  bs_proxy_close(&proxy);
  clear(NULL);
}

static void hosts_are_excepted(void **state) {
  static const struct {
    const char *list, *host;
    bool excepted;
  } rows[] = {{"*", "a.example", true},
              {"a.example", "a.example", true},
              {"A.example", "a.EXAMPLE", true},
              {"a.example", "a.example.", true},
              {"a.example.", "a.example", true},
              {"a.example", "b.a.example", true},
              {".a.example", "b.a.example", true},
              {".a.example", "a.example", true},
              {"a.example", "ba.example", false},
              {"a.example", "example", false},
              {"x, y , a.example", "a.example", true},
              {"x a.example", "a.example", true},
              {",, ,", "a.example", false},
              {"", "a.example", false},
              {"127.0.0.1", "127.0.0.1", true},
              {"127.0.0.1", "127.0.0.11", false},
              {"10.0.0.0/8", "10.1.2.3", true},
              {"10.0.0.0/8", "11.1.2.3", false},
              {"10.0.0.0/9", "10.128.2.3", false},
              {"0.0.0.0/0", "8.8.8.8", true},
              {"10.0.0.0/33", "10.0.0.0", false},
              {"10.0.0.0/-1", "10.0.0.0", false},
              {"10.0.0.0/x", "10.0.0.0", false},
              {"10.0.0.0/", "10.0.0.0", false},
              {"::1", "[::1]", true},
              {"fd00::/8", "[fd12::1]", true},
              {"fd00::/8", "[fe12::1]", false}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct bs_proxy proxy;

    asks(&proxy, "http://p.example:2", rows[i].list);
    if ((bs_proxy_for(&proxy, "http", rows[i].host)[0] == '\0') != rows[i].excepted)
      fail_msg("%s: %s", rows[i].list, rows[i].host);
    bs_proxy_close(&proxy);
  }
}

/* ---- through one ---- */

static struct http_world world;

static void goes_through(const char *except, bool public_only, const char *url, bool through) {
  char proxy[64];
  const struct host_setting settings[] = {{"proxy", proxy}, {"no_proxy", except}, {NULL, NULL}};
  struct bs_http_request request = {.method = "GET", .url = url, .public_only = public_only, .reply_most = 4096};
  enum blockstore_status status;

  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", world.standin.port);
  bs_http_close(world.http);
  world_open(&world, settings);
  status = bs_http_perform(world.http, &world.call.call, &request);
  if (through && (status != BLOCKSTORE_STATUS_OK || strstr(request.reply, "GET http://nobody.example/echo\n") == NULL))
    fail_msg("%s: %s", url, world.call.sentence);
  if (!through) assert_int_not_equal(status, BLOCKSTORE_STATUS_OK);
  bs_http_end(&request);
}

static void requests_go_through_it(void **state) {
  (void)state;
  world_begin(&world);
  goes_through("", false, "http://nobody.example/echo", true);
  goes_through("", true, "http://nobody.example/echo", true); /* where it leads to is the proxy's business */
  goes_through("", true, "http://127.0.0.1/echo", false);     /* but for what the URL says itself */
  goes_through("", true, "http://localhost/echo", false);
  goes_through("example", false, "http://nobody.example/echo", false);
  world_end(&world);
}

static void tls_goes_through_a_tunnel(void **state) {
  char proxy[64], *folder = host_directory(), *authority = host_path("%s/authority", folder),
       *holder = host_path("%s/holder", folder);
  const struct host_setting settings[] = {{"proxy", proxy}, {"no_proxy", ""}, {"ca_file", authority}, {NULL, NULL}};
  struct standin other;
  struct bs_http_request request = {.method = "GET", .url = world.url, .reply_most = 100};
  char *value;

  (void)state;
  standin_certificate(authority, NULL, NULL, 30);
  standin_certificate(holder, authority, "IP:127.0.0.1", 30);
  world_begin(&world);
  bs_http_close(world.http);
  standin_start(&other, holder, NULL);
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", world.standin.port);
  world_open(&world, settings);
  snprintf(world.url, sizeof world.url, "https://127.0.0.1:%u/bytes?n=2", other.port);
  if (bs_http_perform(world.http, &world.call.call, &request) != BLOCKSTORE_STATUS_OK) fail_msg("%s", world.call.sentence);
  assert_string_equal(request.reply, "xx");
  value = bs_http_header(&request, "x-proxy");
  assert_null(value); /* the proxy's headers are not the answer's */
  bs_http_end(&request);
  bs_http_close(world.http);
  world_open(&world, NULL);
  request.url = world_url(&world, "/seen?what=tunnels");
  assert_int_equal(bs_http_perform(world.http, &world.call.call, &request), BLOCKSTORE_STATUS_OK);
  assert_string_equal(request.reply, "1");
  bs_http_end(&request);
  standin_stop(&other);
  world_end(&world);
  free(authority);
  free(holder);
  host_directory_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_environment_counts_when_nothing_is_set),
                                     cmocka_unit_test(the_options_go_first), cmocka_unit_test(hosts_are_excepted),
                                     cmocka_unit_test(requests_go_through_it), cmocka_unit_test(tls_goes_through_a_tunnel)};

  alarm(120);
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests_name(__FILE__, tests, clear, clear);
}
