/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/proving.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/codec/netstring.h"
#include "core/state/proofs.h"

/* ---- the state's memory, as a proof's ---- */

struct remembering {
  const struct bs_state *state;
  struct bs_proofs *proofs;
  bool has_directory;
};

static bool recall(void *user, struct bs_block_hashes *block) {
  struct bs_proofs *proofs = ((struct remembering *)user)->proofs;

  return bs_proofs_find(proofs, block->block, block->consensus, block->wants_operations ? block->operations : NULL);
}

/* Netstrings, one an operation. */
static bool recall_list(void *user, struct bs_operation_list *list, uint64_t block) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error why = {.word = BS_NO_WORD};
  struct bs_netstring operation;

  if (!bs_proofs_find_list(((struct remembering *)user)->proofs, block, &bytes)) return false;
  for (size_t at = 0; at < bytes.length; at += operation.total)
    if (bs_netstring_decode(&operation, bytes.bytes + at, bytes.length - at, BS_PROOF_LIST_BYTES) != BS_NETSTRING_WHOLE ||
        !bs_operation_list_add(list, operation.payload, operation.length, &why))
      return false;
  return true;
}

/* The directory that a proof is remembered in may be missing, or not be ours to write: then it is asked for again next time. */
static void make_directory(struct remembering *remembering) {
  struct bs_error why = {.word = BS_NO_WORD};

  if (!remembering->has_directory && !bs_state_make_directory(remembering->state, &why))
    bs_log(BS_LOG_WARNING, "What proofs verified cannot be remembered: %s", why.message);
  remembering->has_directory = true;
}

static void keep(void *user, const struct bs_block_hashes *block) {
  make_directory(user);
  bs_proofs_keep(((struct remembering *)user)->proofs, block->block, block->consensus,
                 block->wants_operations ? block->operations : NULL);
}

static void keep_list(void *user, const struct bs_operation_list *list, uint64_t block) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;

  for (size_t i = 0; i < list->count; i++) {
    size_t length;
    const unsigned char *serialised = bs_operation_list_at(list, i, &length);

    bs_netstring_encode(&bytes, serialised, length);
  }
  make_directory(user);
  if (!bytes.failed) bs_proofs_keep_list(((struct remembering *)user)->proofs, block, bytes.bytes, bytes.length);
}

static void forget(void *user) {
  bs_proofs_forget(((struct remembering *)user)->proofs);
}

/* ---- a proof ---- */

static bool prove(struct bs_work *work, struct bs_name_record *ret_record, const char *name, enum bs_extent extent) {
  const struct blockstore_config *config = work->session->config;
  struct bs_error *error = &work->report.error;
  struct remembering remembering = {.state = work->session->state};
  const struct bs_proof_memory memory = {&remembering, recall, keep, recall_list, keep_list, forget};
  struct bs_prove_request request = {.pin = {.block = (uint64_t)config->pin_block},
                                     .extent = extent,
                                     .most_blocks = work->proving.most_blocks,
                                     .memory = &memory};
  bool good;

  memcpy(request.pin.consensus, config->pin_consensus, sizeof request.pin.consensus);
  if (request.most_blocks == 0) request.most_blocks = (uint64_t)config->prove_blocks;
  if (!bs_proofs_open(&remembering.proofs, config->state_dir, work->scope, error)) return false;
  good = bs_names_prove(work->session->names, work->scope, ret_record, &work->proving.result, name, &request, error);
  bs_proofs_close(remembering.proofs);
  work->proving.is_done |= good;
  return good;
}

static bool look_up(struct bs_work *work, struct bs_name_record *ret_record, const char *name) {
  const struct blockstore_config *config = work->session->config;
  struct bs_error *error = &work->report.error;
  struct bs_name_record record;

  if (work->proving.is_wanted) {
    if (!config->has_pin)
      return bs_fail(error, BS_WORD_config, "%s: A proof needs a pin, names.pin: a block and its consensus hash, from a place "
                     "that is trusted.", config->file);
    return prove(work, ret_record, name, BS_EXTENT_CURRENT);
  }
  if (!bs_names_lookup(work->session->names, work->scope, &record, name, error)) return false;
  if (config->has_pin && strcmp(record.proven, "none") == 0) {
    if (record.block <= (uint64_t)config->pin_block) return prove(work, ret_record, name, BS_EXTENT_INCLUDED);
    bs_log(BS_LOG_WARNING, "%s: its newest operation, in block %" PRIu64 ", comes after the pin's block %" PRIu64
           ", which cannot prove it: the name service is taken at its word", name, record.block, (uint64_t)config->pin_block);
  }
  *ret_record = record;
  return true;
}

bool bs_proving_lookup(struct bs_work *work, struct bs_name_record *ret_record, const char *name) {
  if (!look_up(work, ret_record, name)) return false;
  memcpy(work->proving.proven, ret_record->proven, sizeof work->proving.proven);
  work->proving.told_by = ret_record->told_by;
  return true;
}

void bs_proving_describe(const struct bs_work *work, cJSON *answer) {
  const struct bs_prove_result *result = &work->proving.result;
  cJSON *proof;

  if (!work->proving.is_done) return;
  proof = bs_document_object(answer, "proof");
  bs_document_number(proof, "pin_block", (uint64_t)work->session->config->pin_block);
  bs_document_number(proof, "blocks", result->cost.blocks);
  bs_document_number(proof, "questions", result->cost.questions);
  bs_document_number(proof, "bytes", result->cost.bytes);
  if (result->claim.extent != BS_EXTENT_CURRENT) return;
  bs_document_string(proof, "namespace", result->claim.is_genesis ? "genesis" : "proven");
}
