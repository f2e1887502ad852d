/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/libraries.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/base/text.h"
#include "core/driver/rule.h"

#define ENTRIES_MAX 4096 /* of the dynamic section; a shared object has about thirty */

void bs_libraries_free(struct bs_libraries *libraries) {
  if (libraries == NULL) return;
  for (size_t i = 0; i < libraries->count; i++) {
    free(libraries->items[i].name);
    free(libraries->items[i].missing);
  }
  free(libraries->items);
  free(libraries->path);
  free(libraries);
}

static void free_libraries(struct bs_libraries **libraries) {
  bs_libraries_free(*libraries);
}

/* ---- out of the file ---- */

/* The dynamic section, and the strings to which it refers. */
struct dynamic {
  const struct bs_elf *elf;
  ElfW(Dyn) *entries; /* by free() */
  size_t count;
  uint64_t strings; /* offset in the file */
  uint64_t strings_size;
};

static void free_dynamic(struct dynamic *dynamic) {
  free(dynamic->entries);
}

static bool fail_damaged(const struct bs_elf *elf, struct bs_error *error) {
  return bs_refuse(error, damaged, "%s: The ELF file's dynamic section is damaged.", elf->file);
}

static bool read_entries(struct dynamic *dynamic, struct bs_error *error) {
  const struct bs_elf *elf = dynamic->elf;
  const ElfW(Phdr) *segment = NULL;

  for (size_t i = 0; i < elf->segment_count && segment == NULL; i++)
    if (elf->segments[i].p_type == PT_DYNAMIC) segment = &elf->segments[i];
  if (segment == NULL || segment->p_filesz / sizeof *dynamic->entries > ENTRIES_MAX) return fail_damaged(elf, error);
  dynamic->count = segment->p_filesz / sizeof *dynamic->entries;
  dynamic->entries = calloc(dynamic->count + 1, sizeof *dynamic->entries);
  if (dynamic->entries == NULL) return bs_fail_memory(error);
  return bs_elf_read(elf, dynamic->entries, dynamic->count * sizeof *dynamic->entries, segment->p_offset, error);
}

/* The value of the first entry with this tag before the end; false: there is none. */
static bool find_entry(const struct dynamic *dynamic, int64_t tag, uint64_t *ret_value) {
  for (size_t i = 0; i < dynamic->count && dynamic->entries[i].d_tag != DT_NULL; i++) {
    if (dynamic->entries[i].d_tag != tag) continue;
    *ret_value = dynamic->entries[i].d_un.d_val;
    return true;
  }
  return false;
}

static bool find_strings(struct dynamic *dynamic, struct bs_error *error) {
  uint64_t address, size, length;

  if (!find_entry(dynamic, DT_STRTAB, &address) || !find_entry(dynamic, DT_STRSZ, &size) ||
      !bs_elf_find(dynamic->elf, address, &dynamic->strings, &length) || size > length)
    return fail_damaged(dynamic->elf, error);
  dynamic->strings_size = size;
  return true;
}

/* The string at `at` of the strings, by free(). */
static bool read_string(char **ret_string, const struct dynamic *dynamic, uint64_t at, struct bs_error *error) {
  char string[BS_LIBRARY_TEXT_MAX];
  size_t length;

  if (at >= dynamic->strings_size) return fail_damaged(dynamic->elf, error);
  length = dynamic->strings_size - at < sizeof string ? (size_t)(dynamic->strings_size - at) : sizeof string;
  if (!bs_elf_read(dynamic->elf, string, length, dynamic->strings + at, error)) return false;
  if (memchr(string, '\0', length) == NULL) return fail_damaged(dynamic->elf, error);
  bs_text_tidy(string); /* to be shown; a library that is really called so is hardly found */
  *ret_string = strdup(string);
  return *ret_string != NULL || bs_fail_memory(error);
}

static bool read_names(struct bs_libraries *libraries, const struct dynamic *dynamic, struct bs_error *error) {
  libraries->items = calloc(BS_LIBRARIES_MAX, sizeof *libraries->items);
  if (libraries->items == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < dynamic->count && dynamic->entries[i].d_tag != DT_NULL; i++) {
    if (dynamic->entries[i].d_tag != DT_NEEDED) continue;
    if (libraries->count == BS_LIBRARIES_MAX) return fail_damaged(dynamic->elf, error);
    if (!read_string(&libraries->items[libraries->count].name, dynamic, dynamic->entries[i].d_un.d_val, error)) return false;
    libraries->count++;
  }
  return true;
}

