/* SPDX-License-Identifier: MIT */
/* Signatures: those of 2015, those of now, and whatever only looks like one. */
#include <config.h>

#include "core/codec/base64.h"
#include "core/codec/hex.h"
#include "core/crypto/key.h"
#include "t/lib/unit.h"

static struct bs_error error;

/* Records that clients of 2015 signed: z is a hash160, the header is theirs, one r, and s as signed by the older and by
 * the newer of them (which took the lower one, and left the header as it was). */
static const struct vector {
  const char *key, *address, *public_key, *z;
  unsigned char header;
  const char *r, *low_s, *high_s;
} vectors[] = {
    {"Kzv9RFa5fckLVWHcscMcHWcGK26cUx2H6BiCpkuT3B8MEBPNRvPH", "1BaqZJqwt2dcdxt6oa3mwSK4DiEyfXCgnZ",
     "03d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3", "841fc099fd7dca4546bb78a7a69cd81f756a68fa",
     28, "80b97c513be426a754c56268459e2df8c7f79c02ff89a752a5ee4f89829b91e1",
     "0574232c0cf1de52387eb3100c670d4b770de3aa6c93eb826a2068006d040b05",
     "fa8bdcd3f30e21adc7814ceff398f2b343a0f93c42b4b4b955b1f68c6332363c"},
    {"6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336ef", "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4",
     "04d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
     "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb",
     "67d4d3456f9bbb5c3e6dd4ed887393f48f76e7ab", 28, "b578bf22a5c32cf8cd50ebc7f93f6d808857803249138dabeb30e869fe7ce652",
     "4eaa2e3142c91b6adf5f7f87dbf7f90d9774db20cc9283fe242c21de333fa561",
     "b155d1cebd36e49520a08078240806f1233a01c5e2b61c3d9ba63cae9cf69be0"},
    {"5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj9", "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4",
     "04d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
     "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb",
     "1c399273416f65c3abd8d6b69c424f315224f8a4", 28, "b5e3e79323e9b669fecde177861e9b89a8b3e3b03bd17ca832224121583ec8ca",
     "2c9df717a36dcc7d931976514171cfd7c548602a8acdd75ac4b1ccc0facfe90f",
     "d36208e85c9233826ce689aebe8e3026f5667cbc247ac8e0fb2091cbd5665832"},
    {"ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5", "1KtZkmFJ7pd8ePRiN7F565ftrnrsye7MUd",
     "0471d2f9837c1b1b510986aac265009cedfb7e651aafcf9152df9453fd78147227"
     "c69ac80e7c8cee31f9dd521947496697317652f65f2a4c3a70c525fec29568e0",
     "c788e37e02eba3a68b4287f2e3ea2c106bad78af", 28, "f8c62b11d7b35e568bdca5b68735a23a9d19cecb403ce7bebc14817057237472",
     "5f7a51e0ef42dfa5c099d28f03d2489454bfb904d9f3b775a3adb985e007b9ee",
     "a085ae1f10bd205a3f662d70fc2db76a65ef23e1d554e8c61c24a506f02e8753"},
    {"b1e99324505bd32da0e1f85dcf5e19a09db0481e8a15f62c41eb320304a8e92701", "1CJfyxeAkiEuhW3HW4DDFfkozceBtR3FtA",
     "03e8b2761c54a1ff5a81334420cf6bbe217633fefb5036f002fcfb4d2b5e955551", "2612958c4d1baad6c00b89d4b1db3d6993b70b8a",
     27, "0a75159f5205c4168a0cbb991d51b722a1860038270302293f9829e3a1c0d6d8",
     "04f67daa8816e473ed4388c8c050949ced0363e9f2da9b754787ca8e50c0de13",
     "fb09825577e91b8c12bc77373faf6b61cdab78fcbc6e04c6784a93fe7f75632e"},
    /* "/my/second/datum", 2, "hello world 2" */
    {"5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj9", "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4",
     "04d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
     "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb",
     "cc5dbb3ad0da52c31585367be163d94b347fa727", 27, "4835654685a9a94835b866f9474778b69fdfea75899c1e5d64e2fa3db51102e7",
     "0c5bc60ae7d0a832ad73e98f284d79c04e13eef630419a3e60695b3c0fc2dc17",
     "f3a439f5182f57cd528c1670d7b2863e6c9aedf07f0705fd5f690350c073652a"},
    /* its deletion: "/my/second/datum" alone */
    {"5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj9", "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4",
     "04d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
     "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb",
     "a616f24007279684dcff42dc4e2a4516aa630a6f", 27, "846d4e7d4b5beafe3cd04ddb1e4af2fa5f05a6e63833936e5d1cb8beabc90277",
     "79d86ee3903a71b2e60895bdb231672ea0864378ef3db3311e67dcf4398e59f0",
     "8627911c6fc58e4d19f76a424dce98d01a28996dc00aed0aa16a819896a7e751"},
};
#define VECTORS (sizeof vectors / sizeof vectors[0])

