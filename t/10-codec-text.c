/* SPDX-License-Identifier: MIT */
/* Hexadecimal, base58, base64: every byte in every place.  What is read and refused otherwise: t/10-codec-vectors.c. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/base58.h"
#include "core/codec/base64.h"
#include "core/codec/hex.h"
#include "t/lib/unit.h"

static void hex_round_trip(void **state) {
  unsigned char all[256], again[256];
  char text[513];
  (void)state;
  for (size_t i = 0; i < sizeof all; i++) all[i] = (unsigned char)i;
  bs_hex_encode(text, all, sizeof all);
  assert_int_equal(strlen(text), 512);
  assert_memory_equal(text, "000102", 6);
  assert_string_equal(text + 506, "fdfeff");
  assert_true(bs_hex_is(text, 512));
  assert_true(bs_hex_decode(again, sizeof again, text));
  assert_memory_equal(all, again, sizeof all);
  bs_hex_encode_reversed(text, "\x01\x23\xfe", 3);
  assert_string_equal(text, "fe2301");
  bs_hex_encode_reversed(text, all, 0);
  assert_string_equal(text, "");
  bs_hex_encode(text, all, 0);
  assert_string_equal(text, "");
}

static void hex_case(void **state) {
  unsigned char bytes[2] = {7, 7};
  (void)state;
  assert_false(bs_hex_decode(bytes, 2, "abCd"));
  assert_false(bs_hex_is("abCd", 4));
  assert_int_equal(bytes[0], 7);
  assert_true(bs_hex_decode_any_case(bytes, 2, "aBCd"));
  assert_memory_equal(bytes, "\xab\xcd", 2);
}

static void hex_string_has_its_length(void **state) {
  (void)state;
  assert_true(bs_hex_is_string("abcd", 4));
  assert_true(bs_hex_is_string("", 0));
  assert_false(bs_hex_is_string("abc", 4));
  assert_false(bs_hex_is_string("abcde", 4));
  assert_false(bs_hex_is_string("abcd/../x", 4));
  assert_false(bs_hex_is_string("abcg", 4));
}

static void hex_takes_digits_only(void **state) {
  (void)state;
  for (int c = 0; c < 256; c++) {
    unsigned char byte = 0x55;
    char text[2] = {'0', (char)c};
    bool lower = c != 0 && strchr("0123456789abcdef", c) != NULL;
    bool any = lower || (c >= 'A' && c <= 'F');
    assert_int_equal(bs_hex_is(text, 2), lower);
    assert_int_equal(bs_hex_decode(&byte, 1, text), lower);
    if (!lower) assert_int_equal(byte, 0x55);
    assert_int_equal(bs_hex_decode_any_case(&byte, 1, text), any);
    if (!any) assert_int_equal(byte, 0x55);
  }
}

static void base58_refuses_other_characters(void **state) {
  (void)state;
  for (int c = 0; c < 256; c++) {
    unsigned char bytes[BS_BASE58_MAX] = {9};
    size_t length = 77;
    char text[3] = {'2', (char)c, 'g'};
    bool good = c != 0 && strchr("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", c) != NULL;
    assert_int_equal(bs_base58_decode(bytes, &length, text, 3), good);
    if (!good) assert_int_equal(length, 77);
    if (!good) assert_int_equal(bytes[0], 9);
  }
}

static void assert_base64(const char *bytes, size_t length, const char *text) {
  struct bs_buffer out BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_buffer back BS_AUTO_BUFFER = BS_BUFFER_INIT;
  bs_buffer_text(&out, ">");
  bs_base64_encode(&out, bytes, length);
  assert_string_equal(bs_buffer_string(&out) + 1, text);
  assert_int_equal(out.length, strlen(text) + 1);
  bs_buffer_text(&back, ">");
  assert_true(bs_base64_decode(&back, text, strlen(text)));
  assert_int_equal(back.length, length + 1);
  assert_memory_equal(back.bytes + 1, bytes, length);
}

/* RFC 4648, section 10. */
static void base64_vectors_both_ways(void **state) {
  (void)state;
  assert_base64("", 0, "");
  assert_base64("f", 1, "Zg==");
  assert_base64("fo", 2, "Zm8=");
  assert_base64("foo", 3, "Zm9v");
  assert_base64("foob", 4, "Zm9vYg==");
  assert_base64("fooba", 5, "Zm9vYmE=");
  assert_base64("foobar", 6, "Zm9vYmFy");
  assert_base64("\0\0\0", 3, "AAAA");
  assert_base64("\xff\xff\xfe", 3, "///+");
}

/* Every text of four characters is either refused or the very text its bytes encode to: sampled by byte and place. */
static void base64_has_one_text_per_bytes(void **state) {
  static const char *const good[] = {"Zm9v", "Zm8=", "Zg==", "Zm9vZm9v", "Zm9vZg=="};
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    size_t length = strlen(good[i]);
    for (size_t at = 0; at < length; at++) {
      for (int c = 0; c < 256; c++) {
        struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
        struct bs_buffer again BS_AUTO_BUFFER = BS_BUFFER_INIT;
        char text[8];
        memcpy(text, good[i], length);
        text[at] = (char)c;
        if (!bs_base64_decode(&bytes, text, length)) continue;
        bs_base64_encode(&again, bytes.bytes, bytes.length);
        assert_int_equal(again.length, length);
        assert_memory_equal(again.bytes, text, length);
      }
    }
  }
}

static void base64_of_every_length(void **state) {
  unsigned char bytes[300];
  (void)state;
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 89 + 13);
  for (size_t length = 0; length <= sizeof bytes; length++) {
    struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
    struct bs_buffer back BS_AUTO_BUFFER = BS_BUFFER_INIT;
    bs_base64_encode(&text, bytes, length);
    assert_int_equal(text.length, (length + 2) / 3 * 4);
    assert_true(bs_base64_decode(&back, (char *)text.bytes, text.length));
    assert_int_equal(back.length, length);
    if (length > 0) assert_memory_equal(back.bytes, bytes, length);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(hex_round_trip),
    cmocka_unit_test(hex_case),
    cmocka_unit_test(hex_string_has_its_length),
    cmocka_unit_test(hex_takes_digits_only),
    cmocka_unit_test(base58_refuses_other_characters),
    cmocka_unit_test(base64_vectors_both_ways),
    cmocka_unit_test(base64_has_one_text_per_bytes),
    cmocka_unit_test(base64_of_every_length),
  };
  return RUN_TESTS(tests);
}
