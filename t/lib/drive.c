/* SPDX-License-Identifier: MIT */
/*
 * usage: drive FILE.so [KEY=VALUE]... <SCRIPT
 * Opens one store of a driver, the values written as for blockstore-driver-test, and makes the calls of the script, one a
 * line, as the core makes them, but each once and no more.  For each it prints the status and the sentence, and before
 * that what the driver warned of, as "log: LINE".
 *
 *   get_immutable KEY FILE      put_immutable KEY FILE      delete_immutable KEY      handles_url URL
 *   get_mutable URL FILE        put_mutable ID FILE         delete_mutable ID         make_mutable_url ID        check
 *   deadline MILLISECONDS       of the calls that follow; 20 s before
 *   limit BYTES                 the largest value that they take; any before
 *   run COMMAND                 by the shell, between two calls
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/io.h"
#include "core/base/log.h"
#include "core/driver/call.h"
#include "tools/driver-test/subject.h"

static struct bs_scopes scopes;
static uint64_t deadline_ms = 20000, limit = UINT64_MAX;

static const struct verb {
  const char *name;
  enum bs_entry entry;
  bool puts;
  bool fetches;
} verbs[] = {
    {"get_immutable", BS_ENTRY_GET_IMMUTABLE, false, true},
    {"get_mutable", BS_ENTRY_GET_MUTABLE, false, true},
    {"put_immutable", BS_ENTRY_PUT_IMMUTABLE, true, false},
    {"put_mutable", BS_ENTRY_PUT_MUTABLE, true, false},
    {"delete_immutable", BS_ENTRY_DELETE_IMMUTABLE, false, false},
    {"delete_mutable", BS_ENTRY_DELETE_MUTABLE, false, false},
    {"handles_url", BS_ENTRY_HANDLES_URL, false, false},
    {"make_mutable_url", BS_ENTRY_MAKE_MUTABLE_URL, false, true},
    {"check", BS_ENTRY_CHECK, false, true},
};

static void die(const char *message) {
  printf("drive: %s\n", message);
  exit(2);
}

static void tell_line(void *user, int level, const char *line) {
  (void)user, (void)level;
  printf("log: %s\n", line);
}

/* ---- what comes out goes to a file, or to the output ---- */

static bool begin(void *user, uint64_t size, struct bs_error *error) {
  (void)size;
  return *(int *)user == STDOUT_FILENO || ftruncate(*(int *)user, 0) == 0 || bs_fail_errno(error, "The file");
}

static bool take(void *user, const void *bytes, size_t length, struct bs_error *error) {
  return bs_file_write_all(*(int *)user, bytes, length) || bs_fail_errno(error, "The file");
}

static bool end(void *user, struct bs_error *error) {
  (void)user, (void)error;
  return true;
}

/* ---- calls ---- */

static void tell(const struct bs_call_result *result) {
  printf("%s%s%s%s\n", result->abandoned ? "ABANDONED " : "", bs_status_text(result->status),
         result->status == BLOCKSTORE_STATUS_OK ? "" : " ", result->status == BLOCKSTORE_STATUS_OK ? "" : result->error.message);
}

static struct bs_scope *open_scope(uint64_t milliseconds) {
  struct bs_scope *scope;
  struct bs_error error;

  if (!bs_scope_open(&scopes, &scope, milliseconds, &error)) die(error.message);
  return scope;
}

/* What is put; hashing it is not the driver's time. */
static struct bs_feed *open_feed(int fd) {
  struct bs_scope *scope = open_scope(0);
  unsigned char digest[BS_SHA256_SIZE];
  struct bs_feed *feed;
  struct bs_error error;

  if (!bs_feed_from_fd(&feed, fd, 0, UINT64_MAX, &error) || !bs_feed_digest(feed, digest, NULL, NULL, NULL, scope, &error))
    die(error.message);
  bs_scope_close(scope);
  return feed;
}

