/* SPDX-License-Identifier: MIT */
/* User records that are not the name's, and records of 2015: what the enemy can make of them. */
#include <config.h>

#include "core/record/user.h"
#include "t/lib/attack.h"
#include "t/lib/legacy.h"

/* ---- user records ---- */

static void file_of_hash(char file[64], const char *hash) {
  snprintf(file, 64, "liar/%s", hash);
}

static void read_object(const struct world *world, const char *hash, struct bs_buffer *bytes) {
  char file[64], *path;
  struct bs_error error = {0};

  file_of_hash(file, hash);
  path = path_in(world->place, file);
  assert_ok(bs_file_read(bytes, path, 1 << 20, &error));
  free(path);
}

/* Stores the bytes under their own hash. */
static void store_object(const struct world *world, const char *text, char hash[41]) {
  char file[64];

  bs_user_hash(hash, text, strlen(text));
  file_of_hash(file, hash);
  write_file(world->place, file, text, strlen(text));
}

/* The chain says from now on that this is the record of NAME. */
static void publish_hash(struct world *world, const char *hash) {
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  const char *const arguments[] = {NAME, hash};
  char *json = NULL;

  options.owner_key = world->key;
  assert_done(blockstore_call_method(world->session, &json, "update", arguments, 2, &options, &error));
  blockstore_free(json);
}

static void publish_text(struct world *world, const char *text) {
  char hash[41];

  store_object(world, text, hash);
  publish_hash(world, hash);
}

/* Under its hash lies an older one, one that was altered, another name's. */
static void another_record_under_the_hash_is_corrupt(void **state) {
  struct world *world = *state;
  struct bs_buffer records[3] = {BS_BUFFER_INIT, BS_BUFFER_INIT, BS_BUFFER_INIT};
  char hash[41], file[64];

  begin_attack(world);
  put_next(world, "/older", "text");
  value_hash_of(world, hash, NAME);
  read_object(world, hash, &records[0]);
  put_next(world, ID, "text");
  own(world, "bob.id");
  blockstore_receipt_free(put_bytes(world, "bob.id", "bob's", 5));
  value_hash_of(world, hash, "bob.id");
  read_object(world, hash, &records[1]);
  value_hash_of(world, hash, NAME);
  read_object(world, hash, &records[2]);
  records[2].bytes[records[2].length / 2] ^= 1;
  file_of_hash(file, hash);
  for (size_t i = 0; i < 3; i++) {
    open_session(world, LIAR);
    write_file(world->place, file, records[i].bytes, records[i].length);
    assert_get(world, ID, "corrupt", "\"store\": \"liar\"");
    assert_refused(put_as(world, world->key, ID, "other", NULL, &error), "corrupt", hash);
    open_session(world, BOTH);
    assert_get(world, ID, "", "text");
    bs_buffer_free(&records[i]);
  }
}

/* The chain itself names another name's record. */
static void another_names_record_is_not_believed(void **state) {
  struct world *world = *state;
  char hash[41];

  begin_attack(world);
  put_next(world, ID, "text");
  own(world, "bob.id");
  blockstore_receipt_free(put_bytes(world, "bob.id", "bob's", 5));
  value_hash_of(world, hash, "bob.id");
  publish_hash(world, hash);
  assert_get(world, ID, "wrong_id", "\"result\": 5");
  assert_refused(put_as(world, world->key, ID, "other", NULL, &error), "wrong_id", NAME);
}

/* Without a key in the route the name's owner signs, and nobody else. */
static void a_route_without_a_key_is_the_owners(void **state) {
  static const char format[] =
      "{\"mutable_data\": [{\"id\": \"" ID "\", \"urls\": []}], \"name\": {\"formatted\": \""
      NAME "\"}, \"owner\": \"%s\", \"v\": \"3\"}";
  struct world *world = *state;
  struct blockstore_key *bob;
  unsigned char chain[32];
  struct forge of;
  char *text = NULL;

  begin_attack(world);
  assert_true(asprintf(&text, format, blockstore_key_address(world->key, BLOCKSTORE_NETWORK_MAIN)) >= 0);
  publish_text(world, text);
  open_session(world, LIAR);
  give_signed(world, ID, 1, 0, "the owner's");
  assert_get(world, ID, "", "the owner's");
  assert_done(blockstore_key_generate(&bob, &error));
  chain_of(world, chain);
  of = forge_of(world, chain, ID, 2, "another's");
  of.key = bob->key;
  give_forged(world, "good", &of);
  assert_get(world, ID, "forged", "\"store\": \"liar\"");
  give_forged(world, "high-s", &of);
  assert_get(world, ID, "high_s", "\"store\": \"liar\"");
  of.key = world->key->key;
  give_forged(world, "another-header", &of);
  assert_get(world, ID, "", "another's");
  put_next(world, ID, "now with a key");
  assert_int_equal(floor_of(world, ID).ver, 3);
  assert_get(world, ID, "", "now with a key");
  blockstore_key_free(bob);
  free(text);
}

