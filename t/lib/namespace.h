/* SPDX-License-Identifier: MIT */
/* A namespace that alice makes for bob on the name service of t/lib/names.h, and blocks in which nothing happens. */
#ifndef BS_T_NAMESPACE_H
#define BS_T_NAMESPACE_H

#include "core/names/provider.h"
#include "t/lib/brief.h"
#include "t/lib/names.h"

#define ID "long-space" /* costs 0.4 bitcoins */
#define DEAR UINT64_C(40000000000)

/* The service anew, over another provider and with this max_price. */
static inline void open_on(struct fixture *fixture, const struct bs_provider *provider, uint64_t max_price) {
  const struct bs_names_config config = {
      .provider = "embedded", .ledger = fixture->ledger, .create = true, .max_price = max_price};
  struct bs_error error = {0};

  bs_names_close(fixture->names);
  assert_ok(bs_names_open_on(&fixture->names, provider, &config, &error));
}

/* Alice preorders and reveals it, for bob. */
static inline void reveal_with(struct fixture *fixture, const char *id, const struct bs_namespace_rules *rules) {
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  open_on(fixture, &bs_provider_embedded, DEAR);
  assert_ok(bs_names_namespace_preorder(fixture->names, fixture->scope, &receipt, id, fixture->bob_address, &alice, &error));
  assert_ok(bs_names_namespace_reveal(fixture->names, fixture->scope, &receipt, id, fixture->bob_address, rules, &alice, &error));
}

static inline void make_ready(struct fixture *fixture, const char *id) {
  const struct bs_name_operation bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  assert_ok(bs_names_namespace_ready(fixture->names, fixture->scope, &receipt, id, &bob, &error));
}

static inline struct bs_names_info info_of(struct fixture *fixture) {
  struct bs_names_info info;
  struct bs_error error = {0};

  assert_ok(bs_names_info(fixture->names, fixture->scope, &info, &error));
  return info;
}

static inline void mine(struct fixture *fixture, uint64_t count) {
  uint64_t height = info_of(fixture).height;
  struct bs_ledger *ledger;
  struct bs_error error = {0};

  assert_ok(bs_ledger_open(&ledger, fixture->ledger, BS_DATABASE_WRITE, NULL, NULL, &error));
  if (count > 0) mine_to(ledger, height + count);
  bs_ledger_close(ledger);
}

#endif
