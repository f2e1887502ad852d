/* SPDX-License-Identifier: MIT */
/* An object of either kind, for behaviours that are asked of both. */
#ifndef BS_DRIVER_TEST_OBJECT_H
#define BS_DRIVER_TEST_OBJECT_H

#include "tools/driver-test/store.h"

enum kind { KIND_IMMUTABLE, KIND_MUTABLE, KINDS };

struct object {
  enum kind kind;
  struct datum datum;
  uint64_t version; /* of a record */
  char *id;         /* NULL: immutable */
  char *url;        /* made when it is needed first */
};
/* By object_free. */
void object_make(struct object *ret_object, struct trial *trial, enum kind kind, size_t size);
void object_free(struct object *object);
#define AUTO_OBJECT __attribute__((__cleanup__(object_free)))

/* `wanted`, or as much as the driver and the subject let an object have. */
size_t object_size(const struct trial *trial, size_t wanted);
/* Skips the behaviour when they do not let an object have so many bytes. */
void skip_beyond_largest(struct trial *trial, size_t size);

/* The names of the entry points, a literal. */
const char *object_put_name(enum kind kind);
const char *object_get_name(enum kind kind);

/* The entry points.  A get makes the URL first. */
enum blockstore_status object_put(struct store *store, struct call *call, const struct object *object, struct input *input);
enum blockstore_status object_get(struct store *store, struct call *call, struct object *object, struct output *output);
enum blockstore_status object_delete(struct store *store, struct call *call, const struct object *object);

void must_put_object(struct store *store, const struct object *object);
void must_hold_object(struct store *store, const struct object *object);
void must_lack_object(struct store *store, const struct object *object);

/* An ordinary put of this kind does not answer UNSUPPORTED. */
bool store_keeps(struct store *store, enum kind kind);
/* Opens a store and runs `check` for each kind that it keeps; skips the behaviour when it keeps none. */
void for_each_kind(struct trial *trial, void (*check)(struct store *store, enum kind kind));
/* Skips the behaviour when the store does not keep this kind. */
void skip_without(struct store *store, enum kind kind);
/* make_mutable_url does not answer UNSUPPORTED for an ordinary id. */
bool store_makes_urls(struct store *store);
/* Skips the behaviour when the store makes no URLs or, if the behaviour needs writes, does not keep mutable data. */
void skip_without_mutable(struct store *store);

#endif
