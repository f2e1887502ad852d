/* SPDX-License-Identifier: MIT */
/* The name service on a fresh embedded ledger, with two keys: for the tests of its operations. */
#ifndef BS_T_NAMES_H
#define BS_T_NAMES_H

#include "core/names/names.h"
#include "t/lib/unit.h"

#define VALUE_1 "1111111111111111111111111111111111111111"
#define VALUE_2 "2222222222222222222222222222222222222222"

struct fixture {
  char directory[40];
  char ledger[60];
  struct bs_scopes scopes;
  struct bs_scope *scope;
  struct bs_names *names;
  struct bs_key *alice, *bob;
  char alice_address[BS_ADDRESS_TEXT], bob_address[BS_ADDRESS_TEXT];
};

static inline struct bs_names *open_names(const char *ledger, bool create) {
  const struct bs_names_config config = {.provider = "embedded", .ledger = ledger, .create = create};
  struct bs_names *names;
  struct bs_error error = {0};

  assert_ok(bs_names_open(&names, &config, &error));
  return names;
}

static inline int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  struct bs_error error = {0};

  assert_non_null(fixture);
  snprintf(fixture->directory, sizeof fixture->directory, "/tmp/blockstore-names-XXXXXX");
  assert_non_null(mkdtemp(fixture->directory));
  snprintf(fixture->ledger, sizeof fixture->ledger, "%s/ledger", fixture->directory);
  assert_ok(bs_scope_open(&fixture->scopes, &fixture->scope, 60000, &error));
  assert_ok(bs_key_from_text(&fixture->alice, "6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336ef", 64,
                             &error));
  assert_ok(bs_key_generate(&fixture->bob, &error));
  bs_key_address(fixture->alice_address, fixture->alice, BS_NETWORK_MAIN);
  bs_key_address(fixture->bob_address, fixture->bob, BS_NETWORK_MAIN);
  fixture->names = open_names(fixture->ledger, true);
  *state = fixture;
  return 0;
}

static inline int tear_down(void **state) {
  struct fixture *fixture = *state;
  char command[80];

  bs_names_close(fixture->names);
  bs_key_free(fixture->alice);
  bs_key_free(fixture->bob);
  bs_scope_close(fixture->scope);
  bs_scopes_free(&fixture->scopes);
  snprintf(command, sizeof command, "rm -rf %s", fixture->directory);
  if (system(command) != 0) return -1;
  free(fixture);
  return 0;
}

static inline struct bs_name_receipt register_name(struct fixture *fixture, const char *name,
                                                   const struct bs_key *key) {
  const struct bs_name_operation operation = {.owner_key = key};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  assert_ok(bs_names_register(fixture->names, fixture->scope, &receipt, name, NULL, &operation, &error));
  return receipt;
}

#define NAMES_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
