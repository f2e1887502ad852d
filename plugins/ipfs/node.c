/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ipfs/node.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/common/errand.h"

#define TRIES 10 /* to put a link where others do, too */

/* Same blocks on every node: raw leaves of 1 MiB, so that what fits in one leaf has the CID of its SHA-256. */
#define ADD_OPTIONS \
  "&cid-version=1&raw-leaves=true&chunker=size-1048576&hash=sha2-256&cid-base=base32&pin=false&quieter=true&progress=false"

char *bs_node_path(const struct bs_node *node, const char *then, const char *name) {
  char *path;

  return asprintf(&path, "%s%s%s", node->directory, then, name) < 0 ? NULL : path;
}

enum blockstore_status bs_node_get(struct bs_node *node, struct blockstore_call *call, struct blockstore_sink *sink,
                                   const struct bs_layout *object) {
  char *path BS_AUTO_FREE = bs_node_path(node, "/", object->path);
  struct bs_rpc_command read BS_AUTO_RPC = {.name = "files/read", .arguments = {path}, .sink = sink,
                                            .doing = "The object cannot be read"};
  enum blockstore_status status;

  if (path == NULL) return bs_plugin_fail_memory(call);
  status = bs_rpc_perform(&node->rpc, call, &read);
  /* Kubo replaces a file by taking the old one out and putting the new one in: who asks in between asks again. */
  return status == BLOCKSTORE_STATUS_NOT_FOUND ? bs_rpc_perform(&node->rpc, call, &read) : status;
}

enum blockstore_status bs_node_search(struct bs_node *node, struct blockstore_call *call, struct blockstore_sink *sink,
                                      const struct bs_cid *cid) {
  struct bs_rpc_command get BS_AUTO_RPC = {.name = "block/get", .arguments = {cid->text}, .sink = sink,
                                           .most_ms = node->search_ms, .doing = "The block was not found in the network"};
  enum blockstore_status status = bs_rpc_perform(&node->rpc, call, &get);

  /* The node may say what it likes: that nobody has the block is not known.  Nor is it worth the core's further tries. */
  return status == BLOCKSTORE_STATUS_NOT_FOUND || status == BLOCKSTORE_STATUS_TRANSIENT ? BLOCKSTORE_STATUS_FAILED : status;
}

enum blockstore_status bs_node_search_name(struct bs_node *node, struct blockstore_call *call, struct blockstore_sink *sink,
                                           const struct bs_ipns *ipns, const struct bs_layout *object) {
  struct bs_rpc_command resolve BS_AUTO_RPC = {.name = "name/resolve", .arguments = {ipns->peer}, .most_ms = node->search_ms,
                                               .doing = "The IPNS name cannot be resolved"};
  enum blockstore_status status = bs_rpc_perform(&node->rpc, call, &resolve);
  const char *target = bs_rpc_text(resolve.document, "Path");
  char *path BS_AUTO_FREE = NULL;
  struct bs_rpc_command cat BS_AUTO_RPC = {.name = "cat", .sink = sink, .most_ms = node->search_ms,
                                           .doing = "The record cannot be read"};

  if (status == BLOCKSTORE_STATUS_NOT_FOUND) return BLOCKSTORE_STATUS_FAILED;
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (target == NULL || strncmp(target, "/ipfs/", strlen("/ipfs/")) != 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "ipns://%s: The name stands for no content.", ipns->name);
  if (asprintf(&path, "%s/%s", target, object->path) < 0) return bs_plugin_fail_memory(call);
  cat.arguments[0] = path;
  return bs_rpc_perform(&node->rpc, call, &cat);
}

/* ---- entries ---- */

