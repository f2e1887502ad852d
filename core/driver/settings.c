/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/settings.h"

#include <stdlib.h>
#include <string.h>

#define STARS "***"
#define PREFIX_LEAST 4 /* characters: a shorter beginning of a secret at the end of a text may stand there */

struct entry {
  struct entry *next;
  char *key;
  bool is_secret;
  char **values;
  size_t value_count;
  int64_t number;
};

struct blockstore_settings {
  struct entry *first; /* longest first value first: a secret that is part of another one is blotted after it */
};

bool bs_settings_new(struct blockstore_settings **ret_settings, struct bs_error *error) {
  struct blockstore_settings *settings = calloc(1, sizeof *settings);

  if (settings == NULL) return bs_fail_memory(error);
  *ret_settings = settings;
  return true;
}

static void free_entry(struct entry *entry) {
  for (size_t i = 0; i < entry->value_count; i++) {
    explicit_bzero(entry->values[i], strlen(entry->values[i]));
    free(entry->values[i]);
  }
  free(entry->values);
  free(entry->key);
  free(entry);
}

void bs_settings_free(struct blockstore_settings *settings) {
  struct entry *entry = settings == NULL ? NULL : settings->first;

  while (entry != NULL) {
    struct entry *next = entry->next;

    free_entry(entry);
    entry = next;
  }
  free(settings);
}

static struct entry *find(const struct blockstore_settings *settings, const char *key) {
  struct entry *entry = settings == NULL ? NULL : settings->first;

  while (entry != NULL && strcmp(entry->key, key) != 0) entry = entry->next;
  return entry;
}

static struct entry **place(struct blockstore_settings *settings, size_t length) {
  struct entry **at = &settings->first;

  while (*at != NULL && (*at)->value_count > 0 && strlen((*at)->values[0]) > length) at = &(*at)->next;
  return at;
}

static struct entry *add_entry(struct blockstore_settings *settings, const char *key, enum bs_option_type type,
                               const char *value) {
  struct entry *entry = calloc(1, sizeof *entry);
  struct entry **at = place(settings, value == NULL ? 0 : strlen(value));

  if (entry == NULL) return NULL;
  entry->key = strdup(key);
  if (entry->key == NULL) {
    free(entry);
    return NULL;
  }
  entry->is_secret = type == BS_OPTION_SECRET;
  entry->next = *at;
  *at = entry;
  return entry;
}

static bool add_value(struct entry *entry, const char *value) {
  char **values = reallocarray(entry->values, entry->value_count + 1, sizeof *values);

  if (values == NULL) return false;
  entry->values = values;
  values[entry->value_count] = strdup(value);
  if (values[entry->value_count] == NULL) return false;
  entry->value_count++;
  return true;
}

bool bs_settings_add(struct blockstore_settings *settings, const char *key, enum bs_option_type type, const char *value,
                     int64_t number, struct bs_error *error) {
  struct entry *entry = find(settings, key);

  if (entry == NULL) entry = add_entry(settings, key, type, value);
  if (entry == NULL || (value != NULL && !add_value(entry, value))) return bs_fail_memory(error);
  entry->number = number;
  return true;
}

const char *bs_settings_text(const struct blockstore_settings *settings, const char *key, size_t index) {
  const struct entry *entry = find(settings, key);

  return entry != NULL && index < entry->value_count ? entry->values[index] : NULL;
}

int64_t bs_settings_number(const struct blockstore_settings *settings, const char *key) {
  const struct entry *entry = find(settings, key);

  return entry == NULL ? 0 : entry->number;
}

/* Replaces text[at .. at + length) by the stars; what then does not fit into `size` is cut. */
static void star(char *text, size_t size, size_t at, size_t length) {
  size_t stars = strlen(STARS) < size - 1 - at ? strlen(STARS) : size - 1 - at;
  size_t tail = strlen(text + at + length);

  if (at + stars + tail > size - 1) tail = size - 1 - at - stars;
  memmove(text + at + stars, text + at + length, tail);
  memcpy(text + at, STARS, stars);
  text[at + stars + tail] = '\0';
}

static void blot_whole(char *text, size_t size, const char *secret) {
  size_t length = strlen(secret);
  size_t at = 0;
  const char *found;

  if (length == 0) return;
  while (at < strlen(text) && (found = strstr(text + at, secret)) != NULL) {
    at = (size_t)(found - text);
    star(text, size, at, length);
    at += strlen(STARS);
  }
}

static int digit_of(char letter) {
  static const char digits[] = "0123456789abcdef";
  const char *found = letter == '\0' ? NULL : strchr(digits, letter >= 'A' && letter <= 'F' ? letter - 'A' + 'a' : letter);

  return found == NULL ? -1 : (int)(found - digits);
}

/* Is it this byte as %XX? */
static bool is_escape(const char *text, char byte) {
  int high = text[0] == '%' ? digit_of(text[1]) : -1, low = high < 0 ? -1 : digit_of(text[2]);

  return low >= 0 && (unsigned char)byte == (unsigned)high * 16 + (unsigned)low;
}

/* How many bytes of the text are the secret, each byte of which may be escaped, or at the end of the text a beginning of it; 0:
 * none. */
static size_t shown_length(const char *text, const char *secret) {
  const char *at = text;
  size_t part = 0;

  for (; secret[part] != '\0' && *at != '\0'; part++) {
    if (is_escape(at, secret[part])) at += 3;
    else if (*at == secret[part]) at++;
    else if (*at == '%' && strlen(at) < 3) at += strlen(at);
    else return 0;
  }
  return part > 0 && (secret[part] == '\0' || part >= PREFIX_LEAST) ? (size_t)(at - text) : 0;
}

/* As it stands in URLs and in what a program of exec is told, or cut off at the end. */
static void blot_shown(char *text, size_t size, const char *secret) {
  for (size_t at = 0; at < strlen(text); at++) {
    size_t length = shown_length(text + at, secret);

    if (length == 0) continue;
    star(text, size, at, length);
    at += strlen(STARS) - 1;
  }
}

void bs_settings_blot(const struct blockstore_settings *settings, char *text, size_t size) {
  const struct entry *first = settings == NULL ? NULL : settings->first;

  for (const struct entry *entry = first; entry != NULL; entry = entry->next) {
    for (size_t i = 0; entry->is_secret && i < entry->value_count; i++) {
      blot_whole(text, size, entry->values[i]);
      blot_shown(text, size, entry->values[i]);
    }
  }
}
