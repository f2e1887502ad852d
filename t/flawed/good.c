/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/flawed/good.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/codec/hex.h"
#include "core/crypto/digest.h"

#define STEP ((size_t)65536)
#define SCHEME "flawed://"

static enum blockstore_status fail_errno(struct blockstore_call *call, const char *path) {
  return blockstore_fail(call, blockstore_errno_status(errno), "%s: %s.", path, strerror(errno));
}

/* ---- lifecycle ---- */

static void free_self(struct good *self) {
  if (self == NULL) return;
  free(self->root);
  free(self->secret);
  free(self);
}

static enum blockstore_status good_init(void **ret_self, struct blockstore_call *call, const struct blockstore_settings *settings,
                                        const struct blockstore_next *next) {
  const char *root = call->host->setting(settings, "root", 0), *secret = call->host->setting(settings, "secret", 0);
  struct good *self = calloc(1, sizeof *self);
  unsigned char digest[BS_SHA256_SIZE];

  (void)next;
  if (self != NULL) self->root = strdup(root);
  if (self != NULL && secret != NULL) self->secret = strdup(secret);
  if (self == NULL || self->root == NULL || (secret != NULL && self->secret == NULL)) {
    free_self(self);
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory.");
  }
  if ((mkdir(root, 0700) < 0 && errno != EEXIST) || access(root, R_OK | W_OK | X_OK) < 0) {
    free_self(self);
    return fail_errno(call, root);
  }
  bs_sha256(digest, root, strlen(root));
  bs_hex_encode(self->place, digest, 8);
  *ret_self = self;
  return BLOCKSTORE_STATUS_OK;
}

static void good_close(void *self, struct blockstore_call *call) {
  (void)call;
  free_self(self);
}

/* ---- where things are ---- */

void good_key_path(const struct good *self, char path[GOOD_PATH], const char *key) {
  snprintf(path, GOOD_PATH, "%s/k-%s", self->root, key);
}

static void id_digits(char digits[2 * BS_SHA256_SIZE + 1], const char *id) {
  unsigned char digest[BS_SHA256_SIZE];

  bs_sha256(digest, id, strlen(id));
  bs_hex_encode(digits, digest, sizeof digest);
}

void good_id_path(const struct good *self, char path[GOOD_PATH], const char *id) {
  char digits[2 * BS_SHA256_SIZE + 1];

  id_digits(digits, id);
  snprintf(path, GOOD_PATH, "%s/m-%s", self->root, digits);
}

enum blockstore_status good_url_path(const struct good *self, char path[GOOD_PATH], const char *url) {
  size_t length = strlen(SCHEME), place = strlen(self->place);

  if (strncmp(url, SCHEME, length) != 0 || strncmp(url + length, self->place, place) != 0 || url[length + place] != '/' ||
      !bs_hex_is_string(url + length + place + 1, 2 * (size_t)BS_SHA256_SIZE))
    return BLOCKSTORE_STATUS_UNHANDLED_URL;
  snprintf(path, GOOD_PATH, "%s/m-%s", self->root, url + length + place + 1);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status good_handles_url(void *self, struct blockstore_call *call, const char *url) {
  char path[GOOD_PATH];

  (void)call;
  return good_url_path(self, path, url);
}

static enum blockstore_status good_make_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                            const char *id) {
  const struct good *good_self = self;
  char digits[2 * BS_SHA256_SIZE + 1], url[128];
  int length;

  (void)call;
  id_digits(digits, id);
  length = snprintf(url, sizeof url, SCHEME "%s/%s", good_self->place, digits);
  return ret_url->write(ret_url, url, (size_t)length);
}

bool good_is_first_thread(void) {
  return gettid() == getpid();
}

/* ---- objects ---- */

enum blockstore_status good_get(struct good *self, struct blockstore_call *call, struct blockstore_sink *sink, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  enum blockstore_status status;
  unsigned char *buffer = NULL;
  struct stat file;
  ssize_t got = 1;

  if (fd < 0 && errno == ENOENT && access(self->root, F_OK) == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "%s: There is no such object.", path);
  if (fd < 0) return fail_errno(call, path);
  buffer = malloc(STEP);
  if (buffer == NULL || fstat(fd, &file) < 0) status = fail_errno(call, path);
  else status = sink->begin(sink, (uint64_t)file.st_size);
  while (status == BLOCKSTORE_STATUS_OK && got > 0) {
    status = blockstore_go_on(call);
    if (status != BLOCKSTORE_STATUS_OK) break;
    got = read(fd, buffer, STEP);
    if (got < 0) status = fail_errno(call, path);
    else if (got > 0) status = sink->write(sink, buffer, (size_t)got);
  }
  free(buffer);
  close(fd);
  return status;
}

