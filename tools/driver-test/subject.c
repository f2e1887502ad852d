/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/driver/elf.h"
#include "core/driver/note.h"
#include "core/driver/options.h"
#include "core/driver/vet.h"

#define SUFFIX ".so"
#define DIRECTORY "@DIR@"
#define BELOW_SCHEME "file" /* of the store below a filter */

/* The parts of the path that the core would know the file by. */
static bool name_candidate(struct bs_candidate *candidate, const char *file, struct bs_error *error) {
  const char *name;
  size_t length;

  candidate->path = realpath(file, NULL);
  if (candidate->path == NULL) return bs_fail_errno(error, "%s: There is no such file", file);
  name = strrchr(candidate->path, '/') + 1;
  length = strlen(name);
  if (length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0) length -= strlen(SUFFIX);
  candidate->name = strndup(name, length);
  candidate->directory = strndup(candidate->path, (size_t)(name - 1 - candidate->path));
  return (candidate->name != NULL && candidate->directory != NULL) || bs_fail_memory(error);
}

/* Its metadata; why they cannot be had is no failure of ours. */
static bool read_candidate(struct bs_candidate *candidate, int fd, struct bs_error *error) {
  char *text BS_AUTO_FREE = NULL;
  struct bs_error refusal = {0};
  struct stat status;
  struct bs_elf elf;
  size_t length;

  if (fstat(fd, &status) < 0) return bs_fail_errno(error, "%s: The file cannot be examined", candidate->path);
  candidate->identity = (struct bs_identity){status.st_dev, status.st_ino, status.st_size, status.st_ctim};
  if (bs_elf_open(&elf, fd, candidate->path, &refusal) && bs_note_read(&text, &length, &elf, &refusal) &&
      bs_metadata_parse(&candidate->metadata, text, length, &refusal))
    return true;
  candidate->refused = strdup(refusal.message);
  return candidate->refused != NULL || bs_fail_memory(error);
}

bool subject_read(struct subject *subject, const char *file, struct bs_error *error) {
  int fd BS_AUTO_CLOSE = open(file, O_RDONLY | O_CLOEXEC);
  const struct bs_metadata *metadata;

  if (fd < 0) return bs_fail_errno(error, "%s: The file cannot be opened", file);
  subject->candidate = calloc(1, sizeof *subject->candidate);
  if (subject->candidate == NULL) return bs_fail_memory(error);
  if (!name_candidate(subject->candidate, file, error) || !read_candidate(subject->candidate, fd, error)) return false;
  metadata = subject->candidate->metadata;
  if (metadata != NULL) subject->traits = (struct traits){metadata->capabilities, metadata->largest, metadata->threads};
  return true;
}

static void free_assignments(struct assignments *assignments) {
  for (size_t i = 0; i < assignments->count; i++) {
    free(assignments->items[i].key);
    free(assignments->items[i].value);
  }
  free(assignments->items);
}

void subject_free(struct subject *subject) {
  if (subject->isolation != NULL) bs_isolation_free(subject->isolation); /* whose the candidate is */
  else bs_candidate_free(subject->candidate);
  bs_candidate_free(subject->exec);
  free_assignments(&subject->options);
  free_assignments(&subject->other);
  for (size_t i = 0; i < subject->filter_count; i++) {
    free(subject->filters[i].name);
    free_assignments(&subject->filters[i].options);
    bs_candidate_free(subject->filters[i].candidate);
  }
  free(subject->filters);
}

bool subject_is_filter(const struct subject *subject) {
  return subject->candidate->metadata != NULL && subject->candidate->metadata->is_filter;
}

bool subject_has_filters(const struct subject *subject) {
  return subject->filter_count > 0 || subject_is_filter(subject);
}

bool subject_is_consistent(const struct subject *subject) {
  return (subject->traits.capabilities & BS_CAPABILITY_CONSISTENT) != 0;
}

uint64_t subject_largest(const struct subject *subject) {
  return subject->traits.largest < subject->largest ? subject->traits.largest : subject->largest;
}

bool subject_is_fresh(const struct subject *subject) {
  if (subject_is_filter(subject)) return true;
  for (size_t i = 0; i < subject->options.count; i++)
    if (strstr(subject->options.items[i].value, DIRECTORY) != NULL) return true;
  return false;
}

bool subject_can_be_apart(const struct subject *subject) {
  return subject->other.count > 0 || subject_is_fresh(subject);
}

static bool has_scheme(const char *url, const char *scheme) {
  size_t length = strlen(scheme);

  return strncasecmp(url, scheme, length) == 0 && url[length] == ':';
}

static bool declares(const struct bs_metadata *metadata, const char *url) {
  for (size_t i = 0; i < metadata->scheme_count; i++)
    if (has_scheme(url, metadata->schemes[i])) return true;
  return false;
}

bool subject_declares(const struct subject *subject, const char *url) {
  for (size_t i = 0; i < subject->filter_count; i++)
    if (declares(subject->filters[i].candidate->metadata, url)) return true;
  return declares(subject->candidate->metadata, url) || (subject_is_filter(subject) && has_scheme(url, BELOW_SCHEME));
}

/* ---- settings: written as the YAML of a store, and read as the core reads that ---- */

static bool is_list(const struct bs_metadata *metadata, const char *key) {
  for (size_t i = 0; i < metadata->option_count; i++)
    if (strcmp(metadata->options[i].key, key) == 0) return metadata->options[i].type == BS_OPTION_LIST;
  return false;
}

