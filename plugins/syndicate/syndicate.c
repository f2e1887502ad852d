/* SPDX-License-Identifier: MIT */
/*
 * syndicate: objects are files of a Syndicate volume, below `root`, where plugins/common/layout.h says, reached through
 * a user gateway (gateway.h).  A gateway writes into files in place and cuts none off, so each object is written as a
 * new file, ROOT/tmp/TIME-RANDOM, and renamed.
 */
#include <config.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "plugins/common/compare.h"
#include "plugins/common/endpoint.h"
#include "plugins/common/errand.h"
#include "plugins/common/health.h"
#include "plugins/common/layout.h"
#include "plugins/common/plugin.h"
#include "plugins/common/upload.h"
#include "plugins/common/url.h"
#include "plugins/syndicate/gateway.h"

#define SCHEME "syndicate://"
#define TEMPORARIES "tmp"
#define VOLUME_LONGEST 128
#define ROOT_LONGEST 400
#define URL_LONGEST 2048

_Static_assert(sizeof SCHEME + VOLUME_LONGEST + 1 + (size_t)3 * ROOT_LONGEST + 1 + BS_LAYOUT_ESCAPED_MAX <= URL_LONGEST,
               "a URL has room for any path");
_Static_assert(ROOT_LONGEST + 1 + sizeof(struct bs_layout) <= BS_SYNDICATE_PATH_LONGEST, "and so has a request");

struct syndicate {
  struct bs_syndicate_gateway gateway; /* options `gateway`, `session` and `key` */
  const char *volume;                  /* option `volume` */
  const char *root;                    /* option `root`; no slash at an end */
  atomic_bool is_ready;                /* the directory of temporaries was made, or was there */
};

/* A path in the volume. */
struct syndicate_path {
  char text[BS_SYNDICATE_PATH_LONGEST + 1];
};

/* Helpers. */

static struct syndicate_path syndicate_path(const struct syndicate *syndicate, const char *below_root) {
  struct syndicate_path path;

  snprintf(path.text, sizeof path.text, "%s/%s", syndicate->root, below_root);
  return path;
}

static struct syndicate_path syndicate_path_of_temporary(const struct syndicate *syndicate, const char *name) {
  char below[sizeof TEMPORARIES "/" + BS_UPLOAD_NAME_SIZE];

  snprintf(below, sizeof below, TEMPORARIES "/%s", name);
  return syndicate_path(syndicate, below);
}

/* A path that nothing has. */
static enum blockstore_status syndicate_temporary(const struct syndicate *syndicate, struct blockstore_call *call,
                                                  struct syndicate_path *ret_path) {
  char name[BS_UPLOAD_NAME_SIZE];
  enum blockstore_status status = bs_upload_name(name, call);

  if (status == BLOCKSTORE_STATUS_OK) *ret_path = syndicate_path_of_temporary(syndicate, name);
  return status;
}

static enum blockstore_status syndicate_locate_url(const struct syndicate *syndicate, struct bs_layout *ret_object,
                                                   const char *url) {
  size_t volume = strlen(syndicate->volume), root = strlen(syndicate->root);
  char path[URL_LONGEST];

  if (strncasecmp(url, SCHEME, strlen(SCHEME)) != 0) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  url += strlen(SCHEME);
  if (strncmp(url, syndicate->volume, volume) != 0 || url[volume] != '/' ||
      !bs_url_decode_path(path, sizeof path, url + volume + 1))
    return BLOCKSTORE_STATUS_UNHANDLED_URL;
  if (strncmp(path, syndicate->root, root) != 0 || path[root] != '/' || !bs_layout_take(ret_object, path + root + 1))
    return BLOCKSTORE_STATUS_UNHANDLED_URL;
  return BLOCKSTORE_STATUS_OK;
}

