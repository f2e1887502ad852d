/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/dht/nodes.h"

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/common/errand.h"
#include "plugins/common/http.h"
#include "plugins/common/plugin.h"

#define NODES_MOST 16
#define URL_MOST 1024 /* of a proxy; what is put behind it is short */
#define INFO_MOST ((size_t)64 << 10)
#define PATIENCE_LEAST 100 /* milliseconds */
#define PATIENCE_MOST 3600000

struct node {
  char url[URL_MOST + 1]; /* without a slash at its end */
  atomic_bool has_peers;  /* when it was last asked, and nothing has failed since */
};

struct dht_nodes {
  struct bs_http *http;
  size_t count;
  bool permanent;      /* option `permanent` */
  uint32_t patience;   /* option `patience`, milliseconds */
  atomic_size_t first; /* the one that answered last is asked first */
  struct node items[NODES_MOST];
};

/* What a node says of itself. */
struct info {
  uint64_t good, dubious; /* nodes that it knows, and that answered lately or not */
  char id[DHT_HASH_DIGITS + 1];
};

static void free_json(cJSON **json) {
  cJSON_Delete(*json);
}
#define AUTO_JSON __attribute__((__cleanup__(free_json)))

/* ---- one request ---- */

/* The server is there, but no node's: 404 is no absence here. */
static enum blockstore_status judge(const struct bs_http_request *request, struct blockstore_call *call, const char *doing) {
  cJSON *json AUTO_JSON = request->reply == NULL ? NULL : cJSON_ParseWithLength(request->reply, request->reply_length);
  const char *said = json != NULL && json->child != NULL ? cJSON_GetStringValue(json->child) : NULL; /* "err" or "err:" */
  enum blockstore_status status = bs_http_judge(request, call, doing, said);

  if (status == BLOCKSTORE_STATUS_OK && request->code != 200)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: %s: The answer is %d, which is no node's.", request->url, doing,
                           request->code);
  return status == BLOCKSTORE_STATUS_NOT_FOUND || status == BLOCKSTORE_STATUS_CONFLICT ? BLOCKSTORE_STATUS_FAILED : status;
}

static uint64_t count_of(const cJSON *info, const char *family, const char *key) {
  const cJSON *number = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(info, family), key);

  return cJSON_IsNumber(number) && number->valuedouble >= 0 && number->valuedouble < 1e9 ? (uint64_t)number->valuedouble : 0;
}

static bool read_info(struct info *ret_info, const char *text, size_t length) {
  cJSON *json AUTO_JSON = text == NULL ? NULL : cJSON_ParseWithLength(text, length);
  const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "node_id"));

  if (id == NULL || strlen(id) != DHT_HASH_DIGITS) return false;
  memcpy(ret_info->id, id, sizeof ret_info->id);
  ret_info->good = count_of(json, "ipv4", "good") + count_of(json, "ipv6", "good");
  ret_info->dubious = count_of(json, "ipv4", "dubious") + count_of(json, "ipv6", "dubious");
  return true;
}

/* What the node says of itself; not OK when it has nobody to ask. */
static enum blockstore_status ask_info(struct dht_nodes *nodes, struct blockstore_call *call, struct node *node,
                                       struct info *ret_info) {
  char url[URL_MOST + 16];
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET", .url = url, .reply_most = INFO_MOST};
  enum blockstore_status status;

  atomic_store(&node->has_peers, false);
  snprintf(url, sizeof url, "%s/node/info", node->url);
  status = bs_http_perform(nodes->http, call, &request);
  if (status == BLOCKSTORE_STATUS_OK) status = judge(&request, call, "The node does not tell its state");
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (!read_info(ret_info, request.reply, request.reply_length))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: The answer is no node's; the URL must be that of the REST proxy of an OpenDHT node.", url);
  if (ret_info->good == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT,
                           "%s: The node is cut off: no other node of the network answers it (it knows %u that do not). "
                           "What it lacks may be elsewhere, and what it takes nobody else gets.",
                           node->url, (unsigned)ret_info->dubious);
  atomic_store(&node->has_peers, true);
  return BLOCKSTORE_STATUS_OK;
}

/* ---- what is asked of one node ---- */

typedef enum blockstore_status ask_function(struct dht_nodes *nodes, struct blockstore_call *call, struct node *node,
                                            const char *hash, void *user);

/* The node answers with the value that it took. */
static enum blockstore_status check_echo(const struct bs_http_request *request, struct blockstore_call *call,
                                         const struct dht_value *value) {
  struct dht_value echo;
  bool same;

  if (request->reply == NULL || dht_value_read(&echo, request->reply, request->reply_length) != DHT_LINE_OURS)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "%s: The answer to a put is no node's; the URL must be that of the REST proxy of an OpenDHT node.",
                           request->url);
  same = echo.length == value->length && memcmp(echo.whole, value->whole, DHT_VALUE_HEAD + value->length) == 0;
  dht_value_free(&echo);
  if (same) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The node took other bytes than were sent.", request->url);
}

