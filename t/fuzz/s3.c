/* SPDX-License-Identifier: MIT */
/* What the s3 driver reads: the answers of servers, URLs out of routes, files with credentials. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "plugins/s3/answer.h"
#include "plugins/s3/profile.h"
#include "t/fuzz/targets.h"

#define OBJECT_URL "https://s3.example.org/bucket/prefix/x"

static char origin[] = "https://s3.example.org", path[] = "/bucket/", other[] = "https://bucket.s3.example.org", root[] = "/",
            brief[] = "s3://bucket", bucket[] = "bucket", prefix[] = "prefix/";
static const struct bs_s3_place place = {
    .forms = {{origin, path}, {other, root}, {brief, root}}, .bucket = bucket, .prefix = prefix, .region = "here-1"};

/* A call that remembers what it was told. */
struct told {
  struct blockstore_call call;
  size_t length; /* of the last sentence */
  bool secret;   /* it had the query in it */
};

static void set_error(struct blockstore_call *call, const char *sentence) {
  struct told *told = (struct told *)call;

  told->length = strlen(sentence);
  told->secret = strstr(sentence, "uploadId") != NULL;
}

static void retry_after(struct blockstore_call *call, uint32_t milliseconds) {
  (void)call;
  PROMISED(milliseconds > 0 && milliseconds <= 86400000);
}

static const struct blockstore_host host = {.magic = BLOCKSTORE_HOST_MAGIC,
                                            .abi_major = BLOCKSTORE_ABI_MAJOR,
                                            .abi_minor = BLOCKSTORE_ABI_MINOR,
                                            .struct_size = sizeof host,
                                            .set_error = set_error,
                                            .retry_after = retry_after};

/* "404\nname: value\n...\n\nthe body": the code, the headers as http.c keeps them, and what came. */
void bs_fuzz_s3_answer(const uint8_t *bytes, size_t length) {
  char *text BS_AUTO_FREE = bs_fuzz_string(bytes, length), *headers = strchr(text, '\n');
  char *body = headers == NULL ? NULL : strstr(headers, "\n\n");
  struct told told = {.call = {.struct_size = sizeof told.call, .host = &host}};
  struct bs_http_request request = {.method = "PUT", .url = OBJECT_URL "?uploadId=1", .code = (int)strtol(text, NULL, 10)};
  enum blockstore_status status;
  char element[16];

  if (request.code < 100 || request.code > 599 || body == NULL) return;
  body[1] = '\0';
  request.answer_headers = headers + 1;
  request.reply = body + 2;
  request.reply_length = strlen(request.reply);
  status = bs_s3_judge(&request, &told.call, &place, "It failed");
  PROMISED(status == BLOCKSTORE_STATUS_OK || told.length > 0);
  PROMISED(!told.secret || strstr(request.answer_headers, "uploadId") != NULL || strstr(request.reply, "uploadId") != NULL);
  PROMISED(status != BLOCKSTORE_STATUS_OK || request.code / 100 == 2);
  PROMISED(status != BLOCKSTORE_STATUS_NOT_FOUND || strstr(request.reply, "<Code>NoSuchKey</Code>") != NULL);
  PROMISED(bs_s3_element(element, sizeof element, request.reply, "UploadId") || element[0] == '\0');
  PROMISED(strlen(element) < sizeof element);
}

/* The first line is the profile, the rest the file. */
void bs_fuzz_s3_profile(const uint8_t *bytes, size_t length) {
  char *profile BS_AUTO_FREE = bs_fuzz_string(bytes, length), *text = profile + strcspn(profile, "\n");
  char *value BS_AUTO_FREE = NULL;
  bool there;

  if (*text != '\0') *text++ = '\0';
  value = bs_s3_profile_value(&there, text, profile, "aws_secret_access_key");
  PROMISED(value == NULL || (there && value[0] != '\0' && strchr(value, '\n') == NULL && strstr(text, value) != NULL));
}

/* A URL that is taken is one of a mutable object's, and the store's own URL of that is taken for the same. */
void bs_fuzz_s3_url(const uint8_t *bytes, size_t length) {
  char *url BS_AUTO_FREE = bs_fuzz_string(bytes, length), *own BS_AUTO_FREE = NULL;
  struct bs_layout layout, again;

  if (!bs_s3_place_take(&place, &layout, url)) return;
  PROMISED(strncmp(layout.path, "mutable/", 8) == 0);
  own = bs_s3_place_url(&place, layout.path);
  PROMISED(own != NULL && bs_s3_place_take(&place, &again, own) && strcmp(again.path, layout.path) == 0);
}
