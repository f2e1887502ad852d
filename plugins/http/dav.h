/* SPDX-License-Identifier: MIT */
/*
 * What WebDAV (RFC 4918) adds to reading: objects below a site's root are put, compared and deleted.  No server is trusted
 * to keep to preconditions or to a PUT that is whole or nothing: an object is sent under a name that nobody reads, and
 * moved to its place.
 */
#ifndef BS_PLUGINS_HTTP_DAV_H
#define BS_PLUGINS_HTTP_DAV_H

#include "plugins/common/health.h"
#include "plugins/http/site.h"

#define HTTP_DAV_TEMPORARIES ".tmp/" /* below the root, as in a store of the disk driver; no label begins with a dot */

/* OK when the root is there; FAILED when the server has no such collection: then nothing below it is absent, it is lost. */
enum blockstore_status http_dav_find_root(const struct http_site *site, struct blockstore_call *call);

enum http_dav_state { HTTP_DAV_ABSENT, HTTP_DAV_SAME, HTTP_DAV_DIFFERENT };

/* Is the object there, with the bytes of the source? */
enum blockstore_status http_dav_compare(const struct http_site *site, struct blockstore_call *call,
                                        enum http_dav_state *ret_state, const struct bs_layout *object,
                                        const struct blockstore_source *source);

/* Puts an object in its place, making the collections above it.  CONFLICT, without a sentence: something is there, and
 * `overwrite` is false. */
enum blockstore_status http_dav_put(const struct http_site *site, struct blockstore_call *call, const struct bs_layout *object,
                                    const struct blockstore_source *source, bool overwrite);

/* What is not there is deleted. */
enum blockstore_status http_dav_delete(const struct http_site *site, struct blockstore_call *call,
                                       const struct bs_layout *object);

/* Puts something small where no object lies, and deletes it. */
enum blockstore_status http_dav_try(const struct http_site *site, struct blockstore_call *call);

#endif
