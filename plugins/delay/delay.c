/* SPDX-License-Identifier: MIT */
/* A filter that makes a store slow: it waits before each call, always so long or as chance has it. */
#include <config.h>

#include <stdatomic.h>
#include <stdlib.h>

#include "plugins/common/chance.h"
#include "plugins/common/passing.h"
#include "plugins/common/pause.h"
#include "plugins/common/plugin.h"

struct delay {
  struct bs_passing_filter filter;
  uint64_t fixed_ms[BS_PASSING_KINDS]; /* "get", "put", "delete", "check" */
  uint64_t jitter_ms;                  /* "jitter" */
  uint64_t seed;                       /* "seed" */
  atomic_uint_fast64_t drawn;          /* numbers of chance */
};

static uint64_t wait_of(struct delay *self, enum bs_passing_kind kind) {
  uint64_t number;

  if (kind == BS_PASSING_URL) return 0;
  if (self->jitter_ms == 0) return self->fixed_ms[kind];
  number = atomic_fetch_add(&self->drawn, 1);
  return self->fixed_ms[kind] + bs_chance_below(self->jitter_ms + 1, self->seed, number);
}

static enum blockstore_status delay_through(void *self, struct blockstore_call *call, const struct bs_passing *passing) {
  struct delay *delay = self;
  uint64_t wait = wait_of(delay, bs_passing_kind_of(passing->entry));
  enum blockstore_status status = wait == 0 ? BLOCKSTORE_STATUS_OK : bs_pause_for(call, wait);

  return status == BLOCKSTORE_STATUS_OK ? bs_passing_on(delay->filter.next, call, passing) : status;
}

static enum blockstore_status delay_storage_init(void **ret_self, struct blockstore_call *call,
                                                 const struct blockstore_settings *settings, const struct blockstore_next *next) {
  static const struct {
    enum bs_passing_kind kind;
    const char *key;
  } rows[] = {
      {BS_PASSING_GET, "get"}, {BS_PASSING_PUT, "put"}, {BS_PASSING_DELETE, "delete"}, {BS_PASSING_LOOK, "check"}};
  struct delay *self = calloc(1, sizeof *self);

  if (self == NULL) return bs_plugin_fail_memory(call);
  self->filter = (struct bs_passing_filter){next, delay_through};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    self->fixed_ms[rows[i].kind] = (uint64_t)call->host->setting_number(settings, rows[i].key);
  self->jitter_ms = (uint64_t)call->host->setting_number(settings, "jitter");
  self->seed = bs_chance_seed(call, settings);
  if (self->jitter_ms > 0) blockstore_log(call, BLOCKSTORE_LOG_INFO, "delay: the seed is %ju", (uintmax_t)self->seed);
  *ret_self = self;
  return BLOCKSTORE_STATUS_OK;
}

static void delay_storage_close(void *self, struct blockstore_call *call) {
  (void)call;
  free(self);
}

static const struct blockstore_driver delay_driver = {
    .storage_init = delay_storage_init,
    .storage_close = delay_storage_close,
    BS_PASSING_TABLE,
};

BLOCKSTORE_REGISTER_DRIVER(delay, delay_driver,
    BLOCKSTORE_VERSION(PACKAGE_VERSION)
    BLOCKSTORE_DESCRIPTION("Filter: makes a store slow")
    BLOCKSTORE_KIND_FILTER
    BLOCKSTORE_THREADS_PARALLEL
    BLOCKSTORE_CAPABILITY_DURABLE
    BLOCKSTORE_CAPABILITY_CONSISTENT
    BLOCKSTORE_OPTION("get", DURATION, OPTIONAL, "0s", "Before each get")
    BLOCKSTORE_OPTION("put", DURATION, OPTIONAL, "0s", "Before each put")
    BLOCKSTORE_OPTION("delete", DURATION, OPTIONAL, "0s", "Before each delete")
    BLOCKSTORE_OPTION("check", DURATION, OPTIONAL, "0s", "Before each check")
    BLOCKSTORE_OPTION("jitter", DURATION, OPTIONAL, "0s", "At most so much more, by chance")
    BLOCKSTORE_OPTION("seed", INT, OPTIONAL, "", "What the chance follows from; one of its own if not set"));
