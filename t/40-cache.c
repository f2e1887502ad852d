/* SPDX-License-Identifier: MIT */
/* What the filter cache keeps, what it does not, and what drops it. */
#include <config.h>

#include <time.h>

#include "t/lib/cache-world.h"

static enum blockstore_status delete_immutable(struct host_store *store, const char *key) {
  return store->driver->delete_immutable_handler(store->self, &store->call.call, key, NULL);
}

/* ---- values ---- */

static void what_was_got_is_kept(void **state) {
  static const size_t sizes[] = {0, 1, 4096, 4097, 1u << 20, 8u << 20, (8u << 20) + 1, 17u << 20};
  struct world *world = *state;

  for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
    struct datum datum = make_datum(sizes[i / 2], (unsigned)i + 1);
    const char *key = i % 2 == 0 ? datum.key : datum.short_key;

    add_item(&world->below, key, datum.bytes, datum.size);
    world->below.is_silent = i % 4 < 2;
    gets_datum(world, key, &datum, 1);
    gets_datum(world, key, &datum, 0);
    gets_datum(world, key, &datum, 0);
    free(datum.bytes);
  }
  assert_int_equal(count_taken(world, true).files, 16);
  assert_int_equal(atomic_load(&warnings), 0);
}

static void another_instance_has_it_too(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(1000, 1);

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  gets_datum(world, datum.key, &datum, 1);
  reopen_cache(world, "1073741824", "0");
  gets_datum(world, datum.key, &datum, 0);
  free(datum.bytes);
}

/* What the store has read from beginning to end is kept, also when it read some of it twice. */
static void what_was_put_is_kept(void **state) {
  struct world *world = *state;

  for (int reading = 0; reading < 4; reading++) {
    struct datum datum = make_datum(200001, (unsigned)reading);

    world->below.reading = reading;
    assert_int_equal(host_put_immutable(&world->store, datum.key, datum.bytes, datum.size), BLOCKSTORE_STATUS_OK);
    assert_int_equal(is_kept(world, datum.key), reading < 2);
    if (reading < 2) gets_datum(world, datum.key, &datum, 0);
    free(datum.bytes);
  }
  assert_int_equal(count_taken(world, true).files, 2);
}

static void what_the_store_did_not_take_is_not_kept(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(100000, 1);

  world->below.status = BLOCKSTORE_STATUS_NO_SPACE;
  assert_int_equal(host_put_immutable(&world->store, datum.key, datum.bytes, datum.size), BLOCKSTORE_STATUS_NO_SPACE);
  assert_string_equal(world->store.call.sentence, "As it was told to.");
  world->below.status = BLOCKSTORE_STATUS_OK;
  assert_int_equal(count_taken(world, true).files, 0);
  assert_int_equal(host_get_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_NOT_FOUND);
  free(datum.bytes);
}

static void source_that_fails_leaves_nothing(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(200000, 1);
  struct host_source source;

  host_source_init(&source, datum.bytes, datum.size);
  source.fail_at = 150000;
  source.fail_with = BLOCKSTORE_STATUS_CANCELLED;
  assert_int_equal(world->store.driver->put_immutable_handler(world->store.self, &world->store.call.call, datum.key,
                                                              &source.source, NULL),
                   BLOCKSTORE_STATUS_CANCELLED);
  assert_int_equal(count_taken(world, true).files, 0);
  free(datum.bytes);
}

/* Put under a key that is not theirs: the store may take them, the cache does not. */
static void bytes_of_another_key_are_not_kept(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(100, 1), other = make_datum(100, 2);

  assert_int_equal(host_put_immutable(&world->store, datum.key, other.bytes, other.size), BLOCKSTORE_STATUS_OK);
  assert_int_equal(count_taken(world, true).files, 0);
  gets_datum(world, datum.key, &other, 1); /* what the store lies goes through: who reads it verifies */
  gets_datum(world, datum.key, &other, 1);
  assert_int_equal(count_taken(world, true).files, 0);
  free(datum.bytes);
  free(other.bytes);
}

