/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/base/io.h"
#include "core/base/text.h"
#include "tools/driver-test/litter.h"
#include "tools/driver-test/stack.h"

#define CLEARING_MS 20000
#define CLAIM_MS 1000
#define OUTPUT_SHOWN ((size_t)8192) /* bytes of what was printed */

/* ---- signals ---- */

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
static volatile sig_atomic_t interrupted; /* the signal */

static void note_signal(int signal) {
  interrupted = signal;
}

void trial_catch_signals(void) {
  struct sigaction note = {.sa_handler = note_signal}, before;

  signal(SIGCHLD, SIG_DFL); /* where a program ignores it, nobody learns how a child ended */
  for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
    /* whoever sends one twice does not want to wait; what nobody reads any more is written more than once */
    note.sa_flags = SA_RESTART | (caught[i] == SIGPIPE ? 0 : (int)SA_RESETHAND);
    if (sigaction(caught[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(caught[i], &note, NULL);
  }
}

int trial_interrupted(void) {
  return interrupted;
}

/* As drivers find them. */
static void release_signals(void) {
  struct sigaction now;

  for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
    if (sigaction(caught[i], NULL, &now) == 0 && now.sa_handler == note_signal) signal(caught[i], SIG_DFL);
}

/* ---- in the child ---- */

/* The first to say how it ended is believed, of all threads and processes; the others wait until it has said so. */
static _Noreturn void leave(struct trial *trial, enum outcome outcome, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
static _Noreturn void leave(struct trial *trial, enum outcome outcome, const char *format, va_list arguments) {
  struct trial_shared *shared = trial->shared;
  const struct timespec nap = {0, 1000000};

  if (!atomic_exchange(&shared->claimed, true)) {
    vsnprintf(shared->reason, sizeof shared->reason, format, arguments);
    atomic_store(&shared->outcome, (int)outcome);
  }
  /* Not for ever: it may have been killed. */
  for (int i = 0; i < CLAIM_MS && atomic_load(&shared->outcome) == OUTCOME_NONE; i++) nanosleep(&nap, NULL);
  _exit(0);
}

void trial_fail(struct trial *trial, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  leave(trial, OUTCOME_FAILED, format, arguments);
}

void trial_skip(struct trial *trial, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  leave(trial, OUTCOME_SKIPPED, format, arguments);
}

void trial_due(struct trial *trial, uint32_t milliseconds, const char *what) {
  atomic_store(&trial->shared->due_what, what);
  atomic_store(&trial->shared->due_ms, milliseconds == 0 ? 0 : bs_clock_monotonic_ms() + milliseconds);
}

void trial_litter(struct trial *trial, char kind, const char *text) {
  size_t length = strlen(text) + 2, at = atomic_fetch_add(&trial->shared->litter_length, length);

  if (at + length > sizeof trial->shared->litter) return; /* it stays behind */
  memcpy(trial->shared->litter + at + 1, text, length - 1);
  atomic_signal_fence(memory_order_seq_cst); /* the process may be killed before it has all */
  trial->shared->litter[at] = kind;
}

pid_t trial_start_child(struct trial *trial, void (*work)(struct trial *trial, void *user), void *user) {
  pid_t child = fork();

  if (child < 0) trial_fail(trial, "No process could be made: %s", strerror(errno));
  if (child == 0) {
    trial->inside = &trial->shared->inside[1];
    work(trial, user);
    _exit(0);
  }
  return child;
}

int trial_wait_child(struct trial *trial, pid_t child) {
  int status = 0;

  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (atomic_load(&trial->shared->outcome) != OUTCOME_NONE) _exit(0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* " inside storage_init", or that it was nowhere inside. */
static const char *inside_text(char text[64], const char *inside) {
  snprintf(text, 64, "%s%s", inside == NULL ? " outside of all entry points" : " inside ", inside == NULL ? "" : inside);
  return text;
}

void trial_must_end(struct trial *trial, int status, const char *what) {
  const char *inside = atomic_exchange(&trial->shared->inside[1], NULL);
  char text[64];

  inside_text(text, inside);
  if (status > 128) trial_fail(trial, "%s died of SIG%s%s.", what, sigabbrev_np(status - 128), text);
  if (status != 0) trial_fail(trial, "%s ended with exit status %d.", what, status);
}

int trial_in_child(struct trial *trial, void (*work)(struct trial *trial, void *user), void *user) {
  return trial_wait_child(trial, trial_start_child(trial, work, user));
}

void trial_in_thread(struct trial *trial, void *(*work)(void *user), void *user) {
  pthread_t thread;

  if (pthread_create(&thread, NULL, work, user) != 0) trial_fail(trial, "No thread could be made.");
  pthread_join(thread, NULL);
}

static _Noreturn void trial_pass(struct trial *trial, ...) {
  va_list none;

  va_start(none, trial);
  leave(trial, OUTCOME_PASSED, "passed", none);
}

/* A group of its own, without terminal and parent. */
static void begin_process(struct trial *trial) {
  int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

  setpgid(0, 0);
  release_signals();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(trial->output, STDOUT_FILENO) < 0 ||
      dup2(trial->output, STDERR_FILENO) < 0)
    trial_fail(trial, "The output could not be redirected: %s", strerror(errno));
  close(nothing);
}

/* What the driver declares, and what stands around it, are no fault. */
static void skip_without(struct trial *trial, unsigned needs) {
  const struct subject *subject = trial->subject;
  unsigned capabilities = subject->traits.capabilities;
  const char *name = stack_name(subject);

  if ((needs & NEEDS_WRITES) != 0 && (capabilities & BS_CAPABILITY_READ_ONLY) != 0) trial_skip(trial, "%s is read-only", name);
  if ((needs & NEEDS_CONSISTENT) != 0 && (capabilities & BS_CAPABILITY_CONSISTENT) == 0)
    trial_skip(trial, "%s does not declare itself consistent", name);
  if ((needs & NEEDS_DURABLE) != 0 && (capabilities & BS_CAPABILITY_DURABLE) == 0)
    trial_skip(trial, "%s does not declare itself durable", name);
  if ((needs & NEEDS_FILTER) != 0 && !subject_has_filters(subject)) trial_skip(trial, "the driver is no filter");
  if ((needs & NEEDS_HOST) != 0 && subject->isolation != NULL)
    trial_skip(trial, "the driver is isolated, and knows another host than ours");
  if ((needs & NEEDS_APART) != 0 && !subject_can_be_apart(subject))
    trial_skip(trial, "no second store: use @DIR@ in the value of an option, or -O key=value");
}

static _Noreturn void play(struct trial *trial) {
  begin_process(trial);
  skip_without(trial, trial->behaviour->needs);
  trial->behaviour->run(trial);
  trial_pass(trial);
}

/* ---- in the parent ---- */

static void set_reason(struct verdict *verdict, enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void set_reason(struct verdict *verdict, enum outcome outcome, const char *format, ...) {
  va_list arguments;

  verdict->outcome = outcome;
  va_start(arguments, format);
  vsnprintf(verdict->reason, sizeof verdict->reason, format, arguments);
  va_end(arguments);
}

/* A child that is waited for. */
struct watch {
  pid_t child;
  const struct trial_shared *shared;
  uint64_t end_ms; /* when it has had time enough */
  bool clears;     /* it deletes what was put, also after a signal */
  int status;      /* when it is over */
  const char *killed; /* why it was; NULL: it was not */
};

/* Kills it, with what it started, when it takes too long. */
static bool is_over(struct watch *watch) {
  uint64_t now = bs_clock_monotonic_ms(), due = atomic_load(&watch->shared->due_ms);

  if (waitpid(watch->child, &watch->status, WNOHANG) == 0) {
    if (now > watch->end_ms || (interrupted != 0 && !watch->clears)) watch->killed = "time";
    else if (due != 0 && now > due) watch->killed = "due";
    if (watch->killed == NULL) return false;
    kill(watch->child, SIGKILL);
    waitpid(watch->child, &watch->status, 0);
  }
  kill(-watch->child, SIGKILL); /* its children */
  return true;
}

static void judge(struct verdict *verdict, const struct trial_shared *shared, int status, const char *killed) {
  enum outcome outcome = (enum outcome)atomic_load(&shared->outcome);
  const char *where = atomic_load(&shared->inside[0]);
  char inside[64];

  if (killed != NULL && where == NULL) where = atomic_load(&shared->inside[1]); /* it was waited for */
  inside_text(inside, where);
  if (killed != NULL && strcmp(killed, "due") == 0) {
    set_reason(verdict, OUTCOME_FAILED, "The driver had not %s.", atomic_load(&shared->due_what));
  } else if (killed != NULL) {
    set_reason(verdict, OUTCOME_FAILED, "It took too long and was killed%s.", inside);
  } else if (outcome == OUTCOME_FAILED || outcome == OUTCOME_SKIPPED) {
    set_reason(verdict, outcome, "%s", shared->reason);
  } else if (WIFSIGNALED(status)) {
    set_reason(verdict, OUTCOME_FAILED, "The process died of SIG%s%s.", sigabbrev_np(WTERMSIG(status)), inside);
  } else if (outcome == OUTCOME_NONE) {
    set_reason(verdict, OUTCOME_FAILED, "The driver ended the process (exit status %d)%s.", WEXITSTATUS(status), inside);
  } else if (WEXITSTATUS(status) != 0) {
    set_reason(verdict, OUTCOME_FAILED, "It ended with exit status %d: what a sanitizer found stands in the output.",
               WEXITSTATUS(status));
  } else {
    set_reason(verdict, OUTCOME_PASSED, "%s", "");
  }
}

/* What a driver said stands in it, too; lines stay lines. */
static void tidy_lines(char *text) {
  for (char *line = text, *end;; line = end + 1) {
    char behind;

    end = strchrnul(line, '\n');
    behind = *end;
    *end = '\0';
    bs_text_tidy(line);
    *end = behind;
    if (behind == '\0') return;
  }
}

static char *take_output(int fd) {
  struct stat status;
  size_t length;
  char *text;

  if (fstat(fd, &status) < 0 || status.st_size == 0) return NULL;
  length = (uint64_t)status.st_size < OUTPUT_SHOWN ? (size_t)status.st_size : OUTPUT_SHOWN;
  text = calloc(1, length + 1);
  if (text != NULL && !bs_file_read_at(fd, text, length, 0)) text[0] = '\0';
  return text;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where) {
  (void)status, (void)kind, (void)where;
  remove(path);
  return 0;
}

void remove_directory(const char *path) {
  nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

struct run {
  struct trial trial;
  char *directory;
  uint64_t start_ms;
  struct watch watch;
  bool is_judged; /* it has ended, with the verdict; a child may still delete what it put */
  struct verdict verdict;
};

static void free_run(struct run *run) {
  if (run->trial.shared != NULL) munmap(run->trial.shared, sizeof *run->trial.shared);
  if (run->trial.output >= 0) close(run->trial.output);
  free(run->directory);
  free(run);
}

static bool begin_run(struct run *run) {
  struct trial *trial = &run->trial;
  void *shared;

  trial->output = memfd_create("output", MFD_CLOEXEC);
  if (trial->output < 0 || asprintf(&run->directory, "%s/%s", trial->subject->scratch, trial->behaviour->name) < 0) return false;
  shared = mmap(NULL, sizeof *trial->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return false;
  trial->shared = shared;
  trial->inside = &trial->shared->inside[0];
  trial->directory = run->directory;
  if (mkdir(run->directory, 0700) < 0) return false;
  run->watch = (struct watch){.child = fork(), .shared = shared, .end_ms = run->start_ms + trial->timeout_ms};
  if (run->watch.child == 0) play(trial);
  return run->watch.child > 0;
}

struct run *trial_begin(const struct behaviour *behaviour, const struct subject *subject, uint64_t timeout_ms) {
  struct run *run = calloc(1, sizeof *run);
  int reason;

  if (run == NULL) return NULL;
  run->trial = (struct trial){.behaviour = behaviour, .subject = subject, .timeout_ms = timeout_ms,
                              .patience_ms = subject->patience_ms, .output = -1};
  run->start_ms = bs_clock_monotonic_ms();
  if (begin_run(run)) return run;
  reason = errno;
  free_run(run);
  errno = reason;
  return NULL;
}

/* A store without a directory of ours keeps what was put: it is deleted, in a process as before.  Failing is no harm.  False:
 * there is nothing to wait for. */
static bool begin_clearing(struct run *run) {
  struct trial *trial = &run->trial;

  if (atomic_load(&trial->shared->litter_length) == 0 || subject_is_fresh(trial->subject)) return false;
  atomic_store(&trial->shared->due_ms, 0);
  run->watch = (struct watch){
      .child = fork(), .shared = trial->shared, .clears = true, .end_ms = bs_clock_monotonic_ms() + CLEARING_MS};
  if (run->watch.child == 0) {
    begin_process(trial);
    litter_delete(trial);
    _exit(0);
  }
  return run->watch.child > 0;
}

bool trial_is_over(struct run *run) {
  if (!is_over(&run->watch)) return false;
  if (run->is_judged) return true;
  run->is_judged = true;
  run->verdict.took_ms = bs_clock_monotonic_ms() - run->start_ms;
  run->verdict.output = take_output(run->trial.output);
  judge(&run->verdict, run->trial.shared, run->watch.status, run->watch.killed);
  tidy_lines(run->verdict.reason);
  return !begin_clearing(run);
}

void trial_end(struct verdict *ret_verdict, struct run *run) {
  *ret_verdict = run->verdict;
  remove_directory(run->directory);
  free_run(run);
}
