/* SPDX-License-Identifier: MIT */
/* Options: every value that the core lets through is taken, or refused with a sentence. */
#include <config.h>

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/driver/value.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/host.h"
#include "tools/driver-test/secrets.h"
#include "tools/driver-test/wrong.h"

#define LONG_TEXT 5000

static const struct bs_metadata *metadata_of(const struct trial *trial) {
  return trial->subject->candidate->metadata;
}

static void explain(struct trial *trial) {
  const struct bs_metadata *metadata = metadata_of(trial);

  for (size_t i = 0; i < metadata->option_count; i++)
    if (metadata->options[i].help[strspn(metadata->options[i].help, " ")] == '\0')
      trial_fail(trial, "The option \"%s\" has no help text.", metadata->options[i].key);
}

/* ---- storage_init, with this and that ---- */

/* How the store is to be opened, each time in a process of its own. */
struct attempt {
  const struct assignment *instead; /* may be NULL */
  const char *left_out;             /* a key; NULL: none */
  bool leaves_out_all;              /* that may be */
  const char *what;                 /* for messages */
};

static bool is_left_out(const struct bs_option *option, void *user) {
  const struct attempt *attempt = user;

  if (option == NULL || option->required) return false;
  return attempt->leaves_out_all || (attempt->left_out != NULL && strcmp(option->key, attempt->left_out) == 0);
}

static void try_attempt(struct trial *trial, void *user) {
  const struct attempt *attempt = user;
  struct store store;
  struct call call;
  enum blockstore_status status = store_try(&store, trial, must_settings(trial, attempt->instead, is_left_out, user), &call);

  if (status == BLOCKSTORE_STATUS_OK) store_close(&store);
  else if (call.sentence[0] == '\0')
    trial_fail(trial, "%s, storage_init answered %s, and no sentence says why.", attempt->what, answer_text(&call, status));
  call_end(&call);
}

static void must_open_or_refuse(struct trial *trial, struct attempt *attempt) {
  char what[200];

  snprintf(what, sizeof what, "%s, the driver", attempt->what);
  trial_must_end(trial, trial_in_child(trial, try_attempt, attempt), what);
}

static void leave_out(struct trial *trial) {
  const struct assignments *options = &trial->subject->options;
  struct attempt all = {.leaves_out_all = true, .what = "Without all options that may be left out"};

  setenv("HOME", trial->directory, 1); /* where a default may lie */
  for (size_t i = 0; i < options->count; i++) {
    struct attempt attempt = {.left_out = options->items[i].key};
    char what[64];

    if (find_option(trial, attempt.left_out)->required) continue;
    snprintf(what, sizeof what, "Without the option %s", attempt.left_out);
    attempt.what = what;
    must_open_or_refuse(trial, &attempt);
  }
  must_open_or_refuse(trial, &all);
}

static void try_value(struct trial *trial, const struct bs_option *option, const char *value) {
  const struct assignment instead = {(char *)(uintptr_t)option->key, (char *)(uintptr_t)value};
  struct attempt attempt = {.instead = &instead};
  char what[160];

  snprintf(what, sizeof what, "With %s=%.100s", option->key, value);
  attempt.what = what;
  must_open_or_refuse(trial, &attempt);
}

/* Tries the values on all options of these types (bits). */
static void try_values(struct trial *trial, unsigned types, const char *const *values) {
  const struct bs_metadata *metadata = metadata_of(trial);

  for (size_t i = 0; i < metadata->option_count; i++)
    for (const char *const *value = values; *value != NULL && (1u << metadata->options[i].type & types) != 0; value++)
      try_value(trial, &metadata->options[i], *value);
}

/* Is there any option of these types?  Skipped if not. */
static void needs_types(struct trial *trial, unsigned types) {
  const struct bs_metadata *metadata = metadata_of(trial);
  unsigned found = 0;

  for (size_t i = 0; i < metadata->option_count; i++) found |= 1u << metadata->options[i].type;
  if ((found & types) == 0) trial_skip(trial, "the driver has no such option");
}

static void try_words(struct trial *trial) {
  const struct bs_metadata *metadata = metadata_of(trial);

  needs_types(trial, 1u << BS_OPTION_ENUM | 1u << BS_OPTION_BOOL);
  try_values(trial, 1u << BS_OPTION_BOOL, (const char *const[]){"true", "false", NULL});
  for (size_t i = 0; i < metadata->option_count; i++) {
    char *words BS_AUTO_FREE = strdup(metadata->options[i].values), *rest = words, *word;

    while ((word = strsep(&rest, ",")) != NULL)
      if (word[0] != '\0') try_value(trial, &metadata->options[i], word);
  }
}

