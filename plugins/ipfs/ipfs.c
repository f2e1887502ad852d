/* SPDX-License-Identifier: MIT */
/*
 * ipfs: objects are files in a directory of an IPFS node, where plugins/common/layout.h says, and content that anyone can
 * fetch: a datum of up to 1 MiB under the CID that its key is, all else below the IPNS name of the directory.  What no
 * node is there for is read through gateways.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/common/endpoint.h"
#include "plugins/common/url.h"
#include "plugins/ipfs/gateway.h"
#include "plugins/ipfs/node.h"

#define RPC_DEFAULT "http://127.0.0.1:5001"
#define DIRECTORY_LONGEST ((size_t)512)
#define KEY_LONGEST ((size_t)64)
#define URL_LONGEST 2048
#define NAME_MS 2000u /* for a node to tell its name */
#define IPFS_SCHEME "ipfs://"
#define IPNS_SCHEME "ipns://"

_Static_assert(sizeof IPNS_SCHEME + BS_IPNS_LENGTH + 1 + BS_LAYOUT_ESCAPED_MAX <= URL_LONGEST, "a URL has room for any path");

struct ipfs {
  struct bs_http *http;
  bool has_node; /* false: read through gateways alone */
  char *rpc;     /* option `rpc` */
  struct bs_node node;
  struct bs_gateways gateways; /* option `gateways` */
};

/* What a URL names. */
struct place {
  bool is_block;
  struct bs_cid cid;
  struct bs_ipns ipns;
  struct bs_layout object;
};

/* ---- opening ---- */

static enum blockstore_status ipfs_fail_option(struct blockstore_call *call, const char *option, const char *expected) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: %s was expected.", option, expected);
}

