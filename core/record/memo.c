/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/record/memo.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"

_Static_assert(BS_MEMO_ENTRIES == 256, "a byte of the digest says where");

struct bs_memo *bs_memo_new(void) {
  struct bs_memo *memo = calloc(1, sizeof *memo);

  if (memo != NULL) pthread_mutex_init(&memo->lock, NULL);
  return memo;
}

void bs_memo_free(struct bs_memo *memo) {
  if (memo == NULL) return;
  pthread_mutex_destroy(&memo->lock);
  free(memo);
}

/* The last byte: a digest of 2015 begins with zeros. */
static size_t slot_of(const struct bs_memo_entry *entry) {
  return entry->z[sizeof entry->z - 1];
}

bool bs_memo_find(struct bs_memo *memo, unsigned char signer[BS_HASH160_SIZE], const struct bs_memo_entry *entry) {
  BS_LOCKED(&memo->lock);
  size_t slot = slot_of(entry);

  if (!memo->slots[slot].is_used || memcmp(&memo->slots[slot].entry, entry, sizeof *entry) != 0) return false;
  memcpy(signer, memo->slots[slot].signer, BS_HASH160_SIZE);
  return true;
}

void bs_memo_keep(struct bs_memo *memo, const struct bs_memo_entry *entry, const unsigned char signer[BS_HASH160_SIZE]) {
  BS_LOCKED(&memo->lock);
  size_t slot = slot_of(entry);

  memo->slots[slot].is_used = true;
  memo->slots[slot].entry = *entry;
  memcpy(memo->slots[slot].signer, signer, BS_HASH160_SIZE);
}
