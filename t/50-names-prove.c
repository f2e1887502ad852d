/* SPDX-License-Identifier: MIT */
/* Names that are looked up with a proof: of a ledger, and of providers that lie about it. */
#include <config.h>

#include "core/codec/hex.h"
#include "core/names/prove.h"
#include "t/lib/namespace.h"

static const struct bs_namespace_rules rules = {.lifetime = 20, .coeff = 10, .base = 2, .nonalpha_discount = 1,
                                                .no_vowel_discount = 1};

static void reveal(struct fixture *fixture) {
  reveal_with(fixture, ID, &rules);
}

static void import(struct fixture *fixture, const char *name) {
  const struct bs_name_operation bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  assert_ok(bs_names_import(fixture->names, fixture->scope, &receipt, name, fixture->alice_address, VALUE_1, &bob, &error));
}

static void revoke_name(struct fixture *fixture, const char *name) {
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  assert_ok(bs_names_revoke(fixture->names, fixture->scope, &receipt, name, &alice, &error));
}

/* What is asked for, and what comes of it. */
struct question {
  struct bs_prove_request request;
  struct bs_name_record record;
  struct bs_prove_result result;
};

/* By the newest block. */
static struct bs_prove_request request_of(struct fixture *fixture) {
  struct bs_names_info info = info_of(fixture);
  struct bs_prove_request request = {.pin = {.block = info.height}, .extent = BS_EXTENT_CURRENT, .most_blocks = 10000};

  assert_true(bs_hex_decode(request.pin.consensus, BS_CONSENSUS_SIZE, info.consensus));
  return request;
}

static bool prove(struct fixture *fixture, struct question *question, const char *name, struct bs_error *error) {
  return bs_names_prove(fixture->names, fixture->scope, &question->record, &question->result, name, &question->request, error);
}

static struct question prove_now(struct fixture *fixture, const char *name) {
  struct question question = {.request = request_of(fixture)};
  struct bs_error error = {0};
  char expected[40];

  question.request.extent = BS_EXTENT_INCLUDED;
  assert_ok(prove(fixture, &question, name, &error));
  assert_string_equal(question.record.proven, "included");
  question.request.extent = BS_EXTENT_CURRENT;
  assert_ok(prove(fixture, &question, name, &error));
  snprintf(expected, sizeof expected, "current_at %d", (int)question.request.pin.block);
  assert_string_equal(question.record.proven, expected);
  return question;
}

static void a_name_of_the_genesis(void **state) {
  struct fixture *fixture = *state;
  struct question proven;

  register_name(fixture, "foo.id", fixture->alice);
  proven = prove_now(fixture, "foo.id");
  assert_true(proven.result.claim.is_genesis);
  assert_string_equal(proven.record.owner, fixture->alice_address);
  assert_true(proven.record.expires == BS_NAMES_NEVER && !proven.record.expired);
  assert_true(proven.result.cost.blocks > 0 && proven.result.cost.questions > 0 && proven.result.cost.bytes > 0);
}

static void a_name_of_a_namespace_that_was_made(void **state) {
  struct fixture *fixture = *state;
  struct question proven;

  reveal(fixture);
  make_ready(fixture, ID);
  mine(fixture, 3);
  register_name(fixture, "foo." ID, fixture->alice);
  mine(fixture, 20);
  proven = prove_now(fixture, "foo." ID);
  assert_false(proven.result.claim.is_genesis);
  assert_int_equal(proven.result.claim.expires, proven.record.block + 20);
  assert_false(proven.result.claim.expired);
  mine(fixture, 1);
  proven = prove_now(fixture, "foo." ID);
  assert_true(proven.result.claim.expired && proven.record.expired);
}

static void a_name_that_was_imported(void **state) {
  struct fixture *fixture = *state;
  struct question proven;

  reveal(fixture);
  mine(fixture, 2);
  import(fixture, "foo." ID);
  mine(fixture, 30);
  proven = prove_now(fixture, "foo." ID);
  assert_true(proven.result.claim.expires == BS_NAMES_NEVER && !proven.result.claim.expired);
  make_ready(fixture, ID);
  proven = prove_now(fixture, "foo." ID);
  assert_int_equal(proven.result.claim.expires, info_of(fixture).height + 20);
}

