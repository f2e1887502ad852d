/* SPDX-License-Identifier: MIT */
/* Stores opened otherwise than the user said: with other values, without some, or so that it must fail. */
#ifndef BS_DRIVER_TEST_WRONG_H
#define BS_DRIVER_TEST_WRONG_H

#include "tools/driver-test/store.h"

/* The settings of store 1 with one value replaced (may be NULL); or without some options: those that `leave_out` (may be
 * NULL) answers true for.  What the core refuses ends the behaviour. */
struct blockstore_settings *must_settings(struct trial *trial, const struct assignment *instead,
                                          bool (*leave_out)(const struct bs_option *option, void *user), void *user);
const struct bs_option *find_option(const struct trial *trial, const char *key);

/* DIRECTORY/NAME in the trial's directory, as realpath would say it: a driver may.  By free(). */
char *must_name_path(struct trial *trial, const char *name);
/* A path in the trial's directory that cannot be: it goes through a regular file.  By free(). */
char *must_make_nowhere(struct trial *trial);

/*
 * Opens store 1 so that it must fail, or may: each PATH option in turn is a path that cannot be; then a call that was
 * cancelled before; then no descriptors left.  Unless OK (then the caller closes) nothing is open; call_end is the
 * caller's.
 */
size_t wrong_ways(const struct trial *trial);
enum blockstore_status open_wrongly(struct store *ret_store, struct call *ret_call, struct trial *trial, size_t way);

#endif
