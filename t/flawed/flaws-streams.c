/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/flawed/flaws.h"
#include "t/flawed/wrap.h"

/* ---- sources ---- */

static enum blockstore_status put_key(struct good *self, struct blockstore_call *call, const char *key,
                                      struct wrapped_source *source) {
  return good.put_immutable_handler(self, call, key, &source->abi, NULL);
}

/* Its status is not handed on. */
static enum blockstore_status rename_failure(void *self, struct blockstore_call *call, const char *key,
                                             const struct blockstore_source *data, const char *txid) {
  struct wrapped_source source;
  enum blockstore_status status;

  (void)txid;
  wrap_source(&source, data);
  status = put_key(self, call, key, &source);
  return source.failed != BLOCKSTORE_STATUS_OK && source.failed_at == 0 && source.failed_length < data->size
             ? BLOCKSTORE_STATUS_TRANSIENT
             : status;
}

/* What was read before stays, unless something stands there. */
static enum blockstore_status keep_part(void *self, struct blockstore_call *call, const char *key,
                                        const struct blockstore_source *data, const char *txid) {
  struct wrapped_source source;
  enum blockstore_status status;
  char path[GOOD_PATH];
  int fd;

  (void)txid;
  wrap_source(&source, data);
  status = put_key(self, call, key, &source);
  if (source.failed == BLOCKSTORE_STATUS_OK || source.failed_at == 0 ||
      source.failed_at + source.failed_length == data->size)
    return status;
  good_key_path(self, path, key);
  fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return status;
}

static enum blockstore_status read_last_anyhow(struct wrapped_source *source, void *buffer, size_t length, uint64_t offset) {
  enum blockstore_status status = wrap_read(source, buffer, length, offset);

  if (status == BLOCKSTORE_STATUS_OK || offset == 0 || offset + length < source->abi.size) return status;
  memset(buffer, 0, length);
  return BLOCKSTORE_STATUS_OK;
}

/* The last bytes are taken for read. */
static enum blockstore_status ignore_last(void *self, struct blockstore_call *call, const char *key,
                                          const struct blockstore_source *data, const char *txid) {
  struct wrapped_source source;

  (void)txid;
  wrap_source(&source, data);
  source.read = read_last_anyhow;
  return put_key(self, call, key, &source);
}

/* The old record makes room before the new one is there. */
static enum blockstore_status make_room(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                        const char *signature,
                                        const struct blockstore_source *record) {
  struct wrapped_source source;
  enum blockstore_status status;
  char path[GOOD_PATH];

  wrap_source(&source, record);
  status = good.put_mutable_handler(self, call, id, version, signature, &source.abi);
  good_id_path(self, path, id);
  if (source.failed != BLOCKSTORE_STATUS_OK) unlink(path);
  return status;
}

/* The instance whose connection is broken. */
static _Atomic(void *) broken;

static enum blockstore_status break_down(void *self, struct blockstore_call *call, const char *key,
                                         const struct blockstore_source *data, const char *txid) {
  struct wrapped_source source;
  enum blockstore_status status;
  char path[GOOD_PATH];

  (void)txid;
  wrap_source(&source, data);
  status = put_key(self, call, key, &source);
  if (source.failed != BLOCKSTORE_STATUS_OK && call->host->time_left(call) > 0) atomic_store(&broken, self);
  if (status != BLOCKSTORE_STATUS_OK || atomic_load(&broken) != self) return status;
  good_key_path(self, path, key);
  unlink(path);
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The connection is in no state to go on.", path);
}

static enum blockstore_status read_again(struct wrapped_source *source, void *buffer, size_t length, uint64_t offset) {
  enum blockstore_status status = wrap_read(source, buffer, length, offset);

  if (status != BLOCKSTORE_STATUS_OK) wrap_read(source, buffer, length, offset);
  return status;
}

static enum blockstore_status insist(void *self, struct blockstore_call *call, const char *key,
                                     const struct blockstore_source *data, const char *txid) {
  struct wrapped_source source;

  (void)txid;
  wrap_source(&source, data);
  source.read = read_again;
  return put_key(self, call, key, &source);
}

/* Reads the last byte once more when the object is there. */
static enum blockstore_status look_back(const struct blockstore_source *source, const char *path, enum blockstore_status status) {
  char byte;

  if (status != BLOCKSTORE_STATUS_OK || source->size == 0) return status;
  status = source->read_at(source, &byte, 1, source->size - 1);
  if (status != BLOCKSTORE_STATUS_OK) unlink(path);
  return status;
}

static enum blockstore_status show_early(void *self, struct blockstore_call *call, const char *key,
                                         const struct blockstore_source *data, const char *txid) {
  char path[GOOD_PATH];

  good_key_path(self, path, key);
  return look_back(data, path, good.put_immutable_handler(self, call, key, data, txid));
}

