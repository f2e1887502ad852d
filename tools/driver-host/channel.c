/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-host/channel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/auto.h"

void channel_begin(struct channel *channel, int fd) {
  channel->fd = fd;
  channel->start = channel->end = 0;
  channel->is_over = channel->is_serving = false;
  channel->held_length = 0;
  channel->why[0] = '\0';
  pthread_mutex_init(&channel->lock, NULL);
}

bool channel_break(struct channel *channel, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  if (channel->why[0] == '\0') vsnprintf(channel->why, sizeof channel->why, format, arguments);
  va_end(arguments);
  channel->is_over = true;
  return false;
}

/* ---- reading ---- */

/* Up to `size` bytes; 0: the channel has ended. */
static size_t receive(struct channel *channel, void *buffer, size_t size) {
  ssize_t length = 0;

  if (channel->is_over) return 0;
  do length = recv(channel->fd, buffer, size, 0);
  while (length < 0 && errno == EINTR);
  if (length < 0 && errno != ECONNRESET) channel_break(channel, "The channel cannot be read: %s.", strerrordesc_np(errno));
  if (length <= 0) channel->is_over = true;
  return length < 0 ? 0 : (size_t)length;
}

/* Puts more behind what is there, which goes to the front. */
static bool fill(struct channel *channel) {
  size_t length;

  memmove(channel->in, channel->in + channel->start, channel->end - channel->start);
  channel->end -= channel->start;
  channel->start = 0;
  if (channel->end == sizeof channel->in)
    return channel_break(channel, "Blockstore sent a line of more than %zu bytes.", BS_EXEC_LINE_MOST);
  length = receive(channel, channel->in + channel->end, sizeof channel->in - channel->end);
  channel->end += length;
  return length > 0;
}

/* False: the channel is over. */
static bool take_message(struct channel *channel, struct bs_exec_message *ret_message) {
  size_t scanned = 0;
  char *line, *newline;

  while ((newline = memchr(channel->in + channel->start + scanned, '\n', channel->end - channel->start - scanned)) == NULL) {
    scanned = channel->end - channel->start;
    if (!fill(channel))
      return channel_has_more(channel) ? channel_break(channel, "Blockstore sent the beginning of a line only.") : false;
  }
  line = channel->in + channel->start;
  channel->start = (size_t)(newline + 1 - channel->in);
  return bs_exec_message_read(ret_message, line, (size_t)(newline - line)) ||
         channel_break(channel, "Blockstore sent a line that is no message.");
}

bool channel_number(struct channel *channel, uint64_t *ret_number, const struct bs_exec_message *message, const char *key) {
  return bs_exec_message_number(ret_number, message, key) ||
         channel_break(channel, "Blockstore sent \"%.40s\" without %s.", message->word, key);
}

bool channel_text(struct channel *channel, const char **ret_text, const struct bs_exec_message *message, const char *key) {
  *ret_text = bs_exec_message_text(message, key, 0);
  return *ret_text != NULL || channel_break(channel, "Blockstore sent \"%.40s\" without %s.", message->word, key);
}

bool channel_next(struct channel *channel, struct bs_exec_message *ret_request) {
  uint64_t id = 0;

  do {
    if (channel->is_over || !take_message(channel, ret_request) || !channel_number(channel, &id, ret_request, "id")) return false;
  } while (strcmp(ret_request->word, "cancel") == 0); /* of a call that was over meanwhile */
  BS_LOCKED(&channel->lock);
  channel->id = id;
  channel->is_serving = true;
  return true;
}

bool channel_has_more(const struct channel *channel) {
  return channel->start < channel->end;
}

/* What came behind the line, then the rest. */
static bool take_bytes(struct channel *channel, char *buffer, size_t length) {
  size_t there = channel->end - channel->start;

  if (there > length) there = length;
  memcpy(buffer, channel->in + channel->start, there);
  channel->start += there;
  while (there < length) {
    size_t more = receive(channel, buffer + there, length - there);

    if (more == 0) return channel_break(channel, "The channel ended in the midst of data.");
    there += more;
  }
  return true;
}

/* ---- writing; the lock is held ---- */

/* What cannot be sent whole ends the channel, for both sides: nothing may follow a message that is missing.  The watcher then
 * cancels the call. */
static void send_all(const struct channel *channel, struct iovec *parts, size_t count) {
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};

  while (message.msg_iovlen > 0) {
    ssize_t sent = sendmsg(channel->fd, &message, MSG_NOSIGNAL);

    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      shutdown(channel->fd, SHUT_RDWR);
      return;
    }
    while (message.msg_iovlen > 0 && (size_t)sent >= message.msg_iov->iov_len) {
      sent -= (ssize_t)message.msg_iov->iov_len;
      message.msg_iov++;
      message.msg_iovlen--;
    }
    if (message.msg_iovlen == 0) return;
    message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + sent;
    message.msg_iov->iov_len -= (size_t)sent;
  }
}

