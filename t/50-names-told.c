/* SPDX-License-Identifier: MIT */
/* Where a name server may be, what its replies may be, and when two of them contradict each other; no connections. */
#include <config.h>

#include "core/names/rpc.h"
#include "core/names/server-address.h"
#include "core/names/told.h"

#include "core/base/auto.h"
#include "t/lib/unit.h"

/* ---- addresses ---- */

static void test_addresses(void **state) {
  static const struct {
    const char *text, *told;
  } good[] = {{"names.example.org", "names.example.org:6264"},
              {"names.example.org:1", "names.example.org:1"},
              {"localhost:65535", "localhost:65535"},
              {"127.0.0.1", "127.0.0.1:6264"},
              {"[::1]", "[::1]:6264"},
              {"[fe80::1%eth0]:77", "[fe80::1%eth0]:77"},
              {"[2001:db8::7]:77", "[2001:db8::7]:77"},
              {"unix:/run/blockstored/rpc.sock", "unix:/run/blockstored/rpc.sock"}};
  struct bs_server_address address;
  struct bs_error error = {0};

  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_ok(bs_server_address_parse(&address, good[i].text, 6264, &error));
    assert_string_equal(address.text, good[i].told);
  }
  assert_ok(bs_server_address_parse(&address, "[2001:db8::7]:77", 6264, &error));
  assert_string_equal(address.host, "2001:db8::7");
  assert_int_equal(address.port, 77);
}

static void test_refused_addresses(void **state) {
  static const char *const bad[] = {
      "", ":1", "a:", "a:0", "a:65536", "a:1x", "a:+1", "a:01", "::1", "[::1", "[]", "[::1]x", "[::1]:", "[a.b]", "[fe80::1%]",
      "[::1::2]", "[127.0.0.1]", "a b", "a/b", "-a", "http://a", "unix:", "unix:path", "unix:a/b", "user@a", "a:1:2", "\xc3\xa4"};
  struct bs_server_address address;
  struct bs_error error = {0};
  char longest[400];

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    if (bs_server_address_parse(&address, bad[i], 6264, &error)) fail_msg("%s was taken", bad[i]);
    assert_fails(bs_server_address_parse(&address, bad[i], 6264, &error), BS_WORD_config, "is not where a name server can");
  }
  memset(longest, 'a', sizeof longest);
  longest[254] = '\0';
  assert_fails(bs_server_address_parse(&address, longest, 6264, &error), BS_WORD_config, "aaa...\" is not");
  longest[253] = '\0';
  assert_ok(bs_server_address_parse(&address, longest, 65535, &error));
  assert_int_equal(strlen(address.text), 259);
  memset(longest, 'a', sizeof longest);
  memcpy(longest, "unix:/", 6);
  longest[5 + 107] = '\0';
  assert_ok(bs_server_address_parse(&address, longest, 1, &error));
  assert_int_equal(strlen(address.path), 107);
  longest[5 + 107] = 'a';
  longest[5 + 108] = '\0';
  assert_fails(bs_server_address_parse(&address, longest, 1, &error), BS_WORD_config, "is not where");
}

/* ---- replies ---- */

static bool read_reply(struct bs_reply *reply, const char *text, struct bs_error *error) {
  bs_buffer_clear(&reply->bytes);
  bs_buffer_text(&reply->bytes, text);
  return bs_reply_read(reply, error);
}

