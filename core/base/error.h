/* SPDX-License-Identifier: MIT */
/*
 * Errors inside the library.  A function that can fail returns bool and takes a struct bs_error last; on false its
 * outputs are untouched and the error is filled.  The first layer that knows fills it, callers prepend where it
 * happened with bs_context.  The message is a complete sentence: what, where, what was expected.
 */
#ifndef BS_BASE_ERROR_H
#define BS_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <blockstore/blockstore.h>

#include "core/base/words.h"

enum bs_word {
  BS_NO_WORD = 0,
#define BS_WORD_ENUM_(word, result) BS_WORD_##word,
  BS_WORDS(BS_WORD_ENUM_)
#undef BS_WORD_ENUM_
};

#define BS_ERROR_MESSAGE_SIZE 2048

/* By value, usually on the stack, zero when nothing has failed; owns nothing.  Never NULL where one is asked for. */
struct bs_error {
  enum bs_word word;
  enum blockstore_result result;
  char message[BS_ERROR_MESSAGE_SIZE]; /* UTF-8, without its middle when too long; no control characters */
  unsigned rule; /* which rule of the room that refused, by that room's own list; 0: none is told */
};

/* Fills the error and returns false.  `word` decides the result. */
bool bs_fail(struct bs_error *error, enum bs_word word, const char *format, ...)
    __attribute__((format(printf, 3, 4), nonnull(1, 3)));
/* The same, then ": " and the text of errno.  ENOSPC and EDQUOT become no_space, EACCES, EPERM and
 * EROFS denied, ENOMEM no_memory, else io. */
bool bs_fail_errno(struct bs_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));
/* The same for a word whose usual result does not fit here (too_large of a store's object is BLOCKSTORE_FORGED). */
bool bs_fail_as(struct bs_error *error, enum blockstore_result result, enum bs_word word, const char *format, ...)
    __attribute__((format(printf, 4, 5), nonnull(1, 4)));
bool bs_fail_memory(struct bs_error *error) __attribute__((nonnull(1)));
/* Puts text and ": " before the message, and leaves the rest; returns false. */
bool bs_context(struct bs_error *error, const char *format, ...) __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* The word as text ("not_found"), static. */
const char *bs_word_text(enum bs_word word);
enum blockstore_result bs_word_result(enum bs_word word);

#endif