/* An absolute path whose components are no "." and "..", not the root itself. */
static bool is_directory(const char *path) {
  if (path[0] != '/' || strlen(path) > DIRECTORY_LONGEST) return false;
  while (*path == '/') {
    size_t length = strcspn(++path, "/");

    if (length == 0 || (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.')))) return false;
    path += length;
  }
  return true;
}

static enum blockstore_status ipfs_open_credentials(struct ipfs *ipfs, struct blockstore_call *call,
                                                    const struct blockstore_settings *settings) {
  struct bs_http_credentials *credentials = &ipfs->node.rpc.credentials;

  credentials->user = call->host->setting(settings, "user", 0);
  credentials->password = call->host->setting(settings, "password", 0);
  credentials->bearer = call->host->setting(settings, "token", 0);
  if ((credentials->user == NULL) != (credentials->password == NULL))
    return ipfs_fail_option(call, "user, password", "Both or neither");
  if (credentials->user != NULL && credentials->bearer != NULL)
    return ipfs_fail_option(call, "token", "Either a token or user and password");
  ipfs->node.rpc.has_credentials = credentials->user != NULL || credentials->bearer != NULL;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status ipfs_open_name(struct ipfs *ipfs, struct blockstore_call *call,
                                             const struct blockstore_settings *settings) {
  const char *name = call->host->setting(settings, "ipns_name", 0);

  if (name == NULL) return BLOCKSTORE_STATUS_OK;
  if (!bs_ipns_take_any(&ipfs->node.name, name))
    return ipfs_fail_option(call, "ipns_name", "The IPNS name of a key, such as k51... or 12D3KooW...,");
  ipfs->node.knows_name = ipfs->node.is_name_set = true;
  return BLOCKSTORE_STATUS_OK;
}

/* What is longer than 49 days is for ever. */
static uint32_t ipfs_duration(struct blockstore_call *call, const struct blockstore_settings *settings, const char *option) {
  int64_t milliseconds = call->host->setting_number(settings, option);

  return milliseconds < (int64_t)UINT32_MAX ? (uint32_t)milliseconds : UINT32_MAX;
}

/* The name of the key: one of the user's, or of the directory's own, for each key publishes one. */
static enum blockstore_status ipfs_open_key(struct bs_node *node, struct blockstore_call *call, const char *key) {
  char label[BS_LABEL_SHORTEST + 1];

  if (key != NULL && (key[0] == '\0' || strlen(key) > KEY_LONGEST))
    return ipfs_fail_option(call, "key", "A name of 1 to 64 bytes");
  bs_label_make(label, BS_LABEL_SHORTEST, node->directory + 1);
  if (key != NULL) snprintf(node->key, sizeof node->key, "%s", key);
  else if (strcmp(node->directory, "/" BS_NODE_KEY) == 0) snprintf(node->key, sizeof node->key, BS_NODE_KEY);
  else snprintf(node->key, sizeof node->key, BS_NODE_KEY "-%s", label);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status ipfs_open_node(struct ipfs *ipfs, struct blockstore_call *call,
                                             const struct blockstore_settings *settings, bool allow_http) {
  const char *rpc = call->host->setting(settings, "rpc", 0);
  struct bs_node *node = &ipfs->node;
  enum blockstore_status status = ipfs_open_name(ipfs, call, settings);

  if (status == BLOCKSTORE_STATUS_OK) status = ipfs_open_credentials(ipfs, call, settings);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  node->directory = call->host->setting(settings, "directory", 0);
  node->search_ms = ipfs_duration(call, settings, "search");
  node->publish_ms = ipfs_duration(call, settings, "publish");
  if (!is_directory(node->directory)) return ipfs_fail_option(call, "directory", "A path such as /blockstore");
  status = ipfs_open_key(node, call, call->host->setting(settings, "key", 0));
  if (status != BLOCKSTORE_STATUS_OK) return status;
  ipfs->has_node = rpc != NULL || ipfs->gateways.count == 0;
  if (!ipfs->has_node) return BLOCKSTORE_STATUS_OK;
  if (ipfs->gateways.count > 0 && !node->is_name_set)
    blockstore_log(call, BLOCKSTORE_LOG_WARNING,
                   "ipns_name is not set: while the node is away its gateways are asked for blocks alone, and no name "
                   "can be read.");
  status = bs_endpoint_take(&ipfs->rpc, call, "rpc", rpc == NULL ? RPC_DEFAULT : rpc, allow_http);
  node->rpc.url = ipfs->rpc;
  return status;
}

static void ipfs_free(struct ipfs *ipfs) {
  bs_http_close(ipfs->http);
  bs_gateways_close(&ipfs->gateways);
  pthread_mutex_destroy(&ipfs->node.mutex);
  free(ipfs->rpc);
  free(ipfs);
}

static enum blockstore_status ipfs_storage_init(void **ret_self, struct blockstore_call *call,
                                                const struct blockstore_settings *settings, const struct blockstore_next *next) {
  bool allow_http = call->host->setting_number(settings, "allow_http") != 0;
  struct ipfs *ipfs = calloc(1, sizeof *ipfs);
  enum blockstore_status status;

  (void)next;
  if (ipfs == NULL) return bs_plugin_fail_memory(call);
  pthread_mutex_init(&ipfs->node.mutex, NULL);
  status = bs_gateways_open(&ipfs->gateways, call, settings, allow_http);
  if (status == BLOCKSTORE_STATUS_OK) status = ipfs_open_node(ipfs, call, settings, allow_http);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_http_open(&ipfs->http, call, settings);
  if (status != BLOCKSTORE_STATUS_OK) {
    ipfs_free(ipfs);
    return status;
  }
  ipfs->node.rpc.http = ipfs->gateways.http = ipfs->http;
  *ret_self = ipfs;
  return BLOCKSTORE_STATUS_OK;
}

static void ipfs_storage_close(void *self, struct blockstore_call *call) {
  (void)call;
  ipfs_free(self);
}

/* ---- URLs ---- */

/* ipfs://CID, ipns://NAME/mutable/ab/cd/LABEL: nothing else, and in no other way of writing. */
static bool ipfs_take_url(struct place *ret_place, const char *url) {
  char path[sizeof ret_place->object.path];
  size_t length;

  ret_place->is_block = strncasecmp(url, IPFS_SCHEME, strlen(IPFS_SCHEME)) == 0;
  if (ret_place->is_block) {
    if (!bs_cid_is_block(url + strlen(IPFS_SCHEME))) return false;
    snprintf(ret_place->cid.text, sizeof ret_place->cid.text, "%s", url + strlen(IPFS_SCHEME));
    return true;
  }
  if (strncasecmp(url, IPNS_SCHEME, strlen(IPNS_SCHEME)) != 0) return false;
  url += strlen(IPNS_SCHEME);
  length = strcspn(url, "/");
  return url[length] == '/' && bs_ipns_take(&ret_place->ipns, url, length) &&
         bs_url_decode_path(path, sizeof path, url + length + 1) && bs_layout_take(&ret_place->object, path);
}

static enum blockstore_status ipfs_handles_url(void *self, struct blockstore_call *call, const char *url) {
  struct place place;

  (void)self;
  (void)call;
  return ipfs_take_url(&place, url) ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

/* The name of the store's directory.  NOT_FOUND: there is neither a node nor a name. */
static enum blockstore_status ipfs_name(struct ipfs *ipfs, struct blockstore_call *call, struct bs_ipns *ret_ipns) {
  if (ipfs->has_node) return bs_node_name(&ipfs->node, call, ret_ipns, true);
  if (!ipfs->node.knows_name) return BLOCKSTORE_STATUS_NOT_FOUND;
  *ret_ipns = ipfs->node.name;
  return BLOCKSTORE_STATUS_OK;
}

/* It is asked for before every read, also where other stores are read: the node has little time to tell its name. */
static enum blockstore_status ipfs_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                    const char *data_id) {
  struct ipfs *ipfs = self;
  struct bs_layout object;
  struct bs_ipns ipns;
  struct bs_errand errand;
  char url[URL_LONGEST + 1];
  size_t length;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_errand_within(&errand, call, NAME_MS);
  status = ipfs_name(ipfs, &errand.call, &ipns);
  if (status == BLOCKSTORE_STATUS_CANCELLED && blockstore_go_on(call) == BLOCKSTORE_STATUS_OK)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, /* the core would ask thrice what is TRANSIENT */
                           "%s: The node did not tell its IPNS name in %u s: where ipns_name is set it is not asked.", ipfs->rpc,
                           NAME_MS / 1000);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  length = (size_t)snprintf(url, sizeof url, IPNS_SCHEME "%s/", ipns.name);
  length += bs_url_escape(url + length, sizeof url - length, object.path, strlen(object.path), BS_URL_PATH);
  return blockstore_give(ret_url, url, length);
}

/* ---- getting ---- */

static void search_block(struct ipfs *ipfs, struct bs_search *search, const struct bs_cid *cid) {
  if (!search->over && ipfs->has_node && ipfs->node.search_ms > 0) {
    bs_search_ask(search);
    bs_search_take(search, ipfs->rpc, bs_node_search(&ipfs->node, &search->errand.call, &search->sink, cid));
  }
  bs_gateways_ask(&ipfs->gateways, search, cid);
}

static enum blockstore_status ipfs_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                 const char *key) {
  struct ipfs *ipfs = self;
  struct bs_search search;
  struct bs_layout object;
  struct bs_ipns ipns;
  struct bs_cid cid;
  const size_t gateways = ipfs->gateways.count;
  const bool has_cid = bs_cid_of_key(&cid, key);
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_search_begin(&search, call, ret_data, gateways > 0 ? key : NULL, (ipfs->has_node + gateways) * (has_cid ? 2 : 1));
  if (gateways == 0) search.places = 1; /* the node has its own time for what it looks for */
  if (ipfs->has_node) {
    bs_search_ask(&search);
    bs_search_take(&search, ipfs->rpc, bs_node_get(&ipfs->node, &search.errand.call, &search.sink, &object));
    search.over = search.over || (gateways == 0 && search.gave);
  }
  if (!search.over && gateways > 0) {
    if (ipfs_name(ipfs, &search.errand.call, &ipns) == BLOCKSTORE_STATUS_OK)
      bs_gateways_ask_named(&ipfs->gateways, &search, &ipns, &object);
    else search.places = gateways;
  }
  if (!search.over && has_cid) search_block(ipfs, &search, &cid);
  return bs_search_end(&search);
}

/* The node's own name is the directory as it is now; nobody else knows it better. */
static void search_own_record(struct ipfs *ipfs, struct bs_search *search, const struct bs_layout *object) {
  enum blockstore_status status = bs_node_get(&ipfs->node, &search->errand.call, &search->sink, object);

  bs_search_take(search, ipfs->rpc, status);
  search->over = search->over || status == BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_NOT_FOUND;
}

/* Others' names are resolved, by all that can: what they give may be of different age. */
static void search_record(struct ipfs *ipfs, struct bs_search *search, const struct place *place) {
  struct bs_node *node = &ipfs->node;
  struct bs_ipns own;
  enum blockstore_status status;

  if (ipfs->has_node) {
    bs_search_ask(search);
    status = bs_node_name(node, &search->errand.call, &own, false); /* NOT_FOUND: it is no name of this node's */
    if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND) bs_search_take(search, ipfs->rpc, status);
    else if (status == BLOCKSTORE_STATUS_OK && strcmp(own.name, place->ipns.name) == 0)
      search_own_record(ipfs, search, &place->object);
    else if (node->search_ms > 0)
      bs_search_take(search, ipfs->rpc,
                     bs_node_search_name(node, &search->errand.call, &search->sink, &place->ipns, &place->object));
  }
  bs_gateways_ask_named(&ipfs->gateways, search, &place->ipns, &place->object);
}

static enum blockstore_status ipfs_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                               const char *url) {
  struct ipfs *ipfs = self;
  struct bs_search search;
  struct place place;

