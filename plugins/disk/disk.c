/* SPDX-License-Identifier: MIT */
/*
 * disk: objects are files in a directory tree under `root`.
 *
 * Immutable data lie at immutable/ab/cd/KEY, ab and cd being the key's first digits; mutable records at
 * mutable/ab/cd/NAME, NAME being the escaped data id (or its SHA-256 when that is long) and ab and cd the first
 * digits of the SHA-256 of the id.  A million objects are then 16 to a directory.  root/.blockstore-disk marks the
 * directory as ours, so that an unmounted disk is not mistaken for an empty store.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "plugins/common/plugin.h"
#include "plugins/common/report.h"
#include "plugins/common/tree.h"
#include "plugins/common/url.h"

#define MARKER ".blockstore-disk"
#define MARKER_TEXT "blockstore-disk 1\n" /* the layout's number */
#define CHUNK ((size_t)1 << 20)           /* bytes between two looks at the clock */
#define WRITE_BEHIND ((uint64_t)8 << 20)  /* the kernel is told to write so much at a time, before fsync asks for all */
#define NAME_LONGEST 200
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_-" /* upper case is escaped: some file systems fold it */
#define NAME_HASHED "sha256="                                 /* '=' is never kept, so no escaped id looks like this */
#define URL_LONGEST 2048
#define URL_TAIL (sizeof "/mutable/ab/cd/" + NAME_LONGEST / 3 * 5 + 2) /* every %XX of a name becomes %25XX */

struct disk {
  char *root;     /* option `root`, its symbolic links resolved */
  char *root_url; /* "file://" and the same, escaped */
  int fd;         /* the directory, for reading */
  dev_t device;   /* which directory that is: another one at its path is another store */
  ino_t inode;
  uint64_t swept; /* leftovers that were removed when the instance was opened */
};

/* Where an object lies, relative to the root. */
struct disk_object {
  char directory[sizeof "immutable/ab/cd"];
  char name[NAME_LONGEST + 1];
};

#define DISK_METADATA                                                                                                   \
  BLOCKSTORE_VERSION(PACKAGE_VERSION)                                                                                   \
  BLOCKSTORE_DESCRIPTION("Files in a directory of this computer")                                                       \
  BLOCKSTORE_URL_SCHEME("file")                                                                                         \
  BLOCKSTORE_THREADS_PARALLEL                                                                                           \
  BLOCKSTORE_CAPABILITY_DURABLE                                                                                         \
  BLOCKSTORE_CAPABILITY_LOCAL                                                                                           \
  BLOCKSTORE_CAPABILITY_CONSISTENT                                                                                      \
  BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "Directory that holds the objects, and nothing else")                   \
  BLOCKSTORE_OPTION("must_exist", BOOL, OPTIONAL, "false", "Refuse a directory that is not a store yet (an unmounted disk)")

/* Errors. */

static enum blockstore_status disk_status_of(int reason) {
  switch (reason) {
    case ENOSPC:
    case EDQUOT: return BLOCKSTORE_STATUS_NO_SPACE;
    case EFBIG: return BLOCKSTORE_STATUS_TOO_LARGE;
    case EACCES:
    case EPERM:
    case EROFS: return BLOCKSTORE_STATUS_DENIED;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN: return BLOCKSTORE_STATUS_TRANSIENT;
    default: return BLOCKSTORE_STATUS_FAILED;
  }
}

static const char *disk_reason(int reason, char *buffer, size_t size) {
  if (reason == ELOOP || reason == ENOTDIR) return "a symbolic link, or something else that is no directory, is in the way";
  return strerror_r(reason, buffer, size);
}

/* Says that `what` could not be done to root/path, and why: errno. */
static enum blockstore_status disk_fail(struct blockstore_call *call, const char *root, const char *path, const char *what) {
  enum blockstore_status status = disk_status_of(errno);
  char buffer[128];

  return blockstore_fail(call, status, "%s%s%s: %s: %s", root, *path == '\0' ? "" : "/", path, what,
                         disk_reason(errno, buffer, sizeof buffer));
}