enum blockstore_status bs_node_stat(struct bs_node *node, struct blockstore_call *call, struct bs_node_entry *ret_entry,
                                    const char *path) {
  struct bs_rpc_command stat BS_AUTO_RPC = {.name = "files/stat", .arguments = {path}, .doing = "The object cannot be examined"};
  enum blockstore_status status = bs_rpc_perform(&node->rpc, call, &stat);
  const char *content = bs_rpc_text(stat.document, "Hash");
  const cJSON *size = cJSON_GetObjectItemCaseSensitive(stat.document, "Size");

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (content == NULL || strlen(content) >= BS_NODE_CONTENT_MOST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The node did not say what is at %s.", node->rpc.url, path);
  snprintf(ret_entry->content, sizeof ret_entry->content, "%s", content);
  ret_entry->size = cJSON_IsNumber(size) && size->valuedouble >= 0 ? (uint64_t)size->valuedouble : BLOCKSTORE_SIZE_UNKNOWN;
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_node_unlink(struct bs_node *node, struct blockstore_call *call, const char *path) {
  struct bs_rpc_command rm BS_AUTO_RPC = {.name = "files/rm", .arguments = {path}, .options = "&recursive=true",
                                          .doing = "The object cannot be deleted"};
  enum blockstore_status status = bs_rpc_perform(&node->rpc, call, &rm);

  return status == BLOCKSTORE_STATUS_NOT_FOUND ? BLOCKSTORE_STATUS_OK : status;
}

enum blockstore_status bs_node_remove(struct bs_node *node, struct blockstore_call *call, const struct bs_layout *object) {
  char *path BS_AUTO_FREE = bs_node_path(node, "/", object->path);

  return path == NULL ? bs_plugin_fail_memory(call) : bs_node_unlink(node, call, path);
}

/* ---- immutable data ---- */

static enum blockstore_status node_add(struct bs_node *node, struct blockstore_call *call,
                                       char ret_content[BS_NODE_CONTENT_MOST], const struct blockstore_source *source) {
  struct bs_rpc_command add BS_AUTO_RPC = {.name = "add", .options = ADD_OPTIONS, .source = source,
                                           .doing = "The object cannot be written"};
  enum blockstore_status status = bs_rpc_trouble(bs_rpc_perform(&node->rpc, call, &add));
  const char *content = bs_rpc_text(add.document, "Hash");

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (content == NULL || strlen(content) >= BS_NODE_CONTENT_MOST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The node did not say what it has stored.", node->rpc.url);
  snprintf(ret_content, BS_NODE_CONTENT_MOST, "%s", content);
  return BLOCKSTORE_STATUS_OK;
}

/*
 * Pins content until there is a link to it: a garbage collection that had to wait for `add` begins when that ends.  A pin
 * that is there already is the user's, and stays: a node has one for a content, whoever made it.
 */
static enum blockstore_status node_hold(struct bs_node *node, struct blockstore_call *call, bool *ret_held, const char *content) {
  struct bs_rpc_command ls BS_AUTO_RPC = {.name = "pin/ls", .arguments = {content}, .options = "&type=recursive",
                                          .doing = "The node's pins cannot be listed"};
  struct bs_rpc_command pin BS_AUTO_RPC = {.name = "pin/add", .arguments = {content}, .options = "&recursive=true",
                                           .doing = "The object cannot be pinned"};
  enum blockstore_status status = bs_rpc_perform(&node->rpc, call, &ls);

  *ret_held = status == BLOCKSTORE_STATUS_NOT_FOUND;
  return *ret_held ? bs_rpc_trouble(bs_rpc_perform(&node->rpc, call, &pin)) : bs_rpc_trouble(status);
}

static void node_release(struct bs_node *node, struct blockstore_call *call, const char *content) {
  struct bs_rpc_command rm BS_AUTO_RPC = {.name = "pin/rm", .arguments = {content}, .options = "&recursive=true",
                                          .doing = "The object cannot be unpinned"};
  struct bs_errand errand;
  enum blockstore_status status;

  bs_errand_after(&errand, call);
  status = bs_rpc_perform(&node->rpc, &errand.call, &rm);
  if (status == BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_NOT_FOUND) return;
  blockstore_log(call, BLOCKSTORE_LOG_WARNING, "%s: %s stays pinned, also when it is deleted here: %s", node->rpc.url, content,
                 errand.reason);
}

/* Links content at the path.  What stands there already is the same, most often; other bytes under an immutable key are
 * damage, which others may be repairing, too. */
static enum blockstore_status node_link(struct bs_node *node, struct blockstore_call *call, const char *content,
                                        const char *path) {
  char source[sizeof "/ipfs/" + BS_NODE_CONTENT_MOST];
  struct bs_node_entry present;
  enum blockstore_status status;

  snprintf(source, sizeof source, "/ipfs/%s", content);
  for (int i = 0; i < TRIES; i++) {
    struct bs_rpc_command cp BS_AUTO_RPC = {.name = "files/cp", .arguments = {source, path}, .options = "&parents=true",
                                            .doing = "The object cannot be put in its place"};

    status = bs_rpc_perform(&node->rpc, call, &cp);
    if (status != BLOCKSTORE_STATUS_CONFLICT) return bs_rpc_trouble(status);
    status = bs_node_stat(node, call, &present, path);
    if (status == BLOCKSTORE_STATUS_OK && bs_cid_same(present.content, content)) return status;
    if (status == BLOCKSTORE_STATUS_OK) status = bs_node_unlink(node, call, path);
    if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND) return bs_rpc_trouble(status);
  }
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%s: %s is changed by others all the time.", node->rpc.url, path);
}

enum blockstore_status bs_node_keep(struct bs_node *node, struct blockstore_call *call, const struct bs_layout *object,
                                    const struct blockstore_source *source, const struct bs_cid *cid) {
  char *path BS_AUTO_FREE = bs_node_path(node, "/", object->path), content[BS_NODE_CONTENT_MOST];
  enum blockstore_status status;
  bool is_held;

  if (path == NULL) return bs_plugin_fail_memory(call);
  status = node_add(node, call, content, source);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (cid != NULL && !bs_cid_same(content, cid->text))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The node has stored %s, and was sent %s: other bytes arrived.",
                           node->rpc.url, content, cid->text);
  status = node_hold(node, call, &is_held, content);
  if (status == BLOCKSTORE_STATUS_OK) status = node_link(node, call, content, path);
  if (is_held) node_release(node, call, content);
  return status;
}
