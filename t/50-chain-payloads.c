/* SPDX-License-Identifier: MIT */
/* Payloads, hashes and prices, against the published vectors. */
#include <config.h>

#include <inttypes.h>

#include "core/chain/consensus.h"
#include "core/chain/rules.h"
#include "core/chain/ledger-private.h"
#include "core/codec/hex.h"
#include "t/lib/unit.h"

#define CONSENSUS "17ac43c1d8549c3181b200f1bf97eb7d"

static const unsigned char magic[2] = {'i', 'd'};

/* Parses a payload in hexadecimal. */
static bool parse(struct bs_operation *operation, const char *text, struct bs_error *error) {
  unsigned char payload[64];
  size_t length = strlen(text) / 2;

  assert_true(length <= sizeof payload && bs_hex_decode(payload, length, text));
  return bs_operation_parse(operation, magic, payload, length, error);
}

/* The payload parses, and is written as it was. */
static struct bs_operation same(const char *text) {
  struct bs_operation operation;
  struct bs_error error = {0};
  unsigned char payload[BS_PAYLOAD_MAX];
  char back[2 * BS_PAYLOAD_MAX + 1];

  assert_ok(parse(&operation, text, &error));
  bs_hex_encode(back, payload, bs_operation_write(payload, magic, &operation));
  assert_string_equal(back, text);
  return operation;
}

static void payloads_are_read_and_written(void **state) {
  static const uint8_t buckets[BS_BUCKETS] = {6, 5, 4, 3, 2, 1};
  struct bs_operation operation;

  (void)state;
  same("69642a6134faee8737a865995aa5423b55f1a8ec69fe4b" CONSENSUS);
  operation = same("6964260000cd73fa046543210000000000aa000174657374");
  assert_int_equal(operation.rules.lifetime, 52595);
  assert_memory_equal(operation.rules.buckets, buckets, sizeof buckets);
  assert_int_equal(operation.rules.no_vowel_discount, 10);
  assert_string_equal(operation.name, "test");
  same("6964212e74657374");
  assert_int_equal(same("69643fcacd056b728549c1039aded53d81c96f35d27820" CONSENSUS).quantity, 1);
  assert_int_equal(same("69643f03cacd056b728549c1039aded53d81c96f35d27820" CONSENSUS).quantity, 3);
  assert_string_equal(same("69643a666f6f2e74657374").name, "foo.test");
  same("69647e666f6f2e74657374");
  same("69643b666f6f2e74657374");
  same("69642b92a7fdc30edccbcdd92bce5cd71efc861111111111111111111111111111111111111111");
  assert_true(same("69643e3e7727f568dd9d36d5c777c024da599473" CONSENSUS).keep_data);
  assert_false(same("69643e7e7727f568dd9d36d5c777c024da599473" CONSENSUS).keep_data);
  same("6964231111111111111111111111111111111111111111");
  same("69642b913db22e6c4ddffff580515858a1e0ba9840e46e553be76d68aa42a78bc93c41f7670358");
}

