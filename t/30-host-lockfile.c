/* SPDX-License-Identifier: MIT */
/* The very bytes of a driver, and the lock that lists them. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/base64.h"
#include "core/codec/hex.h"
#include "core/driver/exact.h"
#include "core/driver/lockfile.h"
#include "core/driver/module.h"
#include "t/lib/plugins.h"

#define KEY_TEXT "0000000000000000000000000000000000000000000000000000000000000001" "01"
#define OTHER_KEY_TEXT "0000000000000000000000000000000000000000000000000000000000000002" "01"

static struct bs_error error;

/* assert_fails with the word driver, and by which rule; leaves the error. */
#define assert_refused(call, expected_rule, text)                                                                  \
  do {                                                                                                             \
    error = (struct bs_error){0};                                                                                  \
    if (call) fail_msg("%s: succeeded", #call);                                                                    \
    if (error.word != BS_WORD_driver || error.rule != (unsigned)(expected_rule) || strstr(error.message, text) == NULL)      \
      fail_msg("%s: word %s, rule %u: %s", #call, bs_word_text(error.word), error.rule, error.message);            \
  } while (0)

static void free_key(struct bs_key **key) {
  bs_key_free(*key);
}

static struct bs_key *key_of(const char *text) {
  struct bs_key *key = NULL;

  assert_ok(bs_key_from_text(&key, text, strlen(text), &error));
  return key;
}

/* Whose signature a lock of KEY_TEXT has. */
static void owner_of(unsigned char owner[BS_HASH160_SIZE], const char *text) {
  struct bs_key *key BS_AUTO(free_key) = key_of(text);

  bs_public_key_hash(owner, bs_key_public(key));
}

static struct bs_candidate *find(const char *place, const char *name) {
  struct bs_candidate *candidate = NULL;

  assert_ok(bs_catalog_find(&candidate, &place, 1, name, &error));
  return candidate;
}

/* Replaces FILE of the place by other bytes, in one step, as a package does. */
static void replace(const char *place, const char *file, const void *bytes, size_t length) {
  char *new BS_AUTO_FREE = path_in(place, "new"), *path BS_AUTO_FREE = path_in(place, file);

  write_file(place, "new", bytes, length);
  assert_int_equal(rename(new, path), 0);
}

/* ---- the bytes of one file ---- */

static void a_file_has_its_digest(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_candidate *candidate BS_AUTO_CANDIDATE = NULL;
  unsigned char expected[BS_SHA256_SIZE];
  char text[2 * BS_SHA256_SIZE + 1];

  copy_module(*state, "good", "good.so");
  read_module(&bytes, "good");
  bs_sha256(expected, bytes.bytes, bytes.length);
  candidate = find(*state, "good");
  assert_false(candidate->has_sha256);
  assert_ok(bs_exact_check(candidate, expected, &error));
  assert_memory_equal(candidate->sha256, expected, sizeof expected);
  expected[31] ^= 1;
  bs_hex_encode(text, expected, sizeof expected);
  assert_refused(bs_exact_check(candidate, expected, &error), BS_RULE_bytes, text);
  bs_hex_encode(text, candidate->sha256, sizeof expected);
  assert_non_null(strstr(error.message, text));
}

static void a_file_that_was_changed_after_it_was_vetted_is_refused(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_candidate *replaced BS_AUTO_CANDIDATE = NULL, *gone BS_AUTO_CANDIDATE = NULL, *linked BS_AUTO_CANDIDATE = NULL;
  char *path BS_AUTO_FREE = path_in(*state, "good.so"), *other BS_AUTO_FREE = path_in(*state, "other.so");

  copy_module(*state, "good", "good.so");
  read_module(&bytes, "good");
  replaced = find(*state, "good");
  replace(*state, "good.so", bytes.bytes, bytes.length);
  assert_fails(bs_exact_digest(replaced, &error), BS_WORD_driver, "was changed after it was vetted");
  linked = find(*state, "good");
  assert_int_equal(rename(path, other), 0);
  assert_int_equal(symlink(other, path), 0);
  assert_fails(bs_exact_digest(linked, &error), BS_WORD_driver, "is a symbolic link");
  assert_int_equal(unlink(path), 0);
  copy_module(*state, "good", "good.so");
  gone = find(*state, "good");
  assert_int_equal(unlink(path), 0);
  assert_fails(bs_exact_digest(gone, &error), BS_WORD_driver, "was changed after it was vetted");
}

static void what_is_built_in_has_no_file(void **state) {
  const struct bs_builtin builtin = {"good", NULL};
  struct bs_candidate candidate = {.builtin = &builtin, .name = (char[]){"good"}};

  (void)state;
  assert_fails(bs_exact_digest(&candidate, &error), BS_WORD_driver, "driver good is built into the program: it has no file");
}

/* ---- what was loaded before ---- */

static bool load_exactly(const char *place, const struct bs_module **ret_module) {
  struct bs_candidate *candidate BS_AUTO_CANDIDATE = find(place, "good");

  return bs_exact_digest(candidate, &error) && bs_module_load(ret_module, candidate, &error);
}

static void what_was_loaded_from_other_bytes_is_not_given_for_these(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_module *module = NULL, *again = NULL;
  struct bs_candidate *any BS_AUTO_CANDIDATE = NULL;

  copy_module(*state, "good", "good.so");
  read_module(&bytes, "good");
  assert_ok(load_exactly(*state, &module));
  replace(*state, "good.so", bytes.bytes, bytes.length);
  assert_ok(load_exactly(*state, &again)); /* another file of the same bytes */
  assert_ptr_equal(module, again);
  bs_buffer_text(&bytes, "more");
  replace(*state, "good.so", bytes.bytes, bytes.length);
  assert_refused(load_exactly(*state, &again), BS_RULE_bytes, "is not what is asked for: start it anew");
  any = find(*state, "good");
  assert_ok(bs_module_load(&again, any, &error)); /* who asks for no bytes has the old ones, as ever */
  assert_ptr_equal(module, again);
}

static void what_was_loaded_unseen_must_be_the_same_file(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_module *module = NULL, *again = NULL;
  struct bs_candidate *any BS_AUTO_CANDIDATE = NULL;

  copy_module(*state, "good", "good.so");
  read_module(&bytes, "good");
  any = find(*state, "good");
  assert_ok(bs_module_load(&module, any, &error));
  assert_ok(load_exactly(*state, &again));
  assert_ptr_equal(module, again);
  replace(*state, "good.so", bytes.bytes, bytes.length);
  assert_fails(load_exactly(*state, &again), BS_WORD_driver, "was replaced since this program loaded the driver");
}

/* ---- a lock ---- */

/* Of two drivers that there are not; signed by KEY_TEXT. */
static struct bs_lockfile *sample(void) {
  struct bs_key *key BS_AUTO(free_key) = key_of(KEY_TEXT);
  struct bs_lockfile *lock = NULL;

  assert_ok(bs_lockfile_new(&lock, &error));
  lock->drivers = calloc(2, sizeof *lock->drivers);
  lock->drivers[0] = (struct bs_locked){.name = "disk", .abi = "1.0", .version = strdup("0.1.0"), .size = 1234};
  lock->drivers[1] = (struct bs_locked){.name = "s3", .abi = "1.0", .version = strdup("1 \"a\" \xc3\xa9"), .size = 5678};
  memset(lock->drivers[1].sha256, 0xab, BS_SHA256_SIZE);
  lock->count = 2;
  assert_ok(bs_lockfile_sign(lock, key, &error));
  return lock;
}

static void write_sample(struct bs_buffer *bytes) {
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = sample();

  bs_lockfile_write(bytes, lock);
  assert_ok(bs_buffer_ok(bytes, &error));
}

static bool believes(const void *bytes, size_t length, const char *key) {
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = NULL;
  unsigned char owner[BS_HASH160_SIZE];

  owner_of(owner, key);
  return bs_lockfile_parse(&lock, bytes, length, &error) && bs_lockfile_verify(lock, owner, &error);
}

/* As lockfile.h says that it is, by hand. */
static void it_is_written_and_signed_as_it_says(void **state) {
  static const char before[] =
      "{\n    \"drivers\": [\n"
      "        {\n            \"abi\": \"1.0\",\n            \"file\": \"disk.so\",\n            \"name\": \"disk\",\n"
      "            \"sha256\": \"0000000000000000000000000000000000000000000000000000000000000000\",\n"
      "            \"size\": 1234,\n            \"version\": \"0.1.0\"\n        },\n"
      "        {\n            \"abi\": \"1.0\",\n            \"file\": \"s3.so\",\n            \"name\": \"s3\",\n"
      "            \"sha256\": \"abababababababababababababababababababababababababababababababab\",\n"
      "            \"size\": 5678,\n            \"version\": \"1 \\\"a\\\" \xc3\xa9\"\n        }\n"
      "    ],\n    \"format\": \"blockstore-drivers-lock-1\",\n";
  static const char after[] = "    \"signer\": \"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH\"\n}\n";
  struct bs_key *key BS_AUTO(free_key) = key_of(KEY_TEXT);
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT, p BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_buffer expected BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char digest[BS_SHA256_SIZE], sig[65];

  (void)state;
  bs_buffer_add(&p, "blockstore-drivers-lock-1", 26);
  bs_buffer_text(&p, before);
  bs_buffer_text(&p, after);
  bs_sha256(digest, p.bytes, p.length);
  assert_true(bs_sign_recoverable(sig, key, digest));
  bs_buffer_text(&expected, before);
  bs_buffer_text(&expected, "    \"sig\": \"");
  bs_base64_encode(&expected, sig + 1, 64);
  bs_buffer_text(&expected, "\",\n");
  bs_buffer_text(&expected, after);
  write_sample(&bytes);
  assert_string_equal(bs_buffer_string(&bytes), bs_buffer_string(&expected));
  assert_ok(believes(bytes.bytes, bytes.length, KEY_TEXT));
}

static void it_is_read_as_it_was_written(void **state) {
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = NULL;
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)state;
  write_sample(&bytes);
  assert_ok(bs_lockfile_parse(&lock, bytes.bytes, bytes.length, &error));
  assert_int_equal(lock->count, 2);
  assert_string_equal(bs_lockfile_find(lock, "s3")->version, "1 \"a\" \xc3\xa9");
  assert_int_equal(bs_lockfile_find(lock, "s3")->size, 5678);
  assert_string_equal(bs_lockfile_find(lock, "disk")->abi, "1.0");
  assert_null(bs_lockfile_find(lock, "dis"));
}

static void an_altered_byte_is_noticed_wherever_it_is(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  size_t length;

  (void)state;
  write_sample(&bytes);
  length = bytes.length;
  for (size_t i = 0; i < length; i++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      bytes.bytes[i] ^= (unsigned char)(1u << bit);
      if (believes(bytes.bytes, length, KEY_TEXT)) fail_msg("bit %u of byte %zu can be altered", bit, i);
      assert_int_equal(error.word, BS_WORD_driver);
      assert_int_equal(error.rule, BS_RULE_lock);
      bytes.bytes[i] ^= (unsigned char)(1u << bit);
    }
    if (believes(bytes.bytes, i, KEY_TEXT)) fail_msg("%zu bytes of it are taken", i);
  }
  bs_buffer_text(&bytes, "\n");
  assert_fails(believes(bytes.bytes, bytes.length, KEY_TEXT), BS_WORD_driver, "members or its spelling");
}

