/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/exec/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/common/plugin.h"

#define FIRST_FREE (BS_EXEC_CHANNEL + 1)
#define SIGNALS 65 /* and none above */
#define HEARING_MS 1000
#define ROOM (1 << 20) /* bytes that wait in the channel, where the system lets there be so many */

/* What the child needs, made before it is born; each descriptor is above those that it gets. */
struct birth {
  const struct bs_exec_program *program;
  pid_t parent;
  int nothing; /* its standard input */
  int output[2];
  int channel[2]; /* the second is the child's */
  int failure[2]; /* on which the child tells why it could not become the program */
};

/* ---- in the child, in the memory of its parent: no lock, no allocation ---- */

static void mark_from(int first) {
  struct rlimit limit;
  int most = 65536;

#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) == 0) return;
#endif
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)most) most = (int)limit.rlim_cur;
  for (int fd = first; fd < most; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void reset_signals(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t none;

  for (int signal = 1; signal < SIGNALS; signal++) sigaction(signal, &action, NULL);
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
}

/* False: errno says why. */
static bool become(const struct birth *birth) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return false;
  if (getppid() != birth->parent) _exit(127); /* it died before */
  if (setsid() < 0 || chdir("/") < 0) return false;
  if (dup2(birth->nothing, STDIN_FILENO) < 0 || dup2(birth->output[1], STDOUT_FILENO) < 0 ||
      dup2(birth->output[1], STDERR_FILENO) < 0 || dup2(birth->channel[1], BS_EXEC_CHANNEL) < 0)
    return false;
  mark_from(FIRST_FREE);
  reset_signals();
  execve(birth->program->path, (char *const *)(uintptr_t)birth->program->arguments, birth->program->environment);
  return false;
}

static void be_born(const struct birth *birth) __attribute__((__noreturn__));
static void be_born(const struct birth *birth) {
  int reason = become(birth) ? 0 : errno;

  while (write(birth->failure[1], &reason, sizeof reason) < 0 && errno == EINTR) continue;
  _exit(127);
}

/* ---- in the parent ---- */

/* Moves a descriptor out of the way of those that the child gets. */
static bool lift(int *fd) {
  int lifted;

  if (*fd >= FIRST_FREE) return true;
  lifted = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE);
  if (lifted < 0) {
    if (errno == EINVAL) errno = EMFILE; /* the limit is no higher */
    return false;
  }
  close(*fd);
  *fd = lifted;
  return true;
}

static void drop(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void drop_all(struct birth *birth) {
  drop(&birth->nothing);
  for (int i = 0; i < 2; i++) {
    drop(&birth->output[i]);
    drop(&birth->channel[i]);
    drop(&birth->failure[i]);
  }
}

/* Who sleeps until there is room again, or something to read, is not woken for every few bytes. */
static void widen(const int channel[2]) {
  const int room = ROOM;

  for (int i = 0; i < 2; i++) setsockopt(channel[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

/* False: errno says why. */
static bool prepare(struct birth *birth) {
  bool all;

  birth->nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  all = birth->nothing >= 0 && pipe2(birth->output, O_CLOEXEC) == 0 && pipe2(birth->failure, O_CLOEXEC) == 0 &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, birth->channel) == 0 && lift(&birth->nothing);
  for (int i = 0; i < 2; i++) all = all && lift(&birth->output[i]) && lift(&birth->channel[i]) && lift(&birth->failure[i]);
  if (all) widen(birth->channel);
  return all && fcntl(birth->output[0], F_SETFL, O_NONBLOCK) == 0;
}

static pid_t fork_for(const struct birth *birth) {
  /* It copies nothing of the parent, however large that is; the child calls what POSIX allows after fork, and execve. */
  pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): see above */

  if (pid == 0) be_born(birth); /* NOLINT(clang-analyzer-unix.Vfork): which writes only when execve has failed */
  return pid;
}

/* Runs it with the signals of this thread blocked: a handler must not run in the child. */
static pid_t fork_quietly(const struct birth *birth) {
  sigset_t all, before;
  int reason;
  pid_t pid;

  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid = fork_for(birth);
  reason = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = reason;
  return pid;
}

/* Why the child could not become the program; 0: it could.  It is waited for only where vfork is no more than fork, as under
 * valgrind, or another child of this process has the pipe, too. */
static int hear_failure(int fd) {
  struct pollfd heard = {.fd = fd, .events = POLLIN};
  int reason = 0;

  while (poll(&heard, 1, HEARING_MS) < 0 && errno == EINTR) continue;
  return heard.revents != 0 && read(fd, &reason, sizeof reason) == (ssize_t)sizeof reason ? reason : 0;
}

static enum blockstore_status explain(char *ret_reason, const char *path, int reason) {
  enum blockstore_status status = reason == ETXTBSY ? BLOCKSTORE_STATUS_TRANSIENT : blockstore_errno_status(reason);
  const char *what = strerrordesc_np(reason);
  struct stat file;

  if (stat(path, &file) == 0) {
    if (S_ISDIR(file.st_mode)) what = "A program was expected, but it is a directory";
    else if (reason == ENOENT) what = "The interpreter that its first line names, or its loader, is not there";
    else if (reason == ENOEXEC) what = "It is no program for this machine; a script needs a first line such as #!/bin/sh";
    else if (reason == EACCES) what = "It may not be executed, or its file system or interpreter may not";
  }
  snprintf(ret_reason, BS_EXEC_REASON, "%.400s: The program cannot be started: %s.", path,
           what == NULL ? "nobody knows why" : what);
  return status;
}

enum blockstore_status bs_exec_spawn(pid_t *ret_pid, int *ret_channel, int *ret_output, char *ret_reason,
                                     const struct bs_exec_program *program) {
  struct birth birth = {program, getpid(), -1, {-1, -1}, {-1, -1}, {-1, -1}};
  pid_t pid = -1;
  int reason;

  if (!prepare(&birth) || (pid = fork_quietly(&birth)) < 0) {
    reason = errno;
    drop_all(&birth);
    return explain(ret_reason, program->path, reason);
  }
  drop(&birth.failure[1]);
  reason = hear_failure(birth.failure[0]);
  if (reason != 0) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    drop_all(&birth);
    return explain(ret_reason, program->path, reason);
  }
  *ret_pid = pid;
  *ret_channel = birth.channel[0];
  *ret_output = birth.output[0];
  birth.channel[0] = birth.output[0] = -1;
  drop_all(&birth);
  return BLOCKSTORE_STATUS_OK;
}