static enum blockstore_status disk_fail_object(const struct disk *disk, struct blockstore_call *call,
                                               const struct disk_object *object, const char *what) {
  char path[sizeof *object + 1];
  int reason = errno;

  snprintf(path, sizeof path, "%s/%s", object->directory, object->name);
  errno = reason;
  return disk_fail(call, disk->root, path, what);
}

static enum blockstore_status disk_fail_memory(struct blockstore_call *call) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the copying buffer.");
}

/* OK until the call is cancelled or past its deadline. */
static enum blockstore_status disk_go_on(struct blockstore_call *call) {
  if (call->host->time_left(call) > 0) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_CANCELLED, "The call was cancelled or its time is over.");
}

/* Where objects lie. */

static bool disk_locate_immutable(struct disk_object *ret_object, const char *key) {
  size_t length = strlen(key);

  if ((length != 40 && length != 64) || !bs_hex_is(key, length)) return false;
  snprintf(ret_object->directory, sizeof ret_object->directory, "immutable/%.2s/%.2s", key, key + 2);
  snprintf(ret_object->name, sizeof ret_object->name, "%s", key);
  return true;
}

static bool disk_locate_mutable(struct disk_object *ret_object, const char *data_id) {
  unsigned char digest[BS_SHA256_SIZE];
  char hex[2 * BS_SHA256_SIZE + 1];
  char *name = ret_object->name;
  size_t length = strlen(data_id), used;

  if (length == 0) return false;
  bs_sha256(digest, data_id, length);
  bs_hex_encode(hex, digest, sizeof digest);
  snprintf(ret_object->directory, sizeof ret_object->directory, "mutable/%.2s/%.2s", hex, hex + 2);
  used = bs_url_escape(name, sizeof ret_object->name, data_id, 1, NAME_LETTERS); /* no dot in front: not hidden, no ".." */
  used += bs_url_escape(name + used, sizeof ret_object->name - used, data_id + 1, length - 1, NAME_LETTERS ".");
  if (used > NAME_LONGEST) snprintf(name, sizeof ret_object->name, NAME_HASHED "%s", hex);
  return true;
}

/* The same from "ab/cd/NAME", which came out of a URL: nothing passes that disk_locate_mutable could not have made. */
static bool disk_locate_path(struct disk_object *ret_object, const char *path) {
  const char *name = path + strlen("ab/cd/");
  size_t length;

  if (!bs_hex_is(path, 2) || path[2] != '/' || !bs_hex_is(path + 3, 2) || path[5] != '/') return false;
  length = strlen(name);
  if (length == 0 || length > NAME_LONGEST || name[0] == '.') return false;
  if (strspn(name, NAME_LETTERS ".%=ABCDEF") != length) return false;
  snprintf(ret_object->directory, sizeof ret_object->directory, "mutable/%.5s", path);
  memcpy(ret_object->name, name, length + 1);
  return true;
}

static bool disk_locate_url(const struct disk *disk, struct disk_object *ret_object, const char *url) {
  static const char scheme[] = "file://", host[] = "localhost", area[] = "/mutable/";
  size_t root_length = strlen(disk->root);
  char path[PATH_MAX + URL_LONGEST];

  if (strncasecmp(url, scheme, strlen(scheme)) != 0) return false;
  url += strlen(scheme);
  if (strncasecmp(url, host, strlen(host)) == 0) url += strlen(host);
  if (url[0] != '/' || !bs_url_decode_path(path, sizeof path, url)) return false;
  if (strncmp(path, disk->root, root_length) != 0 || strncmp(path + root_length, area, strlen(area)) != 0) return false;
  return disk_locate_path(ret_object, path + root_length + strlen(area));
}

/* The root. */

/* Is the store still there?  Without this, an unmounted or deleted root would look like one that lost all its objects. */
static enum blockstore_status disk_present(const struct disk *disk, struct blockstore_call *call) {
  struct stat status;

