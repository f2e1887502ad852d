/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/proof-claim.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/auto.h"

struct proving {
  struct bs_proof *proof;
  const struct bs_claim *claim;
  const struct bs_pin *pin;
  uint64_t first_block;
  struct bs_proof_findings findings;
};

uint64_t bs_claim_lowest(const struct bs_claim *claim, uint64_t first_block) {
  return claim->found ? claim->entry.changed_block : first_block;
}

/* ---- the name's record ---- */

static bool is_same_entry(bool *ret_same, const struct proving *proving, struct bs_error *error) {
  const struct bs_proof_findings *findings = &proving->findings;
  struct bs_buffer told BS_AUTO_BUFFER = BS_BUFFER_INIT, proven BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_entry entry = proving->claim->entry;

  if (proving->claim->is_expired && !entry.revoked) entry.revoked = findings->entry.revoked;
  bs_serialise_name(&told, &entry, &findings->context);
  bs_serialise_name(&proven, &findings->entry, &findings->context);
  *ret_same = told.length == proven.length && memcmp(told.bytes, proven.bytes, told.length) == 0;
  return bs_buffer_ok(&told, error) && bs_buffer_ok(&proven, error);
}

/* A renewal tells nothing of how the value came. */
static bool is_same_inheritance(const struct proving *proving) {
  const struct bs_name_entry *entry = &proving->findings.entry;
  bool transferred = proving->findings.context.opcode == BS_NAME_TRANSFER;

  if (strcmp(entry->origin.op, "::") == 0 && entry->has_value) return true;
  return proving->claim->is_inherited == (entry->has_value && transferred);
}

static bool check_entry(struct proving *proving, struct bs_error *error) {
  const struct bs_claim *claim = proving->claim;
  uint64_t block = claim->entry.changed_block;
  bool same;

  if (!bs_proof_look(proving->proof, &proving->findings, block, error)) return false;
  if (!proving->findings.found)
    return bs_fail(error, BS_WORD_forged, "The name service says that the newest operation on %s is in block %" PRIu64
                   ", which has none on it.", claim->name, block);
  if (!is_same_entry(&same, proving, error)) return false;
  if (same && is_same_inheritance(proving)) return true;
  return bs_fail(error, BS_WORD_forged, "The name service says of %s what its operation in block %" PRIu64
                 " does not: owner, value hash or another part of its record is false.", claim->name, block);
}

/* ---- the namespace's ---- */

/* The NAMESPACE_READY or NAMESPACE_REVEAL that is told, in the block that it would be in. */
static bool find_namespace(struct proving *proving, uint64_t block, struct bs_error *error) {
  struct bs_proof_findings findings = {.found = false};

  memcpy(findings.name, proving->findings.name, sizeof findings.name);
  if (!bs_proof_reach(proving->proof, block, error) || !bs_proof_look(proving->proof, &findings, block, error)) return false;
  if (!findings.found_name_space)
    return bs_fail(error, BS_WORD_forged, "The name service says that the namespace of %s was made ready or revealed in "
                   "block %" PRIu64 ", which has no such operation.", proving->claim->name, block);
  proving->findings.found_name_space = true;
  proving->findings.name_space = findings.name_space;
  proving->findings.name_space_block = block;
  return true;
}

static bool fail_lapsed(const struct proving *proving, struct bs_error *error) {
  return bs_fail(error, BS_WORD_failed, "The namespace of %s is not ready, and which of its reveals counts is not told: "
                 "only that the name was imported can be proven.", proving->claim->name);
}

/* Where the blocks after the name's operation tell nothing of the namespace, the service says where to look.  It must have
 * been ready before, but for imports. */
static bool prove_namespace(struct proving *proving, bool *ret_genesis, struct bs_error *error) {
  const struct bs_claim *claim = proving->claim;
  const struct bs_namespace_entry *told = &claim->name_space;
  bool imported = proving->findings.context.opcode == BS_NAME_IMPORT;

  *ret_genesis = false;
  if (proving->findings.found_name_space && proving->findings.name_space.state == BS_NAMESPACE_IS_READY) return true;
  if (!claim->has_name_space || strcmp(told->id, bs_name_namespace(claim->name)) != 0) return fail_lapsed(proving, error);
  if (told->state == BS_NAMESPACE_IS_READY && told->ready_block < proving->first_block) {
    *ret_genesis = true;
    proving->findings.name_space = *told;
    return true;
  }
  if (told->state == BS_NAMESPACE_IS_READY && told->ready_block <= claim->entry.changed_block)
    return find_namespace(proving, told->ready_block, error) &&
           (proving->findings.name_space.state == BS_NAMESPACE_IS_READY || fail_lapsed(proving, error));
  if (!imported) /* made ready after the name's operation, or never */
    return bs_fail(error, BS_WORD_forged, "The name service says that the namespace of %s was not ready when the "
                   "name was changed.", claim->name);
  return proving->findings.found_name_space || find_namespace(proving, told->reveal_block, error);
}

