/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/exec/exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "plugins/common/plugin.h"

#define GRACE_MS 400  /* of the half second in which a call that is over has to return */
#define GLANCE_MS 10  /* what is answered within that needs no cancel_fd, which costs the core some calls */
#define SLICE_MS 50   /* between two looks at the time where there is no cancel_fd */
#define PARTING_MS 100 /* between the end of the channel and that of the process */
#define HEAD 96        /* bytes of "data id=... size=..." */

struct exchange {
  struct bs_exec_process *process;
  struct blockstore_call *call;
  const char *path;
  const struct blockstore_source *source;
  struct blockstore_sink *sink;
  uint64_t id;
  char *piece;    /* HEAD bytes, then those of the source; NULL: none was asked for */
  size_t room;    /* of those */
  unsigned waits; /* how often it was waited */
  enum blockstore_status refused; /* why the call is given up: what source or sink answered; OK: it is not */
  bool is_late;                   /* CANCELLED as the time is over */
  uint64_t give_up_ms;            /* when the program is not waited for any more */
  bool is_told;                   /* that it is given up */
  bool has_ended;                 /* the process */
  bool is_done;
  enum bs_exec_end end;
  struct bs_exec_message done;
  char wrong[200]; /* what it did that it may not; "": it has ended */
};

/* ---- how it ends ---- */

static bool broken(struct exchange *exchange, const char *format, ...) BLOCKSTORE_PRINTF_(2, 3);
static bool broken(struct exchange *exchange, const char *format, ...) {
  va_list arguments;

  exchange->end = BS_EXEC_BROKEN;
  va_start(arguments, format);
  vsnprintf(exchange->wrong, sizeof exchange->wrong, format, arguments);
  va_end(arguments);
  return false;
}

/* With OK it goes on. */
static void give_up(struct exchange *exchange, enum blockstore_status status) {
  if (status == BLOCKSTORE_STATUS_OK || exchange->refused != BLOCKSTORE_STATUS_OK) return;
  exchange->refused = status;
  exchange->give_up_ms = bs_exec_now_ms() + GRACE_MS;
}

/* False: the program has had all its time. */
static bool look_at_time(struct exchange *exchange) {
  if (exchange->refused == BLOCKSTORE_STATUS_OK) {
    if (exchange->call->host->time_left(exchange->call) > 0) return true;
    exchange->is_late = true;
    give_up(exchange, BLOCKSTORE_STATUS_CANCELLED);
  }
  if (bs_exec_now_ms() < exchange->give_up_ms) return true;
  exchange->end = BS_EXEC_SILENT;
  return false;
}

/* ---- the channel ---- */

/* How long to wait, and on what besides. */
static int patience(struct exchange *exchange, int *ret_cancel_fd) {
  uint32_t left = exchange->call->host->time_left(exchange->call);

  *ret_cancel_fd = -1;
  if (exchange->refused != BLOCKSTORE_STATUS_OK) {
    uint64_t now_ms = bs_exec_now_ms();

    return now_ms < exchange->give_up_ms ? (int)(exchange->give_up_ms - now_ms) : 0;
  }
  if (exchange->waits++ > 0) {
    *ret_cancel_fd = exchange->call->host->cancel_fd(exchange->call);
    if (*ret_cancel_fd >= 0) return left < INT_MAX ? (int)left : -1;
  }
  return (int)(left < GLANCE_MS ? left : exchange->waits == 1 ? GLANCE_MS : SLICE_MS);
}

/* Waits until the channel can be read, or written; also returns when there is less to wait for than before.  False: no more. */
static bool wait_for(struct exchange *exchange, short events) {
  struct pollfd fds[3] = {{.fd = exchange->process->channel, .events = events},
                          {.fd = exchange->process->pidfd, .events = POLLIN},
                          {.fd = -1, .events = POLLIN}};
  int most;

  if (exchange->has_ended) return broken(exchange, "%s", ""); /* and nothing more is there */
  most = patience(exchange, &fds[2].fd);
  if (poll(fds, 3, most) > 0 && fds[0].revents == 0 && fds[1].revents != 0) exchange->has_ended = true;
  return look_at_time(exchange);
}

