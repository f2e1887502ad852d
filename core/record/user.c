/* SPDX-License-Identifier: MIT */
/* Reading user records. */
#include <config.h>

#include "core/record/user.h"

#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/crypto/key.h"
#include "core/record/entries.h"

/* A member that is looked for; *value stays of length 0 when there is none. */
struct field {
  const char *key;
  struct bs_json *value;
};

/* All fields in one pass: what stands between them may be megabytes. */
static void take(struct bs_json object, const struct field *fields, size_t count) {
  struct bs_json_iterator iterator = bs_json_begin(object);
  struct bs_json key, value;

  while (bs_json_next_member(&iterator, &key, &value))
    for (size_t i = 0; i < count; i++)
      if (bs_json_string_is(key, fields[i].key, strlen(fields[i].key))) *fields[i].value = value;
}

static bool is(struct bs_json value, enum bs_json_type type) {
  return value.length > 0 && bs_json_type(value) == type;
}

static bool is_absent(struct bs_json value) {
  return value.length == 0;
}

static bool parse_version(struct bs_user *user, struct bs_json v, struct bs_error *error) {
  if (is_absent(v)) return bs_fail(error, BS_WORD_malformed, "Its version, v, is missing.");
  if (bs_json_string_is(v, "2", 1))
    user->generation = BS_USER_V2;
  else if (bs_json_string_is(v, "3", 1))
    user->generation = BS_USER_V3;
  else
    return bs_fail(error, BS_WORD_malformed, "Its version, v, is neither \"2\" nor \"3\".");
  return true;
}

static bool parse_name(struct bs_json value, const char *name, struct bs_error *error) {
  struct bs_json formatted = {NULL, 0};
  const struct field fields[] = {{"formatted", &formatted}};

  if (is(value, BS_JSON_OBJECT)) take(value, fields, 1);
  if (!is(formatted, BS_JSON_STRING)) return bs_fail(error, BS_WORD_malformed, "Its name.formatted is no string.");
  if (!bs_json_string_is(formatted, name, strlen(name)))
    return bs_fail(error, BS_WORD_wrong_id, "It is the record of another name.");
  return true;
}

static bool parse_owner(struct bs_user *user, struct bs_json value, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char version, hash[BS_HASH160_SIZE];
  const char *owner = "";

  if (user->generation == BS_USER_V2) return true;
  if (is_absent(value)) return bs_fail(error, BS_WORD_malformed, "The address of its owner is missing.");
  if (is(value, BS_JSON_STRING)) {
    bs_json_string(value, &text);
    owner = bs_buffer_string(&text);
    if (owner == NULL) return bs_fail_memory(error);
  }
  if (!bs_address_decode(&version, hash, owner)) return bs_fail(error, BS_WORD_malformed, "Its owner is no address.");
  memcpy(user->owner, owner, strlen(owner) + 1);
  return true;
}

static bool is_key(struct bs_json item) {
  return (item.length == 42 || item.length == 66) && item.text[0] == '"' && bs_hex_is(item.text + 1, item.length - 2);
}

static bool parse_immutable(const struct bs_user *user, struct bs_error *error) {
  struct bs_entry entry, before = {"", 0, {NULL, 0}};
  struct bs_json_iterator iterator;
  struct bs_json item;

  if (is_absent(user->immutable)) return true;
  if (!is(user->immutable, BS_JSON_ARRAY)) return bs_fail(error, BS_WORD_malformed, "Its immutable_data is no array.");
  iterator = bs_json_begin(user->immutable);
  for (size_t i = 0; bs_json_next_item(&iterator, &item); i++, before = entry) {
    if (!is_key(item))
      return bs_fail(error, BS_WORD_malformed, "Its immutable_data[%zu] is not 40 or 64 lower-case hexadecimal digits.",
                     i);
    entry = (struct bs_entry){item.text + 1, item.length - 2, item};
    if (user->generation == BS_USER_V3 && bs_entry_compare(&before, &entry) >= 0)
      return bs_fail(error, BS_WORD_malformed, "Its immutable_data[%zu] is out of order or there twice.", i);
  }
  return true;
}

/* A string of 1 to `most` bytes once unescaped (which never makes it longer)?  scratch: for the unescaped text; failed
 * when there was no memory. */
static bool is_text(struct bs_json value, size_t most, struct bs_buffer *scratch) {
  if (!is(value, BS_JSON_STRING) || value.length == 2) return false;
  if (value.length - 2 <= most) return true;
  if (memchr(value.text, '\\', value.length) == NULL) return false;
  bs_buffer_clear(scratch);
  bs_json_string(value, scratch);
  return scratch->failed || scratch->length <= most;
}

static bool check_urls(struct bs_json urls, struct bs_buffer *scratch, size_t route, struct bs_error *error) {
  struct bs_json_iterator iterator;
  struct bs_json url;

  if (!is(urls, BS_JSON_ARRAY))
    return bs_fail(error, BS_WORD_malformed, "Its mutable_data[%zu] has no array of urls.", route);
  iterator = bs_json_begin(urls);
  for (size_t i = 0; bs_json_next_item(&iterator, &url); i++) {
    if (i == BS_URLS_MAX)
      return bs_fail(error, BS_WORD_malformed, "Its mutable_data[%zu] has more than %d urls.", route, BS_URLS_MAX);
    if (!is_text(url, BS_URL_MAX, scratch))
      return bs_fail(error, BS_WORD_malformed, "Its mutable_data[%zu].urls[%zu] is not a string of 1 to %d bytes.",
                     route, i, BS_URL_MAX);
  }
  return bs_buffer_ok(scratch, error);
}