/* Is the object there, byte for byte?  To ask saves work; what cannot be read is damaged, and written anew. */
static enum blockstore_status syndicate_holds(const struct syndicate *syndicate, struct blockstore_call *call,
                                              bool *ret_holds, const struct syndicate_path *object,
                                              const struct blockstore_source *source) {
  struct bs_compare compare;
  enum blockstore_status status;

  bs_compare_begin(&compare, source);
  status = bs_syndicate_download(&syndicate->gateway, call, &compare.sink, object->text);
  if (compare.status != BLOCKSTORE_STATUS_OK) return compare.status;
  if (status == BLOCKSTORE_STATUS_CANCELLED && !compare.differs) return status;
  *ret_holds = status == BLOCKSTORE_STATUS_OK && bs_compare_is_same(&compare);
  return BLOCKSTORE_STATUS_OK;
}

/* Writing. */

/* The directory that a path is in. */
static enum blockstore_status syndicate_make_directory(const struct syndicate *syndicate, struct blockstore_call *call,
                                                       const struct syndicate_path *path) {
  struct syndicate_path directory = *path;

  *strrchr(directory.text, '/') = '\0';
  return bs_syndicate_make_directory(&syndicate->gateway, call, directory.text);
}

/* Not sent in vain, as a long body is to where there is no directory. */
static enum blockstore_status syndicate_write(struct syndicate *syndicate, struct blockstore_call *call,
                                              const struct syndicate_path *path, const struct blockstore_source *source) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  if (!atomic_load(&syndicate->is_ready)) status = syndicate_make_directory(syndicate, call, path);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  status = bs_syndicate_write(&syndicate->gateway, call, path->text, source);
  atomic_store(&syndicate->is_ready, status != BLOCKSTORE_STATUS_NOT_FOUND);
  return status;
}

static enum blockstore_status syndicate_rename(const struct syndicate *syndicate, struct blockstore_call *call,
                                               const struct syndicate_path *from, const struct syndicate_path *to) {
  enum blockstore_status status = bs_syndicate_rename(&syndicate->gateway, call, from->text, to->text);

  if (status != BLOCKSTORE_STATUS_NOT_FOUND) return status;
  status = syndicate_make_directory(syndicate, call, to);
  return status == BLOCKSTORE_STATUS_OK ? bs_syndicate_rename(&syndicate->gateway, call, from->text, to->text) : status;
}

/* Removes files that are not needed, if it can. */
static void syndicate_tidy(const struct syndicate *syndicate, struct blockstore_call *call,
                           const struct syndicate_path *paths, size_t count) {
  struct bs_errand errand;

  bs_errand_after(&errand, call);
  for (size_t i = 0; i < count; i++) bs_syndicate_unlink(&syndicate->gateway, &errand.call, paths[i].text);
}

static enum blockstore_status syndicate_put(struct syndicate *syndicate, struct blockstore_call *call,
                                            const struct syndicate_path *object, const struct blockstore_source *source) {
  struct syndicate_path temporary;
  enum blockstore_status status = syndicate_temporary(syndicate, call, &temporary);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  status = syndicate_write(syndicate, call, &temporary, source);
  if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(call);
  if (status == BLOCKSTORE_STATUS_OK) status = syndicate_rename(syndicate, call, &temporary, object);
  if (status != BLOCKSTORE_STATUS_OK) syndicate_tidy(syndicate, call, &temporary, 1);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT,
                           "The object cannot be put in its place: somebody removes the directories of the store.");
  return status;
}

/* Also who was slow to take the last bytes is told that the time is over. */
static enum blockstore_status syndicate_get(const struct syndicate *syndicate, struct blockstore_call *call,
                                            struct blockstore_sink *ret_data, const struct syndicate_path *object) {
  enum blockstore_status status = bs_syndicate_download(&syndicate->gateway, call, ret_data, object->text);

  return status == BLOCKSTORE_STATUS_OK ? blockstore_go_on(call) : status;
}

static enum blockstore_status syndicate_delete(const struct syndicate *syndicate, struct blockstore_call *call,
                                               const struct syndicate_path *object) {
  enum blockstore_status status = bs_syndicate_unlink(&syndicate->gateway, call, object->text);

  return status == BLOCKSTORE_STATUS_NOT_FOUND ? BLOCKSTORE_STATUS_OK : status;
}

