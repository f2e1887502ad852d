/* SPDX-License-Identifier: MIT */
/* Calls on the caller's thread: what the driver gets, what becomes of its answer. */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>

#include "core/driver/host.h"
#include "t/lib/calls.h"

/* One instance of the mock: what it saw, and what it is to answer. */
static struct {
  enum blockstore_status answer;
  const char *sentence;
  uint32_t retry_after;
  int calls;
  pthread_t thread;
  char target[100];
  char signature[100];
  bool has_txid;
  uint64_t version;
  uint32_t time_left;
  int descriptors;
  bool takes_back; /* the sentence */
  bool watches;
  int watched; /* the descriptor that it was given */
  int closed;
} mock;

static int count_descriptors(void) {
  DIR *directory = opendir("/proc/self/fd");
  int count = 0;

  assert_non_null(directory);
  while (readdir(directory) != NULL) count++;
  closedir(directory);
  return count;
}

static enum blockstore_status answer(struct blockstore_call *call, const char *target) {
  mock.calls++;
  mock.thread = pthread_self();
  mock.time_left = call->host->time_left(call);
  mock.descriptors = count_descriptors();
  snprintf(mock.target, sizeof mock.target, "%s", target);
  if (mock.sentence != NULL) call->host->set_error(call, mock.sentence);
  if (mock.takes_back) call->host->set_error(call, NULL);
  if (mock.watches) {
    mock.watched = call->host->cancel_fd(call);
    assert_int_equal(call->host->cancel_fd(call), mock.watched);
  }
  if (mock.retry_after != 0) call->host->retry_after(call, mock.retry_after);
  return mock.answer;
}

static enum blockstore_status mock_init(void **ret_self, struct blockstore_call *call,
                                        const struct blockstore_settings *settings,
                                        const struct blockstore_next *next) {
  assert_null(next);
  assert_string_equal(call->host->setting(settings, "password", 0), "sesame-open");
  *ret_self = &mock;
  return BLOCKSTORE_STATUS_OK;
}

static void mock_close(void *self, struct blockstore_call *call UNUSED) {
  assert_ptr_equal(self, &mock);
  mock.closed++;
}

static enum blockstore_status mock_handles_url(void *self UNUSED, struct blockstore_call *call, const char *url) {
  return answer(call, url);
}

static enum blockstore_status mock_make_url(void *self UNUSED, struct blockstore_call *call,
                                            struct blockstore_sink *ret_url, const char *data_id) {
  ret_url->write(ret_url, "mock:", 5);
  ret_url->write(ret_url, data_id, strlen(data_id));
  return answer(call, data_id);
}

static enum blockstore_status mock_get(void *self UNUSED, struct blockstore_call *call,
                                       struct blockstore_sink *ret_data, const char *key) {
  if (mock.answer == BLOCKSTORE_STATUS_OK) ret_data->write(ret_data, "bytes", 5);
  return answer(call, key);
}

static enum blockstore_status mock_put_mutable(void *self UNUSED, struct blockstore_call *call, const char *data_id,
                                               uint64_t version, const char *signature,
                                               const struct blockstore_source *record) {
  char buffer[100];

  snprintf(mock.signature, sizeof mock.signature, "%s", signature);
  mock.version = version;
  if (record->size <= sizeof buffer) record->read_at(record, buffer, (size_t)record->size, 0);
  return answer(call, data_id);
}

static enum blockstore_status mock_delete(void *self UNUSED, struct blockstore_call *call, const char *key,
                                          const char *txid) {
  mock.has_txid = txid != NULL;
  return answer(call, key);
}

static const struct blockstore_driver driver = {
    .storage_init = mock_init,
    .storage_close = mock_close,
    .handles_url = mock_handles_url,
    .make_mutable_url = mock_make_url,
    .get_immutable_handler = mock_get,
    .put_mutable_handler = mock_put_mutable,
    .delete_immutable_handler = mock_delete,
};

