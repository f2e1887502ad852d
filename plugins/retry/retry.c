/* SPDX-License-Identifier: MIT */
/* A filter that tries again what the store below could not do just now, later each time, within the call's deadline. */
#include <config.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "plugins/common/chance.h"
#include "plugins/common/passing.h"
#include "plugins/common/pause.h"
#include "plugins/common/plugin.h"

#define ENOUGH_MS 10000 /* more than the core waits for a store (blockstore/driver.h) */

struct retry {
  struct bs_passing_filter filter;
  uint64_t times;             /* "times" */
  uint64_t wait_ms;           /* "wait" */
  uint64_t longest_ms;        /* "longest" */
  uint64_t seed;              /* "seed" */
  atomic_uint_fast64_t drawn; /* numbers of chance */
};

/* ---- what can be given or taken anew ---- */

/* Sees what goes through the caller's sink and source.  Once one of these has refused, it takes or gives nothing any more. */
struct seen {
  struct blockstore_sink abi;
  struct blockstore_sink *real;
  bool is_open;    /* an earlier try left a value there, maybe cut short */
  bool is_begun;   /* this try has begun one */
  bool is_endless; /* of a size that was not said: the next begin would take what came of it for the whole */
  bool is_refused;
};

struct seen_source {
  struct blockstore_source abi;
  const struct blockstore_source *real;
  struct seen *seen;
};

static enum blockstore_status see(struct seen *seen, enum blockstore_status status) {
  if (status != BLOCKSTORE_STATUS_OK) seen->is_refused = true;
  return status;
}

static enum blockstore_status seen_begin(struct blockstore_sink *sink, uint64_t size) {
  struct seen *seen = (struct seen *)sink;

  seen->is_open = seen->is_begun = true;
  seen->is_endless = size == BLOCKSTORE_SIZE_UNKNOWN;
  return see(seen, seen->real->begin(seen->real, size));
}

static enum blockstore_status seen_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct seen *seen = (struct seen *)sink;
  enum blockstore_status status = seen->is_begun ? BLOCKSTORE_STATUS_OK : seen_begin(sink, BLOCKSTORE_SIZE_UNKNOWN);

  return status == BLOCKSTORE_STATUS_OK ? see(seen, seen->real->write(seen->real, bytes, length)) : status;
}

static enum blockstore_status seen_read_at(const struct blockstore_source *source, void *buffer, size_t length,
                                           uint64_t offset) {
  const struct seen_source *ours = (const struct seen_source *)source;

  return see(ours->seen, ours->real->read_at(ours->real, buffer, length, offset));
}

/* One try.  A store that gave nothing has given an empty value, which must not be taken for the end of an earlier one. */
static enum blockstore_status try(const struct retry *retry, struct blockstore_call *call, const struct bs_passing *passing,
                                  struct seen *seen) {
  enum blockstore_status status;

  seen->is_begun = seen->is_endless = false;
  status = bs_passing_on(retry->filter.next, call, passing);
  return status == BLOCKSTORE_STATUS_OK && seen->is_open && !seen->is_begun ? seen_begin(&seen->abi, 0) : status;
}

/* ---- trying ---- */

/* Before the try after `tries` of them: as long as the store asks for, and by chance up to what doubles with each try. */
static uint64_t wait_of(struct retry *self, struct blockstore_call *call, uint64_t tries) {
  uint64_t most = self->wait_ms, number = atomic_fetch_add(&self->drawn, 1);

  while (--tries > 0 && most > 0 && most < self->longest_ms)
    most = most <= self->longest_ms / 2 ? most * 2 : self->longest_ms;
  if (most > self->longest_ms) most = self->longest_ms;
  return call->host->get_retry_after(call) + bs_chance_below(most + 1, self->seed, number);
}

/* What the store answered last, and how often it was asked. */
static enum blockstore_status tell_tries(struct blockstore_call *call, uint64_t tries, const char *why) {
  char sentence[1024];

  snprintf(sentence, sizeof sentence, "%s", call->host->get_error(call));
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "Tried %ju time%s%s: %s", (uintmax_t)tries, tries == 1 ? "" : "s",
                         why, sentence);
}

