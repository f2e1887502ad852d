/* SPDX-License-Identifier: MIT */
/* Histories of a name that make room for a lie: several operations in one block, a name that expired and was registered anew, and
 * what a chain's beginning and odd counts of operations allow. */
#include <config.h>

#include "core/chain/entry-read.h"
#include "core/names/proof-private.h"
#include "t/lib/story.h"

static const enum bs_extent extents[] = {BS_EXTENT_INCLUDED, BS_EXTENT_CURRENT};

static struct bs_operation transfer_of(struct fixture *fixture, const char *name, bool keep_data) {
  struct bs_operation operation = {.opcode = BS_NAME_TRANSFER, .keep_data = keep_data};
  struct bs_ledger_tip tip = tip_of(fixture);

  bs_hash128(operation.name_hash, name, strlen(name));
  memcpy(operation.consensus, tip.consensus, sizeof operation.consensus);
  return operation;
}

struct sent {
  const struct bs_key *key;
  struct bs_operation operation;
  const struct bs_key *recipient;
};

static void block_of_two(struct fixture *fixture, const struct sent *sent) {
  struct bs_buffer raws[2] = {BS_BUFFER_INIT, BS_BUFFER_INIT};
  struct bs_error error = {0};

  for (size_t i = 0; i < 2; i++) {
    struct bs_coin coin = coin_of(fixture, sent[i].key, i == 1 && sent[1].key == sent[0].key);

    make(&raws[i], &coin, sent[i].key, &sent[i].operation, sent[i].recipient, 0);
  }
  assert_ok(append(fixture, raws, 2, &error));
  for (size_t i = 0; i < 2; i++) {
    if (fixture->verdicts[i].verdict != BS_VERDICT_ACCEPTED) fail_msg("%zu: %s", i, fixture->verdicts[i].reason);
    bs_buffer_free(&raws[i]);
  }
}

/* What the operation of this transaction says, as if nothing had come after it in its block. */
static struct bs_claim claim_by(struct story *story, const struct bs_claim *now, uint64_t vtxindex) {
  const struct bs_operation_list *list = &story->blocks[now->entry.changed_block].list;
  struct bs_claim claim = *now;
  struct bs_error error = {0};

  for (size_t i = 0; i < list->count; i++) {
    struct bs_entry_context context;
    struct bs_fields fields;
    size_t length;
    const unsigned char *serialised = bs_operation_list_at(list, i, &length);

    assert_ok(bs_fields_read(&fields, serialised, length, &error));
    assert_ok(bs_name_from_operation(&claim.entry, &context, &fields, serialised, length, &error));
    claim.entry.changed_block = now->entry.changed_block;
    claim.is_inherited = context.opcode == BS_NAME_TRANSFER && claim.entry.has_value;
    if (claim.entry.origin.vtxindex == vtxindex) return claim;
  }
  fail_msg("no transaction %d", (int)vtxindex);
  return claim;
}

static void assert_told(struct story *story, const struct bs_claim *claim, enum bs_word word, const char *text) {
  struct bs_pin pin = pin_at(story, story->last);

  for (size_t i = 0; i < 2; i++) {
    struct bs_error error = {0};

    if (word == BS_NO_WORD) assert_ok(prove_claim(story, claim, extents[i], &pin, &error));
    else assert_fails(prove_claim(story, claim, extents[i], &pin, &error), word, text);
  }
}

/* The newest is proven, in whatever order the list is told; the one before it is not. */
static void assert_order(struct fixture *fixture) {
  struct story *story = story_of(fixture);
  struct bs_claim now = claim_of(fixture, "foo.id"), before = claim_by(story, &now, 0);
  struct story_block *block = &story->blocks[now.entry.changed_block];

  assert_int_equal(now.entry.origin.vtxindex, 1);
  for (size_t i = 0; i < 2; i++) {
    assert_told(story, &now, BS_NO_WORD, "");
    assert_told(story, &before, BS_WORD_forged, "what its operation in block");
    story_repeat(block, 0);
    story_drop(block, 0);
  }
  for (size_t i = 0; i < 2; i++) { /* nor is it when the other is hidden */
    struct story *liar = story_of(fixture);

    story_drop(&liar->blocks[now.entry.changed_block], i);
    assert_told(liar, &before, BS_WORD_forged, "are not those");
    story_free(liar);
  }
  story_free(story);
}

static void a_transfer_and_back_in_one_block(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation update;

  own(fixture, "foo.id", fixture->alice);
  update = update_of(fixture, "foo.id", 7);
  assert_null(send(fixture, fixture->alice, &update, NULL, 0));
  block_of_two(fixture, (struct sent[]){{fixture->alice, transfer_of(fixture, "foo.id", true), fixture->bob},
                                        {fixture->bob, transfer_of(fixture, "foo.id", true), fixture->alice}});
  mine(fixture, 20);
  assert_order(fixture);
}

