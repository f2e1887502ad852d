/* SPDX-License-Identifier: MIT */
/* A change of a user record that is made again to another record. */
#include <config.h>

#include "core/base/auto.h"
#include "core/crypto/key.h"
#include "core/record/rebase.h"
#include "t/lib/unit.h"

#define OWNER "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4"
#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEY_C "cccccccccccccccccccccccccccccccccccccccc"
#define PUBKEY \
  "04d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f35eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555da" \
  "f26396fb"
#define ROUTE(id, url, more) "{" more "\"id\": \"" id "\", \"pubkey\": \"" PUBKEY "\", \"urls\": [\"" url "\"]}"
#define GONE(id, ver) "{\"deleted\": " ver ", \"id\": \"" id "\", \"urls\": []}"
#define RECORD(lists) "{" lists "\"name\": {\"formatted\": \"foo.test\"}, \"owner\": \"" OWNER "\", \"v\": \"3\"}"
#define KEYS(keys) "\"immutable_data\": [" keys "], "
#define ROUTES(routes) "\"mutable_data\": [" routes "], "

static struct bs_user parse(const char *text) {
  struct bs_user user;
  struct bs_error error = {0};

  assert_ok(bs_user_parse(&user, text, strlen(text), "foo.test", &error));
  return user;
}

/* NULL: no record. */
static void assert_rebased(const char *from, const char *to, const char *onto, const char *expected) {
  struct bs_user users[3];
  const char *const texts[] = {from, to, onto};
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  bool changed = false;

  for (size_t i = 0; i < 3; i++)
    if (texts[i] != NULL) users[i] = parse(texts[i]);
  assert_ok(bs_user_rebase(&record, &changed, from == NULL ? NULL : &users[0], &users[1], onto == NULL ? NULL : &users[2],
                           "foo.test", OWNER, &error));
  assert_string_equal(bs_buffer_string(&record), expected);
  assert_true(changed == (onto == NULL || strcmp(onto, expected) != 0));
}

static void immutable_keys_come_and_go(void **state) {
  (void)state;
  assert_rebased(RECORD(KEYS("\"" KEY_A "\"")), RECORD(KEYS("\"" KEY_B "\"")), RECORD(KEYS("\"" KEY_A "\", \"" KEY_C "\"")),
                 RECORD(KEYS("\"" KEY_B "\", \"" KEY_C "\"")));
  assert_rebased(NULL, RECORD(KEYS("\"" KEY_B "\"")), RECORD(KEYS("\"" KEY_C "\"")),
                 RECORD(KEYS("\"" KEY_B "\", \"" KEY_C "\"")));
  assert_rebased(RECORD(KEYS("\"" KEY_A "\"")), RECORD(""), RECORD(KEYS("\"" KEY_A "\"")), RECORD(""));
  assert_rebased(NULL, RECORD(KEYS("\"" KEY_B "\"")), NULL, RECORD(KEYS("\"" KEY_B "\"")));
}

static void what_is_said_already_changes_nothing(void **state) {
  static const char both[] = RECORD(KEYS("\"" KEY_A "\", \"" KEY_B "\"") ROUTES(ROUTE("notes", "http://a/", "")));

  (void)state;
  assert_rebased(RECORD(KEYS("\"" KEY_A "\"")), both, both, both);
  assert_rebased(both, both, RECORD(""), RECORD(""));
}

static void routes_are_set_deleted_and_dropped(void **state) {
  (void)state;
  assert_rebased(RECORD(""), RECORD(ROUTES(ROUTE("notes", "http://a/", ""))), RECORD(ROUTES(ROUTE("other", "http://b/", ""))),
                 RECORD(ROUTES(ROUTE("notes", "http://a/", "") ", " ROUTE("other", "http://b/", ""))));
  assert_rebased(RECORD(ROUTES(ROUTE("notes", "http://a/", ""))), RECORD(ROUTES(ROUTE("notes", "http://c/", ""))),
                 RECORD(ROUTES(ROUTE("notes", "http://b/", ""))), RECORD(ROUTES(ROUTE("notes", "http://c/", ""))));
  assert_rebased(RECORD(ROUTES(ROUTE("notes", "http://a/", ""))), RECORD(ROUTES(GONE("notes", "7"))),
                 RECORD(ROUTES(ROUTE("notes", "http://b/", ""))), RECORD(ROUTES(GONE("notes", "7"))));
  assert_rebased(RECORD(ROUTES(ROUTE("notes", "http://a/", ""))), RECORD(""),
                 RECORD(ROUTES(ROUTE("notes", "http://a/", "") ", " ROUTE("other", "http://b/", ""))),
                 RECORD(ROUTES(ROUTE("other", "http://b/", ""))));
  /* who did not touch it leaves it to the other */
  assert_rebased(RECORD(ROUTES(ROUTE("notes", "http://a/", ""))),
                 RECORD(KEYS("\"" KEY_A "\"") ROUTES(ROUTE("notes", "http://a/", ""))), RECORD(ROUTES(GONE("notes", "9"))),
                 RECORD(KEYS("\"" KEY_A "\"") ROUTES(GONE("notes", "9"))));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(immutable_keys_come_and_go),
      cmocka_unit_test(what_is_said_already_changes_nothing),
      cmocka_unit_test(routes_are_set_deleted_and_dropped),
  };

  return RUN_TESTS(tests);
}
