/* SPDX-License-Identifier: MIT */
/*
 * dht: objects are values of OpenDHT, put and asked for through the REST proxies of nodes.  Where one lies is derived from
 * its key or data id (place.h); it stands there for ten minutes, beside whatever else anybody puts there (harvest.h).
 */
#include <config.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/health.h"
#include "plugins/common/http.h"
#include "plugins/common/plugin.h"
#include "plugins/dht/harvest.h"
#include "plugins/dht/nodes.h"
#include "plugins/dht/place.h"
#include "plugins/dht/value.h"

#define SECONDS_KEPT 600

struct dht {
  struct dht_nodes *nodes;   /* all options */
  atomic_uint_least64_t crowded; /* gets that met more values than can be offered */
};

/* Helpers. */

static enum blockstore_status dht_put(struct dht *dht, struct blockstore_call *call, const char *name, enum dht_kind kind,
                                      uint64_t version, const struct blockstore_source *source) {
  struct dht_value value __attribute__((__cleanup__(dht_value_free))) = {.kind = kind};
  char hash[DHT_HASH_DIGITS + 1];
  enum blockstore_status status;

  if (source->size > DHT_OBJECT_LARGEST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TOO_LARGE, "A value of the DHT has at most %d bytes; these are %llu.",
                           DHT_OBJECT_LARGEST, (unsigned long long)source->size);
  if (!dht_value_make(&value, kind, version, (size_t)source->size)) return bs_plugin_fail_memory(call);
  status = source->read_at(source, value.whole + DHT_VALUE_HEAD, value.length, 0);
  if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  dht_place_derive(hash, kind, name);
  return dht_nodes_put(dht->nodes, call, hash, &value);
}

static void dht_tell_crowded(struct dht *dht, struct blockstore_call *call, const struct dht_harvest *harvest,
                             const char *hash) {
  atomic_fetch_add(&dht->crowded, 1);
  blockstore_log(call, BLOCKSTORE_LOG_WARNING,
                 "dht:%s is crowded: %zu values stand there%s, and %zu are looked at%s. Anybody can put values under any key; "
                 "they are gone 10 minutes after they were last put.",
                 hash, harvest->values, harvest->overflowed ? " and more" : "", harvest->count,
                 harvest->kind == DHT_MUTABLE ? ", those that claim the highest versions" : "");
}

/* key: of immutable data, or NULL. */
static enum blockstore_status dht_get(struct dht *dht, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                      const char *hash, const char *key) {
  struct dht_harvest *harvest = malloc(sizeof *harvest);
  enum blockstore_status status;

  if (harvest == NULL) return bs_plugin_fail_memory(call);
  status = dht_harvest_begin(harvest, call, key == NULL ? DHT_MUTABLE : DHT_IMMUTABLE, key);
  if (status == BLOCKSTORE_STATUS_OK) status = dht_nodes_get(dht->nodes, call, harvest, hash);
  if (status == BLOCKSTORE_STATUS_OK && dht_harvest_is_crowded(harvest)) dht_tell_crowded(dht, call, harvest, hash);
  if (status == BLOCKSTORE_STATUS_OK) status = dht_harvest_give(harvest, ret_data);
  dht_harvest_free(harvest);
  free(harvest);
  return status;
}

static enum blockstore_status dht_refuse_delete(struct blockstore_call *call) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_UNSUPPORTED,
                         "Nothing can be deleted from the DHT: what is not put again is gone after 10 minutes.");
}

/* Lifecycle. */

static enum blockstore_status dht_storage_init(void **ret_self, struct blockstore_call *call,
                                               const struct blockstore_settings *settings,
                                               const struct blockstore_next *next) {
  struct dht *dht = calloc(1, sizeof *dht);
  enum blockstore_status status;

  (void)next;
  if (dht == NULL) return bs_plugin_fail_memory(call);
  status = dht_nodes_open(&dht->nodes, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) {
    *ret_self = dht;
  } else {
    free(dht);
  }
  return status;
}

static void dht_storage_close(void *self, struct blockstore_call *call) {
  struct dht *dht = self;

  (void)call;
  dht_nodes_close(dht->nodes);
  free(dht);
}

/* URLs. */

static enum blockstore_status dht_handles_url(void *self, struct blockstore_call *call, const char *url) {
  char hash[DHT_HASH_DIGITS + 1];

