/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/bench-driver/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DIGEST 32
#define BLOCK ((size_t)256 << 10)

static void must(int done) {
  if (done) return;
  fputs("bench-floor: a request cannot be signed\n", stderr);
  abort();
}

static void write_digits(char ret_digits[2 * DIGEST + 1], const unsigned char digest[DIGEST]) {
  for (size_t i = 0; i < DIGEST; i++) snprintf(ret_digits + 2 * i, 3, "%02x", digest[i]);
}

static void hash_body(char ret_digits[2 * DIGEST + 1], FILE *body) {
  static unsigned char block[BLOCK];
  unsigned char digest[DIGEST];
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  size_t length;

  must(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL));
  while (body != NULL && (length = fread(block, 1, sizeof block, body)) > 0) must(EVP_DigestUpdate(context, block, length));
  must(EVP_DigestFinal_ex(context, digest, NULL));
  EVP_MD_CTX_free(context);
  if (body != NULL) rewind(body);
  write_digits(ret_digits, digest);
}

static void hash_text(char ret_digits[2 * DIGEST + 1], const char *text) {
  unsigned char digest[DIGEST];

  must(EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL));
  write_digits(ret_digits, digest);
}

static void fold(unsigned char key[DIGEST], const char *text) {
  unsigned char result[DIGEST];

  must(HMAC(EVP_sha256(), key, DIGEST, (const unsigned char *)text, strlen(text), result, NULL) != NULL);
  memcpy(key, result, DIGEST);
}

/* The scope's key by four foldings, then the signature of the statement. */
static void make_signature(char ret_digits[2 * DIGEST + 1], const struct signed_request *request, const char *day,
                           const char *statement) {
  unsigned char key[DIGEST];
  char secret[LINE_MOST];
  int length = snprintf(secret, sizeof secret, "AWS4%s", strchr(request->user, ':') + 1);

  must(HMAC(EVP_sha256(), secret, length, (const unsigned char *)day, strlen(day), key, NULL) != NULL);
  fold(key, request->region);
  fold(key, "s3");
  fold(key, "aws4_request");
  fold(key, statement);
  write_digits(ret_digits, key);
}

static int by_text(const void *left, const void *right) {
  return strcmp(left, right);
}

/* The request in the form that is signed, its hash in hexadecimal digits; and the names of its headers. */
static void hash_request(char ret_digits[2 * DIGEST + 1], char *ret_names, size_t size, const struct signed_request *request,
                         const char *payload) {
  char lines[HEADERS_MOST + 1][LINE_MOST], text[2 * HEADERS_MOST * LINE_MOST];
  const char *host = strstr(request->url, "://") + 3, *path = strchr(host, '/');
  int used = snprintf(text, sizeof text, "%s\n%s\n\n", request->method, path), named = 0;

  memcpy(lines, request->lines, sizeof request->lines);
  snprintf(lines[request->count], LINE_MOST, "host: %.*s", (int)(path - host), host);
  qsort(lines, request->count + 1, sizeof lines[0], by_text);
  for (size_t i = 0; i <= request->count; i++) {
    int name = (int)strcspn(lines[i], ":");

    used += snprintf(text + used, sizeof text - (size_t)used, "%.*s:%s\n", name, lines[i], lines[i] + name + 2);
    named += snprintf(ret_names + named, size - (size_t)named, "%s%.*s", i == 0 ? "" : ";", name, lines[i]);
  }
  snprintf(text + used, sizeof text - (size_t)used, "\n%s\n%s", ret_names, payload);
  hash_text(ret_digits, text);
}

void sign_request(struct signed_request *request) {
  char payload[2 * DIGEST + 1], digits[2 * DIGEST + 1], signature[2 * DIGEST + 1];
  char date[32], scope[LINE_MOST / 4], names[LINE_MOST / 4], statement[LINE_MOST];
  time_t now = time(NULL);
  struct tm tm;

  must(request->count + 3 <= HEADERS_MOST);
  hash_body(payload, request->body);
  must(strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm)) > 0);
  snprintf(request->lines[request->count++], LINE_MOST, "x-amz-content-sha256: %s", payload);
  snprintf(request->lines[request->count++], LINE_MOST, "x-amz-date: %s", date);
  hash_request(digits, names, sizeof names, request, payload);
  snprintf(scope, sizeof scope, "%.8s/%s/s3/aws4_request", date, request->region);
  snprintf(statement, sizeof statement, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, digits);
  date[8] = '\0';
  make_signature(signature, request, date, statement);
  snprintf(request->lines[request->count++], LINE_MOST,
           "authorization: AWS4-HMAC-SHA256 Credential=%.*s/%s,SignedHeaders=%s,Signature=%s",
           (int)strcspn(request->user, ":"), request->user, scope, names, signature);
}