static void wrong_payloads_are_refused(void **state) {
  static const char *const wrong[] = {
      "6964",                                                         /* nothing but the magic */
      "69643f",                                                       /* no body */
      "65673a666f6f2e74657374",                                       /* the magic of another chain */
      "696440666f6f2e74657374",                                       /* unknown operation */
      "69643fcacd056b728549c1039aded53d81c96f35d278" CONSENSUS,       /* preorder too short */
      "69643f0000cacd056b728549c1039aded53d81c96f35d27820" CONSENSUS, /* too long */
      "69643a666f6f",                                                 /* no namespace */
      "69643a666f6f2e7465737400",                                     /* a NUL behind */
      "69643a666f6f2e746573740a",                                     /* a newline behind */
      "69643a466f6f2e74657374",                                       /* upper case */
      "69643a666f2b6f2e74657374",                                     /* plus */
      "69643a662e6f2e74657374",                                       /* two dots */
      "69643a2e74657374",                                             /* no name */
      "69643a6161616161616161616161616161616161616161616161616161616161616161616161612e74657374", /* beyond 37 bytes */
      "69642b92a7fdc30edccbcdd92bce5cd71efc8611111111111111111111111111111111111111",             /* update too short */
      "69643e3f7727f568dd9d36d5c777c024da599473" CONSENSUS,                                       /* disposition */
      "69642174657374",                                   /* ready without its dot */
      "6964212e",                                         /* ready of nothing */
      "6964260000cd73fa0465432100000000000a000174657374", /* discount 0 */
      "6964260000cd73fa046543210000000000aa0001",         /* no namespace id */
      "6964260000cd73fa046543210000000000aa0001742e74",   /* a dot in it */
      "69642311111111111111111111111111111111111111",     /* announce too short */
  };
  struct bs_operation operation = {.quantity = 77};
  struct bs_error error = {0};

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    if (parse(&operation, wrong[i], &error)) fail_msg("%s was accepted", wrong[i]);
    assert_int_equal(error.word, BS_WORD_malformed);
    assert_true(error.message[0] != '\0');
  }
  assert_int_equal(operation.quantity, 77);
}

static void check_b40(const char *name, const char *expected) {
  unsigned char bytes[BS_NAME_MAX];
  char text[2 * BS_NAME_MAX + 1];

  bs_hex_encode(text, bytes, bs_b40_encode(bytes, name));
  assert_string_equal(text, expected);
}

static void names_are_numbers(void **state) {
  (void)state;
  check_b40("test", "1cadfd");
  check_b40("foo.test", "0253b0250dfd");
  check_b40("muneeb.id", "87b0059d8e5d");
  check_b40("0muneeb.id", "87b0059d8e5d"); /* a leading zero vanishes: the original's rule */
}

static void script_of(struct bs_script *script, const char *text) {
  script->length = strlen(text) / 2;
  assert_true(bs_hex_decode(script->bytes, script->length, text));
}

/* An output to a public key has an address when the key has a form that Bitcoin knows, be it on the curve or not. */
static void scripts_have_their_kind(void **state) {
  static const struct {
    size_t size;
    unsigned char first;
    enum bs_script_kind kind;
  } cases[] = {{33, 2, BS_SCRIPT_PUBLIC_KEY}, {33, 3, BS_SCRIPT_PUBLIC_KEY}, {65, 4, BS_SCRIPT_PUBLIC_KEY},
               {65, 6, BS_SCRIPT_PUBLIC_KEY}, {65, 7, BS_SCRIPT_PUBLIC_KEY}, {33, 4, BS_SCRIPT_OTHER},
               {33, 5, BS_SCRIPT_OTHER},      {33, 0, BS_SCRIPT_OTHER},      {65, 2, BS_SCRIPT_OTHER},
               {65, 5, BS_SCRIPT_OTHER},      {34, 2, BS_SCRIPT_OTHER},      {64, 4, BS_SCRIPT_OTHER}};
  unsigned char script[BS_SCRIPT_MAX] = {0};

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    script[0] = (unsigned char)cases[i].size;
    script[1] = cases[i].first;
    script[cases[i].size + 1] = 0xac; /* OP_CHECKSIG */
    assert_int_equal(bs_script_classify(NULL, script, cases[i].size + 2), cases[i].kind);
    assert_int_equal(bs_script_classify(NULL, script, cases[i].size + 1), BS_SCRIPT_OTHER);
    script[cases[i].size + 1] = 0;
  }
}

