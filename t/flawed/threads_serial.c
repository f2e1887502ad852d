/* SPDX-License-Identifier: MIT */
/* threads_serial: one call at a time, but it has room for four threads only. */
#include <config.h>

#include <stdbool.h>

#include "t/flawed/good.h"

#define ROOM 4

static _Thread_local bool known;
static unsigned threads;

static enum blockstore_status put_with_room(void *self, struct blockstore_call *call, const char *key,
                                            const struct blockstore_source *data, const char *txid) {
  if (!known && threads == ROOM)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "There is no room for the buffers of another thread.");
  if (!known) threads++;
  known = true;
  return good.put_immutable_handler(self, call, key, data, txid);
}

static struct blockstore_driver driver;

static void __attribute__((constructor)) fill(void) {
  driver = good;
  driver.put_immutable_handler = put_with_room;
}

BLOCKSTORE_REGISTER_DRIVER(threads_serial, driver,
                           BLOCKSTORE_VERSION("1") BLOCKSTORE_DESCRIPTION("A store for tests") BLOCKSTORE_LARGEST_OBJECT(2097152)
                               BLOCKSTORE_THREADS_SERIAL
                               BLOCKSTORE_CAPABILITY_DURABLE BLOCKSTORE_CAPABILITY_CONSISTENT BLOCKSTORE_CAPABILITY_LOCAL
                                   BLOCKSTORE_URL_SCHEME("flawed") GOOD_OPTIONS
                                       BLOCKSTORE_OPTION("flaw", STRING, OPTIONAL, "", "Its own name"));
