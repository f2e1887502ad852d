/* SPDX-License-Identifier: MIT */
/* Messages of the protocol of programs: what is written is read again, and what is none is refused. */
#include <config.h>

#include "plugins/exec/frame.h"
#include "plugins/exec/said.h"
#include "t/lib/unit.h"

static struct bs_exec_line line;

static void writes(const char *expected) {
  assert_true(bs_exec_line_end(&line));
  assert_int_equal(line.length, strlen(expected));
  assert_memory_equal(line.text, expected, line.length);
}

static void what_is_written(void **state) {
  (void)state;
  bs_exec_line_begin(&line, "storage_close");
  writes("storage_close\n");
  bs_exec_line_begin(&line, "get");
  bs_exec_line_number(&line, "id", 0);
  bs_exec_line_number(&line, "size", UINT64_MAX);
  writes("get id=0 size=18446744073709551615\n");
  bs_exec_line_begin(&line, "x");
  bs_exec_line_text(&line, "option.a_1", "azAZ09-._~/:+,@");
  bs_exec_line_text(&line, "b", "");
  bs_exec_line_text(&line, "c", " %=\n\x7f\xc3\xa9&");
  writes("x option.a_1=azAZ09-._~/:+,@ b= c=%20%25%3D%0A%7F%C3%A9%26\n");
}

/* As long as can be, and a byte more. */
static void what_is_too_long(void **state) {
  char *value = malloc(BS_EXEC_LINE_MOST);

  (void)state;
  assert_non_null(value);
  memset(value, 'v', BS_EXEC_LINE_MOST);
  value[BS_EXEC_LINE_MOST - strlen("w k=\n")] = '\0';
  bs_exec_line_begin(&line, "w");
  bs_exec_line_text(&line, "k", value);
  assert_true(bs_exec_line_end(&line));
  assert_int_equal(line.length, BS_EXEC_LINE_MOST);
  for (int i = 0; i < 2; i++) {
    bs_exec_line_begin(&line, "ww");
    bs_exec_line_text(&line, "k", value);
    if (i == 1) bs_exec_line_text(&line, "more", "");
    assert_false(bs_exec_line_end(&line));
  }
  memset(value, ' ', BS_EXEC_LINE_MOST / 3);
  value[BS_EXEC_LINE_MOST / 3] = '\0';
  bs_exec_line_begin(&line, "w");
  bs_exec_line_text(&line, "k", value);
  assert_false(bs_exec_line_end(&line));
  bs_exec_line_begin(&line, "w");
  writes("w\n");
  free(value);
}

/* In memory of its own, so that sanitizers see what is beyond. */
static char *copy_of(const char *text) {
  char *copy = malloc(strlen(text) + 1); /* a message has room for a NUL */

  assert_non_null(copy);
  memcpy(copy, text, strlen(text));
  return copy;
}

static void what_is_read(void **state) {
  char *text = copy_of("done id=7 a=%41%62c%2f a= b=x option.c=%C3%a9");
  struct bs_exec_message message;
  uint64_t number;

  (void)state;
  assert_true(bs_exec_message_read(&message, text, strlen("done id=7 a=%41%62c%2f a= b=x option.c=%C3%a9")));
  assert_string_equal(message.word, "done");
  assert_string_equal(bs_exec_message_text(&message, "a", 0), "Abc/");
  assert_string_equal(bs_exec_message_text(&message, "a", 1), "");
  assert_null(bs_exec_message_text(&message, "a", 2));
  assert_string_equal(bs_exec_message_text(&message, "option.c", 0), "\xc3\xa9");
  assert_null(bs_exec_message_text(&message, "done", 0));
  assert_null(bs_exec_message_text(&message, "x", 0));
  assert_true(bs_exec_message_number(&number, &message, "id"));
  assert_int_equal(number, 7);
  assert_false(bs_exec_message_number(&number, &message, "b"));
  assert_false(bs_exec_message_number(&number, &message, "c"));
  free(text);
  text = copy_of("word");
  assert_true(bs_exec_message_read(&message, text, 4));
  assert_string_equal(message.word, "word");
  assert_null(bs_exec_message_text(&message, "word", 0));
  free(text);
}

static void numbers(void **state) {
  static const struct {
    const char *text;
    bool is_one;
    uint64_t number;
  } rows[] = {{"0", true, 0},
              {"007", true, 7},
              {"18446744073709551615", true, UINT64_MAX},
              {"18446744073709551616", false, 0},
              {"99999999999999999999", false, 0},
              {"", false, 0},
              {"-1", false, 0},
              {"+1", false, 0},
              {"1.0", false, 0},
              {"0x1", false, 0},
              {"%31", true, 1}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct bs_exec_message message;
    uint64_t number = 4711;
    char text[64];

    snprintf(text, sizeof text, "x n=%s", rows[i].text);
    assert_true(bs_exec_message_read(&message, text, strlen(text)));
    if (bs_exec_message_number(&number, &message, "n") != rows[i].is_one) fail_msg("%s", rows[i].text);
    assert_int_equal(number, rows[i].is_one ? rows[i].number : 4711);
  }
}

