/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/http/request.h"

#include <stdlib.h>
#include <string.h>

#define REPLY_MOST ((size_t)1 << 16) /* what servers say to a change is a page of text, or nothing */
#define SHOWN_MOST 300                   /* bytes of a URL in a sentence */

static const char *const fresh[] = {"Cache-Control: no-cache", NULL};

void http_request_begin(struct http_request *request, const struct http_site *site, const char *method, const char *path) {
  http_site_locate(site, request->url, path);
  request->http = (struct bs_http_request){.method = method,
                                           .url = request->url,
                                           .headers = fresh,
                                           .credentials = site->has_login ? &site->login : NULL,
                                           .reply_most = REPLY_MOST};
}

void http_request_begin_foreign(struct http_request *request, const struct http_site *site, const char *method, const char *url) {
  request->http = (struct bs_http_request){.method = method,
                                           .url = url,
                                           .headers = fresh,
                                           .reply_most = REPLY_MOST,
                                           .anonymous = site->root[0] != '\0',
                                           .public_only = !site->allow_private};
}

void http_request_end(struct http_request *request) {
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

enum blockstore_status http_request_change(const struct http_site *site, struct blockstore_call *call,
                                           struct http_request *request) {
  enum blockstore_status status = bs_http_perform(site->http, call, &request->http);
  int code;

  if (status != BLOCKSTORE_STATUS_OK || request->http.code != 207) return status;
  code = failed_part(request->http.reply);
  if (code == 0)
    return http_request_fail(request, call, BLOCKSTORE_STATUS_FAILED, "The server did not do all of it, and does not say what");
  request->http.code = code;
  return BLOCKSTORE_STATUS_OK;
}

bool http_request_is_missing(const struct http_request *request) {
  return request->http.code == 404 || request->http.code == 410;
}

/* Of the URL, which may be a stranger's: neither its query nor all that is long. */
static int shown_length(const struct http_request *request) {
  size_t length = strcspn(request->http.url, "?#");

  return length < SHOWN_MOST ? (int)length : SHOWN_MOST;
}

enum blockstore_status http_request_judge(const struct http_request *request, struct blockstore_call *call, const char *doing) {
  const struct bs_http_request *http = &request->http;
  bool reads = strcmp(http->method, "GET") == 0;
  enum blockstore_status status = bs_http_judge(http, call, doing, NULL);

  if (status == BLOCKSTORE_STATUS_CONFLICT) return BLOCKSTORE_STATUS_FAILED;
  if (status != BLOCKSTORE_STATUS_OK || http->code == 200 || (!reads && (http->code == 201 || http->code == 204))) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%.*s: %s: the server answered %d, and %s was expected.",
                         shown_length(request), http->url, doing, http->code, reads ? "200" : "200, 201 or 204");
}

enum blockstore_status http_request_fail(const struct http_request *request, struct blockstore_call *call,
                                         enum blockstore_status status, const char *sentence) {
  const struct bs_http_request *http = &request->http;

  return blockstore_fail(call, status, "%.*s: %s (%s: %d).", shown_length(request), http->url, sentence, http->method,
                         http->code);
}
