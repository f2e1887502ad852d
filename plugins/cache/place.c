/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/cache/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/cache/object.h"
#include "plugins/common/tree.h"

#define MARK ".blockstore-cache"
#define MARK_TEXT "blockstore-cache 1\n" /* the layout's number; the store's text follows, and a newline */
#define MARK_MAX 4096

static const char *why(int reason) {
  const char *text = strerrordesc_np(reason);

  return text == NULL ? "Unknown error" : text;
}

void bs_cache_place_warn(struct bs_cache_place *place, struct blockstore_call *call, const char *what) {
  int reason = errno;

  if (atomic_exchange(&place->has_warned, true)) return;
  blockstore_log(call, BLOCKSTORE_LOG_WARNING, "%s: %s, and the store is asked instead: %s", place->path, what, why(reason));
}

/* A path that can never be a directory is a mistake in the configuration; all else may be mended. */
static bool is_mistake(int reason) {
  return reason == ENOTDIR || reason == ELOOP || reason == ENAMETOOLONG || reason == EINVAL || reason == ENOENT ||
         reason == EEXIST;
}

/* FAILED for a mistake; else the place stays without a descriptor. */
static enum blockstore_status give_up(struct bs_cache_place *place, struct blockstore_call *call, const char *what) {
  int reason = errno;

  if (is_mistake(reason)) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: %s: %s", place->path, what, why(reason));
  bs_cache_place_warn(place, call, what);
  if (place->fd >= 0) close(place->fd);
  place->fd = -1;
  return BLOCKSTORE_STATUS_OK;
}

static int make_directories(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    int made;

    *slash = '\0';
    made = mkdir(path, 0700);
    *slash = '/';
    if (made < 0 && errno != EEXIST && errno != EROFS && errno != EACCES) return -1; /* these two: it may be there all the same */
  }
  return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -1;
}

/* ---- whose it is ---- */

/* A new string, or NULL with errno. */
static char *read_mark(const struct bs_cache_place *place) {
  int fd BS_AUTO_CLOSE = bs_tree_open(place->fd, MARK, O_RDONLY | O_NONBLOCK);
  char *text BS_AUTO_FREE = calloc(1, MARK_MAX + 1), *taken = text;
  ssize_t got = fd < 0 || text == NULL ? -1 : read(fd, text, MARK_MAX);

  if (got < 0) return NULL;
  text = NULL;
  return taken;
}

/* EEXIST: another process was faster. */
static int write_mark(const struct bs_cache_place *place, const char *text) {
  struct bs_temporary temporary BS_AUTO_TEMPORARY = BS_TEMPORARY_INIT;

  if (bs_temporary_begin(&temporary, place->fd) < 0 || bs_tree_write(temporary.fd, text, strlen(text)) < 0 ||
      fsync(temporary.fd) < 0)
    return -1;
  if (renameat2(temporary.directory, temporary.name, place->fd, MARK, RENAME_NOREPLACE) < 0 &&
      (errno == EEXIST || (errno != EINVAL && errno != ENOSYS) ||
       renameat(temporary.directory, temporary.name, place->fd, MARK) < 0))
    return -1;
  temporary.name[0] = '\0';
  return fsync(place->fd);
}

static bool is_empty(int directory) {
  int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = fd < 0 ? NULL : fdopendir(fd);
  const struct dirent *entry;
  bool empty = true;

  if (stream == NULL) {
    if (fd >= 0) close(fd);
    return false;
  }
  while (empty && (entry = readdir(stream)) != NULL)
    empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || strcmp(entry->d_name, "lost+found") == 0 ||
            strcmp(entry->d_name, BS_TREE_TEMPORARIES) == 0;
  closedir(stream);
  return empty;
}

/* Is the text of the mark the one that is wanted? */
static enum blockstore_status compare(const struct bs_cache_place *place, struct blockstore_call *call, const char *text,
                                      const char *wanted) {
  const size_t head = strlen(MARK_TEXT);

  if (strcmp(text, wanted) == 0) return BLOCKSTORE_STATUS_OK;
  if (strncmp(text, MARK_TEXT, head) == 0 && strchr(text + head, '\n') != NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: This is the cache of another store, %.*s, and not of %.*s: give each store's cache a directory "
                           "of its own, or remove this one if that store is no more.",
                           place->path, (int)strcspn(text + head, "\n"), text + head, (int)strcspn(wanted + head, "\n"),
                           wanted + head);
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                         "%s/" MARK ": The cache was made by another version of the filter, or this file is damaged: remove "
                         "the directory.",
                         place->path);
}

