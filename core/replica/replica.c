/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/replica/replica.h"

#include <stdlib.h>

bool bs_replicas_new(struct bs_replicas *ret_replicas, size_t count, struct bs_error *error) {
  struct bs_replica *items = calloc(count == 0 ? 1 : count, sizeof *items);

  if (items == NULL) return bs_fail_memory(error);
  *ret_replicas = (struct bs_replicas){items, count};
  return true;
}

void bs_replicas_free(struct bs_replicas *replicas) {
  free(replicas->items);
  *replicas = (struct bs_replicas){NULL, 0};
}

void bs_replicas_forget(struct bs_replicas *replicas) {
  for (size_t i = 0; i < replicas->count; i++) {
    replicas->items[i].was_asked = false;
    replicas->items[i].is_good = false;
  }
}
