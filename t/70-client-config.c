/* SPDX-License-Identifier: MIT */
/* The configuration as a user writes it: what is refused, where the message points, and what it suggests. */
#include <config.h>

#include "t/lib/client.h"

#define HASH "abcdef0123456789abcdef0123456789"

/* The refusals of blockstore_get_config.  Line 1 is the state directory's. */
struct refusal {
  const char *text, *place, *says; /* place: line and column */
};

static const struct refusal refusals[] = {
    {"nmaes: {}\n" ONE_STORE, ":2:1: ", "did you mean \"names\"?"},
    {ONE_STORE "names: {leger: x}\n", ":3:9: ", "did you mean \"ledger\"?"},
    {ONE_STORE "names: {provider: embeded}\n", ":3:19: ", "Expected here: embedded or blockstored"},
    {ONE_STORE "names: {provider: blockstored}\n", ":3:19: ", "needs names.server, the host where one runs"},
    {ONE_STORE "names: {provider: blockstored, server: a, servers: [b]}\n", ":3:52: ", "either names.server or names.servers"},
    {ONE_STORE "names: {provider: blockstored, servers: []}\n", ":3:41: ", "a list of 1 to 16 servers"},
    {ONE_STORE "names: {provider: blockstored, servers: a}\n", ":3:41: ", "Expected here: a list"},
    {ONE_STORE "names: {provider: blockstored, servers: [a, \"b:0\"]}\n", ":3:45: ", "\"b:0\" is not where"},
    {ONE_STORE "names: {provider: blockstored, server: \"a b\"}\n", ":3:40: ", "\"a b\" is not where a name server can be"},
    {ONE_STORE "names: {provider: blockstored, server: a, ledger: b}\n", ":3:43: ", "names.ledger: The name provider"},
    {ONE_STORE "names: {provider: blockstored, server: a, chain: b}\n", ":3:50: ", "64 hexadecimal digits"},
    {ONE_STORE "names: {server: a}\n", ":3:9: ", "names.server: The name provider \"embedded\" has no such key"},
    {ONE_STORE "names: {servers: [a]}\n", ":3:9: ", "it is one of the provider \"blockstored\""},
    {ONE_STORE "names: {port: 6264}\n", ":3:9: ", "names.port: "},
    {ONE_STORE "names: {chain: a}\n", ":3:9: ", "names.chain: "},
    {ONE_STORE "names: {port: 0}\n", ":3:15: ", "range (1 to 65535)"},
    {ONE_STORE "names: {port: x}\n", ":3:15: ", "Expected"},
    {ONE_STORE "names: [a]\n", ":3:8: ", "must be a mapping"},
    {ONE_STORE "names: {ledger: [a]}\n", ":3:17: ", "Expected"},
    {ONE_STORE "names: {pin: 5}\n", ":3:14: ", "names.pin must be a mapping"},
    {ONE_STORE "names: {pin: {block: 5}}\n", ":3:14: ", "a block and its consensus hash"},
    {ONE_STORE "names: {pin: {blok: 5}}\n", ":3:15: ", "did you mean \"block\"?"},
    {ONE_STORE "names: {pin: {block: x, consensus: " HASH "}}\n", ":3:22: ", "the number of a block"},
    {ONE_STORE "names: {pin: {block: 0, consensus: " HASH "}}\n", ":3:22: ", "the number of a block"},
    {ONE_STORE "names: {pin: {block: 9007199254740993, consensus: " HASH "}}\n", ":3:22: ", "the number of a block"},
    {ONE_STORE "names: {pin: {block: [5], consensus: " HASH "}}\n", ":3:22: ", "the number of a block"},
    {ONE_STORE "names: {pin: {block: 5, consensus: " HASH "0}}\n", ":3:36: ", "32 hexadecimal digits"},
    {ONE_STORE "names: {pin: {block: 5, consensus: ABCDEF0123456789abcdef0123456789}}\n", ":3:36: ", "in lower case"},
    {ONE_STORE "names: {pin: {block: 5, consensus: }}\n", ":3:", "32 hexadecimal digits"},
    {ONE_STORE "names: {prove_blocks: -1}\n", ":3:23: ", "range (0 to 100000000)"},
    {ONE_STORE "timeouts: {operation: soon}\n", ":3:23: ", "Expected"},
    {ONE_STORE "timeouts: {operation: 0s}\n", ":3:23: ", "milliseconds"},
    {ONE_STORE "timeouts: {conect: 1s}\n", ":3:12: ", "\"connect\""},
    {ONE_STORE "limits: {object: 0}\n", ":3:18: ", "bytes"},
    {ONE_STORE "limits: {objects: 1}\n", ":3:10: ", "\"object\""},
    {ONE_STORE "limits: {mutable_record: 129M}\n", ":3:26: ", "to 134217728 bytes"},
    {ONE_STORE "limits: {user_record: 33M}\n", ":3:23: ", "to 33554432 bytes"},
    {ONE_STORE "plugin_path: /drivers\n", ":3:14: ", "list"},
    {ONE_STORE "plugin_path: [{}]\n", ":3:15: ", "a path"},
    {ONE_STORE "replication: {reed: first}\n", ":3:15: ", "\"read\""},
    {ONE_STORE "replication: {read: last}\n", ":3:21: ", "Expected here: newest or first"},
    {ONE_STORE "replication: {write: 1}\n", ":3:22: ", "must be a mapping"},
    {"stores: [{name: one, driver: disk, root: one, durable: 1}]\n", ":2:56: ", "true or false"},
    {ONE_STORE "replication: {write: {at_lest: 1}}\n", ":3:23: ", "\"at_least\""},
    {ONE_STORE "replication: {write: {at_least: 0}}\n", ":3:33: ", "majority or all"},
    {ONE_STORE "replication: {write: {at_least: some}}\n", ":3:33: ", "majority or all"},
    {ONE_STORE "replication: {write: {at_least: 2}}\n", ":3:33: ", "fewer stores"},
    {ONE_STORE "replication: {write: {at_least: 99999999999999999999}}\n", ":3:33: ", "Expected"},
    {ONE_STORE "replication: {write: {require: one}}\n", ":3:32: ", "list"},
    {ONE_STORE "replication: {write: {require: [ona]}}\n", ":3:33: ", "did you mean \"one\"?"},
    {ONE_STORE "compat: {legacy: alice.id}\n", ":3:18: ", "list"},
    {ONE_STORE "compat: {legacy: [{}]}\n", ":3:19: ", "Expected"},
    {ONE_STORE "compat: {legacy: [alice.id, Alice]}\n", ":3:29: ", "compat.legacy: "},
    {ONE_STORE "compat: {legacy: ['']}\n", ":3:19: ", "compat.legacy: "},
    {ONE_STORE "compat: {legcay: [alice.id]}\n", ":3:10: ", "\"legacy\""},
    {ONE_STORE "compat: [alice.id]\n", ":3:9: ", "must be a mapping"},
    {"", ":1:1: ", "at least one store"},
    {"stores: []\n", ":2:9: ", "at least one store"},
    {"stores: {name: one, driver: disk}\n", ":2:9: ", "list"},
    {"stores: [one]\n", ":2:10: ", "must be a mapping"},
    {"stores: [{driver: disk, root: one}]\n", ":2:10: ", "no \"name\""},
    {"stores: [{nmae: one, driver: disk, root: one}]\n", ":2:11: ", "is \"nmae\" meant"},
    {"stores: [{name: one, root: one}]\n", ":2:10: ", "no \"driver\""},
    {"stores: [{name: \"\", driver: disk}]\n", ":2:17: ", "a store's name"},
    {"stores: [{name: one, driver: ../disk}]\n", ":2:30: ", "name of a driver"},
    {"stores: [{name: one, driver: disk, root: a}, {name: one, driver: disk, root: b}]\n", ":2:53: ", "two stores"},
    {"stores: [{name: one, driver: disk, root: a, inline: maybe}]\n", ":2:53: ", "Expected"},
    {"stores: [{name: one, driver: disk, root: a, root: b}]\n", ":2:45: ", "root"},
    {"stores: [{name: '${BS_TEST_UNSET}', driver: disk}]\n", ":2:17: ", "BS_TEST_UNSET"},
    {"stores: [{name: one\n", ":3:1: ", "expected"},
    {"stores: *alias\n", ":2:9: ", ""},
};