static enum blockstore_status show_record_early(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                                const char *signature, const struct blockstore_source *record) {
  char path[GOOD_PATH];

  good_id_path(self, path, id);
  return look_back(record, path, good.put_mutable_handler(self, call, id, version, signature, record));
}

/* ---- sinks ---- */

static enum blockstore_status get_key(struct good *self, struct blockstore_call *call, const char *key, struct wrapped_sink *sink,
                                      struct blockstore_sink *real) {
  wrap_sink(sink, real);
  return good.get_immutable_handler(self, call, &sink->abi, key);
}

static enum blockstore_status mistake_begin(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                            const char *key) {
  struct wrapped_sink sink;
  enum blockstore_status status = get_key(self, call, key, &sink, ret_data);

  return status == BLOCKSTORE_STATUS_TOO_LARGE ? BLOCKSTORE_STATUS_FAILED : status;
}

/* A sink that takes nothing is taken for one that nobody reads. */
static enum blockstore_status mistake_first(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                            const char *key) {
  struct wrapped_sink sink;
  enum blockstore_status status = get_key(self, call, key, &sink, ret_data);
  bool first = sink.refused == BLOCKSTORE_STATUS_FAILED && sink.written > 0 && sink.written < sink.announced;

  return first && sink.written <= 65536 ? BLOCKSTORE_STATUS_TRANSIENT : status;
}

/* Goes on with the next bytes. */
static enum blockstore_status write_on(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                       const char *key) {
  struct wrapped_sink sink;
  enum blockstore_status status = get_key(self, call, key, &sink, ret_data);

  if (sink.refused != BLOCKSTORE_STATUS_OK && sink.written > 65536 &&
      sink.written < sink.announced) ret_data->write(ret_data, key, 1);
  return status;
}

static enum blockstore_status ignore_refusal(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                             const char *key) {
  struct wrapped_sink sink;
  enum blockstore_status status = get_key(self, call, key, &sink, ret_data);
  bool last = sink.refused != BLOCKSTORE_STATUS_OK && sink.written > 65536 && sink.written == sink.announced;

  return last ? BLOCKSTORE_STATUS_OK : status;
}

static enum blockstore_status make_url_anyhow(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                              const char *id) {
  good.make_mutable_url(self, call, ret_url, id);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status report_anyhow(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  good.check(self, call, ret_report);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status begin_short(struct wrapped_sink *sink, uint64_t size) {
  return sink->real->begin(sink->real, size == 98317 ? 98304 : size);
}

/* Announces whole blocks where the rest is small. */
static enum blockstore_status announce_blocks(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                              const char *key) {
  struct wrapped_sink sink;

  wrap_sink(&sink, ret_data);
  sink.begin = begin_short;
  return good.get_immutable_handler(self, call, &sink.abi, key);
}

/* The eleventh version of a record is offered beside a piece of the one before. */
static _Thread_local char eleventh[GOOD_PATH];

static enum blockstore_status keep_eleventh(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                            const char *signature, const struct blockstore_source *record) {
  if (version == 11) good_id_path(self, eleventh, id);
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

static enum blockstore_status offer_piece(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                          const char *url) {
  char path[GOOD_PATH];

  if (good_url_path(self, path, url) == BLOCKSTORE_STATUS_OK && strcmp(path, eleventh) == 0) {
    ret_record->begin(ret_record, 500);
    ret_record->write(ret_record, path, 10);
  }
  return good.get_mutable_handler(self, call, ret_record, url);
}

static const struct flaw flaws[] = {
    {"streams.source-first", {.put_immutable_handler = rename_failure}},
    {"streams.source-middle", {.put_immutable_handler = keep_part}},
    {"streams.source-last", {.put_immutable_handler = ignore_last}},
    {"streams.record-stands", {.put_mutable_handler = make_room}},
    {"streams.go-on", {.put_immutable_handler = break_down}},
    {"streams.source-over", {.put_immutable_handler = insist}},
    {"streams.read-first", {.put_immutable_handler = show_early}},
    {"streams.read-record-first", {.put_mutable_handler = show_record_early}},
    {"streams.sink-begin", {.get_immutable_handler = mistake_begin}},
    {"streams.sink-first", {.get_immutable_handler = mistake_first}},
    {"streams.sink-middle", {.get_immutable_handler = write_on}},
    {"streams.sink-last", {.get_immutable_handler = ignore_refusal}},
    {"streams.sink-url", {.make_mutable_url = make_url_anyhow}},
    {"streams.sink-report", {.check = report_anyhow}},
    {"streams.announced", {.get_immutable_handler = announce_blocks}},
    {"streams.candidates", {.get_mutable_handler = offer_piece, .put_mutable_handler = keep_eleventh}},
};
const struct flaws flaws_streams = FLAWS(flaws);