static enum blockstore_status ask_put(struct dht_nodes *nodes, struct blockstore_call *call, struct node *node,
                                      const char *hash, void *user) {
  static const char *const headers[] = {"Content-Type: application/json", NULL};
  const struct dht_value *value = user;
  char *body BS_AUTO_FREE = dht_value_write(value, nodes->permanent), url[URL_MOST + 64];
  struct bs_http_request request BS_AUTO_HTTP = {
      .method = "POST", .url = url, .headers = headers, .head = body, .reply_most = DHT_LINE_LONGEST};
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  struct info info;

  if (body == NULL) return bs_plugin_fail_memory(call);
  request.head_length = strlen(body);
  snprintf(url, sizeof url, "%s/key/%s", node->url, hash);
  /* A node that is cut off keeps what it could not hand on: it is not even sent there. */
  if (!atomic_load(&node->has_peers)) status = ask_info(nodes, call, node, &info);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_http_perform(nodes->http, call, &request);
  if (status == BLOCKSTORE_STATUS_OK) status = judge(&request, call, "The value could not be put");
  return status == BLOCKSTORE_STATUS_OK ? check_echo(&request, call, value) : status;
}

/* What stands under the key by this node; OK without a value too. */
static enum blockstore_status gather(struct dht_nodes *nodes, struct blockstore_call *call, struct node *node,
                                     const char *hash, struct dht_harvest *harvest) {
  char url[URL_MOST + 64];
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET", .url = url, .sink = &harvest->sink};
  enum blockstore_status status;

  snprintf(url, sizeof url, "%s/key/%s", node->url, hash);
  dht_harvest_reset(harvest, node->url);
  status = bs_http_perform(nodes->http, call, &request);
  if (status == BLOCKSTORE_STATUS_OK) status = judge(&request, call, "The key could not be asked for");
  if (status == BLOCKSTORE_STATUS_OK) status = dht_harvest_finish(harvest);
  if (status == BLOCKSTORE_STATUS_CANCELLED) return status;
  /* The object itself needs nothing more, and of an answer without end the best were kept. */
  if (harvest->found || (harvest->overflowed && harvest->count > 0)) return BLOCKSTORE_STATUS_OK;
  return status;
}

static enum blockstore_status ask_get(struct dht_nodes *nodes, struct blockstore_call *call, struct node *node,
                                      const char *hash, void *user) {
  struct dht_harvest *harvest = user;
  enum blockstore_status status = gather(nodes, call, node, hash, harvest);
  struct info info;

  if (status != BLOCKSTORE_STATUS_OK || harvest->count > 0) return status;
  status = ask_info(nodes, call, node, &info);
  /* Again: when it was asked first it may have had nobody to ask, as after its start. */
  if (status == BLOCKSTORE_STATUS_OK) status = gather(nodes, call, node, hash, harvest);
  if (status != BLOCKSTORE_STATUS_OK || harvest->count > 0) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "%s: There is nothing under dht:%s.", node->url, hash);
}

/* ---- one after the other ---- */

/* With less time than there is, when another is there to be asked. */
static enum blockstore_status ask_for_a_while(struct dht_nodes *nodes, struct blockstore_call *call, ask_function *ask,
                                              struct node *node, const char *hash, void *user) {
  struct bs_errand errand;
  enum blockstore_status status;

  bs_errand_within(&errand, call, nodes->patience);
  status = ask(nodes, &errand.call, node, hash, user);
  if (status != BLOCKSTORE_STATUS_CANCELLED || blockstore_go_on(call) != BLOCKSTORE_STATUS_OK) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%s: The node did not answer within %u ms (patience).", node->url,
                         (unsigned)nodes->patience);
}

static enum blockstore_status ask_each(struct dht_nodes *nodes, struct blockstore_call *call, ask_function *ask,
                                       const char *hash, void *user) {
  size_t first = atomic_load(&nodes->first);
  bool may_pass = false;

  for (size_t i = 0;; i++) {
    size_t at = (first + i) % nodes->count;
    struct node *node = &nodes->items[at];
    bool is_last = i + 1 == nodes->count;
    enum blockstore_status status =
        is_last ? ask(nodes, call, node, hash, user) : ask_for_a_while(nodes, call, ask, node, hash, user);

    if (status == BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_NOT_FOUND) atomic_store(&nodes->first, at);
    if (status == BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_NOT_FOUND || status == BLOCKSTORE_STATUS_CANCELLED)
      return status;
    atomic_store(&node->has_peers, false);
    may_pass |= status == BLOCKSTORE_STATUS_TRANSIENT;
    if (is_last) return may_pass ? BLOCKSTORE_STATUS_TRANSIENT : status;
    blockstore_log(call, BLOCKSTORE_LOG_INFO, "%s: This node could not be used; the next is asked.", node->url);
  }
}

