/* SPDX-License-Identifier: MIT */
/* Immutable data: what is put under a key is there until it is deleted. */
#include <config.h>

#include "core/base/clock.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/object.h"

#define MANY 200
#define TXID "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"

static void begin(struct store *ret_store, struct trial *trial) {
  must_open(ret_store, trial, 1);
  skip_without(ret_store, KIND_IMMUTABLE);
}

static void hold(struct trial *trial, size_t size) {
  struct datum datum AUTO_DATUM;
  struct store store;

  skip_beyond_largest(trial, size);
  begin(&store, trial);
  datum_make(&datum, trial, size);
  must_put_immutable(&store, datum.key, &datum);
  must_hold_immutable(&store, datum.key, &datum);
  store_close(&store);
}

static void hold_empty(struct trial *trial) {
  hold(trial, 0);
}

static void hold_byte(struct trial *trial) {
  hold(trial, 1);
}

static void hold_page(struct trial *trial) {
  hold(trial, 4096);
}

static void hold_mebibyte(struct trial *trial) {
  hold(trial, 1 << 20);
}

static void lack(struct trial *trial) {
  struct datum datum AUTO_DATUM;
  struct store store;

  must_open(&store, trial, 1);
  datum_make(&datum, trial, 16);
  must_lack_immutable(&store, datum.key);
  store_close(&store);
}

static void hold_short_key(struct trial *trial) {
  struct datum datum AUTO_DATUM;
  struct store store;

  begin(&store, trial);
  datum_make(&datum, trial, 100);
  must_put_immutable(&store, datum.short_key, &datum);
  must_hold_immutable(&store, datum.short_key, &datum);
  store_close(&store);
}

static void put_again(struct trial *trial) {
  struct datum datum AUTO_DATUM;
  struct store store;

  begin(&store, trial);
  datum_make(&datum, trial, 100);
  must_put_immutable(&store, datum.key, &datum);
  must_put_immutable(&store, datum.key, &datum);
  must_hold_immutable(&store, datum.key, &datum);
  store_close(&store);
}

static void put_with_transaction(struct trial *trial) {
  struct datum datum AUTO_DATUM;
  enum blockstore_status status;
  struct input input;
  struct store store;
  unsigned tried = 0;
  struct call call;

  begin(&store, trial);
  datum_make(&datum, trial, 100);
  do {
    call_begin(&call, &store);
    input_begin(&input, trial, datum.bytes, datum.size);
    status = store_put_immutable(&store, &call, datum.key, &input, TXID);
  } while (call_again(&call, status, &tried));
  if (status != BLOCKSTORE_STATUS_OK)
    trial_fail(trial, "put_immutable_handler with a txid answered %s.", answer_text(&call, status));
  must_hold_immutable(&store, datum.key, &datum);
  call_end(&call);
  store_close(&store);
}

static void delete(struct trial *trial) {
  struct datum datum AUTO_DATUM, other AUTO_DATUM;
  struct store store;

  begin(&store, trial);
  datum_make(&datum, trial, 100);
  datum_make(&other, trial, 100);
  must_put_immutable(&store, datum.key, &datum);
  must_put_immutable(&store, other.key, &other);
  must_delete_immutable(&store, datum.key);
  must_lack_immutable(&store, datum.key);
  must_hold_immutable(&store, other.key, &other);
  store_close(&store);
}

static void delete_twice(struct trial *trial) {
  struct datum datum AUTO_DATUM;
  struct store store;

  begin(&store, trial);
  datum_make(&datum, trial, 100);
  must_put_immutable(&store, datum.key, &datum);
  must_delete_immutable(&store, datum.key);
  must_delete_immutable(&store, datum.key);
  store_close(&store);
}

static void put_deleted(struct trial *trial) {
  struct datum datum AUTO_DATUM;
  struct store store;

  begin(&store, trial);
  datum_make(&datum, trial, 100);
  must_put_immutable(&store, datum.key, &datum);
  must_delete_immutable(&store, datum.key);
  must_put_immutable(&store, datum.key, &datum);
  must_hold_immutable(&store, datum.key, &datum);
  store_close(&store);
}

/* ---- of every size, and many ---- */

static void hold_edges(struct trial *trial) {
  static const unsigned edges[] = {256, 4096, 65536, 1 << 20};
  struct store store;

  begin(&store, trial);
  for (size_t i = 0; i < 3 * sizeof edges / sizeof edges[0]; i++) {
    struct datum datum AUTO_DATUM;
    size_t size = edges[i / 3] + i % 3 - 1;

    if (size > subject_largest(trial->subject)) break;
    datum_make(&datum, trial, size);
    must_put_immutable(&store, datum.key, &datum);
    must_hold_immutable(&store, datum.key, &datum);
  }
  store_close(&store);
}

static void hold_bytes(struct trial *trial) {
  struct datum datum AUTO_DATUM;
  struct store store;

  if (subject_largest(trial->subject) < 520) trial_skip(trial, "its largest object is too small");
  datum_make(&datum, trial, 520);
  for (unsigned i = 0; i < 256; i++) datum.bytes[i] = datum.bytes[511 - i] = (unsigned char)i;
  datum_seal(&datum);
  begin(&store, trial);
  must_put_immutable(&store, datum.key, &datum);
  must_hold_immutable(&store, datum.key, &datum);
  store_close(&store);
}

