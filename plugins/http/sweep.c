/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/http/sweep.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugins/common/errand.h"
#include "plugins/common/upload.h"
#include "plugins/http/dav.h"
#include "plugins/http/listing.h"
#include "plugins/http/request.h"

#define LIST_MOST ((size_t)4 << 20) /* thousands of puts that never ended */

/* Asks for what lies in the collection; without a reply when there is no such collection. */
static enum blockstore_status sweep_list(const struct http_site *site, struct blockstore_call *call,
                                         struct http_request *request) {
  static const char *const headers[] = {"Cache-Control: no-cache", "Content-Type: application/xml", "Depth: 1", NULL};
  static const char question[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                                 "<propfind xmlns=\"DAV:\"><prop><resourcetype/></prop></propfind>\n";
  static const char doing[] = "The collection cannot be listed";
  enum blockstore_status status;

  http_request_begin(request, site, "PROPFIND", HTTP_DAV_TEMPORARIES);
  request->http.headers = headers;
  request->http.head = question;
  request->http.head_length = strlen(question);
  request->http.reply_most = LIST_MOST;
  status = bs_http_perform(site->http, call, &request->http);
  if (status != BLOCKSTORE_STATUS_OK || request->http.code == 207) return status;
  if (!http_request_is_missing(request)) {
    status = bs_http_judge(&request->http, call, doing, NULL);
    if (status == BLOCKSTORE_STATUS_OK) return http_request_fail(request, call, BLOCKSTORE_STATUS_FAILED, doing);
  }
  bs_http_end(&request->http);
  return status;
}

/* Counts it, unless another sweep was faster. */
static enum blockstore_status sweep_one(const struct http_site *site, struct blockstore_call *call, uint64_t *count,
                                        const char *name) {
  char path[sizeof HTTP_DAV_TEMPORARIES + BS_UPLOAD_NAME_SIZE];
  struct http_request request HTTP_AUTO_REQUEST;
  enum blockstore_status status;

  snprintf(path, sizeof path, HTTP_DAV_TEMPORARIES "%s", name);
  http_request_begin(&request, site, "DELETE", path);
  status = http_request_change(site, call, &request);
  if (status != BLOCKSTORE_STATUS_OK || http_request_is_missing(&request)) return status;
  status = http_request_judge(&request, call, "It cannot be deleted");
  *count += status == BLOCKSTORE_STATUS_OK;
  return status;
}

uint64_t http_sweep(const struct http_site *site, struct blockstore_call *call) {
  struct http_request list HTTP_AUTO_REQUEST;
  struct bs_errand errand;
  char name[BS_UPLOAD_NAME_SIZE];
  enum blockstore_status status;
  uint64_t count = 0;
  const char *at;

  bs_errand_after(&errand, call);
  status = sweep_list(site, &errand.call, &list);
  at = status == BLOCKSTORE_STATUS_OK ? list.http.reply : NULL;
  while (status == BLOCKSTORE_STATUS_OK && at != NULL && (at = http_listing_next(name, at)) != NULL)
    if (bs_upload_is_old(name, time(NULL))) status = sweep_one(site, &errand.call, &count, name);
  /* A server without PROPFIND is as good a store. */
  if (status != BLOCKSTORE_STATUS_OK)
    blockstore_log(call, status == BLOCKSTORE_STATUS_UNSUPPORTED ? BLOCKSTORE_LOG_INFO : BLOCKSTORE_LOG_WARNING,
                   "What older puts left stays there: %s", errand.reason);
  return count;
}