static struct bs_store *open_mock(unsigned capabilities) {
  memset(&mock, 0, sizeof mock);
  return open_store("shelf", &driver, BS_THREADS_INSTANCE, true, capabilities);
}

static void arguments_arrive_on_the_callers_thread(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct bs_feed *feed = feed_of("record");
  char id[] = "id of data";
  struct bs_call *call = new_call(store, BS_ENTRY_PUT_MUTABLE,
                                  &(struct bs_arguments){.target = id, .signature = "sig", .version = 7, .feed = feed});

  id[0] = '?'; /* the text was copied */
  assert_status(run_one(call, 0), OK);
  assert_string_equal(mock.target, "id of data");
  assert_string_equal(mock.signature, "sig");
  assert_int_equal(mock.version, 7);
  assert_int_equal(mock.time_left, UINT32_MAX);
  assert_true(pthread_equal(mock.thread, pthread_self()));
  assert_int_equal(bs_call_bytes(call), 6);
  assert_ptr_equal(bs_call_store(call), store);
  bs_call_release(call);
  bs_feed_release(feed);
  bs_store_close(store);
  assert_int_equal(mock.closed, 1);
}

static void an_inline_call_opens_no_descriptor(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct collected collected = {0};
  struct bs_call *call = get_call(store, "key", &collected);
  struct bs_scope *scope = scope_of(5000);
  int before = count_descriptors();

  bs_calls_run(&call, 1, scope, NULL);
  assert_int_equal(mock.descriptors, before);
  assert_int_equal(count_descriptors(), before);
  assert_in_range(mock.time_left, 1, 5000);
  bs_scope_close(scope);
  bs_call_release(call);
  bs_buffer_free(&collected.bytes);
  bs_store_close(store);
}

static void a_url_is_written(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct collected collected = {0};
  struct bs_receiver receiver = receiver_of(&collected, UINT64_MAX);
  struct bs_call *call =
      new_call(store, BS_ENTRY_MAKE_MUTABLE_URL, &(struct bs_arguments){.target = "a", .receiver = &receiver});

  assert_status(run_one(call, 0), OK);
  assert_string_equal(bs_buffer_string(&collected.bytes), "mock:a");
  bs_call_release(call);
  bs_buffer_free(&collected.bytes);
  bs_store_close(store);
}

static void a_url_of_more_than_2048_bytes_is_refused(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct collected collected = {0};
  struct bs_receiver receiver = receiver_of(&collected, UINT64_MAX);
  char id[2050];
  struct bs_call *call;

  memset(id, 'a', sizeof id);
  id[sizeof id - 1] = '\0';
  call = new_call(store, BS_ENTRY_MAKE_MUTABLE_URL, &(struct bs_arguments){.target = id, .receiver = &receiver});
  assert_result(run_one(call, 0), TOO_LARGE, BS_WORD_too_large, "shelf: It holds more than 2048 bytes.");
  bs_call_release(call);
  bs_buffer_free(&collected.bytes);
  bs_store_close(store);
}

/* Runs a get that the driver answers like this. */
static const struct bs_call_result *get_answered(struct bs_call **ret_call, struct bs_store *store,
                                                 enum blockstore_status status, const char *sentence) {
  static struct collected collected;

  bs_buffer_free(&collected.bytes);
  mock.answer = status;
  mock.sentence = sentence;
  *ret_call = get_call(store, "key", &collected);
  return run_one(*ret_call, 0);
}

static void every_status_has_its_word(void **state UNUSED) {
  static const enum bs_word words[] = {BS_NO_WORD,        BS_WORD_not_found, BS_WORD_failed,   BS_WORD_denied,
                                       BS_WORD_no_space,  BS_WORD_too_large, BS_WORD_conflict, BS_WORD_unreachable,
                                       BS_WORD_cancelled, BS_WORD_failed,    BS_WORD_failed};
  struct bs_store *store = open_mock(0);

  for (int status = BLOCKSTORE_STATUS_NOT_FOUND; status <= BLOCKSTORE_STATUS_FAILED; status++) {
    struct bs_call *call;
    const struct bs_call_result *result;

    assert_int_equal(bs_status_word((enum blockstore_status)status), words[status]);
    if (status == BLOCKSTORE_STATUS_CANCELLED) continue;
    result = get_answered(&call, store, (enum blockstore_status)status, NULL);
    assert_int_equal(result->status, status);
    assert_int_equal(result->error.word, words[status]);
    assert_memory_equal(result->error.message, "shelf: ", 7);
    assert_true(strlen(result->error.message) > 20);
    bs_call_release(call);
  }
  bs_store_close(store);
}

