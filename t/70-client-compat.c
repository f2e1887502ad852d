/* SPDX-License-Identifier: MIT */
/* Names of 2015: their mutable data are believed where compat.legacy says so, until something of today was seen of the name. */
#include <config.h>

#include "core/client/session.h"
#include "core/codec/hex.h"
#include "core/record/mutable.h"
#include "t/lib/legacy.h"
#include "t/lib/mutable.h"

#define COMPAT ONE_STORE "compat: {legacy: [" NAME "]}\n"
#define OLD_DATA "data of 2015"
#define USER "{\"v\": \"2\", \"name\": {\"formatted\": \"" NAME "\"}, \"immutable_data\": [\"%s\"], " \
             "\"mutable_data\": [{\"id\": \"" ID "\", \"urls\": [\"http://localhost/" ID "\"]}, "     \
             "{\"id\": \"%s\", \"urls\": [\"http://localhost/other\"]}]}"

/* A name that was last written in 2015. */
struct old {
  char user_hash[41], data_key[41];
};

static void make_parents(const char *path) {
  char *parent = strdup(path);

  for (char *at = strchr(parent + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
    *at = '\0';
    mkdir(parent, 0700);
    *at = '/';
  }
  free(parent);
}

static void lay(const char *path, const void *bytes, size_t length) {
  make_parents(path);
  unlink(path);
  write_file("", path + 1, bytes, length);
}

/* Under its hash160. */
static void lay_object(const struct world *world, char hash[41], const void *bytes, size_t length) {
  unsigned char digest[BS_HASH160_SIZE];
  char *path;

  bs_hash160(digest, bytes, length);
  bs_hex_encode(hash, digest, sizeof digest);
  path = object_in(world, "one", hash);
  lay(path, bytes, length);
  free(path);
}

/* Under the bare id, as the software of 2015 put it. */
static void lay_bytes(const struct world *world, const char *id, struct bs_buffer *record) {
  unsigned char digest[BS_SHA256_SIZE];
  char hex[2 * BS_SHA256_SIZE + 1], *path = NULL;

  assert_false(record->failed);
  bs_sha256(digest, id, strlen(id));
  bs_hex_encode(hex, digest, sizeof digest);
  assert_true(asprintf(&path, "%s/one/mutable/%.2s/%.2s/%s", world->place, hex, hex + 2, id) > 0);
  lay(path, record->bytes, record->length);
  bs_buffer_free(record);
  free(path);
}

/* A mutable record of 2015. */
static void lay_record(const struct world *world, const char *id, uint64_t ver, const char *data) {
  struct bs_buffer record = BS_BUFFER_INIT;

  legacy_write(&record, world->key->key, true, id, ver, data, strlen(data));
  lay_bytes(world, id, &record);
}

/* One of today in the same place. */
static void lay_current_record(struct world *world, const char *id, uint64_t ver, const char *data) {
  struct bs_buffer record = BS_BUFFER_INIT;
  unsigned char chain[32];
  const struct bs_datum datum = {chain, NAME, id};
  struct bs_signed made;
  struct bs_error error;

  assert_true(bs_names_chain_id(world->session->names, NULL, chain, &error));
  assert_true(bs_mutable_sign(&record, &made, &datum, ver, 0, data, strlen(data), world->key->key, &error));
  lay_bytes(world, id, &record);
}

/* `other`: an id that the user record has beside ID. */
static void publish(struct old *old, struct world *world, const char *other) {
  char *user = NULL;

  lay_object(world, old->data_key, OLD_DATA, strlen(OLD_DATA));
  assert_true(asprintf(&user, USER, old->data_key, other) > 0);
  lay_object(world, old->user_hash, user, strlen(user));
  blockstore_free(call(world, "update", NAME, old->user_hash));
  free(user);
}

static void begin(struct old *old, struct world *world, const char *config, const char *other) {
  open_with_name(world, config);
  own(world, "bobby.id");
  blockstore_receipt_free(put_bytes(world, "bobby.id", "x", 1)); /* makes the store */
  publish(old, world, other);
  lay_record(world, ID, 3, "old text");
}

static void only_where_the_user_says_so(void **state) {
  struct world *world = *state;
  struct old old;

  begin(&old, world, ONE_STORE, "other");
  assert_read_refused(world, ID, NULL, "downgrade", "compat.legacy in the configuration names " NAME);
  assert_holds(world, NAME, old.data_key, OLD_DATA, strlen(OLD_DATA));
  assert_call_says_of(world, "explain", NAME, ID, "\"code\": \"downgrade\"");
  open_session(world, ONE_STORE "compat: {legacy: [bobby.id]}\n");
  assert_read_refused(world, ID, NULL, "downgrade", "compat.legacy");
  open_session(world, COMPAT);
  assert_reads(world, ID, "old text", 3);
  assert_holds(world, NAME, old.data_key, OLD_DATA, strlen(OLD_DATA));
}

static void what_the_record_says(void **state) {
  struct world *world = *state;
  struct blockstore_record *record;
  struct old old;

  begin(&old, world, COMPAT, "other");
  record = get_with(world, ID, "old text", NULL);
  assert_string_equal(blockstore_record_signer(record), blockstore_key_address(world->key, BLOCKSTORE_NETWORK_MAIN));
  assert_int_equal(strlen(blockstore_record_sig(record)), 88);
  assert_int_equal(blockstore_record_expires(record), 0);
  assert_int_equal(blockstore_record_first_seen(record), 1);
  assert_says(blockstore_record_document(record), "\"ver\": 3");
  blockstore_record_free(record);
}

static void its_versions_do_not_fall_either(void **state) {
  struct world *world = *state;
  struct old old;

  begin(&old, world, COMPAT, "other");
  assert_reads(world, ID, "old text", 3);
  lay_record(world, ID, 2, "older text");
  assert_read_refused(world, ID, NULL, "stale", "older than version 3");
  lay_record(world, ID, 4, "newer text");
  assert_reads(world, ID, "newer text", 4);
}

static void what_may_have_been_signed_as_something_else(void **state) {
  static const struct {
    const char *other, *data, *why;
    uint64_t ver;
  } cases[] = {{"other", "text", "more than four digits", 10000},
               {"other", "\xd3\x5d\xb7text", "begins with four digits", 3}, /* 0123 in base64 */
               {"other", "", "no data", 3},
               {ID "1", "text", "another id of the user record", 12}};
  struct world *world = *state;
  struct old old;

  begin(&old, world, COMPAT, "other");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    publish(&old, world, cases[i].other);
    lay_record(world, ID, cases[i].ver, cases[i].data);
    assert_read_refused(world, ID, NULL, "forged", cases[i].why);
  }
}

