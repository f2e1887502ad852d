/* SPDX-License-Identifier: MIT */
/* The operations of a block, held against the hash of all of them. */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/consensus.h"
#include "core/names/proof-private.h"

void bs_operation_list_free(struct bs_operation_list *list) {
  bs_buffer_free(&list->bytes);
  free(list->ends);
  *list = (struct bs_operation_list){.count = 0};
}

bool bs_operation_list_add(struct bs_operation_list *list, const void *serialised, size_t length, struct bs_error *error) {
  if (list->count >= BS_PROOF_LIST_COUNT || length > BS_PROOF_LIST_BYTES - list->bytes.length)
    return bs_fail(error, BS_WORD_too_large, "The name service tells more operations of one block than a block has room for.");
  if (list->count == list->room) {
    size_t room = list->room == 0 ? 16 : 2 * list->room;
    size_t *ends = realloc(list->ends, room * sizeof *ends);

    if (ends == NULL) return bs_fail_memory(error);
    list->ends = ends;
    list->room = room;
  }
  bs_buffer_add(&list->bytes, serialised, length);
  list->ends[list->count++] = list->bytes.length;
  return bs_buffer_ok(&list->bytes, error);
}

const unsigned char *bs_operation_list_at(const struct bs_operation_list *list, size_t number, size_t *ret_length) {
  size_t start = number == 0 ? 0 : list->ends[number - 1];

  *ret_length = list->ends[number] - start;
  return list->bytes.bytes + start;
}

static int compare(const void *left, const void *right) {
  return memcmp(((const struct bs_leaf *)left)->bytes, ((const struct bs_leaf *)right)->bytes, BS_SHA256_SIZE);
}

/* Sorted; false when one is there twice, which a Merkle root does not show. */
static bool sort_leaves(struct bs_leaf *leaves, size_t count) {
  qsort(leaves, count, sizeof *leaves, compare);
  for (size_t i = 1; i < count; i++)
    if (compare(&leaves[i - 1], &leaves[i]) >= 0) return false;
  return true;
}

static bool check_form(const struct bs_operation_list *list, size_t number, uint64_t block, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_fields fields;
  struct bs_error why = {.word = BS_NO_WORD};
  size_t length;
  const unsigned char *serialised = bs_operation_list_at(list, number, &length);

  if (bs_fields_read(&fields, serialised, length, &why)) {
    bs_fields_write(&text, &fields);
    if (!bs_buffer_ok(&text, error)) return false;
    if (text.length == length && memcmp(text.bytes, serialised, length) == 0) return true;
  }
  return bs_fail(error, BS_WORD_malformed, "What the name service tells of block %" PRIu64 " is no operation of names.", block);
}

bool bs_operation_list_check(const struct bs_operation_list *list, const unsigned char hash[BS_SHA256_SIZE], uint64_t block,
                             struct bs_error *error) {
  struct bs_leaf *leaves BS_AUTO_FREE = calloc(list->count + 1, sizeof *leaves);
  unsigned char root[BS_SHA256_SIZE];

  if (leaves == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < list->count; i++) {
    size_t length;
    const unsigned char *serialised = bs_operation_list_at(list, i, &length);

    if (!check_form(list, i, block, error)) return false;
    bs_operation_leaf(&leaves[i], serialised, length);
  }
  if (!sort_leaves(leaves, list->count))
    return bs_fail(error, BS_WORD_forged, "The name service tells an operation of block %" PRIu64 " twice.", block);
  bs_operations_hash(root, leaves, list->count);
  if (memcmp(root, hash, sizeof root) == 0) return true;
  return bs_fail(error, BS_WORD_forged, "The operations that the name service tells of block %" PRIu64 " are not those that the "
                 "pinned consensus hash stands for: it hides, changes or adds one.", block);
}