static void hashes_are_those_of_the_chain(void **state) {
  struct bs_script sender;
  unsigned char hash[BS_HASH160_SIZE], consensus[BS_CONSENSUS_SIZE];
  char text[41];

  (void)state;
  script_of(&sender, "76a914911a799e024b57d6ed17e86ee4a0ed9398c181be88ac");
  bs_name_hash(hash, "jfperez.id", &sender, "19dPuSXMLWFPZviKZvCFYwJnbDVT6iRNc");
  bs_hex_encode(text, hash, 20);
  assert_string_equal(text, "1140784cce1c750b1ac0335e06711b2f01cea93f");
  assert_true(bs_hex_decode(consensus, sizeof consensus, "e00c59ec1340e4400237cc2b4a557eae"));
  bs_update_hash(hash, "jfperez.id", consensus);
  bs_hex_encode(text, hash, 16);
  assert_string_equal(text, "913db22e6c4ddffff580515858a1e0ba");
  bs_hash128(hash, "jfperez.id", 10);
  bs_hex_encode(text, hash, 16);
  assert_string_equal(text, "18667519acc4ccce5d263716ae292922");
  bs_hash128(hash, "muneeb.id", 9);
  bs_hex_encode(text, hash, 16);
  assert_string_equal(text, "deb7fe99776122b77925cbf0a24ab6f8");
}

static void address_and_script(struct bs_script *script, char address[BS_ADDRESS_TEXT], const char *wif) {
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_key *key;
  struct bs_error error = {0};

  assert_ok(bs_key_from_text(&key, wif, strlen(wif), &error));
  bs_public_key_hash(hash, bs_key_public(key));
  bs_key_address(address, key, BS_NETWORK_MAIN);
  bs_script_pay_to(script, hash);
  bs_key_free(key);
}

static void assert_payload(const struct bs_operation *operation, const char *expected) {
  unsigned char payload[BS_PAYLOAD_MAX];
  char text[2 * BS_PAYLOAD_MAX + 1];

  bs_hex_encode(text, payload, bs_operation_write(payload, magic, operation));
  assert_string_equal(text, expected);
}

/* The published ones, from the published test wallets on: w0 and w1 for the namespace, w2 and w3 for the name. */
static void payloads_follow_from_keys_and_names(void **state) {
  struct bs_operation operation = {.opcode = BS_NAMESPACE_PREORDER, .quantity = 1};
  struct bs_script sender, unused;
  char address[BS_ADDRESS_TEXT];

  (void)state;
  assert_true(bs_hex_decode(operation.consensus, sizeof operation.consensus, CONSENSUS));
  address_and_script(&unused, address, "5KHqsiU9qa77frZb6hQy9ocV7Sus9RWJcQGYYBJJBb2Efj1o77e");
  assert_string_equal(address, "1HmKpCXiK4ExFbdTG1Y38jcrtx9KPkgYKX");
  address_and_script(&sender, address, "5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj9");
  bs_name_hash(operation.hash, "test", &sender, "1HmKpCXiK4ExFbdTG1Y38jcrtx9KPkgYKX");
  assert_payload(&operation, "69642a6134faee8737a865995aa5423b55f1a8ec69fe4b" CONSENSUS);
  operation.opcode = BS_NAME_PREORDER;
  address_and_script(&sender, address, "5Kg5kJbQHvk1B64rJniEmgbD83FpZpbw2RjdAZEzTefs9ihN3Bz");
  address_and_script(&unused, address, "5JuVsoS9NauksSkqEjbUZxWwgGDQbMwPsEfoRBSpLpgDX1RtLX7");
  bs_name_hash(operation.hash, "foo.test", &sender, address);
  assert_payload(&operation, "69643fcacd056b728549c1039aded53d81c96f35d27820" CONSENSUS);
  operation.opcode = BS_NAME_UPDATE;
  bs_update_hash(operation.name_hash, "foo.test", operation.consensus);
  memset(operation.value_hash, 0x11, sizeof operation.value_hash);
  assert_payload(&operation, "69642b92a7fdc30edccbcdd92bce5cd71efc861111111111111111111111111111111111111111");
  operation.opcode = BS_NAME_TRANSFER;
  operation.keep_data = true;
  bs_hash128(operation.name_hash, "foo.test", 8);
  assert_payload(&operation, "69643e3e7727f568dd9d36d5c777c024da599473" CONSENSUS);
}

