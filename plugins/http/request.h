/* SPDX-License-Identifier: MIT */
/* Requests at a site's root, and what their answers mean. */
#ifndef BS_PLUGINS_HTTP_REQUEST_H
#define BS_PLUGINS_HTTP_REQUEST_H

#include "plugins/http/site.h"

/* A request and its URL, which it points into: not to be copied. */
struct http_request {
  struct bs_http_request http;
  char url[HTTP_SITE_URL_LONGEST + 1];
};

/* One for what lies at a path below the root, with the site's login; no cache on the way may answer it. */
void http_request_begin(struct http_request *request, const struct http_site *site, const char *method, const char *path);
/* The same for any URL, without login and certificate. */
void http_request_begin_foreign(struct http_request *request, const struct http_site *site, const char *method, const char *url);
void http_request_end(struct http_request *request);
#define HTTP_AUTO_REQUEST BS_AUTO(http_request_end)

/* Performs one that changes something; OK when the server answered, with whatever code.  Of a 207 the code is that of the
 * first part that failed (RFC 4918, section 13): success for the whole is not said that way. */
enum blockstore_status http_request_change(const struct http_site *site, struct blockstore_call *call,
                                           struct http_request *request);

/* The server says that there is no such thing. */
bool http_request_is_missing(const struct http_request *request);

/* The status of the answer (http.h), with a sentence.  OK: what was asked for is done; FAILED of another success than 200,
 * or, where nothing is read, 201 and 204.  Never CONFLICT: that a rival was there first is for the caller to know. */
enum blockstore_status http_request_judge(const struct http_request *request, struct blockstore_call *call, const char *doing);

/* Returns `status`, with a sentence about the answer to this request. */
enum blockstore_status http_request_fail(const struct http_request *request, struct blockstore_call *call,
                                         enum blockstore_status status, const char *sentence);

#endif
