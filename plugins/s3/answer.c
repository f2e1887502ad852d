/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/s3/answer.h"

#include <stdio.h>
#include <string.h>

#define CODE_SIZE 80
#define SAID_SIZE 400
#define HOST_SIZE 256
#define SHOWN_MOST 300

/* Copies the text up to `end`, its five entities decoded. */
static bool copy(char *ret_text, size_t size, const char *text, const char *end) {
  static const struct {
    const char *entity;
    char letter;
  } entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&#34;", '"'}};
  size_t used = 0;

  while (text < end && used + 1 < size) {
    size_t row = 0;

    while (row < sizeof entities / sizeof entities[0] && strncmp(text, entities[row].entity, strlen(entities[row].entity)) != 0)
      row++;
    if (row < sizeof entities / sizeof entities[0]) {
      ret_text[used++] = entities[row].letter;
      text += strlen(entities[row].entity);
    } else {
      ret_text[used++] = *text++;
    }
  }
  ret_text[text < end ? 0 : used] = '\0';
  return text >= end;
}

bool bs_s3_element(char *ret_text, size_t size, const char *reply, const char *name) {
  size_t length = strlen(name);
  const char *at = reply;

  ret_text[0] = '\0';
  for (at = reply == NULL ? NULL : strchr(reply, '<'); at != NULL; at = strchr(at + 1, '<')) {
    const char *text = at + 1 + length, *end;

    if (strncmp(at + 1, name, length) != 0 || text[0] != '>') continue;
    end = strchr(++text, '<');
    if (end == NULL || end[1] != '/' || strncmp(end + 2, name, length) != 0 || end[2 + length] != '>') continue;
    return copy(ret_text, size, text, end);
  }
  return false;
}

static void tell_region(char *ret_text, size_t size, const struct bs_http_request *request, const struct bs_s3_place *place) {
  char region[BS_S3_REGION_LONGEST + 1], endpoint[HOST_SIZE];
  char *header BS_AUTO_FREE = bs_http_header(request, "x-amz-bucket-region");

  ret_text[0] = '\0';
  if (header != NULL) snprintf(region, sizeof region, "%s", header);
  if (header == NULL && !bs_s3_element(region, sizeof region, request->reply, "Region")) region[0] = '\0';
  if (region[0] != '\0' && strcmp(region, place->region) != 0) {
    snprintf(ret_text, size, ": `region` is %s, the server's answer names %s", place->region, region);
  } else if (bs_s3_element(endpoint, sizeof endpoint, request->reply, "Endpoint")) {
    snprintf(ret_text, size, ": the server names the endpoint %s", endpoint);
  }
}

static void tell_clock(char *ret_text, size_t size, const struct bs_http_request *request, const struct bs_s3_place *place) {
  char here[CODE_SIZE], there[CODE_SIZE];
  char *date BS_AUTO_FREE = bs_http_header(request, "date");

  (void)place;
  if (!bs_s3_element(here, sizeof here, request->reply, "RequestTime")) snprintf(here, sizeof here, "another time");
  if (!bs_s3_element(there, sizeof there, request->reply, "ServerTime"))
    snprintf(there, sizeof there, "%s", date == NULL ? "otherwise" : date);
  snprintf(ret_text, size, ": this computer's says %s, the server's %s", here, there);
}

/* What codes mean, in the user's words.  Others are told in the server's, with the status of the HTTP code.
 * `more`: what the user needs to know beside that: ": ...", or "". */
