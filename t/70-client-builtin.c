/* SPDX-License-Identifier: MIT */
/* Drivers that the program is linked with: found without a file, before all files, checked like them. */
#include <config.h>

#include <pthread.h>

#include "t/lib/client.h"
#include "t/modules/driver.h"

#define THREADS 8

BLOCKSTORE_REGISTER_DRIVER(inside, module_table,
                           BLOCKSTORE_VERSION("7.1") BLOCKSTORE_DESCRIPTION("Of the program itself")
                           BLOCKSTORE_CAPABILITY_DURABLE
                           BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "Where"));
BLOCKSTORE_REGISTER_DRIVER(good, module_table, BLOCKSTORE_VERSION("8") BLOCKSTORE_CAPABILITY_DURABLE);
BLOCKSTORE_REGISTER_DRIVER(late, module_table, BLOCKSTORE_VERSION("1"));
BLOCKSTORE_REGISTER_DRIVER(shared, module_table, BLOCKSTORE_VERSION("1"));
BLOCKSTORE_REGISTER_DRIVER(twice, module_table, BLOCKSTORE_VERSION("1"));
BLOCKSTORE_REGISTER_DRIVER(refused, module_table, BLOCKSTORE_VERSION("1"));

/* What blockstore_drivers says of a driver, for a config whose plugin path is this one; by blockstore_free. */
static char *drivers(struct world *world, const char *plugin_path, const char *name) {
  char *text, *file, *json = NULL;

  setenv("BLOCKSTORE_PLUGIN_PATH", "", 1);
  assert_true(asprintf(&text, "plugin_path: [%s]\nstores: [{name: one, driver: inside, root: one}]\n", plugin_path) > 0);
  file = write_config(world, text);
  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_done(blockstore_drivers(world->config, &json, name, &error));
  free(file);
  free(text);
  return json;
}

static void a_driver_of_the_program_needs_no_file(void **state) {
  struct world *world = *state;
  struct blockstore_storage *storage = NULL;
  char *json;

  assert_done(blockstore_add_driver(inside_LTX_blockstore_driver(), &error));
  json = drivers(world, "", NULL);
  assert_non_null(strstr(json, "\"file\": \"(built in)\""));
  assert_non_null(strstr(json, "\"name\": \"inside\""));
  assert_non_null(strstr(json, "\"version\": \"7.1\""));
  assert_done(blockstore_load_storage(world->config, &storage, "one", &error));
  assert_done(blockstore_register_storage(world->config, storage, &error));
  assert_done(blockstore_session(world->config, &world->session, NULL, 0, &error));
  blockstore_free(json);
  assert_done(blockstore_stores(world->session, &json, &error));
  assert_non_null(strstr(json, "\"driver\": \"inside\""));
  assert_non_null(strstr(json, "\"file\": \"(built in)\""));
  blockstore_free(json);
}

static void its_options_are_checked(void **state) {
  struct world *world = *state;
  struct blockstore_storage *storage = NULL;
  char *file = write_config(world, "plugin_path: []\nstores: [{name: one, driver: inside, rot: one}]\n");

  assert_done(blockstore_add_driver(inside_LTX_blockstore_driver(), &error)); /* again, if that test ran */
  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_refused(blockstore_load_storage(world->config, &storage, "one", &error), "config", "root");
  free(file);
}

static void its_name_is_suggested(void **state) {
  struct world *world = *state;
  struct blockstore_storage *storage = NULL;
  char *file = write_config(world, "plugin_path: []\nstores: [{name: one, driver: insid, root: one}]\n");

  assert_done(blockstore_add_driver(inside_LTX_blockstore_driver(), &error));
  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_refused(blockstore_load_storage(world->config, &storage, "one", &error), "driver",
                 "There is no driver insid. Did you mean inside, which the program brings?");
  free(file);
}

static void it_stands_before_the_files(void **state) {
  struct world *world = *state;
  const char *build = getenv("builddir");
  char *json, *second, *path = path_in(build == NULL ? "." : build, "t/modules/.libs"), *modules = realpath(path, NULL);

  assert_non_null(modules);
  assert_done(blockstore_add_driver(good_LTX_blockstore_driver(), &error));
  json = drivers(world, modules, "good");
  second = strstr(json, "good.so\"");
  assert_non_null(second);
  assert_true(strstr(json, "\"(built in)\"") < second);
  assert_non_null(strstr(second, "\"shadowed_by\": \"(built in)\""));
  blockstore_free(json);
  free(modules);
  free(path);
}

