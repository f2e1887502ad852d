/* SPDX-License-Identifier: MIT */
/* What is stored, and the answers that a behaviour takes for granted. */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/codec/hex.h"
#include "core/crypto/digest.h"
#include "core/driver/call.h"
#include "tools/driver-test/litter.h"
#include "tools/driver-test/store.h"

/* ---- data ---- */

/* xorshift64*, which never needs to be good: only never the same twice. */
static uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t own_number(const struct trial *trial) {
  uint64_t number = trial->subject->seed ^ UINT64_C(0xcbf29ce484222325);

  for (const char *at = trial->behaviour->name; *at != '\0'; at++)
    number = (number ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
  return number;
}

/* Another for each use. */
static uint64_t fresh_state(struct trial *trial) {
  uint64_t state = own_number(trial);

  state ^= (uint64_t)(atomic_fetch_add(&trial->made, 1) + 1) << 32;
  return state == 0 ? 1 : state;
}

void datum_seal(struct datum *datum) {
  unsigned char sha256[BS_SHA256_SIZE], hash160[BS_HASH160_SIZE];

  bs_sha256(sha256, datum->bytes, datum->size);
  bs_hash160(hash160, datum->bytes, datum->size);
  bs_hex_encode(datum->key, sha256, sizeof sha256);
  bs_hex_encode(datum->short_key, hash160, sizeof hash160);
}

void datum_make(struct datum *ret_datum, struct trial *trial, size_t size) {
  uint64_t state = fresh_state(trial);

  *ret_datum = (struct datum){.bytes = malloc(size + 1), .size = size};
  if (ret_datum->bytes == NULL) trial_fail(trial, "There is not enough memory for the examination.");
  for (size_t i = 0; i < size; i++) ret_datum->bytes[i] = (unsigned char)(next_random(&state) >> 32);
  datum_seal(ret_datum);
}

void datum_free(struct datum *datum) {
  free(datum->bytes);
  datum->bytes = NULL;
}

char *id_make(struct trial *trial, const char *tail) {
  uint64_t state = fresh_state(trial);
  char *id;

  if (asprintf(&id, "0a8ce26f:test%016llx.id:%s", (unsigned long long)next_random(&state), tail) < 0)
    trial_fail(trial, "There is not enough memory for the examination.");
  return id;
}

/* ---- answers ---- */

#define SHOWN_MOST 96 /* bytes; of more the beginning and the end */
#define SHOWN_BESIDE 64

/* Appends the bytes: printable ASCII as it is. */
static size_t show(char *to, const char *bytes, size_t length) {
  size_t used = 0;

  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)bytes[i];

    if (byte >= 0x20 && byte < 0x7f && byte != '\\') to[used++] = (char)byte;
    else used += (size_t)snprintf(to + used, 5, "\\x%02x", byte);
  }
  to[used] = '\0';
  return used;
}

const char *shown(const char *text) {
  static _Thread_local char texts[4][4 * SHOWN_MOST + 40];
  static _Thread_local unsigned next;
  char *to = texts[next++ % 4];
  size_t length = strlen(text), used;

  if (length <= SHOWN_MOST) {
    show(to, text, length);
    return to;
  }
  used = show(to, text, SHOWN_BESIDE);
  used += (size_t)snprintf(to + used, 4, "...");
  used += show(to + used, text + length - (SHOWN_MOST - SHOWN_BESIDE), SHOWN_MOST - SHOWN_BESIDE);
  snprintf(to + used, 36, " (%zu bytes)", length);
  return to;
}

const char *answer_text(const struct call *call, enum blockstore_status status) {
  static _Thread_local char text[1200];
  int length = (int)strlen(call->sentence);

  if (length > 0 && call->sentence[length - 1] == '.') length--; /* ours ends with one */
  snprintf(text, sizeof text, "%s%s%.*s", bs_status_text(status), length == 0 ? "" : ": ", length, call->sentence);
  return text;
}

char *must_make_url(struct store *store, const char *id) {
  struct output output = {0};
  enum blockstore_status status;
  unsigned tried = 0;
  struct call call;
  char *url;

  do {
    output_end(&output);
    call_begin(&call, store);
    output_begin(&output, store->trial);
    status = store_make_url(store, &call, &output, id);
  } while (call_again(&call, status, &tried));
  if (status != BLOCKSTORE_STATUS_OK || output.candidates == 0)
    trial_fail(store->trial, "make_mutable_url made no URL of \"%s\": %s.", shown(id), answer_text(&call, status));
  url = bs_buffer_take(&output.bytes);
  if (url == NULL) trial_fail(store->trial, "There is not enough memory for the examination.");
  output_end(&output);
  call_end(&call);
  return url;
}

