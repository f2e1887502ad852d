/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a program: counts its calls, in all its threads, and at the n-th of a kind
 *   FAULT_KILL=n         ends the process as a power cut would end it, before a call that changes files;
 *   FAULT_ERRNO=n:WORD   lets this call fail and, with "n+:", all after it.  The word says of which kind:
 *     ENOSPC, EIO, EDQUOT   the calls that change files;
 *     SHORT, EINTR          the writes: half of it is written (with "n+:" the disk is full then), or nothing;
 *     READ                  the reads of files, with EIO;
 *     EMFILE                the calls that make a descriptor;
 *     ENOMEM                the allocations (faults-memory.c).
 * FAULT_COUNT=FILE: the numbers of calls are written there when the program ends well.  FAULT_CLOCK=SECONDS: the clock that
 * tells the date goes wrong by so much.  Reads and writes of stdin, stdout, stderr and pipes are not counted.  What is to be
 * synced counts and is not synced: no power is cut here.
 */
#undef _FORTIFY_SOURCE /* its inline functions are what is defined here */
#include <config.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "t/lib/faults.h"

static const struct fault_word {
  const char *word;
  enum fault_kind kind;
  int number;
} words[] = {
    {"ENOSPC", FAULT_CHANGES, ENOSPC}, {"EIO", FAULT_CHANGES, EIO},          {"EDQUOT", FAULT_CHANGES, EDQUOT},
    {"SHORT", FAULT_WRITES, ENOSPC},   {"EINTR", FAULT_WRITES, EINTR},       {"READ", FAULT_READS, EIO},
    {"EMFILE", FAULT_DESCRIPTORS, EMFILE}, {"ENOMEM", FAULT_ALLOCATIONS, ENOMEM}, {0},
};
static const char *const kind_names[FAULT_KINDS] = {"changes", "writes", "reads", "descriptors", "allocations"};

static atomic_bool counting; /* the program itself has begun */
static atomic_uint_fast64_t calls[FAULT_KINDS];
static uint64_t kill_at, fail_at;
static bool fail_on; /* all calls after fail_at, too */
static const struct fault_word *fail_with = words;
static int64_t clock_off;

static void read_fault(const char *text) {
  char *end;

  fail_at = strtoull(text, &end, 10);
  fail_on = *end == '+';
  end += fail_on + 1;
  while (fail_with->word != NULL && strcmp(fail_with->word, end) != 0) fail_with++;
  if (fail_with->word == NULL) _exit(99);
}

__attribute__((constructor)) static void begin(void) {
  const char *at = getenv("FAULT_KILL"), *fail = getenv("FAULT_ERRNO"), *off = getenv("FAULT_CLOCK");

  if (at != NULL) kill_at = strtoull(at, NULL, 10);
  if (off != NULL) clock_off = strtoll(off, NULL, 10);
  if (fail != NULL) read_fault(fail);
  atomic_store(&counting, true);
}

__attribute__((destructor)) static void tell_counts(void) {
  const char *path = getenv("FAULT_COUNT");
  FILE *file;

  atomic_store(&counting, false);
  file = path == NULL ? NULL : fopen(path, "w");
  if (file == NULL) return;
  for (size_t kind = 0; kind < FAULT_KINDS; kind++)
    fprintf(file, "%s %llu\n", kind_names[kind], (unsigned long long)atomic_load(&calls[kind]));
  fclose(file);
}

bool fault(enum fault_kind kind) {
  uint64_t number;

  if (!atomic_load(&counting)) return false;
  number = atomic_fetch_add(&calls[kind], 1) + 1;
  if (kind == FAULT_CHANGES && number == kill_at) syscall(SYS_kill, getpid(), SIGKILL);
  if (fail_at == 0 || kind != fail_with->kind || (number != fail_at && !(fail_on && number > fail_at))) return false;
  errno = fail_with->number;
  return true;
}

/* Of a call that gives space back: a full disk does not hinder it. */
static bool fault_freeing(void) {
  return fault(FAULT_CHANGES) && errno == EIO;
}