struct loaded {
  struct bs_key *key;
  unsigned char owner[BS_HASH160_SIZE];
  struct bs_public_key public_key;
  unsigned char z[32], low[65], high[65];
};

static void load(struct loaded *ret, const struct vector *vector) {
  unsigned char bytes[BS_PUBLIC_KEY_MAX], version;
  size_t length = strlen(vector->public_key) / 2;

  *ret = (struct loaded){0};
  assert_ok(bs_key_from_text(&ret->key, vector->key, strlen(vector->key), &error));
  assert_true(bs_address_decode(&version, ret->owner, vector->address));
  assert_true(bs_hex_decode(bytes, length, vector->public_key));
  assert_true(bs_public_key_parse(&ret->public_key, bytes, length));
  assert_true(bs_hex_decode(ret->z + 12, 20, vector->z));
  ret->low[0] = ret->high[0] = vector->header;
  assert_true(bs_hex_decode(ret->low + 1, 32, vector->r));
  assert_true(bs_hex_decode(ret->low + 33, 32, vector->low_s));
  assert_true(bs_hex_decode(ret->high + 1, 32, vector->r));
  assert_true(bs_hex_decode(ret->high + 33, 32, vector->high_s));
}

static void assert_same_key(const struct bs_public_key *one, const struct bs_public_key *other) {
  assert_int_equal(one->length, other->length);
  assert_memory_equal(one->bytes, other->bytes, one->length);
}

static void records_of_2015_verify(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    struct loaded v;

    load(&v, &vectors[i]);
    assert_same_key(bs_key_public(v.key), &v.public_key);
    assert_int_equal(bs_verify_recoverable(&v.public_key, v.z, v.low, false), BS_SIGNATURE_GOOD);
    assert_int_equal(bs_verify_recoverable(&v.public_key, v.z, v.low, true), BS_SIGNATURE_GOOD);
    assert_int_equal(bs_verify_recoverable(&v.public_key, v.z, v.high, true), BS_SIGNATURE_GOOD);
    bs_key_free(v.key);
  }
}

static void records_of_2015_give_their_owner(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    struct bs_public_key found;
    struct loaded v;

    load(&v, &vectors[i]);
    assert_int_equal(bs_recover(&found, v.owner, v.z, v.low, false), BS_SIGNATURE_GOOD);
    assert_same_key(&found, &v.public_key);
    assert_int_equal(bs_recover(&found, v.owner, v.z, v.high, true), BS_SIGNATURE_GOOD);
    assert_same_key(&found, &v.public_key);
    bs_key_free(v.key);
  }
}

static void we_sign_with_the_nonces_of_2015(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    unsigned char signature[65];
    struct loaded v;

    load(&v, &vectors[i]);
    assert_true(bs_sign_recoverable(signature, v.key, v.z));
    assert_memory_equal(signature + 1, v.low + 1, 64);
    assert_int_equal((signature[0] - 27) & 4, v.public_key.length == 33 ? 4 : 0);
    bs_key_free(v.key);
  }
}

