/* SPDX-License-Identifier: MIT */
/* A ledger with a namespace, "brief", whose names live for 5 blocks: for tests of what expires. */
#ifndef BS_T_BRIEF_H
#define BS_T_BRIEF_H

#include "core/chain/ledger.h"
#include "t/lib/unit.h"

/* Made when it is missing; by bs_ledger_close. */
static inline struct bs_ledger *open_brief_ledger(const char *path) {
  static const struct bs_operation brief = {
      .opcode = BS_NAMESPACE_REVEAL,
      .name = "brief",
      .version = 1,
      .rules = {.lifetime = 5, .coeff = 1, .base = 1, .nonalpha_discount = 1, .no_vowel_discount = 1}};
  const struct bs_ledger_genesis genesis = {&brief, 1};
  struct bs_ledger *ledger;
  struct bs_error error = {0};

  assert_ok(bs_ledger_open(&ledger, path, BS_DATABASE_CREATE, &genesis, NULL, &error));
  return ledger;
}

/* Empty blocks, up to number `height`. */
static inline void mine_to(struct bs_ledger *ledger, uint64_t height) {
  struct bs_error error = {0};
  uint64_t mined = 0;

  while (mined < height) {
    assert_ok(bs_ledger_begin(ledger, &error));
    assert_ok(bs_ledger_append(ledger, &mined, NULL, NULL, 0, true, &error));
    assert_ok(bs_ledger_commit(ledger, &error));
  }
  assert_int_equal(mined, height);
}

#endif
