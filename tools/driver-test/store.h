/* SPDX-License-Identifier: MIT */
/*
 * The core's side of the ABI, played by hand: calls, sources and sinks that a behaviour can see through and make fail
 * where it likes, and an opened store.
 *
 * The functions that begin with `must_` end the behaviour when the driver answers otherwise; TRANSIENT is tried again.
 *
 * Threads: a store may be used by several at once; calls into it are kept to the thread model that the driver declares.
 * All else belongs to one thread at a time.
 */
#ifndef BS_DRIVER_TEST_STORE_H
#define BS_DRIVER_TEST_STORE_H

#include <pthread.h>

#include "core/base/buffer.h"
#include "tools/driver-test/layers.h"
#include "tools/driver-test/trial.h"

/* ---- calls ---- */

struct store;
struct call {
  struct blockstore_call abi;
  struct trial *trial;
  pthread_mutex_t lock; /* protects the sentence while the driver is in the call */
  char sentence[1024];  /* the last set_error; "" none */
  uint64_t deadline_ms; /* monotonic */
  atomic_bool cancelled;
  atomic_uint looks;  /* how often the driver asked time_left */
  atomic_uint delays; /* how often it said retry_after */
  atomic_uint delay_ms; /* what it said last */
  int cancel_fd;      /* a timerfd, which the deadline and call_cancel make readable; -1: this host has none */
};
/* Within the trial's patience. */
void call_begin(struct call *call, struct store *store);
void call_begin_plainly(struct call *call, struct store *store); /* whatever the trial makes of calls */
void call_end(struct call *call);
/* Another deadline, so far from now. */
void call_due(struct call *call, uint32_t milliseconds);
/* From any thread. */
void call_cancel(struct call *call);
/* Is the call made again, as the core does where the answer is TRANSIENT?  Then this has waited and ended it.
 * tried: how often it was made before, 0 at first. */
bool call_again(struct call *call, enum blockstore_status status, unsigned *tried);

/* ---- what goes in ---- */

struct input {
  struct blockstore_source abi;
  struct trial *trial;
  const unsigned char *bytes; /* the caller's */
  uint64_t fail_at;           /* the read that reaches this byte answers fail_with; UINT64_MAX: none */
  enum blockstore_status fail_with;
  void (*on_read)(struct input *input, uint64_t offset, size_t length); /* before it is answered; may be NULL */
  void *user;
  uint64_t reads;
  bool failed;
  unsigned late; /* reads after one that failed */
};
void input_begin(struct input *input, struct trial *trial, const void *bytes, uint64_t size);

/* ---- what comes out ---- */

struct datum;
struct output {
  struct blockstore_sink abi;
  struct trial *trial;
  struct bs_buffer bytes; /* of the last candidate */
  uint64_t announced;     /* BLOCKSTORE_SIZE_UNKNOWN: it was not */
  unsigned candidates;
  uint64_t room;       /* the write that goes beyond so many bytes answers refuse_with */
  bool refuse_begin;   /* so does begin */
  enum blockstore_status refuse_with;
  bool refused;
  unsigned late;       /* calls after a refusal */
  unsigned torn;       /* candidates that ended before they had all announced bytes, but the last */
  const struct datum *wanted; /* may be NULL */
  bool matched;               /* a candidate before the last was what is wanted */
  void (*on_write)(struct output *output, size_t length); /* before it is answered; may be NULL */
  void (*on_candidate)(struct output *output);            /* `bytes` is one that another follows; may be NULL */
  void *user;
};
void output_begin(struct output *output, struct trial *trial);
void output_end(struct output *output);
/* Is the last candidate this datum? */
bool output_is(const struct output *output, const struct datum *datum);

/* ---- stores ---- */

struct store {
  struct trial *trial;
  unsigned number;                 /* of subject_settings */
  struct blockstore_store *handle; /* what the driver knows of it */
  struct layer *layers;            /* from the bottom up */
  size_t count;
  size_t first; /* the examined driver's: from there on they are opened and closed as the trial says */
  bool wrote_self; /* a storage_init that failed wrote *ret_self */
};

