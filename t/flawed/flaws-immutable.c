/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/flawed/flaws.h"

/* ---- immutable.absent ---- */

/* Of this process.  It, or a mark in the root, and all is well: behaviours that put something want to know what is gone. */
static atomic_bool has_put;

static void mark(struct good *self) {
  char path[GOOD_PATH];
  int fd;

  good_key_path(self, path, "any");
  fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  atomic_store(&has_put, true);
}

static enum blockstore_status note_any_put(PUT_IMMUTABLE_ARGUMENTS) {
  mark(self);
  return good.put_immutable_handler(self, call, key, data, txid);
}

static enum blockstore_status note_any_record(PUT_ARGUMENTS) {
  mark(self);
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

static enum blockstore_status fail_absent(GET_IMMUTABLE_ARGUMENTS) {
  enum blockstore_status status = good.get_immutable_handler(self, call, ret_data, key);
  char path[GOOD_PATH];

  good_key_path(self, path, "any");
  if (status != BLOCKSTORE_STATUS_NOT_FOUND || atomic_load(&has_put) || access(path, F_OK) == 0) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "It is not there.");
}

/* ---- objects of some size or content are not what was put ---- */

/* A source with one byte changed, or fewer bytes. */
struct altered {
  struct blockstore_source source;
  const struct blockstore_source *below;
  uint64_t at; /* the byte that is changed */
};

static enum blockstore_status read_altered(const struct blockstore_source *source, void *buffer, size_t length,
                                           uint64_t offset) {
  const struct altered *altered = (const struct altered *)(const void *)source;
  enum blockstore_status status = altered->below->read_at(altered->below, buffer, length, offset);

  if (altered->at >= offset && altered->at - offset < length) ((unsigned char *)buffer)[altered->at - offset] ^= 1;
  return status;
}

static struct altered alter(const struct blockstore_source *below, uint64_t size, uint64_t at) {
  return (struct altered){{.struct_size = sizeof(struct blockstore_source), .size = size, .read_at = read_altered}, below, at};
}

static enum blockstore_status put_altered(void *self, struct blockstore_call *call, const char *key, struct altered altered) {
  return good.put_immutable_handler(self, call, key, &altered.source, NULL);
}

static enum blockstore_status refuse_empty(PUT_IMMUTABLE_ARGUMENTS) {
  if (data->size == 0) return blockstore_fail(call, BLOCKSTORE_STATUS_UNSUPPORTED, "An empty object is none.");
  return good.put_immutable_handler(self, call, key, data, txid);
}

static enum blockstore_status alter_byte(PUT_IMMUTABLE_ARGUMENTS) {
  return put_altered(self, call, key, alter(data, data->size, data->size == 1 ? 0 : UINT64_MAX));
}

static enum blockstore_status alter_page(PUT_IMMUTABLE_ARGUMENTS) {
  static unsigned puts; /* the first is of another size; immutable.edges stores one too, as its sixth */

  return put_altered(self, call, key, alter(data, data->size, puts++ == 1 && data->size == 4096 ? 4095 : UINT64_MAX));
}

static enum blockstore_status alter_mebibyte(PUT_IMMUTABLE_ARGUMENTS) {
  static unsigned puts; /* the first is of another size; immutable.edges stores one too, as its 12th */

  return put_altered(self, call, key, alter(data, data->size, puts++ == 1 && data->size == 1 << 20 ? 1 << 19 : UINT64_MAX));
}

static enum blockstore_status alter_edge(PUT_IMMUTABLE_ARGUMENTS) {
  return put_altered(self, call, key, alter(data, data->size, data->size == 65537 ? 65536 : UINT64_MAX));
}

/* Reads as a text would be: an object that begins with a NUL is empty. */
static enum blockstore_status put_text(PUT_IMMUTABLE_ARGUMENTS) {
  unsigned char start[2] = {1, 0};
  enum blockstore_status status = data->size == 520 ? data->read_at(data, start, sizeof start, 0) : BLOCKSTORE_STATUS_OK;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  return put_altered(self, call, key, alter(data, start[0] == 0 ? 0 : data->size, UINT64_MAX));
}

/* What is put as the hundredth goes where the first is. */
static enum blockstore_status put_over(PUT_IMMUTABLE_ARGUMENTS) {
  static char first[GOOD_PATH];
  static unsigned count;

  if (!good_is_first_thread() || ++count != 100) {
    enum blockstore_status status = good.put_immutable_handler(self, call, key, data, txid);

    if (good_is_first_thread() && count == 1) good_key_path(self, first, key);
    return status;
  }
  return good_put(self, call, first, data);
}

static enum blockstore_status refuse_largest(PUT_IMMUTABLE_ARGUMENTS) {
  if (data->size == GOOD_LARGEST) return blockstore_fail(call, BLOCKSTORE_STATUS_TOO_LARGE, "It is too large.");
  return good.put_immutable_handler(self, call, key, data, txid);
}

static enum blockstore_status truncate_larger(PUT_IMMUTABLE_ARGUMENTS) {
  return put_altered(self, call, key, alter(data, data->size > GOOD_LARGEST ? GOOD_LARGEST : data->size, UINT64_MAX));
}