static void what_is_no_message(void **state) {
  static const char *const texts[] = {"",       " ",        "Done",     "done ",   "done  a=b", " done",   "done a",    "done =b",
                                      "done a=b ", "a=b",   "done A=b", "done a=%", "done a=%4", "done a=%4g", "done a=%00",
                                      "done a=b=c", "done a=\"", "done a=\t", "done\ta=b", "done a=\xc3\xa9", "done\r",
                                      "done a=b\r", "done a=b;c", "done a=(", "done -a=b", "1one", "done a=*"};

  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    char *text = copy_of(texts[i]);
    struct bs_exec_message message;

    if (bs_exec_message_read(&message, text, strlen(texts[i]))) fail_msg("%s", texts[i]);
    free(text);
  }
  {
    struct bs_exec_message message;
    char text[] = "done a=b\0 c=d";

    assert_false(bs_exec_message_read(&message, text, sizeof text - 1));
  }
}

static void words(void **state) {
  (void)state;
  for (int i = 0; i <= BLOCKSTORE_STATUS_FAILED; i++)
    assert_int_equal(bs_exec_status_of(bs_exec_status_word((enum blockstore_status)i)), i);
  assert_string_equal(bs_exec_status_word(BLOCKSTORE_STATUS_UNHANDLED_URL), "unhandled_url");
  assert_string_equal(bs_exec_status_word((enum blockstore_status)99), "failed");
  assert_int_equal(bs_exec_status_of("okay"), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(bs_exec_status_of(""), BLOCKSTORE_STATUS_FAILED);
  for (int i = 0; i <= BLOCKSTORE_LOG_DEBUG; i++)
    assert_int_equal(bs_exec_level_of(bs_exec_level_word((enum blockstore_log_level)i)), i);
  assert_int_equal(bs_exec_level_of("loud"), BLOCKSTORE_LOG_INFO);
  assert_string_equal(bs_exec_level_word((enum blockstore_log_level)99), "info");
}

/* ---- what is printed ---- */

static char logged[8192];

static void note_line(struct blockstore_store *store, enum blockstore_log_level level, const char *text) {
  size_t used = strlen(logged);

  (void)store;
  assert_int_equal(level, BLOCKSTORE_LOG_WARNING);
  snprintf(logged + used, sizeof logged - used, "%.1100s|", text);
}

/* What is logged of these bytes, and what is kept. */
static void prints(const char *bytes, size_t length, const char *log, const char *last) {
  static const struct blockstore_host host = {.log = note_line};
  char text[BS_EXEC_SAID_LAST + 1];
  struct bs_exec_said said;
  int pipes[2];

  logged[0] = '\0';
  assert_int_equal(pipe(pipes), 0);
  bs_exec_said_begin(&said, &host, NULL, pipes[0]);
  assert_int_equal(write(pipes[1], bytes, length), length);
  close(pipes[1]);
  bs_exec_said_take(&said);
  bs_exec_said_last(&said, text);
  if (log != NULL) assert_string_equal(logged, log);
  if (last != NULL) assert_string_equal(text, last);
  assert_true(strlen(text) <= BS_EXEC_SAID_LAST);
  bs_exec_said_end(&said);
}

static void lines_that_are_printed(void **state) {
  char many[3000];

  (void)state;
  prints("", 0, "", "");
  prints("one\ntwo\r\n\n three", 16, "one|two| three|", "one; two;  three");
  prints("a\0b\x1b[1m\xc3\xa9\xc3\n", 11, "a?b?[1m\xc3\xa9?|", NULL);
  memset(many, 'x', sizeof many);
  prints(many, sizeof many, NULL, NULL);
  assert_int_equal(strlen(logged), 3003);
}

/* Half a secret is not known as one. */
static void words_are_not_cut(void **state) {
  char text[1400 + 1], log[1500];

  (void)state;
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  memcpy(text + 980, " a-word-that-is-not-cut ", 24);
  snprintf(log, sizeof log, "%.981s|%s|", text, text + 981);
  prints(text, 1400, log, text + 1004);
}

static void the_last_lines_are_kept(void **state) {
  char text[2000] = "", kept[1000];

  (void)state;
  for (int i = 0; i < 60; i++) snprintf(text + strlen(text), sizeof text - strlen(text), "line %d of many\n", i);
  kept[0] = '\0';
  for (int i = 60 - 24; i < 60; i++) /* of 15 bytes, and 2 between them */
    snprintf(kept + strlen(kept), sizeof kept - strlen(kept), "%sline %d of many", kept[0] == '\0' ? "" : "; ", i);
  prints(text, strlen(text), NULL, kept + (strlen(kept) > BS_EXEC_SAID_LAST ? 17 : 0));
}

static void texts_are_tidied(void **state) {
  static const struct {
    const char *text, *tidy;
  } rows[] = {{"", ""},
              {"a\xf0\x9f\x98\x80z", "a\xf0\x9f\x98\x80z"},
              {"\xc0\x80", "??"},
              {"\xed\xa0\x80", "???"},
              {"\xf4\x90\x80\x80", "????"},
              {"\xe2\x82", "??"},
              {"\xc2\x85\xc2\xa0", "??\xc2\xa0"},
              {"\t\x7f\n", "???"}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char *text = strdup(rows[i].text);

    bs_exec_tidy(text);
    assert_string_equal(text, rows[i].tidy);
    free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written),         cmocka_unit_test(what_is_too_long), cmocka_unit_test(what_is_read),
      cmocka_unit_test(numbers),                 cmocka_unit_test(what_is_no_message), cmocka_unit_test(words),
      cmocka_unit_test(lines_that_are_printed),  cmocka_unit_test(words_are_not_cut),
      cmocka_unit_test(the_last_lines_are_kept), cmocka_unit_test(texts_are_tidied)};

  return RUN_TESTS(tests);
}
