/* SPDX-License-Identifier: MIT */
/* Parts of blockstored that are pure: what is kept of replies, how many requests and connections an address may have. */
#include <config.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "t/lib/unit.h"
#include "tools/blockstored/allowance.h"
#include "tools/blockstored/cache.h"
#include "tools/blockstored/crowd.h"
#include "tools/blockstored/method.h"
#include "tools/blockstored/progress.h"

#define UNUSED __attribute__((unused))

static bool has(const struct bsd_cache *cache, size_t method, const char *params, const char *reply) {
  const unsigned char *bytes;
  size_t length;

  if (!bsd_cache_find(cache, &bytes, &length, method, params, strlen(params))) return false;
  assert_int_equal(length, strlen(reply));
  assert_memory_equal(bytes, reply, length);
  return true;
}

static void keep(struct bsd_cache *cache, size_t method, const char *params, const char *reply) {
  bsd_cache_keep(cache, method, params, strlen(params), reply, strlen(reply));
}

static void what_was_kept_is_found(void **state UNUSED) {
  struct bsd_cache *cache = bsd_cache_new(1 << 20);

  assert_non_null(cache);
  assert_false(has(cache, 1, "[\"a\"]", ""));
  keep(cache, 1, "[\"a\"]", "[1]");
  assert_true(has(cache, 1, "[\"a\"]", "[1]"));
  assert_false(has(cache, 2, "[\"a\"]", ""));
  assert_false(has(cache, 1, "[\"a\" ]", ""));
  keep(cache, 1, "[\"a\"]", "[2]");
  assert_true(has(cache, 1, "[\"a\"]", "[2]"));
  bsd_cache_turn(cache);
  assert_false(has(cache, 1, "[\"a\"]", ""));
  keep(cache, 1, "[\"a\"]", "[3]");
  assert_true(has(cache, 1, "[\"a\"]", "[3]"));
  bsd_cache_free(cache);
}

static void it_has_a_bound(void **state UNUSED) {
  struct bsd_cache *cache = bsd_cache_new(100000), *none = bsd_cache_new(0);
  char reply[2000], params[20];
  size_t found = 0;

  memset(reply, 'x', sizeof reply);
  for (int i = 0; i < 10000; i++) {
    snprintf(params, sizeof params, "[%d]", i);
    bsd_cache_keep(cache, 1, params, strlen(params), reply, sizeof reply);
    assert_true(bsd_cache_bytes(cache) <= 100000);
  }
  for (int i = 0; i < 10000; i++) {
    const unsigned char *bytes;
    size_t length;

    snprintf(params, sizeof params, "[%d]", i);
    if (bsd_cache_find(cache, &bytes, &length, 1, params, strlen(params))) found++;
  }
  assert_in_range(found, 20, 50);
  bsd_cache_keep(none, 1, "", 0, "x", 1);
  assert_int_equal(bsd_cache_bytes(none), 0);
  assert_false(has(none, 1, "", ""));
  bsd_cache_free(cache);
  bsd_cache_free(none);
}

static bool wants(struct bsd_cache *cache, size_t method, const char *params) {
  return bsd_cache_wants(cache, method, params, strlen(params));
}

/* Whatever is asked only once is not worth its place. */
static void what_is_asked_again_is_wanted(void **state UNUSED) {
  struct bsd_cache *cache = bsd_cache_new(1 << 20), *none = bsd_cache_new(0);
  char params[20];
  int wanted = 0;

  assert_false(wants(cache, 1, "[\"a\"]"));
  assert_true(wants(cache, 1, "[\"a\"]"));
  assert_false(wants(cache, 2, "[\"a\"]"));
  bsd_cache_turn(cache);
  assert_true(wants(cache, 1, "[\"a\"]")); /* it was popular before */
  for (int i = 0; i < 200000; i++) {
    snprintf(params, sizeof params, "[%d]", i);
    wanted += wants(cache, 1, params);
  }
  assert_in_range(wanted, 0, 200); /* two may look alike, one in 32,768 */
  assert_false(wants(none, 1, "") || wants(none, 1, ""));
  bsd_cache_free(cache);
  bsd_cache_free(none);
}

