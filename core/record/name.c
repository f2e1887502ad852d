/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/record/name.h"

#include <stdio.h>
#include <string.h>

#define ALPHABET "abcdefghijklmnopqrstuvwxyz0123456789_-"
#define QUOTED_MAX 80 /* bytes of a refused name that a message shows */
#define QUOTED_TEXT ((size_t)4 * QUOTED_MAX + sizeof "...")

static bool is_plain(char c) {
  return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

/* The name for a message: unprintable and confusable bytes as \xNN, cut when too long. */
static void quote(char text[QUOTED_TEXT], const char *name) {
  char *at = text;
  size_t shown = 0;

  for (; name[shown] != '\0' && shown < QUOTED_MAX; shown++) {
    if (is_plain(name[shown]))
      *at++ = name[shown];
    else
      at += snprintf(at, 5, "\\x%02x", (unsigned)(unsigned char)name[shown]);
  }
  memcpy(at, name[shown] == '\0' ? "" : "...", name[shown] == '\0' ? 1 : 4);
}

static bool refuse_character(struct bs_error *error, const char *quoted, const char *name, size_t position) {
  char c = name[position];

  if (c == '.')
    return bs_fail(error, BS_WORD_usage, "\"%s\" has a second dot at position %zu; a name has one, as in alice.id.",
                   quoted, position + 1);
  if (c >= 'A' && c <= 'Z')
    return bs_fail(error, BS_WORD_usage, "\"%s\" has the capital '%c' at position %zu; names are in lower case.",
                   quoted, c, position + 1);
  if (is_plain(c))
    return bs_fail(error, BS_WORD_usage,
                   "\"%s\" has '%c' at position %zu; a name has letters a-z, digits, '-' and '_' only.", quoted, c,
                   position + 1);
  return bs_fail(error, BS_WORD_usage,
                 "\"%s\" has byte %02x at position %zu; a name has letters a-z, digits, '-' and '_' only.", quoted,
                 (unsigned)(unsigned char)c, position + 1);
}

bool bs_name_check(const char *name, struct bs_error *error) {
  size_t length = strlen(name), label = strspn(name, ALPHABET), space;
  char quoted[QUOTED_TEXT];

  quote(quoted, name);
  if (length == 0) return bs_fail(error, BS_WORD_usage, "The name is empty; a name looks like alice.id.");
  if (label == length)
    return bs_fail(error, BS_WORD_usage, "\"%s\" has no dot; a name has one, as in alice.id.", quoted);
  if (name[label] != '.') return refuse_character(error, quoted, name, label);
  space = strspn(name + label + 1, ALPHABET);
  if (label + 1 + space != length) return refuse_character(error, quoted, name, label + 1 + space);
  if (label == 0) return bs_fail(error, BS_WORD_usage, "\"%s\" has nothing before its dot.", quoted);
  if (space == 0) return bs_fail(error, BS_WORD_usage, "\"%s\" has no namespace behind its dot.", quoted);
  if (space > BS_NAMESPACE_MAX)
    return bs_fail(error, BS_WORD_usage, "\"%s\" has a namespace of %zu characters; %d are allowed.", quoted, space,
                   BS_NAMESPACE_MAX);
  if (length > BS_NAME_MAX)
    return bs_fail(error, BS_WORD_usage, "\"%s\" has %zu characters; %d are allowed.", quoted, length, BS_NAME_MAX);
  return true;
}

const char *bs_name_namespace(const char *name) {
  return strchr(name, '.') + 1;
}
