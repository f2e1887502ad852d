/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <strings.h>

#include "plugins/common/proxy.h"
#include "t/lib/http-world.h"
#include "t/lib/memory.h"

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ftp_proxy", "FTP_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static int clear(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) unsetenv(variables[i]);
  return 0;
}

static enum blockstore_status opens(struct bs_proxy *ret_proxy, struct host_call *call, const struct host_setting *settings) {
  const struct blockstore_settings given = {settings};

  host_call_init(call);
  return bs_proxy_open(ret_proxy, &call->call, &given);
}

static void asks(struct bs_proxy *ret_proxy, const char *proxy, const char *except) {
  const struct host_setting settings[] = {{proxy == NULL ? "-" : "proxy", proxy}, {except == NULL ? "-" : "no_proxy", except},
                                          {NULL, NULL}};
  struct host_call call;

  if (opens(ret_proxy, &call, settings) != BLOCKSTORE_STATUS_OK) fail_msg("%s", call.sentence);
}

/* The URL of the proxy for one, or "". */
static const char *way(const struct bs_proxy *proxy, const char *scheme, const char *host) {
  const struct bs_proxy_server *server = bs_proxy_for(proxy, scheme, host);

  return server == NULL ? "" : server->url;
}

static void the_environment_counts_when_nothing_is_set(void **state) {
#define P "http://p.example:3128"
  static const struct {
    const char *variable, *http, *https, *ftp;
  } rows[] = {{"http_proxy", P, "", ""}, {"HTTP_PROXY", "", "", ""}, {"https_proxy", "", P, ""}, {"HTTPS_PROXY", "", P, ""},
              {"ftp_proxy", "", "", P},  {"FTP_PROXY", "", "", P},   {"all_proxy", P, P, P},     {"ALL_PROXY", P, P, P}};
  struct bs_proxy proxy;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    setenv(rows[i].variable, "p.example:3128", 1);
    asks(&proxy, NULL, NULL);
    unsetenv(rows[i].variable);
    assert_string_equal(way(&proxy, "http", "a.example"), rows[i].http);
    assert_string_equal(way(&proxy, "https", "a.example"), rows[i].https);
    assert_string_equal(way(&proxy, "ftp", "a.example"), rows[i].ftp);
    bs_proxy_close(&proxy);
  }
}

static void the_options_go_first(void **state) {
  struct bs_proxy proxy;

  (void)state;
  setenv("http_proxy", "http://environment.example:1", 1);
  setenv("no_proxy", "a.example", 1);
  asks(&proxy, "none", NULL);
  assert_string_equal(way(&proxy, "http", "b.example"), "");
  bs_proxy_close(&proxy);
  asks(&proxy, "http://p.example:2", "c.example");
  assert_string_equal(way(&proxy, "http", "a.example"), "http://p.example:2");
  assert_string_equal(way(&proxy, "ftp", "a.example"), "http://p.example:2");
  assert_string_equal(way(&proxy, "http", "c.example"), "");
  bs_proxy_close(&proxy);
  asks(&proxy, NULL, NULL);
  assert_string_equal(way(&proxy, "http", "a.example"), "");
  assert_string_equal(way(&proxy, "http", "b.example"), "http://environment.example:1");
  bs_proxy_close(&proxy);
  clear(NULL);
}

/* Requests to a service of this machine may hold its secrets: only who asks for it sends them through a proxy. */
static void this_machine_is_not_behind_it(void **state) {
  static const char *const own[] = {"localhost", "Localhost", "a.localhost", "127.0.0.1", "127.9.8.7", "127.1", "[::1]", "[::]",
                                    "0.0.0.0", "[::ffff:127.0.0.1]"};
  static const char *const schemes[] = {"http", "https", "ftp", "ftps"};
  struct bs_proxy proxy;

  (void)state;
  for (int asked = 0; asked < 2; asked++) {
    setenv("all_proxy", P, 1);
    asks(&proxy, asked == 1 ? P : NULL, NULL);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
      for (size_t j = 0; j < sizeof schemes / sizeof schemes[0]; j++)
        if (strcmp(way(&proxy, schemes[j], own[i]), asked == 1 ? P : "") != 0) fail_msg("%s://%s", schemes[j], own[i]);
    assert_string_equal(way(&proxy, "http", "10.0.0.1"), P);
    bs_proxy_close(&proxy);
  }
  clear(NULL);
}

