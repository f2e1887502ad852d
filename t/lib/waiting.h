/* SPDX-License-Identifier: MIT */
/* Clients of a slow chain: for the tests of operations that wait for a block. */
#ifndef BS_T_WAITING_H
#define BS_T_WAITING_H

#include <sys/wait.h>

#include "core/base/auto.h"
#include "core/names/pending.h"
#include "t/lib/slow-chain.h"

#define VALUE_1 "1111111111111111111111111111111111111111"
#define VALUE_2 "2222222222222222222222222222222222222222"
#define VALUE_3 "3333333333333333333333333333333333333333"
#define LAG 6
#define COIN UINT64_C(100000000)

struct client {
  struct bs_names *names;
  struct bs_state *state;
};

struct fixture {
  char directory[48];
  struct client one, two; /* with a state of its own each */
  struct bs_key *alice, *bob;
  char alice_address[BS_ADDRESS_TEXT], bob_address[BS_ADDRESS_TEXT];
  struct bs_name_operation by_alice;
};

static inline void open_client(struct fixture *fixture, struct client *client) {
  const struct bs_names_config config = {.provider = "slow", .max_price = COIN};
  char path[80];
  struct bs_error error = {0};

  snprintf(path, sizeof path, "%s/state-%s", fixture->directory, client == &fixture->one ? "one" : "two");
  assert_ok(bs_names_open_on(&client->names, &slow_provider, &config, &error));
  assert_ok(bs_state_new(&client->state, path, &error));
  bs_names_remember(client->names, client->state);
}

static inline void close_client(struct client *client) {
  bs_names_close(client->names);
  bs_state_free(client->state);
  *client = (struct client){NULL, NULL};
}

/* As another process would find it. */
static inline void restart(struct fixture *fixture) {
  close_client(&fixture->one);
  open_client(fixture, &fixture->one);
}

static inline int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  struct bs_error error = {0};
  char ledger[80];

  assert_non_null(fixture);
  snprintf(fixture->directory, sizeof fixture->directory, "/tmp/blockstore-waiting-XXXXXX");
  assert_non_null(mkdtemp(fixture->directory));
  snprintf(ledger, sizeof ledger, "%s/ledger", fixture->directory);
  slow_begin(ledger, LAG);
  assert_ok(bs_key_from_text(&fixture->alice, "6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336ef", 64, &error));
  assert_ok(bs_key_generate(&fixture->bob, &error));
  bs_key_address(fixture->alice_address, fixture->alice, BS_NETWORK_MAIN);
  bs_key_address(fixture->bob_address, fixture->bob, BS_NETWORK_MAIN);
  fixture->by_alice = (struct bs_name_operation){.owner_key = fixture->alice};
  slow_grant(fixture->alice, COIN);
  slow_grant(fixture->alice, COIN / 2);
  slow_grant(fixture->bob, COIN);
  open_client(fixture, &fixture->one);
  open_client(fixture, &fixture->two);
  *state = fixture;
  return 0;
}

static inline int tear_down(void **state) {
  struct fixture *fixture = *state;
  char command[80];

  close_client(&fixture->one);
  close_client(&fixture->two);
  bs_key_free(fixture->alice);
  bs_key_free(fixture->bob);
  slow_end();
  snprintf(command, sizeof command, "rm -rf %s", fixture->directory);
  free(fixture);
  return system(command) != 0 ? -1 : 0;
}
#define SLOW_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* ---- operations of client one ---- */

static inline struct bs_name_receipt update(struct fixture *fixture, const char *name, const char *value_hash) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  assert_ok(bs_names_update(fixture->one.names, NULL, &receipt, name, value_hash, &fixture->by_alice, &error));
  return receipt;
}

static inline struct bs_name_receipt try_register(struct fixture *fixture, const char *name) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  assert_ok(bs_names_register(fixture->one.names, NULL, &receipt, name, NULL, &fixture->by_alice, &error));
  return receipt;
}

struct listed {
  struct bs_pending_operation *items;
  size_t count;
};

static inline void free_listed(struct listed *listed) {
  free(listed->items);
}
#define AUTO_LISTED BS_AUTO(free_listed)

static inline struct listed list(struct client *client) {
  struct listed listed;
  struct bs_error error = {0};

  assert_ok(bs_names_pending(client->names, NULL, &listed.items, &listed.count, &error));
  return listed;
}

static inline struct listed resume(struct client *client, const struct bs_key *key) {
  struct listed listed;
  struct bs_error error = {0};

  assert_ok(bs_names_resume(client->names, NULL, &listed.items, &listed.count, key, NULL, &error));
  assert_ok(bs_names_told(client->names, NULL, listed.items, listed.count, &error));
  return listed;
}

/* Alice's, confirmed and seen so. */
static inline void own(struct fixture *fixture, const char *name) {
  struct listed listed;

  try_register(fixture, name);
  slow_mine(1 + LAG);
  try_register(fixture, name);
  slow_mine(1 + LAG);
  listed = resume(&fixture->one, fixture->alice);
  free_listed(&listed);
}

static inline struct bs_name_record lookup(struct client *client, const char *name) {
  struct bs_name_record record;
  struct bs_error error = {0};

  assert_ok(bs_names_lookup(client->names, NULL, &record, name, &error));
  return record;
}

/* One item, in this state. */
static inline void assert_state(const struct listed *listed, size_t number, const char *state) {
  if (number >= listed->count) fail_msg("there are only %zu operations", listed->count);
  if (strcmp(listed->items[number].state, state) != 0)
    fail_msg("%s: %s (%s)", listed->items[number].operation, listed->items[number].state, listed->items[number].reason);
}

/* What the oldest of client one is when it has been resumed. */
static inline void assert_first(struct fixture *fixture, const struct bs_key *key, const char *state) {
  struct listed listed AUTO_LISTED = resume(&fixture->one, key);

  assert_state(&listed, 0, state);
}

/* Alice's other client updates the name: the transaction, taken out of the pool again; by bs_buffer_free. */
static inline struct bs_buffer rival_of(struct fixture *fixture, const char *name, const char *value_hash) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_buffer raw = BS_BUFFER_INIT;
  struct bs_error error = {0};

  assert_ok(bs_names_update(fixture->two.names, NULL, &receipt, name, value_hash, &fixture->by_alice, &error));
  bs_buffer_add(&raw, slow->pool.items[0].raw, slow->pool.items[0].length);
  slow_forget();
  return raw;
}

#endif
