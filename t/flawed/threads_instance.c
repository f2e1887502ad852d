/* SPDX-License-Identifier: MIT */
/* threads_instance: declares that its instances may be used at once, and they share a counter. */
#include <config.h>

#include "t/flawed/careless.h"

static struct blockstore_driver driver;

/* The good one's table but for one entry. */
static void __attribute__((constructor)) fill(void) {
  driver = good;
  driver.put_immutable_handler = careless_put_immutable;
}

BLOCKSTORE_REGISTER_DRIVER(threads_instance, driver,
                           BLOCKSTORE_VERSION("1") BLOCKSTORE_DESCRIPTION("A store for tests") BLOCKSTORE_LARGEST_OBJECT(2097152)
                               BLOCKSTORE_THREADS_INSTANCE
                               BLOCKSTORE_CAPABILITY_DURABLE BLOCKSTORE_CAPABILITY_CONSISTENT BLOCKSTORE_CAPABILITY_LOCAL
                                   BLOCKSTORE_URL_SCHEME("flawed") GOOD_OPTIONS
                                       BLOCKSTORE_OPTION("flaw", STRING, OPTIONAL, "", "Its own name"));
