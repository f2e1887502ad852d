/* SPDX-License-Identifier: MIT */
/*
 * http: reads the URLs of routes from whatever web server they name; with `root` also a store: objects are files of a
 * WebDAV collection, where plugins/common/layout.h says.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/common/health.h"
#include "plugins/http/dav.h"
#include "plugins/http/request.h"
#include "plugins/http/sweep.h"

/* Helpers. */

static enum blockstore_status http_has_root(const struct http_site *site, struct blockstore_call *call,
                                            enum blockstore_status status) {
  if (site->root[0] != '\0') return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, status, "This store has no root: it keeps nothing, it reads the URLs of others.");
}

static enum blockstore_status http_may_write(const struct http_site *site, struct blockstore_call *call) {
  if (site->root[0] != '\0' && site->read_only)
    return blockstore_fail(call, BLOCKSTORE_STATUS_UNSUPPORTED, "%.300s: The store is configured as read_only.", site->root);
  return http_has_root(site, call, BLOCKSTORE_STATUS_UNSUPPORTED);
}

/* Reads what the request asks for. */
static enum blockstore_status http_read(const struct http_site *site, struct blockstore_call *call,
                                        struct blockstore_sink *ret_data, struct http_request *request) {
  enum blockstore_status status;

  request->http.follow = request->http.credentials == NULL;
  request->http.sink = ret_data;
  status = bs_http_perform(site->http, call, &request->http);
  return status == BLOCKSTORE_STATUS_OK ? http_request_judge(request, call, "The object cannot be read") : status;
}

/* What is said of an object of this store, when that is there at all. */
static enum blockstore_status http_confirm(const struct http_site *site, struct blockstore_call *call,
                                           enum blockstore_status status) {
  enum blockstore_status root = status == BLOCKSTORE_STATUS_NOT_FOUND ? http_dav_find_root(site, call) : BLOCKSTORE_STATUS_OK;

  return root == BLOCKSTORE_STATUS_OK ? status : root;
}

/* Lifecycle. */

static enum blockstore_status http_storage_init(void **ret_self, struct blockstore_call *call,
                                                const struct blockstore_settings *settings,
                                                const struct blockstore_next *next) {
  struct http_site *site = calloc(1, sizeof *site);
  enum blockstore_status status;

  (void)next;
  if (site == NULL) return bs_plugin_fail_memory(call);
  status = http_site_open(site, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) {
    *ret_self = site;
  } else {
    free(site);
  }
  return status;
}

static void http_storage_close(void *self, struct blockstore_call *call) {
  (void)call;
  http_site_close(self);
  free(self);
}

/* URLs. */

static enum blockstore_status http_handles_url(void *self, struct blockstore_call *call, const char *url) {
  struct http_location location;

  (void)self, (void)call;
  return http_location_parse(&location, url) ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static enum blockstore_status http_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                    const char *data_id) {
  const struct http_site *site = self;
  char url[HTTP_SITE_URL_LONGEST + 1];
  struct bs_layout object;
  enum blockstore_status status = http_has_root(site, call, BLOCKSTORE_STATUS_UNSUPPORTED);

  if (status == BLOCKSTORE_STATUS_OK) status = bs_layout_mutable(&object, call, data_id);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  http_site_locate(site, url, object.path);
  return blockstore_give(ret_url, url, strlen(url));
}

/* Immutable data. */

static enum blockstore_status http_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                 const char *key) {
  const struct http_site *site = self;
  struct bs_layout object;
  struct http_request request HTTP_AUTO_REQUEST = {0};
  enum blockstore_status status = http_has_root(site, call, BLOCKSTORE_STATUS_NOT_FOUND);

  if (status == BLOCKSTORE_STATUS_OK) status = bs_layout_immutable(&object, call, key);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  http_request_begin(&request, site, "GET", object.path);
  return http_confirm(site, call, http_read(site, call, ret_data, &request));
}

static enum blockstore_status http_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                 const struct blockstore_source *data, const char *txid) {
  const struct http_site *site = self;
  struct bs_layout object;
  enum blockstore_status status = http_may_write(site, call);

  (void)txid;
  if (status == BLOCKSTORE_STATUS_OK) status = bs_layout_immutable(&object, call, key);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  for (unsigned attempt = 0; attempt < 3; attempt++) {
    enum http_dav_state state;

    status = http_dav_compare(site, call, &state, &object, data);
    if (status != BLOCKSTORE_STATUS_OK || state == HTTP_DAV_SAME) return status;
    /* Other bytes under this key are damage, for the key is their hash: putting again is how a store is repaired.  Where
     * nothing was, nothing is overwritten: two who put the same would take each other's away for a moment. */
    status = http_dav_put(site, call, &object, data, state == HTTP_DAV_DIFFERENT);
    if (status != BLOCKSTORE_STATUS_CONFLICT) return status;
  }
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%.300s/%s: The object comes and goes while it is put.", site->root,
                         object.path);
}

