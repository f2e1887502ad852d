/* SPDX-License-Identifier: MIT */
/* For tests of plugins/common/http.c: a stand-in server, a struct bs_http and one call. */
#ifndef BS_T_HTTP_WORLD_H
#define BS_T_HTTP_WORLD_H

#include <time.h>

#include "plugins/common/http.h"
#include "t/lib/driver-host.h"
#include "t/lib/standin.h"

struct http_world {
  struct standin standin;
  struct bs_http *http;
  struct host_call call;
  char url[512]; /* of the last world_url */
};

static inline uint64_t world_now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static inline void world_open(struct http_world *world, const struct host_setting *settings) {
  static const struct host_setting none[] = {{"proxy", "none"}, {"minimum_rate", "1024"}, {NULL, NULL}};
  struct blockstore_settings rows = {settings == NULL ? none : settings};

  host_call_init(&world->call);
  if (bs_http_open(&world->http, &world->call.call, &rows) != BLOCKSTORE_STATUS_OK) fail_msg("%s", world->call.sentence);
}

static inline void world_begin(struct http_world *world) {
  *world = (struct http_world){0};
  standin_start(&world->standin, NULL, NULL);
  world_open(world, NULL);
}

static inline void world_end(struct http_world *world) {
  bs_http_close(world->http);
  standin_stop(&world->standin);
}

static inline const char *world_url(struct http_world *world, const char *path) {
  snprintf(world->url, sizeof world->url, "http://127.0.0.1:%u%s", world->standin.port, path);
  return world->url;
}

/* Performs it; its URL is the path at the stand-in. */
static inline enum blockstore_status world_perform(struct http_world *world, struct bs_http_request *request, const char *path) {
  world->call.sentence[0] = '\0';
  request->url = world_url(world, path);
  return bs_http_perform(world->http, &world->call.call, request);
}

/* The request must get this answer. */
static inline void world_answers(struct http_world *world, struct bs_http_request *request, const char *path, int code) {
  if (world_perform(world, request, path) != BLOCKSTORE_STATUS_OK) fail_msg("%s: %s", path, world->call.sentence);
  assert_int_equal(request->code, code);
}

/* It must fail, with a sentence that names the URL and holds the text. */
static inline void world_refuses(struct http_world *world, struct bs_http_request *request, const char *path,
                                 enum blockstore_status status, const char *text) {
  enum blockstore_status got = world_perform(world, request, path);

  if (got != status) fail_msg("%s: status %d, code %d: %s", path, (int)got, request->code, world->call.sentence);
  if (strstr(world->call.sentence, text) == NULL) fail_msg("%s: %s", path, world->call.sentence);
  if (strchr(world->call.sentence, '?') != NULL) fail_msg("%s: the query is told: %s", path, world->call.sentence);
  bs_http_end(request);
}

/* Another request after what went wrong. */
static inline void world_goes_on(struct http_world *world) {
  struct bs_http_request request = {.method = "GET", .reply_most = 100};

  world_answers(world, &request, "/bytes?n=3", 200);
  assert_string_equal(request.reply, "xxx");
  bs_http_end(&request);
}

/* The world of a test program that needs one alone, for all of its tests. */
static struct http_world world;

static inline int world_setup(void **state) {
  (void)state;
  world_begin(&world);
  return 0;
}

static inline int world_teardown(void **state) {
  (void)state;
  world_end(&world);
  return 0;
}

#define RUN_IN_WORLD_BY(tests, setup, teardown) \
  (alarm(600), cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests_name(__FILE__, tests, setup, teardown))
#define RUN_IN_WORLD(tests) RUN_IN_WORLD_BY(tests, world_setup, world_teardown)

#endif