static void refused_where_it_stands(void **state) {
  struct world *world = *state;

  unsetenv("BS_TEST_UNSET");
  for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
    char *file = write_config(world, refusals[i].text), *where = NULL;

    assert_true(asprintf(&where, "%s%s", file, refusals[i].place) >= 0);
    assert_refused(blockstore_get_config(&world->config, file, &error), "config", where);
    assert_refused(blockstore_get_config(&world->config, file, &error), "config", refusals[i].says);
    assert_null(world->config);
    free(where);
    free(file);
  }
}

/* What only the driver knows, and what the whole of the stores decides, is refused by the session. */
static const struct refusal late_refusals[] = {
    {"stores: [{name: one, driver: disk, rot: one}]\n", ":2:36: ", "\"root\""},
    {"stores: [{name: one, driver: disk}]\n", ":2:10: ", "root"},
    {"stores: [{name: one, driver: disk, root: [a, b]}]\n", ":2:42: ", ""},
    {"stores: [{name: one, driver: disk, root: one, must_exist: 7}]\n", ":2:59: ", ""},
    {"stores: [{name: one, driver: dsk, root: one}]\n", ":2:30: ", "disk"},
    {"stores: [{name: one, driver: disk, root: one, durable: false}]\nreplication: {write: {at_least: 1}}\n", ":3:33: ",
     "durable: true"},
    {"stores: [{name: one, driver: good, root: one}]\nreplication: {write: {at_least: 1}}\n", ":3:33: ", "1 durable"},
};

