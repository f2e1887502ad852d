/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "plugins/common/url.h"
#include "plugins/ipfs/node.h"

#define CHECK_MS UINT32_C(5000) /* for each question of a check */

/* ---- the name ---- */

static bool name_known(struct bs_node *node, struct bs_ipns *ret_ipns) {
  bool known;

  pthread_mutex_lock(&node->mutex);
  known = node->knows_name;
  if (known) *ret_ipns = node->name;
  pthread_mutex_unlock(&node->mutex);
  return known;
}

/* The member "Id" of what the node says of a key. */
static enum blockstore_status name_take(struct bs_node *node, struct blockstore_call *call, struct bs_ipns *ret_ipns,
                                        const cJSON *key) {
  const char *id = bs_rpc_text(key, "Id");

  if (id != NULL && bs_ipns_take_any(ret_ipns, id)) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The node's key \"%s\" has no IPNS name known here: \"%.100s\".",
                         node->rpc.url, node->key, id == NULL ? "" : id);
}

static enum blockstore_status name_find(struct bs_node *node, struct blockstore_call *call, struct bs_ipns *ret_ipns) {
  struct bs_rpc_command list BS_AUTO_RPC = {.name = "key/list", .options = "&ipns-base=base36",
                                            .doing = "The node's keys cannot be listed"};
  enum blockstore_status status = bs_rpc_perform(&node->rpc, call, &list);
  const cJSON *key;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  cJSON_ArrayForEach(key, cJSON_GetObjectItemCaseSensitive(list.document, "Keys")) {
    const char *name = bs_rpc_text(key, "Name");

    if (name != NULL && strcmp(name, node->key) == 0) return name_take(node, call, ret_ipns, key);
  }
  return BLOCKSTORE_STATUS_NOT_FOUND;
}

static enum blockstore_status name_make(struct bs_node *node, struct blockstore_call *call, struct bs_ipns *ret_ipns) {
  struct bs_rpc_command gen BS_AUTO_RPC = {.name = "key/gen", .arguments = {node->key},
                                           .options = "&type=ed25519&ipns-base=base36",
                                           .doing = "The node's key for the store cannot be made"};
  enum blockstore_status status = bs_rpc_perform(&node->rpc, call, &gen);

  if (status == BLOCKSTORE_STATUS_CONFLICT) return name_find(node, call, ret_ipns); /* somebody else was faster */
  return status == BLOCKSTORE_STATUS_OK ? name_take(node, call, ret_ipns, gen.document) : status;
}

enum blockstore_status bs_node_name(struct bs_node *node, struct blockstore_call *call, struct bs_ipns *ret_ipns) {
  enum blockstore_status status;

  if (name_known(node, ret_ipns)) return BLOCKSTORE_STATUS_OK;
  status = name_find(node, call, ret_ipns);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND) status = name_make(node, call, ret_ipns);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  pthread_mutex_lock(&node->mutex);
  node->name = *ret_ipns;
  node->knows_name = true;
  pthread_mutex_unlock(&node->mutex);
  return BLOCKSTORE_STATUS_OK;
}

/* ---- publishing ---- */

static enum blockstore_status publish_once(struct bs_node *node, struct blockstore_call *call, uint32_t most_ms) {
  struct bs_rpc_command stat BS_AUTO_RPC = {.name = "files/stat", .arguments = {node->directory}, .most_ms = most_ms,
                                            .doing = "The directory cannot be examined"};
  struct bs_ipns name;
  enum blockstore_status status = bs_node_name(node, call, &name); /* which makes the key */
  const char *content;
  char *path BS_AUTO_FREE = NULL, options[400], key[200];
  struct bs_rpc_command publish BS_AUTO_RPC = {.name = "name/publish", .options = options, .most_ms = most_ms,
                                               .doing = "The directory cannot be published"};

  if (status == BLOCKSTORE_STATUS_OK) status = bs_rpc_perform(&node->rpc, call, &stat);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  content = bs_rpc_text(stat.document, "Hash");
  if (content == NULL || asprintf(&path, "/ipfs/%s", content) < 0) return BLOCKSTORE_STATUS_FAILED;
  bs_url_escape(key, sizeof key, node->key, strlen(node->key), BS_URL_UNRESERVED);
  snprintf(options, sizeof options, "&key=%s&allow-offline=true&resolve=false", key);
  publish.arguments[0] = path;
  return bs_rpc_perform(&node->rpc, call, &publish);
}

/* One thread publishes at a time; the changes that others make meanwhile it publishes next, all at once. */
void bs_node_publish(struct bs_node *node, struct blockstore_call *call) {
  uint32_t begun = call->host->time_left(call), gone = 0;

  if (node->publish_ms == 0 || atomic_fetch_add(&node->changes, 1) > 0) return;
  while (gone < node->publish_ms) {
    unsigned changes = atomic_load(&node->changes);

    if (publish_once(node, call, node->publish_ms - gone) != BLOCKSTORE_STATUS_OK) break;
    if (atomic_fetch_sub(&node->changes, changes) == changes) return;
    gone = begun - call->host->time_left(call);
  }
  atomic_store(&node->changes, 0);
  blockstore_log(call, BLOCKSTORE_LOG_WARNING,
                 "%s: What was put is stored, but IPNS did not publish it in time: the next put will, or the node itself when it "
                 "publishes again.",
                 node->rpc.url);
}

/* ---- health ---- */

static enum blockstore_status ask(struct bs_node *node, struct blockstore_call *call, struct bs_rpc_command *command) {
  command->most_ms = CHECK_MS;
  command->doing = "The node does not answer";
  return bs_rpc_perform(&node->rpc, call, command);
}

static void report_text(struct bs_health *health, const char *key, const cJSON *document, const char *member) {
  const char *text = bs_rpc_text(document, member);

  if (text != NULL) bs_health_text(health, key, text);
}

enum blockstore_status bs_node_report(struct bs_node *node, struct blockstore_call *call, struct bs_health *health) {
  struct bs_rpc_command version BS_AUTO_RPC = {.name = "version"};
  struct bs_rpc_command stat BS_AUTO_RPC = {.name = "files/stat", .arguments = {node->directory}};
  struct bs_rpc_command peers BS_AUTO_RPC = {.name = "swarm/peers"};
  struct bs_ipns name;
  enum blockstore_status status = ask(node, call, &version);

  if (status == BLOCKSTORE_STATUS_OK) status = bs_node_name(node, call, &name);
  if (status == BLOCKSTORE_STATUS_OK) status = ask(node, call, &stat);
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND) return status;
  bs_health_begin(health);
  bs_health_text(health, "rpc", node->rpc.url);
  report_text(health, "version", version.document, "Version");
  bs_health_text(health, "ipns_name", name.name);
  bs_health_text(health, "directory", node->directory);
  report_text(health, "directory_cid", stat.document, "Hash");
  if (ask(node, call, &peers) == BLOCKSTORE_STATUS_OK)
    bs_health_number(health, "peers", (uint64_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(peers.document, "Peers")));
  return BLOCKSTORE_STATUS_OK;
}