static void add_quoted(struct bs_buffer *yaml, const char *text) {
  bs_buffer_byte(yaml, '\'');
  for (; *text != '\0'; text++) {
    if (*text == '\'') bs_buffer_byte(yaml, '\'');
    bs_buffer_byte(yaml, (unsigned char)*text);
  }
  bs_buffer_byte(yaml, '\'');
}

/* ${VAR} stays as it is, @FILE is what the file holds, @DIR@ a directory. */
static void add_value(struct bs_buffer *yaml, const char *value, const char *directory) {
  const char *at = strstr(value, DIRECTORY);

  if (at != NULL) {
    struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
    struct bs_error error;

    bs_buffer_format(&text, "%.*s%s%s", (int)(at - value), value, directory, at + strlen(DIRECTORY));
    if (bs_buffer_ok(&text, &error)) add_quoted(yaml, bs_buffer_string(&text));
  } else if (value[0] == '@') {
    bs_buffer_text(yaml, "{file: ");
    add_quoted(yaml, value + 1);
    bs_buffer_byte(yaml, '}');
  } else if (strncmp(value, "${", 2) == 0) {
    bs_buffer_text(yaml, value);
  } else {
    add_quoted(yaml, value);
  }
}

/* One member of the mapping: all values of this key, of the first assignment that has it on. */
static void add_member(struct bs_buffer *yaml, const struct bs_metadata *metadata, const struct assignments *from,
                       size_t first, const char *directory) {
  const char *key = from->items[first].key;
  bool list = is_list(metadata, key);

  for (size_t i = 0; i < first; i++)
    if (strcmp(from->items[i].key, key) == 0) return;
  add_quoted(yaml, key);
  bs_buffer_format(yaml, ": %s", list ? "[" : "");
  for (size_t i = first; i < from->count; i++) {
    if (strcmp(from->items[i].key, key) != 0) continue;
    if (i > first) bs_buffer_text(yaml, list ? ", " : "\n"); /* twice the key: the reader says so */
    if (i > first && !list) bs_buffer_format(yaml, "%s: ", key);
    add_value(yaml, from->items[i].value, directory);
  }
  bs_buffer_format(yaml, "%s\n", list ? "]" : "");
}

static bool has_key(const struct assignments *assignments, const char *key) {
  for (size_t i = 0; i < assignments->count; i++)
    if (strcmp(assignments->items[i].key, key) == 0) return true;
  return false;
}

/* DIRECTORY/storeNUMBER, made here.  By free(). */
static char *make_place(const char *directory, unsigned number, struct bs_error *error) {
  char *own = NULL;

  if (asprintf(&own, "%s/store%u", directory, number) < 0) {
    bs_fail_memory(error);
    return NULL;
  }
  if (mkdir(own, 0700) == 0 || errno == EEXIST) return own;
  bs_fail_errno(error, "%s: The directory cannot be made", own);
  free(own);
  return NULL;
}

static bool read_yaml(struct blockstore_settings **ret_settings, const struct bs_metadata *metadata, struct bs_buffer *yaml,
                      const char *file, struct bs_error *error) {
  const struct bs_options_place place = {.file = file};
  struct bs_yaml *root = NULL;
  bool good;

  if (!bs_buffer_ok(yaml, error) || !bs_yaml_read(&root, yaml->bytes, yaml->length, file, error)) return false;
  good = bs_options_read(ret_settings, metadata, root, &place, error);
  bs_yaml_free(root);
  return good;
}

bool subject_filter_settings(struct blockstore_settings **ret_settings, const struct filter *filter, const char *directory,
                             unsigned number, struct bs_error *error) {
  const struct bs_metadata *metadata = filter->candidate->metadata;
  struct bs_buffer yaml BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char *own BS_AUTO_FREE = make_place(directory, number, error);

  if (own == NULL) return false;
  for (size_t i = 0; i < filter->options.count; i++) add_member(&yaml, metadata, &filter->options, i, own);
  return read_yaml(ret_settings, metadata, &yaml, filter->name, error);
}

bool subject_settings(struct blockstore_settings **ret_settings, const struct subject *subject, const char *directory,
                      unsigned number, const char *without, const struct assignment *instead, struct bs_error *error) {
  const struct assignments none = {NULL, 0}, *other = number == 1 ? &none : &subject->other;
  struct assignment replacement = instead == NULL ? (struct assignment){NULL, NULL} : *instead;
  const struct assignments one = {&replacement, instead == NULL ? 0 : 1};
  struct bs_buffer yaml BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_metadata *metadata = subject->candidate->metadata;
  char *own BS_AUTO_FREE = make_place(directory, number, error);

  if (own == NULL) return false;
  for (size_t i = 0; i < subject->options.count; i++) {
    const char *key = subject->options.items[i].key;

    if (has_key(other, key) || has_key(&one, key) || (without != NULL && strcmp(without, key) == 0)) continue;
    add_member(&yaml, metadata, &subject->options, i, own);
  }
  for (size_t i = 0; i < other->count; i++)
    if (!has_key(&one, other->items[i].key)) add_member(&yaml, metadata, other, i, own);
  if (one.count > 0) add_member(&yaml, metadata, &one, 0, own);
  return read_yaml(ret_settings, metadata, &yaml, "options", error);
}

bool subject_load(const struct bs_module **ret_module, const struct subject *subject, struct bs_error *error) {
  if (subject->candidate->metadata == NULL) return bs_fail(error, BS_WORD_driver, "%s", subject->candidate->refused);
  return bs_module_load(ret_module, subject->candidate, error);
}
