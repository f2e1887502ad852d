/* SPDX-License-Identifier: MIT */
/* A driver that breaks the rules of its interface: the error names the store, the driver and the fault, and the same
 * session goes on. */
#include <config.h>

#include "t/lib/attack.h"

#define HELD "held by the liar"

/* Only the data that was put is lied about, so that the session's next calls have an honest store in the same instance. */
#define FAULTY                                                                                                         \
  "timeouts: {operation: 3s}\nstores: [{name: liar, driver: lying, root: liar, about: data, on: %s, lie: %s, inline: " \
  "%s}]\n"

static void open_faulty(struct world *world, const char *on, const char *lie, const char *is_inline) {
  char *stores = NULL;

  assert_true(asprintf(&stores, FAULTY, on, lie, is_inline) >= 0);
  open_session(world, stores);
  free(stores);
}

/* What a call that failed must have told: in its message or in what it says of the store. */
static void assert_told(struct blockstore_error *error, const char *lie, const char *text) {
  if (error == NULL) fail_msg("%s: succeeded", lie);
  if (strstr(blockstore_error_document(error), text) == NULL)
    fail_msg("%s: %s expected: %s", lie, text, blockstore_error_document(error));
  blockstore_error_free(error);
}

/* Each of the session's other calls enters the driver again. */
static void assert_usable(struct world *world) {
  struct answer answer;

  free(call(world, "lookup", NAME, NULL));
  put_next(world, ID, "afterwards");
  answer = ask(world, ID, NULL);
  assert_answer(&answer, "", "afterwards", "the session goes on");
  end_answer(&answer);
}

static const struct {
  const char *lie, *text;
} of_get[] = {
    {"unknown", "liar: The driver lying answered with the unknown status 4711."},
    {"negative", "liar: The driver lying answered with the unknown status -1."},
    {"cancelled", "liar: The driver lying says CANCELLED, but nobody cancelled it."},
    {"short", "liar: The driver lying reports success but wrote only"},
    {"long", "liar: The driver lying wrote more than the"},
    {"nothing", "liar: The store gave other bytes than those of the key"},
};

static const struct {
  const char *lie, *text;
} of_put[] = {
    {"unknown", "liar: The driver lying answered with the unknown status 4711."},
    {"negative", "liar: The driver lying answered with the unknown status -1."},
    {"cancelled", "liar: The driver lying says CANCELLED, but nobody cancelled it."},
    {"beyond", "liar: The driver lying asked for bytes behind the end of the"},
};

static void get_faulty(struct world *world, const char *key, const char *lie, const char *text) {
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  struct blockstore_error *error = NULL;
  size_t length;

  assert_int_not_equal(blockstore_get_immutable(world->session, output, NULL, NAME, key, NULL, &error), BLOCKSTORE_DONE);
  assert_null(blockstore_output_bytes(output, &length));
  assert_told(error, lie, text);
  blockstore_output_free(output);
}

static void put_faulty(struct world *world, const char *lie, const char *text) {
  struct blockstore_input *input = blockstore_input_from_memory(lie, strlen(lie));
  struct blockstore_error *error = NULL;

  assert_int_not_equal(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, NULL, &error), BLOCKSTORE_DONE);
  assert_told(error, lie, text);
  blockstore_input_free(input);
}

static void a_get_names_driver_and_fault_and_the_session_goes_on(void **state) {
  struct world *world = *state;
  char key[65];

  begin_attack(world);
  put_text(world, key, HELD);
  for (size_t i = 0; i < 2 * sizeof of_get / sizeof of_get[0]; i++) {
    open_faulty(world, "get", of_get[i / 2].lie, i % 2 == 0 ? "true" : "false");
    get_faulty(world, key, of_get[i / 2].lie, of_get[i / 2].text);
    assert_usable(world);
  }
}

static void so_does_a_put(void **state) {
  struct world *world = *state;

  begin_attack(world);
  for (size_t i = 0; i < 2 * sizeof of_put / sizeof of_put[0]; i++) {
    open_faulty(world, "put", of_put[i / 2].lie, i % 2 == 0 ? "true" : "false");
    put_faulty(world, of_put[i / 2].lie, of_put[i / 2].text);
    assert_usable(world);
  }
}

/* The thread stays with it; the next calls have others. */
static void one_that_never_returns_is_given_up_and_named(void **state) {
  struct world *world = *state;
  char key[65];

  begin_attack(world);
  put_text(world, key, HELD);
  open_faulty(world, "put", "hang", "false");
  put_faulty(world, "hang", "liar: The driver lying did not return from put_immutable in time and was given up.");
  assert_usable(world);
  assert_holds(world, NAME, key, HELD, strlen(HELD));
}

/* It writes on after the sink has refused, and reports success: the good candidate was whole before. */
static void writing_after_an_error_adds_nothing(void **state) {
  struct world *world = *state;
  char key[65];

  begin_attack(world);
  put_text(world, key, HELD);
  open_faulty(world, "get", "good_then_bad", "false");
  assert_holds(world, NAME, key, HELD, strlen(HELD));
  assert_usable(world);
}

static void one_that_cannot_be_opened_is_named(void **state) {
  struct world *world = *state;
  char key[65];

  begin_attack(world);
  put_text(world, key, HELD);
  open_session(
      world,
      "replication: {write: {at_least: 1}}\nstores: [{name: liar, driver: lying, root: liar, on: init, lie: unknown}, "
      "{name: good, driver: disk, root: good}]\n");
  assert_holds(world, NAME, key, HELD, strlen(HELD));
  put_next(world, ID, "for the good one");
  open_session(world,
               "replication: {write: {at_least: all}}\nstores: [{name: liar, driver: lying, root: liar, on: init, lie: "
               "unknown}, "
               "{name: good, driver: disk, root: good}]\n");
  put_faulty(world, "init", "liar: The driver lying answered with the unknown status 4711.");
  assert_holds(world, NAME, key, HELD, strlen(HELD));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_get_names_driver_and_fault_and_the_session_goes_on),
      in_world(so_does_a_put),
      in_world(one_that_never_returns_is_given_up_and_named),
      in_world(writing_after_an_error_adds_nothing),
      in_world(one_that_cannot_be_opened_is_named),
  };

  return RUN_TESTS(tests);
}
