/* SPDX-License-Identifier: MIT */
/* A grid of Tahoe-LAFS, through the web API of a gateway: the requests, and what their answers mean. */
#ifndef BS_PLUGINS_TAHOE_GRID_H
#define BS_PLUGINS_TAHOE_GRID_H

#include <cjson/cJSON.h>

#include "plugins/common/http.h"
#include "plugins/common/plugin.h"
#include "plugins/tahoe/capability.h"

#define BS_TAHOE_FILE_LONGEST 255 /* bytes of the capability of a file */

struct bs_tahoe_grid {
  struct bs_http *http;
  char *url; /* option `gateway`, without a slash at its end */
};

/* Looks at the options; connects nowhere.  A grid that was zeroed may be closed. */
enum blockstore_status bs_tahoe_open(struct bs_tahoe_grid *ret_grid, struct blockstore_call *call,
                                     const struct blockstore_settings *settings);
void bs_tahoe_close(struct bs_tahoe_grid *grid);

/*
 * Capabilities of directories and files stand in no sentence and no line of the log.  Paths are below a directory, of
 * components with single slashes between them.
 * Returns: OK; NOT_FOUND when the grid says that a directory has no such child, and never for one that cannot be read;
 *          else what was wrong, with a sentence
 */
enum blockstore_status bs_tahoe_get(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                    struct blockstore_sink *ret_data, const struct bs_tahoe_capability *directory,
                                    const char *path);
/* Stores a file that is in no directory yet. */
enum blockstore_status bs_tahoe_upload(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                       char ret_file[BS_TAHOE_FILE_LONGEST + 1], const struct blockstore_source *source);
/* Gives the file a name, in the place of what had it. */
enum blockstore_status bs_tahoe_link(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                     const struct bs_tahoe_capability *directory, const char *name, const char *file);
enum blockstore_status bs_tahoe_unlink(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                       const struct bs_tahoe_capability *directory, const char *name);

/* OK when something has the name. */
enum blockstore_status bs_tahoe_has(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                    const struct bs_tahoe_capability *directory, const char *path);

/* A new directory: in no other; or in the one at the end of a path, which may be empty.  CONFLICT: something has the name,
 * which is left as it is. */
enum blockstore_status bs_tahoe_new_root(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                         struct bs_tahoe_capability *ret_directory);
enum blockstore_status bs_tahoe_make_directory(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                               const struct bs_tahoe_capability *directory, const char *path,
                                               const char *name);

/* What the gateway says of a directory with all its children, of the shares of one, and of the storage servers; by
 * cJSON_Delete.  The path may be NULL. */
enum blockstore_status bs_tahoe_list(const struct bs_tahoe_grid *grid, struct blockstore_call *call, cJSON **ret_list,
                                     const struct bs_tahoe_capability *directory, const char *path);
enum blockstore_status bs_tahoe_shares(const struct bs_tahoe_grid *grid, struct blockstore_call *call, cJSON **ret_shares,
                                       const struct bs_tahoe_capability *directory);
enum blockstore_status bs_tahoe_servers(const struct bs_tahoe_grid *grid, struct blockstore_call *call,
                                        cJSON **ret_servers);

#endif
