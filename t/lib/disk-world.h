/* SPDX-License-Identifier: MIT */
/* A disk store in a fresh directory, for the tests of the disk driver. */
#ifndef BS_T_DISK_WORLD_H
#define BS_T_DISK_WORLD_H

#include <ftw.h>
#include <sys/stat.h>

#include "t/lib/driver-host.h"

#define KEY "ab34567890123456789012345678901234567890123456789012345678901234"
#define KEY40 "cd34567890123456789012345678901234567890"

struct world {
  char *directory;
  char *root; /* directory/store */
  struct host_store store;
};

#define DISK_SETTINGS(root) ((const struct host_setting[]){{"root", (root)}, {NULL, NULL}})
#define DISK_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

static inline int world_setup(void **state) {
  static struct world world;

  world.directory = host_directory();
  world.root = host_path("%s/store", world.directory);
  host_store_open(&world.store, "disk", DISK_SETTINGS(world.root));
  *state = &world;
  return 0;
}

static inline int world_teardown(void **state) {
  struct world *world = *state;

  if (world->store.self != NULL) host_store_close(&world->store);
  host_directory_remove(world->directory);
  free(world->root);
  return 0;
}

/* Writes a file behind the driver's back; the path is freed. */
static inline void write_file(char *path, const char *text) {
  FILE *file = fopen(path, "w");

  if (file == NULL) fail_msg("%s cannot be written", path);
  fputs(text, file);
  fclose(file);
  free(path);
}

static int files_counted;

static inline int count_one(const char *path, const struct stat *status, int type, struct FTW *where) {
  (void)status;
  if (type != FTW_D && strcmp(path + where->base, ".blockstore-disk") != 0) files_counted++;
  return 0;
}

/* Objects and temporaries. */
static inline int count_files(const struct world *world) {
  files_counted = 0;
  assert_int_equal(nftw(world->root, count_one, 8, FTW_PHYS), 0);
  return files_counted;
}

#endif