static void two_updates_in_one_block(void **state) {
  struct fixture *fixture = *state;

  grant(fixture, fixture->alice);
  own(fixture, "foo.id", fixture->alice);
  mine(fixture, 3);
  block_of_two(fixture, (struct sent[]){{fixture->alice, update_of(fixture, "foo.id", 1), NULL},
                                        {fixture->alice, update_of(fixture, "foo.id", 2), NULL}});
  mine(fixture, 20);
  assert_order(fixture);
}

/* No chain has that. */
static void two_operations_without_an_order(void **state) {
  struct fixture *fixture = *state;
  struct bs_buffer other BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_entry_context context = {.opcode = BS_NAME_UPDATE};
  struct bs_operation update;
  struct bs_error error = {0};
  struct bs_claim now;
  struct story *story;

  own(fixture, "foo.id", fixture->alice);
  update = update_of(fixture, "foo.id", 1);
  assert_null(send(fixture, fixture->alice, &update, NULL, 0));
  mine(fixture, 5);
  story = story_of(fixture);
  now = claim_of(fixture, "foo.id");
  now.entry.value_hash[0] ^= 1;
  bs_serialise_name(&other, &now.entry, &context);
  assert_ok(bs_operation_list_add(&story->blocks[now.entry.changed_block].list, other.bytes, other.length, &error));
  story_seal(&story->blocks[now.entry.changed_block]);
  story_rewrite(story, now.entry.changed_block);
  assert_told(story, &now, BS_WORD_conflict, "two operations on foo.id that have no order");
  story_free(story);
}

