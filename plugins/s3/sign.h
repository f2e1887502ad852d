/* SPDX-License-Identifier: MIT */
/* Signature Version 4 of Amazon's services, for S3: the Authorization header of a request. */
#ifndef BS_PLUGINS_S3_SIGN_H
#define BS_PLUGINS_S3_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

#define BS_S3_REGION_LONGEST 64
#define BS_S3_KEY_LONGEST 128    /* of an access key id */
#define BS_S3_SECRET_LONGEST 512 /* of a secret access key */
#define BS_S3_DIGEST_SIZE 65     /* a SHA-256 as hexadecimal digits, with its NUL */
#define BS_S3_DATE_SIZE sizeof "20130524T000000Z"
#define BS_S3_AUTHORIZATION_SIZE 640

struct bs_s3_header {
  const char *name, *value; /* the name in lower case; the value without spaces at its ends */
};

/* Who signs what. */
struct bs_s3_signing {
  const char *access_key_id, *secret_access_key, *region; /* no longer than above */
  const char *date;                                       /* 20130524T000000Z, now */
  const char *method;
  const char *url;     /* as it is sent: all but BS_URL_PATH escaped; "name=value"s in the query, sorted and escaped */
  const char *payload; /* SHA-256 of the body, as digits */
  const struct bs_s3_header *headers; /* all that are to be signed, sorted by name; "host" is among them */
  size_t count;
};

/* Writes the header's value.  false: libcrypto failed, which it does for want of memory only. */
bool bs_s3_sign(char ret_authorization[BS_S3_AUTHORIZATION_SIZE], const struct bs_s3_signing *signing);

void bs_s3_digits(char ret_digits[BS_S3_DIGEST_SIZE], const unsigned char digest[32]);

#pragma GCC visibility pop
#endif
