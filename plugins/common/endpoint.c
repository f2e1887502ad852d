/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "peer.h"
#include "url.h"

static bool is_secure(const char *url) {
  return strncasecmp(url, "https:", strlen("https:")) == 0;
}

static bool is_on_this_machine(const char *url) {
  const char *at = strstr(url, "//") + 2;
  char host[BS_ENDPOINT_LONGEST + 1];

  snprintf(host, sizeof host, "%.*s", (int)(at[0] == '[' ? strcspn(at, "]") + 1 : strcspn(at, ":/")), at);
  return bs_peer_host_is_loopback(host);
}

enum blockstore_status bs_endpoint_take(char **ret_url, struct blockstore_call *call, const char *option, const char *text,
                                        bool allow_http) {
  size_t length = bs_url_base(text);

  if (length == 0 || length > BS_ENDPOINT_LONGEST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: A URL such as https://HOST:PORT was expected, without user, query and fragment.", option);
  if (!is_secure(text) && !allow_http && !is_on_this_machine(text))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: %.200s is not encrypted, and not on this computer: use https, or set allow_http: true.", option,
                           text);
  *ret_url = strndup(text, length);
  if (*ret_url != NULL) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the settings.");
}
