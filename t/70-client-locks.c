/* SPDX-License-Identifier: MIT */
/* Which bytes are loaded as a driver, in a program that goes on running. */
#include <config.h>

#include "t/lib/client.h"
#include "t/modules/driver.h"

BLOCKSTORE_REGISTER_DRIVER(inside, module_table, BLOCKSTORE_VERSION("1"));

#define KEY "0000000000000000000000000000000000000000000000000000000000000001" "01"
#define LOCKED "load: {locked: 1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH}\n"
#define DISK "plugin_path: [drivers]\nstores: [{name: one, driver: disk, root: one}]\n"

/* Puts the driver disk into the home's drivers, in one step, with `more` behind it. */
static void install(const struct world *world, const char *more) {
  const char *build = getenv("builddir");
  static char bytes[16u << 20];
  size_t length;
  FILE *file;
  char *built = path_in(build == NULL ? "." : build, "plugins/.libs/disk.so");
  char *new = path_in(world->place, "drivers/new"), *path = path_in(world->place, "drivers/disk.so");

  file = fopen(built, "rb");
  assert_non_null(file);
  length = fread(bytes, 1, sizeof bytes - 100, file);
  fclose(file);
  memcpy(bytes + length, more, strlen(more));
  write_file(world->place, "drivers/new", bytes, length + strlen(more));
  assert_int_equal(rename(new, path), 0);
  free(built);
  free(new);
  free(path);
}

/* A home with a directory of drivers, which the configuration alone names. */
static void begin(struct world *world, const char *text) {
  char *file = write_config(world, text);

  setenv("BLOCKSTORE_PLUGIN_PATH", "", 1);
  make_directory(world->place, "drivers", 0755);
  install(world, "");
  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_done(blockstore_key_from_text(&world->key, KEY, strlen(KEY), &error));
  free(file);
}

static void lock(struct world *world) {
  char *json = NULL;

  assert_done(blockstore_lock_drivers(world->config, &json, world->key, NULL, &error));
  blockstore_free(json);
}

static void assert_healthy(struct world *world) {
  char *json = NULL;

  assert_done(blockstore_stores(world->session, &json, &error));
  assert_non_null(strstr(json, "\"healthy\": true"));
  blockstore_free(json);
}

static void an_open_session_goes_on(void **state) {
  struct world *world = *state;
  struct blockstore *second = NULL;
  char *json = NULL, *path;
  int same = 7;

  begin(world, DISK LOCKED);
  assert_refused(blockstore_session(world->config, &world->session, NULL, 0, &error), "driver",
                 "There is no such lock of drivers");
  lock(world);
  assert_done(blockstore_session(world->config, &world->session, NULL, 0, &error));
  assert_healthy(world);

  install(world, "other bytes");
  assert_healthy(world);
  assert_refused(blockstore_session(world->config, &second, NULL, 0, &error), "driver", "disk.so: The file has the SHA-256 ");
  assert_done(blockstore_check_lock(world->config, &json, &same, NULL, &error));
  assert_int_equal(same, 0);
  blockstore_free(json);

  /* The lock lists what is there now; the process has what was there before. */
  lock(world);
  assert_refused(blockstore_session(world->config, &second, NULL, 0, &error), "driver",
                 "was replaced since this program loaded the driver, and what it runs is not what is asked for");
  assert_healthy(world);

  install(world, "");
  lock(world);
  assert_done(blockstore_session(world->config, &second, NULL, 0, &error));
  blockstore_close(second);
  path = path_in(world->place, "drivers.lock");
  assert_int_equal(unlink(path), 0);
  free(path);
  assert_healthy(world);
}

static void what_the_program_is_linked_with_has_no_bytes(void **state) {
  struct world *world = *state;
  struct blockstore_storage *storage = NULL;
  char *file;

  assert_done(blockstore_add_driver(inside_LTX_blockstore_driver(), &error));
  begin(world, "plugin_path: [drivers]\nstores: [{name: one, driver: inside, sha256: "
               "0000000000000000000000000000000000000000000000000000000000000000}]\n");
  assert_refused(blockstore_load_storage(world->config, &storage, "one", &error), "driver",
                 "The driver inside is built into the program: it has no file");
  blockstore_config_free(world->config);
  world->config = NULL;
  file = write_config(world, DISK LOCKED);
  assert_done(blockstore_get_config(&world->config, file, &error));
  lock(world); /* of disk */
  blockstore_config_free(world->config);
  world->config = NULL;
  free(file);
  file = write_config(world, "plugin_path: [drivers]\nstores: [{name: one, driver: inside}]\n" LOCKED);
  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_refused(blockstore_load_storage(world->config, &storage, "one", &error), "driver", "does not list the driver inside");
  free(file);
}

static void options_are_those_of_the_header(void **state) {
  struct world *world = *state;
  struct blockstore_lock_options options = BLOCKSTORE_LOCK_INIT;
  char *json = NULL;
  int same = 7;

  begin(world, DISK);
  options.struct_size = 3;
  assert_refused(blockstore_lock_drivers(world->config, &json, world->key, &options, &error), "usage", "_INIT macro");
  assert_refused(blockstore_check_lock(world->config, &json, &same, &options, &error), "usage", "_INIT macro");
  assert_null(json);
  assert_int_equal(same, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(an_open_session_goes_on),
      in_world(what_the_program_is_linked_with_has_no_bytes),
      in_world(options_are_those_of_the_header),
  };
  return RUN_TESTS(tests);
}
