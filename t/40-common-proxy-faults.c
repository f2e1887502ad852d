/* SPDX-License-Identifier: MIT */
/* A proxy that does not do what it is asked: whose fault it is, and whether it is worth another try. */
#include <config.h>

#include "t/lib/http-world.h"

static struct http_world world;
static char proxy[64], *folder, *certificate;

static int begin(void **state) {
  (void)state;
  world_begin(&world);
  folder = host_directory();
  certificate = host_path("%s/certificate", folder);
  standin_certificate(certificate, NULL, "IP:127.0.0.1", 30);
  return 0;
}

static int end(void **state) {
  (void)state;
  world_end(&world);
  free(certificate);
  host_directory_remove(folder);
  return 0;
}

/* One GET through the stand-in, by this scheme, for this user. */
static enum blockstore_status asks_for(struct bs_http_request *request, const char *scheme, const char *user, const char *url) {
  const char *password = user == NULL ? NULL : "secret";
  const struct host_setting settings[] = {{"proxy", proxy}, {"proxy_user", user}, {"proxy_password", password}, {NULL, NULL}};

  snprintf(proxy, sizeof proxy, "%s://127.0.0.1:%u", scheme, world.standin.port);
  bs_http_close(world.http);
  world_open(&world, settings);
  *request = (struct bs_http_request){.method = "GET", .url = url, .reply_most = 4096};
  return bs_http_perform(world.http, &world.call.call, request);
}

static void fails(const char *scheme, const char *user, const char *url, enum blockstore_status status, const char *why) {
  struct bs_http_request request;
  enum blockstore_status got = asks_for(&request, scheme, user, url);
  char sentence[256];

  snprintf(sentence, sizeof sentence, "%s (through %s): %s.", url, proxy, why);
  if (got != status) fail_msg("status %d: %s", (int)got, world.call.sentence);
  assert_string_equal(world.call.sentence, sentence);
  assert_int_equal(request.code, 0);
  bs_http_end(&request);
}

static void a_tunnel_is_refused(void **state) {
  static const struct {
    const char *url;
    enum blockstore_status status;
    const char *why;
  } rows[] = {
      {"https://code407.example/x", BLOCKSTORE_STATUS_DENIED, "The proxy asks for another user or password: 407"},
      {"https://code403.example/x", BLOCKSTORE_STATUS_DENIED, "The proxy refuses to connect: 403"},
      {"https://code401.example/x", BLOCKSTORE_STATUS_DENIED, "The proxy refuses to connect: 401"},
      {"https://code429.example/x", BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect: 429"},
      {"https://code500.example/x", BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect: 500"},
      {"https://code502.example/x", BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect: 502"},
      {"https://code503.example/x", BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect: 503"},
      {"https://code504.example/x", BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect: 504"},
      {"https://code301.example/x", BLOCKSTORE_STATUS_FAILED, "The proxy does not connect: 301"},
      {"https://code405.example/x", BLOCKSTORE_STATUS_FAILED, "The proxy does not connect: 405"},
      {"https://code501.example/x", BLOCKSTORE_STATUS_FAILED, "The proxy does not connect: 501"}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    fails("http", NULL, rows[i].url, rows[i].status, rows[i].why);
    fails("http", "bob", rows[i].url, rows[i].status, rows[i].why);
  }
}

/* What goes wrong behind a tunnel is not the proxy's. */
static void the_server_behind_a_tunnel_is_judged_as_ever(void **state) {
  struct standin server;
  char url[64];

  (void)state;
  standin_start(&server, certificate, NULL);
  snprintf(url, sizeof url, "https://127.0.0.1:%u/bytes?n=1", server.port);
  *strchr(url, '?') = '\0';
  fails("http", NULL, url, BLOCKSTORE_STATUS_FAILED, "The certificate is not trusted: self-signed certificate");
  standin_stop(&server);
}

static void a_socks_proxy_is_gone_through(void **state) {
  struct bs_http_request request;

  (void)state;
  for (int i = 0; i < 2; i++) {
    if (asks_for(&request, "socks5h", i == 0 ? NULL : "bob", "http://nobody.example/echo") != BLOCKSTORE_STATUS_OK)
      fail_msg("%s", world.call.sentence);
    assert_non_null(strstr(request.reply, "GET /echo\nHost: nobody.example\n"));
    assert_null(strstr(request.reply, "uthorization"));
    bs_http_end(&request);
  }
}

static void a_socks_proxy_refuses(void **state) {
  static const struct {
    const char *user, *url;
    enum blockstore_status status;
    const char *why;
  } rows[] = {
      {"eve", "http://nobody.example/x", BLOCKSTORE_STATUS_DENIED, "The proxy asks for another user or password"},
      {NULL, "http://reply1.example/x", BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect"},
      {NULL, "http://reply2.example/x", BLOCKSTORE_STATUS_DENIED, "The proxy refuses to connect"},
      {NULL, "http://reply3.example/x", BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect"},
      {NULL, "http://reply4.example/x", BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect"},
      {NULL, "http://reply5.example/x", BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect"},
      {NULL, "http://reply6.example/x", BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect"},
      {NULL, "http://reply7.example/x", BLOCKSTORE_STATUS_FAILED, "The proxy does not connect"},
      {NULL, "http://reply8.example/x", BLOCKSTORE_STATUS_FAILED, "The proxy does not connect"}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    fails("socks5h", rows[i].user, rows[i].url, rows[i].status, rows[i].why);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_tunnel_is_refused),
                                     cmocka_unit_test(the_server_behind_a_tunnel_is_judged_as_ever),
                                     cmocka_unit_test(a_socks_proxy_is_gone_through), cmocka_unit_test(a_socks_proxy_refuses)};

  alarm(600);
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests_name(__FILE__, tests, begin, end);
}
