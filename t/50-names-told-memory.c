/* SPDX-License-Identifier: MIT */
/* A name server's answers when memory runs out: the reader says so, and nothing else. */
#include <config.h>

#include "core/names/rpc.h"
#include "core/names/told.h"

#include "core/base/auto.h"
#include "t/lib/memory.h"

static const char *const kinds[] = {"getinfo", "name", "namespace", "operations-at", "operations-on", "announcements",
                                    "names",   "unspents", "value",  "consensus",    "broadcast"};
enum {
  GETINFO,
  NAME,
  NAMESPACE,
  OPERATIONS_AT,
  OPERATIONS_ON,
  ANNOUNCEMENTS,
  NAMES,
  UNSPENTS,
  VALUE,
  CONSENSUS,
  BROADCAST,
  KINDS
};

static char texts[KINDS][16384]; /* the seeds of the fuzzers: replies of a server */
static int kind;

static void load(void) {
  const char *top = getenv("srcdir");
  char path[4096];

  for (int i = 0; i < KINDS; i++) {
    FILE *file;

    snprintf(path, sizeof path, "%s/t/fuzz/corpus/reply/%s", top == NULL ? "." : top, kinds[i]);
    file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(texts[i], 1, sizeof texts[i] - 1, file) > 0);
    fclose(file);
  }
}

static bool visit_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  (void)user, (void)block, (void)fields, (void)error;
  return true;
}

static bool visit_announcement(void *user, const struct bs_announcement *announcement, struct bs_error *error) {
  (void)user, (void)announcement, (void)error;
  return true;
}

static bool is_expected(enum bs_word word, struct bs_error *error) {
  if (error->word != word) return false;
  *error = (struct bs_error){0};
  return true;
}

/* The hash160 that the coins of the seed pay to is not known here: they are refused when they were read. */
static bool read_coins(struct bs_json result, struct bs_error *error) {
  unsigned char hash[BS_HASH160_SIZE] = {0};
  struct bs_coin coins[4];
  size_t count;

  return bs_told_coins_read(coins, NULL, &count, 4, hash, result, error) || is_expected(BS_WORD_forged, error);
}

static bool read_result(struct bs_json result, struct bs_error *error) {
  unsigned char hash[BS_TXID_SIZE] = {0};
  struct bs_buffer names BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_told_info info;
  struct bs_told_name name;
  struct bs_told_namespace name_space;
  struct bs_told_broadcast broadcast;
  size_t count, listed;
  bool more, ended, found, update;

  switch (kind) {
    case GETINFO: return bs_told_info_read(&info, result, error);
    case NAME: return bs_told_name_read(&name, result, "foo.test", error);
    case NAMESPACE: return bs_told_namespace_read(&name_space, result, "test", error);
    case OPERATIONS_AT: return bs_told_operations_read(&count, &more, &ended, result, 2, visit_operation, NULL, error);
    case OPERATIONS_ON: return bs_told_operations_read(&count, &more, &ended, result, UINT64_MAX, visit_operation, NULL, error);
    case ANNOUNCEMENTS: return bs_told_announcements_read(&ended, result, visit_announcement, NULL, error);
    case NAMES: return bs_told_list_read(&names, &count, &listed, result, 0, 9, error) && bs_buffer_ok(&names, error);
    case UNSPENTS: return read_coins(result, error);
    case VALUE: return bs_told_value_read(hash, &found, &update, result, error);
    case CONSENSUS: return bs_told_consensus_read(hash, &found, result, error);
    default: return bs_told_broadcast_read(&broadcast, result, hash, error);
  }
}

static bool read_reply(struct bs_error *error) {
  struct bs_reply reply BS_AUTO_REPLY = BS_REPLY_INIT;

  bs_buffer_text(&reply.bytes, texts[kind]);
  return bs_buffer_ok(&reply.bytes, error) && bs_reply_read(&reply, error) && read_result(reply.result, error);
}

static void test_replies(void **state) {
  (void)state;
  load();
  for (kind = 0; kind < KINDS; kind++) assert_each_failure_is_said(read_reply, 1);
}

static bool read_refusal(struct bs_error *error) {
  struct bs_reply reply BS_AUTO_REPLY = BS_REPLY_INIT;

  bs_buffer_text(&reply.bytes, "[{\"error\": \"No.\", \"code\": \"denied\"}]");
  if (!bs_buffer_ok(&reply.bytes, error)) return false;
  return !bs_reply_read(&reply, error) && is_expected(BS_WORD_denied, error);
}

static void test_refusal(void **state) {
  (void)state;
  assert_each_failure_is_said(read_refusal, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_replies), cmocka_unit_test(test_refusal)};

  return RUN_TESTS(tests);
}
