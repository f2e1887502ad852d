/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-host/subject.h"

#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/driver/exact.h"
#include "core/driver/module.h"
#include "core/driver/value.h"

#define SUFFIX ".so"

static bool check_digest(struct bs_candidate *candidate, const char *digest, struct bs_error *error) {
  unsigned char sha256[BS_SHA256_SIZE];

  if (!bs_hex_is_string(digest, 2 * sizeof sha256) || !bs_hex_decode(sha256, sizeof sha256, digest))
    return bs_fail(error, BS_WORD_usage, "%s: " BS_EXACT_EXPECTED " was expected.", digest);
  return bs_exact_check(candidate, sha256, error);
}

bool subject_find(struct subject *subject, const char *file, const char *digest, struct bs_error *error) {
  const char *name = strrchr(file, '/');
  char *directory BS_AUTO_FREE = NULL, *plain BS_AUTO_FREE = NULL;
  const char *directories[1];
  size_t length;

  if (file[0] != '/') return bs_fail(error, BS_WORD_usage, "%s: An absolute path was expected.", file);
  length = strlen(++name);
  if (length <= strlen(SUFFIX) || strcmp(name + length - strlen(SUFFIX), SUFFIX) != 0)
    return bs_fail(error, BS_WORD_usage, "%s: The file of a driver was expected, NAME.so.", file);
  directory = strndup(file, (size_t)(name - file));
  plain = strndup(name, length - strlen(SUFFIX));
  if (directory == NULL || plain == NULL) return bs_fail_memory(error);
  directories[0] = directory;
  return bs_catalog_find(&subject->candidate, directories, 1, plain, error) &&
         (digest == NULL || check_digest(subject->candidate, digest, error));
}

/* ---- options ---- */

/* Numbers come as their canonical text: bytes, milliseconds. */
static bool add_value(struct blockstore_settings *settings, const struct bs_option *option, const char *text,
                      struct bs_error *error) {
  enum bs_option_type type = option->type;
  int64_t number;

  if (type == BS_OPTION_SIZE || type == BS_OPTION_DURATION) type = BS_OPTION_INT;
  if (!bs_option_number(&number, type, text, option->values) || (type != option->type && number < 0) ||
      (type == BS_OPTION_PATH && text[0] != '/'))
    return bs_fail(error, BS_WORD_config, "The option \"%s\" came as something else.", option->key);
  return bs_settings_add(settings, option->key, option->type, text, number, error);
}

static bool add_option(struct blockstore_settings *settings, const struct bs_option *option,
                       const struct bs_exec_message *request, struct bs_error *error) {
  char key[64];
  const char *text;

  snprintf(key, sizeof key, "option.%s", option->key);
  for (size_t i = 0; (text = bs_exec_message_text(request, key, i)) != NULL; i++) {
    if (i > 0 && option->type != BS_OPTION_LIST)
      return bs_fail(error, BS_WORD_config, "The option \"%s\" came twice.", option->key);
    if (!add_value(settings, option, text, error)) return false;
  }
  return true;
}

bool subject_settings(struct blockstore_settings **ret_settings, const struct subject *subject,
                      const struct bs_exec_message *request, struct bs_error *error) {
  const struct bs_metadata *metadata = subject->candidate->metadata;
  struct blockstore_settings *settings;

  if (!bs_settings_new(&settings, error)) return false;
  for (size_t i = 0; i < metadata->option_count; i++) {
    if (add_option(settings, &metadata->options[i], request, error)) continue;
    bs_settings_free(settings);
    return false;
  }
  *ret_settings = settings;
  return true;
}

/* ---- the instance ---- */

bool subject_open(struct subject *subject, struct blockstore_settings *settings, struct bs_scope *scope, struct bs_error *error) {
  const struct bs_module *module;

  if (!bs_module_load(&module, subject->candidate, error)) {
    bs_settings_free(settings);
    return false;
  }
  return bs_store_open(&subject->store, module->name, module->name, module->driver, module->driver_size, module->metadata,
                       settings, 1, NULL, scope, error);
}

void subject_close(struct subject *subject) {
  bs_store_close(subject->store);
  subject->store = NULL;
  bs_candidate_free(subject->candidate);
}

const char *subject_strip(const struct subject *subject, const char *text) {
  size_t length = strlen(subject->candidate->name);

  return strncmp(text, subject->candidate->name, length) == 0 && strncmp(text + length, ": ", 2) == 0 ? text + length + 2 : text;
}
