/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-host/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/driver/call.h"
#include "tools/driver-host/sandbox.h"

#define WINDOW (256u << 10) /* bytes that are asked for at once, where the driver asks for less */
#define PIECE ((size_t)1 << 20) /* bytes that are sent before it is looked whether they are still wanted */

/* A request that is served. */
struct service {
  struct host *host;
  struct bs_scope *scope;
  uint64_t size;         /* of what is to be stored */
  uint64_t left;         /* bytes of the value that is given; a size that is not known never gets to 0 */
  unsigned char *window; /* a part of that; NULL: none was asked for */
  uint64_t window_offset;
  size_t window_length;
};

static const struct row {
  const char *word;
  enum bs_entry entry;
  const char *target; /* the key of its first argument; NULL: it has none */
  bool is_put, has_signature, has_version, gives;
} rows[] = {
    {"handles_url", BS_ENTRY_HANDLES_URL, "url", false, false, false, false},
    {"make_mutable_url", BS_ENTRY_MAKE_MUTABLE_URL, "data_id", false, false, false, true},
    {"get_immutable_handler", BS_ENTRY_GET_IMMUTABLE, "key", false, false, false, true},
    {"get_mutable_handler", BS_ENTRY_GET_MUTABLE, "url", false, false, false, true},
    {"put_immutable_handler", BS_ENTRY_PUT_IMMUTABLE, "key", true, false, false, false},
    {"put_mutable_handler", BS_ENTRY_PUT_MUTABLE, "data_id", true, true, true, false},
    {"delete_immutable_handler", BS_ENTRY_DELETE_IMMUTABLE, "key", false, false, false, false},
    {"delete_mutable_handler", BS_ENTRY_DELETE_MUTABLE, "data_id", false, true, false, false},
    {"check", BS_ENTRY_CHECK, NULL, false, false, false, true},
};

/* ---- what the request has ---- */

/* A scope that ends with the request's time. */
static bool open_scope(struct host *host, struct bs_scope **ret_scope, const struct bs_exec_message *request) {
  uint64_t deadline = 0;
  struct bs_error error = {0};

  if (bs_exec_message_text(request, "deadline", 0) != NULL) {
    if (!channel_number(&host->channel, &deadline, request, "deadline")) return false;
    if (deadline == 0) deadline = 1;
    if (deadline > UINT32_MAX) deadline = 0;
  }
  return bs_scope_open(&host->scopes, ret_scope, deadline, &error) || channel_break(&host->channel, "%s", error.message);
}

/* ---- cancelling: while nothing is asked for, the watcher looks ---- */

static void look(struct service *service) {
  if (channel_has_more(&service->host->channel)) bs_scope_cancel(service->scope); /* it came right behind the line before */
  else watcher_look(&service->host->watcher, service->scope);
}

/* ---- bytes; under the call's lock ---- */

static bool ask(struct service *service, void *buffer, size_t length, uint64_t offset, struct bs_error *error) {
  bool given;

  if (!bs_scope_check(service->scope, error)) return false;
  watcher_leave(&service->host->watcher);
  given = !channel_has_more(&service->host->channel) && channel_ask(&service->host->channel, buffer, length, offset);
  if (!given) {
    bs_scope_cancel(service->scope);
    return bs_scope_check(service->scope, error);
  }
  look(service);
  return true;
}

static bool refill(struct service *service, uint64_t offset, struct bs_error *error) {
  uint64_t left = service->size - offset;
  size_t length = left < WINDOW ? (size_t)left : WINDOW;

  if (service->window == NULL) service->window = malloc(WINDOW);
  if (service->window == NULL) return bs_fail_memory(error);
  service->window_length = 0;
  if (!ask(service, service->window, length, offset, error)) return false;
  service->window_offset = offset;
  service->window_length = length;
  return true;
}

static bool read_source(void *user, void *buffer, size_t length, uint64_t offset, struct bs_error *error) {
  struct service *service = user;

  if (length >= WINDOW) return ask(service, buffer, length, offset, error);
  if (offset < service->window_offset || offset + length > service->window_offset + service->window_length)
    if (!refill(service, offset, error)) return false;
  memcpy(buffer, service->window + (offset - service->window_offset), length);
  return true;
}

