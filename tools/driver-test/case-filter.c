/* SPDX-License-Identifier: MIT */
/* A filter, and the store below it.  All other behaviours are asked of both together. */
#include <config.h>

#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/object.h"
#include "tools/driver-test/session.h"

static void leave_below_open(struct trial *trial) {
  struct session session = {.trial = trial};

  trial->judges_below = true;
  session_run(&session);
}

/* As a filter right above the store below asks it. */
static enum blockstore_status get_below(struct store *store, struct call *call, const struct object *object,
                                        struct output *data) {
  const struct blockstore_next *below = &store->layers[0].next;
  enum blockstore_status status;
  struct output url;

  if (object->kind == KIND_IMMUTABLE)
    return below->driver->get_immutable_handler(below->self, &call->abi, &data->abi, object->datum.key);
  output_begin(&url, store->trial);
  status = below->driver->make_mutable_url(below->self, &call->abi, &url.abi, object->id);
  if (status == BLOCKSTORE_STATUS_OK)
    status = below->driver->get_mutable_handler(below->self, &call->abi, &data->abi, bs_buffer_string(&url.bytes));
  output_end(&url);
  return status;
}

static void hand_on_one(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT;
  enum blockstore_status status;
  struct output data;
  struct call call;

  object_make(&object, store->trial, kind, 10000);
  must_put_object(store, &object);
  call_begin(&call, store);
  output_begin(&data, store->trial);
  status = get_below(store, &call, &object, &data);
  if (status != BLOCKSTORE_STATUS_OK || !output_is(&data, &object.datum))
    trial_fail(store->trial, "After %s the store below has %s: declare BLOCKSTORE_CAPABILITY_CHANGES.", object_put_name(kind),
               status == BLOCKSTORE_STATUS_OK ? "other bytes" : answer_text(&call, status));
  output_end(&data);
  call_end(&call);
}

static void hand_on_as_it_is(struct trial *trial) {
  const struct subject *subject = trial->subject;

  if (!subject_is_filter(subject)) trial_skip(trial, "the driver is a store, and no filter");
  if ((subject->traits.capabilities & BS_CAPABILITY_CHANGES) != 0)
    trial_skip(trial, "%s declares that it changes data", subject->filter_count > 0 ? "one of the filters" : "the filter");
  for_each_kind(trial, hand_on_one);
}

static const struct behaviour behaviours[] = {
    {"filter.below", "it neither opens nor closes the store below it", NEEDS_FILTER, leave_below_open},
    {"filter.changes", "it hands on keys and bytes as they are, or declares that it changes them", NEEDS_FILTER | NEEDS_WRITES,
     hand_on_as_it_is},
};
const struct group group_filter = GROUP(behaviours);
