/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/client/io.h"

enum { BLOCK = 256 << 10 };

enum input_kind { INPUT_MEMORY, INPUT_FILE, INPUT_FD, INPUT_CALLBACK };

struct blockstore_input {
  enum input_kind kind;
  const void *bytes;
  size_t length;
  char *file;
  int fd;
  blockstore_read_callback read;
  void *user;
};

struct blockstore_input *blockstore_input_from_memory(const void *bytes, size_t length) {
  struct blockstore_input *input = malloc(sizeof *input);

  if (input != NULL) *input = (struct blockstore_input){.kind = INPUT_MEMORY, .bytes = bytes, .length = length};
  return input;
}

struct blockstore_input *blockstore_input_from_file(const char *file) {
  struct blockstore_input *input = malloc(sizeof *input);

  if (input == NULL) return NULL;
  *input = (struct blockstore_input){.kind = INPUT_FILE, .file = strdup(file)};
  if (input->file != NULL) return input;
  free(input);
  return NULL;
}

struct blockstore_input *blockstore_input_from_fd(int fd) {
  struct blockstore_input *input = malloc(sizeof *input);

  if (input != NULL) *input = (struct blockstore_input){.kind = INPUT_FD, .fd = fd};
  return input;
}

struct blockstore_input *blockstore_input_from_callback(blockstore_read_callback read, void *user) {
  struct blockstore_input *input = malloc(sizeof *input);

  if (input != NULL) *input = (struct blockstore_input){.kind = INPUT_CALLBACK, .read = read, .user = user};
  return input;
}

void blockstore_input_free(struct blockstore_input *input) {
  if (input == NULL) return;
  free(input->file);
  free(input);
}

/* Fills up to a block from a descriptor that may be slow, or from the callback: how many bytes, 0 at the end, -1 with error. */
static int64_t read_block(const struct blockstore_input *input, int fd, void *block, const struct bs_scope *scope,
                          struct bs_error *error) {
  struct pollfd fds[2] = {{fd, POLLIN, 0}, {scope->fd, POLLIN, 0}};
  int64_t got = -1;

  if (input->kind == INPUT_CALLBACK) {
    got = input->read(input->user, block, BLOCK);
    if (got < 0 || got > BLOCK) return bs_fail(error, BS_WORD_failed, "The data's source failed."), -1;
    return bs_scope_check(scope, error) ? got : -1;
  }
  do {
    uint32_t left = bs_scope_time_left(scope);

    if (!bs_scope_check(scope, error)) return -1;
    if (poll(fds, 2, left > 1000000 ? 1000000 : (int)left) <= 0 || fds[0].revents == 0) continue;
    got = read(fd, block, BLOCK);
    if (got < 0 && errno != EINTR && errno != EAGAIN) return bs_fail_errno(error, "The data cannot be read"), -1;
  } while (got < 0);
  return got;
}

/* "reading", at most ten times a second. */
static void tell(const struct bs_watch *watch, uint64_t done, uint64_t *told) {
  uint64_t now = watch->progress == NULL ? 0 : bs_clock_monotonic_ms();

  if (watch->progress == NULL || now - *told < 100) return;
  *told = now;
  watch->progress(watch->user, "reading", done, UINT64_MAX);
}

/* Everything into the spool, for sources that cannot be read twice. */
static bool fill_spool(struct bs_input_use *use, const struct blockstore_input *input, int fd, const struct bs_input_limit *limit,
                       const struct bs_watch *watch, struct bs_error *error) {
  void *block BS_AUTO_FREE = malloc(BLOCK);
  uint64_t told = 0;
  int64_t got;

  if (block == NULL) return bs_fail_memory(error);
  while ((got = read_block(input, fd, block, watch->scope, error)) > 0) {
    tell(watch, use->spool.length, &told);
    if (use->spool.length + (uint64_t)got > limit->most)
      return bs_fail(error, BS_WORD_too_large, "The data has more than the %" PRIu64 " bytes that %s allows.",
                     limit->most, limit->key);
    if (!bs_spool_write(&use->spool, block, (size_t)got, error)) return false;
  }
  return got == 0 && bs_feed_from_spool(&use->feed, &use->spool, error);
}

static bool open_file(struct bs_input_use *use, const char *file, struct bs_error *error) {
  use->fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hang here */
  if (use->fd >= 0) return true;
  return bs_fail(error, errno == EACCES ? BS_WORD_denied : BS_WORD_usage, "%s: The file with the data cannot be opened: %s", file,
                 strerrordesc_np(errno));
}

static bool feed_descriptor(struct bs_input_use *use, const struct blockstore_input *input, int fd,
                            const struct bs_input_limit *limit, const struct bs_watch *watch, struct bs_error *error) {
  const char *name = input->kind == INPUT_FILE ? input->file : "The data's descriptor";
  struct stat status;
  off_t offset;

  if (fstat(fd, &status) < 0) return bs_fail(error, BS_WORD_usage, "%s: It cannot be examined: %s", name, strerrordesc_np(errno));
  if (S_ISDIR(status.st_mode)) return bs_fail(error, BS_WORD_usage, "%s: This is a directory; data is one file.", name);
  if (!S_ISREG(status.st_mode)) return fill_spool(use, input, fd, limit, watch, error);
  offset = lseek(fd, 0, SEEK_CUR);
  if (offset < 0) return bs_fail_errno(error, "%s: The position in the file is not known", name);
  return bs_feed_from_fd(&use->feed, fd, (uint64_t)offset, limit->most, error) || bs_context(error, "%s", name);
}

bool bs_input_begin(struct bs_input_use *use, const struct blockstore_input *input, const struct bs_input_limit *limit,
                    const struct bs_watch *watch, struct bs_error *error) {
  *use = (struct bs_input_use){.fd = -1};
  bs_spool_init(&use->spool, NULL);
  if (input == NULL) return bs_fail(error, BS_WORD_no_memory, "There is no input (memory ran out when it was made?).");
  switch (input->kind) {
  case INPUT_MEMORY:
    if (input->length > limit->most)
      return bs_fail(error, BS_WORD_too_large, "The data has %zu bytes; %s allows %" PRIu64 ".", input->length,
                     limit->key, limit->most);
    return bs_feed_from_memory(&use->feed, input->bytes, input->length, error);
  case INPUT_FILE:
    return open_file(use, input->file, error) && feed_descriptor(use, input, use->fd, limit, watch, error);
  case INPUT_FD:
    return feed_descriptor(use, input, input->fd, limit, watch, error);
  case INPUT_CALLBACK:
    break;
  }
  return fill_spool(use, input, -1, limit, watch, error);
}

void bs_input_end(struct bs_input_use *use) {
  bs_feed_release(use->feed);
  bs_spool_free(&use->spool);
  if (use->fd >= 0) close(use->fd);
}
