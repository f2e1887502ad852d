/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE ((uintptr_t)2 << 20)

void bs_buffer_free(struct bs_buffer *buffer) {
  free(buffer->bytes);
  *buffer = (struct bs_buffer)BS_BUFFER_INIT;
}

void bs_buffer_wipe(struct bs_buffer *buffer) {
  if (buffer->bytes != NULL) explicit_bzero(buffer->bytes, buffer->capacity);
  bs_buffer_free(buffer);
}

void bs_buffer_clear(struct bs_buffer *buffer) {
  buffer->length = 0;
  buffer->failed = false;
}

/* Page by page of 4 KiB, the kernel takes longer to provide a long buffer than anybody takes to hash it. */
static void prefer_huge_pages(const unsigned char *bytes, size_t capacity) {
#ifdef MADV_HUGEPAGE
  uintptr_t start = ((uintptr_t)bytes + HUGE - 1) / HUGE * HUGE, end = ((uintptr_t)bytes + capacity) / HUGE * HUGE;

  if (start < end) madvise((void *)start, end - start, MADV_HUGEPAGE); /* advice: failing is no harm */
#else
  (void)bytes, (void)capacity;
#endif
}

void bs_buffer_reserve(struct bs_buffer *buffer, size_t more) {
  size_t wanted, capacity;
  unsigned char *bytes;

  if (buffer->failed || more <= buffer->capacity - buffer->length) return;
  if (__builtin_add_overflow(buffer->length, more, &wanted) || wanted > PTRDIFF_MAX) {
    buffer->failed = true;
    return;
  }
  capacity = buffer->capacity < PTRDIFF_MAX / 2 ? buffer->capacity * 2 : wanted;
  if (capacity < wanted) capacity = wanted;
  if (capacity < 64) capacity = 64;
  bytes = realloc(buffer->bytes, capacity);
  if (bytes == NULL) {
    buffer->failed = true;
    return;
  }
  if (capacity >= 2 * HUGE) prefer_huge_pages(bytes, capacity);
  buffer->bytes = bytes;
  buffer->capacity = capacity;
}

unsigned char *bs_buffer_extend(struct bs_buffer *buffer, size_t more) {
  unsigned char *start;

  bs_buffer_reserve(buffer, more > 0 ? more : 1);
  if (buffer->failed) return NULL;
  start = buffer->bytes + buffer->length;
  buffer->length += more;
  return start;
}

void bs_buffer_grow_and_add(struct bs_buffer *buffer, const void *bytes, size_t length) {
  unsigned char *start = bs_buffer_extend(buffer, length);

  if (start != NULL) memcpy(start, bytes, length);
}

void bs_buffer_format(struct bs_buffer *buffer, const char *format, ...) {
  va_list arguments;
  int length;
  size_t before = buffer->length;

  va_start(arguments, format);
  length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0 || bs_buffer_extend(buffer, (size_t)length + 1) == NULL) {
    buffer->failed = true;
    return;
  }
  va_start(arguments, format);
  vsnprintf((char *)buffer->bytes + before, (size_t)length + 1, format, arguments);
  va_end(arguments);
  buffer->length--; /* the NUL */
}

void bs_buffer_big_endian(struct bs_buffer *buffer, uint64_t value, size_t width) {
  for (size_t i = width; i-- > 0;) bs_buffer_byte(buffer, (unsigned char)(value >> 8 * i));
}

void bs_buffer_little_endian(struct bs_buffer *buffer, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; i++) bs_buffer_byte(buffer, (unsigned char)(value >> 8 * i));
}

void bs_buffer_decimal(struct bs_buffer *buffer, uint64_t number) {
  char digits[20], *at = digits + sizeof digits;

  do {
    *--at = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  bs_buffer_add(buffer, at, (size_t)(digits + sizeof digits - at));
}

bool bs_buffer_ok(const struct bs_buffer *buffer, struct bs_error *error) {
  return buffer->failed ? bs_fail_memory(error) : true;
}

const char *bs_buffer_string(struct bs_buffer *buffer) {
  bs_buffer_reserve(buffer, 1);
  if (buffer->failed) return NULL;
  buffer->bytes[buffer->length] = '\0';
  return (const char *)buffer->bytes;
}

char *bs_buffer_take(struct bs_buffer *buffer) {
  char *text = NULL;

  if (bs_buffer_string(buffer) != NULL) {
    text = (char *)buffer->bytes;
    *buffer = (struct bs_buffer)BS_BUFFER_INIT;
  } else {
    bs_buffer_free(buffer);
  }
  return text;
}
