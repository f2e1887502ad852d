/* SPDX-License-Identifier: MIT */
/* A little time to tidy up in when a call has failed, also when it is cancelled or past its deadline. */
#ifndef BS_PLUGINS_SYNDICATE_RESPITE_H
#define BS_PLUGINS_SYNDICATE_RESPITE_H

#include "plugins/common/plugin.h"

/* Stays where it was begun: the call is in it. */
struct bs_syndicate_respite {
  struct blockstore_call call; /* fails silently: what the real call says stands */
  struct blockstore_host host;
  uint64_t end; /* milliseconds of the monotonic clock */
  int fd;       /* a timer, or -1 */
};

/* It has what the real call has left, five seconds at most; or less than the half second that one past its deadline has. */
void bs_syndicate_respite_begin(struct bs_syndicate_respite *ret_respite, struct blockstore_call *call);
void bs_syndicate_respite_end(struct bs_syndicate_respite *respite);

#endif
