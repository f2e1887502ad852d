/* SPDX-License-Identifier: MIT */
/* Every parser of outside bytes, fed with anything; used by the fuzzers and by t/80-mutations.c. */
#include <config.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/chain/transaction.h"
#include "core/chain/wire.h"
#include "core/client/config.h"
#include "core/codec/json.h"
#include "core/codec/yaml.h"
#include "core/crypto/base58check.h"
#include "core/crypto/key.h"
#include "core/driver/metadata.h"
#include "core/driver/note.h"
#include "core/record/user.h"
#include "t/fuzz/targets.h"

#define PROMISED(condition) ((condition) ? (void)0 : abort())

/* The same bytes with a NUL behind, for what takes a string; by free(). */
static char *as_string(const uint8_t *bytes, size_t length) {
  char *text = malloc(length + 1);

  if (text == NULL) abort();
  if (length > 0) memcpy(text, bytes, length);
  text[length] = '\0';
  return text;
}

/* Every value below is walked over; strings are unescaped. */
static size_t walk(struct bs_json value) {
  struct bs_json_iterator iterator = bs_json_begin(value);
  struct bs_json key, item;
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  uint64_t integer;
  size_t count = 1;

  PROMISED(value.length > 0);
  bs_json_string(value, &text);
  PROMISED(text.length == 0 || bs_utf8_valid(text.bytes, text.length));
  (void)bs_json_integer(value, &integer);
  if (bs_json_type(value) == BS_JSON_ARRAY)
    while (bs_json_next_item(&iterator, &item)) count += walk(item);
  if (bs_json_type(value) == BS_JSON_OBJECT)
    while (bs_json_next_member(&iterator, &key, &item)) count += walk(key) + walk(item);
  return count;
}

static void fuzz_json(const uint8_t *bytes, size_t length) {
  const struct bs_json_limits limits = {1 << 20, 32};
  struct bs_error error = {0};
  struct bs_json root;

  if (bs_json_scan(&root, bytes, length, &limits, &error)) PROMISED(walk(root) <= 2 * length);
  else PROMISED(error.message[0] != '\0');
}

/* Through a file, as a whole configuration. */
static void read_as_config(const uint8_t *bytes, size_t length) {
  struct blockstore_config *config;
  struct bs_error error = {0};
  char path[40];
  int fd = memfd_create("config", MFD_CLOEXEC);

  if (fd < 0 || write(fd, bytes, length) != (ssize_t)length) abort();
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (bs_config_read(&config, path, &error)) bs_config_release(config);
  else PROMISED(error.message[0] != '\0');
  close(fd);
}

static void fuzz_yaml(const uint8_t *bytes, size_t length) {
  struct bs_error error = {0};
  struct bs_yaml *root;

  if (bs_yaml_read(&root, bytes, length, "fuzz.yaml", &error)) {
    PROMISED(bs_yaml_find(root, "") == NULL || root->kind == BS_YAML_MAPPING);
    bs_yaml_free(root);
  }
  read_as_config(bytes, length);
}

/* What was parsed can be written, and what was written is parsed, and then says nothing new. */
static void write_again(const struct bs_user *user) {
  static const char owner[] = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2";
  struct bs_user_change change = {.add_immutable = "0123456789012345678901234567890123456789012345678901234567890123"};
  struct bs_buffer written BS_AUTO_BUFFER = BS_BUFFER_INIT, again BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  struct bs_user back;
  bool changed;

  if (!bs_user_write(&written, &changed, user, "foo.test", owner, &change, &error)) return;
  PROMISED(bs_user_parse(&back, written.bytes, written.length, "foo.test", &error));
  PROMISED(bs_user_has_immutable(&back, change.add_immutable));
  PROMISED(bs_user_write(&again, &changed, &back, "foo.test", owner, &change, &error));
  PROMISED(!changed && again.length == written.length && memcmp(again.bytes, written.bytes, again.length) == 0);
}

static void fuzz_user(const uint8_t *bytes, size_t length) {
  struct bs_error error = {0};
  struct bs_user user;

  if (bs_user_parse(&user, bytes, length, "foo.test", &error)) write_again(&user);
  else PROMISED(error.message[0] != '\0');
}