static void begin_line(struct channel *channel, const char *word) {
  bs_exec_line_begin(&channel->line, word);
  bs_exec_line_number(&channel->line, "id", channel->id);
}

/* The line, and bytes behind it; after what is held. */
static void send_line(struct channel *channel, const void *bytes, size_t length) {
  struct iovec parts[3] = {{.iov_base = channel->held, .iov_len = channel->held_length},
                           {.iov_base = channel->line.text},
                           {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length}};

  if (!bs_exec_line_end(&channel->line)) return; /* cannot be: the longest text is a line of the log */
  parts[1].iov_len = channel->line.length;
  channel->held_length = 0;
  send_all(channel, parts, length == 0 ? 2 : 3);
}

/* The same, but it goes with what is sent next, where there is room for it. */
static void hold_line(struct channel *channel, const void *bytes, size_t length) {
  size_t line = channel->line.length + 1;

  if (channel->line.failed || line + length > sizeof channel->held - channel->held_length) {
    send_line(channel, bytes, length);
    return;
  }
  bs_exec_line_end(&channel->line);
  memcpy(channel->held + channel->held_length, channel->line.text, line);
  if (length > 0) memcpy(channel->held + channel->held_length + line, bytes, length);
  channel->held_length += line + length;
}

/* ---- and these take it ---- */

static void send_read(struct channel *channel, size_t length, uint64_t offset) {
  BS_LOCKED(&channel->lock);
  begin_line(channel, "read");
  bs_exec_line_number(&channel->line, "offset", offset);
  bs_exec_line_number(&channel->line, "size", length);
  send_line(channel, NULL, 0);
}

/* Answers come in whole, and never with less than was asked for within the end. */
static bool ask_once(struct channel *channel, char *buffer, size_t length, uint64_t offset) {
  struct bs_exec_message answer = {"", NULL, NULL};
  uint64_t id = 0, size = 0;

  send_read(channel, length, offset);
  if (!take_message(channel, &answer) || !channel_number(channel, &id, &answer, "id")) return false;
  if (id != channel->id) return channel_break(channel, "Blockstore answered another request.");
  if (strcmp(answer.word, "cancel") == 0) return false;
  if (strcmp(answer.word, "data") != 0)
    return channel_break(channel, "Blockstore answered \"read\" with \"%.20s\".", answer.word);
  if (!channel_number(channel, &size, &answer, "size")) return false;
  if (size != length) return channel_break(channel, "Blockstore sent other bytes than were asked for.");
  return take_bytes(channel, buffer, length);
}

bool channel_ask(struct channel *channel, void *buffer, size_t length, uint64_t offset) {
  for (size_t done = 0; done < length;) {
    size_t piece = length - done < BS_EXEC_READ_MOST ? length - done : BS_EXEC_READ_MOST;

    if (!ask_once(channel, (char *)buffer + done, piece, offset + done)) return false;
    done += piece;
  }
  return true;
}

void channel_send_begin(struct channel *channel, uint64_t size) {
  BS_LOCKED(&channel->lock);
  begin_line(channel, "begin");
  if (size != BLOCKSTORE_SIZE_UNKNOWN) bs_exec_line_number(&channel->line, "size", size);
  hold_line(channel, NULL, 0);
}

void channel_send_data(struct channel *channel, const void *bytes, size_t length, bool is_whole) {
  BS_LOCKED(&channel->lock);
  begin_line(channel, "data");
  bs_exec_line_number(&channel->line, "size", length);
  (is_whole ? hold_line : send_line)(channel, bytes, length);
}

void channel_send_done(struct channel *channel, enum blockstore_status status, const char *sentence, uint32_t retry_after_ms,
                       bool is_last) {
  BS_LOCKED(&channel->lock);
  begin_line(channel, "done");
  bs_exec_line_text(&channel->line, "status", bs_exec_status_word(status));
  if (sentence != NULL) bs_exec_line_text(&channel->line, "error", sentence);
  if (retry_after_ms > 0) bs_exec_line_number(&channel->line, "retry_after", retry_after_ms);
  if (is_last) bs_exec_line_text(&channel->line, "last", "yes");
  channel->is_serving = false;
  send_line(channel, NULL, 0);
}

void channel_send_log(struct channel *channel, enum blockstore_log_level level, const char *text) {
  BS_LOCKED(&channel->lock);
  if (!channel->is_serving) {
    if (level <= BLOCKSTORE_LOG_WARNING) dprintf(STDERR_FILENO, "%s\n", text);
    return;
  }
  begin_line(channel, "log");
  bs_exec_line_text(&channel->line, "level", bs_exec_level_word(level));
  bs_exec_line_text(&channel->line, "text", text);
  send_line(channel, NULL, 0);
}
