/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "fault.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct fault {
  struct blockstore_call *call;
  CURL *easy;
  const char *subject, *proxy, *error;
};

static enum blockstore_status say(const struct fault *fault, enum blockstore_status status, const char *what,
                                  const char *why) {
  const char *colon = why[0] == '\0' ? "" : ": ";

  if (fault->proxy == NULL)
    return blockstore_fail(fault->call, status, "%.300s: %s%s%.300s.", fault->subject, what, colon, why);
  return blockstore_fail(fault->call, status, "%.300s (through %.200s): %s%s%.300s.", fault->subject, fault->proxy, what, colon,
                         why);
}

static enum blockstore_status judge_connect(const struct fault *fault) {
  bool proxied = fault->proxy != NULL;
  long reason = 0;
  const char *why = NULL;

  curl_easy_getinfo(fault->easy, CURLINFO_OS_ERRNO, &reason);
  if (reason == ECONNREFUSED)
    return say(fault, BLOCKSTORE_STATUS_TRANSIENT, proxied ? "Nobody listens at the proxy" : "Nobody listens there", "");
  if (reason != 0) why = strerrordesc_np((int)reason);
  return say(fault, BLOCKSTORE_STATUS_TRANSIENT, proxied ? "The proxy cannot be reached" : "The host cannot be reached",
             why == NULL ? fault->error : why);
}

/* A proxy that makes no way to the server: to be told apart from one that cannot be had, and from the server. */
enum refusal { LOGIN, FORBIDDEN, PASSING, FINAL };

static enum blockstore_status refuse(const struct fault *fault, enum refusal refusal, const char *code) {
  static const struct {
    enum blockstore_status status;
    const char *sentence;
  } rows[] = {[LOGIN] = {BLOCKSTORE_STATUS_DENIED, "The proxy asks for another user or password"},
              [FORBIDDEN] = {BLOCKSTORE_STATUS_DENIED, "The proxy refuses to connect"},
              [PASSING] = {BLOCKSTORE_STATUS_TRANSIENT, "The proxy cannot connect"},
              [FINAL] = {BLOCKSTORE_STATUS_FAILED, "The proxy does not connect"}};

  return say(fault, rows[refusal].status, rows[refusal].sentence, code);
}

/* What an HTTP proxy says to CONNECT. */
static enum blockstore_status judge_tunnel(const struct fault *fault, long code) {
  char text[32];

  snprintf(text, sizeof text, "%ld", code);
  switch (code) {
  case 407: return refuse(fault, LOGIN, text);
  case 401:
  case 403: return refuse(fault, FORBIDDEN, text);
  case 408:
  case 425:
  case 429:
  case 500:
  case 502:
  case 503:
  case 504: return refuse(fault, PASSING, text);
  default: return refuse(fault, FINAL, text);
  }
}

static enum blockstore_status judge_socks(const struct fault *fault) {
  long reason = 0;

  curl_easy_getinfo(fault->easy, CURLINFO_PROXY_ERROR, &reason);
  switch (reason) {
  case CURLPX_NO_AUTH:
  case CURLPX_USER_REJECTED:
  case CURLPX_IDENTD:
  case CURLPX_IDENTD_DIFFER: return refuse(fault, LOGIN, "");
  case CURLPX_REPLY_NOT_ALLOWED: return refuse(fault, FORBIDDEN, "");
  case CURLPX_BAD_ADDRESS_TYPE:
  case CURLPX_BAD_VERSION:
  case CURLPX_LONG_HOSTNAME:
  case CURLPX_LONG_PASSWD:
  case CURLPX_LONG_USER:
  case CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED:
  case CURLPX_REPLY_COMMAND_NOT_SUPPORTED:
  case CURLPX_UNKNOWN_MODE: return refuse(fault, FINAL, "");
  default: return refuse(fault, PASSING, "");
  }
}

static enum blockstore_status judge_certificate(const struct fault *fault) {
  static const char begin[] = "SSL certificate problem: ";
  const char *why = fault->error;

  if (strncmp(why, begin, strlen(begin)) == 0) why += strlen(begin);
  if (strstr(why, "subject name") != NULL) why = "it is for another host";
  return say(fault, BLOCKSTORE_STATUS_FAILED, "The certificate is not trusted", why);
}

/* A server that misses our certificate, or does not trust it, says so by an alert of TLS. */
static enum blockstore_status judge_tls(const struct fault *fault) {
  const char *error = fault->error;

  if (strstr(error, "alert certificate required") != NULL || strstr(error, "peer did not return a certificate") != NULL)
    return say(fault, BLOCKSTORE_STATUS_DENIED, "The server asks for a client certificate", "");
  if (strstr(error, "alert") != NULL &&
      (strstr(error, "unknown ca") != NULL || strstr(error, "decrypt error") != NULL || strstr(error, "certificate") != NULL))
    return say(fault, BLOCKSTORE_STATUS_DENIED, "The server does not accept the client certificate", error);
  if (strstr(error, "wrong version number") != NULL)
    return say(fault, BLOCKSTORE_STATUS_FAILED, "The server does not speak TLS on this port", "");
  if (strstr(error, "Too large response headers") != NULL)
    return say(fault, BLOCKSTORE_STATUS_FAILED, "The server's replies have no end", "");
  if (strstr(error, "response reading failed") != NULL) /* of FTP, with a number that says nothing */
    return say(fault, BLOCKSTORE_STATUS_TRANSIENT, "The connection was closed before an answer", "");
  if (strstr(error, "chunk") != NULL) return say(fault, BLOCKSTORE_STATUS_FAILED, "The answer is malformed", error);
  if (strstr(error, "routines") != NULL && strstr(error, "unexpected eof") == NULL)
    return say(fault, BLOCKSTORE_STATUS_FAILED, "No agreement on TLS", error);
  return say(fault, BLOCKSTORE_STATUS_TRANSIENT, "The connection was broken off", error);
}

