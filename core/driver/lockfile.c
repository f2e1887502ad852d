/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/lockfile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/codec/base64.h"
#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/driver/exact.h"

#define FORMAT "blockstore-drivers-lock-1"
#define HEADER 31 /* any of those that there are: all are tried */
#define SIG_SIZE 64

bool bs_lockfile_new(struct bs_lockfile **ret_lock, struct bs_error *error) {
  struct bs_lockfile *lock = calloc(1, sizeof *lock);

  if (lock == NULL) return bs_fail_memory(error);
  *ret_lock = lock;
  return true;
}

void bs_lockfile_free(struct bs_lockfile *lock) {
  if (lock == NULL) return;
  for (size_t i = 0; i < lock->count; i++) free(lock->drivers[i].version);
  free(lock->drivers);
  free(lock);
}

const struct bs_locked *bs_lockfile_find(const struct bs_lockfile *lock, const char *name) {
  for (size_t i = 0; i < lock->count; i++)
    if (strcmp(lock->drivers[i].name, name) == 0) return &lock->drivers[i];
  return NULL;
}

/* ---- writing ---- */

static void write_member(struct bs_buffer *bytes, const char *indent, const char *key, const char *text, const char *end) {
  bs_buffer_format(bytes, "%s\"%s\": ", indent, key);
  bs_json_write_string(bytes, text, strlen(text));
  bs_buffer_text(bytes, end);
}

static void write_driver(struct bs_buffer *bytes, const struct bs_locked *driver) {
  static const char indent[] = "            ";
  char file[sizeof driver->name + 3], sha256[2 * BS_SHA256_SIZE + 1];

  snprintf(file, sizeof file, "%s.so", driver->name);
  bs_hex_encode(sha256, driver->sha256, sizeof driver->sha256);
  bs_buffer_text(bytes, "        {\n");
  write_member(bytes, indent, "abi", driver->abi, ",\n");
  write_member(bytes, indent, "file", file, ",\n");
  write_member(bytes, indent, "name", driver->name, ",\n");
  write_member(bytes, indent, "sha256", sha256, ",\n");
  bs_buffer_format(bytes, "%s\"size\": %" PRIu64 ",\n", indent, driver->size);
  write_member(bytes, indent, "version", driver->version, "\n");
  bs_buffer_text(bytes, "        }");
}

/* sig NULL: without it, as it is signed. */
static void write_lock(struct bs_buffer *bytes, const struct bs_lockfile *lock, const char *sig) {
  bs_buffer_text(bytes, "{\n    \"drivers\": [");
  for (size_t i = 0; i < lock->count; i++) {
    bs_buffer_text(bytes, i == 0 ? "\n" : ",\n");
    write_driver(bytes, &lock->drivers[i]);
  }
  bs_buffer_text(bytes, lock->count == 0 ? "],\n" : "\n    ],\n");
  write_member(bytes, "    ", "format", FORMAT, ",\n");
  if (sig != NULL) write_member(bytes, "    ", "sig", sig, ",\n");
  write_member(bytes, "    ", "signer", lock->signer, "\n}\n");
}

void bs_lockfile_write(struct bs_buffer *ret_bytes, const struct bs_lockfile *lock) {
  struct bs_buffer sig BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const char *text;

  bs_base64_encode(&sig, lock->sig + 1, SIG_SIZE);
  text = bs_buffer_string(&sig);
  if (text == NULL) ret_bytes->failed = true;
  else write_lock(ret_bytes, lock, text);
}

/* ---- signing ---- */

static bool signed_digest(unsigned char digest[BS_SHA256_SIZE], const struct bs_lockfile *lock, struct bs_error *error) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_buffer_add(&bytes, FORMAT, sizeof FORMAT); /* with its NUL */
  write_lock(&bytes, lock, NULL);
  if (!bs_buffer_ok(&bytes, error)) return false;
  bs_sha256(digest, bytes.bytes, bytes.length);
  return true;
}

bool bs_lockfile_sign(struct bs_lockfile *lock, const struct bs_key *key, struct bs_error *error) {
  unsigned char digest[BS_SHA256_SIZE];

  bs_key_address(lock->signer, key, BS_NETWORK_MAIN);
  if (!signed_digest(digest, lock, error)) return false;
  if (!bs_sign_recoverable(lock->sig, key, digest)) return bs_fail_memory(error);
  lock->sig[0] = HEADER;
  return true;
}

static bool refuse_signature(const struct bs_lockfile *lock, const unsigned char owner[BS_HASH160_SIZE], struct bs_error *error) {
  unsigned char hash[BS_HASH160_SIZE], version;
  char wanted[BS_ADDRESS_TEXT];

  bs_address_encode(wanted, bs_address_version(BS_NETWORK_MAIN), owner);
  if (bs_address_decode(&version, hash, lock->signer) && memcmp(hash, owner, sizeof hash) != 0)
    return bs_refuse(error, lock, "The lock is signed by %s, and not by %s.", lock->signer, wanted);
  return bs_refuse(error, lock, "The signature of the lock is not that of %s: somebody has changed the file.", wanted);
}

