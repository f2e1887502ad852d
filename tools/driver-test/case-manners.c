/* SPDX-License-Identifier: MIT */
/* A guest in somebody's process: what it leaves behind, and what it says. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/text.h"
#include "core/driver/call.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/host.h"
#include "tools/driver-test/session.h"
#include "tools/driver-test/state.h"
#include "tools/driver-test/tasks.h"
#include "tools/driver-test/traces.h"

#define END_MS 1000 /* how long what was closed may take to be gone */
#define NAP_MS 10   /* between two looks at it */

static void run_session(struct trial *trial) {
  struct session session = {.trial = trial};

  session_run(&session);
}

/* What loading does is asked of the file. */
static void load(struct trial *trial) {
  const struct bs_module *module;
  struct bs_error error = {0};

  if (!subject_load(&module, trial->subject, &error)) trial_fail(trial, "%s", error.message);
}

/* ---- the process is as it was ---- */

static void keep(struct trial *trial, void (*must_keep)(struct trial *trial, const struct state *before)) {
  struct state before;

  state_take(&before, trial);
  run_session(trial);
  must_keep(trial, &before);
}

static void keep_signals(struct trial *trial) {
  load(trial);
  keep(trial, must_keep_signals);
}

static void keep_locale(struct trial *trial) {
  keep(trial, must_keep_locale);
}

static void keep_directory(struct trial *trial) {
  keep(trial, must_keep_directory);
}

static void keep_umask(struct trial *trial) {
  keep(trial, must_keep_umask);
}

static void keep_environment(struct trial *trial) {
  keep(trial, must_keep_environment);
}

static void keep_limits(struct trial *trial) {
  keep(trial, must_keep_limits);
}

static void keep_floating(struct trial *trial) {
  keep(trial, must_keep_floating);
}

static off_t printed(struct trial *trial) {
  struct stat output = {0};

  fflush(NULL);
  if (fstat(trial->output, &output) < 0) trial_fail(trial, "The output cannot be examined: %s", strerror(errno));
  return output.st_size;
}

static void print_nothing(struct trial *trial) {
  off_t before, after;

  load(trial);
  before = printed(trial);
  run_session(trial);
  after = printed(trial);
  if (after > before) trial_fail(trial, "The driver printed %lld bytes.", (long long)(after - before));
}

static volatile sig_atomic_t raised;

static void note_signal(int signal) {
  raised = signal;
}

/* Not SIGCHLD: a driver may have children. */
static void raise_nothing(struct trial *trial) {
  static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGALRM,   SIGTERM,
                                SIGUSR1, SIGUSR2, SIGPOLL, SIGPROF, SIGVTALRM, SIGWINCH};
  struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};

  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) sigaction(signals[i], &action, NULL);
  run_session(trial);
  if (raised != 0) trial_fail(trial, "While the driver was at work, SIG%s was raised.", sigabbrev_np((int)raised));
}

/* ---- what is left ---- */

static void look_at_descriptors(struct session *session) {
  const struct list *ours = session->user;
  struct list now;

  list_descriptors(&now, session->trial);
  for (size_t i = 0; i < now.count; i++) {
    int fd = (int)now.numbers[i], flags = list_has(ours, now.numbers[i]) ? FD_CLOEXEC : fcntl(fd, F_GETFD);
    char path[64], target[256] = "";

    if (flags < 0 || (flags & FD_CLOEXEC) != 0) continue;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, target, sizeof target - 1) < 0) target[0] = '\0';
    trial_fail(session->trial, "Descriptor %d (%s) is not close-on-exec.", fd, target);
  }
}

static void look_after_answer(struct session *session, const char *entry, const struct call *call,
                              enum blockstore_status status, bool own) {
  (void)entry, (void)call, (void)status, (void)own;
  look_at_descriptors(session);
}

static void close_on_exec(struct trial *trial) {
  struct list ours;
  struct session session = {.trial = trial, .inside = look_at_descriptors, .answered = look_after_answer, .user = &ours};

  list_descriptors(&ours, trial);
  session_run(&session);
}

/* What the first session leaves may be a library's, once and for all; each of them must not leave more. */
static void leave_no_descriptor(struct trial *trial) {
  struct list first, last;

  run_session(trial);
  list_descriptors(&first, trial);
  for (int i = 0; i < 3; i++) run_session(trial);
  list_descriptors(&last, trial);
  if (last.count > first.count)
    trial_fail(trial, "After a store was opened and closed %d times more, there were %zu descriptors more.", 3,
               last.count - first.count);
}

static void *do_nothing(void *unused) {
  return unused;
}