static void high_s_is_refused_unless_allowed(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    struct bs_public_key found = {.length = 0};
    struct loaded v;

    load(&v, &vectors[i]);
    assert_int_equal(bs_verify_recoverable(&v.public_key, v.z, v.high, false), BS_SIGNATURE_HIGH_S);
    assert_int_equal(bs_recover(&found, v.owner, v.z, v.high, false), BS_SIGNATURE_HIGH_S);
    assert_int_equal(found.length, 0); /* untouched */
    bs_key_free(v.key);
  }
}

static void the_header_is_only_a_hint(void **state) {
  struct bs_public_key found;
  struct loaded v;

  (void)state;
  load(&v, &vectors[0]);
  for (unsigned header = 27; header <= 34; header++) {
    v.low[0] = (unsigned char)header;
    assert_int_equal(bs_verify_recoverable(&v.public_key, v.z, v.low, false), BS_SIGNATURE_GOOD);
    assert_int_equal(bs_recover(&found, v.owner, v.z, v.low, false), BS_SIGNATURE_GOOD);
    assert_same_key(&found, &v.public_key);
  }
  bs_key_free(v.key);
}

static void other_headers_are_malformed(void **state) {
  struct bs_public_key found;
  struct loaded v;

  (void)state;
  load(&v, &vectors[0]);
  for (unsigned header = 0; header <= 255; header++) {
    if (header >= 27 && header <= 34) continue;
    v.low[0] = (unsigned char)header;
    assert_int_equal(bs_verify_recoverable(&v.public_key, v.z, v.low, true), BS_SIGNATURE_MALFORMED);
    assert_int_equal(bs_recover(&found, v.owner, v.z, v.low, true), BS_SIGNATURE_MALFORMED);
  }
  bs_key_free(v.key);
}

/* at: 1 for r, 33 for s. */
static void assert_malformed_number(const struct loaded *v, size_t at, const char *number) {
  unsigned char signature[65];
  struct bs_public_key found;

  memcpy(signature, v->low, sizeof signature);
  assert_true(bs_hex_decode(signature + at, 32, number));
  assert_int_equal(bs_verify_recoverable(&v->public_key, v->z, signature, true), BS_SIGNATURE_MALFORMED);
  assert_int_equal(bs_recover(&found, v->owner, v->z, signature, true), BS_SIGNATURE_MALFORMED);
}

static void numbers_out_of_range_are_malformed(void **state) {
  static const char *const numbers[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", /* the order */
      "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364142",
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  };
  struct loaded v;

  (void)state;
  load(&v, &vectors[0]);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    assert_malformed_number(&v, 1, numbers[i]);
    assert_malformed_number(&v, 33, numbers[i]);
  }
  bs_key_free(v.key);
}

/* The edge itself: half of the order is the largest low S. */
static void half_the_order_is_the_largest_low_s(void **state) {
  struct loaded v;

  (void)state;
  load(&v, &vectors[0]);
  assert_true(bs_hex_decode(v.low + 33, 32, "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"));
  assert_int_equal(bs_verify_recoverable(&v.public_key, v.z, v.low, false), BS_SIGNATURE_FORGED);
  v.low[64]++;
  assert_int_equal(bs_verify_recoverable(&v.public_key, v.z, v.low, false), BS_SIGNATURE_HIGH_S);
  assert_int_equal(bs_verify_recoverable(&v.public_key, v.z, v.low, true), BS_SIGNATURE_FORGED);
  bs_key_free(v.key);
}

static void every_changed_bit_of_the_digest_is_forged(void **state) {
  struct bs_public_key found = {.length = 0};
  struct loaded v;

  (void)state;
  load(&v, &vectors[1]);
  for (size_t bit = 0; bit < 256; bit++) {
    v.z[bit / 8] ^= (unsigned char)(1u << bit % 8);
    assert_int_equal(bs_verify_recoverable(&v.public_key, v.z, v.low, true), BS_SIGNATURE_FORGED);
    if (bit % 8 == 0) assert_int_equal(bs_recover(&found, v.owner, v.z, v.low, true), BS_SIGNATURE_FORGED);
    v.z[bit / 8] ^= (unsigned char)(1u << bit % 8);
  }
  assert_int_equal(found.length, 0);
  bs_key_free(v.key);
}

