/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/common/url.h"
#include "t/lib/unit.h"

static void escapes_what_is_not_kept(void **state) {
  char text[64];

  (void)state;
  assert_int_equal(bs_url_escape(text, sizeof text, "a/b c%", 6, BS_URL_PATH), 10);
  assert_string_equal(text, "a/b%20c%25");
  assert_int_equal(bs_url_escape(text, sizeof text, "a/\0\xff", 4, BS_URL_UNRESERVED), 10);
  assert_string_equal(text, "a%2F%00%FF");
  assert_int_equal(bs_url_escape(text, sizeof text, "50%", 3, "%0"), 7); /* '%' is never kept */
  assert_string_equal(text, "%350%25");
  assert_int_equal(bs_url_escape(text, sizeof text, "", 0, BS_URL_PATH), 0);
  assert_string_equal(text, "");
}

static void escape_is_cut_whole(void **state) {
  char text[8];

  (void)state;
  assert_int_equal(bs_url_escape(NULL, 0, "a b", 3, BS_URL_PATH), 5);
  for (size_t size = 1; size <= 6; size++) {
    static const char *const expected[] = {"", "", "a", "a", "a", "a%20", "a%20b"};

    memset(text, 'x', sizeof text);
    assert_int_equal(bs_url_escape(text, size, "a b", 3, BS_URL_PATH), 5);
    assert_string_equal(text, expected[size]);
    assert_int_equal(text[size], 'x');
  }
  /* What comes after an escape that did not fit is not written in its place. */
  assert_int_equal(bs_url_escape(text, 3, " ab", 3, BS_URL_PATH), 5);
  assert_string_equal(text, "");
}

/* Each byte alone: as it is, or as its two digits; back again unless a component may not hold it. */
static void every_byte_is_kept_or_escaped(void **state) {
  (void)state;
  for (int byte = 0; byte < 256; byte++) {
    bool kept = byte != 0 && strchr(BS_URL_UNRESERVED, byte) != NULL;
    char one = (char)byte, text[8], expected[8], back[8];

    if (kept) snprintf(expected, sizeof expected, "%c", byte);
    else snprintf(expected, sizeof expected, "%%%02X", (unsigned)byte);
    assert_int_equal(bs_url_escape(text, sizeof text, &one, 1, BS_URL_UNRESERVED), strlen(expected));
    assert_string_equal(text, expected);
    assert_int_equal(bs_url_decode_path(back, sizeof back, text), byte != 0 && byte != '/');
    if (byte != 0 && byte != '/') assert_int_equal((unsigned char)back[0], byte);
    snprintf(text, sizeof text, "%%%02x", (unsigned)byte);
    assert_int_equal(bs_url_decode_path(back, sizeof back, text), byte != 0 && byte != '/');
  }
}

/* An escape is two hexadecimal digits, whatever other bytes there are. */
static void no_other_digits_make_an_escape(void **state) {
  (void)state;
  for (int byte = 1; byte < 256; byte++) {
    bool digit = strchr("0123456789abcdefABCDEF", byte) != NULL;
    const char high[] = {'%', (char)byte, '1', '\0'}, low[] = {'%', '4', (char)byte, '\0'};
    char back[8];

    assert_int_equal(bs_url_decode_path(back, sizeof back, high), digit);
    assert_int_equal(bs_url_decode_path(back, sizeof back, low), digit);
  }
}

static void decodes_paths(void **state) {
  char path[32];

  (void)state;
  assert_true(bs_url_decode_path(path, sizeof path, "/a%20b/%C3%a9~!$&'()*+,;=:@.-_"));
  assert_string_equal(path, "/a b/\xc3\xa9~!$&'()*+,;=:@.-_");
  assert_true(bs_url_decode_path(path, 1, ""));
  assert_string_equal(path, "");
  assert_true(bs_url_decode_path(path, sizeof path, "%252F"));
  assert_string_equal(path, "%2F");
}

static void refuses_bad_paths(void **state) {
  static const char *const bad[] = {"/a?b",  "/a#b", "/a b",  "/a\\b",     "/a\"",   "/a<b", "/[x]", "/{",   "/|",
                                    "/^",    "/`",   "/\x7f", "/\xc3\xa9", "/\n",    "%",    "/a%",  "/a%2", "/a%g0",
                                    "/a%0g", "/%2",  "/%00",  "/a%2fb",    "/a%2Fb", "/% 1", "/%+1"};
  char path[32];

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (bs_url_decode_path(path, sizeof path, bad[i])) fail_msg("accepted: %s", bad[i]);
}

static void refuses_what_does_not_fit(void **state) {
  char path[5];

  (void)state;
  assert_true(bs_url_decode_path(path, 5, "/%41bc"));
  assert_string_equal(path, "/Abc");
  assert_false(bs_url_decode_path(path, 4, "/%41bc"));
  assert_false(bs_url_decode_path(path, 0, ""));
}

static void knows_the_address_of_a_service(void **state) {
  static const char *const good[] = {"http://h", "HTTPS://host.example:8443", "http://127.0.0.1:1/a/b%20c", "http://[::1]:80/x",
                                     "http://[::1]", "http://h:65535"},
                           *const bad[] = {"",           "http://",         "https:///x",  "ftp://h",        "h",
                                           "http:/h",    "http://:80",      "http://h:",   "http://h:x",     "http://h:65536",
                                           "http://u@h", "http://h?q",      "http://h/?q", "http://h/#f",    "http://h/a b",
                                           "http://[::1", "http://[]",      "http://[::1]x", "http://[host]", "http://h\\x",
                                           "http://h:123456"};

  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    char longer[64];

    assert_int_equal(bs_url_base(good[i]), strlen(good[i]));
    snprintf(longer, sizeof longer, "%s//", good[i]);
    assert_int_equal(bs_url_base(longer), strlen(good[i]));
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_int_equal(bs_url_base(bad[i]), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(escapes_what_is_not_kept),
      cmocka_unit_test(escape_is_cut_whole),
      cmocka_unit_test(every_byte_is_kept_or_escaped),
      cmocka_unit_test(no_other_digits_make_an_escape),
      cmocka_unit_test(decodes_paths),
      cmocka_unit_test(refuses_bad_paths),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(knows_the_address_of_a_service),
  };

  return RUN_TESTS(tests);
}
