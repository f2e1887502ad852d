/* SPDX-License-Identifier: MIT */
/* Fresh directories, and test modules (t/modules) copied into them. */
#ifndef BS_T_PLUGINS_H
#define BS_T_PLUGINS_H

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "t/lib/unit.h"

/* A cmocka setup: *state becomes a new directory (0700) that nobody else can write, by its real path. */
static inline int make_place(void **state) {
  char path[] = "/tmp/blockstore-test-XXXXXX";

  *state = mkdtemp(path) == NULL ? NULL : realpath(path, NULL);
  return *state == NULL ? -1 : 0;
}

static inline int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where) {
  (void)status, (void)kind, (void)where;
  return remove(path);
}

/* The teardown. */
static inline int remove_place(void **state) {
  int result = nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);

  free(*state);
  return result;
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

/* PLACE/NAME, by free(). */
static inline char *path_in(const char *place, const char *name) {
  char *path = NULL;

  assert_true(asprintf(&path, "%s/%s", place, name) >= 0);
  return path;
}

static inline void write_file(const char *place, const char *name, const void *bytes, size_t length) {
  char *path = path_in(place, name);
  FILE *file = fopen(path, "wb");

  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, length, file), length);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(chmod(path, 0644), 0);
  free(path);
}

/* The bytes of a test module as it was built. */
static inline void read_module(struct bs_buffer *bytes, const char *module) {
  const char *build = getenv("builddir");
  struct bs_error error = {0};
  char path[4096];

  snprintf(path, sizeof path, "%s/t/modules/.libs/%s.so", build == NULL ? "." : build, module);
  assert_ok(bs_file_read(bytes, path, 64u << 20, &error));
}

/* Puts a copy of a test module into the place, under the name of a file. */
static inline void copy_module(const char *place, const char *module, const char *as) {
  struct bs_buffer bytes = BS_BUFFER_INIT;

  read_module(&bytes, module);
  write_file(place, as, bytes.bytes, bytes.length);
  bs_buffer_free(&bytes);
}

static inline void make_directory(const char *place, const char *name, mode_t mode) {
  char *path = path_in(place, name);

  assert_int_equal(mkdir(path, 0700), 0);
  assert_int_equal(chmod(path, mode), 0);
  free(path);
}

static inline void change_mode(const char *place, const char *name, mode_t mode) {
  char *path = path_in(place, name);

  assert_int_equal(chmod(path, mode), 0);
  free(path);
}

#endif
