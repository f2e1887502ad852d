/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/client/io.h"

enum { BLOCK = 256 << 10 };

enum output_kind { OUTPUT_MEMORY, OUTPUT_FILE, OUTPUT_FD, OUTPUT_CALLBACK };

struct blockstore_output {
  enum output_kind kind;
  size_t limit;
  struct bs_buffer memory;
  char *file;
  int fd;
  blockstore_write_callback write;
  void *user;
};

static struct blockstore_output *make(enum output_kind kind) {
  struct blockstore_output *output = calloc(1, sizeof *output);

  if (output != NULL) output->kind = kind;
  return output;
}

struct blockstore_output *blockstore_output_to_memory(size_t limit) {
  struct blockstore_output *output = make(OUTPUT_MEMORY);

  if (output != NULL) output->limit = limit;
  return output;
}

struct blockstore_output *blockstore_output_to_file(const char *file) {
  struct blockstore_output *output = make(OUTPUT_FILE);

  if (output != NULL) output->file = strdup(file);
  if (output != NULL && output->file != NULL) return output;
  free(output);
  return NULL;
}

struct blockstore_output *blockstore_output_to_fd(int fd) {
  struct blockstore_output *output = make(OUTPUT_FD);

  if (output != NULL) output->fd = fd;
  return output;
}

struct blockstore_output *blockstore_output_to_callback(blockstore_write_callback write, void *user) {
  struct blockstore_output *output = make(OUTPUT_CALLBACK);

  if (output != NULL) {
    output->write = write;
    output->user = user;
  }
  return output;
}

const void *blockstore_output_bytes(const struct blockstore_output *output, size_t *ret_length) {
  *ret_length = output->memory.length;
  return output->memory.bytes;
}

void blockstore_output_free(struct blockstore_output *output) {
  if (output == NULL) return;
  bs_buffer_free(&output->memory);
  free(output->file);
  free(output);
}

uint64_t bs_output_limit(const struct blockstore_output *output) {
  return output == NULL || output->kind != OUTPUT_MEMORY ? UINT64_MAX : output->limit;
}

/* A device or a pipe is written to; anything else is replaced, behind its symbolic links: who could not read the file before
 * cannot read what takes its place. */
