/* SPDX-License-Identifier: MIT */
/* Puts of objects that are too long for one request. */
#ifndef BS_PLUGINS_S3_MULTIPART_H
#define BS_PLUGINS_S3_MULTIPART_H

#include "plugins/s3/request.h"

#pragma GCC visibility push(hidden)

#define BS_S3_PARTS_MOST 10000
#define BS_S3_PART ((uint64_t)8 << 20) /* the shortest that is made, but for the last */

/* How long the parts of an object are, so that there are not too many. */
uint64_t bs_s3_part_size(uint64_t size);

/* Puts the object in parts, several at once.  Of one that fails nothing stays at the server, unless that cannot be
 * reached any more, which is logged.
 * Out: *ret_code: of the answer to the last request, that completes it; untouched before that
 * In:  if_none:   fail with BS_S3_STANDS where there is an object already */
enum blockstore_status bs_s3_put_in_parts(struct bs_s3 *s3, struct blockstore_call *call, const char *object,
                                          const struct blockstore_source *source, bool if_none, int *ret_code);

#pragma GCC visibility pop
#endif
