/* SPDX-License-Identifier: MIT */
/* A filter that does all that it should: the store below it holds every byte in another form. */
#ifndef BS_T_FLAWED_VEILING_H
#define BS_T_FLAWED_VEILING_H

#include <blockstore/driver.h>

struct veiling {
  const struct blockstore_next *next; /* until storage_close returns */
};
extern const struct blockstore_driver veiling_table;

#define VEILING_METADATA VEILING_SILENT BLOCKSTORE_CAPABILITY_CHANGES
#define VEILING_SILENT                                                                                                 \
  BLOCKSTORE_VERSION("1") BLOCKSTORE_DESCRIPTION("A filter for tests") BLOCKSTORE_KIND_FILTER                          \
  BLOCKSTORE_LARGEST_OBJECT(2097152)                                                                                   \
  BLOCKSTORE_THREADS_PARALLEL BLOCKSTORE_CAPABILITY_DURABLE BLOCKSTORE_CAPABILITY_CONSISTENT                           \
  BLOCKSTORE_CAPABILITY_LOCAL                                                                                          \
  BLOCKSTORE_OPTION("root", PATH, OPTIONAL, "", "Of no account")                                                       \
  BLOCKSTORE_OPTION("flaw", STRING, OPTIONAL, "", "The behaviour that it does not show")

#endif
