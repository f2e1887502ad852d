/* SPDX-License-Identifier: MIT */
/* A name server that does not answer: getaddrinfo of this program is what libcurl calls. */
#include <config.h>

#include <dirent.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>

#include "t/lib/http-world.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* protects the rest */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned asking, answered;
static bool answers, signals_open;

static bool is_open(int signal) {
  sigset_t blocked;

  pthread_sigmask(SIG_SETMASK, NULL, &blocked);
  return sigismember(&blocked, signal) == 0;
}

__attribute__((visibility("default"))) int getaddrinfo(const char *restrict name, const char *restrict service,
                                                       const struct addrinfo *restrict hints,
                                                       struct addrinfo **restrict result) {
  (void)name, (void)service, (void)hints, (void)result;
  pthread_mutex_lock(&mutex);
  signals_open = is_open(SIGALRM) || is_open(SIGTERM) || is_open(SIGCHLD);
  asking++;
  pthread_cond_broadcast(&changed);
  while (!answers) pthread_cond_wait(&changed, &mutex);
  answered++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  return EAI_AGAIN;
}

static void wait_for(const unsigned *count, unsigned least) {
  pthread_mutex_lock(&mutex);
  while (*count < least) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
}

/* The call is over at its deadline, the instance is closed, and the thread that still waits hurts nobody. */
static void nobody_waits_for_it(void **state) {
  const struct host_setting settings[] = {{"proxy", "none"}, {NULL, NULL}};
  struct http_world own = {0};
  struct bs_http_request request = {.method = "GET", .url = "http://slow.example/"};

  (void)state;
  for (unsigned i = 0; i < 3; i++) {
    world_open(&own, settings);
    own.call.deadline = world_now() + 200;
    assert_int_equal(bs_http_perform(own.http, &own.call.call, &request), BLOCKSTORE_STATUS_CANCELLED);
    wait_for(&asking, i + 1);
    bs_http_end(&request);
    bs_http_close(own.http);
    assert_int_equal(answered, 0);
    assert_false(signals_open);
  }
  pthread_mutex_lock(&mutex);
  answers = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  wait_for(&answered, 3);
}

static void its_failure_is_told(void **state) {
  const struct host_setting settings[] = {{"proxy", "none"}, {NULL, NULL}};
  struct http_world own = {0};
  struct bs_http_request request = {.method = "GET", .url = "http://slow.example/"};

  (void)state;
  world_open(&own, settings);
  assert_int_equal(bs_http_perform(own.http, &own.call.call, &request), BLOCKSTORE_STATUS_TRANSIENT);
  assert_string_equal(own.call.sentence, "http://slow.example/: No such host, or no name server answers.");
  bs_http_end(&request);
  bs_http_close(own.http);
}

static int count_threads(void) {
  DIR *directory = opendir("/proc/self/task");
  struct dirent *entry;
  int count = 0;

  assert_non_null(directory);
  while ((entry = readdir(directory)) != NULL) count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

static int threads_before;

/* libcurl's threads are nobody's to join: each frees what it has when it ends. */
static void they_end(void **state) {
  const struct timespec soon = {0, 10000000};

  (void)state;
  while (count_threads() > threads_before) nanosleep(&soon, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nobody_waits_for_it), cmocka_unit_test(its_failure_is_told),
                                     cmocka_unit_test(they_end)};

  alarm(120);
  threads_before = count_threads();
  return RUN_TESTS(tests);
}