/* ---- what a URL of a proxy is ---- */

static void a_url_is_read(void **state) {
  static const struct {
    const char *text, *url, *user, *password;
  } rows[] = {{"p.example", "http://p.example", NULL, NULL},
              {"ftp.example:3128", "http://ftp.example:3128", NULL, NULL},
              {"HTTPS://p.example:8443/", "https://p.example:8443", NULL, NULL},
              {"http://p.example:3128/path?query#part", "http://p.example:3128", NULL, NULL},
              {"socks4://p.example", "socks4://p.example", NULL, NULL},
              {"socks4a://p.example", "socks4a://p.example", NULL, NULL},
              {"socks5://[::1]:1080", "socks5://[::1]:1080", NULL, NULL},
              {"socks5h://p.example:1080", "socks5h://p.example:1080", NULL, NULL},
              {"http://bob@p.example", "http://p.example", "bob", NULL},
              {"bob:p%40ss:word@p.example:1", "http://p.example:1", "bob", "p@ss:word"},
              {"http://bob:@p.example", "http://p.example", "bob", ""},
              {"htpp://bob:secret@p.example", NULL, NULL, NULL},
              {"socks://p.example:1080", NULL, NULL, NULL},
              {"ftp://p.example", NULL, NULL, NULL},
              {"http://[", NULL, NULL, NULL},
              {"http://", NULL, NULL, NULL},
              {"http://bob:a%00b@p.example", NULL, NULL, NULL},
              {"http://p.example:123456", NULL, NULL, NULL}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct bs_proxy proxy;
    const struct bs_proxy_server *server;

    setenv("https_proxy", rows[i].text, 1);
    asks(&proxy, NULL, NULL);
    assert_null(bs_proxy_for(&proxy, "http", "a.example"));
    server = bs_proxy_for(&proxy, "https", "a.example");
    assert_non_null(server);
    assert_string_equal(server->source, "https_proxy");
    if (rows[i].url == NULL ? server->url != NULL : server->url == NULL || strcasecmp(server->url, rows[i].url) != 0)
      fail_msg("%s: %s", rows[i].text, server->url == NULL ? "refused" : server->url);
    assert_string_equal(server->user == NULL ? "-" : server->user, rows[i].user == NULL ? "-" : rows[i].user);
    assert_string_equal(server->password == NULL ? "-" : server->password, rows[i].password == NULL ? "-" : rows[i].password);
    bs_proxy_close(&proxy);
  }
  clear(NULL);
}

/* What is wrong in the configuration is said at once, without a secret. */
static void bad_options_are_refused(void **state) {
  static const struct {
    const char *proxy, *user, *password, *sentence;
  } rows[] = {{"htpp://bob:secret@p.example", "", "", "proxy: A URL such as http://proxy.example:3128 (or https, socks4, "},
              {"ftp://p.example", "", "", "proxy: A URL such as"},
              {"http://[", "", "", "proxy: A URL such as"},
              {"http://bob:secret@p.example", "", "", "proxy: A URL without user and password was expected; they are set by "},
              {"http://bob@p.example", "", "", "proxy: A URL without user and password was expected; they are set by "},
              {"bob:secret@p.example", "", "", "proxy: A URL without user and password was expected; they are set by "},
              {"", "bob", "secret", "proxy_user: Its proxy was expected, too."},
              {"none", "bob", "secret", "proxy_user: Its proxy was expected, too."},
              {"http://p.example", "", "secret", "proxy_password: Its proxy_user was expected, too."}};

  (void)state;
  setenv("http_proxy", "http://environment.example:1", 1);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct host_setting settings[] = {{"proxy", rows[i].proxy}, {"proxy_user", rows[i].user},
                                            {"proxy_password", rows[i].password}, {NULL, NULL}};
    struct bs_proxy proxy;
    struct host_call call;

    assert_int_equal(opens(&proxy, &call, settings), BLOCKSTORE_STATUS_FAILED);
    if (strncmp(call.sentence, rows[i].sentence, strlen(rows[i].sentence)) != 0) fail_msg("%s", call.sentence);
    assert_null(strstr(call.sentence, "bob"));
    assert_null(strstr(call.sentence, "secret"));
  }
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
              {"3.4", "1.2.3.4", false},
              {"2.3.4", "1.2.3.4", false},
              {".3.4", "1.2.3.4", false},
              {"1.2.3.4.", "1.2.3.4", true},
              {"a:b", "[fd12::a:b]", false},
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
    if ((bs_proxy_for(&proxy, "http", rows[i].host) == NULL) != rows[i].excepted)
      fail_msg("%s: %s", rows[i].list, rows[i].host);
    bs_proxy_close(&proxy);
  }
}

