/* SPDX-License-Identifier: MIT */
/* blockstore-driver-test: does a driver do what blockstore/driver.h asks of it? */
#include <config.h>

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/driver/value.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/jobs.h"
#include "tools/driver-test/report.h"
#include "tools/driver-test/stack.h"

#define PASSED 0
#define FAILED 1
#define USAGE 2

#define JOBS_MOST 64
#define NO_REPORT "The report cannot be written"

static const struct group *const groups[] = {
    &group_file,
    &group_opening,
    &group_options,
    &group_immutable,
    &group_mutable,
    &group_ids,
    &group_urls,
    &group_changed_urls,
    &group_streams,
    &group_visibility,
    &group_deadlines,
    &group_threads,
    &group_manners,
    &group_filter,
};
#define GROUPS (sizeof groups / sizeof groups[0])

struct options {
  bool lists;
  const char *only; /* patterns, comma-separated; NULL: all */
  const char *json; /* NULL: none */
  uint64_t budget_ms; /* for all of it; 0: no matter */
  uint64_t timeout_ms; /* for one behaviour */
  unsigned jobs;       /* behaviours at once */
};

static const char help[] =
    "Usage: blockstore-driver-test [OPTION]... FILE.so\n"
    "Tries whether a driver does what blockstore/driver.h asks of it, and says so in TAP.\n"
    "\n"
    "  -o KEY=VALUE    an option of the store, as in the configuration; @DIR@ in the value stands for a fresh\n"
    "                  directory, @FILE for what the file holds, ${VAR} for a variable; again and again for a list\n"
    "  -O KEY=VALUE    the same, for another store that shares nothing with the first (where no @DIR@ makes it one)\n"
    "      --filter=NAME[,KEY=VALUE]...  puts this filter above the store, below those before, with values as of -o; of a\n"
    "                  comma in a value there are two\n"
    "      --isolate[=true|process]  the driver runs in a sandbox, or in a process of its own\n"
    "      --jobs=N    tries so many behaviours at once [1]\n"
    "      --list      prints the names of all behaviours and what they are, and tries none\n"
    "      --only=NAME[,NAME]...  tries these; a name may have * and ?\n"
    "      --seed=N    for the same data, keys and ids as in another run; it is printed\n"
    "      --json=FILE writes a report\n"
    "      --budget=DURATION   begins no behaviour after so long: those left are skipped [none]\n"
    "      --timeout=DURATION  how long one behaviour may take [60s]\n"
    "      --patience=DURATION the deadline of an ordinary call [20s]\n"
    "      --largest=SIZE      the largest object to try [64MiB]\n"
    "      --help, --version\n"
    "\n"
    "Exit status: 0 when every behaviour was shown or skipped, 1 when one was not, 2 when it could not be tried,\n"
    "128 and the signal's number when SIGINT, SIGTERM, SIGHUP or SIGPIPE ended it.\n";

enum {
  OPTION_LIST = 256,
  OPTION_FILTER,
  OPTION_ISOLATE,
  OPTION_JOBS,
  OPTION_ONLY,
  OPTION_SEED,
  OPTION_JSON,
  OPTION_BUDGET,
  OPTION_TIMEOUT,
  OPTION_PATIENCE,
  OPTION_LARGEST,
  OPTION_HELP,
  OPTION_VERSION
};

static const struct option long_options[] = {
    {"filter", required_argument, NULL, OPTION_FILTER}, {"isolate", optional_argument, NULL, OPTION_ISOLATE},
    {"jobs", required_argument, NULL, OPTION_JOBS},
    {"list", no_argument, NULL, OPTION_LIST},          {"only", required_argument, NULL, OPTION_ONLY},
    {"seed", required_argument, NULL, OPTION_SEED},    {"json", required_argument, NULL, OPTION_JSON},
    {"budget", required_argument, NULL, OPTION_BUDGET}, {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"patience", required_argument, NULL, OPTION_PATIENCE}, {"largest", required_argument, NULL, OPTION_LARGEST},
    {"help", no_argument, NULL, OPTION_HELP},          {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0}};

