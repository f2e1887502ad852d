/* SPDX-License-Identifier: MIT */
/* A filter that tells each call in the log: what was asked, how long it took, how it ended. */
#include <config.h>

#include <blockstore/filter.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/common/plugin.h"

#define TARGET_SHOWN 64 /* bytes of a key, an id or a URL */

struct log {
  const struct blockstore_next *next;
  enum blockstore_log_level level;
};

static enum blockstore_status log_storage_init(void **ret_self, struct blockstore_call *call,
                                               const struct blockstore_settings *settings, const struct blockstore_next *next) {
  static const char *const levels[] = {"error", "warning", "info", "debug"};
  const char *level = call->host->setting(settings, "level", 0);
  struct log *self = calloc(1, sizeof *self);

  if (self == NULL) return bs_plugin_fail_memory(call);
  self->next = next;
  while (strcmp(levels[self->level], level) != 0) self->level++; /* it is one of them */
  *ret_self = self;
  return BLOCKSTORE_STATUS_OK;
}

static void log_storage_close(void *self, struct blockstore_call *call) {
  (void)call;
  free(self);
}

/* ---- one call ---- */

struct told {
  const struct log *log;
  struct blockstore_call *call;
  const char *entry, *target;
  uint64_t from_us;
};

static uint64_t now_us(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct told begin(void *self, struct blockstore_call *call, const char *entry, const char *target) {
  return (struct told){self, call, entry, target, now_us()};
}

static const char *status_text(enum blockstore_status status) {
  static const char *const texts[] = {"OK",        "NOT_FOUND", "UNHANDLED_URL", "DENIED",      "NO_SPACE", "TOO_LARGE",
                                      "CONFLICT", "TRANSIENT", "CANCELLED",     "UNSUPPORTED", "FAILED"};

  return (size_t)status < sizeof texts / sizeof texts[0] ? texts[status] : "unknown status";
}

/* bytes: BLOCKSTORE_SIZE_UNKNOWN: none are told.  Returns the status. */
static enum blockstore_status end(const struct told *told, uint64_t bytes, enum blockstore_status status) {
  uint64_t took_us = now_us() - told->from_us;
  size_t length = strlen(told->target);
  const char *sentence = told->call->host->get_error(told->call);
  char amount[40] = "";

  if (bytes != BLOCKSTORE_SIZE_UNKNOWN) snprintf(amount, sizeof amount, ", %" PRIu64 " bytes", bytes);
  blockstore_log(told->call, told->log->level, "%s %.*s%s%s in %" PRIu64 ".%03" PRIu64 " ms: %s%s%s", told->entry,
                 length > TARGET_SHOWN ? TARGET_SHOWN : (int)length, told->target, length > TARGET_SHOWN ? "..." : "", amount,
                 took_us / 1000, took_us % 1000, status_text(status), sentence[0] == '\0' ? "" : ": ", sentence);
  return status;
}

/* ---- gets ---- */

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

static struct counting count(struct blockstore_sink *real) {
  return (struct counting){{sizeof(struct blockstore_sink), 0, counting_begin, counting_write}, real, 0};
}

static enum blockstore_status log_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                const char *key) {
  const struct told told = begin(self, call, "get_immutable", key);
  struct counting counting = count(ret_data);
  enum blockstore_status status = blockstore_pass_get_immutable(self, call, &counting.abi, key);

  return end(&told, counting.bytes, status);
}

static enum blockstore_status log_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                              const char *url) {
  const struct told told = begin(self, call, "get_mutable", url);
  struct counting counting = count(ret_record);
  enum blockstore_status status = blockstore_pass_get_mutable(self, call, &counting.abi, url);

  return end(&told, counting.bytes, status);
}

static enum blockstore_status log_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  const struct told told = begin(self, call, "check", "");

  return end(&told, BLOCKSTORE_SIZE_UNKNOWN, blockstore_pass_check(self, call, ret_report));
}

/* ---- puts and deletes ---- */

static enum blockstore_status log_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                const struct blockstore_source *data, const char *txid) {
  const struct told told = begin(self, call, "put_immutable", key);

  return end(&told, data->size, blockstore_pass_put_immutable(self, call, key, data, txid));
}

static enum blockstore_status log_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                              const char *signature, const struct blockstore_source *record) {
  const struct told told = begin(self, call, "put_mutable", data_id);

  return end(&told, record->size, blockstore_pass_put_mutable(self, call, data_id, version, signature, record));
}

static enum blockstore_status log_delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  const struct told told = begin(self, call, "delete_immutable", key);

  return end(&told, BLOCKSTORE_SIZE_UNKNOWN, blockstore_pass_delete_immutable(self, call, key, txid));
}

static enum blockstore_status log_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                 const char *signature) {
  const struct told told = begin(self, call, "delete_mutable", data_id);

  return end(&told, BLOCKSTORE_SIZE_UNKNOWN, blockstore_pass_delete_mutable(self, call, data_id, signature));
}

static const struct blockstore_driver log_driver = {
    .storage_init = log_storage_init,
    .storage_close = log_storage_close,
    .handles_url = blockstore_pass_handles_url,
    .make_mutable_url = blockstore_pass_make_mutable_url,
    .get_immutable_handler = log_get_immutable,
    .get_mutable_handler = log_get_mutable,
    .put_immutable_handler = log_put_immutable,
    .put_mutable_handler = log_put_mutable,
    .delete_immutable_handler = log_delete_immutable,
    .delete_mutable_handler = log_delete_mutable,
    .check = log_check,
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
