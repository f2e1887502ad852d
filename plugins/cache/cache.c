/* SPDX-License-Identifier: MIT */
/*
 * A filter that keeps what comes from the store below it in a directory of this machine: values as long as there is room, records
 * for `fresh`.  Whatever fails in that directory, the store below is asked.
 */
#include <config.h>

#include <blockstore/filter.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/cache/incoming.h"
#include "plugins/cache/kept.h"
#include "plugins/cache/tally.h"

#define URL_LONGEST 2048

struct cache {
  const struct blockstore_next *next;
  struct bs_cache_place place; /* options `directory` and `size` */
  uint64_t fresh_ms;           /* option `fresh` */
};

/* ---- URLs of the store below ---- */

struct url {
  struct blockstore_sink abi;
  size_t length;
  char text[URL_LONGEST + 1];
};

static enum blockstore_status url_begin(struct blockstore_sink *sink, uint64_t size) {
  struct url *url = (struct url *)sink;

  url->length = 0;
  url->text[0] = '\0';
  return size == BLOCKSTORE_SIZE_UNKNOWN || size <= URL_LONGEST ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_TOO_LARGE;
}

static enum blockstore_status url_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct url *url = (struct url *)sink;

  if (length > URL_LONGEST - url->length) return BLOCKSTORE_STATUS_TOO_LARGE;
  memcpy(url->text + url->length, bytes, length);
  url->length += length;
  url->text[url->length] = '\0';
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status cache_find_url(const struct cache *cache, struct blockstore_call *call, struct url *url,
                                             const char *data_id) {
  const struct blockstore_next *next = cache->next;

  *url = (struct url){.abi = {sizeof url->abi, 0, url_begin, url_write}};
  return next->driver->make_mutable_url(next->self, call, &url->abi, data_id);
}

/* ---- lifecycle ---- */

/* No other store has the URL of this id; of stores without URLs, all are one. */
static bool cache_tell_store(const struct cache *cache, struct blockstore_call *call, struct url *ret_url) {
  enum blockstore_status status = cache_find_url(cache, call, ret_url, "blockstore-cache");
  bool has_none = status == BLOCKSTORE_STATUS_NOT_FOUND || status == BLOCKSTORE_STATUS_UNHANDLED_URL ||
                  status == BLOCKSTORE_STATUS_UNSUPPORTED;

  if (has_none) memcpy(ret_url->text, "-", sizeof "-");
  return has_none || status == BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status cache_storage_init(void **ret_self, struct blockstore_call *call,
                                                 const struct blockstore_settings *settings, const struct blockstore_next *next) {
  const char *directory = call->host->setting(settings, "directory", 0);
  uint64_t limit = (uint64_t)call->host->setting_number(settings, "size");
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  struct cache *cache = calloc(1, sizeof *cache);
  struct url url;

  if (cache == NULL) return bs_plugin_fail_memory(call);
  cache->next = next;
  cache->place.fd = -1;
  cache->fresh_ms = (uint64_t)call->host->setting_number(settings, "fresh");
  if (cache_tell_store(cache, call, &url)) {
    status = bs_cache_place_open(&cache->place, call, directory, url.text, limit);
  } else if ((status = blockstore_go_on(call)) == BLOCKSTORE_STATUS_OK) {
    blockstore_log(call, BLOCKSTORE_LOG_WARNING, "%s: It is not used now, as the store does not tell which one it is: %s",
                   directory, call->host->get_error(call));
  }
  if (status == BLOCKSTORE_STATUS_OK) {
    *ret_self = cache;
  } else {
    free(cache);
  }
  return status;
}

static void cache_storage_close(void *self, struct blockstore_call *call) {
  struct cache *cache = self;

  (void)call;
  bs_cache_place_close(&cache->place);
  free(cache);
}

static bool cache_is_used(const struct cache *cache) {
  return cache->place.fd >= 0 && !atomic_load(&cache->place.is_off);
}

/* ---- gets ---- */

typedef enum blockstore_status ask_function(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                            const char *target);

static enum blockstore_status cache_fetch(struct cache *cache, struct blockstore_call *call, struct blockstore_sink *sink,
                                          const char *target, const struct bs_cache_object *object, ask_function *ask) {
  struct bs_cache_incoming incoming BS_CACHE_AUTO_INCOMING = BS_CACHE_INCOMING_INIT;

  bs_cache_incoming_from(&incoming, &cache->place, call, object, sink);
  return bs_cache_incoming_done(&incoming, ask(cache, call, &incoming.sink, target));
}

static enum blockstore_status cache_get(struct cache *cache, struct blockstore_call *call, struct blockstore_sink *sink,
                                        const char *target, const struct bs_cache_object *object, ask_function *ask) {
  bool given;
  enum blockstore_status status = bs_cache_kept_give(&given, &cache->place, call, sink, object, cache->fresh_ms);

  return given ? status : cache_fetch(cache, call, sink, target, object, ask);
}

static enum blockstore_status cache_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                  const char *key) {
  struct bs_cache_object object;

  if (!cache_is_used(self) || !bs_cache_object_of_key(&object, key))
    return blockstore_pass_get_immutable(self, call, ret_data, key);
  return cache_get(self, call, ret_data, key, &object, blockstore_pass_get_immutable);
}

static enum blockstore_status cache_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                                const char *url) {
  struct cache *cache = self;
  struct bs_cache_object object;

