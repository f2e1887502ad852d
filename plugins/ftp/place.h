/* SPDX-License-Identifier: MIT */
/*
 * Where an FTP store lies: a server, and a directory of it, the root.  Paths are the server's own: below the directory
 * that a login begins in, or absolute with a slash in front.
 */
#ifndef BS_PLUGINS_FTP_PLACE_H
#define BS_PLUGINS_FTP_PLACE_H

#include <stdbool.h>

#include "plugins/common/layout.h"
#include "plugins/common/plugin.h"

#define BS_FTP_URL_LONGEST 2048
#define BS_FTP_ROOT_LONGEST 500 /* escaped threefold, and with a server before and a path behind it, it is still a URL */
#define BS_FTP_HOST_LONGEST 150

enum bs_ftp_tls { BS_FTP_TLS_NONE, BS_FTP_TLS_EXPLICIT, BS_FTP_TLS_IMPLICIT };

/* Not changed between open and close, so any number of threads may use it. */
struct bs_ftp_place {
  char server[sizeof "ftps://[]:65535/" + BS_FTP_HOST_LONGEST]; /* the URL of the directory that a login begins in */
  char root[BS_FTP_ROOT_LONGEST + 2]; /* "", or the root's path with a slash behind it */
  enum bs_ftp_tls tls;
};

/* A path of the server's: of a file, or of a directory with a slash behind it; "": where a login begins. */
struct bs_ftp_path {
  char text[BS_FTP_ROOT_LONGEST + 3 + sizeof(struct bs_layout)]; /* climbing takes one byte more */
};

/* Reads the options `host`, `port`, `root` and `tls`, which is `initial` when it is not set. */
enum blockstore_status bs_ftp_place_read(struct bs_ftp_place *ret_place, struct blockstore_call *call,
                                         const struct blockstore_settings *settings, enum bs_ftp_tls initial);

/* The path of what lies at `below` in the root. */
void bs_ftp_place_path(struct bs_ftp_path *ret_path, const struct bs_ftp_place *place, const char *below);

void bs_ftp_path_set(struct bs_ftp_path *ret_path, const char *path);

/* Cuts a path to that of the directory it lies in, and gives its last name; false: it is where the server begins.
 * `ret_name` points into `path`, behind what is left of it. */
bool bs_ftp_path_climb(struct bs_ftp_path *path, const char **ret_name);

/* The URL of a path. */
void bs_ftp_place_url(char ret_url[BS_FTP_URL_LONGEST + 1], const struct bs_ftp_place *place, const char *path);

/* Takes apart what bs_ftp_place_url made of a mutable datum's path; false: it is no such URL, or another store's. */
bool bs_ftp_place_take(struct bs_layout *ret_layout, const struct bs_ftp_place *place, const char *url);

#endif
