/* SPDX-License-Identifier: MIT */
/* Private keys in all the forms they come in, and the addresses of public keys. */
#include <config.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/codec/hex.h"
#include "core/crypto/base58check.h"
#include "core/crypto/key.h"
#include "t/lib/derive.h"
#include "t/lib/unit.h"

#define SECRET "6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336ef"
#define WIF "5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj9"
#define ADDRESS "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4"
#define PUBLIC                                                                                                         \
  "04d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"                                                 \
  "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb"

static struct bs_error error;
static char directory[] = "/tmp/blockstore-key-XXXXXX";
static char path[64];

static bool from_text(struct bs_key **key, const char *text) {
  return bs_key_from_text(key, text, strlen(text), &error);
}

static void assert_address(const char *text, enum bs_network network, const char *expected) {
  struct bs_key *key = NULL;
  char address[BS_ADDRESS_TEXT];

  assert_ok(from_text(&key, text));
  bs_key_address(address, key, network);
  assert_string_equal(address, expected);
  bs_key_free(key);
}

static void keys_of_2015_have_their_addresses(void **state) {
  static const struct {
    const char *text, *address;
  } keys[] = {
      {WIF, ADDRESS},
      {"5KHqsiU9qa77frZb6hQy9ocV7Sus9RWJcQGYYBJJBb2Efj1o77e", "1HmKpCXiK4ExFbdTG1Y38jcrtx9KPkgYKX"},
      {"5Kg5kJbQHvk1B64rJniEmgbD83FpZpbw2RjdAZEzTefs9ihN3Bz", "1BKufFedDrueBBFBXtiATB2PSdsBGZxf3N"},
      {"5JuVsoS9NauksSkqEjbUZxWwgGDQbMwPsEfoRBSpLpgDX1RtLX7", "1PYu4vKB3g2QLDFdurxqYSJ9aJSed7tne1"},
      {"5KEpiSRr1BrT8vRD7LKGCEmudokTh1iMHbiThMQpLdwBwhDJB1T", "1ARVjrtKnUVWt2GNrpuFLnNCL2WGUhKdkW"},
      {SECRET, ADDRESS},
      {"6E50431B955FE73F079469B24F06480AEE44E4519282686433195B3C4B5336EF", ADDRESS},
      {"\n\t " SECRET "\r\n", ADDRESS},
      {SECRET "01", "1BaqZJqwt2dcdxt6oa3mwSK4DiEyfXCgnZ"},
      {"Kzv9RFa5fckLVWHcscMcHWcGK26cUx2H6BiCpkuT3B8MEBPNRvPH", "1BaqZJqwt2dcdxt6oa3mwSK4DiEyfXCgnZ"},
      {"b1e99324505bd32da0e1f85dcf5e19a09db0481e8a15f62c41eb320304a8e92701", "1CJfyxeAkiEuhW3HW4DDFfkozceBtR3FtA"},
      {"0000000000000000000000000000000000000000000000000000000000000001", "1EHNa6Q4Jz2uvNExL497mE43ikXhwF6kZm"},
      {"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036414001", "1GrLCmVQXoyJXaPJQdqssNqwxvha1eUo2E"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    assert_address(keys[i].text, BS_NETWORK_MAIN, keys[i].address);
}

static void keys_of_the_test_network_are_read(void **state) {
  (void)state;
  /* The secret 1, as WIF of the test network. */
  assert_address("cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA", BS_NETWORK_TEST,
                 "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r");
}

static void assert_refused(const char *text, const char *reason) {
  struct bs_key *key = NULL;

  assert_fails(from_text(&key, text), BS_WORD_key, reason);
  assert_null(key);
}

static void assert_wif_refused(const unsigned char *payload, size_t length, const char *reason) {
  char text[BS_BASE58_TEXT_MAX];

  bs_base58check_encode(text, payload, length);
  assert_refused(text, reason);
}

static void what_is_no_key_is_refused_with_the_reason(void **state) {
  (void)state;
  assert_refused("", "has 0 characters");
  assert_refused(" \n", "has 0 characters");
  assert_refused("x", "has 1 characters");
  assert_refused("6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336e", "has 63 characters");
  assert_refused(SECRET "0", "has 65 characters");
  assert_refused(SECRET "0101", "has 68 characters");
  assert_refused("0x" SECRET, "not all hexadecimal");
  assert_refused("6e50431b955fe73f079469b24f06480 ee44e4519282686433195b3c4b5336ef", "not all hexadecimal");
  assert_refused("6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336eg", "not all hexadecimal");
  assert_refused(SECRET "0g", "not all hexadecimal");
  assert_refused(SECRET "00", "last two must be 01");
  assert_refused(SECRET "10", "last two must be 01");
}

static void secrets_out_of_range_are_refused(void **state) {
  unsigned char payload[33] = {0x80};

  (void)state;
  assert_refused("0000000000000000000000000000000000000000000000000000000000000000", "is zero");
  assert_refused("000000000000000000000000000000000000000000000000000000000000000001", "is zero");
  assert_wif_refused(payload, sizeof payload, "is zero");
  assert_refused("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "is too large");
  assert_refused("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff01", "is too large");
  memset(payload + 1, 0xff, 32);
  assert_wif_refused(payload, sizeof payload, "is too large");
}

static void broken_wif_is_refused(void **state) {
  unsigned char payload[34] = {0x80, 1, 2, 3};
  char text[] = WIF;

  (void)state;
  assert_refused("5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNjA", "not its checksum");
  assert_refused("5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj0", "not its checksum");
  assert_refused("5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj91", "not its checksum");
  for (size_t i = 0; i < strlen(WIF); i++) {
    text[i] = text[i] == '5' ? '6' : '5';
    assert_refused(text, "not its checksum");
    text[i] = WIF[i];
  }
  payload[33] = 2;
  assert_wif_refused(payload, 34, "WIF of another kind");
  payload[33] = 0;
  assert_wif_refused(payload, 34, "WIF of another kind");
  payload[33] = 1;
  payload[0] = 0x81;
  assert_wif_refused(payload, 34, "version 129; 128 (main) or 239 (test) is expected");
  payload[0] = 0xb0;
  assert_wif_refused(payload, 33, "version 176");
}

/* Whatever is wrong with a key, an error message must not give it away. */
static void messages_never_quote_a_key(void **state) {
  static const char *const texts[] = {SECRET "zz", "zz" SECRET, SECRET SECRET, WIF "1",
                                      "fffffffffffffffffffffffffffffffff" SECRET};
  struct bs_key *key = NULL;

  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    for (size_t length = 0; length <= strlen(texts[i]); length++) {
      if (bs_key_from_text(&key, texts[i], length, &error)) {
        bs_key_free(key);
        continue;
      }
      assert_null(strstr(error.message, "6e50"));
      assert_null(strstr(error.message, "5Jes"));
    }
}

static void a_copy_is_independent(void **state) {
  struct bs_key *key = NULL, *copy = NULL;
  char address[BS_ADDRESS_TEXT];

  (void)state;
  assert_ok(from_text(&key, WIF));
  assert_ok(bs_key_copy(&copy, key, &error));
  bs_key_free(key);
  bs_key_address(address, copy, BS_NETWORK_MAIN);
  assert_string_equal(address, ADDRESS);
  bs_key_free(copy);
  bs_key_free(NULL);
}

static void generated_keys_differ_and_are_compressed(void **state) {
  struct bs_key *one = NULL, *two = NULL;

  (void)state;
  assert_ok(bs_key_generate(&one, &error));
  assert_ok(bs_key_generate(&two, &error));
  assert_int_equal(bs_key_public(one)->length, 33);
  assert_memory_not_equal(bs_key_public(one)->bytes, bs_key_public(two)->bytes, 33);
  bs_key_free(one);
  bs_key_free(two);
}

static void a_process_with_a_key_is_not_dumpable(void **state) {
  struct bs_key *key = NULL;

  (void)state;
  assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
  assert_ok(from_text(&key, WIF));
  assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
  bs_key_free(key);
  assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
  assert_false(from_text(&key, WIF "x")); /* a key with a slip is still a secret */
  assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
  assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
  assert_ok(bs_key_generate(&key, &error));
  assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
  bs_key_free(key);
}

static void write_file(const char *text, mode_t mode) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

  assert_true(fd >= 0 && bs_file_write_all(fd, text, strlen(text)) && fchmod(fd, mode) == 0 && close(fd) == 0);
}

static int remove_file(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

static void keys_are_written_and_read_again(void **state) {
  static const char *const texts[] = {SECRET, SECRET "01"};

  (void)state;
  for (int network = BS_NETWORK_MAIN; network <= BS_NETWORK_TEST; network++)
    for (size_t i = 0; i < 2; i++) {
      struct bs_key *key = NULL, *back = NULL;
      struct stat status;

      assert_ok(from_text(&key, texts[i]));
      assert_ok(bs_key_to_file(key, path, (enum bs_network)network, &error));
      assert_int_equal(stat(path, &status), 0);
      assert_int_equal(status.st_mode & 07777, 0600);
      assert_ok(bs_key_from_file(&back, path, &error));
      assert_int_equal(bs_key_public(back)->length, bs_key_public(key)->length);
      assert_memory_equal(bs_key_public(back)->bytes, bs_key_public(key)->bytes, bs_key_public(key)->length);
      bs_key_free(key);
      bs_key_free(back);
      unlink(path);
    }
}

static void a_key_file_is_one_line_of_wif(void **state) {
  static const struct {
    const char *text, *line;
    enum bs_network network;
  } files[] = {
      {SECRET, WIF "\n", BS_NETWORK_MAIN},
      {SECRET "01", "Kzv9RFa5fckLVWHcscMcHWcGK26cUx2H6BiCpkuT3B8MEBPNRvPH\n", BS_NETWORK_MAIN},
      {"000000000000000000000000000000000000000000000000000000000000000101",
       "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA\n", BS_NETWORK_TEST},
  };

  (void)state;
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    struct bs_buffer text = BS_BUFFER_INIT;
    struct bs_key *key = NULL;

    assert_ok(from_text(&key, files[i].text));
    assert_ok(bs_key_to_file(key, path, files[i].network, &error));
    assert_ok(bs_file_read(&text, path, 100, &error));
    assert_string_equal(bs_buffer_string(&text), files[i].line);
    unlink(path);
    bs_buffer_free(&text);
    bs_key_free(key);
  }
}

static void a_file_that_exists_is_never_overwritten(void **state) {
  struct bs_key *key = NULL;
  struct bs_buffer text = BS_BUFFER_INIT;

  (void)state;
  write_file("precious", 0600);
  assert_ok(from_text(&key, WIF));
  assert_fails(bs_key_to_file(key, path, BS_NETWORK_MAIN, &error), BS_WORD_conflict, path);
  assert_ok(bs_file_read(&text, path, 100, &error));
  assert_string_equal(bs_buffer_string(&text), "precious");
  bs_buffer_free(&text);
  bs_key_free(key);
}

static void files_that_others_can_read_are_refused(void **state) {
  static const mode_t modes[] = {0604, 0640, 0660, 0606};
  struct bs_key *key = NULL;

  (void)state;
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
    write_file(WIF, modes[i]);
    assert_fails(bs_key_from_file(&key, path, &error), BS_WORD_denied, "chmod 600");
    assert_null(key);
    unlink(path);
  }
}

static void files_without_a_key_are_refused_by_name(void **state) {
  char long_text[2000];
  struct bs_key *key = NULL;

  (void)state;
  assert_fails(bs_key_from_file(&key, path, &error), BS_WORD_not_found, path);
  write_file("", 0600);
  assert_fails(bs_key_from_file(&key, path, &error), BS_WORD_key, path);
  unlink(path);
  write_file(WIF "\n" WIF "\n", 0600);
  assert_fails(bs_key_from_file(&key, path, &error), BS_WORD_key, path);
  unlink(path);
  memset(long_text, ' ', sizeof long_text - 1);
  long_text[sizeof long_text - 1] = '\0';
  write_file(long_text, 0600);
  assert_fails(bs_key_from_file(&key, path, &error), BS_WORD_too_large, path);
  assert_fails(bs_key_from_file(&key, directory, &error), BS_WORD_denied, "regular file");
  assert_null(key);
}

static void parse_hex(struct bs_public_key *key, const char *hex) {
  unsigned char bytes[BS_PUBLIC_KEY_MAX];
  size_t length = strlen(hex) / 2;

  assert_true(bs_hex_decode(bytes, length, hex));
  assert_true(bs_public_key_parse(key, bytes, length));
}

static void public_keys_have_the_addresses_seen_on_the_chain(void **state) {
  static const struct {
    const char *key, *address;
  } seen[] = {
      {"035ef035c6420846a30d17471f4baba51a1b624be6be0ba9e805614074dbbbbeb5", "1EEEhLT4hwE8PS5QT21kd4v2JTwkJUvu2y"},
      {"0411d88aa37a0eea476a5b63ca4b1cd392ded830865824c27dacef6bde9f9bc53fa13a0926533ef4d20397207e212c2086cbe13db5470fd2961"
       "6abd35326d33090",
       "16firc3qZU97D1pWkyL6ZYwPX5UVnWc82V"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
    struct bs_public_key key;
    unsigned char hash[BS_HASH160_SIZE];
    char address[BS_ADDRESS_TEXT];

    parse_hex(&key, seen[i].key);
    bs_public_key_hash(hash, &key);
    bs_address_encode(address, bs_address_version(BS_NETWORK_MAIN), hash);
    assert_string_equal(address, seen[i].address);
  }
}

/* Seen on Bitcoin's main network: the key that opened the namespace id, and the address that imported jfperez.id. */
static void a_public_key_has_children(void **state) {
  static const char root[] =
      "0411d88aa37a0eea476a5b63ca4b1cd392ded830865824c27dacef6bde9f9bc53f"
      "a13a0926533ef4d20397207e212c2086cbe13db5470fd29616abd35326d33090";
  struct bs_public_key parent, compressed, child, again;
  unsigned char bytes[65], hash[20];
  char address[BS_ADDRESS_TEXT];

  (void)state;
  assert_true(bs_hex_decode(bytes, sizeof bytes, root));
  assert_true(bs_public_key_parse(&parent, bytes, sizeof bytes));
  assert_true(derive(&child, &parent, 82));
  bs_public_key_hash(hash, &child);
  bs_address_encode(address, 0, hash);
  assert_string_equal(address, "1EEEhLT4hwE8PS5QT21kd4v2JTwkJUvu2y");
  assert_true(bs_public_key_compress(&compressed, &parent));
  assert_true(derive(&again, &compressed, 82));
  assert_memory_equal(again.bytes, child.bytes, 33);
  assert_false(derive(&child, &parent, UINT32_C(0x80000000))); /* hardened: for private keys only */
  parent = (struct bs_public_key){.length = 33};
  assert_false(derive(&child, &parent, 0));
}

static void compressing_gives_the_key_of_the_same_point(void **state) {
  struct bs_public_key whole, compressed, again;
  char hex[67];

  (void)state;
  parse_hex(&whole, PUBLIC);
  assert_true(bs_public_key_compress(&compressed, &whole));
  assert_int_equal(compressed.length, 33);
  bs_hex_encode(hex, compressed.bytes, 33);
  assert_string_equal(hex, "03d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3");
  assert_true(bs_public_key_compress(&again, &compressed));
  assert_memory_equal(again.bytes, compressed.bytes, 33);
  whole.bytes[64] ^= 1;
  whole.is_parsed = false;
  assert_false(bs_public_key_compress(&again, &whole));
}

static void what_is_no_public_key_is_refused(void **state) {
  struct bs_public_key key;
  unsigned char bytes[BS_PUBLIC_KEY_MAX + 1] = {0}, good[BS_PUBLIC_KEY_MAX];

  (void)state;
  assert_true(bs_hex_decode(good, sizeof good, PUBLIC));
  memcpy(bytes, good, sizeof good);
  for (size_t length = 0; length <= sizeof bytes; length++)
    if (length != 65) assert_false(bs_public_key_parse(&key, bytes, length));
  for (unsigned first = 0; first <= 255; first++) { /* 06 and 07 are the hybrid form */
    bytes[0] = (unsigned char)first;
    if (first != 4) assert_false(bs_public_key_parse(&key, bytes, 65));
    if (first != 2 && first != 3) assert_false(bs_public_key_parse(&key, bytes, 33));
  }
  memcpy(bytes, good, sizeof good);
  bytes[40] ^= 1; /* beside the curve */
  assert_false(bs_public_key_parse(&key, bytes, 65));
  memset(bytes + 1, 0xff, 32); /* beyond the field */
  bytes[0] = 2;
  assert_false(bs_public_key_parse(&key, bytes, 33));
  memset(bytes + 1, 0, 64); /* infinity has no form */
  bytes[0] = 4;
  assert_false(bs_public_key_parse(&key, bytes, 65));
}

static void addresses_go_there_and_back(void **state) {
  static const struct {
    unsigned char version;
    const char *address;
  } zero[] = {{0, "1111111111111111111114oLvT2"},
              {5, "31h1vYVSYuKP6AhS86fbRdMw9XHieotbST"},
              {111, "mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8"},
              {196, "2MsFDzHRUAMpjHxKyoEHU3aMCMsVtMqs1PV"}};
  unsigned char hash[BS_HASH160_SIZE], version, nothing[BS_HASH160_SIZE] = {0};
  char address[BS_ADDRESS_TEXT];

  (void)state;
  for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++) {
    bs_address_encode(address, zero[i].version, nothing);
    assert_string_equal(address, zero[i].address);
    memset(hash, 1, sizeof hash);
    assert_true(bs_address_decode(&version, hash, address));
    assert_int_equal(version, zero[i].version);
    assert_memory_equal(hash, nothing, sizeof hash);
  }
  assert_int_equal(bs_address_version(BS_NETWORK_MAIN), 0);
  assert_int_equal(bs_address_version(BS_NETWORK_TEST), 111);
}

static void random_bytes_come_in_any_number(void **state) {
  static unsigned char one[100000], two[100000];

  (void)state;
  assert_ok(bs_random(one, 0, &error));
  assert_ok(bs_random(one, sizeof one, &error));
  assert_ok(bs_random(two, sizeof two, &error));
  assert_memory_not_equal(one, two, 32);
  assert_memory_not_equal(one + sizeof one - 32, two + sizeof two - 32, 32);
  bs_wipe(one, sizeof one);
  for (size_t i = 0; i < sizeof one; i++) assert_int_equal(one[i], 0);
}

static int enter(void **state) {
  (void)state;
  if (mkdtemp(directory) == NULL) return -1;
  snprintf(path, sizeof path, "%s/key", directory);
  return 0;
}

static int leave(void **state) {
  (void)state;
  return rmdir(directory); /* fails when anything was left in it: a temporary file with a key, say */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_of_2015_have_their_addresses),
      cmocka_unit_test(keys_of_the_test_network_are_read),
      cmocka_unit_test(what_is_no_key_is_refused_with_the_reason),
      cmocka_unit_test(secrets_out_of_range_are_refused),
      cmocka_unit_test(broken_wif_is_refused),
      cmocka_unit_test(messages_never_quote_a_key),
      cmocka_unit_test(a_copy_is_independent),
      cmocka_unit_test(generated_keys_differ_and_are_compressed),
      cmocka_unit_test(a_public_key_has_children),
      cmocka_unit_test(a_process_with_a_key_is_not_dumpable),
      cmocka_unit_test_teardown(keys_are_written_and_read_again, remove_file),
      cmocka_unit_test_teardown(a_key_file_is_one_line_of_wif, remove_file),
      cmocka_unit_test_teardown(a_file_that_exists_is_never_overwritten, remove_file),
      cmocka_unit_test_teardown(files_that_others_can_read_are_refused, remove_file),
      cmocka_unit_test_teardown(files_without_a_key_are_refused_by_name, remove_file),
      cmocka_unit_test(public_keys_have_the_addresses_seen_on_the_chain),
      cmocka_unit_test(compressing_gives_the_key_of_the_same_point),
      cmocka_unit_test(what_is_no_public_key_is_refused),
      cmocka_unit_test(addresses_go_there_and_back),
      cmocka_unit_test(random_bytes_come_in_any_number),
  };

  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests_name(__FILE__, tests, enter, leave);
}
