/* SPDX-License-Identifier: MIT */
/*
 * What an FTP server means by 550: that something is not there, or that it does not let us.
 */
#ifndef BS_PLUGINS_FTP_ABSENCE_H
#define BS_PLUGINS_FTP_ABSENCE_H

#include "plugins/ftp/wire.h"

/*
 * Asked about a path that the server refused with `reply`: looks in the lists of the directories above it.
 * Returns: NOT_FOUND: the nearest directory above that can be entered was listed, and does not have it; DENIED: it has;
 *          FAILED: the root is not there, with `must_exist`; else why it could not be found out.  With a sentence
 */
enum blockstore_status bs_ftp_absence(struct bs_ftp_wire *wire, struct blockstore_call *call, const struct bs_ftp_reply *reply,
                                      const char *path, bool must_exist);

#endif
