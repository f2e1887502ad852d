/* SPDX-License-Identifier: MIT */
/* Entries of the index as a server of names tells them: what is written is read back the same, and nothing else is read. */
#include <config.h>

#include "core/names/entry-json.h"

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "t/lib/unit.h"

static const struct bs_json_limits limits = {1u << 16, 8};

static struct bs_json scan(const struct bs_buffer *text) {
  struct bs_error error = {0};
  struct bs_json root;

  assert_ok(bs_json_scan(&root, text->bytes, text->length, &limits, &error));
  return root;
}

/* ---- one of each ---- */

static void fill(unsigned char *bytes, size_t length, unsigned char first) {
  for (size_t i = 0; i < length; i++) bytes[i] = (unsigned char)(first + i);
}

static void set_origin(struct bs_entry_origin *origin, const char *op) {
  unsigned char hash[BS_HASH160_SIZE];

  fill(hash, sizeof hash, 1);
  bs_script_pay_to(&origin->sender, hash);
  bs_address_encode(origin->address, 0, hash);
  fill(origin->public_key.bytes, 33, 2);
  origin->public_key.length = 33;
  memcpy(origin->op, op, strlen(op));
  fill(origin->txid, sizeof origin->txid, 40);
  origin->vtxindex = 3;
}

static struct bs_name_entry a_name(void) {
  struct bs_name_entry entry;

  memset(&entry, 0, sizeof entry);
  memcpy(entry.name, "foo.test", sizeof "foo.test");
  set_origin(&entry.origin, "+");
  entry.has_value = entry.has_consensus = true;
  fill(entry.value_hash, sizeof entry.value_hash, 7);
  fill(entry.consensus, sizeof entry.consensus, 9);
  entry.block_number = 1;
  entry.preorder_block_number = 2;
  entry.first_registered = 3;
  entry.last_renewed = BS_JSON_INTEGER_MAX;
  memcpy(entry.op_fee, "1.6777216e+12", sizeof "1.6777216e+12");
  entry.listed = BS_LIST_BOTH;
  entry.changed_block = 5;
  return entry;
}

static struct bs_namespace_entry a_namespace(void) {
  struct bs_namespace_entry entry;
  unsigned char hash[BS_HASH160_SIZE];

  memset(&entry, 0, sizeof entry);
  memcpy(entry.id, "test", sizeof "test");
  entry.state = BS_NAMESPACE_REVEALED;
  set_origin(&entry.origin, "&");
  fill(entry.hash, sizeof entry.hash, 50);
  fill(hash, sizeof hash, 90);
  bs_script_pay_to(&entry.recipient, hash);
  bs_address_encode(entry.recipient_address, 111, hash);
  entry.version = 1;
  entry.rules.lifetime = 52595;
  entry.rules.coeff = 250;
  entry.rules.base = 4;
  entry.rules.nonalpha_discount = 10;
  entry.rules.no_vowel_discount = 15;
  fill(entry.rules.buckets, 16, 0);
  entry.block_number = 10;
  entry.reveal_block = 11;
  return entry;
}

static struct bs_preorder_entry a_preorder(const char *op) {
  struct bs_preorder_entry entry;

  memset(&entry, 0, sizeof entry);
  fill(entry.hash, sizeof entry.hash, 60);
  set_origin(&entry.origin, op);
  fill(entry.consensus, sizeof entry.consensus, 70);
  entry.block_number = 4;
  entry.op_fee = 6400000;
  return entry;
}

/* ---- there and back ---- */

static void check_name(const struct bs_name_entry *entry) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_entry again;
  struct bs_error error = {0};

  bs_name_to_json(&text, entry);
  assert_ok(bs_buffer_ok(&text, &error));
  assert_ok(bs_name_from_json(&again, scan(&text), &error));
  assert_memory_equal(&again, entry, sizeof again);
}

static void check_namespace(const struct bs_namespace_entry *entry) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_namespace_entry again;
  struct bs_error error = {0};

  bs_namespace_to_json(&text, entry);
  assert_ok(bs_buffer_ok(&text, &error));
  assert_ok(bs_namespace_from_json(&again, scan(&text), &error));
  assert_memory_equal(&again, entry, sizeof again);
}

static void check_preorder(const struct bs_preorder_entry *entry) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_preorder_entry again;
  struct bs_error error = {0};

  bs_preorder_to_json(&text, entry);
  assert_ok(bs_buffer_ok(&text, &error));
  assert_ok(bs_preorder_from_json(&again, scan(&text), &error));
  assert_memory_equal(&again, entry, sizeof again);
}

