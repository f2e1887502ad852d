/* SPDX-License-Identifier: MIT */
/* Between host.c and store.c: the table that drivers are given, and what they know as their store. */
#ifndef BS_DRIVER_TEST_HOST_H
#define BS_DRIVER_TEST_HOST_H

#include "tools/driver-test/store.h"

extern const struct blockstore_host host_table;

struct blockstore_store *host_handle(struct store *store);
void host_handle_free(struct blockstore_store *handle);
/* The driver said something: a line of the log, or why a call fails. */
void host_heard(struct trial *trial, const char *text);

#endif
