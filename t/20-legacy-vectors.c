/* SPDX-License-Identifier: MIT */
/*
 * Records that the clients of 2015 wrote are rebuilt, read and verified.  t/vectors/records-2015.txt, one line each:
 * key N PRIVATE PUBLIC ADDRESS | data N TIMES HEX | record SIGNING_LIBRARY KEY DATA VER NAME HEX_OF_ID SIG RECORD_HASH
 * ROUTE_HASH VALUE_HASH DELETE_SIG
 */
#include <config.h>

#include "core/record/legacy.h"
#include "core/record/route.h"
#include "t/lib/datum.h"
#include "t/lib/legacy.h"

static struct bs_error error;

struct signer {
  struct bs_key *key;
  char public_key[2 * BS_PUBLIC_KEY_MAX + 1];
  unsigned char owner[BS_HASH160_SIZE];
};

struct vectors {
  struct signer signers[5];
  struct bs_buffer data[6];
  /* How many: of all; with low S by their signing library; with high S in record or delete signature; whose user record
   * is no JSON; and of the others, that are ambiguous. */
  unsigned records, low_s, high_s, high_s_deletes, no_json, ambiguous;
};

/* One line of the vectors, and what is rebuilt of it. */
struct vector {
  const struct signer *signer;
  const struct bs_buffer *data;
  bool is_low_s;
  uint64_t ver;
  const char *name, *sig, *record_hash, *route_hash, *value_hash, *delete_sig;
  char id[64];
  struct bs_buffer record, user;
};

static const char *word(char **at) {
  const char *text = strsep(at, " \n");

  assert_non_null(text);
  return text;
}

static uint64_t number(char **at) {
  return strtoull(word(at), NULL, 10);
}

static void read_key(struct vectors *vectors, char *line) {
  struct signer *signer = &vectors->signers[number(&line)];
  const char *private = word(&line);
  unsigned char version;

  assert_ok(bs_key_from_text(&signer->key, private, strlen(private), &error));
  snprintf(signer->public_key, sizeof signer->public_key, "%s", word(&line));
  assert_true(bs_address_decode(&version, signer->owner, word(&line)));
}

static void read_data(struct vectors *vectors, char *line) {
  struct bs_buffer *data = &vectors->data[number(&line)];
  size_t times = (size_t)number(&line), length;
  unsigned char bytes[64];
  const char *hex = word(&line);

  length = hex[0] == '-' ? 0 : strlen(hex) / 2;
  assert_true(length <= sizeof bytes && bs_hex_decode(bytes, length, hex));
  for (size_t i = 0; i < times; i++) bs_buffer_add(data, bytes, length);
}

static void assert_hash(const struct bs_buffer *text, const char *expected) {
  char hash[41];

  bs_user_hash(hash, text->bytes, text->length);
  assert_string_equal(hash, expected);
}

/* As the disk driver of that time named its files; without escapes, "\x2f" is no JSON. */
static void write_route(struct bs_buffer *route, const char *id, const char *public_key) {
  bs_buffer_format(route, "{\"id\": \"%s\", \"pubkey\": \"%s\", \"urls\": [\"file:///tmp/blockstore-disk/mutable/", id,
                   public_key);
  for (const char *at = id; *at != '\0'; at++)
    if (*at == '/')
      bs_buffer_text(route, "\\x2f");
    else
      bs_buffer_byte(route, (unsigned char)*at);
  bs_buffer_text(route, "\"]}");
}

static void rebuild_user_record(struct vector *vector) {
  struct bs_buffer route BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char key[41];

  write_route(&route, vector->id, vector->signer->public_key);
  assert_hash(&route, vector->route_hash);
  bs_user_hash(key, vector->data->bytes, vector->data->length);
  bs_buffer_format(&vector->user,
                   "{\"immutable_data\": [\"%s\"], \"mutable_data\": [%s], \"name\": {\"formatted\": \"%s\"}, "
                   "\"v\": \"2\"}",
                   key, bs_buffer_string(&route), vector->name);
  assert_hash(&vector->user, vector->value_hash);
}

