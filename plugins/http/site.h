/* SPDX-License-Identifier: MIT */
/* One instance: its root, who it is there, and the connections. */
#ifndef BS_PLUGINS_HTTP_SITE_H
#define BS_PLUGINS_HTTP_SITE_H

#include <stdbool.h>

#include "plugins/common/http.h"
#include "plugins/common/layout.h"
#include "plugins/common/plugin.h"
#include "plugins/http/location.h"

#define HTTP_SITE_URL_LONGEST 2048
#define HTTP_SITE_ROOT_LONGEST 1700 /* what follows it still fits into a URL */

/* The option rows beside BS_TRANSFER_OPTIONS, for the metadata. */
#define HTTP_SITE_OPTIONS                                                                                              \
  BLOCKSTORE_OPTION("root", STRING, OPTIONAL, "", "URL of the WebDAV collection that holds the objects")             \
  BLOCKSTORE_OPTION("user", STRING, OPTIONAL, "", "Who to log in as at root")                                        \
  BLOCKSTORE_OPTION("password", SECRET, OPTIONAL, "", "The user's password")                                         \
  BLOCKSTORE_OPTION("token", SECRET, OPTIONAL, "", "Bearer token to log in with at root, instead of a user")         \
  BLOCKSTORE_OPTION("allow_plain_login", BOOL, OPTIONAL, "false", "Log in without TLS, for all on the way to read")  \
  BLOCKSTORE_OPTION("read_only", BOOL, OPTIONAL, "false", "Change nothing at root")                                  \
  BLOCKSTORE_OPTION_ENUM("replace", "move,put", OPTIONAL, "move", "How an object comes to its place")                \
  BLOCKSTORE_OPTION("allow_private", BOOL, OPTIONAL, "false", "Read URLs of routes at private addresses, too")

/* Not changed between open and close, so any number of threads may use it. */
struct http_site {
  struct bs_http *http;
  char root[HTTP_SITE_ROOT_LONGEST + 1]; /* option root, without a slash at the end; "" when there is none */
  struct http_location location;         /* of root */
  char path[HTTP_SITE_ROOT_LONGEST + 1]; /* of root, without its escapes */
  struct bs_http_credentials login;    /* options user, password, token */
  bool has_login;
  bool read_only;
  bool puts_directly; /* option replace */
  bool allow_private;
};

/* Opens what the settings say; connects nowhere. */
enum blockstore_status http_site_open(struct http_site *ret_site, struct blockstore_call *call,
                                      const struct blockstore_settings *settings);
void http_site_close(struct http_site *site);

/* The URL of what lies at a path below the root, which there must be. */
void http_site_locate(const struct http_site *site, char ret_url[HTTP_SITE_URL_LONGEST + 1], const char *path);

/* Is this the URL of a mutable object below the root, whatever is escaped in it? */
bool http_site_owns(const struct http_site *site, struct bs_layout *ret_object, const char *url);

#endif
