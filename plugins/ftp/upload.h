/* SPDX-License-Identifier: MIT */
/*
 * Files on their way to an FTP server: each is sent under a name in UPLOADS that no object has, and given its own when the
 * server has all of it.  A name tells when it was made, so that what a crash left behind can be swept.
 */
#ifndef BS_PLUGINS_FTP_UPLOAD_H
#define BS_PLUGINS_FTP_UPLOAD_H

#include "plugins/ftp/wire.h"

#define BS_FTP_UPLOADS ".uploads" /* in the root */

/* Makes the source the file at `below` in the root, in the place of what is there; directories that are missing are made,
 * that of the root not with `must_exist`. */
enum blockstore_status bs_ftp_upload(struct bs_ftp_wire *wire, struct blockstore_call *call, const char *below,
                                     const struct blockstore_source *source, bool must_exist);

/* Sends a file that is deleted again: can anything be put? */
enum blockstore_status bs_ftp_upload_try(struct bs_ftp_wire *wire, struct blockstore_call *call, bool must_exist);

/* Removes uploads that were begun more than a day ago, and says how many.  What cannot be removed is told by the log. */
uint64_t bs_ftp_upload_sweep(struct bs_ftp_wire *wire, struct blockstore_call *call);

#endif
