/* SPDX-License-Identifier: MIT */
/* User records, their routes, and mutable records. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/crypto/key.h"
#include "core/record/legacy.h"
#include "core/record/rebase.h"
#include "core/record/route.h"
#include "t/fuzz/targets.h"

#define OWNER "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
#define DATUM "/my/second/datum"

/* What was parsed can be written, and what was written is parsed, and then says nothing new. */
static void write_again(const struct bs_user *user) {
  struct bs_user_change change = {.add_immutable = "0123456789012345678901234567890123456789012345678901234567890123"};
  struct bs_buffer written BS_AUTO_BUFFER = BS_BUFFER_INIT, again BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  struct bs_user back;
  bool changed;

  if (!bs_user_write(&written, &changed, user, "foo.test", OWNER, &change, &error)) return;
  PROMISED(bs_user_parse(&back, written.bytes, written.length, "foo.test", &error));
  PROMISED(bs_user_has_immutable(&back, change.add_immutable));
  PROMISED(bs_user_write(&again, &changed, &back, "foo.test", OWNER, &change, &error));
  PROMISED(!changed && again.length == written.length && memcmp(again.bytes, written.bytes, again.length) == 0);
}

/* What it says is put on top of nothing, of a record that lists something else, and of itself. */
static void rebase(const struct bs_user *user) {
  static const struct bs_user_change change = {.add_immutable = "0123456789012345678901234567890123456789"};
  struct bs_buffer other BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  struct bs_user onto, back;
  bool changed;

  PROMISED(bs_user_write(&other, &changed, NULL, "foo.test", OWNER, &change, &error));
  PROMISED(bs_user_parse(&onto, other.bytes, other.length, "foo.test", &error));
  for (int i = 0; i < 4; i++) {
    struct bs_buffer rebased BS_AUTO_BUFFER = BS_BUFFER_INIT;

    if (!bs_user_rebase(&rebased, &changed, i == 3 ? user : NULL, user, i == 0 ? NULL : i == 1 ? &onto : user, "foo.test", OWNER,
                        &error)) {
      PROMISED(error.message[0] != '\0');
      continue;
    }
    PROMISED(bs_user_parse(&back, rebased.bytes, rebased.length, "foo.test", &error));
    PROMISED(i != 1 || bs_user_has_immutable(&back, change.add_immutable));
    PROMISED(i != 3 || !changed);
  }
}

void bs_fuzz_user(const uint8_t *bytes, size_t length) {
  struct bs_error error = {0};
  struct bs_user user;

  if (bs_user_parse(&user, bytes, length, "foo.test", &error)) {
    write_again(&user);
    rebase(&user);
  } else {
    PROMISED(error.message[0] != '\0');
  }
}

/* ---- routes ---- */

static const char *const urls[] = {"http://host/1", "disk:\"\\2"};

static bool write_route(struct bs_buffer *written, struct bs_user *ret_user, const struct bs_user *user,
                        enum bs_route_action action) {
  static const struct bs_public_key key = {.bytes = "\3\xd6\xfd\x1b\xa0\xef\xfa\xf1\xe8\xd9\x4e\xa7\xb7\xa3\xd0\xef\x26\xfe"
                                                    "\xa0\x0a\x14\xce\x5f\xfc\xc1\x49\x5f\xe5\x88\xa2\xc6\xd0\xf3",
                                           .length = 33};
  const struct bs_user_change change = {
      .route = {.action = action, .id = DATUM, .urls = urls, .url_count = action == BS_ROUTE_SET ? 2 : 0, .key = &key,
                .ver = action == BS_ROUTE_DELETE}};
  struct bs_error error = {0};
  bool changed;

  bs_buffer_clear(written);
  if (!bs_user_write(written, &changed, user, "foo.test", OWNER, &change, &error)) {
    PROMISED(error.message[0] != '\0');
    return false;
  }
  PROMISED(bs_user_parse(ret_user, written->bytes, written->length, "foo.test", &error));
  return true;
}

/* No change but dropping it lowers the version from which the owner's datum is read. */
static void change_route(const struct bs_user *user) {
  struct bs_buffer written BS_AUTO_BUFFER = BS_BUFFER_INIT;
  bool keeps = user->generation == BS_USER_V2 || strcmp(user->owner, OWNER) == 0;
  struct bs_route route;
  struct bs_user back;
  uint64_t lowest = keeps && bs_route_find(&route, user, DATUM) ? bs_route_lowest(&route) : 1;

  if (write_route(&written, &back, user, BS_ROUTE_SET)) {
    PROMISED(bs_route_find(&route, &back, DATUM) && route.deleted == 0 && route.pubkey.length > 0);
    PROMISED(bs_route_lowest(&route) >= lowest);
  }
  if (write_route(&written, &back, user, BS_ROUTE_DELETE)) {
    PROMISED(bs_route_find(&route, &back, DATUM) && route.deleted > 0);
    PROMISED(bs_route_lowest(&route) >= lowest);
  }
  if (write_route(&written, &back, user, BS_ROUTE_DROP)) PROMISED(!bs_route_find(&route, &back, DATUM));
}

