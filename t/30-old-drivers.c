/* SPDX-License-Identifier: MIT */
/* Drivers that were built for each ABI (t/old-drivers), as files that nobody touched since, in the core of today. */
#include <config.h>

#include <dirent.h>
#include <errno.h>

#include "core/codec/hex.h"
#include "core/crypto/digest.h"
#include "core/driver/module.h"
#include "core/driver/options.h"
#include "t/lib/calls.h"
#include "t/lib/plugins.h"

#define KEY "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
#define FOLDERS_MOST 32

static const char *const names[] = {"good", "goodxx", "veil"}; /* stores, then filters */
enum { STORES = 2, NAMES = sizeof names / sizeof names[0] };

/* The folders of t/old-drivers, each an ABI. */
static struct bs_abi abis[FOLDERS_MOST];
static size_t abi_count;

static void old_file(struct bs_buffer *bytes, struct bs_abi abi, const char *name) {
  const char *srcdir = getenv("srcdir");
  struct bs_error error = {0};
  char path[4096];

  snprintf(path, sizeof path, "%s/t/old-drivers/%u.%u/%s", srcdir == NULL ? "." : srcdir, abi.major, abi.minor, name);
  assert_ok(bs_file_read(bytes, path, 1u << 20, &error));
}

static int find_folders(void **state UNUSED) {
  const char *srcdir = getenv("srcdir");
  char *path = path_in(srcdir == NULL ? "." : srcdir, "t/old-drivers");
  DIR *directory = opendir(path);
  const struct dirent *entry;
  unsigned major, minor;

  free(path);
  if (directory == NULL) return -1;
  while ((entry = readdir(directory)) != NULL && abi_count < FOLDERS_MOST)
    if (sscanf(entry->d_name, "%u.%u", &major, &minor) == 2)
      abis[abi_count++] = (struct bs_abi){(uint16_t)major, (uint16_t)minor};
  closedir(directory);
  return 0;
}

/* Copies it into the place: in a checkout its group may be able to write it. */
static const struct bs_module *load(const char *place, struct bs_abi abi, const char *name) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_candidate *candidate = NULL;
  const struct bs_module *module = NULL;
  struct bs_error error = {0};
  char file[64], folder[16], *there;

  snprintf(file, sizeof file, "%s.so", name);
  snprintf(folder, sizeof folder, "%u.%u", abi.major, abi.minor);
  old_file(&bytes, abi, file);
  there = path_in(place, folder);
  if (mkdir(there, 0700) < 0) assert_int_equal(errno, EEXIST);
  write_file(there, file, bytes.bytes, bytes.length);
  bs_buffer_free(&bytes);
  assert_ok(bs_catalog_find(&candidate, &(const char *){there}, 1, name, &error));
  assert_ok(bs_module_load(&module, candidate, &error));
  bs_candidate_free(candidate);
  free(there);
  return module;
}

/* below: of a filter, taken over; else NULL. */
static struct bs_store *open_above(struct bs_store *below, const struct bs_module *module, const char *yaml) {
  const struct bs_options_place where = {"FILE", NULL, NULL, 0};
  struct blockstore_settings *settings = NULL;
  struct bs_scope *scope = scope_of(0);
  struct bs_store *store = NULL;
  struct bs_error error = {0};
  struct bs_yaml *root;

  assert_ok(bs_yaml_read(&root, yaml, strlen(yaml), "FILE", &error));
  assert_ok(bs_options_read(&settings, module->metadata, root, &where, &error));
  bs_yaml_free(root);
  assert_ok(bs_store_open(&store, "shelf", module->name, module->driver, module->driver_size, module->metadata,
                          settings, -1, below, scope, &error));
  bs_scope_close(scope);
  return store;
}

static struct bs_store *open_old(const struct bs_module *module, const char *yaml) {
  return open_above(NULL, module, yaml);
}

/* ---- what is done with each ---- */

/* Runs a call that takes what the driver hands out; by free(), with a NUL. */
static char *receive(struct bs_store *store, enum bs_entry entry, const char *target) {
  struct collected collected = {.begun = 0};
  struct bs_receiver receiver = receiver_of(&collected, 1 << 20);
  struct bs_call *call = new_call(store, entry, &(struct bs_arguments){.target = target, .receiver = &receiver});
  char *text;

  assert_status(run_one(call, 0), OK);
  assert_int_equal(collected.ended, 1);
  bs_call_release(call);
  text = bs_buffer_take(&collected.bytes);
  return text == NULL ? strdup("") : text;
}

static void holds(struct bs_store *store, enum bs_entry entry, const char *target, const char *expected) {
  char *text = receive(store, entry, target);

  assert_string_equal(text, expected);
  free(text);
}

