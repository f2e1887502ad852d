/* SPDX-License-Identifier: MIT */
/* The keys that may import into a namespace have the addresses in t/vectors/import-keys.txt. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/crypto/key.h"
#include "t/lib/derive.h"
#include "t/lib/unit.h"

static void compare_address(const struct bs_public_key *key, const char *expected) {
  unsigned char hash[BS_HASH160_SIZE];
  char address[BS_ADDRESS_TEXT];

  bs_public_key_hash(hash, key);
  bs_address_encode(address, 0, hash);
  assert_string_equal(address, expected);
}

static void read_key(struct bs_public_key *key, const char *hex, const char *address) {
  unsigned char bytes[BS_PUBLIC_KEY_MAX];
  size_t length = strlen(hex) / 2;

  assert_true(length <= sizeof bytes && bs_hex_decode(bytes, length, hex));
  assert_true(bs_public_key_parse(key, bytes, length));
  compare_address(key, address);
}

static void children_have_the_recorded_addresses(void **state) {
  const char *srcdir = getenv("srcdir");
  char *path BS_AUTO_FREE = NULL, line[300], word[8], what[140], address[BS_ADDRESS_TEXT];
  struct bs_public_key key, child;
  size_t count = 0;
  FILE *file;

  (void)state;
  assert_true(asprintf(&path, "%s/t/vectors/import-keys.txt", srcdir == NULL ? "." : srcdir) > 0);
  file = fopen(path, "re");
  assert_non_null(file);
  while (fgets(line, sizeof line, file) != NULL) {
    if (line[0] == '#') continue;
    assert_int_equal(sscanf(line, "%7s %139s %39s", word, what, address), 3);
    if (strcmp(word, "key") == 0) {
      read_key(&key, what, address);
    } else {
      assert_true(derive(&child, &key, (uint32_t)strtoul(what, NULL, 10)));
      compare_address(&child, address);
      count++;
    }
  }
  fclose(file);
  assert_int_equal(count, 600);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(children_have_the_recorded_addresses)};

  return RUN_TESTS(tests);
}