/* A sanitizer may begin one of its own with the first. */
static void leave_no_thread(struct trial *trial) {
  unsigned before, after;
  pthread_t thread;

  load(trial);
  if (pthread_create(&thread, NULL, do_nothing, NULL) == 0) pthread_join(thread, NULL);
  before = traces_threads(trial);
  run_session(trial);
  after = traces_settled_threads(trial, before);
  if (after > before)
    trial_fail(trial, "storage_close had returned, and %u threads of the driver still ran.", after - before);
}

/* After a session, no child of the driver's is like that for long. */
static void leave_none(struct trial *trial, enum children left, const char *what) {
  const struct timespec nap = {0, NAP_MS * 1000000L};

  run_session(trial);
  for (int waited = 0; children_left() == left; waited += NAP_MS) {
    if (waited >= END_MS) trial_fail(trial, "storage_close had returned, and %s.", what);
    nanosleep(&nap, NULL);
  }
}

static void leave_no_child(struct trial *trial) {
  leave_none(trial, CHILDREN_ALIVE, "a child process of the driver still ran");
}

static void leave_no_zombie(struct trial *trial) {
  leave_none(trial, CHILDREN_DEAD, "nobody had waited for a child process that ended");
}

/* ---- pointers ---- */

/* Memory that becomes unreadable when a call has returned. */
struct lease {
  struct call call;
  struct input input;
  struct output output;
};

