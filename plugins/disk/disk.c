/* SPDX-License-Identifier: MIT */
/*
 * disk: objects are files in a directory tree under `root`, where plugins/common/layout.h says.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "plugins/common/health.h"
#include "plugins/common/layout.h"
#include "plugins/common/plugin.h"
#include "plugins/common/tree.h"
#include "plugins/common/url.h"
#include "plugins/disk/root.h"

#define CHUNK ((size_t)1 << 20)          /* bytes between two looks at the clock */
#define WRITE_BEHIND ((uint64_t)8 << 20) /* bytes that the disk is set to work on before fsync asks for all */
#define URL_LONGEST 2048

_Static_assert(BS_DISK_ROOT_URL_LONGEST + 1 + BS_LAYOUT_ESCAPED_MAX <= URL_LONGEST + 1, "a URL has room for any path");

struct disk {
  struct bs_disk_root root; /* options `root` and `must_exist` */
  uint64_t swept;           /* leftovers that were removed when the instance was opened */
};

/* Helpers. */

static enum blockstore_status disk_fail(const struct disk *disk, struct blockstore_call *call,
                                        const struct bs_layout *object, const char *what) {
  return bs_disk_fail(call, disk->root.path, object->path, what);
}

/* How many bytes to move next. */
static size_t disk_step(uint64_t size, uint64_t offset) {
  return size - offset < CHUNK ? (size_t)(size - offset) : CHUNK;
}

static enum blockstore_status disk_locate_url(const struct disk *disk, struct bs_layout *ret_object,
                                              const char *url) {
  static const char scheme[] = "file://", host[] = "localhost";
  const char *root = disk->root.path;
  char path[PATH_MAX];

  if (strncasecmp(url, scheme, strlen(scheme)) != 0) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  url += strlen(scheme);
  if (strncasecmp(url, host, strlen(host)) == 0) url += strlen(host);
  if (url[0] != '/' || !bs_url_decode_path(path, sizeof path, url)) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  if (strncmp(path, root, strlen(root)) != 0 || path[strlen(root)] != '/' ||
      !bs_layout_take(ret_object, path + strlen(root) + 1))
    return BLOCKSTORE_STATUS_UNHANDLED_URL;
  return BLOCKSTORE_STATUS_OK;
}

/* Opens a regular file; where there is none, says whether the object is absent or the whole store. */
static enum blockstore_status disk_open_object(const struct disk *disk, struct blockstore_call *call, int *ret_fd,
                                               uint64_t *ret_size, const struct bs_layout *object) {
  int fd = bs_tree_open(disk->root.fd, object->path, O_RDONLY | O_NONBLOCK); /* a FIFO must not hang here */
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  struct stat stat;

  if (fd < 0 && errno == ENOENT) {
    status = bs_disk_root_present(&disk->root, call);
    if (status != BLOCKSTORE_STATUS_OK) return status;
    return blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "%s/%s: There is no such object.", disk->root.path,
                           object->path);
  }
  if (fd < 0) return disk_fail(disk, call, object, "The object cannot be opened");
  if (fstat(fd, &stat) < 0) {
    status = disk_fail(disk, call, object, "The object cannot be examined");
  } else if (!S_ISREG(stat.st_mode)) {
    status = blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s/%s: A regular file was expected here.",
                             disk->root.path, object->path);
  }
  if (status != BLOCKSTORE_STATUS_OK) {
    close(fd);
    return status;
  }
  *ret_fd = fd;
  *ret_size = (uint64_t)stat.st_size;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status disk_get(const struct disk *disk, struct blockstore_call *call,
                                       struct blockstore_sink *ret_data, const struct bs_layout *object) {
  char *buffer BS_AUTO_FREE = NULL;
  int fd BS_AUTO_CLOSE = -1;
  uint64_t size = 0;
  enum blockstore_status status = disk_open_object(disk, call, &fd, &size, object);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  buffer = malloc(disk_step(size, 0) + 1);
  if (buffer == NULL) return bs_plugin_fail_memory(call);
  status = ret_data->begin(ret_data, size);
  for (uint64_t offset = 0; status == BLOCKSTORE_STATUS_OK && offset < size; offset += disk_step(size, offset)) {
    size_t step = disk_step(size, offset);

    status = blockstore_go_on(call);
    if (status != BLOCKSTORE_STATUS_OK) return status;
    if (bs_tree_read(fd, buffer, step, offset) < 0)
      return disk_fail(disk, call, object, "The object cannot be read");
    status = ret_data->write(ret_data, buffer, step);
  }
  return status;
}

