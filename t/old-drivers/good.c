/* SPDX-License-Identifier: MIT */
/*
 * A store in memory that has every entry point and asks the core for everything it may be asked: what it was compiled to
 * must work with every later core of its ABI.  An object lies under its key or its URL.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <blockstore/driver.h>

#define STEP ((size_t)4096)
#define URL "good:0123456789abcdef"

struct object {
  struct object *next;
  char name[65];
  size_t size;
  char bytes[];
};

struct good {
  const char *label;     /* option label */
  uint64_t limit;        /* option limit */
  bool busy;             /* option busy */
  size_t tags;           /* how many items option tags has */
  struct object *first;
};

static void good_url(char url[sizeof URL], const char *data_id) {
  uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

  for (; *data_id != '\0'; data_id++) hash = (hash ^ (unsigned char)*data_id) * UINT64_C(1099511628211);
  snprintf(url, sizeof URL, "good:%016llx", (unsigned long long)hash);
}

static struct object **good_find(struct good *good, const char *name) {
  struct object **at = &good->first;

  while (*at != NULL && strcmp((*at)->name, name) != 0) at = &(*at)->next;
  return at;
}

static void good_remove(struct object **at) {
  struct object *object = *at;

  if (object == NULL) return;
  *at = object->next;
  free(object);
}

static enum blockstore_status good_init(void **ret_self, struct blockstore_call *call, const struct blockstore_settings *settings,
                                        const struct blockstore_next *next) {
  const struct blockstore_host *host = call->host;
  struct good *good = calloc(1, sizeof *good);

  if (good == NULL || next != NULL) {
    free(good);
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "There is not enough memory, or a store below.");
  }
  good->label = host->setting(settings, "label", 0);
  good->limit = (uint64_t)host->setting_number(settings, "limit");
  good->busy = host->setting_number(settings, "busy") != 0;
  while (host->setting(settings, "tags", good->tags) != NULL) good->tags++;
  blockstore_log(call, BLOCKSTORE_LOG_INFO, "opened as %s", good->label);
  *ret_self = good;
  return BLOCKSTORE_STATUS_OK;
}

static void good_close(void *self, struct blockstore_call *call) {
  struct good *good = self;

  while (good->first != NULL) good_remove(&good->first);
  free(good);
  blockstore_log(call, BLOCKSTORE_LOG_INFO, "closed");
}

static enum blockstore_status good_handles_url(void *self, struct blockstore_call *call, const char *url) {
  (void)self, (void)call;
  return strncmp(url, "good:", 5) == 0 && strlen(url) == sizeof URL - 1 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static enum blockstore_status good_make_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                            const char *data_id) {
  char url[sizeof URL];

  (void)self, (void)call;
  good_url(url, data_id);
  return ret_url->write(ret_url, url, strlen(url));
}

static enum blockstore_status good_get(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                       const char *name) {
  const struct object *object = *good_find(self, name);
  enum blockstore_status status;

  if (object == NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "%s: There is no such object.", name);
  status = ret_data->begin(ret_data, object->size);
  for (size_t at = 0; at < object->size && status == BLOCKSTORE_STATUS_OK; at += STEP)
    status = ret_data->write(ret_data, object->bytes + at, object->size - at < STEP ? object->size - at : STEP);
  return status;
}

static enum blockstore_status good_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                               const char *url) {
  enum blockstore_status status = good_handles_url(self, call, url);

  return status == BLOCKSTORE_STATUS_OK ? good_get(self, call, ret_record, url) : status;
}

static enum blockstore_status good_receive(struct object *object, struct blockstore_call *call,
                                           const struct blockstore_source *source) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  for (size_t at = 0; at < object->size && status == BLOCKSTORE_STATUS_OK; at += STEP) {
    size_t length = object->size - at < STEP ? object->size - at : STEP;

    if (call->host->time_left(call) == 0) return BLOCKSTORE_STATUS_CANCELLED;
    status = source->read_at(source, object->bytes + at, length, at);
  }
  return status;
}