static enum blockstore_status status_of(struct bs_store *store, enum bs_entry entry, const struct bs_arguments *arguments,
                                        struct bs_call_result *ret_result) {
  struct bs_call *call = new_call(store, entry, arguments);

  *ret_result = *run_one(call, 0);
  bs_call_release(call);
  return ret_result->status;
}

static enum blockstore_status put(struct bs_store *store, enum bs_entry entry, const char *target, const char *text,
                                  struct bs_call_result *ret_result) {
  struct bs_feed *feed = feed_of(text);
  enum blockstore_status status = status_of(
      store, entry, &(struct bs_arguments){.target = target, .signature = "v2:sig", .version = 7, .feed = feed},
      ret_result);

  bs_feed_release(feed);
  return status;
}

static enum blockstore_status get_missing(struct bs_store *store, enum bs_entry entry, const char *target) {
  struct collected collected = {.begun = 0};
  struct bs_receiver receiver = receiver_of(&collected, 1 << 20);
  struct bs_call_result result;

  return status_of(store, entry, &(struct bs_arguments){.target = target, .receiver = &receiver}, &result);
}

static void use_immutable(struct bs_store *store) {
  struct bs_call_result result;

  assert_int_equal(get_missing(store, BS_ENTRY_GET_IMMUTABLE, KEY), BLOCKSTORE_STATUS_NOT_FOUND);
  assert_int_equal(put(store, BS_ENTRY_PUT_IMMUTABLE, KEY, "hello world", &result), BLOCKSTORE_STATUS_OK);
  holds(store, BS_ENTRY_GET_IMMUTABLE, KEY, "hello world");
  assert_int_equal(status_of(store, BS_ENTRY_DELETE_IMMUTABLE, &(struct bs_arguments){.target = KEY}, &result),
                   BLOCKSTORE_STATUS_OK);
  assert_int_equal(get_missing(store, BS_ENTRY_GET_IMMUTABLE, KEY), BLOCKSTORE_STATUS_NOT_FOUND);
}

static void use_mutable(struct bs_store *store) {
  const struct bs_arguments deletion = {.target = "0a8ce26f:foo.test:x", .signature = "v2:sig"};
  char *url = receive(store, BS_ENTRY_MAKE_MUTABLE_URL, deletion.target);
  struct bs_call_result result;

  assert_int_equal(status_of(store, BS_ENTRY_HANDLES_URL, &(struct bs_arguments){.target = url}, &result), BLOCKSTORE_STATUS_OK);
  assert_int_equal(status_of(store, BS_ENTRY_HANDLES_URL, &(struct bs_arguments){.target = "http://a/"}, &result),
                   BLOCKSTORE_STATUS_UNHANDLED_URL);
  assert_int_equal(put(store, BS_ENTRY_PUT_MUTABLE, deletion.target, "first", &result), BLOCKSTORE_STATUS_OK);
  assert_true(log_holds("version 7, signature v2:sig"));
  assert_int_equal(put(store, BS_ENTRY_PUT_MUTABLE, deletion.target, "second", &result), BLOCKSTORE_STATUS_OK);
  holds(store, BS_ENTRY_GET_MUTABLE, url, "second");
  assert_int_equal(status_of(store, BS_ENTRY_DELETE_MUTABLE, &deletion, &result), BLOCKSTORE_STATUS_OK);
  assert_int_equal(get_missing(store, BS_ENTRY_GET_MUTABLE, url), BLOCKSTORE_STATUS_NOT_FOUND);
  free(url);
}