  if (stat(disk->root, &status) == 0 && status.st_dev == disk->device && status.st_ino == disk->inode &&
      fstatat(disk->fd, MARKER, &status, AT_SYMLINK_NOFOLLOW) == 0)
    return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                         "%s: The store's root directory is gone or was replaced since it was opened (unmounted?).", disk->root);
}

static int disk_sync_parent(int directory) {
  int parent BS_AUTO_CLOSE = openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  return parent < 0 ? -1 : fsync(parent);
}

/* Opens the directory; makes it when only its last component is missing. */
static enum blockstore_status disk_open_root(struct disk *disk, struct blockstore_call *call, const char *root, bool must_exist) {
  bool made;
  int refused;

  if (root[0] != '/') return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: root must be an absolute path.", root);
  made = !must_exist && mkdir(root, 0700) == 0;
  refused = must_exist || made ? ENOENT : errno;
  disk->root = realpath(root, NULL);
  disk->fd = disk->root == NULL ? -1 : open(disk->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (disk->fd < 0 && errno == ENOENT && refused != ENOENT) {
    errno = refused;
    return disk_fail(call, root, "", "The root directory cannot be made");
  }
  if (disk->fd < 0 && errno == ENOENT)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: There is no such directory%s (is its disk mounted?).", root,
                           must_exist ? "" : ", and it can be made only in one that exists");
  if (disk->fd < 0 || (made && disk_sync_parent(disk->fd) < 0)) return disk_fail(call, root, "", "The root directory cannot be opened");
  return BLOCKSTORE_STATUS_OK;
}

static void disk_close_directory(DIR **stream) {
  if (*stream != NULL) closedir(*stream);
}

/* Nothing in it but what a file system or an unfinished disk_mark leaves there? */
static bool disk_is_empty(int root) {
  DIR *stream BS_AUTO(disk_close_directory) = NULL;
  const struct dirent *entry;
  int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  stream = fd < 0 ? NULL : fdopendir(fd);
  if (stream == NULL) {
    if (fd >= 0) close(fd);
    return false;
  }
  while ((entry = readdir(stream)) != NULL) {
    const char *name = entry->d_name;

    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, BS_TREE_TEMPORARIES) != 0 &&
        strcmp(name, "lost+found") != 0)
      return false;
  }
  return true;
}

/* Makes the empty directory a store. */
static enum blockstore_status disk_mark(const struct disk *disk, struct blockstore_call *call) {
  struct bs_temporary temporary BS_AUTO_TEMPORARY = BS_TEMPORARY_INIT;

  if (bs_temporary_begin(&temporary, disk->fd) < 0 ||
      bs_tree_write(temporary.fd, MARKER_TEXT, strlen(MARKER_TEXT)) < 0 || fsync(temporary.fd) < 0 ||
      renameat(temporary.directory, temporary.name, disk->fd, MARKER) < 0)
    return disk_fail(call, disk->root, MARKER, "The file that marks a store could not be written");
  temporary.name[0] = '\0';
  if (fsync(disk->fd) < 0) return disk_fail(call, disk->root, "", "The root directory could not be made durable");
  return BLOCKSTORE_STATUS_OK;
}

/* Is the directory a store of ours?  An empty one becomes one. */
static enum blockstore_status disk_recognise(const struct disk *disk, struct blockstore_call *call, bool must_exist) {
  char text[sizeof MARKER_TEXT] = "";
  int fd BS_AUTO_CLOSE = bs_tree_open(disk->fd, MARKER, O_RDONLY | O_NONBLOCK);

  if (fd >= 0) {
    if (read(fd, text, sizeof text - 1) >= 0 && strcmp(text, MARKER_TEXT) == 0) return BLOCKSTORE_STATUS_OK;
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s/" MARKER ": The store was made by another version of the disk driver, or this file is damaged; "
                           "expected was: %.*s.", disk->root, (int)strlen(MARKER_TEXT) - 1, MARKER_TEXT);
  }
  if (errno != ENOENT) return disk_fail(call, disk->root, MARKER, "The file that marks a store cannot be read");
  if (must_exist)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: This is no store (there is no " MARKER " in it) and must_exist is set: is its disk mounted?", disk->root);
  if (!disk_is_empty(disk->fd))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: The directory is neither empty nor a store (there is no " MARKER " in it); "
                           "give the store a directory of its own.", disk->root);
  return disk_mark(disk, call);
}

