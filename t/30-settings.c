/* SPDX-License-Identifier: MIT */
/* The settings that drivers read, and the blotting of secrets. */
#include <config.h>

#include "core/driver/settings.h"
#include "t/lib/unit.h"

#define UNUSED __attribute__((unused))

static struct blockstore_settings *settings;

static int set_up(void **state UNUSED) {
  struct bs_error error = {0};

  assert_ok(bs_settings_new(&settings, &error));
  assert_ok(bs_settings_add(settings, "root", BS_OPTION_PATH, "/data", 0, &error));
  assert_ok(bs_settings_add(settings, "cache", BS_OPTION_SIZE, "4096", 4096, &error));
  assert_ok(bs_settings_add(settings, "peers", BS_OPTION_LIST, "a", 0, &error));
  assert_ok(bs_settings_add(settings, "peers", BS_OPTION_LIST, "b", 0, &error));
  assert_ok(bs_settings_add(settings, "none", BS_OPTION_LIST, NULL, 0, &error));
  assert_ok(bs_settings_add(settings, "pin", BS_OPTION_SECRET, "open", 0, &error));
  assert_ok(bs_settings_add(settings, "password", BS_OPTION_SECRET, "reopened", 0, &error));
  assert_ok(bs_settings_add(settings, "empty", BS_OPTION_SECRET, "", 0, &error));
  return 0;
}

static int tear_down(void **state UNUSED) {
  bs_settings_free(settings);
  return 0;
}

static void values_are_found(void **state UNUSED) {
  assert_string_equal(bs_settings_text(settings, "root", 0), "/data");
  assert_string_equal(bs_settings_text(settings, "pin", 0), "open");
  assert_int_equal(bs_settings_number(settings, "cache"), 4096);
  assert_string_equal(bs_settings_text(settings, "peers", 0), "a");
  assert_string_equal(bs_settings_text(settings, "peers", 1), "b");
}

static void what_is_not_set_is_null(void **state UNUSED) {
  assert_null(bs_settings_text(settings, "roo", 0));
  assert_null(bs_settings_text(settings, "root", 1));
  assert_null(bs_settings_text(settings, "peers", 2));
  assert_null(bs_settings_text(settings, "none", 0));
  assert_int_equal(bs_settings_number(settings, "roo"), 0);
  assert_int_equal(bs_settings_number(settings, "root"), 0);
  assert_null(bs_settings_text(NULL, "root", 0));
}

static void assert_blotted(const char *text, size_t size, const char *expected) {
  char buffer[64];

  snprintf(buffer, sizeof buffer, "%s", text);
  bs_settings_blot(settings, buffer, size);
  assert_string_equal(buffer, expected);
}

static void secrets_are_blotted(void **state UNUSED) {
  assert_blotted("it is open, open", 64, "it is ***, ***");
  assert_blotted("openopen", 64, "******");
  assert_blotted("open", 64, "***");
  assert_blotted("a reopened door", 64, "a *** door"); /* the longer one first */
}

static void other_text_stays(void **state UNUSED) {
  assert_blotted("", 64, "");
  assert_blotted("ope Open /data a b", 64, "ope Open /data a b");
  assert_blotted("how reo", 64, "how reo"); /* too short a beginning */
  bs_settings_blot(NULL, (char[]){"open"}, 5);
}

static void the_beginning_of_a_secret_at_the_end_is_blotted(void **state UNUSED) {
  assert_blotted("cut off reopene", 64, "cut off ***");
  assert_blotted("cut off reop", 64, "cut off ***");
  assert_blotted("reopene and on", 64, "re***e and on"); /* not at the end: only the short secret in it */
}

static void an_escaped_secret_is_blotted(void **state UNUSED) {
  struct bs_error error = {0};

  assert_ok(bs_settings_add(settings, "phrase", BS_OPTION_SECRET, "a%2 b=\xc3\xa9", 0, &error));
  assert_blotted("it is a%252%20b%3D%C3%A9, is it?", 64, "it is ***, is it?");
  assert_blotted("a%252%20b=%c3%a9a%2 b=\xc3\xa9", 64, "******");
  assert_blotted("%6fp%65n", 64, "***");
  assert_blotted("cut off a%252%20", 64, "cut off ***");
  assert_blotted("cut off a%252%2", 64, "cut off ***");
  assert_blotted("cut off a%252", 64, "cut off a%252"); /* too short a beginning */
  assert_blotted("a%252%20c %6 %zz 100%", 64, "a%252%20c %6 %zz 100%");
}

static void stars_never_pass_the_buffers_end(void **state UNUSED) {
  struct bs_error error = {0};
  char buffer[4] = "xab";

  assert_ok(bs_settings_add(settings, "short", BS_OPTION_SECRET, "b", 0, &error));
  bs_settings_blot(settings, buffer, sizeof buffer);
  assert_string_equal(buffer, "xa*");
}

#define SETTINGS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      SETTINGS_TEST(values_are_found),
      SETTINGS_TEST(what_is_not_set_is_null),
      SETTINGS_TEST(secrets_are_blotted),
      SETTINGS_TEST(other_text_stays),
      SETTINGS_TEST(the_beginning_of_a_secret_at_the_end_is_blotted),
      SETTINGS_TEST(an_escaped_secret_is_blotted),
      SETTINGS_TEST(stars_never_pass_the_buffers_end),
  };

  return RUN_TESTS(tests);
}