/* A slow store is given as many as it can take. */
static void hold_many(struct trial *trial) {
  struct datum data[MANY];
  uint64_t end = bs_clock_monotonic_ms() + trial->timeout_ms / 4;
  struct store store;
  size_t count = 0;

  begin(&store, trial);
  for (; count < MANY && (count < 2 || bs_clock_monotonic_ms() < end); count++) {
    datum_make(&data[count], trial, 20 + count);
    must_put_immutable(&store, data[count].key, &data[count]);
  }
  for (size_t i = 0; i < count; i++) {
    must_hold_immutable(&store, data[i].key, &data[i]);
    datum_free(&data[i]);
  }
  store_close(&store);
}

/* The largest that it declares; skipped when it declares none, or one that is not to be tried. */
static size_t declared_largest(struct trial *trial) {
  uint64_t declared = trial->subject->traits.largest;

  if (declared == UINT64_MAX) trial_skip(trial, "the driver declares no largest object");
  if (declared >= trial->subject->largest)
    trial_skip(trial, "the largest object that it declares has %llu bytes: see --largest", (unsigned long long)declared);
  return (size_t)declared;
}

static void hold_largest(struct trial *trial) {
  hold(trial, declared_largest(trial));
}

static void note_read(struct input *input, uint64_t offset, size_t length) {
  uint64_t *most = input->user;

  if (offset + length > *most) *most = offset + length;
}

/* What it cannot store it refuses, and does not first read it to the end. */
static void refuse_larger(struct trial *trial) {
  size_t size = declared_largest(trial) + 1;
  struct datum datum AUTO_DATUM;
  enum blockstore_status status;
  struct input input;
  struct store store;
  unsigned tried = 0;
  struct call call;
  uint64_t most = 0;

  begin(&store, trial);
  datum_make(&datum, trial, size);
  do {
    call_begin(&call, &store);
    input_begin(&input, trial, datum.bytes, datum.size);
    input.on_read = note_read;
    input.user = &most;
    status = store_put_immutable(&store, &call, datum.key, &input, NULL);
  } while (call_again(&call, status, &tried));
  if (status == BLOCKSTORE_STATUS_OK) {
    must_hold_immutable(&store, datum.key, &datum);
  } else {
    if (status != BLOCKSTORE_STATUS_TOO_LARGE)
      trial_fail(trial, "put_immutable_handler answered for %zu bytes, one more than the largest object: %s.", size,
                 answer_text(&call, status));
    if (most == size) trial_fail(trial, "put_immutable_handler answered TOO_LARGE when it had read all %zu bytes.", size);
    must_lack_immutable(&store, datum.key);
  }
  call_end(&call);
  store_close(&store);
}

/* Keys and data ids have nothing to do with each other, also where they are the same text. */
static void lack_mutable(struct trial *trial) {
  struct datum record AUTO_DATUM, datum AUTO_DATUM;
  struct store store;

  begin(&store, trial);
  skip_without(&store, KIND_MUTABLE);
  datum_make(&record, trial, 100);
  datum_make(&datum, trial, 100);
  must_put_mutable(&store, record.key, 1, &record);
  must_lack_immutable(&store, record.key);
  must_put_immutable(&store, datum.key, &datum);
  must_lack_mutable(&store, datum.key);
  must_put_immutable(&store, record.key, &record);
  must_hold_mutable(&store, record.key, &record);
  store_close(&store);
}

static const struct behaviour behaviours[] = {
    {"immutable.absent", "a get of a key that was never put answers NOT_FOUND", NEEDS_WRITES, lack},
    {"immutable.empty", "an empty object is stored", NEEDS_WRITES, hold_empty},
    {"immutable.byte", "an object of 1 byte is stored", NEEDS_WRITES, hold_byte},
    {"immutable.page", "an object of 4 KiB is stored", NEEDS_WRITES, hold_page},
    {"immutable.mebibyte", "an object of 1 MiB is stored", NEEDS_WRITES, hold_mebibyte},
    {"immutable.edges", "objects of sizes around 256, 4 KiB, 64 KiB and 1 MiB are stored", NEEDS_WRITES, hold_edges},
    {"immutable.bytes", "an object of bytes of every value is stored", NEEDS_WRITES, hold_bytes},
    {"immutable.many", "many objects are stored, each with its own bytes", NEEDS_WRITES, hold_many},
    {"immutable.largest", "an object of the largest size declared is stored", NEEDS_WRITES, hold_largest},
    {"immutable.larger", "a larger one is stored whole, or refused with TOO_LARGE before all of it was read", NEEDS_WRITES,
     refuse_larger},
    {"immutable.short-key", "a key may have 40 digits", NEEDS_WRITES, hold_short_key},
    {"immutable.again", "the bytes a key already holds may be put again", NEEDS_WRITES, put_again},
    {"immutable.transaction", "a put may name a transaction", NEEDS_WRITES, put_with_transaction},
    {"immutable.delete", "a deleted object is gone, and no other", NEEDS_WRITES, delete},
    {"immutable.delete-twice", "deleting what is not there is OK", NEEDS_WRITES, delete_twice},
    {"immutable.put-deleted", "a deleted object can be put again", NEEDS_WRITES, put_deleted},
    {"immutable.no-record", "an object and a record do not meet, though key and id are one text", NEEDS_WRITES, lack_mutable},
};
const struct group group_immutable = GROUP(behaviours);