static void the_key_must_be_the_one_that_is_asked_for(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)state;
  write_sample(&bytes);
  assert_fails(believes(bytes.bytes, bytes.length, OTHER_KEY_TEXT), BS_WORD_driver,
               "signed by 1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH, and not by 1cMh228HTCiwS8ZsaakH8A8wze1JR5ZsP");
}

/* Who signs as another is told for what he is. */
static void a_signer_that_it_does_not_have_is_refused(void **state) {
  struct bs_key *other BS_AUTO(free_key) = key_of(OTHER_KEY_TEXT);
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = sample();
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char signer[BS_ADDRESS_TEXT];

  (void)state;
  memcpy(signer, lock->signer, sizeof signer);
  assert_ok(bs_lockfile_sign(lock, other, &error));
  memcpy(lock->signer, signer, sizeof signer);
  bs_lockfile_write(&bytes, lock);
  assert_fails(believes(bytes.bytes, bytes.length, KEY_TEXT), BS_WORD_driver,
               "is not that of 1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH: somebody has changed the file");
}

static void what_was_signed_as_something_else_is_refused(void **state) {
  struct bs_key *key BS_AUTO(free_key) = key_of(KEY_TEXT);
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = sample();
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT, bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char digest[BS_SHA256_SIZE];
  char *sig;

  (void)state;
  write_sample(&text);
  sig = strstr((char *)(uintptr_t)bs_buffer_string(&text), "    \"sig\"");
  memmove(sig, strchr(sig, '\n') + 1, strlen(strchr(sig, '\n') + 1) + 1);
  bs_sha256(digest, text.bytes, strlen((char *)text.bytes)); /* the file itself, without its label */
  assert_true(bs_sign_recoverable(lock->sig, key, digest));
  bs_lockfile_write(&bytes, lock);
  assert_fails(believes(bytes.bytes, bytes.length, KEY_TEXT), BS_WORD_driver, "has changed the file");
}

