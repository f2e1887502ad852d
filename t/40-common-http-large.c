/* SPDX-License-Identifier: MIT */
/* A body of 1 GiB, in and out: memory stays as it is. */
#include <config.h>

#include "t/lib/http-world.h"

#define GIB (UINT64_C(1) << 30)
#define ROOM_KIB 16384

/* The most that the process ever had, in KiB. */
static unsigned long peak(void) {
  FILE *file = fopen("/proc/self/status", "re");
  char line[256];
  unsigned long kib = 0;

  assert_non_null(file);
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, "VmHWM:", 6) == 0) kib = strtoul(line + 6, NULL, 10);
  fclose(file);
  assert_true(kib > 0);
  return kib;
}

static uint64_t counted;

static enum blockstore_status begin_counting(struct blockstore_sink *sink, uint64_t size) {
  (void)sink;
  counted = 0;
  return size == GIB ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_FAILED;
}

static enum blockstore_status count(struct blockstore_sink *sink, const void *bytes, size_t length) {
  (void)sink, (void)bytes;
  counted += length;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status read_zeros(const struct blockstore_source *source, void *buffer, size_t length,
                                         uint64_t offset) {
  (void)source, (void)offset;
  memset(buffer, 0, length);
  return BLOCKSTORE_STATUS_OK;
}

static void a_gibibyte_passes(void **state) {
  struct blockstore_sink sink = {sizeof sink, 0, begin_counting, count};
  struct blockstore_source source = {sizeof source, 0, read_zeros, GIB};
  struct bs_http_request get = {.method = "GET", .sink = &sink};
  struct bs_http_request put = {.method = "PUT", .source = &source, .length = GIB, .reply_most = 4096};
  unsigned long before;

  (void)state;
  world_goes_on(&world);
  before = peak();
  world_answers(&world, &get, "/bytes?n=1073741824", 200);
  assert_true(counted == GIB);
  bs_http_end(&get);
  world_answers(&world, &put, "/echo", 200);
  assert_non_null(strstr(put.reply, "body: 1073741824 49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14"));
  bs_http_end(&put);
  if (peak() - before > ROOM_KIB) fail_msg("%lu KiB more", peak() - before);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_gibibyte_passes)};

  return RUN_IN_WORLD(tests);
}