static void make_call(struct bs_store *store, const struct verb *verb, const char *target, const char *file) {
  int fd BS_AUTO_CLOSE = file == NULL ? -1 : open(file, verb->puts ? O_RDONLY : O_RDWR | O_CREAT | O_APPEND, 0600);
  int out = file == NULL ? STDOUT_FILENO : fd;
  const struct bs_receiver receiver = {limit, &out, begin, take, end};
  struct bs_feed *feed BS_AUTO_FEED = verb->puts && fd >= 0 ? open_feed(fd) : NULL;
  struct bs_arguments arguments = {.target = target, .signature = "v2:", .version = 1, .feed = feed};
  struct bs_scope *scope = open_scope(deadline_ms);
  struct bs_call *call;
  struct bs_error error;

  if (verb->puts ? feed == NULL : file != NULL && fd < 0) die("a file is wanted");
  arguments.receiver = verb->fetches ? &receiver : NULL;
  if (!bs_call_new(&call, store, verb->entry, &arguments, &error)) die(error.message);
  bs_calls_run(&call, 1, scope, NULL);
  if (verb->fetches && file == NULL && bs_call_result(call)->status == BLOCKSTORE_STATUS_OK) printf("\n");
  tell(bs_call_result(call));
  bs_call_release(call);
  bs_scope_close(scope);
}

static void obey(struct bs_store *store, char *line) {
  char *rest = line + strcspn(line, " "), *file;

  if (*rest != '\0') *rest++ = '\0';
  fflush(stdout);
  if (strcmp(line, "deadline") == 0 || strcmp(line, "limit") == 0) {
    *(line[0] == 'd' ? &deadline_ms : &limit) = strtoull(rest, NULL, 10);
    return;
  }
  if (strcmp(line, "run") == 0) {
    if (system(rest) != 0) die("a command failed"); /* NOLINT(cert-env33-c): the script is the test's own */
    return;
  }
  file = strrchr(rest, ' ');
  if (file != NULL) *file++ = '\0';
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
    if (strcmp(line, verbs[i].name) == 0) {
      make_call(store, &verbs[i], rest, file);
      return;
    }
  die(line);
}

/* ---- the store ---- */

static void read_arguments(struct subject *subject, int count, char **arguments) {
  struct bs_error error;

  if (count < 2) die("a driver's file is wanted");
  if (!subject_read(subject, arguments[1], &error)) die(error.message);
  subject->options.items = calloc((size_t)count, sizeof *subject->options.items);
  if (subject->options.items == NULL) die("no memory");
  for (int i = 2; i < count; i++) {
    char *equals = strchr(arguments[i], '=');

    if (equals == NULL) die(arguments[i]);
    subject->options.items[subject->options.count++] =
        (struct assignment){strndup(arguments[i], (size_t)(equals - arguments[i])), strdup(equals + 1)};
  }
}

static struct bs_store *open_store(const struct subject *subject) {
  const char *scratch = getenv("TMPDIR");
  struct blockstore_settings *settings;
  const struct bs_module *module;
  struct bs_scope *scope = open_scope(deadline_ms);
  struct bs_store *store = NULL;
  struct bs_error error;

  if (!subject_load(&module, subject, &error)) die(error.message);
  if (!subject_settings(&settings, subject, scratch == NULL ? "/tmp" : scratch, 1, NULL, NULL, &error) ||
      !bs_store_open(&store, "store", module->name, module->driver, module->driver_size, module->metadata, settings, -1, NULL,
                     scope, &error)) {
    printf("open: %s\n", error.message);
    exit(1);
  }
  bs_scope_close(scope);
  return store;
}

int main(int count, char **arguments) {
  struct subject subject = {.seed = 0};
  struct bs_store *store;
  char *line = NULL;
  size_t room = 0;

  bs_log_to(tell_line, NULL, BS_LOG_WARNING);
  read_arguments(&subject, count, arguments);
  store = open_store(&subject);
  while (getline(&line, &room, stdin) > 0) {
    line[strcspn(line, "\n")] = '\0';
    obey(store, line);
  }
  free(line);
  bs_store_close(store);
  bs_scopes_free(&scopes);
  subject_free(&subject);
  return 0;
}
