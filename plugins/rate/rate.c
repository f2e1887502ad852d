/* SPDX-License-Identifier: MIT */
/*
 * A filter that keeps to so many calls and bytes in a time.  Each limit is a bucket that fills evenly and holds what one such
 * time brings; whoever takes more than is there makes it owe, and waits until that is paid.
 */
#include <config.h>

#include <pthread.h>
#include <stdlib.h>

#include "plugins/common/passing.h"
#include "plugins/common/pause.h"
#include "plugins/common/plugin.h"

struct bucket {
  const char *unit;  /* "calls", "bytes" */
  double size;       /* the option of that name; 0: no limit */
  double content;    /* negative: owed */
  uint64_t at_ms;    /* when that was so */
};

struct rate {
  struct bs_passing_filter filter;
  double per_ms;              /* "per" */
  struct bucket calls, bytes;
  pthread_mutex_t lock;       /* what both hold, which all threads take from */
};

/* ---- buckets ---- */

/* Returns the milliseconds until it is paid, rounded up. */
static uint64_t draw(struct rate *rate, struct bucket *bucket, double amount) {
  BS_LOCKED(&rate->lock);
  uint64_t now = bs_pause_clock();

  bucket->content += (double)(now - bucket->at_ms) * bucket->size / rate->per_ms;
  if (bucket->content > bucket->size) bucket->content = bucket->size;
  bucket->at_ms = now;
  bucket->content -= amount;
  if (bucket->content >= 0) return 0;
  amount = -bucket->content / bucket->size * rate->per_ms;
  return amount < (double)UINT32_MAX ? (uint64_t)amount + 1 : UINT32_MAX;
}

static void give_back(struct rate *rate, struct bucket *bucket, double amount) {
  BS_LOCKED(&rate->lock);
  bucket->content += amount;
}

/* One call's doings with the limits. */
struct paced {
  struct rate *rate;
  struct blockstore_call *call;
  const struct bucket *late; /* what cannot come before the deadline; NULL: nothing */
  uint64_t wait_ms;          /* until it does */
};

static enum blockstore_status say_late(const struct paced *paced) {
  paced->call->host->retry_after(paced->call, (uint32_t)paced->wait_ms);
  return blockstore_fail(paced->call, BLOCKSTORE_STATUS_TRANSIENT,
                         "The rate of %.0f %s in %.0f ms would let this go on in %ju ms, when the deadline has passed.",
                         paced->late->size, paced->late->unit, paced->rate->per_ms, (uintmax_t)paced->wait_ms);
}

/* Waits until the amount may pass. */
static enum blockstore_status take(struct paced *paced, struct bucket *bucket, double amount) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  uint32_t left;
  uint64_t wait;

  if (bucket->size <= 0 || amount <= 0) return BLOCKSTORE_STATUS_OK;
  wait = draw(paced->rate, bucket, amount);
  if (wait == 0) return BLOCKSTORE_STATUS_OK;
  left = paced->call->host->time_left(paced->call);
  if (left > 0 && left < UINT32_MAX && wait >= left) {
    paced->late = bucket;
    paced->wait_ms = wait;
    status = say_late(paced);
  } else {
    status = bs_pause_for(paced->call, wait);
  }
  if (status != BLOCKSTORE_STATUS_OK) give_back(paced->rate, bucket, amount);
  return status;
}

/* ---- bytes ---- */

struct paced_sink {
  struct blockstore_sink abi;
  struct blockstore_sink *real;
  struct paced *paced;
};

static enum blockstore_status paced_begin(struct blockstore_sink *sink, uint64_t size) {
  struct paced_sink *ours = (struct paced_sink *)sink;

  return ours->real->begin(ours->real, size);
}

static enum blockstore_status paced_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct paced_sink *ours = (struct paced_sink *)sink;
  enum blockstore_status status = take(ours->paced, &ours->paced->rate->bytes, (double)length);

  return status == BLOCKSTORE_STATUS_OK ? ours->real->write(ours->real, bytes, length) : status;
}

struct paced_source {
  struct blockstore_source abi;
  const struct blockstore_source *real;
  struct paced *paced;
};