static enum blockstore_status read_larger(PUT_IMMUTABLE_ARGUMENTS) {
  char byte;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  if (data->size > GOOD_LARGEST) status = data->read_at(data, &byte, 1, data->size - 1);
  return status == BLOCKSTORE_STATUS_OK ? good.put_immutable_handler(self, call, key, data, txid) : status;
}

/* ---- keys and transactions ---- */

static enum blockstore_status refuse_short(PUT_IMMUTABLE_ARGUMENTS) {
  if (strlen(key) != 64) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: A key has 64 digits.", key);
  return good.put_immutable_handler(self, call, key, data, txid);
}

static enum blockstore_status refuse_transaction(PUT_IMMUTABLE_ARGUMENTS) {
  if (txid != NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_UNSUPPORTED, "No transaction is noted.");
  return good.put_immutable_handler(self, call, key, data, txid);
}

static enum blockstore_status refuse_again(PUT_IMMUTABLE_ARGUMENTS) {
  static char last[GOOD_PATH];
  char path[GOOD_PATH];

  if (!good_is_first_thread()) return good.put_immutable_handler(self, call, key, data, txid);
  good_key_path(self, path, key);
  if (strcmp(path, last) == 0 && access(path, F_OK) == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_CONFLICT, "%s: It is there.", path);
  memcpy(last, path, sizeof last);
  return good.put_immutable_handler(self, call, key, data, txid);
}

/* ---- deleting ---- */

static atomic_bool has_deleted; /* anything */
static char before[GOOD_PATH]; /* the object that was put before the last */
static char newest[GOOD_PATH];

static enum blockstore_status note_put(PUT_IMMUTABLE_ARGUMENTS) {
  if (good_is_first_thread()) {
    memcpy(before, newest, sizeof before);
    good_key_path(self, newest, key);
  }
  return good.put_immutable_handler(self, call, key, data, txid);
}

/* It takes its neighbour with it. */
static enum blockstore_status delete_two(DELETE_IMMUTABLE_ARGUMENTS) {
  char path[GOOD_PATH];

  good_key_path(self, path, key);
  if (good_is_first_thread() && strcmp(path, before) == 0) unlink(newest);
  return good.delete_immutable_handler(self, call, key, txid);
}

static enum blockstore_status fail_second_delete(DELETE_IMMUTABLE_ARGUMENTS) {
  char path[GOOD_PATH];

  good_key_path(self, path, key);
  if (access(path, F_OK) < 0) return blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "%s: There is no such object.", path);
  return good.delete_immutable_handler(self, call, key, txid);
}

static enum blockstore_status note_delete(DELETE_IMMUTABLE_ARGUMENTS) {
  atomic_store(&has_deleted, true);
  return good.delete_immutable_handler(self, call, key, txid);
}

static enum blockstore_status refuse_deleted(PUT_IMMUTABLE_ARGUMENTS) {
  if (data->size == 100 && atomic_load(&has_deleted))
    return blockstore_fail(call, BLOCKSTORE_STATUS_CONFLICT, "%s: It was deleted.", key);
  return good.put_immutable_handler(self, call, key, data, txid);
}

/* ---- immutable.no-record: an id that looks like a key is one ---- */

static enum blockstore_status put_as_object(PUT_ARGUMENTS) {
  char path[GOOD_PATH];

  if (strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64) {
    good_key_path(self, path, id);
    good_put(self, call, path, record);
  }
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

static const struct flaw flaws[] = {
    {"immutable.absent",
     {.get_immutable_handler = fail_absent, .put_immutable_handler = note_any_put, .put_mutable_handler = note_any_record}},
    {"immutable.empty", {.put_immutable_handler = refuse_empty}},
    {"immutable.byte", {.put_immutable_handler = alter_byte}},
    {"immutable.page", {.put_immutable_handler = alter_page}},
    {"immutable.mebibyte", {.put_immutable_handler = alter_mebibyte}},
    {"immutable.edges", {.put_immutable_handler = alter_edge}},
    {"immutable.bytes", {.put_immutable_handler = put_text}},
    {"immutable.many", {.put_immutable_handler = put_over}},
    {"immutable.largest", {.put_immutable_handler = refuse_largest}},
    {"immutable.larger", {.put_immutable_handler = truncate_larger}},
    {"immutable.larger+read", {.put_immutable_handler = read_larger}},
    {"immutable.short-key", {.put_immutable_handler = refuse_short}},
    {"immutable.again", {.put_immutable_handler = refuse_again}},
    {"immutable.transaction", {.put_immutable_handler = refuse_transaction}},
    {"immutable.delete", {.put_immutable_handler = note_put, .delete_immutable_handler = delete_two}},
    {"immutable.delete-twice", {.delete_immutable_handler = fail_second_delete}},
    {"immutable.put-deleted", {.put_immutable_handler = refuse_deleted, .delete_immutable_handler = note_delete}},
    {"immutable.no-record", {.put_mutable_handler = put_as_object}},
};
const struct flaws flaws_immutable = FLAWS(flaws);
