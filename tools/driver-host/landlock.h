/* SPDX-License-Identifier: MIT */
/* Files that a process may reach from now on, by the kernel's landlock.  Headers may be too old: landlock.c needs none. */
#ifndef BS_DRIVER_HOST_LANDLOCK_H
#define BS_DRIVER_HOST_LANDLOCK_H

#include "core/base/error.h"

struct landlock {
  int fd; /* of the rules; -1: none */
  unsigned abi;
};
enum landlock_access {
  LANDLOCK_READ = 1 << 0, /* files and directories */
  LANDLOCK_EXECUTE = 1 << 1,
  LANDLOCK_WRITE = 1 << 2, /* also to make and remove what is below */
  LANDLOCK_MAKE_DIRECTORIES = 1 << 3, /* below; and nothing with what is there but to list it */
  LANDLOCK_MAKE_FILES = 1 << 4        /* the same of files, which stay empty */
};

/* Word: failed: the kernel has too little of it. */
bool landlock_begin(struct landlock *landlock, struct bs_error *error);
/* What is not there is passed over.  access: enum landlock_access. */
bool landlock_allow(const struct landlock *landlock, const char *path, unsigned access, struct bs_error *error);
/* From now on nothing else, for this thread and its children; no_new_privs is set. */
bool landlock_enforce(const struct landlock *landlock, struct bs_error *error);
void landlock_end(struct landlock *landlock);

#endif
