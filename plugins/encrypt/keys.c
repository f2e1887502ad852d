/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/encrypt/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/stat.h>

#define LABEL "blockstore-encrypt-1 "
#define DIGITS ((size_t)2 * BS_CRYPT_KEY_SIZE)

bool bs_crypt_mac(unsigned char ret_mac[BS_CRYPT_KEY_SIZE], const unsigned char key[BS_CRYPT_KEY_SIZE], const void *bytes,
                  size_t length) {
  return HMAC(EVP_sha256(), key, BS_CRYPT_KEY_SIZE, bytes, length, ret_mac, NULL) != NULL;
}

static bool derive(unsigned char ret_key[BS_CRYPT_KEY_SIZE], const unsigned char master[BS_CRYPT_KEY_SIZE], const char *label) {
  return bs_crypt_mac(ret_key, master, label, strlen(label));
}

static bool derive_all(struct bs_crypt_key *ret_key, const unsigned char master[BS_CRYPT_KEY_SIZE]) {
  unsigned char id[BS_CRYPT_KEY_SIZE];

  if (!derive(id, master, LABEL "key id") || !derive(ret_key->names, master, LABEL "names") ||
      !derive(ret_key->salts, master, LABEL "salts") || !derive(ret_key->files, master, LABEL "files"))
    return false;
  memcpy(ret_key->id, id, sizeof ret_key->id);
  return true;
}

/* ---- the text ---- */

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_digits(unsigned char ret_key[BS_CRYPT_KEY_SIZE], const char *text, size_t length) {
  if (length != DIGITS) return false;
  for (size_t i = 0; i < DIGITS; i += 2) {
    int high = digit(text[i]), low = digit(text[i + 1]);

    if (high < 0 || low < 0) return false;
    ret_key[i / 2] = (unsigned char)(high << 4 | low);
  }
  return true;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* A line without its end, its comment and the blanks at either side. */
static size_t trim(const char **line, size_t length) {
  const char *comment = memchr(*line, '#', length);

  if (comment != NULL) length = (size_t)(comment - *line);
  while (length > 0 && is_blank((*line)[length - 1])) length--;
  for (; length > 0 && is_blank(**line); length--) (*line)++;
  return length;
}

static const char *add(struct bs_crypt_keys *keys, const char *text, size_t length) {
  struct bs_crypt_key *key = &keys->all[keys->count];
  unsigned char master[BS_CRYPT_KEY_SIZE];
  bool derived;

  if (keys->count == BS_CRYPT_KEYS_MOST) return "more than 16 keys";
  if (!read_digits(master, text, length)) {
    OPENSSL_cleanse(master, sizeof master);
    return "a key of 64 hexadecimal digits was expected, as \"openssl rand -hex 32\" writes it";
  }
  derived = derive_all(key, master);
  OPENSSL_cleanse(master, sizeof master);
  if (!derived) return "libcrypto cannot derive keys";
  if (bs_crypt_keys_find(keys, key->id) != NULL) return "the same key stands there twice";
  keys->count++;
  return NULL;
}

static const char *parse(struct bs_crypt_keys *keys, unsigned *ret_line, const char *text, size_t length) {
  const char *fault = NULL;

  *ret_line = 0;
  for (size_t at = 0; fault == NULL && at < length;) {
    const char *line = text + at, *end = memchr(line, '\n', length - at);
    size_t rest = end == NULL ? length - at : (size_t)(end - line), used;

    at += rest + 1;
    ++*ret_line;
    used = trim(&line, rest);
    if (used > 0) fault = add(keys, line, used);
  }
  if (fault != NULL) return fault;
  *ret_line = 0;
  return keys->count == 0 ? "there is no key in it" : NULL;
}

const char *bs_crypt_keys_parse(struct bs_crypt_keys *ret_keys, unsigned *ret_line, const char *text, size_t length) {
  const char *fault;

  ret_keys->count = 0;
  fault = parse(ret_keys, ret_line, text, length);
  if (fault != NULL) bs_crypt_keys_wipe(ret_keys);
  return fault;
}

/* ---- the file ---- */

static enum blockstore_status fail_errno(struct blockstore_call *call, const char *path, const char *what) {
  int reason = errno;
  enum blockstore_status status = blockstore_errno_status(reason);

  return blockstore_fail(call, status, "%s: %s: %s", path, what, strerrordesc_np(reason));
}

/* The rules of a secret's file, which are those of the core. */
static enum blockstore_status examine(struct blockstore_call *call, const char *path, int fd) {
  struct stat status;

  if (fstat(fd, &status) < 0) return fail_errno(call, path, "The key file cannot be examined");
  if (!S_ISREG(status.st_mode)) return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "%s: A key file is a regular file.", path);
  if (status.st_uid != geteuid() && status.st_uid != 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "%s: The key file belongs to user %u; it must be your own.", path,
                           (unsigned)status.st_uid);
  if ((status.st_mode & 077) != 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED,
                           "%s: The key file can be used by others (mode %04o); run: chmod 600 %s", path,
                           (unsigned)(status.st_mode & 07777), path);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status read_keys(struct bs_crypt_keys *ret_keys, struct blockstore_call *call, const char *path, int fd,
                                        char *text) {
  const char *fault;
  unsigned line;
  size_t length = 0;
  ssize_t got;

  while (length <= BS_CRYPT_FILE_MOST) {
    got = read(fd, text + length, BS_CRYPT_FILE_MOST + 1 - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(call, path, "The key file cannot be read");
    if (got == 0) break;
    length += (size_t)got;
  }
  if (length > BS_CRYPT_FILE_MOST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: No key file has more than %d bytes.", path, BS_CRYPT_FILE_MOST);
  fault = bs_crypt_keys_parse(ret_keys, &line, text, length);
  if (fault != NULL && line > 0) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s:%u: %s.", path, line, fault);
  if (fault != NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: %s.", path, fault);
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_crypt_keys_read(struct bs_crypt_keys *ret_keys, struct blockstore_call *call, const char *path) {
  int fd BS_AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not hang here */
  char text[BS_CRYPT_FILE_MOST + 1];
  enum blockstore_status status;

  if (fd < 0) return fail_errno(call, path, "The key file cannot be opened");
  status = examine(call, path, fd);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  status = read_keys(ret_keys, call, path, fd, text);
  OPENSSL_cleanse(text, sizeof text);
  return status;
}

void bs_crypt_keys_wipe(struct bs_crypt_keys *keys) {
  OPENSSL_cleanse(keys, sizeof *keys);
}

const struct bs_crypt_key *bs_crypt_keys_find(const struct bs_crypt_keys *keys, const unsigned char id[BS_CRYPT_KEY_ID_SIZE]) {
  for (size_t i = 0; i < keys->count; i++)
    if (memcmp(keys->all[i].id, id, BS_CRYPT_KEY_ID_SIZE) == 0) return &keys->all[i];
  return NULL;
}
