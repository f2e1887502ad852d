/* SPDX-License-Identifier: MIT */
/* Encrypted objects: byte by byte as the manual has them, and nothing but what was encrypted comes out of them. */
#include <config.h>

#include "t/lib/unit.h"

#define NEEDED(condition) assert_true(condition)
#include "t/lib/encrypt.h"

#define HELLO_KEY "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define ID "0a8ce26f:alice.id:status"
#define CHUNK 65536
#define SEALED (CHUNK + 16)
#define LONG 140000 /* bytes that take three chunks */

static struct bs_crypt_keys keys;
static unsigned char data[200000], *object;
static size_t size;
static struct kept kept;

static int set_up(void **state) {
  (void)state;
  take_keys(&keys, MASTER "\n");
  for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * 31 + i / 251);
  kept = kept_none();
  object = NULL;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  free(object);
  free(kept.data);
  bs_crypt_keys_wipe(&keys);
  return 0;
}

static void seal(size_t length) {
  free(object);
  object = seal_bytes(&size, &keys.all[0], BS_CRYPT_MUTABLE, ID, 7, data, length);
}

static enum blockstore_status open_object(enum bs_crypt_fault *ret_fault, size_t length) {
  kept.length = kept.values = 0;
  return open_bytes(&kept, ret_fault, &keys, BS_CRYPT_MUTABLE, NULL, object, length, length + 1);
}

static void assert_refused(size_t length, size_t before) {
  enum bs_crypt_fault fault;

  assert_int_equal(open_object(&fault, length), BLOCKSTORE_STATUS_FAILED);
  assert_int_not_equal(fault, BS_CRYPT_SOUND);
  assert_true(kept.length <= before);
  if (before == 0) assert_int_equal(kept.values, 0);
}

static const char *hex(const unsigned char *bytes, size_t length) {
  static char text[129];

  for (size_t i = 0; i < length; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  return text;
}

static void names_are_those_of_the_other_implementation(void **state) {
  unsigned char name[BS_CRYPT_NAME_SIZE];
  char text[BS_CRYPT_TEXT_SIZE];

  (void)state;
  assert_true(bs_crypt_name(name, &keys.all[0], BS_CRYPT_IMMUTABLE, HELLO_KEY));
  bs_crypt_name_text(text, BS_CRYPT_IMMUTABLE, name);
  assert_string_equal(text, "c045d537649cf0d309dbe4ad856a73fc26075e9a");
  assert_true(bs_crypt_name(name, &keys.all[0], BS_CRYPT_MUTABLE, ID));
  bs_crypt_name_text(text, BS_CRYPT_MUTABLE, name);
  assert_string_equal(text, "e-5d18981f3a2a14d86ff5e857e3b60295cdce077e066315f083a7ec6f37641244");
  assert_true(bs_crypt_mark_name(name));
  bs_crypt_name_text(text, BS_CRYPT_MARK, name);
  assert_string_equal(text, "be3563ccfbb0bfb615e76cc7f9b4447cb7385e76");
}

/* head -c SIZE /dev/zero | tr '\0' x | t/lib/encrypt-other.py seal KEYFILE mutable ID 7 | sha256sum */
static void objects_are_those_of_the_other_implementation(void **state) {
  static const struct {
    size_t length, size;
    const char *digest;
  } vectors[] = {
      {0, 352, "44e6809c623a7c0bee0e192a216caf888f1adaa2a439c7ee76327e2b19d78ee0"},
      {1, 352, "7e09c0bd0ea84532bcf71e8ad5b7fcabd15e79820106e77448b676e57e583444"},
      {248, 352, "479cc4e7fed7186b2c380d3fe69b09e898d5056622a54f67313001567b3aab63"},
      {249, 368, "7520101825c2d2cbc132edb858842d1867ab6d30861b90d4601f71441eaa457c"},
      {65528, 65632, "35f0f02c2b788119d18efd2a1941869ee64764f4dc56ce7967a4046dae8ca73a"},
      {65529, 67696, "8df599519574f43010e7a4b0c08f6744f12582d41813a2578a31ffb5f7e645fe"},
      {65536, 67696, "4d4e1ae88638a70e87f6f86677bd4dfe1b862146da2959eb7c10c6cd574218ee"},
      {200000, 200848, "d52cb107ae7e7a4912133e77e85f79c084da3ee76d6cae5f188fadea082690dd"},
  };
  unsigned char digest[32];

  (void)state;
  memset(data, 'x', sizeof data);
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
    seal(vectors[i].length);
    assert_int_equal(size, vectors[i].size);
    assert_int_equal(EVP_Digest(object, size, digest, NULL, EVP_sha256(), NULL), 1);
    assert_string_equal(hex(digest, sizeof digest), vectors[i].digest);
    assert_int_equal(open_object(NULL, size), BLOCKSTORE_STATUS_OK);
    assert_int_equal(kept.length, vectors[i].length);
    assert_memory_equal(kept.data, data, vectors[i].length);
  }
}

