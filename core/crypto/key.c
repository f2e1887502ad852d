/* SPDX-License-Identifier: MIT */
/* Private keys: where they come from, how they are kept, how they are written. */
#include <config.h>

#include "core/crypto/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/codec/hex.h"
#include "core/crypto/base58check.h"
#include "core/crypto/key-private.h"

#define SECRET_SIZE 32
#define KEY_FILE_MAX 1024
#define WIF_MAIN 0x80
#define WIF_TEST 0xef

void bs_wipe(void *bytes, size_t length) {
  explicit_bzero(bytes, length);
}

bool bs_random(void *bytes, size_t length, struct bs_error *error) {
  unsigned char *at = bytes;

  while (length > 0) {
    ssize_t got = getrandom(at, length, 0);

    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return bs_fail_errno(error, "The system's random source cannot be read");
    at += got;
    length -= (size_t)got;
  }
  return true;
}

/* Before a secret is in memory, so that no core file ever holds one.  Best effort. */
static void hide_process(void) {
  prctl(PR_SET_DUMPABLE, 0);
}

/* A page of its own, so that it can be kept out of swap and given back without unlocking a neighbour. */
static struct bs_key *allocate(struct bs_error *error) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  struct bs_key *key = aligned_alloc(page, page);

  if (key == NULL) {
    bs_fail_memory(error);
    return NULL;
  }
  mlock(key, page); /* best effort: a limit on locked memory must not keep anybody from signing */
  return key;
}

void bs_key_free(struct bs_key *key) {
  if (key == NULL) return;
  bs_wipe(key, sizeof *key);
  munlock(key, (size_t)sysconf(_SC_PAGESIZE));
  free(key);
}

bool bs_key_copy(struct bs_key **ret_key, const struct bs_key *key, struct bs_error *error) {
  struct bs_key *copy = allocate(error);

  if (copy == NULL) return false;
  *copy = *key;
  *ret_key = copy;
  return true;
}

static bool check_secret(const unsigned char secret[SECRET_SIZE], struct bs_error *error) {
  static const unsigned char zero[SECRET_SIZE];

  if (memcmp(secret, zero, SECRET_SIZE) == 0) return bs_fail(error, BS_WORD_key, "The private key is zero.");
  if (!secp256k1_ec_seckey_verify(bs_secp256k1_public(), secret))
    return bs_fail(error, BS_WORD_key, "The private key is too large: it must be below the order of secp256k1.");
  return true;
}

static bool make(struct bs_key **ret_key, const unsigned char secret[SECRET_SIZE], bool compressed,
                 struct bs_error *error) {
  const secp256k1_context *context = bs_secp256k1_secret();
  secp256k1_pubkey point;
  struct bs_key *key;

  if (!check_secret(secret, error)) return false;
  if (context == NULL) return bs_fail_memory(error);
  if (!secp256k1_ec_pubkey_create(context, &point, secret))
    return bs_fail(error, BS_WORD_key, "The private key has no public key.");
  key = allocate(error);
  if (key == NULL) return false;
  memcpy(key->secret, secret, SECRET_SIZE);
  bs_public_key_store(&key->public_, &point, compressed);
  *ret_key = key;
  return true;
}

bool bs_key_generate(struct bs_key **ret_key, struct bs_error *error) {
  unsigned char secret[SECRET_SIZE];
  bool good;

  hide_process();
  /* Out of range once in 2^127: then it is an error like any other. */
  good = bs_random(secret, sizeof secret, error) && make(ret_key, secret, true, error);
  bs_wipe(secret, sizeof secret);
  return good;
}

/* 64 or 66 digits. */
static bool decode_hex(unsigned char secret[SECRET_SIZE], bool *compressed, const char *text, size_t length,
                       struct bs_error *error) {
  unsigned char mark = 1;

  if (!bs_hex_decode_any_case(secret, SECRET_SIZE, text) ||
      (length == 66 && !bs_hex_decode_any_case(&mark, 1, text + 64)))
    return bs_fail(error, BS_WORD_key, "The private key has %zu characters, but they are not all hexadecimal.", length);
  if (mark != 1)
    return bs_fail(error, BS_WORD_key,
                   "The private key has 66 hexadecimal digits; then the last two must be 01 (compressed).");
  *compressed = length == 66;
  return true;
}

