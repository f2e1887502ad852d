/* SPDX-License-Identifier: MIT */
/* How much of an index a connection keeps in memory: as configured, whichever provider it is of, also when it is a new one. */
#include <config.h>

#include "core/bitcoind/provider.h"
#include "core/chain/ledger.h"
#include "core/names/indexed.h"
#include "core/names/moment.h"
#include "t/lib/unit.h"
#include "tools/blockstored/service.h"

#define KEPT (UINT64_C(3) << 20)

struct fixture {
  char directory[40], ledger[60], index[60];
  struct bs_bitcoind_config node; /* none: nothing is asked of it */
};

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);

  if (fixture == NULL) return -1;
  snprintf(fixture->directory, sizeof fixture->directory, "/tmp/blockstore-pages-XXXXXX");
  if (mkdtemp(fixture->directory) == NULL) return -1;
  snprintf(fixture->ledger, sizeof fixture->ledger, "%s/ledger", fixture->directory);
  snprintf(fixture->index, sizeof fixture->index, "%s/index", fixture->directory);
  fixture->node = (struct bs_bitcoind_config){.rpc = {.url = "http://127.0.0.1:1", .user = "nobody", .password = "none"},
                                              .network = "regtest",
                                              .confirmations = BS_CONFIRMATIONS,
                                              .index = fixture->index};
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  char command[60];

  snprintf(command, sizeof command, "rm -rf %s", fixture->directory);
  free(fixture);
  return system(command) == 0 ? 0 : -1;
}

static void make_ledger(const struct fixture *fixture) {
  struct bs_ledger *ledger;
  struct bs_error error = {0};

  assert_ok(bs_ledger_open(&ledger, fixture->ledger, BS_DATABASE_CREATE, NULL, NULL, &error));
  bs_ledger_close(ledger);
}

static void make_index(const struct fixture *fixture) {
  struct bs_bitcoin_chain *chain;
  struct bs_error error = {0};

  assert_ok(bs_bitcoin_chain_open(&chain, fixture->index, bs_bitcoin_network_find("regtest"), 0, BS_DATABASE_CREATE, NULL,
                                  &error));
  bs_bitcoin_chain_close(chain);
}

static void remove_index(const struct fixture *fixture) {
  static const char *const ends[] = {"", "-wal", "-shm"};
  char path[70];

  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    snprintf(path, sizeof path, "%s%s", fixture->index, ends[i]);
    assert_int_equal(unlink(path), 0);
  }
}

static struct bs_names *open_names(const struct fixture *fixture, const struct bs_provider *provider, uint64_t cache) {
  const struct bs_names_config config = {.ledger = fixture->ledger, .bitcoind = &fixture->node, .cache = cache};
  struct bs_names *names;
  struct bs_error error = {0};

  assert_ok(bs_names_open_on(&names, provider, &config, &error));
  return names;
}

static void look(struct bs_names *names) {
  struct bs_moment moment;
  struct bs_error error = {0};

  assert_ok(bs_names_moment(names, NULL, &moment, &error));
  assert_true(moment.exists);
}

static const struct bs_index *index_of(const struct bs_names *names) {
  return ((const struct bs_indexed *)names->state)->index;
}