static void try_numbers(struct trial *trial) {
  needs_types(trial, 1u << BS_OPTION_INT | 1u << BS_OPTION_SIZE | 1u << BS_OPTION_DURATION);
  try_values(trial, 1u << BS_OPTION_INT,
             (const char *const[]){"-9223372036854775808", "-1", "0", "1", "9223372036854775807", NULL});
  try_values(trial, 1u << BS_OPTION_SIZE, (const char *const[]){"0", "1", "9223372036854775807", NULL});
  try_values(trial, 1u << BS_OPTION_DURATION, (const char *const[]){"0ms", "1ms", "9223372036854775807ms", NULL});
}

static void try_texts(struct trial *trial) {
  char long_text[LONG_TEXT + 1];

  needs_types(trial, 1u << BS_OPTION_STRING | 1u << BS_OPTION_LIST);
  memset(long_text, 'x', LONG_TEXT);
  long_text[LONG_TEXT] = '\0';
  try_values(trial, 1u << BS_OPTION_STRING | 1u << BS_OPTION_LIST,
             (const char *const[]){"", long_text, "%s%s%n", "../../'\"\\;\xc3\xa9", NULL});
}

/* ---- paths ---- */

/* A PATH option, and a value that does not do. */
struct bad_path {
  const struct bs_option *option;
  const char *path;
  bool may_do; /* it may do after all */
};

static void must_name(struct trial *trial, const struct bad_path *bad, const char *entry, const struct call *call,
                      enum blockstore_status status) {
  if (strstr(call->sentence, bad->path) == NULL)
    trial_fail(trial, "With %s=%s, %s answered %s: the sentence does not name the path.", bad->option->key, bad->path, entry,
               answer_text(call, status));
}

/* Uses the store: true when that fails, with a sentence that names the path. */
static bool fails_later(struct trial *trial, struct store *store, const struct bad_path *bad) {
  bool writes = (trial->subject->traits.capabilities & BS_CAPABILITY_READ_ONLY) == 0;
  struct datum datum AUTO_DATUM;
  enum blockstore_status status;
  struct output output;
  struct input input;
  struct call call;

  call_begin(&call, store);
  datum_make(&datum, trial, 100);
  input_begin(&input, trial, datum.bytes, datum.size);
  output_begin(&output, trial);
  status = writes ? store_put_immutable(store, &call, datum.key, &input, NULL)
                  : store_get_immutable(store, &call, &output, datum.key);
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND)
    must_name(trial, bad, writes ? "put_immutable_handler" : "get_immutable_handler", &call, status);
  output_end(&output);
  call_end(&call);
  return status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND;
}

/* What can wait until it is needed need not be looked at by storage_init. */
static void try_path(struct trial *trial, void *user) {
  const struct bad_path *bad = user;
  const struct assignment instead = {(char *)(uintptr_t)bad->option->key, (char *)(uintptr_t)bad->path};
  struct store store;
  struct call call;
  enum blockstore_status status = store_try(&store, trial, must_settings(trial, &instead, NULL, NULL), &call);

  if (status != BLOCKSTORE_STATUS_OK) {
    must_name(trial, bad, "storage_init", &call, status);
  } else {
    if (!fails_later(trial, &store, bad) && !bad->may_do)
      trial_fail(trial, "With %s=%s, which cannot be, the store opens and works.", bad->option->key, bad->path);
    store_close(&store);
  }
  call_end(&call);
}

static void try_paths(struct trial *trial, const char *path, bool may_do) {
  const struct bs_metadata *metadata = metadata_of(trial);

  needs_types(trial, 1u << BS_OPTION_PATH);
  for (size_t i = 0; i < metadata->option_count; i++) {
    struct bad_path bad = {&metadata->options[i], path, may_do || !metadata->options[i].required};
    char what[1024];

    if (bad.option->type != BS_OPTION_PATH) continue;
    snprintf(what, sizeof what, "With %s=%.900s, the driver", bad.option->key, path);
    trial_must_end(trial, trial_in_child(trial, try_path, &bad), what);
  }
}

static void try_nowhere(struct trial *trial) {
  char *path BS_AUTO_FREE = must_make_nowhere(trial);

  try_paths(trial, path, false);
}

/* Modes are for root too, in this process. */
static void drop_override(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

  if (syscall(SYS_capget, &header, data) < 0) return;
  data[0].effective &= ~(1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH);
  data[0].permitted &= data[0].effective; /* what access() goes by */
  syscall(SYS_capset, &header, data);
}

static void try_locked(struct trial *trial) {
  char *path BS_AUTO_FREE = must_name_path(trial, "locked");

  if (mkdir(path, 0500) < 0) trial_fail(trial, "%s: The directory cannot be made: %s", path, strerror(errno));
  drop_override();
  if (access(path, W_OK) == 0) trial_skip(trial, "modes do not count here");
  try_paths(trial, path, true);
}

/* ---- what is asked for ---- */

/* Of the process. */
static struct {
  struct trial *trial;
  const struct blockstore_settings *settings; /* the driver's; a filter above it has others */
  atomic_bool asked[BS_METADATA_OPTIONS_MAX];
  bool judges_keys, judges_types;
} asking;