static bool begin_file(struct bs_output_use *use, const char *file, struct bs_error *error) {
  char *real BS_AUTO_FREE = realpath(file, NULL);
  struct stat status;

  if (real == NULL && errno == ENOENT && lstat(file, &status) == 0)
    return bs_fail(error, BS_WORD_usage, "%s: This symbolic link leads nowhere; name the file to write.", file);
  if (real == NULL ? errno != ENOENT : stat(real, &status) != 0)
    return bs_fail(error, BS_WORD_usage, "%s: The file cannot be written: %s", file, strerrordesc_np(errno));
  if (real != NULL && S_ISDIR(status.st_mode))
    return bs_fail(error, BS_WORD_usage, "%s: This is a directory; name the file to write.", file);
  if (real == NULL || S_ISREG(status.st_mode)) {
    if (!bs_replacement_begin(&use->replacement, real == NULL ? file : real, real == NULL ? 0666 : status.st_mode & 0777, error))
      return false;
    bs_spool_init_fd(&use->spool, use->replacement.fd);
    return true;
  }
  use->fd = open(real, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  return use->fd >= 0 || bs_fail_errno(error, "%s: It cannot be opened for writing", file);
}

bool bs_output_begin(struct bs_output_use *use, struct blockstore_output *output, struct bs_error *error) {
  *use = (struct bs_output_use){.output = output, .replacement = BS_REPLACEMENT_INIT, .fd = -1};
  bs_spool_init(&use->spool, NULL);
  if (output == NULL) return bs_fail(error, BS_WORD_no_memory, "There is no output (memory ran out when it was made?).");
  return output->kind != OUTPUT_FILE || begin_file(use, output->file, error);
}

/* write() whose SIGPIPE, the program's own business, is not raised: only EPIPE tells. */
static ssize_t write_silently(int fd, const void *bytes, size_t length) {
  const struct timespec now = {0, 0};
  sigset_t broken, pending, before;
  ssize_t written;
  int reason;

  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  sigpending(&pending);
  pthread_sigmask(SIG_BLOCK, &broken, &before);
  written = write(fd, bytes, length);
  reason = errno;
  if (written < 0 && reason == EPIPE && !sigismember(&pending, SIGPIPE)) sigtimedwait(&broken, NULL, &now);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = reason;
  return written;
}

/* To a descriptor that may be slow: whoever reads a pipe may stop, and the call must still end.  PIPE_BUF bytes never
 * block once poll has said that there is room. */
static bool write_fd(int fd, const char *bytes, size_t length, const struct bs_scope *scope, struct bs_error *error) {
  struct pollfd fds[2] = {{fd, POLLOUT, 0}, {scope->fd, POLLIN, 0}};
  struct stat status;
  size_t most = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? length : PIPE_BUF;

  while (length > 0) {
    uint32_t left = bs_scope_time_left(scope);
    ssize_t written;

    if (!bs_scope_check(scope, error)) return false;
    if (poll(fds, 2, left > 1000000 ? 1000000 : (int)left) <= 0 || fds[0].revents == 0) continue;
    written = write_silently(fd, bytes, length < most ? length : most);
    if (written < 0 && errno != EINTR && errno != EAGAIN)
      return bs_fail_errno(error, "The data cannot be written to its destination");
    if (written < 0) continue;
    bytes += written;
    length -= (size_t)written;
  }
  return true;
}

static bool hand_on(const struct bs_output_use *use, const void *bytes, size_t length, const struct bs_scope *scope,
                    struct bs_error *error) {
  const struct blockstore_output *output = use->output;

  if (output->kind == OUTPUT_CALLBACK)
    return output->write(output->user, bytes, length) == 0 || bs_fail(error, BS_WORD_failed, "The data's receiver refused it.");
  return write_fd(output->kind == OUTPUT_FD ? output->fd : use->fd, bytes, length, scope, error);
}

static bool hand_on_all(const struct bs_output_use *use, const struct bs_scope *scope, struct bs_error *error) {
  void *block BS_AUTO_FREE = malloc(BLOCK);

  if (block == NULL) return bs_fail_memory(error);
  for (uint64_t offset = 0; offset < use->spool.length;) {
    size_t length = use->spool.length - offset < BLOCK ? (size_t)(use->spool.length - offset) : BLOCK;

    if (!bs_scope_check(scope, error) || !bs_spool_read(&use->spool, block, length, offset, error) ||
        !hand_on(use, block, length, scope, error))
      return false;
    offset += length;
  }
  return true;
}

static bool fill_memory(struct bs_output_use *use, struct bs_error *error) {
  struct bs_buffer memory = BS_BUFFER_INIT;
  size_t length = (size_t)use->spool.length;

  bs_buffer_reserve(&memory, length + 1);
  if (memory.failed || bs_buffer_extend(&memory, length) == NULL) return bs_fail_memory(error);
  if (!bs_spool_read(&use->spool, memory.bytes, length, 0, error)) {
    bs_buffer_free(&memory);
    return false;
  }
  bs_buffer_string(&memory);
  bs_buffer_free(&use->output->memory);
  use->output->memory = memory;
  return true;
}

static void tell(const struct blockstore_output *output, uint64_t length) {
  switch (output->kind) {
  case OUTPUT_MEMORY: bs_log(BS_LOG_INFO, "%" PRIu64 " bytes of data went to the caller's memory", length); break;
  case OUTPUT_FILE: bs_log(BS_LOG_INFO, "%" PRIu64 " bytes of data went to the file %s", length, output->file); break;
  case OUTPUT_FD: bs_log(BS_LOG_INFO, "%" PRIu64 " bytes of data went to the descriptor %d", length, output->fd); break;
  case OUTPUT_CALLBACK: bs_log(BS_LOG_INFO, "%" PRIu64 " bytes of data went to the caller's function", length); break;
  }
}

static bool deliver(struct bs_output_use *use, const struct bs_scope *scope, struct bs_error *error) {
  if (use->output->kind == OUTPUT_MEMORY) return fill_memory(use, error);
  if (use->replacement.fd < 0) return hand_on_all(use, scope, error);
  return bs_scope_check(scope, error) && bs_replacement_commit(&use->replacement, false, error);
}

bool bs_output_deliver(struct bs_output_use *use, const struct bs_scope *scope, struct bs_error *error) {
  if (!deliver(use, scope, error)) return false;
  tell(use->output, use->spool.length);
  return true;
}

static bool deliver_buffer(struct bs_output_use *use, struct bs_buffer *bytes, const struct bs_scope *scope,
                           struct bs_error *error) {
  if (use->output->kind == OUTPUT_MEMORY) {
    if (bs_buffer_string(bytes) == NULL) return bs_fail_memory(error);
    bs_buffer_free(&use->output->memory);
    use->output->memory = *bytes;
    *bytes = (struct bs_buffer)BS_BUFFER_INIT;
    return true;
  }
  if (use->replacement.fd < 0) return bytes->length == 0 || hand_on(use, bytes->bytes, bytes->length, scope, error);
  return bs_spool_write(&use->spool, bytes->bytes, bytes->length, error) && deliver(use, scope, error);
}

bool bs_output_deliver_buffer(struct bs_output_use *use, struct bs_buffer *bytes, const struct bs_scope *scope,
                              struct bs_error *error) {
  uint64_t length = bytes->length;

  if (!deliver_buffer(use, bytes, scope, error)) return false;
  tell(use->output, length);
  return true;
}

void bs_output_end(struct bs_output_use *use) {
  bs_spool_free(&use->spool);
  bs_replacement_abort(&use->replacement);
  if (use->fd >= 0) close(use->fd);
}
