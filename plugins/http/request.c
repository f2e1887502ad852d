/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/http/request.h"

#include <stdlib.h>
#include <string.h>

#define REPLY_MOST ((size_t)1 << 16) /* what servers say to a change is a page of text, or nothing */

static const char *const fresh[] = {"Cache-Control: no-cache", NULL};

void bs_request_begin(struct bs_request *request, const struct bs_site *site, const char *method, const char *path) {
  bs_site_locate(site, request->url, path);
  request->http = (struct bs_http_request){.method = method,
                                           .url = request->url,
                                           .headers = fresh,
                                           .credentials = site->has_login ? &site->login : NULL,
                                           .reply_most = REPLY_MOST};
}

void bs_request_begin_foreign(struct bs_request *request, const struct bs_site *site, const char *method, const char *url) {
  request->http = (struct bs_http_request){.method = method,
                                           .url = url,
                                           .headers = fresh,
                                           .reply_most = REPLY_MOST,
                                           .anonymous = site->root[0] != '\0',
                                           .public_only = !site->allow_private};
}

void bs_request_end(struct bs_request *request) {
  bs_http_end(&request->http);
}

/* The first status line in a multi-status that tells of a failure, or 0. */
static int failed_part(const char *reply) {
  static const char start[] = "HTTP/1.";

  while (reply != NULL && (reply = strstr(reply, start)) != NULL) {
    reply += strlen(start);
    if (strspn(reply, "0123456789") == 1 && reply[1] == ' ') {
      long code = strtol(reply + 2, NULL, 10);

      if (code >= 300 && code <= 599) return (int)code;
    }
  }
  return 0;
}

enum blockstore_status bs_request_change(const struct bs_site *site, struct blockstore_call *call, struct bs_request *request) {
  enum blockstore_status status = bs_http_perform(site->http, call, &request->http);
  int code;

  if (status != BLOCKSTORE_STATUS_OK || request->http.code != 207) return status;
  code = failed_part(request->http.reply);
  if (code == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: The server did not do all of a %s, and does not say what.",
                           request->url, request->http.method);
  request->http.code = code;
  return BLOCKSTORE_STATUS_OK;
}

bool bs_request_is_missing(const struct bs_request *request) {
  return request->http.code == 404 || request->http.code == 410;
}