/* Lifecycle. */

/* Components with single slashes between them, none of them "." or "..", of characters that need no escape. */
static bool syndicate_is_root(const char *text) {
  if (strlen(text) > ROOT_LONGEST || text[strspn(text, BS_URL_PATH)] != '\0') return false;
  for (const char *at = text;; at++) {
    size_t length = strcspn(at, "/");

    if (length == 0 || (length <= 2 && strncmp(at, "..", length) == 0)) return false;
    at += length;
    if (*at == '\0') return true;
  }
}

static enum blockstore_status syndicate_look(const struct syndicate *syndicate, struct blockstore_call *call) {
  const char *volume = syndicate->volume;

  if (volume[0] == '\0' || strlen(volume) > VOLUME_LONGEST || volume[strspn(volume, BS_URL_UNRESERVED)] != '\0')
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "volume: 1 to %d letters, digits and characters of \"-._~\" were expected.", VOLUME_LONGEST);
  if (!syndicate_is_root(syndicate->root))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "root: A path in the volume was expected, such as blockstore or data/blockstore: letters, digits "
                           "and characters of \"-._~/\", at most %d.",
                           ROOT_LONGEST);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status syndicate_storage_init(void **ret_self, struct blockstore_call *call,
                                                     const struct blockstore_settings *settings,
                                                     const struct blockstore_next *next) {
  struct syndicate *syndicate = calloc(1, sizeof *syndicate);
  enum blockstore_status status;

  (void)next;
  if (syndicate == NULL) return bs_plugin_fail_memory(call);
  syndicate->volume = call->host->setting(settings, "volume", 0);
  syndicate->root = call->host->setting(settings, "root", 0);
  status = syndicate_look(syndicate, call);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_syndicate_open(&syndicate->gateway, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) {
    *ret_self = syndicate;
  } else {
    bs_syndicate_close(&syndicate->gateway);
    free(syndicate);
  }
  return status;
}

static void syndicate_storage_close(void *self, struct blockstore_call *call) {
  struct syndicate *syndicate = self;

  (void)call;
  bs_syndicate_close(&syndicate->gateway);
  free(syndicate);
}

/* URLs. */

static enum blockstore_status syndicate_handles_url(void *self, struct blockstore_call *call, const char *url) {
  struct bs_layout object;

  (void)call;
  return syndicate_locate_url(self, &object, url);
}

static enum blockstore_status syndicate_make_mutable_url(void *self, struct blockstore_call *call,
                                                         struct blockstore_sink *ret_url, const char *data_id) {
  const struct syndicate *syndicate = self;
  struct bs_layout object;
  char url[URL_LONGEST + 1], path[BS_LAYOUT_ESCAPED_MAX];
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);
  int length;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_url_escape(path, sizeof path, object.path, strlen(object.path), BS_URL_PATH);
  length = snprintf(url, sizeof url, SCHEME "%s/%s/%s", syndicate->volume, syndicate->root, path);
  return blockstore_give(ret_url, url, (size_t)length);
}

/* Immutable data. */

static enum blockstore_status syndicate_immutable(const struct syndicate *syndicate, struct blockstore_call *call,
                                                  struct syndicate_path *ret_path, const char *key) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  if (status == BLOCKSTORE_STATUS_OK) *ret_path = syndicate_path(syndicate, object.path);
  return status;
}

static enum blockstore_status syndicate_get_immutable(void *self, struct blockstore_call *call,
                                                      struct blockstore_sink *ret_data, const char *key) {
  const struct syndicate *syndicate = self;
  struct syndicate_path path;
  enum blockstore_status status = syndicate_immutable(syndicate, call, &path, key);

  return status == BLOCKSTORE_STATUS_OK ? syndicate_get(syndicate, call, ret_data, &path) : status;
}

static enum blockstore_status syndicate_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                      const struct blockstore_source *data, const char *txid) {
  struct syndicate_path path;
  enum blockstore_status status = syndicate_immutable(self, call, &path, key);
  bool holds;

