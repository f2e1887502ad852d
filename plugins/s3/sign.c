/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/s3/sign.h"

#include <stdio.h>
#include <string.h>

/* EVP's digests, which these functions are deprecated for, are for algorithms that are chosen while a program runs. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DAY_LENGTH 8 /* of the date */
#define NAMES_SIZE 256

void bs_s3_digits(char ret_digits[BS_S3_DIGEST_SIZE], const unsigned char digest[32]) {
  static const char digits[] = "0123456789abcdef";

  for (size_t i = 0; i < 32; i++) {
    ret_digits[2 * i] = digits[digest[i] >> 4];
    ret_digits[2 * i + 1] = digits[digest[i] & 15];
  }
  ret_digits[BS_S3_DIGEST_SIZE - 1] = '\0';
}

static void add(SHA256_CTX *context, const char *bytes, size_t length, const char *after) {
  SHA256_Update(context, bytes, length);
  SHA256_Update(context, after, strlen(after));
}

/* "host;x-amz-date" */
static void join_names(char ret_names[NAMES_SIZE], const struct bs_s3_signing *signing) {
  size_t used = 0;

  ret_names[0] = '\0';
  for (size_t i = 0; i < signing->count && used < NAMES_SIZE; i++)
    used += (size_t)snprintf(ret_names + used, NAMES_SIZE - used, "%s%s", i == 0 ? "" : ";", signing->headers[i].name);
}

/* The digest of the canonical request: what of it is signed, in the one form that both sides make of it. */
static void digest_request(char ret_digits[BS_S3_DIGEST_SIZE], const struct bs_s3_signing *signing, const char *names) {
  const char *host = strstr(signing->url, "://"), *path = strchr(host == NULL ? signing->url : host + 3, '/');
  size_t path_length = path == NULL ? 0 : strcspn(path, "?");
  const char *query = path != NULL && path[path_length] == '?' ? path + path_length + 1 : "";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256_CTX context;

  SHA256_Init(&context);
  add(&context, signing->method, strlen(signing->method), "\n");
  add(&context, path, path_length, path_length == 0 ? "/\n" : "\n");
  add(&context, query, strlen(query), "\n");
  for (size_t i = 0; i < signing->count; i++) {
    add(&context, signing->headers[i].name, strlen(signing->headers[i].name), ":");
    add(&context, signing->headers[i].value, strlen(signing->headers[i].value), "\n");
  }
  add(&context, "", 0, "\n");
  add(&context, names, strlen(names), "\n");
  add(&context, signing->payload, strlen(signing->payload), "");
  SHA256_Final(digest, &context);
  bs_s3_digits(ret_digits, digest);
}

/* key = HMAC(key, text) */
static bool fold(unsigned char key[SHA256_DIGEST_LENGTH], const char *text, size_t length) {
  unsigned char result[SHA256_DIGEST_LENGTH];
  bool done = HMAC(EVP_sha256(), key, SHA256_DIGEST_LENGTH, (const unsigned char *)text, length, result, NULL) != NULL;

  if (done) memcpy(key, result, sizeof result);
  OPENSSL_cleanse(result, sizeof result);
  return done;
}

/* The day's key for the region, then the signature of `statement` in its place. */
static bool seal(unsigned char key[SHA256_DIGEST_LENGTH], const struct bs_s3_signing *signing, const char *statement) {
  char secret[sizeof "AWS4" + BS_S3_SECRET_LONGEST];
  int length = snprintf(secret, sizeof secret, "AWS4%s", signing->secret_access_key);
  bool done = HMAC(EVP_sha256(), secret, length, (const unsigned char *)signing->date, DAY_LENGTH, key, NULL) != NULL;

  OPENSSL_cleanse(secret, sizeof secret);
  return done && fold(key, signing->region, strlen(signing->region)) && fold(key, "s3", 2) &&
         fold(key, "aws4_request", strlen("aws4_request")) && fold(key, statement, strlen(statement));
}

bool bs_s3_sign(char ret_authorization[BS_S3_AUTHORIZATION_SIZE], const struct bs_s3_signing *signing) {
  char request[BS_S3_DIGEST_SIZE], signature[BS_S3_DIGEST_SIZE], names[NAMES_SIZE];
  char scope[sizeof "20130524//s3/aws4_request" + BS_S3_REGION_LONGEST];
  char statement[sizeof ALGORITHM + BS_S3_DATE_SIZE + sizeof scope + BS_S3_DIGEST_SIZE];
  unsigned char key[SHA256_DIGEST_LENGTH] = {0};
  bool done;

  join_names(names, signing);
  digest_request(request, signing, names);
  snprintf(scope, sizeof scope, "%.*s/%s/s3/aws4_request", DAY_LENGTH, signing->date, signing->region);
  snprintf(statement, sizeof statement, ALGORITHM "\n%s\n%s\n%s", signing->date, scope, request);
  done = seal(key, signing, statement);
  if (done) {
    bs_s3_digits(signature, key);
    snprintf(ret_authorization, BS_S3_AUTHORIZATION_SIZE, ALGORITHM " Credential=%s/%s,SignedHeaders=%s,Signature=%s",
             signing->access_key_id, scope, names, signature);
  }
  OPENSSL_cleanse(key, sizeof key);
  return done;
}
