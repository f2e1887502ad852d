/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "http.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "fault.h"

#define HEADERS_MOST ((size_t)64 << 10)
#define ERROR_MOST ((size_t)16 << 10)
#define REDIRECTS_MOST 5
#define ASKED_FIRST ((uint64_t)1 << 20) /* a body of more waits a second for the server's 100 Continue, or its refusal */
#define SAID_MOST 200
#define SHOWN_MOST 300 /* of a URL in a sentence */
#ifdef PACKAGE_VERSION
#define AGENT "blockstore/" PACKAGE_VERSION
#else
#define AGENT "blockstore"
#endif

struct bs_http {
  struct bs_transfer_pool *pool;
  int digest; /* its server was seen to ask for Digest; read and written atomically */
};

/* A request on its way. */
struct exchange {
  struct bs_transfer transfer;
  struct bs_http *http;
  struct bs_http_request *request;
  struct curl_slist *headers;
  char *target; /* where a redirect led; NULL: the request's URL */
  unsigned redirects;
  bool digest;
  size_t headers_length, headers_seen; /* bytes of request->answer_headers; of all headers that came */
  bool whole;                          /* the answer's headers are there */
  bool cut;                            /* of an answer that is an error, enough has been read */
};

enum blockstore_status bs_http_open(struct bs_http **ret_http, struct blockstore_call *call,
                                    const struct blockstore_settings *settings) {
  struct bs_http *http = calloc(1, sizeof *http);
  enum blockstore_status status;

  if (http == NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the settings.");
  status = bs_transfer_open(&http->pool, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) *ret_http = http;
  else free(http);
  return status;
}

void bs_http_close(struct bs_http *http) {
  if (http == NULL) return;
  bs_transfer_close(http->pool);
  free(http);
}

void bs_http_end(struct bs_http_request *request) {
  free(request->reply);
  free(request->answer_headers);
  request->reply = request->answer_headers = NULL;
  request->reply_length = 0;
  request->code = 0;
  request->size = BLOCKSTORE_SIZE_UNKNOWN;
  request->sunk = false;
}

static enum blockstore_status no_memory(const struct exchange *exchange) {
  return blockstore_fail(exchange->transfer.call, BLOCKSTORE_STATUS_TRANSIENT, "%.300s: There is not enough memory.",
                         exchange->transfer.subject);
}

/* Appends to a text that stays NUL-terminated; false: no memory. */
static bool append(char **text, size_t *length, const void *bytes, size_t count) {
  char *grown = realloc(*text, *length + count + 1);

  if (grown == NULL) return false;
  memcpy(grown + *length, bytes, count);
  *length += count;
  grown[*length] = '\0';
  *text = grown;
  return true;
}

/* ---- the answer ---- */

/* The value of the first such header from that line on. */
static const char *find_header(const char *line, const char *name, size_t *ret_length) {
  size_t length = strlen(name);

  for (; line != NULL && line[0] != '\0'; line += strcspn(line, "\n") + 1) {
    if (strncmp(line, name, length) != 0 || strncmp(line + length, ": ", 2) != 0) continue;
    line += length + 2;
    *ret_length = strcspn(line, "\n");
    return line;
  }
  return NULL;
}

char *bs_http_header(const struct bs_http_request *request, const char *name) {
  size_t length;
  const char *value = find_header(request->answer_headers, name, &length);

  return value == NULL ? NULL : strndup(value, length);
}

static bool is_success(const struct bs_http_request *request) {
  return request->code >= 200 && request->code <= 299;
}

static bool has_no_body(const struct bs_http_request *request) {
  return request->code == 204 || request->code == 205 || strcmp(request->method, "HEAD") == 0;
}

/* The Content-Length: one number, however often it is told; false: it is none.  Of chunks it says nothing. */
static bool find_size(uint64_t *ret_size, const char *headers) {
  size_t length;
  const char *value = headers;

  *ret_size = BLOCKSTORE_SIZE_UNKNOWN;
  if (find_header(headers, "transfer-encoding", &length) != NULL) return true;
  while ((value = find_header(value, "content-length", &length)) != NULL) {
    uint64_t size = strtoull(value, NULL, 10);

    if (length == 0 || length > 18 || strspn(value, "0123456789") != length) return false;
    if (*ret_size != BLOCKSTORE_SIZE_UNKNOWN && *ret_size != size) return false;
    *ret_size = size;
    value += length + 1;
  }
  return true;
}

/*
 * Has the server said yes to what it cannot have?  To libcurl 7.88 all is well then; 8.14 sends the rest and says the same, or
 * waits for ever where that came in place of "100 Continue".
 */
static bool is_early(const struct exchange *exchange) {
  const struct bs_transfer *transfer = &exchange->transfer;
  uint64_t size = bs_transfer_body_size(&transfer->body);
  curl_off_t sent = 0;

  if (size == 0 || !is_success(exchange->request)) return false;
  return curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent) != CURLE_OK || transfer->body.at < size ||
         (uint64_t)sent < size;
}