static void what_is_no_lock_is_told(void **state) {
  static const struct {
    const char *text, *reason;
  } rows[] = {
      {"", "no lock of drivers: "},
      {"[]", "has no format"},
      {"{}", "has no format"},
      {"{\"format\": \"blockstore-drivers-lock-2\"}", "none that this Blockstore knows"},
      {"{\"format\": \"blockstore-drivers-lock-1\"}", "no list of drivers"},
      {"{\"format\": \"blockstore-drivers-lock-1\", \"drivers\": {}}", "no list of drivers"},
      {"{\"format\": \"blockstore-drivers-lock-1\", \"drivers\": []}", "is not signed"},
      {"{\"format\": \"blockstore-drivers-lock-1\", \"drivers\": [], \"sig\": \"AAAA\"}", "is not signed"},
      {"{\"format\": \"blockstore-drivers-lock-1\", \"drivers\": [1]}", "has not all that it should have"},
      {"{\"format\": \"blockstore-drivers-lock-1\", \"drivers\": [[[[[[]]]]]]}", "no lock of drivers: "},
  };
  struct bs_lockfile *lock = NULL;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_refused(bs_lockfile_parse(&lock, rows[i].text, strlen(rows[i].text), &error), BS_RULE_lock, rows[i].reason);
  }
  assert_null(lock);
}

