/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/s3/multipart.h"

#include <stdio.h>
#include <string.h>

#include "plugins/common/errand.h"
#include "plugins/common/url.h"
#include "plugins/s3/answer.h"

#define AT_ONCE 4 /* parts on their way */
#define ID_LONGEST 1024
#define COMPLETING_MS (10 * 60 * 1000) /* AWS: "several minutes" */

static const char doing[] = "The object cannot be put";

struct upload {
  const struct bs_s3 *s3;
  struct blockstore_call *call;
  const char *object;
  const struct blockstore_source *source;
  char id[3 * ID_LONGEST + 1]; /* escaped; "" before the upload has begun */
  size_t count; /* of parts */
  struct bs_http_request *requests;
  struct bs_s3_request *parts; /* what each of them has beside */
};

uint64_t bs_s3_part_size(uint64_t size) {
  uint64_t part = BS_S3_PART;

  while (size > part * BS_S3_PARTS_MOST) part *= 2;
  return part;
}

static enum blockstore_status begin(struct upload *upload) {
  struct bs_http_request http BS_AUTO_HTTP = {0};
  struct bs_s3_request request BS_AUTO_S3_REQUEST = {0};
  char id[ID_LONGEST + 1];
  enum blockstore_status status;

  status = bs_s3_request_init(&http, &request, upload->call, upload->s3, "POST", upload->object, "uploads=");
  request.intents = BS_S3_MAKES;
  if (status == BLOCKSTORE_STATUS_OK) status = bs_s3_perform(&http, upload->call, doing);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (!bs_s3_element(id, sizeof id, http.reply, "UploadId") || id[0] == '\0')
    return blockstore_fail(upload->call, BLOCKSTORE_STATUS_FAILED, "%.300s: %s: The answer to a new upload names no UploadId.",
                           upload->object, doing);
  bs_url_escape(upload->id, sizeof upload->id, id, strlen(id), BS_URL_UNRESERVED);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status make_parts(struct upload *upload) {
  uint64_t size = upload->source->size, part = bs_s3_part_size(size);
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  upload->count = (size_t)((size + part - 1) / part);
  upload->requests = calloc(upload->count, sizeof *upload->requests);
  upload->parts = calloc(upload->count, sizeof *upload->parts);
  if (upload->requests == NULL || upload->parts == NULL) return bs_s3_fail_memory(upload->call);
  for (size_t i = 0; i < upload->count && status == BLOCKSTORE_STATUS_OK; i++) {
    struct bs_http_request *http = &upload->requests[i];
    char query[sizeof upload->id + 64];

    snprintf(query, sizeof query, "partNumber=%zu&uploadId=%s", i + 1, upload->id);
    status = bs_s3_request_init(http, &upload->parts[i], upload->call, upload->s3, "PUT", upload->object, query);
    http->source = upload->source;
    http->offset = i * part;
    http->length = size - http->offset < part ? size - http->offset : part;
  }
  return status;
}

static void end_parts(struct upload *upload) {
  for (size_t i = 0; i < upload->count; i++) {
    if (upload->requests != NULL) bs_http_end(&upload->requests[i]);
    if (upload->parts != NULL) bs_s3_request_end(&upload->parts[i]);
  }
  free(upload->requests);
  free(upload->parts);
}

static enum blockstore_status send_parts(struct upload *upload) {
  struct bs_http_request *failed = NULL;
  enum blockstore_status status = make_parts(upload), judged = BLOCKSTORE_STATUS_OK;