/* What URLs begin with; a root so deep that a URL could grow too long is refused now. */
static enum blockstore_status disk_make_root_url(struct disk *disk, struct blockstore_call *call) {
  static const char scheme[] = "file://";
  size_t length = bs_url_escape(NULL, 0, disk->root, strlen(disk->root), BS_URL_PATH);

  if (strlen(scheme) + length + URL_TAIL > URL_LONGEST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The path is too long: no room is left in a URL of %d bytes.",
                           disk->root, URL_LONGEST);
  disk->root_url = malloc(sizeof scheme + length);
  if (disk->root_url == NULL) return disk_fail_memory(call);
  memcpy(disk->root_url, scheme, sizeof scheme);
  bs_url_escape(disk->root_url + strlen(scheme), length + 1, disk->root, strlen(disk->root), BS_URL_PATH);
  return BLOCKSTORE_STATUS_OK;
}

/* Lifecycle. */

static void disk_free(struct disk *disk) {
  if (disk->fd >= 0) close(disk->fd);
  free(disk->root_url);
  free(disk->root);
  free(disk);
}

static enum blockstore_status disk_open(struct disk *disk, struct blockstore_call *call, const struct blockstore_settings *settings) {
  bool must_exist = call->host->setting_number(settings, "must_exist") != 0;
  enum blockstore_status status = disk_open_root(disk, call, call->host->setting(settings, "root", 0), must_exist);
  struct stat stat;
  int swept;

  if (status == BLOCKSTORE_STATUS_OK) status = disk_make_root_url(disk, call);
  if (status == BLOCKSTORE_STATUS_OK) status = disk_recognise(disk, call, must_exist);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (fstat(disk->fd, &stat) < 0) return disk_fail(call, disk->root, "", "The root directory cannot be examined");
  disk->device = stat.st_dev;
  disk->inode = stat.st_ino;
  swept = bs_temporaries_sweep(disk->fd); /* failing is no harm: leftovers cost space only */
  disk->swept = swept > 0 ? (uint64_t)swept : 0;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status disk_storage_init(void **ret_self, struct blockstore_call *call,
                                                const struct blockstore_settings *settings, const struct blockstore_next *next) {
  struct disk *disk = calloc(1, sizeof *disk);
  enum blockstore_status status;

  (void)next;
  if (disk == NULL) return disk_fail_memory(call);
  disk->fd = -1;
  status = disk_open(disk, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) {
    *ret_self = disk;
  } else {
    disk_free(disk);
  }
  return status;
}

static void disk_storage_close(void *self, struct blockstore_call *call) {
  (void)call;
  disk_free(self);
}

/* URLs. */

static enum blockstore_status disk_handles_url(void *self, struct blockstore_call *call, const char *url) {
  struct disk_object object;

  (void)call;
  return disk_locate_url(self, &object, url) ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static enum blockstore_status disk_refuse_id(struct blockstore_call *call) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "The data id is empty.");
}

static enum blockstore_status disk_refuse_key(struct blockstore_call *call, const char *key) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%.80s: A key of 40 or 64 lower-case hexadecimal digits was expected.", key);
}

static enum blockstore_status disk_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                    const char *data_id) {
  const struct disk *disk = self;
  struct disk_object object;
  char url[URL_LONGEST + 1], name[URL_LONGEST];
  enum blockstore_status status;
  int length;

  if (!disk_locate_mutable(&object, data_id)) return disk_refuse_id(call);
  bs_url_escape(name, sizeof name, object.name, strlen(object.name), BS_URL_UNRESERVED);
  length = snprintf(url, sizeof url, "%s/%s/%s", disk->root_url, object.directory, name);
  if (length < 0 || length > URL_LONGEST) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The URL is too long.", url);
  status = ret_url->begin(ret_url, (uint64_t)length);
  return status == BLOCKSTORE_STATUS_OK ? ret_url->write(ret_url, url, (size_t)length) : status;
}