  if (!ipfs_take_url(&place, url)) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  bs_search_begin(&search, call, ret_record, NULL, ipfs->has_node + ipfs->gateways.count);
  if (place.is_block) search_block(ipfs, &search, &place.cid);
  else search_record(ipfs, &search, &place);
  return bs_search_end(&search);
}

/* ---- putting and deleting ---- */

static enum blockstore_status ipfs_can_write(const struct ipfs *ipfs, struct blockstore_call *call) {
  if (ipfs->has_node) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_UNSUPPORTED,
                         "Gateways can only be read: to put, a node is needed, and the option rpc says where it is.");
}

static enum blockstore_status ipfs_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                 const struct blockstore_source *data, const char *txid) {
  struct ipfs *ipfs = self;
  struct bs_layout object;
  struct bs_cid cid;
  bool is_block = bs_cid_of_key(&cid, key) && data->size <= BS_NODE_BLOCK_MOST;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  (void)txid;
  if (status == BLOCKSTORE_STATUS_OK) status = ipfs_can_write(ipfs, call);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_node_keep(&ipfs->node, call, &object, data, is_block ? &cid : NULL);
  if (status == BLOCKSTORE_STATUS_OK && !is_block) bs_node_publish(&ipfs->node, call); /* else its CID is enough */
  return status;
}