static void of_candidates_the_true_one_is_kept(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(5000, 1);
  unsigned char digest[32];
  char first_key[65];
  struct host_sink sink;

  bs_sha256(digest, "first", 5);
  bs_hex_encode(first_key, digest, 32);
  add_item(&world->below, datum.key, datum.bytes, datum.size);
  world->below.lie = "a lie";
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 0);
  assert_int_equal(delete_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_OK);

  /* The true one first, then another, which is the last that the sink gets. */
  world->below.lie = "first";
  add_item(&world->below, first_key, "last", 4);
  host_sink_init(&sink);
  assert_int_equal(get_into(world, &sink.sink, first_key), BLOCKSTORE_STATUS_OK);
  assert_int_equal(sink.begins, 2);
  host_sink_free(&sink);
  host_holds_immutable(&world->store, first_key, "first", 5);
  assert_int_equal(atomic_load(&world->below.asked), 2);
  free(datum.bytes);
}

static void what_was_cut_short_is_not_kept(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(300000, 1);
  struct host_sink sink;

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  world->below.cuts = true;
  host_get_immutable(&world->store, datum.key);
  world->below.cuts = false;
  world->below.status = BLOCKSTORE_STATUS_FAILED; /* after the last byte */
  assert_int_equal(host_get_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_FAILED);
  world->below.status = BLOCKSTORE_STATUS_OK;
  for (size_t room = 0; room < datum.size; room += 99999) {
    host_sink_init(&sink);
    sink.room = room;
    sink.fail_with = BLOCKSTORE_STATUS_CANCELLED;
    assert_int_equal(get_into(world, &sink.sink, datum.key), BLOCKSTORE_STATUS_CANCELLED);
    host_sink_free(&sink);
  }
  assert_int_equal(count_taken(world, true).files, 0);
  gets_datum(world, datum.key, &datum, 1);
  for (size_t room = 0; room < datum.size; room += 299999) { /* a sink is obeyed by what is kept, too */
    host_sink_init(&sink);
    sink.room = room;
    assert_int_equal(get_into(world, &sink.sink, datum.key),
                     BLOCKSTORE_STATUS_TOO_LARGE);
    host_sink_free(&sink);
  }
  free(datum.bytes);
}

static void absence_is_not_kept(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(10, 1);

  assert_int_equal(host_get_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_NOT_FOUND);
  add_item(&world->below, datum.key, datum.bytes, datum.size);
  gets_datum(world, datum.key, &datum, 1);
  free(datum.bytes);
}

