/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/io.h"
#include "tools/driver-test/wrong.h"

#define SIGNATURE "v2:AAAA"
#define SECRET_LEAST 12 /* bytes: a shorter one, a word perhaps, may stand anywhere by chance */

/* ---- a life ---- */

static bool writes(const struct trial *trial) {
  return (trial->subject->traits.capabilities & BS_CAPABILITY_READ_ONLY) == 0;
}

static void live_immutable(struct store *store) {
  struct trial *trial = store->trial;
  struct datum datum AUTO_DATUM;

  datum_make(&datum, trial, 100);
  for (int i = 0; i < 5; i++) { /* absent, put with a bad source, cancelled, put, got */
    struct output output;
    struct input input;
    struct call call;

    call_begin(&call, store);
    input_begin(&input, trial, datum.bytes, datum.size);
    output_begin(&output, trial);
    if (i == 1) input.fail_at = 50;
    if (i == 2) call_cancel(&call);
    if (i % 4 == 0) store_get_immutable(store, &call, &output, datum.key);
    else if (writes(trial)) store_put_immutable(store, &call, datum.key, &input, NULL);
    output_end(&output);
    call_end(&call);
  }
  for (int i = 0; i < 2 && writes(trial); i++) {
    struct call call;

    call_begin(&call, store);
    store_delete_immutable(store, &call, datum.key, NULL);
    call_end(&call);
  }
}

/* Asks for the URL, and looks it up. */
static void live_url(struct store *store, const char *url) {
  struct output output;
  struct call call;

  call_begin(&call, store);
  output_begin(&output, store->trial);
  store_handles_url(store, &call, url);
  store_get_mutable(store, &call, &output, url);
  output_end(&output);
  call_end(&call);
}

static void show_output(struct trial *trial, shown_function *show, const char *what, struct output *output) {
  const char *text = output->bytes.length == 0 ? NULL : bs_buffer_string(&output->bytes);

  if (text != NULL && show != NULL) show(trial, what, text);
}

static void live_mutable(struct store *store, shown_function *show) {
  struct trial *trial = store->trial;
  char *id BS_AUTO_FREE = id_make(trial, "1");
  struct datum datum AUTO_DATUM;
  struct output url;
  struct input input;
  struct call call;

  datum_make(&datum, trial, 100);
  call_begin(&call, store);
  output_begin(&url, trial);
  store_make_url(store, &call, &url, id);
  show_output(trial, show, "URL", &url);
  if (url.bytes.length > 0) live_url(store, bs_buffer_string(&url.bytes));
  live_url(store, "other://host/path");
  input_begin(&input, trial, datum.bytes, datum.size);
  if (writes(trial)) store_put_mutable(store, &call, id, 1, SIGNATURE, &input);
  if (url.bytes.length > 0) live_url(store, bs_buffer_string(&url.bytes));
  if (writes(trial)) store_delete_mutable(store, &call, id, SIGNATURE);
  output_end(&url);
  call_end(&call);
}

void live(struct trial *trial, struct blockstore_settings *settings, shown_function *show) {
  struct output report;
  struct store store;
  struct call call;
  enum blockstore_status status = store_try(&store, trial, settings, &call);

  call_end(&call);
  if (status != BLOCKSTORE_STATUS_OK) return;
  live_immutable(&store);
  live_mutable(&store, show);
  call_begin(&call, &store);
  output_begin(&report, trial);
  store_check(&store, &call, &report);
  show_output(trial, show, "report", &report);
  output_end(&report);
  call_end(&call);
  store_close(&store);
}

/* ---- its secrets ---- */

#define SECRETS_MOST 64

/* Of the process. */
static struct {
  struct trial *trial;
  enum leak leak;
  struct {
    const char *key;
    char *value;
  } secrets[SECRETS_MOST];
  size_t count;
  char **environment; /* as it was */
} keeping;

static bool is_remembered(const char *secret) {
  for (size_t i = 0; i < keeping.count; i++)
    if (keeping.secrets[i].value != NULL && strcmp(keeping.secrets[i].value, secret) == 0) return true;
  return false;
}

/* From now on these are looked for too. */
static void remember_secrets(const struct blockstore_settings *settings) {
  const struct bs_metadata *metadata = keeping.trial->subject->candidate->metadata;

  for (size_t i = 0; i < metadata->option_count; i++) {
    const struct bs_option *option = &metadata->options[i];
    const char *secret = option->type == BS_OPTION_SECRET ? bs_settings_text(settings, option->key, 0) : NULL;

    if (secret == NULL || strlen(secret) < SECRET_LEAST || is_remembered(secret)) continue;
    if (keeping.count == SECRETS_MOST) trial_skip(keeping.trial, "only %d secrets can be looked for", SECRETS_MOST);
    keeping.secrets[keeping.count].key = option->key;
    keeping.secrets[keeping.count++].value = strdup(secret);
  }
}

/* The text itself is not repeated. */
static void must_not_tell(const char *what, const char *text) {
  for (size_t i = 0; i < keeping.count; i++)
    if (keeping.secrets[i].value != NULL && strstr(text, keeping.secrets[i].value) != NULL)
      trial_fail(keeping.trial, "The value of the SECRET option \"%s\" is in %s.", keeping.secrets[i].key, what);
}

