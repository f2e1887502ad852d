/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "plugins/common/quiet.h"
#include "t/lib/unit.h"

/* As in a sandbox without /proc. */
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path) {
  (void)path;
  errno = ENOENT;
  return NULL;
}

/* What somebody sends to the program just when a multi is woken for the first time. */
static int stranger = -1;
CURLMcode __real_curl_multi_wakeup(CURLM *multi);
CURLMcode __wrap_curl_multi_wakeup(CURLM *multi);
CURLMcode __wrap_curl_multi_wakeup(CURLM *multi) {
  if (stranger >= 0 && write(stranger, "x", 1) != 1) fail();
  stranger = -1;
  return __real_curl_multi_wakeup(multi);
}

#define FDS_MOST 1024

/* Every descriptor there is now, whether it goes to other programs, and which of them came since. */
static void look(int flags[FDS_MOST]) {
  for (int fd = 0; fd < FDS_MOST; fd++) flags[fd] = fcntl(fd, F_GETFD);
}

static void nothing_new_goes_to_other_programs(const int before[FDS_MOST], int at_least) {
  int now[FDS_MOST], count = 0;

  look(now);
  for (int fd = 0; fd < FDS_MOST; fd++) {
    if (before[fd] >= 0 && now[fd] != before[fd]) fail_msg("descriptor %d was changed", fd);
    if (before[fd] >= 0 || now[fd] < 0) continue;
    if ((now[fd] & FD_CLOEXEC) == 0) fail_msg("descriptor %d is not close-on-exec", fd);
    count++;
  }
  assert_true(count >= at_least);
}

/* Each still wakes who waits for it. */
static void end_all(CURLM *const *multis, size_t count) {
  int ready;

  for (size_t i = 0; i < count; i++) {
    assert_int_equal(curl_multi_wakeup(multis[i]), CURLM_OK);
    assert_int_equal(curl_multi_poll(multis[i], NULL, 0, 60000, &ready), CURLM_OK);
    curl_multi_cleanup(multis[i]);
  }
}

static void nothing_goes_to_other_programs(void **state) {
  CURLM *multis[3];
  int before[FDS_MOST];

  (void)state;
  look(before);
  for (int i = 0; i < 3; i++) {
    multis[i] = bs_quiet_multi();
    assert_non_null(multis[i]);
  }
  nothing_new_goes_to_other_programs(before, 3);
  end_all(multis, 3);
}

/* Later ones say themselves what is close-on-exec: nothing is searched, and no multi woken. */
static bool searches(void) {
  return curl_version_info(CURLVERSION_NOW)->version_num < 0x080900;
}

/* What the program itself has open is left alone, the like of libcurl's own, too, also when something comes there just
 * then: no flag is changed, no byte sent or taken. */
static void the_programs_own_is_left_alone(void **state) {
  int sockets[2], pipes[2], before[FDS_MOST];
  CURLM *multi;
  char bytes[2];

  (void)state;
  for (int i = 0; i < 3; i++) {
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    look(before);
    if (i == 1) stranger = sockets[1];
    if (i == 2) stranger = pipes[1];
    multi = bs_quiet_multi();
    assert_non_null(multi);
    if (searches()) assert_int_equal(stranger, -1);
    nothing_new_goes_to_other_programs(before, 1);
    assert_int_equal(read(sockets[0], bytes, 2), i == 1 && searches() ? 1 : -1);
    assert_int_equal(read(sockets[1], bytes, 2), -1);
    assert_int_equal(read(pipes[0], bytes, 2), i == 2 && searches() ? 1 : -1);
    stranger = -1;
    end_all(&multi, 1);
    close(sockets[0]), close(sockets[1]), close(pipes[0]), close(pipes[1]);
  }
}

static void many_like_it_hide_nothing(void **state) {
  int pairs[200][2], before[FDS_MOST];
  CURLM *multi;

  (void)state;
  for (int i = 0; i < 200; i++) assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pairs[i]), 0);
  look(before);
  multi = bs_quiet_multi();
  assert_non_null(multi);
  nothing_new_goes_to_other_programs(before, 1);
  end_all(&multi, 1);
  for (int i = 0; i < 200; i++) close(pairs[i][0]), close(pairs[i][1]);
}

#define THREADS 4
#define EACH 20

static void *make_some(void *context) {
  CURLM **multis = context;

  for (int i = 0; i < EACH; i++) multis[i] = bs_quiet_multi();
  return NULL;
}

static void threads_do_not_meet(void **state) {
  pthread_t threads[THREADS];
  CURLM *multis[THREADS][EACH];
  int before[FDS_MOST];

  (void)state;
  look(before);
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, make_some, multis[i]), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  nothing_new_goes_to_other_programs(before, THREADS * EACH);
  for (int i = 0; i < THREADS; i++) end_all(multis[i], EACH);
}

static volatile sig_atomic_t caught;

static void note(int signal) {
  caught = signal;
}

static void signals_of_its_own_are_taken_back(void **state) {
  struct sigaction action = {.sa_handler = note};
  struct bs_quiet quiet;
  sigset_t pipes, before;

  (void)state;
  sigaction(SIGPIPE, &action, NULL);
  bs_quiet_begin(&quiet);
  raise(SIGPIPE);
  bs_quiet_end(&quiet);
  assert_int_equal(caught, 0);
  raise(SIGPIPE);
  assert_int_equal(caught, SIGPIPE);

  /* One that was pending before is the program's. */
  caught = 0;
  sigemptyset(&pipes);
  sigaddset(&pipes, SIGPIPE);
  sigprocmask(SIG_BLOCK, &pipes, &before);
  raise(SIGPIPE);
  bs_quiet_begin(&quiet);
  bs_quiet_end(&quiet);
  assert_int_equal(caught, 0);
  sigprocmask(SIG_SETMASK, &before, NULL);
  assert_int_equal(caught, SIGPIPE);
}

/* To look at the numbers that libcurl may have got is to look at those of other threads, too: a race to ThreadSanitizer. */
__attribute__((visibility("default"))) const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void) {
  return "race:is_candidate\n";
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_goes_to_other_programs),
                                     cmocka_unit_test(the_programs_own_is_left_alone),
                                     cmocka_unit_test(many_like_it_hide_nothing), cmocka_unit_test(threads_do_not_meet),
                                     cmocka_unit_test(signals_of_its_own_are_taken_back)};

  return RUN_TESTS(tests);
}
