/* SPDX-License-Identifier: MIT */
/* When memory runs out, at whatever allocation, the loading half of the host says no_memory and leaks nothing. */
#include <config.h>

#include "core/base/auto.h"
#include "core/driver/module.h"
#include "core/driver/options.h"
#include "t/lib/memory.h"
#include "t/lib/plugins.h"
#include "t/modules/driver.h"

BLOCKSTORE_REGISTER_DRIVER(inside, module_table, BLOCKSTORE_VERSION("1"));

static const char *place; /* of the test that runs */

static const char text[] =
    "name=x\nabi=1.0\nversion=1\n"
    "option=root\tpath\trequired\t\tWhere the data is\n"
    "option=count\tint\toptional\t3\tA number\n"
    "option=hosts\tlist\toptional\ta,b\tHosts\n"
    "option=key\tsecret\toptional\t\tA secret\n";

static bool metadata_once(struct bs_error *error) {
  struct bs_metadata *metadata = NULL;
  bool ok = bs_metadata_parse(&metadata, text, sizeof text - 1, error);

  assert_int_equal(metadata != NULL, ok);
  bs_metadata_free(metadata);
  return ok;
}

static bool list_once(struct bs_error *error) {
  struct bs_catalog *catalog = NULL;
  const char *const directories[] = {place, "/nonexistent"};
  bool ok = bs_catalog_list(&catalog, directories, 2, error);

  assert_int_equal(catalog != NULL, ok);
  if (ok) assert_int_equal(catalog->candidate_count, 2);
  bs_catalog_free(catalog);
  return ok;
}

static bool explain_once(struct bs_error *error) {
  struct bs_catalog *catalog = NULL;
  bool ok = bs_catalog_explain(&catalog, &place, 1, "needslibrary", error);

  assert_int_equal(catalog != NULL, ok);
  if (ok) assert_int_equal(catalog->candidates[0]->rule, BS_RULE_library);
  bs_catalog_free(catalog);
  return ok;
}

static bool load_once(struct bs_error *error) {
  const struct bs_module *module = NULL;
  struct bs_candidate *candidate = NULL;
  bool ok = bs_catalog_find(&candidate, &place, 1, "good", error) && bs_module_load(&module, candidate, error);

  assert_int_equal(module != NULL, ok);
  bs_candidate_free(candidate);
  return ok;
}

/* What was added stays, whatever failed after it. */
static bool builtin_once(struct bs_error *error) {
  const struct bs_module *module = NULL;
  struct bs_candidate *candidate = NULL;
  struct bs_catalog *catalog = NULL;
  bool ok = bs_builtin_add(inside_LTX_blockstore_driver(), error) &&
            bs_catalog_explain(&catalog, NULL, 0, "inside", error) &&
            bs_catalog_find(&candidate, NULL, 0, "inside", error) && bs_module_load(&module, candidate, error);

  assert_int_equal(module != NULL, ok);
  bs_candidate_free(candidate);
  bs_catalog_free(catalog);
  return ok;
}

static bool options_once(struct bs_error *error) {
  static const char yaml[] = "name: n\nroot: data\nhosts: [a, b]\nkey: {file: secret}\n";
  static const char *const core_keys[] = {"name"};
  const struct bs_options_place where = {"FILE", place, core_keys, 1};
  struct blockstore_settings *settings = NULL;
  struct bs_metadata *metadata = NULL;
  struct bs_yaml *root = NULL;
  bool ok = bs_metadata_parse(&metadata, text, sizeof text - 1, error) &&
            bs_yaml_read(&root, yaml, sizeof yaml - 1, "FILE", error) &&
            bs_options_read(&settings, metadata, root, &where, error);

  assert_int_equal(settings != NULL, ok);
  bs_settings_free(settings);
  bs_yaml_free(root);
  bs_metadata_free(metadata);
  return ok;
}

static void metadata(void **state) {
  (void)state;
  assert_each_failure_is_said(metadata_once, 2);
}

static void catalog(void **state) {
  place = *state;
  copy_module(place, "good", "good.so");
  write_file(place, "text.so", "x", 1);
  assert_each_failure_is_said(list_once, 10);
}

static void explanation(void **state) {
  place = *state;
  copy_module(place, "needslibrary", "needslibrary.so");
  assert_each_failure_is_said(explain_once, 8);
}

static void module(void **state) {
  place = *state;
  copy_module(place, "good", "good.so");
  assert_each_failure_is_said(load_once, 8);
}

static void builtin(void **state) {
  (void)state;
  assert_each_failure_is_said(builtin_once, 12);
}

static void options(void **state) {
  place = *state;
  write_file(place, "secret", "s3cret\n", 7);
  change_mode(place, "secret", 0600);
  assert_each_failure_is_said(options_once, 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(metadata),
      in_place(catalog),
      in_place(explanation),
      in_place(module),
      cmocka_unit_test(builtin),
      in_place(options),
  };
  return RUN_TESTS(tests);
}