static uint64_t key_of(const char *text) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  struct sockaddr_in6 address6 = {.sin6_family = AF_INET6};

  if (inet_pton(AF_INET, text, &address.sin_addr) == 1) return bsd_allowance_key((struct sockaddr *)&address);
  assert_int_equal(inet_pton(AF_INET6, text, &address6.sin6_addr), 1);
  return bsd_allowance_key((struct sockaddr *)&address6);
}

static void addresses(void **state UNUSED) {
  const struct sockaddr local = {.sa_family = AF_UNIX};

  assert_int_equal(bsd_allowance_key(&local), 0);
  assert_int_not_equal(key_of("127.0.0.1"), key_of("127.0.0.2"));
  assert_int_equal(key_of("2001:db8::1"), key_of("2001:db8::2:3:4:5"));
  assert_int_not_equal(key_of("2001:db8::1"), key_of("2001:db8:0:1::1"));
  assert_int_equal(key_of("::ffff:127.0.0.1"), key_of("127.0.0.1")); /* of a socket for IPv4 and IPv6 */
  assert_int_not_equal(key_of("::ffff:127.0.0.1"), key_of("::ffff:127.0.0.2"));
}

static bool is_local(const char *text) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  struct sockaddr_in6 address6 = {.sin6_family = AF_INET6};

  if (inet_pton(AF_INET, text, &address.sin_addr) == 1) return bsd_allowance_is_local((struct sockaddr *)&address);
  assert_int_equal(inet_pton(AF_INET6, text, &address6.sin6_addr), 1);
  return bsd_allowance_is_local((struct sockaddr *)&address6);
}

static void this_machine(void **state UNUSED) {
  const struct sockaddr local = {.sa_family = AF_UNIX}, other = {.sa_family = AF_UNSPEC};

  assert_true(bsd_allowance_is_local(&local));
  assert_false(bsd_allowance_is_local(&other));
  assert_true(is_local("127.0.0.1") && is_local("127.3.2.1") && is_local("::1") && is_local("::ffff:127.0.0.1"));
  assert_false(is_local("10.0.0.1") || is_local("126.0.0.1") || is_local("128.0.0.1") || is_local("0.0.0.0"));
  assert_false(is_local("::") || is_local("2001:db8::1") || is_local("::ffff:10.0.0.127") || is_local("fe80::1"));
}

static void so_many_a_second(void **state UNUSED) {
  struct bsd_allowance *allowance = bsd_allowance_new(10);
  uint64_t key = key_of("127.0.0.1");
  uint32_t wait = 0;

  assert_non_null(allowance);
  for (int i = 0; i < 10; i++) assert_true(bsd_allowance_take(allowance, &wait, key, 1000));
  assert_false(bsd_allowance_take(allowance, &wait, key, 1000));
  assert_in_range(wait, 90, 110);
  assert_true(bsd_allowance_take(allowance, &wait, key, 1000 + wait));
  assert_false(bsd_allowance_take(allowance, &wait, key, 1000 + wait));
  for (int i = 0; i < 100; i++) assert_true(bsd_allowance_take(allowance, &wait, 0, 1000)); /* a unix socket */
  assert_true(bsd_allowance_take(allowance, &wait, key, 10000));
  bsd_allowance_charge(allowance, key, 39); /* a batch may leave a debt */
  assert_false(bsd_allowance_take(allowance, &wait, key, 12000));
  assert_true(bsd_allowance_take(allowance, &wait, key, 14000));
  bsd_allowance_charge(allowance, 0, 1000);
  while (bsd_allowance_take(allowance, &wait, key, 20000)) continue;
  assert_false(bsd_allowance_take(allowance, &wait, key, 19999)); /* another thread's clock was read a little before */
  assert_false(bsd_allowance_take(allowance, &wait, key, 20000));
  assert_true(bsd_allowance_take(allowance, &wait, key, 20100));
  bsd_allowance_free(allowance);
}

