/* SPDX-License-Identifier: MIT */
/*
 * s3: objects in a bucket of an S3 server, below `prefix`, where plugins/common/layout.h says.
 */
#include <config.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/compare.h"
#include "plugins/common/endpoint.h"
#include "plugins/common/health.h"
#include "plugins/common/http.h"
#include "plugins/common/layout.h"
#include "plugins/common/plugin.h"
#include "plugins/common/url.h"
#include "plugins/s3/answer.h"
#include "plugins/s3/multipart.h"
#include "plugins/s3/request.h"

#define ONE_REQUEST_MOST ((uint64_t)64 << 20) /* longer objects are put in parts */
#define BLIND_MOST ((uint64_t)1 << 20)        /* up to this, one put that may fail costs less than looking first */
#define LARGEST 5497558138880                 /* 5 TiB */
#define CLASS_LONGEST 64

static const char get_doing[] = "The object cannot be read", put_doing[] = "The object cannot be put",
                  delete_doing[] = "The object cannot be deleted", list_doing[] = "The bucket cannot be listed";

/* Helpers. */

static enum blockstore_status s3_get(const struct bs_s3 *s3, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                     const struct bs_layout *object) {
  struct bs_http_request http BS_AUTO_HTTP = {0};
  struct bs_s3_request request BS_AUTO_S3_REQUEST = {0};
  enum blockstore_status status = bs_s3_request_init(&http, &request, call, s3, "GET", object->path, "");

  http.sink = ret_data;
  if (status == BLOCKSTORE_STATUS_OK) status = bs_s3_perform(&http, call, get_doing);
  return status == BLOCKSTORE_STATUS_OK && http.code != 200 ? bs_s3_refuse_stranger(&http, call, get_doing) : status;
}

static enum blockstore_status s3_refuse_anonymous(const struct bs_s3 *s3, struct blockstore_call *call) {
  if (s3->credentials.access_key_id != NULL) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED,
                         "There are no credentials for this store, so it can only be read: give access_key_id and "
                         "secret_access_key, or a profile; or durable: false, so that no write counts on it.");
}

/* One request.  *ret_code: of the answer, 0 without one. */
static enum blockstore_status s3_put_whole(struct bs_s3 *s3, struct blockstore_call *call, const char *object,
                                           const struct blockstore_source *source, const char *digest, bool if_none,
                                           int *ret_code) {
  struct bs_http_request http BS_AUTO_HTTP = {0};
  struct bs_s3_request request BS_AUTO_S3_REQUEST = {0};
  enum blockstore_status status = bs_s3_request_init(&http, &request, call, s3, "PUT", object, "");
  char *tag BS_AUTO_FREE = NULL;

  request.intents = BS_S3_MAKES | (if_none ? BS_S3_IF_NONE : 0);
  request.digest = digest;
  http.source = source;
  http.length = source->size;
  if (status == BLOCKSTORE_STATUS_OK) status = bs_s3_perform(&http, call, put_doing);
  *ret_code = http.code;
  if (status == BLOCKSTORE_STATUS_OK) tag = bs_http_header(&http, "etag");
  return status == BLOCKSTORE_STATUS_OK && tag == NULL ? bs_s3_refuse_stranger(&http, call, put_doing) : status;
}

/* `digest`: as digits, or NULL.  *ret_stands: with `if_none`, an object stands there already, and nothing was put. */
static enum blockstore_status s3_put(struct bs_s3 *s3, struct blockstore_call *call, const struct bs_layout *object,
                                     const struct blockstore_source *source, const char *digest, bool if_none,
                                     bool *ret_stands) {
  enum blockstore_status status = s3_refuse_anonymous(s3, call);
  int code = 0;

  *ret_stands = false;
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (source->size > ONE_REQUEST_MOST) {
    status = bs_s3_put_in_parts(s3, call, object->path, source, if_none, &code);
  } else {
    status = s3_put_whole(s3, call, object->path, source, digest, if_none && !s3->unconditional, &code);
    if (code == BS_S3_UNKNOWN_CONDITION && if_none && !s3->unconditional) {
      s3->unconditional = true;
      status = s3_put_whole(s3, call, object->path, source, digest, false, &code);
    }
  }
  *ret_stands = if_none && code == BS_S3_STANDS;
  return status;
}

/* Holds what stands there against the source.  What cannot be read is put again: the comparison only saves work.  Only a no
 * to the account stays one. */