  (void)txid;
  if (status == BLOCKSTORE_STATUS_OK) status = syndicate_holds(self, call, &holds, &path, data);
  if (status != BLOCKSTORE_STATUS_OK || holds) return status;
  /* Other bytes under this key are damage, for the key is their hash: putting again is how a store is repaired. */
  return syndicate_put(self, call, &path, data);
}

static enum blockstore_status syndicate_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                         const char *txid) {
  struct syndicate_path path;
  enum blockstore_status status = syndicate_immutable(self, call, &path, key);

  (void)txid;
  return status == BLOCKSTORE_STATUS_OK ? syndicate_delete(self, call, &path) : status;
}

/* Mutable data. */

static enum blockstore_status syndicate_mutable(const struct syndicate *syndicate, struct blockstore_call *call,
                                                struct syndicate_path *ret_path, const char *data_id) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  if (status == BLOCKSTORE_STATUS_OK) *ret_path = syndicate_path(syndicate, object.path);
  return status;
}

static enum blockstore_status syndicate_get_mutable(void *self, struct blockstore_call *call,
                                                    struct blockstore_sink *ret_record, const char *url) {
  const struct syndicate *syndicate = self;
  struct bs_layout object;
  enum blockstore_status status = syndicate_locate_url(syndicate, &object, url);
  struct syndicate_path path;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  path = syndicate_path(syndicate, object.path);
  return syndicate_get(syndicate, call, ret_record, &path);
}

static enum blockstore_status syndicate_put_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                    uint64_t version, const char *signature,
                                                    const struct blockstore_source *record) {
  struct syndicate_path path;
  enum blockstore_status status = syndicate_mutable(self, call, &path, data_id);

  (void)version;
  (void)signature;
  return status == BLOCKSTORE_STATUS_OK ? syndicate_put(self, call, &path, record) : status;
}

static enum blockstore_status syndicate_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                       const char *signature) {
  struct syndicate_path path;
  enum blockstore_status status = syndicate_mutable(self, call, &path, data_id);

  (void)signature;
  return status == BLOCKSTORE_STATUS_OK ? syndicate_delete(self, call, &path) : status;
}

/* Beyond the eight. */

static enum blockstore_status syndicate_read_none(const struct blockstore_source *source, void *buffer, size_t length,
                                                  uint64_t offset) {
  (void)source;
  (void)buffer;
  return length == 0 && offset == 0 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_FAILED;
}

/* Can a file be written, and take the place of another? */
static enum blockstore_status syndicate_try(struct syndicate *syndicate, struct blockstore_call *call) {
  const struct blockstore_source none = {.struct_size = sizeof none, .read_at = syndicate_read_none};
  struct syndicate_path files[2];
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  for (size_t i = 0; i < 2; i++) {
    status = syndicate_temporary(syndicate, call, &files[i]);
    if (status != BLOCKSTORE_STATUS_OK) return status;
  }
  for (size_t i = 0; status == BLOCKSTORE_STATUS_OK && i < 2; i++) status = syndicate_write(syndicate, call, &files[i], &none);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_syndicate_rename(&syndicate->gateway, call, files[0].text, files[1].text);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_syndicate_unlink(&syndicate->gateway, call, files[1].text);
  if (status != BLOCKSTORE_STATUS_OK) syndicate_tidy(syndicate, call, files, 2);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "root: A file that was written below %s is not there.",
                           syndicate->root);
  return status;
}

