/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/auto.h"

/* Appends what is left to read of fd. */
static bool read_rest(struct bs_buffer *bytes, int fd, const char *path, size_t limit, struct bs_error *error) {
  size_t start = bytes->length;

  for (;;) {
    size_t room = bytes->length - start < limit ? 4096 : 1; /* one byte more than allowed shows that it is too long */
    unsigned char *at = bs_buffer_extend(bytes, room);
    ssize_t got;

    if (at == NULL) return bs_fail_memory(error);
    got = read(fd, at, room);
    bytes->length -= room - (got > 0 ? (size_t)got : 0);
    if (got == 0) return true;
    if (got < 0 && errno != EINTR) return bs_fail_errno(error, "%s: The file cannot be read", path);
    if (bytes->length - start > limit)
      return bs_fail(error, BS_WORD_too_large, "%s: The file has more than the %zu bytes allowed here.", path, limit);
  }
}

static int open_to_read(const char *path, int flags, struct bs_error *error) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

  if (fd < 0 && errno == ENOENT) bs_fail(error, BS_WORD_not_found, "%s: There is no such file.", path);
  if (fd < 0 && errno != ENOENT) bs_fail_errno(error, "%s: The file cannot be opened", path);
  return fd;
}

/* One attempt of either kind; on failure nothing stays appended. */
static bool read_file(struct bs_buffer *ret_bytes, int fd, const char *path, size_t limit, struct bs_error *error) {
  size_t before = ret_bytes->length;

  if (read_rest(ret_bytes, fd, path, limit, error)) return true;
  if (ret_bytes->bytes != NULL) explicit_bzero(ret_bytes->bytes + before, ret_bytes->length - before);
  ret_bytes->length = before;
  return false;
}

bool bs_file_read(struct bs_buffer *ret_bytes, const char *path, size_t limit, struct bs_error *error) {
  int fd BS_AUTO_CLOSE = open_to_read(path, 0, error);

  return fd >= 0 && read_file(ret_bytes, fd, path, limit, error);
}

bool bs_file_read_secret(struct bs_buffer *ret_bytes, const char *path, size_t limit, struct bs_error *error) {
  int fd BS_AUTO_CLOSE = open_to_read(path, O_NONBLOCK, error); /* a FIFO must not hang here */
  struct stat status;

  if (fd < 0) return false;
  if (fstat(fd, &status) < 0) return bs_fail_errno(error, "%s: The file cannot be examined", path);
  if (!S_ISREG(status.st_mode)) return bs_fail(error, BS_WORD_denied, "%s: A secret must be in a regular file.", path);
  if (status.st_uid != geteuid() && status.st_uid != 0)
    return bs_fail(error, BS_WORD_denied, "%s: The file with a secret belongs to user %u; it must be your own.", path,
                   (unsigned)status.st_uid);
  if ((status.st_mode & 077) != 0)
    return bs_fail(error, BS_WORD_denied,
                   "%s: The file with a secret can be used by others (mode %04o); run: chmod 600 %s", path,
                   (unsigned)(status.st_mode & 07777), path);
  if (status.st_size < 0 || (uint64_t)status.st_size > limit)
    return bs_fail(error, BS_WORD_too_large, "%s: The file has more than the %zu bytes allowed here.", path, limit);
  bs_buffer_reserve(ret_bytes, limit + 4096); /* no copy of a secret is left behind by growing */
  return read_file(ret_bytes, fd, path, limit, error);
}