/* ---- when memory runs out ---- */

static const struct host_setting *given; /* what is opened */

static bool open_once(struct bs_error *error) {
  struct bs_proxy proxy = {0};
  struct host_call call;
  enum blockstore_status status = opens(&proxy, &call, given);

  bs_proxy_close(&proxy);
  if (status == BLOCKSTORE_STATUS_TRANSIENT) error->word = BS_WORD_no_memory;
  return status == BLOCKSTORE_STATUS_OK;
}

/* Never does it read as if there were no proxy, or no exception. */
static void no_memory_is_no_answer(void **state) {
  const struct host_setting none[] = {{NULL, NULL}},
                            asked[] = {{"proxy", "http://p.example"}, {"proxy_user", "bob"}, {"proxy_password", "secret"},
                                       {"no_proxy", "a.example"}, {NULL, NULL}};

  (void)state;
  given = asked;
  assert_each_failure_is_said(open_once, 10);
  setenv("http_proxy", "http://bob:secret@p.example:3128", 1);
  setenv("no_proxy", "a.example", 1);
  given = none;
  assert_each_failure_is_said(open_once, 10);
  clear(NULL);
}

/* libcurl asks for memory by these: the linker leads them to t/lib/memory.h, as it does the parts' own calls. */
static void *take(size_t size) {
  return malloc(size);
}

static void *take_again(void *pointer, size_t size) {
  return realloc(pointer, size);
}

static char *take_text(const char *text) {
  return strdup(text);
}