/* Removes what puts left that never ended, if it can; that it cannot does no harm to the store. */
static uint64_t syndicate_sweep(const struct syndicate *syndicate, struct blockstore_call *call) {
  const struct syndicate_path directory = syndicate_path(syndicate, TEMPORARIES);
  const cJSON *entry;
  cJSON *list = NULL;
  uint64_t count = 0;
  struct bs_errand errand;
  enum blockstore_status status;

  bs_errand_after(&errand, call);
  status = bs_syndicate_list(&syndicate->gateway, &errand.call, &list, directory.text);
  cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(list, "entries")) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "name"));
    struct syndicate_path file;

    if (name == NULL || !bs_upload_is_old(name, time(NULL))) continue;
    file = syndicate_path_of_temporary(syndicate, name);
    status = bs_syndicate_unlink(&syndicate->gateway, &errand.call, file.text);
    if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND) break;
    count += status == BLOCKSTORE_STATUS_OK; /* or another sweep was faster */
  }
  cJSON_Delete(list);
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND)
    blockstore_log(call, BLOCKSTORE_LOG_WARNING, "What older puts left in %s stays there: %s", directory.text, errand.reason);
  return count;
}

static enum blockstore_status syndicate_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  struct syndicate *syndicate = self;
  struct bs_health health;
  uint64_t free_bytes = BLOCKSTORE_SIZE_UNKNOWN, swept = 0;
  enum blockstore_status status = bs_syndicate_statvfs(&syndicate->gateway, call, &free_bytes);

  if (status == BLOCKSTORE_STATUS_NOT_FOUND)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "session: The gateway knows no session \"%s\".",
                           syndicate->gateway.credentials.user);
  if (status == BLOCKSTORE_STATUS_OK) status = syndicate_try(syndicate, call);
  if (status == BLOCKSTORE_STATUS_OK) swept = syndicate_sweep(syndicate, call);
  if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_health_begin(&health);
  bs_health_text(&health, "gateway", syndicate->gateway.url);
  bs_health_text(&health, "session", syndicate->gateway.credentials.user);
  bs_health_text(&health, "volume", syndicate->volume);
  bs_health_text(&health, "root", syndicate->root);
  bs_health_flag(&health, "writable", true);
  bs_health_number(&health, "temporaries_swept", swept);
  if (free_bytes != BLOCKSTORE_SIZE_UNKNOWN) bs_health_number(&health, "free_bytes", free_bytes);
  return bs_health_end(&health, call, ret_report);
}

static const struct blockstore_driver syndicate_driver = {
    .storage_init = syndicate_storage_init,
    .storage_close = syndicate_storage_close,
    .handles_url = syndicate_handles_url,
    .make_mutable_url = syndicate_make_mutable_url,
    .get_immutable_handler = syndicate_get_immutable,
    .get_mutable_handler = syndicate_get_mutable,
    .put_immutable_handler = syndicate_put_immutable,
    .put_mutable_handler = syndicate_put_mutable,
    .delete_immutable_handler = syndicate_delete_immutable,
    .delete_mutable_handler = syndicate_delete_mutable,
    .check = syndicate_check,
};

#define SYNDICATE_METADATA                                                                                             \
  BLOCKSTORE_VERSION(PACKAGE_VERSION)                                                                                  \
  BLOCKSTORE_DESCRIPTION("Files in a Syndicate volume, through a user gateway")                                        \
  BLOCKSTORE_URL_SCHEME("syndicate")                                                                                   \
  BLOCKSTORE_THREADS_PARALLEL                                                                                          \
  BLOCKSTORE_CAPABILITY_CONSISTENT                                                                                     \
  BLOCKSTORE_NEEDS_NETWORK                                                                                             \
  BLOCKSTORE_OPTION("gateway", STRING, OPTIONAL, "http://127.0.0.1:8888", "Address of the user gateway")                \
  BLOCKSTORE_OPTION("volume", STRING, REQUIRED, "", "Name of the volume that the gateway serves")                      \
  BLOCKSTORE_OPTION("root", STRING, OPTIONAL, "blockstore", "Directory of the volume that holds the objects")          \
  BLOCKSTORE_OPTION("session", STRING, REQUIRED, "", "Name of the session at the gateway")                             \
  BLOCKSTORE_OPTION("key", SECRET, REQUIRED, "", "Key of the session")                                                 \
  BS_ENDPOINT_OPTIONS                                                                                                  \
  BS_TRANSFER_OPTIONS

BLOCKSTORE_REGISTER_DRIVER(syndicate, syndicate_driver, SYNDICATE_METADATA);