static void note(const char *key, size_t index, bool as_number) {
  const struct bs_metadata *metadata = metadata_of(asking.trial);
  const struct bs_option *option = find_option(asking.trial, key);
  unsigned numbers = 1u << BS_OPTION_INT | 1u << BS_OPTION_SIZE | 1u << BS_OPTION_BOOL | 1u << BS_OPTION_DURATION;

  if (option != NULL) atomic_store(&asking.asked[option - metadata->options], true);
  if (option == NULL && asking.judges_keys)
    trial_fail(asking.trial, "It asks for the option \"%s\", which it does not declare.", key);
  if (option == NULL || !asking.judges_types) return;
  if (as_number && (1u << option->type & numbers) == 0)
    trial_fail(asking.trial, "It asks for the number of the option \"%s\", which is a %s.", key,
               bs_option_type_text(option->type));
  if (index > 0 && option->type != BS_OPTION_LIST)
    trial_fail(asking.trial, "It asks for item %zu of the option \"%s\", which is a %s and no list.", index, key,
               bs_option_type_text(option->type));
}

static const char *asked_setting(const struct blockstore_settings *settings, const char *key, size_t index) {
  if (settings == asking.settings) note(key, index, false);
  return host_table.setting(settings, key, index);
}

static int64_t asked_number(const struct blockstore_settings *settings, const char *key) {
  if (settings == asking.settings) note(key, 0, true);
  return host_table.setting_number(settings, key);
}

/* A life of the store, in which everything is asked that ever will be. */
static void watch_asking(struct trial *trial) {
  struct blockstore_host host = host_table;
  struct blockstore_settings *settings;

  asking.trial = trial;
  host.setting = asked_setting;
  host.setting_number = asked_number;
  trial->host = &host;
  settings = must_settings(trial, NULL, NULL, NULL);
  asking.settings = settings;
  live(trial, settings, NULL);
}

static void need_required(struct trial *trial) {
  const struct bs_metadata *metadata = metadata_of(trial);

  watch_asking(trial);
  for (size_t i = 0; i < metadata->option_count; i++)
    if (metadata->options[i].required && !atomic_load(&asking.asked[i]))
      trial_fail(trial, "The option \"%s\" is required, and it never asks for it.", metadata->options[i].key);
}

static void ask_declared(struct trial *trial) {
  asking.judges_keys = true;
  watch_asking(trial);
}

static void ask_by_type(struct trial *trial) {
  asking.judges_types = true;
  watch_asking(trial);
}

/* ---- secrets ---- */

static void keep_unsaid(struct trial *trial) {
  must_keep_secrets(trial, LEAK_SAID);
}

static void keep_from_urls(struct trial *trial) {
  must_keep_secrets(trial, LEAK_URL);
}

static void keep_from_report(struct trial *trial) {
  must_keep_secrets(trial, LEAK_REPORT);
}

static void keep_from_files(struct trial *trial) {
  must_keep_secrets(trial, LEAK_FILE);
}

static void keep_unprinted(struct trial *trial) {
  must_keep_secrets(trial, LEAK_PRINTED);
}

static void keep_from_environment(struct trial *trial) {
  must_keep_secrets(trial, LEAK_ENVIRONMENT);
}

static const struct behaviour behaviours[] = {
    {"options.help", "each option has a help text", NEEDS_LOADED, explain},
    {"options.optional", "what is optional may be left out: it opens, or says why not", NEEDS_LOADED, leave_out},
    {"options.required", "what is required is asked for", NEEDS_HOST, need_required},
    {"options.declared", "no option is asked for that it does not declare", NEEDS_HOST, ask_declared},
    {"options.typed", "options are asked for as what they were declared", NEEDS_HOST, ask_by_type},
    {"options.words", "each word of an ENUM or BOOL option is taken, or refused with a sentence", NEEDS_LOADED, try_words},
    {"options.numbers", "the smallest and the largest numbers are taken, or refused with a sentence", NEEDS_LOADED, try_numbers},
    {"options.texts", "empty, long and strange texts are taken, or refused with a sentence", NEEDS_LOADED, try_texts},
    {"options.paths", "a path that cannot be is refused, with a sentence that names it", NEEDS_LOADED, try_nowhere},
    {"options.locked", "so is a directory that may not be written, if it must be", NEEDS_WRITES, try_locked},
    {"options.secret-said", "a secret is in no sentence and no line of the log", NEEDS_LOADED, keep_unsaid},
    {"options.secret-url", "a secret is in no URL", NEEDS_LOADED, keep_from_urls},
    {"options.secret-report", "a secret is not in the report of check", NEEDS_LOADED, keep_from_report},
    {"options.secret-file", "a secret is in no file's name", NEEDS_LOADED, keep_from_files},
    {"options.secret-printed", "a secret is not printed", NEEDS_LOADED, keep_unprinted},
    {"options.secret-environment", "a secret does not get into the environment", NEEDS_LOADED, keep_from_environment},
};
const struct group group_options = GROUP(behaviours);