static void other_keys_are_the_stores(void **state) {
  struct world *world = *state;

  add_item(&world->below, "../x", "what", 4);
  assert_int_equal(host_get_immutable(&world->store, "../x"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_immutable(&world->store, "../x"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(atomic_load(&world->below.asked), 2);
  assert_int_equal(host_put_immutable(&world->store, "../x", "who", 3), BLOCKSTORE_STATUS_OK);
  assert_int_equal(delete_immutable(&world->store, "../x"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(count_taken(world, true).files, 0);
}

/* ---- deletes of values ---- */

static void what_is_deleted_is_gone(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(1000, 1);

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  gets_datum(world, datum.key, &datum, 1);
  world->below.status = BLOCKSTORE_STATUS_DENIED;
  assert_int_equal(delete_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_DENIED);
  world->below.status = BLOCKSTORE_STATUS_OK;
  assert_false(is_kept(world, datum.key)); /* who knows what the store did */
  assert_int_equal(delete_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_NOT_FOUND);
  free(datum.bytes);
}

struct rival {
  struct host_store store; /* another instance, as another process has */
  const char *target;
  const char *record;
};

static void delete_amid(void *user) {
  struct rival *rival = user;

  assert_int_equal(delete_immutable(&rival->store, rival->target), BLOCKSTORE_STATUS_OK);
}

static void what_is_deleted_meanwhile_is_not_kept(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(1000, 1);
  struct rival rival = {.target = datum.key};

  open_cache(&rival.store, world, "1073741824", "0");
  add_item(&world->below, datum.key, datum.bytes, datum.size);
  world->below.amid = delete_amid;
  world->below.user = &rival;
  gets_datum(world, datum.key, &datum, 1);
  assert_int_equal(host_get_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_NOT_FOUND);
  assert_int_equal(count_taken(world, true).files, 0);
  world->below.amid = delete_amid;
  assert_int_equal(host_put_immutable(&world->store, datum.key, datum.bytes, datum.size), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_NOT_FOUND);
  host_store_close(&rival.store);
  free(datum.bytes);
}

/* ---- records ---- */

static void records_are_kept_while_fresh(void **state) {
  const struct timespec nap = {0, 60000000};
  struct world *world = *state;

  add_item(&world->below, "below://one/x", "first", 5);
  add_item(&world->below, "below://one/y", "", 0);
  gets_record(world, "x", "first", 1);
  gets_record(world, "x", "first", 0);
  gets_record(world, "y", "", 1);
  gets_record(world, "y", "", 0);
  add_item(&world->below, "below://one/x", "second", 6); /* past the cache */
  gets_record(world, "x", "first", 0);
  reopen_cache(world, "1073741824", "50");
  nanosleep(&nap, NULL);
  gets_record(world, "x", "second", 1);
  gets_record(world, "x", "second", 0);
  nanosleep(&nap, NULL);
  gets_record(world, "x", "second", 1);
}

static void records_are_not_kept_unless_asked_for(void **state) {
  struct world *world = *state;

  reopen_cache(world, "1073741824", "0");
  add_item(&world->below, "below://one/x", "first", 5);
  gets_record(world, "x", "first", 1);
  gets_record(world, "x", "first", 1);
  assert_int_equal(count_taken(world, true).files, 0);
}

static enum blockstore_status delete_mutable(struct host_store *store, const char *data_id) {
  return store->driver->delete_mutable_handler(store->self, &store->call.call, data_id, "");
}

static void puts_and_deletes_drop_a_record(void **state) {
  struct world *world = *state;
  struct host_store other;
  char *url = host_url(&world->store, "x");

  open_cache(&other, world, "1073741824", "0"); /* that keeps none itself */
  assert_int_equal(host_put_mutable(&world->store, "x", "first", 5), BLOCKSTORE_STATUS_OK);
  gets_record(world, "x", "first", 1);
  gets_record(world, "x", "first", 0);
  assert_int_equal(host_put_mutable(&world->store, "x", "second", 6), BLOCKSTORE_STATUS_OK);
  gets_record(world, "x", "second", 1);
  gets_record(world, "x", "second", 0);
  assert_int_equal(host_put_mutable(&other, "x", "third", 5), BLOCKSTORE_STATUS_OK);
  gets_record(world, "x", "third", 1);
  gets_record(world, "x", "third", 0);
  world->below.status = BLOCKSTORE_STATUS_TRANSIENT; /* it may have been done all the same */
  assert_int_equal(host_put_mutable(&other, "x", "fourth", 6), BLOCKSTORE_STATUS_TRANSIENT);
  assert_string_equal(other.call.sentence, "As it was told to.");
  world->below.status = BLOCKSTORE_STATUS_OK;
  gets_record(world, "x", "third", 1);
  gets_record(world, "x", "third", 0);
  assert_int_equal(delete_mutable(&other, "x"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_NOT_FOUND);
  host_store_close(&other);
  free(url);
}

static void put_amid(void *user) {
  struct rival *rival = user;

  assert_int_equal(host_put_mutable(&rival->store, rival->target, rival->record, strlen(rival->record)), BLOCKSTORE_STATUS_OK);
}

/* The reader has the old record and is about to keep it; or keeps it while the put is under way. */
static void what_is_put_meanwhile_is_seen(void **state) {
  struct world *world = *state;
  struct rival rival = {.target = "x", .record = "second"};

  open_cache(&rival.store, world, "1073741824", "3600000");
  add_item(&world->below, "below://one/x", "first", 5);
  world->below.amid = put_amid;
  world->below.user = &rival;
  gets_record(world, "x", "first", 1);
  gets_record(world, "x", "second", 1);
  gets_record(world, "x", "second", 0);
  host_store_close(&rival.store);
}

static void read_amid(void *user) {
  struct world *world = user;

  add_item(&world->below, "below://one/x", "old", 3); /* as if the store did not show it yet */
  gets_record(world, "x", "old", 1);
  gets_record(world, "x", "old", 0);
  add_item(&world->below, "below://one/x", "new", 3);
}

static void what_is_read_amid_a_put_goes_with_it(void **state) {
  struct world *world = *state;
  struct host_store other;

  open_cache(&other, world, "1073741824", "3600000");
  world->below.amid = read_amid;
  world->below.user = world;
  assert_int_equal(host_put_mutable(&other, "x", "new", 3), BLOCKSTORE_STATUS_OK);
  gets_record(world, "x", "new", 1);
  host_store_close(&other);
}

/* The record of an id without a URL may be any. */
static void without_a_url_all_records_are_dropped(void **state) {
  struct world *world = *state;
  char *url = host_url(&world->store, "x");

  add_item(&world->below, url, "first", 5);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_OK);
  assert_int_equal(atomic_load(&world->below.asked), 1);
  world->below.url_status = BLOCKSTORE_STATUS_FAILED;
  assert_int_equal(host_put_mutable(&world->store, "y", "other", 5), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_OK);
  assert_int_equal(atomic_load(&world->below.asked), 2);
  free(url);
}

static void several_records_are_not_kept(void **state) {
  struct world *world = *state;

  add_item(&world->below, "below://one/x", "first", 5);
  world->below.lie = "another";
  gets_record(world, "x", "first", 1);
  gets_record(world, "x", "first", 1);
  assert_int_equal(count_taken(world, true).files, 0);
}

static void a_record_that_failed_is_not_kept(void **state) {
  struct world *world = *state;
  struct host_sink sink;

  add_item(&world->below, "below://one/x", "first", 5);
  world->below.status = BLOCKSTORE_STATUS_FAILED;
  host_sink_init(&sink);
  assert_int_equal(
      world->store.driver->get_mutable_handler(world->store.self, &world->store.call.call, &sink.sink, "below://one/x"),
      BLOCKSTORE_STATUS_FAILED);
  host_sink_free(&sink);
  assert_int_equal(count_taken(world, true).files, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CACHE_TEST(what_was_got_is_kept),
      CACHE_TEST(another_instance_has_it_too),
      CACHE_TEST(what_was_put_is_kept),
      CACHE_TEST(what_the_store_did_not_take_is_not_kept),
      CACHE_TEST(source_that_fails_leaves_nothing),
      CACHE_TEST(bytes_of_another_key_are_not_kept),
      CACHE_TEST(of_candidates_the_true_one_is_kept),
      CACHE_TEST(what_was_cut_short_is_not_kept),
      CACHE_TEST(absence_is_not_kept),
      CACHE_TEST(other_keys_are_the_stores),
      CACHE_TEST(what_is_deleted_is_gone),
      CACHE_TEST(what_is_deleted_meanwhile_is_not_kept),
      CACHE_TEST(records_are_kept_while_fresh),
      CACHE_TEST(records_are_not_kept_unless_asked_for),
      CACHE_TEST(puts_and_deletes_drop_a_record),
      CACHE_TEST(what_is_put_meanwhile_is_seen),
      CACHE_TEST(what_is_read_amid_a_put_goes_with_it),
      CACHE_TEST(without_a_url_all_records_are_dropped),
      CACHE_TEST(several_records_are_not_kept),
      CACHE_TEST(a_record_that_failed_is_not_kept),
  };

  return RUN_TESTS(tests);
}
