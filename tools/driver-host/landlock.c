/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-host/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "tools/driver-host/sandbox.h"

/* The same numbers on all machines. */
#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446
#define CREATE_VERSION 1U /* asks for the ABI */
#define RULE_PATH_BENEATH 1

#define ABI_LEAST 3 /* before it files could be cut to nothing wherever they are: Linux 6.2 */
#define ABI_DEVICES 5
#define ABI_SCOPES 6

enum {
  FS_EXECUTE = 1 << 0,
  FS_WRITE_FILE = 1 << 1,
  FS_READ_FILE = 1 << 2,
  FS_READ_DIR = 1 << 3,
  FS_REMOVE_DIR = 1 << 4,
  FS_REMOVE_FILE = 1 << 5,
  FS_MAKE_CHAR = 1 << 6,
  FS_MAKE_DIR = 1 << 7,
  FS_MAKE_REG = 1 << 8,
  FS_MAKE_SOCK = 1 << 9,
  FS_MAKE_FIFO = 1 << 10,
  FS_MAKE_BLOCK = 1 << 11,
  FS_MAKE_SYM = 1 << 12,
  FS_REFER = 1 << 13,
  FS_TRUNCATE = 1 << 14,
  FS_IOCTL_DEV = 1 << 15, /* since ABI_DEVICES */
  FS_ALL = (1 << 15) - 1,
  FS_OF_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE,
  FS_NEVER = FS_MAKE_CHAR | FS_MAKE_BLOCK
};
enum { SCOPE_ABSTRACT_SOCKETS = 1 << 0, SCOPE_SIGNALS = 1 << 1 };

struct ruleset {
  uint64_t fs, net, scoped; /* the last two since ABI 4 and 6: zeros are as if they were not there */
};
struct path_beneath {
  uint64_t access;
  int32_t fd;
} __attribute__((packed));

bool landlock_begin(struct landlock *landlock, struct bs_error *error) {
  long abi = syscall(CREATE_RULESET, NULL, 0, CREATE_VERSION);
  struct ruleset rules = {.fs = FS_ALL};

  *landlock = (struct landlock){.fd = -1};
  if (abi < 0)
    return bs_fail(error, BS_WORD_failed, "This kernel has no landlock, or it is switched off; " SANDBOX_INSTEAD ".");
  if (abi < ABI_LEAST)
    return bs_fail(error, BS_WORD_failed, "This kernel's landlock has the ABI %ld, and %d is needed (Linux 6.2); "
                   SANDBOX_INSTEAD ".", abi, ABI_LEAST);
  landlock->abi = (unsigned)abi;
  if (abi >= ABI_DEVICES) rules.fs |= FS_IOCTL_DEV;
  if (abi >= ABI_SCOPES) rules.scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
  landlock->fd = (int)syscall(CREATE_RULESET, &rules, sizeof rules, 0);
  return landlock->fd >= 0 || bs_fail_errno(error, "The rules of landlock cannot be made");
}

static uint64_t rights(unsigned access, bool is_directory) {
  uint64_t wanted = 0;

  if ((access & LANDLOCK_READ) != 0) wanted |= FS_READ_FILE | FS_READ_DIR;
  if ((access & LANDLOCK_EXECUTE) != 0) wanted |= FS_EXECUTE;
  if ((access & LANDLOCK_WRITE) != 0) wanted |= (uint64_t)FS_ALL & ~(uint64_t)(FS_NEVER | FS_EXECUTE);
  if ((access & LANDLOCK_MAKE_DIRECTORIES) != 0) wanted |= FS_READ_DIR | FS_MAKE_DIR;
  if ((access & LANDLOCK_MAKE_FILES) != 0) wanted |= FS_READ_DIR | FS_MAKE_REG;
  return is_directory ? wanted : wanted & FS_OF_FILES;
}

bool landlock_allow(const struct landlock *landlock, const char *path, unsigned access, struct bs_error *error) {
  int fd BS_AUTO_CLOSE = open(path, O_PATH | O_CLOEXEC);
  struct path_beneath rule = {.fd = fd};
  struct stat status;

  if (fd < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR)) return true; /* nor can the driver get there */
  if (fd < 0 || fstat(fd, &status) < 0) return bs_fail_errno(error, "%s: It cannot be looked at", path);
  rule.access = rights(access, S_ISDIR(status.st_mode));
  if (syscall(ADD_RULE, landlock->fd, RULE_PATH_BENEATH, &rule, 0) == 0) return true;
  return bs_fail_errno(error, "%s: It cannot be made a rule of landlock", path);
}

bool landlock_enforce(const struct landlock *landlock, struct bs_error *error) {
  return syscall(RESTRICT_SELF, landlock->fd, 0) == 0 || bs_fail_errno(error, "The rules of landlock cannot be put in force");
}

void landlock_end(struct landlock *landlock) {
  if (landlock->fd >= 0) close(landlock->fd);
  landlock->fd = -1;
}