static int fail_usage(const char *what, const char *text) {
  fprintf(stderr, "blockstore-driver-test: %s%s%s\nTry blockstore-driver-test --help.\n", what, text == NULL ? "" : ": ",
          text == NULL ? "" : text);
  return USAGE;
}

static bool read_number(uint64_t *ret_number, enum bs_option_type type, const char *text) {
  int64_t number;

  if (!bs_option_number(&number, type, text, "") || number < 0) return false;
  *ret_number = (uint64_t)number;
  return true;
}

/* False: the option's argument is wrong. */
static bool take_option(int letter, const char *text, struct options *options, struct subject *subject) {
  uint64_t number = 0;

  switch (letter) {
  case 'o': return assignments_add(&subject->options, text);
  case 'O': return assignments_add(&subject->other, text);
  case OPTION_FILTER: return stack_add_filter(subject, text);
  case OPTION_ISOLATE: return stack_isolate(subject, text == NULL ? "true" : text);
  case OPTION_JOBS:
    if (!read_number(&number, BS_OPTION_INT, text) || number == 0 || number > JOBS_MOST) return false;
    options->jobs = (unsigned)number;
    return true;
  case OPTION_LIST: return options->lists = true;
  case OPTION_ONLY: options->only = text; return true;
  case OPTION_JSON: options->json = text; return true;
  case OPTION_SEED: return read_number(&subject->seed, BS_OPTION_INT, text);
  case OPTION_BUDGET: return read_number(&options->budget_ms, BS_OPTION_DURATION, text);
  case OPTION_TIMEOUT: return read_number(&options->timeout_ms, BS_OPTION_DURATION, text) && options->timeout_ms > 0;
  case OPTION_LARGEST: return read_number(&subject->largest, BS_OPTION_SIZE, text);
  default:
    if (!read_number(&number, BS_OPTION_DURATION, text) || number == 0 || number > INT32_MAX) return false;
    subject->patience_ms = (uint32_t)number;
    return true;
  }
}

static const char *expected_of(char text[BS_EXPECTED_SIZE], int letter) {
  switch (letter) {
  case 'o':
  case 'O': return "KEY=VALUE";
  case OPTION_FILTER: return "NAME, or NAME,KEY=VALUE and so on";
  case OPTION_ISOLATE: return "true or process";
  case OPTION_JOBS: return "a number from 1 to " BLOCKSTORE_STRING(JOBS_MOST);
  case OPTION_SEED: return "a number that is not negative";
  case OPTION_LARGEST: return bs_option_expected(text, BS_OPTION_SIZE, "");
  case OPTION_BUDGET: return bs_option_expected(text, BS_OPTION_DURATION, "");
  default: return "a duration, which is not 0, such as 500ms, 5s, 2m or 1h";
  }
}

static int fail_value(int letter, const char *text) {
  char expected[BS_EXPECTED_SIZE];

  fprintf(stderr, "blockstore-driver-test: This value is not understood: %s\nExpected was %s.\n", text == NULL ? "" : text,
          expected_of(expected, letter));
  return USAGE;
}

static bool is_wanted(const struct options *options, const char *name) {
  char *patterns BS_AUTO_FREE = options->only == NULL ? NULL : strdup(options->only), *rest = NULL;

  if (patterns == NULL) return true;
  for (char *pattern = strtok_r(patterns, ",", &rest); pattern != NULL; pattern = strtok_r(NULL, ",", &rest))
    if (fnmatch(pattern, name, 0) == 0) return true;
  return false;
}

struct walk {
  const struct options *options;
  struct subject *subject;
  struct report report;
  struct jobs jobs;
  uint64_t start_ms;
  bool is_broken; /* the file, or opening it, failed: there is nothing more to try */
};

/* A store is not asked for what filters do, unless it is by name. */
static bool is_asked(const struct walk *walk, const struct behaviour *behaviour) {
  if ((behaviour->needs & NEEDS_FILTER) == 0 || walk->options->only != NULL || walk->options->lists) return true;
  return subject_has_filters(walk->subject);
}

