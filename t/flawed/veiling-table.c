/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdlib.h>

#include "t/flawed/veiling.h"

#define CHUNK ((size_t)4096)
#define VEIL 0x5a

#define BELOW(self) (((const struct veiling *)(self))->next->driver)
#define BELOW_SELF(self) (((const struct veiling *)(self))->next->self)

/* ---- bytes on their way ---- */

struct veiled_source {
  struct blockstore_source abi;
  const struct blockstore_source *real;
};

static enum blockstore_status read_veiled(const struct blockstore_source *abi, void *buffer, size_t length, uint64_t offset) {
  const struct blockstore_source *real = ((const struct veiled_source *)(const void *)abi)->real;
  enum blockstore_status status = real->read_at(real, buffer, length, offset);

  for (size_t i = 0; status == BLOCKSTORE_STATUS_OK && i < length; i++) ((unsigned char *)buffer)[i] ^= VEIL;
  return status;
}

static struct veiled_source veil_source(const struct blockstore_source *real) {
  return (struct veiled_source){{.struct_size = sizeof(struct blockstore_source), .size = real->size, .read_at = read_veiled},
                                real};
}

struct unveiling_sink {
  struct blockstore_sink abi;
  struct blockstore_sink *real;
};

static enum blockstore_status begin_unveiled(struct blockstore_sink *abi, uint64_t size) {
  struct blockstore_sink *real = ((struct unveiling_sink *)(void *)abi)->real;

  return real->begin(real, size);
}

static enum blockstore_status write_unveiled(struct blockstore_sink *abi, const void *bytes, size_t length) {
  struct blockstore_sink *real = ((struct unveiling_sink *)(void *)abi)->real;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  unsigned char chunk[CHUNK];

  for (size_t at = 0, step; status == BLOCKSTORE_STATUS_OK && at < length; at += step) {
    step = length - at < CHUNK ? length - at : CHUNK;
    for (size_t i = 0; i < step; i++) chunk[i] = ((const unsigned char *)bytes)[at + i] ^ VEIL;
    status = real->write(real, chunk, step);
  }
  return status;
}

static struct unveiling_sink unveil_sink(struct blockstore_sink *real) {
  return (struct unveiling_sink){
      {.struct_size = sizeof(struct blockstore_sink), .begin = begin_unveiled, .write = write_unveiled}, real};
}

/* ---- the entry points ---- */

static enum blockstore_status veiling_init(void **ret_self, struct blockstore_call *call,
                                           const struct blockstore_settings *settings, const struct blockstore_next *next) {
  struct veiling *veiling = calloc(1, sizeof *veiling);

  (void)settings;
  if (veiling == NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory.");
  veiling->next = next;
  *ret_self = veiling;
  return BLOCKSTORE_STATUS_OK;
}

static void veiling_close(void *self, struct blockstore_call *call) {
  (void)call;
  free(self);
}

static enum blockstore_status veiling_handles(void *self, struct blockstore_call *call, const char *url) {
  return BELOW(self)->handles_url(BELOW_SELF(self), call, url);
}

static enum blockstore_status veiling_make_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                               const char *id) {
  return BELOW(self)->make_mutable_url(BELOW_SELF(self), call, ret_url, id);
}

static enum blockstore_status veiling_get_immutable(void *self, struct blockstore_call *call,
                                                    struct blockstore_sink *ret_data, const char *key) {
  struct unveiling_sink sink = unveil_sink(ret_data);

  return BELOW(self)->get_immutable_handler(BELOW_SELF(self), call, &sink.abi, key);
}

static enum blockstore_status veiling_get_mutable(void *self, struct blockstore_call *call,
                                                  struct blockstore_sink *ret_record, const char *url) {
  struct unveiling_sink sink = unveil_sink(ret_record);

  return BELOW(self)->get_mutable_handler(BELOW_SELF(self), call, &sink.abi, url);
}

static enum blockstore_status veiling_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                    const struct blockstore_source *data, const char *txid) {
  const struct veiled_source source = veil_source(data);

  return BELOW(self)->put_immutable_handler(BELOW_SELF(self), call, key, &source.abi, txid);
}

static enum blockstore_status veiling_put_mutable(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                                  const char *signature, const struct blockstore_source *record) {
  const struct veiled_source source = veil_source(record);

  return BELOW(self)->put_mutable_handler(BELOW_SELF(self), call, id, version, signature, &source.abi);
}

static enum blockstore_status veiling_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                       const char *txid) {
  return BELOW(self)->delete_immutable_handler(BELOW_SELF(self), call, key, txid);
}

static enum blockstore_status veiling_delete_mutable(void *self, struct blockstore_call *call, const char *id,
                                                     const char *signature) {
  return BELOW(self)->delete_mutable_handler(BELOW_SELF(self), call, id, signature);
}

static enum blockstore_status veiling_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  return BELOW(self)->check(BELOW_SELF(self), call, ret_report);
}

const struct blockstore_driver veiling_table = {
    .storage_init = veiling_init,
    .storage_close = veiling_close,
    .handles_url = veiling_handles,
    .make_mutable_url = veiling_make_url,
    .get_immutable_handler = veiling_get_immutable,
    .get_mutable_handler = veiling_get_mutable,
    .put_immutable_handler = veiling_put_immutable,
    .put_mutable_handler = veiling_put_mutable,
    .delete_immutable_handler = veiling_delete_immutable,
    .delete_mutable_handler = veiling_delete_mutable,
    .check = veiling_check,
};