static void a_revoked_name(void **state) {
  struct fixture *fixture = *state;
  struct question proven;

  reveal(fixture);
  make_ready(fixture, ID);
  register_name(fixture, "foo." ID, fixture->alice);
  revoke_name(fixture, "foo." ID);
  proven = prove_now(fixture, "foo." ID);
  assert_true(proven.record.revoked && !proven.record.expired);
  mine(fixture, 30);
  proven = prove_now(fixture, "foo." ID); /* the index has forgotten that it was revoked */
  assert_true(proven.record.expired);
}

static void a_name_that_is_not_registered(void **state) {
  struct fixture *fixture = *state;
  struct question question;
  struct bs_error error = {0};

  register_name(fixture, "foo.id", fixture->alice);
  question.request = request_of(fixture);
  question.request.extent = BS_EXTENT_INCLUDED; /* which there is no such thing as here */
  assert_fails(prove(fixture, &question, "nobody.id", &error), BS_WORD_not_found,
               "is not registered up to block 2: proven by the operations of all blocks from 1 on");
}

static void what_cannot_be_proven(void **state) {
  struct fixture *fixture = *state;
  struct question question = {.request = {.pin = {.block = 1}}};
  struct bs_error error = {0};

  assert_fails(prove(fixture, &question, "foo.id", &error), BS_WORD_not_found,
               "is not registered on the ledger"); /* there is none */
  register_name(fixture, "foo.id", fixture->alice);
  mine(fixture, 50);
  question.request = request_of(fixture);
  register_name(fixture, "bar.id", fixture->alice);
  assert_fails(prove(fixture, &question, "bar.id", &error), BS_WORD_stale, "without a newer pin");
  question.request.most_blocks = 50;
  assert_fails(prove(fixture, &question, "foo.id", &error), BS_WORD_too_large,
               "all 51 blocks from 2 to the pin's, 52, must be checked (");
  question.request.most_blocks = 51;
  assert_ok(prove(fixture, &question, "foo.id", &error));
  question.request.most_blocks = 0;
  question.request.extent = BS_EXTENT_INCLUDED;
  assert_ok(prove(fixture, &question, "foo.id", &error));
  question.request.pin.consensus[0] ^= 1;
  assert_fails(prove(fixture, &question, "foo.id", &error), BS_WORD_forged,
               "another consensus hash than the pin has");
  question.request.pin.block = 1000;
  assert_fails(prove(fixture, &question, "foo.id", &error), BS_WORD_stale, "There is no block");
  assert_fails(prove(fixture, &question, "foo", &error), BS_WORD_usage, "");
}

/* ---- providers that are none of ours ---- */

static struct bs_provider liar;
static bool (*alter)(struct bs_name_entry *entry, struct bs_namespace_entry *name_space, bool *name_space_found);

static bool liar_get_name(void *state, struct bs_name_entry *ret_entry, bool *ret_found,
                          struct bs_namespace_entry *ret_name_space, bool *ret_name_space_found, const char *name,
                          struct bs_error *error) {
  if (!bs_provider_embedded.get_name(state, ret_entry, ret_found, ret_name_space, ret_name_space_found, name, error))
    return false;
  if (*ret_found) *ret_found = alter(ret_entry, ret_name_space, ret_name_space_found);
  return true;
}

static void tell(struct fixture *fixture, bool (*lie)(struct bs_name_entry *, struct bs_namespace_entry *, bool *)) {
  alter = lie;
  liar = bs_provider_embedded;
  liar.proven = "none";
  liar.get_name = liar_get_name;
  open_on(fixture, &liar, DEAR);
}

static bool hide(struct bs_name_entry *entry, struct bs_namespace_entry *name_space, bool *found) {
  (void)entry, (void)name_space, (void)found;
  return false;
}