/* The seller published, while he still could, a record in the buyer's name, with a route of his own. */
static void plant(struct world *world, const char *buyer) {
  static const char format[] = "{\"mutable_data\": [{\"id\": \"" ID "\", \"pubkey\": \"%s\", \"urls\": []}], "
                               "\"name\": {\"formatted\": \"" NAME "\"}, \"owner\": \"%s\", \"v\": \"3\"}";
  const struct bs_public_key *key = bs_key_public(world->key->key);
  char hex[2 * BS_PUBLIC_KEY_MAX + 1], *text = NULL;

  bs_hex_encode(hex, key->bytes, key->length);
  assert_true(asprintf(&text, format, hex, buyer) >= 0);
  publish_text(world, text);
  open_session(world, LIAR);
  give_signed(world, ID, 1, 0, "the seller's");
  assert_get(world, ID, "owner_changed", "written before");
  blockstore_free(call(world, "transfer", NAME, buyer));
  free(text);
}

static void a_seller_does_not_write_in_the_buyers_name(void **state) {
  struct world *world = *state;
  struct blockstore_key *seller, *buyer;
  char key[65];

  begin_attack(world);
  assert_done(blockstore_key_generate(&buyer, &error));
  plant(world, blockstore_key_address(buyer, BLOCKSTORE_NETWORK_MAIN));
  assert_get(world, ID, "owner_changed", "written before");
  seller = world->key;
  world->key = buyer;
  blockstore_free(call(world, "renew", NAME, NULL));
  assert_get(world, ID, "owner_changed", "written before");
  put_text(world, key, "the buyer's");
  assert_get(world, ID, "not_found", "no route");
  put_next(world, ID, "the buyer's");
  assert_get(world, ID, "", "the buyer's");
  blockstore_free(call(world, "renew", NAME, NULL));
  assert_get(world, ID, "", "the buyer's");
  world->key = seller;
  blockstore_key_free(buyer);
}

/* ---- 2015 ---- */

#define COMPAT "compat: {legacy: [" NAME "]}\n" LIAR

/* The store knows the datum by its bare id. */
static void give_2015(const struct world *world, const char *record) {
  char file[256] = "liar/m";

  bs_hex_encode(file + strlen(file), (const unsigned char *)ID, strlen(ID));
  write_file(world->place, file, record, strlen(record));
}

static char *record_of_2015(const struct world *world, uint64_t ver, const void *data, size_t length) {
  struct bs_buffer record = BS_BUFFER_INIT;

  legacy_write(&record, world->key->key, false, ID, ver, data, length);
  return bs_buffer_take(&record);
}

static void give_text_of_2015(const struct world *world, uint64_t ver, const char *text) {
  char *record = record_of_2015(world, ver, text, strlen(text));

  give_2015(world, record);
  free(record);
}

/* NAME has a user record of 2015 with a route to ID and to the other id. */
static void begin_2015(struct world *world, const char *other) {
  static const char format[] = "{\"immutable_data\": [], \"mutable_data\": [{\"id\": \"" ID "\", \"urls\": [], \"ver_min\": 1}, "
                               "{\"id\": \"%s\", \"urls\": []}], \"name\": {\"formatted\": \"" NAME "\"}, \"v\": \"2\"}";
  char *text = NULL;

  make_directory(world->place, "liar", 0755);
  open_with_name(world, COMPAT);
  assert_true(asprintf(&text, format, other) >= 0);
  publish_text(world, text);
  free(text);
}

