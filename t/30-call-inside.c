/* SPDX-License-Identifier: MIT */
/* Where a thread is inside a driver, as a handler of a crash is told: in every entry point, on any thread, and nowhere else. */
#include <config.h>

#include "core/driver/inside.h"
#include "core/driver/module.h"
#include "t/lib/calls.h"
#include "t/lib/plugins.h"

static char told[256]; /* from inside the driver; "" when it is in none */

static void tell(void) {
  if (!bs_inside_tell(told, sizeof told)) told[0] = '\0';
}

static void assert_outside(void) {
  char text[64] = "as it was";

  assert_false(bs_inside_tell(text, sizeof text));
  assert_string_equal(text, "as it was");
}

static enum blockstore_status mock_init(void **ret_self, struct blockstore_call *call UNUSED,
                                        const struct blockstore_settings *settings UNUSED,
                                        const struct blockstore_next *next UNUSED) {
  *ret_self = NULL;
  tell();
  return BLOCKSTORE_STATUS_OK;
}

static void mock_close(void *self UNUSED, struct blockstore_call *call UNUSED) {
  tell();
}

static enum blockstore_status mock_handles(void *self UNUSED, struct blockstore_call *call UNUSED, const char *url UNUSED) {
  tell();
  return BLOCKSTORE_STATUS_OK;
}

static const struct blockstore_driver mock = {
    .storage_init = mock_init, .storage_close = mock_close, .handles_url = mock_handles};

static void ask(struct bs_store *store) {
  const struct bs_arguments arguments = {.target = "mock:x"};
  struct bs_scope *scope = scope_of(0);
  struct bs_error error = {0};
  struct bs_call *call;

  assert_ok(bs_call_new(&call, store, BS_ENTRY_HANDLES_URL, &arguments, &error));
  bs_calls_run(&call, 1, scope, NULL);
  assert_int_equal(bs_call_result(call)->status, BLOCKSTORE_STATUS_OK);
  bs_call_release(call);
  bs_scope_close(scope);
}

static void each_entry_point_is_told(bool is_inline) {
  struct bs_store *store = open_store("laptop", &mock, BS_THREADS_PARALLEL, is_inline, 0);

  assert_string_equal(told, "the driver mock, in storage_init of the store laptop");
  assert_outside();
  ask(store);
  assert_string_equal(told, "the driver mock, in handles_url of the store laptop");
  assert_outside();
  bs_store_close(store);
  assert_string_equal(told, "the driver mock, in storage_close of the store laptop");
  assert_outside();
}

static void it_is_told_on_the_callers_thread(void **state UNUSED) {
  each_entry_point_is_told(true);
}

static void and_on_a_worker(void **state UNUSED) {
  each_entry_point_is_told(false);
  bs_workers_rest();
}

static void the_file_is_told_of_what_was_loaded(void **state) {
  const struct bs_module *module = NULL;
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};
  struct bs_inside inside = {0};
  const char *place = *state;
  char expected[256];

  copy_module(place, "good", "good.so");
  assert_ok(bs_catalog_find(&candidate, &place, 1, "good", &error));
  assert_ok(bs_module_load(&module, candidate, &error));
  bs_candidate_free(candidate);
  assert_outside();
  assert_string_equal(bs_module_file(module->driver), module->path);
  assert_null(bs_module_file(&mock));
  inside = (struct bs_inside){.driver = "good", .table = module->driver, .store = "a\nb", .entry = "check"};
  bs_inside_enter(&inside);
  tell();
  snprintf(expected, sizeof expected, "the driver good (%s/good.so), in check of the store a?b", place);
  assert_string_equal(told, expected);
  bs_inside_leave(&inside);
}

static void a_file_that_is_refused_is_left_again(void **state) {
  const struct bs_module *module = NULL;
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};
  const char *place = *state;

  copy_module(place, "nosymbol", "nosymbol.so");
  assert_ok(bs_catalog_find(&candidate, &place, 1, "nosymbol", &error));
  assert_fails(bs_module_load(&module, candidate, &error), BS_WORD_driver, "has no function");
  bs_candidate_free(candidate);
  assert_outside();
}

static void drivers_may_nest_and_texts_are_cut(void **state UNUSED) {
  struct bs_inside outer = {.driver = "filter", .table = &mock, .store = "s", .entry = "check"};
  struct bs_inside inner = {.driver = "x", .file = "/x.so"};
  char text[16];

  bs_inside_enter(&outer);
  bs_inside_enter(&inner);
  tell();
  assert_string_equal(told, "the driver x (/x.so), while it was being loaded");
  bs_inside_leave(&inner);
  tell();
  assert_string_equal(told, "the driver filter, in check of the store s");
  assert_true(bs_inside_tell(text, sizeof text));
  assert_string_equal(text, "the driver filt");
  assert_true(bs_inside_tell(text, 1));
  assert_string_equal(text, "");
  assert_false(bs_inside_tell(text, 0));
  bs_inside_leave(&outer);
  assert_outside();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_told_on_the_callers_thread),
      cmocka_unit_test(and_on_a_worker),
      in_place(the_file_is_told_of_what_was_loaded),
      in_place(a_file_that_is_refused_is_left_again),
      cmocka_unit_test(drivers_may_nest_and_texts_are_cut),
  };
  int failed = RUN_TESTS(tests);

  bs_scopes_free(&scopes);
  return failed;
}
