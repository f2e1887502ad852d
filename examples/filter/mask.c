/* SPDX-License-Identifier: MIT */
/*
 * A Blockstore filter: the store below it holds every byte with a pattern laid over it (exclusive or), so that nothing that
 * looks into its files, an indexer or a virus scanner, takes them for something.  It hides nothing from anybody.
 *
 * The pattern begins anew with each object, so bytes can be read from any offset.  Ids, keys and URLs stay what they are,
 * and so do sizes.
 */
#include <stdlib.h>
#include <string.h>

#include <blockstore/filter.h>

#define CHUNK ((size_t)16384) /* bytes that are changed at once */

struct mask {
  const struct blockstore_next *next; /* the store below; stands first, as blockstore_pass_... want it */
  const char *pattern;                /* option pattern: at least one byte */
  size_t length;                      /* of it */
};

/* What stands at `offset` of an object, under the pattern or freed of it: both are the same. */
static void mask_lay(const struct mask *self, unsigned char *bytes, size_t length, uint64_t offset) {
  size_t at = (size_t)(offset % self->length);

  for (size_t i = 0; i < length; i++) {
    bytes[i] ^= (unsigned char)self->pattern[at];
    if (++at == self->length) at = 0;
  }
}

/* ---- what goes in ---- */

struct mask_source {
  struct blockstore_source abi; /* as the store below sees it; the first member, so that its address is ours */
  const struct blockstore_source *real;
  const struct mask *self;
};

static enum blockstore_status mask_read_at(const struct blockstore_source *abi, void *buffer, size_t length, uint64_t offset) {
  const struct mask_source *source = (const struct mask_source *)abi;
  enum blockstore_status status = source->real->read_at(source->real, buffer, length, offset);

  if (status == BLOCKSTORE_STATUS_OK) mask_lay(source->self, buffer, length, offset);
  return status;
}

static struct mask_source mask_source_of(const struct mask *self, const struct blockstore_source *real) {
  struct mask_source source = {
      .abi = {.struct_size = sizeof source.abi, .read_at = mask_read_at, .size = real->size}, .real = real, .self = self};

  return source;
}

static enum blockstore_status mask_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                 const struct blockstore_source *data, const char *txid) {
  const struct mask_source source = mask_source_of(self, data);

  return blockstore_pass_put_immutable(self, call, key, &source.abi, txid);
}

static enum blockstore_status mask_put_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                               uint64_t version, const char *signature,
                                               const struct blockstore_source *record) {
  const struct mask_source source = mask_source_of(self, record);

  return blockstore_pass_put_mutable(self, call, data_id, version, signature, &source.abi);
}

/* ---- what comes out ---- */

struct mask_sink {
  struct blockstore_sink abi;
  struct blockstore_sink *real;
  const struct mask *self;
  uint64_t at; /* bytes of this value that came */
};

/* A store may offer several values, one after the other. */
static enum blockstore_status mask_begin(struct blockstore_sink *abi, uint64_t size) {
  struct mask_sink *sink = (struct mask_sink *)abi;

  sink->at = 0;
  return sink->real->begin(sink->real, size);
}

/* The bytes are the store's, so it is a copy that is changed. */
static enum blockstore_status mask_write(struct blockstore_sink *abi, const void *bytes, size_t length) {
  struct mask_sink *sink = (struct mask_sink *)abi;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  unsigned char chunk[CHUNK];

  for (size_t done = 0, step; done < length && status == BLOCKSTORE_STATUS_OK; done += step) {
    step = length - done < CHUNK ? length - done : CHUNK;
    memcpy(chunk, (const unsigned char *)bytes + done, step);
    mask_lay(sink->self, chunk, step, sink->at);
    sink->at += step;
    status = sink->real->write(sink->real, chunk, step);
  }
  return status;
}

static struct mask_sink mask_sink_of(const struct mask *self, struct blockstore_sink *real) {
  struct mask_sink sink = {.abi = {.struct_size = sizeof sink.abi, .begin = mask_begin, .write = mask_write},
                           .real = real,
                           .self = self};

  return sink;
}

static enum blockstore_status mask_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                 const char *key) {
  struct mask_sink sink = mask_sink_of(self, ret_data);

  return blockstore_pass_get_immutable(self, call, &sink.abi, key);
}

static enum blockstore_status mask_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                               const char *url) {
  struct mask_sink sink = mask_sink_of(self, ret_record);

  return blockstore_pass_get_mutable(self, call, &sink.abi, url);
}

/* ---- its life ---- */

static enum blockstore_status mask_storage_init(void **ret_self, struct blockstore_call *call,
                                                const struct blockstore_settings *settings,
                                                const struct blockstore_next *next) {
  const char *pattern = call->host->setting(settings, "pattern", 0);
  struct mask *self;

  if (pattern[0] == '\0')
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "pattern: A text of at least one character was expected.");
  self = malloc(sizeof *self);
  if (self == NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory.");
  self->next = next;
  self->pattern = pattern; /* valid until storage_close, as `next` is */
  self->length = strlen(pattern);
  *ret_self = self;
  return BLOCKSTORE_STATUS_OK;
}

static void mask_storage_close(void *self, struct blockstore_call *call) {
  (void)call;
  free(self);
}

/* What it leaves as it is, it names all the same: what is missing here could not be asked of the store at all. */
static const struct blockstore_driver mask_filter = {
    .storage_init = mask_storage_init,
    .storage_close = mask_storage_close,
    .handles_url = blockstore_pass_handles_url,
    .make_mutable_url = blockstore_pass_make_mutable_url,
    .get_immutable_handler = mask_get_immutable,
    .get_mutable_handler = mask_get_mutable,
    .put_immutable_handler = mask_put_immutable,
    .put_mutable_handler = mask_put_mutable,
    .delete_immutable_handler = blockstore_pass_delete_immutable,
    .delete_mutable_handler = blockstore_pass_delete_mutable,
    .check = blockstore_pass_check,
};

#define METADATA                                                                                                    \
  BLOCKSTORE_VERSION("1.0")                                                                                         \
  BLOCKSTORE_DESCRIPTION("Filter: a pattern over every byte, against programs that look into files")                \
  BLOCKSTORE_KIND_FILTER                                                                                            \
  BLOCKSTORE_THREADS_PARALLEL                                                                                       \
  BLOCKSTORE_CAPABILITY_DURABLE                                                                                     \
  BLOCKSTORE_CAPABILITY_CONSISTENT                                                                                  \
  BLOCKSTORE_CAPABILITY_LOCAL                                                                                       \
  BLOCKSTORE_CAPABILITY_CHANGES                                                                                     \
  BLOCKSTORE_OPTION("pattern", STRING, OPTIONAL, "Blockstore", "Text that is laid over the bytes, again and again")

BLOCKSTORE_REGISTER_DRIVER(mask, mask_filter, METADATA);