static void an_unknown_status_is_a_failure(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  int unknown = 99;
  struct bs_call *call;

  assert_result(get_answered(&call, store, (enum blockstore_status)unknown, "x"), FAILED, BS_WORD_failed,
                "unknown status 99");
  bs_call_release(call);
  unknown = -1;
  assert_result(get_answered(&call, store, (enum blockstore_status)unknown, "x"), FAILED, BS_WORD_failed,
                "unknown status -1");
  bs_call_release(call);
  bs_store_close(store);
}

static void cancelled_by_nobody_is_a_failure(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct bs_call *call;

  assert_result(get_answered(&call, store, BLOCKSTORE_STATUS_CANCELLED, NULL), FAILED, BS_WORD_failed,
                "nobody cancelled it");
  bs_call_release(call);
  bs_store_close(store);
}

static void a_sentence_is_cleaned(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct bs_call *call;
  const struct bs_call_result *result = get_answered(
      &call, store, BLOCKSTORE_STATUS_DENIED, "user:sesame-open\nsaid \xc3\xa4 \xff \xc2\x85 \xed\xa0\x80 sesame");

  assert_result(result, DENIED, BS_WORD_denied, "shelf: user:***?said \xc3\xa4 ? ?? ??? ***");
  bs_call_release(call);
  bs_store_close(store);
}

static void a_sentence_can_be_taken_back(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct bs_call *call;

  mock.takes_back = true;
  assert_result(get_answered(&call, store, BLOCKSTORE_STATUS_DENIED, "Not so."), DENIED, BS_WORD_denied,
                "shelf: The store denies it.");
  bs_call_release(call);
  bs_store_close(store);
}

static void a_watched_descriptor_is_gone_with_its_call(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct bs_call *call;

  mock.watches = true;
  assert_status(get_answered(&call, store, BLOCKSTORE_STATUS_OK, NULL), OK);
  assert_true(mock.watched >= 0);
  assert_int_equal(fcntl(mock.watched, F_GETFD), -1);
  bs_call_release(call);
  bs_store_close(store);
}

static void a_sentence_is_capped_without_showing_half_a_secret(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct bs_call *call;
  char sentence[5000];
  const struct bs_call_result *result;

  memset(sentence, 'x', sizeof sentence);
  sentence[sizeof sentence - 1] = '\0';
  memcpy(sentence + 1023 - 6, "sesame-open", 11); /* the buffer ends within it */
  result = get_answered(&call, store, BLOCKSTORE_STATUS_DENIED, sentence);
  assert_result(result, DENIED, BS_WORD_denied, "xxxx***");
  assert_null(strstr(result->error.message, "sesa"));
  assert_true(strlen(result->error.message) < 1100);
  bs_call_release(call);
  bs_store_close(store);
}

static void log_lines_are_named_and_blotted(void **state UNUSED) {
  struct bs_store *store = open_mock(0);

  bs_host.log(&store->handle, BLOCKSTORE_LOG_INFO, "password is sesame-open");
  bs_host.log(NULL, BLOCKSTORE_LOG_INFO, "from nowhere");
  assert_true(log_holds("shelf: password is ***"));
  assert_false(log_holds("nowhere"));
  bs_store_close(store);
}