  (void)self, (void)call;
  return dht_place_of_url(hash, url) ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static enum blockstore_status dht_make_mutable_url(void *self, struct blockstore_call *call,
                                                   struct blockstore_sink *ret_url, const char *data_id) {
  char url[sizeof DHT_SCHEME + DHT_HASH_DIGITS] = DHT_SCHEME;

  (void)self, (void)call;
  dht_place_derive(url + strlen(DHT_SCHEME), DHT_MUTABLE, data_id);
  return blockstore_give(ret_url, url, strlen(url));
}

/* Immutable data. */

static enum blockstore_status dht_get_immutable(void *self, struct blockstore_call *call,
                                                struct blockstore_sink *ret_data, const char *key) {
  char hash[DHT_HASH_DIGITS + 1];

  dht_place_derive(hash, DHT_IMMUTABLE, key);
  return dht_get(self, call, ret_data, hash, key);
}

static enum blockstore_status dht_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                const struct blockstore_source *data, const char *txid) {
  (void)txid;
  return dht_put(self, call, key, DHT_IMMUTABLE, 0, data); /* also what is there: its ten minutes begin again */
}

static enum blockstore_status dht_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                   const char *txid) {
  (void)self, (void)key, (void)txid;
  return dht_refuse_delete(call);
}

/* Mutable data. */

static enum blockstore_status dht_get_mutable(void *self, struct blockstore_call *call,
                                              struct blockstore_sink *ret_record, const char *url) {
  char hash[DHT_HASH_DIGITS + 1];

  if (!dht_place_of_url(hash, url)) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  return dht_get(self, call, ret_record, hash, NULL);
}

/* The former record stays beside the new one until it is gone by itself. */
static enum blockstore_status dht_put_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                              uint64_t version, const char *signature,
                                              const struct blockstore_source *record) {
  (void)signature;
  return dht_put(self, call, data_id, DHT_MUTABLE, version, record);
}

static enum blockstore_status dht_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                 const char *signature) {
  (void)self, (void)data_id, (void)signature;
  return dht_refuse_delete(call);
}

/* Beyond the eight. */

static enum blockstore_status dht_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  struct dht *dht = self;
  struct bs_health health;
  enum blockstore_status status, written;

  bs_health_begin(&health);
  status = dht_nodes_report(dht->nodes, call, &health);
  bs_health_number(&health, "seconds_kept", SECONDS_KEPT);
  bs_health_number(&health, "crowded_gets", atomic_load(&dht->crowded));
  written = bs_health_end(&health, call, ret_report);
  return status == BLOCKSTORE_STATUS_OK ? written : status;
}

static const struct blockstore_driver dht_driver = {
    .storage_init = dht_storage_init,
    .storage_close = dht_storage_close,
    .handles_url = dht_handles_url,
    .make_mutable_url = dht_make_mutable_url,
    .get_immutable_handler = dht_get_immutable,
    .get_mutable_handler = dht_get_mutable,
    .put_immutable_handler = dht_put_immutable,
    .put_mutable_handler = dht_put_mutable,
    .delete_immutable_handler = dht_delete_immutable,
    .delete_mutable_handler = dht_delete_mutable,
    .check = dht_check,
};

#define DHT_METADATA                                                                                                   \
  BLOCKSTORE_VERSION(PACKAGE_VERSION)                                                                                  \
  BLOCKSTORE_DESCRIPTION("Values of OpenDHT, for ten minutes after each put, through the REST proxies of nodes")       \
  BLOCKSTORE_URL_SCHEME("dht")                                                                                         \
  BLOCKSTORE_LARGEST_OBJECT(DHT_OBJECT_LARGEST)                                                                        \
  BLOCKSTORE_THREADS_PARALLEL                                                                                          \
  BLOCKSTORE_CAPABILITY_EXPIRES                                                                                        \
  BLOCKSTORE_CAPABILITY_PUBLIC                                                                                         \
  BLOCKSTORE_NEEDS_NETWORK                                                                                             \
  BLOCKSTORE_OPTION("proxies", LIST, REQUIRED, "", "URLs of the REST proxies of OpenDHT nodes, the first preferred")   \
  BLOCKSTORE_OPTION("patience", DURATION, OPTIONAL, "10s", "How long a node may take before the next is asked")        \
  BLOCKSTORE_OPTION("permanent", BOOL, OPTIONAL, "false", "Let the node put values again by itself, as long as it will") \
  BS_TRANSFER_OPTIONS

BLOCKSTORE_REGISTER_DRIVER(dht, dht_driver, DHT_METADATA);
