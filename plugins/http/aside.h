/* SPDX-License-Identifier: MIT */
/* Calls of the driver's own, for what it does beside a call that the core made. */
#ifndef BS_PLUGINS_HTTP_ASIDE_H
#define BS_PLUGINS_HTTP_ASIDE_H

#include "plugins/common/plugin.h"

/* It goes on for `milliseconds` though the other is over, and says nothing: that one's sentence stays. */
struct bs_aside {
  struct blockstore_call call;
  struct blockstore_host host;
  uint64_t end_ms;
};
void bs_aside_begin(struct bs_aside *aside, const struct blockstore_call *call, uint32_t milliseconds);

/* The settings of an instance as strangers may see them, without the certificate that says who we are; to be read with
 * `aside` only, while `veiled` lives. */
struct bs_aside_settings {
  const struct blockstore_settings *settings;
  const struct blockstore_host *host;
};
const struct blockstore_settings *bs_aside_veil(struct bs_aside_settings *veiled, struct bs_aside *aside,
                                                const struct blockstore_call *call, const struct blockstore_settings *settings);

#endif