static enum blockstore_status paced_read_at(const struct blockstore_source *source, void *buffer, size_t length,
                                            uint64_t offset) {
  const struct paced_source *ours = (const struct paced_source *)source;
  enum blockstore_status status = take(ours->paced, &ours->paced->rate->bytes, (double)length);

  return status == BLOCKSTORE_STATUS_OK ? ours->real->read_at(ours->real, buffer, length, offset) : status;
}

/* ---- calls ---- */

static enum blockstore_status rate_through(void *self, struct blockstore_call *call, const struct bs_passing *passing) {
  struct rate *rate = self;
  struct paced paced = {rate, call, NULL, 0};
  struct paced_sink sink = {{sizeof sink.abi, 0, paced_begin, paced_write}, passing->sink, &paced};
  struct paced_source source = {{sizeof source.abi, 0, paced_read_at, 0}, passing->source, &paced};
  struct bs_passing mine = *passing;
  enum blockstore_status status;

  if (bs_passing_kind_of(passing->entry) == BS_PASSING_URL) return bs_passing_on(rate->filter.next, call, passing);
  if (mine.sink != NULL) mine.sink = &sink.abi;
  if (mine.source != NULL) {
    source.abi.size = mine.source->size;
    mine.source = &source.abi;
  }
  status = take(&paced, &rate->calls, 1);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  status = bs_passing_on(rate->filter.next, call, &mine);
  return paced.late == NULL ? status : say_late(&paced); /* the store below has had its own say of it */
}

/* ---- its life ---- */

static enum blockstore_status read_settings(struct rate *self, struct blockstore_call *call,
                                            const struct blockstore_settings *settings) {
  int64_t calls = call->host->setting_number(settings, "calls"), bytes = call->host->setting_number(settings, "bytes");
  int64_t per = call->host->setting_number(settings, "per");

  if (calls < 0) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "calls: This must be 0 (no limit) or more.");
  if (per < 1) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "per: This must be 1 ms or more.");
  if (calls == 0 && bytes == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "calls, bytes: One of them must be more than 0, or nothing is limited.");
  self->per_ms = (double)per;
  self->calls = (struct bucket){"calls", (double)calls, (double)calls, bs_pause_clock()};
  self->bytes = (struct bucket){"bytes", (double)bytes, (double)bytes, bs_pause_clock()};
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status rate_storage_init(void **ret_self, struct blockstore_call *call,
                                                const struct blockstore_settings *settings, const struct blockstore_next *next) {
  struct rate *self = calloc(1, sizeof *self);
  enum blockstore_status status;

  if (self == NULL) return bs_plugin_fail_memory(call);
  self->filter = (struct bs_passing_filter){next, rate_through};
  status = read_settings(self, call, settings);
  if (status != BLOCKSTORE_STATUS_OK) {
    free(self);
    return status;
  }
  pthread_mutex_init(&self->lock, NULL);
  *ret_self = self;
  return BLOCKSTORE_STATUS_OK;
}

static void rate_storage_close(void *self, struct blockstore_call *call) {
  struct rate *rate = self;

  (void)call;
  pthread_mutex_destroy(&rate->lock);
  free(rate);
}

static const struct blockstore_driver rate_driver = {
    .storage_init = rate_storage_init,
    .storage_close = rate_storage_close,
    BS_PASSING_TABLE,
};

BLOCKSTORE_REGISTER_DRIVER(rate, rate_driver,
    BLOCKSTORE_VERSION(PACKAGE_VERSION)
    BLOCKSTORE_DESCRIPTION("Filter: so many calls and bytes in a time")
    BLOCKSTORE_KIND_FILTER
    BLOCKSTORE_THREADS_PARALLEL
    BLOCKSTORE_CAPABILITY_DURABLE
    BLOCKSTORE_CAPABILITY_CONSISTENT
    BLOCKSTORE_OPTION("calls", INT, OPTIONAL, "0", "The most calls in that time; 0: any number")
    BLOCKSTORE_OPTION("bytes", SIZE, OPTIONAL, "0", "The most bytes in that time, of puts and gets together; 0: any number")
    BLOCKSTORE_OPTION("per", DURATION, OPTIONAL, "1s", "That time"));
