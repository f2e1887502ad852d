/* SPDX-License-Identifier: MIT */
/* A resolver that takes its time: getaddrinfo of this program is what the client of name servers calls.  It is waited for no
 * longer than anything else may take, and what it says afterwards harms nobody. */
#include <config.h>

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/base/clock.h"
#include "core/base/worker.h"
#include "core/names/link.h"
#include "t/lib/unit.h"

static atomic_uint slow_ms; /* how long it takes */
static atomic_uint asked, answered;

__attribute__((visibility("default"))) int getaddrinfo(const char *restrict name, const char *restrict service,
                                                       const struct addrinfo *restrict hints,
                                                       struct addrinfo **restrict ret_found) {
  (void)name, (void)service, (void)ret_found;
  if (hints->ai_flags & AI_NUMERICHOST) return EAI_NONAME;
  atomic_fetch_add(&asked, 1);
  usleep(atomic_load(&slow_ms) * 1000);
  atomic_fetch_add(&answered, 1);
  return EAI_AGAIN;
}

static struct bs_server_address somewhere(void) {
  struct bs_server_address address;
  struct bs_error error = {0};

  assert_ok(bs_server_address_parse(&address, "names.example.org", 6264, &error));
  return address;
}

/* Milliseconds that it took to fail. */
static uint64_t fail_to_open(const struct bs_scope *scope, uint64_t patience_ms, enum bs_word word, const char *says) {
  const struct bs_server_address address = somewhere();
  uint64_t start = bs_clock_monotonic_ms();
  const struct bs_patience patience = {scope, start + patience_ms};
  struct bs_link *link;
  struct bs_error error = {0};

  assert_fails(bs_link_open(&link, &address, &patience, &error), word, says);
  return bs_clock_monotonic_ms() - start;
}

static void wait_for_answers(void) {
  while (atomic_load(&answered) < atomic_load(&asked)) usleep(1000);
}

static void test_answered(void **state) {
  (void)state;
  atomic_store(&slow_ms, 50);
  assert_true(fail_to_open(NULL, 20000, BS_WORD_no_names, "cannot be found: ") >= 50);
}

static void test_slow(void **state) {
  (void)state;
  atomic_store(&slow_ms, 1500);
  assert_true(fail_to_open(NULL, 200, BS_WORD_no_names, "did not answer in time") < 1400);
  wait_for_answers(); /* nobody waits for it any more */
}

static void *cancel_soon(void *user) {
  usleep(50000);
  bs_scopes_cancel(user);
  return NULL;
}

static void test_cancelled(void **state) {
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;
  struct bs_error error = {0};
  pthread_t thread;

  (void)state;
  atomic_store(&slow_ms, 1500);
  assert_ok(bs_scope_open(&scopes, &scope, 20000, &error));
  assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &scopes), 0);
  assert_true(fail_to_open(scope, 20000, BS_WORD_cancelled, "") < 1400);
  pthread_join(thread, NULL);
  bs_scope_close(scope);
  bs_scopes_free(&scopes);
  wait_for_answers();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_answered),
      cmocka_unit_test(test_slow),
      cmocka_unit_test(test_cancelled),
  };
  int failed = RUN_TESTS(tests);

  bs_workers_rest();
  return failed;
}
