/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/flawed/careless.h"

#include <time.h>
#include <unistd.h>

static unsigned counter; /* of temporary files, in this process */

enum blockstore_status careless_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                              const struct blockstore_source *data, const char *txid) {
  char path[GOOD_PATH], temporary[GOOD_PATH];
  const struct timespec time = {0, 200000};
  unsigned number = counter;
  enum blockstore_status status;

  (void)txid;
  good_key_path(self, path, key);
  snprintf(temporary, sizeof temporary, "%s/t-%ld-%u", ((const struct good *)self)->root, (long)getpid(), number);
  status = good_put(self, call, temporary, data);
  nanosleep(&time, NULL);
  counter = number + 1;
  if (status == BLOCKSTORE_STATUS_OK && rename(temporary, path) < 0)
    status = blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The temporary file is gone.", temporary);
  return status;
}
