/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/metadata.h"

#include <stdlib.h>
#include <string.h>

#include <blockstore/driver.h>

#include "core/codec/json.h"
#include "core/driver/value.h"
#include "core/driver/vet.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool is_scheme(const char *text) {
  return text[0] >= 'a' && text[0] <= 'z' && strspn(text, LOWER DIGITS "+.-") == strlen(text);
}

static bool read_number(uint64_t *ret_number, const char *text, uint64_t most) {
  uint64_t number = 0;

  if (text[0] == '\0' || strspn(text, DIGITS) != strlen(text)) return false;
  for (; *text != '\0'; text++)
    if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
      return false;
  if (number > most) return false;
  *ret_number = number;
  return true;
}

static bool read_small(uint16_t *ret_number, const char *text) {
  uint64_t number;

  if (!read_number(&number, text, UINT16_MAX)) return false;
  *ret_number = (uint16_t)number;
  return true;
}

const struct bs_metadata_word bs_threads_words[] = {
    {"serial", BS_THREADS_SERIAL}, {"instance", BS_THREADS_INSTANCE}, {"parallel", BS_THREADS_PARALLEL}, {NULL, 0}};
const struct bs_metadata_word bs_capability_words[] = {{"durable", BS_CAPABILITY_DURABLE},
                                                       {"expires", BS_CAPABILITY_EXPIRES},
                                                       {"public", BS_CAPABILITY_PUBLIC},
                                                       {"local", BS_CAPABILITY_LOCAL},
                                                       {"consistent", BS_CAPABILITY_CONSISTENT},
                                                       {"read-only", BS_CAPABILITY_READ_ONLY},
                                                       {"changes", BS_CAPABILITY_CHANGES},
                                                       {NULL, 0}};
const struct bs_metadata_word bs_needs_words[] = {
    {"network", BS_NEEDS_NETWORK}, {"programs", BS_NEEDS_PROGRAMS}, {"hashes", BS_NEEDS_HASHES}, {NULL, 0}};

/* The row with this text, or NULL; the table ends with a NULL text. */
static const struct bs_metadata_word *choose(const struct bs_metadata_word *table, const char *text) {
  for (; table->text != NULL; table++)
    if (strcmp(table->text, text) == 0) return table;
  return NULL;
}

/* Each reads the value of one kind of line and answers whether it is good. */

static bool read_name(struct bs_metadata *metadata, char *value) {
  metadata->name = value;
  return bs_vet_is_name(value);
}

