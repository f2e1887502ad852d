/* SPDX-License-Identifier: MIT */
/* Two contents were signed for one version (trust rule 12): what was seen first stays, and both are kept as evidence. */
#include <config.h>

#include <glob.h>

#include "core/codec/base64.h"
#include "core/record/mutable.h"
#include "core/record/user.h"
#include "t/lib/attack.h"

#define OURS "ours"
#define RIVAL "the rival's"

/* The good store has version 2 as alice put it, the liar another content of it. */
static void begin_dispute(struct world *world) {
  begin_attack(world);
  put_next(world, ID, "the first");
  put_next(world, ID, OURS);
  give_signed(world, ID, 2, 0, RIVAL);
}

/* Of an answer, the z of the content with that size; "" when it has none. */
static void z_of_other(char z[65], const struct answer *answer) {
  const char *list = strstr(answer->document, "\"conflicts\": ["), *at = list == NULL ? NULL : strstr(list, "\"z\": \"");

  z[0] = '\0';
  if (at != NULL) snprintf(z, 65, "%.64s", at + strlen("\"z\": \""));
}

static void what_was_seen_first_stays(void **state) {
  struct world *world = *state;
  struct bs_seen floor;
  struct answer answer;
  char z[65];

  begin_dispute(world);
  floor = floor_of(world, ID);
  answer = ask(world, ID, NULL);
  assert_answer(&answer, "", "\"data\": \"" OURS "\"", "beside the honest store");
  z_of_other(z, &answer);
  assert_int_equal(strlen(z), 64);
  end_answer(&answer);
  open_session(world, LIAR);
  assert_get(world, ID, "conflict", "Two contents were signed");
  assert_memory_equal(floor_of(world, ID).z, floor.z, sizeof floor.z);
}

/* Who has seen neither. */
static void newcomers_are_told_and_may_choose(void **state) {
  struct world *world = *state, newcomer;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  struct answer answer;
  char z[2][65];

  begin_dispute(world);
  answer = ask(world, ID, NULL);
  z_of_other(z[1], &answer);
  end_answer(&answer);
  bs_hex_encode(z[0], floor_of(world, ID).z, 32);
  newcomer = open_elsewhere(world, "state2", BOTH);
  assert_get(&newcomer, ID, "conflict", "\"ok\": false");
  options.z = z[0];
  assert_get_as(&newcomer, ID, &options, "", OURS);
  options.z = z[1];
  assert_get_as(&newcomer, ID, &options, "", RIVAL);
  options.z = "0000000000000000000000000000000000000000000000000000000000000000";
  assert_get_as(&newcomer, ID, &options, "conflict", "Two contents");
  assert_get(&newcomer, ID, "conflict", "Two contents"); /* a choice is no belief */
  assert_int_equal(floor_of(&newcomer, ID).ver, 0);
  put_next(world, ID, "settled");
  assert_get(&newcomer, ID, "", "settled");
  close_world(&newcomer);
}

/* What was seen before is gone from the stores, but not forgotten. */
static void what_was_seen_is_told_beside_what_is_chosen(void **state) {
  struct world *world = *state;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  struct bs_seen floor;
  struct answer answer;
  char z[65], seen[65];

  begin_dispute(world);
  floor = floor_of(world, ID);
  answer = ask(world, ID, NULL);
  z_of_other(z, &answer);
  end_answer(&answer);
  bs_hex_encode(seen, floor.z, 32);
  open_session(world, LIAR);
  options.z = z;
  answer = ask(world, ID, &options);
  assert_answer(&answer, "", "\"data\": \"" RIVAL "\"", "chosen");
  z_of_other(z, &answer);
  assert_string_equal(z, seen);
  end_answer(&answer);
  assert_memory_equal(floor_of(world, ID).z, floor.z, sizeof floor.z);
}

/* The content that the caller chose cannot be had: the other one is no answer. */
static void the_other_content_is_not_given_instead(void **state) {
  struct world *world = *state, newcomer;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  char z[65];

  begin_dispute(world);
  bs_hex_encode(z, floor_of(world, ID).z, 32);
  newcomer = open_elsewhere(world, "state2", LIAR);
  options.z = z;
  assert_get_as(&newcomer, ID, &options, "conflict", z);
  assert_int_equal(floor_of(&newcomer, ID).ver, 0);
  close_world(&newcomer);
}

/* ---- the evidence ---- */

/* The only one of the state directory. */
static void read_evidence(const struct world *world, const char *state_dir, struct bs_buffer *bytes) {
  struct bs_error error = {0};
  struct stat status;
  char *pattern = NULL;
  glob_t found;

  assert_true(asprintf(&pattern, "%s/%s/evidence-*", world->place, state_dir) >= 0);
  assert_int_equal(glob(pattern, 0, NULL, &found), 0);
  assert_int_equal(found.gl_pathc, 1);
  assert_int_equal(strlen(strstr(found.gl_pathv[0], "/evidence-")), strlen("/evidence-0123456789abcdef.json"));
  assert_int_equal(stat(found.gl_pathv[0], &status), 0);
  assert_int_equal(status.st_mode & 07777, 0600);
  assert_ok(bs_file_read(bytes, found.gl_pathv[0], 1 << 20, &error));
  globfree(&found);
  free(pattern);
}