static void fuzz_note(const uint8_t *bytes, size_t length) {
  int fd = memfd_create("driver", MFD_CLOEXEC);
  struct bs_error error = {0};
  size_t text_length;
  char *text;

  if (fd < 0 || write(fd, bytes, length) != (ssize_t)length) abort();
  if (bs_note_read(&text, &text_length, fd, "driver.so", &error)) {
    PROMISED(text_length <= BS_METADATA_MAX && text[text_length] == '\0');
    free(text);
  }
  close(fd);
}

static void fuzz_metadata(const uint8_t *bytes, size_t length) {
  char *text BS_AUTO_FREE = as_string(bytes, length);
  struct bs_metadata *metadata;
  struct bs_error error = {0};

  if (!bs_metadata_parse(&metadata, text, length, &error)) return;
  PROMISED(metadata->name != NULL && metadata->version != NULL && strlen(metadata->name) <= 31);
  for (size_t i = 0; i < metadata->option_count; i++) PROMISED(metadata->options[i].key[0] != '\0');
  bs_metadata_free(metadata);
}

static void fuzz_transaction(const uint8_t *bytes, size_t length) {
  struct bs_buffer written BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_transaction transaction, again;
  struct bs_error error = {0};
  unsigned char digest[BS_SHA256_SIZE];

  if (!bs_transaction_parse(&transaction, bytes, length, &error)) return;
  bs_transaction_write(&written, &transaction);
  PROMISED(bs_transaction_parse(&again, written.bytes, written.length, &error));
  PROMISED(memcmp(transaction.txid, again.txid, sizeof again.txid) == 0);
  for (size_t i = 0; i < transaction.input_count && i < 4; i++) {
    (void)bs_transaction_digest(digest, &transaction, i, bytes, length < 25 ? length : 25, &error);
    (void)bs_transaction_check_input(&transaction, i, bytes, length < 25 ? length : 25, &error);
  }
  bs_transaction_free(&again);
  bs_transaction_free(&transaction);
}

static void fuzz_payload(const uint8_t *bytes, size_t length) {
  static const unsigned char magic[2] = {'i', 'd'};
  unsigned char payload[BS_PAYLOAD_MAX], again[BS_PAYLOAD_MAX];
  struct bs_operation operation;
  size_t written;
  struct bs_error error = {0};
  unsigned char hash[BS_HASH160_SIZE];

  (void)bs_script_classify(hash, bytes, length);
  if (!bs_operation_parse(&operation, magic, bytes, length, &error)) return;
  PROMISED(strlen(operation.name) <= BS_NAME_MAX);
  written = bs_operation_write(payload, magic, &operation);
  PROMISED(written <= length && bs_operation_parse(&operation, magic, payload, written, &error));
  PROMISED(bs_operation_write(again, magic, &operation) == written && memcmp(again, payload, written) == 0);
}

static void fuzz_key(const uint8_t *bytes, size_t length) {
  char *text BS_AUTO_FREE = as_string(bytes, length);
  unsigned char payload[BS_BASE58CHECK_MAX], hash[BS_HASH160_SIZE], version;
  char back[BS_BASE58_TEXT_MAX];
  struct bs_public_key public_key;
  struct bs_error error = {0};
  struct bs_key *key;
  size_t payload_length;

  (void)bs_public_key_parse(&public_key, bytes, length);
  (void)bs_address_decode(&version, hash, text);
  if (bs_base58check_decode(payload, &payload_length, text, length)) {
    bs_base58check_encode(back, payload, payload_length);
    PROMISED(strlen(back) == length && memcmp(back, text, length) == 0);
  }
  if (!bs_key_from_text(&key, text, length, &error)) {
    PROMISED(strlen(text) < 8 || strstr(error.message, text) == NULL);
    return;
  }
  bs_key_free(key);
}

bs_fuzz_target bs_fuzz_find(const char *name) {
  static const struct {
    const char *name;
    bs_fuzz_target target;
  } targets[] = {{"json", fuzz_json}, {"yaml", fuzz_yaml},         {"user", fuzz_user},       {"note", fuzz_note},
                 {"metadata", fuzz_metadata}, {"transaction", fuzz_transaction}, {"payload", fuzz_payload}, {"key", fuzz_key}};

  for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
    if (strcmp(targets[i].name, name) == 0) return targets[i].target;
  return NULL;
}
