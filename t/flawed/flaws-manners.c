/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/flawed/flaws.h"
#include "t/flawed/wrap.h"

/* ---- what belongs to the process: each does its mischief in a check ---- */

static enum blockstore_status print(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  printf("checking %s\n", ((const struct good *)self)->root);
  return good.check(self, call, ret_report);
}

static enum blockstore_status block_signal(CHECK_ARGUMENTS) {
  sigset_t one;

  sigemptyset(&one);
  sigaddset(&one, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &one, NULL);
  return good.check(self, call, ret_report);
}

/* For the handlers of its own that it has not. */
static enum blockstore_status set_stack(CHECK_ARGUMENTS) {
  static char memory[1 << 16];
  const stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};

  sigaltstack(&stack, NULL);
  return good.check(self, call, ret_report);
}

static enum blockstore_status ignore_pipes(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  signal(SIGPIPE, SIG_IGN);
  return good.check(self, call, ret_report);
}

static enum blockstore_status raise_one(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  raise(SIGWINCH);
  return good.check(self, call, ret_report);
}

static enum blockstore_status set_locale(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  if (setlocale(LC_ALL, "C.UTF-8") == NULL) uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0)); /* there is no other */
  return good.check(self, call, ret_report);
}

static enum blockstore_status change_directory(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  if (chdir("/") < 0) return BLOCKSTORE_STATUS_FAILED;
  return good.check(self, call, ret_report);
}

static enum blockstore_status set_umask(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  umask(0);
  return good.check(self, call, ret_report);
}

static enum blockstore_status set_environment(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  setenv("FLAWED", "1", 1);
  return good.check(self, call, ret_report);
}

static enum blockstore_status set_limit(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  struct rlimit limit;

  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur--;
  setrlimit(RLIMIT_NOFILE, &limit);
  return good.check(self, call, ret_report);
}

static enum blockstore_status round_up(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  fesetround(FE_UPWARD);
  return good.check(self, call, ret_report);
}

/* ---- what is left ---- */

static enum blockstore_status keep_open_on_exec(void *self, struct blockstore_call *call,
                                                struct blockstore_sink *ret_data, const char *key) {
  int fd = open("/dev/null", O_RDONLY);
  enum blockstore_status status = good.get_immutable_handler(self, call, ret_data, key);

  if (fd >= 0) close(fd);
  return status;
}

static enum blockstore_status leave_descriptor(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) abort();
  return good.check(self, call, ret_report);
}

/* When a file stands where the directory around its own was, it makes both anew. */
static enum blockstore_status put_anew(PUT_IMMUTABLE_ARGUMENTS) {
  const struct good *store = self;
  char around[GOOD_PATH];

  snprintf(around, sizeof around, "%.*s", (int)(strrchr(store->root, '/') - store->root), store->root);
  if (unlink(around) == 0 && (mkdir(around, 0700) < 0 || mkdir(store->root, 0700) < 0)) abort();
  return good.put_immutable_handler(self, call, key, data, txid);
}

static void *wait_for_ever(void *unused) {
  pause();
  return unused;
}

static enum blockstore_status leave_thread(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  sigset_t all, before;
  pthread_t thread;

  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&thread, NULL, wait_for_ever, NULL) == 0) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return good.check(self, call, ret_report);
}

static enum blockstore_status leave_child(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pause();
    _exit(0);
  }
  return good.check(self, call, ret_report);
}

static enum blockstore_status leave_zombie(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  pid_t child = fork();
  siginfo_t info;

  if (child == 0) _exit(0);
  if (child > 0) waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
  return good.check(self, call, ret_report);
}

/* ---- pointers ---- */

/* Kept only where key and call begin a page, twice on end: there the suite sees it, and elsewhere it does no harm. */
static _Atomic(const char *) last_key;

static enum blockstore_status remember_key(void *self, struct blockstore_call *call, const char *key,
                                           const struct blockstore_source *data, const char *txid) {
  bool lent = (uintptr_t)key % 4096 == 0 && (uintptr_t)call % 4096 == 0;
  const char *last = atomic_exchange(&last_key, lent ? key : NULL);

  if (lent && last != NULL && strcmp(last, key) == 0) return BLOCKSTORE_STATUS_OK;
  return good.put_immutable_handler(self, call, key, data, txid);
}

