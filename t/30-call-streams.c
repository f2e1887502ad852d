/* SPDX-License-Identifier: MIT */
/* Source and sink: what a driver may do with them, what it may not, and that it cannot lie about it. */
#include <config.h>

#include "core/driver/call_private.h"
#include "t/lib/calls.h"

/* What the driver does in the test at hand. */
static enum blockstore_status (*with_sink)(struct blockstore_sink *sink);
static enum blockstore_status (*with_source)(const struct blockstore_source *source);
static enum blockstore_status second_answer; /* what source or sink said after a refusal */

static enum blockstore_status mock_init(void **ret_self, struct blockstore_call *call UNUSED,
                                        const struct blockstore_settings *settings UNUSED,
                                        const struct blockstore_next *next UNUSED) {
  *ret_self = NULL;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status mock_get(void *self UNUSED, struct blockstore_call *call UNUSED,
                                       struct blockstore_sink *ret_data, const char *key UNUSED) {
  return with_sink(ret_data);
}

static enum blockstore_status mock_put_immutable(void *self UNUSED, struct blockstore_call *call UNUSED,
                                                 const char *key UNUSED, const struct blockstore_source *data,
                                                 const char *txid UNUSED) {
  return with_source(data);
}

static enum blockstore_status mock_put_mutable(void *self UNUSED, struct blockstore_call *call UNUSED,
                                               const char *data_id UNUSED, uint64_t version UNUSED,
                                               const char *signature UNUSED, const struct blockstore_source *record) {
  return with_source(record);
}

static const struct blockstore_driver driver = {
    .storage_init = mock_init,
    .get_immutable_handler = mock_get,
    .put_immutable_handler = mock_put_immutable,
    .put_mutable_handler = mock_put_mutable,
};

/* The mock's store, one collector, and the last call. */
static struct bs_store *store;
static struct collected collected;
static struct bs_call *call;

static int set_up(void **state) {
  set_up_calls(state);
  store = open_store("shelf", &driver, BS_THREADS_PARALLEL, true, 0);
  second_answer = BLOCKSTORE_STATUS_OK;
  return 0;
}

static int tear_down(void **state) {
  bs_call_release(call);
  call = NULL;
  bs_buffer_free(&collected.bytes);
  memset(&collected, 0, sizeof collected);
  bs_store_close(store);
  return tear_down_calls(state);
}

static const struct bs_call_result *get(enum blockstore_status (*body)(struct blockstore_sink *sink)) {
  with_sink = body;
  call = get_call(store, "key", &collected); /* at most 1000 bytes */
  return run_one(call, 0);
}

static const struct bs_call_result *put(enum bs_entry entry,
                                        enum blockstore_status (*body)(const struct blockstore_source *source)) {
  struct bs_feed *feed = feed_of("0123456789");

  with_source = body;
  call = put_call(store, entry, feed);
  bs_feed_release(feed);
  return run_one(call, 0);
}

static enum blockstore_status write_promised(struct blockstore_sink *sink) {
  assert_int_equal(sink->begin(sink, 6), BLOCKSTORE_STATUS_OK);
  assert_int_equal(sink->write(sink, "abc", 3), BLOCKSTORE_STATUS_OK);
  return sink->write(sink, "def", 3);
}

static void promised_bytes_arrive(void **state UNUSED) {
  assert_status(get(write_promised), OK);
  assert_string_equal(bs_buffer_string(&collected.bytes), "abcdef");
  assert_int_equal(collected.size, 6);
  assert_int_equal(collected.begun, 1);
  assert_int_equal(collected.ended, 1);
  assert_int_equal(bs_call_bytes(call), 6);
}

static enum blockstore_status only_write(struct blockstore_sink *sink) {
  return sink->write(sink, "abc", 3);
}

static void a_begin_is_not_needed(void **state UNUSED) {
  assert_status(get(only_write), OK);
  assert_true(collected.size == BLOCKSTORE_SIZE_UNKNOWN);
  assert_int_equal(collected.ended, 1);
}

static enum blockstore_status write_nothing(struct blockstore_sink *sink UNUSED) {
  return BLOCKSTORE_STATUS_OK;
}

static void nothing_written_is_an_empty_value(void **state UNUSED) {
  assert_status(get(write_nothing), OK);
  assert_int_equal(collected.begun, 1);
  assert_int_equal(collected.ended, 1);
  assert_int_equal(collected.bytes.length, 0);
}

static enum blockstore_status write_none(struct blockstore_sink *sink) {
  return sink->write(sink, NULL, 0);
}

static void a_write_of_nothing_begins_a_value(void **state UNUSED) {
  assert_status(get(write_none), OK);
  assert_int_equal(collected.begun, 1);
  assert_int_equal(collected.ended, 1);
  assert_true(collected.size == BLOCKSTORE_SIZE_UNKNOWN);
  assert_int_equal(collected.bytes.length, 0);
}

static enum blockstore_status write_then_begin(struct blockstore_sink *sink) {
  sink->write(sink, "aa", 2);
  sink->begin(sink, 2);
  return sink->write(sink, "bb", 2);
}

static void a_begin_after_a_write_begins_another(void **state UNUSED) {
  assert_status(get(write_then_begin), OK);
  assert_int_equal(collected.begun, 2);
  assert_int_equal(collected.ended, 2);
  assert_string_equal(bs_buffer_string(&collected.bytes), "bb");
}

static enum blockstore_status offer_three(struct blockstore_sink *sink) {
  sink->begin(sink, 2);
  sink->write(sink, "aa", 2);
  sink->begin(sink, 4); /* cut short */
  sink->write(sink, "bb", 2);
  sink->begin(sink, BLOCKSTORE_SIZE_UNKNOWN);
  return sink->write(sink, "cc", 2);
}

static void candidates_follow_one_another(void **state UNUSED) {
  assert_status(get(offer_three), OK);
  assert_int_equal(collected.begun, 3);
  assert_int_equal(collected.ended, 2);
  assert_string_equal(bs_buffer_string(&collected.bytes), "cc");
}

static enum blockstore_status write_too_few(struct blockstore_sink *sink) {
  sink->begin(sink, 6);
  return sink->write(sink, "abc", 3);
}

static void fewer_bytes_than_promised_are_a_failure(void **state UNUSED) {
  assert_result(get(write_too_few), FAILED, BS_WORD_failed, "reports success but wrote only 3 of the 6 bytes");
  assert_int_equal(collected.ended, 0);
}

static enum blockstore_status write_too_many(struct blockstore_sink *sink) {
  sink->begin(sink, 2);
  assert_int_equal(sink->write(sink, "abc", 3), BLOCKSTORE_STATUS_FAILED);
  second_answer = sink->write(sink, "a", 1);
  return BLOCKSTORE_STATUS_OK; /* a lie */
}

static void more_bytes_than_promised_are_a_failure(void **state UNUSED) {
  assert_result(get(write_too_many), FAILED, BS_WORD_failed, "more than the 2 bytes");
  assert_int_equal(second_answer, BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(collected.bytes.length, 0);
  assert_int_equal(collected.ended, 0);
}

static enum blockstore_status begin_too_large(struct blockstore_sink *sink) {
  enum blockstore_status status = sink->begin(sink, 1001);

  second_answer = sink->begin(sink, 1);
  return status;
}

static void a_value_above_the_limit_is_refused(void **state UNUSED) {
  assert_result(get(begin_too_large), TOO_LARGE, BS_WORD_too_large, "It offers 1001 bytes, the most is 1000.");
  assert_int_equal(bs_call_result(call)->error.result, BLOCKSTORE_FORGED);
  assert_int_equal(second_answer, BLOCKSTORE_STATUS_TOO_LARGE);
  assert_int_equal(collected.begun, 0);
}

static enum blockstore_status stream_too_much(struct blockstore_sink *sink) {
  static const char bytes[600];

  assert_int_equal(sink->write(sink, bytes, sizeof bytes), BLOCKSTORE_STATUS_OK);
  return sink->write(sink, bytes, sizeof bytes);
}

static void an_unannounced_value_above_the_limit_is_refused(void **state UNUSED) {
  assert_result(get(stream_too_much), TOO_LARGE, BS_WORD_too_large, "more than 1000 bytes");
  assert_int_equal(collected.bytes.length, 600);
}

static void a_receivers_error_is_the_result(void **state UNUSED) {
  collected.fail_write = true;
  assert_result(get(write_too_many), FAILED, BS_WORD_failed, "more than the 2 bytes");
  bs_call_release(call);
  assert_result(get(only_write), FAILED, BS_WORD_no_space, "shelf: The spool is full.");
}

static enum blockstore_status write_then_fail(struct blockstore_sink *sink) {
  sink->begin(sink, 3);
  sink->write(sink, "abc", 3);
  return BLOCKSTORE_STATUS_TRANSIENT;
}

static void a_value_of_a_failed_call_is_not_ended(void **state UNUSED) {
  assert_status(get(write_then_fail), TRANSIENT);
  assert_int_equal(collected.ended, 0);
}

static enum blockstore_status read_all(const struct blockstore_source *source) {
  char buffer[10];

  assert_int_equal(source->size, 10);
  assert_int_equal(source->read_at(source, buffer, 10, 0), BLOCKSTORE_STATUS_OK);
  assert_memory_equal(buffer, "0123456789", 10);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status read_none(const struct blockstore_source *source) {
  assert_int_equal(source->read_at(source, NULL, 0, 0), BLOCKSTORE_STATUS_OK);
  return source->read_at(source, NULL, 0, source->size);
}

static void nothing_may_be_read_anywhere(void **state UNUSED) {
  assert_status(put(BS_ENTRY_PUT_IMMUTABLE, read_none), OK);
}

static enum blockstore_status read_backwards(const struct blockstore_source *source) {
  char byte;

  for (uint64_t i = 10; i-- > 0;) {
    assert_int_equal(source->read_at(source, &byte, 1, i), BLOCKSTORE_STATUS_OK);
    assert_int_equal(byte, '0' + (int)i);
  }
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status read_scattered(const struct blockstore_source *source) {
  static const uint64_t order[] = {1, 5, 3, 7, 9, 2, 0, 4, 8, 6};
  char byte;

  for (size_t i = 0; i < 10; i++) source->read_at(source, &byte, 1, order[i]);
  return BLOCKSTORE_STATUS_OK;
}

static void bytes_may_be_read_in_any_order(void **state UNUSED) {
  assert_status(put(BS_ENTRY_PUT_MUTABLE, read_all), OK);
  assert_int_equal(bs_call_bytes(call), 10);
  bs_call_release(call);
  assert_status(put(BS_ENTRY_PUT_MUTABLE, read_backwards), OK);
  bs_call_release(call);
  assert_status(put(BS_ENTRY_PUT_MUTABLE, read_scattered), OK);
}

static enum blockstore_status read_nothing(const struct blockstore_source *source UNUSED) {
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status read_half_twice(const struct blockstore_source *source) {
  char buffer[5];

  source->read_at(source, buffer, 5, 0);
  return source->read_at(source, buffer, 5, 0);
}

static enum blockstore_status leave_out_one(const struct blockstore_source *source) {
  char buffer[10];

  source->read_at(source, buffer, 4, 0);
  return source->read_at(source, buffer, 5, 5);
}

static void a_record_that_was_not_read_was_not_put(void **state UNUSED) {
  assert_result(put(BS_ENTRY_PUT_MUTABLE, read_nothing), FAILED, BS_WORD_failed,
                "reports success but read only 0 of 10");
  bs_call_release(call);
  assert_result(put(BS_ENTRY_PUT_MUTABLE, read_half_twice), FAILED, BS_WORD_failed, "read only 5 of 10");
  bs_call_release(call);
  assert_result(put(BS_ENTRY_PUT_MUTABLE, leave_out_one), FAILED, BS_WORD_failed, "read only 9 of 10");
}

static void immutable_data_that_is_there_need_not_be_read(void **state UNUSED) {
  assert_status(put(BS_ENTRY_PUT_IMMUTABLE, read_nothing), OK);
}

static enum blockstore_status read_behind_the_end(const struct blockstore_source *source) {
  char buffer[10];
  enum blockstore_status status = source->read_at(source, buffer, 10, 1);

  assert_int_equal(source->read_at(source, buffer, 1, UINT64_MAX), status);
  second_answer = source->read_at(source, buffer, 10, 0);
  return BLOCKSTORE_STATUS_OK; /* a lie */
}

static void bytes_behind_the_end_are_refused_and_all_later_ones(void **state UNUSED) {
  assert_result(put(BS_ENTRY_PUT_IMMUTABLE, read_behind_the_end), FAILED, BS_WORD_failed,
                "The driver mock asked for bytes behind the end of the 10");
  assert_int_equal(second_answer, BLOCKSTORE_STATUS_FAILED);
}

/* What a driver keeps beyond its return. */
static struct blockstore_sink *kept_sink;
static const struct blockstore_source *kept_source;

static enum blockstore_status keep_sink(struct blockstore_sink *sink) {
  kept_sink = sink;
  return sink->write(sink, "abc", 3);
}

static enum blockstore_status keep_source(const struct blockstore_source *source) {
  kept_source = source;
  return read_all(source);
}

static void what_is_kept_is_of_no_use_after_the_return(void **state UNUSED) {
  char byte = '?';

  assert_status(get(keep_sink), OK);
  assert_int_equal(collected.ended, 1);
  atomic_store(&collected.shut, true);
  assert_int_equal(kept_sink->write(kept_sink, "x", 1), BLOCKSTORE_STATUS_CANCELLED);
  assert_int_equal(kept_sink->begin(kept_sink, 1), BLOCKSTORE_STATUS_CANCELLED);
  assert_int_equal(atomic_load(&collected.late), 0);
  bs_call_release(call);
  assert_status(put(BS_ENTRY_PUT_IMMUTABLE, keep_source), OK);
  assert_int_equal(kept_source->read_at(kept_source, &byte, 1, 0), BLOCKSTORE_STATUS_CANCELLED);
  assert_int_equal(byte, '?');
  assert_int_equal(call->abi.host->time_left(&call->abi), 0);
}

static enum blockstore_status read_then_deny(const struct blockstore_source *source) {
  read_all(source);
  return BLOCKSTORE_STATUS_DENIED;
}

static void a_failure_after_reading_stays_one(void **state UNUSED) {
  assert_status(put(BS_ENTRY_PUT_MUTABLE, read_then_deny), DENIED);
}

#define STREAM_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      STREAM_TEST(promised_bytes_arrive),
      STREAM_TEST(a_begin_is_not_needed),
      STREAM_TEST(nothing_written_is_an_empty_value),
      STREAM_TEST(a_write_of_nothing_begins_a_value),
      STREAM_TEST(a_begin_after_a_write_begins_another),
      STREAM_TEST(candidates_follow_one_another),
      STREAM_TEST(fewer_bytes_than_promised_are_a_failure),
      STREAM_TEST(more_bytes_than_promised_are_a_failure),
      STREAM_TEST(a_value_above_the_limit_is_refused),
      STREAM_TEST(an_unannounced_value_above_the_limit_is_refused),
      STREAM_TEST(a_receivers_error_is_the_result),
      STREAM_TEST(a_value_of_a_failed_call_is_not_ended),
      STREAM_TEST(nothing_may_be_read_anywhere),
      STREAM_TEST(bytes_may_be_read_in_any_order),
      STREAM_TEST(a_record_that_was_not_read_was_not_put),
      STREAM_TEST(immutable_data_that_is_there_need_not_be_read),
      STREAM_TEST(bytes_behind_the_end_are_refused_and_all_later_ones),
      STREAM_TEST(what_is_kept_is_of_no_use_after_the_return),
      STREAM_TEST(a_failure_after_reading_stays_one),
  };

  return RUN_TESTS(tests);
}
