/* SPDX-License-Identifier: MIT */
/* Labels of data ids: readable, short, and never two ids with one. */
#include <config.h>

#include "core/codec/hex.h"
#include "core/crypto/digest.h"
#include "plugins/common/label.h"
#include "t/lib/unit.h"

static void assert_label(const char *data_id, size_t longest, const char *expected) {
  char label[300];

  memset(label, '#', sizeof label);
  bs_label_make(label, longest, data_id);
  assert_string_equal(label, expected);
  assert_int_equal(label[longest + 1], '#');
  assert_true(bs_label_is(label, longest));
}

static void labels_can_be_read(void **state) {
  (void)state;
  assert_label("status", 200, "status");
  assert_label("0a8ce26f:foo.test:/Bar", 200, "0a8ce26f%3Afoo.test%3A%2F%42ar");
  assert_label("\xc3\xa9=%", 200, "%C3%A9%3D%25");
  assert_label("sha256=x", 200, "sha256%3Dx"); /* looks like no digest */
}

/* In front it would hide the file or climb; at the end FAT and SMB drop it. */
static void a_dot_at_an_end_is_escaped(void **state) {
  (void)state;
  assert_label(".", 200, "%2E");
  assert_label("..", 200, "%2E%2E");
  assert_label("...", 200, "%2E.%2E");
  assert_label(".hidden", 200, "%2Ehidden");
  assert_label("a.b", 200, "a.b");
  assert_label("a.b.", 200, "a.b%2E");
  assert_label("a.b..", 200, "a.b.%2E");
}

static void the_digest_is_sha256(void **state) {
  static const char *const ids[] = {"abc", "0a8ce26f:foo.test:/Bar", "\xf0\x9f\x98\x80"};

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    char digits[BS_LABEL_DIGITS + 1], expected[2 * BS_SHA256_SIZE + 1];
    unsigned char digest[BS_SHA256_SIZE];

    bs_sha256(digest, ids[i], strlen(ids[i]));
    bs_hex_encode(expected, digest, sizeof digest);
    bs_label_digest(digits, ids[i]);
    assert_string_equal(digits, expected);
  }
}

/* At the edge: 71 letters are kept; for 72, for 69 and a capital or a dot, and for the longest id, the digest stands. */
static void long_ids_are_hashed(void **state) {
  static const struct {
    size_t length;
    char last;
  } long_ones[] = {{70, 'X'}, {70, '.'}, {72, 'x'}, {72, '.'}, {4143, 'x'}, {4143, '.'}};
  char id[4144], digits[BS_LABEL_DIGITS + 1], hashed[BS_LABEL_SHORTEST + 1], whole[BS_LABEL_SHORTEST + 1];

  (void)state;
  memset(whole, 'x', sizeof whole);
  whole[BS_LABEL_SHORTEST] = '\0';
  assert_label(whole, BS_LABEL_SHORTEST, whole);
  for (size_t i = 0; i < sizeof long_ones / sizeof long_ones[0]; i++) {
    memset(id, 'x', long_ones[i].length);
    id[long_ones[i].length - 1] = long_ones[i].last;
    id[long_ones[i].length] = '\0';
    bs_label_digest(digits, id);
    snprintf(hashed, sizeof hashed, "sha256=%s", digits);
    assert_label(id, BS_LABEL_SHORTEST, hashed);
  }
}

static void other_texts_are_no_labels(void **state) {
  static const char *const texts[] = {"", ".", "..", ".x", "a/b", "/", "G", "a b", "a:b", "\xc3\xa9", "a\n", "a?", "a#b", "a\\b"};

  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (bs_label_is(texts[i], 200)) fail_msg("a label: %s", texts[i]);
  assert_true(bs_label_is("abc", 3));
  assert_true(bs_label_is("a.", 3)); /* in stores of before it was escaped */
  assert_false(bs_label_is("abcd", 3));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(labels_can_be_read),   cmocka_unit_test(a_dot_at_an_end_is_escaped),
      cmocka_unit_test(the_digest_is_sha256), cmocka_unit_test(long_ids_are_hashed),
      cmocka_unit_test(other_texts_are_no_labels),
  };

  return RUN_TESTS(tests);
}
