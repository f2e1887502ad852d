/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/prove.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/names/names-private.h"

/* ---- the provider as a source: each question is a call of its own, so that others get their turn ---- */

struct asking {
  struct bs_names *names;
  struct bs_scope *scope;
};

static bool fail_block(const struct bs_names *names, uint64_t block, struct bs_error *error) {
  return bs_fail(error, BS_WORD_not_found, "There is no block %" PRIu64 " on %s.", block, names->provider->place(names->state));
}

static bool ask_one(const struct bs_names *names, struct bs_block_hashes *block, struct bs_error *error) {
  const struct bs_provider *provider = names->provider;
  bool found = true;

  if (!block->has_consensus && !provider->consensus_at(names->state, block->consensus, &found, block->block, error)) return false;
  if (found && block->wants_operations &&
      !provider->operations_hash_at(names->state, block->operations, &found, block->block, error))
    return false;
  return found || fail_block(names, block->block, error);
}

static bool ask_hashes(void *user, struct bs_block_hashes *blocks, size_t count, struct bs_error *error) {
  const struct asking *asking = user;
  struct bs_names *names = asking->names;
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};

  if (!bs_names_enter(&call, names, asking->scope, false, error)) return false;
  if (!call.exists) return fail_block(names, blocks[0].block, error);
  if (names->provider->hashes_of != NULL) return names->provider->hashes_of(names->state, blocks, count, error);
  for (size_t i = 0; i < count; i++)
    if (!ask_one(names, &blocks[i], error)) return false;
  return true;
}

#define LISTS_BYTES ((size_t)32 << 20) /* of the operations of all blocks of a question */

/* The lists that a question fills. */
struct filling {
  struct bs_operation_list *lists;
  const uint64_t *blocks;
  size_t count, bytes;
};

static bool add_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct filling *filling = user;
  struct bs_buffer serialised BS_AUTO_BUFFER = BS_BUFFER_INIT;
  size_t i = 0;

  while (i < filling->count && filling->blocks[i] != block) i++;
  if (i == filling->count)
    return bs_fail(error, BS_WORD_malformed, "The name service tells of block %" PRIu64 ", which it was not asked for.", block);
  bs_fields_write(&serialised, fields);
  filling->bytes += serialised.length;
  if (filling->bytes > LISTS_BYTES) return bs_fail(error, BS_WORD_too_large, "The name service tells more operations than fit.");
  return bs_buffer_ok(&serialised, error) &&
         bs_operation_list_add(&filling->lists[i], serialised.bytes, serialised.length, error);
}

static bool ask_operations(void *user, struct bs_operation_list *lists, const uint64_t *blocks, size_t count,
                           struct bs_error *error) {
  const struct asking *asking = user;
  const struct bs_provider *provider = asking->names->provider;
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct filling filling = {lists, blocks, count, 0};

  if (!bs_names_enter(&call, asking->names, asking->scope, false, error)) return false;
  if (provider->operations_of != NULL)
    return provider->operations_of(asking->names->state, blocks, count, add_operation, &filling, error);
  for (size_t i = 0; i < count; i++)
    if (!provider->operations_at(asking->names->state, blocks[i], add_operation, &filling, error)) return false;
  return true;
}

/* ---- what it costs ---- */

static bool weigh(const struct bs_proof *proof, const char *name, const struct bs_claim *claim, bool whole,
                  const struct bs_prove_request *request, uint64_t first_block, struct bs_error *error) {
  uint64_t lowest = bs_claim_lowest(claim, first_block), span;
  struct bs_proof_cost cost;

  if (!bs_proof_estimate(proof, &cost, lowest, whole, error)) return false;
  span = whole ? request->pin.block - lowest + 1 : 0;
  bs_log(BS_LOG_INFO, "%s: a proof by block %" PRIu64 " down to block %" PRIu64 " checks %" PRIu64 " blocks, in about %" PRIu64
         " questions for %" PRIu64 " bytes of hashes, and the operations of blocks that have some",
         name, request->pin.block, lowest, cost.blocks, cost.questions, cost.bytes);
  if (span <= request->most_blocks) return true;
  return bs_fail(error, BS_WORD_too_large, "To prove %s, all %" PRIu64 " blocks from %" PRIu64 " to the pin's, %" PRIu64
                 ", must be checked (%" PRIu64 " bytes of hashes in about %" PRIu64 " questions, and the operations of those "
                 "that have some), which is more than the %" PRIu64 " that are allowed: allow more.",
                 name, span, lowest, request->pin.block, cost.bytes, cost.questions, request->most_blocks);
}

/* ---- the name ---- */

static bool look(struct bs_names *names, struct bs_scope *scope, struct bs_names_answer *answer, struct bs_names_info *info,
                 const char *name, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};

  if (!bs_name_check(name, error) || !bs_names_enter(&call, names, scope, false, error)) return false;
  if (!call.exists) return bs_names_fail_unknown(names, name, error);
  if (names->provider->operations_hash_at == NULL && names->provider->hashes_of == NULL)
    return bs_fail(error, BS_WORD_failed, "The name provider %s cannot be asked for what a proof needs.", names->provider->name);
  info->exists = true;
  return names->provider->info(names->state, info, error) && bs_names_answer(&call, scope, answer, name, error);
}

static struct bs_claim claim_of(const char *name, const struct bs_names_answer *answer) {
  return (struct bs_claim){.name = name,
                           .found = answer->found,
                           .entry = answer->entry,
                           .is_inherited = answer->record.is_inherited,
                           .is_expired = answer->record.expired,
                           .has_name_space = answer->name_space_found,
                           .name_space = answer->name_space};
}

