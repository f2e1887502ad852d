/* SPDX-License-Identifier: MIT */
/*
 * What a store is made of, from the bottom up: the driver that is examined, and the filters of --filter.  Below a driver that
 * is itself a filter lies a store of the disk driver, in a directory of the trial's.  Of an isolated driver exec is the layer.
 *
 * Each is called as its thread model says, and knows the one below by a table whose functions see to that.  (The core makes a
 * call of its own for each, core/driver/next.c; here they share one, so that behaviours see all that is done with it.)
 */
#ifndef BS_DRIVER_TEST_LAYERS_H
#define BS_DRIVER_TEST_LAYERS_H

#include <pthread.h>
#include <stdbool.h>

#include <blockstore/driver.h>

struct call;
struct store;

struct layer {
  struct store *store;
  const struct blockstore_driver *driver; /* driver_size bytes of it */
  size_t driver_size;
  struct blockstore_settings *settings;
  void *self;               /* the driver's */
  bool is_open;
  pthread_mutex_t own_turn; /* for one call at a time in this instance */
  pthread_mutex_t *turn;    /* who calls holds it; NULL: any number of calls at once */
  struct blockstore_next next; /* as the one above knows it */
};

/* Does the driver have the entry point?  Its table may be longer or shorter than ours. */
#define LAYER_HAS(layer, member) BLOCKSTORE_HAS((layer)->driver, (layer)->driver_size, member)

/* The layers of store->number, with the settings of all; `settings` are the examined driver's, taken over in any case.  What
 * cannot be had, as a driver that does not load, ends the behaviour. */
void layers_make(struct store *store, struct blockstore_settings *settings);
/* Opens what is not the trial's to call: the store below a filter. */
void layers_open_below(struct store *store);
/* Closes those that are still open, from the top down, with calls of ours, and frees all. */
void layers_free(struct store *store);
/* What storage_init is given; NULL: there is none. */
const struct blockstore_next *layers_next(const struct store *store, size_t index);

/* Around a call: takes its turn, and gives it back and judges the answer.  entry: a literal, for what is told of a crash; NULL:
 * nothing is. */
void layer_enter(struct layer *layer, const char *entry);
enum blockstore_status layer_leave(struct layer *layer, enum blockstore_status status, const char *entry);

/* Replaces the secrets of all of them in a text, a buffer of so many bytes. */
void layers_blot(const struct store *store, char *text, size_t size);

#endif
