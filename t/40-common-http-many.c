/* SPDX-License-Identifier: MIT */
/* Many requests: at once on one thread, and from many threads. */
#include <config.h>

#include <pthread.h>

#include "t/lib/http-world.h"

#define COUNT 20
#define THREADS 8

static char urls[COUNT][sizeof world.url];
static struct bs_http_request requests[COUNT];
static unsigned prepared[COUNT], order;

static enum blockstore_status note_order(struct bs_http_request *request, struct blockstore_call *call) {
  (void)call;
  prepared[request - requests] = ++order;
  return BLOCKSTORE_STATUS_OK;
}

static void fill(const char *path) {
  order = 0;
  memset(prepared, 0, sizeof prepared);
  for (int i = 0; i < COUNT; i++) {
    snprintf(urls[i], sizeof urls[i], "%s", world_url(&world, path));
    requests[i] = (struct bs_http_request){.method = "GET", .url = urls[i], .reply_most = 100, .prepare = note_order};
  }
}

static void end_all(void) {
  for (int i = 0; i < COUNT; i++) bs_http_end(&requests[i]);
}

static void all_are_answered(void **state) {
  static const unsigned parallels[] = {0, 1, 4, 16, 100};
  struct bs_http_request *failed;

  (void)state;
  for (size_t i = 0; i < sizeof parallels / sizeof parallels[0]; i++) {
    fill("/bytes?n=3");
    if (bs_http_perform_all(world.http, &world.call.call, requests, COUNT, parallels[i], &failed) != BLOCKSTORE_STATUS_OK)
      fail_msg("%s", world.call.sentence);
    for (unsigned k = 0; k < COUNT; k++) {
      assert_int_equal(requests[k].code, 200);
      assert_string_equal(requests[k].reply, "xxx");
      assert_int_equal(prepared[k], k + 1);
    }
    end_all();
  }
  assert_int_equal(bs_http_perform_all(world.http, &world.call.call, NULL, 0, 4, &failed), BLOCKSTORE_STATUS_OK);
}

/* So many at once are under way: they last as long as one. */
static void they_go_at_once(void **state) {
  struct bs_http_request *failed;
  uint64_t before = world_now();

  (void)state;
  fill("/later?ms=300");
  assert_int_equal(bs_http_perform_all(world.http, &world.call.call, requests, 10, 10, &failed), BLOCKSTORE_STATUS_OK);
  if (world_now() - before < 300) fail_msg("%s", "nothing was waited for");
  assert_int_equal(prepared[9], 10);
  end_all();
}

static void the_first_failure_ends_all(void **state) {
  static const struct {
    const char *path;
    enum blockstore_status status;
  } rows[] = {{"/status?code=404", BLOCKSTORE_STATUS_NOT_FOUND},
              {"/status?code=503&Retry-After=7", BLOCKSTORE_STATUS_TRANSIENT},
              {"/truncate", BLOCKSTORE_STATUS_TRANSIENT},
              {"/bytes?n=101", BLOCKSTORE_STATUS_FAILED}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct bs_http_request *failed = NULL;

    fill("/hang");
    snprintf(urls[2], sizeof urls[2], "%s", world_url(&world, rows[i].path));
    assert_int_equal(bs_http_perform_all(world.http, &world.call.call, requests, COUNT, 4, &failed), rows[i].status);
    assert_ptr_equal(failed, &requests[2]);
    assert_string_not_equal(world.call.sentence, "");
    assert_int_equal(prepared[4], 0);
    end_all();
  }
  assert_int_equal(world.call.retry_after, 7000);
  world_goes_on(&world);
}

static void cancelling_ends_all(void **state) {
  struct bs_http_request *failed = requests;

  (void)state;
  fill("/hang");
  world.call.deadline = world_now() + 200;
  assert_int_equal(bs_http_perform_all(world.http, &world.call.call, requests, COUNT, 4, &failed), BLOCKSTORE_STATUS_CANCELLED);
  assert_null(failed);
  world.call.deadline = 0;
  end_all();
  world_goes_on(&world);
}

/* Parts of one source are sent at once, read by one thread. */
static void parts_of_a_source(void **state) {
  static unsigned char bytes[COUNT * 100000];
  struct host_source source;
  struct bs_http_request *failed;

  (void)state;
  host_source_init(&source, bytes, sizeof bytes);
  fill("/echo");
  for (unsigned i = 0; i < COUNT; i++) {
    requests[i].method = "PUT";
    requests[i].source = &source.source;
    requests[i].offset = i * 100000;
    requests[i].length = 100000;
    requests[i].reply_most = 4096;
  }
  assert_int_equal(bs_http_perform_all(world.http, &world.call.call, requests, COUNT, 4, &failed), BLOCKSTORE_STATUS_OK);
  for (unsigned i = 0; i < COUNT; i++) assert_non_null(strstr(requests[i].reply, "body: 100000 "));
  end_all();
}

static void *ask(void *context) {
  unsigned *answered = context;
  struct host_call call;

  host_call_init(&call);
  for (int i = 0; i < 50; i++) {
    char url[256];
    struct bs_http_request request = {.method = i % 3 == 0 ? "PUT" : "GET", .url = url, .head = "abc", .reply_most = 100};

    request.head_length = i % 3 == 0 ? 3 : 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/%s", world.standin.port, i % 10 == 9 ? "silence" : "bytes?n=3");
    if (bs_http_perform(world.http, &call.call, &request) ==
            (i % 10 == 9 ? BLOCKSTORE_STATUS_TRANSIENT : BLOCKSTORE_STATUS_OK) &&
        (i % 10 == 9 || strcmp(request.reply, "xxx") == 0))
      ++*answered;
    bs_http_end(&request);
  }
  return NULL;
}

static void many_threads_share_it(void **state) {
  pthread_t threads[THREADS];
  unsigned answered[THREADS] = {0};

  (void)state;
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask, &answered[i]), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) assert_int_equal(answered[i], 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_are_answered),       cmocka_unit_test(they_go_at_once),
                                     cmocka_unit_test(the_first_failure_ends_all), cmocka_unit_test(cancelling_ends_all),
                                     cmocka_unit_test(parts_of_a_source),      cmocka_unit_test(many_threads_share_it)};

  return RUN_IN_WORLD(tests);
}
