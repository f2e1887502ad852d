/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/exec/said.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "plugins/common/plugin.h"

#define PIECE ((size_t)4096)
#define PIECES 16
#define BETWEEN "; " /* the last lines */

/* Bytes of the character that `text` begins with; 0: it is none (RFC 3629), or a control character. */
static size_t character(const unsigned char *text) {
  static const struct {
    unsigned char first, last, low, high; /* the first byte, and the range of the second */
    size_t length;
  } rows[] = {{0xc2, 0xc2, 0xa0, 0xbf, 2}, {0xc3, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
              {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
              {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
  size_t row = 0, length = 2;

  if (text[0] < 0x80) return text[0] >= 0x20 && text[0] != 0x7f ? 1 : 0;
  while (row < sizeof rows / sizeof rows[0] && (text[0] < rows[row].first || text[0] > rows[row].last)) row++;
  if (row == sizeof rows / sizeof rows[0] || text[1] < rows[row].low || text[1] > rows[row].high) return 0;
  while (length < rows[row].length && (text[length] & 0xc0) == 0x80) length++;
  return length == rows[row].length ? length : 0;
}

void bs_exec_tidy(char *text) {
  while (*text != '\0') {
    size_t length = character((const unsigned char *)text);

    if (length == 0) *text++ = '?';
    else text += length;
  }
}

void bs_exec_said_begin(struct bs_exec_said *said, const struct blockstore_host *host, struct blockstore_store *store, int fd) {
  *said = (struct bs_exec_said){.fd = fd, .host = host, .store = store};
  pthread_mutex_init(&said->lock, NULL);
}

void bs_exec_said_end(struct bs_exec_said *said) {
  if (said->fd >= 0) close(said->fd);
  said->fd = -1;
  pthread_mutex_destroy(&said->lock);
}

/* ---- the functions below run under the lock ---- */

/* Adds a line to the last ones; the first of them go, and of a line that is too long its beginning, up to a blank: half a word
 * could be half a secret, which is not known as one. */
static void keep(struct bs_exec_said *said) {
  const char *line = said->line;
  size_t length = said->length;

  if (length > BS_EXEC_SAID_LAST) {
    const char *blank = memchr(line + length - BS_EXEC_SAID_LAST, ' ', BS_EXEC_SAID_LAST / 2);

    length = blank == NULL ? BS_EXEC_SAID_LAST : length - (size_t)(blank + 1 - line);
    line = said->line + said->length - length;
  }
  while (said->last_length > 0 && said->last_length + strlen(BETWEEN) + length > BS_EXEC_SAID_LAST) {
    const char *next = strstr(said->last, BETWEEN);

    said->last_length = next == NULL ? 0 : strlen(next + strlen(BETWEEN));
    if (next != NULL) memmove(said->last, next + strlen(BETWEEN), said->last_length);
    said->last[said->last_length] = '\0';
  }
  if (said->last_length > 0) {
    memcpy(said->last + said->last_length, BETWEEN, strlen(BETWEEN));
    said->last_length += strlen(BETWEEN);
  }
  memcpy(said->last + said->last_length, line, length);
  said->last_length += length;
  said->last[said->last_length] = '\0';
}

static void end_line(struct bs_exec_said *said) {
  if (said->length > 0 && said->line[said->length - 1] == '\r') said->length--;
  said->line[said->length] = '\0';
  bs_exec_tidy(said->line);
  if (said->length > 0) {
    keep(said);
    said->host->log(said->store, BLOCKSTORE_LOG_WARNING, said->line);
  }
  said->length = 0;
}

/* Of a line that is full, up to a blank, where there is one in its second half. */
static void break_line(struct bs_exec_said *said) {
  size_t length = said->length, whole = length;
  char first;

  while (whole > BS_EXEC_SAID_LINE / 2 && said->line[whole - 1] != ' ') whole--;
  if (whole == BS_EXEC_SAID_LINE / 2) whole = length;
  first = said->line[whole];
  said->length = whole;
  end_line(said);
  said->line[whole] = first;
  said->length = length - whole;
  memmove(said->line, said->line + whole, said->length);
}

static void add(struct bs_exec_said *said, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == '\n') end_line(said);
    else if (said->length == BS_EXEC_SAID_LINE) break_line(said);
    if (bytes[i] == '\n') continue;
    said->line[said->length] = bytes[i];
    if (bytes[i] == '\0') said->line[said->length] = '?';
    said->length++;
  }
}

static bool take_piece(struct bs_exec_said *said) {
  char piece[PIECE];
  ssize_t length = 0;

  if (said->fd < 0) return false;
  do length = read(said->fd, piece, sizeof piece);
  while (length < 0 && errno == EINTR);
  if (length > 0) add(said, piece, (size_t)length);
  return length > 0;
}

/* ---- and these take it ---- */

void bs_exec_said_take(struct bs_exec_said *said) {
  BS_LOCKED(&said->lock);
  for (int i = 0; i < PIECES && take_piece(said); i++) continue;
}

/* A program may print without end: what comes after so much is not waited for. */
void bs_exec_said_last(struct bs_exec_said *said, char ret_text[BS_EXEC_SAID_LAST + 1]) {
  BS_LOCKED(&said->lock);
  for (int i = 0; i < 4 * PIECES && take_piece(said); i++) continue;
  if (said->length > 0) end_line(said);
  memcpy(ret_text, said->last, said->last_length);
  ret_text[said->last_length] = '\0';
  bs_exec_tidy(ret_text); /* a character may have been cut */
}