static enum blockstore_status s3_compare(const struct bs_s3 *s3, struct blockstore_call *call, const struct bs_layout *object,
                                         const struct blockstore_source *source, bool *ret_there, bool *ret_same) {
  struct bs_compare compare;
  enum blockstore_status status;

  bs_compare_begin(&compare, source);
  status = s3_get(s3, call, &compare.sink, object);
  *ret_there = status != BLOCKSTORE_STATUS_NOT_FOUND;
  *ret_same = status == BLOCKSTORE_STATUS_OK && bs_compare_is_same(&compare);
  if (compare.status != BLOCKSTORE_STATUS_OK) return compare.status;
  if (status == BLOCKSTORE_STATUS_CANCELLED && !compare.differs) return status;
  return status == BLOCKSTORE_STATUS_DENIED ? status : BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status s3_delete(const struct bs_s3 *s3, struct blockstore_call *call, const struct bs_layout *object) {
  struct bs_http_request http BS_AUTO_HTTP = {0};
  struct bs_s3_request request BS_AUTO_S3_REQUEST = {0};
  enum blockstore_status status = s3_refuse_anonymous(s3, call);

  if (status == BLOCKSTORE_STATUS_OK) status = bs_s3_request_init(&http, &request, call, s3, "DELETE", object->path, "");
  if (status == BLOCKSTORE_STATUS_OK) status = bs_s3_perform(&http, call, delete_doing);
  if (status == BLOCKSTORE_STATUS_OK && http.reply_length > 0) status = bs_s3_refuse_stranger(&http, call, delete_doing);
  return status == BLOCKSTORE_STATUS_NOT_FOUND ? BLOCKSTORE_STATUS_OK : status;
}

/* Lifecycle. */

static void s3_storage_close(void *self, struct blockstore_call *call) {
  struct bs_s3 *s3 = self;

  (void)call;
  bs_http_close(s3->http);
  bs_s3_credentials_end(&s3->credentials);
  bs_s3_place_close(&s3->place);
  free(s3);
}

static enum blockstore_status s3_take_class(struct bs_s3 *s3, struct blockstore_call *call,
                                            const struct blockstore_settings *settings) {
  s3->storage_class = call->host->setting(settings, "storage_class", 0);
  if (s3->storage_class == NULL || (s3->storage_class[0] != '\0' && strlen(s3->storage_class) <= CLASS_LONGEST &&
                                    strspn(s3->storage_class, BS_URL_UNRESERVED) == strlen(s3->storage_class)))
    return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                         "storage_class: \"%.100s\": A word was expected, such as STANDARD_IA.", s3->storage_class);
}

static enum blockstore_status s3_storage_init(void **ret_self, struct blockstore_call *call,
                                              const struct blockstore_settings *settings, const struct blockstore_next *next) {
  struct bs_s3 *s3 = calloc(1, sizeof *s3);
  enum blockstore_status status;

  (void)next;
  if (s3 == NULL) return bs_plugin_fail_memory(call);
  status = bs_s3_place_open(&s3->place, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) status = s3_take_class(s3, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_s3_credentials_find(&s3->credentials, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_http_open(&s3->http, call, settings);
  if (status != BLOCKSTORE_STATUS_OK) {
    s3_storage_close(s3, call);
    return status;
  }
  *ret_self = s3;
  return BLOCKSTORE_STATUS_OK;
}

/* URLs. */

static enum blockstore_status s3_handles_url(void *self, struct blockstore_call *call, const char *url) {
  const struct bs_s3 *s3 = self;
  struct bs_layout object;

  (void)call;
  return bs_s3_place_take(&s3->place, &object, url) ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static enum blockstore_status s3_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                  const char *data_id) {
  const struct bs_s3 *s3 = self;
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);
  char *url BS_AUTO_FREE = status == BLOCKSTORE_STATUS_OK ? bs_s3_place_url(&s3->place, object.path) : NULL;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  return url == NULL ? bs_plugin_fail_memory(call) : blockstore_give(ret_url, url, strlen(url));
}

/* Immutable data. */

static enum blockstore_status s3_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                               const char *key) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  return status == BLOCKSTORE_STATUS_OK ? s3_get(self, call, ret_data, &object) : status;
}

/* Other bytes under this key are damage, for the key is their hash: putting again is how a store is repaired. */
static enum blockstore_status s3_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                               const struct blockstore_source *data, const char *txid) {
  const char *digest = strlen(key) + 1 == BS_S3_DIGEST_SIZE ? key : NULL; /* of a user record the key is a shorter hash */
  struct bs_layout object;
  bool there = false, same = false, stands = false;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  (void)txid;
  if (status == BLOCKSTORE_STATUS_OK && data->size > BLIND_MOST) status = s3_compare(self, call, &object, data, &there, &same);
  if (status != BLOCKSTORE_STATUS_OK || same) return status;
  status = s3_put(self, call, &object, data, digest, !there, &stands);
  if (!stands) return status;
  status = s3_compare(self, call, &object, data, &there, &same);
  return status != BLOCKSTORE_STATUS_OK || same ? status : s3_put(self, call, &object, data, digest, false, &stands);
}

static enum blockstore_status s3_delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  (void)txid;
  return status == BLOCKSTORE_STATUS_OK ? s3_delete(self, call, &object) : status;
}

/* Mutable data. */

static enum blockstore_status s3_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                             const char *url) {
  const struct bs_s3 *s3 = self;
  struct bs_layout object;

  if (!bs_s3_place_take(&s3->place, &object, url)) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  return s3_get(s3, call, ret_record, &object);
}

static enum blockstore_status s3_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                             const char *signature, const struct blockstore_source *record) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);
  bool stands;

  (void)version;
  (void)signature;
  return status == BLOCKSTORE_STATUS_OK ? s3_put(self, call, &object, record, NULL, false, &stands) : status;
}

