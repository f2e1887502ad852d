/* SPDX-License-Identifier: MIT */
/* The forms of text: JSON, YAML and the configuration, and the ways to write bytes and keys. */
#include <config.h>

#include <string.h>
#include <sys/mman.h>

#include "core/base/auto.h"
#include "core/base/io.h"
#include "core/client/config.h"
#include "core/codec/base64.h"
#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/codec/netstring.h"
#include "core/codec/yaml.h"
#include "core/crypto/base58check.h"
#include "core/crypto/key.h"
#include "plugins/common/label.h"
#include "plugins/common/url.h"
#include "t/fuzz/targets.h"

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

void bs_fuzz_json(const uint8_t *bytes, size_t length) {
  const struct bs_json_limits limits = {1 << 20, 32};
  struct bs_error error = {0};
  struct bs_json root;

  if (bs_json_scan(&root, bytes, length, &limits, &error)) PROMISED(walk(root) <= 2 * length);
  else PROMISED(error.message[0] != '\0');
}

void bs_fuzz_yaml(const uint8_t *bytes, size_t length) {
  struct bs_error error = {0};
  struct bs_yaml *root;

  if (!bs_yaml_read(&root, bytes, length, "fuzz.yaml", &error)) {
    PROMISED(error.message[0] != '\0');
    return;
  }
  PROMISED(bs_yaml_find(root, "") == NULL || root->kind == BS_YAML_MAPPING);
  bs_yaml_free(root);
}

/* What is in force is told as a document that others can read. */
static void describe(const struct blockstore_config *config) {
  const struct bs_json_limits limits = {1 << 24, 32};
  struct blockstore_error *said = NULL;
  struct bs_error error = {0};
  struct bs_json root;
  char *json = NULL;

  if (blockstore_config_document(config, &json, &said) == BLOCKSTORE_DONE)
    PROMISED(bs_json_scan(&root, json, strlen(json), &limits, &error));
  else PROMISED(json == NULL && blockstore_error_message(said)[0] != '\0');
  blockstore_error_free(said);
  blockstore_free(json);
}

/* Through a file, as a user's is read. */
void bs_fuzz_config(const uint8_t *bytes, size_t length) {
  int fd BS_AUTO_CLOSE = memfd_create("config", MFD_CLOEXEC);
  struct blockstore_config *config;
  struct bs_error error = {0};
  char path[40];

  PROMISED(fd >= 0 && bs_file_write_all(fd, bytes, length));
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (!bs_config_read(&config, path, &error)) {
    PROMISED(error.message[0] != '\0');
    return;
  }
  describe(config);
  bs_config_release(config);
}

/* ---- bytes as text: one form of each only, and back ---- */

static void read_hex(const char *text, size_t length) {
  unsigned char *bytes BS_AUTO_FREE = malloc(length / 2 + 1);
  char *back BS_AUTO_FREE = malloc(length + 2);

  PROMISED(bytes != NULL && back != NULL);
  PROMISED(bs_hex_is_string(text, length) == (strlen(text) == length && bs_hex_is(text, length)));
  if (!bs_hex_decode(bytes, length / 2, text)) return;
  PROMISED(bs_hex_is(text, length / 2 * 2) && bs_hex_decode_any_case(bytes, length / 2, text));
  bs_hex_encode(back, bytes, length / 2);
  PROMISED(memcmp(back, text, length / 2 * 2) == 0);
}

static void read_base58(const char *text, size_t length) {
  unsigned char bytes[BS_BASE58_MAX];
  char back[BS_BASE58_TEXT_MAX];
  size_t size;

  if (!bs_base58_decode(bytes, &size, text, length)) return;
  PROMISED(size <= sizeof bytes);
  bs_base58_encode(back, bytes, size);
  PROMISED(strlen(back) == length && memcmp(back, text, length) == 0);
}

static void read_base64(const char *text, size_t length) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT, back BS_AUTO_BUFFER = BS_BUFFER_INIT;

  if (!bs_base64_decode(&bytes, text, length)) {
    PROMISED(bytes.length == 0);
    return;
  }
  bs_base64_encode(&back, bytes.bytes, bytes.length);
  PROMISED(back.length == length && (length == 0 || memcmp(back.bytes, text, length) == 0));
}

static void write_and_read(const uint8_t *bytes, size_t length) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT, back BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char short_back[BS_BASE58_MAX];
  char short_text[BS_BASE58_TEXT_MAX];
  size_t size;

  bs_base64_encode(&text, bytes, length);
  PROMISED(bs_base64_decode(&back, (const char *)text.bytes, text.length));
  PROMISED(back.length == length && (length == 0 || memcmp(back.bytes, bytes, length) == 0));
  if (length > BS_BASE58_MAX) return;
  bs_base58_encode(short_text, bytes, length);
  PROMISED(bs_base58_decode(short_back, &size, short_text, strlen(short_text)));
  PROMISED(size == length && (length == 0 || memcmp(short_back, bytes, length) == 0));
}

void bs_fuzz_text(const uint8_t *bytes, size_t length) {
  char *text BS_AUTO_FREE = bs_fuzz_string(bytes, length);

  read_hex(text, length);
  read_base58(text, length);
  read_base64(text, length);
  write_and_read(bytes, length);
}