static bool begin_value(void *user, uint64_t size, struct bs_error *error) {
  struct service *service = user;

  (void)error;
  service->left = size;
  channel_send_begin(&service->host->channel, size);
  return true;
}

static bool write_value(void *user, const void *bytes, size_t length, struct bs_error *error) {
  struct service *service = user;

  for (size_t done = 0; done < length;) {
    size_t piece = length - done < PIECE ? length - done : PIECE;

    if (!bs_scope_check(service->scope, error)) return false;
    service->left -= piece;
    channel_send_data(&service->host->channel, (const char *)bytes + done, piece, service->left == 0);
    done += piece;
  }
  return true;
}

static bool end_value(void *user, struct bs_error *error) {
  (void)user, (void)error;
  return true;
}

/* ---- calls ---- */

/* What is no answer of the driver's is said there, too. */
static void answer(struct host *host, enum blockstore_status status, const struct bs_error *error, uint32_t retry_after_ms,
                   bool is_last) {
  const char *sentence = status == BLOCKSTORE_STATUS_OK ? NULL : subject_strip(&host->subject, error->message);

  channel_send_done(&host->channel, status, sentence, retry_after_ms, is_last);
}

/* What the entry point is given.  *ret_feed: NULL where nothing is put. */
static bool read_arguments(struct service *service, const struct row *row, const struct bs_exec_message *request,
                           struct bs_arguments *ret_arguments, struct bs_feed **ret_feed) {
  struct channel *channel = &service->host->channel;
  struct bs_error error = {0};

  ret_arguments->txid = bs_exec_message_text(request, "txid", 0);
  if ((row->target != NULL && !channel_text(channel, &ret_arguments->target, request, row->target)) ||
      (row->has_signature && !channel_text(channel, &ret_arguments->signature, request, "signature")) ||
      (row->has_version && !channel_number(channel, &ret_arguments->version, request, "version")))
    return false;
  if (!row->is_put) return true;
  if (!channel_number(channel, &service->size, request, "size")) return false;
  if (!bs_feed_from_reader(ret_feed, service->size, read_source, service, &error))
    return channel_break(channel, "%s", error.message);
  ret_arguments->feed = *ret_feed;
  return true;
}

static void run(struct service *service, const struct row *row, const struct bs_arguments *arguments) {
  const struct bs_call_result *result;
  struct bs_error error = {0};
  struct bs_call *call;

  if (!bs_call_new(&call, service->host->subject.store, row->entry, arguments, &error)) {
    channel_break(&service->host->channel, "%s", error.message);
    return;
  }
  look(service);
  bs_calls_run(&call, 1, service->scope, NULL);
  watcher_leave(&service->host->watcher);
  result = bs_call_result(call);
  answer(service->host, result->status, &result->error, result->retry_after_ms, wear_is_out(&service->host->wear));
  bs_call_release(call);
}

static void serve_call(struct host *host, const struct row *row, const struct bs_exec_message *request) {
  struct service service = {.host = host};
  const struct bs_receiver receiver = {UINT64_MAX, &service, begin_value, write_value, end_value};
  struct bs_feed *feed BS_AUTO_FEED = NULL;
  struct bs_arguments arguments = {.receiver = row->gives ? &receiver : NULL};

  if (!open_scope(host, &service.scope, request)) return;
  if (read_arguments(&service, row, request, &arguments, &feed)) run(&service, row, &arguments);
  bs_scope_close(service.scope);
  free(service.window);
}

/* ---- the instance ---- */

static enum blockstore_status status_of(enum bs_word word) {
  static const enum blockstore_status statuses[] = {BLOCKSTORE_STATUS_DENIED, BLOCKSTORE_STATUS_NO_SPACE,
                                                    BLOCKSTORE_STATUS_TRANSIENT};

  if (word == BS_WORD_cancelled || word == BS_WORD_deadline) return BLOCKSTORE_STATUS_CANCELLED;
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
    if (bs_status_word(statuses[i]) == word) return statuses[i];
  return BLOCKSTORE_STATUS_FAILED;
}