/* For all above, the core too, which would else begin all of the tries anew. */
static enum blockstore_status give_up(struct blockstore_call *call, uint64_t tries, const char *why) {
  if (call->host->get_retry_after(call) < ENOUGH_MS) call->host->retry_after(call, ENOUGH_MS);
  return tell_tries(call, tries, why);
}

/* OK: it may be tried again now. */
static enum blockstore_status wait_for_next(struct retry *self, struct blockstore_call *call, uint64_t tries,
                                            const struct bs_passing *passing) {
  uint64_t wait = wait_of(self, call, tries);
  uint32_t left = call->host->time_left(call);

  if (left > 0 && left < UINT32_MAX && wait >= left)
    return give_up(call, tries, ", as the next try would be past the deadline");
  blockstore_log(call, BLOCKSTORE_LOG_INFO, "%s %.64s is tried again in %ju ms: %s", bs_passing_text(passing->entry),
                 passing->target, (uintmax_t)wait, call->host->get_error(call));
  return bs_pause_for(call, wait);
}

static enum blockstore_status retry_through(void *self, struct blockstore_call *call, const struct bs_passing *passing) {
  struct retry *retry = self;
  struct bs_passing mine = *passing;
  struct seen seen = {{sizeof seen.abi, 0, seen_begin, seen_write}, passing->sink, false, false, false, false};
  struct seen_source source = {{sizeof source.abi, 0, seen_read_at, 0}, passing->source, &seen};

  if (mine.sink != NULL) mine.sink = &seen.abi;
  if (mine.source != NULL) {
    source.abi.size = mine.source->size;
    mine.source = &source.abi;
  }
  for (uint64_t tries = 1;; tries++) {
    enum blockstore_status status = try(retry, call, &mine, &seen);

    if (status != BLOCKSTORE_STATUS_TRANSIENT || seen.is_refused) return status;
    if (seen.is_endless) return tell_tries(call, tries, ", as data whose size was not said cannot begin anew");
    if (tries >= retry->times) return give_up(call, tries, "");
    status = wait_for_next(retry, call, tries, passing);
    if (status != BLOCKSTORE_STATUS_OK) return status;
  }
}

/* ---- its life ---- */

static enum blockstore_status retry_storage_init(void **ret_self, struct blockstore_call *call,
                                                 const struct blockstore_settings *settings, const struct blockstore_next *next) {
  int64_t times = call->host->setting_number(settings, "times");
  struct retry *self;

  if (times < 1)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "times: A call is tried 1 time or more, not %jd.", (intmax_t)times);
  self = calloc(1, sizeof *self);
  if (self == NULL) return bs_plugin_fail_memory(call);
  self->filter = (struct bs_passing_filter){next, retry_through};
  self->times = (uint64_t)times;
  self->wait_ms = (uint64_t)call->host->setting_number(settings, "wait");
  self->longest_ms = (uint64_t)call->host->setting_number(settings, "longest");
  self->seed = bs_chance_seed(call, settings);
  *ret_self = self;
  return BLOCKSTORE_STATUS_OK;
}

static void retry_storage_close(void *self, struct blockstore_call *call) {
  (void)call;
  free(self);
}

static const struct blockstore_driver retry_driver = {
    .storage_init = retry_storage_init,
    .storage_close = retry_storage_close,
    BS_PASSING_TABLE,
};

BLOCKSTORE_REGISTER_DRIVER(retry, retry_driver,
    BLOCKSTORE_VERSION(PACKAGE_VERSION)
    BLOCKSTORE_DESCRIPTION("Filter: tries again what may work later")
    BLOCKSTORE_KIND_FILTER
    BLOCKSTORE_THREADS_PARALLEL
    BLOCKSTORE_CAPABILITY_DURABLE
    BLOCKSTORE_CAPABILITY_CONSISTENT
    BLOCKSTORE_OPTION("times", INT, OPTIONAL, "5", "How often a call is tried in all")
    BLOCKSTORE_OPTION("wait", DURATION, OPTIONAL, "100ms", "The most before the second try; twice that before each further one")
    BLOCKSTORE_OPTION("longest", DURATION, OPTIONAL, "10s", "The most before any")
    BLOCKSTORE_OPTION("seed", INT, OPTIONAL, "", "What the chance follows from; one of its own if not set"));
