/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Transfers by libcurl, as every network driver needs them: the settings of one instance, connections that are kept, a
 * loop that heeds the call's deadline and cancellation, and what libcurl's errors mean to the user.
 *
 *   status = bs_transfer_borrow(&line, pool, call);
 *   if (status == BLOCKSTORE_STATUS_OK) status = bs_transfer_begin(&transfer, line, call, url);
 *   if (status == BLOCKSTORE_STATUS_OK) {
 *     curl_easy_setopt(transfer.easy, ...);
 *     status = bs_transfer_perform(&transfer);
 *   }
 *   bs_transfer_end(&transfer);
 *   bs_transfer_return(line);
 *
 * A part to copy into a driver: transfer.h and transfer.c, C99, which need fault.[ch], peer.[ch], proxy.[ch] and
 * quiet.[ch], libcurl 7.88 (link with -lcurl) and Linux.  Any number of threads may use one pool, each with lines of its
 * own.
 */
#ifndef BS_PLUGINS_TRANSFER_H
#define BS_PLUGINS_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

/* The options of every network driver, for its metadata. */
#define BS_TRANSFER_OPTIONS \
  BLOCKSTORE_OPTION("ca_file", PATH, OPTIONAL, "", "Certificates to trust instead of the system's (PEM)") \
  BLOCKSTORE_OPTION("client_certificate", PATH, OPTIONAL, "", "Certificate to show to the server (PEM)") \
  BLOCKSTORE_OPTION("client_key", PATH, OPTIONAL, "", "Its private key (PEM), if it is in another file") \
  BLOCKSTORE_OPTION("proxy", STRING, OPTIONAL, "", "URL of a proxy; none: none; unset: the environment's") \
  BLOCKSTORE_OPTION("proxy_user", STRING, OPTIONAL, "", "User at that proxy (Basic, or SOCKS's own way)") \
  BLOCKSTORE_OPTION("proxy_password", SECRET, OPTIONAL, "", "Password at that proxy") \
  BLOCKSTORE_OPTION("no_proxy", STRING, OPTIONAL, "", "Hosts to reach without the proxy, with commas between") \
  BLOCKSTORE_OPTION("minimum_rate", SIZE, OPTIONAL, "1K", "Bytes a second below which a transfer fails after 15 s; 0: none") \
  BLOCKSTORE_OPTION("silence", DURATION, OPTIONAL, "2m", "For how long a server may say nothing; 0: as long as a call lasts")

#define BS_TRANSFER_PARALLEL_MOST 16 /* transfers on one line at once */

/* The settings of an instance, and its lines that nobody uses: at most 8. */
struct bs_transfer_pool;

/* Reads the settings and the environment's proxies; connects nowhere.  FAILED with a sentence that names the option: a
 * file that cannot be read or is no PEM, a proxy that is no URL; TRANSIENT when memory runs out. */
enum blockstore_status bs_transfer_open(struct bs_transfer_pool **ret_pool, struct blockstore_call *call,
                                        const struct blockstore_settings *settings);
void bs_transfer_close(struct bs_transfer_pool *pool); /* may be NULL */

/* Connections with what belongs to them, for one thread at a time.  TRANSIENT when memory runs out. */
struct bs_transfer_line;
enum blockstore_status bs_transfer_borrow(struct bs_transfer_line **ret_line, struct bs_transfer_pool *pool,
                                          struct blockstore_call *call);
void bs_transfer_return(struct bs_transfer_line *line); /* may be NULL; its transfers have ended */
/* Shuts its connections: what waits for them in libcurl ends.  Also from a callback of libcurl's. */
void bs_transfer_hang_up(struct bs_transfer_line *line);
/* From a callback of libcurl's for ftp, when the server has told where the data go (true), and when they begin (false).
 * Between them libcurl 7.88 forgets to wait for the server's replies, and at first for anything but the end of its time. */
void bs_transfer_watch(struct bs_transfer_line *line, bool is_on);