static void refused_by_the_session(void **state) {
  struct world *world = *state;

  for (size_t i = 0; i < sizeof late_refusals / sizeof late_refusals[0]; i++) {
    char *file = write_config(world, late_refusals[i].text), *where = NULL;
    enum blockstore_result result;
    struct blockstore_error *said = NULL;

    assert_true(asprintf(&where, "%s%s", file, late_refusals[i].place) >= 0);
    assert_done(blockstore_get_config(&world->config, file, &error));
    result = blockstore_session(world->config, &world->session, NULL, 0, &said);
    assert_int_equal(result, BLOCKSTORE_USAGE);
    if (strstr(blockstore_error_message(said), where) == NULL ||
        strstr(blockstore_error_message(said), late_refusals[i].says) == NULL)
      fail_msg("%s: %s", late_refusals[i].text, blockstore_error_message(said));
    blockstore_error_free(said);
    assert_null(world->session);
    close_world(world);
    free(where);
    free(file);
  }
}

static void files_that_are_none(void **state) {
  struct world *world = *state;
  char *missing = path_in(world->place, "missing.yaml");

  assert_refused(blockstore_get_config(&world->config, missing, &error), "config", missing);
  assert_refused(blockstore_get_config(&world->config, world->place, &error), "io", world->place);
  free(missing);
}

static void a_variable_is_a_whole_scalar(void **state) {
  struct world *world = *state;
  char *json = NULL;

  setenv("BS_TEST_ROOT", "here", 1);
  open_session(world, "stores: [{name: one, driver: disk, root: '${BS_TEST_ROOT}'}]\n");
  own(world, NAME);
  blockstore_receipt_free(put_bytes(world, NAME, "text", 4));
  assert_done(blockstore_stores(world->session, &json, &error));
  assert_non_null(strstr(json, "/here"));
  blockstore_free(json);
}

/* Nobody but the user may have been able to put a driver there. */
static void a_driver_directory_that_others_write(void **state) {
  struct world *world = *state;
  const char *build = getenv("builddir");
  char *file = write_config(world, ONE_STORE "plugin_path: [drivers]\n"), *disk = NULL;

  unsetenv("BLOCKSTORE_PLUGIN_PATH");
  make_directory(world->place, "drivers", 0700);
  assert_true(asprintf(&disk, "cp %s/plugins/.libs/disk.so %s/drivers/", build == NULL ? "." : build, world->place) >= 0);
  assert_int_equal(system(disk), 0);
  free(disk);
  assert_done(blockstore_get_config(&world->config, file, &error));
  change_mode(world->place, "drivers", 0777);
  assert_refused(blockstore_session(world->config, &world->session, NULL, 0, &error), "driver", "drivers");
  change_mode(world->place, "drivers", 0700);
  change_mode(world->place, "drivers/disk.so", 0666);
  assert_refused(blockstore_session(world->config, &world->session, NULL, 0, &error), "driver", "disk.so");
  change_mode(world->place, "drivers/disk.so", 0644);
  assert_done(blockstore_session(world->config, &world->session, NULL, 0, &error));
  free(file);
}

static void a_driver_directory_that_is_missing(void **state) {
  struct world *world = *state;
  char *file = write_config(world, ONE_STORE "plugin_path: [nowhere]\n");

  unsetenv("BLOCKSTORE_PLUGIN_PATH");
  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_refused(blockstore_session(world->config, &world->session, NULL, 0, &error), "driver", "nowhere");
  free(file);
}

/* A bare home works; init makes it lasting, once. */
static void the_default_needs_no_file(void **state) {
  struct world *world = *state;
  char *json = NULL, *again = NULL;
  char key[65];

  assert_done(blockstore_get_config(&world->config, NULL, &error));
  assert_done(blockstore_session(world->config, &world->session, NULL, 0, &error));
  own(world, NAME);
  put_text(world, key, "at home");
  close_world(world);
  assert_done(blockstore_init(&json, NULL, &error));
  assert_non_null(strstr(json, "blockstore.yaml"));
  assert_refused(blockstore_init(&again, NULL, &error), "conflict", "blockstore.yaml");
  assert_null(again);
  assert_done(blockstore_get_config(&world->config, NULL, &error));
  assert_done(blockstore_session(world->config, &world->session, NULL, 0, &error));
  assert_holds(world, NAME, key, "at home", 7);
  blockstore_free(json);
}

static void the_document_shows_what_holds(void **state) {
  struct world *world = *state;
  char *json = NULL;

  open_session(world, TWO_STORES "replication: {write: {at_least: all, require: [two]}}\ntimeouts: {operation: 3m}\n");
  assert_done(blockstore_config_document(world->config, &json, &error));
  assert_non_null(strstr(json, "\"at_least\": \"all\""));
  assert_non_null(strstr(json, "\"operation_ms\": 180000"));
  assert_non_null(strstr(json, "\"connect_ms\": 5000"));
  blockstore_free(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(refused_where_it_stands),
      in_world(refused_by_the_session),
      in_world(files_that_are_none),
      in_world(a_variable_is_a_whole_scalar),
      in_world(a_driver_directory_that_others_write),
      in_world(a_driver_directory_that_is_missing),
      in_world(the_default_needs_no_file),
      in_world(the_document_shows_what_holds),
  };

  return RUN_TESTS(tests);
}