static void every_changed_bit_of_r_and_s_is_noticed(void **state) {
  struct bs_public_key found = {.length = 0};
  struct loaded v;

  (void)state;
  load(&v, &vectors[1]);
  for (size_t bit = 8; bit < 8 * 65; bit++) {
    v.low[bit / 8] ^= (unsigned char)(1u << bit % 8);
    assert_int_not_equal(bs_verify_recoverable(&v.public_key, v.z, v.low, true), BS_SIGNATURE_GOOD);
    if (bit % 8 == 0) assert_int_not_equal(bs_recover(&found, v.owner, v.z, v.low, true), BS_SIGNATURE_GOOD);
    v.low[bit / 8] ^= (unsigned char)(1u << bit % 8);
  }
  assert_int_equal(found.length, 0);
  bs_key_free(v.key);
}

static void another_key_or_owner_is_forged(void **state) {
  struct bs_public_key found = {.length = 0}, broken = {.length = 0};
  struct loaded v, w;

  (void)state;
  load(&v, &vectors[0]);
  load(&w, &vectors[3]);
  assert_int_equal(bs_verify_recoverable(&w.public_key, v.z, v.low, true), BS_SIGNATURE_FORGED);
  assert_int_equal(bs_verify_recoverable(&broken, v.z, v.low, true), BS_SIGNATURE_FORGED);
  assert_int_equal(bs_recover(&found, w.owner, v.z, v.low, true), BS_SIGNATURE_FORGED);
  for (size_t i = 0; i < BS_HASH160_SIZE; i++) {
    v.owner[i] ^= 1;
    assert_int_equal(bs_recover(&found, v.owner, v.z, v.low, true), BS_SIGNATURE_FORGED);
    v.owner[i] ^= 1;
  }
  assert_int_equal(found.length, 0); /* untouched */
  bs_key_free(v.key);
  bs_key_free(w.key);
}