bool bs_lockfile_verify(const struct bs_lockfile *lock, const unsigned char owner[BS_HASH160_SIZE], struct bs_error *error) {
  unsigned char digest[BS_SHA256_SIZE];
  struct bs_public_key key;

  if (!signed_digest(digest, lock, error)) return false;
  return bs_recover(&key, owner, digest, lock->sig, false) == BS_SIGNATURE_GOOD || refuse_signature(lock, owner, error);
}

/* ---- reading ---- */

static bool refuse_form(struct bs_error *error, const char *what) {
  return bs_refuse(error, lock, "This is no lock of drivers: %s.", what);
}

/* The text of a string member, at most `size` bytes with the NUL; false: it has none that fits.  One with an escape is none:
 * none of these needs any. */
static bool take_text(char *ret_text, size_t size, struct bs_json object, const char *key) {
  struct bs_json value;

  if (!bs_json_find(object, key, &value) || bs_json_type(value) != BS_JSON_STRING || value.length - 2 >= size ||
      memchr(value.text, '\\', value.length) != NULL)
    return false;
  memcpy(ret_text, value.text + 1, value.length - 2);
  ret_text[value.length - 2] = '\0';
  return true;
}

static bool take_version(struct bs_locked *driver, struct bs_json item, struct bs_error *error) {
  struct bs_buffer text = BS_BUFFER_INIT;
  struct bs_json value;

  if (!bs_json_find(item, "version", &value) || bs_json_type(value) != BS_JSON_STRING)
    return refuse_form(error, "a driver in it has no version");
  bs_json_string(value, &text);
  driver->version = bs_buffer_take(&text);
  return driver->version != NULL || bs_fail_memory(error);
}

/* What is not looked at here, such as a member too many, shows when the whole is held against its one spelling. */
static bool parse_driver(struct bs_lockfile *lock, struct bs_json item, struct bs_error *error) {
  struct bs_locked *driver = &lock->drivers[lock->count];
  struct bs_json value;

  *driver = (struct bs_locked){.version = NULL};
  if (!take_text(driver->name, sizeof driver->name, item, "name") || !bs_vet_is_name(driver->name) ||
      !take_text(driver->abi, sizeof driver->abi, item, "abi") ||
      !bs_json_find(item, "size", &value) || !bs_json_integer(value, &driver->size) ||
      !bs_json_find(item, "sha256", &value) || !bs_json_hex(value, driver->sha256, sizeof driver->sha256))
    return refuse_form(error, "a driver in it has not all that it should have");
  if (lock->count > 0 && strcmp(driver[-1].name, driver->name) >= 0)
    return refuse_form(error, "its drivers are not in the order of their names, each once");
  if (!take_version(driver, item, error)) return false;
  lock->count++;
  return true;
}

static bool parse_drivers(struct bs_lockfile *lock, struct bs_json root, struct bs_error *error) {
  struct bs_json_iterator iterator;
  struct bs_json list, item;
  size_t count = 0;

  if (!bs_json_find(root, "drivers", &list) || bs_json_type(list) != BS_JSON_ARRAY)
    return refuse_form(error, "it has no list of drivers");
  for (iterator = bs_json_begin(list); bs_json_next_item(&iterator, &item);) count++;
  if (count > BS_LOCKFILE_DRIVERS_MAX) return refuse_form(error, "it lists too many drivers");
  lock->drivers = calloc(count + 1, sizeof *lock->drivers);
  if (lock->drivers == NULL) return bs_fail_memory(error);
  for (iterator = bs_json_begin(list); bs_json_next_item(&iterator, &item);)
    if (!parse_driver(lock, item, error)) return false;
  return true;
}

static bool parse_signature(struct bs_lockfile *lock, struct bs_json root, struct bs_error *error) {
  struct bs_buffer sig BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char hash[BS_HASH160_SIZE], version;
  char text[2 * sizeof lock->sig];

  if (!take_text(text, sizeof text, root, "sig") || !bs_base64_decode(&sig, text, strlen(text)) || sig.length != SIG_SIZE)
    return bs_buffer_ok(&sig, error) && refuse_form(error, "it is not signed");
  lock->sig[0] = HEADER;
  memcpy(lock->sig + 1, sig.bytes, SIG_SIZE);
  return (take_text(lock->signer, sizeof lock->signer, root, "signer") && bs_address_decode(&version, hash, lock->signer)) ||
         refuse_form(error, "it does not say who signed it");
}

static bool parse_root(struct bs_lockfile *lock, struct bs_json root, struct bs_error *error) {
  char format[64];

  if (bs_json_type(root) != BS_JSON_OBJECT || !take_text(format, sizeof format, root, "format"))
    return refuse_form(error, "it has no format");
  if (strcmp(format, FORMAT) != 0) return refuse_form(error, "its format is none that this Blockstore knows");
  return parse_drivers(lock, root, error) && parse_signature(lock, root, error);
}

