/* SPDX-License-Identifier: MIT */
/* What comes to the process of an isolated driver: requests, and answers to what it asks; and what goes back. */
#include <config.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/driver/builtin.h"
#include "t/fuzz/targets.h"
#include "tools/driver-host/sandbox.h"
#include "tools/driver-host/serve.h"

#define PARTS_MOST 24 /* whose answers fit into a socket that nobody reads meanwhile */
#define GIVEN_MOST ((size_t)100)

/* ---- what is not tried here: other threads, and rights that cannot be had back ---- */

bool watcher_start(struct watcher *watcher, int fd, struct bs_error *error) {
  (void)watcher, (void)fd, (void)error;
  return true;
}

void watcher_look(struct watcher *watcher, struct bs_scope *scope) {
  (void)watcher, (void)scope;
}

void watcher_leave(struct watcher *watcher) {
  (void)watcher;
}

bool sandbox_enter(const struct bs_metadata *metadata, const struct blockstore_settings *settings, const char *directory,
                   unsigned missing, struct bs_error *error) {
  (void)metadata, (void)settings, (void)directory, (void)missing, (void)error;
  abort();
}

bool sandbox_lacks(const struct bs_metadata *metadata, const struct blockstore_settings *settings) {
  (void)metadata, (void)settings;
  abort();
}

/* ---- a driver, which is told only what a driver may be told ---- */

static void check_settings(const struct blockstore_host *host, const struct blockstore_settings *settings) {
  static const char *const numbers[] = {"count", "room", "wait"};
  const char *root = host->setting(settings, "root", 0), *kind = host->setting(settings, "kind", 0);
  const char *flag = host->setting(settings, "flag", 0);

  PROMISED(root == NULL || root[0] == '/');
  PROMISED(kind == NULL || strcmp(kind, "hot") == 0 || strcmp(kind, "cold") == 0);
  PROMISED(flag == NULL || strcmp(flag, host->setting_number(settings, "flag") != 0 ? "true" : "false") == 0);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    const char *text = host->setting(settings, numbers[i], 0);
    int64_t number = host->setting_number(settings, numbers[i]);

    PROMISED(text == NULL ? number == 0 : strtoll(text, NULL, 10) == number);
    PROMISED(number >= 0 || i == 0);
    PROMISED(host->setting(settings, numbers[i], 1) == NULL);
  }
}

static enum blockstore_status hosted_init(void **ret_self, struct blockstore_call *call,
                                          const struct blockstore_settings *settings, const struct blockstore_next *next) {
  const char *secret = call->host->setting(settings, "secret", 0);

  (void)next;
  check_settings(call->host, settings);
  if (secret != NULL && strcmp(secret, "wrong") == 0) {
    call->host->set_error(call, "The secret is \"wrong\",\nnot\xff another.");
    return BLOCKSTORE_STATUS_DENIED;
  }
  *ret_self = NULL;
  return BLOCKSTORE_STATUS_OK;
}

static void hosted_close(void *self, struct blockstore_call *call) {
  (void)self, (void)call;
}

static enum blockstore_status fail(struct blockstore_call *call, const char *target) {
  call->host->set_error(call, target);
  call->host->retry_after(call, (uint32_t)strlen(target));
  return target[0] == 'n' ? BLOCKSTORE_STATUS_NOT_FOUND : BLOCKSTORE_STATUS_TRANSIENT;
}

static enum blockstore_status hosted_handles_url(void *self, struct blockstore_call *call, const char *url) {
  (void)self, (void)call;
  return strncmp(url, "hosted:", strlen("hosted:")) == 0 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

/* Gives the target; of one that begins with a digit so many candidates. */
static enum blockstore_status hosted_give(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                          const char *target) {
  size_t length = strnlen(target, GIVEN_MOST);
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  (void)self;
  if (target[0] == 'n' || target[0] == 't') return fail(call, target);
  for (char i = '1'; i < target[0] && i < '4' && status == BLOCKSTORE_STATUS_OK; i++) {
    status = sink->begin(sink, length);
    if (status == BLOCKSTORE_STATUS_OK) status = sink->write(sink, target, length);
  }
  if (status == BLOCKSTORE_STATUS_OK) status = sink->begin(sink, BLOCKSTORE_SIZE_UNKNOWN);
  return status == BLOCKSTORE_STATUS_OK ? sink->write(sink, target, length) : status;
}

/* The end first, then from the beginning.  Who has not got what he asked for gets nothing more. */
static enum blockstore_status take(struct blockstore_call *call, const struct blockstore_source *source) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  char bytes[1000];

  if (source->size > 0) status = source->read_at(source, bytes, 1, source->size - 1);
  for (uint64_t offset = 0; offset < source->size && status == BLOCKSTORE_STATUS_OK; offset += sizeof bytes) {
    uint64_t left = source->size - offset;

    status = source->read_at(source, bytes, left < sizeof bytes ? (size_t)left : sizeof bytes, offset);
  }
  PROMISED(status == BLOCKSTORE_STATUS_OK || source->read_at(source, bytes, 0, 0) != BLOCKSTORE_STATUS_OK);
  PROMISED(status == BLOCKSTORE_STATUS_OK || call->host->time_left(call) == 0);
  return status;
}

static enum blockstore_status hosted_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                   const struct blockstore_source *data, const char *txid) {
  (void)self, (void)txid;
  return key[0] == 't' ? fail(call, key) : take(call, data);
}

static enum blockstore_status hosted_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                                 const char *signature, const struct blockstore_source *record) {
  (void)self, (void)version;
  return signature[0] == 't' || data_id[0] == 't' ? fail(call, data_id) : take(call, record);
}