/* Scripts of the chain that pay to these addresses. */
static void scripts_have_their_address(void **state) {
  static const char *const cases[][2] = {
      {"1F2nHEDLRJ39XxAvSxwQhJsaVzvS5RHDRM", "76a91499e7f97f5d2c77b4f32b4ed9ae0f0385c45aa5c788ac"},
      {"16firc3qZU97D1pWkyL6ZYwPX5UVnWc82V", "76a9143e2b5fdd12db7580fb4d3434b31d4fe9124bd9f088ac"},
      {"1KRca8gGiCiTNGR65iXMPQ6d5fisDdN3ZF", "76a914ca19f0c96683b6cabfb5c9a406bebc6771d8ede488ac"}};

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    unsigned char hash[BS_HASH160_SIZE];
    char address[BS_ADDRESS_TEXT], text[2 * BS_SCRIPT_MAX + 1];
    struct bs_script script;

    script_of(&script, cases[i][1]);
    assert_int_equal(bs_script_classify(hash, script.bytes, script.length), BS_SCRIPT_PUBLIC_KEY_HASH);
    bs_address_encode(address, 0, hash);
    assert_string_equal(address, cases[i][0]);
    bs_script_pay_to(&script, hash);
    bs_hex_encode(text, script.bytes, script.length);
    assert_string_equal(text, cases[i][1]);
  }
}

static void merkle_root_is_that_of_the_original(void **state) {
  static const char *const leaves[] = {"f484b014c55a43b409a59de3177d49a88149b4473f9a7b81ea9e3535d4b7a301",
                                       "7b5636e9bc6ec910157e88702699bc7892675e8b489632c9166764341a4d4cfe",
                                       "f8b02b8bf25cb6008e38eb5453a22c502f37e76375a86a0f0cfaa3c301aa1209"};
  struct bs_leaf tree[3], root;
  char text[65];

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    tree[i].length = 32;
    assert_true(bs_hex_decode(tree[i].bytes, 32, leaves[i]));
  }
  bs_merkle_root(&root, tree, 3);
  bs_hex_encode(text, root.bytes, root.length);
  assert_string_equal(text, "4f4c8c201e85a64a410cc7272c77f443d8b8df3289c67af9dab1e87d9e61985e");
  assert_true(bs_hex_decode(tree[0].bytes, 32, leaves[0]));
  bs_merkle_root(&root, tree, 1); /* a single leaf is the root */
  bs_hex_encode(text, root.bytes, root.length);
  assert_string_equal(text, leaves[0]);
}

static void empty_blocks_have_consensus_hashes(void **state) {
  static const char *const expected[] = {"2a9148d8b13939723d2aca16c75c6d68", "1c54465d3486f07be2c7a81af0ef44ad",
                                         "0efa29f955c6ae3bb5037039d89dba5e", "9daa6e59877b9e0ca4772a3df475abd2",
                                         "996ff3a1e5d612d4e4cf73dea04ccee6"};
  struct bs_chain_parameters parameters = {.magic = {'i', 'd'},
                                           .script_version = 5,
                                           .first_block = 373601,
                                           .names_per_owner = 25,
                                           .seed_first = 373597,
                                           .seed_last = 373600};
  struct bs_database *database;
  struct bs_block_result result;
  struct bs_error error = {0};
  char text[65];

  (void)state;
  assert_true(bs_hex_decode(parameters.seed, 16, CONSENSUS)); /* the seed is no input */
  assert_ok(bs_database_open_memory(&database, &bs_ledger_kind, &error));
  for (uint64_t i = 0; i < 5; i++) {
    const struct bs_index index = {database, &parameters};

    assert_ok(bs_rules_apply(&index, &result, 373601 + i, NULL, 0, &error));
    bs_hex_encode(text, result.consensus, 16);
    assert_string_equal(text, expected[i]);
  }
  bs_hex_encode(text, result.operations_hash, 32);
  assert_string_equal(text, "5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456");
  bs_database_close(database);
}

