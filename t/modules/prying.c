/* SPDX-License-Identifier: MIT */
/*
 * prying: tries what a sandbox should refuse.  handles_url is told what: its answer is OK where that could be done, DENIED with
 * the system's reason where not, and UNSUPPORTED where nobody knows the word.  With PRYING_NEEDS it is called reaching, and needs
 * network and programs; with PRYING_PROPOSES proposing, and has a root of its own to propose.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <blockstore/driver.h>

struct prying {
  const char *root;    /* option `root`, which is granted */
  const char *outside; /* option `outside`: a file that is not */
};

static int closed(int fd) {
  return fd < 0 ? fd : close(fd);
}

/* The first opening, where the root is still to be made: whatever can be done to the file outside leaves ROOT.pried, and a file
 * that could be made beside it is ROOT.file. */
static void prying_begin(const struct prying *prying) {
  char sign[4096];

  if (access(prying->root, F_OK) == 0) return;
  snprintf(sign, sizeof sign, "%s.file", prying->root);
  closed(open(sign, O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
  snprintf(sign, sizeof sign, "%s.pried", prying->root);
  if (closed(open(prying->outside, O_RDONLY | O_CLOEXEC)) == 0 || closed(open(prying->outside, O_WRONLY | O_CLOEXEC)) == 0 ||
      unlink(prying->outside) == 0)
    mkdir(sign, 0700);
  mkdir(prying->root, 0700);
}

/* What the option `other` names is a file with something in it, where that can be had. */
static void prying_fill(const char *other) {
  int fd = other == NULL ? -1 : open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0) return;
  if (write(fd, "filled\n", 7) < 0) unlink(other);
  close(fd);
}

static enum blockstore_status prying_init(void **ret_self, struct blockstore_call *call,
                                          const struct blockstore_settings *settings, const struct blockstore_next *next) {
  struct prying *prying = calloc(1, sizeof *prying);

  (void)next;
  if (prying == NULL) return BLOCKSTORE_STATUS_TRANSIENT;
  prying->root = call->host->setting(settings, "root", 0);
  prying->outside = call->host->setting(settings, "outside", 0);
  prying_begin(prying);
  prying_fill(call->host->setting(settings, "other", 0));
  *ret_self = prying;
  return BLOCKSTORE_STATUS_OK;
}

static void prying_close(void *self, struct blockstore_call *call) {
  (void)call;
  free(self);
}

/* ---- each answers what a system call does: negative, and errno, where it is refused ---- */

static int inside(const struct prying *prying, const char *name, int flags) {
  char path[4096];

  snprintf(path, sizeof path, "%s/%s", prying->root, name);
  return open(path, flags | O_CLOEXEC, 0600);
}

static int write_inside(const struct prying *prying) {
  return closed(inside(prying, "file", O_WRONLY | O_CREAT));
}

static int rename_inside(const struct prying *prying) {
  char from[4096], to[4096], folder[4096];

  snprintf(from, sizeof from, "%s/file", prying->root);
  snprintf(folder, sizeof folder, "%s/folder", prying->root);
  snprintf(to, sizeof to, "%s/folder/file", prying->root);
  if (write_inside(prying) < 0 || (mkdir(folder, 0700) < 0 && errno != EEXIST)) return -1;
  return rename(from, to);
}

static int read_etc(const struct prying *prying) {
  (void)prying;
  return closed(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int read_outside(const struct prying *prying) {
  return closed(open(prying->outside, O_RDONLY | O_CLOEXEC));
}

static int write_outside(const struct prying *prying) {
  return closed(open(prying->outside, O_WRONLY | O_CLOEXEC));
}

static int cut_outside(const struct prying *prying) {
  return truncate(prying->outside, 0);
}

static int remove_outside(const struct prying *prying) {
  return unlink(prying->outside);
}

static int open_to_all(const struct prying *prying) {
  return chmod(prying->outside, 0666);
}

/* A descriptor that was opened to read is enough for what follows, as of what may only be read. */
static int with_file(const struct prying *prying, int (*act)(int fd)) {
  int fd = inside(prying, "file", O_RDONLY | O_CREAT), answer, reason;

  if (fd < 0) return fd;
  answer = act(fd);
  reason = errno;
  close(fd);
  errno = reason;
  return answer;
}

static int open_file_to_all(int fd) {
  return fchmod(fd, 0644);
}

static int fd_chmod(const struct prying *prying) {
  return with_file(prying, open_file_to_all);
}

static int give_file_away(int fd) {
  return fchown(fd, getuid(), getgid());
}

static int fd_chown(const struct prying *prying) {
  return with_file(prying, give_file_away);
}

static int mark_file(int fd) {
  return fsetxattr(fd, "user.mark", "x", 1, 0);
}

static int fd_mark(const struct prying *prying) {
  return with_file(prying, mark_file);
}

static int date_file(int fd) {
  return futimens(fd, NULL);
}

static int fd_date(const struct prying *prying) {
  return with_file(prying, date_file);
}

static int date(const struct prying *prying) {
  return utimensat(AT_FDCWD, prying->outside, NULL, 0);
}

static int mark(const struct prying *prying) {
  return setxattr(prying->outside, "user.mark", "x", 1, 0);
}

static int read_parent(const struct prying *prying) {
  char path[64];

  (void)prying;
  snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
  return closed(open(path, O_RDONLY | O_CLOEXEC));
}

static int make_socket(const struct prying *prying) {
  (void)prying;
  return closed(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int make_unix_socket(const struct prying *prying) {
  (void)prying;
  return closed(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int make_packet_socket(const struct prying *prying) {
  (void)prying;
  return closed(socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
}

static int pair_of(int type) {
  int fds[2];

  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) < 0) return -1;
  close(fds[0]);
  return close(fds[1]);
}

static int make_pair(const struct prying *prying) {
  (void)prying;
  return pair_of(SOCK_STREAM);
}

static int make_packet_pair(const struct prying *prying) {
  (void)prying;
  return pair_of(SOCK_SEQPACKET);
}

/* Either end may send to any socket of the kind, by its name. */
static int make_datagram_pair(const struct prying *prying) {
  (void)prying;
  return pair_of(SOCK_DGRAM);
}

/* Unix sockets take it for datagrams. */
static int make_raw_pair(const struct prying *prying) {
  (void)prying;
  return pair_of(SOCK_RAW);
}

static void *nothing(void *user) {
  return user;
}

static int make_thread(const struct prying *prying) {
  pthread_t thread;

  (void)prying;
  errno = pthread_create(&thread, NULL, nothing, NULL);
  return errno != 0 ? -1 : pthread_join(thread, NULL);
}

/* What a child answers; its status is the reason. */
static int in_child(int (*act)(void)) {
  pid_t child = fork();
  int status;

  if (child < 0) return -1;
  if (child == 0) _exit(act() < 0 ? errno : 0);
  if (waitpid(child, &status, 0) < 0) return -1;
  errno = WEXITSTATUS(status);
  return errno == 0 ? 0 : -1;
}

static int do_nothing(void) {
  return 0;
}

static int make_child(const struct prying *prying) {
  (void)prying;
  return in_child(do_nothing);
}

static int become_true(void) {
  return execl("/bin/true", "true", (char *)NULL);
}

static int run_program(const struct prying *prying) {
  (void)prying;
  return in_child(become_true);
}

static int begin_session(void) {
  return setsid();
}

/* Where it is not killed with the others. */
static int leave_session(const struct prying *prying) {
  (void)prying;
  return in_child(begin_session);
}

static int begin_group(void) {
  return setpgid(0, 0);
}

static int leave_group(const struct prying *prying) {
  (void)prying;
  return in_child(begin_group);
}

static int signal_parent(const struct prying *prying) {
  (void)prying;
  return kill(getppid(), 0);
}

static int signal_self(const struct prying *prying) {
  (void)prying;
  return kill(getpid(), 0);
}

/* Whom the kernel signals when there is something to read. */
static int have_parent_signalled(const struct prying *prying) {
  int fds[2], answer;

  (void)prying;
  if (pipe(fds) < 0) return -1;
  answer = fcntl(fds[0], F_SETOWN, getppid());
  close(fds[0]);
  close(fds[1]);
  return answer;
}

/* The same. */
static int have_parent_signalled_too(const struct prying *prying) {
  int fds[2], parent = getppid(), answer;

  (void)prying;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0) return -1;
  answer = ioctl(fds[0], FIOSETOWN, &parent);
  close(fds[0]);
  close(fds[1]);
  return answer;
}

static int limit_parent(const struct prying *prying) {
  struct rlimit limit;

  (void)prying;
  return prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit);
}

static int slow_parent(const struct prying *prying) {
  (void)prying;
  return setpriority(PRIO_PROCESS, (id_t)getppid(), getpriority(PRIO_PROCESS, (id_t)getppid()));
}

/* Of all that the user runs. */
static int slow_all(const struct prying *prying) {
  (void)prying;
  return setpriority(PRIO_USER, 0, 19);
}

static int move_parent(const struct prying *prying) {
  cpu_set_t processors;

  (void)prying;
  if (sched_getaffinity(getppid(), sizeof processors, &processors) < 0) return -1;
  return sched_setaffinity(getppid(), sizeof processors, &processors);
}

static int schedule_parent(const struct prying *prying) {
  const struct sched_param parameters = {0};

  (void)prying;
  return sched_setscheduler(getppid(), SCHED_OTHER, &parameters);
}

/* 2 << 13: the best effort, as it is by default. */
static int slow_disk_of_parent(const struct prying *prying) {
  (void)prying;
  return (int)syscall(SYS_ioprio_set, 1, getppid(), 2 << 13 | 4);
}

static int move_self(const struct prying *prying) {
  cpu_set_t processors;

  (void)prying;
  if (sched_getaffinity(0, sizeof processors, &processors) < 0) return -1;
  return sched_setaffinity(getpid(), sizeof processors, &processors) < 0 ? -1 : setpriority(PRIO_PROCESS, 0, 19);
}

static int trace(const struct prying *prying) {
  (void)prying;
  return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int new_namespace(const struct prying *prying) {
  (void)prying;
  return unshare(CLONE_NEWUSER);
}

static int clone_with(long flags) {
  long child = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

  if (child == 0) _exit(0);
  if (child > 0) waitpid((pid_t)child, NULL, 0);
  return (int)child;
}

static int clone_namespace(const struct prying *prying) {
  (void)prying;
  return clone_with(CLONE_NEWUSER);
}

/* Another child of the parent's. */
static int clone_sibling(const struct prying *prying) {
  (void)prying;
  return clone_with(CLONE_PARENT);
}

static int mount_something(const struct prying *prying) {
  return mount("none", prying->root, "tmpfs", 0, NULL);
}

static int set_user(const struct prying *prying) {
  (void)prying;
  return setuid(getuid());
}

static int ask_keys(const struct prying *prying) {
  (void)prying;
  return (int)syscall(SYS_keyctl, 0, -3, 0, 0, 0);
}

static int use_bpf(const struct prying *prying) {
  (void)prying;
  return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int use_io_uring(const struct prying *prying) {
  (void)prying;
  return (int)syscall(425, 1, NULL);
}

static int share_memory(const struct prying *prying) {
  int id = shmget(IPC_PRIVATE, 4096, 0600);

  (void)prying;
  return id < 0 ? id : shmctl(id, IPC_RMID, NULL);
}

static int share_queue(const struct prying *prying) {
  int id = msgget(IPC_PRIVATE, 0600);

  (void)prying;
  return id < 0 ? id : msgctl(id, IPC_RMID, NULL);
}

static int share_semaphore(const struct prying *prying) {
  int id = semget(IPC_PRIVATE, 1, 0600);

  (void)prying;
  return id < 0 ? id : semctl(id, 0, IPC_RMID);
}

static int share_named_queue(const struct prying *prying) {
  char name[40];
  int fd;

  (void)prying;
  snprintf(name, sizeof name, "blockstore-prying-%d", (int)getpid());
  fd = (int)syscall(SYS_mq_open, name, O_RDONLY | O_CREAT | O_CLOEXEC, 0600, NULL);
  if (fd < 0) return fd;
  close(fd);
  return (int)syscall(SYS_mq_unlink, name);
}

/* file_setattr, since Linux 6.17. */
static int set_attributes(const struct prying *prying) {
  const unsigned char none[24] = {0};

  return (int)syscall(469, AT_FDCWD, prying->outside, none, sizeof none, 0);
}

static int flag_file(int fd) {
  int flags = 0;

  return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static int fd_flags(const struct prying *prying) {
  return with_file(prying, flag_file);
}

static enum blockstore_status prying_handles_url(void *self, struct blockstore_call *call, const char *url) {
  static const struct {
    const char *word;
    int (*act)(const struct prying *prying);
  } acts[] = {{"write-inside", write_inside}, {"rename-inside", rename_inside}, {"read-etc", read_etc},
              {"read-outside", read_outside}, {"write-outside", write_outside}, {"cut-outside", cut_outside},
              {"remove-outside", remove_outside}, {"chmod", open_to_all}, {"date", date}, {"mark", mark},
              {"fd-chmod", fd_chmod}, {"fd-chown", fd_chown}, {"fd-mark", fd_mark}, {"fd-date", fd_date},
              {"read-parent", read_parent}, {"socket", make_socket}, {"unix-socket", make_unix_socket},
              {"alg-socket", make_packet_socket}, {"pair", make_pair}, {"packet-pair", make_packet_pair},
              {"datagram-pair", make_datagram_pair}, {"raw-pair", make_raw_pair}, {"thread", make_thread},
              {"child", make_child}, {"program", run_program}, {"signal-parent", signal_parent},
              {"signal-self", signal_self}, {"own", have_parent_signalled}, {"own-too", have_parent_signalled_too},
              {"limit-parent", limit_parent}, {"trace", trace}, {"namespace", new_namespace},
              {"clone", clone_namespace}, {"sibling", clone_sibling}, {"mount", mount_something},
              {"user", set_user}, {"keys", ask_keys},
              {"session", leave_session}, {"group", leave_group}, {"bpf", use_bpf}, {"io_uring", use_io_uring},
              {"memory", share_memory}, {"queue", share_queue}, {"semaphore", share_semaphore},
              {"named-queue", share_named_queue}, {"attributes", set_attributes},
              {"fd-flags", fd_flags}, {"slow-parent", slow_parent}, {"slow-all", slow_all}, {"move-parent", move_parent},
              {"schedule-parent", schedule_parent}, {"slow-disk", slow_disk_of_parent}, {"move-self", move_self}};

  for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
    if (strcmp(url, acts[i].word) != 0) continue;
    if (acts[i].act(self) >= 0) return BLOCKSTORE_STATUS_OK;
    return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "%s: %s", url, strerrorname_np(errno));
  }
  return BLOCKSTORE_STATUS_UNSUPPORTED;
}

static enum blockstore_status prying_nothing(void) {
  return BLOCKSTORE_STATUS_UNSUPPORTED;
}

static enum blockstore_status prying_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                      const char *data_id) {
  (void)self, (void)call, (void)ret_url, (void)data_id;
  return prying_nothing();
}

static const struct blockstore_driver prying_driver = {.storage_init = prying_init,
                                                       .storage_close = prying_close,
                                                       .handles_url = prying_handles_url,
                                                       .make_mutable_url = prying_make_mutable_url};

#ifdef PRYING_PROPOSES
#define PRYING_ROOT BLOCKSTORE_OPTION("root", PATH, OPTIONAL, "~/", "A directory that it would like to write")
#else
#define PRYING_ROOT BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "A directory that it may write")
#endif
#define PRYING_METADATA                                                                      \
  BLOCKSTORE_VERSION("1")                                                                    \
  BLOCKSTORE_URL_SCHEME("prying")                                                            \
  PRYING_ROOT                                                                                \
  BLOCKSTORE_OPTION("other", PATH, OPTIONAL, "", "Another")                                  \
  BLOCKSTORE_OPTION("outside", STRING, REQUIRED, "", "A file that it should have nothing of")

#if defined PRYING_PROPOSES
BLOCKSTORE_REGISTER_DRIVER(proposing, prying_driver, PRYING_METADATA);
#elif defined PRYING_NEEDS
BLOCKSTORE_REGISTER_DRIVER(reaching, prying_driver, PRYING_METADATA BLOCKSTORE_NEEDS_NETWORK BLOCKSTORE_NEEDS_PROGRAMS);
#else
BLOCKSTORE_REGISTER_DRIVER(prying, prying_driver, PRYING_METADATA);
#endif
