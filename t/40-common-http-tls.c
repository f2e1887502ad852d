/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <sys/stat.h>

#include "t/lib/http-world.h"

static char *folder, *authority, *other_authority, *good, *expired, *elsewhere, *holder, *stranger;

static int begin(void **state) {
  (void)state;
  folder = host_directory();
  authority = host_path("%s/authority", folder);
  other_authority = host_path("%s/other-authority", folder);
  good = host_path("%s/good", folder);
  expired = host_path("%s/expired", folder);
  elsewhere = host_path("%s/elsewhere", folder);
  holder = host_path("%s/holder", folder);
  stranger = host_path("%s/stranger", folder);
  standin_certificate(authority, NULL, NULL, 30);
  standin_certificate(other_authority, NULL, NULL, 30);
  standin_certificate(good, authority, "IP:127.0.0.1,DNS:localhost", 30);
  standin_certificate(expired, authority, "IP:127.0.0.1", -1);
  standin_certificate(elsewhere, authority, "DNS:elsewhere.example", 30);
  standin_certificate(holder, authority, NULL, 30);
  standin_certificate(stranger, other_authority, NULL, 30);
  return 0;
}

static int end(void **state) {
  (void)state;
  free(authority), free(other_authority), free(good), free(expired), free(elsewhere), free(holder), free(stranger);
  host_directory_remove(folder);
  return 0;
}

/* One GET from a server with this certificate, with these options. */
static void meets(const char *certificate, const char *clients, const struct host_setting *settings,
                  enum blockstore_status status, const char *text) {
  struct bs_http_request request = {.method = "GET", .url = world.url, .reply_most = 4096};
  enum blockstore_status got;

  standin_start(&world.standin, certificate, clients);
  world_open(&world, settings);
  snprintf(world.url, sizeof world.url, "https://127.0.0.1:%u/bytes?n=2", world.standin.port);
  for (int i = 0; i < 2; i++) {
    got = bs_http_perform(world.http, &world.call.call, &request);
    if (got != status) fail_msg("status %d: %s", (int)got, world.call.sentence);
    if (status == BLOCKSTORE_STATUS_OK) assert_string_equal(request.reply, "xx");
    if (strstr(world.call.sentence, text) == NULL) fail_msg("%s", world.call.sentence);
  }
  bs_http_end(&request);
  world_end(&world);
}

static void only_what_is_trusted_is_spoken_to(void **state) {
  const struct host_setting none[] = {{"proxy", "none"}, {NULL, NULL}},
                            ours[] = {{"proxy", "none"}, {"ca_file", authority}, {NULL, NULL}},
                            other[] = {{"proxy", "none"}, {"ca_file", other_authority}, {NULL, NULL}};

  (void)state;
  meets(good, NULL, ours, BLOCKSTORE_STATUS_OK, "");
  meets(good, NULL, none, BLOCKSTORE_STATUS_FAILED, "The certificate is not trusted: unable to get local issuer certificate");
  meets(good, NULL, other, BLOCKSTORE_STATUS_FAILED, "The certificate is not trusted: ");
  meets(expired, NULL, ours, BLOCKSTORE_STATUS_FAILED, "The certificate is not trusted: certificate has expired");
  meets(elsewhere, NULL, ours, BLOCKSTORE_STATUS_FAILED, "The certificate is not trusted: it is for another host");
}

static void a_client_shows_its_certificate(void **state) {
  const struct host_setting none[] = {{"proxy", "none"}, {"ca_file", authority}, {NULL, NULL}},
                            ours[] = {{"proxy", "none"}, {"ca_file", authority}, {"client_certificate", holder}, {NULL, NULL}},
                            apart[] = {{"proxy", "none"}, {"ca_file", authority}, {"client_certificate", holder},
                                       {"client_key", holder}, {NULL, NULL}},
                            theirs[] = {{"proxy", "none"}, {"ca_file", authority}, {"client_certificate", stranger},
                                        {NULL, NULL}},
                            mixed[] = {{"proxy", "none"}, {"ca_file", authority}, {"client_certificate", holder},
                                       {"client_key", stranger}, {NULL, NULL}};

  (void)state;
  meets(good, authority, ours, BLOCKSTORE_STATUS_OK, "");
  meets(good, authority, apart, BLOCKSTORE_STATUS_OK, "");
  meets(good, authority, none, BLOCKSTORE_STATUS_DENIED, "The server asks for a client certificate");
  meets(good, authority, theirs, BLOCKSTORE_STATUS_DENIED, "The server does not accept the client certificate");
  meets(good, authority, mixed, BLOCKSTORE_STATUS_FAILED, "The client certificate or its key cannot be used");
}

