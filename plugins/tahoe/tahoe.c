/* SPDX-License-Identifier: MIT */
/*
 * tahoe: objects are immutable files of a Tahoe-LAFS grid, each with a name in one of the directories below `root`
 * (directories.h), reached through the web API of a gateway (grid.h).  A file is uploaded first, and has its name when it
 * is whole; a record is replaced by giving its name to another file.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "plugins/common/endpoint.h"
#include "plugins/common/health.h"
#include "plugins/common/label.h"
#include "plugins/common/layout.h"
#include "plugins/common/plugin.h"
#include "plugins/common/url.h"
#include "plugins/tahoe/directories.h"
#include "plugins/tahoe/grid.h"

#define SCHEME "tahoe:"
#define URL_LONGEST 2048
#define PATH_SIZE (sizeof "immutable/ab/" + BS_LAYOUT_LABEL_LONGEST)

_Static_assert(sizeof SCHEME + sizeof(struct bs_tahoe_capability) + 1 + BS_LAYOUT_ESCAPED_MAX <= URL_LONGEST,
               "a URL has room for any path");

struct tahoe {
  struct bs_tahoe_grid grid;               /* option `gateway` */
  struct bs_tahoe_directories directories; /* option `root` */
  struct bs_tahoe_capability reading;      /* the root's, that everybody may know; empty: there is no root */
  bool writes;                             /* the root can be changed */
  bool create;                             /* option `create` */
  bool others;                             /* option `others` */
};

/* Where an object is: a name in one of the directories. */
struct tahoe_place {
  enum bs_tahoe_area area;
  char digits[3];
  char name[BS_LAYOUT_LABEL_LONGEST + 1];
};

/* Helpers. */

static enum blockstore_status tahoe_need_root(const struct tahoe *tahoe, struct blockstore_call *call) {
  if (tahoe->reading.text[0] != '\0') return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_UNSUPPORTED,
                         "root: The capability of the store's directory is needed for this. A reader has the one that reads "
                         "(root_read_only, in what `blockstore-cli stores` says to the owner); for a new store `blockstore-cli "
                         "stores` makes a directory, with create: true.");
}

static enum blockstore_status tahoe_need_writing(const struct tahoe *tahoe, struct blockstore_call *call) {
  enum blockstore_status status = tahoe_need_root(tahoe, call);

  if (status != BLOCKSTORE_STATUS_OK || tahoe->writes) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "root: This capability only reads; a put needs the one that writes.");
}

/* A layout's path AREA/ab/cd/NAME, without its second level: a directory less to read. */
static void tahoe_place(struct tahoe_place *ret_place, enum bs_tahoe_area area, const struct bs_layout *object) {
  ret_place->area = area;
  snprintf(ret_place->digits, sizeof ret_place->digits, "%.2s", strchr(object->path, '/') + 1);
  snprintf(ret_place->name, sizeof ret_place->name, "%.*s", BS_LAYOUT_LABEL_LONGEST, strrchr(object->path, '/') + 1);
}

static enum blockstore_status tahoe_place_immutable(struct tahoe_place *ret_place, struct blockstore_call *call,
                                                    const char *key) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  if (status == BLOCKSTORE_STATUS_OK) tahoe_place(ret_place, BS_TAHOE_IMMUTABLE, &object);
  return status;
}

static enum blockstore_status tahoe_place_mutable(struct tahoe_place *ret_place, struct blockstore_call *call,
                                                  const char *data_id) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  if (status == BLOCKSTORE_STATUS_OK) tahoe_place(ret_place, BS_TAHOE_MUTABLE, &object);
  return status;
}