static void use_options(const struct bs_module *module) {
  struct bs_store *store = open_old(module, "label: pile\nlimit: 4\nbusy: true\n");
  struct bs_call_result result;

  assert_int_equal(put(store, BS_ENTRY_PUT_IMMUTABLE, KEY, "hello", &result), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(result.retry_after_ms, 7);
  assert_string_equal(result.error.message, "shelf: " KEY ": The store is busy, as its option says.");
  assert_int_equal(put(store, BS_ENTRY_PUT_MUTABLE, "id", "four", &result), BLOCKSTORE_STATUS_OK);
  assert_int_equal(put(store, BS_ENTRY_PUT_MUTABLE, "id", "fives", &result), BLOCKSTORE_STATUS_TOO_LARGE);
  assert_non_null(strstr(result.error.message, "The object has 5 bytes, the option limit allows 4."));
  bs_store_close(store);
}

static void use(const struct bs_module *module) {
  struct bs_store *store = open_old(module, "label: pile\ntags: [a, b]\n");

  assert_true(log_holds("shelf: opened as pile"));
  use_immutable(store);
  use_mutable(store);
  holds(store, BS_ENTRY_CHECK, NULL, "{\"label\": \"pile\", \"tags\": 2, \"timed\": true, \"watched\": true, \"listens\": true}");
  bs_store_close(store);
  assert_true(log_holds("shelf: closed"));
  use_options(module);
}

/* The store below answers what the filter made of the bytes, and the filter what they were. */
static void use_filter(const struct bs_module *filter, const struct bs_module *store) {
  struct bs_store *below = open_old(store, "label: pile\n"), *above = open_above(below, filter, "mask: 1\n");
  struct bs_call_result result;

  assert_true(log_holds("shelf: below it is a store"));
  use_immutable(above);
  use_mutable(above);
  assert_int_equal(put(above, BS_ENTRY_PUT_IMMUTABLE, KEY, "`bc", &result), BLOCKSTORE_STATUS_OK);
  holds(below, BS_ENTRY_GET_IMMUTABLE, KEY, "acb");
  holds(above, BS_ENTRY_GET_IMMUTABLE, KEY, "`bc");
  holds(above, BS_ENTRY_CHECK, NULL, "{\"label\": \"pile\", \"tags\": 0, \"timed\": true, \"watched\": true, \"listens\": true}");
  bs_store_close(above);
  assert_true(log_holds("shelf: unveiled, open below"));
  above = open_above(open_old(store, "label: pile\nbusy: true\n"), filter, "{}\n");
  assert_int_equal(put(above, BS_ENTRY_PUT_IMMUTABLE, KEY, "hello", &result), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(result.retry_after_ms, 14);
  assert_string_equal(result.error.message, "shelf: " KEY ", veiled: " KEY ": The store is busy, as its option says.");
  bs_store_close(above);
}

/* ---- the tests ---- */

static void the_present_abi_has_its_drivers(void **state UNUSED) {
  bool found = false;

  for (size_t i = 0; i < abi_count; i++) found |= abis[i].major == BLOCKSTORE_ABI_MAJOR && abis[i].minor == BLOCKSTORE_ABI_MINOR;
  if (!found) fail_msg("t/old-drivers/%u.%u is missing: run t/old-drivers/remake", BLOCKSTORE_ABI_MAJOR, BLOCKSTORE_ABI_MINOR);
}

/* Says how each file was made, and that it is the one. */
static void each_file_is_as_it_was_built(void **state UNUSED) {
  for (size_t i = 0; i < abi_count * NAMES; i++) {
    struct bs_buffer built = BS_BUFFER_INIT, file = BS_BUFFER_INIT;
    char line[2 * BS_SHA256_SIZE + 64], name[16], hex[2 * BS_SHA256_SIZE + 1];
    unsigned char digest[BS_SHA256_SIZE];
    const char *text;

    snprintf(name, sizeof name, "%s.so", names[i % NAMES]);
    old_file(&built, abis[i / NAMES], "BUILT");
    old_file(&file, abis[i / NAMES], name);
    bs_sha256(digest, file.bytes, file.length);
    bs_hex_encode(hex, digest, sizeof digest);
    snprintf(line, sizeof line, "\nsha256: %s %s\n", hex, name);
    text = bs_buffer_string(&built);
    if (strstr(text, line) == NULL) fail_msg("%s is not the file of BUILT; its digest is %s", name, hex);
    assert_true(strncmp(text, "commit: ", 8) == 0 && bs_hex_is(text + 8, 40));
    assert_non_null(strstr(text, "\ncommand: gcc "));
    assert_non_null(strstr(text, "include/blockstore/filter.h\n"));
    assert_non_null(strstr(text, "\ncommand: g++ "));
    bs_buffer_free(&built);
    bs_buffer_free(&file);
  }
}

static void each_is_loaded_and_used(void **state) {
#if defined(__x86_64__) && defined(__LP64__)
  const struct bs_module *modules[FOLDERS_MOST * NAMES];

  for (size_t i = 0; i < abi_count * NAMES; i++) {
    modules[i] = load(*state, abis[i / NAMES], names[i % NAMES]);
    assert_int_equal(modules[i]->metadata->abi_major, abis[i / NAMES].major);
    assert_int_equal(modules[i]->metadata->abi_minor, abis[i / NAMES].minor);
  }
  for (size_t i = 0; i < abi_count * NAMES; i++) {
    log_text[0] = '\0';
    if (i % NAMES < STORES) use(modules[i]);
    for (size_t at = 0; i % NAMES >= STORES && at < abi_count; at++)
      use_filter(modules[i], modules[at * NAMES]); /* above stores of any minor version */
  }
#else
  (void)state, (void)load, (void)use, (void)use_filter;
  skip_because("the old drivers are for 64-bit x86");
#endif
}

static int set_up(void **state) {
  return set_up_calls(state) == 0 ? make_place(state) : -1;
}

static int tear_down(void **state) {
  return tear_down_calls(state) == 0 ? remove_place(state) : -1;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_present_abi_has_its_drivers),
      cmocka_unit_test(each_file_is_as_it_was_built),
      cmocka_unit_test_setup_teardown(each_is_loaded_and_used, set_up, tear_down),
  };

  alarm(600);
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests_name(__FILE__, tests, find_folders, NULL);
}