/* Is it a file, or what a file is beside?  Pipes and terminals have other tests. */
static bool counts(int fd) {
  struct stat64 status;

  return fd > 2 && fstat64(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

static void *next(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);

  if (function == NULL) _exit(99);
  return function;
}

/* A function of libc that answers `failure` where `fails`.  By the name that libc has: on a machine of 32 bits the
 * headers make many a name that of its twin for large files or years. */
#define WRAP(result, name, parameters, arguments, fails, failure)        \
  EXPORT result fault_##name parameters __asm__(#name);                   \
  EXPORT result fault_##name parameters {                                 \
    static _Atomic(void *) known;                                         \
    result(*real) parameters;                                             \
    void *function = atomic_load(&known);                                 \
                                                                          \
    if (function == NULL) atomic_store(&known, function = next(#name));   \
    memcpy(&real, &function, sizeof real);                                \
    if (fails) return failure;                                            \
    return real arguments;                                                \
  }

/* ---- what changes files ---- */

static _Thread_local bool halve; /* the write that follows */

static bool write_fails(int fd) {
  static atomic_bool halved;

  if (!counts(fd)) return false;
  if (fault(FAULT_CHANGES)) return true;
  if (!fault(FAULT_WRITES)) return false;
  halve = strcmp(fail_with->word, "SHORT") == 0 && !atomic_exchange(&halved, true);
  return !halve;
}

static size_t cut(size_t length) {
  if (halve && length > 1) length /= 2;
  halve = false;
  return length;
}

WRAP(ssize_t, write, (int fd, const void *bytes, size_t length), (fd, bytes, cut(length)), write_fails(fd), -1)
WRAP(ssize_t, pwrite, (int fd, const void *bytes, size_t length, __off_t at), (fd, bytes, cut(length), at), write_fails(fd), -1)
WRAP(ssize_t, pwrite64, (int fd, const void *bytes, size_t length, off64_t at), (fd, bytes, cut(length), at), write_fails(fd), -1)

#define WRAP_SYNC(name, parameters, arguments) \
  WRAP(int, name, parameters, arguments, counts(fd), fault(FAULT_CHANGES) ? -1 : 0)
WRAP_SYNC(fsync, (int fd), (fd))
WRAP_SYNC(fdatasync, (int fd), (fd))
WRAP_SYNC(sync_file_range, (int fd, off64_t at, off64_t length, unsigned flags), (fd, at, length, flags))

#define WRAP_FILE(name, parameters, arguments) WRAP(int, name, parameters, arguments, counts(fd) && fault(FAULT_CHANGES), -1)
WRAP_FILE(ftruncate, (int fd, __off_t length), (fd, length))
WRAP_FILE(ftruncate64, (int fd, off64_t length), (fd, length))
WRAP_FILE(fallocate, (int fd, int mode, __off_t at, __off_t length), (fd, mode, at, length))
WRAP_FILE(fallocate64, (int fd, int mode, off64_t at, off64_t length), (fd, mode, at, length))
WRAP_FILE(fchmod, (int fd, mode_t mode), (fd, mode))

#define WRAP_PATH(name, parameters, arguments) WRAP(int, name, parameters, arguments, fault(FAULT_CHANGES), -1)
WRAP_PATH(rename, (const char *from, const char *to), (from, to))
WRAP_PATH(renameat, (int from_fd, const char *from, int to_fd, const char *to), (from_fd, from, to_fd, to))
WRAP_PATH(renameat2, (int from_fd, const char *from, int to_fd, const char *to, unsigned flags),
          (from_fd, from, to_fd, to, flags))
WRAP_PATH(link, (const char *from, const char *to), (from, to))
WRAP_PATH(linkat, (int from_fd, const char *from, int to_fd, const char *to, int flags), (from_fd, from, to_fd, to, flags))
WRAP_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
WRAP_PATH(mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))

WRAP(int, rmdir, (const char *path), (path), fault_freeing(), -1)
WRAP(int, unlink, (const char *path), (path), fault_freeing(), -1)
WRAP(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), fault_freeing(), -1)

/* ---- what reads them ---- */

#define WRAP_READ(name, parameters, arguments) WRAP(ssize_t, name, parameters, arguments, counts(fd) && fault(FAULT_READS), -1)
WRAP_READ(read, (int fd, void *bytes, size_t length), (fd, bytes, length))
WRAP_READ(pread, (int fd, void *bytes, size_t length, __off_t at), (fd, bytes, length, at))
WRAP_READ(pread64, (int fd, void *bytes, size_t length, off64_t at), (fd, bytes, length, at))

/* ---- what makes descriptors ---- */

