/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/s3/multipart.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/errand.h"
#include "plugins/common/url.h"
#include "plugins/s3/answer.h"

#define AT_ONCE 4  /* parts on their way */
#define BATCH 32   /* requests that are in memory */
#define TRIES 3    /* of parts that fail for now, before the upload does */
#define RESTS 4      /* between them */
#define REST_MS 250  /* for which nobody looks whether the call is over */
#define ID_LONGEST 1024
#define COMPLETING_MS (10 * 60 * 1000) /* AWS: "several minutes" */
#define TAG_LONGEST 127

static const char doing[] = "The object cannot be put";

struct upload {
  const struct bs_s3 *s3;
  struct blockstore_call *call;
  const char *object;
  const struct blockstore_source *source;
  char id[3 * ID_LONGEST + 1]; /* escaped; "" before the upload has begun */
  size_t count, there;         /* parts in all, and at the server */
  char (*tags)[TAG_LONGEST + 1]; /* of each part; "" while it is not there */
};

/* Parts that are sent together. */
struct batch {
  size_t count;
  size_t numbers[BATCH]; /* from 0 */
  struct bs_http_request requests[BATCH];
  struct bs_s3_request parts[BATCH];
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

static enum blockstore_status add_part(const struct upload *upload, struct batch *batch, size_t number) {
  uint64_t size = upload->source->size, part = bs_s3_part_size(size);
  struct bs_http_request *http = &batch->requests[batch->count];
  struct bs_s3_request *request = &batch->parts[batch->count];
  char query[sizeof upload->id + 64];

  batch->numbers[batch->count++] = number;
  snprintf(query, sizeof query, "partNumber=%zu&uploadId=%s", number + 1, upload->id);
  http->source = upload->source;
  http->offset = number * part;
  http->length = size - http->offset < part ? size - http->offset : part;
  return bs_s3_request_init(http, request, upload->call, upload->s3, "PUT", upload->object, query);
}

/* Notes which parts are there, also of a batch that was broken off. */
static enum blockstore_status keep_tags(struct upload *upload, const struct batch *batch) {
  for (size_t i = 0; i < batch->count; i++) {
    char *tag BS_AUTO_FREE = NULL;

    if (batch->requests[i].code < 200 || batch->requests[i].code > 299) continue;
    tag = bs_http_header(&batch->requests[i], "etag");
    if (tag == NULL || tag[0] == '\0' || strlen(tag) > TAG_LONGEST || strpbrk(tag, "<>&") != NULL)
      return blockstore_fail(upload->call, BLOCKSTORE_STATUS_FAILED, "%.300s: %s: The server gave no ETag for a part.",
                             upload->object, doing);
    snprintf(upload->tags[batch->numbers[i]], sizeof upload->tags[0], "%s", tag);
    upload->there++;
  }
  return BLOCKSTORE_STATUS_OK;
}

static void end_batch(struct batch *batch) {
  for (size_t i = 0; i < batch->count; i++) {
    bs_http_end(&batch->requests[i]);
    bs_s3_request_end(&batch->parts[i]);
  }
}

/* Sends some of the parts that are not there.  *ret_again: what failed may do so no more. */
static enum blockstore_status send_batch(struct upload *upload, bool *ret_again) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK, kept;
  struct bs_http_request *failed = NULL;
  struct batch batch = {0};

  for (size_t i = 0; i < upload->count && batch.count < BATCH && status == BLOCKSTORE_STATUS_OK; i++)
    if (upload->tags[i][0] == '\0') status = add_part(upload, &batch, i);
  if (status == BLOCKSTORE_STATUS_OK)
    status = bs_http_perform_all(upload->s3->http, upload->call, batch.requests, batch.count, AT_ONCE, &failed);
  if (status != BLOCKSTORE_STATUS_OK && failed != NULL && failed->code >= 300)
    status = bs_s3_judge(failed, upload->call, &upload->s3->place, doing);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND) status = BLOCKSTORE_STATUS_FAILED; /* an upload that is gone is no absent object */
  *ret_again = status == BLOCKSTORE_STATUS_TRANSIENT && (failed == NULL || failed->code != 404);
  kept = keep_tags(upload, &batch);
  end_batch(&batch);
  return kept == BLOCKSTORE_STATUS_OK ? status : kept;
}

static enum blockstore_status rest(struct blockstore_call *call) {
  struct pollfd wait = {.fd = call->host->cancel_fd(call), .events = POLLIN};
  enum blockstore_status status = blockstore_go_on(call);

  for (int i = 0; i < RESTS && status == BLOCKSTORE_STATUS_OK; i++) {
    uint32_t left = call->host->time_left(call);

    poll(&wait, 1, left < REST_MS ? (int)left : REST_MS);
    status = blockstore_go_on(call);
  }
  return status;
}

/* A part that fails for now is sent again: it would be a pity about the others. */
static enum blockstore_status send_parts(struct upload *upload) {
  uint64_t size = upload->source->size, part = bs_s3_part_size(size);
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  unsigned failures = 0;

  upload->count = (size_t)((size + part - 1) / part);
  upload->tags = calloc(upload->count, sizeof *upload->tags);
  if (upload->tags == NULL) return bs_plugin_fail_memory(upload->call);
  while (status == BLOCKSTORE_STATUS_OK && upload->there < upload->count) {
    size_t before = upload->there;
    bool again;

    status = send_batch(upload, &again);
    failures = upload->there > before ? 0 : failures + 1;
    if (again && failures < TRIES) status = rest(upload->call);
  }
  return status;
}

/* The list of the parts' tags, by free(); NULL: no memory. */
static char *list_parts(const struct upload *upload, size_t *ret_length) {
  char *text = NULL;
  FILE *stream = open_memstream(&text, ret_length);
  bool failed;

  if (stream == NULL) return NULL;
  fputs("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", stream);
  for (size_t i = 0; i < upload->count; i++)
    fprintf(stream, "<Part><PartNumber>%zu</PartNumber><ETag>%s</ETag></Part>", i + 1, upload->tags[i]);
  fputs("</CompleteMultipartUpload>", stream);
  failed = ferror(stream) != 0;
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

  if (list == NULL) return bs_plugin_fail_memory(upload->call);
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
  free(upload.tags);
  return status;
}
