/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/disk/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "plugins/common/tree.h"
#include "plugins/common/url.h"

#define MARKER ".blockstore-disk"
#define CACHE_MARKER ".blockstore-cache" /* of the filter cache: what lies there may be thrown away */
#define MARKER_TEXT "blockstore-disk 1\n" /* the layout's number */

enum blockstore_status bs_disk_fail(struct blockstore_call *call, const char *root, const char *path,
                                    const char *what) {
  int reason = errno;
  const char *why = strerrordesc_np(reason);

  if (reason == 0) why = "The file ended early";
  if (reason == ELOOP || reason == ENOTDIR)
    why = "A symbolic link, or something else that is no directory, is in the way";
  return blockstore_fail(call, blockstore_errno_status(reason), "%s%s%s: %s: %s", root, path[0] == '\0' ? "" : "/", path, what,
                         why == NULL ? "Unknown error" : why);
}

static int sync_parent(const char *path) {
  int directory BS_AUTO_CLOSE = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int parent BS_AUTO_CLOSE = directory < 0 ? -1 : openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  return parent < 0 ? -1 : fsync(parent);
}

static int make_durably(const char *path) {
  if (mkdir(path, 0700) == 0) return sync_parent(path);
  return errno == EEXIST ? 0 : -1;
}

/* Makes the directory where it is missing, and its parents. */
static int make_directories(const char *path) {
  char *part;
  int result = make_durably(path);

  if (result == 0 || errno != ENOENT) return result;
  part = strdup(path);
  if (part == NULL) return -1;
  result = 0;
  for (char *slash = strchr(part + 1, '/'); slash != NULL && result == 0; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    result = make_durably(part);
    *slash = '/';
  }
  free(part);
  return result == 0 ? make_durably(path) : result;
}

/* Finds or makes the directory. */
static enum blockstore_status open_directory(struct bs_disk_root *root, struct blockstore_call *call, const char *path,
                                             bool must_exist) {
  struct stat status;

  if (!must_exist && make_directories(path) < 0) return bs_disk_fail(call, path, "", "The root directory cannot be made");
  root->path = realpath(path, NULL);
  root->fd = root->path == NULL ? -1 : open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root->fd < 0 && errno == ENOENT)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: There is no such directory (is its disk mounted?).", path);
  if (root->fd < 0 || fstat(root->fd, &status) < 0)
    return bs_disk_fail(call, path, "", "The root directory cannot be opened");
  root->device = status.st_dev;
  root->inode = status.st_ino;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status make_url(struct bs_disk_root *root, struct blockstore_call *call) {
  static const char scheme[] = "file://";
  /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): there is a path, as bs_disk_fail never says OK */
  size_t length = strlen(scheme) + bs_url_escape(NULL, 0, root->path, strlen(root->path), BS_URL_PATH);

  if (length > BS_DISK_ROOT_URL_LONGEST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "root is too long, as a URL it has %zu bytes and %d are allowed: %s", length,
                           BS_DISK_ROOT_URL_LONGEST, root->path);
  root->url = malloc(length + 1);
  if (root->url == NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%s: There is not enough memory.", root->path);
  memcpy(root->url, scheme, sizeof scheme);
  bs_url_escape(root->url + strlen(scheme), length + 1 - strlen(scheme), root->path, strlen(root->path), BS_URL_PATH);
  return BLOCKSTORE_STATUS_OK;
}

/* What a file system, this directory, or a marking that was interrupted leaves in an empty root. */
static bool counts_for_nothing(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lost+found") == 0 ||
         strcmp(name, BS_TREE_TEMPORARIES) == 0;
}

static bool is_empty(int directory) {
  const struct dirent *entry;
  bool empty = true;
  int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = fd < 0 ? NULL : fdopendir(fd);

  if (stream == NULL) {
    if (fd >= 0) close(fd);
    return false;
  }
  while (empty && (entry = readdir(stream)) != NULL) empty = counts_for_nothing(entry->d_name);
  closedir(stream);
  return empty;
}

