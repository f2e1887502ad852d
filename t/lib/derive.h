/* SPDX-License-Identifier: MIT */
#ifndef BS_T_DERIVE_H
#define BS_T_DERIVE_H

#include "core/crypto/key.h"
#include "t/lib/unit.h"

/* Is there such a child? */
static inline bool derive(struct bs_public_key *child, const struct bs_public_key *parent, uint32_t number) {
  struct bs_error error = {0};
  bool exists;

  assert_ok(bs_public_key_derive(child, &exists, parent, number, &error));
  return exists;
}

#endif