/* 51 or 52 characters. */
static bool decode_wif(unsigned char secret[SECRET_SIZE], bool *compressed, const char *text, size_t length,
                       struct bs_error *error) {
  unsigned char payload[BS_BASE58CHECK_MAX];
  bool good = false;
  size_t size;

  if (!bs_base58check_decode(payload, &size, text, length))
    return bs_fail(error, BS_WORD_key,
                   "The private key has the length of a WIF, but not its checksum: a character is wrong or missing.");
  if (payload[0] != WIF_MAIN && payload[0] != WIF_TEST)
    bs_fail(error, BS_WORD_key, "The private key is a WIF of version %u; %u (main) or %u (test) is expected.",
            (unsigned)payload[0], WIF_MAIN, WIF_TEST);
  else if (size != 1 + SECRET_SIZE && !(size == 2 + SECRET_SIZE && payload[1 + SECRET_SIZE] == 1))
    bs_fail(error, BS_WORD_key,
            "The private key is a WIF of another kind: 32 bytes, and 01 if compressed, are expected.");
  else
    good = true;
  if (good) memcpy(secret, payload + 1, SECRET_SIZE);
  *compressed = size == 2 + SECRET_SIZE;
  bs_wipe(payload, sizeof payload);
  return good;
}

static bool decode(unsigned char secret[SECRET_SIZE], bool *compressed, const char *text, size_t length,
                   struct bs_error *error) {
  if (length == 64 || length == 66) return decode_hex(secret, compressed, text, length, error);
  if (length == 51 || length == 52) return decode_wif(secret, compressed, text, length, error);
  return bs_fail(error, BS_WORD_key,
                 "The private key has %zu characters; 64 or 66 hexadecimal digits, or a WIF of 51 or 52 characters, "
                 "are expected.",
                 length);
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool bs_key_from_text(struct bs_key **ret_key, const char *text, size_t length, struct bs_error *error) {
  unsigned char secret[SECRET_SIZE];
  bool compressed = false, good;

  hide_process();
  while (length > 0 && is_space(text[0])) text++, length--;
  while (length > 0 && is_space(text[length - 1])) length--;
  good = decode(secret, &compressed, text, length, error) && make(ret_key, secret, compressed, error);
  bs_wipe(secret, sizeof secret);
  return good;
}

bool bs_key_from_file(struct bs_key **ret_key, const char *path, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_SECRET = BS_BUFFER_INIT;

  hide_process();
  if (!bs_file_read_secret(&text, path, KEY_FILE_MAX, error)) return false;
  if (!bs_key_from_text(ret_key, (const char *)text.bytes, text.length, error)) return bs_context(error, "%s", path);
  return true;
}

/* WIF and a newline; returns its length. */
static size_t encode_wif(char text[BS_BASE58_TEXT_MAX], const struct bs_key *key, enum bs_network network) {
  unsigned char payload[2 + SECRET_SIZE];
  bool compressed = key->public_.length == 33;
  size_t length;

  payload[0] = network == BS_NETWORK_TEST ? WIF_TEST : WIF_MAIN;
  memcpy(payload + 1, key->secret, SECRET_SIZE);
  payload[1 + SECRET_SIZE] = 1;
  bs_base58check_encode(text, payload, compressed ? 2 + SECRET_SIZE : 1 + SECRET_SIZE);
  bs_wipe(payload, sizeof payload);
  length = strlen(text);
  text[length] = '\n';
  return length + 1;
}

bool bs_key_to_file(const struct bs_key *key, const char *path, enum bs_network network, struct bs_error *error) {
  struct bs_replacement file BS_AUTO(bs_replacement_abort) = BS_REPLACEMENT_INIT;
  char text[BS_BASE58_TEXT_MAX];
  bool written;

  if (!bs_replacement_begin(&file, path, 0600, error)) return false;
  written = bs_file_write_all(file.fd, text, encode_wif(text, key, network));
  if (!written) bs_fail_errno(error, "%s: The key could not be written", path);
  bs_wipe(text, sizeof text);
  return written && bs_replacement_commit(&file, true, error);
}
