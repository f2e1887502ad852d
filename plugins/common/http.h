/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * HTTP for drivers, over libcurl: requests whose bodies stream from a source and into a sink, on connections that are
 * kept and shared; certificates verified; no answer trusted with more memory or time than it was given.
 *
 * What holds for every request: it ends within half a second when the call is cancelled or past its deadline.  Without a
 * deadline it ends, too: a body that is sent, or goes into a sink, when it is slower than `minimum_rate` for 15 seconds; all
 * else when it takes longer than `silence`: to reach the server, and its thinking until the body begins, or until a reply
 * is whole.  64 KiB of headers and trailers are the most; a Content-Length is one number.  Only http and https are spoken,
 * and no URL is written to a log or an error with its query.  An answer that redirects is an error, but for a GET or HEAD
 * with `follow`, which goes up to five times to another path of the same scheme, host and port.
 *
 * A part to copy into a driver: http.h and http.c, C99, which need transfer.h, transfer.c and what those need, libcurl
 * 7.88 (link with -lcurl) and POSIX.  A struct bs_http serves any number of threads at once; a struct bs_http_request
 * one at a time.
 */
#ifndef BS_PLUGINS_HTTP_H
#define BS_PLUGINS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <blockstore/driver.h>

#include "transfer.h" /* BS_TRANSFER_OPTIONS: the option rows that every driver with a struct bs_http has in its metadata */

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

/* The connections of one instance, and its settings by BS_TRANSFER_OPTIONS. */
struct bs_http;

/* Reads the settings; connects nowhere.  Fails with a sentence that names the option: a file that cannot be read or is
 * no PEM, a proxy that is no URL; TRANSIENT when memory runs out. */
enum blockstore_status bs_http_open(struct bs_http **ret_http, struct blockstore_call *call,
                                    const struct blockstore_settings *settings);
void bs_http_close(struct bs_http *http); /* may be NULL */

/* Sent to the host of the request only, never after a redirect.  NULL members are not there. */
struct bs_http_credentials {
  const char *user, *password; /* Basic; Digest where the server asks for it */
  const char *bearer;          /* a token: Authorization: Bearer */
};

/*
 * A request and what came of it.  Zero it, fill in the first part, perform it as often as you like, end it.  What the
 * pointers of the first part point at is the caller's, and stays until the request has been performed.
 */
struct bs_http_request {
  const char *method; /* "GET", "HEAD", "PUT", "POST", "DELETE", "MKCOL", ... */
  const char *url;    /* absolute, escaped (url.h), sent as it stands; with neither user nor fragment */
  const char *shown;  /* what sentences say instead of the URL, where it holds a secret; or NULL */
  const char *const *headers; /* "Name: value" lines, NULL at the end; or NULL */
  const struct bs_http_credentials *credentials; /* or NULL */

  /* The body: `head`, then `length` bytes of the source from `offset`, then `tail`; sent with its exact length.  All
   * zero: none (a PUT or POST then sends a length of 0). */
  const void *head, *tail;
  size_t head_length, tail_length;
  const struct blockstore_source *source; /* may be NULL */
  uint64_t offset, length;

  /* Where the body of an answer with a code from 200 to 299 goes: into the sink, begun with its Content-Length, or
   * SIZE_UNKNOWN without; or, without a sink, to `reply`, of which `reply_most` bytes are taken, and more is FAILED.
   * Of any other answer, and with a reply_most of 0, 16 KiB at most go to `reply`, and the rest is not waited for. */
  struct blockstore_sink *sink;
  size_t reply_most;

  uint32_t thinking_ms; /* the server may think for so long, where that is more than the option `silence`: for work that
                         * takes time, such as putting a large object together */

  bool follow;      /* redirects, as told above; a request with credentials is not */
  bool anonymous;   /* to a server that was not configured: without client_certificate, and ca_file is not for it */
  /* Refuses loopback, private, link-local and other special addresses, on the connected socket.  The environment's proxy
   * is not used; that of the option `proxy` is, and what a name leads to is its decision then. */
  bool public_only;

  /* Called just before the request goes out, each time it does (a request performed with others may wait long): makes
   * what must be fresh, such as a signature; may change `headers` and `url`.  NULL: nothing.  Anything but OK ends it. */
  enum blockstore_status (*prepare)(struct bs_http_request *request, struct blockstore_call *call);
  void *context; /* the driver's own */

  /* ---- the answer ---- */
  int code;             /* 100 to 599; 0: none came */
  char *reply;          /* NUL-terminated beyond its length; NULL when there is none */
  size_t reply_length;
  uint64_t size;        /* Content-Length, or BLOCKSTORE_SIZE_UNKNOWN */
  char *answer_headers; /* lower-case names, "name: value\n" each, trailers last; bs_http_header reads them */
  bool sunk;            /* the sink has begun: what follows is its business */
};

/*
 * Performs a request: it blocks until the answer is whole.
 * Returns: OK with an answer of any code, which the caller judges; else what ended it, with a sentence: the sink's or the
 *          source's status, handed on; CANCELLED; TRANSIENT (no connection, no such host, broken off, too slow); FAILED
 *          (a certificate that is not trusted, an address that is not allowed, a redirect elsewhere, too much sent)
 */
enum blockstore_status bs_http_perform(struct bs_http *http, struct blockstore_call *call, struct bs_http_request *request);

/*
 * Performs `count` requests, at most `parallel` at once, beginning them in order, on the calling thread alone.
 * Returns: OK when each has an answer with a code from 200 to 299; else the status of the first that has not (that of
 *          bs_http_judge for another code), *ret_failed being that request, or NULL when it was none's fault
 *          (cancelled); the others have been broken off
 */
enum blockstore_status bs_http_perform_all(struct bs_http *http, struct blockstore_call *call, struct bs_http_request *requests,
                                           size_t count, unsigned parallel, struct bs_http_request **ret_failed);

/* Frees the answer, so that the request can be performed again or left.  Performing does so by itself. */
void bs_http_end(struct bs_http_request *request);
#define BS_AUTO_HTTP __attribute__((__cleanup__(bs_http_end)))

/* The value of an answer's header, by free(), or NULL; `name` in lower case.  Of several the first. */
char *bs_http_header(const struct bs_http_request *request, const char *name);

/*
 * The status for the answer's code, with a sentence: the URL, what the driver was about (`doing`: "The object cannot be
 * read"), the code with its phrase, and the server's own words, `said` (a text out of its reply, or NULL; cleaned and cut).
 *
 *   200-299 OK                404, 410 NOT_FOUND       401, 403, 407 DENIED     413 TOO_LARGE     507 NO_SPACE
 *   409, 412 CONFLICT         405, 501 UNSUPPORTED     408, 425, 429, 500, 502, 503, 504 TRANSIENT, with the answer's
 *   Retry-After (seconds or a date)                    all else FAILED; a redirect that was not followed says where to
 */
enum blockstore_status bs_http_judge(const struct bs_http_request *request, struct blockstore_call *call, const char *doing,
                                     const char *said);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