/* As SQLite tells it: kibibytes are negative. */
static int kept_by(const struct bs_names *names) {
  sqlite3_stmt *row;
  int pages;

  assert_int_equal(sqlite3_prepare_v2(index_of(names)->database->sqlite, "PRAGMA cache_size", -1, &row, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(row), SQLITE_ROW);
  pages = sqlite3_column_int(row, 0);
  sqlite3_finalize(row);
  return pages;
}

static void as_sqlite_does(const struct fixture *fixture, const struct bs_provider *provider) {
  struct bs_names *names = open_names(fixture, provider, 0);
  sqlite3 *plain;
  sqlite3_stmt *row;

  look(names);
  assert_int_equal(sqlite3_open(":memory:", &plain), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(plain, "PRAGMA cache_size", -1, &row, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(row), SQLITE_ROW);
  assert_int_equal(kept_by(names), sqlite3_column_int(row, 0));
  sqlite3_finalize(row);
  sqlite3_close(plain);
  bs_names_close(names);
}

/* Whoever writes gets another connection. */
static void of_a_ledger(void **state) {
  const struct fixture *fixture = *state;
  struct bs_names *names;
  const struct bs_index *before;
  struct bs_error error = {0};
  bool exists;

  make_ledger(fixture);
  as_sqlite_does(fixture, &bs_provider_embedded);
  names = open_names(fixture, &bs_provider_embedded, KEPT);
  look(names);
  assert_int_equal(kept_by(names), -(int)(KEPT / 1024));
  before = index_of(names);
  assert_ok(names->provider->enter(names->state, NULL, true, &exists, &error));
  assert_ptr_not_equal(index_of(names), before);
  assert_int_equal(kept_by(names), -(int)(KEPT / 1024));
  names->provider->leave(names->state);
  bs_names_close(names);
}

/* An index that was removed is another one when it is there again. */
static void of_the_index_of_a_node(void **state) {
  const struct fixture *fixture = *state;
  struct bs_names *names;
  struct bs_moment moment;
  struct bs_error error = {0};

  make_index(fixture);
  as_sqlite_does(fixture, &bs_provider_bitcoind);
  names = open_names(fixture, &bs_provider_bitcoind, KEPT);
  look(names);
  assert_int_equal(kept_by(names), -(int)(KEPT / 1024));
  remove_index(fixture);
  assert_ok(bs_names_moment(names, NULL, &moment, &error));
  assert_false(moment.exists);
  assert_null(index_of(names));
  make_index(fixture);
  look(names);
  assert_int_equal(kept_by(names), -(int)(KEPT / 1024));
  bs_names_close(names);
}

/* Several loops keep 80 MB together. */
static void assert_loops_share(const struct bsd_settings *settings) {
  struct bsd_settings several = *settings;
  struct bsd_service first, other;
  struct bs_error error = {0};

  several.threads = 4;
  assert_ok(bsd_service_open(&first, &several, &error));
  assert_ok(bsd_service_open_beside(&other, &first, &error));
  look(first.names[BSD_AT_ONCE]);
  look(other.names[BSD_AT_ONCE]);
  assert_int_equal(kept_by(first.names[BSD_AT_ONCE]), -20 * 1024);
  assert_int_equal(kept_by(other.names[BSD_AT_ONCE]), -20 * 1024);
  assert_ptr_equal(other.follower, first.follower);
  assert_null(other.names[BSD_SCAN]);
  bsd_service_close(&other);
  bsd_service_close(&first);
}

/* The loop's connection keeps 80 MB, the others what SQLite does. */
static void assert_server_keeps(const struct bsd_settings *settings) {
  struct bsd_service service;
  struct bs_error error = {0};

  assert_ok(bsd_service_open(&service, settings, &error));
  for (size_t i = 0; i < BSD_LANES; i++) {
    look(service.names[i]);
    if (i == BSD_AT_ONCE) assert_int_equal(kept_by(service.names[i]), -80 * 1024);
    else assert_in_range(-kept_by(service.names[i]), 1, 10 * 1024);
  }
  bsd_service_close(&service);
}

static void of_a_server(void **state) {
  struct fixture *fixture = *state;
  const struct bsd_settings local = {.source = (char[]){"local"}, .ledger = fixture->ledger, .cache = 1 << 20};
  const struct bsd_settings node = {.source = (char[]){"bitcoind"},
                                    .network = (char[]){"regtest"},
                                    .url = (char[]){"http://127.0.0.1:1"},
                                    .user = (char[]){"nobody"},
                                    .password = (char[]){"none"},
                                    .index = fixture->index,
                                    .first_block = -1,
                                    .confirmations = BS_CONFIRMATIONS,
                                    .cache = 1 << 20};

  make_ledger(fixture);
  assert_server_keeps(&local);
  assert_server_keeps(&node); /* whose index is made before the node is asked */
  assert_loops_share(&local);
  assert_loops_share(&node);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(of_a_ledger), TEST(of_the_index_of_a_node), TEST(of_a_server)};

  return RUN_TESTS(tests);
}