/* foo.brief lives for 5 blocks: alice's in block n, bob's in n + 7. */
static void a_name_that_was_registered_anew(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder, registration = registration_of("foo.brief");
  struct bs_claim alices, bobs, nobodys = {.name = "foo.brief"};
  struct bs_claim_result result;
  struct bs_error error = {0};
  struct bs_pin pin;
  struct story *story;
  uint64_t block;

  own(fixture, "foo.brief", fixture->alice);
  alices = claim_of(fixture, "foo.brief");
  block = alices.entry.changed_block;
  mine(fixture, 4);
  preorder = preorder_of(fixture, "foo.brief", fixture->bob, fixture->bob);
  assert_null(send(fixture, fixture->bob, &preorder, NULL, 100));
  mine(fixture, 1);
  assert_null(send(fixture, fixture->bob, &registration, fixture->bob, 0));
  bobs = claim_of(fixture, "foo.brief");
  assert_int_equal(bobs.entry.changed_block, block + 7);
  mine(fixture, 3);
  story = story_of(fixture);
  assert_told(story, &bobs, BS_NO_WORD, "");
  assert_told(story, &nobodys, BS_WORD_forged, "it hides the name");
  pin = pin_at(story, story->last);
  assert_fails(prove_claim(story, &alices, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_stale, "has a newer operation on it");
  assert_ok(prove_claim(story, &alices, BS_EXTENT_INCLUDED, &pin, &error)); /* once it was */
  bobs.entry.first_registered = alices.entry.first_registered;
  assert_told(story, &bobs, BS_WORD_forged, "does not");
  pin = pin_at(story, block + 6); /* between them */
  alices.is_expired = true;
  assert_ok(prove_with(story, &result, &alices, BS_EXTENT_CURRENT, &pin, NULL, NULL, &error));
  assert_true(result.expired && result.expires == block + 5);
  pin = pin_at(story, block + 5);
  assert_ok(prove_with(story, &result, &alices, BS_EXTENT_CURRENT, &pin, NULL, NULL, &error));
  assert_false(result.expired); /* as of the pin, whatever the service says of now */
  story_free(story);
}

/* ---- the chain's beginning ---- */

static int compare(const void *left, const void *right) {
  const struct bs_leaf *a = left, *b = right;
  size_t length = a->length < b->length ? a->length : b->length;
  int order = memcmp(a->bytes, b->bytes, length);

  return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* The root that a block's consensus hash is the hash of: that of the first block is its operations hash. */
static void root_of(unsigned char root[BS_SHA256_SIZE], const struct story *story, uint64_t block) {
  struct bs_leaf leaves[16] = {{.length = BS_SHA256_SIZE}}, top;
  size_t count = 1;

  memcpy(leaves[0].bytes, story->blocks[block].operations, BS_SHA256_SIZE);
  for (uint64_t back = 1; back <= block - story->first; back = 2 * back + 1) {
    memcpy(leaves[count].bytes, story->blocks[block - back].consensus, BS_CONSENSUS_SIZE);
    leaves[count++].length = BS_CONSENSUS_SIZE;
  }
  qsort(leaves, count, sizeof leaves[0], compare);
  bs_merkle_root(&top, leaves, count);
  assert_int_equal(top.length, BS_SHA256_SIZE);
  memcpy(root, top.bytes, BS_SHA256_SIZE);
}

/* The server says that the pin's block is the first, and nothing was before it. */
static void the_chain_begins_at_the_pin(void **state) {
  struct fixture *fixture = *state;
  const struct bs_claim nobodys = {.name = "foo.id"};
  unsigned char consensus[BS_CONSENSUS_SIZE], pair[2 * BS_SHA256_SIZE] = {0};
  struct bs_error error = {0};
  struct story *story;
  struct story_block *top;

  own(fixture, "foo.id", fixture->alice);
  mine(fixture, 30);
  story = story_of(fixture);
  top = &story->blocks[story->last];
  root_of(top->operations, story, story->last);
  story->first = story->last;
  bs_consensus_hash(consensus, top->operations, (const struct bs_leaf[1]){{.length = 0}}, 0);
  assert_memory_equal(consensus, top->consensus, sizeof consensus); /* which fits */
  assert_told(story, &nobodys, BS_WORD_forged, "are not those");    /* but that it is no operation */
  assert_ok(bs_operation_list_add(&top->list, pair, sizeof pair, &error));
  assert_told(story, &nobodys, BS_WORD_malformed, "no operation of names");
  story_free(story);
}

static void the_first_blocks_are_hidden(void **state) {
  struct fixture *fixture = *state;
  const struct bs_claim nobodys = {.name = "foo.id"};

  own(fixture, "foo.id", fixture->alice);
  mine(fixture, 60);
  for (uint64_t first = 2; first <= 40; first++) {
    struct story *story = story_of(fixture);
    unsigned char root[BS_SHA256_SIZE];

    story->first = first;
    assert_told(story, &nobodys, BS_WORD_forged, "does not hash");
    story->first = 1;
    root_of(root, story, first);
    story->first = first;
    memcpy(story->blocks[first].operations, root, sizeof root); /* that block is as it should be then */
    assert_told(story, &nobodys, BS_WORD_forged, "does not hash");
    story_free(story);
  }
}

/* ---- odd counts ---- */

static void add_update(struct bs_operation_list *list, size_t number) {
  struct bs_buffer serialised BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_entry_context context = {.opcode = BS_NAME_UPDATE};
  struct bs_name_entry entry = {.has_value = true, .origin = {.address = "1owner", .op = "+", .vtxindex = number}, .op_fee = "1"};
  struct bs_error error = {0};

  snprintf(entry.name, sizeof entry.name, "n%d.id", (int)number);
  bs_script_pay_to(&entry.origin.sender, entry.value_hash);
  bs_serialise_name(&serialised, &entry, &context);
  assert_ok(bs_operation_list_add(list, serialised.bytes, serialised.length, &error));
}

/* Of any count: a list that has one of them again, two, or all, and one that lacks one. */
static void lists_of_every_count(void **state) {
  struct bs_error error = {0};

  (void)state;
  for (size_t count = 1; count <= 9; count++) {
    struct story_block block = {.list = {.count = 0}}, longer = {.list = {.count = 0}};

    for (size_t i = 0; i < count; i++) add_update(&block.list, i);
    story_seal(&block);
    assert_ok(bs_operation_list_check(&block.list, block.operations, 5, &error));
    for (size_t again = 0; again < count; again++) {
      story_repeat(&block, again);
      assert_fails(bs_operation_list_check(&block.list, block.operations, 5, &error), BS_WORD_forged, "block 5 twice");
      story_drop(&block, count);
      for (size_t i = 0; i < count; i++) add_update(&longer.list, i);
      for (size_t i = again; i < count; i++) add_update(&longer.list, i); /* as a row that was filled up */
      assert_fails(bs_operation_list_check(&longer.list, block.operations, 5, &error), BS_WORD_forged, "block 5 twice");
      bs_operation_list_free(&longer.list);
      for (size_t i = 0; i < count; i++)
        if (i != again) add_update(&longer.list, i);
      assert_fails(bs_operation_list_check(&longer.list, block.operations, 5, &error), BS_WORD_forged, "block 5 are not");
      bs_operation_list_free(&longer.list);
    }
    bs_operation_list_free(&block.list);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      LEDGER_TEST(a_transfer_and_back_in_one_block),
      LEDGER_TEST(two_updates_in_one_block),
      LEDGER_TEST(two_operations_without_an_order),
      LEDGER_TEST(a_name_that_was_registered_anew),
      LEDGER_TEST(the_chain_begins_at_the_pin),
      LEDGER_TEST(the_first_blocks_are_hidden),
      cmocka_unit_test(lists_of_every_count),
  };
  return RUN_TESTS(tests);
}