  if (status == BLOCKSTORE_STATUS_OK)
    status = bs_http_perform_all(upload->s3->http, upload->call, upload->requests, upload->count, AT_ONCE, &failed);
  if (status == BLOCKSTORE_STATUS_OK || failed == NULL || failed->code < 300) return status;
  judged = bs_s3_judge(failed, upload->call, &upload->s3->place, doing);
  /* An upload that is gone is no absent object. */
  return judged == BLOCKSTORE_STATUS_NOT_FOUND ? BLOCKSTORE_STATUS_FAILED : judged;
}

/* The list of the parts' tags, by free(); NULL: no memory, or a part without a tag that can be written. */
static char *list_parts(const struct upload *upload, size_t *ret_length) {
  char *text = NULL;
  FILE *stream = open_memstream(&text, ret_length);
  bool failed = stream == NULL;

  if (failed) return NULL;
  fputs("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", stream);
  for (size_t i = 0; i < upload->count && !failed; i++) {
    char *tag BS_AUTO_FREE = bs_http_header(&upload->requests[i], "etag");

    failed = tag == NULL || strpbrk(tag, "<>&") != NULL ||
             fprintf(stream, "<Part><PartNumber>%zu</PartNumber><ETag>%s</ETag></Part>", i + 1, tag) < 0;
  }
  fputs("</CompleteMultipartUpload>", stream);
  failed = ferror(stream) != 0 || failed;
  if (fclose(stream) == 0 && !failed) return text;
  free(text);
  return NULL;
}

/* Makes an object of the parts.  A server may answer 200 before it knows whether it can. */
static enum blockstore_status complete(struct upload *upload, bool if_none, int *ret_code) {
  struct bs_http_request http BS_AUTO_HTTP = {0};
  struct bs_s3_request request BS_AUTO_S3_REQUEST = {0};
  char query[sizeof upload->id + 16];
  char *list BS_AUTO_FREE = list_parts(upload, &http.head_length);
  enum blockstore_status status;

  if (list == NULL)
    return blockstore_fail(upload->call, BLOCKSTORE_STATUS_FAILED,
                           "%.300s: %s: The server gave no ETag for a part, or memory ran out.", upload->object, doing);
  snprintf(query, sizeof query, "uploadId=%s", upload->id);
  status = bs_s3_request_init(&http, &request, upload->call, upload->s3, "POST", upload->object, query);
  http.head = list;
  http.thinking_ms = COMPLETING_MS;
  if (if_none) request.intents = BS_S3_IF_NONE;
  if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(upload->call);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_s3_perform(&http, upload->call, doing);
  *ret_code = http.code;
  if (status == BLOCKSTORE_STATUS_OK && (http.reply == NULL || strstr(http.reply, "<CompleteMultipartUploadResult") == NULL))
    return blockstore_fail(upload->call, BLOCKSTORE_STATUS_TRANSIENT, "%.300s: %s: The server did not confirm the upload.",
                           upload->object, doing);
  return status;
}

/* Parts that nobody completes or aborts stay, unseen, and cost. */
static void abort_upload(struct upload *upload) {
  struct bs_http_request http BS_AUTO_HTTP = {0};
  struct bs_s3_request request BS_AUTO_S3_REQUEST = {0};
  struct bs_errand errand;
  char query[sizeof upload->id + 16];
  enum blockstore_status status;

  bs_errand_after(&errand, upload->call);
  snprintf(query, sizeof query, "uploadId=%s", upload->id);
  status = bs_s3_request_init(&http, &request, &errand.call, upload->s3, "DELETE", upload->object, query);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_s3_perform(&http, &errand.call, "The upload cannot be aborted");
  if (status != BLOCKSTORE_STATUS_OK && http.code != 404)
    blockstore_log(upload->call, BLOCKSTORE_LOG_WARNING, "%s: Parts of an upload that failed are left at the server: %s",
                   upload->object, errand.reason);
}

enum blockstore_status bs_s3_put_in_parts(struct bs_s3 *s3, struct blockstore_call *call, const char *object,
                                          const struct blockstore_source *source, bool if_none, int *ret_code) {
  struct upload upload = {.s3 = s3, .call = call, .object = object, .source = source};
  bool conditional = if_none && !s3->unconditional;
  enum blockstore_status status = begin(&upload);

  if (status == BLOCKSTORE_STATUS_OK) status = send_parts(&upload);
  if (status == BLOCKSTORE_STATUS_OK) {
    status = complete(&upload, conditional, ret_code);
    if (conditional && *ret_code == BS_S3_UNKNOWN_CONDITION) {
      s3->unconditional = true;
      status = complete(&upload, false, ret_code);
    }
  }
  if (status != BLOCKSTORE_STATUS_OK && upload.id[0] != '\0') abort_upload(&upload);
  end_parts(&upload);
  return status;
}
