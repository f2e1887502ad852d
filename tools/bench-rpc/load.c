/* SPDX-License-Identifier: MIT */
/* Connections that always have `depth` requests on their way, and how long each reply took. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/bench-rpc/bench.h"

#define DEPTH_MAX 256
#define ROOM (1u << 16)
#define SAMPLES_MAX (1u << 24)

struct connection {
  int fd;
  uint64_t sent[DEPTH_MAX]; /* when each request on its way was */
  size_t first, count;      /* in that ring */
  size_t length;            /* of what has arrived and is not looked at */
  char bytes[ROOM];
};

struct run {
  const struct bench_load *load;
  uint32_t *samples; /* microseconds */
  size_t sample_count;
  uint64_t until_ns, random;
};

int bench_connect(uint16_t port) {
  static const int one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) bench_die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static uint64_t next_random(struct run *run) {
  run->random ^= run->random << 13;
  run->random ^= run->random >> 7;
  run->random ^= run->random << 17;
  return run->random;
}

/* So many requests at once, in one write. */
static void ask(struct run *run, struct connection *connection, size_t more) {
  char bytes[DEPTH_MAX * 128];
  size_t length = 0;
  uint64_t now = bench_now_ns();

  for (size_t i = 0; i < more; i++) {
    char request[120];
    int size = snprintf(request, sizeof request,
                        "{\"id\":\"1\",\"method\":\"get_name_blockchain_record\",\"params\":[\"" BENCH_NAME
                        "\"],\"version\":\"2.0\"}",
                        (unsigned long)(next_random(run) % run->load->names));

    length += (size_t)snprintf(bytes + length, sizeof bytes - length, "%d:%s,", size, request);
    connection->sent[(connection->first + connection->count++) % DEPTH_MAX] = now;
  }
  if (length > 0 && write(connection->fd, bytes, length) != (ssize_t)length) bench_die("write");
}

/* Bytes of the frame at the beginning; 0: it is not whole. */
static size_t frame_at(const char *bytes, size_t length) {
  size_t size = 0, at = 0;

  while (at < length && bytes[at] >= '0' && bytes[at] <= '9') size = size * 10 + (size_t)(bytes[at++] - '0');
  if (at == length) return 0;
  if (bytes[at] != ':' || size > ROOM - 16) bench_die("no frame");
  size += at + 2;
  return size <= length ? size : 0;
}

static void note(struct run *run, struct connection *connection, uint64_t now) {
  if (connection->count == 0) bench_die("a reply too many");
  if (run->sample_count < SAMPLES_MAX)
    run->samples[run->sample_count++] = (uint32_t)((now - connection->sent[connection->first]) / 1000);
  connection->first = (connection->first + 1) % DEPTH_MAX;
  connection->count--;
}

static void take(struct run *run, struct connection *connection) {
  ssize_t more = read(connection->fd, connection->bytes + connection->length, ROOM - connection->length);
  size_t used = 0, size, answered = 0;
  uint64_t now = bench_now_ns();

  if (more <= 0) bench_die("read");
  connection->length += (size_t)more;
  for (; (size = frame_at(connection->bytes + used, connection->length - used)) > 0; used += size, answered++)
    note(run, connection, now);
  memmove(connection->bytes, connection->bytes + used, connection->length - used);
  connection->length -= used;
  if (now < run->until_ns) ask(run, connection, answered);
}

static int compare(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

  return x < y ? -1 : x > y;
}

static void tell(struct run *run, double seconds) {
  struct rusage usage;
  double busy;

  getrusage(RUSAGE_SELF, &usage);
  busy = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  qsort(run->samples, run->sample_count, sizeof *run->samples, compare);
  printf("%.0f %u %u %.2f\n", (double)run->sample_count / seconds, run->samples[run->sample_count / 2],
         run->samples[run->sample_count * 99 / 100], busy / seconds);
}

void bench_load(const struct bench_load *load) {
  struct run run = {.load = load, .random = bench_now_ns() | 1};
  struct connection *connections = calloc(load->connections, sizeof *connections);
  int poll = epoll_create1(0);
  uint64_t from = bench_now_ns();
  bool busy = true;

  run.samples = malloc(SAMPLES_MAX * sizeof *run.samples);
  if (connections == NULL || run.samples == NULL || load->depth > DEPTH_MAX) bench_die("memory");
  run.until_ns = from + load->seconds * 1000000000u;
  for (size_t i = 0; i < load->connections; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = &connections[i]}};

    connections[i].fd = bench_connect(load->port);
    epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
    ask(&run, &connections[i], load->depth);
  }
  while (busy) {
    struct epoll_event events[64];
    int count = epoll_wait(poll, events, 64, 1000);

    for (int i = 0; i < count; i++) take(&run, events[i].data.ptr);
    busy = bench_now_ns() < run.until_ns || count > 0;
    if (count == 0) break;
  }
  tell(&run, (double)(run.until_ns - from) / 1e9);
}

void bench_idle(uint16_t port, unsigned long count) {
  char byte;

  for (unsigned long i = 0; i < count; i++) bench_connect(port);
  puts("connected");
  (void)fflush(stdout);
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
}
