/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ipfs/node.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TEMPORARIES ".tmp"
#define CONTENT_MOST ((size_t)128) /* bytes of a CID in any form */

/* Same blocks on every node: raw leaves of 1 MiB, so that what fits in one leaf has the CID of its SHA-256. */
#define ADD_OPTIONS \
  "&cid-version=1&raw-leaves=true&chunker=size-1048576&hash=sha2-256&cid-base=base32&pin=true&quieter=true&progress=false"
#define WRITE_OPTIONS "&create=true&parents=true&truncate=true&cid-version=1&raw-leaves=true"

static enum blockstore_status node_fail_memory(struct blockstore_call *call) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the ipfs driver.");
}

/* The path in the node's file system, by free(); NULL when memory runs out. */
static char *node_path(const struct bs_node *node, const char *folder, const char *name) {
  char *path;

  return asprintf(&path, "%s%s%s/%s", node->directory, folder[0] == '\0' ? "" : "/", folder, name) < 0 ? NULL : path;
}

enum blockstore_status bs_node_get(struct bs_node *node, struct blockstore_call *call, struct blockstore_sink *sink,
                                   const struct bs_layout *object) {
  char *path BS_AUTO_FREE = node_path(node, "", object->path);
  struct bs_rpc_command read BS_AUTO_RPC = {.name = "files/read", .arguments = {path}, .sink = sink,
                                            .doing = "The object cannot be read"};
  enum blockstore_status status;

  if (path == NULL) return node_fail_memory(call);
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
  if (asprintf(&path, "%s/%s", target, object->path) < 0) return node_fail_memory(call);
  cat.arguments[0] = path;
  return bs_rpc_perform(&node->rpc, call, &cat);
}

/* ---- immutable data ---- */

