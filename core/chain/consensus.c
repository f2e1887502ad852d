/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/consensus.h"

#include <stdlib.h>
#include <string.h>

static void reverse(struct bs_leaf *leaf) {
  for (size_t i = 0; i < leaf->length / 2; i++) {
    unsigned char byte = leaf->bytes[i];

    leaf->bytes[i] = leaf->bytes[leaf->length - 1 - i];
    leaf->bytes[leaf->length - 1 - i] = byte;
  }
}

static void pair(struct bs_leaf *ret_parent, const struct bs_leaf *left, const struct bs_leaf *right) {
  unsigned char both[2 * BS_SHA256_SIZE];

  memcpy(both, left->bytes, left->length);
  memcpy(both + left->length, right->bytes, right->length);
  bs_sha256d(ret_parent->bytes, both, left->length + right->length);
  ret_parent->length = BS_SHA256_SIZE;
}

void bs_merkle_root(struct bs_leaf *ret_root, struct bs_leaf *leaves, size_t count) {
  for (size_t i = 0; i < count; i++) reverse(&leaves[i]);
  while (count > 1) {
    for (size_t i = 0; i < count; i += 2) pair(&leaves[i / 2], &leaves[i], &leaves[i + 1 < count ? i + 1 : i]);
    count = (count + 1) / 2;
  }
  reverse(&leaves[0]);
  *ret_root = leaves[0];
}

void bs_operation_leaf(struct bs_leaf *ret_leaf, const void *serialised, size_t length) {
  bs_sha256d(ret_leaf->bytes, serialised, length);
  ret_leaf->length = BS_SHA256_SIZE;
}

/* As hexadecimal text would be sorted: bytes first, then the shorter one. */
static int compare_leaves(const void *left, const void *right) {
  const struct bs_leaf *a = left, *b = right;
  int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);

  return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

void bs_operations_hash(unsigned char hash[BS_SHA256_SIZE], struct bs_leaf *leaves, size_t count) {
  struct bs_leaf root;

  if (count == 0) {
    bs_operation_leaf(&root, "", 0);
  } else {
    qsort(leaves, count, sizeof *leaves, compare_leaves);
    bs_merkle_root(&root, leaves, count);
  }
  memcpy(hash, root.bytes, BS_SHA256_SIZE);
}

void bs_consensus_hash(unsigned char consensus[BS_CONSENSUS_SIZE], const unsigned char operations_hash[BS_SHA256_SIZE],
                       const struct bs_leaf *previous, size_t count) {
  struct bs_leaf leaves[BS_CONSENSUS_PREVIOUS_MAX + 1], root;
  unsigned char hash[BS_HASH160_SIZE];

  memcpy(leaves, previous, count * sizeof *leaves);
  memcpy(leaves[count].bytes, operations_hash, BS_SHA256_SIZE);
  leaves[count].length = BS_SHA256_SIZE;
  qsort(leaves, count + 1, sizeof *leaves, compare_leaves);
  bs_merkle_root(&root, leaves, count + 1);
  bs_hash160(hash, root.bytes, root.length);
  memcpy(consensus, hash, BS_CONSENSUS_SIZE);
}