static enum blockstore_status recognise(struct bs_cache_place *place, struct blockstore_call *call, const char *wanted) {
  char *text BS_AUTO_FREE = read_mark(place);

  if (text == NULL && errno == ENOENT) {
    if (is_empty(place->fd)) {
      if (write_mark(place, wanted) == 0) return BLOCKSTORE_STATUS_OK;
      if (errno != EEXIST) return give_up(place, call, "Nothing can be written there");
    }
    text = read_mark(place); /* another process may have marked it meanwhile */
    if (text == NULL && errno == ENOENT)
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                             "%s: The directory is neither empty nor a cache (there is no " MARK " in it); give the cache a "
                             "directory of its own.",
                             place->path);
  }
  if (text == NULL) return give_up(place, call, MARK " cannot be read");
  return compare(place, call, text, wanted);
}

/* What is kept is not to lie among what it is kept of, nor in another cache, which may be emptied at any time. */
static enum blockstore_status look_above(const struct bs_cache_place *place, struct blockstore_call *call) {
  static const char *const marks[] = {"/.blockstore-disk", "/" MARK};
  char *path BS_AUTO_FREE = realpath(place->path, NULL);
  size_t most = 1; /* its own mark is as it should be */

  while (path != NULL) {
    char *slash = strrchr(path, '/');

    for (size_t i = 0; i < most; i++) {
      char *mark BS_AUTO_FREE = NULL;

      if (asprintf(&mark, "%s%s", path, marks[i]) < 0) {
        mark = NULL;
        return bs_plugin_fail_memory(call);
      }
      if (faccessat(AT_FDCWD, mark, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                               "%s: The directory is, or lies inside, a store or another cache (there is a %s): give the cache a "
                               "directory of its own, elsewhere.", place->path, mark);
    }
    if (slash == NULL) break;
    *slash = '\0';
    most = sizeof marks / sizeof marks[0];
  }
  return BLOCKSTORE_STATUS_OK;
}

/* ---- its life ---- */

static void read_boot(struct bs_cache_place *place) {
  int fd BS_AUTO_CLOSE = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

  if (fd >= 0 && read(fd, place->boot, sizeof place->boot - 1) < 0) place->boot[0] = '\0';
}

static enum blockstore_status open_directory(struct bs_cache_place *place, struct blockstore_call *call, const char *wanted) {
  enum blockstore_status status;

  if (make_directories(place->path) < 0) return give_up(place, call, "The directory cannot be made");
  status = look_above(place, call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (place->fd < 0) return give_up(place, call, "The directory cannot be opened");
  return recognise(place, call, wanted);
}

enum blockstore_status bs_cache_place_open(struct bs_cache_place *place, struct blockstore_call *call, const char *path,
                                           const char *whose, uint64_t limit) {
  char *wanted BS_AUTO_FREE = NULL;
  enum blockstore_status status;

  *place = (struct bs_cache_place){.path = strdup(path), .fd = -1, .limit = limit};
  if (place->path == NULL || asprintf(&wanted, MARK_TEXT "%.3000s\n", whose) < 0) {
    wanted = NULL;
    free(place->path);
    return bs_plugin_fail_memory(call);
  }
  read_boot(place);
  status = open_directory(place, call, wanted);
  if (status != BLOCKSTORE_STATUS_OK) bs_cache_place_close(place);
  if (place->fd >= 0) bs_temporary_sweep(place->fd); /* failing is no harm: leftovers only take room */
  return status;
}

void bs_cache_place_try(struct bs_cache_place *place, struct blockstore_call *call) {
  static const char block[BS_CACHE_BLOCK];
  struct bs_temporary temporary BS_AUTO_TEMPORARY = BS_TEMPORARY_INIT;

  if (bs_temporary_begin(&temporary, place->fd) < 0 || bs_tree_write(temporary.fd, block, sizeof block) < 0)
    bs_cache_place_warn(place, call, "Nothing can be kept");
}

void bs_cache_place_close(struct bs_cache_place *place) {
  if (place->fd >= 0) close(place->fd);
  free(place->path);
  place->fd = -1;
  place->path = NULL;
}