/* It is not asked on the connection of another, either.  That it is shown no certificate is seen by t/40-http-tls.t. */
static void what_was_not_configured_is_judged_by_the_system(void **state) {
  const struct host_setting settings[] = {{"proxy", "none"}, {"ca_file", authority}, {NULL, NULL}};
  struct bs_http_request request = {.method = "GET", .url = world.url, .reply_most = 100};

  (void)state;
  standin_start(&world.standin, good, NULL);
  world_open(&world, settings);
  snprintf(world.url, sizeof world.url, "https://127.0.0.1:%u/bytes?n=2", world.standin.port);
  for (int i = 0; i < 4; i++) {
    request.anonymous = i % 2 == 1;
    assert_int_equal(bs_http_perform(world.http, &world.call.call, &request),
                     request.anonymous ? BLOCKSTORE_STATUS_FAILED : BLOCKSTORE_STATUS_OK);
    if (request.anonymous) assert_non_null(strstr(world.call.sentence, "not trusted"));
  }
  bs_http_end(&request);
  world_end(&world);
}

static void plain_http_is_no_tls(void **state) {
  struct bs_http_request request = {.method = "GET", .url = world.url};

  (void)state;
  world_begin(&world);
  snprintf(world.url, sizeof world.url, "https://127.0.0.1:%u/", world.standin.port);
  assert_int_equal(bs_http_perform(world.http, &world.call.call, &request), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(world.call.sentence, "The server does not speak TLS on this port."));
  bs_http_end(&request);
  world_end(&world);
}

static void bad_files_are_named(void **state) {
  char *missing = host_path("%s/missing", folder), *empty = host_path("%s/empty", folder);
  char *endless = host_path("%s/pipe", folder);
  const struct {
    const char *key, *value, *text;
  } rows[] = {{"ca_file", missing, "No such file"},
              {"ca_file", empty, "PEM"},
              {"ca_file", endless, "PEM"},
              {"ca_file", "/dev/zero", "PEM"},
              {"minimum_rate", "1099511627777", "At most 1T"},
              {"client_certificate", missing, "No such file"},
              {"client_certificate", empty, "PEM"},
              {"client_key", empty, "PEM"},
              {"client_key", holder, "client_certificate"},
              {"proxy", "http://[", "proxy"},
              {"proxy", "", NULL},
              {"ca_file", "", NULL}};
  FILE *file = fopen(empty, "we");

  (void)state;
  assert_non_null(file);
  fclose(file);
  assert_int_equal(mkfifo(endless, 0600), 0);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct host_setting settings[] = {{rows[i].key, rows[i].value}, {NULL, NULL}};
    const struct blockstore_settings given = {settings};
    struct host_call call;
    struct bs_http *http = NULL;

    host_call_init(&call);
    assert_int_equal(bs_http_open(&http, &call.call, &given),
                     rows[i].text == NULL ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_FAILED);
    bs_http_close(http);
    if (rows[i].text == NULL) continue;
    assert_int_equal(strncmp(call.sentence, rows[i].key, strlen(rows[i].key)), 0);
    if (strstr(call.sentence, rows[i].text) == NULL) fail_msg("%s", call.sentence);
  }
  free(missing);
  free(empty);
  free(endless);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(only_what_is_trusted_is_spoken_to),
                                     cmocka_unit_test(a_client_shows_its_certificate),
                                     cmocka_unit_test(what_was_not_configured_is_judged_by_the_system),
                                     cmocka_unit_test(plain_http_is_no_tls), cmocka_unit_test(bad_files_are_named)};

  return RUN_IN_WORLD_BY(tests, begin, end);
}
