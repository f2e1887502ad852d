/* SPDX-License-Identifier: MIT */
/*
 * exec: a store that is a program, which speaks the protocol of blockstore-exec(7).  Each entry point is one request to a
 * process of it.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/plugin.h"
#include "plugins/exec/pool.h"

#define VARIABLES_MOST 16
#define KEY_MOST 31
#define PROCESSES 16 /* at once, where nothing else is said */
#define PROCESSES_MOST 1024

struct exec {
  struct bs_exec_program program; /* all options */
  struct bs_exec_pool *pool;
};

/* Helpers. */

/* A process with the beginning of a request in its line. */
static enum blockstore_status exec_begin(struct bs_exec_process **ret_process, const struct exec *exec,
                                         struct blockstore_call *call, const char *word) {
  enum blockstore_status status = bs_exec_pool_take(ret_process, exec->pool, call);

  if (status == BLOCKSTORE_STATUS_OK) bs_exec_process_request(*ret_process, word, call->host->time_left(call));
  return status;
}

static enum blockstore_status exec_finish(const struct exec *exec, struct bs_exec_process *process, struct blockstore_call *call,
                                          const struct blockstore_source *source, struct blockstore_sink *sink) {
  enum bs_exec_end end;
  enum blockstore_status status = bs_exec_exchange(process, &end, call, exec->program.path, source, sink);

  if (end == BS_EXEC_SILENT)
    blockstore_log(call, BLOCKSTORE_LOG_WARNING, "%.400s: It did not end a call that was given up, and is killed.",
                   exec->program.path);
  bs_exec_pool_give(exec->pool, process, end);
  return status;
}

/* A request with one value. */
static enum blockstore_status exec_ask(const struct exec *exec, struct blockstore_call *call, const char *word, const char *key,
                                       const char *value, struct blockstore_sink *sink) {
  struct bs_exec_process *process;
  enum blockstore_status status = exec_begin(&process, exec, call, word);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (key != NULL) bs_exec_line_text(&process->line, key, value);
  return exec_finish(exec, process, call, NULL, sink);
}

/* Options. */

/* Bytes of the key that it begins with, as options of drivers are named; 0: it begins with none. */
static size_t exec_key_length(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

  return length <= KEY_MOST && text[0] >= 'a' && text[0] <= 'z' ? length : 0;
}

static size_t exec_count(struct blockstore_call *call, const struct blockstore_settings *settings, const char *key) {
  size_t count = 0;

  while (call->host->setting(settings, key, count) != NULL) count++;
  return count;
}

/*
 * KEY=VALUE.  KEY alone stands where the core runs a driver in processes of its own (isolate), for each secret of that
 * driver: the value is then the setting secret.KEY, whose name no configuration can write.
 */