/* Padme has few sizes, each at most an eighth or so above what it holds. */
static void sizes_are_padded(void **state) {
  static const struct {
    uint64_t size, padded;
  } vectors[] = {{0, 256},
                 {248, 256},
                 {249, 272},
                 {264, 272},
                 {265, 288},
                 {1016, 1024},
                 {1017, 1088},
                 {65528, 65536},
                 {65529, 67584},
                 {1048568, 1048576},
                 {1048569, 1081344},
                 {BS_CRYPT_LARGEST - 8, BS_CRYPT_LARGEST},
                 {BS_CRYPT_LARGEST, BS_CRYPT_LARGEST + (UINT64_C(1) << 40)}};
  uint64_t before = 0, forms = 0;

  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
    assert_int_equal(bs_crypt_padded(vectors[i].size), vectors[i].padded);
  for (uint64_t length = 0; length < 1 << 20; length++) {
    uint64_t padded = bs_crypt_padded(length);

    assert_true(padded >= length + 8 && padded >= before);
    assert_true(length < 248 || (padded - length - 8) * 100 <= (length + 8) * 12);
    forms += padded != before;
    before = padded;
  }
  assert_in_range(forms, 100, 300);
}

static void any_part_can_be_read_at_any_time(void **state) {
  struct bs_crypt_header header = header_of(&keys.all[0], BS_CRYPT_MUTABLE, ID, 7, data, LONG);
  struct bytes plain = bytes_of(data, LONG);
  static unsigned char part[LONG * 2];
  struct bs_crypt_seal seal_now;
  uint64_t random = 1;

  (void)state;
  seal(LONG);
  assert_true(bs_crypt_seal_begin(&seal_now, &keys.all[0], &header, &plain.abi));
  assert_int_equal(seal_now.abi.size, size);
  for (size_t i = 0; i < 2000; i++) {
    size_t offset = (size_t)((random = random * 6364136223846793005u + 1442695040888963407u) >> 33) % (size + 1);
    size_t length = (size_t)((random = random * 6364136223846793005u + 1442695040888963407u) >> 33) % (size - offset + 1);

    if (i % 2 == 0 && length > 100) length = 100;
    assert_int_equal(seal_now.abi.read_at(&seal_now.abi, part, length, offset), BLOCKSTORE_STATUS_OK);
    assert_memory_equal(part, object + offset, length);
  }
  assert_int_equal(seal_now.abi.read_at(&seal_now.abi, part, 2, size - 1), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(seal_now.abi.read_at(&seal_now.abi, part, 1, UINT64_MAX), BLOCKSTORE_STATUS_FAILED);
  plain.answer = BLOCKSTORE_STATUS_CANCELLED; /* as the data cannot be read */
  assert_int_equal(seal_now.abi.read_at(&seal_now.abi, part, SEALED, 80), BLOCKSTORE_STATUS_CANCELLED);
  assert_false(seal_now.failed);
  bs_crypt_seal_end(&seal_now);
}

static void objects_arrive_in_any_pieces(void **state) {
  static const size_t pieces[] = {1, 7, 79, 80, 81, SEALED - 1, SEALED, SEALED + 1, SEALED + 80, 131072, 1 << 20};

  (void)state;
  seal(LONG);
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    kept.length = 0;
    assert_int_equal(open_bytes(&kept, NULL, &keys, BS_CRYPT_MUTABLE, NULL, object, size, pieces[i]), BLOCKSTORE_STATUS_OK);
    assert_int_equal(kept.length, LONG);
    assert_memory_equal(kept.data, data, LONG);
  }
}

