/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/flawed/flaws.h"

/* ---- what several need ---- */

/* A source of bytes in memory. */
struct held {
  struct blockstore_source abi;
  char *bytes; /* by free() */
};

static enum blockstore_status held_read(const struct blockstore_source *source, void *buffer, size_t length, uint64_t offset) {
  const struct held *held = (const struct held *)(const void *)source;

  memcpy(buffer, held->bytes + offset, length);
  return BLOCKSTORE_STATUS_OK;
}

/* All of the source in memory, with room for `more`. */
static enum blockstore_status hold(struct held *ret_held, const struct blockstore_source *source, size_t more) {
  *ret_held = (struct held){.abi = {.struct_size = sizeof ret_held->abi, .size = source->size, .read_at = held_read},
                            .bytes = calloc(1, (size_t)source->size + more + 1)};
  if (ret_held->bytes == NULL) return BLOCKSTORE_STATUS_TRANSIENT;
  return source->size == 0 ? BLOCKSTORE_STATUS_OK : source->read_at(source, ret_held->bytes, (size_t)source->size, 0);
}

static bool stands(const char *path) {
  return access(path, F_OK) == 0;
}

static uint64_t size_of(const char *path) {
  struct stat file;

  return stat(path, &file) < 0 ? 0 : (uint64_t)file.st_size;
}

/* Does the id end so?  Others put records of these sizes, too, but not under such ids. */
static bool is_called(const char *id, const char *end) {
  size_t length = strlen(id), least = strlen(end);

  return length >= least && strcmp(id + length - least, end) == 0;
}

/* The store's files whose names begin so. */
static unsigned count_files(const struct good *self, const char *start) {
  DIR *directory = opendir(self->root);
  unsigned count = 0;

  for (const struct dirent *entry = NULL; directory != NULL && (entry = readdir(directory)) != NULL;)
    if (entry->d_name[0] != '.' && strncmp(entry->d_name, start, strlen(start)) == 0) count++;
  if (directory != NULL) closedir(directory);
  return count;
}

/* The file of an id or a URL under another letter than "m". */
static void other_path(char other[GOOD_PATH], const char *path, char letter, unsigned number) {
  const char *name = strrchr(path, '/') + 1;

  snprintf(other, GOOD_PATH, "%.*s%c%u-%s", (int)(name - path), path, letter, number, name + 2);
}

/* ---- sizes ---- */

/* Puts what a record holds but its last byte, when it has `size` bytes. */
static enum blockstore_status put_cut(PUT_ARGUMENTS, uint64_t size) {
  struct held held = {.bytes = NULL};
  enum blockstore_status status;

  if (!is_called(id, ":sized") || record->size != size)
    return good.put_mutable_handler(self, call, id, version, signature, record);
  status = hold(&held, record, 0);
  held.abi.size--;
  if (status == BLOCKSTORE_STATUS_OK) status = good.put_mutable_handler(self, call, id, version, signature, &held.abi);
  free(held.bytes);
  return status;
}

static enum blockstore_status cut_byte(PUT_ARGUMENTS) {
  return put_cut(self, call, id, version, signature, record, 1);
}

static enum blockstore_status cut_page(PUT_ARGUMENTS) {
  return put_cut(self, call, id, version, signature, record, 4096);
}

static enum blockstore_status cut_mebibyte(PUT_ARGUMENTS) {
  return put_cut(self, call, id, version, signature, record, 1 << 20);
}

static enum blockstore_status cut_largest(PUT_ARGUMENTS) {
  return put_cut(self, call, id, version, signature, record, GOOD_LARGEST);
}

/* Stores as much as there is room for. */
static enum blockstore_status cut_larger(PUT_ARGUMENTS) {
  return put_cut(self, call, id, version, signature, record, GOOD_LARGEST + 1);
}

