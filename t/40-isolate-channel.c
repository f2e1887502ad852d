/* SPDX-License-Identifier: MIT */
/* The channel of an isolated driver's process: nothing follows a message that could not be sent whole. */
#include <config.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/lib/unit.h"
#include "tools/driver-host/channel.h"

#define LARGE ((size_t)8 << 20) /* more than a socket holds */

struct pair {
  struct channel channel;
  int other;
};

/* One whose send fails where it would wait. */
static void pair_begin(struct pair *pair) {
  int fds[2];

  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
  channel_begin(&pair->channel, fds[0]);
  pair->other = fds[1];
}

static void pair_end(struct pair *pair) {
  close(pair->channel.fd);
  close(pair->other);
  pthread_mutex_destroy(&pair->channel.lock);
}

/* All that comes until the end, of which there must be one; the last bytes of it in `ret_last`. */
static size_t read_all(int fd, char ret_last[9]) {
  static char bytes[65536];
  size_t length = 0;
  ssize_t more;

  assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
  memset(ret_last, 0, 9);
  while ((more = recv(fd, bytes, sizeof bytes, 0)) > 0) {
    length += (size_t)more;
    if (more >= 8) memcpy(ret_last, bytes + more - 8, 8);
  }
  assert_int_equal(more, 0);
  return length;
}

static void what_is_sent_half_is_the_last(void **state) {
  char *bytes = malloc(LARGE), last[9];
  struct bs_exec_message request = {"", NULL, NULL};
  static struct pair pair;

  (void)state;
  assert_non_null(bytes);
  memset(bytes, 'x', LARGE);
  pair_begin(&pair);
  assert_int_equal(send(pair.other, "get_immutable id=1\n", 19, 0), 19);
  assert_true(channel_next(&pair.channel, &request));
  channel_send_data(&pair.channel, bytes, LARGE, false);
  channel_send_done(&pair.channel, BLOCKSTORE_STATUS_OK, NULL, 0, false);
  assert_in_range(read_all(pair.other, last), 1, LARGE - 1);
  assert_string_equal(last, "xxxxxxxx");
  assert_false(channel_next(&pair.channel, &request));
  assert_string_equal(pair.channel.why, ""); /* which is no fault of Blockstore's */
  pair_end(&pair);
  free(bytes);
}

/* Not a byte of the question went out: nobody waits for its answer. */
static void what_is_not_asked_is_not_waited_for(void **state) {
  char *bytes = calloc(1, LARGE), buffer[8], last[9];
  struct bs_exec_message request = {"", NULL, NULL};
  static struct pair pair;

  (void)state;
  assert_non_null(bytes);
  pair_begin(&pair);
  assert_int_equal(send(pair.other, "put_immutable id=1\n", 19, 0), 19);
  assert_true(channel_next(&pair.channel, &request));
  while (send(pair.channel.fd, bytes, LARGE, 0) > 0) continue;
  assert_false(channel_ask(&pair.channel, buffer, sizeof buffer, 0));
  assert_true(read_all(pair.other, last) > 0);
  pair_end(&pair);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_sent_half_is_the_last),
                                     cmocka_unit_test(what_is_not_asked_is_not_waited_for)};

  return RUN_TESTS(tests);
}