/* Who reads no more may still have said something. */
static bool send_all(struct exchange *exchange, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(exchange->process->channel, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent >= 0) {
      bytes += sent;
      length -= (size_t)sent;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return true;
    } else if (errno != EINTR && errno != EAGAIN) {
      return broken(exchange, "The channel cannot be written: %s", strerrordesc_np(errno));
    } else if (errno == EAGAIN && !wait_for(exchange, POLLOUT)) {
      return false;
    }
  }
  return true;
}

static bool tell_that_given_up(struct exchange *exchange) {
  char line[40];
  int length;

  if (exchange->refused == BLOCKSTORE_STATUS_OK || exchange->is_told) return true;
  exchange->is_told = true;
  length = snprintf(line, sizeof line, "cancel id=%" PRIu64 "\n", exchange->id);
  return send_all(exchange, line, (size_t)length);
}

/* Gets more bytes into the buffer, where there is room. */
static bool receive(struct exchange *exchange) {
  struct bs_exec_process *process = exchange->process;
  size_t kept = process->end - process->start;

  if (process->start > 0) {
    memmove(process->in, process->in + process->start, kept);
    process->scanned -= process->start;
    process->start = 0;
    process->end = kept;
  }
  if (!look_at_time(exchange)) return false;
  for (;;) {
    ssize_t length;

    if (!tell_that_given_up(exchange)) return false;
    length = recv(process->channel, process->in + process->end, sizeof process->in - process->end, MSG_DONTWAIT);
    if (length > 0) {
      process->end += (size_t)length;
      return true;
    }
    if (length == 0 || errno == ECONNRESET) return broken(exchange, "%s", "");
    if (errno != EINTR && errno != EAGAIN)
      return broken(exchange, "The channel cannot be read: %s", strerrordesc_np(errno));
    if (errno == EAGAIN && !wait_for(exchange, POLLIN)) return false;
  }
}

/* Takes the next line apart, whose bytes stay until more are received. */
static bool take_message(struct exchange *exchange, struct bs_exec_message *ret_message) {
  struct bs_exec_process *process = exchange->process;
  char *line, *newline, shown[60];

  for (;;) {
    newline = memchr(process->in + process->scanned, '\n', process->end - process->scanned);
    if (newline != NULL) break;
    process->scanned = process->end;
    if (process->end - process->start == sizeof process->in)
      return broken(exchange, "It sent a line of more than %zu bytes", BS_EXEC_LINE_MOST);
    if (!receive(exchange)) return false;
  }
  line = process->in + process->start;
  process->start = process->scanned = (size_t)(newline + 1 - process->in);
  snprintf(shown, sizeof shown, "%.*s", (int)(newline - line < 50 ? newline - line : 50), line);
  bs_exec_tidy(shown);
  if (bs_exec_message_read(ret_message, line, (size_t)(newline - line))) return true;
  broken(exchange, "It sent a line that is no message: \"%s\"", shown);
  return false;
}

/* ---- what the program says ---- */

static bool unasked(struct exchange *exchange, const struct bs_exec_message *message) {
  return broken(exchange, "It sent \"%.20s\", which nobody asked for", message->word);
}

static bool begin(struct exchange *exchange, const struct bs_exec_message *message) {
  uint64_t size = BLOCKSTORE_SIZE_UNKNOWN;

  if (exchange->sink == NULL) return unasked(exchange, message);
  if (bs_exec_message_text(message, "size", 0) != NULL && !bs_exec_message_number(&size, message, "size"))
    return broken(exchange, "It sent \"begin\" with a size that is no number");
  if (exchange->refused == BLOCKSTORE_STATUS_OK) give_up(exchange, exchange->sink->begin(exchange->sink, size));
  return true;
}

