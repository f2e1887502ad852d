/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Which proxy a URL goes through: the one of the options `proxy` and `no_proxy`, or else the environment's, by curl's
 * rules (http_proxy, https_proxy or HTTPS_PROXY, ftp_proxy or FTP_PROXY, all_proxy or ALL_PROXY; no_proxy or NO_PROXY).
 *
 * A part to copy into a driver: proxy.h and proxy.c, C99, which need libcurl 7.88 (link with -lcurl) and POSIX.
 * Once opened, any number of threads may ask.
 */
#ifndef BS_PLUGINS_PROXY_H
#define BS_PLUGINS_PROXY_H

#include <stdbool.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

struct bs_proxy {
  char *http, *https, *ftp; /* URLs, or NULL */
  char *except;             /* the list of hosts without a proxy, or NULL */
};

/* Reads options and environment.  FAILED, with a sentence: no URL of a proxy; TRANSIENT when memory runs out. */
enum blockstore_status bs_proxy_open(struct bs_proxy *ret_proxy, struct blockstore_call *call,
                                     const struct blockstore_settings *settings);
void bs_proxy_close(struct bs_proxy *proxy); /* may be all zero */

/* The proxy's URL, which may hold credentials; "" for none.  The host as it stands in a URL. */
const char *bs_proxy_for(const struct bs_proxy *proxy, const char *scheme, const char *host);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