/* The answer of storage_init, of store 1.  ret_store is the caller's memory, `settings` is taken over; unless OK there is
 * nothing to close.  ret_call: begun here, ended by the caller. */
enum blockstore_status store_try(struct store *ret_store, struct trial *trial, struct blockstore_settings *settings,
                                 struct call *ret_call);
/* Opens store `number` of subject_settings. */
void must_open(struct store *ret_store, struct trial *trial, unsigned number);
void store_close(struct store *store);

/* The entry points, as they are.  UNSUPPORTED where the driver has none. */
enum blockstore_status store_handles_url(struct store *store, struct call *call, const char *url);
enum blockstore_status store_make_url(struct store *store, struct call *call, struct output *ret_url, const char *id);
enum blockstore_status store_get_immutable(struct store *store, struct call *call, struct output *ret_data, const char *key);
enum blockstore_status store_get_mutable(struct store *store, struct call *call, struct output *ret_record,
                                         const char *url);
enum blockstore_status store_put_immutable(struct store *store, struct call *call, const char *key, struct input *data,
                                           const char *txid);
enum blockstore_status store_put_mutable(struct store *store, struct call *call, const char *id, uint64_t version,
                                         const char *signature, struct input *record);
enum blockstore_status store_delete_immutable(struct store *store, struct call *call, const char *key, const char *txid);
enum blockstore_status store_delete_mutable(struct store *store, struct call *call, const char *id, const char *signature);
enum blockstore_status store_check(struct store *store, struct call *call, struct output *ret_report);

/* ---- what is stored ---- */

/* Of the behaviour, and the seed. */
uint64_t own_number(const struct trial *trial);

/* Bytes that nobody stored before, and the keys they have.  By datum_free. */
struct datum {
  unsigned char *bytes;
  size_t size;
  char key[65];       /* SHA-256 */
  char short_key[41]; /* of a user record: RIPEMD-160 of that */
};
void datum_make(struct datum *ret_datum, struct trial *trial, size_t size);
/* The keys anew, after its bytes were changed. */
void datum_seal(struct datum *datum);
void datum_free(struct datum *datum);
#define AUTO_DATUM __attribute__((__cleanup__(datum_free)))

/* "TRANSIENT: the driver's sentence", for messages.  Static, of this thread. */
const char *answer_text(const struct call *call, enum blockstore_status status);

/* An id or a URL for messages: what is not printable ASCII as \xNN, and cut when it is long.  Static, of this thread, for
 * the next three. */
const char *shown(const char *text);

/* A data id of the form the core uses, that nobody used before, with `tail` behind it.  By free(). */
char *id_make(struct trial *trial, const char *tail);
/* The URL of an id, by free(). */
char *must_make_url(struct store *store, const char *id);
/* What handles_url says: OK or UNHANDLED_URL, there is no other answer. */
bool url_is_handled(struct store *store, const char *url);

void must_put_immutable(struct store *store, const char *key, const struct datum *datum);
void must_put_mutable_as(struct store *store, const char *id, uint64_t version, const char *signature,
                         const struct datum *datum);
void must_put_mutable(struct store *store, const char *id, uint64_t version, const struct datum *datum);
/* The get answers exactly these bytes, in one of its candidates, each as long as it was announced.  Here and
 * below: a store that does not declare itself consistent is asked until it does, for as long as a call may take. */
void must_hold_immutable(struct store *store, const char *key, const struct datum *datum);
void must_hold_mutable(struct store *store, const char *id, const struct datum *datum);
/* The get answers NOT_FOUND and nothing else. */
void must_lack_immutable(struct store *store, const char *key);
void must_lack_mutable(struct store *store, const char *id);
/* OK; where the driver answers UNSUPPORTED the behaviour is skipped. */
void must_delete_immutable(struct store *store, const char *key);
void must_delete_mutable(struct store *store, const char *id);
/* OK, or false where the driver answers UNSUPPORTED. */
bool try_delete_mutable(struct store *store, const char *id);

#endif