static enum blockstore_status good_put(struct good *good, struct blockstore_call *call, const char *name,
                                       const struct blockstore_source *source) {
  struct object *object = NULL;
  enum blockstore_status status;

  if (source->size > good->limit)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TOO_LARGE,
                           "%s: The object has %llu bytes, the option limit allows %llu.", name,
                           (unsigned long long)source->size, (unsigned long long)good->limit);
  object = malloc(sizeof *object + (size_t)source->size);
  if (object == NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_NO_SPACE, "%s: There is not enough memory.", name);
  object->size = (size_t)source->size;
  snprintf(object->name, sizeof object->name, "%s", name);
  status = good_receive(object, call, source);
  if (status != BLOCKSTORE_STATUS_OK) {
    free(object);
    return status;
  }
  good_remove(good_find(good, name));
  object->next = good->first;
  good->first = object;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status good_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                 const struct blockstore_source *data, const char *txid) {
  struct good *good = self;

  (void)txid;
  if (!good->busy) return good_put(good, call, key, data);
  call->host->retry_after(call, 7);
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%s: The store is busy, as its option says.", key);
}

static enum blockstore_status good_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                               const char *signature, const struct blockstore_source *record) {
  char url[sizeof URL];

  good_url(url, data_id);
  blockstore_log(call, BLOCKSTORE_LOG_DEBUG, "version %llu, signature %s", (unsigned long long)version, signature);
  return good_put(self, call, url, record);
}

static enum blockstore_status good_delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  (void)call, (void)txid;
  good_remove(good_find(self, key));
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status good_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                  const char *signature) {
  char url[sizeof URL];

  (void)call, (void)signature;
  good_url(url, data_id);
  good_remove(good_find(self, url));
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status good_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  const struct blockstore_host *host = call->host;
  const struct good *good = self;
  bool listens = BLOCKSTORE_HAS(host, host->struct_size, get_retry_after);
  char report[256];

  snprintf(report, sizeof report, "{\"label\": \"%s\", \"tags\": %zu, \"timed\": %s, \"watched\": %s, \"listens\": %s}",
           good->label, good->tags, host->time_left(call) > 0 ? "true" : "false",
           host->cancel_fd(call) >= 0 ? "true" : "false", listens && host->get_error(call)[0] == '\0' ? "true" : "false");
  return ret_report->write(ret_report, report, strlen(report));
}

static const struct blockstore_driver good_driver = {
    .storage_init = good_init,
    .storage_close = good_close,
    .handles_url = good_handles_url,
    .make_mutable_url = good_make_url,
    .get_immutable_handler = good_get,
    .get_mutable_handler = good_get_mutable,
    .put_immutable_handler = good_put_immutable,
    .put_mutable_handler = good_put_mutable,
    .delete_immutable_handler = good_delete_immutable,
    .delete_mutable_handler = good_delete_mutable,
    .check = good_check,
};

BLOCKSTORE_REGISTER_DRIVER(good, good_driver,
                           BLOCKSTORE_VERSION("1.0")
                           BLOCKSTORE_DESCRIPTION("A store in memory, for tests")
                           BLOCKSTORE_URL_SCHEME("good")
                           BLOCKSTORE_LARGEST_OBJECT(1048576)
                           BLOCKSTORE_MIN_HOST_MINOR(0)
                           BLOCKSTORE_THREADS_INSTANCE
                           BLOCKSTORE_CAPABILITY_CONSISTENT
                           BLOCKSTORE_NEEDS_NETWORK
                           BLOCKSTORE_OPTION("label", STRING, REQUIRED, "", "What it is called")
                           BLOCKSTORE_OPTION("limit", SIZE, OPTIONAL, "64K", "Bytes of the largest object that it takes")
                           BLOCKSTORE_OPTION("busy", BOOL, OPTIONAL, "false", "It has no time for immutable data")
                           BLOCKSTORE_OPTION("tags", LIST, OPTIONAL, "", "Words about it"));
