/* SPDX-License-Identifier: MIT */
/* What is examined: a driver's file and the options its store is opened with, and the stack that the store is part of. */
#ifndef BS_DRIVER_TEST_SUBJECT_H
#define BS_DRIVER_TEST_SUBJECT_H

#include <blockstore/driver.h>

#include "core/driver/isolate.h"
#include "core/driver/module.h"
#include "core/driver/settings.h"

/* key=value of -o or -O. */
struct assignment {
  char *key;
  char *value;
};
struct assignments {
  struct assignment *items;
  size_t count;
};

/* A filter above the store (--filter). */
struct filter {
  char *name;
  struct assignments options;
  struct bs_candidate *candidate;
};

/* What holds of the whole stack. */
struct traits {
  unsigned capabilities; /* enum bs_capability */
  uint64_t largest;      /* bytes of an object; UINT64_MAX: not said */
  enum bs_threads threads;
};

struct subject {
  struct bs_candidate *candidate; /* the file; its metadata is NULL when it cannot be read, `refused` says why */
  struct assignments options;     /* -o */
  struct assignments other;       /* -O: replaces these of -o for the other store */
  struct filter *filters;         /* the one that is asked first is the first */
  size_t filter_count;
  enum bs_isolate isolate;
  struct bs_isolation *isolation; /* of the candidate; NULL: it is loaded into the process */
  struct bs_candidate *exec;      /* which is loaded in its place then */
  struct traits traits;
  const char *scratch;            /* a directory of ours */
  uint64_t seed;
  uint64_t largest;     /* bytes of the largest object to try */
  uint32_t patience_ms; /* the deadline of an ordinary call */
};

/* Reads the file, as far as it can be read.  False: there is no such file (errno message in error). */
bool subject_read(struct subject *subject, const char *file, struct bs_error *error);
void subject_free(struct subject *subject);

/* Does the file stand above another store? */
bool subject_is_filter(const struct subject *subject);
/* Is the store to be examined one below filters, or a filter? */
bool subject_has_filters(const struct subject *subject);
/* Does a get see every put before it, as is declared? */
bool subject_is_consistent(const struct subject *subject);
/* Bytes of the largest object that is tried: what is declared, or less. */
uint64_t subject_largest(const struct subject *subject);
/* Does a store begin empty each time, in a directory of ours? */
bool subject_is_fresh(const struct subject *subject);
/* Can there be another store that shares nothing with the first? */
bool subject_can_be_apart(const struct subject *subject);

/*
 * The settings of store `number` (1: the one; 2: another, which shares nothing with it), checked as the core does.
 * @DIR@ in a value stands for a directory in `directory`, made here: one a number.  `without` (may be NULL): an option
 * left out; `instead` (may be NULL): one that replaces another's value.
 */
bool subject_settings(struct blockstore_settings **ret_settings, const struct subject *subject, const char *directory,
                      unsigned number, const char *without, const struct assignment *instead, struct bs_error *error);
/* The same of a filter above the store. */
bool subject_filter_settings(struct blockstore_settings **ret_settings, const struct filter *filter, const char *directory,
                             unsigned number, struct bs_error *error);

/* Is the URL of one of the driver's schemes, or of those of the store below a filter or the filters above? */
bool subject_declares(const struct subject *subject, const char *url);

/* Loads the driver into this process, also one that is isolated otherwise. */
bool subject_load(const struct bs_module **ret_module, const struct subject *subject, struct bs_error *error);

#endif
