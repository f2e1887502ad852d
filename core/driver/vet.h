/* SPDX-License-Identifier: MIT */
/*
 * Which files may be loaded: those that nobody but root and the effective user can have written.  Judged by owners and
 * mode bits, hence alike for root.  Every refusal (word driver) names the path, the rule, and how to mend it.
 */
#ifndef BS_DRIVER_VET_H
#define BS_DRIVER_VET_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/base/error.h"

/* What a file was when it was vetted.  Compared as a whole. */
struct bs_identity {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec changed; /* ctime */
};

/* A driver's name: [a-z][a-z0-9_]{0,30}. */
bool bs_vet_is_name(const char *name);

struct bs_abi {
  uint16_t major;
  uint16_t minor;
};

/* Does a driver of this ABI fit a host of that one?  Equal major; any older minor, and a newer one that asks for no more
 * than the host's. */
bool bs_vet_abi(struct bs_abi host, struct bs_abi driver, uint16_t min_host_minor, struct bs_error *error);

/* Resolves a plugin directory; ret_real by free().  It and all above it are owned by root or the effective user and not
 * writable by group or others; above it, a sticky directory of root's (/tmp) may be.  not_found when it is absent. */
bool bs_vet_directory(char **ret_real, const char *directory, struct bs_error *error);

/* Opens DIRECTORY/FILE, DIRECTORY as bs_vet_directory gave it: a regular file, no symbolic link, owned by root or the
 * effective user, not writable by group or others.  ret_fd is the caller's.  not_found when there is none. */
bool bs_vet_open(int *ret_fd, struct bs_identity *ret_identity, const char *path, struct bs_error *error);

/* Is it one file, untouched between? */
bool bs_vet_is_identity(const struct bs_identity *one, const struct bs_identity *other);

/* Is what now stands at `path` still the vetted file, untouched? */
bool bs_vet_same(const struct bs_identity *identity, const char *path, struct bs_error *error);

#endif
