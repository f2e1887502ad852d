/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/model.h"

#include "core/base/auto.h"
#include "core/codec/hex.h"

void *model_grow(void *array, size_t count, size_t size) {
  char *grown = reallocarray(array, count + 1, size);

  if (grown == NULL) abort();
  memset(grown + count * size, 0, size);
  return grown;
}

/* ---- copies of all that is known ---- */

static void *copy(const void *array, size_t count, size_t size) {
  void *copied = calloc(count + 1, size);

  if (copied == NULL) abort();
  if (count > 0) memcpy(copied, array, count * size);
  return copied;
}

static struct model_state copy_state(const struct model_state *state) {
  struct model_state copied = *state;

  copied.names = copy(state->names, state->name_count, sizeof *state->names);
  copied.preorders = copy(state->preorders, state->preorder_count, sizeof *state->preorders);
  copied.namespaces = copy(state->namespaces, state->namespace_count, sizeof *state->namespaces);
  copied.expiries = copy(state->expiries, state->expiry_count, sizeof *state->expiries);
  copied.waiting = copy(state->waiting, state->waiting_count, sizeof *state->waiting);
  copied.changes = copy(state->changes, state->change_count, sizeof *state->changes);
  copied.consensus = copy(state->consensus, state->consensus_count, sizeof *state->consensus);
  return copied;
}

static void free_state(struct model_state *state) {
  free(state->names);
  free(state->preorders);
  free(state->namespaces);
  free(state->expiries);
  free(state->waiting);
  free(state->changes);
  free(state->consensus);
}

static void keep_state(struct model *model) {
  if (model->undo_count == MODEL_UNDO) free_state(&model->undo[--model->undo_count]);
  memmove(&model->undo[1], &model->undo[0], model->undo_count++ * sizeof model->undo[0]);
  model->undo[0] = copy_state(&model->state);
}

void model_rollback(struct model *model, uint64_t height) {
  while (model->state.height > height && model->undo_count > 0) {
    free_state(&model->state);
    model->state = model->undo[0];
    memmove(&model->undo[0], &model->undo[1], --model->undo_count * sizeof model->undo[0]);
  }
}

/* ---- blocks ---- */

void model_init(struct model *model, const struct bs_chain_parameters *parameters) {
  *model = (struct model){.parameters = parameters, .state.height = parameters->first_block - 1};
}

static void forget_block(struct model *model) {
  for (size_t i = 0; i < model->operation_count; i++) bs_buffer_free(&model->operations[i]);
  free(model->operations);
  free(model->preordered);
  model->operations = NULL;
  model->preordered = NULL;
  model->operation_count = model->preordered_count = 0;
}

void model_free(struct model *model) {
  forget_block(model);
  free_state(&model->state);
  for (size_t i = 0; i < model->undo_count; i++) free_state(&model->undo[i]);
}

/* Registrations of one name, or reveals of one namespace, that would each have been accepted before the block, are
 * refused all together. */
static bool collides(const struct model *model, const struct model_operation *operations, size_t count, size_t which,
                     uint64_t height) {
  const struct model_operation *operation = &operations[which];
  size_t rivals = 0;

  for (size_t i = 0; i < count; i++)
    if (operations[i].opcode == operation->opcode && strcmp(operations[i].name, operation->name) == 0)
      rivals += operation->opcode == BS_NAME_REGISTRATION ? model_may_register(model, &operations[i], height)
                                                          : model_may_reveal(model, &operations[i]);
  return rivals > 1;
}

static void find_collisions(const struct model *model, bool *collided, const struct model_operation *operations,
                            size_t count, uint64_t height) {
  for (size_t i = 0; i < count; i++)
    if (operations[i].opcode == BS_NAME_REGISTRATION || operations[i].opcode == BS_NAMESPACE_REVEAL)
      collided[i] = collides(model, operations, count, i, height);
}

static void close_block(struct model *model, struct bs_block_result *ret_result, uint64_t height) {
  struct model_state *state = &model->state;
  char hash[2 * BS_SHA256_SIZE + 1], consensus[MODEL_HASH128];

  model_expire(model, height);
  model_operations_hash(hash, model->operations, model->operation_count);
  model_consensus_hash(consensus, model, hash);
  state->consensus = model_grow(state->consensus, state->consensus_count, sizeof *state->consensus);
  memcpy(state->consensus[state->consensus_count++], consensus, sizeof consensus);
  state->height = height;
  if (!bs_hex_decode(ret_result->operations_hash, sizeof ret_result->operations_hash, hash) ||
      !bs_hex_decode(ret_result->consensus, sizeof ret_result->consensus, consensus))
    abort();
}

void model_apply(struct model *model, struct bs_block_result *ret_result, uint64_t height,
                 struct bs_block_transaction *transactions, size_t count) {
  struct model_operation *operations BS_AUTO_FREE = calloc(count + 1, sizeof *operations);
  bool *collided BS_AUTO_FREE = calloc(count + 1, sizeof *collided);

  if (operations == NULL || collided == NULL || height != model->state.height + 1) abort();
  keep_state(model);
  forget_block(model);
  *ret_result = (struct bs_block_result){0};
  for (size_t i = 0; i < count; i++)
    transactions[i].verdict = model_parse(&operations[i], model->parameters, &transactions[i])
                                  ? BS_VERDICT_REFUSED
                                  : BS_VERDICT_NO_OPERATION;
  find_collisions(model, collided, operations, count, height);
  for (size_t i = 0; i < count; i++) {
    if (collided[i] || !model_operate(model, &operations[i], height)) continue;
    transactions[i].verdict = BS_VERDICT_ACCEPTED;
  }
  ret_result->accepted = model->operation_count;
  close_block(model, ret_result, height);
}