static enum blockstore_status judge_answer(const struct fault *fault) {
  if (strstr(fault->error, "HTTP/0.9") != NULL || strstr(fault->error, "Invalid status line") != NULL)
    return say(fault, BLOCKSTORE_STATUS_FAILED, "The answer is not HTTP", "");
  return say(fault, BLOCKSTORE_STATUS_FAILED, "The answer is malformed", fault->error);
}

/* A protocol that libcurl does not speak: by the URL, or by the first line of an answer. */
static enum blockstore_status judge_protocol(const struct fault *fault) {
  if (strstr(fault->error, "HTTP/0.9") != NULL || strstr(fault->error, "response") != NULL) return judge_answer(fault);
  return say(fault, BLOCKSTORE_STATUS_FAILED, "It is not reached by such a URL", fault->error);
}

/* A row has a sentence, or a function that finds one. */
static const struct {
  CURLcode result;
  enum blockstore_status status;
  const char *sentence;
  enum blockstore_status (*judge)(const struct fault *fault);
} rows[] = {
    {CURLE_PROXY, BLOCKSTORE_STATUS_FAILED, NULL, judge_socks},
    {CURLE_COULDNT_RESOLVE_PROXY, BLOCKSTORE_STATUS_TRANSIENT, "No such proxy, or no name server answers", NULL},
    {CURLE_COULDNT_RESOLVE_HOST, BLOCKSTORE_STATUS_TRANSIENT, "No such host, or no name server answers", NULL},
    {CURLE_COULDNT_CONNECT, BLOCKSTORE_STATUS_TRANSIENT, NULL, judge_connect},
    {CURLE_OPERATION_TIMEDOUT, BLOCKSTORE_STATUS_TRANSIENT, "There was no answer in time", NULL},
    {CURLE_GOT_NOTHING, BLOCKSTORE_STATUS_TRANSIENT, "The connection was closed before an answer", NULL},
    {CURLE_PARTIAL_FILE, BLOCKSTORE_STATUS_TRANSIENT, "The connection was closed within the data", NULL},
    {CURLE_SEND_ERROR, BLOCKSTORE_STATUS_TRANSIENT, "The connection was broken off while data went out", NULL},
    {CURLE_RECV_ERROR, BLOCKSTORE_STATUS_TRANSIENT, NULL, judge_tls},
    {CURLE_SSL_CONNECT_ERROR, BLOCKSTORE_STATUS_FAILED, NULL, judge_tls},
    {CURLE_PEER_FAILED_VERIFICATION, BLOCKSTORE_STATUS_FAILED, NULL, judge_certificate},
    {CURLE_SSL_CERTPROBLEM, BLOCKSTORE_STATUS_FAILED, "The client certificate or its key cannot be used", NULL},
    {CURLE_SSL_CACERT_BADFILE, BLOCKSTORE_STATUS_FAILED, "The file of trusted certificates cannot be used", NULL},
    {BS_FAULT_TOO_LARGE, BLOCKSTORE_STATUS_FAILED, "The server's replies have no end", NULL},
    {CURLE_OUT_OF_MEMORY, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for a transfer", NULL},
    {CURLE_UNSUPPORTED_PROTOCOL, BLOCKSTORE_STATUS_FAILED, NULL, judge_protocol},
    {CURLE_WEIRD_SERVER_REPLY, BLOCKSTORE_STATUS_FAILED, NULL, judge_answer},
    {CURLE_LOGIN_DENIED, BLOCKSTORE_STATUS_DENIED, "The server refuses user and password", NULL},
    {CURLE_REMOTE_ACCESS_DENIED, BLOCKSTORE_STATUS_DENIED, "The server denies access", NULL},
    {CURLE_REMOTE_FILE_NOT_FOUND, BLOCKSTORE_STATUS_NOT_FOUND, "There is no such file", NULL},
    {CURLE_REMOTE_DISK_FULL, BLOCKSTORE_STATUS_NO_SPACE, "The server's disk is full", NULL},
};

enum blockstore_status bs_fault_judge(struct blockstore_call *call, CURL *easy, CURLcode result, const char *subject,
                                      const char *proxy, const char *error) {
  struct fault fault = {call, easy, subject, proxy, error[0] == '\0' ? curl_easy_strerror(result) : error};
  long code = 0;

  if (proxy != NULL) curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &code);
  if (code >= 300) return judge_tunnel(&fault, code);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].result != result) continue;
    return rows[i].judge != NULL ? rows[i].judge(&fault) : say(&fault, rows[i].status, rows[i].sentence, "");
  }
  return say(&fault, BLOCKSTORE_STATUS_FAILED, fault.error, "");
}