static bool hide_revocation(struct bs_name_entry *entry, struct bs_namespace_entry *name_space, bool *found) {
  (void)name_space, (void)found;
  entry->revoked = false;
  entry->listed = 0;
  return true;
}

static bool live_for_ever(struct bs_name_entry *entry, struct bs_namespace_entry *name_space, bool *found) {
  (void)entry, (void)found;
  name_space->rules.lifetime = BS_LIFETIME_INFINITE;
  return true;
}

static bool live_longer(struct bs_name_entry *entry, struct bs_namespace_entry *name_space, bool *found) {
  (void)entry, (void)found;
  name_space->rules.lifetime++;
  return true;
}

static bool be_of_the_genesis(struct bs_name_entry *entry, struct bs_namespace_entry *name_space, bool *found) {
  (void)entry, (void)found;
  name_space->rules.lifetime = BS_LIFETIME_INFINITE;
  name_space->ready_block = 0;
  return true;
}

static bool have_lapsed(struct bs_name_entry *entry, struct bs_namespace_entry *name_space, bool *found) {
  (void)entry, (void)name_space;
  *found = false;
  return true;
}

static bool be_unready(struct bs_name_entry *entry, struct bs_namespace_entry *name_space, bool *found) {
  (void)entry, (void)found;
  name_space->state = BS_NAMESPACE_REVEALED;
  return true;
}

/* Its names would live for ever then. */
static void a_namespace_that_is_said_to_wait(void **state) {
  struct fixture *fixture = *state;
  struct question question;
  struct bs_error error = {0};

  reveal(fixture);
  import(fixture, "foo." ID);
  mine(fixture, 3);
  make_ready(fixture, ID);
  mine(fixture, 30);
  question.request = request_of(fixture);
  tell(fixture, be_unready);
  assert_fails(prove(fixture, &question, "foo." ID, &error), BS_WORD_forged, "other rules of the namespace");
}

static void lies_about_names(void **state) {
  struct fixture *fixture = *state;
  struct question question;
  struct bs_error error = {0};

  reveal(fixture);
  make_ready(fixture, ID);
  register_name(fixture, "foo." ID, fixture->alice);
  register_name(fixture, "bar." ID, fixture->alice);
  revoke_name(fixture, "bar." ID);
  mine(fixture, 5);
  question.request = request_of(fixture);
  tell(fixture, hide);
  assert_fails(prove(fixture, &question, "foo." ID, &error), BS_WORD_forged, "it hides the name");
  tell(fixture, hide_revocation);
  assert_fails(prove(fixture, &question, "bar." ID, &error), BS_WORD_forged, "does not");
  tell(fixture, live_for_ever);
  assert_fails(prove(fixture, &question, "foo." ID, &error), BS_WORD_forged, "other rules of the namespace");
  tell(fixture, live_longer);
  assert_fails(prove(fixture, &question, "foo." ID, &error), BS_WORD_forged, "other rules of the namespace");
  tell(fixture, have_lapsed);
  assert_fails(prove(fixture, &question, "foo." ID, &error), BS_WORD_failed, "not ready");
}

static bool main_info(void *state, struct bs_names_info *info, struct bs_error *error) {
  if (!bs_provider_embedded.info(state, info, error)) return false;
  info->network = "main";
  return true;
}

/* Only a local chain has namespaces that no operation tells of; a result says so. */
static void a_namespace_before_all_blocks(void **state) {
  struct fixture *fixture = *state;
  struct question question;
  struct bs_error error = {0};

  reveal(fixture);
  make_ready(fixture, ID);
  register_name(fixture, "foo." ID, fixture->alice);
  question.request = request_of(fixture);
  tell(fixture, be_of_the_genesis);
  assert_ok(prove(fixture, &question, "foo." ID, &error));
  assert_true(question.result.claim.is_genesis);
  liar.info = main_info;
  assert_fails(prove(fixture, &question, "foo." ID, &error), BS_WORD_forged, "older than the chain");
}

