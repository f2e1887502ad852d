/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/environment.h"

#include <stdlib.h>
#include <string.h>

bool bs_environment_is_reference(const char *text) {
  size_t length = strlen(text);

  return length >= 3 && text[0] == '$' && text[1] == '{' && text[length - 1] == '}';
}

/* Not isalpha: the locale has no say. */
static bool is_name(const char *text, size_t length) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  size_t right = strspn(text, letters);

  return length > 0 && right >= length && (text[0] < '0' || text[0] > '9');
}

const char *bs_environment_expand(const char *text, struct bs_error *error) {
  size_t length = strlen(text);
  char name[256];
  const char *value;

  if (!bs_environment_is_reference(text)) return text;
  length -= 3;
  if (!is_name(text + 2, length) || length >= sizeof name) {
    bs_fail(error, BS_WORD_config, "%s does not name a variable: between the braces go letters, digits and _ only.",
            text);
    return NULL;
  }
  memcpy(name, text + 2, length);
  name[length] = '\0';
  value = secure_getenv(name);
  if (value == NULL) bs_fail(error, BS_WORD_config, "The environment variable %s is not set.", name);
  return value;
}
