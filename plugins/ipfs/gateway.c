/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ipfs/gateway.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/common/endpoint.h"
#include "plugins/common/url.h"

#define EMPTY_BLOCK "/ipfs/bafkqaaa?format=raw" /* an empty block that its own CID holds: every gateway has it */
#define PATH_MOST (sizeof "/ipns/" + BS_IPNS_LENGTH + 1 + BS_LAYOUT_ESCAPED_MAX)

enum blockstore_status bs_gateways_open(struct bs_gateways *gateways, struct blockstore_call *call,
                                        const struct blockstore_settings *settings, bool allow_http) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  size_t count = 0;

  while (call->host->setting(settings, "gateways", count) != NULL) count++;
  gateways->urls = calloc(count + 1, sizeof *gateways->urls);
  if (gateways->urls == NULL) return bs_plugin_fail_memory(call);
  for (; status == BLOCKSTORE_STATUS_OK && gateways->count < count; gateways->count++)
    status = bs_endpoint_take(&gateways->urls[gateways->count], call, "gateways",
                              call->host->setting(settings, "gateways", gateways->count), allow_http);
  return status;
}

void bs_gateways_close(struct bs_gateways *gateways) {
  for (size_t i = 0; i < gateways->count; i++) free(gateways->urls[i]);
  free(gateways->urls);
}

static enum blockstore_status gateway_get(const struct bs_gateways *gateways, struct blockstore_call *call,
                                          struct blockstore_sink *sink, const char *gateway, const char *path) {
  char *url BS_AUTO_FREE = NULL;
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET", .sink = sink, .follow = true};
  enum blockstore_status status;

  if (asprintf(&url, "%s%s", gateway, path) < 0) return bs_plugin_fail_memory(call);
  request.url = url;
  status = bs_http_perform(gateways->http, call, &request);
  if (status != BLOCKSTORE_STATUS_OK || request.code == 200) return status;
  status = bs_http_judge(&request, call, "The gateway does not give it", NULL);
  if (status == BLOCKSTORE_STATUS_OK)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The gateway answered %d, and gives not all of it.", url,
                           request.code);
  /* 410 says that the gateway does not want to give it. */
  return status == BLOCKSTORE_STATUS_NOT_FOUND && request.code != 404 ? BLOCKSTORE_STATUS_FAILED : status;
}

static void gateways_ask(const struct bs_gateways *gateways, struct bs_search *search, const char *path, bool is_block) {
  for (size_t i = 0; i < gateways->count && !search->over; i++) {
    enum blockstore_status status;

    bs_search_ask(search);
    status = gateway_get(gateways, &search->errand.call, &search->sink, gateways->urls[i], path);
    if (is_block && status == BLOCKSTORE_STATUS_NOT_FOUND) bs_search_pass(search);
    else bs_search_take(search, gateways->urls[i], status);
  }
}

/* The form of the answer is asked for in the query alone: by an Accept header a gateway would give files as blocks, too. */
void bs_gateways_ask(const struct bs_gateways *gateways, struct bs_search *search, const struct bs_cid *cid) {
  char path[sizeof "/ipfs/?format=raw" + BS_CID_LENGTH];

  snprintf(path, sizeof path, "/ipfs/%s?format=raw", cid->text);
  gateways_ask(gateways, search, path, true);
}

void bs_gateways_ask_named(const struct bs_gateways *gateways, struct bs_search *search, const struct bs_ipns *ipns,
                           const struct bs_layout *object) {
  char path[PATH_MOST];
  size_t length = (size_t)snprintf(path, sizeof path, "/ipns/%s/", ipns->peer);

  bs_url_escape(path + length, sizeof path - length, object->path, strlen(object->path), BS_URL_PATH);
  gateways_ask(gateways, search, path, false);
}

/* ---- health ---- */

/* Does it give the empty block, and not a page of its own? */
static enum blockstore_status gateway_check(const struct bs_gateways *gateways, struct blockstore_call *call,
                                            const char *gateway) {
  char *url BS_AUTO_FREE = NULL;
  struct bs_http_request request BS_AUTO_HTTP = {.method = "GET", .reply_most = 1024, .follow = true};
  enum blockstore_status status;

  if (asprintf(&url, "%s%s", gateway, EMPTY_BLOCK) < 0) return bs_plugin_fail_memory(call);
  request.url = url;
  status = bs_http_perform(gateways->http, call, &request);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_http_judge(&request, call, "The gateway gives no block", NULL);
  if (status != BLOCKSTORE_STATUS_OK || (request.code == 200 && request.reply_length == 0)) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: What answers there is no gateway: it has bytes for an empty block.",
                         gateway);
}

size_t bs_gateways_count(const struct bs_gateways *gateways, struct blockstore_call *call) {
  struct bs_search search;
  size_t count = 0;

  bs_search_begin(&search, call, NULL, NULL, gateways->count + 1); /* the node, too, must have its part of the time */
  for (size_t i = 0; i < gateways->count && !search.over; i++) {
    enum blockstore_status status;

    bs_search_ask(&search);
    status = gateway_check(gateways, &search.errand.call, gateways->urls[i]);
    bs_search_take(&search, gateways->urls[i], status);
    count += status == BLOCKSTORE_STATUS_OK;
  }
  return count;
}