/* A reveal that is not made ready within 52,595 blocks from its preorder lapses, and its names with it. */
#define REVEAL_LIFETIME 52595

static bool is_waiting(const struct proving *proving) {
  return proving->findings.name_space.state != BS_NAMESPACE_IS_READY;
}

/* The rules never change; whether it is ready may have, after the pin. */
static bool is_namespace_as_told(const struct proving *proving, uint64_t expires) {
  const struct bs_claim *claim = proving->claim;
  const struct bs_namespace_entry *told = &claim->name_space;

  if (is_waiting(proving)) return told->state != BS_NAMESPACE_IS_READY || told->ready_block > proving->pin->block;
  return claim->has_name_space && bs_name_last_block(&claim->entry, told) == expires;
}

static bool check_namespace(struct proving *proving, struct bs_claim_result *result, struct bs_error *error) {
  const struct bs_name_entry *entry = &proving->findings.entry;
  const struct bs_namespace_entry *name_space = &proving->findings.name_space;

  if (!prove_namespace(proving, &result->is_genesis, error)) return false;
  if (is_waiting(proving) && (name_space->block_number + REVEAL_LIFETIME <= proving->pin->block ||
                              proving->findings.name_space_block > entry->changed_block))
    return fail_lapsed(proving, error);
  result->expires = bs_name_last_block(entry, name_space);
  result->expired = result->expires < proving->pin->block;
  return is_namespace_as_told(proving, result->expires) ||
         bs_fail(error, BS_WORD_forged, "The name service tells other rules of the namespace of %s than its operations.",
                 proving->claim->name);
}

/* ---- all of it ---- */

static bool prove_absence(struct proving *proving, struct bs_error *error) {
  if (!bs_proof_descend(proving->proof, proving->first_block, error) ||
      !bs_proof_look_down(proving->proof, &proving->findings, proving->pin->block, proving->first_block, error))
    return false;
  if (!proving->findings.found) return true;
  return bs_fail(error, BS_WORD_forged, "The name service says that %s is not registered, but block %" PRIu64
                 " has an operation on it: it hides the name.", proving->claim->name, proving->findings.entry.changed_block);
}

static bool prove_current(struct proving *proving, struct bs_claim_result *result, struct bs_error *error) {
  uint64_t block = proving->claim->entry.changed_block, pin = proving->pin->block;

  if (!bs_proof_descend(proving->proof, block, error) ||
      (pin > block && !bs_proof_look_down(proving->proof, &proving->findings, pin, block + 1, error)))
    return false;
  if (proving->findings.found)
    return bs_fail(error, BS_WORD_stale, "The name service answers for %s as of block %" PRIu64 ", but block %" PRIu64
                   " has a newer operation on it, which it hides.", proving->claim->name, block,
                   proving->findings.entry.changed_block);
  return check_entry(proving, error) && check_namespace(proving, result, error);
}

bool bs_claim_prove(struct bs_proof *proof, struct bs_claim_result *ret_result, const struct bs_claim *claim,
                    enum bs_extent extent, const struct bs_pin *pin, uint64_t first_block, struct bs_error *error) {
  struct proving proving = {.proof = proof, .claim = claim, .pin = pin, .first_block = first_block};
  struct bs_claim_result result = {.extent = extent};
  size_t length = strlen(claim->name);
  bool good;

  if (length > BS_NAME_MAX) return bs_fail(error, BS_WORD_usage, "This is no name: %.40s...", claim->name);
  memcpy(proving.findings.name, claim->name, length + 1);
  if (!claim->found) good = prove_absence(&proving, error);
  else if (extent == BS_EXTENT_CURRENT) good = prove_current(&proving, &result, error);
  else good = bs_proof_reach(proof, claim->entry.changed_block, error) && check_entry(&proving, error);
  if (good) *ret_result = result;
  return good;
}