/* Calls visit for each behaviour that is wanted; false ends it. */
static size_t for_each(struct walk *walk, bool (*visit)(struct walk *walk, const struct behaviour *behaviour)) {
  size_t count = 0;

  for (size_t i = 0; i < GROUPS; i++)
    for (size_t j = 0; j < groups[i]->count; j++) {
      const struct behaviour *behaviour = &groups[i]->behaviours[j];

      if (!is_wanted(walk->options, behaviour->name) || !is_asked(walk, behaviour)) continue;
      count++;
      if (!visit(walk, behaviour)) return count;
    }
  return count;
}

static bool count_it(struct walk *walk, const struct behaviour *behaviour) {
  (void)walk, (void)behaviour;
  return true;
}

/* The first pattern that is no behaviour's name, or NULL.  By free(). */
static char *find_mistake(const char *only) {
  char *patterns BS_AUTO_FREE = strdup(only), *rest = NULL, *pattern;

  pattern = patterns == NULL ? NULL : strtok_r(patterns, ",", &rest);
  if (pattern == NULL) return strdup(only);
  for (; pattern != NULL; pattern = strtok_r(NULL, ",", &rest)) {
    const struct options options = {.only = pattern};
    struct walk walk = {.options = &options};

    if (for_each(&walk, count_it) == 0) return strdup(pattern);
  }
  return NULL;
}

static bool list_it(struct walk *walk, const struct behaviour *behaviour) {
  (void)walk;
  printf("%-24s %s\n", behaviour->name, behaviour->sentence);
  return true;
}

static void skip(struct verdict *verdict, const char *reason) {
  *verdict = (struct verdict){.outcome = OUTCOME_SKIPPED};
  snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
}

static void tell_it(void *user, const struct behaviour *behaviour, const struct verdict *verdict) {
  struct walk *walk = user;

  if (verdict->outcome == OUTCOME_FAILED && (behaviour->needs & NEEDED_BY_ALL) != 0) walk->is_broken = true;
  if (trial_interrupted() == 0) report_add(&walk->report, behaviour, verdict);
}

/* No behaviour is told behind it: those under way are told first. */
static bool bail_out(struct walk *walk, const struct behaviour *behaviour, int reason) {
  jobs_wait(&walk->jobs, 0);
  if (trial_interrupted() == 0) printf("Bail out! %s cannot be tried: %s\n", behaviour->name, strerror(reason));
  return false;
}

static bool try_it(struct walk *walk, const struct behaviour *behaviour) {
  const struct options *options = walk->options;
  struct verdict verdict = {0};
  struct run *run = NULL;

  /* What all need is known before anything else begins. */
  jobs_wait(&walk->jobs, (behaviour->needs & NEEDED_BY_ALL) != 0 ? 0 : options->jobs - 1);
  if (trial_interrupted() != 0) return false;
  if (walk->is_broken) {
    skip(&verdict, "the driver cannot be used");
  } else if (options->budget_ms > 0 && bs_clock_monotonic_ms() - walk->start_ms > options->budget_ms) {
    skip(&verdict, "the budget of time is used up");
  } else {
    run = trial_begin(behaviour, walk->subject, options->timeout_ms);
    if (run == NULL) return bail_out(walk, behaviour, errno);
  }
  jobs_add(&walk->jobs, behaviour, run, &verdict);
  if ((behaviour->needs & NEEDED_BY_ALL) != 0) jobs_wait(&walk->jobs, 0);
  return true;
}

/* Options that the core would not take are the user's mistake, no behaviour of the driver's. */
static bool check_options(const struct subject *subject, struct bs_error *error) {
  struct blockstore_settings *settings = NULL;

  if (subject->candidate->metadata == NULL) return true;
  for (unsigned number = 1; number <= 2; number++) {
    if (!subject_settings(&settings, subject, subject->scratch, number, NULL, NULL, error)) return false;
    bs_settings_free(settings);
  }
  for (size_t i = 0; i < subject->filter_count; i++) {
    if (!subject_filter_settings(&settings, &subject->filters[i], subject->scratch, 1, error)) return false;
    bs_settings_free(settings);
  }
  return true;
}

