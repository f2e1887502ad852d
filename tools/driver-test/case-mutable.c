/* SPDX-License-Identifier: MIT */
/* Mutable data: the last put is what stands there. */
#include <config.h>

#include <stdlib.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/object.h"

#define SIGNATURE "v2:HxRyz2eVfmP0pWcmR3tAF4IaUjz3P8HNYbDLKLcMB5sXLf0J6nnGwE3MCtIq3H5Qd0SYCfPV9uO2aJmWw2Sk1vY="
#define SIGNATURE_2015 "G+aMvKYk3QkO6Dq8oyJ3qPpDBSpAHvXGvQ5w0n1cJ4tUS9kMuWmTL3mYq2xjvPc3gq3uLz6tXyEo0nVwYl5aUoE="

static void begin(struct store *ret_store, struct trial *trial) {
  must_open(ret_store, trial, 1);
  skip_without_mutable(ret_store);
}

/* ---- sizes ---- */

static void hold(struct trial *trial, size_t size) {
  char *id BS_AUTO_FREE = id_make(trial, "sized");
  struct datum datum AUTO_DATUM;
  struct store store;

  skip_beyond_largest(trial, size);
  begin(&store, trial);
  datum_make(&datum, trial, size);
  must_put_mutable(&store, id, 1, &datum);
  must_hold_mutable(&store, id, &datum);
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

static void hold_largest(struct trial *trial) {
  hold(trial, (size_t)subject_largest(trial->subject));
}

/* The core hands on no larger put: what is refused all the same changes nothing. */
static void put_larger(struct trial *trial) {
  uint64_t declared = trial->subject->traits.largest;
  char *id BS_AUTO_FREE = id_make(trial, "sized");
  struct datum datum AUTO_DATUM, larger AUTO_DATUM;
  enum blockstore_status status;
  struct store store;
  struct input input;
  unsigned tried = 0;
  struct call call;

  if (declared == UINT64_MAX) trial_skip(trial, "the driver declares no largest object");
  if (declared >= trial->subject->largest) trial_skip(trial, "the largest object that the driver declares is beyond --largest");
  begin(&store, trial);
  datum_make(&datum, trial, declared < 100 ? (size_t)declared : 100);
  datum_make(&larger, trial, (size_t)declared + 1);
  must_put_mutable(&store, id, 1, &datum);
  do {
    call_begin(&call, &store);
    input_begin(&input, trial, larger.bytes, larger.size);
    status = store_put_mutable(&store, &call, id, 2, SIGNATURE, &input);
  } while (call_again(&call, status, &tried));
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_TOO_LARGE)
    trial_fail(trial, "put_mutable_handler answered for %zu bytes, one more than the driver declares: %s.", larger.size,
               answer_text(&call, status));
  call_end(&call);
  must_hold_mutable(&store, id, status == BLOCKSTORE_STATUS_OK ? &larger : &datum);
  store_close(&store);
}

/* ---- one after the other ---- */

static void lack(struct trial *trial) {
  char *id BS_AUTO_FREE = id_make(trial, "record");
  struct store store;

  begin(&store, trial);
  must_lack_mutable(&store, id);
  store_close(&store);
}

static void replace(struct trial *trial, size_t before, size_t after) {
  char *id BS_AUTO_FREE = id_make(trial, "replaced");
  struct datum first AUTO_DATUM, second AUTO_DATUM;
  struct store store;

  skip_beyond_largest(trial, before > after ? before : after);
  begin(&store, trial);
  datum_make(&first, trial, before);
  datum_make(&second, trial, after);
  must_put_mutable(&store, id, 1, &first);
  must_hold_mutable(&store, id, &first);
  must_put_mutable(&store, id, 2, &second);
  must_hold_mutable(&store, id, &second);
  store_close(&store);
}

static void replace_by_shorter(struct trial *trial) {
  replace(trial, 5003, 11);
}

static void replace_by_longer(struct trial *trial) {
  replace(trial, 13, 5009);
}

static void replace_by_equal_size(struct trial *trial) {
  replace(trial, 521, 521);
}

static void put_again(struct trial *trial) {
  char *id BS_AUTO_FREE = id_make(trial, "again");
  struct datum datum AUTO_DATUM;
  struct store store;

  begin(&store, trial);
  datum_make(&datum, trial, 100);
  must_put_mutable(&store, id, 1, &datum);
  must_put_mutable(&store, id, 1, &datum);
  must_hold_mutable(&store, id, &datum);
  store_close(&store);
}

/* ---- hints ---- */

/* Each under an id of its own, and then one after the other: never a lower version after a higher, which a store may refuse. */
static void take_versions(struct trial *trial) {
  static const uint64_t versions[] = {1, 9, 10, 65536, UINT64_C(1) << 31, UINT64_C(1) << 32, (UINT64_C(1) << 53) - 1};
  char *common BS_AUTO_FREE = id_make(trial, "all");
  struct store store;

  begin(&store, trial);
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
    char *id BS_AUTO_FREE = id_make(trial, "one");
    struct datum datum AUTO_DATUM;

    datum_make(&datum, trial, 100 + i);
    must_put_mutable_as(&store, id, versions[i], SIGNATURE, &datum);
    must_hold_mutable(&store, id, &datum);
    must_put_mutable_as(&store, common, versions[i], SIGNATURE, &datum);
    must_hold_mutable(&store, common, &datum);
  }
  store_close(&store);
}

