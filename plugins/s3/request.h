/* SPDX-License-Identifier: MIT */
/* Requests to the store's server, signed as they go out. */
#ifndef BS_PLUGINS_S3_REQUEST_H
#define BS_PLUGINS_S3_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>

#include "plugins/common/http.h"
#include "plugins/s3/credentials.h"
#include "plugins/s3/place.h"

#pragma GCC visibility push(hidden)

/* What an instance is made of. */
struct bs_s3 {
  struct bs_http *http;
  struct bs_s3_place place;             /* options `endpoint`, `bucket`, `prefix`, `region`, `style` */
  struct bs_s3_credentials credentials; /* options `access_key_id` and so on */
  const char *storage_class;            /* option `storage_class`, or NULL */
  atomic_bool unconditional;            /* the server said that it knows no If-None-Match */
};

/* What becomes of an object; bits. */
#define BS_S3_MAKES 1U   /* one is begun: with its type and storage class */
#define BS_S3_IF_NONE 2U /* the request fails with 412 where there is one already */

/* What the server answers to the latter. */
#define BS_S3_STANDS 412
#define BS_S3_UNKNOWN_CONDITION 501 /* it knows no conditions: the put is tried without */

#define BS_S3_LINES 8 /* of headers, with the NULL at their end */

/* What a request has beside its struct bs_http_request, whose context it is. */
struct bs_s3_request {
  const struct bs_s3 *s3;
  unsigned intents; /* BS_S3_MAKES, BS_S3_IF_NONE */
  const char *digest; /* the body's SHA-256 where it is known, as digits; NULL: it is computed.  The server holds it against
                       * what came */
  char *url;
  char *lines[BS_S3_LINES];
};
#define BS_AUTO_S3_REQUEST __attribute__((__cleanup__(bs_s3_request_end)))

/* Both begin as zeros, and are ended, each by its own function, also when this fails: for want of memory, TRANSIENT.  The
 * body and where the answer goes are set afterwards.
 * In: object: its path, or NULL for the bucket itself
 *     query:  "" or sorted "name=value"s, escaped */
enum blockstore_status bs_s3_request_init(struct bs_http_request *ret_http, struct bs_s3_request *ret_request,
                                          struct blockstore_call *call, const struct bs_s3 *s3, const char *method,
                                          const char *object, const char *query);
void bs_s3_request_end(struct bs_s3_request *request);

/* Performs it and judges the answer, as bs_s3_judge does. */
enum blockstore_status bs_s3_perform(struct bs_http_request *http, struct blockstore_call *call, const char *doing);

#pragma GCC visibility pop
#endif