static bool read_abi(struct bs_metadata *metadata, char *value) {
  char *minor = value;

  strsep(&minor, ".");
  return minor != NULL && read_small(&metadata->abi_major, value) && read_small(&metadata->abi_minor, minor);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as every reader of a line takes it */
static bool read_version(struct bs_metadata *metadata, char *value) {
  metadata->version = value;
  return value[0] != '\0';
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as above */
static bool read_description(struct bs_metadata *metadata, char *value) {
  metadata->description = value;
  return true;
}

static bool read_largest(struct bs_metadata *metadata, char *value) {
  return read_number(&metadata->largest, value, UINT64_MAX);
}

static bool read_min_host_minor(struct bs_metadata *metadata, char *value) {
  return read_small(&metadata->min_host_minor, value);
}

static bool read_kind(struct bs_metadata *metadata, char *value) {
  metadata->is_filter = true;
  return strcmp(value, "filter") == 0;
}

static bool read_threads(struct bs_metadata *metadata, char *value) {
  const struct bs_metadata_word *found = choose(bs_threads_words, value);

  if (found != NULL) metadata->threads = (enum bs_threads)found->value;
  return found != NULL;
}

static bool read_capability(struct bs_metadata *metadata, char *value) {
  const struct bs_metadata_word *found = choose(bs_capability_words, value);

  if (found != NULL) metadata->capabilities |= found->value;
  return found != NULL;
}

static bool read_needs(struct bs_metadata *metadata, char *value) {
  const struct bs_metadata_word *found = choose(bs_needs_words, value);

  if (found != NULL) metadata->needs |= found->value;
  return found != NULL;
}

static bool read_scheme(struct bs_metadata *metadata, char *value) {
  if (!is_scheme(value) || metadata->scheme_count == BS_METADATA_SCHEMES_MAX) return false;
  metadata->schemes[metadata->scheme_count++] = value;
  return true;
}

static bool read_type(struct bs_option *option, char *text) {
  char *values = text;

  strsep(&values, ":");
  option->values = values == NULL ? "" : values;
  for (enum bs_option_type type = BS_OPTION_STRING; type <= BS_OPTION_ENUM; type++) {
    if (strcmp(bs_option_type_text(type), text) != 0) continue;
    option->type = type;
    return (type == BS_OPTION_ENUM) == (option->values[0] != '\0');
  }
  return false;
}

static bool read_need(struct bs_option *option, const char *text) {
  option->required = strcmp(text, "required") == 0;
  return option->required || strcmp(text, "optional") == 0;
}

/* What is required has no initial value, and a secret that everyone can read is none. */
static bool initial_is_good(const struct bs_option *option) {
  int64_t number;

  if (option->initial[0] == '\0') return true;
  if (option->required || option->type == BS_OPTION_SECRET) return false;
  return bs_option_number(&number, option->type, option->initial, option->values);
}

static bool key_is_free(const struct bs_metadata *metadata, const char *key) {
  static const struct bs_metadata_word of_the_core[] = {{"name", 0},     {"driver", 0}, {"inline", 0},      {"durable", 0},
                                                       {"isolate", 0},  {"filter", 0}, {"filters", 0},     {"sha256", 0},
                                                       /* and kept for it: */
                                                       {"timeouts", 0}, {"limits", 0}, {"replication", 0}, {NULL, 0}};

  if (choose(of_the_core, key) != NULL) return false;
  for (size_t i = 0; i < metadata->option_count; i++)
    if (strcmp(metadata->options[i].key, key) == 0) return false;
  return true;
}

/* key TAB type TAB need TAB initial TAB help */
static bool read_option(struct bs_metadata *metadata, char *value) {
  struct bs_option option = {0};
  char *fields[5];

  for (size_t i = 0; i < 5; i++)
    if ((fields[i] = strsep(&value, "\t")) == NULL) return false;
  if (value != NULL || metadata->option_count == BS_METADATA_OPTIONS_MAX) return false;
  option.key = fields[0];
  option.initial = fields[3];
  option.help = fields[4];
  if (!bs_vet_is_name(option.key) || !key_is_free(metadata, option.key)) return false;
  if (!read_type(&option, fields[1]) || !read_need(&option, fields[2]) || !initial_is_good(&option)) return false;
  metadata->options[metadata->option_count++] = option;
  return true;
}

static const struct line {
  const char *key;
  bool once;
  bool grows; /* a value that only a later ABI has may be passed over: the driver does without it here */
  bool (*read)(struct bs_metadata *metadata, char *value);
  const char *expected;
} lines[] = {
    {"name", true, false, read_name, "a lower-case letter, then at most 30 letters, digits and _"},
    {"abi", true, false, read_abi, "MAJOR.MINOR"},
    {"version", true, false, read_version, "a text"},
    {"description", true, false, read_description, "a text"},
    {"scheme", false, false, read_scheme, "a URL scheme in lower case, and no more than 64 of them"},
    {"largest", true, false, read_largest, "a number of bytes"},
    {"min-host-minor", true, false, read_min_host_minor, "a number up to 65535"},
    {"kind", true, false, read_kind, "filter"},
    {"threads", true, true, read_threads, "serial, instance or parallel"},
    {"capability", false, true, read_capability, "durable, expires, public, local, consistent, read-only or changes"},
    {"needs", false, true, read_needs, "network, programs or hashes"},
    {"option", false, false, read_option,
     "a key that is new and not the core's, its type, its need, an initial value of that type, a help text, and at "
     "most 256 options"},
};
#define LINE_COUNT (sizeof lines / sizeof lines[0])

static bool is_later(const struct bs_metadata *metadata) {
  if (metadata->abi_major != BLOCKSTORE_ABI_MAJOR) return metadata->abi_major > BLOCKSTORE_ABI_MAJOR;
  return metadata->abi_minor > BLOCKSTORE_ABI_MINOR;
}

static bool refuse_value(const struct bs_metadata *metadata, const struct line *line, const char *value,
                         struct bs_error *error) {
  if (is_later(metadata))
    return bs_fail(error, BS_WORD_driver,
                   "The driver was built for ABI %u.%u and this is %u.%u, which does not know the %s \"%.100s\" of its "
                   "metadata: install a newer Blockstore.",
                   metadata->abi_major, metadata->abi_minor, BLOCKSTORE_ABI_MAJOR, BLOCKSTORE_ABI_MINOR, line->key, value);
  return bs_fail(error, BS_WORD_driver, "The metadata's %s line has the bad value \"%.100s\"; expected: %s.", line->key,
                 value, line->expected);
}

/* `line`: KEY=VALUE; cut at the '='.  `seen`: a bit for each row of `lines` that was met. */
static bool read_line(struct bs_metadata *metadata, unsigned *seen, char *line, struct bs_error *error) {
  char *value = line;

  strsep(&value, "=");
  if (value == NULL) return bs_fail(error, BS_WORD_driver, "The metadata's line \"%.100s\" is not KEY=VALUE.", line);
  for (size_t i = 0; i < LINE_COUNT; i++) {
    if (strcmp(lines[i].key, line) != 0) continue;
    if (lines[i].once && (*seen & 1u << i) != 0)
      return bs_fail(error, BS_WORD_driver, "The metadata has a second %s line, \"%.100s\".", line, value);
    *seen |= 1u << i;
    if (lines[i].read(metadata, value) || (lines[i].grows && is_later(metadata))) return true;
    return refuse_value(metadata, &lines[i], value, error);
  }
  return true;
}

static bool check_text(const char *text, size_t length, struct bs_error *error) {
  if (length > BS_METADATA_MAX)
    return bs_fail(error, BS_WORD_driver, "The metadata has more than the %u bytes allowed.", BS_METADATA_MAX);
  if (length == 0 || text[length - 1] != '\n')
    return bs_fail(error, BS_WORD_driver, "The metadata is empty or cut off: its last line has no end.");
  for (size_t i = 0; i < length; i++)
    if (((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') || text[i] == 0x7f)
      return bs_fail(error, BS_WORD_driver, "The metadata has a control character at byte %zu.", i);
  if (!bs_utf8_valid(text, length)) return bs_fail(error, BS_WORD_driver, "The metadata is not UTF-8.");
  return true;
}

static struct bs_metadata *make(const char *text, size_t length) {
  struct bs_metadata *metadata = calloc(1, sizeof *metadata);

  if (metadata == NULL) return NULL;
  metadata->largest = UINT64_MAX;
  metadata->description = "";
  metadata->text = strndup(text, length);
  metadata->pieces = strndup(text, length);
  metadata->schemes = calloc(BS_METADATA_SCHEMES_MAX, sizeof *metadata->schemes);
  metadata->options = calloc(BS_METADATA_OPTIONS_MAX, sizeof *metadata->options);
  if (metadata->text != NULL && metadata->pieces != NULL && metadata->schemes != NULL && metadata->options != NULL)
    return metadata;
  bs_metadata_free(metadata);
  return NULL;
}

static bool read_lines(struct bs_metadata *metadata, struct bs_error *error) {
  char *rest = metadata->pieces, *line;
  unsigned seen = 0;

  while ((line = strsep(&rest, "\n")) != NULL && rest != NULL)
    if (!read_line(metadata, &seen, line, error)) return false;
  for (size_t i = 0; i < 3; i++) /* name, abi, version */
    if ((seen & 1u << i) == 0) return bs_fail(error, BS_WORD_driver, "The metadata has no %s line.", lines[i].key);
  if (metadata->is_filter && metadata->threads == BS_THREADS_SERIAL) /* the upper of two would hold the lower's turn */
    return bs_fail(error, BS_WORD_driver,
                   "A filter cannot be threads=serial, as it may stand in a store twice; threads=instance or threads=parallel.");
  return true;
}

bool bs_metadata_parse(struct bs_metadata **ret_metadata, const char *text, size_t length, struct bs_error *error) {
  struct bs_metadata *metadata;

  if (!check_text(text, length, error)) return false;
  metadata = make(text, length);
  if (metadata == NULL) return bs_fail_memory(error);
  if (!read_lines(metadata, error)) {
    bs_metadata_free(metadata);
    return false;
  }
  *ret_metadata = metadata;
  return true;
}

bool bs_metadata_may_stand(const struct bs_metadata *above, const struct bs_metadata *below) {
  if ((above->capabilities & BS_CAPABILITY_CHANGES) == 0) return true;
  return (below->needs & BS_NEEDS_HASHES) == 0 && strcmp(above->name, below->name) != 0;
}

void bs_metadata_free(struct bs_metadata *metadata) {
  if (metadata == NULL) return;
  free(metadata->text);
  free(metadata->pieces);
  free(metadata->schemes);
  free(metadata->options);
  free(metadata);
}
