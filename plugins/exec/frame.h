/* SPDX-License-Identifier: MIT */
/*
 * Messages between Blockstore and a program that is a store, as blockstore-exec(7) says: a line of ASCII, which is a word
 * and then any number of KEY=VALUE with one space before each.  Both sides of the channel are made of this file: it needs
 * blockstore/driver.h and the C library.  Any number of threads may call these functions: they keep nothing.
 */
#ifndef BS_EXEC_FRAME_H
#define BS_EXEC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <blockstore/driver.h>

#define BS_EXEC_VERSION 1
#define BS_EXEC_LINE_MOST ((size_t)65536) /* bytes of a line, its newline among them */
#define BS_EXEC_READ_MOST ((size_t)1 << 20) /* bytes of a source that one answer has */

/* A line that is being written. */
struct bs_exec_line {
  size_t length;
  bool failed; /* it became too long: whatever is added to it is left out */
  char text[BS_EXEC_LINE_MOST];
};
/* `word` and `key`: small letters and underscores; a key digits and dots, too.  Values are written the one way that the
 * manual promises, so that who gets one may take it for a name without undoing that. */
void bs_exec_line_begin(struct bs_exec_line *line, const char *word);
void bs_exec_line_text(struct bs_exec_line *line, const char *key, const char *value);
void bs_exec_line_number(struct bs_exec_line *line, const char *key, uint64_t value);
/* Adds the newline.  False: it is longer than a line may be. */
bool bs_exec_line_end(struct bs_exec_line *line);

/* A line that was read, as long as its bytes stand where they are. */
struct bs_exec_message {
  const char *word;
  const char *pairs, *end; /* KEY, NUL, VALUE, NUL, and so on, values as they were before they were written */
};
/*
 * Takes a line apart where it stands.
 * In/out: line:   `length` bytes without the newline, and room for one more
 * Returns false when it is no message; the bytes are then undefined.
 */
bool bs_exec_message_read(struct bs_exec_message *ret_message, char *line, size_t length);
/* The value of this key, of several the one with this index; NULL: there is none. */
const char *bs_exec_message_text(const struct bs_exec_message *message, const char *key, size_t index);
/* The value of a key as a number.  False: there is none, or it is no number of decimal digits below 2^64. */
bool bs_exec_message_number(uint64_t *ret_number, const struct bs_exec_message *message, const char *key);

/* The words that stand for a status ("not_found") and for a level of the log.  What is no such word is FAILED, and INFO. */
const char *bs_exec_status_word(enum blockstore_status status);
enum blockstore_status bs_exec_status_of(const char *word);
const char *bs_exec_level_word(enum blockstore_log_level level);
enum blockstore_log_level bs_exec_level_of(const char *word);

#endif
