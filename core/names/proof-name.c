/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/proof-name.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/entry-read.h"

/* Is `a` after `b`, of the same block?  Neither: they have no order. */
static bool is_after(const struct bs_name_entry *a, const struct bs_name_entry *b) {
  bool a_begins = strcmp(a->origin.op, ":") == 0, b_begins = strcmp(b->origin.op, ":") == 0;

  return a_begins != b_begins ? b_begins : a->origin.vtxindex > b->origin.vtxindex;
}

static bool take_name(struct bs_proof_findings *findings, const struct bs_fields *fields, const unsigned char *serialised,
                      size_t length, uint64_t block, struct bs_error *error) {
  struct bs_field name = bs_field_of(fields, "name");
  struct bs_name_entry entry;
  struct bs_entry_context context;

  if (!bs_field_is(&name, findings->name)) return true;
  if (!bs_name_from_operation(&entry, &context, fields, serialised, length, error)) return false;
  entry.changed_block = block;
  if (findings->found && findings->entry.changed_block == block && !is_after(&entry, &findings->entry)) {
    if (is_after(&findings->entry, &entry)) return true;
    return bs_fail(error, BS_WORD_conflict, "Block %" PRIu64 " has two operations on %s that have no order.", block,
                   findings->name);
  }
  findings->found = true;
  findings->entry = entry;
  findings->context = context;
  return true;
}

/* Blocks are looked through from the newest on: what was found is newer, but for another one in this block. */
static bool take_namespace(struct bs_proof_findings *findings, const struct bs_fields *fields, const unsigned char *serialised,
                           size_t length, uint64_t block, struct bs_error *error) {
  struct bs_field id = bs_field_of(fields, "namespace_id");
  struct bs_namespace_entry entry;

  if (!bs_field_is(&id, bs_name_namespace(findings->name))) return true;
  if (findings->found_name_space && (findings->name_space.state == BS_NAMESPACE_IS_READY ||
                                     (findings->name_space_block > block && fields->opcode == BS_NAMESPACE_REVEAL)))
    return true;
  if (!bs_namespace_from_operation(&entry, fields, serialised, length, error)) return false;
  findings->found_name_space = true;
  findings->name_space = entry;
  findings->name_space_block = block;
  return true;
}

static bool look(struct bs_proof_findings *findings, const struct bs_operation_list *list, uint64_t block,
                 struct bs_error *error) {
  for (size_t i = 0; i < list->count; i++) {
    size_t length;
    const unsigned char *serialised = bs_operation_list_at(list, i, &length);
    struct bs_fields fields;

    if (!bs_fields_read(&fields, serialised, length, error) ||
        (bs_fields_are_of_name(&fields) && !take_name(findings, &fields, serialised, length, block, error)) ||
        (bs_fields_are_of_namespace(&fields) && !take_namespace(findings, &fields, serialised, length, block, error)))
      return false;
  }
  return true;
}

/* Blocks from the newest on. */
static bool look_into(struct bs_proof *proof, struct bs_proof_findings *findings, const uint64_t *blocks, size_t count,
                      struct bs_error *error) {
  struct bs_operation_list lists[BS_PROOF_LISTS];
  bool good = bs_proof_operations(proof, lists, blocks, count, error);

  for (size_t i = 0; i < count; i++) {
    good = good && (findings->found || look(findings, &lists[i], blocks[i], error));
    bs_operation_list_free(&lists[i]);
  }
  return good;
}

/* Half of them at a time where all are too much. */
static bool look_into_all(struct bs_proof *proof, struct bs_proof_findings *findings, const uint64_t *blocks, size_t count,
                          struct bs_error *error) {
  size_t most = count;

  for (size_t at = 0; at < count && !findings->found;) {
    size_t part = count - at < most ? count - at : most;

    if (look_into(proof, findings, blocks + at, part, error)) {
      at += part;
      continue;
    }
    if (error->word != BS_WORD_too_large || part == 1) return false;
    *error = (struct bs_error){0};
    most = part / 2;
  }
  return true;
}

bool bs_proof_look(struct bs_proof *proof, struct bs_proof_findings *findings, uint64_t block, struct bs_error *error) {
  return bs_proof_is_empty(proof, block) || look_into(proof, findings, &block, 1, error);
}

bool bs_proof_look_down(struct bs_proof *proof, struct bs_proof_findings *findings, uint64_t from, uint64_t to,
                        struct bs_error *error) {
  uint64_t blocks[BS_PROOF_LISTS];
  size_t count = 0;

  for (uint64_t block = from; block + 1 > to && !findings->found; block--) {
    if (!bs_proof_is_empty(proof, block)) blocks[count++] = block;
    if (count < BS_PROOF_LISTS && block > to) continue;
    if (!look_into_all(proof, findings, blocks, count, error)) return false;
    count = 0;
  }
  return true;
}
