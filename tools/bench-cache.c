/* SPDX-License-Identifier: MIT */
/*
 * What the filter cache takes to hand out what it has, beside its floor: to read the same file and hash it, in turns.
 *
 *   bench-cache DIRECTORY ROUNDS BYTES
 *
 * DIRECTORY: for the cache.  Prints "hit" and "floor", each with the median, the fastest and the slowest of ROUNDS, in
 * milliseconds.
 */
#include <config.h>

#include <blockstore/driver.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/crypto/digest.h"

#define CHUNK ((size_t)1 << 20)

const struct blockstore_registration *cache_LTX_blockstore_driver(void);

struct bytes {
  struct blockstore_source source;
  const unsigned char *at;
};

static const char *directory;
static unsigned asked; /* the store below */

/* ---- the core's side ---- */

static void tell(struct blockstore_store *store, enum blockstore_log_level level, const char *line) {
  (void)store, (void)level;
  fprintf(stderr, "bench-cache: %s\n", line);
}

static void set_error(struct blockstore_call *call, const char *sentence) {
  (void)call;
  if (sentence[0] != '\0') fprintf(stderr, "bench-cache: %s\n", sentence);
}

static uint32_t time_left(struct blockstore_call *call) {
  (void)call;
  return UINT32_MAX;
}

static const char *setting(const struct blockstore_settings *settings, const char *key, size_t index) {
  (void)settings, (void)index;
  return strcmp(key, "directory") == 0 ? directory : NULL;
}

static int64_t setting_number(const struct blockstore_settings *settings, const char *key) {
  (void)settings;
  return strcmp(key, "size") == 0 ? (int64_t)1 << 40 : 0;
}

static enum blockstore_status read_at(const struct blockstore_source *source, void *buffer, size_t length, uint64_t offset) {
  memcpy(buffer, ((const struct bytes *)source)->at + offset, length);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status begin(struct blockstore_sink *sink, uint64_t size) {
  (void)sink, (void)size;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status take(struct blockstore_sink *sink, const void *bytes, size_t length) {
  (void)sink, (void)bytes, (void)length;
  return BLOCKSTORE_STATUS_OK;
}

/* ---- the store below ---- */

static enum blockstore_status make_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                       const char *id) {
  (void)self, (void)call, (void)id;
  return blockstore_give(ret_url, "bench://", 8);
}

static enum blockstore_status get(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data, const char *key) {
  (void)self, (void)call, (void)ret_data, (void)key;
  asked++;
  return BLOCKSTORE_STATUS_NOT_FOUND;
}

static enum blockstore_status put(void *self, struct blockstore_call *call, const char *key,
                                  const struct blockstore_source *data, const char *txid) {
  static unsigned char buffer[CHUNK];

  (void)self, (void)call, (void)key, (void)txid;
  for (uint64_t offset = 0; offset < data->size; offset += CHUNK)
    data->read_at(data, buffer, data->size - offset < CHUNK ? (size_t)(data->size - offset) : CHUNK, offset);
  return BLOCKSTORE_STATUS_OK;
}

/* ---- the clock ---- */

static double now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static bool read_and_hash(const char *path) {
  static unsigned char buffer[CHUNK];
  unsigned char digest[BS_SHA256_SIZE];
  int fd BS_AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC);
  struct bs_sha256 sha256;
  ssize_t got;

  if (fd < 0) return false;
  bs_sha256_begin(&sha256);
  while ((got = read(fd, buffer, sizeof buffer)) > 0) bs_sha256_add(&sha256, buffer, (size_t)got);
  bs_sha256_end(&sha256, digest);
  return got == 0;
}

static int compare(const void *left, const void *right) {
  return *(const double *)left < *(const double *)right ? -1 : *(const double *)left > *(const double *)right;
}

static void print(const char *what, double *times, size_t rounds) {
  qsort(times, rounds, sizeof *times, compare);
  printf("%s %.4f %.4f %.4f\n", what, times[rounds / 2], times[0], times[rounds - 1]);
}

static bool run(void *self, struct blockstore_call *call, size_t rounds, size_t size) {
  const struct blockstore_driver *driver = cache_LTX_blockstore_driver()->driver;
  struct blockstore_sink sink = {sizeof sink, 0, begin, take};
  double *hits BS_AUTO_FREE = calloc(rounds + 1, sizeof *hits), *floors BS_AUTO_FREE = calloc(rounds + 1, sizeof *floors);
  unsigned char *bytes BS_AUTO_FREE = calloc(1, size + 1), digest[BS_SHA256_SIZE];
  const struct bytes source = {{sizeof source.source, 0, read_at, size}, bytes};
  char key[2 * BS_SHA256_SIZE + 1], path[4096];

  if (hits == NULL || floors == NULL || bytes == NULL) return false;
  for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(i * 2654435761u >> 13);
  bs_sha256(digest, bytes, size);
  bs_hex_encode(key, digest, sizeof digest);
  snprintf(path, sizeof path, "%s/immutable/%.2s/%s", directory, key, key);
  if (driver->put_immutable_handler(self, call, key, &source.source, NULL) != BLOCKSTORE_STATUS_OK) return false;
  for (size_t i = 0; i <= rounds; i++) { /* the first warms up, and is not told */
    double start = now_ms(), middle;

    if (driver->get_immutable_handler(self, call, &sink, key) != BLOCKSTORE_STATUS_OK) return false;
    middle = now_ms();
    if (!read_and_hash(path)) return false;
    hits[i] = middle - start;
    floors[i] = now_ms() - middle;
  }
  print("hit", hits + 1, rounds);
  print("floor", floors + 1, rounds);
  return asked == 0;
}

int main(int argc, char **argv) {
  static const struct blockstore_host host = {.magic = BLOCKSTORE_HOST_MAGIC,
                                              .abi_minor = BLOCKSTORE_ABI_MINOR,
                                              .struct_size = sizeof host,
                                              .log = tell,
                                              .set_error = set_error,
                                              .time_left = time_left,
                                              .setting = setting,
                                              .setting_number = setting_number};
  static const struct blockstore_driver below = {
      .make_mutable_url = make_url, .get_immutable_handler = get, .put_immutable_handler = put};
  const struct blockstore_next next = {sizeof next, sizeof below, &below, NULL};
  struct blockstore_call call = {sizeof call, 0, &host, NULL};
  const struct blockstore_driver *driver = cache_LTX_blockstore_driver()->driver;
  void *self;
  bool good;

  if (argc != 4 || strtoul(argv[2], NULL, 10) == 0) {
    fputs("usage: bench-cache DIRECTORY ROUNDS BYTES\n", stderr);
    return 2;
  }
  directory = argv[1];
  if (driver->storage_init(&self, &call, NULL, &next) != BLOCKSTORE_STATUS_OK) return 1;
  good = run(self, &call, strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
  driver->storage_close(self, &call);
  return good ? 0 : 1;
}
