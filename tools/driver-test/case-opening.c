/* SPDX-License-Identifier: MIT */
/* Opening and closing: a store opens as often as one likes, and leaves nothing behind. */
#include <config.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/codec/json.h"
#include "core/driver/call.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/object.h"
#include "tools/driver-test/traces.h"
#include "tools/driver-test/wrong.h"

#define ROUNDS 1000u
#define ROUNDS_WARM 20u
#define REPORT_MOST ((size_t)1 << 20)
#define SOON_MS 2500 /* the half second, and what a busy machine may add */
#define NEAR_MS 300

static void open_close(struct trial *trial) {
  struct store store;

  must_open(&store, trial, 1);
  store_close(&store);
}

/* ---- again, and two at once ---- */

static void open_again(struct trial *trial) {
  struct datum datum AUTO_DATUM;
  struct store store;

  must_open(&store, trial, 1);
  skip_without(&store, KIND_IMMUTABLE);
  datum_make(&datum, trial, 1776);
  must_put_immutable(&store, datum.key, &datum);
  store_close(&store);
  must_open(&store, trial, 1);
  must_hold_immutable(&store, datum.key, &datum);
  store_close(&store);
}

static void open_two(struct trial *trial) {
  struct datum first_datum AUTO_DATUM, second_datum AUTO_DATUM;
  struct store first, second;

  datum_make(&first_datum, trial, 100);
  datum_make(&second_datum, trial, 100);
  must_open(&first, trial, 1);
  must_open(&second, trial, 1);
  skip_without(&first, KIND_IMMUTABLE);
  must_put_immutable(&first, first_datum.key, &first_datum);
  must_hold_immutable(&second, first_datum.key, &first_datum);
  store_close(&first);
  must_hold_immutable(&second, first_datum.key, &first_datum);
  must_put_immutable(&second, second_datum.key, &second_datum);
  must_hold_immutable(&second, second_datum.key, &second_datum);
  store_close(&second);
}

/* Whatever it answers: it may find that URL elsewhere than in itself, and be refused there. */
static void must_not_know(struct store *store, const char *url) {
  enum blockstore_status status;
  struct output output;
  struct call call;

  call_begin(&call, store);
  output_begin(&output, store->trial);
  status = store_get_mutable(store, &call, &output, url);
  if (status == BLOCKSTORE_STATUS_OK || output.bytes.length > 0)
    trial_fail(store->trial, "Another store was asked for %s and answered %s, with %zu bytes.", url, answer_text(&call, status),
               output.bytes.length);
  output_end(&output);
  call_end(&call);
}

static void keep_apart(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT;
  struct store other;

  object_make(&object, store->trial, kind, 1778);
  must_open(&other, store->trial, 2);
  must_put_object(store, &object);
  must_lack_object(&other, &object);
  if (kind == KIND_MUTABLE) {
    char *url BS_AUTO_FREE = must_make_url(store, object.id);

    must_not_know(&other, url);
  }
  must_hold_object(store, &object);
  store_close(&other);
}

static void open_apart(struct trial *trial) {
  for_each_kind(trial, keep_apart);
}

/* ---- failing ---- */

static void leave_self(struct trial *trial) {
  unsigned failed = 0;

  for (size_t way = 0; way < wrong_ways(trial); way++) {
    struct store store;
    struct call call;
    enum blockstore_status status = open_wrongly(&store, &call, trial, way);

    if (status == BLOCKSTORE_STATUS_OK) {
      store_close(&store);
    } else if (store.wrote_self) {
      trial_fail(trial, "storage_init wrote *ret_self and answered %s.", answer_text(&call, status));
    } else {
      failed++;
    }
    call_end(&call);
  }
  if (failed == 0) trial_skip(trial, "no way was found to make storage_init fail");
}

/* Whatever it answers. */
static void get_absent(struct store *store) {
  struct datum datum AUTO_DATUM;
  struct output output;
  struct call call;

  datum_make(&datum, store->trial, 16);
  call_begin(&call, store);
  output_begin(&output, store->trial);
  store_get_immutable(store, &call, &output, datum.key);
  output_end(&output);
  call_end(&call);
}