static void walk_routes(const struct bs_user *user) {
  struct bs_json_iterator iterator = bs_routes_begin(user);
  struct bs_route route, found;
  struct bs_public_key key;
  struct bs_error error = {0};

  while (bs_routes_next(&iterator, &route)) {
    struct bs_buffer id BS_AUTO_BUFFER = BS_BUFFER_INIT;

    bs_json_string(route.id, &id);
    PROMISED(bs_buffer_string(&id) != NULL && id.length >= 1 && id.length <= BS_ID_MAX);
    PROMISED(bs_route_find(&found, user, bs_buffer_string(&id)));
    PROMISED(bs_route_lowest(&route) >= 1 && bs_route_lowest(&route) <= BS_VER_MAX + 1);
    if (route.pubkey.length > 0) (void)bs_route_key(&key, &route, &error);
  }
}

void bs_fuzz_route(const uint8_t *bytes, size_t length) {
  struct bs_error error = {0};
  struct bs_user user;

  if (!bs_user_parse(&user, bytes, length, "foo.test", &error)) return;
  walk_routes(&user);
  change_route(&user);
}

/* ---- mutable records ---- */

static const unsigned char chain[32] = {0x00, 0x00, 0x00, 0x00, 0x00, 0x19, 0xd6, 0x68, 0x9c, 0x08, 0x5a, 0xe1, 0x65,
                                        0x83, 0x1e, 0x93,
                                        0x4f, 0xf7, 0x63, 0xae, 0x46, 0xa2, 0xa6, 0xc1, 0x72, 0xb3, 0xf1, 0xb6, 0x0a,
                                        0x8c, 0xe2, 0x6f};
static const struct bs_datum datum = {chain, "foo.test", DATUM};

/* All that was ever signed by the datum's key: the seeds of the corpus. */
static const struct {
  enum bs_mutable_generation generation;
  enum bs_statement_kind kind;
  uint64_t ver, expires;
  const char *data;
} signed_[] = {
    {BS_MUTABLE_CURRENT, BS_STATEMENT_DATA, 2, 0, "hello world 2"}, {BS_MUTABLE_CURRENT, BS_STATEMENT_TOMBSTONE, 3, 0, ""},
    {BS_MUTABLE_CURRENT, BS_STATEMENT_DATA, 4, 2000000000, "hello world 4"}, {BS_MUTABLE_CURRENT, BS_STATEMENT_DATA, 5, 0, ""},
    {BS_MUTABLE_LEGACY, BS_STATEMENT_DATA, 2, 0, "hello world 2"}, {BS_MUTABLE_LEGACY, BS_STATEMENT_DATA, 7, 0, "seven"},
};

static bool was_signed(enum bs_mutable_generation generation, const struct bs_statement *statement,
                       const struct bs_buffer *data) {
  for (size_t i = 0; i < sizeof signed_ / sizeof signed_[0]; i++)
    if (signed_[i].generation == generation && signed_[i].kind == statement->kind && signed_[i].ver == statement->ver &&
        signed_[i].expires == statement->expires && strlen(signed_[i].data) == data->length &&
        (data->length == 0 || memcmp(signed_[i].data, data->bytes, data->length) == 0))
      return true;
  return false;
}

/* The key of the datum; lives as long as the program. */
static const struct bs_public_key *datum_key(void) {
  static const char secret[] = "6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336ef";
  static struct bs_key *key;
  struct bs_error error = {0};

  if (key == NULL) PROMISED(bs_key_from_text(&key, secret, strlen(secret), &error));
  return bs_key_public(key);
}

/* A record of 2015 is believed only if its text can't have been signed as another one. */
static bool is_believed(const struct bs_mutable *record) {
  static const char text[] = "{\"mutable_data\": [{\"id\": \"" DATUM "\", \"urls\": []}, {\"id\": \"/my\", \"urls\": []}], "
                             "\"name\": {\"formatted\": \"foo.test\"}, \"v\": \"2\"}";
  struct bs_error error = {0};
  struct bs_user user;

  if (record->generation == BS_MUTABLE_CURRENT) return true;
  PROMISED(bs_user_parse(&user, text, strlen(text), "foo.test", &error));
  return bs_legacy_check(record, DATUM, &user, &error);
}

/* Whatever verifies says what was signed, whether the route's key or the owner's address counts, and the data kept or not. */
void bs_fuzz_mutable(const uint8_t *bytes, size_t length) {
  struct bs_buffer data BS_AUTO_BUFFER = BS_BUFFER_INIT, decoded BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char owner[BS_HASH160_SIZE];
  const struct bs_authority by_key = {.key = datum_key()}, by_owner = {.owner = owner};
  struct bs_verified verified, again;
  struct bs_mutable record;
  struct bs_error error = {0};
  bool good;

  if (!bs_mutable_parse(&record, bytes, length, &error)) {
    PROMISED(error.message[0] != '\0');
    return;
  }
  PROMISED(record.ver >= 1 && record.ver <= BS_VER_MAX && record.base64_length % 4 == 0);
  bs_hash160(owner, by_key.key->bytes, by_key.key->length);
  good = bs_mutable_verify(&verified, &data, &record, &datum, &by_key, &error);
  PROMISED(bs_mutable_verify(&again, NULL, &record, &datum, &by_owner, &error) == good);
  if (!good) {
    PROMISED(data.length == 0);
    return;
  }
  PROMISED(memcmp(verified.z, again.z, sizeof again.z) == 0 && memcmp(verified.signer, again.signer, sizeof again.signer) == 0);
  PROMISED(record.kind == BS_STATEMENT_TOMBSTONE || bs_mutable_decode(&decoded, &record, &error));
  PROMISED(decoded.length == data.length && (data.length == 0 || memcmp(decoded.bytes, data.bytes, data.length) == 0));
  PROMISED(!is_believed(&record) || was_signed(record.generation, &verified.statement, &data));
}