static void test_names(void **state) {
  static const char *const fees[] = {"0", "100", "100.0", "914285.714286", "1.6777216e+12", "3e+14", "2100000000000000"};
  static const char *const ops[] = {":", "::", "+", ">>", ">~", "~", ";"};
  struct bs_name_entry entry = a_name();
  unsigned char hash[BS_HASH160_SIZE];

  (void)state;
  check_name(&entry);
  for (size_t i = 0; i < sizeof fees / sizeof fees[0]; i++) {
    memset(entry.op_fee, 0, sizeof entry.op_fee);
    memcpy(entry.op_fee, fees[i], strlen(fees[i]));
    check_name(&entry);
  }
  for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
    memset(entry.origin.op, 0, sizeof entry.origin.op);
    memcpy(entry.origin.op, ops[i], strlen(ops[i]));
    check_name(&entry);
  }
  entry.has_value = entry.has_consensus = false;
  memset(entry.value_hash, 0, sizeof entry.value_hash);
  memset(entry.consensus, 0, sizeof entry.consensus);
  memset(&entry.origin.public_key, 0, sizeof entry.origin.public_key);
  entry.revoked = true;
  entry.listed = 0;
  fill(hash, sizeof hash, 11);
  bs_script_pay_to(&entry.importer, hash);
  bs_address_encode(entry.importer_address, 0, hash);
  check_name(&entry);
}

static void test_namespaces(void **state) {
  struct bs_namespace_entry entry = a_namespace();

  (void)state;
  check_namespace(&entry);
  entry.rules.lifetime = BS_LIFETIME_INFINITE;
  entry.state = BS_NAMESPACE_IS_READY;
  entry.origin.op[0] = '!';
  entry.origin.sender = entry.recipient; /* its address stays that of the reveal */
  entry.ready_block = 12;
  check_namespace(&entry);
  memset(&entry.origin, 0, sizeof entry.origin); /* as of a genesis */
  memset(&entry.recipient, 0, sizeof entry.recipient);
  memset(entry.recipient_address, 0, sizeof entry.recipient_address);
  entry.origin.op[0] = '!';
  check_namespace(&entry);
}

static void test_preorders(void **state) {
  struct bs_preorder_entry entry = a_preorder("?");

  (void)state;
  check_preorder(&entry);
  entry = a_preorder("*");
  check_preorder(&entry);
  for (unsigned quantity = 2; quantity < 256; quantity++) {
    entry = a_preorder("?*");
    entry.origin.op[2] = (char)quantity;
    check_preorder(&entry);
  }
}

/* What other programs read: the names and the forms of the members. */
static void test_text(void **state) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_preorder_entry preorder = a_preorder("?*\xff");
  struct bs_name_entry name = a_name();

  (void)state;
  bs_preorder_to_json(&text, &preorder);
  assert_string_equal(
      bs_buffer_string(&text),
      "{\"preorder_name_hash\": \"3c3d3e3f404142434445464748494a4b4c4d4e4f\","
      " \"consensus_hash\": \"464748494a4b4c4d4e4f505152535455\","
      " \"sender\": \"76a9140102030405060708090a0b0c0d0e0f101112131488ac\","
      " \"sender_pubkey\": \"02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122\","
      " \"address\": \"16L5yRNPTuciSgXGHqYwn9N6NeoKqopAu\", \"block_number\": 4, \"op\": \"?*\xc3\xbf\","
      " \"txid\": \"47464544434241403f3e3d3c3b3a393837363534333231302f2e2d2c2b2a2928\", \"vtxindex\": 3,"
      " \"op_fee\": 6400000}");
  bs_buffer_clear(&text);
  name.has_value = false;
  bs_name_members_to_json(&text, &name);
  assert_memory_equal(bs_buffer_string(&text), "\"name\": \"foo.test\", \"value_hash\": null, ", 40);
  assert_non_null(strstr((const char *)text.bytes, "\"op_fee\": 1.6777216e+12, \"importer\": null,"));
}

/* ---- refusals ---- */

typedef bool (*reader)(struct bs_json object, struct bs_error *error);

static bool as_name(struct bs_json object, struct bs_error *error) {
  struct bs_name_entry entry;

  return bs_name_from_json(&entry, object, error);
}

static bool as_namespace(struct bs_json object, struct bs_error *error) {
  struct bs_namespace_entry entry;

  return bs_namespace_from_json(&entry, object, error);
}

