/* SPDX-License-Identifier: MIT */
/* A sink that keeps nothing: it holds what comes against a source. */
#ifndef BS_PLUGINS_S3_COMPARE_H
#define BS_PLUGINS_S3_COMPARE_H

#include <stdbool.h>

#include "plugins/common/plugin.h"

#pragma GCC visibility push(hidden)

struct bs_s3_compare {
  struct blockstore_sink sink; /* refuses, with CANCELLED, what is not the source's next byte */
  const struct blockstore_source *source;
  uint64_t offset;
  bool differs; /* that is why it refused */
};
void bs_s3_compare_init(struct bs_s3_compare *compare, const struct blockstore_source *source);

#pragma GCC visibility pop
#endif