static void close_after_failures(struct trial *trial) {
  struct datum datum AUTO_DATUM;
  enum blockstore_status status;
  struct input input;
  struct store store;
  struct call call;

  datum_make(&datum, trial, 1779);
  must_open(&store, trial, 1);
  skip_without(&store, KIND_IMMUTABLE);
  get_absent(&store);
  call_begin(&call, &store);
  input_begin(&input, trial, datum.bytes, datum.size);
  input.fail_at = 0;
  status = store_put_immutable(&store, &call, datum.key, &input, NULL);
  if (status == BLOCKSTORE_STATUS_OK) trial_fail(trial, "put_immutable_handler answered OK, and its source had failed.");
  call_end(&call);
  call_begin(&call, &store);
  call_cancel(&call);
  input_begin(&input, trial, datum.bytes, datum.size);
  store_put_immutable(&store, &call, datum.key, &input, NULL);
  call_end(&call);
  store_close(&store);
  open_close(trial);
}

static void set_near(struct call *call) {
  call->deadline_ms = bs_clock_monotonic_ms() + NEAR_MS;
}

static void open_with_deadline(struct trial *trial) {
  enum blockstore_status status;
  struct store store;
  struct call call;

  trial->begun = set_near;
  trial_due(trial, NEAR_MS + SOON_MS, "returned from storage_init; its deadline was " BLOCKSTORE_STRING(SOON_MS) " ms ago");
  status = store_try(&store, trial, must_settings(trial, NULL, NULL, NULL), &call);
  trial_due(trial, 0, NULL);
  trial->begun = NULL;
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_CANCELLED && status != BLOCKSTORE_STATUS_TRANSIENT)
    trial_fail(trial, "storage_init with a deadline of %d ms answered %s.", NEAR_MS, answer_text(&call, status));
  call_end(&call);
  if (status == BLOCKSTORE_STATUS_OK) store_close(&store);
}

/* ---- nothing is left behind ---- */

/* What was taken before and after so many rounds must be the same: of memory and its mappings, which libraries keep for
 * later, nearly. */
static void must_be_clean(struct trial *trial, const char *what, unsigned rounds, const struct traces *before) {
  struct traces after;

  traces_settled_threads(trial, before->threads);
  after = traces_take(trial);
  if (after.descriptors > before->descriptors)
    trial_fail(trial, "After %u times %s %u more descriptors are open.", rounds, what, after.descriptors - before->descriptors);
  if (after.threads > before->threads)
    trial_fail(trial, "After %u times %s %u more threads run.", rounds, what, after.threads - before->threads);
  if (after.mappings > before->mappings + 16)
    trial_fail(trial, "After %u times %s there are %u more mappings of memory.", rounds, what, after.mappings - before->mappings);
  if (after.heap > before->heap + rounds * (size_t)16 + 4096)
    trial_fail(trial, "After %u times %s %zu more bytes of memory are in use.", rounds, what, after.heap - before->heap);
}

struct rounds {
  struct trial *trial;
  bool (*round)(struct trial *trial, void *user); /* false: it failed */
  void *user;
  uint64_t end_ms; /* none begins later */
  unsigned most;
  unsigned done;
  bool failed;
};

static void *run_rounds(void *user) {
  struct rounds *rounds = user;

  for (rounds->done = 0; !rounds->failed && rounds->done < rounds->most && bs_clock_monotonic_ms() < rounds->end_ms;
       rounds->done++)
    rounds->failed = !rounds->round(rounds->trial, rounds->user);
  return NULL;
}

/* As often as fits into a fifth of the time.  In threads that end: malloc counts what it keeps for a thread as in use. */
static void must_leave_nothing(struct trial *trial, const char *what, bool (*round)(struct trial *trial, void *user),
                               void *user) {
  struct rounds rounds = {trial, round, user, bs_clock_monotonic_ms() + trial->timeout_ms / 5, ROUNDS_WARM, 0, false};
  struct traces before;

  trial_in_thread(trial, run_rounds, &rounds);
  before = traces_take(trial);
  rounds.most = ROUNDS;
  trial_in_thread(trial, run_rounds, &rounds);
  must_be_clean(trial, what, rounds.done, &before);
  if (rounds.failed) open_close(trial); /* says why */
}

static bool open_round(struct trial *trial, void *user) {
  struct store store;
  struct call call;
  enum blockstore_status status = store_try(&store, trial, must_settings(trial, NULL, NULL, NULL), &call);

  (void)user;
  call_end(&call);
  if (status == BLOCKSTORE_STATUS_OK) store_close(&store);
  return status == BLOCKSTORE_STATUS_OK;
}

static void leave_nothing(struct trial *trial) {
  must_leave_nothing(trial, "opened and closed", open_round, NULL);
}

static bool wrong_round(struct trial *trial, void *user) {
  const size_t *way = user;
  struct store store;
  struct call call;
  enum blockstore_status status = open_wrongly(&store, &call, trial, *way);

  call_end(&call);
  if (status == BLOCKSTORE_STATUS_OK) store_close(&store);
  return true;
}