static void take_signatures(struct trial *trial) {
  static const char *const signatures[] = {SIGNATURE, SIGNATURE_2015};
  struct store store;

  begin(&store, trial);
  for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
    char *id BS_AUTO_FREE = id_make(trial, "record");
    struct datum datum AUTO_DATUM;

    datum_make(&datum, trial, 100);
    must_put_mutable_as(&store, id, 1, signatures[i], &datum);
    must_hold_mutable(&store, id, &datum);
  }
  store_close(&store);
}

/* ---- deleting ---- */

/* A small one and a large one go, one stays. */
static void delete(struct trial *trial) {
  static const size_t sizes[] = {100, 100000};
  char *kept_id BS_AUTO_FREE = id_make(trial, "kept");
  struct datum kept AUTO_DATUM;
  struct store store;

  begin(&store, trial);
  datum_make(&kept, trial, 100);
  must_put_mutable(&store, kept_id, 1, &kept);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && (i == 0 || sizes[i] <= subject_largest(trial->subject)); i++) {
    char *id BS_AUTO_FREE = id_make(trial, "record");
    struct datum datum AUTO_DATUM;

    datum_make(&datum, trial, sizes[i]);
    must_put_mutable(&store, id, 1, &datum);
    must_hold_mutable(&store, id, &datum);
    must_delete_mutable(&store, id);
    must_lack_mutable(&store, id);
    must_hold_mutable(&store, kept_id, &kept);
  }
  store_close(&store);
}

static void delete_twice(struct trial *trial) {
  char *id BS_AUTO_FREE = id_make(trial, "record");
  struct datum datum AUTO_DATUM;
  struct store store;

  begin(&store, trial);
  datum_make(&datum, trial, 100);
  must_put_mutable(&store, id, 1, &datum);
  must_delete_mutable(&store, id);
  must_delete_mutable(&store, id);
  must_lack_mutable(&store, id);
  store_close(&store);
}

static void delete_absent(struct trial *trial) {
  char *id BS_AUTO_FREE = id_make(trial, "record");
  struct store store;

  begin(&store, trial);
  must_delete_mutable(&store, id);
  store_close(&store);
}

static void put_deleted(struct trial *trial) {
  char *id BS_AUTO_FREE = id_make(trial, "record");
  struct datum first AUTO_DATUM, second AUTO_DATUM;
  struct store store;

  begin(&store, trial);
  datum_make(&first, trial, 100);
  datum_make(&second, trial, 100);
  must_put_mutable(&store, id, 1, &first);
  must_delete_mutable(&store, id);
  must_put_mutable(&store, id, 2, &second);
  must_hold_mutable(&store, id, &second);
  store_close(&store);
}

/* ---- many ---- */

#define MANY ((size_t)200)
#define MANY_MS ((uint64_t)10000) /* for the puts: a slow store is spared the rest */

static void put_many(struct trial *trial) {
  uint64_t end_ms = bs_clock_monotonic_ms() + MANY_MS;
  struct datum *data = calloc(MANY, sizeof *data);
  char **ids = calloc(MANY, sizeof *ids);
  struct store store;
  size_t count = 0;

  if (data == NULL || ids == NULL) trial_fail(trial, "There is not enough memory for the examination.");
  begin(&store, trial);
  for (; count < MANY && bs_clock_monotonic_ms() < end_ms; count++) {
    ids[count] = id_make(trial, "record");
    datum_make(&data[count], trial, 100);
    must_put_mutable(&store, ids[count], 1, &data[count]);
  }
  for (size_t i = 0; i < count; i++) {
    must_hold_mutable(&store, ids[i], &data[i]);
    datum_free(&data[i]);
    free(ids[i]);
  }
  free(data);
  free(ids);
  store_close(&store);
}

static const struct behaviour behaviours[] = {
    {"mutable.absent", "a get of a record that was never put answers NOT_FOUND", 0, lack},
    {"mutable.empty", "an empty record is stored", NEEDS_WRITES, hold_empty},
    {"mutable.byte", "a record of 1 byte is stored", NEEDS_WRITES, hold_byte},
    {"mutable.page", "a record of 4 KiB is stored", NEEDS_WRITES, hold_page},
    {"mutable.mebibyte", "a record of 1 MiB is stored", NEEDS_WRITES, hold_mebibyte},
    {"mutable.largest", "a record of the largest size is stored", NEEDS_WRITES, hold_largest},
    {"mutable.larger", "a larger record than the driver declares is stored whole, or TOO_LARGE and changes nothing",
     NEEDS_WRITES, put_larger},
    {"mutable.shorter", "a shorter record takes the place of a longer one", NEEDS_WRITES, replace_by_shorter},
    {"mutable.longer", "a longer record takes the place of a shorter one", NEEDS_WRITES, replace_by_longer},
    {"mutable.same-size", "a record takes the place of another of its size", NEEDS_WRITES, replace_by_equal_size},
    {"mutable.again", "the record that stands there may be put again", NEEDS_WRITES, put_again},
    {"mutable.versions", "versions up to 2^53-1 change nothing of what is stored", NEEDS_WRITES, take_versions},
    {"mutable.signatures", "signatures of each form change nothing of what is stored", NEEDS_WRITES, take_signatures},
    {"mutable.delete", "a deleted record is gone, and no other", NEEDS_WRITES, delete},
    {"mutable.delete-twice", "deleting a record that was deleted is OK", NEEDS_WRITES, delete_twice},
    {"mutable.delete-absent", "deleting a record that never was is OK", NEEDS_WRITES, delete_absent},
    {"mutable.put-deleted", "a deleted record can be put again", NEEDS_WRITES, put_deleted},
    {"mutable.many", "each of many ids has its own record", NEEDS_WRITES, put_many},
};
const struct group group_mutable = GROUP(behaviours);