/* Makes the empty directory a store. */
static enum blockstore_status mark(const struct bs_disk_root *root, struct blockstore_call *call) {
  struct bs_temporary temporary BS_AUTO_TEMPORARY = BS_TEMPORARY_INIT;

  if (bs_temporary_begin(&temporary, root->fd) < 0 ||
      bs_tree_write(temporary.fd, MARKER_TEXT, strlen(MARKER_TEXT)) < 0 || fsync(temporary.fd) < 0 ||
      bs_temporary_place(&temporary, root->fd, MARKER) < 0)
    return bs_disk_fail(call, root->path, MARKER, "The file that marks a store could not be written");
  return BLOCKSTORE_STATUS_OK;
}

/* Is the directory marked as a store of ours?  NOT_FOUND: it has no mark. */
static enum blockstore_status read_mark(const struct bs_disk_root *root, struct blockstore_call *call) {
  char text[sizeof MARKER_TEXT + 1] = "";
  int fd BS_AUTO_CLOSE = bs_tree_open(root->fd, MARKER, O_RDONLY | O_NONBLOCK);

  if (fd < 0 && errno == ENOENT) return BLOCKSTORE_STATUS_NOT_FOUND;
  if (fd < 0) return bs_disk_fail(call, root->path, MARKER, "The file that marks a store cannot be read");
  if (read(fd, text, sizeof text - 1) < 0)
    return bs_disk_fail(call, root->path, MARKER, "The file that marks a store cannot be read");
  if (strcmp(text, MARKER_TEXT) == 0) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                         "%s/" MARKER
                         ": The store was made by another version of the disk driver, or this file is damaged; "
                         "expected was: %.*s",
                         root->path, (int)strlen(MARKER_TEXT) - 1, MARKER_TEXT);
}

/* A cache may be emptied at any time. */
static enum blockstore_status look_above(const struct bs_disk_root *root, struct blockstore_call *call) {
  char *path BS_AUTO_FREE = strdup(root->path);

  if (path == NULL) return bs_plugin_fail_memory(call);
  for (char *slash = strrchr(path, '/'); slash != NULL; slash = strrchr(path, '/')) {
    char *mark BS_AUTO_FREE = NULL;

    *slash = '\0';
    if (asprintf(&mark, "%s/" CACHE_MARKER, path) < 0) {
      mark = NULL;
      return bs_plugin_fail_memory(call);
    }
    if (faccessat(AT_FDCWD, mark, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                             "%s: The directory lies inside a cache (there is a %s): give the store a directory of its own, "
                             "elsewhere.",
                             root->path, mark);
  }
  return BLOCKSTORE_STATUS_OK;
}

/* Takes the directory if it is a store, and makes an empty one a store. */
static enum blockstore_status recognise(const struct bs_disk_root *root, struct blockstore_call *call,
                                        bool must_exist) {
  enum blockstore_status status = read_mark(root, call);

  if (status != BLOCKSTORE_STATUS_NOT_FOUND) return status;
  if (must_exist)
    return blockstore_fail(
        call, BLOCKSTORE_STATUS_FAILED,
        "%s: This is no store (there is no " MARKER " in it) and must_exist is set: is its disk mounted?", root->path);
  if (is_empty(root->fd)) {
    status = look_above(root, call);
    return status == BLOCKSTORE_STATUS_OK ? mark(root, call) : status;
  }
  status = read_mark(root, call); /* another process may have marked and filled it meanwhile */
  if (status != BLOCKSTORE_STATUS_NOT_FOUND) return status;
  if (faccessat(root->fd, CACHE_MARKER, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: This is the directory of a cache (there is a " CACHE_MARKER " in it), not a store; give the "
                           "store a directory of its own.",
                           root->path);
  if (faccessat(root->fd, "immutable", F_OK, 0) == 0 || faccessat(root->fd, "mutable", F_OK, 0) == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: The directory looks like a store that lost its mark: bring "
                           MARKER " back from a copy, or write the line \"%.*s\" into it.",
                           root->path, (int)strlen(MARKER_TEXT) - 1, MARKER_TEXT);
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                         "%s: The directory is neither empty nor a store (there is no " MARKER " in it); "
                         "give the store a directory of its own.",
                         root->path);
}

enum blockstore_status bs_disk_root_open(struct bs_disk_root *ret_root, struct blockstore_call *call, const char *path,
                                         bool must_exist) {
  struct bs_disk_root root = BS_DISK_ROOT_INIT;
  enum blockstore_status status;

  if (path == NULL || path[0] != '/')
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "root must be an absolute path, not: %s",
                           path == NULL ? "" : path);
  status = open_directory(&root, call, path, must_exist);
  if (status == BLOCKSTORE_STATUS_OK) status = make_url(&root, call);
  if (status == BLOCKSTORE_STATUS_OK) status = recognise(&root, call, must_exist);
  if (status == BLOCKSTORE_STATUS_OK) {
    *ret_root = root;
  } else {
    bs_disk_root_close(&root);
  }
  return status;
}