static void assert_says(const struct bs_user *user, const struct vector *vector) {
  struct bs_public_key key;
  struct bs_route route;
  char listed[41];

  bs_user_hash(listed, vector->data->bytes, vector->data->length);
  assert_true(bs_user_has_immutable(user, listed));
  assert_true(bs_route_find(&route, user, vector->id));
  assert_ok(bs_route_key(&key, &route, &error));
  assert_int_equal(key.length, bs_key_public(vector->signer->key)->length);
  assert_memory_equal(key.bytes, bs_key_public(vector->signer->key)->bytes, key.length);
}

/* The import into version 3 keeps all of it. */
static void assert_imported(const struct bs_user *user, const struct vector *vector) {
  struct bs_buffer written BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char owner[BS_ADDRESS_TEXT];
  struct bs_user again;
  bool changed;

  bs_key_address(owner, vector->signer->key, BS_NETWORK_MAIN);
  assert_ok(bs_user_write(&written, &changed, user, vector->name, owner, NULL, &error));
  assert_true(changed);
  assert_ok(bs_user_parse(&again, written.bytes, written.length, vector->name, &error));
  assert_int_equal(again.generation, BS_USER_V3);
  assert_says(&again, vector);
}

/*
 * Two kinds of them cannot be carried into today's, and both are refused.  The user record is no JSON where the id has a
 * slash: the disk driver of that time named its file with \x2f, and no string was escaped.  The record is ambiguous when
 * its ver has more than four digits, or it has no data.
 */
static void read_user_record(struct vectors *vectors, const struct vector *vector, const struct bs_mutable *record) {
  bool is_ambiguous = vector->ver > 9999 || vector->data->length == 0;
  struct bs_user user;

  if (strchr(vector->id, '/') != NULL) {
    assert_fails(bs_user_parse(&user, vector->user.bytes, vector->user.length, vector->name, &error), BS_WORD_malformed,
                 "The JSON is wrong");
    vectors->no_json++;
    return;
  }
  assert_ok(bs_user_parse(&user, vector->user.bytes, vector->user.length, vector->name, &error));
  assert_int_equal(user.generation, BS_USER_V2);
  assert_says(&user, vector);
  assert_imported(&user, vector);
  error = (struct bs_error){0};
  if (bs_legacy_check(record, vector->id, &user, &error) == is_ambiguous)
    fail_msg("%s: %s: %s", vector->name, vector->id, error.message);
  vectors->ambiguous += is_ambiguous;
}

/* By key and by owner; another key and another version are not believed. */
static void assert_verifies(struct bs_mutable *record, const struct vector *vector) {
  const struct bs_authority authorities[] = {{.key = bs_key_public(vector->signer->key)}, {.owner = vector->signer->owner}};
  const struct bs_datum of = {datum_chain, vector->name, vector->id};
  unsigned char nobody[BS_HASH160_SIZE] = {0};
  struct bs_verified verified;

  for (size_t i = 0; i < 2; i++) {
    struct bs_buffer got BS_AUTO_BUFFER = BS_BUFFER_INIT;

    assert_ok(bs_mutable_verify(&verified, &got, record, &of, &authorities[i], &error));
    assert_int_equal(verified.statement.ver, vector->ver);
    assert_int_equal(verified.statement.kind, BS_STATEMENT_DATA);
    assert_int_equal(verified.statement.length, vector->data->length);
    assert_int_equal(got.length, vector->data->length);
    if (got.length > 0) assert_memory_equal(got.bytes, vector->data->bytes, got.length);
  }
  assert_fails(bs_mutable_verify(&verified, NULL, record, &of, &(struct bs_authority){.owner = nobody}, &error),
               BS_WORD_forged, "by whom");
  record->ver++;
  assert_fails(bs_mutable_verify(&verified, NULL, record, &of, &authorities[0], &error), BS_WORD_forged, "by whom");
  record->ver--;
}

/* By the key; is its S high, which only the verifier of 2015 allows? */
static bool has_high_s(const struct signer *signer, const unsigned char z[32], const unsigned char signature[65]) {
  enum bs_signature_fault strict = bs_verify_recoverable(bs_key_public(signer->key), z, signature, false);

  assert_int_equal(bs_verify_recoverable(bs_key_public(signer->key), z, signature, true), BS_SIGNATURE_GOOD);
  if (strict != BS_SIGNATURE_GOOD) assert_int_equal(strict, BS_SIGNATURE_HIGH_S);
  return strict == BS_SIGNATURE_HIGH_S;
}