/* A service may only call a namespace one of the genesis where there is such a thing. */
static bool check_genesis(const struct bs_names_info *info, const struct bs_claim_result *result, const char *name,
                          struct bs_error *error) {
  return !result->is_genesis || strcmp(info->network, "local") == 0 ||
         bs_fail(error, BS_WORD_forged, "The name service says that the namespace of %s is older than the chain.", name);
}

static bool attempt(struct asking *asking, struct bs_prove_result *result, const struct bs_claim *claim,
                    const struct bs_names_info *info, const struct bs_prove_request *request,
                    const struct bs_proof_memory *memory, bool *ret_recalled, struct bs_error *error) {
  const struct bs_proof_source source = {asking, ask_hashes, ask_operations};
  bool whole = !claim->found || request->extent == BS_EXTENT_CURRENT;
  struct bs_proof *proof;
  bool good;

  if (!bs_proof_new(&proof, &source, memory, &request->pin, info->first_block, error)) return false;
  good = weigh(proof, claim->name, claim, whole, request, info->first_block, error) &&
         bs_claim_prove(proof, &result->claim, claim, request->extent, &request->pin, info->first_block, error) &&
         check_genesis(info, &result->claim, claim->name, error);
  result->cost = *bs_proof_cost(proof);
  *ret_recalled = bs_proof_has_recalled(proof);
  bs_proof_free(proof);
  if (good)
    bs_log(BS_LOG_INFO, "%s: proven; %" PRIu64 " blocks were checked, with %" PRIu64 " questions for %" PRIu64 " bytes",
           claim->name, result->cost.blocks, result->cost.questions, result->cost.bytes);
  return good;
}

/* Did a proof come to its end? */
static bool is_verdict(enum bs_word word) {
  return word == BS_WORD_forged || word == BS_WORD_malformed || word == BS_WORD_stale || word == BS_WORD_conflict ||
         word == BS_WORD_failed;
}

/* Where what is remembered and what is answered contradict each other, it shows without the memory whose fault it was. */
static bool prove(struct asking *asking, struct bs_prove_result *result, const struct bs_claim *claim,
                  const struct bs_names_info *info, const struct bs_prove_request *request, struct bs_error *error) {
  struct bs_proof_memory blind = request->memory == NULL ? (struct bs_proof_memory){.user = NULL} : *request->memory;
  struct bs_error why = {.word = BS_NO_WORD};
  bool recalled = false;

  if (attempt(asking, result, claim, info, request, request->memory, &recalled, error)) return true;
  if (!recalled || (error->word != BS_WORD_forged && error->word != BS_WORD_malformed)) return false;
  bs_log(BS_LOG_INFO, "%s: asked for all of it, and nothing that is remembered is looked at: %s", claim->name, error->message);
  blind.recall = NULL;
  blind.recall_list = NULL;
  if (!attempt(asking, result, claim, info, request, &blind, &recalled, &why)) {
    if (is_verdict(why.word)) *error = why;
    return false;
  }
  *error = (struct bs_error){0};
  bs_log(BS_LOG_WARNING, "What was remembered of proofs is false, or of another chain, and is forgotten.");
  if (blind.forget != NULL) blind.forget(blind.user);
  return true;
}

static bool fail_absent(const char *name, const struct bs_prove_request *request, const struct bs_names_info *info,
                        struct bs_error *error) {
  return bs_fail(error, BS_WORD_not_found, "The name %s is not registered up to block %" PRIu64
                 ": proven by the operations of all blocks from %" PRIu64 " on.", name, request->pin.block, info->first_block);
}

bool bs_names_prove(struct bs_names *names, struct bs_scope *scope, struct bs_name_record *ret_record,
                    struct bs_prove_result *ret_result, const char *name, const struct bs_prove_request *request,
                    struct bs_error *error) {
  struct asking asking = {names, scope};
  struct bs_names_info info = {.provider = names->provider->name, .proven = names->provider->proven, .network = ""};
  struct bs_prove_result result = {.claim = {.extent = request->extent}};
  struct bs_names_answer answer = {.found = false};
  struct bs_claim claim;

  if (!look(names, scope, &answer, &info, name, error)) return false;
  claim = claim_of(name, &answer);
  if (!prove(&asking, &result, &claim, &info, request, error)) return false;
  if (!answer.found) return fail_absent(name, request, &info, error);
  *ret_record = answer.record;
  ret_record->told_by = NULL;
  ret_record->is_far = false;
  if (request->extent == BS_EXTENT_CURRENT) {
    ret_record->expired |= result.claim.expired;
    snprintf(ret_record->proven, sizeof ret_record->proven, "current_at %" PRIu64, request->pin.block);
  } else {
    snprintf(ret_record->proven, sizeof ret_record->proven, "included");
  }
  *ret_result = result;
  return true;
}

bool bs_names_reach(struct bs_names *names, struct bs_scope *scope, unsigned char consensus[BS_CONSENSUS_SIZE],
                    const struct bs_pin *pin, uint64_t block, struct bs_error *error) {
  struct asking asking = {names, scope};
  const struct bs_proof_source source = {&asking, ask_hashes, ask_operations};
  struct bs_names_info info;
  struct bs_proof *proof;
  bool good;

  if (pin->block == block) {
    memcpy(consensus, pin->consensus, BS_CONSENSUS_SIZE);
    return true;
  }
  if (!bs_names_info(names, scope, &info, error) || !bs_proof_new(&proof, &source, NULL, pin, info.first_block, error))
    return false;
  good = bs_proof_reach(proof, block, error);
  if (good) memcpy(consensus, bs_proof_consensus(proof, block), BS_CONSENSUS_SIZE);
  bs_proof_free(proof);
  return good;
}
