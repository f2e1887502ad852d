/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/catalog.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <blockstore/driver.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/nearest.h"
#include "core/driver/note.h"
#include "core/driver/rows.h"

#define NAME_RULE "a lower-case letter, then at most 30 lower-case letters, digits and _"
#define SUFFIX ".so"
#define SUFFIX_LENGTH (sizeof SUFFIX - 1)

void bs_candidate_free(struct bs_candidate *candidate) {
  if (candidate == NULL) return;
  free(candidate->name);
  free(candidate->path);
  free(candidate->directory);
  bs_metadata_free(candidate->metadata);
  bs_libraries_free(candidate->libraries);
  free(candidate->refused);
  free(candidate->shadowed_by);
  free(candidate);
}

static void free_candidate(struct bs_candidate **candidate) {
  bs_candidate_free(*candidate);
}

void bs_catalog_free(struct bs_catalog *catalog) {
  if (catalog == NULL) return;
  for (size_t i = 0; i < catalog->candidate_count; i++) bs_candidate_free(catalog->candidates[i]);
  for (size_t i = 0; i < catalog->directory_count; i++) {
    free(catalog->directories[i].path);
    free(catalog->directories[i].refused);
  }
  free(catalog->candidates);
  free(catalog->directories);
  free(catalog);
}

/* The candidate for the file NAME.so, not yet looked at. */
static struct bs_candidate *new_candidate(const char *directory, const char *name, struct bs_error *error) {
  struct bs_candidate *candidate = calloc(1, sizeof *candidate);

  if (candidate != NULL) {
    candidate->name = strdup(name);
    candidate->directory = strdup(directory);
    if (asprintf(&candidate->path, "%s/%s" SUFFIX, strcmp(directory, "/") == 0 ? "" : directory, name) < 0)
      candidate->path = NULL;
    if (candidate->name != NULL && candidate->directory != NULL && candidate->path != NULL) return candidate;
  }
  bs_candidate_free(candidate);
  bs_fail_memory(error);
  return NULL;
}

/* As good as a file that was looked at: it was checked when it was handed in. */
static struct bs_candidate *builtin_candidate(const struct bs_builtin *builtin, struct bs_error *error) {
  const char *text = builtin->registration->metadata;
  struct bs_candidate *candidate = calloc(1, sizeof *candidate);

  if (candidate != NULL) {
    candidate->builtin = builtin;
    candidate->name = strdup(builtin->name);
    candidate->path = strdup(BS_BUILTIN_PATH);
    if (candidate->name != NULL && candidate->path != NULL &&
        bs_metadata_parse(&candidate->metadata, text, strlen(text), error))
      return candidate;
  }
  bs_candidate_free(candidate);
  bs_fail_memory(error); /* the text was parsed before */
  return NULL;
}

static bool check_metadata(const struct bs_candidate *candidate, struct bs_error *error) {
  const struct bs_metadata *metadata = candidate->metadata;

  if (strcmp(metadata->name, candidate->name) != 0)
    return bs_refuse(error, other_name, "The driver in it is called %s: rename the file to %s.so.", metadata->name,
                     metadata->name);
  return bs_vet_abi((struct bs_abi){BLOCKSTORE_ABI_MAJOR, BLOCKSTORE_ABI_MINOR},
                    (struct bs_abi){metadata->abi_major, metadata->abi_minor}, metadata->min_host_minor, error);
}

static bool read_metadata(struct bs_candidate *candidate, const char *text, size_t length, struct bs_error *error) {
  if (!bs_metadata_parse(&candidate->metadata, text, length, error)) {
    bs_by_rule(error, BS_RULE_metadata);
    return bs_context(error, "%s", candidate->path);
  }
  return check_metadata(candidate, error) || bs_context(error, "%s", candidate->path);
}

/* Vets the file and reads what it says of itself.  On failure the candidate has as much of it as was found out. */
static bool look(struct bs_candidate *candidate, struct bs_error *error) {
  char *text BS_AUTO_FREE = NULL;
  int fd BS_AUTO_CLOSE = -1;
  struct bs_elf elf;
  size_t length;

  if (!bs_vet_is_name(candidate->name))
    return bs_refuse(error, name, "%s: The file has no driver's name: " NAME_RULE ", then .so.", candidate->path);
  return bs_vet_open(&fd, &candidate->identity, candidate->path, error) &&
         bs_elf_open(&elf, fd, candidate->path, error) && bs_note_read(&text, &length, &elf, error) &&
         read_metadata(candidate, text, length, error);
}

