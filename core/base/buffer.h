/* SPDX-License-Identifier: MIT */
/*
 * A growing run of bytes.  Appending cannot fail visibly: when memory runs out the buffer is marked failed, ignores
 * what follows, and bs_buffer_ok says so once, at the end.
 */
#ifndef BS_BASE_BUFFER_H
#define BS_BASE_BUFFER_H

#include <stdint.h>
#include <string.h>

#include "core/base/error.h"

struct bs_buffer {
  unsigned char *bytes; /* `length` are valid; NULL while capacity is 0 */
  size_t length;
  size_t capacity;
  bool failed;
};

#define BS_BUFFER_INIT {NULL, 0, 0, false}
#define BS_AUTO_BUFFER BS_AUTO(bs_buffer_free)
#define BS_AUTO_SECRET BS_AUTO(bs_buffer_wipe)

/* Frees the bytes and leaves an empty buffer. */
void bs_buffer_free(struct bs_buffer *buffer);
/* The same for a secret: overwrites them first.  Growing a buffer leaves copies behind: bs_buffer_reserve first. */
void bs_buffer_wipe(struct bs_buffer *buffer);
/* Keeps the memory, drops the content and the failure. */
void bs_buffer_clear(struct bs_buffer *buffer);

void bs_buffer_grow_and_add(struct bs_buffer *buffer, const void *bytes, size_t length);
/* Documents are written by many small pieces: where there is room, none of them is a call. */
static inline void bs_buffer_add(struct bs_buffer *buffer, const void *bytes, size_t length) {
  if (length == 0) return;
  if (buffer->bytes == NULL || buffer->failed || length > buffer->capacity - buffer->length) {
    bs_buffer_grow_and_add(buffer, bytes, length);
    return;
  }
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
}
static inline void bs_buffer_text(struct bs_buffer *buffer, const char *text) {
  bs_buffer_add(buffer, text, strlen(text));
}
static inline void bs_buffer_byte(struct bs_buffer *buffer, unsigned char byte) {
  if (buffer->failed || buffer->length == buffer->capacity) bs_buffer_grow_and_add(buffer, &byte, 1);
  else buffer->bytes[buffer->length++] = byte;
}
void bs_buffer_format(struct bs_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Unsigned big-endian and little-endian integers of `width` bytes, 1 to 8. */
void bs_buffer_big_endian(struct bs_buffer *buffer, uint64_t value, size_t width);
void bs_buffer_little_endian(struct bs_buffer *buffer, uint64_t value, size_t width);
/* The number's digits, for who writes many: several times as fast as bs_buffer_format. */
void bs_buffer_decimal(struct bs_buffer *buffer, uint64_t number);

/* Appends `more` uninitialised bytes and returns where they start, or NULL (and the buffer is failed). */
unsigned char *bs_buffer_extend(struct bs_buffer *buffer, size_t more);
/* Makes room for `more` bytes without changing the content. */
void bs_buffer_reserve(struct bs_buffer *buffer, size_t more);

/* False, with no_memory, when an append failed. */
bool bs_buffer_ok(const struct bs_buffer *buffer, struct bs_error *error);
/* The content with a NUL behind it (which does not count as content), or NULL when the buffer failed. */
const char *bs_buffer_string(struct bs_buffer *buffer);
/* The same as the caller's own, by free(); the buffer is empty afterwards. */
char *bs_buffer_take(struct bs_buffer *buffer);

#endif
