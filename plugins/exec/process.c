/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/exec/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plugins/common/plugin.h"
#include "plugins/exec/spawn.h"

#define NAP_MS 2

uint64_t bs_exec_now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- starting ---- */

static int open_pidfd(pid_t pid) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec */
#else
  (void)pid;
  return -1;
#endif
}

static enum blockstore_status fail(char *ret_reason, enum blockstore_status status, const char *path, const char *what) {
  snprintf(ret_reason, BS_EXEC_REASON, "%.400s: %s", path, what);
  return status;
}

enum blockstore_status bs_exec_process_start(struct bs_exec_process **ret_process, char *ret_reason,
                                             const struct bs_exec_program *program, const struct blockstore_host *host,
                                             struct blockstore_store *store) {
  struct bs_exec_process *process BS_AUTO_FREE = calloc(1, sizeof *process);
  enum blockstore_status status;
  int output;

  if (process == NULL) return fail(ret_reason, BLOCKSTORE_STATUS_TRANSIENT, program->path, "There is not enough memory.");
  status = bs_exec_spawn(&process->pid, &process->channel, &output, ret_reason, program);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  process->pidfd = open_pidfd(process->pid);
  bs_exec_said_begin(&process->said, host, store, output);
  *ret_process = process;
  process = NULL;
  return BLOCKSTORE_STATUS_OK;
}

void bs_exec_process_free(struct bs_exec_process *process) {
  if (process->pidfd >= 0) close(process->pidfd);
  close(process->channel);
  bs_exec_said_end(&process->said);
  free(process);
}

/* ---- ending ---- */

enum state { RUNNING, ENDED, GONE };

/* GONE: it was waited for by somebody else, or nobody has to (SIGCHLD is ignored): the number may be anybody's. */
static enum state state_of(const struct bs_exec_process *process, siginfo_t *ret_info) {
  int answer;

  do {
    memset(ret_info, 0, sizeof *ret_info);
    answer = waitid(P_PID, (id_t)process->pid, ret_info, WEXITED | WNOHANG | WNOWAIT);
  } while (answer < 0 && errno == EINTR);
  if (answer < 0) return GONE;
  return ret_info->si_pid == 0 ? RUNNING : ENDED;
}

void bs_exec_process_kill(struct bs_exec_process *process) {
  siginfo_t info;

  if (state_of(process, &info) != GONE) kill(-process->pid, SIGKILL);
  process->is_killed = true;
}

bool bs_exec_process_reap(struct bs_exec_process *process) {
  siginfo_t info;
  enum state state = state_of(process, &info);

  if (state == RUNNING) return false;
  if (state == GONE) return true;
  kill(-process->pid, SIGKILL); /* what it has left behind */
  while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) continue;
  return true;
}

static void tell_how(char *ret_how, size_t size, const siginfo_t *info) {
  if (info->si_code == CLD_EXITED) snprintf(ret_how, size, "ended with status %d", info->si_status);
  else snprintf(ret_how, size, "was ended by signal %d (SIG%s)", info->si_status, sigabbrev_np(info->si_status));
}

bool bs_exec_process_wait(struct bs_exec_process *process, unsigned milliseconds, char *ret_how, size_t size) {
  uint64_t end_ms = bs_exec_now_ms() + milliseconds;
  siginfo_t info;
  enum state state;

  ret_how[0] = '\0';
  while ((state = state_of(process, &info)) == RUNNING) {
    struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
    uint64_t now_ms = bs_exec_now_ms();

    if (now_ms >= end_ms) return false;
    poll(&ended, 1, process->pidfd < 0 ? NAP_MS : (int)(end_ms - now_ms));
  }
  if (state == ENDED) tell_how(ret_how, size, &info);
  return true;
}

/* ---- requests ---- */

void bs_exec_process_request(struct bs_exec_process *process, const char *word, uint32_t time_left) {
  bs_exec_line_begin(&process->line, word);
  bs_exec_line_number(&process->line, "id", ++process->last_id);
  if (time_left != UINT32_MAX) bs_exec_line_number(&process->line, "deadline", time_left);
}

/* Its end of the channel reads the request, then the end; also where a child of the host's holds our end open. */
void bs_exec_process_dismiss(struct bs_exec_process *process, unsigned milliseconds) {
  bs_exec_process_request(process, "storage_close", milliseconds);
  if (bs_exec_line_end(&process->line))
    send(process->channel, process->line.text, process->line.length, MSG_DONTWAIT | MSG_NOSIGNAL);
  shutdown(process->channel, SHUT_WR);
}