/* The bytes go to the sink as they come; those of a call that was given up go nowhere. */
static bool take_data(struct exchange *exchange, const struct bs_exec_message *message) {
  struct bs_exec_process *process = exchange->process;
  uint64_t left;

  if (exchange->sink == NULL) return unasked(exchange, message);
  if (!bs_exec_message_number(&left, message, "size")) return broken(exchange, "It sent \"data\" without its size");
  while (left > 0) {
    size_t there = process->end - process->start;

    if (there == 0) {
      if (!receive(exchange)) return false;
      continue;
    }
    if (there > left) there = (size_t)left;
    if (exchange->refused == BLOCKSTORE_STATUS_OK)
      give_up(exchange, exchange->sink->write(exchange->sink, process->in + process->start, there));
    process->start += there;
    process->scanned = process->start;
    left -= there;
  }
  return true;
}

static bool make_room(struct exchange *exchange, size_t length) {
  char *grown;

  if (exchange->piece != NULL && length <= exchange->room) return true;
  grown = realloc(exchange->piece, HEAD + length);
  if (grown == NULL) return false;
  exchange->piece = grown;
  exchange->room = length;
  return true;
}

/* What is asked for beyond the end is not there. */
static bool give_part(struct exchange *exchange, const struct bs_exec_message *message) {
  const struct blockstore_source *source = exchange->source;
  uint64_t offset, size;
  size_t length;
  int head;

  if (source == NULL) return unasked(exchange, message);
  if (!bs_exec_message_number(&offset, message, "offset") || !bs_exec_message_number(&size, message, "size"))
    return broken(exchange, "It sent \"read\" without offset and size");
  if (exchange->refused != BLOCKSTORE_STATUS_OK) return true;
  if (offset > source->size) offset = source->size;
  if (size > source->size - offset) size = source->size - offset;
  length = size > BS_EXEC_READ_MOST ? BS_EXEC_READ_MOST : (size_t)size;
  if (!make_room(exchange, length)) {
    give_up(exchange, bs_plugin_fail_memory(exchange->call));
    return true;
  }
  if (length > 0) give_up(exchange, source->read_at(source, exchange->piece + HEAD, length, offset));
  if (exchange->refused != BLOCKSTORE_STATUS_OK) return true;
  /* The line stands right before the bytes, so that both go at once. */
  head = snprintf(exchange->piece, HEAD, "data id=%" PRIu64 " size=%zu\n", exchange->id, length);
  memmove(exchange->piece + HEAD - head, exchange->piece, (size_t)head);
  return send_all(exchange, exchange->piece + HEAD - head, (size_t)head + length);
}

static bool tell_log(struct exchange *exchange, const struct bs_exec_message *message) {
  const char *level = bs_exec_message_text(message, "level", 0), *text = bs_exec_message_text(message, "text", 0);
  char line[2001];

  if (text == NULL || text[0] == '\0') return true;
  snprintf(line, sizeof line, "%s", text);
  bs_exec_tidy(line);
  exchange->call->host->log(exchange->call->store, bs_exec_level_of(level == NULL ? "" : level), line);
  return true;
}

static bool take_done(struct exchange *exchange, const struct bs_exec_message *message) {
  const char *last = bs_exec_message_text(message, "last", 0);

  if (bs_exec_message_text(message, "status", 0) == NULL) return broken(exchange, "It sent \"done\" without a status");
  exchange->done = *message;
  if (last != NULL && strcmp(last, "yes") == 0) exchange->end = BS_EXEC_LEAVES;
  exchange->is_done = true;
  return true;
}

static bool obey(struct exchange *exchange, const struct bs_exec_message *message) {
  static const struct {
    const char *word;
    bool (*obey)(struct exchange *exchange, const struct bs_exec_message *message);
  } words[] = {{"data", take_data}, {"begin", begin}, {"read", give_part}, {"log", tell_log}, {"done", take_done}};
  uint64_t id;

  if (!bs_exec_message_number(&id, message, "id")) return broken(exchange, "It sent \"%.20s\" without an id", message->word);
  if (id != exchange->id) return broken(exchange, "It sent \"%.20s\" for another request", message->word);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strcmp(message->word, words[i].word) == 0) return words[i].obey(exchange, message);
  return broken(exchange, "It sent \"%.20s\", which is no message", message->word);
}

/* ---- what is made of it ---- */

