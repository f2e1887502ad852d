/* SPDX-License-Identifier: MIT */
/* Addresses of services as users write them, and those that are refused. */
#include <config.h>

#include "plugins/common/endpoint.h"
#include "t/lib/driver-host.h"

static bool has_no_memory;

char *__wrap_strndup(const char *text, size_t length);
char *__real_strndup(const char *text, size_t length);

char *__wrap_strndup(const char *text, size_t length) {
  return has_no_memory ? NULL : __real_strndup(text, length);
}

static void taken(const char *text, bool allow_http, const char *expected) {
  struct host_call call;
  char *url = NULL;

  host_call_init(&call);
  if (bs_endpoint_take(&url, &call.call, "gateway", text, allow_http) != BLOCKSTORE_STATUS_OK) fail_msg("%s", call.sentence);
  assert_string_equal(url, expected);
  free(url);
}

static void refused(const char *text, bool allow_http, enum blockstore_status status, const char *sentence) {
  struct host_call call;
  char *url = NULL;

  host_call_init(&call);
  if (bs_endpoint_take(&url, &call.call, "gateway", text, allow_http) != status) fail_msg("%s: %s", text, call.sentence);
  assert_true(url == NULL);
  assert_string_equal(call.sentence, sentence);
}

static void https_is_taken_anywhere(void **state) {
  (void)state;
  taken("https://gateway.example", false, "https://gateway.example");
  taken("HTTPS://192.0.2.1:8443/a/b//", false, "HTTPS://192.0.2.1:8443/a/b");
  taken("https://[2001:db8::1]/", false, "https://[2001:db8::1]");
}

static void http_is_for_this_machine(void **state) {
  static const char *const own[] = {"http://127.0.0.1:3456", "http://127.8.9.10",  "http://localhost", "HTTP://LOCALHOST:1/x",
                                    "http://a.localhost:1",  "http://[::1]:80/x", "http://[::ffff:127.0.0.1]"};
  static const char *const others[] = {"http://gateway.example", "http://192.168.1.1:3456", "http://127.example",
                                       "http://localhost.:1",    "http://[2001:db8::1]:1",  "http://localhost.example:1",
                                       "http://notlocalhost",    "http://[::ffff:10.0.0.1]", "HTTP://gateway.example/localhost"};

  (void)state;
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) taken(own[i], false, own[i]);
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    char sentence[256];

    snprintf(sentence, sizeof sentence,
             "gateway: %s is not encrypted, and not on this computer: use https, or set allow_http: true.", others[i]);
    refused(others[i], false, BLOCKSTORE_STATUS_FAILED, sentence);
    taken(others[i], true, others[i]);
  }
}

static void what_is_no_address_is_refused(void **state) {
  static const char *const bad[] = {"", "gateway.example", "ftp://h", "http://", "https://user@h", "https://h?q", "https://h/#f",
                                    "https://user:secret@h/x"};
  char longer[BS_ENDPOINT_LONGEST + 2];

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    refused(bad[i], true, BLOCKSTORE_STATUS_FAILED,
            "gateway: A URL such as https://HOST:PORT was expected, without user, query and fragment.");
  memset(longer, 'x', sizeof longer);
  memcpy(longer, "https://", 8);
  longer[BS_ENDPOINT_LONGEST + 1] = '\0';
  refused(longer, true, BLOCKSTORE_STATUS_FAILED,
          "gateway: A URL such as https://HOST:PORT was expected, without user, query and fragment.");
  longer[BS_ENDPOINT_LONGEST] = '\0';
  taken(longer, false, longer);
}

static void memory_can_run_out(void **state) {
  (void)state;
  has_no_memory = true;
  refused("https://h", false, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the settings.");
  has_no_memory = false;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(https_is_taken_anywhere), cmocka_unit_test(http_is_for_this_machine),
                                     cmocka_unit_test(what_is_no_address_is_refused), cmocka_unit_test(memory_can_run_out)};

  return RUN_TESTS(tests);
}