static enum blockstore_status ipfs_delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  struct ipfs *ipfs = self;
  struct bs_layout object;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  (void)txid;
  if (status == BLOCKSTORE_STATUS_OK) status = ipfs_can_write(ipfs, call);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_node_remove(&ipfs->node, call, &object);
  if (status == BLOCKSTORE_STATUS_OK) bs_node_publish(&ipfs->node, call);
  return status;
}

static enum blockstore_status ipfs_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                               const char *signature, const struct blockstore_source *record) {
  struct ipfs *ipfs = self;
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  (void)version;
  (void)signature;
  if (status == BLOCKSTORE_STATUS_OK) status = ipfs_can_write(ipfs, call);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_node_replace(&ipfs->node, call, &object, record);
  if (status == BLOCKSTORE_STATUS_OK) bs_node_publish(&ipfs->node, call);
  return status;
}

static enum blockstore_status ipfs_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                  const char *signature) {
  struct ipfs *ipfs = self;
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  (void)signature;
  if (status == BLOCKSTORE_STATUS_OK) status = ipfs_can_write(ipfs, call);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_node_remove(&ipfs->node, call, &object);
  if (status == BLOCKSTORE_STATUS_OK) bs_node_publish(&ipfs->node, call);
  return status;
}

/* ---- health ---- */

