/* SPDX-License-Identifier: MIT */
/*
 * A filter that uses all of filter.h and asks the core for what filters may ask: what it was compiled to must work with
 * every later core of its ABI.  The store below holds each byte with the option mask laid over it.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <blockstore/filter.h>

#define CHUNK ((size_t)4096)

struct veil {
  const struct blockstore_next *next;
  unsigned char mask; /* option mask */
};

/* ---- bytes on their way ---- */

struct veiled_source {
  struct blockstore_source abi;
  const struct blockstore_source *real;
  unsigned char mask;
};

static enum blockstore_status veiled_read_at(const struct blockstore_source *source, void *buffer, size_t length,
                                             uint64_t offset) {
  const struct veiled_source *veiled = (const struct veiled_source *)source;
  enum blockstore_status status = veiled->real->read_at(veiled->real, buffer, length, offset);

  if (status == BLOCKSTORE_STATUS_OK)
    for (size_t i = 0; i < length; i++) ((unsigned char *)buffer)[i] ^= veiled->mask;
  return status;
}

static struct veiled_source veiled_source(const struct veil *veil, const struct blockstore_source *real) {
  struct veiled_source source = {
      .abi = {.struct_size = sizeof source.abi, .read_at = veiled_read_at, .size = real->size}, .real = real, .mask = veil->mask};

  return source;
}

struct veiled_sink {
  struct blockstore_sink abi;
  struct blockstore_sink *real;
  unsigned char mask;
};

static enum blockstore_status veiled_begin(struct blockstore_sink *sink, uint64_t size) {
  struct veiled_sink *veiled = (struct veiled_sink *)sink;

  return veiled->real->begin(veiled->real, size);
}

static enum blockstore_status veiled_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct veiled_sink *veiled = (struct veiled_sink *)sink;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  unsigned char chunk[CHUNK];

  for (size_t at = 0, step; at < length && status == BLOCKSTORE_STATUS_OK; at += step) {
    step = length - at < CHUNK ? length - at : CHUNK;
    for (size_t i = 0; i < step; i++) chunk[i] = ((const unsigned char *)bytes)[at + i] ^ veiled->mask;
    status = veiled->real->write(veiled->real, chunk, step);
  }
  return status;
}

static struct veiled_sink veiled_sink(const struct veil *veil, struct blockstore_sink *real) {
  struct veiled_sink sink = {.abi = {.struct_size = sizeof sink.abi, .begin = veiled_begin, .write = veiled_write},
                             .real = real,
                             .mask = veil->mask};

  return sink;
}

/* Hands the status on; of what failed it says more than the store below did. */
static enum blockstore_status veil_tell(struct blockstore_call *call, const char *name, enum blockstore_status status) {
  const struct blockstore_host *host = call->host;
  char reason[512];

  if (status != BLOCKSTORE_STATUS_TRANSIENT) return status;
  snprintf(reason, sizeof reason, "%s", host->get_error(call));
  host->retry_after(call, 2 * host->get_retry_after(call));
  return blockstore_fail(call, status, "%s, veiled: %s", name, reason);
}

/* ---- its life, which asks the store below, too ---- */

static bool veil_is_answered(const struct blockstore_next *next, struct blockstore_call *call) {
  return next->driver->handles_url(next->self, call, "http://a/") == BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static enum blockstore_status veil_init(void **ret_self, struct blockstore_call *call, const struct blockstore_settings *settings,
                                        const struct blockstore_next *next) {
  struct veil *veil = calloc(1, sizeof *veil);

  if (veil == NULL || next == NULL || !BLOCKSTORE_HAS(next->driver, next->driver_size, check)) {
    free(veil);
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "There is not enough memory, or no store below.");
  }
  veil->next = next;
  veil->mask = (unsigned char)call->host->setting_number(settings, "mask");
  blockstore_log(call, BLOCKSTORE_LOG_INFO, "below it is %s", veil_is_answered(next, call) ? "a store" : "no store");
  *ret_self = veil;
  return BLOCKSTORE_STATUS_OK;
}

static void veil_close(void *self, struct blockstore_call *call) {
  bool is_open = veil_is_answered(blockstore_next_of(self), call);

  blockstore_log(call, BLOCKSTORE_LOG_INFO, "unveiled, %s below", is_open ? "open" : "closed");
  free(self);
}

/* ---- what it changes ---- */

static enum blockstore_status veil_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                 const char *key) {
  struct veiled_sink sink = veiled_sink(self, ret_data);

  return veil_tell(call, key, blockstore_pass_get_immutable(self, call, &sink.abi, key));
}

static enum blockstore_status veil_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                               const char *url) {
  struct veiled_sink sink = veiled_sink(self, ret_record);

  return veil_tell(call, url, blockstore_pass_get_mutable(self, call, &sink.abi, url));
}

static enum blockstore_status veil_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                 const struct blockstore_source *data, const char *txid) {
  const struct veiled_source source = veiled_source(self, data);

  return veil_tell(call, key, blockstore_pass_put_immutable(self, call, key, &source.abi, txid));
}

static enum blockstore_status veil_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                               const char *signature, const struct blockstore_source *record) {
  const struct veiled_source source = veiled_source(self, record);

  return veil_tell(call, data_id, blockstore_pass_put_mutable(self, call, data_id, version, signature, &source.abi));
}

static const struct blockstore_driver veil_driver = {
    .storage_init = veil_init,
    .storage_close = veil_close,
    .handles_url = blockstore_pass_handles_url,
    .make_mutable_url = blockstore_pass_make_mutable_url,
    .get_immutable_handler = veil_get_immutable,
    .get_mutable_handler = veil_get_mutable,
    .put_immutable_handler = veil_put_immutable,
    .put_mutable_handler = veil_put_mutable,
    .delete_immutable_handler = blockstore_pass_delete_immutable,
    .delete_mutable_handler = blockstore_pass_delete_mutable,
    .check = blockstore_pass_check,
};

BLOCKSTORE_REGISTER_DRIVER(veil, veil_driver,
                           BLOCKSTORE_VERSION("1.0")
                           BLOCKSTORE_DESCRIPTION("Filter: a mask over each byte, for tests")
                           BLOCKSTORE_KIND_FILTER
                           BLOCKSTORE_THREADS_PARALLEL
                           BLOCKSTORE_CAPABILITY_DURABLE
                           BLOCKSTORE_CAPABILITY_CONSISTENT
                           BLOCKSTORE_CAPABILITY_LOCAL
                           BLOCKSTORE_CAPABILITY_CHANGES
                           BLOCKSTORE_OPTION("mask", INT, OPTIONAL, "90", "What is laid over each byte"));
