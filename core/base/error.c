/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

static const struct {
  const char *text;
  enum blockstore_result result;
} words[] = {
    [BS_NO_WORD] = {"", BLOCKSTORE_DONE},
#define WORD_ROW(word, result) [BS_WORD_##word] = {#word, BLOCKSTORE_##result},
    BS_WORDS(WORD_ROW)
#undef WORD_ROW
};

const char *bs_word_text(enum bs_word word) {
  return words[word].text;
}

enum blockstore_result bs_word_result(enum bs_word word) {
  return words[word].result;
}

static bool begins_character(char byte) {
  return ((unsigned char)byte & 0xc0) != 0x80;
}

/* A message begins with what and where, and ends with why: what is too much goes from the middle, between characters. */
static void cut(char message[BS_ERROR_MESSAGE_SIZE], const char *text, size_t length) {
  static const char mark[] = " ... ";
  size_t room = BS_ERROR_MESSAGE_SIZE - sizeof mark, head = room / 2, tail = length - (room - head);

  while (head > 0 && !begins_character(text[head])) head--;
  while (!begins_character(text[tail])) tail++;
  snprintf(message, BS_ERROR_MESSAGE_SIZE, "%.*s%s%s", (int)head, text, mark, text + tail);
}

static void compose(char message[BS_ERROR_MESSAGE_SIZE], const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void compose(char message[BS_ERROR_MESSAGE_SIZE], const char *format, va_list arguments) {
  char *whole = NULL;
  va_list again;
  int length;

  va_copy(again, arguments);
  length = vsnprintf(message, BS_ERROR_MESSAGE_SIZE, format, arguments);
  if (length < 0) {
    message[0] = '\0';
  } else if (length >= BS_ERROR_MESSAGE_SIZE && vasprintf(&whole, format, again) == length) { /* else its beginning has to do */
    cut(message, whole, (size_t)length);
    free(whole);
  }
  va_end(again);
}

static void fill(struct bs_error *error, enum blockstore_result result, enum bs_word word, const char *format,
                 va_list arguments) __attribute__((format(printf, 4, 0)));
static void fill(struct bs_error *error, enum blockstore_result result, enum bs_word word, const char *format,
                 va_list arguments) {
  char message[BS_ERROR_MESSAGE_SIZE]; /* apart: an argument may be the error's own message */

  compose(message, format, arguments);
  bs_text_tidy(message);
  memcpy(error->message, message, sizeof message);
  error->word = word;
  error->result = result;
  error->rule = 0;
}

bool bs_fail(struct bs_error *error, enum bs_word word, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  fill(error, words[word].result, word, format, arguments);
  va_end(arguments);
  return false;
}

bool bs_fail_as(struct bs_error *error, enum blockstore_result result, enum bs_word word, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  fill(error, result, word, format, arguments);
  va_end(arguments);
  return false;
}

bool bs_fail_errno(struct bs_error *error, const char *format, ...) {
  int number = errno;
  enum bs_word word = number == ENOSPC || number == EDQUOT ? BS_WORD_no_space
                      : number == EACCES || number == EPERM || number == EROFS ? BS_WORD_denied
                      : number == ENOMEM                   ? BS_WORD_no_memory
                                                           : BS_WORD_io;
  char message[BS_ERROR_MESSAGE_SIZE];
  va_list arguments;

  va_start(arguments, format);
  compose(message, format, arguments);
  va_end(arguments);
  return bs_fail(error, word, "%s: %s", message, number == 0 ? "unexpected end of file" : strerrordesc_np(number));
}

bool bs_fail_memory(struct bs_error *error) {
  return bs_fail(error, BS_WORD_no_memory, "There is not enough memory.");
}

bool bs_context(struct bs_error *error, const char *format, ...) {
  char context[BS_ERROR_MESSAGE_SIZE];
  unsigned rule = error->rule;
  va_list arguments;

  va_start(arguments, format);
  compose(context, format, arguments);
  va_end(arguments);
  bs_fail_as(error, error->result, error->word, "%s: %s", context, error->message);
  error->rule = rule;
  return false;
}