static void it_may_come_after_the_configuration(void **state) {
  struct world *world = *state;
  struct blockstore_storage *storage = NULL;
  char *file = write_config(world, "plugin_path: []\nstores: [{name: one, driver: late}]\n");

  setenv("BLOCKSTORE_PLUGIN_PATH", "", 1);
  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_refused(blockstore_load_storage(world->config, &storage, "one", &error), "driver", "There is no driver late");
  assert_done(blockstore_add_driver(late_LTX_blockstore_driver(), &error));
  assert_done(blockstore_load_storage(world->config, &storage, "one", &error));
  blockstore_storage_free(storage);
  free(file);
}

static void two_of_one_name_are_a_conflict(void **state) {
  static struct blockstore_registration other;

  (void)state;
  other = *twice_LTX_blockstore_driver();
  assert_done(blockstore_add_driver(twice_LTX_blockstore_driver(), &error));
  assert_done(blockstore_add_driver(twice_LTX_blockstore_driver(), &error));
  assert_refused(blockstore_add_driver(&other, &error), "conflict", "linked with two drivers twice");
  assert_int_equal(blockstore_add_driver(&other, NULL), BLOCKSTORE_CONFLICT);
}

/* Each is refused as its file would be; the same driver without that fault is taken then. */
static void a_wrong_registration_is_told_for_what_it_is(void **state) {
  const struct blockstore_registration good_one = *refused_LTX_blockstore_driver();
  struct {
    struct blockstore_registration registration;
    const char *text;
  } rows[] = {
      {good_one, "wrong magic number 0x12345678"},
      {good_one, "built for ABI 0.0 and this is 1.0: build it anew"},
      {good_one, "registration is of ABI 1.2 and its metadata of 1.0"},
      {good_one, "registration is too short: "},
      {good_one, "table is too short: "},
      {good_one, "registration has no table"},
      {good_one, "registration has no metadata"},
      {good_one, "version"},
      {good_one, "name"},
      {good_one, "built for ABI 3.1 and this is 1.0: install a newer Blockstore"},
  };

  (void)state;
  rows[0].registration.magic = 0x12345678;
  rows[1].registration.abi_major = 0;
  rows[2].registration.abi_minor = 2;
  rows[3].registration.struct_size -= 1;
  rows[4].registration.driver_size -= 1;
  rows[5].registration.driver = NULL;
  rows[6].registration.metadata = NULL;
  rows[7].registration.metadata = "name=refused\nabi=1.0\n";
  rows[8].registration.metadata = "name=../refused\nabi=1.0\nversion=1\n";
  rows[9].registration.metadata = "name=refused\nabi=3.1\nversion=1\n";
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_refused(blockstore_add_driver(&rows[i].registration, &error), "driver", rows[i].text);
    assert_refused(blockstore_add_driver(&rows[i].registration, &error), "driver", "A driver of this program: ");
  }
  assert_refused(blockstore_add_driver(NULL, &error), "usage", "registration is NULL");
  assert_done(blockstore_add_driver(refused_LTX_blockstore_driver(), &error));
}

static void *add_shared(void *result) {
  *(enum blockstore_result *)result = blockstore_add_driver(shared_LTX_blockstore_driver(), NULL);
  return NULL;
}

static void threads_may_add_at_once(void **state) {
  struct world *world = *state;
  pthread_t threads[THREADS];
  enum blockstore_result results[THREADS];
  char *json, *one;

  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, add_shared, &results[i]), 0);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(results[i], BLOCKSTORE_DONE);
  }
  json = drivers(world, "", "shared");
  one = strstr(json, "\"name\": \"shared\"");
  assert_non_null(one);
  assert_null(strstr(one + 1, "\"name\": \"shared\""));
  blockstore_free(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_driver_of_the_program_needs_no_file),
      in_world(its_options_are_checked),
      in_world(its_name_is_suggested),
      in_world(it_stands_before_the_files),
      in_world(it_may_come_after_the_configuration),
      in_world(two_of_one_name_are_a_conflict),
      in_world(a_wrong_registration_is_told_for_what_it_is),
      in_world(threads_may_add_at_once),
  };
  return RUN_TESTS(tests);
}