static void retry_after_goes_with_transient_only(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct bs_call *call;

  mock.retry_after = 1500;
  assert_int_equal(get_answered(&call, store, BLOCKSTORE_STATUS_TRANSIENT, NULL)->retry_after_ms, 1500);
  bs_call_release(call);
  assert_int_equal(get_answered(&call, store, BLOCKSTORE_STATUS_FAILED, NULL)->retry_after_ms, 0);
  bs_call_release(call);
  bs_store_close(store);
}

static void a_null_entry_is_unsupported(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct bs_feed *feed = feed_of("x");
  struct bs_call *call = put_call(store, BS_ENTRY_PUT_IMMUTABLE, feed);

  assert_result(run_one(call, 0), UNSUPPORTED, BS_WORD_failed, "shelf: The driver mock has no put_immutable.");
  bs_call_release(call);
  bs_feed_release(feed);
  bs_store_close(store);
}

static void an_entry_behind_the_tables_end_is_unsupported(void **state UNUSED) {
  const struct bs_metadata metadata = {.threads = BS_THREADS_PARALLEL, .largest = UINT64_MAX};
  size_t size = offsetof(struct blockstore_driver, get_immutable_handler);
  struct collected collected = {0};
  struct bs_scope *scope = scope_of(0);
  struct bs_error error = {0};
  struct blockstore_settings *settings;
  struct bs_store *store;
  struct bs_call *call;

  assert_ok(bs_settings_new(&settings, &error));
  assert_ok(bs_settings_add(settings, "password", BS_OPTION_SECRET, "sesame-open", 0, &error));
  assert_ok(bs_store_open(&store, "s", "mock", &driver, size, &metadata, settings, 1, NULL, scope, &error));
  call = get_call(store, "key", &collected);
  assert_status(run_one(call, 0), UNSUPPORTED);
  bs_call_release(call);
  bs_store_close(store);
  bs_scope_close(scope);
}

static void a_read_only_store_is_not_asked_to_write(void **state UNUSED) {
  struct bs_store *store = open_mock(BS_CAPABILITY_READ_ONLY);
  struct bs_call *call = new_call(store, BS_ENTRY_DELETE_IMMUTABLE, &(struct bs_arguments){.target = "k"});

  assert_result(run_one(call, 0), UNSUPPORTED, BS_WORD_failed, "can only be read");
  assert_int_equal(mock.calls, 0);
  bs_call_release(call);
  bs_store_close(store);
}

static void an_object_above_the_drivers_largest_is_not_offered(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct bs_feed *feed = feed_of("four");
  struct bs_call *call = put_call(store, BS_ENTRY_PUT_MUTABLE, feed);

  store->largest = 3;
  assert_result(run_one(call, 0), TOO_LARGE, BS_WORD_too_large, "at most 3 bytes; this has 4");
  assert_int_equal(mock.calls, 0);
  bs_call_release(call);
  bs_feed_release(feed);
  bs_store_close(store);
}

static void a_call_needs_its_arguments(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct bs_feed *feed = feed_of("x");
  struct bs_error error = {0};
  struct bs_call *call;

  assert_fails(bs_call_new(&call, store, BS_ENTRY_GET_MUTABLE, &(struct bs_arguments){.target = "k"}, &error),
               BS_WORD_usage, "receiver");
  assert_fails(bs_call_new(&call, store, BS_ENTRY_DELETE_IMMUTABLE, &(struct bs_arguments){0}, &error), BS_WORD_usage,
               "target");
  assert_fails(
      bs_call_new(&call, store, BS_ENTRY_PUT_MUTABLE, &(struct bs_arguments){.target = "k", .feed = feed}, &error),
      BS_WORD_usage, "signature");
  assert_fails(bs_call_new(&call, store, BS_ENTRY_DELETE_IMMUTABLE, &(struct bs_arguments){.target = "k", .feed = feed},
                           &error),
               BS_WORD_usage, "feed");
  bs_feed_release(feed);
  bs_store_close(store);
}