/* What stands at the path: its CID, as the node writes it. */
static enum blockstore_status node_stat(struct bs_node *node, struct blockstore_call *call, char ret_content[CONTENT_MOST],
                                        const char *path) {
  struct bs_rpc_command stat BS_AUTO_RPC = {.name = "files/stat", .arguments = {path}, .doing = "The object cannot be examined"};
  enum blockstore_status status = bs_rpc_perform(&node->rpc, call, &stat);
  const char *content = bs_rpc_text(stat.document, "Hash");

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (content == NULL || strlen(content) >= CONTENT_MOST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The node did not say what is at %s.", node->rpc.url, path);
  snprintf(ret_content, CONTENT_MOST, "%s", content);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status node_unlink(struct bs_node *node, struct blockstore_call *call, const char *path) {
  struct bs_rpc_command rm BS_AUTO_RPC = {.name = "files/rm", .arguments = {path}, .doing = "The object cannot be deleted"};
  enum blockstore_status status = bs_rpc_perform(&node->rpc, call, &rm);

  return status == BLOCKSTORE_STATUS_NOT_FOUND ? BLOCKSTORE_STATUS_OK : status;
}

static enum blockstore_status node_link(struct bs_node *node, struct blockstore_call *call, const char *content,
                                        const char *path) {
  char source[sizeof "/ipfs/" + CONTENT_MOST];
  struct bs_rpc_command cp BS_AUTO_RPC = {.name = "files/cp", .arguments = {source, path}, .options = "&parents=true",
                                          .doing = "The object cannot be put in its place"};

  snprintf(source, sizeof source, "/ipfs/%s", content);
  return bs_rpc_perform(&node->rpc, call, &cp);
}

/* Links content where something stands already: the same, most often.  Other bytes under an immutable key are damage. */
static enum blockstore_status node_relink(struct bs_node *node, struct blockstore_call *call, const char *content,
                                          const char *path) {
  char present[CONTENT_MOST];
  enum blockstore_status status = node_stat(node, call, present, path);

  if (status == BLOCKSTORE_STATUS_OK && bs_cid_same(present, content)) return status;
  if (status == BLOCKSTORE_STATUS_OK) status = node_unlink(node, call, path);
  return status == BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_NOT_FOUND ? node_link(node, call, content, path) : status;
}

enum blockstore_status bs_node_keep(struct bs_node *node, struct blockstore_call *call, const struct bs_layout *object,
                                    const struct blockstore_source *source, const struct bs_cid *cid) {
  struct bs_rpc_command add BS_AUTO_RPC = {.name = "add", .options = ADD_OPTIONS, .source = source,
                                           .doing = "The object cannot be written"};
  char *path BS_AUTO_FREE = node_path(node, "", object->path);
  enum blockstore_status status;
  const char *content;

  if (path == NULL) return node_fail_memory(call);
  status = bs_rpc_perform(&node->rpc, call, &add);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  content = bs_rpc_text(add.document, "Hash");
  if (content == NULL || strlen(content) >= CONTENT_MOST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The node did not say what it has stored.", node->rpc.url);
  if (cid != NULL && !bs_cid_same(content, cid->text))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The node has stored %s, and was sent %s: other bytes arrived.",
                           node->rpc.url, content, cid->text);
  status = node_link(node, call, content, path);
  return status == BLOCKSTORE_STATUS_CONFLICT ? node_relink(node, call, content, path) : status;
}

enum blockstore_status bs_node_drop(struct bs_node *node, struct blockstore_call *call, const struct bs_layout *object) {
  char *path BS_AUTO_FREE = node_path(node, "", object->path);
  char content[CONTENT_MOST];
  struct bs_rpc_command rm BS_AUTO_RPC = {.name = "pin/rm", .arguments = {content}, .options = "&recursive=true",
                                          .doing = "The object cannot be unpinned"};
  enum blockstore_status status;

  if (path == NULL) return node_fail_memory(call);
  status = node_stat(node, call, content, path);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND) return BLOCKSTORE_STATUS_OK;
  /* The link goes last: what is cut short can be done again. */
  if (status == BLOCKSTORE_STATUS_OK) status = bs_rpc_perform(&node->rpc, call, &rm);
  return status == BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_NOT_FOUND ? node_unlink(node, call, path) : status;
}

/* ---- records ---- */

static enum blockstore_status node_write(struct bs_node *node, struct blockstore_call *call, const char *path,
                                         const struct blockstore_source *source) {
  struct bs_rpc_command write BS_AUTO_RPC = {.name = "files/write", .arguments = {path}, .options = WRITE_OPTIONS,
                                             .source = source, .doing = "The record cannot be written"};

  return bs_rpc_perform(&node->rpc, call, &write);
}

static enum blockstore_status node_move(struct bs_node *node, struct blockstore_call *call, const char *from, const char *to) {
  struct bs_rpc_command mv BS_AUTO_RPC = {.name = "files/mv", .arguments = {from, to}, .options = "&parents=true",
                                          .doing = "The record cannot be put in its place"};

  return bs_rpc_perform(&node->rpc, call, &mv);
}

static enum blockstore_status node_make_parent(struct bs_node *node, struct blockstore_call *call, const char *path) {
  char *parent BS_AUTO_FREE = strndup(path, (size_t)(strrchr(path, '/') - path));
  struct bs_rpc_command mkdir BS_AUTO_RPC = {.name = "files/mkdir", .arguments = {parent},
                                             .options = "&parents=true&cid-version=1",
                                             .doing = "The directory of the record cannot be made"};

  return parent == NULL ? node_fail_memory(call) : bs_rpc_perform(&node->rpc, call, &mkdir);
}

/*
 * Kubo's files/write shows each byte as it comes, and keeps what it had when the connection breaks; its files/mv replaces.
 * js-ipfs is the other way round: its files/mv replaces nothing, and its files/write shows all or nothing.
 */
static enum blockstore_status node_place(struct bs_node *node, struct blockstore_call *call, const char *temporary,
                                         const char *path, const struct blockstore_source *source) {
  enum blockstore_status status = node_move(node, call, temporary, path);

  if (status == BLOCKSTORE_STATUS_NOT_FOUND) { /* Kubo's makes no directories */
    status = node_make_parent(node, call, path);
    if (status == BLOCKSTORE_STATUS_OK) status = node_move(node, call, temporary, path);
  }
  if (status != BLOCKSTORE_STATUS_CONFLICT) return status;
  status = node_write(node, call, path, source);
  if (status == BLOCKSTORE_STATUS_OK) node_unlink(node, call, temporary);
  return status;
}

enum blockstore_status bs_node_replace(struct bs_node *node, struct blockstore_call *call, const struct bs_layout *object,
                                       const struct blockstore_source *source) {
  char *path BS_AUTO_FREE = node_path(node, "", object->path), *temporary BS_AUTO_FREE = NULL;
  uint64_t chance;
  char name[2 * sizeof chance + 1];
  enum blockstore_status status;

  if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "The system has no random bytes.");
  snprintf(name, sizeof name, "%016llx", (unsigned long long)chance);
  temporary = node_path(node, TEMPORARIES, name);
  if (path == NULL || temporary == NULL) return node_fail_memory(call);
  status = node_write(node, call, temporary, source);
  if (status == BLOCKSTORE_STATUS_OK) status = node_place(node, call, temporary, path, source);
  if (status != BLOCKSTORE_STATUS_OK) node_unlink(node, call, temporary); /* where there is still time for it */
  return status;
}

enum blockstore_status bs_node_remove(struct bs_node *node, struct blockstore_call *call, const struct bs_layout *object) {
  char *path BS_AUTO_FREE = node_path(node, "", object->path);

  return path == NULL ? node_fail_memory(call) : node_unlink(node, call, path);
}
