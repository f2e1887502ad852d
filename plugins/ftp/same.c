/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ftp/same.h"

#include "plugins/common/compare.h"

enum blockstore_status bs_ftp_same(struct bs_ftp_wire *wire, struct blockstore_call *call, bool *ret_same, const char *path,
                                   const struct blockstore_source *source) {
  struct bs_compare compare;
  struct bs_ftp_reply reply;
  uint64_t size = 0;
  enum blockstore_status status = bs_ftp_size(wire, call, &reply, &size, path);

  *ret_same = false;
  if (status != BLOCKSTORE_STATUS_OK && !bs_ftp_reply_is_unknown(&reply)) return reply.code < 400 ? status : BLOCKSTORE_STATUS_OK;
  if (status == BLOCKSTORE_STATUS_OK && size != source->size && size != BLOCKSTORE_SIZE_UNKNOWN) return BLOCKSTORE_STATUS_OK;
  bs_compare_begin(&compare, source);
  status = bs_ftp_retrieve(wire, call, &reply, &compare.sink, path, false);
  if (compare.status != BLOCKSTORE_STATUS_OK) return compare.status;
  if (status == BLOCKSTORE_STATUS_CANCELLED && !compare.differs) return status;
  *ret_same = status == BLOCKSTORE_STATUS_OK && bs_compare_is_same(&compare);
  return BLOCKSTORE_STATUS_OK;
}