static enum blockstore_status exec_read_option(struct bs_exec_option *ret_option, struct blockstore_call *call,
                                               const struct blockstore_settings *settings, const char *text) {
  size_t length = exec_key_length(text), shown = strcspn(text, "=");
  char key[sizeof "secret." + KEY_MOST];

  *ret_option = (struct bs_exec_option){text, length, text + length + 1};
  if (length > 0 && text[length] == '\0') {
    snprintf(key, sizeof key, "secret.%s", text);
    ret_option->value = call->host->setting(settings, key, 0);
    if (ret_option->value != NULL) return BLOCKSTORE_STATUS_OK;
  }
  if (length == 0 || text[length] != '=')
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "options: \"%.*s\": KEY=VALUE was expected, KEY being small letters, digits and _, 31 at most.",
                           (int)(shown < 60 ? shown : 60), text);
  if (strncmp(text, "secret=", strlen("secret=")) == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "options: A secret is given as the option secret of the store, not here.");
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status exec_read_options(struct exec *exec, struct blockstore_call *call,
                                                const struct blockstore_settings *settings) {
  size_t count = exec_count(call, settings, "options");
  const char *secret = call->host->setting(settings, "secret", 0);
  struct bs_exec_option *options = calloc(count + 1, sizeof *options);

  exec->program.options = options;
  if (options == NULL) return bs_plugin_fail_memory(call);
  for (size_t i = 0; i < count; i++) {
    enum blockstore_status status =
        exec_read_option(&options[i], call, settings, call->host->setting(settings, "options", i));

    if (status != BLOCKSTORE_STATUS_OK) return status;
  }
  exec->program.option_count = count;
  if (secret != NULL) options[exec->program.option_count++] = (struct bs_exec_option){"secret", strlen("secret"), secret};
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status exec_read_arguments(struct exec *exec, struct blockstore_call *call,
                                                  const struct blockstore_settings *settings) {
  size_t count = exec_count(call, settings, "arguments");

  exec->program.path = call->host->setting(settings, "program", 0);
  exec->program.arguments = calloc(count + 2, sizeof *exec->program.arguments);
  if (exec->program.arguments == NULL) return bs_plugin_fail_memory(call);
  exec->program.arguments[0] = exec->program.path;
  for (size_t i = 0; i < count; i++) exec->program.arguments[1 + i] = call->host->setting(settings, "arguments", i);
  return BLOCKSTORE_STATUS_OK;
}

/* Where a driver is isolated the core says nothing of it. */
static enum blockstore_status exec_read_processes(struct exec *exec, struct blockstore_call *call,
                                                  const struct blockstore_settings *settings) {
  const char *text = call->host->setting(settings, "processes", 0);
  int64_t number = text == NULL ? PROCESSES : call->host->setting_number(settings, "processes");

  if (number < 1 || number > PROCESSES_MOST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "processes: A number from 1 to " BLOCKSTORE_STRING(PROCESSES_MOST) " was expected.");
  exec->program.processes_most = (unsigned)number;
  return BLOCKSTORE_STATUS_OK;
}

/* Little of the environment: what says who and where it is, and how its language is. */
static enum blockstore_status exec_make_environment(struct exec *exec, struct blockstore_call *call) {
  static const struct {
    const char *name, *otherwise; /* NULL: it is left out */
  } variables[] = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", NULL}, {"TMPDIR", NULL}, {"TZ", NULL},
                   {"LANG", NULL}, {"LC_ALL", NULL}, {"LC_CTYPE", NULL}};
  char **next = calloc(VARIABLES_MOST, sizeof *next);

  exec->program.environment = next;
  if (next == NULL || (*next++ = strdup("BLOCKSTORE_EXEC=" BLOCKSTORE_STRING(BS_EXEC_VERSION))) == NULL)
    return bs_plugin_fail_memory(call);
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
    const char *value = secure_getenv(variables[i].name);

    if (value == NULL) value = variables[i].otherwise;
    if (value == NULL) continue;
    if (asprintf(next, "%s=%s", variables[i].name, value) < 0) {
      *next = NULL;
      return bs_plugin_fail_memory(call);
    }
    next++;
  }
  return BLOCKSTORE_STATUS_OK;
}

static void exec_free(struct exec *exec) {
  if (exec->program.environment != NULL)
    for (char **variable = exec->program.environment; *variable != NULL; variable++) free(*variable);
  free(exec->program.environment);
  free(exec->program.arguments);
  free(exec->program.options); /* the array is ours, the texts are the settings' */
  free(exec);
}

/* Lifecycle. */

/* Starts the first process, so that what is wrong with the program is known from the beginning. */
static enum blockstore_status exec_start(struct exec *exec, struct blockstore_call *call) {
  struct bs_exec_process *process;
  enum blockstore_status status = bs_exec_pool_open(&exec->pool, call, &exec->program);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  status = bs_exec_pool_take(&process, exec->pool, call);
  if (status == BLOCKSTORE_STATUS_OK) bs_exec_pool_give(exec->pool, process, BS_EXEC_WAITS);
  else bs_exec_pool_close(exec->pool);
  return status;
}

static enum blockstore_status exec_storage_init(void **ret_self, struct blockstore_call *call,
                                                const struct blockstore_settings *settings, const struct blockstore_next *next) {
  struct exec *exec = calloc(1, sizeof *exec);
  enum blockstore_status status;

  (void)next;
  if (exec == NULL) return bs_plugin_fail_memory(call);
  status = exec_read_options(exec, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) status = exec_read_arguments(exec, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) status = exec_read_processes(exec, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) status = exec_make_environment(exec, call);
  if (status == BLOCKSTORE_STATUS_OK) status = exec_start(exec, call);
  if (status == BLOCKSTORE_STATUS_OK) *ret_self = exec;
  else exec_free(exec);
  return status;
}

static void exec_storage_close(void *self, struct blockstore_call *call) {
  struct exec *exec = self;

  (void)call;
  bs_exec_pool_close(exec->pool);
  exec_free(exec);
}

/* URLs. */