/* Get. */

static enum blockstore_status disk_open_object(const struct disk *disk, struct blockstore_call *call, int *ret_fd, uint64_t *ret_size,
                                               const struct disk_object *object) {
  char path[sizeof *object + 1];
  struct stat status;
  int fd;

  snprintf(path, sizeof path, "%s/%s", object->directory, object->name);
  fd = bs_tree_open(disk->fd, path, O_RDONLY | O_NONBLOCK); /* a FIFO must not hang here */
  if (fd < 0 && errno == ENOENT) {
    enum blockstore_status gone = disk_present(disk, call);

    if (gone != BLOCKSTORE_STATUS_OK) return gone;
    return blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "%s/%s: There is no such object.", disk->root, path);
  }
  if (fd < 0 || fstat(fd, &status) < 0) return disk_fail(call, disk->root, path, "The object cannot be opened");
  if (!S_ISREG(status.st_mode)) {
    close(fd);
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s/%s: A regular file was expected here.", disk->root, path);
  }
  *ret_fd = fd;
  *ret_size = (uint64_t)status.st_size;
  return BLOCKSTORE_STATUS_OK;
}

static size_t disk_step(uint64_t size, uint64_t offset) {
  return size - offset < CHUNK ? (size_t)(size - offset) : CHUNK;
}

static enum blockstore_status disk_get(const struct disk *disk, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                       const struct disk_object *object) {
  char *buffer BS_AUTO_FREE = NULL;
  int fd BS_AUTO_CLOSE = -1;
  uint64_t size = 0, offset = 0;
  enum blockstore_status status = disk_open_object(disk, call, &fd, &size, object);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  buffer = malloc(disk_step(size, 0) + 1);
  if (buffer == NULL) return disk_fail_memory(call);
  status = ret_data->begin(ret_data, size);
  while (status == BLOCKSTORE_STATUS_OK && offset < size) {
    size_t step = disk_step(size, offset);

    status = disk_go_on(call);
    if (status == BLOCKSTORE_STATUS_OK && bs_tree_read_at(fd, buffer, step, offset) < 0)
      status = disk_fail_object(disk, call, object, "The object cannot be read");
    if (status == BLOCKSTORE_STATUS_OK) status = ret_data->write(ret_data, buffer, step);
    offset += step;
  }
  return status;
}

/* Put. */

/* Copies the source into the file. */
static enum blockstore_status disk_receive(const struct disk *disk, struct blockstore_call *call, const struct disk_object *object,
                                           int fd, const struct blockstore_source *source) {
  char *buffer BS_AUTO_FREE = malloc(disk_step(source->size, 0) + 1);
  uint64_t pushed = 0;

  if (buffer == NULL) return disk_fail_memory(call);
  for (uint64_t offset = 0; offset < source->size; offset += disk_step(source->size, offset)) {
    size_t step = disk_step(source->size, offset);
    enum blockstore_status status = disk_go_on(call);

    if (status == BLOCKSTORE_STATUS_OK) status = source->read_at(source, buffer, step, offset);
    if (status != BLOCKSTORE_STATUS_OK) return status;
    if (bs_tree_write(fd, buffer, step) < 0) return disk_fail_object(disk, call, object, "The object cannot be written");
    if (offset + step - pushed >= WRITE_BEHIND) {
      (void)sync_file_range(fd, (off_t)pushed, (off_t)(offset + step - pushed), SYNC_FILE_RANGE_WRITE); /* fsync tells of errors */
      pushed = offset + step;
    }
  }
  return BLOCKSTORE_STATUS_OK;
}

