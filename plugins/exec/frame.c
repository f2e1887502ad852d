/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/exec/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define PLAIN SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-._~/:+,@" /* bytes of a value that stand for themselves */

/* ---- writing ---- */

/* One byte stays free for the newline. */
static void add(struct bs_exec_line *line, const char *bytes, size_t length) {
  if (line->failed || length >= sizeof line->text - line->length) {
    line->failed = true;
    return;
  }
  memcpy(line->text + line->length, bytes, length);
  line->length += length;
}

static void add_value(struct bs_exec_line *line, const char *value) {
  while (*value != '\0') {
    size_t plain = strspn(value, PLAIN);
    char escaped[4];

    add(line, value, plain);
    value += plain;
    if (*value == '\0') return;
    snprintf(escaped, sizeof escaped, "%%%02X", (unsigned)(unsigned char)*value++);
    add(line, escaped, 3);
  }
}

void bs_exec_line_begin(struct bs_exec_line *line, const char *word) {
  line->length = 0;
  line->failed = false;
  add(line, word, strlen(word));
}

void bs_exec_line_text(struct bs_exec_line *line, const char *key, const char *value) {
  add(line, " ", 1);
  add(line, key, strlen(key));
  add(line, "=", 1);
  add_value(line, value);
}

void bs_exec_line_number(struct bs_exec_line *line, const char *key, uint64_t value) {
  char digits[24];

  snprintf(digits, sizeof digits, "%" PRIu64, value);
  bs_exec_line_text(line, key, digits);
}

bool bs_exec_line_end(struct bs_exec_line *line) {
  if (line->failed) return false;
  line->text[line->length++] = '\n';
  return true;
}

/* ---- reading ---- */

/* 0 to 15; 16: no hexadecimal digit. */
static unsigned digit(char letter) {
  if (letter >= '0' && letter <= '9') return (unsigned)(letter - '0');
  if (letter >= 'a' && letter <= 'f') return (unsigned)(letter - 'a') + 10;
  if (letter >= 'A' && letter <= 'F') return (unsigned)(letter - 'A') + 10;
  return 16;
}

/* A value from `*from` to the space or NUL behind it, to `*to`, which is no further; both go on.  False: it is none. */
static bool take_value(char **to, char **from) {
  while (**from != ' ' && **from != '\0') {
    size_t plain = strspn(*from, PLAIN);
    unsigned high, low;

    memmove(*to, *from, plain);
    *to += plain;
    *from += plain;
    if (plain > 0) continue;
    if (**from != '%' || (high = digit((*from)[1])) > 15 || (low = digit((*from)[2])) > 15 || high + low == 0) return false;
    *(*to)++ = (char)(high << 4 | low);
    *from += 3;
  }
  return true;
}

/* What is written is never longer than what was read. */
bool bs_exec_message_read(struct bs_exec_message *ret_message, char *line, size_t length) {
  char *from, *to;

  if (length >= BS_EXEC_LINE_MOST || memchr(line, '\0', length) != NULL) return false;
  line[length] = '\0';
  from = to = line + strspn(line, SMALL "_");
  if (from == line) return false;
  ret_message->word = line;
  ret_message->pairs = from + 1;
  while (*from == ' ') {
    size_t key = strspn(++from, SMALL DIGITS "_.");

    if (key == 0 || from[key] != '=') return false;
    *to++ = '\0';
    memmove(to, from, key);
    to += key;
    from += key + 1;
    *to++ = '\0';
    if (!take_value(&to, &from)) return false;
  }
  if (*from != '\0') return false;
  *to = '\0';
  ret_message->end = to + 1;
  return true;
}

const char *bs_exec_message_text(const struct bs_exec_message *message, const char *key, size_t index) {
  const char *pair = message->pairs;

  while (pair < message->end) {
    const char *value = pair + strlen(pair) + 1;

    if (strcmp(pair, key) == 0 && index-- == 0) return value;
    pair = value + strlen(value) + 1;
  }
  return NULL;
}

bool bs_exec_message_number(uint64_t *ret_number, const struct bs_exec_message *message, const char *key) {
  const char *text = bs_exec_message_text(message, key, 0);
  uint64_t number = 0;

  if (text == NULL || text[0] == '\0' || text[strspn(text, DIGITS)] != '\0') return false;
  for (; *text != '\0'; text++) {
    unsigned next = (unsigned)(*text - '0');

    if (number > (UINT64_MAX - next) / 10) return false;
    number = number * 10 + next;
  }
  *ret_number = number;
  return true;
}

/* ---- words ---- */

static const char *const statuses[] = {
    [BLOCKSTORE_STATUS_OK] = "ok",
    [BLOCKSTORE_STATUS_NOT_FOUND] = "not_found",
    [BLOCKSTORE_STATUS_UNHANDLED_URL] = "unhandled_url",
    [BLOCKSTORE_STATUS_DENIED] = "denied",
    [BLOCKSTORE_STATUS_NO_SPACE] = "no_space",
    [BLOCKSTORE_STATUS_TOO_LARGE] = "too_large",
    [BLOCKSTORE_STATUS_CONFLICT] = "conflict",
    [BLOCKSTORE_STATUS_TRANSIENT] = "transient",
    [BLOCKSTORE_STATUS_CANCELLED] = "cancelled",
    [BLOCKSTORE_STATUS_UNSUPPORTED] = "unsupported",
    [BLOCKSTORE_STATUS_FAILED] = "failed",
};
static const char *const levels[] = {
    [BLOCKSTORE_LOG_ERROR] = "error",
    [BLOCKSTORE_LOG_WARNING] = "warning",
    [BLOCKSTORE_LOG_INFO] = "info",
    [BLOCKSTORE_LOG_DEBUG] = "debug",
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static size_t find(const char *const *words, size_t count, const char *word, size_t otherwise) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(words[i], word) == 0) return i;
  return otherwise;
}

const char *bs_exec_status_word(enum blockstore_status status) {
  return (size_t)status < COUNT(statuses) ? statuses[status] : statuses[BLOCKSTORE_STATUS_FAILED];
}

enum blockstore_status bs_exec_status_of(const char *word) {
  return (enum blockstore_status)find(statuses, COUNT(statuses), word, BLOCKSTORE_STATUS_FAILED);
}

const char *bs_exec_level_word(enum blockstore_log_level level) {
  return (size_t)level < COUNT(levels) ? levels[level] : levels[BLOCKSTORE_LOG_INFO];
}

enum blockstore_log_level bs_exec_level_of(const char *word) {
  return (enum blockstore_log_level)find(levels, COUNT(levels), word, BLOCKSTORE_LOG_INFO);
}
