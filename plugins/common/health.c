/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "health.h"

#include <inttypes.h>
#include <stdlib.h>

void bs_health_begin(struct bs_health *health) {
  health->text = NULL;
  health->length = 0;
  health->stream = open_memstream(&health->text, &health->length);
}

/* The length of the UTF-8 sequence (RFC 3629, section 4) that `text` begins with, or 0 when it is none. */
static size_t sequence(const unsigned char *text) {
  static const struct {
    unsigned char first, last, low, high; /* the first byte, and the range of the second */
    size_t length;
  } rows[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
              {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
              {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
  size_t row = 0, length = 2;

  if (text[0] < 0x80) return 1;
  while (row < sizeof rows / sizeof rows[0] && (text[0] < rows[row].first || text[0] > rows[row].last)) row++;
  if (row == sizeof rows / sizeof rows[0] || text[1] < rows[row].low || text[1] > rows[row].high) return 0;
  while (length < rows[row].length && (text[length] & 0xc0) == 0x80) length++;
  return length == rows[row].length ? length : 0;
}

static void write_string(FILE *stream, const char *value) {
  const unsigned char *text = (const unsigned char *)value;

  fputc('"', stream);
  while (*text != '\0') {
    size_t length = sequence(text);

    if (length == 0) {
      fputs("\\ufffd", stream);
    } else if (*text < 0x20) {
      fprintf(stream, "\\u%04x", *text);
    } else {
      if (*text == '"' || *text == '\\') fputc('\\', stream);
      fwrite(text, 1, length, stream);
    }
    text += length == 0 ? 1 : length;
  }
  fputc('"', stream);
}

static void write_key(FILE *stream, const char *key) {
  fputs(ftell(stream) == 0 ? "{" : ", ", stream);
  write_string(stream, key);
  fputs(": ", stream);
}

void bs_health_text(struct bs_health *health, const char *key, const char *value) {
  if (health->stream == NULL) return;
  write_key(health->stream, key);
  write_string(health->stream, value);
}

void bs_health_number(struct bs_health *health, const char *key, uint64_t value) {
  if (health->stream == NULL) return;
  write_key(health->stream, key);
  fprintf(health->stream, "%" PRIu64, value);
}

void bs_health_flag(struct bs_health *health, const char *key, bool value) {
  if (health->stream == NULL) return;
  write_key(health->stream, key);
  fputs(value ? "true" : "false", health->stream);
}

enum blockstore_status bs_health_end(struct bs_health *health, struct blockstore_call *call,
                                     struct blockstore_sink *ret_report) {
  enum blockstore_status status;
  bool failed = health->stream == NULL;

  if (!failed) {
    fputs(ftell(health->stream) == 0 ? "{}" : "}", health->stream);
    failed = ferror(health->stream) != 0;
    failed = fclose(health->stream) != 0 || failed || health->text == NULL; /* glibc's fclose does not tell of the last */
  }
  if (failed) {
    status = blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "There is not enough memory for the report.");
  } else {
    status = blockstore_give(ret_report, health->text, health->length);
  }
  free(health->text);
  *health = (struct bs_health){0};
  return status;
}
