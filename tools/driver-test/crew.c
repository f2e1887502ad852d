/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/crew.h"

#include <stdlib.h>
#include <time.h>

#define SIZE 3000

void crew_make(struct crew *ret_crew, struct store *store) {
  struct trial *trial = store->trial;

  *ret_crew = (struct crew){.trial = trial};
  for (int kind = 0; kind < KINDS; kind++) ret_crew->keeps[kind] = store_keeps(store, (enum kind)kind);
  for (int i = 0; i < CREW_SHARED; i++) object_make(&ret_crew->shared[i], trial, KIND_IMMUTABLE, SIZE);
  ret_crew->id = id_make(trial, "crew");
  if (ret_crew->keeps[KIND_MUTABLE]) ret_crew->url = must_make_url(store, ret_crew->id);
  for (int i = 0; i < CREW_MOST; i++) datum_make(&ret_crew->records[i], trial, object_size(trial, SIZE));
}

void crew_free(struct crew *crew) {
  for (int i = 0; i < CREW_SHARED; i++) object_free(&crew->shared[i]);
  for (int i = 0; i < CREW_MOST; i++) datum_free(&crew->records[i]);
  free(crew->id);
  free(crew->url);
}

/* ---- one worker ---- */

static void must_be_ok(const struct worker *worker, const struct call *call, enum blockstore_status status, const char *entry) {
  if (status == BLOCKSTORE_STATUS_OK) return;
  trial_fail(worker->crew->trial, "While threads worked at once, %s answered %s.", entry, answer_text(call, status));
}

/* raced: a worker may have put a newer version of it. */
static void put(const struct worker *worker, const struct object *object, bool raced) {
  enum blockstore_status status;
  struct input input;
  unsigned tried = 0;
  struct call call;

  do {
    call_begin(&call, worker->store);
    input_begin(&input, worker->crew->trial, object->datum.bytes, object->datum.size);
    status = object_put(worker->store, &call, object, &input);
  } while (call_again(&call, status, &tried));
  if (status != BLOCKSTORE_STATUS_CONFLICT || !raced) must_be_ok(worker, &call, status, object_put_name(object->kind));
  call_end(&call);
}

/* data: what it may give; absent: it need not be there. */
static void get(const struct worker *worker, struct object *object, const struct datum *data, size_t count, bool absent) {
  enum blockstore_status status;
  struct output output = {0};
  unsigned tried = 0;
  struct call call;
  bool known = false;

  do {
    output_end(&output);
    call_begin(&call, worker->store);
    output_begin(&output, worker->crew->trial);
    status = object_get(worker->store, &call, object, &output);
  } while (call_again(&call, status, &tried));
  if (status != BLOCKSTORE_STATUS_NOT_FOUND || !absent) must_be_ok(worker, &call, status, object_get_name(object->kind));
  for (size_t i = 0; i < count; i++) known = known || output_is(&output, &data[i]);
  if (status == BLOCKSTORE_STATUS_OK && !known)
    trial_fail(worker->crew->trial, "While threads worked at once, %s gave %zu bytes that nobody had put there.",
               object_get_name(object->kind), output.bytes.length);
  output_end(&output);
  call_end(&call);
}

static void delete(const struct worker *worker, struct object *object) {
  enum blockstore_status status;
  unsigned tried = 0;
  struct call call;

  do {
    call_begin(&call, worker->store);
    status = object_delete(worker->store, &call, object);
  } while (call_again(&call, status, &tried));
  if (status != BLOCKSTORE_STATUS_UNSUPPORTED) must_be_ok(worker, &call, status, "a delete");
  call_end(&call);
  if (status == BLOCKSTORE_STATUS_OK && subject_is_consistent(worker->crew->trial->subject)) get(worker, object, NULL, 0, true);
}

/* Nobody else knows it. */
static void use_own(const struct worker *worker, enum kind kind) {
  struct object object AUTO_OBJECT;
  bool absent = !subject_is_consistent(worker->crew->trial->subject);
  struct datum data[2];

  object_make(&object, worker->crew->trial, kind, SIZE);
  put(worker, &object, false);
  get(worker, &object, &object.datum, 1, absent);
  if (kind == KIND_MUTABLE) {
    data[1] = object.datum;
    object.version++;
    datum_make(&object.datum, worker->crew->trial, object.datum.size);
    put(worker, &object, false);
    data[0] = object.datum;
    get(worker, &object, data, absent ? 2 : 1, absent);
    datum_free(&data[1]);
  }
  delete(worker, &object);
}

static void use_shared(const struct worker *worker, unsigned round) {
  struct crew *crew = worker->crew;
  struct object record = {KIND_MUTABLE, crew->records[worker->number], 0, crew->id, crew->url};

  if (crew->keeps[KIND_IMMUTABLE]) {
    struct object *object = &crew->shared[(round + worker->number) % CREW_SHARED];

    put(worker, object, false);
    get(worker, object, &object->datum, 1, !subject_is_consistent(crew->trial->subject));
  }
  if (crew->keeps[KIND_MUTABLE]) {
    record.version = atomic_fetch_add(&crew->version, 1) + 1;
    put(worker, &record, true);
    get(worker, &record, crew->records, CREW_MOST, !subject_is_consistent(crew->trial->subject));
  }
}

void *worker_run(void *user) {
  const struct worker *worker = user;

  for (unsigned round = 0; round == 0 || !atomic_load(&worker->crew->over); round++) {
    for (int kind = 0; kind < KINDS; kind++)
      if (worker->crew->keeps[kind]) use_own(worker, (enum kind)kind);
    use_shared(worker, round);
  }
  return NULL;
}

/* ---- all of them ---- */

void crew_work(struct crew *crew, struct store *stores, bool each, unsigned workers, uint32_t milliseconds) {
  const struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
  struct worker seats[CREW_MOST];
  pthread_t threads[CREW_MOST];

  for (unsigned i = 0; i < workers; i++) {
    seats[i] = (struct worker){crew, each ? &stores[i] : stores, i};
    if (pthread_create(&threads[i], NULL, worker_run, &seats[i]) != 0) trial_fail(crew->trial, "No thread could be made.");
  }
  nanosleep(&time, NULL);
  atomic_store(&crew->over, true);
  for (unsigned i = 0; i < workers; i++) pthread_join(threads[i], NULL);
}
