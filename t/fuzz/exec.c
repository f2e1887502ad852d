/* SPDX-License-Identifier: MIT */
/* What a program that is a store sends: lines, and what is made of them in the midst of a get and of a put. */
#include <config.h>

#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugins/common/plugin.h"
#include "plugins/exec/exchange.h"
#include "t/fuzz/targets.h"

#define SOURCE "what is to be stored"

/* ---- a line ---- */

/* What was read is written, and read again as it was. */
static void look_at_message(const struct bs_exec_message *message) {
  static struct bs_exec_line line;
  struct bs_exec_message again;
  uint64_t number;

  bs_exec_line_begin(&line, message->word);
  for (const char *pair = message->pairs; pair < message->end;) {
    const char *value = pair + strlen(pair) + 1;

    bs_exec_line_text(&line, pair, value);
    pair = value + strlen(value) + 1;
  }
  if (!bs_exec_line_end(&line)) return; /* digits may be more than the bytes that stood for themselves */
  PROMISED(bs_exec_message_read(&again, line.text, line.length - 1));
  PROMISED(again.end - again.pairs == message->end - message->pairs);
  PROMISED(strcmp(again.word, message->word) == 0);
  PROMISED(memcmp(again.pairs, message->pairs, (size_t)(message->end - message->pairs)) == 0);
  if (bs_exec_message_number(&number, message, "size")) PROMISED(bs_exec_message_text(message, "size", 0)[0] != '\0');
}

static void read_line(const uint8_t *bytes, size_t length) {
  char *line BS_AUTO_FREE = malloc(length + 1);
  struct bs_exec_message message;

  PROMISED(line != NULL);
  if (length > 0) memcpy(line, bytes, length);
  if (bs_exec_message_read(&message, line, length)) look_at_message(&message);
}

/* ---- a call ---- */

struct sides {
  struct blockstore_call call;
  struct blockstore_sink sink;
  struct blockstore_source source;
  size_t given; /* bytes */
  bool has_sentence;
};

static void set_error(struct blockstore_call *call, const char *sentence) {
  ((struct sides *)call)->has_sentence = sentence[0] != '\0';
  for (; *sentence != '\0'; sentence++) PROMISED((unsigned char)*sentence >= 0x20 && *sentence != 0x7f);
}

static void retry_after(struct blockstore_call *call, uint32_t milliseconds) {
  (void)call, (void)milliseconds;
}

static uint32_t time_left(struct blockstore_call *call) {
  (void)call;
  return UINT32_MAX;
}

static int cancel_fd(struct blockstore_call *call) {
  (void)call;
  return -1;
}

static void take_line(struct blockstore_store *store, enum blockstore_log_level level, const char *line) {
  (void)store;
  PROMISED((unsigned)level <= BLOCKSTORE_LOG_DEBUG && line[0] != '\0' && strlen(line) <= 2000);
}

static const struct blockstore_host host = {.struct_size = sizeof host, .set_error = set_error, .retry_after = retry_after,
                                            .time_left = time_left, .cancel_fd = cancel_fd, .log = take_line};

static struct sides *sides_of(struct blockstore_sink *sink) {
  return (struct sides *)(void *)((char *)sink - offsetof(struct sides, sink));
}

static enum blockstore_status begin(struct blockstore_sink *sink, uint64_t size) {
  (void)sink;
  return size == 13 ? BLOCKSTORE_STATUS_TOO_LARGE : BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status take(struct blockstore_sink *sink, const void *bytes, size_t length) {
  PROMISED(length > 0 && length <= BS_EXEC_LINE_MOST && bytes != NULL);
  sides_of(sink)->given += length;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status read_at(const struct blockstore_source *source, void *buffer, size_t length, uint64_t offset) {
  PROMISED(offset <= source->size && length <= source->size - offset);
  memcpy(buffer, &SOURCE[offset], length);
  return offset == 13 ? BLOCKSTORE_STATUS_FAILED : BLOCKSTORE_STATUS_OK;
}

static void judge(const struct sides *sides, const struct bs_exec_process *process, enum blockstore_status status,
                  enum bs_exec_end end, size_t length) {
  PROMISED((unsigned)status <= BLOCKSTORE_STATUS_FAILED && end != BS_EXEC_SILENT && sides->given <= length);
  PROMISED(end == BS_EXEC_WAITS || process->why[0] != '\0');
  PROMISED(status != BLOCKSTORE_STATUS_TRANSIENT || sides->has_sentence);
  PROMISED(process->start == 0 && process->end == 0);
}

/* The program says all of it, and ends; it hears nothing. */
static void converse(const uint8_t *bytes, size_t length, bool is_put) {
  static struct bs_exec_process process;
  struct sides sides = {.call = {.struct_size = sizeof sides.call, .host = &host},
                        .sink = {sizeof sides.sink, 0, begin, take},
                        .source = {sizeof sides.source, 0, read_at, strlen(SOURCE)}};
  enum blockstore_status status;
  enum bs_exec_end end;
  int ends[2];

  PROMISED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  PROMISED(length == 0 || send(ends[1], bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length);
  PROMISED(shutdown(ends[1], SHUT_RDWR) == 0);
  process.pid = INT_MAX;
  process.pidfd = -1;
  process.channel = ends[0];
  process.last_id = 0;
  process.start = process.end = process.scanned = 0;
  process.why[0] = '\0';
  bs_exec_said_begin(&process.said, &host, NULL, -1);
  bs_exec_process_request(&process, is_put ? "put" : "get", UINT32_MAX);
  status = bs_exec_exchange(&process, &end, &sides.call, "/program", is_put ? &sides.source : NULL, is_put ? NULL : &sides.sink);
  judge(&sides, &process, status, end, length);
  bs_exec_said_end(&process.said);
  close(ends[0]);
  close(ends[1]);
}

void bs_fuzz_exec(const uint8_t *bytes, size_t length) {
  if (length > BS_EXEC_LINE_MOST) length = BS_EXEC_LINE_MOST;
  read_line(bytes, length);
  converse(bytes, length, false);
  converse(bytes, length, true);
}