bool url_is_handled(struct store *store, const char *url) {
  enum blockstore_status status;
  unsigned tried = 0;
  struct call call;

  do {
    call_begin(&call, store);
    status = store_handles_url(store, &call, url);
  } while (call_again(&call, status, &tried));
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_UNHANDLED_URL)
    trial_fail(store->trial, "handles_url of \"%s\" answered %s; it is OK or UNHANDLED_URL.", shown(url),
               answer_text(&call, status));
  call_end(&call);
  return status == BLOCKSTORE_STATUS_OK;
}

/* ---- what was put, to tell what a get gave instead ---- */

#define PUTS_KNOWN 512
static pthread_mutex_t puts_lock = PTHREAD_MUTEX_INITIALIZER; /* protects the next two */
static struct {
  char key[65]; /* of the record */
  char about[128]; /* its id, as it is shown */
} puts_known[PUTS_KNOWN];
static size_t puts_count;

static void remember_put(const char *id, const struct datum *datum) {
  pthread_mutex_lock(&puts_lock);
  memcpy(puts_known[puts_count % PUTS_KNOWN].key, datum->key, sizeof datum->key);
  snprintf(puts_known[puts_count % PUTS_KNOWN].about, sizeof puts_known[0].about, "%.127s", shown(id));
  puts_count++;
  pthread_mutex_unlock(&puts_lock);
}

/* ", but those of ID", or "". */
static const char *recognize(char text[192], const struct output *output) {
  unsigned char digest[BS_SHA256_SIZE];
  char key[65];

  text[0] = '\0';
  bs_sha256(digest, output->bytes.bytes, output->bytes.length);
  bs_hex_encode(key, digest, sizeof digest);
  pthread_mutex_lock(&puts_lock);
  for (size_t i = 0; i < puts_count && i < PUTS_KNOWN; i++)
    if (strcmp(puts_known[i].key, key) == 0) snprintf(text, 192, ", but those of \"%s\"", puts_known[i].about);
  pthread_mutex_unlock(&puts_lock);
  return text;
}

/* ---- putting ---- */

void must_put_immutable(struct store *store, const char *key, const struct datum *datum) {
  enum blockstore_status status;
  struct input input;
  unsigned tried = 0;
  struct call call;

  do {
    call_begin(&call, store);
    input_begin(&input, store->trial, datum->bytes, datum->size);
    status = store_put_immutable(store, &call, key, &input, NULL);
  } while (call_again(&call, status, &tried));
  if (status != BLOCKSTORE_STATUS_OK)
    trial_fail(store->trial, "put_immutable_handler answered for %zu bytes: %s.", datum->size, answer_text(&call, status));
  call_end(&call);
}

void must_put_mutable_as(struct store *store, const char *id, uint64_t version, const char *signature,
                         const struct datum *datum) {
  enum blockstore_status status;
  struct input input;
  unsigned tried = 0;
  struct call call;

  remember_put(id, datum);
  do {
    call_begin(&call, store);
    input_begin(&input, store->trial, datum->bytes, datum->size);
    status = store_put_mutable(store, &call, id, version, signature, &input);
  } while (call_again(&call, status, &tried));
  if (status != BLOCKSTORE_STATUS_OK)
    trial_fail(store->trial, "put_mutable_handler answered for %zu bytes under \"%s\" with version %" PRIu64
               " and signature \"%s\": %s.", datum->size, shown(id), version, signature, answer_text(&call, status));
  call_end(&call);
}

void must_put_mutable(struct store *store, const char *id, uint64_t version, const struct datum *datum) {
  must_put_mutable_as(store, id, version, LITTER_SIGNATURE, datum);
}

/* ---- what a get answers ---- */

typedef enum blockstore_status get_function(struct store *store, struct call *call, struct output *output, const char *target);

/* One question to a store, and what was wrong with the last answer. */
struct question {
  struct store *store;
  get_function *get;
  const char *entry;  /* its name */
  const char *target; /* a key or a URL */
  const char *about;  /* the key or the id */
  char wrong[2048];
};

