/* SPDX-License-Identifier: MIT */
/* What the core makes of every status from every entry point: the table in blockstore/driver.h, row by row. */
#include <config.h>

#include <blockstore/driver.h>

#include "core/base/auto.h"
#include "core/replica/mutable.h"
#include "t/lib/unit.h"

#define UNUSED __attribute__((unused))
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" /* SHA-256 of no bytes */
#define OWN "mock:own"
#define ROUTE "mock:route"
#define UNKNOWN ((enum blockstore_status)99)

static const struct row {
  enum blockstore_status status;
  enum bs_word get, put, fails; /* of the operation; of the store, as in a delete's receipt.  BS_NO_WORD: it is done */
  unsigned calls;
} rows[] = {
    {BLOCKSTORE_STATUS_OK, BS_NO_WORD, BS_NO_WORD, BS_NO_WORD, 1},
    {BLOCKSTORE_STATUS_NOT_FOUND, BS_WORD_not_found, BS_WORD_too_few, BS_WORD_not_found, 1},
    {BLOCKSTORE_STATUS_UNHANDLED_URL, BS_WORD_unreachable, BS_WORD_too_few, BS_WORD_failed, 1},
    {BLOCKSTORE_STATUS_DENIED, BS_WORD_unreachable, BS_WORD_denied, BS_WORD_denied, 1},
    {BLOCKSTORE_STATUS_NO_SPACE, BS_WORD_unreachable, BS_WORD_too_few, BS_WORD_no_space, 1},
    {BLOCKSTORE_STATUS_TOO_LARGE, BS_WORD_too_large, BS_WORD_too_large, BS_WORD_too_large, 1},
    {BLOCKSTORE_STATUS_CONFLICT, BS_WORD_unreachable, BS_WORD_too_few, BS_WORD_conflict, 1},
    {BLOCKSTORE_STATUS_TRANSIENT, BS_WORD_unreachable, BS_WORD_too_few, BS_WORD_unreachable, 3},
    {BLOCKSTORE_STATUS_CANCELLED, BS_WORD_unreachable, BS_WORD_too_few, BS_WORD_failed, 1},
    {BLOCKSTORE_STATUS_UNSUPPORTED, BS_WORD_unreachable, BS_WORD_too_few, BS_WORD_failed, 1},
    {BLOCKSTORE_STATUS_FAILED, BS_WORD_unreachable, BS_WORD_too_few, BS_WORD_failed, 1},
    {UNKNOWN, BS_WORD_unreachable, BS_WORD_too_few, BS_WORD_failed, 1},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* ---- a store that answers to everything what the row says, but for URLs, of which `urls` says whether it makes them ---- */

static enum blockstore_status answer;
static bool makes_urls, handles_urls;
static unsigned calls;

static enum blockstore_status count(void) {
  calls++;
  return answer;
}

static enum blockstore_status mock_init(void **ret_self, struct blockstore_call *call UNUSED,
                                        const struct blockstore_settings *settings UNUSED,
                                        const struct blockstore_next *next UNUSED) {
  *ret_self = NULL;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status mock_handles(void *self UNUSED, struct blockstore_call *call UNUSED, const char *url UNUSED) {
  return handles_urls ? BLOCKSTORE_STATUS_OK : count();
}

static enum blockstore_status mock_make(void *self UNUSED, struct blockstore_call *call UNUSED, struct blockstore_sink *ret_url,
                                        const char *data_id UNUSED) {
  enum blockstore_status status = makes_urls ? BLOCKSTORE_STATUS_OK : count();

  return status == BLOCKSTORE_STATUS_OK ? ret_url->write(ret_url, OWN, strlen(OWN)) : status;
}

static enum blockstore_status mock_get(void *self UNUSED, struct blockstore_call *call UNUSED,
                                       struct blockstore_sink *ret_data UNUSED, const char *key UNUSED) {
  return count();
}

static enum blockstore_status mock_put(void *self UNUSED, struct blockstore_call *call UNUSED, const char *key UNUSED,
                                       const struct blockstore_source *data UNUSED, const char *txid UNUSED) {
  return count();
}

static enum blockstore_status mock_put_mutable(void *self UNUSED, struct blockstore_call *call UNUSED, const char *data_id UNUSED,
                                               uint64_t version UNUSED, const char *signature UNUSED,
                                               const struct blockstore_source *record UNUSED) {
  return count();
}

static enum blockstore_status mock_delete(void *self UNUSED, struct blockstore_call *call UNUSED, const char *target UNUSED,
                                          const char *why UNUSED) {
  return count();
}

static const struct blockstore_driver driver = {
    .storage_init = mock_init,
    .handles_url = mock_handles,
    .make_mutable_url = mock_make,
    .get_immutable_handler = mock_get,
    .get_mutable_handler = mock_get,
    .put_immutable_handler = mock_put,
    .put_mutable_handler = mock_put_mutable,
    .delete_immutable_handler = mock_delete,
    .delete_mutable_handler = mock_delete,
};

static struct bs_replicas replicas;
static struct bs_scopes scopes;
static struct bs_watch watch;
static struct bs_feed *feed;

static int set_up(void **state UNUSED) {
  const struct bs_metadata metadata = {
      .largest = UINT64_MAX, .threads = BS_THREADS_PARALLEL, .capabilities = BS_CAPABILITY_LOCAL};
  struct blockstore_settings *settings = NULL;
  struct bs_store *store = NULL;
  struct bs_error error = {0};

  assert_ok(bs_scope_open(&scopes, &watch.scope, 60000, &error));
  watch.scopes = &scopes;
  assert_ok(bs_feed_from_memory(&feed, "", 0, &error));
  assert_ok(bs_replicas_new(&replicas, 1, &error));
  assert_ok(bs_settings_new(&settings, &error));
  assert_ok(bs_store_open(&store, "shelf", "mock", &driver, sizeof driver, &metadata, settings, -1, NULL, watch.scope, &error));
  replicas.items[0] = (struct bs_replica){.name = "shelf", .store = store, .is_durable = true};
  makes_urls = handles_urls = true;
  return 0;
}

static int tear_down(void **state UNUSED) {
  bs_store_close(replicas.items[0].store);
  bs_replicas_free(&replicas);
  bs_feed_release(feed);
  bs_scope_close(watch.scope);
  bs_scopes_free(&scopes);
  return 0;
}

/* ---- the table ---- */

static void play(const struct row *row) {
  answer = row->status;
  calls = 0;
  bs_replicas_forget(&replicas);
}

static void assert_row(const struct row *row, bool good, const struct bs_error *error, enum bs_word expected) {
  if (good != (expected == BS_NO_WORD) || (!good && error->word != expected))
    fail_msg("status %d: %s: %s", (int)row->status, good ? "done" : bs_word_text(error->word), good ? "" : error->message);
  if (calls != row->calls) fail_msg("status %d: %u calls", (int)row->status, calls);
}

static void get_immutable(void **state UNUSED) {
  for (int i = 0; i < ROWS; i++) {
    const struct bs_replica *giver = NULL;
    struct bs_error error = {0};
    struct bs_spool spool;

    play(&rows[i]);
    bs_spool_init(&spool, NULL);
    assert_row(&rows[i], bs_replicas_get_immutable(&replicas, &spool, &giver, EMPTY, 1000, &watch, &error), &error, rows[i].get);
    if (rows[i].get == BS_WORD_too_large) assert_int_equal(error.result, BLOCKSTORE_FORGED);
    bs_spool_free(&spool);
  }
}

/* OK is left out: what verifies is other tests' business. */
static void get_from(bool own) {
  static const char *const urls[] = {ROUTE};
  const struct bs_mutable_search search = {.limit = 1000, .budget_ms = 60000};

  for (int i = 1; i < ROWS; i++) {
    struct bs_versions versions = {NULL, 0};
    struct bs_places places = {.items = NULL};
    struct bs_error error = {0};

    play(&rows[i]);
    assert_ok(bs_places_find(&places, &replicas, urls, own ? 0 : 1, "id", 2000, &watch, &error));
    assert_int_equal(places.count, own ? 1 : 2);
    if (!own) places.items[0].is_own = false; /* two of the route */
    assert_ok(bs_places_read(&places, &versions, &search, &watch, &error));
    assert_int_equal(versions.count, 0);
    for (size_t k = 0; k < places.count; k++)
      assert_int_equal(places.answers.items[k].was_asked, own || rows[i].status != BLOCKSTORE_STATUS_UNHANDLED_URL);
    calls /= (unsigned)places.count;
    places.items[0].is_own = true; /* again: a store without a URL of its own is no answer anyway */
    assert_row(&rows[i], bs_places_explain(&places, &replicas, "It", &error), &error, rows[i].get);
    bs_versions_free(&versions);
    bs_places_free(&places);
  }
}

static void get_mutable_from_its_own_url(void **state UNUSED) {
  get_from(true);
}

static void get_mutable_from_a_url_of_the_route(void **state UNUSED) {
  get_from(false);
}

static void put_immutable(void **state UNUSED) {
  for (int i = 0; i < ROWS; i++) {
    struct bs_error error = {0};

    play(&rows[i]);
    assert_row(&rows[i], bs_replicas_put_immutable(&replicas, 1, EMPTY, feed, NULL, &watch, &error), &error, rows[i].put);
  }
}

static void put_mutable(void **state UNUSED) {
  for (int i = 0; i < ROWS; i++) {
    struct bs_error error = {0};

    play(&rows[i]);
    assert_row(&rows[i], bs_replicas_put_mutable(&replicas, 1, "id", 1, "sig", feed, &watch, &error), &error, rows[i].put);
  }
}

/* Deleting itself never fails for what a store answers. */
static void delete(void **state UNUSED) {
  for (int i = 0; i < 2 * ROWS; i++) {
    const struct row *row = &rows[i / 2];
    struct bs_error error = {0};

    play(row);
    if (i % 2 == 0)
      assert_ok(bs_replicas_delete_immutable(&replicas, EMPTY, NULL, &watch, &error));
    else
      assert_ok(bs_replicas_delete_mutable(&replicas, "id", "sig", &watch, &error));
    assert_row(row, replicas.items[0].is_good, &replicas.items[0].error, row->fails);
  }
}

static void make_mutable_url(void **state UNUSED) {
  makes_urls = false;
  for (int i = 0; i < ROWS; i++) {
    struct bs_places places = {.items = NULL};
    struct bs_error error = {0};
    bool has_own = rows[i].status == BLOCKSTORE_STATUS_OK;

    play(&rows[i]);
    assert_ok(bs_places_find(&places, &replicas, NULL, 0, "id", 2000, &watch, &error));
    assert_int_equal(places.count, has_own ? 1 : 0);
    assert_int_equal(calls, rows[i].calls);
    if (!has_own) assert_fails(bs_places_explain(&places, &replicas, "It", &error), BS_WORD_unreachable, "shelf: ");
    bs_places_free(&places);
  }
}

static void handles_url(void **state UNUSED) {
  static const char *const urls[] = {ROUTE};

  handles_urls = false;
  for (int i = 0; i < ROWS; i++) {
    struct bs_places places = {.items = NULL};
    struct bs_error error = {0};
    bool is_asked = rows[i].status == BLOCKSTORE_STATUS_OK;

    play(&rows[i]);
    assert_ok(bs_places_find(&places, &replicas, urls, 1, "id", 2000, &watch, &error));
    assert_int_equal(places.count, is_asked ? 2 : 1);
    assert_int_equal(places.unhandled, is_asked ? 0 : 1);
    assert_int_equal(calls, rows[i].calls);
    bs_places_free(&places);
  }
}

#define ROW_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      ROW_TEST(get_immutable),
      ROW_TEST(get_mutable_from_its_own_url),
      ROW_TEST(get_mutable_from_a_url_of_the_route),
      ROW_TEST(put_immutable),
      ROW_TEST(put_mutable),
      ROW_TEST(delete),
      ROW_TEST(make_mutable_url),
      ROW_TEST(handles_url),
  };
  return RUN_TESTS(tests);
}