/* Somebody with very many addresses slows nobody else. */
static void others_are_not_in_the_way(void **state UNUSED) {
  struct bsd_allowance *allowance = bsd_allowance_new(2);
  uint32_t wait = 0;

  assert_non_null(allowance);
  for (unsigned i = 0; i < 65536; i++) {
    char text[40];
    uint64_t key;

    snprintf(text, sizeof text, "2001:db8:1:%x::1", i);
    key = key_of(text);
    for (int k = 0; k < 2; k++) assert_true(bsd_allowance_take(allowance, &wait, key, 1000));
    assert_false(bsd_allowance_take(allowance, &wait, key, 1000));
  }
  assert_true(bsd_allowance_take(allowance, &wait, key_of("2001:db8:2::1"), 1000));
  assert_true(bsd_allowance_take(allowance, &wait, key_of("127.0.0.1"), 1000));
  bsd_allowance_free(allowance);
}

static void so_many_of_one_address(void **state UNUSED) {
  struct bsd_crowd *crowd = bsd_crowd_new(5, 2);
  uint64_t one = key_of("127.0.0.1"), other = key_of("127.0.0.2");

  assert_non_null(crowd);
  assert_int_equal(bsd_crowd_enter(crowd, one), BSD_ENTERED);
  assert_int_equal(bsd_crowd_enter(crowd, one), BSD_ENTERED);
  assert_int_equal(bsd_crowd_enter(crowd, one), BSD_FULL_OF_ONE);
  assert_int_equal(bsd_crowd_enter(crowd, other), BSD_ENTERED);
  for (int i = 0; i < 2; i++) assert_int_equal(bsd_crowd_enter(crowd, 0), BSD_ENTERED); /* unix sockets */
  assert_int_equal(bsd_crowd_enter(crowd, 0), BSD_FULL);
  assert_int_equal(bsd_crowd_enter(crowd, other), BSD_FULL);
  assert_int_equal(bsd_crowd_enter(crowd, one), BSD_FULL_OF_ONE);
  assert_int_equal(bsd_crowd_count(crowd), 5);
  bsd_crowd_leave(crowd, one);
  assert_int_equal(bsd_crowd_enter(crowd, one), BSD_ENTERED);
  assert_int_equal(bsd_crowd_enter(crowd, one), BSD_FULL_OF_ONE);
  bsd_crowd_leave(crowd, 0);
  assert_int_equal(bsd_crowd_enter(crowd, other), BSD_ENTERED);
  bsd_crowd_free(crowd);
}

/* Addresses come and go, in a table as full as it gets; a count by hand beside it. */
static void addresses_come_and_go(void **state UNUSED) {
  enum { MOST = 64, OF_ONE = 3, KEYS = 100 };
  struct bsd_crowd *crowd = bsd_crowd_new(MOST, OF_ONE);
  size_t counts[KEYS] = {0}, all = 0;
  uint32_t dice = 1;

  assert_non_null(crowd);
  for (int i = 0; i < 200000; i++) {
    size_t which;
    uint64_t key;

    dice = dice * 1664525u + 1013904223u;
    which = (dice >> 8) % KEYS;
    key = (uint64_t)which * 8192 * 2 + 1;
    if ((dice >> 30) == 0 && counts[which] > 0) {
      bsd_crowd_leave(crowd, key);
      counts[which]--;
      all--;
    } else {
      enum bsd_entry wanted = counts[which] >= OF_ONE ? BSD_FULL_OF_ONE : all >= MOST ? BSD_FULL : BSD_ENTERED;

      assert_int_equal(bsd_crowd_enter(crowd, key), wanted);
      if (wanted != BSD_ENTERED) continue;
      counts[which]++;
      all++;
    }
    assert_int_equal(bsd_crowd_count(crowd), all);
  }
  for (size_t which = 0; which < KEYS; which++)
    while (counts[which] > 0) {
      bsd_crowd_leave(crowd, (uint64_t)which * 8192 * 2 + 1);
      counts[which]--;
    }
  assert_int_equal(bsd_crowd_count(crowd), 0);
  for (size_t i = 0; i < MOST; i++) assert_int_equal(bsd_crowd_enter(crowd, 2 * i + 1), BSD_ENTERED);
  bsd_crowd_free(crowd);
}