static void no_byte_may_change(void **state) {
  (void)state;
  seal(100);
  for (size_t i = 0; i < size; i++) {
    for (int bit = 0; bit < 8; bit++) {
      object[i] ^= (unsigned char)(1 << bit);
      assert_refused(size, 0);
      object[i] ^= (unsigned char)(1 << bit);
    }
  }
  seal(LONG);
  for (size_t i = 0; i < size; i += i < 100 || i + 20 > size || (i - 80) % SEALED < 20 || (i - 80) % SEALED > CHUNK ? 1 : 1501) {
    object[i] ^= 1;
    assert_refused(size, i < 80 + SEALED ? 0 : (i - 80) / SEALED * CHUNK - 8);
    object[i] ^= 1;
  }
  assert_int_equal(open_object(NULL, size), BLOCKSTORE_STATUS_OK);
}

static void no_byte_may_be_missing_or_too_many(void **state) {
  (void)state;
  seal(100);
  for (size_t length = 0; length < size; length++) assert_refused(length, 0);
  object[size] = 0;
  assert_refused(size + 1, 0);
  seal(LONG);
  for (size_t length = 0; length < size; length += length % SEALED < 200 || size - length < 100 ? 1 : 997)
    assert_refused(length, length < 80 + SEALED ? 0 : (length - 80) / SEALED * CHUNK - 8);
  object[size] = 0;
  assert_refused(size + 1, 2 * CHUNK - 8);
  seal(CHUNK - 8); /* one whole chunk, and something behind it */
  assert_int_equal(size, 80 + SEALED);
  object[size] = 0;
  assert_refused(size + 1, 0);
}

static void chunks_stay_where_they_are(void **state) {
  static unsigned char copy[4 * SEALED];

  (void)state;
  seal(LONG);
  memcpy(copy, object, size);
  memcpy(object + 80, copy + 80 + SEALED, SEALED); /* exchanged */
  memcpy(object + 80 + SEALED, copy + 80, SEALED);
  assert_refused(size, 0);
  memcpy(object + 80, copy + 80, 2 * SEALED);
  memcpy(object + 80 + SEALED, copy + 80, SEALED); /* doubled */
  assert_refused(size, CHUNK - 8);
  memcpy(object + 80 + SEALED, copy + 80 + (size_t)2 * SEALED, size - 80 - (size_t)2 * SEALED); /* left out */
  assert_refused(size - SEALED, CHUNK - 8);
  memcpy(object, copy, size);
  assert_refused(80 + 2 * SEALED, CHUNK - 8); /* the last one cut off */
  assert_int_equal(open_object(NULL, size), BLOCKSTORE_STATUS_OK);
}