static enum blockstore_status http_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                    const char *txid) {
  const struct http_site *site = self;
  struct bs_layout object;
  enum blockstore_status status = http_may_write(site, call);

  (void)txid;
  if (status == BLOCKSTORE_STATUS_OK) status = bs_layout_immutable(&object, call, key);
  return status == BLOCKSTORE_STATUS_OK ? http_dav_delete(site, call, &object) : status;
}

/* Mutable data. */

static enum blockstore_status http_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                               const char *url) {
  const struct http_site *site = self;
  struct http_location location;
  struct bs_layout object;
  struct http_request request HTTP_AUTO_REQUEST = {0};
  bool is_own = http_site_owns(site, &object, url);
  static const struct timespec pause = {.tv_nsec = 5000000};
  enum blockstore_status status;

  if (!http_location_parse(&location, url)) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  if (is_own) {
    http_request_begin(&request, site, "GET", object.path);
  } else {
    http_request_begin_foreign(&request, site, "GET", url);
  }
  status = http_read(site, call, ret_record, &request);
  /* A MOVE that replaces deletes first (RFC 4918, section 9.9.3), and a server caught in between says one of these.  It has
   * renamed within a millisecond, so that a pause is worth it: a miss beside a busy writer is ten times rarer. */
  if (request.http.code == 404 || request.http.code == 403) {
    nanosleep(&pause, NULL);
    status = http_read(site, call, ret_record, &request);
  }
  return is_own ? http_confirm(site, call, status) : status;
}

static enum blockstore_status http_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                               const char *signature, const struct blockstore_source *record) {
  const struct http_site *site = self;
  struct bs_layout object;
  enum blockstore_status status = http_may_write(site, call);

  (void)version, (void)signature;
  if (status == BLOCKSTORE_STATUS_OK) status = bs_layout_mutable(&object, call, data_id);
  return status == BLOCKSTORE_STATUS_OK ? http_dav_put(site, call, &object, record, true) : status;
}

static enum blockstore_status http_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                  const char *signature) {
  const struct http_site *site = self;
  struct bs_layout object;
  enum blockstore_status status = http_may_write(site, call);

  (void)signature;
  if (status == BLOCKSTORE_STATUS_OK) status = bs_layout_mutable(&object, call, data_id);
  return status == BLOCKSTORE_STATUS_OK ? http_dav_delete(site, call, &object) : status;
}

/* Beyond the eight. */

static enum blockstore_status http_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  const struct http_site *site = self;
  bool has_root = site->root[0] != '\0', is_tried = has_root && !site->read_only;
  enum blockstore_status status = has_root ? http_dav_find_root(site, call) : BLOCKSTORE_STATUS_OK;
  struct bs_health health;
  uint64_t swept = 0;

  if (status == BLOCKSTORE_STATUS_OK && is_tried) {
    status = http_dav_try(site, call);
    if (status == BLOCKSTORE_STATUS_OK) swept = http_sweep(site, call);
    if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(call);
  }
  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_health_begin(&health);
  bs_health_text(&health, "root", has_root ? site->root : "none");
  bs_health_text(&health, "login", !site->has_login ? "none" : site->login.user != NULL ? "user" : "token");
  bs_health_flag(&health, "writable", is_tried);
  bs_health_flag(&health, "reads_private_addresses", site->allow_private);
  if (is_tried) bs_health_number(&health, "temporaries_swept", swept);
  return bs_health_end(&health, call, ret_report);
}

static const struct blockstore_driver http_driver = {
    .storage_init = http_storage_init,
    .storage_close = http_storage_close,
    .handles_url = http_handles_url,
    .make_mutable_url = http_make_mutable_url,
    .get_immutable_handler = http_get_immutable,
    .get_mutable_handler = http_get_mutable,
    .put_immutable_handler = http_put_immutable,
    .put_mutable_handler = http_put_mutable,
    .delete_immutable_handler = http_delete_immutable,
    .delete_mutable_handler = http_delete_mutable,
    .check = http_check,
};

/* Not durable: a server's answer says nothing of its disk, and without `root`, which is seen at run time only, nothing is
 * kept at all: `at_least: all` must not wait for that. */
#define HTTP_METADATA                                                                                                \
  BLOCKSTORE_VERSION(PACKAGE_VERSION)                                                                                \
  BLOCKSTORE_DESCRIPTION("Web servers: reads URLs of routes; with a root, a store on a WebDAV server")               \
  BLOCKSTORE_URL_SCHEME("http")                                                                                      \
  BLOCKSTORE_URL_SCHEME("https")                                                                                     \
  BLOCKSTORE_THREADS_PARALLEL                                                                                        \
  BLOCKSTORE_CAPABILITY_CONSISTENT                                                                                   \
  BLOCKSTORE_NEEDS_NETWORK                                                                                           \
  HTTP_SITE_OPTIONS                                                                                                    \
  BS_TRANSFER_OPTIONS

BLOCKSTORE_REGISTER_DRIVER(http, http_driver, HTTP_METADATA);
