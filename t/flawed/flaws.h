/* SPDX-License-Identifier: MIT */
/*
 * The flaws of flawed.so: each is the good driver with some entry points replaced, under the name of the behaviour of
 * blockstore-driver-test that it does not show.  A file a group.
 */
#ifndef BS_T_FLAWED_FLAWS_H
#define BS_T_FLAWED_FLAWS_H

#include <stddef.h>

#include "t/flawed/good.h"

struct flaw {
  const char *name;
  struct blockstore_driver instead; /* the entry points that are replaced; `self` is a struct good */
};
struct flaws {
  const struct flaw *flaws;
  size_t count;
};
#define FLAWS(array) {array, sizeof(array) / sizeof(array)[0]}

/* What the entry points for mutable data are given; a flaw need not use all of it. */
#define FLAW_UNUSED __attribute__((unused))
#define HANDLES_ARGUMENTS void *self FLAW_UNUSED, struct blockstore_call *call FLAW_UNUSED, const char *url FLAW_UNUSED
#define MAKE_URL_ARGUMENTS                                                                                             \
  void *self FLAW_UNUSED, struct blockstore_call *call FLAW_UNUSED, struct blockstore_sink *ret_url FLAW_UNUSED,       \
      const char *id FLAW_UNUSED
#define GET_ARGUMENTS                                                                                                  \
  void *self FLAW_UNUSED, struct blockstore_call *call FLAW_UNUSED, struct blockstore_sink *ret_record FLAW_UNUSED,    \
      const char *url FLAW_UNUSED
#define PUT_ARGUMENTS                                                                                                  \
  void *self FLAW_UNUSED, struct blockstore_call *call FLAW_UNUSED, const char *id FLAW_UNUSED,                        \
      uint64_t version FLAW_UNUSED, const char *signature FLAW_UNUSED,                                                 \
      const struct blockstore_source *record FLAW_UNUSED
#define DELETE_ARGUMENTS                                                                                               \
  void *self FLAW_UNUSED, struct blockstore_call *call FLAW_UNUSED, const char *id FLAW_UNUSED,                        \
      const char *signature FLAW_UNUSED

extern const struct flaws flaws_file;
extern const struct flaws flaws_options;
extern const struct flaws flaws_opening;
extern const struct flaws flaws_immutable;
extern const struct flaws flaws_mutable;
extern const struct flaws flaws_ids;
extern const struct flaws flaws_urls;
extern const struct flaws flaws_streams;
extern const struct flaws flaws_visibility;
extern const struct flaws flaws_deadlines;
extern const struct flaws flaws_threads;
extern const struct flaws flaws_manners;

/* The same of the other entry points. */
#define INIT_ARGUMENTS                                                                                                 \
  void **ret_self FLAW_UNUSED, struct blockstore_call *call FLAW_UNUSED,                                               \
      const struct blockstore_settings *settings FLAW_UNUSED, const struct blockstore_next *next FLAW_UNUSED
#define GET_IMMUTABLE_ARGUMENTS                                                                                        \
  void *self FLAW_UNUSED, struct blockstore_call *call FLAW_UNUSED, struct blockstore_sink *ret_data FLAW_UNUSED,      \
      const char *key FLAW_UNUSED
#define PUT_IMMUTABLE_ARGUMENTS                                                                                        \
  void *self FLAW_UNUSED, struct blockstore_call *call FLAW_UNUSED, const char *key FLAW_UNUSED,                       \
      const struct blockstore_source *data FLAW_UNUSED, const char *txid FLAW_UNUSED
#define DELETE_IMMUTABLE_ARGUMENTS                                                                                     \
  void *self FLAW_UNUSED, struct blockstore_call *call FLAW_UNUSED, const char *key FLAW_UNUSED,                       \
      const char *txid FLAW_UNUSED
#define CHECK_ARGUMENTS                                                                                                \
  void *self FLAW_UNUSED, struct blockstore_call *call FLAW_UNUSED, struct blockstore_sink *ret_report FLAW_UNUSED

/* Of all drivers of this folder. */
#define FLAW_OPTION BLOCKSTORE_OPTION("flaw", STRING, OPTIONAL, "", "The behaviour that it does not show")
#define FLAWED_METADATA GOOD_METADATA FLAW_OPTION

#endif