/* A driver twice, or out of its place, would have two answers. */
static void each_driver_stands_once_in_its_place(void **state) {
  struct bs_key *key BS_AUTO(free_key) = key_of(KEY_TEXT);
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = sample();

  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;

    memcpy(lock->drivers[1].name, i == 0 ? "disk" : "aaaa", 5);
    assert_ok(bs_lockfile_sign(lock, key, &error));
    bs_lockfile_write(&bytes, lock);
    assert_fails(believes(bytes.bytes, bytes.length, KEY_TEXT), BS_WORD_driver, "in the order of their names, each once");
  }
}

/* ---- a lock and files ---- */

static void a_lock_admits_what_it_lists(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_candidate *good BS_AUTO_CANDIDATE = NULL, *other BS_AUTO_CANDIDATE = NULL, *changed BS_AUTO_CANDIDATE = NULL;
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = NULL;

  copy_module(*state, "good", "good.so");
  copy_module(*state, "exporting", "exporting.so");
  good = find(*state, "good");
  other = find(*state, "exporting");
  assert_ok(bs_lockfile_new(&lock, &error));
  assert_ok(bs_lockfile_add(lock, good, &error));
  assert_ok(bs_lockfile_add(lock, good, &error));
  assert_int_equal(lock->count, 1);
  assert_ok(bs_lockfile_admits(lock, good, "the.lock", &error));
  assert_refused(bs_lockfile_admits(lock, other, "the.lock", &error), BS_RULE_lock,
                 "the.lock: The lock does not list the driver exporting");
  assert_ok(bs_lockfile_add(lock, other, &error));
  assert_string_equal(lock->drivers[0].name, "exporting");
  assert_ok(bs_lockfile_admits(lock, other, "the.lock", &error));
  read_module(&bytes, "good");
  bytes.bytes[bytes.length - 1] ^= 1;
  replace(*state, "good.so", bytes.bytes, bytes.length);
  changed = find(*state, "good");
  assert_refused(bs_lockfile_admits(lock, changed, "the.lock", &error), BS_RULE_bytes, "good.so: The file has the");
}

