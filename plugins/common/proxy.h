/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Which proxy a URL goes through: the one of the options `proxy`, `proxy_user`, `proxy_password` and `no_proxy`, or else
 * the environment's, by curl's rules (http_proxy, https_proxy or HTTPS_PROXY, ftp_proxy or FTP_PROXY, all_proxy or
 * ALL_PROXY; no_proxy or NO_PROXY), but never for this machine itself.
 *
 * A part to copy into a driver: proxy.h and proxy.c, C99, which need peer.[ch], libcurl 7.88 (link with -lcurl) and
 * POSIX.  Once opened, any number of threads may ask.
 */
#ifndef BS_PLUGINS_PROXY_H
#define BS_PLUGINS_PROXY_H

#include <stdbool.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

/* A proxy. */
struct bs_proxy_server {
  const char *source;    /* the option or the variable that names it; NULL: there is none */
  char *url;             /* scheme, host and port, without a secret; NULL: what `source` says is no URL of a proxy */
  char *user, *password; /* NULL: none */
};

struct bs_proxy {
  struct bs_proxy_server asked;            /* by the options: for every URL */
  struct bs_proxy_server http, https, ftp; /* the environment's */
  char *except;                            /* the list of hosts without a proxy, or NULL */
};

/* Reads options and environment.  FAILED, with a sentence that names the option: no URL of a proxy, or one with user and
 * password in it; TRANSIENT when memory runs out. */
enum blockstore_status bs_proxy_open(struct bs_proxy *ret_proxy, struct blockstore_call *call,
                                     const struct blockstore_settings *settings);
void bs_proxy_close(struct bs_proxy *proxy); /* may be all zero */

/*
 * The proxy for a URL, or NULL for none.  A proxy of the environment is not told of this machine's own services, whose
 * URLs may hold secrets.
 * In: host: as it stands in a URL
 */
const struct bs_proxy_server *bs_proxy_for(const struct bs_proxy *proxy, const char *scheme, const char *host);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