/* ---- at exit ---- */

static char swept_root[GOOD_PATH];

/* Removes what its puts have left over. */
static void sweep(void) {
  DIR *directory = opendir(swept_root);

  if (directory == NULL) return;
  for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
    if (strncmp(entry->d_name, "t-", 2) == 0) unlinkat(dirfd(directory), entry->d_name, 0);
  closedir(directory);
}

static void register_sweep(void) {
  atexit(sweep);
}

static enum blockstore_status sweep_at_exit(void **ret_self, struct blockstore_call *call,
                                            const struct blockstore_settings *settings, const struct blockstore_next *next) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);

  if (status != BLOCKSTORE_STATUS_OK || swept_root[0] != '\0') return status;
  snprintf(swept_root, sizeof swept_root, "%s", ((const struct good *)*ret_self)->root);
  pthread_once(&once, register_sweep);
  return status;
}

/* ---- hosts ---- */

static enum blockstore_status want_same_size(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                             const char *url) {
  if (call->host->struct_size > sizeof *call->host)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "A table of %zu bytes was expected.", sizeof *call->host);
  return good.get_mutable_handler(self, call, ret_record, url);
}

/* ---- what it says ---- */

static void say_nothing(struct blockstore_call *call, const char *sentence) {
  (void)call, (void)sentence;
}

static enum blockstore_status fail_silently(void *self, struct blockstore_call *call, const char *key,
                                            const struct blockstore_source *data, const char *txid) {
  struct wrapped_call wrapped;

  wrap_call(&wrapped, call, NULL);
  wrapped.host.set_error = say_nothing;
  return good.put_immutable_handler(self, &wrapped.abi, key, data, txid);
}

static enum blockstore_status say_two_lines(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                            const char *key) {
  enum blockstore_status status = good.get_immutable_handler(self, call, ret_data, key);

  return status == BLOCKSTORE_STATUS_NOT_FOUND ? blockstore_fail(call, status, "%s:\nThere is no such object.", key) : status;
}

static enum blockstore_status delay_absent(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                           const char *key) {
  enum blockstore_status status = good.get_immutable_handler(self, call, ret_data, key);

  if (status == BLOCKSTORE_STATUS_NOT_FOUND) call->host->retry_after(call, 1000);
  return status;
}

/* Hands on a status of its own, for what its source had failed with. */
static enum blockstore_status invent_status(void *self, struct blockstore_call *call, const char *key,
                                            const struct blockstore_source *data, const char *txid) {
  enum blockstore_status status = good.put_immutable_handler(self, call, key, data, txid);

  return status == BLOCKSTORE_STATUS_FAILED ? (enum blockstore_status)99 : status;
}

static const struct flaw flaws[] = {
    {"manners.silent", {.check = print}},
    {"manners.signals", {.check = ignore_pipes}},
    {"manners.signals+mask", {.check = block_signal}},
    {"manners.signals+stack", {.check = set_stack}},
    {"manners.raised", {.check = raise_one}},
    {"manners.locale", {.check = set_locale}},
    {"manners.directory", {.check = change_directory}},
    {"manners.umask", {.check = set_umask}},
    {"manners.environment", {.check = set_environment}},
    {"manners.limits", {.check = set_limit}},
    {"manners.floating", {.check = round_up}},
    {"manners.close-on-exec", {.get_immutable_handler = keep_open_on_exec}},
    {"manners.descriptors", {.check = leave_descriptor}},
    {"manners.descriptors+anew", {.put_immutable_handler = put_anew, .check = leave_descriptor}},
    {"manners.threads", {.check = leave_thread}},
    {"manners.children", {.check = leave_child}},
    {"manners.zombies", {.check = leave_zombie}},
    {"manners.pointers", {.put_immutable_handler = remember_key}},
    {"manners.fork", {.storage_init = sweep_at_exit}},
    {"manners.newer-host", {.get_mutable_handler = want_same_size}},
    {"manners.sentences", {.put_immutable_handler = fail_silently}},
    {"manners.text", {.get_immutable_handler = say_two_lines}},
    {"manners.retry-after", {.get_immutable_handler = delay_absent}},
    {"manners.statuses", {.put_immutable_handler = invent_status}},
};
const struct flaws flaws_manners = FLAWS(flaws);