static enum blockstore_status ipfs_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  struct ipfs *ipfs = self;
  size_t answering = bs_gateways_count(&ipfs->gateways, call);
  struct bs_health health;

  if (ipfs->has_node) {
    enum blockstore_status status = bs_node_report(&ipfs->node, call, &health);

    if (status != BLOCKSTORE_STATUS_OK) return status;
  } else if (answering == 0) {
    return BLOCKSTORE_STATUS_TRANSIENT; /* with the sentence of the last */
  } else {
    bs_health_begin(&health);
  }
  if (ipfs->gateways.count > 0) {
    bs_health_number(&health, "gateways", ipfs->gateways.count);
    bs_health_number(&health, "gateways_answering", answering);
  }
  return bs_health_end(&health, call, ret_report);
}

static const struct blockstore_driver ipfs_driver = {
    .storage_init = ipfs_storage_init,
    .storage_close = ipfs_storage_close,
    .handles_url = ipfs_handles_url,
    .make_mutable_url = ipfs_make_mutable_url,
    .get_immutable_handler = ipfs_get_immutable,
    .get_mutable_handler = ipfs_get_mutable,
    .put_immutable_handler = ipfs_put_immutable,
    .put_mutable_handler = ipfs_put_mutable,
    .delete_immutable_handler = ipfs_delete_immutable,
    .delete_mutable_handler = ipfs_delete_mutable,
    .check = ipfs_check,
};

#define IPFS_METADATA                                                                                                       \
  BLOCKSTORE_VERSION(PACKAGE_VERSION)                                                                                       \
  BLOCKSTORE_DESCRIPTION("A node of IPFS, or gateways to it")                                                               \
  BLOCKSTORE_URL_SCHEME("ipfs")                                                                                             \
  BLOCKSTORE_URL_SCHEME("ipns")                                                                                             \
  BLOCKSTORE_THREADS_PARALLEL                                                                                               \
  BLOCKSTORE_CAPABILITY_PUBLIC                                                                                              \
  BLOCKSTORE_CAPABILITY_CONSISTENT                                                                                          \
  BLOCKSTORE_NEEDS_NETWORK                                                                                                  \
  BLOCKSTORE_OPTION("rpc", STRING, OPTIONAL, "", "URL of the node's RPC; unset, without gateways: " RPC_DEFAULT)            \
  BLOCKSTORE_OPTION("user", STRING, OPTIONAL, "", "User at a proxy before the RPC (Basic)")                                 \
  BLOCKSTORE_OPTION("password", SECRET, OPTIONAL, "", "Password of that user")                                              \
  BLOCKSTORE_OPTION("token", SECRET, OPTIONAL, "", "Token for a proxy before the RPC, in place of user and password")       \
  BLOCKSTORE_OPTION("directory", STRING, OPTIONAL, "/blockstore", "Where the store lies in the node's mutable file system") \
  BLOCKSTORE_OPTION("key", STRING, OPTIONAL, "", "Name of the node's key that publishes the directory")                     \
  BLOCKSTORE_OPTION("ipns_name", STRING, OPTIONAL, "", "IPNS name of that key; for reading the store through gateways")     \
  BLOCKSTORE_OPTION("publish", DURATION, OPTIONAL, "30s", "How long a put may wait for IPNS; 0s: nothing is published")     \
  BLOCKSTORE_OPTION("search", DURATION, OPTIONAL, "10s", "How long the node may look in the network; 0s: not at all")       \
  BLOCKSTORE_OPTION("gateways", LIST, OPTIONAL, "", "URLs of gateways, asked in order after the node")                      \
  BS_ENDPOINT_OPTIONS                                                                                                       \
  BS_TRANSFER_OPTIONS

BLOCKSTORE_REGISTER_DRIVER(ipfs, ipfs_driver, IPFS_METADATA);