/*
 * Begins to write the last WRITE_BEHIND bytes before `end` to the disk and waits for those before them, so that fsync
 * has little left to do: it cannot be cancelled.  Waiting takes the error that fsync would have told.
 */
static int disk_write_behind(int fd, uint64_t end) {
  const unsigned wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  off_t length = (off_t)WRITE_BEHIND, start = (off_t)end - length;

  if (sync_file_range(fd, start, length, SYNC_FILE_RANGE_WRITE) < 0) return errno == ENOSYS || errno == EPERM ? 0 : -1;
  return start < length ? 0 : sync_file_range(fd, start - length, length, wait);
}

/* Copies the source into the file. */
static enum blockstore_status disk_receive(const struct disk *disk, struct blockstore_call *call,
                                           const struct bs_layout *object, int fd,
                                           const struct blockstore_source *source) {
  char *buffer BS_AUTO_FREE = malloc(disk_step(source->size, 0) + 1);

  if (buffer == NULL) return bs_plugin_fail_memory(call);
  for (uint64_t offset = 0; offset < source->size; offset += disk_step(source->size, offset)) {
    size_t step = disk_step(source->size, offset);
    enum blockstore_status status = blockstore_go_on(call);

    if (status == BLOCKSTORE_STATUS_OK) status = source->read_at(source, buffer, step, offset);
    if (status != BLOCKSTORE_STATUS_OK) return status;
    if (bs_tree_write(fd, buffer, step) < 0) return disk_fail(disk, call, object, "The object cannot be written");
    if ((offset + step) % WRITE_BEHIND == 0 && disk_write_behind(fd, offset + step) < 0)
      return disk_fail(disk, call, object, "The object cannot be written");
  }
  return BLOCKSTORE_STATUS_OK;
}

/* Nothing is visible before all of the source was read and is durable. */
static enum blockstore_status disk_put(const struct disk *disk, struct blockstore_call *call,
                                       const struct bs_layout *object, const struct blockstore_source *source) {
  struct bs_temporary temporary BS_AUTO_TEMPORARY = BS_TEMPORARY_INIT;
  enum blockstore_status status;

  if (bs_temporary_begin(&temporary, disk->root.fd) < 0)
    return bs_disk_fail(call, disk->root.path, BS_TREE_TEMPORARIES, "A temporary file cannot be made");
  /* A full disk is known at once where the file system can say so; where it cannot, writing will tell. */
  if (source->size > 0 && fallocate(temporary.fd, 0, 0, (off_t)source->size) < 0 &&
      blockstore_errno_status(errno) == BLOCKSTORE_STATUS_NO_SPACE)
    return disk_fail(disk, call, object, "There is no room for the object");
  status = disk_receive(disk, call, object, temporary.fd, source);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (fsync(temporary.fd) < 0) return disk_fail(disk, call, object, "The object could not be made durable");
  status = blockstore_go_on(call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (bs_temporary_place(&temporary, disk->root.fd, object->path) < 0)
    return disk_fail(disk, call, object, "The object could not be put in its place");
  return BLOCKSTORE_STATUS_OK;
}

/* Do file and source hold the same bytes?  Stops at the first difference; what cannot be read is one. */
static enum blockstore_status disk_compare(struct blockstore_call *call, bool *ret_same, int fd,
                                           const struct blockstore_source *source) {
  char *buffer BS_AUTO_FREE = malloc(2 * CHUNK);
  bool same = true;

  if (buffer == NULL) return bs_plugin_fail_memory(call);
  for (uint64_t offset = 0; same && offset < source->size; offset += disk_step(source->size, offset)) {
    size_t step = disk_step(source->size, offset);
    enum blockstore_status status = blockstore_go_on(call);

    if (status == BLOCKSTORE_STATUS_OK) status = source->read_at(source, buffer, step, offset);
    if (status != BLOCKSTORE_STATUS_OK) return status;
    same = bs_tree_read(fd, buffer + CHUNK, step, offset) == 0 && memcmp(buffer, buffer + CHUNK, step) == 0;
  }
  *ret_same = same;
  return BLOCKSTORE_STATUS_OK;
}

/* Is the object there already, whole and durable?  Whatever else is there is no error, it will be replaced. */
static enum blockstore_status disk_holds(const struct disk *disk, struct blockstore_call *call, bool *ret_holds,
                                         const struct bs_layout *object, const struct blockstore_source *source) {
  int fd BS_AUTO_CLOSE = bs_tree_open(disk->root.fd, object->path, O_RDONLY | O_NONBLOCK);
  enum blockstore_status status;
  struct stat stat;

  *ret_holds = false;
  if (fd < 0 || fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) || (uint64_t)stat.st_size != source->size)
    return BLOCKSTORE_STATUS_OK;
  status = disk_compare(call, ret_holds, fd, source);
  /* Who wrote it may have died before all of it was durable: the file, and its name in directories perhaps new. */
  if (*ret_holds && (fsync(fd) < 0 || bs_tree_sync(disk->root.fd, object->path, 4) < 0))
    return disk_fail(disk, call, object, "The object could not be made durable");
  return status;
}