/* tahoe:CAPABILITY/mutable/ab/NAME: by the capability that reads, of this store or of others. */
static enum blockstore_status tahoe_locate_url(const struct tahoe *tahoe, struct bs_tahoe_capability *ret_directory,
                                               struct tahoe_place *ret_place, const char *url) {
  static const char area[] = "mutable/";
  size_t length;
  bool writes;
  char path[sizeof "mutable/ab/" + BS_LAYOUT_LABEL_LONGEST];

  if (strncasecmp(url, SCHEME, strlen(SCHEME)) != 0) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  url += strlen(SCHEME);
  length = strcspn(url, "/");
  if (!bs_tahoe_take(ret_directory, &writes, url, length) || writes || url[length] != '/' ||
      !bs_url_decode_path(path, sizeof path, url + length + 1))
    return BLOCKSTORE_STATUS_UNHANDLED_URL;
  if (strncmp(path, area, strlen(area)) != 0 || strspn(path + strlen(area), "0123456789abcdef") < 2 ||
      path[strlen(area) + 2] != '/' || !bs_label_is(path + strlen(area) + 3, BS_LAYOUT_LABEL_LONGEST))
    return BLOCKSTORE_STATUS_UNHANDLED_URL;
  if (!tahoe->others && strcmp(ret_directory->text, tahoe->reading.text) != 0) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  ret_place->area = BS_TAHOE_MUTABLE;
  snprintf(ret_place->digits, sizeof ret_place->digits, "%.2s", path + strlen(area));
  memcpy(ret_place->name, path + strlen(area) + 3, strlen(path) - strlen(area) - 2);
  return BLOCKSTORE_STATUS_OK;
}

/* ---- objects ---- */

/* Also who was slow to take the last bytes is told that the time is over. */
static enum blockstore_status tahoe_get(struct tahoe *tahoe, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                        const struct tahoe_place *place) {
  struct bs_tahoe_capability directory;
  enum blockstore_status status =
      bs_tahoe_find(&tahoe->directories, &tahoe->grid, call, &directory, place->area, place->digits, false);

  if (status == BLOCKSTORE_STATUS_OK) status = bs_tahoe_get(&tahoe->grid, call, ret_data, &directory, place->name);
  return status == BLOCKSTORE_STATUS_OK ? blockstore_go_on(call) : status;
}

/* The names from the root on. */
static void tahoe_path(char ret_path[PATH_SIZE], const struct tahoe_place *place) {
  snprintf(ret_path, PATH_SIZE, "%s/%s/%s", bs_tahoe_areas[place->area], place->digits, place->name);
}

/* Of a directory that is not this store's. */
static enum blockstore_status tahoe_get_elsewhere(const struct tahoe *tahoe, struct blockstore_call *call,
                                                  struct blockstore_sink *ret_data,
                                                  const struct bs_tahoe_capability *root, const struct tahoe_place *place) {
  char path[PATH_SIZE];
  enum blockstore_status status;

  tahoe_path(path, place);
  status = bs_tahoe_get(&tahoe->grid, call, ret_data, root, path);
  return status == BLOCKSTORE_STATUS_OK ? blockstore_go_on(call) : status;
}

/*
 * Is the name there, from the root on?  Another gateway may have undone a change that this one acknowledged, that of a
 * directory in use, say; all that would go into that one would be lost.
 */
static enum blockstore_status tahoe_look(struct tahoe *tahoe, struct blockstore_call *call, const struct tahoe_place *place) {
  char path[PATH_SIZE];
  enum blockstore_status status;

  tahoe_path(path, place);
  status = bs_tahoe_has(&tahoe->grid, call, &tahoe->directories.root, path);
  if (status != BLOCKSTORE_STATUS_NOT_FOUND) return status;
  bs_tahoe_forget(&tahoe->directories, place->area, place->digits);
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT,
                         "The object was put in its place, and is not there: others who change the directories of `root` "
                         "through another gateway have undone it.");
}

/* The gateway finds what of the file is in the grid already: to put again is to repair. */
static enum blockstore_status tahoe_put(struct tahoe *tahoe, struct blockstore_call *call, const struct tahoe_place *place,
                                        const struct blockstore_source *source) {
  char file[BS_TAHOE_FILE_LONGEST + 1];
  struct bs_tahoe_capability directory;
  enum blockstore_status status = tahoe_need_writing(tahoe, call);

  if (status == BLOCKSTORE_STATUS_OK)
    status = bs_tahoe_find(&tahoe->directories, &tahoe->grid, call, &directory, place->area, place->digits, true);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_tahoe_upload(&tahoe->grid, call, file, source);
  if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(call);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_tahoe_link(&tahoe->grid, call, &directory, place->name, file);
  return status == BLOCKSTORE_STATUS_OK ? tahoe_look(tahoe, call, place) : status;
}

