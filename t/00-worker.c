/* SPDX-License-Identifier: MIT */
/* Threads that take jobs. */
#include <config.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "core/base/worker.h"
#include "t/lib/threads.h"
#include "t/lib/unit.h"

#define UNUSED __attribute__((unused))

static sem_t done;
static sem_t go;
static pthread_t last_thread;
static atomic_int blocked_signals;
static atomic_int blocked_faults;

static void wait_for(sem_t *semaphore) {
  while (sem_wait(semaphore) < 0) continue;
}

static int set_up(void **state UNUSED) {
  sem_init(&done, 0, 0);
  sem_init(&go, 0, 0);
  atomic_store(&blocked_signals, 0);
  return 0;
}

static int tear_down(void **state UNUSED) {
  bs_workers_rest();
  return 0;
}

static void note_thread(void *user UNUSED) {
  sigset_t blocked;

  last_thread = pthread_self();
  pthread_sigmask(SIG_BLOCK, NULL, &blocked);
  atomic_store(&blocked_signals, sigismember(&blocked, SIGINT) + sigismember(&blocked, SIGTERM) +
                                     sigismember(&blocked, SIGUSR1) + sigismember(&blocked, SIGPIPE));
  atomic_store(&blocked_faults, sigismember(&blocked, SIGSEGV) + sigismember(&blocked, SIGBUS) + sigismember(&blocked, SIGFPE) +
                                    sigismember(&blocked, SIGILL) + sigismember(&blocked, SIGABRT));
  sem_post(&done);
}

static void wait_to_go(void *user UNUSED) {
  wait_for(&go);
  sem_post(&done);
}

static void a_job_runs_on_a_thread_that_blocks_signals(void **state UNUSED) {
  struct bs_error error = {0};
  sigset_t mine;

  assert_ok(bs_worker_run(note_thread, NULL, &error));
  wait_for(&done);
  assert_false(pthread_equal(last_thread, pthread_self()));
  assert_int_equal(atomic_load(&blocked_signals), 4);
  assert_int_equal(atomic_load(&blocked_faults), 0); /* a program may handle a crash */
  pthread_sigmask(SIG_BLOCK, NULL, &mine);
  assert_int_equal(sigismember(&mine, SIGTERM), 0);
}

static void many_jobs_run_at_once(void **state UNUSED) {
  struct bs_error error = {0};

  for (int i = 0; i < 40; i++) assert_ok(bs_worker_run(wait_to_go, NULL, &error)); /* more than are kept */
  for (int i = 0; i < 40; i++) sem_post(&go);
  for (int i = 0; i < 40; i++) wait_for(&done);
}

static void a_job_that_stays_does_not_hold_up_rest(void **state UNUSED) {
  struct bs_error error = {0};

  assert_ok(bs_worker_run(wait_to_go, NULL, &error));
  bs_workers_rest();
  sem_post(&go);
  wait_for(&done);
}

static void after_rest_there_is_a_new_thread(void **state UNUSED) {
  struct bs_error error = {0};

  for (int i = 0; i < 50; i++) {
    assert_ok(bs_worker_run(note_thread, NULL, &error));
    wait_for(&done);
    if (i % 2 == 0) bs_workers_rest();
  }
}

static void a_thread_that_cannot_be_started_is_an_error(void **state UNUSED) {
  struct bs_error error = {0};

  refuse_threads = true;
  assert_fails(bs_worker_run(note_thread, NULL, &error), BS_WORD_failed, "A thread could not be started: Resource");
  refuse_threads = false;
  assert_ok(bs_worker_run(note_thread, NULL, &error));
  wait_for(&done);
}

#define WORKER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WORKER_TEST(a_job_runs_on_a_thread_that_blocks_signals),
      WORKER_TEST(many_jobs_run_at_once),
      WORKER_TEST(a_job_that_stays_does_not_hold_up_rest),
      WORKER_TEST(after_rest_there_is_a_new_thread),
      WORKER_TEST(a_thread_that_cannot_be_started_is_an_error),
  };

  return RUN_TESTS(tests);
}