/* The answer's headers are there. */
static enum blockstore_status judge_head(struct exchange *exchange) {
  struct bs_http_request *request = exchange->request;
  const struct bs_transfer *transfer = &exchange->transfer;

  if (!find_size(&request->size, request->answer_headers))
    return blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED,
                           "%.300s: The answer has a Content-Length that is none, or two.", transfer->subject);
  if (is_early(exchange))
    return blockstore_fail(transfer->call, BLOCKSTORE_STATUS_TRANSIENT,
                           "%.300s: The server answered %d before it had all of the data.", transfer->subject, request->code);
  if (request->sink == NULL || !is_success(request) || strcmp(request->method, "HEAD") == 0) return BLOCKSTORE_STATUS_OK;
  request->sunk = exchange->transfer.coming = true;
  return request->sink->begin(request->sink, has_no_body(request) ? 0 : request->size);
}

/* A block of headers is whole: an interim answer, or the answer. */
static void end_headers(struct exchange *exchange) {
  long code = 0;

  curl_easy_getinfo(exchange->transfer.easy, CURLINFO_RESPONSE_CODE, &code);
  exchange->request->code = (int)code;
  if (code < 200) return;
  exchange->whole = true;
  exchange->transfer.stopped = judge_head(exchange);
}

static bool keep_header(struct exchange *exchange, const char *line, size_t length) {
  struct bs_http_request *request = exchange->request;
  const char *colon = memchr(line, ':', length);
  size_t name, begin = exchange->headers_length;

  if (colon == NULL) return true;
  name = (size_t)(colon - line);
  line = colon + 1;
  length -= name + 1;
  while (length > 0 && isspace((unsigned char)line[length - 1])) length--;
  while (length > 0 && isspace((unsigned char)line[0])) line++, length--;
  if (!append(&request->answer_headers, &exchange->headers_length, colon - name, name) ||
      !append(&request->answer_headers, &exchange->headers_length, ": ", 2) ||
      !append(&request->answer_headers, &exchange->headers_length, line, length) ||
      !append(&request->answer_headers, &exchange->headers_length, "\n", 1))
    return false;
  for (size_t i = begin; i < begin + name; i++)
    request->answer_headers[i] = (char)tolower((unsigned char)request->answer_headers[i]);
  return true;
}

/* libcurl 8.14 takes the first three digits of a longer number for the code. */
static bool has_long_code(const char *line, size_t length) {
  const char *end = line + length, *code = memchr(line, ' ', length);
  size_t digits = 0;

  while (code != NULL && code < end && *code == ' ') code++;
  while (code != NULL && code + digits < end && isdigit((unsigned char)code[digits])) digits++;
  return digits > 3;
}

/* An answer begins, an interim one or the one. */
static enum blockstore_status begin_answer(struct exchange *exchange, const char *line, size_t length) {
  bs_http_end(exchange->request);
  exchange->headers_length = 0;
  exchange->whole = false;
  if (!has_long_code(line, length)) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(exchange->transfer.call, BLOCKSTORE_STATUS_FAILED,
                         "%.300s: The answer has a code of more than three digits.", exchange->transfer.subject);
}

