/* SPDX-License-Identifier: MIT */
/* The answers that a proof is made of (core/names/proof.h): whatever a server tells, a false record is never proven. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/chain/consensus.h"
#include "core/names/proof-claim.h"
#include "t/fuzz/targets.h"

#define FIRST 3
#define LAST 40
#define CHANGED 20 /* the block in which the name was changed */

struct answers {
  struct {
    unsigned char consensus[BS_CONSENSUS_SIZE], operations[BS_SHA256_SIZE];
    struct bs_operation_list list;
  } blocks[LAST + 1];
  uint8_t as[LAST + 1];
  bool is_changed;
};

static void make_entry(struct bs_name_entry *entry, const char *name) {
  *entry = (struct bs_name_entry){.has_value = true, .value_hash = {1, 2, 3}, .block_number = 5, .preorder_block_number = 4,
                                  .first_registered = 5, .last_renewed = 5, .changed_block = CHANGED};
  memcpy(entry->name, name, strlen(name) + 1);
  memcpy(entry->origin.address, "1owner", 7);
  memcpy(entry->origin.op, "+", 2);
  memcpy(entry->op_fee, "100", 4);
  bs_script_pay_to(&entry->origin.sender, entry->value_hash);
}

static void add(struct answers *answers, size_t block, const void *bytes, size_t length) {
  struct bs_error error = {0};

  PROMISED(bs_operation_list_add(&answers->blocks[block].list, bytes, length, &error));
}

static void add_update(struct answers *answers, size_t block, const char *name) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_entry_context context = {.opcode = BS_NAME_UPDATE};
  struct bs_name_entry entry;

  make_entry(&entry, name);
  bs_serialise_name(&text, &entry, &context);
  add(answers, block, text.bytes, text.length);
}

static void seal(struct answers *answers, size_t block) {
  struct bs_leaf leaves[4], previous[8];
  struct bs_operation_list *list = &answers->blocks[block].list;
  size_t count = 0;

  for (size_t i = 0; i < list->count; i++) {
    size_t length;
    const unsigned char *bytes = bs_operation_list_at(list, i, &length);

    bs_operation_leaf(&leaves[i], bytes, length);
  }
  bs_operations_hash(answers->blocks[block].operations, leaves, list->count);
  for (size_t back = 1; back + FIRST <= block; back = 2 * back + 1) {
    memcpy(previous[count].bytes, answers->blocks[block - back].consensus, BS_CONSENSUS_SIZE);
    previous[count++].length = BS_CONSENSUS_SIZE;
  }
  bs_consensus_hash(answers->blocks[block].consensus, answers->blocks[block].operations, previous, count);
}

static void make_answers(struct answers *answers) {
  memset(answers, 0, sizeof *answers);
  add_update(answers, CHANGED, "foo.id");
  add_update(answers, CHANGED, "bar.id");
  add_update(answers, CHANGED, "baz.id");
  add_update(answers, 30, "bar.id");
  for (size_t block = FIRST; block <= LAST; block++) {
    answers->as[block] = (uint8_t)block;
    seal(answers, block);
  }
}

/* Each: what is changed, in which block, at most 63 bytes and those. */
static void change(struct answers *answers, const uint8_t *bytes, size_t length) {
  while (length >= 3) {
    size_t block = FIRST + bytes[1] % (LAST - FIRST + 1), count = bytes[2] % 64 < length - 3 ? bytes[2] % 64 : length - 3;
    const uint8_t *what = bytes + 3;

    answers->is_changed = true;
    switch (bytes[0] % 5) {
      case 0: memcpy(answers->blocks[block].consensus, what, count < BS_CONSENSUS_SIZE ? count : BS_CONSENSUS_SIZE); break;
      case 1: memcpy(answers->blocks[block].operations, what, count < BS_SHA256_SIZE ? count : BS_SHA256_SIZE); break;
      case 2: add(answers, block, what, count); break;
      case 3: bs_operation_list_free(&answers->blocks[block].list); break;
      default: answers->as[block] = (uint8_t)(FIRST + bytes[2] % (LAST - FIRST + 1)); break;
    }
    bytes += 3 + count;
    length -= 3 + count;
  }
}

static bool tell_hashes(void *user, struct bs_block_hashes *blocks, size_t count, struct bs_error *error) {
  const struct answers *answers = user;

  (void)error;
  for (size_t i = 0; i < count; i++) {
    PROMISED(blocks[i].block >= FIRST && blocks[i].block <= LAST);
    memcpy(blocks[i].consensus, answers->blocks[answers->as[blocks[i].block]].consensus, BS_CONSENSUS_SIZE);
    memcpy(blocks[i].operations, answers->blocks[answers->as[blocks[i].block]].operations, BS_SHA256_SIZE);
  }
  return true;
}

static bool tell_operations(void *user, struct bs_operation_list *lists, const uint64_t *blocks, size_t count,
                            struct bs_error *error) {
  const struct answers *answers = user;

  for (size_t k = 0; k < count; k++) {
    const struct bs_operation_list *list = &answers->blocks[answers->as[blocks[k]]].list;

    for (size_t i = 0; i < list->count; i++) {
      size_t length;
      const unsigned char *bytes = bs_operation_list_at(list, i, &length);

      if (!bs_operation_list_add(&lists[k], bytes, length, error)) return false;
    }
  }
  return true;
}

static bool prove(struct answers *answers, const struct bs_claim *claim, const struct bs_pin *pin, enum bs_extent extent) {
  const struct bs_proof_source source = {answers, tell_hashes, tell_operations};
  struct bs_claim_result result;
  struct bs_error error = {0};
  struct bs_proof *proof;
  bool good;

  PROMISED(bs_proof_new(&proof, &source, NULL, pin, FIRST, &error));
  good = bs_claim_prove(proof, &result, claim, extent, pin, FIRST, &error);
  PROMISED(good || (error.word != BS_NO_WORD && error.message[0] != '\0'));
  bs_proof_free(proof);
  return good;
}

void bs_fuzz_proof(const uint8_t *bytes, size_t length) {
  struct bs_claim claim = {.name = "foo.id", .found = true, .has_name_space = true,
                           .name_space = {.id = "id", .state = BS_NAMESPACE_IS_READY,
                                          .rules = {.lifetime = BS_LIFETIME_INFINITE}}};
  struct answers answers;
  struct bs_pin pin = {.block = LAST};

  make_answers(&answers);
  memcpy(pin.consensus, answers.blocks[LAST].consensus, sizeof pin.consensus);
  make_entry(&claim.entry, claim.name);
  change(&answers, bytes, length);
  for (int extent = BS_EXTENT_INCLUDED; extent <= BS_EXTENT_CURRENT; extent++) {
    bool proven = prove(&answers, &claim, &pin, (enum bs_extent)extent);

    PROMISED(proven || answers.is_changed);
    claim.entry.value_hash[0] ^= 1;
    PROMISED(!prove(&answers, &claim, &pin, (enum bs_extent)extent));
    claim.entry.value_hash[0] ^= 1;
    claim.entry.changed_block = CHANGED + 4;
    PROMISED(!prove(&answers, &claim, &pin, (enum bs_extent)extent));
    claim.entry.changed_block = CHANGED;
  }
  claim.found = false;
  PROMISED(!prove(&answers, &claim, &pin, BS_EXTENT_CURRENT));
  for (size_t i = 0; i <= LAST; i++) bs_operation_list_free(&answers.blocks[i].list);
}
