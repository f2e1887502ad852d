/* SPDX-License-Identifier: MIT */
/* A filter that tells each call in the log: what was asked, how long it took, how it ended. */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/common/passing.h"
#include "plugins/common/plugin.h"

#define TARGET_SHOWN 64 /* bytes of a key, an id or a URL */

struct log {
  struct bs_passing_filter filter;
  enum blockstore_log_level level;
};

static uint64_t now_us(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static const char *status_text(enum blockstore_status status) {
  static const char *const texts[] = {"OK",        "NOT_FOUND", "UNHANDLED_URL", "DENIED",      "NO_SPACE", "TOO_LARGE",
                                      "CONFLICT", "TRANSIENT", "CANCELLED",     "UNSUPPORTED", "FAILED"};

  return (size_t)status < sizeof texts / sizeof texts[0] ? texts[status] : "unknown status";
}

/* Counts what goes through. */
struct counting {
  struct blockstore_sink abi;
  struct blockstore_sink *real;
  uint64_t bytes;
};

static enum blockstore_status counting_begin(struct blockstore_sink *sink, uint64_t size) {
  struct counting *counting = (struct counting *)sink;

  return counting->real->begin(counting->real, size);
}

static enum blockstore_status counting_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct counting *counting = (struct counting *)sink;

  counting->bytes += length;
  return counting->real->write(counting->real, bytes, length);
}

static void tell(const struct log *log, struct blockstore_call *call, const struct bs_passing *passing, uint64_t bytes,
                 uint64_t took_us, enum blockstore_status status) {
  size_t length = strlen(passing->target);
  const char *sentence = call->host->get_error(call);
  enum bs_passing_kind kind = bs_passing_kind_of(passing->entry);
  char amount[40] = "";

  if (kind == BS_PASSING_GET || kind == BS_PASSING_PUT) snprintf(amount, sizeof amount, ", %" PRIu64 " bytes", bytes);
  blockstore_log(call, log->level, "%s %.*s%s%s in %" PRIu64 ".%03" PRIu64 " ms: %s%s%s", bs_passing_text(passing->entry),
                 length > TARGET_SHOWN ? TARGET_SHOWN : (int)length, passing->target, length > TARGET_SHOWN ? "..." : "", amount,
                 took_us / 1000, took_us % 1000, status_text(status), sentence[0] == '\0' ? "" : ": ", sentence);
}

static enum blockstore_status log_through(void *self, struct blockstore_call *call, const struct bs_passing *passing) {
  const struct log *log = self;
  struct counting counting = {{sizeof(struct blockstore_sink), 0, counting_begin, counting_write}, passing->sink, 0};
  enum bs_passing_kind kind = bs_passing_kind_of(passing->entry);
  struct bs_passing mine = *passing;
  uint64_t from_us = now_us();
  enum blockstore_status status;

  if (kind == BS_PASSING_URL) return bs_passing_on(log->filter.next, call, passing); /* computed, and asked all the time */
  if (kind == BS_PASSING_GET) mine.sink = &counting.abi;
  status = bs_passing_on(log->filter.next, call, &mine);
  tell(log, call, passing, kind == BS_PASSING_PUT ? passing->source->size : counting.bytes, now_us() - from_us, status);
  return status;
}

/* ---- its life ---- */

static enum blockstore_status log_storage_init(void **ret_self, struct blockstore_call *call,
                                               const struct blockstore_settings *settings, const struct blockstore_next *next) {
  static const char *const levels[] = {"error", "warning", "info", "debug"};
  const char *level = call->host->setting(settings, "level", 0);
  struct log *self = calloc(1, sizeof *self);

  if (self == NULL) return bs_plugin_fail_memory(call);
  self->filter = (struct bs_passing_filter){next, log_through};
  while (strcmp(levels[self->level], level) != 0) self->level++; /* it is one of them */
  *ret_self = self;
  return BLOCKSTORE_STATUS_OK;
}

static void log_storage_close(void *self, struct blockstore_call *call) {
  (void)call;
  free(self);
}

static const struct blockstore_driver log_driver = {
    .storage_init = log_storage_init,
    .storage_close = log_storage_close,
    BS_PASSING_TABLE,
};

BLOCKSTORE_REGISTER_DRIVER(log, log_driver,
    BLOCKSTORE_VERSION(PACKAGE_VERSION)
    BLOCKSTORE_DESCRIPTION("Filter: tells each call in the log")
    BLOCKSTORE_KIND_FILTER
    BLOCKSTORE_THREADS_PARALLEL
    BLOCKSTORE_CAPABILITY_DURABLE
    BLOCKSTORE_CAPABILITY_CONSISTENT
    BLOCKSTORE_CAPABILITY_LOCAL
    BLOCKSTORE_OPTION_ENUM("level", "error,warning,info,debug", OPTIONAL, "info", "Level of the lines"));