static void test_replies(void **state) {
  struct bs_reply reply BS_AUTO_REPLY = BS_REPLY_INIT;
  struct bs_error error = {0};
  uint64_t number;

  (void)state;
  assert_ok(read_reply(&reply, " [ 7 ] ", &error));
  assert_true(reply.is_answer && bs_json_integer(reply.result, &number) && number == 7);
  assert_ok(read_reply(&reply, "[null]", &error));
  assert_ok(read_reply(&reply, "[[1, 2]]", &error));
  assert_fails(read_reply(&reply, "[{\"error\": \"It is gone.\", \"code\": \"not_found\"}]", &error), BS_WORD_not_found,
               "says: It is gone.");
  assert_true(reply.is_answer);
  assert_fails(read_reply(&reply, "[{\"error\": \"Too late.\", \"code\": \"deadline\"}]", &error), BS_WORD_no_names,
               "says: Too late.");
  assert_false(reply.is_answer);
  assert_fails(read_reply(&reply, "[{\"error\": \"No.\", \"code\": \"what\"}]", &error), BS_WORD_no_names, "says: No.");
  assert_fails(read_reply(&reply, "[{\"error\": {\"a\": 1}, \"code\": 7}]", &error), BS_WORD_no_names, "says: {\"a\": 1}");
  assert_fails(read_reply(&reply, "{\"fault\": \"X\", \"faultCode\": 1, \"faultString\": \"full\"}", &error), BS_WORD_no_names,
               "could not do it: full");
  assert_fails(read_reply(&reply, "{\"fault\": \"X\"}", &error), BS_WORD_no_names, "could not do it: X");
  assert_false(reply.is_answer);
  assert_fails(read_reply(&reply, "{}", &error), BS_WORD_malformed, "neither a result nor a fault");
  assert_fails(read_reply(&reply, "\"x\"", &error), BS_WORD_malformed, "not one result");
  assert_fails(read_reply(&reply, "[1,2]", &error), BS_WORD_malformed, "not one result");
  assert_fails(read_reply(&reply, "[\"\\u0000\"]", &error), BS_WORD_malformed, "no JSON");
  assert_fails(read_reply(&reply, "", &error), BS_WORD_malformed, "no JSON");
}

static void test_requests(void **state) {
  struct bs_buffer json BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)state;
  bs_request_write(&json, "lookup", "\"foo.id\"");
  assert_string_equal(bs_buffer_string(&json),
                      "{\"id\": \"blockstore\", \"method\": \"lookup\", \"params\": [\"foo.id\"], \"version\": \"2.0\"}");
}

/* ---- results: what t/70-cli-names-faults.t does not reach ---- */

static const struct bs_json_limits limits = {1u << 16, 16};

static struct bs_json scan(const char *text) {
  struct bs_json root;
  struct bs_error error = {0};

  assert_ok(bs_json_scan(&root, text, strlen(text), &limits, &error));
  return root;
}

static const unsigned char no_txid[BS_TXID_SIZE];
#define ONE_TXID "\"1000000000000000000000000000000000000000000000000000000000000000\""
#define ZERO_TXID "\"0000000000000000000000000000000000000000000000000000000000000000\""

static bool read_broadcast(const char *text, struct bs_told_broadcast *ret_told, struct bs_error *error) {
  return bs_told_broadcast_read(ret_told, scan(text), no_txid, error);
}

static void test_broadcasts(void **state) {
  struct bs_told_broadcast told;
  struct bs_error error = {0};
  char text[1000];

  (void)state;
  assert_ok(read_broadcast("{\"transaction_hash\": " ZERO_TXID ", \"status\": true}", &told, &error));
  assert_false(told.is_in_block);
  assert_ok(read_broadcast("{\"transaction_hash\": " ZERO_TXID ", \"operation\": true, \"accepted\": false, \"block\": 7,"
                           " \"reason\": \"why\"}", &told, &error));
  assert_true(told.is_in_block && told.is_operation && !told.is_accepted && told.block == 7);
  assert_string_equal(told.reason, "why");
  snprintf(text, sizeof text, "{\"transaction_hash\": " ZERO_TXID ", \"operation\": true, \"accepted\": false, \"block\": null,"
           " \"reason\": \"%0198d\xc3\xa4\"}", 0);
  assert_ok(read_broadcast(text, &told, &error)); /* cut between characters */
  assert_int_equal(strlen(told.reason), 198);
  assert_fails(read_broadcast("{}", &told, &error), BS_WORD_malformed, "without \"transaction_hash\"");
  assert_fails(read_broadcast("{\"transaction_hash\": \"11\"}", &told, &error), BS_WORD_malformed, "transaction_hash");
  assert_fails(read_broadcast("{\"transaction_hash\": " ONE_TXID "}", &told, &error), BS_WORD_malformed,
               "about another transaction");
  assert_fails(read_broadcast("{\"transaction_hash\": " ZERO_TXID ", \"operation\": 1}", &told, &error), BS_WORD_malformed,
               "without \"block\"");
  assert_fails(read_broadcast("{\"transaction_hash\": " ZERO_TXID ", \"operation\": 1, \"block\": 1}", &told, &error),
               BS_WORD_malformed, "\"operation\" is not true or false");
}