static void fail_and_leave_nothing(struct trial *trial) {
  unsigned failing = 0;

  for (size_t way = 0; way < wrong_ways(trial); way++) {
    struct store store;
    struct call call;
    enum blockstore_status status = open_wrongly(&store, &call, trial, way);

    call_end(&call);
    if (status == BLOCKSTORE_STATUS_OK) {
      store_close(&store);
      continue;
    }
    failing++;
    must_leave_nothing(trial, "storage_init had failed", wrong_round, &way);
  }
  if (failing == 0) trial_skip(trial, "no way was found to make storage_init fail");
}

/* ---- check ---- */

/* Its answer, which is not UNSUPPORTED, and its report.  The caller ends both. */
static enum blockstore_status run_check(struct store *store, struct call *ret_call, struct output *ret_output) {
  enum blockstore_status status;

  call_begin(ret_call, store);
  output_begin(ret_output, store->trial);
  status = store_check(store, ret_call, ret_output);
  if (status == BLOCKSTORE_STATUS_UNSUPPORTED) trial_skip(store->trial, "the driver does not support check");
  return status;
}

static void must_report(struct store *store) {
  const struct bs_json_limits limits = {.size = REPORT_MOST, .depth = BS_JSON_DEPTH_MAX};
  struct bs_error error = {0};
  struct bs_json root;
  struct output output;
  struct call call;
  enum blockstore_status status = run_check(store, &call, &output);

  if (status != BLOCKSTORE_STATUS_OK)
    trial_fail(store->trial, "check of a store that works answered %s.", answer_text(&call, status));
  if (output.candidates > 1) trial_fail(store->trial, "check wrote %u reports.", output.candidates);
  if (!bs_json_scan(&root, output.bytes.bytes, output.bytes.length, &limits, &error))
    trial_fail(store->trial, "The report of check is no JSON: %s It begins: %.200s", error.message,
               output.bytes.length == 0 ? "" : bs_buffer_string(&output.bytes));
  if (bs_json_type(root) != BS_JSON_OBJECT)
    trial_fail(store->trial, "The report of check is no JSON object: %.200s", bs_buffer_string(&output.bytes));
  output_end(&output);
  call_end(&call);
}

static void check(struct trial *trial) {
  struct store store;

  must_open(&store, trial, 1);
  must_report(&store);
  must_report(&store);
  store_close(&store);
}

static void check_harmlessly(struct trial *trial) {
  struct datum datum AUTO_DATUM, absent AUTO_DATUM;
  char *id BS_AUTO_FREE = id_make(trial, "1");
  struct output output;
  struct store store;
  struct call call;

  datum_make(&datum, trial, 100);
  datum_make(&absent, trial, 100);
  must_open(&store, trial, 1);
  skip_without(&store, KIND_IMMUTABLE);
  skip_without(&store, KIND_MUTABLE);
  must_put_immutable(&store, datum.key, &datum);
  must_put_mutable(&store, id, 1, &datum);
  run_check(&store, &call, &output);
  output_end(&output);
  call_end(&call);
  must_hold_immutable(&store, datum.key, &datum);
  must_hold_mutable(&store, id, &datum);
  must_lack_immutable(&store, absent.key);
  store_close(&store);
}

static const struct behaviour behaviours[] = {
    {"opening.opens", "a store opens with the options given, and closes", NEEDED_BY_ALL, open_close},
    {"opening.again", "a closed store opens again and holds what was put", NEEDS_WRITES | NEEDS_DURABLE, open_again},
    {"opening.two", "a store may be open twice, and closing one leaves the other at work", NEEDS_WRITES, open_two},
    {"opening.apart", "two stores with nothing in common have nothing in common", NEEDS_WRITES | NEEDS_APART, open_apart},
    {"opening.self", "a storage_init that fails does not write *ret_self", NEEDS_LOADED, leave_self},
    {"opening.deadline", "storage_init keeps to its deadline", NEEDS_LOADED, open_with_deadline},
    {"opening.close", "a store closes after calls that failed, and opens again", NEEDS_WRITES, close_after_failures},
    {"opening.leaks", "opening and closing leaves no descriptor, thread or memory behind", 0, leave_nothing},
    {"opening.failed-leaks", "nor does a storage_init that fails", NEEDS_LOADED, fail_and_leave_nothing},
    {"opening.check", "check answers OK for a store that works, and writes one JSON object", 0, check},
    {"opening.check-harmless", "check changes nothing that is stored", NEEDS_WRITES, check_harmlessly},
};
const struct group group_opening = GROUP(behaviours);