static enum blockstore_status receive(struct blockstore_call *call, int fd, const char *path,
                                      const struct blockstore_source *source) {
  enum blockstore_status status = blockstore_go_on(call);
  unsigned char *buffer = malloc(STEP);

  if (buffer == NULL) return fail_errno(call, path);
  for (uint64_t at = 0; status == BLOCKSTORE_STATUS_OK && at < source->size; at += STEP) {
    size_t length = source->size - at < STEP ? (size_t)(source->size - at) : STEP;

    status = source->read_at(source, buffer, length, at);
    if (status == BLOCKSTORE_STATUS_OK && write(fd, buffer, length) != (ssize_t)length) status = fail_errno(call, path);
    if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(call);
  }
  free(buffer);
  return status;
}

enum blockstore_status good_put(struct good *self, struct blockstore_call *call, const char *path,
                                const struct blockstore_source *source) {
  char temporary[GOOD_PATH];
  enum blockstore_status status;
  int fd;

  if (source->size > GOOD_LARGEST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TOO_LARGE, "%s: At most %d bytes are stored.", path, GOOD_LARGEST);
  snprintf(temporary, sizeof temporary, "%s/t-XXXXXX", self->root);
  fd = mkostemp(temporary, O_CLOEXEC);
  if (fd < 0) return fail_errno(call, temporary);
  status = receive(call, fd, path, source);
  if (status == BLOCKSTORE_STATUS_OK && (fsync(fd) < 0 || rename(temporary, path) < 0)) status = fail_errno(call, path);
  if (status != BLOCKSTORE_STATUS_OK) unlink(temporary);
  close(fd);
  return status;
}

static enum blockstore_status good_delete(struct blockstore_call *call, const char *path) {
  if (unlink(path) < 0 && errno != ENOENT) return fail_errno(call, path);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status good_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                 const char *key) {
  char path[GOOD_PATH];

  good_key_path(self, path, key);
  return good_get(self, call, ret_data, path);
}

static enum blockstore_status good_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                               const char *url) {
  char path[GOOD_PATH];
  enum blockstore_status status = good_url_path(self, path, url);

  return status == BLOCKSTORE_STATUS_OK ? good_get(self, call, ret_record, path) : status;
}

static enum blockstore_status good_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                 const struct blockstore_source *data, const char *txid) {
  char path[GOOD_PATH];

  (void)txid;
  good_key_path(self, path, key);
  return good_put(self, call, path, data);
}

static enum blockstore_status good_put_mutable(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                               const char *signature, const struct blockstore_source *record) {
  char path[GOOD_PATH];

  (void)version, (void)signature;
  good_id_path(self, path, id);
  return good_put(self, call, path, record);
}

static enum blockstore_status good_delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  char path[GOOD_PATH];

  (void)txid;
  good_key_path(self, path, key);
  return good_delete(call, path);
}

static enum blockstore_status good_delete_mutable(void *self, struct blockstore_call *call, const char *id,
                                                  const char *signature) {
  char path[GOOD_PATH];

  (void)signature;
  good_id_path(self, path, id);
  return good_delete(call, path);
}

static enum blockstore_status good_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  static const char report[] = "{\"writable\": true}";
  const struct good *good_self = self;

  if (access(good_self->root, W_OK) < 0) return fail_errno(call, good_self->root);
  return ret_report->write(ret_report, report, strlen(report));
}

const struct blockstore_driver good = {.storage_init = good_init,
                                       .storage_close = good_close,
                                       .handles_url = good_handles_url,
                                       .make_mutable_url = good_make_url,
                                       .get_immutable_handler = good_get_immutable,
                                       .get_mutable_handler = good_get_mutable,
                                       .put_immutable_handler = good_put_immutable,
                                       .put_mutable_handler = good_put_mutable,
                                       .delete_immutable_handler = good_delete_immutable,
                                       .delete_mutable_handler = good_delete_mutable,
                                       .check = good_check};
