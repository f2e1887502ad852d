/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "plugins/common/errand.h"
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

/* NOT_FOUND: the node has no such key. */
static enum blockstore_status name_find(struct bs_node *node, struct blockstore_call *call, struct bs_ipns *ret_ipns) {
  struct bs_rpc_command list BS_AUTO_RPC = {.name = "key/list", .options = "&ipns-base=base36",
                                            .doing = "The node's keys cannot be listed"};
  enum blockstore_status status = bs_rpc_trouble(bs_rpc_perform(&node->rpc, call, &list));
  const cJSON *keys = cJSON_GetObjectItemCaseSensitive(list.document, "Keys"), *key;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (!cJSON_IsArray(keys))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The node did not say what keys it has.", node->rpc.url);
  cJSON_ArrayForEach(key, keys) {
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

  if (status == BLOCKSTORE_STATUS_CONFLICT) status = name_find(node, call, ret_ipns); /* somebody else was faster */
  else if (status == BLOCKSTORE_STATUS_OK) status = name_take(node, call, ret_ipns, gen.document);
  if (status == BLOCKSTORE_STATUS_OK)
    blockstore_log(call, BLOCKSTORE_LOG_INFO, "%s: The node had no key \"%s\", and has one now.", node->rpc.url, node->key);
  return bs_rpc_trouble(status);
}

enum blockstore_status bs_node_name(struct bs_node *node, struct blockstore_call *call, struct bs_ipns *ret_ipns, bool may_make) {
  enum blockstore_status status;

  if (name_known(node, ret_ipns)) return BLOCKSTORE_STATUS_OK;
  status = name_find(node, call, ret_ipns);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND && may_make) status = name_make(node, call, ret_ipns);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  pthread_mutex_lock(&node->mutex);
  node->name = *ret_ipns;
  node->knows_name = true;
  pthread_mutex_unlock(&node->mutex);
  return BLOCKSTORE_STATUS_OK;
}

/* The name of the node's own key, which the one in the settings must be. */
static enum blockstore_status name_check(struct bs_node *node, struct blockstore_call *call, struct bs_ipns *ret_ipns) {
  struct bs_ipns set;
  enum blockstore_status status;

  if (!node->is_name_set) return bs_node_name(node, call, ret_ipns, true);
  status = name_find(node, call, ret_ipns);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: ipns_name is set, but the node has no key \"%s\": nothing can be published under that name.",
                           node->rpc.url, node->key);
  if (status == BLOCKSTORE_STATUS_OK && name_known(node, &set) && strcmp(set.name, ret_ipns->name) != 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: ipns_name is set to %s, but the node's key \"%s\", which publishes, is %s.", node->rpc.url,
                           set.name, node->key, ret_ipns->name);
  return status;
}

/* ---- publishing ---- */

static enum blockstore_status publish_content(struct bs_node *node, struct blockstore_call *call, const char *content) {
  char path[sizeof "/ipfs/" + BS_NODE_CONTENT_MOST], key[3 * BS_NODE_KEY_MOST + 1], options[sizeof key + 100];
  struct bs_rpc_command publish BS_AUTO_RPC = {.name = "name/publish", .arguments = {path}, .options = options,
                                               .doing = "The directory cannot be published"};

  snprintf(path, sizeof path, "/ipfs/%s", content);
  bs_url_escape(key, sizeof key, node->key, strlen(node->key), BS_URL_UNRESERVED);
  snprintf(options, sizeof options, "&key=%s&allow-offline=true&resolve=false", key);
  return bs_rpc_trouble(bs_rpc_perform(&node->rpc, call, &publish));
}

/* Once, and again where that was not all: another process may have published less, or put more, meanwhile.  By then what was put
 * here is published; what a third puts, the third publishes. */
static enum blockstore_status publish_directory(struct bs_node *node, struct blockstore_call *call) {
  struct bs_node_entry before, now;
  struct bs_ipns name;
  enum blockstore_status status = bs_node_stat(node, call, &before, node->directory);

  if (status == BLOCKSTORE_STATUS_NOT_FOUND) return BLOCKSTORE_STATUS_OK; /* nothing was put yet */
  if (status == BLOCKSTORE_STATUS_OK) status = bs_node_name(node, call, &name, true);
  if (status == BLOCKSTORE_STATUS_OK) status = publish_content(node, call, before.content);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (bs_node_stat(node, call, &now, node->directory) == BLOCKSTORE_STATUS_OK && strcmp(now.content, before.content) != 0)
    publish_content(node, call, now.content);
  return BLOCKSTORE_STATUS_OK;
}

