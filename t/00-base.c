/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include "core/base/buffer.h"
#include "core/base/log.h"
#include "core/base/scope.h"
#include "core/base/spool.h"
#include "t/lib/unit.h"

static void error_keeps_word_and_prepends_context(void **state) {
  struct bs_error error = {0};

  (void)state;
  assert_false(bs_fail(&error, BS_WORD_stale, "a\nb"));
  assert_false(bs_context(&error, "store %s", "x"));
  assert_string_equal(error.message, "store x: a?b");
  assert_int_equal(error.result, BLOCKSTORE_STALE);
  assert_string_equal(bs_word_text(error.word), "stale");
}

/* What came out of a file name or a store is shown on terminals and stands in JSON. */
static void error_is_text_whatever_went_in(void **state) {
  static const struct {
    const char *text, *shown;
  } cases[] = {{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
               {"\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80"},
               {"a\x1b[2Jb\x7f", "a?[2Jb?"}, {"\xc2\x9b" "2J", "??2J"},
               {"\xff", "?"}, {"\xc3", "?"}, {"\xc0\xaf", "??"}, {"\xed\xa0\x80", "???"}, {"\xf4\x90\x80\x80", "????"}};
  struct bs_error error = {0};

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bs_fail(&error, BS_WORD_failed, "%s", cases[i].text);
    assert_string_equal(error.message, cases[i].shown);
  }
}

static void keep_line(void *kept, int level, const char *line) {
  (void)level;
  snprintf(kept, 20, "%s", line);
}

static void log_is_text_whatever_went_in(void **state) {
  char kept[20] = "";

  (void)state;
  bs_log_to(keep_line, kept, BS_LOG_WARNING);
  bs_log(BS_LOG_INFO, "not wanted");
  assert_string_equal(kept, "");
  bs_log(BS_LOG_WARNING, "%s", "a\nb\xc2\x9b\xff");
  assert_string_equal(kept, "a?b???");
  bs_log_to(NULL, NULL, BS_LOG_DEBUG);
  bs_log(BS_LOG_ERROR, "nobody listens");
  assert_string_equal(kept, "a?b???");
}

/* What is too long of a message is its middle, whatever was long: the reason, at its end, is there. */
static void error_is_cut_in_the_middle(void **state) {
  static const char long_text[] = "The data %s: it failed";
  struct bs_error error = {0};
  char id[3 * BS_ERROR_MESSAGE_SIZE];

  (void)state;
  for (size_t length = BS_ERROR_MESSAGE_SIZE - 40; length < sizeof id - 4; length++) {
    size_t whole = length + strlen(long_text) - 2;

    for (size_t i = 0; i + 3 <= length; i += 3) memcpy(id + i, "\xe2\x82\xac", 3);
    memset(id + length - length % 3, 'x', length % 3);
    id[length] = '\0';
    bs_fail(&error, BS_WORD_failed, long_text, id);
    if (whole < BS_ERROR_MESSAGE_SIZE) assert_int_equal(strlen(error.message), whole);
    else assert_in_range(strlen(error.message), BS_ERROR_MESSAGE_SIZE - 5, BS_ERROR_MESSAGE_SIZE - 1);
    assert_ptr_equal(strstr(error.message, "The data \xe2\x82\xac"), error.message);
    assert_string_equal(error.message + strlen(error.message) - strlen(": it failed"), ": it failed");
    assert_null(strchr(error.message, '?'));
    assert_int_equal(strstr(error.message, " ... ") != NULL, whole >= BS_ERROR_MESSAGE_SIZE);
  }
  errno = ENOSPC;
  bs_fail_errno(&error, "The file %s", id);
  bs_context(&error, "The store %s", id);
  assert_ptr_equal(strstr(error.message, "The store \xe2\x82\xac"), error.message);
  assert_string_equal(error.message + strlen(error.message) - strlen(": No space left on device"), ": No space left on device");
  assert_int_equal(error.word, BS_WORD_no_space);
}

static void buffer_grows_and_formats(void **state) {
  struct bs_buffer buffer = BS_BUFFER_INIT;

  (void)state;
  assert_non_null(bs_buffer_extend(&buffer, 0)); /* NULL means failed */
  for (int i = 0; i < 1000; i++) bs_buffer_format(&buffer, "%d,", i);
  bs_buffer_big_endian(&buffer, 0x0102, 2);
  assert_string_equal(bs_buffer_string(&buffer) + buffer.length - 6, "999,\x01\x02");
  assert_null(bs_buffer_extend(&buffer, SIZE_MAX));
  assert_true(buffer.failed);
  bs_buffer_free(&buffer);
}