static size_t take_header(char *line, size_t size, size_t count, void *context) {
  struct exchange *exchange = context;
  size_t length = size * count;

  exchange->headers_seen += length;
  if (exchange->headers_seen > HEADERS_MOST) {
    exchange->transfer.stopped = blockstore_fail(exchange->transfer.call, BLOCKSTORE_STATUS_FAILED,
                                                 "%.300s: The answer has more than 64 KiB of headers.",
                                                 exchange->transfer.subject);
  } else if (length >= 5 && strncasecmp(line, "HTTP/", 5) == 0 && !exchange->request->sunk) { /* no trailer begins an answer */
    exchange->transfer.stopped = begin_answer(exchange, line, length);
  } else if (line[0] == '\r' || line[0] == '\n') {
    if (!exchange->whole) end_headers(exchange); /* else they are trailers */
  } else if (!keep_header(exchange, line, length)) {
    exchange->transfer.stopped = no_memory(exchange);
  }
  return exchange->transfer.stopped == BLOCKSTORE_STATUS_OK ? length : 0;
}

static enum blockstore_status take_body(struct bs_transfer *transfer, const void *bytes, size_t length) {
  struct exchange *exchange = transfer->context;
  struct bs_http_request *request = exchange->request;
  bool wanted = is_success(request) && request->reply_most > 0;
  size_t most = wanted ? request->reply_most : ERROR_MOST;

  if (request->sunk) return request->sink->write(request->sink, bytes, length);
  if (length > most - request->reply_length) {
    if (wanted)
      return blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED,
                             "%.300s: The answer is longer than the %zu bytes that were expected.", transfer->subject, most);
    length = most - request->reply_length;
    exchange->cut = true;
  }
  if (!append(&request->reply, &request->reply_length, bytes, length)) return no_memory(exchange);
  return exchange->cut ? BLOCKSTORE_STATUS_FAILED : BLOCKSTORE_STATUS_OK;
}

/* ---- the request ---- */

static bool add_header(struct exchange *exchange, const char *line) {
  struct curl_slist *grown = curl_slist_append(exchange->headers, line);

  if (grown != NULL) exchange->headers = grown;
  return grown != NULL;
}

/* An empty value is written "Name;" for libcurl, which removes a header that is written "Name:". */
static enum blockstore_status add_headers(struct exchange *exchange) {
  curl_slist_free_all(exchange->headers);
  exchange->headers = NULL;
  for (const char *const *line = exchange->request->headers; line != NULL && *line != NULL; line++) {
    size_t name = strcspn(*line, ":");
    char empty[128];
    bool is_empty = (*line)[name] == ':' && (*line)[name + 1 + strspn(*line + name + 1, " ")] == '\0';

    if (strpbrk(*line, "\r\n") != NULL || (*line)[name] != ':' || name == 0 || (is_empty && name >= sizeof empty - 1))
      return blockstore_fail(exchange->transfer.call, BLOCKSTORE_STATUS_FAILED, "%.300s: A header cannot be sent: %.*s",
                             exchange->transfer.subject, (int)(name > 80 ? 80 : name), *line);
    if (is_empty) snprintf(empty, sizeof empty, "%.*s;", (int)name, *line);
    if (!add_header(exchange, is_empty ? empty : *line)) return no_memory(exchange);
  }
  if (bs_transfer_body_size(&exchange->transfer.body) <= ASKED_FIRST && !add_header(exchange, "Expect:"))
    return no_memory(exchange);
  return BLOCKSTORE_STATUS_OK;
}

/* Each of these answers whether libcurl took all of it. */

static bool set_credentials(CURL *easy, const struct exchange *exchange) {
  const struct bs_http_credentials *credentials = exchange->request->credentials;
  unsigned failed = 0;

  if (credentials == NULL) return true;
  if (credentials->bearer != NULL) {
    failed |= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
    failed |= curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, credentials->bearer);
  } else if (credentials->user != NULL) {
    failed |= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)(exchange->digest ? CURLAUTH_DIGEST : CURLAUTH_BASIC));
    failed |= curl_easy_setopt(easy, CURLOPT_USERNAME, credentials->user);
    failed |= curl_easy_setopt(easy, CURLOPT_PASSWORD, credentials->password == NULL ? "" : credentials->password);
  }
  return failed == 0;
}