static bool all_hashes(void *state, struct bs_block_hashes *blocks, size_t count, struct bs_error *error) {
  for (size_t i = 0; i < count; i++) {
    bool found;

    if (!bs_provider_embedded.consensus_at(state, blocks[i].consensus, &found, blocks[i].block, error) ||
        !bs_provider_embedded.operations_hash_at(state, blocks[i].operations, &found, blocks[i].block, error))
      return false;
  }
  return true;
}

static uint64_t told_of; /* added to the block of an operation */

struct telling {
  bs_visit_operation visit;
  void *user;
};

static bool tell_of(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  const struct telling *telling = user;

  return telling->visit(telling->user, block + told_of, fields, error);
}

static bool all_operations(void *state, const uint64_t *blocks, size_t count, bs_visit_operation visit, void *user,
                           struct bs_error *error) {
  struct telling telling = {visit, user};

  for (size_t i = 0; i < count; i++)
    if (!bs_provider_embedded.operations_at(state, blocks[i], tell_of, &telling, error)) return false;
  return true;
}

static void a_provider_that_answers_many_at_once(void **state) {
  struct fixture *fixture = *state;
  struct question question;
  struct bs_error error = {0};

  register_name(fixture, "foo.id", fixture->alice);
  question.request = request_of(fixture);
  liar = bs_provider_embedded;
  liar.hashes_of = all_hashes;
  liar.operations_of = all_operations;
  liar.operations_hash_at = NULL;
  told_of = 0;
  open_on(fixture, &liar, DEAR);
  assert_ok(prove(fixture, &question, "foo.id", &error));
  told_of = 1;
  assert_fails(prove(fixture, &question, "foo.id", &error), BS_WORD_malformed, "which it was not asked for");
  liar.hashes_of = NULL;
  assert_fails(prove(fixture, &question, "foo.id", &error), BS_WORD_failed,
               "cannot be asked for what a proof needs");
}

/* The hash of a block below the pin, without the server's word. */
static void a_block_is_reached(void **state) {
  struct fixture *fixture = *state;
  struct bs_prove_request request;
  unsigned char consensus[BS_CONSENSUS_SIZE], told[BS_CONSENSUS_SIZE];
  char text[BS_CONSENSUS_TEXT];
  struct bs_error error = {0};

  register_name(fixture, "foo.id", fixture->alice);
  mine(fixture, 40);
  request = request_of(fixture);
  for (uint64_t block = 1; block <= request.pin.block; block += 3) {
    assert_ok(bs_names_reach(fixture->names, fixture->scope, consensus, &request.pin, block, &error));
    assert_ok(bs_names_consensus_at(fixture->names, fixture->scope, text, block, &error));
    assert_true(bs_hex_decode(told, sizeof told, text));
    assert_memory_equal(consensus, told, sizeof told);
  }
  assert_ok(bs_names_reach(fixture->names, fixture->scope, consensus, &request.pin, request.pin.block, &error));
  assert_memory_equal(consensus, request.pin.consensus, sizeof consensus);
  assert_fails(bs_names_reach(fixture->names, fixture->scope, consensus, &request.pin, request.pin.block + 1, &error),
               BS_WORD_stale, "comes after the pin's block");
  request.pin.consensus[0] ^= 1;
  assert_fails(bs_names_reach(fixture->names, fixture->scope, consensus, &request.pin, 2, &error), BS_WORD_forged, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      NAMES_TEST(a_name_of_the_genesis),
      NAMES_TEST(a_name_of_a_namespace_that_was_made),
      NAMES_TEST(a_name_that_was_imported),
      NAMES_TEST(a_revoked_name),
      NAMES_TEST(a_name_that_is_not_registered),
      NAMES_TEST(what_cannot_be_proven),
      NAMES_TEST(lies_about_names),
      NAMES_TEST(a_namespace_that_is_said_to_wait),
      NAMES_TEST(a_namespace_before_all_blocks),
      NAMES_TEST(a_provider_that_answers_many_at_once),
      NAMES_TEST(a_block_is_reached),
  };
  return RUN_TESTS(tests);
}