static enum blockstore_status tahoe_delete(struct tahoe *tahoe, struct blockstore_call *call, const struct tahoe_place *place) {
  struct bs_tahoe_capability directory;
  enum blockstore_status status = tahoe_need_writing(tahoe, call);

  if (status == BLOCKSTORE_STATUS_OK)
    status = bs_tahoe_find(&tahoe->directories, &tahoe->grid, call, &directory, place->area, place->digits, false);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_tahoe_unlink(&tahoe->grid, call, &directory, place->name);
  return status == BLOCKSTORE_STATUS_NOT_FOUND ? BLOCKSTORE_STATUS_OK : status;
}

/* Lifecycle. */

static enum blockstore_status tahoe_take_root(struct tahoe *tahoe, struct blockstore_call *call, const char *root) {
  if (root == NULL) return BLOCKSTORE_STATUS_OK;
  if (!bs_tahoe_take(&tahoe->directories.root, &tahoe->writes, root, strlen(root)))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "root: The capability of a directory was expected, which begins with URI:DIR2: as a rule.");
  bs_tahoe_read_only(&tahoe->reading, &tahoe->directories.root);
  return BLOCKSTORE_STATUS_OK;
}

static void tahoe_free(struct tahoe *tahoe) {
  bs_tahoe_close(&tahoe->grid);
  pthread_mutex_destroy(&tahoe->directories.mutex);
  OPENSSL_cleanse(tahoe, sizeof *tahoe);
  free(tahoe);
}

static enum blockstore_status tahoe_storage_init(void **ret_self, struct blockstore_call *call,
                                                 const struct blockstore_settings *settings,
                                                 const struct blockstore_next *next) {
  struct tahoe *tahoe = calloc(1, sizeof *tahoe);
  enum blockstore_status status;

  (void)next;
  if (tahoe == NULL) return bs_plugin_fail_memory(call);
  if (pthread_mutex_init(&tahoe->directories.mutex, NULL) != 0) {
    free(tahoe);
    return bs_plugin_fail_memory(call);
  }
  tahoe->create = call->host->setting_number(settings, "create") != 0;
  tahoe->others = call->host->setting_number(settings, "others") != 0;
  status = tahoe_take_root(tahoe, call, call->host->setting(settings, "root", 0));
  if (status == BLOCKSTORE_STATUS_OK) status = bs_tahoe_open(&tahoe->grid, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) {
    *ret_self = tahoe;
  } else {
    tahoe_free(tahoe);
  }
  return status;
}

static void tahoe_storage_close(void *self, struct blockstore_call *call) {
  (void)call;
  tahoe_free(self);
}

/* URLs. */

static enum blockstore_status tahoe_handles_url(void *self, struct blockstore_call *call, const char *url) {
  struct bs_tahoe_capability directory;
  struct tahoe_place place;

  (void)call;
  return tahoe_locate_url(self, &directory, &place, url);
}

static enum blockstore_status tahoe_make_mutable_url(void *self, struct blockstore_call *call,
                                                     struct blockstore_sink *ret_url, const char *data_id) {
  const struct tahoe *tahoe = self;
  struct tahoe_place place;
  char url[URL_LONGEST + 1], name[BS_LAYOUT_ESCAPED_MAX];
  enum blockstore_status status = tahoe_need_root(tahoe, call);
  int length;

  if (status == BLOCKSTORE_STATUS_OK) status = tahoe_place_mutable(&place, call, data_id);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_url_escape(name, sizeof name, place.name, strlen(place.name), BS_URL_UNRESERVED);
  length = snprintf(url, sizeof url, SCHEME "%s/mutable/%s/%s", tahoe->reading.text, place.digits, name);
  return blockstore_give(ret_url, url, (size_t)length);
}

/* Immutable data. */

