/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/environment.h"
#include "core/base/file.h"
#include "core/base/nearest.h"
#include "core/codec/json.h"

#define SECRET_MAX (64u << 10) /* bytes of a file with a secret */

/* What the readers of one value share. */
struct reader {
  struct blockstore_settings *settings;
  const struct bs_metadata *metadata;
  const struct bs_options_place *place;
  const struct bs_option *option;
};

static bool at_node(const struct reader *reader, const struct bs_yaml *node, struct bs_error *error) {
  return bs_context(error, "%s:%u:%u", reader->place->file, node->line, node->column);
}

/* The value as it was written is shown, never what a variable held: it may be a secret in the wrong place. */
static bool fail_expected(const struct reader *reader, const struct bs_yaml *node, struct bs_error *error) {
  const struct bs_option *option = reader->option;
  char text[BS_EXPECTED_SIZE];
  const char *expected = bs_option_expected(text, option->type, option->values);

  if (node->kind == BS_YAML_SCALAR && !bs_yaml_is_null(node))
    bs_fail(error, BS_WORD_config, "The option \"%s\" must be %s, not \"%.100s\".", option->key, expected, node->text);
  else
    bs_fail(error, BS_WORD_config, "The option \"%s\" must be %s, not %s.", option->key, expected,
            node->kind == BS_YAML_SCALAR     ? "nothing"
            : node->kind == BS_YAML_SEQUENCE ? "a list"
                                             : "a mapping");
  return at_node(reader, node, error);
}

/* What drivers are promised of texts. */
static bool is_text(const char *text) {
  for (const char *at = text; *at != '\0'; at++)
    if ((unsigned char)*at < 0x20 || *at == 0x7f) return false;
  return bs_utf8_valid(text, strlen(text));
}

static bool check_text(const struct reader *reader, const char *text, struct bs_error *error) {
  if (is_text(text)) return true;
  return bs_fail(error, BS_WORD_config, "The option \"%s\" has a control character in its value, or is not UTF-8.",
                 reader->option->key);
}

static bool add(const struct reader *reader, const char *text, int64_t number, struct bs_error *error) {
  return bs_settings_add(reader->settings, reader->option->key, reader->option->type, text, number, error);
}

/* A number's canonical text is decimal, in bytes or milliseconds; a bool's is the word. */
static bool add_value(const struct reader *reader, const char *text, int64_t number, struct bs_error *error) {
  char canonical[32], *path BS_AUTO_FREE = NULL;
  enum bs_option_type type = reader->option->type;

  if (type == BS_OPTION_PATH) {
    path = bs_file_expand(text, reader->place->directory, error);
    return path != NULL && add(reader, path, 0, error);
  }
  if (type != BS_OPTION_INT && type != BS_OPTION_SIZE && type != BS_OPTION_DURATION)
    return add(reader, text, number, error);
  snprintf(canonical, sizeof canonical, "%" PRId64, number);
  return add(reader, canonical, number, error);
}

static bool read_scalar(const struct reader *reader, const struct bs_yaml *node, struct bs_error *error) {
  const char *text;
  int64_t number;

  if (node->kind != BS_YAML_SCALAR || bs_yaml_is_null(node)) return fail_expected(reader, node, error);
  text = bs_environment_expand(node->text, error);
  if (text == NULL) return at_node(reader, node, error);
  if (!bs_option_number(&number, reader->option->type, text, reader->option->values))
    return fail_expected(reader, node, error);
  if (check_text(reader, text, error) && add_value(reader, text, number, error)) return true;
  return at_node(reader, node, error);
}

static bool read_list(const struct reader *reader, const struct bs_yaml *node, struct bs_error *error) {
  if (node->kind != BS_YAML_SEQUENCE) return fail_expected(reader, node, error);
  if (node->count == 0) return add(reader, NULL, 0, error);
  for (size_t i = 0; i < node->count; i++)
    if (!read_scalar(reader, node->values[i], error)) return false;
  return true;
}

static bool read_secret_file(const struct reader *reader, const struct bs_yaml *node, struct bs_error *error) {
  struct bs_buffer secret BS_AUTO_SECRET = BS_BUFFER_INIT;
  const char *name = bs_environment_expand(node->text, error);
  char *path BS_AUTO_FREE = name == NULL ? NULL : bs_file_expand(name, reader->place->directory, error);

  if (path == NULL) return false;
  if (!bs_file_read_secret(&secret, path, SECRET_MAX, error)) { /* its absence is no absence of data */
    if (error->word == BS_WORD_not_found) bs_fail(error, BS_WORD_config, "%s: There is no such file.", path);
    return false;
  }
  if (secret.length > 0 && secret.bytes[secret.length - 1] == '\n') secret.length--;
  if (secret.length > 0 && secret.bytes[secret.length - 1] == '\r') secret.length--;
  if (secret.length == 0) return bs_fail(error, BS_WORD_config, "%s: The file with a secret is empty.", path);
  if (memchr(secret.bytes, '\0', secret.length) != NULL)
    return bs_fail(error, BS_WORD_config, "%s: The file with a secret has a NUL in it.", path);
  if (bs_buffer_string(&secret) == NULL) return bs_fail_memory(error);
  if (!check_text(reader, (const char *)secret.bytes, error)) return bs_context(error, "%s", path);
  return add(reader, (const char *)secret.bytes, 0, error);
}