bool bs_libraries_read(struct bs_libraries **ret_libraries, const struct bs_elf *elf, struct bs_error *error) {
  struct bs_libraries *libraries BS_AUTO(free_libraries) = calloc(1, sizeof *libraries);
  struct dynamic dynamic BS_AUTO(free_dynamic) = {.elf = elf};
  uint64_t at;

  if (libraries == NULL) return bs_fail_memory(error);
  if (!read_entries(&dynamic, error) || !find_strings(&dynamic, error) || !read_names(libraries, &dynamic, error))
    return false;
  if ((find_entry(&dynamic, DT_RUNPATH, &at) || find_entry(&dynamic, DT_RPATH, &at)) &&
      !read_string(&libraries->path, &dynamic, at, error))
    return false;
  *ret_libraries = libraries;
  libraries = NULL;
  return true;
}

/* ---- in the system ---- */

/*
 * Asks the dynamic linker itself, which alone knows LD_LIBRARY_PATH as it was at the start (nothing of it in a program
 * with more rights than its caller), its cache, its own directories, and $LIB and $PLATFORM.  With RTLD_NOLOAD it
 * searches, and looks whether what it finds is of this machine, but maps and runs nothing.  Of a file that is there and
 * not loaded glibc gives no handle and no error, of one that is not there an error.
 */
static bool linker_finds(const char *library, const char **ret_reason) {
  void *handle;

  dlerror();
  handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
  if (handle != NULL) dlclose(handle);
  *ret_reason = handle != NULL ? NULL : dlerror();
  return *ret_reason == NULL;
}

/* Adds `length` bytes of a path, with `origin` for $ORIGIN. */
static void add_path(struct bs_buffer *file, const char *part, size_t length, const char *origin) {
  for (size_t at = 0; at < length;) {
    size_t taken = strncmp(part + at, "$ORIGIN", 7) == 0 ? 7 : strncmp(part + at, "${ORIGIN}", 9) == 0 ? 9 : 0;

    if (taken > 0) bs_buffer_text(file, origin);
    else bs_buffer_byte(file, (unsigned char)part[at]);
    at += taken > 0 ? taken : 1;
  }
}

/* In the directory of `length` bytes; of a path that is not there nothing is said. */
static bool search_directory(bool *ret_found, const char *part, size_t length, const char *origin, const char *library,
                             struct bs_error *error) {
  struct bs_buffer file BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const char *reason;

  if (length == 0) bs_buffer_text(&file, "."); /* as the linker has it */
  add_path(&file, part, length, origin);
  bs_buffer_format(&file, "/%s", library);
  if (!bs_buffer_ok(&file, error)) return false;
  *ret_found = linker_finds(bs_buffer_string(&file), &reason);
  return true;
}

static bool search_path(bool *ret_found, const char *path, const char *origin, const char *library, struct bs_error *error) {
  for (;; path++) {
    size_t length = strcspn(path, ":");

    if (!search_directory(ret_found, path, length, origin, library, error)) return false;
    path += length;
    if (*ret_found || *path == '\0') return true;
  }
}

static bool search_one(struct bs_library *library, const char *path, const char *origin, struct bs_error *error) {
  struct bs_buffer file BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char *missing BS_AUTO_FREE = NULL;
  const char *reason;
  bool found;

  add_path(&file, library->name, strlen(library->name), origin);
  if (!bs_buffer_ok(&file, error)) return false;
  found = linker_finds(bs_buffer_string(&file), &reason);
  if (!found) missing = strdup(reason);
  if (!found && missing == NULL) return bs_fail_memory(error);
  /* a library's own path is not searched for */
  if (!found && path != NULL && strchr(library->name, '/') == NULL && !search_path(&found, path, origin, library->name, error))
    return false;
  if (found) return true;
  bs_text_tidy(missing);
  library->missing = missing;
  missing = NULL;
  return true;
}

bool bs_libraries_search(struct bs_libraries *libraries, const char *directory, struct bs_error *error) {
  for (size_t i = 0; i < libraries->count; i++)
    if (!search_one(&libraries->items[i], libraries->path, directory, error)) return false;
  return true;
}