static void hear(struct trial *trial, const char *text) {
  const char *inside = atomic_load(trial->inside);
  char what[80];

  snprintf(what, sizeof what, "what it says in %s", inside == NULL ? "a thread" : inside);
  must_not_tell(what, text);
}

static void see(struct trial *trial, const char *what, const char *text) {
  (void)trial;
  if (keeping.leak == LEAK_URL && strcmp(what, "URL") == 0) must_not_tell("a URL", text);
  if (keeping.leak == LEAK_REPORT && strcmp(what, "report") == 0) must_not_tell("the report of check", text);
}

static int see_entry(const char *path, const struct stat *status, int kind, struct FTW *where) {
  (void)status, (void)kind;
  must_not_tell("the name of a file", path + where->base);
  return 0;
}

/* Taken away, so that it is not told with the failure. */
static void see_output(struct trial *trial) {
  char *text BS_AUTO_FREE = NULL;
  struct stat status;

  fflush(NULL);
  if (fstat(trial->output, &status) < 0) return;
  text = calloc(1, (size_t)status.st_size + 1);
  if (text == NULL || !bs_file_read_at(trial->output, text, (size_t)status.st_size, 0)) return;
  if (ftruncate(trial->output, 0) < 0) return;
  for (off_t i = 0; i < status.st_size; i++)
    if (text[i] == '\0') text[i] = ' ';
  must_not_tell("what it printed", text);
}

static bool was_there(const char *variable) {
  for (char *const *at = keeping.environment; *at != NULL; at++)
    if (strcmp(*at, variable) == 0) return true;
  return false;
}

static void keep(struct trial *trial, struct blockstore_settings *settings) {
  remember_secrets(settings);
  live(trial, settings, see);
  if (keeping.leak == LEAK_FILE) nftw(trial->directory, see_entry, 16, FTW_PHYS);
  if (keeping.leak == LEAK_PRINTED) see_output(trial);
  for (char *const *at = environ; keeping.leak == LEAK_ENVIRONMENT && *at != NULL; at++)
    if (!was_there(*at)) must_not_tell("the environment", *at);
}

/* A file with a value that nobody has; the assignment refers to it. */
static struct assignment make_secret(struct trial *trial, const char *key) {
  char *path BS_AUTO_FREE = NULL, *reference = NULL;
  struct datum datum AUTO_DATUM;
  int fd BS_AUTO_CLOSE = -1;

  datum_make(&datum, trial, 16);
  if (asprintf(&path, "%s/secret-%s", trial->directory, key) < 0 || asprintf(&reference, "@%s", path) < 0)
    trial_fail(trial, "There is not enough memory for the examination.");
  fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || !bs_file_write_all(fd, datum.short_key, 32))
    trial_fail(trial, "%s: The file cannot be made: %s", path, strerror(errno));
  return (struct assignment){(char *)(uintptr_t)key, reference};
}

/* The subject with secrets that we made in place of the user's.  Its options by free(). */
static struct subject make_secrets(struct trial *trial) {
  const struct bs_metadata *metadata = trial->subject->candidate->metadata;
  struct subject subject = *trial->subject;
  struct assignment *items = calloc(subject.options.count + metadata->option_count + 1, sizeof *items);
  size_t count = 0;

  if (items == NULL) trial_fail(trial, "There is not enough memory for the examination.");
  for (size_t i = 0; i < subject.options.count; i++) {
    const struct bs_option *option = find_option(trial, subject.options.items[i].key);

    if (option != NULL && option->type != BS_OPTION_SECRET) items[count++] = subject.options.items[i];
  }
  for (size_t i = 0; i < metadata->option_count; i++)
    if (metadata->options[i].type == BS_OPTION_SECRET) items[count++] = make_secret(trial, metadata->options[i].key);
  subject.options = (struct assignments){items, count};
  return subject;
}

static void keep_made(struct trial *trial, const struct subject *subject, const struct assignment *instead) {
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};

  if (!subject_settings(&settings, subject, trial->directory, 1, NULL, instead, &error)) trial_fail(trial, "%s", error.message);
  keep(trial, settings);
}

static char **copy_environment(struct trial *trial) {
  size_t count = 0;
  char **copy;

  while (environ[count] != NULL) count++;
  copy = calloc(count + 1, sizeof *copy);
  if (copy == NULL) trial_fail(trial, "There is not enough memory for the examination.");
  memcpy(copy, environ, count * sizeof *copy);
  return copy;
}

void must_keep_secrets(struct trial *trial, enum leak leak) {
  const struct bs_metadata *metadata = trial->subject->candidate->metadata;
  char *nowhere BS_AUTO_FREE = must_make_nowhere(trial);
  bool found = false;
  struct subject subject;

  for (size_t i = 0; i < metadata->option_count; i++) found = found || metadata->options[i].type == BS_OPTION_SECRET;
  if (!found) trial_skip(trial, "the driver has no SECRET option");
  keeping.trial = trial;
  keeping.leak = leak;
  keeping.environment = copy_environment(trial);
  if (leak == LEAK_SAID) trial->heard = hear;
  keep(trial, must_settings(trial, NULL, NULL, NULL));
  subject = make_secrets(trial);
  keep_made(trial, &subject, NULL);
  for (size_t i = 0; i < metadata->option_count; i++)
    if (metadata->options[i].type == BS_OPTION_PATH)
      keep_made(trial, &subject, &(struct assignment){(char *)(uintptr_t)metadata->options[i].key, nowhere});
}
