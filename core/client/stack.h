/* SPDX-License-Identifier: MIT */
/*
 * What a store is made of: its driver, and the filters above it, each with its options.
 *
 *   filters: [log, {filter: retry, times: 5}]      log is asked first, then retry, then the store
 *
 * Each is loaded only if its file is what its `sha256` and the lock of drivers (`load`) say, where there are these.
 */
#ifndef BS_CLIENT_STACK_H
#define BS_CLIENT_STACK_H

#include "core/client/config.h"
#include "core/driver/isolate.h"
#include "core/driver/lockfile.h"
#include "core/driver/module.h"
#include "core/driver/store.h"

#define BS_FILTERS_MAX 16

struct bs_layer {
  const struct bs_module *module;       /* of the driver, or where it is isolated of exec, in its place */
  struct bs_isolation *isolation;       /* NULL: it is loaded here */
  struct bs_yaml node;                  /* its options: a copy of the node; of a filter that is only named, an empty mapping */
  struct blockstore_settings *settings; /* checked, for the next attempt to open; NULL: read them again */
};

struct bs_stack {
  const struct blockstore_config *config;
  const struct bs_store_config *entry;
  struct bs_layer *layers; /* the store's driver, then the filters, the one that is asked first at the end */
  size_t count;
  unsigned capabilities;    /* enum bs_capability, of all together */
  struct bs_lockfile *lock; /* while it is loaded; NULL: none is asked for */
};

/* Finds, vets and loads the drivers and checks their options; opens nothing.  Config and entry stay the caller's and live as
 * long.  Words: driver, config. */
bool bs_stack_load(struct bs_stack *stack, const struct blockstore_config *config, const struct bs_store_config *entry,
                   struct bs_error *error);
/* Opens them from the bottom up, as one store; what was opened is closed again when one fails.  By one thread at a time.
 * Words: as bs_store_open, and config when the options were read again. */
bool bs_stack_open(struct bs_store **ret_store, struct bs_stack *stack, struct bs_scope *scope, struct bs_error *error);
/* Also of a zeroed one. */
void bs_stack_free(struct bs_stack *stack);

/* The name of a layer's driver, its file, and its metadata, which its options are checked against. */
const char *bs_layer_driver(const struct bs_layer *layer);
const char *bs_layer_file(const struct bs_layer *layer);
const struct bs_metadata *bs_layer_metadata(const struct bs_layer *layer);

/* Is a store's `filters` (NULL: none) a list of what can be filters?  Word: config. */
bool bs_filters_check(const struct blockstore_config *config, const struct bs_yaml *filters, struct bs_error *error);
/* An item of that list.  *ret_name: within it; *ret_node: its options, as above.  False: it is none; no error is set. */
bool bs_filter_item(const char **ret_name, struct bs_yaml *ret_node, const struct bs_yaml *item);
extern const char *const bs_filter_core_keys[];
extern const size_t bs_filter_core_key_count;

/* The `sha256` of a store or a filter. */
struct bs_wanted {
  const struct bs_yaml *node; /* NULL: it has none, and its driver may be of any bytes */
  unsigned char sha256[BS_SHA256_SIZE];
};
/* mapping: its options.  Word: config. */
bool bs_wanted_find(const struct blockstore_config *config, const struct bs_yaml *mapping, struct bs_wanted *ret_wanted,
                    struct bs_error *error);

#endif
