/* SPDX-License-Identifier: MIT */
/* The model of the chain rules (t/lib/model.h) does in every recorded run what the original name server did. */
#include <config.h>

#include "t/lib/model.h"
#include "t/lib/replayed.h"

static void compare_model_operations(const struct recording *recording, const struct recording_block *block,
                                     const struct model *model) {
  struct bs_buffer wanted BS_AUTO_BUFFER = BS_BUFFER_INIT, have BS_AUTO_BUFFER = BS_BUFFER_INIT;

  for (size_t i = 0; i < block->operation_count || i < model->operation_count; i++) {
    const struct recording_bytes *expected = i < block->operation_count ? &block->operations[i] : NULL;
    const struct bs_buffer *got = i < model->operation_count ? &model->operations[i] : NULL;

    if (expected != NULL && got != NULL && expected->length == got->length &&
        memcmp(expected->bytes, got->bytes, got->length) == 0)
      continue;
    fail_msg("%s, block %" PRIu64 ", operation %zu: serialised:\nexpected %s\ngot      %s", recording->name,
             block->height, i, expected == NULL ? "none" : printable(&wanted, expected->bytes, expected->length),
             got == NULL ? "none" : printable(&have, got->bytes, got->length));
  }
}

static void replay_on_model(void **state) {
  const struct recording *recording = *state;
  struct bs_buffer lines BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct model model;

  model_init(&model, &recording->parameters);
  for (size_t i = 0; i < recording->block_count; i++) {
    const struct recording_block *block = &recording->blocks[i];
    struct bs_block_result result;

    model_apply(&model, &result, block->height, block->transactions, block->count);
    compare_verdicts(recording, block);
    compare_model_operations(recording, block, &model);
    compare_hash(recording, block->height, "operations hash", block->operations_hash, result.operations_hash,
                 sizeof result.operations_hash);
    compare_hash(recording, block->height, "consensus hash", block->consensus, result.consensus,
                 sizeof result.consensus);
  }
  model_lines(&lines, &model);
  compare_lines(recording, &lines);
  model_free(&model);
}

int main(void) {
  return run_recordings(replay_on_model, true);
}
