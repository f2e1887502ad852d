/* SPDX-License-Identifier: MIT */
/*
 * The ABI grows in both directions: a driver of a later minor version in the core of today, and one of today in cores that
 * are older and newer, which the test plays.  What must not be read lies outside of what was allocated.
 */
#include <config.h>

#include "core/driver/catalog.h"
#include "core/driver/module.h"
#include "t/lib/calls.h"
#include "t/lib/driver-host.h"
#include "t/lib/plugins.h"

#define BEHIND ((const void *)"behind") /* what stands in members that today's header does not know */

/* ---- a later driver in the core of today ---- */

static const struct bs_module *load(const char *place, const char *name) {
  struct bs_candidate *candidate = NULL;
  const struct bs_module *module = NULL;
  struct bs_error error = {0};
  char file[64];

  snprintf(file, sizeof file, "%s.so", name);
  copy_module(place, name, file);
  assert_ok(bs_catalog_find(&candidate, &place, 1, name, &error));
  assert_ok(bs_module_load(&module, candidate, &error));
  bs_candidate_free(candidate);
  return module;
}

static void a_later_minor_that_asks_for_too_much_is_refused(void **state) {
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};
  const char *place = *state;

  copy_module(place, "newerminor", "newerminor.so");
  assert_fails(bs_catalog_find(&candidate, &place, 1, "newerminor", &error), BS_WORD_driver,
               "newerminor.so: The driver needs ABI 1.98 or later and this is 1.0: install a newer Blockstore.");
}

/* By its file, as any driver. */
static struct bs_store *open_later(const char *place) {
  const struct bs_module *module = load(place, "later");
  struct blockstore_settings *settings = NULL;
  struct bs_scope *scope = scope_of(0);
  struct bs_store *store = NULL;
  struct bs_error error = {0};

  assert_int_equal(module->metadata->abi_minor, BLOCKSTORE_ABI_MINOR + 1);
  assert_true(module->driver_size > sizeof *module->driver);
  assert_int_equal(module->metadata->threads, BS_THREADS_PARALLEL);
  assert_int_equal(module->metadata->capabilities, 0); /* the one that it has is unknown here */
  assert_ok(bs_settings_new(&settings, &error));
  assert_ok(bs_store_open(&store, "shelf", "later", module->driver, module->driver_size, module->metadata, settings, -1, NULL,
                          scope, &error));
  bs_scope_close(scope);
  return store;
}

static void expect(struct bs_store *store, enum bs_entry entry, const char *target, const char *expected) {
  struct collected collected = {.begun = 0};
  struct bs_receiver receiver = receiver_of(&collected, 1000);
  struct bs_call *call = new_call(store, entry, &(struct bs_arguments){.target = target, .receiver = &receiver});

  assert_status(run_one(call, 0), OK);
  assert_string_equal(bs_buffer_string(&collected.bytes), expected);
  bs_call_release(call);
  bs_buffer_free(&collected.bytes);
}

static void a_later_driver_finds_nothing_that_is_not_there(void **state) {
  struct bs_store *store = open_later(*state);
  struct bs_feed *feed = feed_of("hello");
  struct bs_call *call = put_call(store, BS_ENTRY_PUT_IMMUTABLE, feed);

  assert_status(run_one(call, 0), OK);
  bs_call_release(call);
  bs_feed_release(feed);
  expect(store, BS_ENTRY_GET_IMMUTABLE, "key", "hello");
  expect(store, BS_ENTRY_CHECK, NULL, "below 0; added: host 0 call 0 source 0 sink 0 next 0");
  bs_store_close(store);
}

static void a_later_status_is_a_failure(void **state) {
  struct bs_store *store = open_later(*state);
  struct collected collected = {.begun = 0};
  struct bs_call *call = get_call(store, "added", &collected);

  assert_result(run_one(call, 0), FAILED, BS_WORD_failed, "unknown status 11");
  bs_call_release(call);
  bs_store_close(store);
}

/* ---- drivers in other cores ---- */

/* A core: its host table, cut off or with a member more behind it, and the call that hands it out. */
struct core {
  struct blockstore_host *host;
  struct host_call old; /* as driver-host.c has it */
  struct {
    struct blockstore_call call;
    const void *added;
  } grown;
};

static void core_begin(struct core *core, size_t host_size, bool is_later) {
  const struct blockstore_host *whole;
  const void *behind = BEHIND;

  host_call_init(&core->old);
  whole = core->old.call.host;
  core->host = calloc(1, host_size);
  assert_non_null(core->host);
  memcpy(core->host, whole, host_size < sizeof *whole ? host_size : sizeof *whole);
  for (size_t at = sizeof *whole; at < host_size; at += sizeof behind) memcpy((char *)core->host + at, &behind, sizeof behind);
  core->host->struct_size = (uint32_t)host_size;
  core->host->abi_minor = is_later ? BLOCKSTORE_ABI_MINOR + 1 : BLOCKSTORE_ABI_MINOR;
  core->old.call.host = core->host;
  core->grown.call = core->old.call;
  core->grown.call.struct_size = sizeof core->grown;
  core->grown.added = BEHIND;
}