static void set_wrong(struct question *question, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void set_wrong(struct question *question, const char *format, ...) {
  size_t size = sizeof question->wrong;
  int length = snprintf(question->wrong, size, "%s of \"%s\" ", question->entry, shown(question->about));
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(question->wrong + length, size - (size_t)length, format, arguments);
  va_end(arguments);
}

/* Is it the datum, in one of the candidates, each as long as it was announced? */
static bool is_datum(struct question *question, const struct call *call, const struct output *output,
                     enum blockstore_status status, const struct datum *datum) {
  size_t length = output->bytes.length;
  bool announced = output->announced != BLOCKSTORE_SIZE_UNKNOWN;
  char instead[192];

  if (status != BLOCKSTORE_STATUS_OK) set_wrong(question, "answered %s.", answer_text(call, status));
  else if (output->candidates == 0 && datum->size > 0)
    set_wrong(question, "answered OK and wrote none of %zu bytes.", datum->size);
  else if (output->torn > 0) set_wrong(question, "ended a candidate before it had all bytes that it announced.");
  else if (announced && output->announced != length)
    set_wrong(question, "announced %llu bytes and wrote %zu.", (unsigned long long)output->announced, length);
  else if (output->matched || output_is(output, datum)) return true;
  else
    set_wrong(question, "gave %zu bytes that are not the %zu that were put%s.", length, datum->size, recognize(instead, output));
  return false;
}

static bool is_absent(struct question *question, const struct call *call, const struct output *output,
                      enum blockstore_status status) {
  if (status != BLOCKSTORE_STATUS_NOT_FOUND)
    set_wrong(question, "answered %s; nothing stands there.", answer_text(call, status));
  else if (output->candidates > 0) set_wrong(question, "answered NOT_FOUND and wrote %zu bytes.", output->bytes.length);
  else return true;
  return false;
}

/* wanted: NULL, nothing. */
static bool ask(struct question *question, const struct datum *wanted) {
  enum blockstore_status status;
  struct output output = {0};
  unsigned tried = 0;
  struct call call;
  bool good;

  do {
    output_end(&output);
    call_begin(&call, question->store);
    output_begin(&output, question->store->trial);
    output.wanted = wanted;
    status = question->get(question->store, &call, &output, question->target);
  } while (call_again(&call, status, &tried));
  good = wanted == NULL ? is_absent(question, &call, &output, status) : is_datum(question, &call, &output, status, wanted);
  output_end(&output);
  call_end(&call);
  return good;
}

/* A store that is not consistent has as long as an ordinary call has. */
static void must_answer(struct question *question, const struct datum *wanted) {
  const struct subject *subject = question->store->trial->subject;
  uint64_t end_ms = bs_clock_monotonic_ms() + (subject_is_consistent(subject) ? 0 : subject->patience_ms);
  const struct timespec nap = {0, 100000000};

  while (!ask(question, wanted)) {
    if (bs_clock_monotonic_ms() >= end_ms) trial_fail(question->store->trial, "%s", question->wrong);
    nanosleep(&nap, NULL);
  }
}

static void must_answer_key(struct store *store, const char *key, const struct datum *wanted) {
  struct question question = {store, store_get_immutable, "get_immutable_handler", key, key, ""};

  must_answer(&question, wanted);
}

static void must_answer_id(struct store *store, const char *id, const struct datum *wanted) {
  char *url BS_AUTO_FREE = must_make_url(store, id);
  struct question question = {store, store_get_mutable, "get_mutable_handler", url, id, ""};

  must_answer(&question, wanted);
}

void must_hold_immutable(struct store *store, const char *key, const struct datum *datum) {
  must_answer_key(store, key, datum);
}

void must_hold_mutable(struct store *store, const char *id, const struct datum *datum) {
  must_answer_id(store, id, datum);
}

void must_lack_immutable(struct store *store, const char *key) {
  must_answer_key(store, key, NULL);
}

void must_lack_mutable(struct store *store, const char *id) {
  must_answer_id(store, id, NULL);
}

/* ---- deleting ---- */

/* False: UNSUPPORTED. */
static bool has_deleted(struct store *store, const struct call *call, enum blockstore_status status, const char *entry,
                        const char *about) {
  if (status == BLOCKSTORE_STATUS_UNSUPPORTED) return false;
  if (status != BLOCKSTORE_STATUS_OK)
    trial_fail(store->trial, "%s of \"%s\" answered %s.", entry, shown(about), answer_text(call, status));
  return true;
}

bool try_delete_mutable(struct store *store, const char *id) {
  enum blockstore_status status;
  unsigned tried = 0;
  struct call call;
  bool deleted;

  do {
    call_begin(&call, store);
    status = store_delete_mutable(store, &call, id, LITTER_SIGNATURE);
  } while (call_again(&call, status, &tried));
  deleted = has_deleted(store, &call, status, "delete_mutable_handler", id);
  call_end(&call);
  return deleted;
}

void must_delete_immutable(struct store *store, const char *key) {
  enum blockstore_status status;
  unsigned tried = 0;
  struct call call;

  do {
    call_begin(&call, store);
    status = store_delete_immutable(store, &call, key, NULL);
  } while (call_again(&call, status, &tried));
  if (!has_deleted(store, &call, status, "delete_immutable_handler", key))
    trial_skip(store->trial, "the driver does not support delete_immutable_handler");
  call_end(&call);
}

void must_delete_mutable(struct store *store, const char *id) {
  if (!try_delete_mutable(store, id)) trial_skip(store->trial, "the driver does not support delete_mutable_handler");
}