static void assert_fee(const char *text, uint64_t satoshis) {
  if (bs_fee_satoshis(text) != satoshis) fail_msg("%s: %" PRIu64, text, bs_fee_satoshis(text));
}

/* An integer of up to 128 bits becomes a double once, as in the original. */
static void large_prices_are_rounded_once(void **state) {
  static const struct {
    struct bs_namespace_rules rules;
    const char *text;
  } cases[] = {
      {{.coeff = 1, .base = 70, .buckets = {12}, .nonalpha_discount = 1, .no_vowel_discount = 8}, "1.73016090012e+23"},
      {{.coeff = 255, .base = 255, .buckets = {15}, .nonalpha_discount = 1, .no_vowel_discount = 1}, "3.19626579315e+40"},
      {{.coeff = 250, .base = 73, .buckets = {11}, .nonalpha_discount = 1, .no_vowel_discount = 7}, "1.12045244846e+24"},
      {{.coeff = 90, .base = 90, .buckets = {13}, .nonalpha_discount = 1, .no_vowel_discount = 3}, "7.62559748499e+28"},
  };
  char text[BS_FEE_TEXT];

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bs_price_text(text, &cases[i].rules, "b.id");
    assert_string_equal(text, cases[i].text);
  }
}

/* What a longer register held would be rounded twice, and be one more. */
static void quotients_are_rounded_once(void **state) {
  static const struct {
    struct bs_namespace_rules rules;
    uint64_t price;
  } cases[] = {
      {{.coeff = 1, .base = 56, .buckets = {8}, .no_vowel_discount = 13}, UINT64_C(743979319800123)},
      {{.coeff = 10, .base = 149, .buckets = {6}, .no_vowel_discount = 13}, UINT64_C(841732814353923)},
      {{.coeff = 10, .base = 80, .buckets = {7}, .no_vowel_discount = 13}, UINT64_C(1613193846153846)},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_true(bs_price_to_pay(&cases[i].rules, "b.id") == cases[i].price);
    assert_true(bs_price_is_paid(&cases[i].rules, "b.id", cases[i].price));
    assert_false(bs_price_is_paid(&cases[i].rules, "b.id", cases[i].price - 1));
  }
}

static void fees_are_read_back(void **state) {
  (void)state;
  assert_fee("6400000", 6400000);
  assert_fee("2100000000000000", UINT64_C(2100000000000000));
  assert_fee("6400.0", 6400);
  assert_fee("914285.714286", 914285);
  assert_fee("1.6777216e+12", UINT64_C(1677721600000));
  assert_fee("3e+14", UINT64_C(300000000000000));
  assert_fee("3.8e+40", INT64_MAX);
}

/* As in a locale with this decimal point, NULL being that of C. */
static const char *decimal_point;

__attribute__((format(printf, 3, 0))) static int print(char *text, size_t size, const char *format, va_list arguments) {
  int length = vsnprintf(text, size, format, arguments);
  char *point = decimal_point == NULL || strchr(format, 'g') == NULL ? NULL : strchr(text, '.');
  size_t extra = point == NULL ? 0 : strlen(decimal_point) - 1;

  if (point == NULL) return length;
  assert_true(strlen(text) + extra < size);
  memmove(point + 1 + extra, point + 1, strlen(point + 1) + 1);
  memcpy(point, decimal_point, extra + 1);
  return length + (int)extra;
}

/* In place of snprintf, and of what it becomes with _FORTIFY_SOURCE. */
__attribute__((format(printf, 3, 4))) int __wrap_snprintf(char *text, size_t size, const char *format, ...);
__attribute__((format(printf, 5, 6))) int __wrap___snprintf_chk(char *text, size_t size, int flag, size_t room,
                                                                const char *format, ...);

int __wrap_snprintf(char *text, size_t size, const char *format, ...) {
  va_list arguments;
  int length;

  va_start(arguments, format);
  length = print(text, size, format, arguments);
  va_end(arguments);
  return length;
}