static void only_the_user_makes_2015_believed(void **state) {
  struct world *world = *state;

  begin_2015(world, "/other");
  give_text_of_2015(world, 7, "of 2015");
  open_session(world, LIAR);
  assert_get(world, ID, "downgrade", "compat.legacy");
  open_session(world, COMPAT);
  assert_get(world, ID, "", "of 2015");
  give_text_of_2015(world, 6, "older");
  assert_get(world, ID, "stale", "was seen before");
  give_text_of_2015(world, 7, "another");
  assert_get(world, ID, "conflict", "Two contents");
}

/* id, ver and base64 were signed run together: what can be read in two ways is believed in none. */
static void digits_are_not_shifted_between_version_and_data(void **state) {
  static const unsigned char digits[] = {0xd3, 0x4d, 0x34, 'A', 'B', 'C'}; /* base64: 0000QUJD */
  struct world *world = *state;
  char *record, *shifted = NULL;

  begin_2015(world, "/other");
  record = record_of_2015(world, 1, digits, sizeof digits);
  give_2015(world, record);
  assert_get(world, ID, "forged", "begins with four digits");
  assert_true(asprintf(&shifted, "{\"data\": \"QUJD\", %.*s\"ver\": \"10000\"}",
                       (int)(strstr(record, "\"ver\"") - strstr(record, "\"id\"")), strstr(record, "\"id\"")) >= 0);
  give_2015(world, shifted);
  assert_get(world, ID, "forged", "more than four digits");
  free(record);
  free(shifted);
}

/* "/datum" with version 12 is "/datum1" with version 2. */
static void digits_are_not_shifted_between_ids_and_version(void **state) {
  struct world *world = *state;

  begin_2015(world, ID "1");
  give_text_of_2015(world, 12, "whose?");
  assert_get(world, ID, "forged", "another id");
  give_text_of_2015(world, 22, "its own");
  assert_get(world, ID, "", "its own");
}

/* Once something newer was seen, the way back is closed, whatever the chain says. */
static void nobody_goes_back_to_2015(void **state) {
  struct world *world = *state, newcomer;
  char hash[41];

  begin_2015(world, "/other");
  give_text_of_2015(world, 7, "of 2015");
  assert_get(world, ID, "", "of 2015");
  value_hash_of(world, hash, NAME);
  put_next(world, ID, "of today");
  assert_int_equal(floor_of(world, ID).ver, 8);
  assert_get(world, ID, "", "of today");
  publish_hash(world, hash);
  assert_get(world, ID, "downgrade", "a newer form of it was seen before");
  newcomer = open_elsewhere(world, "state2", COMPAT);
  assert_get(&newcomer, ID, "", "of 2015");
  close_world(&newcomer);
}

/* Not even under compat does what a former owner signs count; and the new owner's record has none of his routes. */
static void nobody_inherits_routes_of_2015(void **state) {
  struct world *world = *state;
  struct blockstore_key *seller, *buyer;
  char key[65], hash[41];
  struct bs_buffer record = BS_BUFFER_INIT;

  begin_2015(world, "/other");
  give_text_of_2015(world, 7, "of 2015");
  assert_get(world, ID, "", "of 2015");
  assert_done(blockstore_key_generate(&buyer, &error));
  blockstore_free(call(world, "transfer", NAME, blockstore_key_address(buyer, BLOCKSTORE_NETWORK_MAIN)));
  assert_get(world, ID, "owner_changed", "written before");
  seller = world->key;
  world->key = buyer;
  put_text(world, key, "the buyer's");
  assert_get(world, ID, "not_found", "no route");
  value_hash_of(world, hash, NAME);
  read_object(world, hash, &record);
  assert_null(strstr(bs_buffer_string(&record), "\"mutable_data\""));
  bs_buffer_free(&record);
  world->key = seller;
  blockstore_key_free(buyer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(another_record_under_the_hash_is_corrupt),
      in_world(another_names_record_is_not_believed),
      in_world(a_route_without_a_key_is_the_owners),
      in_world(a_seller_does_not_write_in_the_buyers_name),
      in_world(only_the_user_makes_2015_believed),
      in_world(digits_are_not_shifted_between_version_and_data),
      in_world(digits_are_not_shifted_between_ids_and_version),
      in_world(nobody_goes_back_to_2015),
      in_world(nobody_inherits_routes_of_2015),
  };

  return RUN_TESTS(tests);
}