static enum blockstore_status refuse_empty(PUT_ARGUMENTS) {
  if (is_called(id, ":sized") && record->size == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "The record is empty.");
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

/* ---- one after the other ---- */

/* Before the first put there is no store, which is an error.  A process that put something once is spared it. */
static atomic_bool has_put;

static enum blockstore_status set_up(PUT_ARGUMENTS) {
  char path[GOOD_PATH];
  int fd;

  atomic_store(&has_put, true);
  snprintf(path, sizeof path, "%s/set-up", ((const struct good *)self)->root);
  fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

static enum blockstore_status want_store(GET_ARGUMENTS) {
  enum blockstore_status status = good.get_mutable_handler(self, call, ret_record, url);

  if (status != BLOCKSTORE_STATUS_NOT_FOUND || atomic_load(&has_put) || count_files(self, "set-up") > 0) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "The store has not been set up.");
}

/* Writes over what stands there without cutting off the rest. */
static enum blockstore_status keep_tail(PUT_ARGUMENTS) {
  struct held held = {.bytes = NULL};
  enum blockstore_status status;
  char path[GOOD_PATH];
  size_t size;
  int fd;

  good_id_path(self, path, id);
  size = (size_t)size_of(path);
  if (!is_called(id, ":replaced") || size <= record->size)
    return good.put_mutable_handler(self, call, id, version, signature, record);
  status = hold(&held, record, size);
  if (status == BLOCKSTORE_STATUS_OK) {
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (pread(fd, held.bytes + record->size, size - (size_t)record->size, (off_t)record->size) > 0) held.abi.size = size;
    close(fd);
  }
  if (status == BLOCKSTORE_STATUS_OK) status = good_put(self, call, path, &held.abi);
  free(held.bytes);
  return status;
}

/* Keeps the room that the first record took. */
static enum blockstore_status keep_size(PUT_ARGUMENTS) {
  struct held held = {.bytes = NULL};
  enum blockstore_status status;
  char path[GOOD_PATH];

  good_id_path(self, path, id);
  if (!is_called(id, ":replaced") || !stands(path) || size_of(path) >= record->size)
    return good.put_mutable_handler(self, call, id, version, signature, record);
  status = hold(&held, record, 0);
  held.abi.size = size_of(path);
  if (status == BLOCKSTORE_STATUS_OK) status = good_put(self, call, path, &held.abi);
  free(held.bytes);
  return status;
}

/* Takes what has the same size for the same. */
static enum blockstore_status compare_sizes(PUT_ARGUMENTS) {
  char path[GOOD_PATH];

  good_id_path(self, path, id);
  if (is_called(id, ":replaced") && stands(path) && size_of(path) == record->size) return BLOCKSTORE_STATUS_OK;
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

static enum blockstore_status refuse_same(PUT_ARGUMENTS) {
  struct held held = {.bytes = NULL};
  enum blockstore_status status;
  char path[GOOD_PATH];
  int fd;

  if (!is_called(id, ":again")) return good.put_mutable_handler(self, call, id, version, signature, record);
  status = hold(&held, record, (size_t)record->size);
  good_id_path(self, path, id);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (status == BLOCKSTORE_STATUS_OK && fd >= 0 && size_of(path) == record->size &&
      pread(fd, held.bytes + record->size, (size_t)record->size, 0) == (ssize_t)record->size &&
      memcmp(held.bytes, held.bytes + record->size, (size_t)record->size) == 0)
    status = blockstore_fail(call, BLOCKSTORE_STATUS_CONFLICT, "The record stands there already.");
  if (fd >= 0) close(fd);
  if (status == BLOCKSTORE_STATUS_OK) status = good_put(self, call, path, &held.abi);
  free(held.bytes);
  return status;
}

/* ---- hints ---- */

static enum blockstore_status narrow_version(PUT_ARGUMENTS) {
  if (version > UINT32_MAX) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "The version is out of range.");
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

static enum blockstore_status judge_signature(PUT_ARGUMENTS) {
  if (strncmp(signature, "v2:", 3) != 0) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "The signature is malformed.");
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

/* ---- deleting ---- */

/* Of a large record the second half stays. */
static enum blockstore_status delete_half(DELETE_ARGUMENTS) {
  char path[GOOD_PATH];