/* What was refused, and by which rule; false: for want of memory. */
static bool take_refusal(char **ret_refused, enum bs_rule *ret_rule, const struct bs_error *refusal, struct bs_error *error) {
  if (refusal->word != BS_WORD_no_memory) *ret_refused = strdup(refusal->message);
  *ret_rule = (enum bs_rule)refusal->rule;
  return *ret_refused != NULL || bs_fail_memory(error);
}

/* Like look, but a refusal becomes the candidate's; false only for want of memory. */
static bool judge(struct bs_candidate *candidate, struct bs_error *error) {
  struct bs_error refusal = {0};

  return look(candidate, &refusal) || take_refusal(&candidate->refused, &candidate->rule, &refusal, error);
}

static bool append_candidate(struct bs_catalog *catalog, struct bs_candidate *candidate, struct bs_error *error) {
  struct bs_candidate **grown = reallocarray(catalog->candidates, catalog->candidate_count + 1, sizeof *grown);

  if (grown == NULL) return bs_fail_memory(error);
  catalog->candidates = grown;
  grown[catalog->candidate_count++] = candidate;
  return true;
}

/* Who decides about the name: the first that is there already, or a directory of which that cannot be known. */
static bool set_shadow(const struct bs_catalog *catalog, struct bs_candidate *candidate, struct bs_error *error) {
  const char *earlier = NULL;

  for (size_t i = 0; i < catalog->candidate_count && earlier == NULL; i++)
    if (strcmp(catalog->candidates[i]->name, candidate->name) == 0) earlier = catalog->candidates[i]->path;
  for (size_t i = 0; i < catalog->directory_count && earlier == NULL; i++)
    if (catalog->directories[i].refused != NULL && catalog->directories[i].rule != BS_RULE_missing)
      earlier = catalog->directories[i].path;
  if (earlier == NULL) return true;
  candidate->shadowed_by = strdup(earlier);
  return candidate->shadowed_by != NULL || bs_fail_memory(error);
}

static bool add_builtins(struct bs_catalog *catalog, const char *only, struct bs_error *error) {
  const struct bs_builtin *builtin;

  for (size_t i = 0; (builtin = bs_builtin_at(i)) != NULL; i++) {
    struct bs_candidate *candidate BS_AUTO(free_candidate) = NULL;

    if (only != NULL && strcmp(builtin->name, only) != 0) continue;
    candidate = builtin_candidate(builtin, error);
    if (candidate == NULL || !append_candidate(catalog, candidate, error)) return false;
    candidate = NULL;
  }
  return true;
}

/* Adds NAME.so, if it is there. */
static bool add_candidate(struct bs_catalog *catalog, const char *directory, const char *name, struct bs_error *error) {
  struct bs_candidate *candidate BS_AUTO(free_candidate) = new_candidate(directory, name, error);

  if (candidate == NULL || !judge(candidate, error)) return false;
  if (candidate->rule == BS_RULE_missing) return true;
  if (!set_shadow(catalog, candidate, error) || !append_candidate(catalog, candidate, error)) return false;
  candidate = NULL;
  return true;
}

static bool has_suffix(const char *entry) {
  size_t length = strlen(entry);

  return length > SUFFIX_LENGTH && strcmp(entry + length - SUFFIX_LENGTH, SUFFIX) == 0;
}

static int is_wanted(const struct dirent *entry) {
  return has_suffix(entry->d_name);
}

/* The wanted entry's name without .so, in its place. */
static const char *cut_suffix(struct dirent *entry) {
  entry->d_name[strlen(entry->d_name) - SUFFIX_LENGTH] = '\0';
  return entry->d_name;
}

static void free_entries(struct dirent **entries, int count) {
  for (int i = 0; i < count; i++) free(entries[i]);
  free(entries);
}

static bool scan(struct bs_catalog *catalog, const char *directory, struct bs_error *error) {
  struct dirent **entries;
  int count = scandir(directory, &entries, is_wanted, bs_file_compare_names);
  bool good = true;

  if (count < 0) return bs_fail_errno(error, "%s: The directory of drivers cannot be read", directory);
  for (int i = 0; i < count && good; i++) good = add_candidate(catalog, directory, cut_suffix(entries[i]), error);
  free_entries(entries, count);
  return good;
}

/*
 * `only`: the one driver asked for, or NULL.  It is opened as for loading, which asks of the directory only that it can
 * be searched, not that it can be listed.
 */
static bool add_files(struct bs_catalog *catalog, const char *directory, const char *only, struct bs_error *error) {
  if (only == NULL) return scan(catalog, directory, error);
  return !bs_vet_is_name(only) || add_candidate(catalog, directory, only, error);
}

