/* SPDX-License-Identifier: MIT */
#ifndef BS_PLUGINS_FTP_SAME_H
#define BS_PLUGINS_FTP_SAME_H

#include "plugins/ftp/wire.h"

/* Does the server have these bytes at the path?  Whatever else is there, or cannot be read, is no error: it will be replaced. */
enum blockstore_status bs_ftp_same(struct bs_ftp_wire *wire, struct blockstore_call *call, bool *ret_same, const char *path,
                                   const struct blockstore_source *source);

#endif