static enum blockstore_status s3_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                const char *signature) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  (void)signature;
  return status == BLOCKSTORE_STATUS_OK ? s3_delete(self, call, &object) : status;
}

/* Beyond the eight. */

/* Asks for the first name below the prefix: that takes the bucket, the credentials and the right to tell what is absent. */
static enum blockstore_status s3_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  const struct bs_s3 *s3 = self;
  struct bs_http_request http BS_AUTO_HTTP = {0};
  struct bs_s3_request request BS_AUTO_S3_REQUEST = {0};
  char *url BS_AUTO_FREE = bs_s3_place_url(&s3->place, ""), query[sizeof "list-type=2&max-keys=1&prefix=" + 3 * BS_S3_KEY_MOST];
  size_t length = (size_t)snprintf(query, sizeof query, "list-type=2&max-keys=1&prefix=");
  struct bs_health health;
  enum blockstore_status status;

  bs_url_escape(query + length, sizeof query - length, s3->place.prefix, strlen(s3->place.prefix), BS_URL_UNRESERVED);
  status = url == NULL ? bs_plugin_fail_memory(call) : bs_s3_request_init(&http, &request, call, s3, "GET", NULL, query);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_s3_perform(&http, call, list_doing);
  if (status == BLOCKSTORE_STATUS_OK && (http.reply == NULL || strstr(http.reply, "<ListBucketResult") == NULL))
    status = bs_s3_refuse_stranger(&http, call, list_doing);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_health_begin(&health);
  bs_health_text(&health, "bucket", s3->place.bucket);
  bs_health_text(&health, "credentials", s3->credentials.origin);
  bs_health_text(&health, "region", s3->place.region);
  bs_health_text(&health, "url", url);
  return bs_health_end(&health, call, ret_report);
}

static const struct blockstore_driver s3_driver = {
    .storage_init = s3_storage_init,
    .storage_close = s3_storage_close,
    .handles_url = s3_handles_url,
    .make_mutable_url = s3_make_mutable_url,
    .get_immutable_handler = s3_get_immutable,
    .get_mutable_handler = s3_get_mutable,
    .put_immutable_handler = s3_put_immutable,
    .put_mutable_handler = s3_put_mutable,
    .delete_immutable_handler = s3_delete_immutable,
    .delete_mutable_handler = s3_delete_mutable,
    .check = s3_check,
};

#define S3_METADATA                                                                                                      \
  BLOCKSTORE_VERSION(PACKAGE_VERSION)                                                                                    \
  BLOCKSTORE_DESCRIPTION("Objects in a bucket of an S3 server: Amazon's, Ceph, MinIO, R2 and others")                   \
  BLOCKSTORE_URL_SCHEME("https")                                                                                         \
  BLOCKSTORE_URL_SCHEME("http")                                                                                          \
  BLOCKSTORE_URL_SCHEME("s3")                                                                                            \
  BLOCKSTORE_LARGEST_OBJECT(LARGEST)                                                                                     \
  BLOCKSTORE_THREADS_PARALLEL                                                                                            \
  BLOCKSTORE_CAPABILITY_DURABLE                                                                                          \
  BLOCKSTORE_CAPABILITY_CONSISTENT                                                                                       \
  BLOCKSTORE_NEEDS_NETWORK                                                                                               \
  BLOCKSTORE_OPTION("bucket", STRING, REQUIRED, "", "Bucket that holds the objects; it is not made")                     \
  BLOCKSTORE_OPTION("endpoint", STRING, OPTIONAL, "", "URL of the server; unset: Amazon's in the region")                \
  BLOCKSTORE_OPTION("region", STRING, OPTIONAL, "", "Region; unset: as an Amazon endpoint says, else us-east-1")         \
  BLOCKSTORE_OPTION("prefix", STRING, OPTIONAL, "", "Path below which the objects lie in the bucket")                    \
  BLOCKSTORE_OPTION_ENUM("style", "auto,path,virtual", OPTIONAL, "auto", "Where URLs have the bucket: path or host")    \
  BLOCKSTORE_OPTION("storage_class", STRING, OPTIONAL, "", "Storage class of what is put; unset: the bucket's")          \
  BLOCKSTORE_OPTION("access_key_id", STRING, OPTIONAL, "", "Access key; unset: the environment's or a profile's")        \
  BLOCKSTORE_OPTION("secret_access_key", SECRET, OPTIONAL, "", "Its secret")                                             \
  BLOCKSTORE_OPTION("session_token", SECRET, OPTIONAL, "", "Token of temporary credentials")                             \
  BLOCKSTORE_OPTION("profile", STRING, OPTIONAL, "", "Profile in the AWS credentials file")                              \
  BLOCKSTORE_OPTION("credentials_file", PATH, OPTIONAL, "", "That file; unset: the environment's, or ~/.aws/credentials") \
  BLOCKSTORE_OPTION("anonymous", BOOL, OPTIONAL, "false", "Read a public bucket without credentials")                    \
  BS_ENDPOINT_OPTIONS                                                                                                    \
  BS_TRANSFER_OPTIONS

BLOCKSTORE_REGISTER_DRIVER(s3, s3_driver, S3_METADATA);