static void *take_many(size_t count, size_t size) {
  return calloc(count, size);
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

/* One GET with these settings; its status. */
static enum blockstore_status asks_for(struct bs_http_request *request, const char *url, const struct host_setting *settings) {
  bs_http_close(world.http);
  world_open(&world, settings);
  request->method = "GET";
  request->url = url;
  request->reply_most = 4096;
  return bs_http_perform(world.http, &world.call.call, request);
}

static void a_proxy_gets_its_password(void **state) {
  char url[64], with_login[96];
  const struct host_setting asked[] = {{"proxy", url}, {"proxy_user", "bob"}, {"proxy_password", "secret"}, {NULL, NULL}},
                            none[] = {{NULL, NULL}};
  struct bs_http_request request = {0};

  (void)state;
  world_begin(&world);
  snprintf(url, sizeof url, "http://127.0.0.1:%u", world.standin.port);
  snprintf(with_login, sizeof with_login, "http://bob:secret@127.0.0.1:%u", world.standin.port);
  for (int i = 0; i < 2; i++) {
    if (i == 1) setenv("http_proxy", with_login, 1);
    if (asks_for(&request, "http://nobody.example/echo", i == 0 ? asked : none) != BLOCKSTORE_STATUS_OK)
      fail_msg("%s", world.call.sentence);
    assert_non_null(strstr(request.reply, "\nProxy-Authorization: Basic Ym9iOnNlY3JldA==\n"));
    assert_null(strstr(request.reply, "\nAuthorization:"));
    bs_http_end(&request);
  }
  clear(NULL);
  world_end(&world);
}

/* Whose address is not known before the proxy looks its name up is asked for through one that was chosen for that. */
static void strangers_take_only_the_proxy_that_was_asked_for(void **state) {
  char url[64];
  const struct host_setting asked[] = {{"proxy", url}, {NULL, NULL}}, none[] = {{NULL, NULL}};
  struct bs_http_request request = {.public_only = true};

  (void)state;
  world_begin(&world);
  snprintf(url, sizeof url, "http://127.0.0.1:%u", world.standin.port);
  setenv("http_proxy", url, 1);
  assert_int_equal(asks_for(&request, "http://nobody.invalid/status?code=200", asked), BLOCKSTORE_STATUS_OK);
  bs_http_end(&request);
  assert_int_equal(asks_for(&request, "http://nobody.invalid/status?code=200", none), BLOCKSTORE_STATUS_TRANSIENT);
  assert_string_equal(world.call.sentence, "http://nobody.invalid/status: No such host, or no name server answers.");
  request.public_only = false;
  assert_int_equal(asks_for(&request, "http://nobody.invalid/status?code=200", none), BLOCKSTORE_STATUS_OK);
  bs_http_end(&request);
  clear(NULL);
  world_end(&world);
}

/* A variable that names no proxy is no reason not to open: only such URLs fail, with a sentence that tells no secret. */
static void a_bad_variable_is_named(void **state) {
  const struct host_setting none[] = {{NULL, NULL}};
  struct bs_http_request request = {0};

  (void)state;
  world_begin(&world);
  setenv("http_proxy", "htpp://bob:secret@127.0.0.1:1", 1);
  assert_int_equal(asks_for(&request, "http://nobody.example/x?y", none), BLOCKSTORE_STATUS_FAILED);
  assert_string_equal(world.call.sentence, "http://nobody.example/x: http_proxy: A URL of a proxy such as "
                                           "http://proxy.example:3128 was expected.");
  clear(NULL);
  world_end(&world);
}

/* What goes wrong on the way is told with the proxy, which may be what is wrong. */
static void sentences_name_it(void **state) {
  static const struct {
    const char *proxy, *url, *why; /* proxy NULL: the stand-in */
  } rows[] = {{"http://127.0.0.1:1", "http://nobody.example/x", "Nobody listens at the proxy."},
              {"http://127.0.0.1:1", "https://nobody.example/x", "Nobody listens at the proxy."},
              {"http://nobody.invalid:1", "http://nobody.example/x", "No such proxy, or no name server answers."},
              {NULL, "http://nobody.example/silence", "The connection was closed before an answer."}};

  (void)state;
  world_begin(&world);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char proxy[64], sentence[256];
    const struct host_setting settings[] = {{"proxy", proxy}, {"proxy_user", "bob"}, {"proxy_password", "secret"}, {NULL, NULL}};
    struct bs_http_request request = {0};

    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", world.standin.port);
    if (rows[i].proxy != NULL) snprintf(proxy, sizeof proxy, "%s", rows[i].proxy);
    snprintf(sentence, sizeof sentence, "%s (through %s): %s", rows[i].url, proxy, rows[i].why);
    assert_int_equal(asks_for(&request, rows[i].url, settings), BLOCKSTORE_STATUS_TRANSIENT);
    assert_string_equal(world.call.sentence, sentence);
  }
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
                                     cmocka_unit_test(the_options_go_first),
                                     cmocka_unit_test(this_machine_is_not_behind_it),
                                     cmocka_unit_test(a_url_is_read),
                                     cmocka_unit_test(bad_options_are_refused),
                                     cmocka_unit_test(hosts_are_excepted),
                                     cmocka_unit_test(no_memory_is_no_answer),
                                     cmocka_unit_test(requests_go_through_it),
                                     cmocka_unit_test(a_proxy_gets_its_password),
                                     cmocka_unit_test(strangers_take_only_the_proxy_that_was_asked_for),
                                     cmocka_unit_test(a_bad_variable_is_named),
                                     cmocka_unit_test(sentences_name_it),
                                     cmocka_unit_test(tls_goes_through_a_tunnel)};

  alarm(600);
  if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, free, take_again, take_text, take_many) != CURLE_OK) return 1;
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests_name(__FILE__, tests, clear, clear);
}