static enum blockstore_status disk_delete(const struct disk *disk, struct blockstore_call *call,
                                          const struct bs_layout *object) {
  enum blockstore_status status = bs_disk_root_present(&disk->root, call);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (bs_tree_remove(disk->root.fd, object->path) == 0 || errno == ENOENT) return BLOCKSTORE_STATUS_OK;
  return disk_fail(disk, call, object, "The object cannot be deleted");
}

/* Lifecycle. */

static enum blockstore_status disk_storage_init(void **ret_self, struct blockstore_call *call,
                                                const struct blockstore_settings *settings,
                                                const struct blockstore_next *next) {
  bool must_exist = call->host->setting_number(settings, "must_exist") != 0;
  struct disk *disk = calloc(1, sizeof *disk);
  enum blockstore_status status;
  int swept;

  (void)next;
  if (disk == NULL) return bs_plugin_fail_memory(call);
  status = bs_disk_root_open(&disk->root, call, call->host->setting(settings, "root", 0), must_exist);
  if (status != BLOCKSTORE_STATUS_OK) {
    free(disk);
    return status;
  }
  swept = bs_temporary_sweep(disk->root.fd); /* failing is no harm: leftovers only take room */
  disk->swept = swept > 0 ? (uint64_t)swept : 0;
  *ret_self = disk;
  return BLOCKSTORE_STATUS_OK;
}

static void disk_storage_close(void *self, struct blockstore_call *call) {
  struct disk *disk = self;

  (void)call;
  bs_disk_root_close(&disk->root);
  free(disk);
}

/* URLs. */

static enum blockstore_status disk_handles_url(void *self, struct blockstore_call *call, const char *url) {
  struct bs_layout object;

  (void)call;
  return disk_locate_url(self, &object, url);
}

static enum blockstore_status disk_make_mutable_url(void *self, struct blockstore_call *call,
                                                    struct blockstore_sink *ret_url, const char *data_id) {
  const struct disk *disk = self;
  struct bs_layout object;
  char url[URL_LONGEST + 1];
  size_t length = strlen(disk->root.url);
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  memcpy(url, disk->root.url, length);
  url[length++] = '/';
  length += bs_url_escape(url + length, sizeof url - length, object.path, strlen(object.path), BS_URL_PATH);
  return blockstore_give(ret_url, url, length);
}

/* Immutable data. */

