/* SPDX-License-Identifier: MIT */
/*
 * The directory that a disk store lives in: made or recognised when it is opened, missed when it goes away.
 * A file in it marks it as ours, so that an unmounted disk is not mistaken for an empty store.
 */
#ifndef BS_PLUGINS_DISK_ROOT_H
#define BS_PLUGINS_DISK_ROOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "plugins/common/health.h"
#include "plugins/common/plugin.h"

#define BS_DISK_ROOT_URL_LONGEST 1700 /* what follows it still fits into a URL of 2,048 bytes */

/* Not changed between open and close, so any number of threads may use it. */
struct bs_disk_root {
  char *path;   /* absolute, its symbolic links resolved */
  char *url;    /* the same as a URL, at most BS_DISK_ROOT_URL_LONGEST bytes */
  int fd;       /* the directory, for reading */
  dev_t device; /* which directory that is: another one at its path is another store */
  ino_t inode;
};
#define BS_DISK_ROOT_INIT {NULL, NULL, -1, 0, 0}

/* Makes the directory when only its last component is missing, and a store of it when it is empty; with `must_exist`
 * neither.  *ret_root is written on OK only. */
enum blockstore_status bs_disk_root_open(struct bs_disk_root *ret_root, struct blockstore_call *call, const char *path,
                                         bool must_exist);
void bs_disk_root_close(struct bs_disk_root *root);

/* OK while the directory that was opened stands at its path with its mark, else FAILED. */
enum blockstore_status bs_disk_root_present(const struct bs_disk_root *root, struct blockstore_call *call);

/* Adds what the operator wants to know.  When nothing can be written into the store, the report says so and is
 * complete, and the status says why. */
enum blockstore_status bs_disk_root_report(const struct bs_disk_root *root, struct blockstore_call *call,
                                           struct bs_health *health);

/* Fails with the status of errno, saying: root/path: what: why.  An empty path is the root itself. */
enum blockstore_status bs_disk_fail(struct blockstore_call *call, const char *root, const char *path, const char *what);

#endif