/* Nothing is visible before all of the source was read and is durable. */
static enum blockstore_status disk_put(const struct disk *disk, struct blockstore_call *call, const struct disk_object *object,
                                       const struct blockstore_source *source) {
  struct bs_temporary temporary BS_AUTO_TEMPORARY = BS_TEMPORARY_INIT;
  enum blockstore_status status = disk_present(disk, call);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (bs_temporary_begin(&temporary, disk->fd) < 0)
    return disk_fail(call, disk->root, BS_TREE_TEMPORARIES, "A temporary file could not be made");
  /* A full disk is known at once where the file system can say so; where it can't, writing will tell. */
  if (source->size > 0 && fallocate(temporary.fd, 0, 0, (off_t)source->size) < 0 && disk_status_of(errno) == BLOCKSTORE_STATUS_NO_SPACE)
    return disk_fail_object(disk, call, object, "There is no room for the object");
  status = disk_receive(disk, call, object, temporary.fd, source);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (fsync(temporary.fd) < 0) return disk_fail_object(disk, call, object, "The object could not be made durable");
  status = disk_go_on(call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (bs_temporary_place(&temporary, disk->fd, object->directory, object->name) < 0)
    return disk_fail_object(disk, call, object, "The object could not be put in its place");
  return BLOCKSTORE_STATUS_OK;
}

/*
 * Do the bytes of the file and of the source agree?  What cannot be read does not; only the source can fail.
 * The comparison ends at the first difference.
 */
static enum blockstore_status disk_compare(struct blockstore_call *call, bool *ret_same, int fd, const struct blockstore_source *source) {
  char *buffer BS_AUTO_FREE = malloc(2 * CHUNK);
  bool same = true;

  if (buffer == NULL) return disk_fail_memory(call);
  for (uint64_t offset = 0; same && offset < source->size; offset += disk_step(source->size, offset)) {
    size_t step = disk_step(source->size, offset);
    enum blockstore_status status = disk_go_on(call);

    if (status == BLOCKSTORE_STATUS_OK) status = source->read_at(source, buffer, step, offset);
    if (status != BLOCKSTORE_STATUS_OK) return status;
    same = bs_tree_read_at(fd, buffer + CHUNK, step, offset) == 0 && memcmp(buffer, buffer + CHUNK, step) == 0;
  }
  *ret_same = same;
  return BLOCKSTORE_STATUS_OK;
}

/* Is the object there already, whole and durable? */
static enum blockstore_status disk_holds(const struct disk *disk, struct blockstore_call *call, bool *ret_holds,
                                         const struct disk_object *object, const struct blockstore_source *source) {
  char path[sizeof *object + 1];
  int fd BS_AUTO_CLOSE = -1;
  struct stat stat;
  enum blockstore_status status;

  *ret_holds = false;
  snprintf(path, sizeof path, "%s/%s", object->directory, object->name);
  fd = bs_tree_open(disk->fd, path, O_RDONLY | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) || (uint64_t)stat.st_size != source->size) return BLOCKSTORE_STATUS_OK;
  status = disk_compare(call, ret_holds, fd, source);
  if (status != BLOCKSTORE_STATUS_OK || !*ret_holds) return status;
  /* Who wrote it may have died before it was durable. */
  if (fsync(fd) < 0 || bs_tree_sync_parents(disk->fd, path, 4) < 0)
    return disk_fail_object(disk, call, object, "The object could not be made durable");
  return BLOCKSTORE_STATUS_OK;
}

/* Delete. */

static enum blockstore_status disk_delete(const struct disk *disk, struct blockstore_call *call, const struct disk_object *object) {
  enum blockstore_status status = disk_present(disk, call);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (bs_tree_remove(disk->fd, object->directory, object->name) == 0 || errno == ENOENT) return BLOCKSTORE_STATUS_OK;
  return disk_fail_object(disk, call, object, "The object could not be deleted");
}

/* The handlers. */

static enum blockstore_status disk_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                 const char *key) {
  struct disk_object object;

  if (!disk_locate_immutable(&object, key)) return disk_refuse_key(call, key);
  return disk_get(self, call, ret_data, &object);
}

static enum blockstore_status disk_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                               const char *url) {
  struct disk_object object;

  if (!disk_locate_url(self, &object, url)) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  return disk_get(self, call, ret_record, &object);
}

static enum blockstore_status disk_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                 const struct blockstore_source *data, const char *txid) {
  struct disk_object object;
  enum blockstore_status status;
  bool holds;