static enum blockstore_status disk_get_immutable(void *self, struct blockstore_call *call,
                                                 struct blockstore_sink *ret_data, const char *key) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  return status == BLOCKSTORE_STATUS_OK ? disk_get(self, call, ret_data, &object) : status;
}

static enum blockstore_status disk_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                 const struct blockstore_source *data, const char *txid) {
  const struct disk *disk = self;
  struct bs_layout object;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);
  bool holds;

  (void)txid;
  if (status == BLOCKSTORE_STATUS_OK) status = bs_disk_root_present(&disk->root, call);
  if (status == BLOCKSTORE_STATUS_OK) status = disk_holds(disk, call, &holds, &object, data);
  if (status != BLOCKSTORE_STATUS_OK || holds) return status;
  /* Other bytes under this key are damage, for the key is their hash: putting again is how a store is repaired. */
  return disk_put(disk, call, &object, data);
}

static enum blockstore_status disk_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                    const char *txid) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  (void)txid;
  return status == BLOCKSTORE_STATUS_OK ? disk_delete(self, call, &object) : status;
}

/* Mutable data. */

static enum blockstore_status disk_get_mutable(void *self, struct blockstore_call *call,
                                               struct blockstore_sink *ret_record, const char *url) {
  struct bs_layout object;
  enum blockstore_status status = disk_locate_url(self, &object, url);

  return status == BLOCKSTORE_STATUS_OK ? disk_get(self, call, ret_record, &object) : status;
}

static enum blockstore_status disk_put_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                               uint64_t version, const char *signature,
                                               const struct blockstore_source *record) {
  const struct disk *disk = self;
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  (void)version;
  (void)signature;
  if (status == BLOCKSTORE_STATUS_OK) status = bs_disk_root_present(&disk->root, call);
  return status == BLOCKSTORE_STATUS_OK ? disk_put(disk, call, &object, record) : status;
}

static enum blockstore_status disk_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                  const char *signature) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  (void)signature;
  return status == BLOCKSTORE_STATUS_OK ? disk_delete(self, call, &object) : status;
}

/* Beyond the eight. */

static enum blockstore_status disk_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  const struct disk *disk = self;
  struct bs_health health;
  enum blockstore_status status = bs_disk_root_present(&disk->root, call), written;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_health_begin(&health);
  status = bs_disk_root_report(&disk->root, call, &health);
  bs_health_number(&health, "temporaries_swept", disk->swept);
  written = bs_health_end(&health, call, ret_report);
  return status == BLOCKSTORE_STATUS_OK ? written : status;
}

static const struct blockstore_driver disk_driver = {
    .storage_init = disk_storage_init,
    .storage_close = disk_storage_close,
    .handles_url = disk_handles_url,
    .make_mutable_url = disk_make_mutable_url,
    .get_immutable_handler = disk_get_immutable,
    .get_mutable_handler = disk_get_mutable,
    .put_immutable_handler = disk_put_immutable,
    .put_mutable_handler = disk_put_mutable,
    .delete_immutable_handler = disk_delete_immutable,
    .delete_mutable_handler = disk_delete_mutable,
    .check = disk_check,
};

#define DISK_METADATA                                                                                                  \
  BLOCKSTORE_VERSION(PACKAGE_VERSION)                                                                                  \
  BLOCKSTORE_DESCRIPTION("Files in a directory of this computer")                                                      \
  BLOCKSTORE_URL_SCHEME("file")                                                                                        \
  BLOCKSTORE_THREADS_PARALLEL                                                                                          \
  BLOCKSTORE_CAPABILITY_DURABLE                                                                                        \
  BLOCKSTORE_CAPABILITY_LOCAL                                                                                          \
  BLOCKSTORE_CAPABILITY_CONSISTENT                                                                                     \
  BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "Directory that holds the objects and nothing else")                   \
  BLOCKSTORE_OPTION("must_exist", BOOL, OPTIONAL, "false", "Refuse a directory that is not a store already")

BLOCKSTORE_REGISTER_DRIVER(disk, disk_driver, DISK_METADATA);
