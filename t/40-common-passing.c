/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <blockstore/filter.h>
#include <pthread.h>

#include "plugins/common/passing.h"
#include "t/lib/filter-host.h"

struct mine {
  struct bs_passing_filter filter;
  struct bs_passing seen;
  unsigned count;
};

static enum blockstore_status look(void *self, struct blockstore_call *call, const struct bs_passing *passing) {
  struct mine *mine = self;

  mine->seen = *passing;
  mine->count++;
  return bs_passing_on(mine->filter.next, call, passing);
}

static struct mine mine;
static struct host_call host;
static struct host_sink sink;

static int begin(void **state) {
  (void)state;
  below_reset();
  host_call_init(&host);
  host_sink_init(&sink);
  mine = (struct mine){.filter = {&below_next, look}};
  return 0;
}

static int end(void **state) {
  (void)state;
  host_sink_free(&sink);
  return 0;
}

/* It came through, and the store below was asked the same. */
static void came(enum bs_passing_entry entry, const char *target) {
  assert_int_equal(mine.count, 1);
  assert_int_equal(below.asked, 1);
  assert_int_equal(mine.seen.entry, entry);
  assert_string_equal(bs_passing_text(entry), below.entry);
  assert_string_equal(mine.seen.target, target);
  assert_string_equal(below.target, target);
}

static void gave(const char *value) {
  assert_ptr_equal(mine.seen.sink, &sink.sink);
  assert_null(mine.seen.source);
  assert_int_equal(sink.length, strlen(value));
  assert_memory_equal(sink.bytes, value, sink.length);
}

static void urls_come_through(void **state) {
  (void)state;
  assert_int_equal(bs_passing_handles_url(&mine, &host.call, "mine:x"), BLOCKSTORE_STATUS_OK);
  came(BS_PASSING_HANDLES_URL, "mine:x");
  begin(NULL);
  below_holds("mine:id");
  assert_int_equal(bs_passing_make_mutable_url(&mine, &host.call, &sink.sink, "id"), BLOCKSTORE_STATUS_OK);
  came(BS_PASSING_MAKE_MUTABLE_URL, "id");
  gave("mine:id");
}

static void get_immutable_comes_through(void **state) {
  (void)state;
  below_holds("data");
  assert_int_equal(bs_passing_get_immutable(&mine, &host.call, &sink.sink, "key"), BLOCKSTORE_STATUS_OK);
  came(BS_PASSING_GET_IMMUTABLE, "key");
  gave("data");
}

static void get_mutable_comes_through(void **state) {
  (void)state;
  below_holds("record");
  assert_int_equal(bs_passing_get_mutable(&mine, &host.call, &sink.sink, "mine:id"), BLOCKSTORE_STATUS_OK);
  came(BS_PASSING_GET_MUTABLE, "mine:id");
  gave("record");
}

static void puts_come_through(void **state) {
  struct host_source source;

  (void)state;
  host_source_init(&source, "bytes", 5);
  assert_int_equal(bs_passing_put_immutable(&mine, &host.call, "key", &source.source, "txid"), BLOCKSTORE_STATUS_OK);
  came(BS_PASSING_PUT_IMMUTABLE, "key");
  assert_string_equal(below.txid, "txid");
  assert_memory_equal(below.value, "bytes", 5);
  assert_null(mine.seen.sink);
  begin(NULL);
  assert_int_equal(bs_passing_put_mutable(&mine, &host.call, "id", 7, "v2:sig", &source.source), BLOCKSTORE_STATUS_OK);
  came(BS_PASSING_PUT_MUTABLE, "id");
  assert_int_equal(below.version, 7);
  assert_string_equal(below.signature, "v2:sig");
  assert_memory_equal(below.value, "bytes", 5);
}

static void deletes_come_through(void **state) {
  (void)state;
  assert_int_equal(bs_passing_delete_immutable(&mine, &host.call, "key", NULL), BLOCKSTORE_STATUS_OK);
  came(BS_PASSING_DELETE_IMMUTABLE, "key");
  assert_string_equal(below.txid, "none");
  begin(NULL);
  assert_int_equal(bs_passing_delete_mutable(&mine, &host.call, "id", "v2:sig"), BLOCKSTORE_STATUS_OK);
  came(BS_PASSING_DELETE_MUTABLE, "id");
  assert_string_equal(below.signature, "v2:sig");
}

static void check_comes_through(void **state) {
  (void)state;
  below_holds("{}");
  assert_int_equal(bs_passing_check(&mine, &host.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  came(BS_PASSING_CHECK, "");
  gave("{}");
}

static void a_refusal_is_the_answer(void **state) {
  (void)state;
  below.answers[0].status = BLOCKSTORE_STATUS_DENIED;
  assert_int_equal(bs_passing_get_immutable(&mine, &host.call, &sink.sink, "key"), BLOCKSTORE_STATUS_DENIED);
  assert_string_equal(host.sentence, "The store has its reasons.");
}

static void each_entry_is_of_a_kind(void **state) {
  static const enum bs_passing_kind kinds[BS_PASSING_ENTRIES] = {
      BS_PASSING_URL, BS_PASSING_URL,    BS_PASSING_GET,    BS_PASSING_GET, BS_PASSING_PUT,
      BS_PASSING_PUT, BS_PASSING_DELETE, BS_PASSING_DELETE, BS_PASSING_LOOK};
  const struct bs_passing none = {.entry = BS_PASSING_ENTRIES};

  (void)state;
  for (int entry = 0; entry < BS_PASSING_ENTRIES; entry++)
    assert_int_equal(bs_passing_kind_of((enum bs_passing_entry)entry), kinds[entry]);
  assert_int_equal(bs_passing_on(&below_next, &host.call, &none), BLOCKSTORE_STATUS_UNSUPPORTED);
}

/* What a filter leaves as it is works with the same struct. */
static void filter_h_serves_it_too(void **state) {
  (void)state;
  assert_int_equal(blockstore_pass_handles_url(&mine, &host.call, "mine:x"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(mine.count, 0);
  assert_int_equal(below.asked, 1);
}

#define PASSING_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      PASSING_TEST(urls_come_through),
      PASSING_TEST(get_immutable_comes_through),
      PASSING_TEST(get_mutable_comes_through),
      PASSING_TEST(puts_come_through),
      PASSING_TEST(deletes_come_through),
      PASSING_TEST(check_comes_through),
      PASSING_TEST(a_refusal_is_the_answer),
      PASSING_TEST(each_entry_is_of_a_kind),
      PASSING_TEST(filter_h_serves_it_too),
  };

  return RUN_TESTS(tests);
}