/* The statement that a record's signature is over, put together by hand. */
static void state_z(unsigned char z[32], unsigned char kind, uint64_t ver, const char *data) {
  static const char name[] = "foo.test", id[] = "/my/second/datum";
  unsigned char chain[32], data_hash[32] = {0};
  struct bs_buffer p = BS_BUFFER_INIT;

  assert_true(bs_hex_decode(chain, 32, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"));
  if (data != NULL) bs_sha256(data_hash, data, strlen(data));
  bs_buffer_add(&p, "blockstore-mutable-v2", 22); /* with the NUL */
  bs_buffer_byte(&p, kind);
  bs_buffer_add(&p, chain, sizeof chain);
  bs_buffer_big_endian(&p, strlen(name), 2);
  bs_buffer_text(&p, name);
  bs_buffer_big_endian(&p, strlen(id), 2);
  bs_buffer_text(&p, id);
  bs_buffer_big_endian(&p, ver, 8);
  bs_buffer_big_endian(&p, 0, 8);
  bs_buffer_big_endian(&p, data == NULL ? 0 : strlen(data), 8);
  bs_buffer_add(&p, data_hash, sizeof data_hash);
  assert_ok(bs_buffer_ok(&p, &error));
  bs_sha256(z, p.bytes, p.length);
  bs_buffer_free(&p);
}

static void assert_statement(const unsigned char z[32], const char *z_hex, const char *base64) {
  struct bs_buffer text = BS_BUFFER_INIT;
  unsigned char signature[65];
  struct bs_public_key found;
  struct loaded v;
  char hex[65];

  load(&v, &vectors[VECTORS - 1]);
  bs_hex_encode(hex, z, 32);
  assert_string_equal(hex, z_hex);
  assert_true(bs_sign_recoverable(signature, v.key, z));
  bs_base64_encode(&text, signature, sizeof signature);
  assert_string_equal(bs_buffer_string(&text), base64);
  assert_int_equal(bs_verify_recoverable(&v.public_key, z, signature, false), BS_SIGNATURE_GOOD);
  assert_int_equal(bs_recover(&found, v.owner, z, signature, false), BS_SIGNATURE_GOOD);
  assert_same_key(&found, &v.public_key);
  bs_buffer_free(&text);
  bs_key_free(v.key);
}

static void current_statements_have_their_known_signatures(void **state) {
  unsigned char z[32];

  (void)state;
  state_z(z, 1, 2, "hello world 2");
  assert_statement(z, "3d12b70b91691df35011bb5e8aa367e7e333bb0703e68c5892162a83393f198a",
                   "G7MQT2RJo6nPvWr8sKH+LlyVLoVw9zTi5jFh2DUK6bPvF81SLrPPvkxyIolGetFgDbUKQlDKgW66Qc9lsJ3819Q=");
  state_z(z, 2, 3, NULL);
  assert_statement(z, "4ac18a20ad5a8c32335eccea3ccb7df88718d5425436f69d86d320e64ea63992",
                   "HHXqsIa6Nk64eG0Ld41XWAzj533YcXWqtiTVpF5wQcrSUB2y3d0n3DQOA7+WM1Aaiu2nBPXKq7sjLwSLJyth5Pc=");
}

static void der_signatures_verify(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    unsigned char signature[72];
    size_t length = 0;
    struct loaded v;

    load(&v, &vectors[i]);
    assert_true(bs_sign_der(signature, &length, v.key, v.z));
    assert_in_range(length, 68, 71);
    assert_true(bs_verify_der(&v.public_key, v.z, signature, length));
    bs_key_free(v.key);
  }
}

/* 30 len 02 len r 02 len s, of the vector's r and s, with the zero byte that a leading one bit asks for. */
static size_t der(unsigned char out[72], const unsigned char compact[64]) {
  size_t at = 2;

  for (size_t number = 0; number < 2; number++) {
    const unsigned char *bytes = compact + 32 * number;
    size_t padding = bytes[0] >= 0x80;

    out[at++] = 2;
    out[at++] = (unsigned char)(32 + padding);
    if (padding > 0) out[at++] = 0;
    memcpy(out + at, bytes, 32);
    at += 32;
  }
  out[0] = 0x30;
  out[1] = (unsigned char)(at - 2);
  return at;
}

static void broken_der_signatures_are_refused(void **state) {
  unsigned char signature[73];
  size_t length;
  struct loaded v, w;

  (void)state;
  load(&v, &vectors[0]);
  load(&w, &vectors[3]);
  length = der(signature, v.low + 1);
  assert_true(bs_verify_der(&v.public_key, v.z, signature, length));
  assert_false(bs_verify_der(&w.public_key, v.z, signature, length));
  assert_false(bs_verify_der(&v.public_key, w.z, signature, length));
  for (size_t cut = 0; cut < length; cut++) assert_false(bs_verify_der(&v.public_key, v.z, signature, cut));
  signature[length] = 0;
  assert_false(bs_verify_der(&v.public_key, v.z, signature, length + 1));
  for (size_t bit = 0; bit < 8 * length; bit++) {
    signature[bit / 8] ^= (unsigned char)(1u << bit % 8);
    assert_false(bs_verify_der(&v.public_key, v.z, signature, length));
    signature[bit / 8] ^= (unsigned char)(1u << bit % 8);
  }
  length = der(signature, v.high + 1);
  assert_false(bs_verify_der(&v.public_key, v.z, signature, length));
  bs_key_free(v.key);
  bs_key_free(w.key);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_of_2015_verify),
      cmocka_unit_test(records_of_2015_give_their_owner),
      cmocka_unit_test(we_sign_with_the_nonces_of_2015),
      cmocka_unit_test(high_s_is_refused_unless_allowed),
      cmocka_unit_test(the_header_is_only_a_hint),
      cmocka_unit_test(other_headers_are_malformed),
      cmocka_unit_test(numbers_out_of_range_are_malformed),
      cmocka_unit_test(half_the_order_is_the_largest_low_s),
      cmocka_unit_test(every_changed_bit_of_the_digest_is_forged),
      cmocka_unit_test(every_changed_bit_of_r_and_s_is_noticed),
      cmocka_unit_test(another_key_or_owner_is_forged),
      cmocka_unit_test(current_statements_have_their_known_signatures),
      cmocka_unit_test(der_signatures_verify),
      cmocka_unit_test(broken_der_signatures_are_refused),
  };

  return RUN_TESTS(tests);
}