/* Was something found in this directory, by another spelling of it?  Its files do not shadow themselves. */
static bool is_searched(const struct bs_catalog *catalog, const char *real) {
  for (size_t i = 0; i < catalog->candidate_count; i++)
    if (catalog->candidates[i]->directory != NULL && strcmp(catalog->candidates[i]->directory, real) == 0) return true;
  return false;
}

/* False only for want of memory: any other trouble becomes the directory's. */
static bool search_directory(struct bs_catalog *catalog, const char *path, const char *only, struct bs_error *error) {
  struct bs_directory *directory = &catalog->directories[catalog->directory_count];
  char *real BS_AUTO_FREE = NULL;
  struct bs_error trouble = {0};

  directory->path = strdup(path);
  if (directory->path == NULL) return bs_fail_memory(error);
  catalog->directory_count++;
  if (bs_vet_directory(&real, path, &trouble) && (is_searched(catalog, real) || add_files(catalog, real, only, &trouble)))
    return true;
  return take_refusal(&directory->refused, &directory->rule, &trouble, error);
}

static bool search(struct bs_catalog **ret_catalog, const char *const *directories, size_t count, const char *only,
                   struct bs_error *error) {
  struct bs_catalog *catalog BS_AUTO_CATALOG = calloc(1, sizeof *catalog);

  if (catalog == NULL) return bs_fail_memory(error);
  catalog->directories = calloc(count + 1, sizeof *catalog->directories);
  if (catalog->directories == NULL) return bs_fail_memory(error);
  if (!add_builtins(catalog, only, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!search_directory(catalog, directories[i], only, error)) return false;
  *ret_catalog = catalog;
  catalog = NULL;
  return true;
}

bool bs_catalog_list(struct bs_catalog **ret_catalog, const char *const *directories, size_t count,
                     struct bs_error *error) {
  return search(ret_catalog, directories, count, NULL, error);
}

static bool read_libraries(struct bs_candidate *candidate, struct bs_error *error) {
  int fd BS_AUTO_CLOSE = -1;
  struct bs_identity identity;
  struct bs_elf elf;

  return bs_vet_open(&fd, &identity, candidate->path, error) && bs_elf_open(&elf, fd, candidate->path, error) &&
         bs_libraries_read(&candidate->libraries, &elf, error);
}

/* One that needs what is not there counts as refused, too, and one that cannot be read a second time; one whose dynamic
 * section is not understood does not: loading it asks the dynamic linker alone. */
static bool search_libraries(struct bs_candidate *candidate, struct bs_error *error) {
  struct bs_error refusal = {0};
  const struct bs_libraries *libraries;
  size_t i = 0;

  if (candidate->refused != NULL || candidate->builtin != NULL) return true;
  if (!read_libraries(candidate, &refusal)) {
    if (refusal.word == BS_WORD_no_memory) return bs_fail_memory(error);
    if (refusal.rule == BS_RULE_unreadable) return take_refusal(&candidate->refused, &candidate->rule, &refusal, error);
    bs_log(BS_LOG_DEBUG, "what the driver needs is not known: %s", refusal.message);
    return true;
  }
  libraries = candidate->libraries;
  if (!bs_libraries_search(candidate->libraries, candidate->directory, error)) return false;
  while (i < libraries->count && libraries->items[i].missing == NULL) i++;
  if (i == libraries->count) return true;
  bs_refuse(&refusal, library,
            "%s: The driver needs the library %s, which is not found (%s): install the package that has it, or name its "
            "directory in LD_LIBRARY_PATH.", candidate->path, libraries->items[i].name, libraries->items[i].missing);
  return take_refusal(&candidate->refused, &candidate->rule, &refusal, error);
}

bool bs_catalog_explain(struct bs_catalog **ret_catalog, const char *const *directories, size_t count, const char *name,
                        struct bs_error *error) {
  struct bs_catalog *catalog BS_AUTO_CATALOG = NULL;

  if (!search(&catalog, directories, count, name, error)) return false;
  for (size_t i = 0; i < catalog->candidate_count; i++)
    if (!search_libraries(catalog->candidates[i], error)) return false;
  *ret_catalog = catalog;
  catalog = NULL;
  return true;
}

/* The nearest name among the files of one directory, by free(); NULL: none.  Only a hint: files are not vetted. */
static char *nearest_in(const char *directory, const char *name) {
  struct dirent **entries;
  int found = scandir(directory, &entries, is_wanted, bs_file_compare_names);
  const char **names BS_AUTO_FREE = found < 0 ? NULL : calloc((size_t)found + 1, sizeof *names);
  const char *nearest = NULL;
  char *copy = NULL;
  size_t count = 0;

  if (found < 0) return NULL;
  for (int i = 0; i < found && names != NULL; i++)
    if (bs_vet_is_name(cut_suffix(entries[i]))) names[count++] = entries[i]->d_name;
  if (names != NULL) nearest = bs_nearest(name, names, count);
  if (nearest != NULL) copy = strdup(nearest);
  free_entries(entries, found);
  return copy;
}

/* The nearest name among those that are built in, or NULL. */
static const char *nearest_builtin(const char *name) {
  const char *names[64];
  const struct bs_builtin *builtin;
  size_t count = 0;

  while (count < sizeof names / sizeof names[0] && (builtin = bs_builtin_at(count)) != NULL) names[count++] = builtin->name;
  return bs_nearest(name, names, count);
}

static bool fail_unknown(const char *const *directories, size_t count, const char *name, struct bs_error *error) {
  char *nearest BS_AUTO_FREE = NULL;
  struct bs_buffer places BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const char *builtin = nearest_builtin(name);

  if (builtin != NULL)
    return bs_fail(error, BS_WORD_driver, "There is no driver %s. Did you mean %s, which the program brings?", name, builtin);
  for (size_t i = 0; i < count; i++) {
    bs_buffer_format(&places, "%s%s", i == 0 ? "" : ", ", directories[i]);
    if (nearest == NULL) nearest = nearest_in(directories[i], name);
  }
  if (!bs_buffer_ok(&places, error)) return false;
  if (count == 0)
    return bs_fail(error, BS_WORD_driver, "There is no driver %s: no directory of drivers (plugin_path) is configured.",
                   name);
  return bs_fail(error, BS_WORD_driver, "There is no driver %s (%s.so) in %s.%s%s%s", name, name,
                 bs_buffer_string(&places), nearest == NULL ? "" : " Did you mean ", nearest == NULL ? "" : nearest,
                 nearest == NULL ? "" : "?");
}

/* Looks into one directory.  *ret_candidate stays NULL when it, or the file in it, is not there. */
static bool find_in(struct bs_candidate **ret_candidate, const char *directory, const char *name,
                    struct bs_error *error) {
  struct bs_candidate *candidate BS_AUTO(free_candidate) = NULL;
  struct bs_error trouble = {0};
  char *real BS_AUTO_FREE = NULL;

  if (!bs_vet_directory(&real, directory, &trouble)) {
    if (trouble.word == BS_WORD_not_found) return true;
    *error = trouble;
    return bs_context(error, "driver %s", name);
  }
  candidate = new_candidate(real, name, error);
  if (candidate == NULL) return false;
  if (!look(candidate, &trouble)) {
    if (trouble.word == BS_WORD_not_found) return true;
    *error = trouble;
    return bs_context(error, "driver %s", name);
  }
  *ret_candidate = candidate;
  candidate = NULL;
  return true;
}

/* ---- where to look ---- */

bool bs_catalog_add_environment(char ***directories, size_t *count, struct bs_error *error) {
  const char *environment = secure_getenv("BLOCKSTORE_PLUGIN_PATH");

  while (environment != NULL && environment[0] != '\0') {
    size_t length = strcspn(environment, ":");

    if (length > 0 && !bs_rows_append(directories, count, strndup(environment, length), error)) return false;
    environment += length + (environment[length] == ':');
  }
  return true;
}

bool bs_catalog_add_installed(char ***directories, size_t *count, struct bs_error *error) {
  return bs_rows_append(directories, count, strdup(BS_DRIVER_DIRECTORY), error);
}

/* ---- one driver ---- */

bool bs_catalog_find(struct bs_candidate **ret_candidate, const char *const *directories, size_t count,
                     const char *name, struct bs_error *error) {
  const struct bs_builtin *builtin;
  struct bs_candidate *candidate = NULL;

  if (!bs_vet_is_name(name))
    return bs_fail(error, BS_WORD_driver, "\"%.100s\" cannot be a driver: names are " NAME_RULE ".", name);
  builtin = bs_builtin_find(name);
  if (builtin != NULL) {
    candidate = builtin_candidate(builtin, error);
    if (candidate != NULL) *ret_candidate = candidate;
    return candidate != NULL;
  }
  for (size_t i = 0; i < count && candidate == NULL; i++) {
    bs_log(BS_LOG_DEBUG, "looking for the driver %s in %s", name, directories[i]);
    if (!find_in(&candidate, directories[i], name, error)) return false;
  }
  if (candidate == NULL) return fail_unknown(directories, count, name, error);
  *ret_candidate = candidate;
  return true;
}