/* One thread publishes at a time; the changes that others make meanwhile, who do not wait for it, it publishes next, all at
 * once.  How many it could not. */
static unsigned publish_changes(struct bs_node *node, struct blockstore_call *call) {
  unsigned changes;

  do {
    changes = atomic_load(&node->changes);
    if (publish_directory(node, call) != BLOCKSTORE_STATUS_OK) return atomic_exchange(&node->changes, 0);
  } while (atomic_fetch_sub(&node->changes, changes) != changes);
  return 0;
}

void bs_node_publish(struct bs_node *node, struct blockstore_call *call) {
  uint32_t share = call->host->time_left(call) / 4, most_ms = share < node->publish_ms ? share : node->publish_ms;
  struct bs_errand errand;
  unsigned lost;

  if (node->publish_ms == 0 || atomic_fetch_add(&node->changes, 1) > 0) return;
  bs_errand_within(&errand, call, most_ms);
  lost = publish_changes(node, &errand.call);
  if (lost == 0) return;
  blockstore_log(call, BLOCKSTORE_LOG_WARNING,
                 "%s: What was put is stored, but the node did not publish it (changes: %u), for which it had %" PRIu32 " ms: "
                 "others find it below the IPNS name after the next put, or when the node publishes again by itself.",
                 node->rpc.url, lost, most_ms);
}

/* ---- health ---- */

static enum blockstore_status ask(struct bs_node *node, struct blockstore_call *call, struct bs_rpc_command *command) {
  command->most_ms = CHECK_MS;
  if (command->doing == NULL) command->doing = "The node does not answer";
  return bs_rpc_trouble(bs_rpc_perform(&node->rpc, call, command));
}

/* Does the name stand for the directory as it is? */
static void report_published(struct bs_node *node, struct blockstore_call *call, struct bs_health *health,
                             const struct bs_ipns *name, const char *content) {
  struct bs_rpc_command resolve BS_AUTO_RPC = {.name = "name/resolve", .arguments = {name->peer}};
  enum blockstore_status status = ask(node, call, &resolve);
  const char *target = status == BLOCKSTORE_STATUS_OK ? bs_rpc_text(resolve.document, "Path") : NULL;
  bool is_published = target != NULL && strncmp(target, "/ipfs/", strlen("/ipfs/")) == 0 &&
                      bs_cid_same(target + strlen("/ipfs/"), content);

  bs_health_flag(health, "published", is_published);
  if (is_published) return;
  if (target != NULL) bs_health_text(health, "ipns_target", target);
  blockstore_log(call, BLOCKSTORE_LOG_WARNING,
                 "%s: The name %s %s%s, not for %s as it is now: the node has not published that yet, or the key \"%s\" "
                 "publishes another directory, too, and each store needs its own.",
                 node->rpc.url, name->name, target == NULL ? "stands for nothing" : "stands for ", target == NULL ? "" : target,
                 node->directory, node->key);
}

enum blockstore_status bs_node_report(struct bs_node *node, struct blockstore_call *call, struct bs_health *health) {
  struct bs_rpc_command version BS_AUTO_RPC = {.name = "version"};
  struct bs_rpc_command peers BS_AUTO_RPC = {.name = "swarm/peers"};
  struct bs_node_entry entry = {.size = 0};
  struct bs_ipns name;
  uint64_t swept;
  enum blockstore_status status = ask(node, call, &version);
  const char *text = bs_rpc_text(version.document, "Version");

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (text == NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: What answers there is no IPFS node's RPC: it has no version.",
                           node->rpc.url);
  status = name_check(node, call, &name);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  swept = bs_node_sweep(node, call);
  status = bs_node_stat(node, call, &entry, node->directory);
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND) return status; /* there was no put yet */
  bs_health_begin(health);
  bs_health_text(health, "rpc", node->rpc.url);
  bs_health_text(health, "version", text);
  bs_health_text(health, "ipns_name", name.name);
  bs_health_text(health, "key", node->key);
  bs_health_text(health, "directory", node->directory);
  if (entry.content[0] != '\0') {
    bs_health_text(health, "directory_cid", entry.content);
    if (node->publish_ms > 0) report_published(node, call, health, &name, entry.content);
  }
  bs_health_number(health, "temporaries_swept", swept);
  if (ask(node, call, &peers) == BLOCKSTORE_STATUS_OK)
    bs_health_number(health, "peers", (uint64_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(peers.document, "Peers")));
  return BLOCKSTORE_STATUS_OK;
}
