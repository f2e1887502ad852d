/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/object.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/auto.h"
#include "tools/driver-test/litter.h"


void object_make(struct object *ret_object, struct trial *trial, enum kind kind, size_t size) {
  *ret_object = (struct object){.kind = kind, .version = 1};
  datum_make(&ret_object->datum, trial, object_size(trial, size));
  if (kind == KIND_MUTABLE) ret_object->id = id_make(trial, "object");
}

void object_free(struct object *object) {
  datum_free(&object->datum);
  free(object->id);
  free(object->url);
}

size_t object_size(const struct trial *trial, size_t wanted) {
  uint64_t most = subject_largest(trial->subject);

  return wanted < most ? wanted : (size_t)most;
}

void skip_beyond_largest(struct trial *trial, size_t size) {
  uint64_t largest = subject_largest(trial->subject);

  if (size > largest) trial_skip(trial, "objects have at most %" PRIu64 " bytes here, %zu are wanted", largest, size);
}

const char *object_put_name(enum kind kind) {
  return kind == KIND_IMMUTABLE ? "put_immutable_handler" : "put_mutable_handler";
}

const char *object_get_name(enum kind kind) {
  return kind == KIND_IMMUTABLE ? "get_immutable_handler" : "get_mutable_handler";
}

enum blockstore_status object_put(struct store *store, struct call *call, const struct object *object, struct input *input) {
  if (object->kind == KIND_IMMUTABLE) return store_put_immutable(store, call, object->datum.key, input, NULL);
  return store_put_mutable(store, call, object->id, object->version, LITTER_SIGNATURE, input);
}

enum blockstore_status object_get(struct store *store, struct call *call, struct object *object, struct output *output) {
  if (object->kind == KIND_IMMUTABLE) return store_get_immutable(store, call, output, object->datum.key);
  if (object->url == NULL) object->url = must_make_url(store, object->id);
  return store_get_mutable(store, call, output, object->url);
}

enum blockstore_status object_delete(struct store *store, struct call *call, const struct object *object) {
  if (object->kind == KIND_IMMUTABLE) return store_delete_immutable(store, call, object->datum.key, NULL);
  return store_delete_mutable(store, call, object->id, LITTER_SIGNATURE);
}

void must_put_object(struct store *store, const struct object *object) {
  if (object->kind == KIND_IMMUTABLE) must_put_immutable(store, object->datum.key, &object->datum);
  else must_put_mutable(store, object->id, object->version, &object->datum);
}

void must_hold_object(struct store *store, const struct object *object) {
  if (object->kind == KIND_IMMUTABLE) must_hold_immutable(store, object->datum.key, &object->datum);
  else must_hold_mutable(store, object->id, &object->datum);
}

void must_lack_object(struct store *store, const struct object *object) {
  if (object->kind == KIND_IMMUTABLE) must_lack_immutable(store, object->datum.key);
  else must_lack_mutable(store, object->id);
}

bool store_keeps(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT;
  enum blockstore_status status;
  struct input input;
  struct call call;

  object_make(&object, store->trial, kind, 100);
  call_begin(&call, store);
  input_begin(&input, store->trial, object.datum.bytes, object.datum.size);
  status = object_put(store, &call, &object, &input);
  call_end(&call);
  return status != BLOCKSTORE_STATUS_UNSUPPORTED;
}

void for_each_kind(struct trial *trial, void (*check)(struct store *store, enum kind kind)) {
  bool kept[KINDS];
  struct store store;

  must_open(&store, trial, 1);
  for (int kind = 0; kind < KINDS; kind++) kept[kind] = store_keeps(&store, (enum kind)kind);
  if (!kept[KIND_IMMUTABLE] && !kept[KIND_MUTABLE]) trial_skip(trial, "the driver supports no put");
  for (int kind = 0; kind < KINDS; kind++)
    if (kept[kind]) check(&store, (enum kind)kind);
  store_close(&store);
}

void skip_without(struct store *store, enum kind kind) {
  if (!store_keeps(store, kind)) trial_skip(store->trial, "the driver does not support %s", object_put_name(kind));
}

bool store_makes_urls(struct store *store) {
  char *id BS_AUTO_FREE = id_make(store->trial, "url");
  enum blockstore_status status;
  struct output output;
  struct call call;

  call_begin(&call, store);
  output_begin(&output, store->trial);
  status = store_make_url(store, &call, &output, id);
  output_end(&output);
  call_end(&call);
  return status != BLOCKSTORE_STATUS_UNSUPPORTED;
}

void skip_without_mutable(struct store *store) {
  if (!store_makes_urls(store)) trial_skip(store->trial, "the driver does not support make_mutable_url");
  if ((store->trial->behaviour->needs & NEEDS_WRITES) != 0) skip_without(store, KIND_MUTABLE);
}