/* Every byte counts, signed or not. */
static bool check_spelling(const struct bs_lockfile *lock, const void *bytes, size_t length, struct bs_error *error) {
  struct bs_buffer again BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const char *text;

  bs_lockfile_write(&again, lock);
  text = bs_buffer_string(&again);
  if (text == NULL) return bs_fail_memory(error);
  return (again.length == length && memcmp(text, bytes, length) == 0) ||
         refuse_form(error, "its members or its spelling are not those of \"drivers lock\"");
}

bool bs_lockfile_parse(struct bs_lockfile **ret_lock, const void *bytes, size_t length, struct bs_error *error) {
  const struct bs_json_limits limits = {BS_LOCKFILE_MAX, 4};
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = NULL;
  struct bs_error reason;
  struct bs_json root;

  if (!bs_json_scan(&root, bytes, length, &limits, &reason))
    return bs_refuse(error, lock, "This is no lock of drivers: %s", reason.message);
  if (!bs_lockfile_new(&lock, error) || !parse_root(lock, root, error) || !check_spelling(lock, bytes, length, error))
    return false;
  *ret_lock = lock;
  lock = NULL;
  return true;
}

/* Whatever keeps the file from being read keeps drivers from being loaded. */
static bool refuse_file(struct bs_error *error, const char *path) {
  if (error->word == BS_WORD_no_memory) return false;
  if (error->word == BS_WORD_not_found)
    return bs_refuse(error, lock, "%s: There is no such lock of drivers; \"blockstore-cli drivers lock\" writes one.", path);
  return bs_refuse(error, lock, "%s", error->message);
}

bool bs_lockfile_read(struct bs_lockfile **ret_lock, const char *path, const unsigned char *owner, struct bs_error *error) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = NULL;
  unsigned char signer[BS_HASH160_SIZE] = {0}, version;

  if (!bs_file_read(&bytes, path, BS_LOCKFILE_MAX, error)) return refuse_file(error, path);
  if (!bs_lockfile_parse(&lock, bytes.bytes, bytes.length, error)) return bs_context(error, "%s", path);
  if (owner == NULL) bs_address_decode(&version, signer, lock->signer); /* which was looked at */
  if (!bs_lockfile_verify(lock, owner == NULL ? signer : owner, error)) return bs_context(error, "%s", path);
  *ret_lock = lock;
  lock = NULL;
  return true;
}

/* ---- what is listed ---- */

static bool append(struct bs_lockfile *lock, const struct bs_locked *driver, struct bs_error *error) {
  struct bs_locked *grown = reallocarray(lock->drivers, lock->count + 1, sizeof *grown);
  size_t at = lock->count;

  if (grown == NULL) return bs_fail_memory(error);
  lock->drivers = grown;
  while (at > 0 && strcmp(grown[at - 1].name, driver->name) > 0) at--;
  memmove(&grown[at + 1], &grown[at], (lock->count - at) * sizeof *grown);
  grown[at] = *driver;
  lock->count++;
  return true;
}

bool bs_lockfile_add(struct bs_lockfile *lock, struct bs_candidate *candidate, struct bs_error *error) {
  const struct bs_metadata *metadata = candidate->metadata;
  struct bs_locked driver = {.version = NULL};

  if (bs_lockfile_find(lock, candidate->name) != NULL) return true;
  if (lock->count == BS_LOCKFILE_DRIVERS_MAX)
    return bs_fail(error, BS_WORD_driver, "There are more than the %d drivers that a lock can list.", BS_LOCKFILE_DRIVERS_MAX);
  if (!bs_utf8_valid(metadata->version, strlen(metadata->version)))
    return bs_fail(error, BS_WORD_driver, "%s: The driver's version is no text of UTF-8.", candidate->path);
  if (!bs_exact_digest(candidate, error)) return false;
  snprintf(driver.name, sizeof driver.name, "%s", candidate->name);
  snprintf(driver.abi, sizeof driver.abi, "%u.%u", metadata->abi_major, metadata->abi_minor);
  driver.size = (uint64_t)candidate->identity.size;
  memcpy(driver.sha256, candidate->sha256, sizeof driver.sha256);
  driver.version = strdup(metadata->version);
  if (driver.version == NULL) return bs_fail_memory(error);
  if (append(lock, &driver, error)) return true;
  free(driver.version);
  return false;
}

bool bs_lockfile_admits(const struct bs_lockfile *lock, struct bs_candidate *candidate, const char *path,
                        struct bs_error *error) {
  const struct bs_locked *driver = bs_lockfile_find(lock, candidate->name);

  if (driver == NULL)
    return bs_refuse(error, lock, "%s: The lock does not list the driver %s.", path, candidate->name);
  return bs_exact_check(candidate, driver->sha256, error) || bs_context(error, "%s", path);
}