/* A directory of ours, as it is called from everywhere: drivers are shown what is below it, and name that.  By free(). */
static char *make_scratch(void) {
  const char *place = getenv("TMPDIR");
  char *real BS_AUTO_FREE = realpath(place == NULL || place[0] == '\0' ? "/tmp" : place, NULL), *scratch = NULL;

  if (real == NULL || asprintf(&scratch, "%s/blockstore-driver-test-XXXXXX", real) < 0) return NULL;
  if (mkdtemp(scratch) != NULL) return scratch;
  free(scratch);
  return NULL;
}

static int try_all(struct walk *walk) {
  struct bs_error error = {0};
  char *scratch BS_AUTO_FREE = make_scratch();
  size_t planned = for_each(walk, count_it), done;
  bool good = true;

  if (scratch == NULL) return fail_usage("A directory for the stores cannot be made (TMPDIR)", strerror(errno));
  walk->subject->scratch = scratch;
  trial_catch_signals();
  if (!check_options(walk->subject, &error) || (!jobs_make(&walk->jobs, planned) && !bs_fail_memory(&error))) {
    remove_directory(scratch);
    return fail_usage(error.message, NULL);
  }
  walk->jobs.tell = tell_it;
  walk->jobs.user = walk;
  walk->start_ms = bs_clock_monotonic_ms();
  report_begin(&walk->report, walk->subject, planned, walk->options->json != NULL);
  done = for_each(walk, try_it);
  jobs_wait(&walk->jobs, 0);
  jobs_free(&walk->jobs);
  remove_directory(scratch);
  if (trial_interrupted() != 0) {
    puts("Bail out! interrupted");
    return 128 + trial_interrupted();
  }
  printf("# %u passed, %u failed, %u skipped, in %.1f s\n", walk->report.counts[OUTCOME_PASSED],
         walk->report.counts[OUTCOME_FAILED], walk->report.counts[OUTCOME_SKIPPED],
         (double)(bs_clock_monotonic_ms() - walk->start_ms) / 1000);
  if (walk->options->json != NULL) good = report_write(&walk->report, walk->subject, walk->options->json);
  if (!good) return fail_usage(NO_REPORT, strerror(errno));
  return done < planned ? USAGE : walk->report.counts[OUTCOME_FAILED] > 0 ? FAILED : PASSED;
}

static int run(struct walk *walk, struct options *options, int count, char **arguments) {
  char *mistake BS_AUTO_FREE = NULL;
  struct bs_error error = {0};
  int letter;

  while ((letter = getopt_long(count, arguments, "o:O:", long_options, NULL)) != -1) {
    if (letter == OPTION_HELP) return fputs(help, stdout) < 0 ? FAILED : PASSED;
    if (letter == OPTION_VERSION)
      return printf("blockstore-driver-test %s, driver ABI %u.%u\n", PACKAGE_VERSION, BLOCKSTORE_ABI_MAJOR,
                    BLOCKSTORE_ABI_MINOR) < 0
                 ? FAILED
                 : PASSED;
    if (letter == '?') return USAGE;
    if (!take_option(letter, optarg, options, walk->subject)) return fail_value(letter, optarg);
  }
  mistake = options->only == NULL ? NULL : find_mistake(options->only);
  if (mistake != NULL) return fail_usage("There is no such behaviour", mistake);
  if (options->lists) {
    for_each(walk, list_it);
    return PASSED;
  }
  if (optind + 1 != count) return fail_usage("One FILE.so is wanted", NULL);
  if (!subject_read(walk->subject, arguments[optind], &error) || !stack_find(walk->subject, &error))
    return fail_usage(error.message, NULL);
  if (options->json != NULL && !report_prepare(options->json)) return fail_usage(NO_REPORT, strerror(errno));
  return try_all(walk);
}

int main(int count, char **arguments) {
  struct options options = {.timeout_ms = 60000, .jobs = 1};
  struct subject subject = {.largest = (uint64_t)64 << 20, .patience_ms = 20000};
  struct walk walk = {.options = &options, .subject = &subject};
  uint32_t seed = 0;
  int status;

  if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) return fail_usage("There is no randomness", strerror(errno));
  subject.seed = seed;
  status = run(&walk, &options, count, arguments);
  subject_free(&subject);
  if (fflush(stdout) != 0 && trial_interrupted() == 0) status = USAGE;
  return status;
}
