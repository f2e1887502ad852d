/* SPDX-License-Identifier: MIT */
/*
 * The driver exec and its floor, for tools/bench-stores: what a program costs that does nothing but move bytes.
 *
 *   bench-echo ROUNDS BYTES [FILE]
 *
 * A child at the other end of a socketpair with much room.  In each round so many bytes are sent to it, a piece at a time, and
 * a line comes back; then a line is sent, and so many bytes come back, always the same piece, or what the file has; a first round
 * warms up and is not told.  Prints "put MS WORK 0" and "get MS WORK 0" a round: the milliseconds that it took, and those that
 * the processor worked for this side.
 *
 * Started by the driver exec it is a store in memory, of one object, as blockstore-exec(7) asks for it.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHANNEL 3
#define PIECE ((size_t)1 << 20)
#define LINE_MOST 4096

static void must(bool done) {
  if (done) return;
  fputs("bench-echo: a channel broke\n", stderr);
  abort();
}

/* ---- a channel ---- */

struct channel {
  int fd;
  size_t start, end;
  char in[LINE_MOST];
};

static void send_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

    must(sent > 0);
    bytes += sent;
    length -= (size_t)sent;
  }
}

/* False: the channel has ended. */
static bool receive_line(struct channel *channel, char line[LINE_MOST]) {
  for (;;) {
    size_t there = channel->end - channel->start;
    char *newline = memchr(channel->in + channel->start, '\n', there);
    ssize_t length;

    if (newline != NULL) {
      there = (size_t)(newline - channel->in) - channel->start;
      memcpy(line, channel->in + channel->start, there);
      line[there] = '\0';
      channel->start += there + 1;
      return true;
    }
    memmove(channel->in, channel->in + channel->start, there);
    channel->start = 0;
    channel->end = there;
    length = recv(channel->fd, channel->in + there, sizeof channel->in - there, 0);
    if (length <= 0) return false;
    channel->end += (size_t)length;
  }
}

static void receive_bytes(struct channel *channel, char *bytes, size_t length) {
  size_t there = channel->end - channel->start;

  if (there > length) there = length;
  memcpy(bytes, channel->in + channel->start, there);
  channel->start += there;
  while (there < length) {
    ssize_t got = recv(channel->fd, bytes + there, length - there, 0);

    must(got > 0);
    there += (size_t)got;
  }
}

/* ---- the store ---- */

static size_t number_of(const char *line, const char *key) {
  const char *at = strstr(line, key);

  return at == NULL ? 0 : strtoul(at + strlen(key), NULL, 10);
}

static char *take_object(struct channel *channel, const char *id, size_t size) {
  char *object = malloc(size + 1), line[LINE_MOST];

  must(object != NULL);
  for (size_t offset = 0; offset < size;) {
    int length = snprintf(line, sizeof line, "read id=%s offset=%zu size=%zu\n", id, offset, PIECE);
    size_t part;

    send_all(channel->fd, line, (size_t)length);
    must(receive_line(channel, line) && strncmp(line, "data ", 5) == 0);
    part = number_of(line, " size=");
    must(part > 0 && part <= size - offset);
    receive_bytes(channel, object + offset, part);
    offset += part;
  }
  return object;
}

static void serve(struct channel *channel) {
  char *object = NULL, line[LINE_MOST], id[32];
  size_t size = 0;

  while (receive_line(channel, line)) {
    char answer[LINE_MOST];
    int length;

    snprintf(id, sizeof id, "%zu", number_of(line, " id="));
    if (strncmp(line, "put_", 4) == 0) {
      free(object);
      size = number_of(line, " size=");
      object = take_object(channel, id, size);
    } else if (strncmp(line, "get_", 4) == 0 && object != NULL) {
      length = snprintf(answer, sizeof answer, "data id=%s size=%zu\n", id, size);
      send_all(channel->fd, answer, (size_t)length);
      send_all(channel->fd, object, size);
    }
    length = snprintf(answer, sizeof answer, "done id=%s status=ok\n", id);
    send_all(channel->fd, answer, (size_t)length);
  }
  free(object);
}

/* ---- the floor ---- */

static double ms_of(clockid_t id) {
  struct timespec now;

  clock_gettime(id, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static char piece[1 << 18]; /* which stays in the cache */

/* file: what is sent; -1: whatever stands there. */
static void send_pieces(const struct channel *channel, size_t size, int file) {
  for (size_t run, at = 0; at < size; at += run) {
    run = size - at < sizeof piece ? size - at : sizeof piece;
    must(file < 0 || pread(file, piece, run, (off_t)at) == (ssize_t)run);
    send_all(channel->fd, piece, run);
  }
}

static void receive_pieces(struct channel *channel, size_t size) {
  for (size_t run; size > 0; size -= run) {
    run = size < sizeof piece ? size : sizeof piece;
    receive_bytes(channel, piece, run);
  }
}

static void echo(struct channel *channel, size_t size, int file) {
  char line[LINE_MOST];

  while (receive_line(channel, line)) {
    if (line[0] == 'p') {
      receive_pieces(channel, size);
      send_all(channel->fd, "done\n", 5);
    } else {
      send_pieces(channel, size, file);
    }
  }
}

static void go_round(struct channel *channel, size_t size, bool is_told) {
  double begun = ms_of(CLOCK_MONOTONIC), work = ms_of(CLOCK_PROCESS_CPUTIME_ID), turned, turned_work;
  char line[LINE_MOST];

  send_all(channel->fd, "put\n", 4);
  send_pieces(channel, size, -1);
  must(receive_line(channel, line));
  turned = ms_of(CLOCK_MONOTONIC);
  turned_work = ms_of(CLOCK_PROCESS_CPUTIME_ID);
  send_all(channel->fd, "get\n", 4);
  receive_pieces(channel, size);
  if (!is_told) return;
  printf("put %.4f %.4f 0\nget %.4f %.4f 0\n", turned - begun, turned_work - work, ms_of(CLOCK_MONOTONIC) - turned,
         ms_of(CLOCK_PROCESS_CPUTIME_ID) - turned_work);
}

int main(int argc, char **argv) {
  static struct channel channel;
  const int room = 1 << 20;
  int ends[2], file = -1;
  size_t size;

  if (getenv("BLOCKSTORE_EXEC") != NULL) { /* NOLINT(concurrency-mt-unsafe): there is one thread */
    channel.fd = CHANNEL;
    serve(&channel);
    return 0;
  }
  if (argc != 3 && argc != 4) {
    fputs("usage: bench-echo ROUNDS BYTES [FILE]\n", stderr);
    return 2;
  }
  size = strtoul(argv[2], NULL, 10);
  if (argc == 4) file = open(argv[3], O_RDONLY | O_CLOEXEC);
  must(argc == 3 || file >= 0);
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  for (int i = 0; i < 2; i++) setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  if (fork() == 0) {
    close(ends[0]);
    channel.fd = ends[1];
    echo(&channel, size, file);
    _exit(0);
  }
  close(ends[1]);
  channel.fd = ends[0];
  go_round(&channel, size, false);
  for (unsigned long round = strtoul(argv[1], NULL, 10); round > 0; round--) go_round(&channel, size, true);
  return 0;
}
