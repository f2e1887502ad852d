/* SPDX-License-Identifier: MIT */
/* Key files of the filter encrypt: what they may hold, and whose they must be. */
#include <config.h>

#include <sys/stat.h>

#include "t/lib/driver-host.h"

#define NEEDED(condition) assert_true(condition)
#include "t/lib/encrypt.h"

static struct bs_crypt_keys keys;

static const char *parse(const char *text, unsigned *ret_line) {
  return bs_crypt_keys_parse(&keys, ret_line, text, strlen(text));
}

/* The id: printf 'blockstore-encrypt-1 key id' | openssl dgst -sha256 -mac HMAC -macopt hexkey:MASTER */
static void keys_stand_on_lines(void **state) {
  static const unsigned char id[] = {0x35, 0xc3, 0xdb, 0x03, 0x90, 0xfe, 0xef, 0xcf};
  static const char *const texts[] = {MASTER, MASTER "\n", "# made in May\n\n" MASTER " # the first\r\n", "\t " MASTER "\t\n#",
                                      "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\n"};
  unsigned line;

  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    assert_null(parse(texts[i], &line));
    assert_int_equal(keys.count, 1);
    assert_memory_equal(keys.all[0].id, id, sizeof id);
  }
  assert_null(parse(OTHER_MASTER "\n" MASTER "\n", &line));
  assert_int_equal(keys.count, 2);
  assert_ptr_equal(bs_crypt_keys_find(&keys, id), &keys.all[1]);
  bs_crypt_keys_wipe(&keys);
  assert_null(bs_crypt_keys_find(&keys, id));
}

static void what_is_no_key_is_told(void **state) {
  static const struct {
    const char *text, *fault;
    unsigned line;
  } bad[] = {
      {"", "no key", 0},
      {"\n# " MASTER "\n", "no key", 0},
      {MASTER "\n" MASTER "0\n", "64 hexadecimal digits", 2},
      {MASTER "\n000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1\n", "64 hexadecimal digits", 2},
      {"g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "64 hexadecimal digits", 1},
      {MASTER " " OTHER_MASTER, "64 hexadecimal digits", 1},
      {MASTER "\n\n" MASTER "\n", "twice", 3},
  };
  unsigned line;

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const char *fault = parse(bad[i].text, &line);

    assert_non_null(fault);
    if (strstr(fault, bad[i].fault) == NULL) fail_msg("%s: %s", bad[i].text, fault);
    assert_int_equal(line, bad[i].line);
    assert_int_equal(keys.count, 0);
  }
}

static void sixteen_keys_are_the_most(void **state) {
  char text[17 * 65 + 1] = "";
  unsigned line;

  (void)state;
  for (unsigned i = 0; i < 17; i++) snprintf(text + (size_t)65 * i, 66, "%064x\n", i + 1);
  assert_int_equal(bs_crypt_keys_parse(&keys, &line, text, (size_t)16 * 65) == NULL, 1);
  assert_int_equal(keys.count, 16);
  assert_non_null(bs_crypt_keys_parse(&keys, &line, text, (size_t)17 * 65));
  assert_int_equal(line, 17);
}

static void write_file(const char *path, const char *text, size_t length, mode_t mode) {
  FILE *file = fopen(path, "w");

  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, length, file), length);
  fclose(file);
  assert_int_equal(chmod(path, mode), 0);
}

static void assert_answer(const char *path, enum blockstore_status status, const char *text) {
  struct host_call call;

  host_call_init(&call);
  assert_int_equal(bs_crypt_keys_read(&keys, &call.call, path), status);
  if (strstr(call.sentence, text) == NULL) fail_msg("%s: %s", path, call.sentence);
}

static void the_file_is_the_users_alone(void **state) {
  static const mode_t modes[] = {0640, 0604, 0660, 0602, 0610, 0777};
  char *directory = host_directory(), *path = host_path("%s/key", directory), *fifo = host_path("%s/fifo", directory);
  static char long_text[BS_CRYPT_FILE_MOST + 1];

  (void)state;
  assert_answer(path, BLOCKSTORE_STATUS_FAILED, "/key: The key file cannot be opened: No such file");
  assert_answer(directory, BLOCKSTORE_STATUS_DENIED, "A key file is a regular file");
  assert_int_equal(mkfifo(fifo, 0600), 0);
  assert_answer(fifo, BLOCKSTORE_STATUS_DENIED, "A key file is a regular file");
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
    write_file(path, MASTER "\n", 65, modes[i]);
    assert_answer(path, BLOCKSTORE_STATUS_DENIED, "; run: chmod 600 ");
  }
  write_file(path, MASTER "\n", 65, 0400);
  assert_answer(path, BLOCKSTORE_STATUS_OK, "");
  assert_int_equal(keys.count, 1);
  assert_int_equal(chmod(path, 0600), 0);
  write_file(path, "secret\n", 7, 0600);
  assert_answer(path, BLOCKSTORE_STATUS_FAILED, "/key:1: a key of 64 hexadecimal digits was expected, as \"openssl");
  write_file(path, "", 0, 0600);
  assert_answer(path, BLOCKSTORE_STATUS_FAILED, "/key: there is no key in it.");
  memset(long_text, '\n', sizeof long_text);
  write_file(path, long_text, sizeof long_text, 0600);
  assert_answer(path, BLOCKSTORE_STATUS_FAILED, "No key file has more than 16384 bytes");
  if (is_root()) {
    write_file(path, MASTER "\n", 65, 0600);
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_answer(path, BLOCKSTORE_STATUS_DENIED, "belongs to user 65534; it must be your own");
  }
  host_directory_remove(directory);
  free(fifo);
  free(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_stand_on_lines),
      cmocka_unit_test(what_is_no_key_is_told),
      cmocka_unit_test(sixteen_keys_are_the_most),
      cmocka_unit_test(the_file_is_the_users_alone),
  };

  return RUN_TESTS(tests);
}