static struct bs_json member(struct bs_json object, const char *key) {
  struct bs_json value;

  if (!bs_json_find(object, key, &value)) fail_msg("no member %s", key);
  return value;
}

static uint64_t number(struct bs_json object, const char *key) {
  uint64_t value;

  assert_true(bs_json_integer(member(object, key), &value));
  return value;
}

/* By free(). */
static char *text(struct bs_json object, const char *key) {
  struct bs_buffer value = BS_BUFFER_INIT;

  bs_json_string(member(object, key), &value);
  return bs_buffer_take(&value);
}

static void bytes_of(struct bs_json object, const char *key, unsigned char *bytes, size_t length) {
  char *hex = text(object, key);

  assert_int_equal(strlen(hex), 2 * length);
  assert_true(bs_hex_decode(bytes, length, hex));
  free(hex);
}

/* What a third person needs, who has the file and nothing else. */
struct claim {
  unsigned char chain[32], signer[BS_HASH160_SIZE];
  char *name, *id;
  uint64_t ver;
  struct bs_public_key key;
};

static void read_claim(struct claim *claim, struct bs_json root) {
  unsigned char key[33], signer[BS_HASH160_SIZE];

  assert_true(bs_json_string_is(member(root, "format"), "blockstore-evidence-1", 21));
  bytes_of(root, "chain", claim->chain, sizeof claim->chain);
  bytes_of(root, "signer", claim->signer, sizeof claim->signer);
  bytes_of(member(root, "route"), "pubkey", key, sizeof key);
  claim->name = text(root, "name");
  claim->id = text(root, "id");
  claim->ver = number(root, "ver");
  assert_true(bs_public_key_parse(&claim->key, key, sizeof key));
  bs_public_key_signer(signer, &claim->key);
  assert_memory_equal(signer, claim->signer, sizeof signer);
}

/* The record, where it was kept, says the same. */
static void verify_record(const struct claim *claim, struct bs_json statement, const unsigned char z[BS_SHA256_SIZE]) {
  const struct bs_datum datum = {claim->chain, claim->name, claim->id};
  const struct bs_authority authority = {.key = &claim->key};
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_verified verified;
  struct bs_mutable record;
  struct bs_error error = {0};
  char *base64;

  if (bs_json_type(member(statement, "record")) == BS_JSON_NULL) return;
  base64 = text(statement, "record");
  bs_base64_decode(&bytes, base64, strlen(base64));
  assert_ok(bs_mutable_parse(&record, bytes.bytes, bytes.length, &error));
  assert_ok(bs_mutable_verify(&verified, NULL, &record, &datum, &authority, &error));
  assert_memory_equal(verified.z, z, BS_SHA256_SIZE);
  bs_buffer_free(&bytes);
  free(base64);
}

/* Rebuilds P from the members; the digest that was signed. */
static void verify_statement(unsigned char z[BS_SHA256_SIZE], const struct claim *claim, struct bs_json object) {
  const struct bs_datum datum = {claim->chain, claim->name, claim->id};
  struct bs_statement statement = {.kind = BS_STATEMENT_DATA, .ver = claim->ver};
  struct bs_buffer signature = BS_BUFFER_INIT;
  char *sig = text(object, "sig");

  if (bs_json_string_is(member(object, "kind"), "tombstone", 9)) statement.kind = BS_STATEMENT_TOMBSTONE;
  else assert_true(bs_json_string_is(member(object, "kind"), "data", 4));
  statement.expires = number(object, "expires");
  statement.length = number(object, "length");
  bytes_of(object, "sha256", statement.sha256, sizeof statement.sha256);
  assert_in_range(number(object, "seen"), 1700000000, BS_VER_MAX);
  member(object, "source");
  bs_statement_digest(z, &datum, &statement);
  assert_memory_equal(sig, "v2:", 3);
  bs_base64_decode(&signature, sig + 3, strlen(sig) - 3);
  assert_int_equal(signature.length, 65);
  assert_int_equal(bs_verify_recoverable(&claim->key, z, signature.bytes, false), BS_SIGNATURE_GOOD);
  verify_record(claim, object, z);
  bs_buffer_free(&signature);
  free(sig);
}