char *bs_file_parent(const char *path) {
  const char *slash = strrchr(path, '/');

  if (slash == NULL) return strdup(".");
  while (slash > path && slash[-1] == '/') slash--;
  return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int bs_file_compare_names(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

bool bs_file_sync_parent(const char *path, struct bs_error *error) {
  char *parent BS_AUTO_FREE = bs_file_parent(path);
  int fd BS_AUTO_CLOSE = -1;

  if (parent == NULL) return bs_fail_memory(error);
  fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fsync(fd) < 0) return bs_fail_errno(error, "%s: The directory could not be made durable", parent);
  return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than a path has names, which PATH_MAX bounds */
bool bs_file_make_directories(const char *path, mode_t mode, struct bs_error *error) {
  struct stat status;
  char *parent BS_AUTO_FREE = NULL;

  if (stat(path, &status) == 0) {
    if (S_ISDIR(status.st_mode)) return true;
    return bs_fail(error, BS_WORD_config, "%s: A directory is needed here, but this is something else.", path);
  }
  if (errno != ENOENT) return bs_fail_errno(error, "%s: The directory cannot be reached", path);
  parent = bs_file_parent(path);
  if (parent == NULL) return bs_fail_memory(error);
  if (!bs_file_make_directories(parent, mode, error)) return false;
  if (mkdir(path, mode) < 0 && errno != EEXIST) return bs_fail_errno(error, "%s: The directory cannot be made", path);
  return bs_file_sync_parent(path, error);
}

/* Shortens an absolute path, in place, by what leads nowhere: "//", "/./" and a slash at the end.  ".." stays, for what
 * is before it may be a link. */
static void tidy_path(char *path) {
  char *to = path;

  for (const char *at = path; *at != '\0';) {
    size_t length = strcspn(at += strspn(at, "/"), "/");

    if (length > 0 && !(length == 1 && at[0] == '.')) {
      *to++ = '/';
      memmove(to, at, length);
      to += length;
    }
    at += length;
  }
  if (to == path) *to++ = '/';
  *to = '\0';
}

char *bs_file_expand(const char *path, const char *base, struct bs_error *error) {
  struct bs_buffer full = BS_BUFFER_INIT;
  char *text;

  if (path[0] == '~' && (path[1] == '/' || path[1] == '\0')) {
    const char *home = secure_getenv("HOME");

    if (home == NULL || home[0] != '/') {
      bs_fail(error, BS_WORD_config, "%s: The path begins with ~, but HOME is not set to an absolute path.", path);
      return NULL;
    }
    bs_buffer_text(&full, home);
    path++;
  } else if (path[0] != '/') {
    char *here BS_AUTO_FREE = base == NULL ? getcwd(NULL, 0) : strdup(base);

    if (here == NULL) {
      bs_fail_errno(error, "The working directory is not known");
      return NULL;
    }
    bs_buffer_text(&full, here);
    bs_buffer_byte(&full, '/');
  }
  bs_buffer_text(&full, path);
  text = bs_buffer_take(&full);
  if (text == NULL) bs_fail_memory(error);
  else tidy_path(text);
  return text;
}

/* PATH's directory and a name that nobody else has; by free(). */
static char *temporary_name(const char *path, struct bs_error *error) {
  const char *slash = strrchr(path, '/');
  int directory_length = slash == NULL ? 0 : (int)(slash - path) + 1;
  uint64_t random;
  char *name;

  if (getrandom(&random, sizeof random, 0) != sizeof random) {
    bs_fail_errno(error, "No random number could be had");
    return NULL;
  }
  if (asprintf(&name, "%.*s.blockstore-%016llx", directory_length, path, (unsigned long long)random) >= 0) return name;
  bs_fail_memory(error);
  return NULL;
}

/* Where a file without a name can be found to give it one. */
static void path_of_fd(char path[32], int fd) {
  snprintf(path, 32, "/proc/self/fd/%d", fd);
}

/* A file without a name: nothing of it stays when the process dies.  -1 where that cannot be had. */
static int make_unnamed(const char *path, mode_t mode) {
  char *parent BS_AUTO_FREE = bs_file_parent(path);
  char link_path[32];
  int fd = parent == NULL ? -1 : open(parent, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);

  if (fd < 0) return -1;
  path_of_fd(link_path, fd);
  if (access(link_path, F_OK) == 0) return fd;
  close(fd); /* no /proc: it could never be named */
  return -1;
}

/* A new file beside `path`, without a name or under one of its own; `mode` is narrowed by the umask. */
static bool make_temporary(struct bs_replacement *made, const char *path, mode_t mode, struct bs_error *error) {
  made->fd = make_unnamed(path, mode);
  for (int attempt = 0; attempt < 100 && made->fd < 0; attempt++) {
    free(made->temporary);
    made->temporary = temporary_name(path, error);
    if (made->temporary == NULL) return false;
    made->fd = open(made->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (made->fd < 0 && errno != EEXIST) break;
  }
  if (made->fd >= 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) bs_fail(error, BS_WORD_usage, "%s: There is no such directory to write it in.", path);
  else bs_fail_errno(error, "%s: A temporary file beside it could not be made", path);
  free(made->temporary);
  made->temporary = NULL;
  return false;
}

bool bs_replacement_begin(struct bs_replacement *replacement, const char *path, mode_t mode, struct bs_error *error) {
  struct bs_replacement made = BS_REPLACEMENT_INIT;

  made.path = strdup(path);
  if (made.path == NULL) return bs_fail_memory(error);
  if (!make_temporary(&made, path, mode, error)) {
    bs_replacement_abort(&made);
    return false;
  }
  *replacement = made;
  return true;
}

/* Gives a file without a name this one, which nothing may have yet. */
static bool link_unnamed(const struct bs_replacement *replacement, const char *name) {
  char link_path[32];

  path_of_fd(link_path, replacement->fd);
  return linkat(AT_FDCWD, link_path, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Gives the file its name, which nothing may have yet. */
static bool place_new(struct bs_replacement *replacement, struct bs_error *error) {
  if (replacement->temporary == NULL ? link_unnamed(replacement, replacement->path)
                                     : link(replacement->temporary, replacement->path) == 0)
    return true;
  if (errno != EEXIST) return bs_fail_errno(error, "%s: The file could not be made", replacement->path);
  return bs_fail(error, BS_WORD_conflict, "%s: The file exists already; it is left as it is.", replacement->path);
}

/* Only a file with a name can take the place of another: between the two calls that it takes, a process that dies leaves it. */
static bool replace(struct bs_replacement *replacement, struct bs_error *error) {
  if (replacement->temporary == NULL) {
    char *name = temporary_name(replacement->path, error);

    if (name == NULL) return false;
    if (!link_unnamed(replacement, name)) {
      bs_fail_errno(error, "%s: The file could not be replaced", replacement->path);
      free(name);
      return false;
    }
    replacement->temporary = name;
  }
  if (rename(replacement->temporary, replacement->path) < 0)
    return bs_fail_errno(error, "%s: The file could not be replaced", replacement->path);
  free(replacement->temporary);
  replacement->temporary = NULL;
  return true;
}

/* Where nothing is yet, one call does it. */
static bool place(struct bs_replacement *replacement, struct bs_error *error) {
  if (replacement->temporary != NULL) return replace(replacement, error);
  if (link_unnamed(replacement, replacement->path)) return true;
  if (errno == EEXIST) return replace(replacement, error);
  return bs_fail_errno(error, "%s: The file could not be made", replacement->path);
}

bool bs_replacement_commit(struct bs_replacement *replacement, bool exclusive, struct bs_error *error) {
  if (fsync(replacement->fd) < 0)
    return bs_fail_errno(error, "%s: The file could not be made durable", replacement->path);
  if (!(exclusive ? place_new : place)(replacement, error) || !bs_file_sync_parent(replacement->path, error))
    return false;
  bs_replacement_abort(replacement);
  return true;
}

void bs_replacement_abort(struct bs_replacement *replacement) {
  if (replacement->fd >= 0) close(replacement->fd);
  if (replacement->temporary != NULL) unlink(replacement->temporary);
  free(replacement->temporary);
  free(replacement->path);
  *replacement = (struct bs_replacement)BS_REPLACEMENT_INIT;
}