static const struct {
  const char *code;
  enum blockstore_status status;
  const char *meaning;
  void (*more)(char *ret_text, size_t size, const struct bs_http_request *request, const struct bs_s3_place *place);
} rows[] = {
    {"NoSuchKey", BLOCKSTORE_STATUS_NOT_FOUND, "There is no such object", NULL},
    {"NoSuchBucket", BLOCKSTORE_STATUS_FAILED, "The bucket does not exist: make it, or mend `bucket`", tell_region},
    {"InvalidBucketName", BLOCKSTORE_STATUS_FAILED, "The server takes no bucket of this name", tell_region},
    {"AccessDenied", BLOCKSTORE_STATUS_DENIED,
     "Access denied: the account lacks a permission (s3:GetObject, s3:PutObject, s3:DeleteObject; s3:ListBucket, without which "
     "an object that is not there is denied, too)", NULL},
    {"SignatureDoesNotMatch", BLOCKSTORE_STATUS_DENIED, "The secret access key is wrong", NULL},
    {"InvalidAccessKeyId", BLOCKSTORE_STATUS_DENIED, "The server does not know the access key id", NULL},
    {"ExpiredToken", BLOCKSTORE_STATUS_DENIED, "The session token has expired", NULL},
    {"TokenRefreshRequired", BLOCKSTORE_STATUS_DENIED, "The session token has expired", NULL},
    {"InvalidToken", BLOCKSTORE_STATUS_DENIED, "The session token is none of this access key's", NULL},
    {"RequestTimeTooSkewed", BLOCKSTORE_STATUS_FAILED, "The clock is off", tell_clock},
    {"RequestExpired", BLOCKSTORE_STATUS_FAILED, "The clock is off", tell_clock},
    {"AuthorizationHeaderMalformed", BLOCKSTORE_STATUS_FAILED, "The region is wrong", tell_region},
    {"PermanentRedirect", BLOCKSTORE_STATUS_FAILED, "The bucket is elsewhere", tell_region},
    {"TemporaryRedirect", BLOCKSTORE_STATUS_FAILED, "The bucket is elsewhere", tell_region},
    {"InvalidStorageClass", BLOCKSTORE_STATUS_FAILED, "The server has no such `storage_class`", NULL},
    {"InvalidObjectState", BLOCKSTORE_STATUS_FAILED, "The object is archived: restore it first", NULL},
    {"EntityTooLarge", BLOCKSTORE_STATUS_TOO_LARGE, "The object is larger than the server takes", NULL},
    {"QuotaExceeded", BLOCKSTORE_STATUS_NO_SPACE, "The quota is used up", NULL},
    {"XMinioAdminBucketQuotaExceeded", BLOCKSTORE_STATUS_NO_SPACE, "The quota is used up", NULL},
    {"XMinioStorageFull", BLOCKSTORE_STATUS_NO_SPACE, "The server's disk is full", NULL},
    {"ConditionalRequestConflict", BLOCKSTORE_STATUS_TRANSIENT, "Somebody else writes the same object just now", NULL},
    {"OperationAborted", BLOCKSTORE_STATUS_TRANSIENT, "Something else changes the bucket just now", NULL},
    {"NoSuchUpload", BLOCKSTORE_STATUS_TRANSIENT, "The upload was aborted by the server or somebody else", NULL},
    {"XAmzContentSHA256Mismatch", BLOCKSTORE_STATUS_TRANSIENT, "Other bytes came to the server than were sent", NULL},
    {"BadDigest", BLOCKSTORE_STATUS_TRANSIENT, "Other bytes came to the server than were sent", NULL},
    {"RequestTimeout", BLOCKSTORE_STATUS_TRANSIENT, "The server waited too long for bytes", NULL},
    {"SlowDown", BLOCKSTORE_STATUS_TRANSIENT, "The server asks for fewer requests", NULL},
};
#define ROWS (sizeof rows / sizeof rows[0])

static enum blockstore_status tell(const struct bs_http_request *request, struct blockstore_call *call,
                                   const struct bs_s3_place *place, const char *doing, size_t row) {
  char *url BS_AUTO_FREE = bs_s3_place_url(place, NULL);
  char more[SAID_SIZE] = "";

  if (rows[row].more != NULL) rows[row].more(more, sizeof more, request, place);
  return blockstore_fail(call, rows[row].status, "%.300s: %s: %s%s (%s).", url == NULL ? "S3" : url, doing,
                         rows[row].meaning, more, rows[row].code);
}

/* Of a URL what may be told: no query. */
static int shown_length(const char *url) {
  size_t length = strcspn(url, "?");

  return length < SHOWN_MOST ? (int)length : SHOWN_MOST;
}

enum blockstore_status bs_s3_refuse_stranger(const struct bs_http_request *request, struct blockstore_call *call,
                                             const char *doing) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%.*s: %s: This does not answer as an S3 server does.",
                         shown_length(request->url), request->url, doing);
}

/* An answer that no S3 server gives for an absent object must not count as absence. */
static enum blockstore_status judge_unknown(const struct bs_http_request *request, struct blockstore_call *call,
                                            const char *doing, const char *code) {
  char message[SAID_SIZE], said[SAID_SIZE + CODE_SIZE];
  enum blockstore_status status;

  bs_s3_element(message, sizeof message, request->reply, "Message");
  snprintf(said, sizeof said, "%s%s%s", code, message[0] == '\0' ? "" : ": ", message);
  status = bs_http_judge(request, call, doing, code[0] == '\0' ? NULL : said);
  if (status == BLOCKSTORE_STATUS_OK) /* an error in the body of a success: only what is over may be tried again */
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%.*s: %s: %s", shown_length(request->url), request->url, doing,
                           said);
  return status == BLOCKSTORE_STATUS_NOT_FOUND ? BLOCKSTORE_STATUS_FAILED : status;
}

enum blockstore_status bs_s3_judge(const struct bs_http_request *request, struct blockstore_call *call,
                                   const struct bs_s3_place *place, const char *doing) {
  bool success = request->code >= 200 && request->code <= 299;
  char code[CODE_SIZE];
  size_t row = 0;

  if (success && (request->reply == NULL || strstr(request->reply, "<Error>") == NULL)) return BLOCKSTORE_STATUS_OK;
  bs_s3_element(code, sizeof code, request->reply, "Code");
  while (row < ROWS && strcmp(rows[row].code, code) != 0) row++;
  /* The HTTP code knows better when it may be tried again, and says so. */
  if (row < ROWS && rows[row].status == BLOCKSTORE_STATUS_TRANSIENT) bs_http_judge(request, call, doing, NULL);
  if (row < ROWS) return tell(request, call, place, doing, row);
  return judge_unknown(request, call, doing, code);
}
