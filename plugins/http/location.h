/* SPDX-License-Identifier: MIT */
/* A URL of http or https taken apart, strictly: routes hold what an enemy wrote. */
#ifndef BS_PLUGINS_HTTP_LOCATION_H
#define BS_PLUGINS_HTTP_LOCATION_H

#include <stdbool.h>

#define HTTP_LOCATION_HOST_LONGEST 253

struct http_location {
  bool is_secure;
  char host[HTTP_LOCATION_HOST_LONGEST + 1]; /* small letters; IPv6 with its brackets */
  unsigned port;                          /* the scheme's own where the URL has none */
  const char *rest;                       /* in the URL: what follows host and port, "" or from the slash on */
};

/* False: it is no absolute URL of the two schemes, or has a user, a fragment, or a character or escape that no URL has. */
bool http_location_parse(struct http_location *ret_location, const char *url);

/* The same scheme, host and port? */
bool http_location_same_origin(const struct http_location *one, const struct http_location *other);

#endif
