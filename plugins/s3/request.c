/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/s3/request.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* EVP's digests, which these functions are deprecated for, are for algorithms that are chosen while a program runs. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "plugins/s3/answer.h"
#include "plugins/s3/sign.h"

#define CHUNK ((size_t)256 << 10) /* bytes between two looks at the clock */
#define REPLY_MOST ((size_t)64 << 10)

/* The SHA-256 of the body: the source is read for it, and once more to be sent. */
static enum blockstore_status digest_body(const struct bs_http_request *http, struct blockstore_call *call,
                                          char ret_digits[BS_S3_DIGEST_SIZE]) {
  unsigned char *buffer BS_AUTO_FREE = http->length == 0 ? NULL : malloc(CHUNK), digest[SHA256_DIGEST_LENGTH];
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  SHA256_CTX context;

  if (http->length > 0 && buffer == NULL) return bs_plugin_fail_memory(call);
  SHA256_Init(&context);
  if (http->head_length > 0) SHA256_Update(&context, http->head, http->head_length);
  for (uint64_t done = 0; done < http->length; done += CHUNK) {
    size_t step = http->length - done < CHUNK ? (size_t)(http->length - done) : CHUNK;

    status = blockstore_go_on(call);
    if (status == BLOCKSTORE_STATUS_OK) status = http->source->read_at(http->source, buffer, step, http->offset + done);
    if (status != BLOCKSTORE_STATUS_OK) return status;
    SHA256_Update(&context, buffer, step);
  }
  if (http->tail_length > 0) SHA256_Update(&context, http->tail, http->tail_length);
  SHA256_Final(digest, &context);
  bs_s3_digits(ret_digits, digest);
  return BLOCKSTORE_STATUS_OK;
}

static void end_lines(struct bs_s3_request *request) {
  for (size_t i = 0; i < BS_S3_LINES && request->lines[i] != NULL; i++) {
    OPENSSL_cleanse(request->lines[i], strlen(request->lines[i])); /* a session token is among them */
    free(request->lines[i]);
    request->lines[i] = NULL;
  }
}

/* Writes the header lines that are sent: all but the host, which libcurl sends. */
static bool write_lines(struct bs_s3_request *request, const struct bs_s3_header *headers, size_t count) {
  size_t used = 0;

  end_lines(request);
  for (size_t i = 0; i < count; i++) {
    if (strcmp(headers[i].name, "host") == 0) continue;
    if (asprintf(&request->lines[used], "%s: %s", headers[i].name, headers[i].value) < 0) {
      request->lines[used] = NULL;
      return false;
    }
    used++;
  }
  return true;
}

/* What is signed of the headers, sorted by name, with the host; their count.  In: digits, date: NULL without credentials. */
static size_t gather(struct bs_s3_header headers[BS_S3_LINES], const struct bs_s3_request *request, const char *digits,
                     const char *date) {
  const struct bs_s3 *s3 = request->s3;
  const char *host = strstr(s3->place.forms[BS_S3_OWN].origin, "://") + 3;
  bool makes = (request->intents & BS_S3_MAKES) != 0, if_none = (request->intents & BS_S3_IF_NONE) != 0;
  const struct bs_s3_header all[] = {
      {"content-type", makes ? "application/octet-stream" : NULL},
      {"host", host},
      {"if-none-match", if_none ? "*" : NULL},
      {"x-amz-content-sha256", digits},
      {"x-amz-date", date},
      {"x-amz-security-token", s3->credentials.session_token},
      {"x-amz-storage-class", makes ? s3->storage_class : NULL},
  };
  size_t count = 0;

  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    if (all[i].value != NULL) headers[count++] = all[i];
  return count;
}

/* Its headers, and their signature: the date must be of now, so they are made just before the request goes out. */
static enum blockstore_status prepare(struct bs_http_request *http, struct blockstore_call *call) {
  struct bs_s3_request *request = http->context;
  const struct bs_s3_credentials *credentials = &request->s3->credentials;
  char digits[BS_S3_DIGEST_SIZE], date[BS_S3_DATE_SIZE], authorization[BS_S3_AUTHORIZATION_SIZE];
  struct bs_s3_header headers[BS_S3_LINES];
  bool known = credentials->access_key_id != NULL;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  size_t count;
  time_t now;
  struct tm tm;

  if (request->digest != NULL) snprintf(digits, sizeof digits, "%s", request->digest);
  else if (known) status = digest_body(http, call, digits);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  now = time(NULL);
  if (gmtime_r(&now, &tm) == NULL || strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", &tm) == 0)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "This computer's clock shows no date that can be written.");
  count = gather(headers, request, known ? digits : NULL, known ? date : NULL);
  if (known) {
    struct bs_s3_signing signing = {credentials->access_key_id, credentials->secret_access_key, request->s3->place.region, date,
                                    http->method, http->url, digits, headers, count};

    if (!bs_s3_sign(authorization, &signing)) return bs_plugin_fail_memory(call);
    headers[count++] = (struct bs_s3_header){"authorization", authorization};
  }
  if (!write_lines(request, headers, count)) return bs_plugin_fail_memory(call);
  http->headers = (const char *const *)request->lines;
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_s3_request_init(struct bs_http_request *ret_http, struct bs_s3_request *ret_request,
                                          struct blockstore_call *call, const struct bs_s3 *s3, const char *method,
                                          const char *object, const char *query) {
  char *url BS_AUTO_FREE = bs_s3_place_url(&s3->place, object);

  ret_request->s3 = s3;
  if (url == NULL) return bs_plugin_fail_memory(call);
  if (asprintf(&ret_request->url, "%s%s%s", url, query[0] == '\0' ? "" : "?", query) < 0) {
    ret_request->url = NULL;
    return bs_plugin_fail_memory(call);
  }
  ret_http->method = method;
  ret_http->url = ret_request->url;
  ret_http->reply_most = REPLY_MOST;
  ret_http->prepare = prepare;
  ret_http->context = ret_request;
  return BLOCKSTORE_STATUS_OK;
}

void bs_s3_request_end(struct bs_s3_request *request) {
  end_lines(request);
  free(request->url);
}

enum blockstore_status bs_s3_perform(struct bs_http_request *http, struct blockstore_call *call, const char *doing) {
  const struct bs_s3 *s3 = ((const struct bs_s3_request *)http->context)->s3;
  enum blockstore_status status = bs_http_perform(s3->http, call, http);

  return status == BLOCKSTORE_STATUS_OK ? bs_s3_judge(http, call, &s3->place, doing) : status;
}
