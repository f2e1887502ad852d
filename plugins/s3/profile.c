/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/s3/profile.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r"

/* The text of `length` bytes without blanks at its ends. */
static const char *trim(const char *text, size_t *length) {
  size_t blanks = strspn(text, BLANKS);

  if (blanks > *length) blanks = *length;
  text += blanks;
  *length -= blanks;
  while (*length > 0 && strchr(BLANKS, text[*length - 1]) != NULL) (*length)--;
  return text;
}

static bool equals(const char *text, size_t length, const char *word) {
  return length == strlen(word) && memcmp(text, word, length) == 0;
}

/* "[name]", or "[profile name]" as the tools' other file has it. */
static bool names(const char *line, size_t length, const char *profile) {
  static const char word[] = "profile ";

  if (length < 2 || line[length - 1] != ']') return false;
  length -= 2;
  line = trim(line + 1, &length);
  if (length > strlen(word) && memcmp(line, word, strlen(word)) == 0 && !equals(line, length, profile)) {
    length -= strlen(word);
    line = trim(line + strlen(word), &length);
  }
  return equals(line, length, profile);
}

/* The value of a line "KEY = VALUE" with this key, or NULL. */
static const char *value_of(const char *line, size_t *length, const char *key) {
  const char *equal = memchr(line, '=', *length);
  size_t before = equal == NULL ? 0 : (size_t)(equal - line);
  const char *found = trim(line, &before);

  if (equal == NULL || !equals(found, before, key)) return NULL;
  *length -= (size_t)(equal + 1 - line);
  return trim(equal + 1, length);
}

char *bs_s3_profile_value(bool *ret_there, const char *text, const char *profile, const char *key) {
  const char *found = NULL;
  size_t found_length = 0;
  bool inside = false;

  *ret_there = false;
  while (*text != '\0') {
    size_t whole = strcspn(text, "\n"), length = whole;
    const char *line = trim(text, &length), *value;

    if (length > 0 && line[0] == '[') {
      inside = names(line, length, profile);
      *ret_there = *ret_there || inside;
    } else if (inside && length > 0 && line[0] != '#' && line[0] != ';') {
      value = value_of(line, &length, key);
      if (value != NULL) {
        found = value;
        found_length = length;
      }
    }
    text += whole + (text[whole] == '\n' ? 1 : 0);
  }
  return found == NULL || found_length == 0 ? NULL : strndup(found, found_length);
}