enum blockstore_status dht_nodes_put(struct dht_nodes *nodes, struct blockstore_call *call, const char *hash,
                                     const struct dht_value *value) {
  return ask_each(nodes, call, ask_put, hash, (void *)(uintptr_t)value);
}

enum blockstore_status dht_nodes_get(struct dht_nodes *nodes, struct blockstore_call *call, struct dht_harvest *harvest,
                                     const char *hash) {
  return ask_each(nodes, call, ask_get, hash, harvest);
}

/* ---- health ---- */

static enum blockstore_status ask_state(struct dht_nodes *nodes, struct blockstore_call *call, struct node *node,
                                        const char *hash, void *user) {
  (void)hash;
  return ask_info(nodes, call, node, user);
}

enum blockstore_status dht_nodes_report(struct dht_nodes *nodes, struct blockstore_call *call, struct bs_health *health) {
  enum blockstore_status worst = BLOCKSTORE_STATUS_OK;
  uint64_t usable = 0;

  bs_health_number(health, "proxies", nodes->count);
  for (size_t i = 0; i < nodes->count; i++) {
    struct node *node = &nodes->items[i];
    struct info info = {0};
    enum blockstore_status status = ask_for_a_while(nodes, call, ask_state, node, NULL, &info);

    if (status == BLOCKSTORE_STATUS_CANCELLED && usable == 0) return status;
    if (status == BLOCKSTORE_STATUS_CANCELLED) break; /* one is enough */
    if (status != BLOCKSTORE_STATUS_OK) {
      worst = status;
      blockstore_log(call, BLOCKSTORE_LOG_WARNING, "%s: This node cannot be used.", node->url);
    } else if (usable++ == 0) {
      bs_health_text(health, "proxy", node->url);
      bs_health_text(health, "node_id", info.id);
      bs_health_number(health, "good_peers", info.good);
      bs_health_number(health, "dubious_peers", info.dubious);
    }
  }
  bs_health_number(health, "usable_proxies", usable);
  return usable > 0 ? BLOCKSTORE_STATUS_OK : worst;
}

/* ---- lifecycle ---- */

/* A URL of http or https, with a host, and neither user, query nor fragment. */
static bool is_proxy_url(const char *url) {
  size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;

  if (scheme == 0 || strlen(url) > URL_MOST || strchr("/:", url[scheme]) != NULL) return false;
  for (const char *at = url; *at != '\0'; at++)
    if (*at <= ' ' || *at >= 0x7f || strchr("@?#\\\"<>^`{|}", *at) != NULL) return false;
  return true;
}

static enum blockstore_status read_urls(struct dht_nodes *nodes, struct blockstore_call *call,
                                        const struct blockstore_settings *settings) {
  const char *url;

  for (size_t i = 0; (url = call->host->setting(settings, "proxies", i)) != NULL; i++) {
    size_t length = strlen(url);

    if (i == NODES_MOST)
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "proxies: At most %d are taken.", NODES_MOST);
    if (!is_proxy_url(url))
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                             "proxies: Item %zu must be a URL such as http://localhost:8080, without user, query and fragment.",
                             i + 1);
    while (url[length - 1] == '/') length--;
    memcpy(nodes->items[i].url, url, length);
    nodes->count++;
  }
  if (nodes->count == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "proxies: The URL of one node's REST proxy at least is wanted.");
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status read_patience(struct dht_nodes *nodes, struct blockstore_call *call,
                                            const struct blockstore_settings *settings) {
  int64_t patience = call->host->setting_number(settings, "patience");

  if (patience < PATIENCE_LEAST || patience > PATIENCE_MOST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "patience: A time from 100ms to 1h was expected.");
  nodes->patience = (uint32_t)patience;
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status dht_nodes_open(struct dht_nodes **ret_nodes, struct blockstore_call *call,
                                      const struct blockstore_settings *settings) {
  struct dht_nodes *nodes = calloc(1, sizeof *nodes);
  enum blockstore_status status;

  if (nodes == NULL) return bs_plugin_fail_memory(call);
  nodes->permanent = call->host->setting_number(settings, "permanent") != 0;
  status = read_patience(nodes, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) status = read_urls(nodes, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_http_open(&nodes->http, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) {
    *ret_nodes = nodes;
  } else {
    free(nodes);
  }
  return status;
}

void dht_nodes_close(struct dht_nodes *nodes) {
  if (nodes != NULL) bs_http_close(nodes->http);
  free(nodes);
}