static void a_forged_record(void **state) {
  struct world *world = *state;
  struct blockstore_key *owner, *other = NULL;
  struct old old;

  begin(&old, world, COMPAT, "other");
  owner = world->key;
  assert_done(blockstore_key_generate(&other, &error));
  world->key = other;
  lay_record(world, ID, 4, "not the owner's");
  world->key = owner;
  assert_read_refused(world, ID, NULL, "forged", "one");
  blockstore_key_free(other);
}

/* Where today's record of ID lies. */
#define TODAYS NAME "*" ID

static void after_one_put_the_name_is_of_today(void **state) {
  struct world *world = *state;
  struct bs_buffer record = BS_BUFFER_INIT;
  struct old old;
  char hash[41];

  begin(&old, world, COMPAT, "other");
  assert_reads(world, ID, "old text", 3);
  assert_int_equal(put_id(world, ID, "new text"), 4); /* above the old ones */
  assert_reads(world, ID, "new text", 4);
  assert_call_says_of(world, "lookup", NAME, NULL, "\"v\": \"3\"");
  assert_holds(world, NAME, old.data_key, OLD_DATA, strlen(OLD_DATA));
  lay_record(world, ID, 9, "late text"); /* nobody looks there any more */
  assert_reads(world, ID, "new text", 4);
  legacy_write(&record, world->key->key, true, ID, 9, "late text", 9);
  replay_record(world, "one", TODAYS, &record);
  assert_read_refused(world, ID, NULL, "downgrade", "is of 2015, and its route is not");
  assert_read_refused(world, "other", NULL, "not_found", "other"); /* its route is of today, too */
  value_hash_of(world, hash, NAME);
  blockstore_free(call(world, "update", NAME, old.user_hash)); /* the user record of 2015 comes back */
  assert_read_refused(world, ID, NULL, "downgrade", "a newer form of it was seen before");
  assert_read_refused(world, "other", NULL, "not_found", "other"); /* nothing of 2015 was there to be refused */
  assert_holds(world, NAME, old.data_key, OLD_DATA, strlen(OLD_DATA));
  blockstore_free(call(world, "update", NAME, hash));
  assert_int_equal(put_id(world, ID, "newer text"), 5);
  assert_reads(world, ID, "newer text", 5);
  bs_buffer_free(&record);
}

/* compat is for reading: writing needs it not. */
static void a_put_without_compat(void **state) {
  struct world *world = *state;
  struct old old;

  begin(&old, world, ONE_STORE, "other");
  put_id(world, ID, "new text");
  assert_call_says_of(world, "lookup", NAME, NULL, "\"v\": \"3\"");
  assert_holds(world, NAME, old.data_key, OLD_DATA, strlen(OLD_DATA));
}

/* Records of today are believed whatever the route is like; from then on those of 2015 are not. */
static void a_record_of_today_on_a_route_of_2015(void **state) {
  struct world *world = *state;
  struct old old;

  begin(&old, world, COMPAT, "other");
  lay_current_record(world, ID, 4, "text of today");
  assert_reads(world, ID, "text of today", 4);
  assert_reads(world, ID, "text of today", 4);
  lay_record(world, ID, 5, "late text");
  assert_read_refused(world, ID, NULL, "downgrade", "a newer form");
}

static void a_delete(void **state) {
  struct world *world = *state;
  struct old old;

  begin(&old, world, COMPAT, "other");
  assert_reads(world, ID, "old text", 3);
  assert_int_equal(delete_id(world, ID), 4);
  assert_read_refused(world, ID, NULL, "deleted", "version 4");
  blockstore_free(call(world, "update", NAME, old.user_hash));
  assert_read_refused(world, ID, NULL, "downgrade", "a newer form");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(only_where_the_user_says_so),
      in_world(what_the_record_says),
      in_world(its_versions_do_not_fall_either),
      in_world(what_may_have_been_signed_as_something_else),
      in_world(a_forged_record),
      in_world(after_one_put_the_name_is_of_today),
      in_world(a_put_without_compat),
      in_world(a_record_of_today_on_a_route_of_2015), in_world(a_delete),
  };

  return RUN_TESTS(tests);
}