static bool set_method(CURL *easy, const struct exchange *exchange) {
  const char *method = exchange->request->method;
  uint64_t size = bs_transfer_body_size(&exchange->transfer.body);
  unsigned failed = 0;

  if (strcmp(method, "HEAD") == 0) return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
  if (size > 0 || strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0) {
    failed |= curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    failed |= curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
  } else {
    failed |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
  failed |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  return failed == 0;
}

static bool set_options(struct exchange *exchange) {
  CURL *easy = exchange->transfer.easy;
  unsigned failed = 0;

  failed |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  failed |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  failed |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  failed |= curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  failed |= curl_easy_setopt(easy, CURLOPT_USERAGENT, AGENT);
  failed |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
  failed |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  failed |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
  return failed == 0 && set_credentials(easy, exchange) && set_method(easy, exchange);
}

/* Makes the request ready and starts it, also when it goes out again. */
static enum blockstore_status start(struct exchange *exchange, struct bs_transfer_line *line, struct blockstore_call *call) {
  struct bs_http_request *request = exchange->request;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  bs_http_end(request);
  if (request->prepare != NULL) status = request->prepare(request, call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  exchange->transfer.body = (struct bs_transfer_body){.head = request->head,
                                                      .tail = request->tail,
                                                      .head_length = request->head_length,
                                                      .tail_length = request->tail_length,
                                                      .source = request->source,
                                                      .offset = request->offset,
                                                      .length = request->length};
  exchange->transfer.public_only = request->public_only;
  exchange->transfer.anonymous = request->anonymous;
  exchange->transfer.shown = request->shown;
  exchange->transfer.thinking_ms = request->thinking_ms;
  exchange->transfer.take = take_body;
  exchange->transfer.context = exchange;
  exchange->digest = exchange->digest || __atomic_load_n(&exchange->http->digest, __ATOMIC_RELAXED) != 0;
  exchange->headers_length = exchange->headers_seen = 0;
  exchange->whole = exchange->cut = false;
  status = bs_transfer_begin(&exchange->transfer, line, call, exchange->target == NULL ? request->url : exchange->target);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  status = add_headers(exchange);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (!set_options(exchange)) return no_memory(exchange);
  return bs_transfer_start(&exchange->transfer);
}

static void finish(struct exchange *exchange) {
  bs_transfer_end(&exchange->transfer);
  curl_slist_free_all(exchange->headers);
  free(exchange->target);
  *exchange = (struct exchange){0};
}

/* ---- going again ---- */

static bool has_same_part(CURLU *one, CURLU *other, CURLUPart part) {
  char *left = NULL, *right = NULL;
  bool same = curl_url_get(one, part, &left, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              curl_url_get(other, part, &right, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(left, right) == 0;

  curl_free(left);
  curl_free(right);
  return same;
}

/* One with a user in it is nobody's. */
static bool has_same_origin(const char *left, const char *right) {
  CURLU *one = curl_url(), *other = curl_url();
  unsigned flags = CURLU_PATH_AS_IS | CURLU_DISALLOW_USER;
  bool same = one != NULL && other != NULL && curl_url_set(one, CURLUPART_URL, left, flags) == CURLUE_OK &&
              curl_url_set(other, CURLUPART_URL, right, flags) == CURLUE_OK &&
              has_same_part(one, other, CURLUPART_SCHEME) && has_same_part(one, other, CURLUPART_HOST) &&
              has_same_part(one, other, CURLUPART_PORT);

  curl_url_cleanup(one);
  curl_url_cleanup(other);
  return same;
}

static bool is_redirect(int code) {
  return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

static bool should_follow(const struct exchange *exchange, const char **ret_target) {
  const struct bs_http_request *request = exchange->request;
  char *target = NULL;

  if (!request->follow || request->credentials != NULL || !is_redirect(request->code) ||
      exchange->redirects == REDIRECTS_MOST || (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0))
    return false;
  curl_easy_getinfo(exchange->transfer.easy, CURLINFO_REDIRECT_URL, &target);
  *ret_target = target;
  return target != NULL && has_same_origin(request->url, target);
}

/* The server refuses Basic and offers Digest. */
static bool should_digest(const struct exchange *exchange) {
  const struct bs_http_request *request = exchange->request;
  long offered = 0;

  if (request->code != 401 || exchange->digest || request->credentials == NULL || request->credentials->user == NULL)
    return false;
  curl_easy_getinfo(exchange->transfer.easy, CURLINFO_HTTPAUTH_AVAIL, &offered);
  return ((unsigned long)offered & CURLAUTH_DIGEST) != 0 && ((unsigned long)offered & CURLAUTH_BASIC) == 0;
}

/* An answer that is an error is one, also when its body did not come whole, or the request's was not sent to its end. */
static enum blockstore_status judge_transfer(const struct exchange *exchange) {
  const struct bs_transfer *transfer = &exchange->transfer;

  if (exchange->cut) return BLOCKSTORE_STATUS_OK;
  if (transfer->stopped != BLOCKSTORE_STATUS_CANCELLED && exchange->whole && exchange->request->code >= 300)
    return BLOCKSTORE_STATUS_OK;
  if (transfer->result == CURLE_OK && transfer->stopped == BLOCKSTORE_STATUS_OK && !exchange->whole) /* to libcurl all is well */
    return blockstore_fail(transfer->call, BLOCKSTORE_STATUS_TRANSIENT,
                           "%.300s: The connection was broken off in the head of the answer.", transfer->subject);
  /* Beyond libcurl's own bounds: 100 KiB a header, which 7.88 calls a lack of memory; since 8.14 also 5000 headers. */
  if (transfer->stopped == BLOCKSTORE_STATUS_OK &&
      (transfer->result == BS_FAULT_TOO_LARGE || (transfer->result == CURLE_OUT_OF_MEMORY && !exchange->whole)))
    return blockstore_fail(transfer->call, BLOCKSTORE_STATUS_FAILED,
                           "%.300s: The answer's headers are too many or too long, or there is not enough memory.",
                           transfer->subject);
  return bs_transfer_judge(transfer);
}

/* What came of it: OK with an answer, or *ret_again when the request must go out once more. */
static enum blockstore_status settle(struct exchange *exchange, bool *ret_again) {
  enum blockstore_status status = judge_transfer(exchange);
  const char *target = NULL;

  *ret_again = false;
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (should_digest(exchange)) {
    __atomic_store_n(&exchange->http->digest, 1, __ATOMIC_RELAXED);
    exchange->digest = *ret_again = true;
  } else if (should_follow(exchange, &target)) {
    char *copy = strndup(target, strcspn(target, "#"));

    if (copy == NULL) return no_memory(exchange);
    free(exchange->target);
    exchange->target = copy;
    exchange->redirects++;
    *ret_again = true;
  }
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_http_perform(struct bs_http *http, struct blockstore_call *call, struct bs_http_request *request) {
  struct exchange exchange = {.http = http, .request = request};
  struct bs_transfer_line *line = NULL;
  struct bs_transfer *over;
  enum blockstore_status status = bs_transfer_borrow(&line, http->pool, call);
  bool again = true;

  while (status == BLOCKSTORE_STATUS_OK && again) {
    status = start(&exchange, line, call);
    if (status == BLOCKSTORE_STATUS_OK) status = bs_transfer_wait(&over, line, call);
    if (status == BLOCKSTORE_STATUS_OK) status = settle(&exchange, &again);
  }
  finish(&exchange);
  bs_transfer_return(line);
  return status;
}

/* ---- many at once ---- */

struct crowd {
  struct exchange exchanges[BS_TRANSFER_PARALLEL_MOST];
  struct bs_http *http;
  struct bs_transfer_line *line;
  struct blockstore_call *call;
  struct bs_http_request *requests, *failed;
  size_t count, begun, running;
};

static enum blockstore_status start_in(struct crowd *crowd, struct exchange *exchange) {
  enum blockstore_status status = start(exchange, crowd->line, crowd->call);

  if (status != BLOCKSTORE_STATUS_OK) crowd->failed = exchange->request;
  return status;
}

/* Begins requests while there is room for them. */
static enum blockstore_status fill(struct crowd *crowd, unsigned parallel) {
  for (unsigned i = 0; i < parallel && crowd->begun < crowd->count; i++) {
    struct exchange *exchange = &crowd->exchanges[i];
    enum blockstore_status status;

    if (exchange->request != NULL) continue;
    exchange->http = crowd->http;
    exchange->request = &crowd->requests[crowd->begun++];
    crowd->running++;
    status = start_in(crowd, exchange);
    if (status != BLOCKSTORE_STATUS_OK) return status;
  }
  return BLOCKSTORE_STATUS_OK;
}

/* Waits for one to be over, and judges it. */
static enum blockstore_status drain(struct crowd *crowd) {
  struct bs_transfer *over;
  struct exchange *exchange;
  bool again;
  enum blockstore_status status = bs_transfer_wait(&over, crowd->line, crowd->call);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  exchange = over->context;
  status = settle(exchange, &again);
  if (status == BLOCKSTORE_STATUS_OK && again) return start_in(crowd, exchange);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_http_judge(exchange->request, crowd->call, "The request failed", NULL);
  if (status != BLOCKSTORE_STATUS_OK) {
    crowd->failed = exchange->request;
    return status;
  }
  finish(exchange);
  crowd->running--;
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_http_perform_all(struct bs_http *http, struct blockstore_call *call, struct bs_http_request *requests,
                                           size_t count, unsigned parallel, struct bs_http_request **ret_failed) {
  struct crowd *crowd = calloc(1, sizeof *crowd);
  enum blockstore_status status;

  if (crowd == NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory for the requests.");
  if (parallel > BS_TRANSFER_PARALLEL_MOST) parallel = BS_TRANSFER_PARALLEL_MOST;
  if (parallel == 0) parallel = 1;
  crowd->http = http;
  crowd->call = call;
  crowd->requests = requests;
  crowd->count = count;
  status = bs_transfer_borrow(&crowd->line, http->pool, call);
  while (status == BLOCKSTORE_STATUS_OK && (crowd->begun < count || crowd->running > 0)) {
    status = fill(crowd, parallel);
    if (status == BLOCKSTORE_STATUS_OK) status = drain(crowd);
  }
  for (unsigned i = 0; i < parallel; i++)
    if (crowd->exchanges[i].request != NULL) finish(&crowd->exchanges[i]);
  bs_transfer_return(crowd->line);
  if (status != BLOCKSTORE_STATUS_OK) *ret_failed = crowd->failed;
  free(crowd);
  return status;
}

/* ---- judging ---- */

static const struct {
  int code;
  enum blockstore_status status;
  const char *phrase;
} codes[] = {
    {300, BLOCKSTORE_STATUS_FAILED, "Multiple Choices"},
    {301, BLOCKSTORE_STATUS_FAILED, "Moved Permanently"},
    {302, BLOCKSTORE_STATUS_FAILED, "Found"},
    {303, BLOCKSTORE_STATUS_FAILED, "See Other"},
    {304, BLOCKSTORE_STATUS_FAILED, "Not Modified"},
    {307, BLOCKSTORE_STATUS_FAILED, "Temporary Redirect"},
    {308, BLOCKSTORE_STATUS_FAILED, "Permanent Redirect"},
    {400, BLOCKSTORE_STATUS_FAILED, "Bad Request"},
    {401, BLOCKSTORE_STATUS_DENIED, "Unauthorized"},
    {402, BLOCKSTORE_STATUS_FAILED, "Payment Required"},
    {403, BLOCKSTORE_STATUS_DENIED, "Forbidden"},
    {404, BLOCKSTORE_STATUS_NOT_FOUND, "Not Found"},
    {405, BLOCKSTORE_STATUS_UNSUPPORTED, "Method Not Allowed"},
    {407, BLOCKSTORE_STATUS_DENIED, "Proxy Authentication Required"},
    {408, BLOCKSTORE_STATUS_TRANSIENT, "Request Timeout"},
    {409, BLOCKSTORE_STATUS_CONFLICT, "Conflict"},
    {410, BLOCKSTORE_STATUS_NOT_FOUND, "Gone"},
    {411, BLOCKSTORE_STATUS_FAILED, "Length Required"},
    {412, BLOCKSTORE_STATUS_CONFLICT, "Precondition Failed"},
    {413, BLOCKSTORE_STATUS_TOO_LARGE, "Content Too Large"},
    {414, BLOCKSTORE_STATUS_FAILED, "URI Too Long"},
    {423, BLOCKSTORE_STATUS_FAILED, "Locked"},
    {425, BLOCKSTORE_STATUS_TRANSIENT, "Too Early"},
    {429, BLOCKSTORE_STATUS_TRANSIENT, "Too Many Requests"},
    {431, BLOCKSTORE_STATUS_FAILED, "Request Header Fields Too Large"},
    {500, BLOCKSTORE_STATUS_TRANSIENT, "Internal Server Error"},
    {501, BLOCKSTORE_STATUS_UNSUPPORTED, "Not Implemented"},
    {502, BLOCKSTORE_STATUS_TRANSIENT, "Bad Gateway"},
    {503, BLOCKSTORE_STATUS_TRANSIENT, "Service Unavailable"},
    {504, BLOCKSTORE_STATUS_TRANSIENT, "Gateway Timeout"},
    {507, BLOCKSTORE_STATUS_NO_SPACE, "Insufficient Storage"},
};

/* Hands on for how long the server asks to be left alone: seconds, or a date. */
static void tell_retry_after(const struct bs_http_request *request, struct blockstore_call *call) {
  char *value = bs_http_header(request, "retry-after");
  long long seconds;

  if (value == NULL) return;
  if (value[0] != '\0' && strspn(value, "0123456789") == strlen(value)) seconds = strtoll(value, NULL, 10);
  else /* a libcurl of 32 bits may have a shorter time_t than we have: what is above a long would be garbage */
    seconds = (long long)(long)curl_getdate(value, NULL) - (long long)time(NULL);
  if (seconds > 86400) seconds = 86400;
  if (seconds > 0) call->host->retry_after(call, (uint32_t)seconds * 1000);
  free(value);
}

/* What a server said, on one line: runs of blanks are one, and it is cut. */
static void clean(char *ret_text, size_t size, const char *said) {
  size_t length = 0;

  for (; said != NULL && *said != '\0' && length < size - 1; said++) {
    bool blank = isspace((unsigned char)*said) || iscntrl((unsigned char)*said);

    if (blank && (length == 0 || ret_text[length - 1] == ' ')) continue;
    if (blank) ret_text[length++] = ' ';
    else ret_text[length++] = *said;
  }
  while (length > 0 && ret_text[length - 1] == ' ') length--;
  ret_text[length] = '\0';
}

enum blockstore_status bs_http_judge(const struct bs_http_request *request, struct blockstore_call *call, const char *doing,
                                     const char *said) {
  enum blockstore_status status = BLOCKSTORE_STATUS_FAILED;
  const char *phrase = "", *shown = request->shown == NULL ? request->url : request->shown;
  char words[SAID_MOST + 1], *location = NULL;
  size_t length;

  if (is_success(request)) return BLOCKSTORE_STATUS_OK;
  if (request->code == 0) return status; /* what ended it has said so */
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    if (codes[i].code != request->code) continue;
    status = codes[i].status;
    phrase = codes[i].phrase;
  }
  if (status == BLOCKSTORE_STATUS_TRANSIENT) tell_retry_after(request, call);
  if (is_redirect(request->code)) {
    char *whole = bs_http_header(request, "location");

    said = location = whole == NULL ? NULL : bs_transfer_subject(whole);
    free(whole);
  }
  clean(words, sizeof words, said);
  length = strcspn(shown, "?#");
  if (length > SHOWN_MOST) length = SHOWN_MOST; /* so that the rest is never cut off */
  blockstore_fail(call, status, "%.*s: %s: the server answered %d%s%s%s%s.", (int)length, shown, doing, request->code,
                  phrase[0] == '\0' ? "" : " ", phrase,
                  words[0] == '\0' ? "" : location != NULL ? ", a redirect that is not followed, to " : ": ", words);
  free(location);
  return status;
}