static bool read_value(const char *text, bool *ret_found, bool *ret_update, struct bs_error *error) {
  unsigned char value[BS_HASH160_SIZE];

  return bs_told_value_read(value, ret_found, ret_update, scan(text), error);
}

static void test_values(void **state) {
  struct bs_error error = {0};
  bool found, update;

  (void)state;
  assert_ok(read_value("{\"found\": false, \"value_hash\": null}", &found, &update, &error) && !found && !update);
  assert_ok(read_value("{\"found\": true, \"value_hash\": null}", &found, &update, &error) && found && !update);
  assert_ok(read_value("{\"found\": true, \"value_hash\": \"1111111111111111111111111111111111111111\"}", &found, &update,
                       &error) && found && update);
  assert_fails(read_value("{\"found\": true}", &found, &update, &error), BS_WORD_malformed, "without \"value_hash\"");
  assert_fails(read_value("{\"found\": true, \"value_hash\": \"11\"}", &found, &update, &error), BS_WORD_malformed, "value_hash");
  assert_fails(read_value("{\"found\": \"yes\"}", &found, &update, &error), BS_WORD_malformed, "true or false");
}

static void test_lists(void **state) {
  struct bs_buffer texts BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  size_t count, listed;

  (void)state;
  assert_ok(bs_told_list_read(&texts, &count, &listed, scan("[\"a.id\", \"b.id\", \"c.id\"]"), 1, 1, &error));
  assert_int_equal(count, 1);
  assert_int_equal(listed, 3);
  assert_int_equal(texts.length, 5);
  assert_memory_equal(texts.bytes, "b.id", 5);
  assert_fails(bs_told_list_read(&texts, &count, &listed, scan("[\"a\\u002eid\"]"), 0, 9, &error), BS_WORD_malformed, "no name");
  assert_fails(bs_told_list_read(&texts, &count, &listed, scan("[\"0123456789012345678901234567890123456.id\"]"), 0, 9, &error),
               BS_WORD_malformed, "no name");
  assert_fails(bs_told_list_read(&texts, &count, &listed, scan("[7]"), 0, 9, &error), BS_WORD_malformed, "no name");
}

/* ---- two answers ---- */

static struct bs_told_name told_at(uint64_t block, uint64_t changed) {
  struct bs_told_name told;

  memset(&told, 0, sizeof told);
  told.tip.block = block;
  told.found = told.name_space_found = true;
  told.entry.changed_block = changed;
  told.entry.listed = BS_LIST_BOTH;
  return told;
}

static void test_contradictions(void **state) {
  struct bs_told_name one = told_at(20, 9), other = one;

  (void)state;
  assert_false(bs_told_names_differ(&one, &other));
  other.tip.consensus[0] = 1;
  assert_true(bs_told_names_differ(&one, &other));
  other = one;
  other.found = false;
  assert_true(bs_told_names_differ(&one, &other) && bs_told_names_differ(&other, &one));
  other = one;
  other.entry.listed = 0;
  assert_true(bs_told_names_differ(&one, &other));
  other.tip.block = 21; /* it has expired meanwhile */
  assert_false(bs_told_names_differ(&one, &other));
  other.entry.origin.vtxindex = 1;
  assert_true(bs_told_names_differ(&one, &other));
  other = told_at(30, 25); /* it was changed meanwhile */
  other.entry.has_value = true;
  assert_false(bs_told_names_differ(&one, &other) || bs_told_names_differ(&other, &one));
  other.entry.changed_block = 20;
  assert_true(bs_told_names_differ(&one, &other) && bs_told_names_differ(&other, &one));
  one.found = false; /* it was registered meanwhile */
  other.entry.changed_block = 21;
  assert_false(bs_told_names_differ(&one, &other));
  other = one = told_at(20, 9);
  other.inherited = true;
  assert_true(bs_told_names_differ(&one, &other));
  other = one;
  other.name_space_found = false;
  assert_true(bs_told_names_differ(&one, &other));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_addresses), cmocka_unit_test(test_refused_addresses), cmocka_unit_test(test_replies),
      cmocka_unit_test(test_requests),  cmocka_unit_test(test_broadcasts),        cmocka_unit_test(test_values),
      cmocka_unit_test(test_lists),     cmocka_unit_test(test_contradictions),
  };

  return RUN_TESTS(tests);
}