void bs_disk_root_close(struct bs_disk_root *root) {
  if (root->fd >= 0) close(root->fd);
  free(root->url);
  free(root->path);
  *root = (struct bs_disk_root)BS_DISK_ROOT_INIT;
}

enum blockstore_status bs_disk_root_present(const struct bs_disk_root *root, struct blockstore_call *call) {
  struct stat status;

  if (stat(root->path, &status) == 0 && status.st_dev == root->device && status.st_ino == root->inode &&
      fstatat(root->fd, MARKER, &status, AT_SYMLINK_NOFOLLOW) == 0)
    return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                         "%s: The store's root directory is gone or was replaced since it was opened (unmounted?).",
                         root->path);
}

static const char *file_system(unsigned long type, char *buffer, size_t size) {
  static const struct {
    unsigned long type;
    const char *name;
  } known[] = {{EXT4_SUPER_MAGIC, "ext4"}, {XFS_SUPER_MAGIC, "xfs"},           {BTRFS_SUPER_MAGIC, "btrfs"},
               {TMPFS_MAGIC, "tmpfs"},     {OVERLAYFS_SUPER_MAGIC, "overlay"}, {NFS_SUPER_MAGIC, "nfs"},
               {FUSE_SUPER_MAGIC, "fuse"}, {F2FS_SUPER_MAGIC, "f2fs"},         {SMB2_SUPER_MAGIC, "smb"},
               {MSDOS_SUPER_MAGIC, "vfat"}};

  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (known[i].type == type) return known[i].name;
  snprintf(buffer, size, "0x%lx", type);
  return buffer;
}

/* Can something be written, durably? */
static enum blockstore_status try_writing(const struct bs_disk_root *root, struct blockstore_call *call) {
  struct bs_temporary temporary BS_AUTO_TEMPORARY = BS_TEMPORARY_INIT;

  if (bs_temporary_begin(&temporary, root->fd) < 0 ||
      bs_tree_write(temporary.fd, MARKER_TEXT, strlen(MARKER_TEXT)) < 0 || fsync(temporary.fd) < 0)
    return bs_disk_fail(call, root->path, BS_TREE_TEMPORARIES, "Nothing can be written into the store");
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_disk_root_report(const struct bs_disk_root *root, struct blockstore_call *call,
                                           struct bs_health *health) {
  enum blockstore_status status = try_writing(root, call);
  struct statvfs space;
  struct statfs kind;
  char buffer[32];

  if (fstatvfs(root->fd, &space) < 0 || fstatfs(root->fd, &kind) < 0)
    return bs_disk_fail(call, root->path, "", "The file system cannot be examined");
  bs_health_text(health, "root", root->path);
  bs_health_text(health, "file_system", file_system((unsigned long)kind.f_type & UINT32_MAX, buffer, sizeof buffer));
  bs_health_flag(health, "read_only", (space.f_flag & ST_RDONLY) != 0);
  bs_health_flag(health, "writable", status == BLOCKSTORE_STATUS_OK);
  bs_health_number(health, "free_bytes", (uint64_t)space.f_bavail * space.f_frsize);
  bs_health_number(health, "free_files", space.f_favail);
  return status;
}