static enum blockstore_status exec_handles_url(void *self, struct blockstore_call *call, const char *url) {
  return exec_ask(self, call, "handles_url", "url", url, NULL);
}

static enum blockstore_status exec_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                    const char *data_id) {
  return exec_ask(self, call, "make_mutable_url", "data_id", data_id, ret_url);
}

/* Immutable data. */

static enum blockstore_status exec_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                 const char *key) {
  return exec_ask(self, call, "get_immutable_handler", "key", key, ret_data);
}

static enum blockstore_status exec_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                 const struct blockstore_source *data, const char *txid) {
  struct bs_exec_process *process;
  enum blockstore_status status = exec_begin(&process, self, call, "put_immutable_handler");

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_exec_line_text(&process->line, "key", key);
  bs_exec_line_number(&process->line, "size", data->size);
  if (txid != NULL) bs_exec_line_text(&process->line, "txid", txid);
  return exec_finish(self, process, call, data, NULL);
}

static enum blockstore_status exec_delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  struct bs_exec_process *process;
  enum blockstore_status status = exec_begin(&process, self, call, "delete_immutable_handler");

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_exec_line_text(&process->line, "key", key);
  if (txid != NULL) bs_exec_line_text(&process->line, "txid", txid);
  return exec_finish(self, process, call, NULL, NULL);
}

/* Mutable data. */

static enum blockstore_status exec_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                               const char *url) {
  return exec_ask(self, call, "get_mutable_handler", "url", url, ret_record);
}

static enum blockstore_status exec_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                               const char *signature, const struct blockstore_source *record) {
  struct bs_exec_process *process;
  enum blockstore_status status = exec_begin(&process, self, call, "put_mutable_handler");

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_exec_line_text(&process->line, "data_id", data_id);
  bs_exec_line_number(&process->line, "version", version);
  bs_exec_line_text(&process->line, "signature", signature);
  bs_exec_line_number(&process->line, "size", record->size);
  return exec_finish(self, process, call, record, NULL);
}

static enum blockstore_status exec_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                  const char *signature) {
  struct bs_exec_process *process;
  enum blockstore_status status = exec_begin(&process, self, call, "delete_mutable_handler");

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_exec_line_text(&process->line, "data_id", data_id);
  bs_exec_line_text(&process->line, "signature", signature);
  return exec_finish(self, process, call, NULL, NULL);
}

/* Beyond the eight. */

static enum blockstore_status exec_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  return exec_ask(self, call, "check", NULL, NULL, ret_report);
}

static const struct blockstore_driver exec_driver = {
    .storage_init = exec_storage_init,
    .storage_close = exec_storage_close,
    .handles_url = exec_handles_url,
    .make_mutable_url = exec_make_mutable_url,
    .get_immutable_handler = exec_get_immutable,
    .get_mutable_handler = exec_get_mutable,
    .put_immutable_handler = exec_put_immutable,
    .put_mutable_handler = exec_put_mutable,
    .delete_immutable_handler = exec_delete_immutable,
    .delete_mutable_handler = exec_delete_mutable,
    .check = exec_check,
};

#define EXEC_METADATA                                                                                              \
  BLOCKSTORE_VERSION(PACKAGE_VERSION)                                                                              \
  BLOCKSTORE_DESCRIPTION("A program of your own, in any language")                                                 \
  BLOCKSTORE_URL_SCHEME("exec")                                                                                    \
  BLOCKSTORE_THREADS_PARALLEL                                                                                      \
  BLOCKSTORE_NEEDS_PROGRAMS                                                                                        \
  BLOCKSTORE_NEEDS_NETWORK                                                                                         \
  BLOCKSTORE_OPTION("program", PATH, REQUIRED, "", "The program, which speaks the protocol of blockstore-exec(7)") \
  BLOCKSTORE_OPTION("arguments", LIST, OPTIONAL, "", "What it is started with")                                    \
  BLOCKSTORE_OPTION("options", LIST, OPTIONAL, "", "KEY=VALUE: what it is told, over the channel")                 \
  BLOCKSTORE_OPTION("secret", SECRET, OPTIONAL, "", "A secret that it is told, over the channel")                  \
  BLOCKSTORE_OPTION("processes", INT, OPTIONAL, BLOCKSTORE_STRING(PROCESSES), "How many there may be at once")

BLOCKSTORE_REGISTER_DRIVER(exec, exec_driver, EXEC_METADATA);
