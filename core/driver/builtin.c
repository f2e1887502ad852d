/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/builtin.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/driver/registration.h"

struct node {
  struct bs_builtin builtin;
  struct bs_metadata *metadata; /* which has the name */
  struct node *next;
};

/* Everything below. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct node *first;

/* Where the driver of that name is, or is to be put: behind the last. */
static struct node **place_of(const char *name) {
  struct node **place = &first;

  while (*place != NULL && strcmp((*place)->builtin.name, name) != 0) place = &(*place)->next;
  return place;
}

static bool add(struct bs_metadata *metadata, const struct blockstore_registration *registration, struct bs_error *error) {
  struct node **place = place_of(metadata->name);

  if (*place != NULL)
    return bs_fail(error, BS_WORD_conflict, "The program is linked with two drivers %s, of which only one can be used.",
                   metadata->name);
  *place = calloc(1, sizeof **place);
  if (*place == NULL) return bs_fail_memory(error);
  (*place)->builtin = (struct bs_builtin){metadata->name, registration};
  (*place)->metadata = metadata;
  bs_log(BS_LOG_INFO, "the program brings the driver %s %s", metadata->name, metadata->version);
  return true;
}

static bool is_known(const struct blockstore_registration *registration) {
  for (const struct node *node = first; node != NULL; node = node->next)
    if (node->builtin.registration == registration) return true;
  return false;
}

bool bs_builtin_add(const struct blockstore_registration *registration, struct bs_error *error) {
  struct bs_metadata *metadata;
  bool good;

  if (registration == NULL) return bs_fail(error, BS_WORD_usage, "There is no driver to add: the registration is NULL.");
  BS_LOCKED(&lock);
  if (is_known(registration)) return true;
  if (!bs_registration_read(&metadata, registration, error)) return bs_context(error, "A driver of this program");
  good = add(metadata, registration, error);
  if (!good) bs_metadata_free(metadata);
  return good;
}

const struct bs_builtin *bs_builtin_at(size_t index) {
  const struct node *node;

  BS_LOCKED(&lock);
  for (node = first; node != NULL && index > 0; node = node->next) index--;
  return node == NULL ? NULL : &node->builtin;
}

const struct bs_builtin *bs_builtin_find(const char *name) {
  const struct node *node;

  BS_LOCKED(&lock);
  node = *place_of(name);
  return node == NULL ? NULL : &node->builtin;
}