/* The user record is that of the name record's value hash, and has the route. */
static void verify_route(const struct claim *claim, struct bs_json root) {
  char *base64 = text(root, "user_record"), *value_hash = text(member(root, "name_record"), "value_hash"), hash[41];
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_json route = member(root, "route");

  bs_base64_decode(&bytes, base64, strlen(base64));
  bs_user_hash(hash, bytes.bytes, bytes.length);
  assert_string_equal(hash, value_hash);
  assert_true(bs_json_string_is(member(route, "id"), claim->id, strlen(claim->id)));
  assert_int_equal(bs_json_type(member(root, "name_proof")), BS_JSON_NULL);
  bs_buffer_free(&bytes);
  free(value_hash);
  free(base64);
}

static void verify_evidence(const struct world *world, const char *state_dir, uint64_t ver) {
  static const struct bs_json_limits limits = {1 << 20, 32};
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_json_iterator statements;
  struct bs_json root, statement;
  struct bs_error error = {0};
  unsigned char z[2][BS_SHA256_SIZE];
  struct claim claim;

  read_evidence(world, state_dir, &bytes);
  assert_ok(bs_json_scan(&root, bytes.bytes, bytes.length, &limits, &error));
  read_claim(&claim, root);
  assert_string_equal(claim.name, NAME);
  assert_int_equal(claim.ver, ver);
  verify_route(&claim, root);
  statements = bs_json_begin(member(root, "statements"));
  for (size_t i = 0; i < 2; i++) {
    assert_true(bs_json_next_item(&statements, &statement));
    verify_statement(z[i], &claim, statement);
  }
  assert_false(bs_json_next_item(&statements, &statement));
  assert_true(memcmp(z[0], z[1], BS_SHA256_SIZE) < 0);
  free(claim.name);
  free(claim.id);
  bs_buffer_free(&bytes);
}

/* Of what was seen before the record is gone, but not what was signed. */
static void evidence_of_what_was_seen_verifies(void **state) {
  struct world *world = *state;

  begin_dispute(world);
  open_session(world, LIAR);
  assert_get(world, ID, "conflict", "Two contents");
  verify_evidence(world, "state", 2);
  assert_get(world, ID, "conflict", "Two contents"); /* and is not written twice */
  verify_evidence(world, "state", 2);
}

static void evidence_of_two_that_are_there_verifies(void **state) {
  struct world *world = *state, newcomer;

  begin_dispute(world);
  newcomer = open_elsewhere(world, "state2", BOTH);
  assert_get(&newcomer, ID, "conflict", "Two contents");
  verify_evidence(world, "state2", 2);
  close_world(&newcomer);
}

/* A tombstone against data. */
static void evidence_of_a_deletion_verifies(void **state) {
  struct world *world = *state, newcomer;
  unsigned char chain[32];
  struct forge of;

  begin_dispute(world);
  chain_of(world, chain);
  of = forge_of(world, chain, ID, 1, "");
  give_forged(world, "deleted", &of);
  newcomer = open_elsewhere(world, "state2", BOTH);
  assert_get(&newcomer, ID, "conflict", "Two contents");
  verify_evidence(world, "state2", 2);
  close_world(&newcomer);
}

/* ---- puts ---- */

static void a_put_goes_above_all_that_it_sees(void **state) {
  struct world *world = *state;

  begin_dispute(world);
  give_signed(world, ID, 7, 0, RIVAL);
  put_next(world, ID, "above");
  assert_int_equal(floor_of(world, ID).ver, 8);
  assert_get(world, ID, "", "above");
}

/* While the version is made, a rival writes it; the store takes ours, and keeps the rival's. */
static uint64_t let_rival_write(void *user, const char *name, const char *id, uint64_t last) {
  (void)name;
  give_signed(user, id, last + 1, 0, RIVAL);
  return last + 1;
}

static void a_put_reports_its_rival_with_evidence(void **state) {
  struct world *world = *state, newcomer;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;

  begin_attack(world);
  put_next(world, ID, "the first");
  newcomer = open_elsewhere(world, "state2", "stores: [{name: liar, driver: lying, root: liar, on: put, about: "
                            "mutable, lie: forget}]\n");
  options.make_ver = let_rival_write;
  options.user = world;
  assert_refused(put_as(&newcomer, world->key, ID, OURS, &options, &error), "conflict", "Another writer signed version 2");
  verify_evidence(world, "state2", 2);
  assert_int_equal(floor_of(&newcomer, ID).ver, 0);
  close_world(&newcomer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(what_was_seen_first_stays),
      in_world(newcomers_are_told_and_may_choose),
      in_world(what_was_seen_is_told_beside_what_is_chosen),
      in_world(the_other_content_is_not_given_instead),
      in_world(evidence_of_what_was_seen_verifies),
      in_world(evidence_of_two_that_are_there_verifies),
      in_world(evidence_of_a_deletion_verifies),
      in_world(a_put_goes_above_all_that_it_sees),
      in_world(a_put_reports_its_rival_with_evidence),
  };

  return RUN_TESTS(tests);
}