static bool as_preorder(struct bs_json object, struct bs_error *error) {
  struct bs_preorder_entry entry;

  return bs_preorder_from_json(&entry, object, error);
}

/* The text of the entry with the member's value replaced; NULL: without the member, by another name. */
static void change(struct bs_buffer *changed, const char *text, const char *member, const char *value) {
  char key[64];
  const char *at, *end;

  snprintf(key, sizeof key, "\"%s\": ", member);
  at = strstr(text, key);
  assert_non_null(at);
  end = at + strlen(key);
  if (*end == '[')
    end = strchr(end, ']') + 1;
  else
    end += strcspn(end, ",}");
  bs_buffer_clear(changed);
  bs_buffer_add(changed, text, (size_t)(at - text));
  bs_buffer_format(changed, "\"%s\": %s%s", value == NULL ? "another" : member, value == NULL ? "null" : value, end);
}

struct refusal {
  const char *member, *value; /* NULL: the member is missing */
};

static void check_refusals(const char *text, reader read, const struct refusal *refusals, size_t count) {
  struct bs_buffer changed BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  char sentence[100];

  for (size_t i = 0; i < count; i++) {
    change(&changed, text, refusals[i].member, refusals[i].value);
    snprintf(sentence, sizeof sentence, "The member \"%s\" is %s", refusals[i].member,
             refusals[i].value == NULL ? "missing." : "not ");
    error = (struct bs_error){0};
    if (read(scan(&changed), &error)) fail_msg("%s: %s was read", refusals[i].member, refusals[i].value);
    assert_int_equal(error.word, BS_WORD_malformed);
    if (strstr(error.message, sentence) == NULL) fail_msg("%s: %s: %s", refusals[i].member, refusals[i].value, error.message);
  }
}

#define HASH_39 "\"07080910111213141516171819202122232425a\""
#define OTHER_ADDRESS "\"1BKufFedDrueBBFBXtiATB2PSdsBGZxf3N\"" /* a good one, of another script */

static void test_refused_names(void **state) {
  static const struct refusal refusals[] = {
      {"name", NULL}, {"name", "null"}, {"name", "\"foo\""}, {"name", "\"Foo.test\""}, {"name", "\"a.b.test\""},
      {"name", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test\""}, {"value_hash", NULL}, {"value_hash", "7"},
      {"value_hash", "\"\""}, {"value_hash", HASH_39}, {"value_hash", "\"0708090a0b0c0d0e0f101112131415161718191A\""},
      {"value_hash", "\"0708090a0b0c0d0e0f101112131415161718191a1b\""}, {"sender", NULL}, {"sender", "\"\""},
      {"sender", "\"7\""}, {"sender", "\"76a9xx\""}, {"sender_pubkey", NULL}, {"sender_pubkey", "\"02\""},
      {"sender_pubkey", "true"}, {"address", NULL}, {"address", "null"}, {"address", OTHER_ADDRESS},
      {"address", "\"16L5yRNPTuciSgXGHqYwn9N6NeoKqopAv\""}, {"block_number", NULL}, {"block_number", "-1"},
      {"block_number", "1.0"}, {"block_number", "\"1\""}, {"block_number", "9007199254740992"}, {"revoked", NULL},
      {"revoked", "0"}, {"revoked", "null"}, {"revoked", "\"False\""}, {"op", NULL}, {"op", "\"\""}, {"op", "\"?\""},
      {"op", "\": ::\""}, {"op", "\"++++++++++\""}, {"op", "null"}, {"txid", NULL}, {"txid", "\"47\""}, {"txid", "null"},
      {"vtxindex", NULL}, {"vtxindex", "1e3"}, {"op_fee", NULL}, {"op_fee", "null"}, {"op_fee", "\"100\""},
      {"op_fee", "-1"}, {"op_fee", "1e-9"}, {"op_fee", "1e+999"}, {"op_fee", "1E+3"}, {"op_fee", "1e3"},
      {"op_fee", "1234567890123456789"}, {"importer", NULL}, {"importer", "{}"}, {"importer_address", NULL},
      {"importer_address", OTHER_ADDRESS}, {"consensus_hash", NULL}, {"consensus_hash", "\"0a\""}, {"listed", NULL},
      {"listed", "4"}, {"listed", "true"}, {"changed_block", NULL}, {"changed_block", "[]"},
  };
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_entry entry = a_name();

  (void)state;
  bs_name_to_json(&text, &entry);
  check_refusals(bs_buffer_string(&text), as_name, refusals, sizeof refusals / sizeof refusals[0]);
}