static enum blockstore_status tahoe_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                  const char *key) {
  struct tahoe_place place;
  enum blockstore_status status = tahoe_need_root(self, call);

  if (status == BLOCKSTORE_STATUS_OK) status = tahoe_place_immutable(&place, call, key);
  return status == BLOCKSTORE_STATUS_OK ? tahoe_get(self, call, ret_data, &place) : status;
}

static enum blockstore_status tahoe_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                  const struct blockstore_source *data, const char *txid) {
  struct tahoe_place place;
  enum blockstore_status status = tahoe_place_immutable(&place, call, key);

  (void)txid;
  return status == BLOCKSTORE_STATUS_OK ? tahoe_put(self, call, &place, data) : status;
}

static enum blockstore_status tahoe_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                     const char *txid) {
  struct tahoe_place place;
  enum blockstore_status status = tahoe_place_immutable(&place, call, key);

  (void)txid;
  return status == BLOCKSTORE_STATUS_OK ? tahoe_delete(self, call, &place) : status;
}

/* Mutable data. */

static enum blockstore_status tahoe_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                                const char *url) {
  struct tahoe *tahoe = self;
  struct bs_tahoe_capability directory;
  struct tahoe_place place;
  enum blockstore_status status = tahoe_locate_url(tahoe, &directory, &place, url);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (strcmp(directory.text, tahoe->reading.text) == 0) return tahoe_get(tahoe, call, ret_record, &place);
  return tahoe_get_elsewhere(tahoe, call, ret_record, &directory, &place);
}

static enum blockstore_status tahoe_put_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                uint64_t version, const char *signature,
                                                const struct blockstore_source *record) {
  struct tahoe_place place;
  enum blockstore_status status = tahoe_place_mutable(&place, call, data_id);

  (void)version;
  (void)signature;
  return status == BLOCKSTORE_STATUS_OK ? tahoe_put(self, call, &place, record) : status;
}

static enum blockstore_status tahoe_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                   const char *signature) {
  struct tahoe_place place;
  enum blockstore_status status = tahoe_place_mutable(&place, call, data_id);

  (void)signature;
  return status == BLOCKSTORE_STATUS_OK ? tahoe_delete(self, call, &place) : status;
}

/* Beyond the eight. */

/* Shown in this report once, and nowhere else: neither driver nor core keeps it. */
static enum blockstore_status tahoe_create(const struct tahoe *tahoe, struct blockstore_call *call,
                                           struct blockstore_sink *ret_report) {
  struct bs_tahoe_capability root;
  struct bs_health health;
  enum blockstore_status status = bs_tahoe_new_root(&tahoe->grid, call, &root);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_health_begin(&health);
  bs_health_text(&health, "gateway", tahoe->grid.url);
  bs_health_text(&health, "new_root", root.text);
  bs_health_text(&health, "next",
                 "Keep new_root as a secret, in a file of mode 600, say; name that in the configuration as root: {file: PATH}, "
                 "and remove create. It is not shown again.");
  return bs_health_end(&health, call, ret_report);
}

static uint64_t tahoe_number(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

  return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 1e9 ? (uint64_t)item->valuedouble : 0;
}

static void tahoe_report_servers(struct bs_health *health, const cJSON *servers) {
  uint64_t known = 0, connected = 0;
  const cJSON *server;

  cJSON_ArrayForEach(server, cJSON_GetObjectItemCaseSensitive(servers, "servers")) {
    const char *connection = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(server, "connection_status"));

    known++;
    if (connection != NULL && strncasecmp(connection, "connected", strlen("connected")) == 0) connected++;
  }
  bs_health_number(health, "servers_known", known);
  bs_health_number(health, "servers_connected", connected);
}

static void tahoe_report_shares(struct bs_health *health, const cJSON *results) {
  bs_health_flag(health, "root_healthy", cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(results, "healthy")));
  bs_health_number(health, "root_shares_good", tahoe_number(results, "count-shares-good"));
  bs_health_number(health, "root_shares_needed", tahoe_number(results, "count-shares-needed"));
  bs_health_number(health, "root_shares_expected", tahoe_number(results, "count-shares-expected"));
}

