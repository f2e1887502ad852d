/* SPDX-License-Identifier: MIT */
/*
 * sweep MOST FAULT HOW CHECKS -- ARGUMENT...
 *
 * Runs blockstore-cli with these arguments and a fault at each point, or at most MOST of them, evenly (as `each` in
 * t/lib/faults.sh), always from the home as it is now, and says what was wrong, one line each.  The last line is the number of
 * points that there are.  FAULT: kill, or a word of t/lib/faults.c, with a + behind it for all calls from there on.
 *
 * HOW: asks: a success has the very answer that it has without the fault, or names what is missing; or the exit statuses,
 * as "0 6", that the command may have when it is repeated, since it may be done already; with "leaves" behind them, a temporary
 * file may stay at one of the points.  CHECKS: one a line,
 *     WHEN STATUS [TEXT] < ARGUMENT ...
 * that command's exit status and a text in its answer: always, once the command is done, or once it was repeated.
 * From the environment: SWEEP_PROGRAM, SWEEP_PRELOAD, SWEEP_LEDGER (replayed wherever it is).
 */
#undef _FORTIFY_SOURCE
#include <config.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/chain/ledger.h"
#include "t/lib/home.h"

#define ARGUMENTS 32
#define SAID ((size_t)1 << 20)

struct run {
  int status; /* as a shell tells it */
  char out[SAID], err[SAID];
};

static const char *most, *word, *how, *checks;
static char *const *command;
static bool is_kill, asks, may_leave;
static struct run reference, faulty, again;
static unsigned long point, effects; /* effects: runs that the fault ended or failed */

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...) {
  va_list arguments;

  printf("at %lu: ", point);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
}

/* ---- running ---- */

static void read_back(char *said, int fd) {
  ssize_t length = pread(fd, said, SAID - 1, 0);

  said[length < 0 ? 0 : length] = '\0';
  close(fd);
}

/* With the variable set to that; NULL: no fault. */
static void run_cli(struct run *run, const char *variable, const char *value, char *const *arguments) {
  int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC), status;
  pid_t child;
  char *argv[ARGUMENTS] = {getenv("SWEEP_PROGRAM")};

  for (size_t i = 0; arguments[i] != NULL && i + 2 < ARGUMENTS; i++) argv[i + 1] = arguments[i];
  child = fork();
  if (child == 0) {
    if (variable != NULL) setenv(variable, value, 1);
    setenv("LD_PRELOAD", getenv("SWEEP_PRELOAD"), 1);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    alarm(120); /* one that hangs ends by a signal */
    execv(argv[0], argv);
    _exit(127);
  }
  if (child < 0 || waitpid(child, &status, 0) != child) exit(1);
  run->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  read_back(run->out, out);
  read_back(run->err, err);
}

/* How many points there are, of a run without a fault. */
static unsigned long count_points(const char *kind) {
  char path[64], name[32];
  int fd = memfd_create("counts", MFD_CLOEXEC);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
  unsigned long number, total = 0;
  bool is_told = false;

  if (file == NULL) exit(1);
  snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getpid(), fd);
  run_cli(&reference, "FAULT_COUNT", path, command);
  while (fscanf(file, "%31s %lu", name, &number) == 2)
    if (strcmp(name, kind) == 0) is_told = true, total = number;
  fclose(file);
  if (!is_told) complain("no number of %s was told: is t/lib/faults.c preloaded?", kind);
  if (total == 0 && !asks && strcmp(kind, "reads") != 0) complain("a command that changes something has no %s", kind);
  return total;
}

/* ---- judging ---- */

static bool has_any(const char *text, const char *const *words) {
  for (; *words != NULL; words++)
    if (strstr(text, *words) != NULL) return true;
  return false;
}

/* Does it say what failed?  SQLite forgets why a file could not be opened when it opens it for reading instead. */
static bool names_cause(const char *text) {
  static const char *const memory[] = {"memory", "emporarily unavailable", NULL};
  static const char *const files[] = {"Too many open files", NULL};
  static const char *const disk[] = {"o space left", "nput/output error", "disk I/O error",
                                     "could not be opened for writing", NULL};
  static const char *const opening[] = {"could not be opened for writing", "unable to open", "could not be read just now", NULL};
  bool is_once = strchr(word, '+') == NULL;

  if (strncmp(word, "ENOMEM", 6) == 0) return has_any(text, memory);
  return has_any(text, strncmp(word, "EMFILE", 6) == 0 ? files : disk) || (is_once && has_any(text, opening));
}

