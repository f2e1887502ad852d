/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/codec/hex.h"
#include "core/crypto/base58check.h"
#include "core/crypto/digest.h"
#include "t/lib/unit.h"

static void assert_hex(const unsigned char *bytes, size_t length, const char *expected) {
  char text[2 * 80 + 1];

  bs_hex_encode(text, bytes, length);
  assert_string_equal(text, expected);
}

static void sha256_is_that_of_fips_180(void **state) {
  unsigned char digest[BS_SHA256_SIZE];

  (void)state;
  bs_sha256(digest, NULL, 0);
  assert_hex(digest, sizeof digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  bs_sha256(digest, "abc", 3);
  assert_hex(digest, sizeof digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  bs_sha256(digest, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
  assert_hex(digest, sizeof digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void pieces_and_copies_give_the_same_digest(void **state) {
  unsigned char bytes[1000], whole[BS_SHA256_SIZE], digest[BS_SHA256_SIZE];

  (void)state;
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 7);
  bs_sha256(whole, bytes, sizeof bytes);
  for (size_t cut = 0; cut <= sizeof bytes; cut += 37) {
    struct bs_sha256 context, copy;

    bs_sha256_begin(&context);
    bs_sha256_add(&context, bytes, cut);
    bs_sha256_add(&context, NULL, 0);
    copy = context;
    bs_sha256_add(&context, "another end", 11);
    bs_sha256_end(&context, digest);
    assert_memory_not_equal(digest, whole, sizeof whole);
    bs_sha256_add(&copy, bytes + cut, sizeof bytes - cut);
    bs_sha256_end(&copy, digest);
    assert_memory_equal(digest, whole, sizeof whole);
  }
}

static void the_end_wipes_the_context(void **state) {
  static const struct bs_sha256 wiped;
  struct bs_sha256 context;
  unsigned char digest[BS_SHA256_SIZE];

  (void)state;
  bs_sha256_begin(&context);
  bs_sha256_add(&context, "secret", 6);
  bs_sha256_end(&context, digest);
  assert_memory_equal(&context, &wiped, sizeof context);
}

static void ripemd160_is_that_of_its_authors(void **state) {
  unsigned char digest[BS_HASH160_SIZE];

  (void)state;
  bs_ripemd160(digest, NULL, 0);
  assert_hex(digest, sizeof digest, "9c1185a5c5e9fc54612808977ee8f548b2258d31");
  bs_ripemd160(digest, "abc", 3);
  assert_hex(digest, sizeof digest, "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
}

static void hash160_is_that_of_2015(void **state) {
  unsigned char digest[BS_HASH160_SIZE];

  (void)state;
  bs_hash160(digest, "", 0);
  assert_hex(digest, sizeof digest, "b472a266d0bd89c13706a4132ccfb16f7c3b9fcb");
  bs_hash160(digest, "hello world", 11);
  assert_hex(digest, sizeof digest, "d7d5ee7824ff93f94c3055af9382c86c68b5ca92");
  bs_hash160(digest, "hello world 2", 13);
  assert_hex(digest, sizeof digest, "69d832d23a020c64ba0b44646e87ec657b4aaf43");
  bs_hash160(digest, "/my/second/datum2aGVsbG8gd29ybGQgMg==", 37); /* what a mutable record of 2015 signs */
  assert_hex(digest, sizeof digest, "cc5dbb3ad0da52c31585367be163d94b347fa727");
}

static void hash128_is_that_of_names_on_the_chain(void **state) {
  static const char update[] = "jfperez.ide00c59ec1340e4400237cc2b4a557eae";
  unsigned char digest[BS_HASH128_SIZE];

  (void)state;
  bs_hash128(digest, "muneeb.id", 9);
  assert_hex(digest, sizeof digest, "deb7fe99776122b77925cbf0a24ab6f8");
  bs_hash128(digest, update, strlen(update));
  assert_hex(digest, sizeof digest, "913db22e6c4ddffff580515858a1e0ba");
}

static void sha256d_hashes_twice(void **state) {
  unsigned char digest[BS_SHA256_SIZE];

  (void)state;
  bs_sha256d(digest, "hello", 5);
  assert_hex(digest, sizeof digest, "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50");
}

static void base58check_goes_there_and_back(void **state) {
  unsigned char payload[BS_BASE58CHECK_MAX], back[BS_BASE58CHECK_MAX];
  char text[BS_BASE58_TEXT_MAX];
  size_t length = 0;

  (void)state;
  for (size_t size = 1; size <= sizeof payload; size++) {
    for (size_t i = 0; i < size; i++) payload[i] = (unsigned char)(size % 3 == 0 ? 0 : 255 - i);
    bs_base58check_encode(text, payload, size);
    assert_true(bs_base58check_decode(back, &length, text, strlen(text)));
    assert_int_equal(length, size);
    assert_memory_equal(back, payload, size);
  }
}

static void every_mistyped_character_is_noticed(void **state) {
  static const char address[] = "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4";
  unsigned char payload[BS_BASE58CHECK_MAX];
  size_t length = 77;

  (void)state;
  assert_true(bs_base58check_decode(payload, &length, address, strlen(address)));
  for (size_t i = 0; i < strlen(address); i++) {
    char text[sizeof address];

    memcpy(text, address, sizeof text);
    text[i] = text[i] == 'z' ? 'y' : 'z';
    assert_false(bs_base58check_decode(payload, &length, text, strlen(text)));
    text[i] = '0'; /* not of the alphabet */
    assert_false(bs_base58check_decode(payload, &length, text, strlen(text)));
  }
}

static void texts_of_a_wrong_length_are_refused(void **state) {
  static const char good[] = "112HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4 ";
  unsigned char payload[BS_BASE58CHECK_MAX], checksum[] = {0x5d, 0xf6, 0xe0, 0xe2}; /* of no bytes at all */
  char text[BS_BASE58_TEXT_MAX], ones[500];
  size_t length = 77;

  (void)state;
  assert_false(bs_base58check_decode(payload, &length, good, strlen(good) - 1));     /* a zero byte before */
  assert_false(bs_base58check_decode(payload, &length, good + 1, strlen(good) - 1)); /* a space behind */
  assert_false(bs_base58check_decode(payload, &length, good + 1, strlen(good) - 3)); /* cut */
  assert_false(bs_base58check_decode(payload, &length, "", 0));
  bs_base58_encode(text, checksum, sizeof checksum);
  assert_false(bs_base58check_decode(payload, &length, text, strlen(text)));
  memset(ones, '1', sizeof ones);
  assert_false(bs_base58check_decode(payload, &length, ones, sizeof ones));
  assert_int_equal(length, 77); /* untouched */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sha256_is_that_of_fips_180),
      cmocka_unit_test(pieces_and_copies_give_the_same_digest),
      cmocka_unit_test(the_end_wipes_the_context),
      cmocka_unit_test(ripemd160_is_that_of_its_authors),
      cmocka_unit_test(hash160_is_that_of_2015),
      cmocka_unit_test(hash128_is_that_of_names_on_the_chain),
      cmocka_unit_test(sha256d_hashes_twice),
      cmocka_unit_test(base58check_goes_there_and_back),
      cmocka_unit_test(every_mistyped_character_is_noticed),
      cmocka_unit_test(texts_of_a_wrong_length_are_refused),
  };

  return RUN_TESTS(tests);
}