static enum blockstore_status tahoe_report(const struct tahoe *tahoe, struct blockstore_call *call,
                                           struct blockstore_sink *ret_report, const cJSON *servers, const cJSON *results) {
  struct bs_health health;

  if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(results, "recoverable")))
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "root: Of the %d shares that it takes to read this directory, %d can be reached; are enough "
                           "storage servers there, and is the capability right?",
                           (int)tahoe_number(results, "count-shares-needed"), (int)tahoe_number(results, "count-shares-good"));
  bs_health_begin(&health);
  bs_health_text(&health, "gateway", tahoe->grid.url);
  bs_health_text(&health, "root_read_only", tahoe->reading.text);
  bs_health_flag(&health, "writable", tahoe->writes);
  tahoe_report_servers(&health, servers);
  tahoe_report_shares(&health, results);
  return bs_health_end(&health, call, ret_report);
}

static enum blockstore_status tahoe_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  const struct tahoe *tahoe = self;
  cJSON *servers = NULL, *shares = NULL;
  enum blockstore_status status;

  if (tahoe->reading.text[0] == '\0' && tahoe->create) return tahoe_create(tahoe, call, ret_report);
  status = tahoe_need_root(tahoe, call);
  if (status != BLOCKSTORE_STATUS_OK) return BLOCKSTORE_STATUS_FAILED;
  status = bs_tahoe_servers(&tahoe->grid, call, &servers);
  if (status == BLOCKSTORE_STATUS_OK) status = bs_tahoe_shares(&tahoe->grid, call, &shares, &tahoe->directories.root);
  if (status == BLOCKSTORE_STATUS_OK)
    status = tahoe_report(tahoe, call, ret_report, servers, cJSON_GetObjectItemCaseSensitive(shares, "results"));
  cJSON_Delete(servers);
  cJSON_Delete(shares);
  return status == BLOCKSTORE_STATUS_NOT_FOUND ? BLOCKSTORE_STATUS_FAILED : status;
}

static const struct blockstore_driver tahoe_driver = {
    .storage_init = tahoe_storage_init,
    .storage_close = tahoe_storage_close,
    .handles_url = tahoe_handles_url,
    .make_mutable_url = tahoe_make_mutable_url,
    .get_immutable_handler = tahoe_get_immutable,
    .get_mutable_handler = tahoe_get_mutable,
    .put_immutable_handler = tahoe_put_immutable,
    .put_mutable_handler = tahoe_put_mutable,
    .delete_immutable_handler = tahoe_delete_immutable,
    .delete_mutable_handler = tahoe_delete_mutable,
    .check = tahoe_check,
};

#define TAHOE_METADATA                                                                                                 \
  BLOCKSTORE_VERSION(PACKAGE_VERSION)                                                                                  \
  BLOCKSTORE_DESCRIPTION("Files of a Tahoe-LAFS grid, through the web API of a gateway")                               \
  BLOCKSTORE_URL_SCHEME("tahoe")                                                                                       \
  BLOCKSTORE_THREADS_PARALLEL                                                                                          \
  BLOCKSTORE_CAPABILITY_CONSISTENT                                                                                     \
  BLOCKSTORE_CAPABILITY_PUBLIC                                                                                         \
  BLOCKSTORE_NEEDS_NETWORK                                                                                             \
  BLOCKSTORE_OPTION("gateway", STRING, OPTIONAL, "http://127.0.0.1:3456", "Address of the web API of a Tahoe-LAFS node") \
  BLOCKSTORE_OPTION("root", SECRET, OPTIONAL, "", "Capability of the directory that holds the objects")                \
  BLOCKSTORE_OPTION("create", BOOL, OPTIONAL, "false", "Without a root, let blockstore-cli stores make one and show it") \
  BLOCKSTORE_OPTION("others", BOOL, OPTIONAL, "true", "Read what routes name in the directories of others")             \
  BS_ENDPOINT_OPTIONS                                                                                                  \
  BS_TRANSFER_OPTIONS

BLOCKSTORE_REGISTER_DRIVER(tahoe, tahoe_driver, TAHOE_METADATA);