/* Its form only: whether there is such a point on the curve costs 5 us and is asked when a signature is checked. */
static bool is_public_key(struct bs_json value, enum bs_user_generation generation) {
  const char *digits = value.text + 1;

  if (!is(value, BS_JSON_STRING) || !bs_hex_is(digits, value.length - 2)) return false;
  if (value.length == 68) return digits[0] == '0' && (digits[1] == '2' || digits[1] == '3');
  if (value.length == 132) return digits[0] == '0' && digits[1] == '4';
  return value.length == 130 && generation == BS_USER_V2;
}

static bool is_version(struct bs_json value) {
  uint64_t version;

  return bs_json_integer(value, &version) && version > 0;
}

/* One item of mutable_data, checked; adds its id to `ids`. */
static bool parse_route(struct bs_entries *ids, struct bs_buffer *scratch, const struct bs_user *user,
                        struct bs_json route, size_t at, struct bs_error *error) {
  struct bs_json id = {NULL, 0}, urls = id, pubkey = id, ver_min = id, deleted = id;
  const struct field fields[] = {
      {"id", &id}, {"urls", &urls}, {"pubkey", &pubkey}, {"ver_min", &ver_min}, {"deleted", &deleted}};

  if (!is(route, BS_JSON_OBJECT)) return bs_fail(error, BS_WORD_malformed, "Its mutable_data[%zu] is no object.", at);
  take(route, fields, sizeof fields / sizeof fields[0]);
  if (!is_text(id, BS_ID_MAX, scratch))
    return bs_fail(error, BS_WORD_malformed, "Its mutable_data[%zu].id is not a string of 1 to %d bytes.", at,
                   BS_ID_MAX);
  if (!is_absent(pubkey) && !is_public_key(pubkey, user->generation))
    return bs_fail(error, BS_WORD_malformed, "Its mutable_data[%zu].pubkey is not a hexadecimal public key.", at);
  if (!is_absent(ver_min) && !is_version(ver_min))
    return bs_fail(error, BS_WORD_malformed,
                   "Its mutable_data[%zu].ver_min is no version, an integer from 1 to 2^53-1.", at);
  if (!is_absent(deleted) && !is_version(deleted))
    return bs_fail(error, BS_WORD_malformed,
                   "Its mutable_data[%zu].deleted is no version, an integer from 1 to 2^53-1.", at);
  bs_entries_add(ids, id, route, user->length);
  return check_urls(urls, scratch, at, error);
}

static bool check_order(struct bs_entries *ids, enum bs_user_generation generation, struct bs_error *error) {
  size_t count = bs_entries_count(ids), at;

  if (generation == BS_USER_V2) bs_entries_sort(ids);
  at = bs_entries_disorder(ids);
  if (at == count) return true;
  if (generation == BS_USER_V2)
    return bs_fail(error, BS_WORD_malformed, "Its mutable_data has two routes with one id.");
  return bs_fail(error, BS_WORD_malformed, "The id of its mutable_data[%zu] is out of order or there twice.", at);
}

static bool parse_mutable(const struct bs_user *user, struct bs_error *error) {
  struct bs_entries ids BS_AUTO_ENTRIES = BS_ENTRIES_INIT;
  struct bs_buffer scratch BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_json_iterator iterator;
  struct bs_json route;

  if (is_absent(user->mutable_)) return true;
  if (!is(user->mutable_, BS_JSON_ARRAY)) return bs_fail(error, BS_WORD_malformed, "Its mutable_data is no array.");
  iterator = bs_json_begin(user->mutable_);
  for (size_t i = 0; bs_json_next_item(&iterator, &route); i++)
    if (!parse_route(&ids, &scratch, user, route, i, error)) return false;
  return bs_entries_ok(&ids, error) && check_order(&ids, user->generation, error);
}

static bool parse_root(struct bs_user *user, const char *name, struct bs_error *error) {
  struct bs_json owner = {NULL, 0}, version = owner;
  const struct field fields[] = {{"immutable_data", &user->immutable},
                                 {"mutable_data", &user->mutable_},
                                 {"name", &user->name},
                                 {"owner", &owner},
                                 {"v", &version}};

  if (!is(user->root, BS_JSON_OBJECT)) return bs_fail(error, BS_WORD_malformed, "It is no JSON object.");
  take(user->root, fields, sizeof fields / sizeof fields[0]);
  return parse_version(user, version, error) && parse_name(user->name, name, error) &&
         parse_owner(user, owner, error) && parse_immutable(user, error) && parse_mutable(user, error);
}

bool bs_user_parse(struct bs_user *ret_user, const void *bytes, size_t length, const char *name,
                   struct bs_error *error) {
  static const struct bs_json_limits limits = {BS_USER_RECORD_MAX, BS_USER_DEPTH_MAX};
  struct bs_user user = {.bytes = bytes, .length = length};

  if (!bs_json_scan(&user.root, bytes, length, &limits, error) || !parse_root(&user, name, error))
    return bs_context(error, "The user record of %s", name);
  *ret_user = user;
  return true;
}

bool bs_user_has_immutable(const struct bs_user *user, const char *key) {
  struct bs_json_iterator iterator;
  size_t length = strlen(key);
  struct bs_json item;

  if (is_absent(user->immutable)) return false;
  iterator = bs_json_begin(user->immutable);
  while (bs_json_next_item(&iterator, &item))
    if (item.length == length + 2 && memcmp(item.text + 1, key, length) == 0) return true;
  return false;
}

void bs_user_hash(char hash[41], const void *record, size_t length) {
  unsigned char digest[BS_HASH160_SIZE];

  bs_hash160(digest, record, length);
  bs_hex_encode(hash, digest, sizeof digest);
}
