/* SPDX-License-Identifier: MIT */
/*
 * Recorded runs of the original name server, asked for proofs: every operation that it serialised is read back, and what
 * is known of each name at the end is proven from the recorded operations and hashes alone.
 */
#include <config.h>

#include "core/chain/entry-read.h"
#include "core/names/proof-claim.h"
#include "t/lib/replayed.h"

static const struct recording_block *block_of(const struct recording *recording, uint64_t number) {
  const struct recording_block *block = &recording->blocks[number - recording->blocks[0].height];

  assert_true(number >= recording->blocks[0].height && number < recording->blocks[0].height + recording->block_count);
  assert_int_equal(block->height, number);
  return block;
}

static bool tell_hashes(void *user, struct bs_block_hashes *blocks, size_t count, struct bs_error *error) {
  (void)error;
  for (size_t i = 0; i < count; i++) {
    const struct recording_block *block = block_of(user, blocks[i].block);

    memcpy(blocks[i].consensus, block->consensus, BS_CONSENSUS_SIZE);
    memcpy(blocks[i].operations, block->operations_hash, BS_SHA256_SIZE);
  }
  return true;
}

static bool tell_operations(void *user, struct bs_operation_list *lists, const uint64_t *numbers, size_t count,
                            struct bs_error *error) {
  for (size_t k = 0; k < count; k++) {
    const struct recording_block *block = block_of(user, numbers[k]);

    for (size_t i = 0; i < block->operation_count; i++)
      if (!bs_operation_list_add(&lists[k], block->operations[i].bytes, block->operations[i].length, error)) return false;
  }
  return true;
}

static void read_back(const struct recording_bytes *operation) {
  struct bs_buffer written BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_entry name;
  struct bs_entry_context context;
  struct bs_namespace_entry name_space;
  struct bs_fields fields;
  struct bs_error error = {0};

  assert_ok(bs_fields_read(&fields, operation->bytes, operation->length, &error));
  bs_fields_write(&written, &fields);
  assert_int_equal(written.length, operation->length);
  assert_memory_equal(written.bytes, operation->bytes, written.length);
  if (bs_fields_are_of_name(&fields))
    assert_ok(bs_name_from_operation(&name, &context, &fields, operation->bytes, operation->length, &error));
  if (bs_fields_are_of_namespace(&fields))
    assert_ok(bs_namespace_from_operation(&name_space, &fields, operation->bytes, operation->length, &error));
}

static bool prove(struct recording *recording, const struct bs_claim *claim, enum bs_extent extent,
                  struct bs_claim_result *result, struct bs_error *error) {
  const struct bs_proof_source source = {recording, tell_hashes, tell_operations};
  const struct recording_block *last = &recording->blocks[recording->block_count - 1];
  struct bs_pin pin = {.block = last->height};
  struct bs_proof *proof;
  bool good;

  memcpy(pin.consensus, last->consensus, sizeof pin.consensus);
  if (!bs_proof_new(&proof, &source, NULL, &pin, recording->blocks[0].height, error)) return false;
  good = bs_claim_prove(proof, result, claim, extent, &pin, recording->blocks[0].height, error);
  bs_proof_free(proof);
  return good;
}

static void prove_name(struct recording *recording, const struct bs_index *index, const char *name) {
  uint64_t height = recording->blocks[recording->block_count - 1].height;
  struct bs_claim claim = {.name = name};
  struct bs_claim_result result;
  struct bs_error error = {0};

  assert_ok(bs_index_get_name_in_namespace(index, &claim.entry, &claim.found, &claim.name_space, &claim.has_name_space, name,
                                           &error));
  assert_true(claim.found);
  assert_ok(bs_index_is_inherited(index, &claim.is_inherited, &claim.entry, &error));
  claim.is_expired = !claim.has_name_space || bs_name_last_block(&claim.entry, &claim.name_space) < height;
  if (!prove(recording, &claim, BS_EXTENT_INCLUDED, &result, &error))
    fail_msg("%s: %s: %s", recording->name, name, error.message);
  if (!prove(recording, &claim, BS_EXTENT_CURRENT, &result, &error)) {
    if (error.word != BS_WORD_failed || claim.has_name_space) fail_msg("%s: %s: %s", recording->name, name, error.message);
  } else {
    assert_false(result.is_genesis);
    assert_int_equal(result.expired, claim.is_expired);
    claim.found = false;
    assert_fails(prove(recording, &claim, BS_EXTENT_CURRENT, &result, &error), BS_WORD_forged, "is not registered, but block");
  }
}

static void prove_all(struct recording *recording, const struct bs_index *index) {
  struct bs_buffer names BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_claim nobody = {.name = "nobody.nowhere"};
  struct bs_claim_result result;
  struct bs_error error = {0};
  const char *at;
  size_t count;

  assert_ok(bs_index_list(index, &names, &count, NULL, 0, INT64_MAX, &error));
  at = bs_buffer_string(&names);
  for (size_t i = 0; i < count; i++, at += strlen(at) + 1) prove_name(recording, index, at);
  assert_ok(prove(recording, &nobody, BS_EXTENT_CURRENT, &result, &error));
}

static void a_recording(void **state) {
  struct recording *recording = *state;
  struct bs_database *database;
  struct bs_index index;
  struct bs_error error = {0};

  assert_ok(bs_database_open_memory(&database, &bs_ledger_kind, &error));
  assert_ok(bs_database_begin(database, &error));
  index = (struct bs_index){database, &recording->parameters};
  for (size_t i = 0; i < recording->block_count; i++) {
    replay_block(recording, &index, &recording->blocks[i]);
    for (size_t k = 0; k < recording->blocks[i].operation_count; k++) read_back(&recording->blocks[i].operations[k]);
  }
  prove_all(recording, &index);
  bs_database_close(database);
}

int main(void) {
  return run_recordings(a_recording, true);
}