/* Beyond the size from which the kernel is asked for huge pages. */
static void a_long_buffer_keeps_its_content(void **state) {
  struct bs_buffer buffer = BS_BUFFER_INIT;
  unsigned char block[1000];

  (void)state;
  for (unsigned i = 0; i < 10000; i++) {
    memset(block, (int)(i % 251), sizeof block);
    bs_buffer_add(&buffer, block, sizeof block);
  }
  assert_false(buffer.failed);
  assert_int_equal(buffer.length, 10000000);
  for (size_t i = 0; i < buffer.length; i++) assert_true(buffer.bytes[i] == i / 1000 % 251);
  bs_buffer_free(&buffer);
}

static void scope_is_cancelled_and_reused(void **state) {
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope, *again;
  struct bs_error error = {0};

  (void)state;
  assert_ok(bs_scope_open(&scopes, &scope, 0, &error));
  assert_int_equal(bs_scope_time_left(scope), UINT32_MAX);
  bs_scopes_cancel(&scopes);
  assert_int_equal(bs_scope_time_left(scope), 0);
  assert_fails(bs_scope_check(scope, &error), BS_WORD_cancelled, "cancelled");
  bs_scope_close(scope);
  assert_ok(bs_scope_open(&scopes, &again, 10000, &error));
  assert_ptr_equal(scope, again);
  assert_ok(bs_scope_check(again, &error));
  bs_scope_close(again);
  bs_scopes_free(&scopes);
}

static void one_scope_alone_is_cancelled(void **state) {
  struct bs_scopes scopes = {NULL};
  struct bs_scope *one, *other;
  struct bs_error error = {0};

  (void)state;
  assert_ok(bs_scope_open(&scopes, &one, 0, &error));
  assert_ok(bs_scope_open(&scopes, &other, 0, &error));
  bs_scope_cancel(one);
  bs_scope_cancel(one);
  assert_true(bs_scope_cancelled(one));
  assert_false(bs_scope_cancelled(other));
  bs_scope_close(one);
  bs_scope_cancel(one); /* it is not open */
  assert_ok(bs_scope_open(&scopes, &one, 0, &error));
  assert_false(bs_scope_cancelled(one));
  bs_scope_close(one);
  bs_scope_close(other);
  bs_scopes_free(&scopes);
}

static void *cancel_often(void *scopes) {
  for (int i = 0; i < 20000; i++) bs_scopes_cancel(scopes);
  return NULL;
}

/* Cancelling while scopes come and go: one whose descriptor is readable, which ends every wait, is cancelled. */
static void scope_wakes_only_when_cancelled(void **state) {
  struct bs_scopes scopes = {NULL};
  struct bs_error error = {0};
  pthread_t thread;

  (void)state;
  assert_int_equal(pthread_create(&thread, NULL, cancel_often, &scopes), 0);
  for (int i = 0; i < 20000; i++) {
    struct bs_scope *scope;
    struct pollfd readable;

    assert_ok(bs_scope_open(&scopes, &scope, 0, &error));
    readable = (struct pollfd){scope->fd, POLLIN, 0};
    if (poll(&readable, 1, 0) > 0) assert_false(bs_scope_check(scope, &error));
    bs_scope_close(scope);
  }
  pthread_join(thread, NULL);
  bs_scopes_free(&scopes);
}

static void spool_moves_to_a_file(void **state) {
  struct bs_spool spool;
  struct bs_error error = {0};
  static char block[BS_SPOOL_MEMORY / 2], back[10];

  (void)state;
  bs_spool_init(&spool, NULL);
  memset(block, 'a', sizeof block);
  for (int i = 0; i < 3; i++) assert_ok(bs_spool_write(&spool, block, sizeof block, &error));
  assert_ok(bs_spool_write(&spool, "0123456789", 10, &error));
  assert_true(spool.fd >= 0);
  assert_ok(bs_spool_read(&spool, back, 10, 3 * sizeof block, &error));
  assert_memory_equal(back, "0123456789", 10);
  assert_ok(bs_spool_reset(&spool, &error));
  assert_int_equal(spool.length, 0);
  assert_ok(bs_spool_write(&spool, "x", 1, &error));
  assert_int_equal(spool.fd, -1);
  bs_spool_free(&spool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(error_keeps_word_and_prepends_context), cmocka_unit_test(error_is_cut_in_the_middle),
      cmocka_unit_test(error_is_text_whatever_went_in),        cmocka_unit_test(log_is_text_whatever_went_in),
      cmocka_unit_test(buffer_grows_and_formats),              cmocka_unit_test(a_long_buffer_keeps_its_content),
      cmocka_unit_test(one_scope_alone_is_cancelled),
      cmocka_unit_test(scope_is_cancelled_and_reused),         cmocka_unit_test(scope_wakes_only_when_cancelled),
      cmocka_unit_test(spool_moves_to_a_file),
  };
  return RUN_TESTS(tests);
}
