/* SPDX-License-Identifier: MIT */
/* For tests of calls into drivers: stores on the test's own tables, scopes, collecting receivers, a log. */
#ifndef BS_T_CALLS_H
#define BS_T_CALLS_H

#include "t/lib/unit.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/base/log.h"
#include "core/base/worker.h"
#include "core/driver/call.h"

#define UNUSED __attribute__((unused))

static struct bs_scopes scopes;

static inline struct bs_scope *scope_of(uint64_t timeout_ms) {
  struct bs_error error = {0};
  struct bs_scope *scope = NULL;

  assert_ok(bs_scope_open(&scopes, &scope, timeout_ms, &error));
  return scope;
}

static inline void sleep_ms(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

  nanosleep(&time, NULL);
}

static inline void wait_for(sem_t *semaphore) {
  while (sem_wait(semaphore) < 0) continue;
}

/* An instance with an init that needs nothing. */
static inline struct bs_store *open_store(const char *name, const struct blockstore_driver *driver,
                                          enum bs_threads threads, bool is_inline, unsigned capabilities) {
  const struct bs_metadata metadata = {.threads = threads, .capabilities = capabilities, .largest = UINT64_MAX};
  struct blockstore_settings *settings;
  struct bs_scope *scope = scope_of(0);
  struct bs_error error = {0};
  struct bs_store *store = NULL;

  assert_ok(bs_settings_new(&settings, &error));
  assert_ok(bs_settings_add(settings, "password", BS_OPTION_SECRET, "sesame-open", 0, &error));
  assert_ok(
      bs_store_open(&store, name, "mock", driver, sizeof *driver, &metadata, settings, is_inline, NULL, scope, &error));
  bs_scope_close(scope);
  return store;
}

/* A receiver that collects: what came last, and how often what was called. */
struct collected {
  struct bs_buffer bytes;
  int begun;
  int ended;
  uint64_t size;    /* of the last begin */
  bool fail_write;  /* then write fails with no_space */
  atomic_bool shut; /* once the test says so, any call is an error */
  atomic_int late;  /* how many such errors */
};

static inline bool collect_begin(void *user, uint64_t size, struct bs_error *error UNUSED) {
  struct collected *collected = user;

  if (atomic_load(&collected->shut)) atomic_fetch_add(&collected->late, 1);
  bs_buffer_clear(&collected->bytes);
  collected->begun++;
  collected->size = size;
  return true;
}

static inline bool collect_write(void *user, const void *bytes, size_t length, struct bs_error *error) {
  struct collected *collected = user;

  if (atomic_load(&collected->shut)) atomic_fetch_add(&collected->late, 1);
  if (collected->fail_write) return bs_fail(error, BS_WORD_no_space, "The spool is full.");
  bs_buffer_add(&collected->bytes, bytes, length);
  return bs_buffer_ok(&collected->bytes, error);
}

static inline bool collect_end(void *user, struct bs_error *error UNUSED) {
  struct collected *collected = user;

  if (atomic_load(&collected->shut)) atomic_fetch_add(&collected->late, 1);
  collected->ended++;
  return true;
}

static inline struct bs_receiver receiver_of(struct collected *collected, uint64_t limit) {
  return (struct bs_receiver){limit, collected, collect_begin, collect_write, collect_end};
}

static inline struct bs_call *new_call(struct bs_store *store, enum bs_entry entry,
                                       const struct bs_arguments *arguments) {
  struct bs_error error = {0};
  struct bs_call *call = NULL;

  assert_ok(bs_call_new(&call, store, entry, arguments, &error));
  return call;
}

static inline struct bs_call *get_call(struct bs_store *store, const char *key, struct collected *collected) {
  struct bs_receiver receiver = receiver_of(collected, 1000);

  return new_call(store, BS_ENTRY_GET_IMMUTABLE, &(struct bs_arguments){.target = key, .receiver = &receiver});
}

static inline struct bs_call *put_call(struct bs_store *store, enum bs_entry entry, struct bs_feed *feed) {
  return new_call(store, entry, &(struct bs_arguments){.target = "k", .signature = "s", .version = 1, .feed = feed});
}

static inline struct bs_feed *feed_of(const char *text) {
  struct bs_error error = {0};
  struct bs_feed *feed = NULL;

  assert_ok(bs_feed_from_memory(&feed, text, strlen(text), &error));
  return feed;
}

/* Runs one call within a scope of its own. */
static inline const struct bs_call_result *run_one(struct bs_call *call, uint64_t timeout_ms) {
  struct bs_scope *scope = scope_of(timeout_ms);

  bs_calls_run(&call, 1, scope, NULL);
  bs_scope_close(scope);
  return bs_call_result(call);
}

struct entering {
  struct bs_scope *scope;
  sem_t *entered; /* posted by the driver */
};

/* As `progress`, on the caller's thread. */
static inline void end_once_entered(void *user) {
  struct entering *entering = user;

  if (sem_trywait(entering->entered) == 0) entering->scope->deadline_ms = bs_clock_monotonic_ms();
}

/* The same with a deadline that passes when the driver was entered, however long it takes until a thread gets to run. */
static inline const struct bs_call_result *run_until_entered(struct bs_call *call, sem_t *entered) {
  struct entering entering = {scope_of(0), entered};

  bs_calls_run(&call, 1, entering.scope, &(struct bs_calls_watch){.progress = end_once_entered, .user = &entering});
  bs_scope_close(entering.scope);
  return bs_call_result(call);
}

#define assert_status(result, expected)                                                                         \
  do {                                                                                                          \
    const struct bs_call_result *result_ = (result);                                                            \
    if (result_->status != BLOCKSTORE_STATUS_##expected)                                                        \
      fail_msg("status %s: %s", bs_status_text(result_->status), result_->error.message);                       \
  } while (0)

#define assert_result(result, expected, expected_word, text)                                                    \
  do {                                                                                                          \
    const struct bs_call_result *checked_ = (result);                                                           \
    assert_status(checked_, expected);                                                                          \
    if (checked_->error.word != (expected_word)) fail_msg("word %s", bs_word_text(checked_->error.word));       \
    if (strstr(checked_->error.message, (text)) == NULL) fail_msg("message: %s", checked_->error.message);      \
  } while (0)

/* The last lines of the log. */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER; /* log_text */
static char log_text[4096];

static inline void log_line(void *user UNUSED, int level UNUSED, const char *line) {
  BS_LOCKED(&log_lock);
  snprintf(log_text + strlen(log_text), sizeof log_text - strlen(log_text), "%s\n", line);
}

static inline bool log_holds(const char *text) {
  BS_LOCKED(&log_lock);
  return strstr(log_text, text) != NULL;
}

static inline int set_up_calls(void **state UNUSED) {
  log_text[0] = '\0';
  bs_log_to(log_line, NULL, BS_LOG_DEBUG);
  return 0;
}

/* Nothing of a test runs on: no thread, no scope. */
static inline int tear_down_calls(void **state UNUSED) {
  bs_calls_set_grace(BS_CALL_GRACE_MS);
  bs_workers_rest();
  bs_scopes_free(&scopes);
  return 0;
}

#define CALL_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_calls, tear_down_calls)

#endif