/* A child that is over before anything else begins has the store made, where that writes above what the options name. */
static void make_first(struct host *host, const struct bs_exec_message *request, unsigned missing, struct bs_scope *scope) {
  struct bs_candidate *candidate = host->subject.candidate;
  struct blockstore_settings *settings;
  struct bs_error error = {0};
  pid_t child = fork();

  if (child == 0) {
    bs_log_to(NULL, NULL, BS_LOG_ERROR);
    if (subject_settings(&settings, &host->subject, request, &error) &&
        sandbox_enter(candidate->metadata, settings, candidate->directory, missing, &error) &&
        subject_open(&host->subject, settings, scope, &error))
      subject_close(&host->subject);
    _exit(0); /* what went wrong does so again, and is told then */
  }
  while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
}

/* Only where directories do not do it, files too: most drivers would only leave some behind that they cannot write. */
static void make_missing(struct host *host, const struct bs_exec_message *request, const struct blockstore_settings *settings,
                         struct bs_scope *scope) {
  static const unsigned steps[] = {LANDLOCK_MAKE_DIRECTORIES, LANDLOCK_MAKE_DIRECTORIES | LANDLOCK_MAKE_FILES};

  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
    if (sandbox_lacks(host->subject.candidate->metadata, settings)) make_first(host, request, steps[i], scope);
}

static bool enter_sandbox(struct host *host, const struct bs_exec_message *request, const struct blockstore_settings *settings,
                          struct bs_scope *scope, struct bs_error *error) {
  const struct bs_candidate *candidate = host->subject.candidate;

  make_missing(host, request, settings, scope);
  return sandbox_enter(candidate->metadata, settings, candidate->directory, 0, error);
}

static bool open_subject(struct host *host, const struct bs_exec_message *request, uint64_t version, struct bs_scope *scope,
                         struct bs_error *error) {
  struct blockstore_settings *settings;
  bool opened;

  if (version != BS_EXEC_VERSION)
    return bs_fail(error, BS_WORD_failed, "This program speaks another version of the protocol: install all of Blockstore anew.");
  if (!subject_settings(&settings, &host->subject, request, error)) return false;
  /* Threads are in the sandbox that are started in it: the watcher's too, so that it need not reach all of them. */
  if ((host->is_sandboxed && !enter_sandbox(host, request, settings, scope, error)) ||
      !watcher_start(&host->watcher, host->channel.fd, error)) {
    bs_settings_free(settings);
    return false;
  }
  watcher_look(&host->watcher, scope);
  opened = subject_open(&host->subject, settings, scope, error);
  watcher_leave(&host->watcher);
  return opened;
}

static void serve_open(struct host *host, const struct bs_exec_message *request) {
  struct bs_error error = {0};
  struct bs_scope *scope = NULL;
  uint64_t version = 0;
  bool opened;

  if (host->has_opened) {
    channel_break(&host->channel, "Blockstore sent \"storage_init\" twice.");
    return;
  }
  host->has_opened = true;
  if (!channel_number(&host->channel, &version, request, "version") || !open_scope(host, &scope, request)) return;
  opened = open_subject(host, request, version, scope, &error);
  bs_scope_close(scope);
  answer(host, opened ? BLOCKSTORE_STATUS_OK : status_of(error.word), &error, 0, false);
}

static void serve_one(struct host *host, const struct bs_exec_message *request) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(request->word, rows[i].word) != 0) continue;
    if (host->subject.store != NULL) serve_call(host, &rows[i], request);
    else channel_break(&host->channel, "Blockstore sent \"%s\" before storage_init.", rows[i].word);
    return;
  }
  channel_send_done(&host->channel, BLOCKSTORE_STATUS_UNSUPPORTED, "The program in which drivers are isolated does not know it.",
                    0, false);
}

void serve(struct host *host) {
  struct bs_exec_message request = {"", NULL, NULL};

  while (channel_next(&host->channel, &request)) {
    if (strcmp(request.word, "storage_close") == 0) break;
    if (strcmp(request.word, "storage_init") == 0) serve_open(host, &request);
    else serve_one(host, &request);
  }
  subject_close(&host->subject);
}