static void objects_are_not_exchanged(void **state) {
  unsigned char name[BS_CRYPT_NAME_SIZE], other[BS_CRYPT_NAME_SIZE];
  enum bs_crypt_fault fault;
  struct bs_crypt_keys others;
  size_t first_size;
  unsigned char *first;

  (void)state;
  assert_true(bs_crypt_name(name, &keys.all[0], BS_CRYPT_MUTABLE, ID));
  assert_true(bs_crypt_name(other, &keys.all[0], BS_CRYPT_MUTABLE, ID "2"));
  seal(100);
  assert_int_equal(open_bytes(&kept, NULL, &keys, BS_CRYPT_MUTABLE, name, object, size, size), BLOCKSTORE_STATUS_OK);
  kept.values = 0;
  assert_int_equal(open_bytes(&kept, &fault, &keys, BS_CRYPT_MUTABLE, other, object, size, size), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(fault, BS_CRYPT_OTHER);
  assert_int_equal(open_bytes(&kept, &fault, &keys, BS_CRYPT_IMMUTABLE, name, object, size, size), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(fault, BS_CRYPT_OTHER);
  take_keys(&others, OTHER_MASTER);
  assert_int_equal(open_bytes(&kept, &fault, &others, BS_CRYPT_MUTABLE, name, object, size, size), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(fault, BS_CRYPT_KEY);
  assert_int_equal(kept.values, 0);
  /* The header of one with the chunks of another, whether it is of another name, version or content. */
  for (int what = 0; what < 3; what++) {
    first = seal_bytes(&first_size, &keys.all[0], BS_CRYPT_MUTABLE, what == 0 ? ID "2" : ID, what == 1 ? 8 : 7,
                       data + (what == 2), 100);
    assert_int_equal(first_size, size);
    memcpy(first + 80, object + 80, size - 80);
    assert_int_equal(open_bytes(&kept, &fault, &keys, BS_CRYPT_MUTABLE, NULL, first, size, size), BLOCKSTORE_STATUS_FAILED);
    assert_int_equal(fault, BS_CRYPT_DAMAGED);
    free(first);
  }
  assert_int_equal(kept.values, 0);
}

static void the_salt_depends_on_all_that_is_encrypted(void **state) {
  struct bs_crypt_header same = header_of(&keys.all[0], BS_CRYPT_MUTABLE, ID, 7, data, 100);
  struct bs_crypt_header again = header_of(&keys.all[0], BS_CRYPT_MUTABLE, ID, 7, data, 100);
  const struct bs_crypt_header others[] = {
      header_of(&keys.all[0], BS_CRYPT_MUTABLE, ID, 7, data + 1, 100),
      header_of(&keys.all[0], BS_CRYPT_MUTABLE, ID, 8, data, 100),
      header_of(&keys.all[0], BS_CRYPT_MUTABLE, ID, 7, data, 99),
      header_of(&keys.all[0], BS_CRYPT_MUTABLE, ID "2", 7, data, 100),
      header_of(&keys.all[0], BS_CRYPT_IMMUTABLE, ID, 7, data, 100),
  };

  (void)state;
  assert_memory_equal(same.bytes, again.bytes, sizeof same.bytes);
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    assert_memory_not_equal(same.bytes + 48, others[i].bytes + 48, BS_CRYPT_SALT_SIZE);
}

/* Bytes of the chunks, encrypted with the right key: whoever has it may have made them in any form. */
static enum blockstore_status open_made(const unsigned char *plain, size_t length, size_t chunk, enum bs_crypt_fault *ret_fault) {
  struct bs_crypt_header header = header_of(&keys.all[0], BS_CRYPT_MUTABLE, ID, 7, data, 1);
  EVP_CIPHER_CTX *cipher = bs_crypt_cipher(&keys.all[0], &header, true);
  uint64_t number = 0;

  assert_non_null(cipher);
  free(object);
  object = malloc(80 + length + (length / chunk + 1) * 16);
  assert_non_null(object);
  memcpy(object, header.bytes, size = 80);
  for (size_t at = 0; at < length; at += chunk, number++) {
    size_t count = length - at < chunk ? length - at : chunk;

    assert_true(bs_crypt_chunk_seal(cipher, object + size, plain + at, count, number, at + count == length));
    size += count + 16;
  }
  EVP_CIPHER_CTX_free(cipher);
  return open_object(ret_fault, size);
}

static void only_one_form_is_right(void **state) {
  static unsigned char plain[3 * CHUNK];
  enum bs_crypt_fault fault;

  (void)state;
  memset(plain, 0, sizeof plain);
  plain[7] = 5;
  assert_int_equal(open_made(plain, 256, CHUNK, &fault), BLOCKSTORE_STATUS_OK);
  assert_int_equal(kept.length, 5);
  assert_int_equal(open_made(plain, 255, CHUNK, &fault), BLOCKSTORE_STATUS_FAILED); /* too little padding */
  assert_int_equal(open_made(plain, 257, CHUNK, &fault), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(open_made(plain, 7, CHUNK, &fault), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(open_made(plain, 2 * CHUNK, CHUNK, &fault), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(open_made(plain, 256, 200, &fault), BLOCKSTORE_STATUS_FAILED); /* chunks of another size */
  plain[255] = 1;
  assert_int_equal(open_made(plain, 256, CHUNK, &fault), BLOCKSTORE_STATUS_FAILED); /* padding that is not zero */
  plain[255] = 0;
  plain[1] = 1;
  assert_int_equal(open_made(plain, 3 * CHUNK, CHUNK, &fault), BLOCKSTORE_STATUS_FAILED); /* a size that cannot be */
  assert_int_equal(fault, BS_CRYPT_DAMAGED);
  assert_int_equal(kept.values, 0);
  plain[1] = 0;
  plain[5] = 1; /* a size of 65541 bytes, in three chunks */
  assert_int_equal(open_made(plain, 2 * CHUNK + 1, CHUNK, &fault), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(open_made(plain, CHUNK, CHUNK, &fault), BLOCKSTORE_STATUS_FAILED); /* and in one */
  assert_int_equal(open_made(plain, 67584, CHUNK, &fault), BLOCKSTORE_STATUS_OK);
}

static void what_is_no_object_is_told_apart(void **state) {
  enum bs_crypt_fault fault;

  (void)state;
  seal(10);
  object[6] = 2;
  assert_int_equal(open_object(&fault, size), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(fault, BS_CRYPT_NEWER);
  object[0] = 'b';
  assert_int_equal(open_object(&fault, size), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(fault, BS_CRYPT_FOREIGN);
  assert_int_equal(open_object(&fault, 3), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(fault, BS_CRYPT_FOREIGN);
  assert_int_equal(open_object(&fault, 0), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(fault, BS_CRYPT_DAMAGED);
}

/* A store may offer several values: those that are not sound do no harm to the others. */
static void several_values_are_several(void **state) {
  struct bs_crypt_open open;

  (void)state;
  seal(100);
  assert_true(bs_crypt_open_begin(&open, &kept.abi, &keys, BS_CRYPT_MUTABLE, NULL));
  assert_int_equal(open.abi.begin(&open.abi, 4), BLOCKSTORE_STATUS_OK);
  assert_int_equal(open.abi.write(&open.abi, "lies", 4), BLOCKSTORE_STATUS_OK);
  assert_int_equal(open.abi.begin(&open.abi, size), BLOCKSTORE_STATUS_OK);
  assert_int_equal(open.abi.write(&open.abi, object, size), BLOCKSTORE_STATUS_OK);
  assert_int_equal(open.abi.begin(&open.abi, 5), BLOCKSTORE_STATUS_OK);
  assert_int_equal(open.abi.write(&open.abi, "BSCRP", 5), BLOCKSTORE_STATUS_OK);
  assert_int_equal(bs_crypt_open_finish(&open), BLOCKSTORE_STATUS_OK);
  assert_int_equal(open.sound, 1);
  assert_int_equal(kept.values, 1);
  assert_memory_equal(kept.data, data, 100);
  bs_crypt_open_end(&open);

  seal(LONG); /* one of which something was shown may not be the last */
  kept.values = 0;
  assert_true(bs_crypt_open_begin(&open, &kept.abi, &keys, BS_CRYPT_MUTABLE, NULL));
  for (int i = 0; i < 2; i++) {
    assert_int_equal(open.abi.begin(&open.abi, size), BLOCKSTORE_STATUS_OK);
    assert_int_equal(open.abi.write(&open.abi, object, size), BLOCKSTORE_STATUS_OK);
    object[size - 1] ^= 1;
  }
  assert_int_equal(bs_crypt_open_finish(&open), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(kept.values, 2);
  bs_crypt_open_end(&open);
}

static void what_follows_a_fault_is_not_waited_out_for_ever(void **state) {
  static unsigned char nothing[1 << 16];
  struct bs_crypt_open open;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  int count = 0;

  (void)state;
  assert_true(bs_crypt_open_begin(&open, &kept.abi, &keys, BS_CRYPT_MUTABLE, NULL));
  for (; status == BLOCKSTORE_STATUS_OK && count < 1000; count++) status = open.abi.write(&open.abi, nothing, sizeof nothing);
  assert_int_equal(status, BLOCKSTORE_STATUS_FAILED);
  assert_in_range(count, 16, 18);
  bs_crypt_open_end(&open);
}

static void what_the_one_above_answers_is_handed_down(void **state) {
  (void)state;
  seal(LONG);
  for (unsigned patience = 0; patience < 4; patience++) {
    kept.answer = BLOCKSTORE_STATUS_TOO_LARGE;
    kept.patience = patience;
    assert_int_equal(open_object(NULL, size), BLOCKSTORE_STATUS_TOO_LARGE);
  }
}

static void a_url_may_end_with_a_name(void **state) {
  static const char *const others[] = {
      "file:///x/e-5d18981f3a2a14d86ff5e857e3b60295cdce077e066315f083a7ec6f3764124",
      "file:///x/e-5d18981f3a2a14d86ff5e857e3b60295cdce077e066315f083a7ec6f376412444",
      "file:///x/E-5d18981f3a2a14d86ff5e857e3b60295cdce077e066315f083a7ec6f37641244",
      "file:///x/e-5D18981f3a2a14d86ff5e857e3b60295cdce077e066315f083a7ec6f37641244",
      "file:///x/5d18981f3a2a14d86ff5e857e3b60295cdce077e066315f083a7ec6f37641244",
      "e-5d18981f3a2a14d86ff5e857e3b60295cdce077e066315f083a7ec6f37641244", "file:///x/", ""};
  unsigned char name[BS_CRYPT_NAME_SIZE], expected[BS_CRYPT_NAME_SIZE];

  (void)state;
  assert_true(bs_crypt_name(expected, &keys.all[0], BS_CRYPT_MUTABLE, ID));
  assert_true(bs_crypt_name_of_url(name, "file:///x/e-5d18981f3a2a14d86ff5e857e3b60295cdce077e066315f083a7ec6f37641244"));
  assert_memory_equal(name, expected, sizeof name);
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) assert_false(bs_crypt_name_of_url(name, others[i]));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(names_are_those_of_the_other_implementation),
      TEST(objects_are_those_of_the_other_implementation),
      TEST(sizes_are_padded),
      TEST(any_part_can_be_read_at_any_time),
      TEST(objects_arrive_in_any_pieces),
      TEST(no_byte_may_change),
      TEST(no_byte_may_be_missing_or_too_many),
      TEST(chunks_stay_where_they_are),
      TEST(objects_are_not_exchanged),
      TEST(the_salt_depends_on_all_that_is_encrypted),
      TEST(only_one_form_is_right),
      TEST(what_is_no_object_is_told_apart),
      TEST(several_values_are_several),
      TEST(what_follows_a_fault_is_not_waited_out_for_ever),
      TEST(what_the_one_above_answers_is_handed_down),
      TEST(a_url_may_end_with_a_name),
  };

  return RUN_TESTS(tests);
}