static struct blockstore_call *core_call(struct core *core, bool is_later) {
  return is_later ? &core->grown.call : &core->old.call;
}

/* A source and a sink with a member more. */
struct later_source {
  struct blockstore_source source;
  const void *added;
};

struct later_sink {
  struct blockstore_sink sink;
  const void *added;
  char text[128];
};

static enum blockstore_status later_read_at(const struct blockstore_source *source, void *buffer, size_t length,
                                            uint64_t offset) {
  assert_true(offset + length <= source->size);
  memcpy(buffer, &"hello"[offset], length);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status later_begin(struct blockstore_sink *sink, uint64_t size) {
  ((struct later_sink *)sink)->text[0] = '\0';
  return size <= 100 || size == BLOCKSTORE_SIZE_UNKNOWN ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_TOO_LARGE;
}

static enum blockstore_status later_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  assert_true(length < sizeof((struct later_sink *)sink)->text);
  memcpy(((struct later_sink *)sink)->text, bytes, length);
  ((struct later_sink *)sink)->text[length] = '\0';
  return BLOCKSTORE_STATUS_OK;
}

/* Puts and gets one value, and compares what the driver says it saw. */
static void use(struct core *core, bool is_later, const char *driver_name, const struct blockstore_next *next,
                const char *report) {
  const struct blockstore_driver *driver = host_load(driver_name);
  struct blockstore_call *call = core_call(core, is_later);
  size_t more = is_later ? sizeof(void *) : 0;
  struct later_source source = {{(uint32_t)(sizeof source.source + more), 0, later_read_at, 5}, BEHIND};
  struct later_sink sink = {{(uint32_t)(sizeof sink.sink + more), 0, later_begin, later_write}, BEHIND, ""};
  void *self = NULL;

  assert_int_equal(driver->storage_init(&self, call, NULL, next), BLOCKSTORE_STATUS_OK);
  assert_int_equal(driver->put_immutable_handler(self, call, "key", &source.source, NULL), BLOCKSTORE_STATUS_OK);
  assert_int_equal(driver->get_immutable_handler(self, call, &sink.sink, "key"), BLOCKSTORE_STATUS_OK);
  assert_string_equal(sink.text, "hello");
  assert_int_equal(driver->check(self, call, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_string_equal(sink.text, report);
  driver->storage_close(self, call);
}

static void use_in_core(size_t host_size, bool is_later, const char *driver_name, const char *report) {
  struct core core;

  core_begin(&core, host_size, is_later);
  use(&core, is_later, driver_name, NULL, report);
  free(core.host);
}

static void in_an_older_core_a_later_driver_does_without(void **state UNUSED) {
  use_in_core(sizeof(struct blockstore_host), false, "later", "below 0; added: host 0 call 0 source 0 sink 0 next 0");
}

static void in_a_newer_core_a_driver_is_as_it_was(void **state UNUSED) {
  const size_t grown = sizeof(struct blockstore_host) + 3 * sizeof(void *);

  use_in_core(sizeof(struct blockstore_host), false, "today", "below 0; added: host 0 call 0 source 0 sink 0 next 0");
  use_in_core(grown, true, "today", "below 0; added: host 0 call 0 source 0 sink 0 next 0");
}

static void in_its_own_core_a_later_driver_finds_all(void **state UNUSED) {
  use_in_core(sizeof(struct blockstore_host) + sizeof(void *), true, "later",
              "below 0; added: host 1 call 1 source 1 sink 1 next 0");
}

/* A filter above a store whose table ends where it ended in 1.0, is shorter, or longer; `next` alike. */
static void a_filter_knows_what_is_below_it(void **state UNUSED) {
  const struct blockstore_driver *below = host_load("later");
  struct {
    struct blockstore_next next;
    const void *added;
  } next = {{sizeof next.next, sizeof *below, below, NULL}, BEHIND};
  struct core core;

  core_begin(&core, sizeof(struct blockstore_host), false);
  assert_int_equal(below->storage_init(&next.next.self, core_call(&core, false), NULL, NULL), BLOCKSTORE_STATUS_OK);
  use(&core, false, "today", &next.next, "below 1; added: host 0 call 0 source 0 sink 0 next 0");
  use(&core, false, "later", &next.next, "below 1; added: host 0 call 0 source 0 sink 0 next 0");
  next.next.struct_size = sizeof next;
  next.next.driver_size = sizeof *below + sizeof(void *);
  use(&core, false, "today", &next.next, "below 1; added: host 0 call 0 source 0 sink 0 next 0");
  use(&core, false, "later", &next.next, "below 1; added: host 0 call 0 source 0 sink 0 next 1");
  next.next.driver_size = offsetof(struct blockstore_driver, check);
  use(&core, false, "today", &next.next, "below 0; added: host 0 call 0 source 0 sink 0 next 0");
  below->storage_close(next.next.self, core_call(&core, false));
  free(core.host);
}

/* ---- tables of every length in the core of today ---- */

static enum blockstore_status simple_init(void **ret_self, struct blockstore_call *call UNUSED,
                                          const struct blockstore_settings *settings UNUSED,
                                          const struct blockstore_next *next UNUSED) {
  *ret_self = NULL;
  return BLOCKSTORE_STATUS_OK;
}

static void simple_close(void *self UNUSED, struct blockstore_call *call UNUSED) {
}

static enum blockstore_status simple_handles(void *self UNUSED, struct blockstore_call *call UNUSED, const char *url UNUSED) {
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status simple_give(void *self UNUSED, struct blockstore_call *call UNUSED,
                                          struct blockstore_sink *sink UNUSED, const char *target UNUSED) {
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status simple_put(void *self UNUSED, struct blockstore_call *call UNUSED, const char *key UNUSED,
                                         const struct blockstore_source *data UNUSED, const char *txid UNUSED) {
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status simple_put_mutable(void *self UNUSED, struct blockstore_call *call UNUSED,
                                                 const char *data_id UNUSED, uint64_t version UNUSED,
                                                 const char *signature UNUSED,
                                                 const struct blockstore_source *record UNUSED) {
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status simple_delete(void *self UNUSED, struct blockstore_call *call UNUSED, const char *target UNUSED,
                                            const char *why UNUSED) {
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status simple_check(void *self UNUSED, struct blockstore_call *call UNUSED,
                                           struct blockstore_sink *sink UNUSED) {
  return BLOCKSTORE_STATUS_OK;
}

static const struct blockstore_driver simple = {
    .storage_init = simple_init,
    .storage_close = simple_close,
    .handles_url = simple_handles,
    .make_mutable_url = simple_give,
    .get_immutable_handler = simple_give,
    .get_mutable_handler = simple_give,
    .put_immutable_handler = simple_put,
    .put_mutable_handler = simple_put_mutable,
    .delete_immutable_handler = simple_delete,
    .delete_mutable_handler = simple_delete,
    .check = simple_check,
};

static enum blockstore_status run_entry(struct bs_store *store, enum bs_entry entry) {
  struct collected collected = {.begun = 0};
  struct bs_receiver receiver = receiver_of(&collected, 1000);
  struct bs_feed *feed = feed_of("");
  bool puts = entry == BS_ENTRY_PUT_IMMUTABLE || entry == BS_ENTRY_PUT_MUTABLE;
  bool gives = entry == BS_ENTRY_MAKE_MUTABLE_URL || entry == BS_ENTRY_GET_IMMUTABLE || entry == BS_ENTRY_GET_MUTABLE ||
               entry == BS_ENTRY_CHECK;
  struct bs_call *call = new_call(store, entry,
                                  &(struct bs_arguments){.target = "x",
                                                         .signature = "s",
                                                         .version = 1,
                                                         .feed = puts ? feed : NULL,
                                                         .receiver = gives ? &receiver : NULL});
  enum blockstore_status status = run_one(call, 0)->status;

  bs_call_release(call);
  bs_feed_release(feed);
  bs_buffer_free(&collected.bytes);
  return status;
}

static void a_table_is_read_no_further_than_it_goes(void **state UNUSED) {
  const struct bs_metadata metadata = {.threads = BS_THREADS_PARALLEL, .largest = UINT64_MAX};
  const size_t step = sizeof simple.check, count = sizeof simple / step;

  for (size_t length = 1; length <= count; length++) {
    struct blockstore_driver *driver = malloc(length * step);
    struct blockstore_settings *settings = NULL;
    struct bs_scope *scope = scope_of(0);
    struct bs_store *store = NULL;
    struct bs_error error = {0};

    assert_non_null(driver);
    memcpy(driver, &simple, length * step);
    assert_ok(bs_settings_new(&settings, &error));
    assert_ok(bs_store_open(&store, "shelf", "mock", driver, length * step, &metadata, settings, 1, NULL, scope, &error));
    for (size_t i = 2; i < count; i++) /* enum bs_entry has them in the table's order */
      assert_int_equal(run_entry(store, (enum bs_entry)i), i < length ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNSUPPORTED);
    bs_store_close(store);
    bs_scope_close(scope);
    free(driver);
  }
}

static int set_up(void **state) {
  return set_up_calls(state) == 0 ? make_place(state) : -1;
}

static int tear_down(void **state) {
  return tear_down_calls(state) == 0 ? remove_place(state) : -1;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(a_later_minor_that_asks_for_too_much_is_refused),
      cmocka_unit_test_setup_teardown(a_later_driver_finds_nothing_that_is_not_there, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_later_status_is_a_failure, set_up, tear_down),
      CALL_TEST(in_an_older_core_a_later_driver_does_without),
      CALL_TEST(in_a_newer_core_a_driver_is_as_it_was),
      CALL_TEST(in_its_own_core_a_later_driver_finds_all),
      CALL_TEST(a_filter_knows_what_is_below_it),
      CALL_TEST(a_table_is_read_no_further_than_it_goes),
  };
  return RUN_TESTS(tests);
}