int __wrap___snprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, ...) {
  va_list arguments;
  int length;

  (void)flag;
  (void)room;
  va_start(arguments, format);
  length = print(text, size, format, arguments);
  va_end(arguments);
  return length;
}

/* Whatever the program that uses the library has set: two machines must come to the same hashes. */
static void a_locale_changes_no_fee(void **state) {
  const struct bs_namespace_rules rules = {
      .coeff = 64, .base = 10, .buckets = {2, 1}, .nonalpha_discount = 1, .no_vowel_discount = 7};
  static const char *const points[] = {",", "\xd9\xab", NULL}; /* German; Pashto; C */
  char text[BS_FEE_TEXT];

  (void)state;
  for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
    decimal_point = points[i];
    bs_price_text(text, &rules, "b.id");
    assert_string_equal(text, "91428.5714286");
    bs_price_text(text, &rules, "ab.id");
    assert_string_equal(text, "64000.0");
    decimal_point = NULL;
  }
}

static void prices_are_those_of_the_chain(void **state) {
  const struct bs_namespace_rules rules = {
      .coeff = 250, .base = 4, .buckets = {6, 5, 4, 3, 2, 1}, .nonalpha_discount = 10, .no_vowel_discount = 10};
  const struct bs_namespace_rules odd = {
      .coeff = 1, .base = 1, .buckets = {0}, .nonalpha_discount = 7, .no_vowel_discount = 3};
  struct bs_namespace_rules dear = {.coeff = 255, .base = 255, .nonalpha_discount = 1, .no_vowel_discount = 1};

  (void)state;
  memset(dear.buckets, 15, sizeof dear.buckets);
  assert_int_equal(bs_price_to_pay(&rules, "muneeb.id"), 100000);
  assert_int_equal(bs_price_to_pay(&rules, "jfperez.id"), 25000);
  assert_int_equal(bs_price_to_pay(&rules, "foo.id"), 6400000);
  assert_int_equal(bs_price_to_pay(&rules, "f00.id"), 640000);
  assert_int_equal(bs_price_to_pay(&rules, "xyzt.id"), 1600000); /* y counts as a vowel */
  assert_int_equal(bs_price_to_pay(&rules, "xzt.id"), 640000);
  assert_int_equal(bs_price_to_pay(&rules, "abcdefghijklmnopqrst.id"), 25000); /* beyond the buckets: the last one */
  assert_int_equal(bs_price_to_pay(&odd, "a.id"), 100);
  assert_int_equal(bs_price_to_pay(&odd, "b1.id"), 100); /* never less */
  assert_true(bs_price_to_pay(&dear, "a.id") == INT64_MAX);
  assert_false(bs_price_is_paid(&dear, "a.id", INT64_MAX));
  assert_true(bs_price_of_namespace("x") == UINT64_C(40000000000));
  assert_int_equal(bs_price_of_namespace("test"), 400000000);
  assert_int_equal(bs_price_of_namespace("longname"), 40000000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(payloads_are_read_and_written),
      cmocka_unit_test(wrong_payloads_are_refused),
      cmocka_unit_test(names_are_numbers),
      cmocka_unit_test(scripts_have_their_kind),
      cmocka_unit_test(hashes_are_those_of_the_chain),
      cmocka_unit_test(payloads_follow_from_keys_and_names),
      cmocka_unit_test(scripts_have_their_address),
      cmocka_unit_test(merkle_root_is_that_of_the_original),
      cmocka_unit_test(empty_blocks_have_consensus_hashes),
      cmocka_unit_test(prices_are_those_of_the_chain),
      cmocka_unit_test(large_prices_are_rounded_once),
      cmocka_unit_test(quotients_are_rounded_once),
      cmocka_unit_test(fees_are_read_back),
      cmocka_unit_test(a_locale_changes_no_fee),
  };
  return RUN_TESTS(tests);
}