static void a_lock_is_read_from_its_file(void **state) {
  char *path BS_AUTO_FREE = path_in(*state, "drivers.lock");
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = NULL;
  unsigned char owner[BS_HASH160_SIZE], other[BS_HASH160_SIZE];

  owner_of(owner, KEY_TEXT);
  owner_of(other, OTHER_KEY_TEXT);
  assert_fails(bs_lockfile_read(&lock, path, owner, &error), BS_WORD_driver, "There is no such lock of drivers");
  write_sample(&bytes);
  write_file(*state, "drivers.lock", bytes.bytes, bytes.length);
  assert_fails(bs_lockfile_read(&lock, path, other, &error), BS_WORD_driver, "drivers.lock: The lock is signed by");
  assert_ok(bs_lockfile_read(&lock, path, owner, &error));
  bs_lockfile_free(lock);
  lock = NULL;
  assert_ok(bs_lockfile_read(&lock, path, NULL, &error));
  bs_lockfile_free(lock);
  lock = NULL;
  assert_refused(bs_lockfile_read(&lock, *state, owner, &error), BS_RULE_lock, "cannot be read");
  while (bytes.length <= BS_LOCKFILE_MAX) bs_buffer_text(&bytes, "          ");
  write_file(*state, "drivers.lock", bytes.bytes, bytes.length);
  assert_fails(bs_lockfile_read(&lock, path, owner, &error), BS_WORD_driver, "more than the 1048576 bytes");
  assert_null(lock);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(a_file_has_its_digest),
      in_place(a_file_that_was_changed_after_it_was_vetted_is_refused),
      cmocka_unit_test(what_is_built_in_has_no_file),
      in_place(what_was_loaded_from_other_bytes_is_not_given_for_these),
      in_place(what_was_loaded_unseen_must_be_the_same_file),
      cmocka_unit_test(it_is_written_and_signed_as_it_says),
      cmocka_unit_test(it_is_read_as_it_was_written),
      cmocka_unit_test(an_altered_byte_is_noticed_wherever_it_is),
      cmocka_unit_test(the_key_must_be_the_one_that_is_asked_for),
      cmocka_unit_test(a_signer_that_it_does_not_have_is_refused),
      cmocka_unit_test(what_was_signed_as_something_else_is_refused),
      cmocka_unit_test(what_is_no_lock_is_told),
      cmocka_unit_test(each_driver_stands_once_in_its_place),
      in_place(a_lock_admits_what_it_lists),
      in_place(a_lock_is_read_from_its_file),
  };
  return RUN_TESTS(tests);
}