static void test_refused_namespaces(void **state) {
  static const struct refusal refusals[] = {
      {"namespace_id", NULL}, {"namespace_id", "\"a.b\""}, {"namespace_id", "\"\""},
      {"namespace_id", "\"aaaaaaaaaaaaaaaaaaaa\""}, {"state", NULL}, {"state", "\"open\""}, {"state", "2"},
      {"namespace_id_hash", NULL}, {"namespace_id_hash", "null"}, {"version", "65536"}, {"recipient", NULL},
      {"recipient_address", "null"}, {"recipient_address", OTHER_ADDRESS}, {"reveal_block", NULL}, {"ready_block", NULL},
      {"op", "\"+\""}, {"lifetime", "4294967296"}, {"lifetime", NULL}, {"coeff", "256"}, {"coeff", NULL}, {"base", "-1"},
      {"base", NULL}, {"buckets", NULL}, {"buckets", "[]"}, {"buckets", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14]"},
      {"buckets", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,0]"}, {"buckets", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,16]"},
      {"buckets", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,\"1\"]"}, {"nonalpha_discount", "0"}, {"nonalpha_discount", NULL},
      {"no_vowel_discount", "16"}, {"no_vowel_discount", NULL}, {"address", "\"x\""},
  };
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_namespace_entry entry = a_namespace();

  (void)state;
  bs_namespace_to_json(&text, &entry);
  check_refusals(bs_buffer_string(&text), as_namespace, refusals, sizeof refusals / sizeof refusals[0]);
}

static void test_refused_preorders(void **state) {
  static const struct refusal refusals[] = {
      {"preorder_name_hash", NULL}, {"preorder_name_hash", "null"}, {"consensus_hash", NULL}, {"consensus_hash", "null"},
      {"op", "\"?*\""}, {"op", "\"?*\\u0001\""}, {"op", "\"?*\\u0100\""}, {"op", "\"?*ab\""},
      {"op", "\":\""}, {"op", NULL}, {"op_fee", "100.0"}, {"op_fee", NULL}, {"sender", NULL}, {"address", OTHER_ADDRESS},
      {"block_number", NULL},
  };
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_preorder_entry entry = a_preorder("?");

  (void)state;
  bs_preorder_to_json(&text, &entry);
  check_refusals(bs_buffer_string(&text), as_preorder, refusals, sizeof refusals / sizeof refusals[0]);
}

/* An op that says namespace asks for the other hash. */
static void test_confused_preorder(void **state) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT, changed BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_preorder_entry entry = a_preorder("?");
  struct bs_error error = {0};

  (void)state;
  bs_preorder_to_json(&text, &entry);
  change(&changed, bs_buffer_string(&text), "op", "\"*\"");
  assert_fails(as_preorder(scan(&changed), &error), BS_WORD_malformed, "\"namespace_id_hash\" is missing");
}

static void test_no_object(void **state) {
  static const char *const texts[] = {"null", "[]", "\"\"", "1", "true"};
  struct bs_error error = {0};

  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

    bs_buffer_text(&text, texts[i]);
    assert_fails(as_name(scan(&text), &error), BS_WORD_malformed, "not an object");
    assert_fails(as_namespace(scan(&text), &error), BS_WORD_malformed, "not an object");
    assert_fails(as_preorder(scan(&text), &error), BS_WORD_malformed, "not an object");
  }
}

/* Later servers may say more. */
static void test_unknown_members(void **state) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_entry entry = a_name(), again;
  struct bs_error error = {0};

  (void)state;
  bs_buffer_text(&text, "{\"opcode\": \"NAME_UPDATE\", \"history\": {\"1\": []}, ");
  bs_name_members_to_json(&text, &entry);
  bs_buffer_text(&text, "}");
  assert_ok(bs_name_from_json(&again, scan(&text), &error));
  assert_memory_equal(&again, &entry, sizeof again);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_namespaces),
      cmocka_unit_test(test_preorders),
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_refused_names),
      cmocka_unit_test(test_refused_namespaces),
      cmocka_unit_test(test_refused_preorders),
      cmocka_unit_test(test_confused_preorder),
      cmocka_unit_test(test_no_object),
      cmocka_unit_test(test_unknown_members),
  };

  return RUN_TESTS(tests);
}