/* A secret in the file itself would be read by whoever reads the configuration, and printed by whoever shows it. */
static bool read_secret(const struct reader *reader, const struct bs_yaml *node, struct bs_error *error) {
  const struct bs_yaml *file = node->kind == BS_YAML_MAPPING && node->count == 1 ? bs_yaml_find(node, "file") : NULL;
  const char *text;

  if (file != NULL && file->kind == BS_YAML_SCALAR && !bs_yaml_is_null(file))
    return read_secret_file(reader, file, error) || at_node(reader, file, error);
  if (node->kind != BS_YAML_SCALAR || !bs_environment_is_reference(node->text)) {
    bs_fail(error, BS_WORD_config,
            "The option \"%s\" is a secret and does not stand in this file: write ${VARIABLE} or {file: PATH}.",
            reader->option->key);
    return at_node(reader, node, error);
  }
  text = bs_environment_expand(node->text, error);
  if (text != NULL && text[0] == '\0')
    bs_fail(error, BS_WORD_config, "The option \"%s\" is a secret, and %s is empty.", reader->option->key, node->text);
  if (text != NULL && text[0] != '\0' && check_text(reader, text, error) && add(reader, text, 0, error)) return true;
  return at_node(reader, node, error);
}

/* The driver's own value; the metadata's parser has checked its type. */
static bool add_initial(const struct reader *reader, struct bs_error *error) {
  const struct bs_option *option = reader->option;
  char *items BS_AUTO_FREE = strdup(option->initial), *rest = items, *item;
  int64_t number = 0;

  if (items == NULL) return bs_fail_memory(error);
  if (option->type != BS_OPTION_LIST) {
    bs_option_number(&number, option->type, option->initial, option->values);
    return add_value(reader, option->initial, number, error);
  }
  while ((item = strsep(&rest, ",")) != NULL)
    if (!add(reader, item, 0, error)) return false;
  return true;
}

static bool read_option(const struct reader *reader, const struct bs_yaml *store, struct bs_error *error) {
  const struct bs_option *option = reader->option;
  const struct bs_yaml *node = bs_yaml_find(store, option->key);

  if (node == NULL && option->required) {
    char text[BS_EXPECTED_SIZE];

    bs_fail(error, BS_WORD_config, "The driver %s needs the option \"%s\" here, %s: %s", reader->metadata->name, option->key,
            bs_option_expected(text, option->type, option->values), option->help);
    return at_node(reader, store, error);
  }
  if (node == NULL) return option->initial[0] == '\0' || add_initial(reader, error) || at_node(reader, store, error);
  if (option->type == BS_OPTION_SECRET) return read_secret(reader, node, error);
  if (option->type == BS_OPTION_LIST) return read_list(reader, node, error);
  return read_scalar(reader, node, error);
}

/* All keys that a store of this driver can have, by free(): the options first, then the core's. */
static const char **known_keys(const struct reader *reader, size_t *ret_count) {
  const struct bs_metadata *metadata = reader->metadata;
  size_t count = metadata->option_count + reader->place->core_key_count;
  const char **keys = calloc(count + 1, sizeof *keys);

  if (keys == NULL) return NULL;
  for (size_t i = 0; i < metadata->option_count; i++) keys[i] = metadata->options[i].key;
  for (size_t i = metadata->option_count; i < count; i++)
    keys[i] = reader->place->core_keys[i - metadata->option_count];
  *ret_count = count;
  return keys;
}

static bool is_one_of(const char *key, const char *const *keys, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(keys[i], key) == 0) return true;
  return false;
}

static bool fail_unknown(const struct reader *reader, const struct bs_yaml *key, const char *const *keys, size_t count,
                         struct bs_error *error) {
  const char *nearest = bs_nearest(key->text, keys, count);
  struct bs_buffer options BS_AUTO_BUFFER = BS_BUFFER_INIT;

  for (size_t i = 0; i < reader->metadata->option_count; i++)
    bs_buffer_format(&options, "%s%s", i == 0 ? "" : ", ", keys[i]);
  if (!bs_buffer_ok(&options, error)) return false;
  bs_fail(error, BS_WORD_config, "The driver %s has no option \"%.100s\"%s%s%s  Its options: %s.",
          reader->metadata->name, key->text, nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
          nearest == NULL ? "." : "\"?", options.length == 0 ? "none" : bs_buffer_string(&options));
  return at_node(reader, key, error);
}

static bool check_keys(const struct reader *reader, const struct bs_yaml *store, struct bs_error *error) {
  size_t count = 0;
  const char **keys BS_AUTO_FREE = known_keys(reader, &count);

  if (keys == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < store->count; i++)
    if (!is_one_of(store->keys[i]->text, keys, count)) return fail_unknown(reader, store->keys[i], keys, count, error);
  return true;
}

bool bs_options_read(struct blockstore_settings **ret_settings, const struct bs_metadata *metadata,
                     const struct bs_yaml *store, const struct bs_options_place *place, struct bs_error *error) {
  struct reader reader = {.metadata = metadata, .place = place};
  bool good;

  if (!bs_settings_new(&reader.settings, error)) return false;
  good = check_keys(&reader, store, error);
  for (size_t i = 0; i < metadata->option_count && good; i++) {
    reader.option = &metadata->options[i];
    good = read_option(&reader, store, error);
  }
  if (good)
    *ret_settings = reader.settings;
  else
    bs_settings_free(reader.settings);
  return good;
}
