/* SPDX-License-Identifier: MIT */
/* Files: read whole, durable directories, atomic durable replacement.  All descriptors are close-on-exec. */
#ifndef BS_BASE_FILE_H
#define BS_BASE_FILE_H

#include <dirent.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buffer.h"
#include "core/base/io.h"

/* Appends a file of at most `limit` bytes (too_large when longer, not_found when absent). */
bool bs_file_read(struct bs_buffer *ret_bytes, const char *path, size_t limit, struct bs_error *error);
/* The same for a secret: a regular file of the user's own, with no rights for group and others (denied otherwise). */
bool bs_file_read_secret(struct bs_buffer *ret_bytes, const char *path, size_t limit, struct bs_error *error);

/* Makes the directory and its missing parents with `mode`, each durable in its parent.  An existing one is left. */
bool bs_file_make_directories(const char *path, mode_t mode, struct bs_error *error);
/* The directory part of path, by free(): "." when it has none; NULL: no memory. */
char *bs_file_parent(const char *path);
/* fsyncs the directory that holds `path`. */
bool bs_file_sync_parent(const char *path, struct bs_error *error);
/* `path` with a leading "~/" replaced by $HOME, made absolute from `base` (absolute; NULL: the working directory), and in
 * one spelling as far as its text tells: without "//", "/./" and a slash at the end; by free(). */
char *bs_file_expand(const char *path, const char *base, struct bs_error *error);

/* For scandir: by the bytes of the names, whatever the locale. */
int bs_file_compare_names(const struct dirent **a, const struct dirent **b);

/*
 * A file that replaces `path` in one step.  Its bytes go to `fd`, a file of the same directory without a name (where that
 * cannot be had: with a temporary one); commit fsyncs it, names it and fsyncs the directory; abort (also after a failed
 * commit) removes it.
 */
struct bs_replacement {
  int fd; /* -1: nothing begun, or committed */
  char *path;
  char *temporary; /* NULL: it has no name */
};
#define BS_REPLACEMENT_INIT {-1, NULL, NULL}
/* mode: less the umask. */
bool bs_replacement_begin(struct bs_replacement *replacement, const char *path, mode_t mode, struct bs_error *error);
/* exclusive: fails with conflict when the path exists already. */
bool bs_replacement_commit(struct bs_replacement *replacement, bool exclusive, struct bs_error *error);
void bs_replacement_abort(struct bs_replacement *replacement);

#endif