static enum blockstore_status hosted_delete(void *self, struct blockstore_call *call, const char *target, const char *why) {
  (void)self;
  return why == NULL || target[0] == 't' ? fail(call, target) : BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status hosted_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  (void)self, (void)call;
  return ret_report->write(ret_report, "{}", 2);
}

static const struct blockstore_driver hosted = {.storage_init = hosted_init,
                                                .storage_close = hosted_close,
                                                .handles_url = hosted_handles_url,
                                                .make_mutable_url = hosted_give,
                                                .get_immutable_handler = hosted_give,
                                                .get_mutable_handler = hosted_give,
                                                .put_immutable_handler = hosted_put_immutable,
                                                .put_mutable_handler = hosted_put_mutable,
                                                .delete_immutable_handler = hosted_delete,
                                                .delete_mutable_handler = hosted_delete,
                                                .check = hosted_check};
#define HOSTED_METADATA                                                              \
  BLOCKSTORE_VERSION("1")                                                            \
  BLOCKSTORE_URL_SCHEME("hosted")                                                    \
  BLOCKSTORE_CAPABILITY_LOCAL                                                        \
  BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "A directory")                       \
  BLOCKSTORE_OPTION("text", STRING, OPTIONAL, "", "A text")                          \
  BLOCKSTORE_OPTION("list", LIST, OPTIONAL, "", "Some texts")                        \
  BLOCKSTORE_OPTION("secret", SECRET, OPTIONAL, "", "A secret")                      \
  BLOCKSTORE_OPTION("count", INT, OPTIONAL, "", "A number")                          \
  BLOCKSTORE_OPTION("room", SIZE, OPTIONAL, "", "Some bytes")                        \
  BLOCKSTORE_OPTION("wait", DURATION, OPTIONAL, "", "Some time")                     \
  BLOCKSTORE_OPTION("flag", BOOL, OPTIONAL, "", "Yes or no")                         \
  BLOCKSTORE_OPTION_ENUM("kind", "hot,cold", OPTIONAL, "", "One of two")
BLOCKSTORE_REGISTER_DRIVER(hosted, hosted, HOSTED_METADATA);

/* ---- what it says ---- */

/* A message from the beginning of the text: its bytes, with those that follow the line. */
static size_t look_at_answer(char *text, size_t length, size_t *done) {
  static const char *const words[] = {"begin", "data", "read", "log", "done"};
  char *newline = memchr(text, '\n', length);
  size_t word = 0, line;
  struct bs_exec_message message;
  uint64_t id, size = 0;

  PROMISED(newline != NULL);
  line = (size_t)(newline - text) + 1;
  PROMISED(bs_exec_message_read(&message, text, line - 1) && bs_exec_message_number(&id, &message, "id"));
  while (word < 5 && strcmp(words[word], message.word) != 0) word++;
  PROMISED(word < 5);
  PROMISED(word != 1 || (bs_exec_message_number(&size, &message, "size") && size <= length - line));
  PROMISED(word != 4 || bs_exec_message_text(&message, "status", 0) != NULL);
  *done += word == 4;
  return line + (size_t)size;
}

static void look_at_answers(int fd, size_t requests) {
  static char text[1 << 20];
  size_t length = 0, done = 0;
  ssize_t more;

  while ((more = recv(fd, text + length, sizeof text - length, MSG_DONTWAIT)) > 0) length += (size_t)more;
  PROMISED(length < sizeof text);
  for (size_t at = 0; at < length;) at += look_at_answer(text + at, length - at, &done);
  PROMISED(done <= requests);
}

/* ---- a conversation ---- */

/* What stands before a NUL comes at once, and what is behind it only when that was read; *ret_lines: of all that is sent. */
static void send_parts(int fd, const uint8_t *bytes, size_t length, size_t *ret_lines) {
  size_t from = 0, parts = 0;

  *ret_lines = 0;
  for (size_t i = 0; i <= length && parts < PARTS_MOST && *ret_lines < PARTS_MOST; i++) {
    if (i < length && bytes[i] == '\n') ++*ret_lines;
    if (i < length && bytes[i] != '\0' && *ret_lines < PARTS_MOST) continue;
    if (i > from) PROMISED(send(fd, bytes + from, i - from, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)(i - from));
    from = i + 1;
    parts++;
  }
}

static void begin(struct host *host, int fd) {
  struct bs_error error = {0};

  PROMISED(bs_builtin_add(hosted_LTX_blockstore_driver(), &error));
  channel_begin(&host->channel, fd);
  host->wear = (struct wear){.statm = -1};
  host->has_opened = false;
  PROMISED(subject_find(&host->subject, "/hosted.so", NULL, &error));
}

/* Blockstore says all of it, and closes; it hears what is said only then. */
void bs_fuzz_host(const uint8_t *bytes, size_t length) {
  static struct host host; /* its scopes are used again */
  size_t lines;
  int ends[2];

  if (length > BS_EXEC_LINE_MOST) length = BS_EXEC_LINE_MOST;
  PROMISED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  send_parts(ends[1], bytes, length, &lines);
  PROMISED(shutdown(ends[1], SHUT_WR) == 0);
  begin(&host, ends[0]);
  serve(&host);
  for (const char *at = host.channel.why; *at != '\0'; at++) PROMISED((unsigned char)*at >= 0x20 && *at != 0x7f);
  look_at_answers(ends[1], lines);
  close(ends[0]);
  close(ends[1]);
}