#define WRAP_MAKER(result, name, parameters, arguments, failure) \
  WRAP(result, name, parameters, arguments, fault(FAULT_DESCRIPTORS), failure)
WRAP_MAKER(int, eventfd, (unsigned value, int flags), (value, flags), -1)
WRAP_MAKER(int, epoll_create1, (int flags), (flags), -1)
WRAP_MAKER(int, timerfd_create, (clockid_t clock, int flags), (clock, flags), -1)
WRAP_MAKER(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1)
WRAP_MAKER(int, pipe2, (int fds[2], int flags), (fds, flags), -1)
WRAP_MAKER(int, dup, (int fd), (fd), -1)
WRAP_MAKER(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
WRAP_MAKER(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL)
WRAP_MAKER(FILE *, fopen64, (const char *path, const char *mode), (path, mode), NULL)
WRAP_MAKER(DIR *, opendir, (const char *path), (path), NULL)
#define WRAP_SCAN(name, entry)                                                                        \
  WRAP_MAKER(int, name,                                                                               \
             (const char *path, entry ***names, int (*filter)(const entry *),                         \
              int (*compare)(const entry **, const entry **)),                                        \
             (path, names, filter, compare), -1)
WRAP_SCAN(scandir, struct dirent)
WRAP_SCAN(scandir64, struct dirent64)

/* Opening changes something where it may make a file. */
static bool open_fails(uint64_t flags) {
  bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;

  return (makes && fault(FAULT_CHANGES)) || fault(FAULT_DESCRIPTORS);
}

WRAP(int, mkostemp, (char *path, int flags), (path, flags), open_fails(O_CREAT), -1)
WRAP(int, mkostemp64, (char *path, int flags), (path, flags), open_fails(O_CREAT), -1)

#define WRAP_OPEN(name, parameters, arguments)                  \
  EXPORT int fault_##name parameters __asm__(#name);                    \
  EXPORT int fault_##name parameters {                                  \
    int(*real) parameters;                                              \
    void *function = next(#name);                                       \
    mode_t mode = 0;                                                    \
    va_list more;                                                       \
                                                                        \
    memcpy(&real, &function, sizeof real);                              \
    va_start(more, flags);                                              \
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) mode = va_arg(more, mode_t); \
    va_end(more);                                                       \
    if (open_fails((unsigned)flags)) return -1;                         \
    return real arguments;                                              \
  }
WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(openat, (int fd, const char *path, int flags, ...), (fd, path, flags, mode))
WRAP_OPEN(openat64, (int fd, const char *path, int flags, ...), (fd, path, flags, mode))

/* openat2 has no function in libc. */
EXPORT long syscall(long number, ...);
EXPORT long syscall(long number, ...) {
  static _Atomic(void *) known;
  long (*real)(long number, ...);
  void *function = atomic_load(&known);
  long argument[6];
  va_list more;

  if (function == NULL) atomic_store(&known, function = next("syscall"));
  memcpy(&real, &function, sizeof real);
  va_start(more, number);
  for (size_t i = 0; i < 6; i++) argument[i] = va_arg(more, long);
  va_end(more);
  if (number == SYS_openat2 && open_fails(((const struct open_how *)(uintptr_t)argument[2])->flags)) return -1;
  return real(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}

/* ---- the date ---- */

#ifdef __LP64__
#define CLOCK_SYMBOL "clock_gettime"
#define TIME_SYMBOL "time"
#define CLOCK_NUMBER SYS_clock_gettime
#else /* what seconds of 64 bits are asked by */
#define CLOCK_SYMBOL "__clock_gettime64"
#define TIME_SYMBOL "__time64"
#define CLOCK_NUMBER SYS_clock_gettime64
#endif

EXPORT int fault_clock(clockid_t id, struct timespec *ret_time) __asm__(CLOCK_SYMBOL);
EXPORT int fault_clock(clockid_t id, struct timespec *ret_time) {
  int result = (int)syscall(CLOCK_NUMBER, id, ret_time);

  if (result == 0 && id == CLOCK_REALTIME) ret_time->tv_sec += clock_off;
  return result;
}

EXPORT time_t fault_time(time_t *ret_time) __asm__(TIME_SYMBOL);
EXPORT time_t fault_time(time_t *ret_time) {
  struct timespec now;

  fault_clock(CLOCK_REALTIME, &now);
  if (ret_time != NULL) *ret_time = now.tv_sec;
  return now.tv_sec;
}