/* What it did, and what it said last, as a sentence in process->why. */
static void explain(struct exchange *exchange) {
  struct bs_exec_process *process = exchange->process;
  char last[BS_EXEC_SAID_LAST + 1], how[80] = "";

  if (exchange->wrong[0] == '\0') {
    bs_exec_process_wait(process, PARTING_MS, how, sizeof how);
    snprintf(exchange->wrong, sizeof exchange->wrong, "It %s in the midst of a call",
             how[0] == '\0' ? "closed the channel" : how);
  }
  bs_exec_said_last(&process->said, last);
  snprintf(process->why, sizeof process->why, "%.400s: %s%s%s.", exchange->path, exchange->wrong,
           last[0] == '\0' ? "" : "; the last that it printed: ", last);
  bs_exec_tidy(process->why);
}

/* The sentence that the program gave, or one for it. */
static void hand_on_sentence(const struct exchange *exchange, enum blockstore_status status, const char *word) {
  const char *given = bs_exec_message_text(&exchange->done, "error", 0);
  char sentence[1024];

  if (given != NULL && given[0] != '\0') {
    snprintf(sentence, sizeof sentence, "%s", given);
  } else {
    if (status == BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_NOT_FOUND || status == BLOCKSTORE_STATUS_UNHANDLED_URL)
      return;
    snprintf(sentence, sizeof sentence, "%.500s: It answered \"%.30s\", and did not say why.", exchange->path, word);
  }
  bs_exec_tidy(sentence);
  exchange->call->host->set_error(exchange->call, sentence);
}

static enum blockstore_status judge_done(const struct exchange *exchange) {
  const char *word = bs_exec_message_text(&exchange->done, "status", 0);
  enum blockstore_status status = bs_exec_status_of(word);
  uint64_t pause;

  hand_on_sentence(exchange, status, word);
  if (status == BLOCKSTORE_STATUS_TRANSIENT && bs_exec_message_number(&pause, &exchange->done, "retry_after"))
    exchange->call->host->retry_after(exchange->call, pause > UINT32_MAX ? UINT32_MAX : (uint32_t)pause);
  return status;
}

/* A put or delete that was done when its time was over was done. */
static enum blockstore_status judge(struct exchange *exchange) {
  if (exchange->refused != BLOCKSTORE_STATUS_OK) {
    if (!exchange->is_late) return exchange->refused;
    if (exchange->is_done && exchange->sink == NULL &&
        bs_exec_status_of(bs_exec_message_text(&exchange->done, "status", 0)) == BLOCKSTORE_STATUS_OK)
      return BLOCKSTORE_STATUS_OK;
    return blockstore_fail(exchange->call, BLOCKSTORE_STATUS_CANCELLED, "The call was cancelled or its time is over.");
  }
  if (exchange->is_done) return judge_done(exchange);
  return blockstore_fail(exchange->call, BLOCKSTORE_STATUS_TRANSIENT, "%s", exchange->process->why);
}

enum blockstore_status bs_exec_exchange(struct bs_exec_process *process, enum bs_exec_end *ret_end, struct blockstore_call *call,
                                        const char *path, const struct blockstore_source *source, struct blockstore_sink *sink) {
  struct exchange exchange = {
      .process = process, .call = call, .path = path, .source = source, .sink = sink, .id = process->last_id};
  struct bs_exec_message message = {"", NULL, NULL};
  enum blockstore_status status;
  bool goes_on;

  *ret_end = BS_EXEC_WAITS;
  if (!bs_exec_line_end(&process->line))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The request is longer than %zu bytes.", path, BS_EXEC_LINE_MOST);
  goes_on = send_all(&exchange, process->line.text, process->line.length);
  while (goes_on && !exchange.is_done) goes_on = take_message(&exchange, &message) && obey(&exchange, &message);
  if (goes_on && process->start < process->end) broken(&exchange, "It sent more after the end of a call");
  if (exchange.end == BS_EXEC_BROKEN) explain(&exchange);
  status = judge(&exchange);
  free(exchange.piece);
  process->start = process->end = process->scanned = 0;
  *ret_end = exchange.end;
  return status;
}
