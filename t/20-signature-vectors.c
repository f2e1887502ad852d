/* SPDX-License-Identifier: MIT */
/* ECDSA signatures by their vectors: in DER, as transactions have them, and as mutable records have them; what is read, and
 * what is made. */
#include <config.h>

#include "core/codec/base64.h"
#include "core/record/mutable.h"
#include "t/lib/vectors.h"

struct signed_by {
  struct bs_public_key key;
  unsigned char owner[BS_HASH160_SIZE], digest[32];
};

static struct signed_by read_signer(const struct vector *vector) {
  size_t key_length, digest_length;
  unsigned char *key BS_AUTO_FREE = vector_bytes(vector, "publicKey", &key_length);
  unsigned char *digest BS_AUTO_FREE = vector_bytes(vector, "digest", &digest_length);
  struct signed_by by;

  assert_int_equal(digest_length, sizeof by.digest);
  memcpy(by.digest, digest, sizeof by.digest);
  assert_true(bs_public_key_parse(&by.key, key, key_length));
  bs_public_key_hash(by.owner, &by.key);
  return by;
}

static struct bs_key *read_private_key(const struct vector *vector) {
  const char *text = vector_text(vector, "privateKey");
  struct bs_error error = {0};
  struct bs_key *key = NULL;

  assert_ok(bs_key_from_text(&key, text, strlen(text), &error));
  return key;
}

static void sign_der_again(const struct vector *vector, const unsigned char digest[32]) {
  unsigned char signature[72];
  struct bs_key *key = read_private_key(vector);
  size_t length = 0;

  assert_true(bs_sign_der(signature, &length, key, digest));
  vector_is(vector, "signature", signature, length);
  bs_key_free(key);
}

static bool reads_der(const struct vector *vector) {
  struct signed_by by = read_signer(vector);
  size_t length;
  unsigned char *signature BS_AUTO_FREE = vector_bytes(vector, "signature", &length);

  if (!bs_verify_der(&by.key, by.digest, signature, length)) return false;
  if (vector_find(vector, "privateKey") != NULL) sign_der_again(vector, by.digest);
  return true;
}

static void sign_recoverable_again(const struct vector *vector, const unsigned char digest[32]) {
  unsigned char signature[65];
  struct bs_key *key = read_private_key(vector);

  assert_true(bs_sign_recoverable(signature, key, digest));
  vector_is(vector, "signature", signature, sizeof signature);
  bs_key_free(key);
}

/* The 65 bytes as they come out of a mutable record. */
static enum bs_signature_fault read_record(unsigned char signature[65], const struct vector *vector, bool of_2015) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  struct bs_mutable record;
  size_t length;
  unsigned char *bytes BS_AUTO_FREE = vector_bytes(vector, "signature", &length);

  bs_buffer_format(&text, "{\"data\": \"\", \"id\": \"a\", \"ver\": %s, \"sig\": \"", of_2015 ? "\"1\"" : "1");
  if (!of_2015) bs_buffer_text(&text, "v2:");
  bs_base64_encode(&text, bytes, length);
  bs_buffer_text(&text, "\"}");
  if (!bs_mutable_parse(&record, text.bytes, text.length, &error)) {
    assert_int_equal(error.word, BS_WORD_malformed);
    return BS_SIGNATURE_MALFORMED;
  }
  memcpy(signature, record.signature, 65);
  return BS_SIGNATURE_GOOD;
}

/* By the key, and by who owns it. */
static enum bs_signature_fault verify(const struct signed_by *by, const unsigned char signature[65], bool allow_high_s) {
  struct bs_public_key found;
  enum bs_signature_fault fault = bs_verify_recoverable(&by->key, by->digest, signature, allow_high_s);

  assert_int_equal(bs_recover(&found, by->owner, by->digest, signature, allow_high_s), fault);
  if (fault != BS_SIGNATURE_GOOD) return fault;
  assert_int_equal(found.length, by->key.length);
  assert_memory_equal(found.bytes, by->key.bytes, found.length);
  return fault;
}

static bool reads_compact(const struct vector *vector) {
  static const char *const faults[] = {"", "malformed", "high_s", "forged"};
  bool allow_high_s = cJSON_IsTrue(vector_find(vector, "allowHighS"));
  struct signed_by by = read_signer(vector);
  unsigned char signature[65];
  enum bs_signature_fault fault = read_record(signature, vector, allow_high_s);

  if (fault == BS_SIGNATURE_GOOD) fault = verify(&by, signature, allow_high_s);
  if (fault == BS_SIGNATURE_GOOD && vector_has_flag(vector, "Signed")) sign_recoverable_again(vector, by.digest);
  if (!vector->is_valid) assert_string_equal(faults[fault], vector_text(vector, "fault"));
  return fault == BS_SIGNATURE_GOOD;
}

static void signatures_in_der(void **state) {
  const struct vector_kind kinds[] = {{"EcdsaDer", reads_der}};

  (void)state;
  vectors_run("encoding/ecdsa-der.json", kinds, 1);
}

static void signatures_of_records(void **state) {
  const struct vector_kind kinds[] = {{"EcdsaCompact", reads_compact}};

  (void)state;
  vectors_run("encoding/ecdsa-compact.json", kinds, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(signatures_in_der),
      cmocka_unit_test(signatures_of_records),
  };

  return RUN_TESTS(tests);
}