/* How much is free, and what a proof cost: what it learned before the fault is not asked for again. */
static bool may_change(const char *a, size_t of_a, const char *b, size_t of_b) {
  static const char *const keys[] = {"\"free_", "\"bytes\": ", "\"questions\": "};

  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (memmem(a, of_a, keys[i], strlen(keys[i])) != NULL && memmem(b, of_b, keys[i], strlen(keys[i])) != NULL) return true;
  return false;
}

/* But for the lines that tell how much room there is. */
static bool is_same_answer(const char *a, const char *b) {
  while (*a != '\0' && *b != '\0') {
    size_t of_a = strcspn(a, "\n"), of_b = strcspn(b, "\n");

    if (!may_change(a, of_a, b, of_b) && (of_a != of_b || memcmp(a, b, of_a) != 0)) return false;
    a += of_a + (a[of_a] != '\0');
    b += of_b + (b[of_b] != '\0');
  }
  return *a == *b;
}

/* A driver that cannot be read might have said that an option is a secret. */
static bool is_told(const char *answer) {
  return names_cause(answer) || strstr(answer, "\"***\"") != NULL;
}

/* What check, stores, drivers why and drivers lock find is told in the document: the cause, and nobody is told to give up a file
 * for it. */
static bool is_found(void) {
  static const char *const bad[] = {"\"sound\": false", "\"healthy\": false", "\"loads\": null", "\"same\": false", NULL};
  static const char *const given_up[] = {"is damaged", "back from a copy", NULL};

  return has_any(faulty.out, bad) && names_cause(faulty.out) && !has_any(faulty.out, given_up);
}

static void judge_failure(void) {
  static const int said[] = {1, 2, 7, 8, 9};
  bool known = false;

  if (faulty.status == 1 && is_found()) return;
  for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) known = known || faulty.status == said[i];
  if (!known || !names_cause(faulty.err) || (faulty.out[0] != '\0' && strstr(faulty.out, "\"code\": ") == NULL))
    complain("status %d: %s%s", faulty.status, faulty.err, faulty.out);
}

static void judge(void) {
  effects += is_kill ? faulty.status == 128 + SIGKILL : faulty.status != 0;
  if (is_kill) {
    if (faulty.status != 128 + SIGKILL && faulty.status != 0) complain("status %d: %s", faulty.status, faulty.err);
  } else if (faulty.status != 0) {
    judge_failure();
  } else if (asks && !is_same_answer(faulty.out, reference.out) && !is_told(faulty.out)) {
    complain("a success with another answer: %s%s", faulty.err, faulty.out);
  } else if (faulty.err[0] != '\0' && !names_cause(faulty.err)) {
    complain("a success, but: %s", faulty.err);
  }
}

/* The words of a line, which is cut up. */
static void split(char **words, char *line) {
  size_t count = 0;

  for (char *at = strtok_r(line, " ", &line); at != NULL && count + 1 < ARGUMENTS; at = strtok_r(NULL, " ", &line))
    words[count++] = at;
  words[count] = NULL;
}

static void check_one(const char *moment, char *line) {
  static struct run run;
  char *words[ARGUMENTS], *arguments = strstr(line, " < "), *text;
  long status = strtol(line, &text, 10);

  if (arguments == NULL || text == line) exit(1);
  *arguments = '\0';
  if (*text == ' ') text++;
  split(words, arguments + 3);
  run_cli(&run, NULL, NULL, words);
  if (run.status != status || strstr(run.out, text) == NULL)
    complain("%s: %s %s: status %d, expected %ld with '%s': %s%s", moment, words[0], words[1] != NULL ? words[1] : "",
             run.status, status, text, run.err, run.out);
}

/* Those of this kind. */
static void check(const char *moment, const char *when) {
  char *copy = strdup(checks), *rest = copy, *line;

  if (copy == NULL) exit(1);
  while ((line = strsep(&rest, "\n")) != NULL)
    if (strncmp(line, when, strlen(when)) == 0 && line[strlen(when)] == ' ') check_one(moment, line + strlen(when) + 1);
  free(copy);
}