  (void)txid;
  if (!disk_locate_immutable(&object, key)) return disk_refuse_key(call, key);
  status = disk_present(self, call);
  if (status == BLOCKSTORE_STATUS_OK) status = disk_holds(self, call, &holds, &object, data);
  if (status != BLOCKSTORE_STATUS_OK || holds) return status;
  /* Other bytes under this key are damage, for the key is their hash: putting again is how a store is repaired. */
  return disk_put(self, call, &object, data);
}

static enum blockstore_status disk_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                               const char *signature, const struct blockstore_source *record) {
  struct disk_object object;

  (void)version;
  (void)signature;
  if (!disk_locate_mutable(&object, data_id)) return disk_refuse_id(call);
  return disk_put(self, call, &object, record);
}

static enum blockstore_status disk_delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  struct disk_object object;

  (void)txid;
  if (!disk_locate_immutable(&object, key)) return disk_refuse_key(call, key);
  return disk_delete(self, call, &object);
}

static enum blockstore_status disk_delete_mutable(void *self, struct blockstore_call *call, const char *data_id, const char *signature) {
  struct disk_object object;

  (void)signature;
  if (!disk_locate_mutable(&object, data_id)) return disk_refuse_id(call);
  return disk_delete(self, call, &object);
}

/* Check. */

static const char *disk_file_system(long type, char *buffer, size_t size) {
  static const struct {
    long type;
    const char *name;
  } known[] = {{EXT4_SUPER_MAGIC, "ext4"},         {XFS_SUPER_MAGIC, "xfs"},  {BTRFS_SUPER_MAGIC, "btrfs"}, {TMPFS_MAGIC, "tmpfs"},
               {OVERLAYFS_SUPER_MAGIC, "overlay"}, {NFS_SUPER_MAGIC, "nfs"},  {FUSE_SUPER_MAGIC, "fuse"},   {F2FS_SUPER_MAGIC, "f2fs"},
               {SMB2_SUPER_MAGIC, "smb"},          {MSDOS_SUPER_MAGIC, "vfat"}};

  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (known[i].type == type) return known[i].name;
  snprintf(buffer, size, "0x%lx", (unsigned long)type);
  return buffer;
}

/* Can something be written, durably? */
static enum blockstore_status disk_try_writing(const struct disk *disk, struct blockstore_call *call) {
  struct bs_temporary temporary BS_AUTO_TEMPORARY = BS_TEMPORARY_INIT;

  if (bs_temporary_begin(&temporary, disk->fd) < 0 || bs_tree_write(temporary.fd, MARKER_TEXT, strlen(MARKER_TEXT)) < 0 ||
      fsync(temporary.fd) < 0)
    return disk_fail(call, disk->root, BS_TREE_TEMPORARIES, "Nothing can be written into the store");
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status disk_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  const struct disk *disk = self;
  struct bs_report report;
  struct statvfs space;
  struct statfs kind;
  char buffer[32];
  enum blockstore_status status = disk_present(disk, call), written;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (fstatvfs(disk->fd, &space) < 0 || fstatfs(disk->fd, &kind) < 0)
    return disk_fail(call, disk->root, "", "The file system cannot be examined");
  status = disk_try_writing(disk, call);
  bs_report_begin(&report);
  bs_report_text(&report, "root", disk->root);
  bs_report_text(&report, "file_system", disk_file_system((long)kind.f_type, buffer, sizeof buffer));
  bs_report_flag(&report, "read_only", (space.f_flag & ST_RDONLY) != 0);
  bs_report_flag(&report, "writable", status == BLOCKSTORE_STATUS_OK);
  bs_report_number(&report, "free_bytes", (uint64_t)space.f_bavail * space.f_frsize);
  bs_report_number(&report, "free_files", space.f_favail);
  bs_report_number(&report, "temporaries_swept", disk->swept);
  written = bs_report_end(&report, call, ret_report);
  return status != BLOCKSTORE_STATUS_OK ? status : written;
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

BLOCKSTORE_REGISTER_DRIVER(disk, disk_driver, DISK_METADATA);
