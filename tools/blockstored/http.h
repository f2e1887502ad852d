/* SPDX-License-Identifier: MIT */
/* The head of a request of HTTP/1.0 or 1.1, as strict as RFC 9112 lets a server be.  No connections. */
#ifndef BLOCKSTORED_HTTP_H
#define BLOCKSTORED_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define BSD_HTTP_HEAD_MAX 8192 /* bytes */

enum bsd_http_state { BSD_HTTP_PARTIAL, BSD_HTTP_WHOLE, BSD_HTTP_MALFORMED, BSD_HTTP_TOO_LARGE };
enum bsd_http_method { BSD_HTTP_OTHER, BSD_HTTP_GET, BSD_HTTP_HEAD };

/* Bytes of the head, not ended by NUL.  text: NULL, there are none. */
struct bsd_http_span {
  const char *text;
  size_t length;
};

struct bsd_http_head {
  enum bsd_http_method method;
  struct bsd_http_span target; /* printable ASCII without a space, at least a byte */
  struct bsd_http_span known;  /* of If-None-Match; of several the first */
};

/* What has arrived; more than the head is no fault, as a body may follow.  *ret_head: only of BSD_HTTP_WHOLE. */
enum bsd_http_state bsd_http_read(struct bsd_http_head *ret_head, const void *bytes, size_t length);

#endif