static void a_call_past_the_deadline_does_not_enter_the_driver(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct collected collected = {0};
  struct bs_call *call = get_call(store, "key", &collected);
  struct bs_scope *scope = scope_of(1);

  sleep_ms(5);
  bs_calls_run(&call, 1, scope, NULL);
  assert_result(bs_call_result(call), CANCELLED, BS_WORD_deadline, "shelf");
  assert_int_equal(mock.calls, 0);
  bs_scope_close(scope);
  bs_call_release(call);
  bs_store_close(store);
}

static bool enough(void *user, struct bs_call *call UNUSED) {
  (*(int *)user)++;
  return true;
}

static void enough_leaves_the_rest_out(void **state UNUSED) {
  struct bs_store *store = open_mock(0);
  struct collected collected = {0};
  struct bs_call *calls[] = {get_call(store, "one", &collected), get_call(store, "two", &collected)};
  struct bs_scope *scope = scope_of(0);
  int ended = 0;

  bs_calls_run(calls, 2, scope, &(struct bs_calls_watch){.ended = enough, .user = &ended});
  assert_int_equal(ended, 2);
  assert_int_equal(mock.calls, 1);
  assert_status(bs_call_result(calls[0]), OK);
  assert_result(bs_call_result(calls[1]), CANCELLED, BS_WORD_cancelled, "shelf");
  bs_scope_close(scope);
  bs_call_release(calls[0]);
  bs_call_release(calls[1]);
  bs_buffer_free(&collected.bytes);
  bs_store_close(store);
}

static enum blockstore_status failing_init(void **ret_self UNUSED, struct blockstore_call *call,
                                           const struct blockstore_settings *settings UNUSED,
                                           const struct blockstore_next *next UNUSED) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "/data: %s", "Permission denied");
}

static void a_failed_init_is_the_openers_error(void **state UNUSED) {
  static const struct blockstore_driver failing = {.storage_init = failing_init, .storage_close = mock_close};
  static const struct blockstore_driver empty = {.storage_close = mock_close};
  const struct bs_metadata metadata = {.threads = BS_THREADS_SERIAL, .largest = UINT64_MAX};
  struct bs_scope *scope = scope_of(0);
  struct bs_error error = {0};
  struct bs_store *store;

  mock.closed = 0;
  assert_fails(bs_store_open(&store, "s", "mock", &failing, sizeof failing, &metadata, NULL, 1, NULL, scope, &error),
               BS_WORD_denied, "s: /data: Permission denied");
  assert_fails(bs_store_open(&store, "s", "mock", &empty, sizeof empty, &metadata, NULL, 1, NULL, scope, &error),
               BS_WORD_failed, "has no storage_init");
  assert_int_equal(mock.closed, 0);
  bs_scope_close(scope);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CALL_TEST(arguments_arrive_on_the_callers_thread),
      CALL_TEST(an_inline_call_opens_no_descriptor),
      CALL_TEST(a_url_is_written),
      CALL_TEST(a_url_of_more_than_2048_bytes_is_refused),
      CALL_TEST(every_status_has_its_word),
      CALL_TEST(an_unknown_status_is_a_failure),
      CALL_TEST(cancelled_by_nobody_is_a_failure),
      CALL_TEST(a_sentence_is_cleaned),
      CALL_TEST(a_sentence_can_be_taken_back),
      CALL_TEST(a_watched_descriptor_is_gone_with_its_call),
      CALL_TEST(a_sentence_is_capped_without_showing_half_a_secret),
      CALL_TEST(log_lines_are_named_and_blotted),
      CALL_TEST(retry_after_goes_with_transient_only),
      CALL_TEST(a_null_entry_is_unsupported),
      CALL_TEST(an_entry_behind_the_tables_end_is_unsupported),
      CALL_TEST(a_read_only_store_is_not_asked_to_write),
      CALL_TEST(an_object_above_the_drivers_largest_is_not_offered),
      CALL_TEST(a_call_needs_its_arguments),
      CALL_TEST(a_call_past_the_deadline_does_not_enter_the_driver),
      CALL_TEST(enough_leaves_the_rest_out),
      CALL_TEST(a_failed_init_is_the_openers_error),
  };

  return RUN_TESTS(tests);
}
