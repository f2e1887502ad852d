/* SPDX-License-Identifier: MIT */
/* Private keys, base58check and addresses by their vectors, in both directions. */
#include <config.h>

#include <unistd.h>

#include "core/base/file.h"
#include "core/crypto/base58check.h"
#include "core/crypto/key.h"
#include "t/lib/vectors.h"

static void free_key(struct bs_key **key) {
  bs_key_free(*key);
}

static char directory[] = "/tmp/blockstore-key-vectors-XXXXXX";

/* Keys are written into files only: one line of WIF. */
static void write_again(const struct vector *vector, const struct bs_key *key) {
  bool is_test = strcmp(vector_text(vector, "network"), "test") == 0;
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  char path[64];

  snprintf(path, sizeof path, "%s/key", directory);
  assert_ok(bs_key_to_file(key, path, is_test ? BS_NETWORK_TEST : BS_NETWORK_MAIN, &error));
  assert_ok(bs_file_read(&text, path, 100, &error));
  unlink(path);
  assert_true(text.length > 0 && text.bytes[text.length - 1] == '\n');
  text.length--;
  vector_is_text(vector, "canonical", bs_buffer_string(&text));
}

static bool reads_private_key(const struct vector *vector) {
  size_t length;
  unsigned char *text BS_AUTO_FREE = vector_input(vector, &length);
  struct bs_error error = {0};
  char address[BS_ADDRESS_TEXT];
  struct bs_key *key BS_AUTO(free_key) = NULL;

  if (!bs_key_from_text(&key, (char *)text, length, &error)) {
    assert_null(key);
    assert_int_equal(error.word, BS_WORD_key);
    return false;
  }
  vector_is(vector, "publicKey", bs_key_public(key)->bytes, bs_key_public(key)->length);
  bs_key_address(address, key, BS_NETWORK_MAIN);
  vector_is_text(vector, "address", address);
  if (vector->is_valid) write_again(vector, key);
  return true;
}

static bool reads_base58check(const struct vector *vector) {
  size_t length, read_length = 99;
  unsigned char *text BS_AUTO_FREE = vector_input(vector, &length);
  unsigned char payload[BS_BASE58CHECK_MAX];
  char again[BS_BASE58_TEXT_MAX];

  if (!bs_base58check_decode(payload, &read_length, (char *)text, length)) {
    assert_int_equal(read_length, 99);
    return false;
  }
  vector_is(vector, "bytes", payload, read_length);
  bs_base58check_encode(again, payload, read_length);
  vector_is_text(vector, "text", again);
  return true;
}

/* A group of one version is as a name's owner is read; one without, as an address of any kind. */
static bool reads_address(const struct vector *vector) {
  const cJSON *expected = cJSON_GetObjectItemCaseSensitive(vector->group, "version");
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  size_t length;
  unsigned char *bytes BS_AUTO_FREE = vector_input(vector, &length);
  unsigned char version = 9, hash[BS_HASH160_SIZE];
  char again[BS_ADDRESS_TEXT];

  assert_null(memchr(bytes, 0, length)); /* it is a string */
  bs_buffer_add(&text, bytes, length);
  if (!bs_address_decode(&version, hash, bs_buffer_string(&text))) {
    assert_int_equal(version, 9);
    return false;
  }
  if (expected != NULL && version != expected->valueint) return false;
  assert_true(!vector->is_valid || version == vector_find(vector, "version")->valueint);
  vector_is(vector, "hash", hash, sizeof hash);
  bs_address_encode(again, version, hash);
  vector_is_text(vector, "text", again);
  return true;
}

static void private_keys(void **state) {
  const struct vector_kind kinds[] = {{"PrivateKey", reads_private_key}};

  (void)state;
  vectors_run("encoding/private-key.json", kinds, 1);
}

static void addresses(void **state) {
  const struct vector_kind kinds[] = {{"Base58Check", reads_base58check}, {"Address", reads_address}};

  (void)state;
  vectors_run("encoding/address.json", kinds, 2);
}

static int enter(void **state) {
  (void)state;
  return mkdtemp(directory) == NULL ? -1 : 0;
}

static int leave(void **state) {
  (void)state;
  return rmdir(directory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(private_keys),
      cmocka_unit_test(addresses),
  };

  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests_name(__FILE__, tests, enter, leave);
}
