/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "plugins/common/quiet.h"
#include "t/lib/unit.h"

static void nothing_goes_to_other_programs(void **state) {
  CURLM *multis[3];
  DIR *directory;
  struct dirent *entry;
  int pair[2], ready;
  char byte;
  bool inherited[1024] = {false};

  (void)state;
  for (int fd = 0; fd < 1024; fd++) inherited[fd] = fcntl(fd, F_GETFD) >= 0;
  /* What the program itself has open is left alone, the like of libcurl's own, too. */
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
  for (int i = 0; i < 3; i++) {
    multis[i] = bs_quiet_multi();
    assert_non_null(multis[i]);
  }
  directory = opendir("/proc/self/fd");
  assert_non_null(directory);
  while ((entry = readdir(directory)) != NULL) {
    int fd = (int)strtol(entry->d_name, NULL, 10);

    if (entry->d_name[0] == '.' || fd >= 1024 || inherited[fd] || fd == pair[0] || fd == pair[1]) continue;
    if ((fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) fail_msg("descriptor %d is not close-on-exec", fd);
  }
  closedir(directory);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(fcntl(pair[i], F_GETFD) & FD_CLOEXEC, 0);
    assert_true(recv(pair[i], &byte, 1, 0) < 0);
  }
  close(pair[0]);
  close(pair[1]);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(curl_multi_wakeup(multis[i]), CURLM_OK); /* it still works */
    assert_int_equal(curl_multi_poll(multis[i], NULL, 0, 60000, &ready), CURLM_OK);
    curl_multi_cleanup(multis[i]);
  }
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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_goes_to_other_programs),
                                     cmocka_unit_test(signals_of_its_own_are_taken_back)};

  return RUN_TESTS(tests);
}
