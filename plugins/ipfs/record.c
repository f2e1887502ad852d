/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/common/errand.h"
#include "plugins/common/upload.h"
#include "plugins/ipfs/node.h"

#define TEMPORARIES ".tmp/" /* behind the directory's path: beside it, for what is in it is published */
#define TRIES 10            /* to replace a record that others replace, too */

#define WRITE_OPTIONS "&create=true&parents=true&truncate=true&cid-version=1&raw-leaves=true"

/* ---- on its way ---- */

static enum blockstore_status record_write(struct bs_node *node, struct blockstore_call *call, const char *path,
                                           const struct blockstore_source *source) {
  struct bs_rpc_command write BS_AUTO_RPC = {.name = "files/write", .arguments = {path}, .options = WRITE_OPTIONS,
                                             .source = source, .doing = "The record cannot be written"};
  struct bs_node_entry entry;
  enum blockstore_status status = bs_rpc_perform(&node->rpc, call, &write);

  if (status == BLOCKSTORE_STATUS_OK) status = bs_node_stat(node, call, &entry, path); /* a write is answered by nothing */
  if (status != BLOCKSTORE_STATUS_OK) return bs_rpc_trouble(status);
  if (entry.size == source->size) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%s: The node has not all of the %" PRIu64 " bytes that were sent.",
                         node->rpc.url, source->size);
}

/* ---- into its place ---- */

static enum blockstore_status record_move(struct bs_node *node, struct blockstore_call *call, const char *from, const char *to) {
  struct bs_rpc_command mv BS_AUTO_RPC = {.name = "files/mv", .arguments = {from, to}, .options = "&parents=true",
                                          .doing = "The record cannot be put in its place"};

  return bs_rpc_perform(&node->rpc, call, &mv);
}

static enum blockstore_status record_make_parent(struct bs_node *node, struct blockstore_call *call, const char *parent) {
  struct bs_rpc_command mkdir BS_AUTO_RPC = {.name = "files/mkdir", .arguments = {parent},
                                             .options = "&parents=true&cid-version=1",
                                             .doing = "The directory of the record cannot be made"};

  return bs_rpc_perform(&node->rpc, call, &mkdir);
}

/*
 * Kubo's files/mv takes the old file out and puts the new one in; who takes and puts at the same time makes it say that
 * there is a file already, which is worth another try.  js-ipfs says so of any file, and replaces it, in one step, when the
 * new one is moved into its directory instead; to Kubo that is the same.
 */
static enum blockstore_status record_place(struct bs_node *node, struct blockstore_call *call, const char *temporary,
                                           const char *path) {
  char *parent BS_AUTO_FREE = strndup(path, (size_t)(strrchr(path, '/') + 1 - path));
  enum blockstore_status status;

  if (parent == NULL) return bs_plugin_fail_memory(call);
  status = record_move(node, call, temporary, path);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND) { /* Kubo's makes no directories */
    status = record_make_parent(node, call, parent);
    if (status == BLOCKSTORE_STATUS_OK) status = record_move(node, call, temporary, path);
  }
  for (int i = 0; i < TRIES && status == BLOCKSTORE_STATUS_CONFLICT; i++) status = record_move(node, call, temporary, parent);
  if (status != BLOCKSTORE_STATUS_CONFLICT) return bs_rpc_trouble(status);
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%s: %s is replaced by others all the time.", node->rpc.url, path);
}

enum blockstore_status bs_node_replace(struct bs_node *node, struct blockstore_call *call, const struct bs_layout *object,
                                       const struct blockstore_source *source) {
  char *path BS_AUTO_FREE = bs_node_path(node, "/", object->path), *folder BS_AUTO_FREE = NULL, *temporary BS_AUTO_FREE = NULL;
  char name[BS_UPLOAD_NAME_SIZE];
  struct bs_errand errand;
  enum blockstore_status status = bs_upload_name(name, call);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  folder = bs_node_path(node, TEMPORARIES, name);
  if (path == NULL || folder == NULL) return bs_plugin_fail_memory(call);
  /* A folder for one record, which has its last name already: js-ipfs needs that (record_place). */
  if (asprintf(&temporary, "%s%s", folder, strrchr(path, '/')) < 0) return bs_plugin_fail_memory(call);
  status = record_write(node, call, temporary, source);
  if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(call);
  if (status == BLOCKSTORE_STATUS_OK) status = record_place(node, call, temporary, path);
  bs_errand_after(&errand, call);
  bs_node_unlink(node, &errand.call, folder);
  return status;
}

/* ---- what was left ---- */

uint64_t bs_node_sweep(struct bs_node *node, struct blockstore_call *call) {
  char *folder BS_AUTO_FREE = bs_node_path(node, TEMPORARIES, "");
  struct bs_rpc_command ls BS_AUTO_RPC = {.name = "files/ls", .arguments = {folder},
                                          .doing = "What broken puts have left cannot be listed"};
  struct bs_errand errand;
  enum blockstore_status status;
  const cJSON *entry;
  uint64_t count = 0;

  bs_errand_after(&errand, call);
  status = folder == NULL ? bs_plugin_fail_memory(&errand.call) : bs_rpc_perform(&node->rpc, &errand.call, &ls);
  cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(ls.document, "Entries")) {
    const char *name = bs_rpc_text(entry, "Name");
    char *path BS_AUTO_FREE = NULL;

    if (name == NULL || !bs_upload_is_old(name, time(NULL))) continue;
    path = bs_node_path(node, TEMPORARIES, name);
    status = path == NULL ? bs_plugin_fail_memory(&errand.call) : bs_node_unlink(node, &errand.call, path);
    if (status != BLOCKSTORE_STATUS_OK) break;
    count++;
  }
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND)
    blockstore_log(call, BLOCKSTORE_LOG_WARNING, "What older puts left in %s stays there: %s", folder == NULL ? "" : folder,
                   errand.reason);
  return count;
}
