/* SPDX-License-Identifier: MIT */
/*
 * Signatures, against the four examples that Amazon publishes in the S3 API reference ("Authenticating Requests: Using
 * the Authorization Header"): bucket, key pair and signatures are the ones printed there.
 */
#include <config.h>

#include "plugins/s3/sign.h"
#include "t/lib/unit.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define WELCOME "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072" /* "Welcome to Amazon S3." */
#define HOST "examplebucket.s3.amazonaws.com"
#define DATE "20130524T000000Z"

static const struct bs_s3_header plain[] = {{"host", HOST}, {"x-amz-content-sha256", EMPTY}, {"x-amz-date", DATE}};
static const struct bs_s3_header ranged[] = {
    {"host", HOST}, {"range", "bytes=0-9"}, {"x-amz-content-sha256", EMPTY}, {"x-amz-date", DATE}};
static const struct bs_s3_header putting[] = {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                                              {"host", HOST},
                                              {"x-amz-content-sha256", WELCOME},
                                              {"x-amz-date", DATE},
                                              {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};

static const struct {
  const char *method, *url, *payload, *names, *signature;
  const struct bs_s3_header *headers;
  size_t count;
} examples[] = {
    {"GET", "https://" HOST "/test.txt", EMPTY, "host;range;x-amz-content-sha256;x-amz-date",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", ranged, 4},
    {"PUT", "https://" HOST "/test%24file.text", WELCOME, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", putting, 5},
    {"GET", "https://" HOST "/?lifecycle=", EMPTY, "host;x-amz-content-sha256;x-amz-date",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", plain, 3},
    {"GET", "https://" HOST "/?max-keys=2&prefix=J", EMPTY, "host;x-amz-content-sha256;x-amz-date",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", plain, 3},
};

static struct bs_s3_signing signing_of(size_t index) {
  return (struct bs_s3_signing){.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                                .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                .region = "us-east-1",
                                .date = DATE,
                                .method = examples[index].method,
                                .url = examples[index].url,
                                .payload = examples[index].payload,
                                .headers = examples[index].headers,
                                .count = examples[index].count};
}

static void published_examples_are_signed_alike(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
    char authorization[BS_S3_AUTHORIZATION_SIZE], expected[BS_S3_AUTHORIZATION_SIZE];
    struct bs_s3_signing signing = signing_of(i);

    snprintf(expected, sizeof expected,
             "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=%s,Signature=%s",
             examples[i].names, examples[i].signature);
    assert_true(bs_s3_sign(authorization, &signing));
    assert_string_equal(authorization, expected);
  }
}

/* A URL without a path is that of "/". */
static void no_path_is_the_root(void **state) {
  char bare[BS_S3_AUTHORIZATION_SIZE], root[BS_S3_AUTHORIZATION_SIZE];
  struct bs_s3_signing signing = signing_of(2);

  (void)state;
  signing.url = "https://" HOST;
  assert_true(bs_s3_sign(bare, &signing));
  signing.url = "https://" HOST "/";
  assert_true(bs_s3_sign(root, &signing));
  assert_string_equal(bare, root);
}

static char *text_of(size_t length) {
  char *text = malloc(length + 1);

  assert_non_null(text);
  memset(text, 'x', length);
  text[length] = '\0';
  return text;
}

/* The longest of everything has room; a secret differs from another in its last letter too. */
static void the_longest_has_room(void **state) {
  char *key = text_of(BS_S3_KEY_LONGEST), *secret = text_of(BS_S3_SECRET_LONGEST), *region = text_of(BS_S3_REGION_LONGEST);
  char first[BS_S3_AUTHORIZATION_SIZE], second[BS_S3_AUTHORIZATION_SIZE];
  struct bs_s3_signing signing = signing_of(1);

  (void)state;
  signing.access_key_id = key;
  signing.secret_access_key = secret;
  signing.region = region;
  assert_true(bs_s3_sign(first, &signing));
  assert_int_equal(strlen(strstr(first, "Signature=")), strlen("Signature=") + 64);
  secret[BS_S3_SECRET_LONGEST - 1] = 'y';
  assert_true(bs_s3_sign(second, &signing));
  assert_string_not_equal(first, second);
  free(key);
  free(secret);
  free(region);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_examples_are_signed_alike),
      cmocka_unit_test(no_path_is_the_root),
      cmocka_unit_test(the_longest_has_room),
  };

  return RUN_TESTS(tests);
}