/* Each beginning of the bytes says nothing that a longer one takes back. */
void bs_fuzz_netstring(const uint8_t *bytes, size_t length) {
  struct bs_buffer again BS_AUTO_BUFFER = BS_BUFFER_INIT;
  size_t limit = length > 0 && bytes[0] == '9' ? SIZE_MAX : 1000;
  enum bs_netstring_state before = BS_NETSTRING_PARTIAL;
  struct bs_netstring frame = {NULL, 0, 0}, first = {NULL, 0, 0};

  for (size_t so_far = 0; so_far <= length; so_far++) {
    enum bs_netstring_state state = bs_netstring_decode(&frame, bytes, so_far, limit);

    PROMISED(before == BS_NETSTRING_PARTIAL || state == before);
    if (before == BS_NETSTRING_PARTIAL && state == BS_NETSTRING_WHOLE) first = frame;
    before = state;
  }
  if (before != BS_NETSTRING_WHOLE) {
    PROMISED(frame.payload == NULL);
    return;
  }
  PROMISED(first.total == frame.total && frame.total <= length && frame.length <= limit);
  bs_netstring_encode(&again, frame.payload, frame.length);
  PROMISED(again.length == frame.total && memcmp(again.bytes, bytes, again.length) == 0);
}

/* Any bytes go into a URL and come back; what is read as a path can be written so that it is read as the same.  A label of
 * any text looks like one. */
void bs_fuzz_url(const uint8_t *bytes, size_t length) {
  char *text BS_AUTO_FREE = bs_fuzz_string(bytes, length), *path BS_AUTO_FREE = malloc(length + 1);
  char *escaped BS_AUTO_FREE = malloc(3 * length + 1), *back BS_AUTO_FREE = malloc(length + 1);
  bool fits = memchr(bytes, '\0', length) == NULL && memchr(bytes, '/', length) == NULL;
  size_t room = length > 0 ? bytes[0] : 0; /* less than there is, often */
  char label[BS_LABEL_SHORTEST + 1];

  PROMISED(path != NULL && escaped != NULL && back != NULL);
  PROMISED(bs_url_escape(escaped, 3 * length + 1, bytes, length, BS_URL_UNRESERVED) == strlen(escaped));
  PROMISED(bs_url_decode_path(back, length + 1, escaped) == fits);
  PROMISED(!fits || (strlen(back) == length && memcmp(back, bytes, length) == 0));
  if (bs_url_decode_path(path, room < length ? room : length + 1, text)) {
    bs_url_escape(escaped, 3 * length + 1, path, strlen(path), BS_URL_PATH);
    PROMISED(bs_url_decode_path(back, length + 1, escaped) && strcmp(back, path) == 0);
  }
  bs_label_make(label, BS_LABEL_SHORTEST, text);
  PROMISED(bs_label_is(label, BS_LABEL_SHORTEST) == (text[0] != '\0'));
}

/* ---- keys and addresses ---- */

static void read_address(const char *text) {
  unsigned char hash[BS_HASH160_SIZE], version;
  char back[BS_ADDRESS_TEXT];

  if (!bs_address_decode(&version, hash, text)) return;
  bs_address_encode(back, version, hash);
  PROMISED(strcmp(back, text) == 0);
}

/* A text that may be a secret stands in no message. */
static void read_key(const char *text, size_t length) {
  unsigned char of_key[BS_HASH160_SIZE], hash[BS_HASH160_SIZE], version;
  char address[BS_ADDRESS_TEXT];
  struct bs_error error = {0};
  struct bs_key *key;

  if (!bs_key_from_text(&key, text, length, &error)) {
    PROMISED(error.message[0] != '\0' && (strlen(text) < 8 || strstr(error.message, text) == NULL));
    return;
  }
  bs_key_address(address, key, BS_NETWORK_MAIN);
  bs_public_key_hash(of_key, bs_key_public(key));
  PROMISED(bs_address_decode(&version, hash, address) && version == bs_address_version(BS_NETWORK_MAIN));
  PROMISED(memcmp(hash, of_key, sizeof hash) == 0);
  bs_key_free(key);
}

static void read_public_key(const uint8_t *bytes, size_t length) {
  unsigned char signer[BS_HASH160_SIZE], again[BS_HASH160_SIZE];
  struct bs_public_key key;

  if (!bs_public_key_parse(&key, bytes, length)) return;
  PROMISED(key.length == length && memcmp(key.bytes, bytes, length) == 0);
  bs_public_key_signer(signer, &key);
  PROMISED(bs_public_key_compress(&key, &key) && key.length == 33);
  bs_public_key_hash(again, &key);
  PROMISED(memcmp(signer, again, sizeof again) == 0);
}

static void read_checked(const char *text, size_t length) {
  unsigned char payload[BS_BASE58CHECK_MAX];
  char back[BS_BASE58_TEXT_MAX];
  size_t size;

  if (bs_base58check_decode(payload, &size, text, length)) {
    bs_base58check_encode(back, payload, size);
    PROMISED(strlen(back) == length && memcmp(back, text, length) == 0);
  }
  read_address(text);
  read_key(text, length);
}

/* The bytes as a text, and as what a text with a good checksum holds, which is not found by chance. */
void bs_fuzz_key(const uint8_t *bytes, size_t length) {
  char *text BS_AUTO_FREE = bs_fuzz_string(bytes, length), checked[BS_BASE58_TEXT_MAX];
  unsigned char back[BS_BASE58CHECK_MAX];
  size_t size;

  read_checked(text, length);
  read_public_key(bytes, length);
  if (length == 0 || length > BS_BASE58CHECK_MAX) return;
  bs_base58check_encode(checked, bytes, length);
  PROMISED(bs_base58check_decode(back, &size, checked, strlen(checked)) && size == length && memcmp(back, bytes, length) == 0);
  read_checked(checked, strlen(checked));
}