  if (!cache_is_used(cache) || cache->fresh_ms == 0 || atomic_load(&cache->place.has_no_records))
    return blockstore_pass_get_mutable(self, call, ret_record, url);
  bs_cache_object_of_url(&object, url);
  return cache_get(cache, call, ret_record, url, &object, blockstore_pass_get_mutable);
}

/* ---- puts and deletes ---- */

/* What cannot be dropped would be handed out although it is no more.  object: NULL, all records. */
static void cache_drop(struct cache *cache, struct blockstore_call *call, const struct bs_cache_object *object) {
  bool is_value = object != NULL && !object->is_record;

  if (bs_cache_drop(&cache->place, object) == 0) return;
  bs_cache_place_warn(&cache->place, call, "What was put or deleted cannot be dropped there");
  atomic_store(is_value ? &cache->place.is_off : &cache->place.has_no_records, true);
}

/* NULL: an id whose URL is not known may be that of any record. */
static const struct bs_cache_object *cache_find_record(const struct cache *cache, struct blockstore_call *call,
                                                       struct bs_cache_object *object, const char *data_id) {
  struct url url;

  if (cache_find_url(cache, call, &url, data_id) != BLOCKSTORE_STATUS_OK) return NULL;
  bs_cache_object_of_url(object, url.text);
  return object;
}

static enum blockstore_status cache_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                  const struct blockstore_source *data, const char *txid) {
  struct bs_cache_incoming incoming BS_CACHE_AUTO_INCOMING = BS_CACHE_INCOMING_INIT;
  struct cache *cache = self;
  struct bs_cache_object object;

  if (!cache_is_used(cache) || !bs_cache_object_of_key(&object, key))
    return blockstore_pass_put_immutable(self, call, key, data, txid);
  bs_cache_incoming_to(&incoming, &cache->place, call, &object, data);
  return bs_cache_incoming_done(&incoming, blockstore_pass_put_immutable(self, call, key, &incoming.source, txid));
}

/* Before it, for who reads meanwhile; after it, for what was read meanwhile.  Also where this instance reads none: others may. */
static enum blockstore_status cache_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                                const char *signature, const struct blockstore_source *record) {
  const struct bs_cache_object *dropped;
  enum blockstore_status status;
  struct cache *cache = self;
  struct bs_cache_object object;

  if (!cache_is_used(cache)) return blockstore_pass_put_mutable(self, call, data_id, version, signature, record);
  dropped = cache_find_record(cache, call, &object, data_id);
  cache_drop(cache, call, dropped);
  status = blockstore_pass_put_mutable(self, call, data_id, version, signature, record);
  cache_drop(cache, call, dropped);
  return status;
}

static enum blockstore_status cache_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                     const char *txid) {
  enum blockstore_status status;
  struct cache *cache = self;
  struct bs_cache_object object;

  if (!cache_is_used(cache) || !bs_cache_object_of_key(&object, key))
    return blockstore_pass_delete_immutable(self, call, key, txid);
  cache_drop(cache, call, &object);
  status = blockstore_pass_delete_immutable(self, call, key, txid);
  cache_drop(cache, call, &object);
  return status;
}

static enum blockstore_status cache_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                   const char *signature) {
  const struct bs_cache_object *dropped;
  enum blockstore_status status;
  struct cache *cache = self;
  struct bs_cache_object object;

  if (!cache_is_used(cache)) return blockstore_pass_delete_mutable(self, call, data_id, signature);
  dropped = cache_find_record(cache, call, &object, data_id);
  cache_drop(cache, call, dropped);
  status = blockstore_pass_delete_mutable(self, call, data_id, signature);
  cache_drop(cache, call, dropped);
  return status;
}

static enum blockstore_status cache_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  struct cache *cache = self;

  if (cache_is_used(cache)) bs_cache_place_try(&cache->place, call);
  return blockstore_pass_check(self, call, ret_report);
}

static const struct blockstore_driver cache_driver = {
    .storage_init = cache_storage_init,
    .storage_close = cache_storage_close,
    .handles_url = blockstore_pass_handles_url,
    .make_mutable_url = blockstore_pass_make_mutable_url,
    .get_immutable_handler = cache_get_immutable,
    .get_mutable_handler = cache_get_mutable,
    .put_immutable_handler = cache_put_immutable,
    .put_mutable_handler = cache_put_mutable,
    .delete_immutable_handler = cache_delete_immutable,
    .delete_mutable_handler = cache_delete_mutable,
    .check = cache_check,
};

BLOCKSTORE_REGISTER_DRIVER(cache, cache_driver,
    BLOCKSTORE_VERSION(PACKAGE_VERSION)
    BLOCKSTORE_DESCRIPTION("Filter: keeps on this machine what comes from the store below")
    BLOCKSTORE_KIND_FILTER
    BLOCKSTORE_THREADS_PARALLEL
    BLOCKSTORE_CAPABILITY_DURABLE
    BLOCKSTORE_CAPABILITY_CONSISTENT
    BLOCKSTORE_CAPABILITY_LOCAL
    BLOCKSTORE_NEEDS_HASHES
    BLOCKSTORE_OPTION("directory", PATH, REQUIRED, "", "Directory for what is kept, and nothing else")
    BLOCKSTORE_OPTION("size", SIZE, OPTIONAL, "1G", "Bytes that the files there may take")
    BLOCKSTORE_OPTION("fresh", DURATION, OPTIONAL, "0s", "How long a mutable record is handed out again; 0: never"));
