/* SPDX-License-Identifier: MIT */
/* A Syndicate user gateway: the requests that it answers, and what its answers mean. */
#ifndef BS_PLUGINS_SYNDICATE_GATEWAY_H
#define BS_PLUGINS_SYNDICATE_GATEWAY_H

#include <cjson/cJSON.h>

#include "plugins/common/http.h"
#include "plugins/common/plugin.h"

#define BS_SYNDICATE_PATH_LONGEST 1023

struct bs_syndicate_gateway {
  struct bs_http *http;
  char *url;                              /* option `gateway`, without a slash at its end */
  struct bs_http_credentials credentials; /* options `session` and `key` */
};

/* Looks at the options; connects nowhere.  A gateway that was zeroed may be closed. */
enum blockstore_status bs_syndicate_open(struct bs_syndicate_gateway *ret_gateway, struct blockstore_call *call,
                                         const struct blockstore_settings *settings);
void bs_syndicate_close(struct bs_syndicate_gateway *gateway);

/*
 * Paths are relative to the volume's root, without a slash in front, at most BS_SYNDICATE_PATH_LONGEST bytes.
 * Returns: OK; NOT_FOUND when the gateway itself says so; else what was wrong, with a sentence.
 */
enum blockstore_status bs_syndicate_download(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                             struct blockstore_sink *ret_data, const char *path);
/* The file must be a new one: what it has beyond the source would stay. */
enum blockstore_status bs_syndicate_write(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                          const char *path, const struct blockstore_source *source);
/* OK too when the directory is there already; with those above it. */
enum blockstore_status bs_syndicate_make_directory(const struct bs_syndicate_gateway *gateway,
                                                   struct blockstore_call *call, const char *path);
/* What the gateway says of a directory, by cJSON_Delete: an object whose `entries` have a `name` each. */
enum blockstore_status bs_syndicate_list(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                         cJSON **ret_list, const char *path);
/* Takes the place of a file that is there; where the gateway would not, FAILED. */
enum blockstore_status bs_syndicate_rename(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                           const char *from, const char *to);
enum blockstore_status bs_syndicate_unlink(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                           const char *path);

/* Asks for the volume's figures by the session's name; the free bytes, or BLOCKSTORE_SIZE_UNKNOWN. */
enum blockstore_status bs_syndicate_statvfs(const struct bs_syndicate_gateway *gateway, struct blockstore_call *call,
                                            uint64_t *ret_free);

#endif
