/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Durable files beneath one directory that the names of those files, an enemy's perhaps, can never leave.
 *
 * Every path here is relative to `root`, a descriptor of that directory opened for reading.  It is made of components
 * with single slashes between them, none of them "." or "..": anything else is EINVAL, or ENAMETOOLONG.  It is resolved
 * without following a symbolic link: by openat2, or where the kernel or a sandbox refuses that, one component at a time.
 *
 * A file is written under a temporary name in root/.tmp and renamed into its place.  Its writer holds a flock on it
 * for as long as it is temporary, so that leftovers of a crash can be told from work in progress.
 *
 * A part to copy into a driver: tree.h and tree.c, C99, which need Linux and glibc.  Any number of threads
 * and processes may work beneath one root: the functions keep nothing.  Those that return int return -1 with errno set
 * on failure.
 */
#ifndef BS_PLUGINS_TREE_H
#define BS_PLUGINS_TREE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

#define BS_TREE_TEMPORARIES ".tmp" /* no path of the driver's begins with it */

/* Opens an existing file or directory, close-on-exec.  ELOOP or ENOTDIR: something in the path is a link. */
int bs_tree_open(int root, const char *path, int flags);

/* All of it; interrupted calls are taken up again.  A file that ends before offset + length is errno 0. */
int bs_tree_write(int fd, const void *bytes, size_t length);
int bs_tree_read(int fd, void *buffer, size_t length, uint64_t offset);

/* Removes a file, durably.  One that is not there, or whose directory is not there, is ENOENT. */
int bs_tree_remove(int root, const char *path);

/* Makes names durable: fsyncs the directory that holds `path` and those above it, up to root, `levels` at most. */
int bs_tree_sync(int root, const char *path, unsigned levels);

/* A file on its way into the tree.  By one thread at a time, never copied.  Begins as BS_TEMPORARY_INIT; zeroed,
 * its end would close descriptor 0. */
struct bs_temporary {
  int fd;        /* for writing, or -1 */
  int directory; /* root/.tmp, or -1 */
  char name[17]; /* "": it has been placed, nothing to remove */
};
#define BS_TEMPORARY_INIT {-1, -1, ""}
#define BS_AUTO_TEMPORARY __attribute__((__cleanup__(bs_temporary_end)))

/* Makes an empty file of mode 0600; root/.tmp is made when it is missing. */
int bs_temporary_begin(struct bs_temporary *temporary, int root);
/* Moves it over whatever file stands at `path`, making missing directories (mode 0700), and makes that name durable.
 * The caller has fsynced `fd`. */
int bs_temporary_place(struct bs_temporary *temporary, int root, const char *path);
/* Closes it, and removes it unless it was placed. */
void bs_temporary_end(struct bs_temporary *temporary);

/* Removes the temporaries that no living process holds, and returns how many. */
int bs_temporary_sweep(int root);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
