/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/wrong.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/auto.h"

const struct bs_option *find_option(const struct trial *trial, const char *key) {
  const struct bs_metadata *metadata = trial->subject->candidate->metadata;

  for (size_t i = 0; i < metadata->option_count; i++)
    if (strcmp(metadata->options[i].key, key) == 0) return &metadata->options[i];
  return NULL;
}

struct blockstore_settings *must_settings(struct trial *trial, const struct assignment *instead,
                                          bool (*leave_out)(const struct bs_option *option, void *user), void *user) {
  struct subject subject = *trial->subject;
  struct assignment *kept BS_AUTO_FREE = calloc(subject.options.count + 1, sizeof *kept);
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};
  size_t count = 0;

  if (kept == NULL) trial_fail(trial, "There is not enough memory for the examination.");
  for (size_t i = 0; i < subject.options.count; i++) {
    const struct bs_option *option = find_option(trial, subject.options.items[i].key);

    if (leave_out == NULL || !leave_out(option, user)) kept[count++] = subject.options.items[i];
  }
  subject.options = (struct assignments){kept, count};
  if (!subject_settings(&settings, &subject, trial->directory, 1, NULL, instead, &error)) trial_fail(trial, "%s", error.message);
  return settings;
}

char *must_name_path(struct trial *trial, const char *name) {
  char *directory BS_AUTO_FREE = realpath(trial->directory, NULL), *path = NULL;

  if (directory == NULL || asprintf(&path, "%s/%s", directory, name) < 0)
    trial_fail(trial, "A path for the examination cannot be made.");
  return path;
}

char *must_make_nowhere(struct trial *trial) {
  char *file BS_AUTO_FREE = must_name_path(trial, "file"), *path = must_name_path(trial, "file/nowhere");
  int fd BS_AUTO_CLOSE = -1;

  fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) trial_fail(trial, "%s: The file cannot be made: %s", file, strerror(errno));
  return path;
}

/* Every descriptor above those that are open is beyond the limit. */
static void take_descriptors(struct call *call) {
  int next = dup(STDIN_FILENO);
  struct rlimit limit;

  (void)call;
  if (next < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  close(next);
  limit.rlim_cur = (rlim_t)next;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static enum blockstore_status open_without_descriptors(struct store *ret_store, struct call *ret_call, struct trial *trial) {
  struct rlimit before = {RLIM_INFINITY, RLIM_INFINITY};
  enum blockstore_status status;

  getrlimit(RLIMIT_NOFILE, &before);
  trial->begun = take_descriptors;
  status = store_try(ret_store, trial, must_settings(trial, NULL, NULL, NULL), ret_call);
  trial->begun = NULL;
  setrlimit(RLIMIT_NOFILE, &before);
  return status;
}

static enum blockstore_status open_cancelled(struct store *ret_store, struct call *ret_call, struct trial *trial) {
  enum blockstore_status status;

  trial->begun = call_cancel;
  status = store_try(ret_store, trial, must_settings(trial, NULL, NULL, NULL), ret_call);
  trial->begun = NULL;
  return status;
}

/* PATH option `number`, or NULL. */
static const struct bs_option *path_option(const struct trial *trial, size_t number) {
  const struct bs_metadata *metadata = trial->subject->candidate->metadata;

  for (size_t i = 0; i < metadata->option_count; i++)
    if (metadata->options[i].type == BS_OPTION_PATH && number-- == 0) return &metadata->options[i];
  return NULL;
}

size_t wrong_ways(const struct trial *trial) {
  size_t paths = 0;

  while (path_option(trial, paths) != NULL) paths++;
  return paths + 2;
}

enum blockstore_status open_wrongly(struct store *ret_store, struct call *ret_call, struct trial *trial, size_t way) {
  const struct bs_option *option = path_option(trial, way);
  char *nowhere BS_AUTO_FREE = NULL;
  struct assignment instead;

  if (option == NULL && way + 1 == wrong_ways(trial)) return open_without_descriptors(ret_store, ret_call, trial);
  if (option == NULL) return open_cancelled(ret_store, ret_call, trial);
  nowhere = must_make_nowhere(trial);
  instead = (struct assignment){(char *)(uintptr_t)option->key, nowhere};
  return store_try(ret_store, trial, must_settings(trial, &instead, NULL, NULL), ret_call);
}
