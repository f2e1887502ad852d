/* SPDX-License-Identifier: MIT */
/*
 * What is said to an FTP server: one file or listing, or a few commands, on a connection that is logged in and kept for
 * the next.  Everything is sent in binary mode, over passive connections to the address that the control connection has.
 */
#ifndef BS_PLUGINS_FTP_WIRE_H
#define BS_PLUGINS_FTP_WIRE_H

#include <stddef.h>

#include "plugins/ftp/place.h"
#include "plugins/ftp/reply.h"

#define BS_FTP_COMMAND_LONGEST (sizeof "VERB " + sizeof(struct bs_ftp_path))
#define BS_FTP_LISTING_MOST ((size_t)4 << 20) /* bytes: a directory of the layout has thousands of times less */

/* Any number of threads may use one at once. */
struct bs_ftp_wire;

/* Reads the options of the account and of all network drivers, and the place; connects nowhere. */
enum blockstore_status bs_ftp_wire_open(struct bs_ftp_wire **ret_wire, struct blockstore_call *call,
                                        const struct blockstore_settings *settings);
void bs_ftp_wire_close(struct bs_ftp_wire *wire);
const struct bs_ftp_place *bs_ftp_wire_place(const struct bs_ftp_wire *wire);

/*
 * Each of these returns OK, or what the server's no or the connection's end means, with a sentence.  *ret_reply is
 * written always.
 */

/* Sends commands, "VERB ARGUMENT" each, NULL at the end.  All of them are sent; the last one's reply counts. */
enum blockstore_status bs_ftp_command(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                      const char *const *commands);
enum blockstore_status bs_ftp_remove(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                     const char *path);
/* *ret_size is BLOCKSTORE_SIZE_UNKNOWN where the server does not tell. */
enum blockstore_status bs_ftp_size(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                   uint64_t *ret_size, const char *path);
/* `may_change`: it may be replaced meanwhile by one of another size. */
enum blockstore_status bs_ftp_retrieve(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                       struct blockstore_sink *sink, const char *path, bool may_change);
enum blockstore_status bs_ftp_store(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                    const char *path, const struct blockstore_source *source);

/* The lines that list a directory, by free(). */
struct bs_ftp_listing {
  char *lines;
  bool is_mlsd;    /* facts before each name */
  bool is_entered; /* also when it failed: the directory is there, but cannot be listed */
};
/* `directory` ends with a slash, or is "". */
enum blockstore_status bs_ftp_list(struct bs_ftp_wire *wire, struct blockstore_call *call, struct bs_ftp_reply *ret_reply,
                                   struct bs_ftp_listing *ret_listing, const char *directory);
/* The next name, in place, or NULL.  *at begins as listing->lines; the lines are used up. */
const char *bs_ftp_listing_next(const struct bs_ftp_listing *listing, char **at);

#endif