static bool deletes_with_high_s(const struct vector *vector) {
  struct bs_buffer signature BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char z[32] = {0};
  char made[89];

  legacy_sign(made, vector->signer->key, vector->is_low_s, vector->id, strlen(vector->id));
  assert_string_equal(made, vector->delete_sig);
  assert_true(bs_base64_decode(&signature, vector->delete_sig, strlen(vector->delete_sig)));
  bs_hash160(z + 12, vector->id, strlen(vector->id));
  return has_high_s(vector->signer, z, signature.bytes);
}

/* Bit for bit: the hash of the whole text tells. */
static void check_vector(struct vectors *vectors, struct vector *vector) {
  struct bs_mutable record;
  unsigned char z[32];

  legacy_write(&vector->record, vector->signer->key, vector->is_low_s, vector->id, vector->ver, vector->data->bytes,
               vector->data->length);
  assert_non_null(strstr(bs_buffer_string(&vector->record), vector->sig));
  assert_hash(&vector->record, vector->record_hash);
  rebuild_user_record(vector);
  assert_ok(bs_mutable_parse(&record, vector->record.bytes, vector->record.length, &error));
  assert_int_equal(record.generation, BS_MUTABLE_LEGACY);
  assert_verifies(&record, vector);
  bs_legacy_digest(z, &record, vector->id);
  vectors->high_s += has_high_s(vector->signer, z, record.signature);
  vectors->high_s_deletes += deletes_with_high_s(vector);
  read_user_record(vectors, vector, &record);
}

static void read_record(struct vectors *vectors, char *line) {
  struct vector vector = {.is_low_s = strcmp(word(&line), "low-s") == 0, .id = ""};
  const char *id;

  vector.signer = &vectors->signers[number(&line)];
  vector.data = &vectors->data[number(&line)];
  vector.ver = number(&line);
  vector.name = word(&line);
  id = word(&line);
  assert_true(strlen(id) / 2 < sizeof vector.id && bs_hex_decode(vector.id, strlen(id) / 2, id));
  vector.sig = word(&line);
  vector.record_hash = word(&line);
  vector.route_hash = word(&line);
  vector.value_hash = word(&line);
  vector.delete_sig = word(&line);
  check_vector(vectors, &vector);
  bs_buffer_free(&vector.record);
  bs_buffer_free(&vector.user);
  vectors->records++;
  vectors->low_s += vector.is_low_s;
}

static void read_vectors(struct vectors *vectors, FILE *file) {
  char *line BS_AUTO_FREE = NULL;
  size_t capacity = 0;

  while (getline(&line, &capacity, file) > 0) {
    char *at = line;
    const char *kind = word(&at);

    if (strcmp(kind, "key") == 0) read_key(vectors, at);
    if (strcmp(kind, "data") == 0) read_data(vectors, at);
    if (strcmp(kind, "record") == 0) read_record(vectors, at);
  }
}

static void records_of_2015_are_rebuilt_and_verified(void **state) {
  const char *srcdir = getenv("srcdir");
  struct vectors vectors = {.records = 0};
  char path[1024];
  FILE *file;

  (void)state;
  snprintf(path, sizeof path, "%s/t/vectors/records-2015.txt", srcdir == NULL ? "." : srcdir);
  file = fopen(path, "re");
  if (file == NULL) fail_msg("%s can't be read", path);
  read_vectors(&vectors, file);
  fclose(file);
  assert_int_equal(vectors.records, 136);
  assert_int_equal(vectors.low_s, 68);
  assert_int_equal(vectors.high_s, 39); /* of the other 68, as chance had it */
  assert_int_equal(vectors.high_s_deletes, 34);
  assert_int_equal(vectors.no_json, 30);
  assert_int_equal(vectors.ambiguous, 26);
  for (size_t i = 0; i < 5; i++) bs_key_free(vectors.signers[i].key);
  for (size_t i = 0; i < 6; i++) bs_buffer_free(&vectors.data[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_of_2015_are_rebuilt_and_verified),
  };

  return RUN_TESTS(tests);
}
