/* SPDX-License-Identifier: MIT */
/* CIDs and IPNS names: of keys and of each other, each in one way of writing. */
#include <config.h>

#include "core/codec/hex.h"
#include "core/crypto/digest.h"
#include "plugins/ipfs/cid.h"
#include "t/lib/unit.h"

/* SHA-256 of "hello" and of nothing, with what an IPFS node calls these blocks. */
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define HELLO_CID "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"
#define HELLO_58 "zb2rhZfjRh2FHHB2RkHVEvL2vJnCTcu7kwRqgVsf9gpkLgteo"
#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define NOTHING_CID "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
/* A file of 64 MiB, as it was added and as it stands in a directory. */
#define FILE_CID "bafybeigq7puj6n5y3volzx4ctqif3ngonwic7clbbpxjodpzjt6a7pmx4a"
#define FILE_58 "zdj7WjVgfnUEZboUFq9oorfEfsifQbWCjEJ7Zq6PVd7HPVxJB"
/* An Ed25519 key's name in both forms. */
#define NAME "k51qzi5uqu5dht4ml893x3a0zq6x4yfuz3qxdudbq6zs4ncb207u6xdkl0adxi"
#define PEER "12D3KooWED3UphoMYXZXdkWEibE5sCdvSYWtSE9Y2KC2XELGn2fo"

static void assert_cid(const char *key, const char *expected) {
  struct bs_cid cid;

  assert_true(bs_cid_of_key(&cid, key));
  assert_string_equal(cid.text, expected);
  assert_true(bs_cid_is_block(cid.text));
}

static void a_key_is_a_cid(void **state) {
  (void)state;
  assert_cid(HELLO, HELLO_CID);
  assert_cid(NOTHING, NOTHING_CID);
}

static void other_keys_are_none(void **state) {
  static const char *const keys[] = {"", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c", HELLO "0", ("x" NOTHING),
                                     "2CF24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"};
  struct bs_cid cid;

  (void)state;
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) assert_false(bs_cid_of_key(&cid, keys[i]));
}

/* Every digest has one CID, and each has another. */
static void a_cid_is_of_one_key(void **state) {
  struct bs_cid before = {""};

  (void)state;
  for (unsigned i = 0; i < 256; i++) {
    unsigned char digest[BS_SHA256_SIZE];
    char key[2 * BS_SHA256_SIZE + 1];
    struct bs_cid cid;

    bs_sha256(digest, &i, sizeof i);
    bs_hex_encode(key, digest, sizeof digest);
    assert_true(bs_cid_of_key(&cid, key));
    assert_true(bs_cid_is_block(cid.text));
    assert_string_not_equal(cid.text, before.text);
    assert_false(bs_cid_same(cid.text, before.text));
    assert_true(bs_cid_same(cid.text, cid.text));
    before = cid;
  }
}

static void a_block_is_written_in_one_way(void **state) {
  static const char *const others[] = {
      "", "b", HELLO_58, FILE_CID, HELLO_CID "a", HELLO_CID " ", (" " HELLO_CID),
      "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yer",  /* bits left over that are not 0 */
      "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4y1q",  /* no digit */
      "Bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq",
      "bAFKREIBM6JG3UX5QUMHCN2B3FLC3TYU6DMLB4XA7U5BF44YEGNRJHC4YEQ",
      "bafkrfibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq",  /* another hash function */
      "bafkqaaa", "QmceDupuNnCVxG15cocfbWfz69bazXsqpYzzxyNQCjPg9n"};

  (void)state;
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) assert_false(bs_cid_is_block(others[i]));
}

static void one_content_has_several_cids(void **state) {
  (void)state;
  assert_true(bs_cid_same(HELLO_CID, HELLO_58));
  assert_true(bs_cid_same(FILE_58, FILE_CID));
  assert_true(bs_cid_same("QmceDupuNnCVxG15cocfbWfz69bazXsqpYzzxyNQCjPg9n",
                          "QmceDupuNnCVxG15cocfbWfz69bazXsqpYzzxyNQCjPg9n"));
  assert_false(bs_cid_same(HELLO_CID, NOTHING_CID));
  assert_false(bs_cid_same(HELLO_CID, FILE_CID));
  assert_false(bs_cid_same(HELLO_CID, ""));
  assert_false(bs_cid_same("", ""));
  assert_false(bs_cid_same("b", "b"));
  assert_false(bs_cid_same("z", "z"));
  assert_false(bs_cid_same("Qm", "Qm"));
  assert_false(bs_cid_same("nonsense/../x", "nonsense/../x"));
  assert_false(bs_cid_same("bafkqaaa", "bafkqaaa")); /* no hash in it */
}

static void a_name_has_two_forms(void **state) {
  struct bs_ipns ipns;

  (void)state;
  assert_true(bs_ipns_take(&ipns, NAME "/tail", strlen(NAME)));
  assert_string_equal(ipns.name, NAME);
  assert_string_equal(ipns.peer, PEER);
  assert_true(bs_ipns_take_any(&ipns, PEER));
  assert_string_equal(ipns.name, NAME);
  assert_string_equal(ipns.peer, PEER);
  assert_true(bs_ipns_take_any(&ipns, NAME));
  assert_false(bs_ipns_take(&ipns, PEER, strlen(PEER)));
}

/* The hash of an RSA key: its older form is that of a CIDv0. */
static void a_name_may_be_of_a_hashed_key(void **state) {
  struct bs_ipns hashed, again;

  (void)state;
  assert_true(bs_ipns_take_any(&hashed, "QmceDupuNnCVxG15cocfbWfz69bazXsqpYzzxyNQCjPg9n"));
  assert_true(bs_ipns_take(&again, hashed.name, strlen(hashed.name)));
  assert_string_equal(again.peer, "QmceDupuNnCVxG15cocfbWfz69bazXsqpYzzxyNQCjPg9n");
}

static void other_names_are_none(void **state) {
  static const char *const others[] = {
      "", "k", "k0", "k00", "example.com", "self", HELLO_CID, HELLO_58, ("k" NAME),
      "K51qzi5uqu5dht4ml893x3a0zq6x4yfuz3qxdudbq6zs4ncb207u6xdkl0adxi",
      "k51QZI5UQU5DHT4ML893X3A0ZQ6X4YFUZ3QXDUDBQ6ZS4NCB207U6XDKL0ADXI",
      "k051qzi5uqu5dht4ml893x3a0zq6x4yfuz3qxdudbq6zs4ncb207u6xdkl0adx",
      "k51qzi5uqu5dht4ml893x3a0zq6x4yfuz3qxdudbq6zs4ncb207u6xdkl0adx",
      "kzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "12D3KooWED3UphoMYXZXdkWEibE5sCdvSYWtSE9Y2KC2XELGn2f",
      "12D3KooWED3UphoMYXZXdkWEibE5sCdvSYWtSE9Y2KC2XELGn2foo", "1111111111111111111111111111111111111111111111111111111111111"};
  struct bs_ipns ipns;

  (void)state;
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    assert_false(bs_ipns_take(&ipns, others[i], strlen(others[i])));
    assert_false(bs_ipns_take_any(&ipns, others[i]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_key_is_a_cid),
      cmocka_unit_test(other_keys_are_none),
      cmocka_unit_test(a_cid_is_of_one_key),
      cmocka_unit_test(a_block_is_written_in_one_way),
      cmocka_unit_test(one_content_has_several_cids),
      cmocka_unit_test(a_name_has_two_forms),
      cmocka_unit_test(a_name_may_be_of_a_hashed_key),
      cmocka_unit_test(other_names_are_none),
  };

  return RUN_TESTS(tests);
}