static void methods_are_found(void **state UNUSED) {
  struct bs_error error = {0};

  for (size_t i = 0; i < bsd_method_count; i++) {
    const char *name = bsd_methods[i].name;

    assert_ptr_equal(bsd_method_find(name, strlen(name)), &bsd_methods[i]);
    assert_null(bsd_method_find(name, strlen(name) - 1));
    assert_false(bsd_method_is_refused(name, strlen(name), &error));
    assert_true(bsd_methods[i].least <= bsd_methods[i].most && bsd_methods[i].most <= BSD_ARGUMENTS_MAX);
    assert_true(!bsd_methods[i].is_kept || bsd_methods[i].lane == BSD_AT_ONCE);
  }
  assert_int_not_equal(bsd_method_find("broadcast_transaction", 21)->lane, bsd_method_find("get_unspents", 12)->lane);
  /* Two branches may have the same consensus hash, and these apart. */
  assert_false(bsd_method_find("get_refused_at", 14)->is_kept);
  assert_false(bsd_method_find("get_announcements_at", 20)->is_kept);
  assert_null(bsd_method_find("pingx", 5));
  assert_null(bsd_method_find("", 0));
  assert_true(bsd_method_is_refused("register_tx_subsidized", 22, &error));
  assert_int_equal(error.word, BS_WORD_denied);
  assert_false(bsd_method_is_refused("_tx", 3, &error));
}

/* A step may take long while it comes forward; a node that hangs is told after a while, and borne longer each time. */
static void a_step_comes_forward(void **state UNUSED) {
  struct bsd_progress progress = {.least_ms = 30000, .silence_ms = 30000};

  bsd_progress_begin(&progress, 1000);
  assert_int_equal(bsd_progress_deadline(&progress), 31000);
  for (uint64_t now = 2000; now < 500000; now += 20000) {
    bsd_progress_come(&progress, now);
    assert_int_equal(bsd_progress_deadline(&progress), now + 30000);
  }
  bsd_progress_come(&progress, 590000);
  assert_int_equal(bsd_progress_deadline(&progress), 1000 + BSD_STEP_MS); /* the fees are to be asked for, too */
  assert_false(bsd_progress_was_silence(&progress, 1000 + BSD_STEP_MS));
  assert_int_equal(progress.silence_ms, 30000);
}

static void a_step_that_does_not_is_told(void **state UNUSED) {
  struct bsd_progress progress = {.least_ms = 30000, .silence_ms = 30000};

  for (uint64_t silence = 30000, now = 0; now < 5000000; now += 1000) {
    bsd_progress_begin(&progress, now);
    assert_int_equal(bsd_progress_deadline(&progress), now + silence);
    assert_false(bsd_progress_was_silence(&progress, now + silence - 1));
    now += silence;
    assert_true(bsd_progress_was_silence(&progress, now));
    silence = 2 * silence < BSD_STEP_MS ? 2 * silence : BSD_STEP_MS;
    assert_int_equal(progress.silence_ms, silence);
  }
  bsd_progress_come(&progress, 6000000);
  assert_int_equal(bsd_progress_deadline(&progress) < 6000000 + 30001, 1);
  assert_int_equal(progress.silence_ms, 30000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_kept_is_found), cmocka_unit_test(it_has_a_bound),   cmocka_unit_test(addresses),
      cmocka_unit_test(what_is_asked_again_is_wanted),
      cmocka_unit_test(so_many_a_second),       cmocka_unit_test(others_are_not_in_the_way),
      cmocka_unit_test(so_many_of_one_address), cmocka_unit_test(addresses_come_and_go),
      cmocka_unit_test(methods_are_found),      cmocka_unit_test(this_machine),
      cmocka_unit_test(a_step_comes_forward),   cmocka_unit_test(a_step_that_does_not_is_told),
  };

  return RUN_TESTS(tests);
}