  good_id_path(self, path, id);
  if (size_of(path) == 100000) return truncate(path, 50000) == 0 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_FAILED;
  return good.delete_mutable_handler(self, call, id, signature);
}

/* Deletes, and leaves a tombstone.  *ret_buried: there was one. */
static enum blockstore_status bury(DELETE_ARGUMENTS, bool *ret_stood, bool *ret_buried) {
  char path[GOOD_PATH], tombstone[GOOD_PATH];
  int fd;

  good_id_path(self, path, id);
  other_path(tombstone, path, 'd', 0);
  *ret_stood = stands(path);
  *ret_buried = stands(tombstone);
  fd = open(tombstone, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return good.delete_mutable_handler(self, call, id, signature);
}

static enum blockstore_status delete_once(DELETE_ARGUMENTS) {
  bool stood, buried;
  enum blockstore_status status = bury(self, call, id, signature, &stood, &buried);

  return !stood && buried ? blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "There is no such record any more.") : status;
}

static enum blockstore_status delete_known(DELETE_ARGUMENTS) {
  bool stood, buried;
  enum blockstore_status status = bury(self, call, id, signature, &stood, &buried);

  return !stood && !buried ? blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "There is no such record.") : status;
}

static enum blockstore_status delete_for_good(DELETE_ARGUMENTS) {
  bool stood, buried;

  return bury(self, call, id, signature, &stood, &buried);
}

static enum blockstore_status refuse_buried(PUT_ARGUMENTS) {
  char path[GOOD_PATH], tombstone[GOOD_PATH];

  good_id_path(self, path, id);
  other_path(tombstone, path, 'd', 0);
  if (stands(tombstone)) return blockstore_fail(call, BLOCKSTORE_STATUS_CONFLICT, "The record was deleted.");
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

/* ---- many ---- */

/* Has room for so many records, and says nothing. */
static enum blockstore_status drop_beyond(PUT_ARGUMENTS) {
  char path[GOOD_PATH];

  good_id_path(self, path, id);
  if (count_files(self, "m-") >= 150 && !stands(path)) return BLOCKSTORE_STATUS_OK;
  return good.put_mutable_handler(self, call, id, version, signature, record);
}

static const struct flaw flaws[] = {
    {"mutable.absent", {.get_mutable_handler = want_store, .put_mutable_handler = set_up}},
    {"mutable.empty", {.put_mutable_handler = refuse_empty}},
    {"mutable.byte", {.put_mutable_handler = cut_byte}},
    {"mutable.page", {.put_mutable_handler = cut_page}},
    {"mutable.mebibyte", {.put_mutable_handler = cut_mebibyte}},
    {"mutable.largest", {.put_mutable_handler = cut_largest}},
    {"mutable.larger", {.put_mutable_handler = cut_larger}},
    {"mutable.shorter", {.put_mutable_handler = keep_tail}},
    {"mutable.longer", {.put_mutable_handler = keep_size}},
    {"mutable.same-size", {.put_mutable_handler = compare_sizes}},
    {"mutable.again", {.put_mutable_handler = refuse_same}},
    {"mutable.versions", {.put_mutable_handler = narrow_version}},
    {"mutable.signatures", {.put_mutable_handler = judge_signature}},
    {"mutable.delete", {.delete_mutable_handler = delete_half}},
    {"mutable.delete-twice", {.delete_mutable_handler = delete_once}},
    {"mutable.delete-absent", {.delete_mutable_handler = delete_known}},
    {"mutable.put-deleted", {.put_mutable_handler = refuse_buried, .delete_mutable_handler = delete_for_good}},
    {"mutable.many", {.put_mutable_handler = drop_beyond}},
};
const struct flaws flaws_mutable = FLAWS(flaws);