/* Bytes that go out: `head`, then `length` bytes of the source from `offset`, then `tail`. */
struct bs_transfer_body {
  const void *head, *tail;
  size_t head_length, tail_length;
  const struct blockstore_source *source;
  uint64_t offset, length;
  uint64_t at; /* where the next read begins */
};
uint64_t bs_transfer_body_size(const struct bs_transfer_body *body);

/*
 * A transfer.  It ends with TRANSIENT, also of a call without a deadline, when a body flows more slowly than `minimum_rate`
 * for 15 seconds, and when for `silence` nothing flows: while the server is connected to, or thinks.  So little that in
 * 15 seconds it would be less than the rate is nothing.  Time spent in source and sink does not count.
 *
 * Zero it; the first part is the driver's, set before bs_transfer_begin or after it.  libcurl's callbacks
 * for reading, seeking, writing and sockets are taken; `take` and `sink` say where the bytes go that come in.
 */
struct bs_transfer {
  struct bs_transfer_body body;
  bool linger; /* of ftp, alone on its line: when the body was sent, its connection is kept until the server ends it */
  const char *shown; /* set before bs_transfer_begin: what sentences say for a URL that holds a secret; or NULL */
  bool anonymous; /* set before bs_transfer_begin: the server is judged by the system's authorities, and shown no certificate */
  bool public_only; /* set before bs_transfer_begin: peer.h says what is refused; only the proxy of the option is used */

  uint32_t thinking_ms; /* the server may think for so long, where that is more than `silence` */

  /* Takes bytes that came.  NULL: they go into the sink, begun with the length that libcurl knows.  Neither: dropped.
   * Anything but OK ends the transfer, as does a status of the source or the sink, and is its result. */
  enum blockstore_status (*take)(struct bs_transfer *transfer, const void *bytes, size_t length);
  struct blockstore_sink *sink;
  bool sunk; /* the sink has begun */
  void *context; /* the driver's own */

  /* Set by bs_transfer_begin. */
  CURL *easy; /* with the settings of the pool; for curl_easy_setopt and curl_easy_getinfo until bs_transfer_end */
  struct blockstore_call *call;
  struct bs_transfer_line *line;
  enum blockstore_status stopped; /* why a callback of ours ended it; OK: none did */
  CURLcode result;
  char *subject; /* by bs_transfer_subject, for sentences */
  bool running;
  const char *proxy;      /* the URL of the one that it goes through, or NULL */
  bool coming;            /* a body is on its way that has to flow; set by the first byte for a sink, or by who takes it */
  bool moving;            /* one flows either way: what the time counts against is the rate */
  uint64_t moved, window; /* bytes in all, and when the time began that counts */
  uint64_t waited;        /* milliseconds of it spent waiting for the network */
  char refused[64];       /* an address that is not allowed */
  char error[CURL_ERROR_SIZE];
};

/* A URL without what may be secret: user and password, query, fragment.  By free(), or NULL without memory. */
char *bs_transfer_subject(const char *url);

/* Gives the transfer an easy handle and the URL, whose credentials and fragment are refused. */
enum blockstore_status bs_transfer_begin(struct bs_transfer *transfer, struct bs_transfer_line *line,
                                         struct blockstore_call *call, const char *url);
/* Starts it; several may run on one line. */
enum blockstore_status bs_transfer_start(struct bs_transfer *transfer);
/* Runs the line's transfers until one is over.  OK: *ret_over is it, and bs_transfer_judge tells how it went; else what
 * ended the waiting: CANCELLED, TRANSIENT. */
enum blockstore_status bs_transfer_wait(struct bs_transfer **ret_over, struct bs_transfer_line *line,
                                        struct blockstore_call *call);
/* OK, or the status of a callback, or that of libcurl's error with a sentence; DENIED, NOT_FOUND and NO_SPACE are of ftp. */
enum blockstore_status bs_transfer_judge(const struct bs_transfer *transfer);
/* All three, for one that runs alone; may be done again with other options. */
enum blockstore_status bs_transfer_perform(struct bs_transfer *transfer);
/* Breaks it off if it runs, and gives the handle back; may be called twice, and of one that is zero. */
void bs_transfer_end(struct bs_transfer *transfer);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
