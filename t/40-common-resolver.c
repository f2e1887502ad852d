/* SPDX-License-Identifier: MIT */
/* A name server that does not answer: getaddrinfo of this program is what libcurl calls. */
#include <config.h>

#include <netdb.h>
#include <pthread.h>
#include <signal.h>

#include "t/lib/http-world.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* protects the rest */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned asking, answered, ended;
static pthread_key_t at_end; /* of a thread that asks */
static bool answers, signals_open;
static struct host_call *caller; /* whose time is over once the question is asked; or NULL */

static bool is_open(int signal) {
  sigset_t blocked;

  pthread_sigmask(SIG_SETMASK, NULL, &blocked);
  return sigismember(&blocked, signal) == 0;
}

static void note_end(void *value) {
  (void)value;
  pthread_mutex_lock(&mutex);
  ended++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

__attribute__((visibility("default"))) int getaddrinfo(const char *restrict name, const char *restrict service,
                                                       const struct addrinfo *restrict hints,
                                                       struct addrinfo **restrict result) {
  (void)name, (void)service, (void)hints, (void)result;
  pthread_setspecific(at_end, &ended);
  pthread_mutex_lock(&mutex);
  signals_open = is_open(SIGALRM) || is_open(SIGTERM) || is_open(SIGCHLD);
  asking++;
  if (caller != NULL) caller->looks = 0;
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
    caller = &own.call;
    assert_int_equal(bs_http_perform(own.http, &own.call.call, &request), BLOCKSTORE_STATUS_CANCELLED);
    wait_for(&asking, i + 1);
    bs_http_end(&request);
    bs_http_close(own.http);
    assert_int_equal(answered, 0);
    assert_false(signals_open);
  }
  caller = NULL;
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

/* libcurl's threads are nobody's to join: each frees what it has before it ends. */
static void they_end(void **state) {
  (void)state;
  wait_for(&ended, asking);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nobody_waits_for_it), cmocka_unit_test(its_failure_is_told),
                                     cmocka_unit_test(they_end)};

  alarm(600);
  if (pthread_key_create(&at_end, note_end) != 0) return 1;
  return RUN_TESTS(tests);
}
