/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a program: counts its calls that change files, in all its threads, and at the n-th
 *   FAULT_KILL=n   ends the process as a power cut would end it: the call is not made;
 *   FAULT_ERRNO=n:ENOSPC (EIO, EDQUOT)   lets this call and, with "n+:", all after it fail.
 * FAULT_COUNT=FILE: the number of calls is written there when the program ends well.  FAULT_CLOCK=SECONDS: the clock that tells
 * the date goes wrong by so much.  Writes to stdout, stderr and pipes are not counted.
 */
#undef _FORTIFY_SOURCE /* its inline functions are what is defined here */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static atomic_uint_fast64_t calls;
static uint64_t kill_at, fail_at;
static bool fail_on; /* all calls after fail_at, too */
static int fail_with;
static int64_t clock_off;

__attribute__((constructor)) static void read_environment(void) {
  const char *at = getenv("FAULT_KILL"), *fail = getenv("FAULT_ERRNO"), *off = getenv("FAULT_CLOCK");
  char *end;

  if (at != NULL) kill_at = strtoull(at, NULL, 10);
  if (off != NULL) clock_off = strtoll(off, NULL, 10);
  if (fail == NULL) return;
  fail_at = strtoull(fail, &end, 10);
  fail_on = *end == '+';
  end += fail_on + 1;
  fail_with = strcmp(end, "EIO") == 0 ? EIO : strcmp(end, "EDQUOT") == 0 ? EDQUOT : ENOSPC;
}

__attribute__((destructor)) static void tell_count(void) {
  const char *path = getenv("FAULT_COUNT");
  FILE *file = path == NULL ? NULL : fopen(path, "w");

  if (file == NULL) return;
  fprintf(file, "%llu\n", (unsigned long long)atomic_load(&calls));
  fclose(file);
}

/* Counts a call.  True: it is to fail, errno is set.  `frees`: a full disk does not hinder it. */
static bool fault(bool frees) {
  uint64_t number = atomic_fetch_add(&calls, 1) + 1;

  if (number == kill_at) syscall(SYS_kill, getpid(), SIGKILL);
  if (fail_at == 0 || (frees && fail_with != EIO) || (number != fail_at && !(fail_on && number > fail_at))) return false;
  errno = fail_with;
  return true;
}

/* Is it a file, or what a file is beside?  Pipes and terminals have other tests. */
static bool counts(int fd) {
  struct stat status;

  return fd > 2 && fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

static void *next(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);

  if (function == NULL) _exit(99);
  return function;
}

/* A function of libc with a fault before it: `is_counted` says whether this call counts. */
#define WRAP(result, name, parameters, arguments, is_counted)    \
  EXPORT result name parameters;                                  \
  EXPORT result name parameters {                                 \
    static _Atomic(void *) known;                                 \
    result(*real) parameters;                                     \
    void *function = atomic_load(&known);                         \
                                                                  \
    if (function == NULL) atomic_store(&known, function = next(#name)); \
    memcpy(&real, &function, sizeof real);                        \
    if ((is_counted) && fault(#name[0] == 'u')) return -1;                       \
    return real arguments;                                        \
  }

WRAP(ssize_t, write, (int fd, const void *bytes, size_t length), (fd, bytes, length), counts(fd))
WRAP(ssize_t, pwrite, (int fd, const void *bytes, size_t length, off_t at), (fd, bytes, length, at), counts(fd))
WRAP(ssize_t, pwrite64, (int fd, const void *bytes, size_t length, off64_t at), (fd, bytes, length, at), counts(fd))
WRAP(int, fsync, (int fd), (fd), counts(fd))
WRAP(int, fdatasync, (int fd), (fd), counts(fd))
WRAP(int, sync_file_range, (int fd, off64_t at, off64_t length, unsigned flags), (fd, at, length, flags), counts(fd))
WRAP(int, ftruncate, (int fd, off_t length), (fd, length), counts(fd))
WRAP(int, ftruncate64, (int fd, off64_t length), (fd, length), counts(fd))
WRAP(int, fallocate, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length), counts(fd))
WRAP(int, fallocate64, (int fd, int mode, off64_t at, off64_t length), (fd, mode, at, length), counts(fd))
WRAP(int, rename, (const char *from, const char *to), (from, to), true)
WRAP(int, renameat, (int from_fd, const char *from, int to_fd, const char *to), (from_fd, from, to_fd, to), true)
WRAP(int, link, (const char *from, const char *to), (from, to), true)
WRAP(int, linkat, (int from_fd, const char *from, int to_fd, const char *to, int flags), (from_fd, from, to_fd, to, flags), true)
WRAP(int, unlink, (const char *path), (path), true)
WRAP(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), true)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), true)
WRAP(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode), true)
WRAP(int, mkostemp, (char *path, int flags), (path, flags), true)

/* Opening counts where it may make a file. */
#define WRAP_OPEN(name, parameters, arguments)                  \
  EXPORT int name parameters;                                           \
  EXPORT int name parameters {                                          \
    int(*real) parameters;                                              \
    void *function = next(#name);                                       \
    mode_t mode = 0;                                                    \
    va_list more;                                                       \
                                                                        \
    memcpy(&real, &function, sizeof real);                              \
    va_start(more, flags);                                              \
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) mode = va_arg(more, mode_t); \
    va_end(more);                                                       \
    if ((flags & O_CREAT) != 0 && fault(false)) return -1;                   \
    return real arguments;                                              \
  }
WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(openat, (int fd, const char *path, int flags, ...), (fd, path, flags, mode))
WRAP_OPEN(openat64, (int fd, const char *path, int flags, ...), (fd, path, flags, mode))

EXPORT int clock_gettime(clockid_t id, struct timespec *ret_time);
EXPORT int clock_gettime(clockid_t id, struct timespec *ret_time) {
  int result = (int)syscall(SYS_clock_gettime, id, ret_time);

  if (result == 0 && id == CLOCK_REALTIME) ret_time->tv_sec += clock_off;
  return result;
}

EXPORT time_t time(time_t *ret_time);
EXPORT time_t time(time_t *ret_time) {
  struct timespec now;

  clock_gettime(CLOCK_REALTIME, &now);
  if (ret_time != NULL) *ret_time = now.tv_sec;
  return now.tv_sec;
}