static void check_ledger(const char *moment) {
  struct bs_error error = {0};
  struct bs_ledger *ledger;

  if (!bs_ledger_open(&ledger, getenv("SWEEP_LEDGER"), BS_DATABASE_WRITE, NULL, NULL, &error)) {
    if (error.word != BS_WORD_not_found) complain("%s: the ledger: %s", moment, error.message);
    return;
  }
  if (!bs_ledger_replay_check(ledger, &error)) complain("%s: the ledger: %s", moment, error.message);
  bs_ledger_close(ledger);
}

/* An answer was printed, or the exit status says so. */
static bool is_acknowledged(void) {
  return is_kill ? faulty.out[0] != '\0' : faulty.status == 0;
}

static bool may_be_repeated_with(int status) {
  char number[16];
  const char *at;

  if (asks) return status == 0;
  snprintf(number, sizeof number, "%d", status);
  for (at = how; (at = strstr(at, number)) != NULL; at++)
    if ((at == how || at[-1] == ' ') && (at[strlen(number)] == ' ' || at[strlen(number)] == '\0')) return true;
  return false;
}

static void repeat(void) {
  const char *left;

  run_cli(&again, NULL, NULL, command);
  if (!may_be_repeated_with(again.status)) complain("repeated: status %d: %s%s", again.status, again.err, again.out);
  if (asks && !is_same_answer(again.out, reference.out)) complain("repeated: another answer: %s", again.out);
  left = home_litter();
  if (left != NULL && !may_leave) complain("left behind: %s", left);
  if (left != NULL) may_leave = false;
  check("repeated", "done");
  check("repeated", "always");
  check("repeated", "repeated");
  check_ledger("repeated");
}

static void try_point(void) {
  size_t length = strcspn(word, "+");
  char value[64];

  if (is_kill)
    snprintf(value, sizeof value, "%lu", point);
  else
    snprintf(value, sizeof value, "%lu%s:%.*s", point, word[length] == '+' ? "+" : "", (int)length, word);
  run_cli(&faulty, is_kill ? "FAULT_KILL" : "FAULT_ERRNO", value, command);
  judge();
  if (!home_differs()) { /* then it is the run without a fault that comes next */
    if (!asks && is_acknowledged()) complain("acknowledged, and nothing is different: %s", faulty.out);
    return;
  }
  if (is_acknowledged()) check("acknowledged", "done");
  check("interrupted", "always");
  check_ledger("interrupted");
  repeat();
  home_restore();
}

static const char *kind_of(const char *fault) {
  static const char *const kinds[][2] = {
      {"ENOMEM", "allocations"}, {"EMFILE", "descriptors"}, {"READ", "reads"}, {"SHORT", "writes"}, {"EINTR", "writes"}, {0}};

  for (size_t i = 0; kinds[i][0] != NULL; i++)
    if (strncmp(fault, kinds[i][0], strlen(kinds[i][0])) == 0) return kinds[i][1];
  return "changes";
}

/* That it works without a fault, and how the checks are then. */
static unsigned long begin(void) {
  unsigned long total = count_points(kind_of(word));

  if (reference.status != 0 || reference.err[0] != '\0')
    complain("without a fault: status %d: %s", reference.status, reference.err);
  check("without a fault", "done");
  check("without a fault", "always");
  home_restore();
  return total;
}

/* Must one of the points have had an effect?  A write in part goes on, and one failure may be made good. */
static bool must_have_effects(void) {
  bool is_write = strcmp(word, "SHORT") == 0 || strcmp(word, "EINTR") == 0;

  return !asks && (is_kill || strchr(word, '+') != NULL || (!is_write && getenv("BLOCKSTORE_TEST_BRIEF") == NULL));
}

int main(int argc, char **argv) {
  unsigned long total, step;

  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc < 7 || strcmp(argv[5], "--") != 0 || !home_remember(getenv("HOME"))) return 2;
  most = argv[1];
  word = argv[2];
  how = argv[3];
  checks = argv[4];
  command = argv + 6;
  is_kill = strcmp(word, "kill") == 0;
  asks = strcmp(how, "asks") == 0;
  may_leave = is_kill && strstr(how, "leaves") != NULL;
  total = begin();
  step = total / strtoul(most, NULL, 10) + 1;
  if (getenv("BLOCKSTORE_TEST_BRIEF") != NULL) step *= 4;
  if (getenv("BLOCKSTORE_TEST_LONG") != NULL) step = 1;
  for (point = 1; point <= total; point += step) try_point();
  if (total > 0 && effects == 0 && must_have_effects()) complain("no fault had an effect");
  printf("%lu\n", total);
  return 0;
}