static struct lease *lease_begin(struct store *store, const struct datum *datum) {
  struct lease *lease = mmap(NULL, sizeof *lease, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (lease == MAP_FAILED) trial_fail(store->trial, "There is not enough memory for the examination.");
  call_begin(&lease->call, store);
  input_begin(&lease->input, store->trial, datum->bytes, datum->size);
  output_begin(&lease->output, store->trial);
  return lease;
}

static void lease_end(struct lease *lease) {
  call_end(&lease->call);
  output_end(&lease->output);
  mprotect(lease, sizeof *lease, PROT_NONE); /* for the rest of the process */
}

static struct trial *lending;

/* Only what was taken back cannot be accessed although it is there. */
static void note_access(int signal, siginfo_t *info, void *context) {
  (void)context;
  if (info->si_code == SEGV_ACCERR) trial_fail(lending,
                                               "The driver touched what it had been given for a call that had returned.");
  sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

/* Several of each: what is kept of one call shows in the next. */
static void lend(struct store *store, enum kind kind) {
  struct object objects[3];

  for (int i = 0; i < 3; i++) {
    struct lease *lease;

    object_make(&objects[i], store->trial, kind, 1000);
    lease = lease_begin(store, &objects[i].datum);
    object_put(store, &lease->call, &objects[i], &lease->input);
    lease_end(lease);
  }
  for (int i = 0; i < 3; i++) {
    struct lease *lease = lease_begin(store, &objects[i].datum);

    object_get(store, &lease->call, &objects[i], &lease->output);
    lease_end(lease);
  }
  for (int i = 0; i < 3; i++) {
    struct lease *lease = lease_begin(store, &objects[i].datum);

    object_delete(store, &lease->call, &objects[i]);
    lease_end(lease);
    object_free(&objects[i]);
  }
}

static void forget_pointers(struct trial *trial) {
  const struct datum nothing = {NULL, 0, "", ""};
  struct sigaction action = {.sa_sigaction = note_access, .sa_flags = SA_SIGINFO};
  struct store store;

  lending = trial;
  trial->guarded = true;
  sigaction(SIGSEGV, &action, NULL);
  must_open(&store, trial, 1);
  for (int kind = 0; kind < KINDS; kind++)
    if (store_keeps(&store, (enum kind)kind)) lend(&store, (enum kind)kind);
  for (int i = 0; i < 2; i++) {
    struct lease *lease = lease_begin(&store, &nothing);

    store_check(&store, &lease->call, &lease->output);
    lease_end(lease);
  }
  store_close(&store);
}

/* ---- a host that forks ---- */

/* And not _exit: what the driver registered runs. */
static void exit_at_once(struct trial *trial, void *unused) {
  (void)trial, (void)unused;
  exit(0);
}

static void fork_and_exit(struct input *input, uint64_t offset, size_t length) {
  int status;

  (void)offset, (void)length;
  if (input->reads > 1) return;
  status = trial_in_child(input->trial, exit_at_once, NULL);
  if (status > 128) trial_must_end(input->trial, status, "A child of the host that exited");
}

static void put_and_fork(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT, next AUTO_OBJECT;
  enum blockstore_status status;
  struct input input;
  struct call call;

  object_make(&object, store->trial, kind, 100000);
  object_make(&next, store->trial, kind, 1000);
  call_begin(&call, store);
  input_begin(&input, store->trial, object.datum.bytes, object.datum.size);
  input.on_read = fork_and_exit;
  status = object_put(store, &call, &object, &input);
  if (status != BLOCKSTORE_STATUS_OK)
    trial_fail(store->trial, "The host forked a child that exited, and %s, which was at work, answered %s.",
               object_put_name(kind),
               answer_text(&call, status));
  call_end(&call);
  must_hold_object(store, &object);
  must_put_object(store, &next);
  must_hold_object(store, &next);
}

static void survive_fork(struct trial *trial) {
  for_each_kind(trial, put_and_fork);
}

/* ---- other hosts ---- */

static void put_and_get(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT;

  object_make(&object, store->trial, kind, 1000);
  must_put_object(store, &object);
  must_hold_object(store, &object);
}

/* Longer than ours, as is what it makes. */
static void newer_host(struct trial *trial) {
  struct {
    struct blockstore_host host;
    unsigned char more[64];
  } table = {.host = host_table};

  table.host.abi_minor++;
  table.host.struct_size = sizeof table;
  trial->host = &table.host;
  trial->grown = 32;
  for_each_kind(trial, put_and_get);
  run_session(trial);
}

/* ---- what it says ---- */

static void judge_sentence(struct session *session, const char *entry, const struct call *call,
                           enum blockstore_status status, bool own) {
  bool needs_none = status == BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_NOT_FOUND ||
                    status == BLOCKSTORE_STATUS_UNHANDLED_URL || status == BLOCKSTORE_STATUS_CANCELLED ||
                    status == BLOCKSTORE_STATUS_UNSUPPORTED;

  if (own && !needs_none && call->sentence[0] == '\0')
    trial_fail(session->trial, "%s answered %s and did not say why (blockstore_fail).", entry, bs_status_text(status));
}

static void say_why(struct trial *trial) {
  struct session session = {.trial = trial, .answered = judge_sentence};

  session_run(&session);
}

static void judge_text(struct trial *trial, const char *text) {
  char *copy BS_AUTO_FREE = strdup(text);

  if (copy == NULL) trial_fail(trial, "There is not enough memory for the examination.");
  bs_text_tidy(copy);
  if (text[0] == '\0') trial_fail(trial, "The driver said nothing, in an empty line.");
  if (strcmp(copy, text) != 0)
    trial_fail(trial, "The driver said what is not a line of UTF-8 without control characters (they are '?' here): %s", copy);
}

static void speak_plainly(struct trial *trial) {
  trial->heard = judge_text;
  run_session(trial);
}

static void judge_delay(struct session *session, const char *entry, const struct call *call,
                        enum blockstore_status status, bool own) {
  (void)own;
  if (atomic_load(&call->delays) > 0 && status != BLOCKSTORE_STATUS_TRANSIENT)
    trial_fail(session->trial, "%s said retry_after and answered %s, not TRANSIENT.", entry, bs_status_text(status));
}

static void delay_transient(struct trial *trial) {
  struct session session = {.trial = trial, .answered = judge_delay};

  session_run(&session);
}

static void know_statuses(struct trial *trial) {
  trial->judges_statuses = true;
  run_session(trial);
}

static const struct behaviour behaviours[] = {
    {"manners.silent", "the driver prints nothing", 0, print_nothing},
    {"manners.signals", "signal mask, what signals do and the signal stack stay as they are", 0, keep_signals},
    {"manners.raised", "the driver raises no signal", 0, raise_nothing},
    {"manners.locale", "the locale stays as it is", 0, keep_locale},
    {"manners.directory", "the working directory stays as it is", 0, keep_directory},
    {"manners.umask", "the umask stays as it is", 0, keep_umask},
    {"manners.environment", "the environment stays as it is", 0, keep_environment},
    {"manners.limits", "resource limits, priority and scheduling stay as they are", 0, keep_limits},
    {"manners.floating", "floating point numbers stay as they are", 0, keep_floating},
    {"manners.close-on-exec", "descriptors are close-on-exec from the beginning", 0, close_on_exec},
    {"manners.descriptors", "a store that is closed leaves no descriptor", 0, leave_no_descriptor},
    {"manners.threads", "a store that is closed leaves no thread", 0, leave_no_thread},
    {"manners.children", "a store that is closed leaves no child process", 0, leave_no_child},
    {"manners.zombies", "a store that is closed has waited for its child processes", 0, leave_no_zombie},
    {"manners.pointers", "what a call was given is not touched when it has returned", NEEDS_WRITES, forget_pointers},
    {"manners.fork", "the host may fork a child that exits, also in the midst of a put", NEEDS_WRITES, survive_fork},
    {"manners.newer-host", "a host of a later minor version, whose structs are longer, will do", NEEDS_WRITES | NEEDS_HOST,
     newer_host},
    {"manners.sentences", "a sentence goes with every failure", 0, say_why},
    {"manners.text", "what the driver says is one line of UTF-8 without control characters", 0, speak_plainly},
    {"manners.retry-after", "retry_after goes with TRANSIENT only", 0, delay_transient},
    {"manners.statuses", "every answer is a status", 0, know_statuses},
};
const struct group group_manners = GROUP(behaviours);
