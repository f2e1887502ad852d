/* SPDX-License-Identifier: MIT */
/*
 * What an FTP server says, and what it means (RFC 959, section 4.2; RFC 2228; RFC 3659).
 */
#ifndef BS_PLUGINS_FTP_REPLY_H
#define BS_PLUGINS_FTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "plugins/common/plugin.h"

#define BS_FTP_SUPERFLUOUS 202 /* a command that the server does not carry out, and no failure */

/* The last reply of an exchange, but for one that says only that a command before was refused; zeroed, none came. */
struct bs_ftp_reply {
  int code;
  bool ready_to_rename; /* a RNFR was granted before it */
  char text[200];       /* its last line, with the code in front */
};

/* Takes a line as it comes from the server; only the last one of a reply changes anything. */
void bs_ftp_reply_take(struct bs_ftp_reply *reply, const char *line, size_t length);

/* The status of a reply above 399.  That of 550 is DENIED: whether something is not there has to be found out. */
enum blockstore_status bs_ftp_reply_status(const struct bs_ftp_reply *reply);

/* Is it about a full disk, or a quota? */
bool bs_ftp_reply_is_about_room(const struct bs_ftp_reply *reply);

/* Is it a no to the path that was sent: it, or its directory, is not there or not allowed? */
bool bs_ftp_reply_is_refusal(const struct bs_ftp_reply *reply);

/* Does it say that the server has no such command? */
bool bs_ftp_reply_is_unknown(const struct bs_ftp_reply *reply);

#endif
