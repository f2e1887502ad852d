/* SPDX-License-Identifier: MIT */
/*
 * ftp: objects are files on an FTP server, in a directory `root`, where plugins/common/layout.h says.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "plugins/common/health.h"
#include "plugins/common/layout.h"
#include "plugins/common/plugin.h"
#include "plugins/common/transfer.h"
#include "plugins/ftp/absence.h"
#include "plugins/ftp/same.h"
#include "plugins/ftp/upload.h"
#include "plugins/ftp/wire.h"

struct ftp {
  struct bs_ftp_wire *wire; /* all other options */
  bool must_exist;          /* option `must_exist` */
};

/* Helpers. */

/* What the status of a path that was refused is. */
static enum blockstore_status ftp_find_out(const struct ftp *ftp, struct blockstore_call *call, enum blockstore_status status,
                                           const struct bs_ftp_reply *reply, const char *path) {
  if (status == BLOCKSTORE_STATUS_OK || !bs_ftp_reply_is_refusal(reply)) return status;
  return bs_ftp_absence(ftp->wire, call, reply, path, ftp->must_exist);
}

static enum blockstore_status ftp_get(const struct ftp *ftp, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                      const struct bs_layout *object, bool may_change) {
  struct bs_ftp_reply reply;
  struct bs_ftp_path path;
  enum blockstore_status status;

  bs_ftp_place_path(&path, bs_ftp_wire_place(ftp->wire), object->path);
  status = bs_ftp_retrieve(ftp->wire, call, &reply, ret_data, path.text, may_change);
  return ftp_find_out(ftp, call, status, &reply, path.text);
}

static enum blockstore_status ftp_delete(const struct ftp *ftp, struct blockstore_call *call, const struct bs_layout *object) {
  struct bs_ftp_reply reply;
  struct bs_ftp_path path;
  enum blockstore_status status;

  bs_ftp_place_path(&path, bs_ftp_wire_place(ftp->wire), object->path);
  status = ftp_find_out(ftp, call, bs_ftp_remove(ftp->wire, call, &reply, path.text), &reply, path.text);
  return status == BLOCKSTORE_STATUS_NOT_FOUND ? BLOCKSTORE_STATUS_OK : status;
}

/* Lifecycle. */

static enum blockstore_status ftp_storage_init(void **ret_self, struct blockstore_call *call,
                                               const struct blockstore_settings *settings, const struct blockstore_next *next) {
  struct ftp *ftp = calloc(1, sizeof *ftp);
  enum blockstore_status status;

  (void)next;
  if (ftp == NULL)
    return bs_plugin_fail_memory(call);
  ftp->must_exist = call->host->setting_number(settings, "must_exist") != 0;
  status = bs_ftp_wire_open(&ftp->wire, call, settings);
  if (status == BLOCKSTORE_STATUS_OK) *ret_self = ftp;
  else free(ftp);
  return status;
}

static void ftp_storage_close(void *self, struct blockstore_call *call) {
  struct ftp *ftp = self;

  (void)call;
  bs_ftp_wire_close(ftp->wire);
  free(ftp);
}

/* URLs. */

static enum blockstore_status ftp_handles_url(void *self, struct blockstore_call *call, const char *url) {
  const struct ftp *ftp = self;
  struct bs_layout object;

  (void)call;
  return bs_ftp_place_take(&object, bs_ftp_wire_place(ftp->wire), url) ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static enum blockstore_status ftp_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                   const char *data_id) {
  const struct ftp *ftp = self;
  const struct bs_ftp_place *place = bs_ftp_wire_place(ftp->wire);
  struct bs_layout object;
  struct bs_ftp_path path;
  char url[BS_FTP_URL_LONGEST + 1];
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_ftp_place_path(&path, place, object.path);
  bs_ftp_place_url(url, place, path.text);
  return blockstore_give(ret_url, url, strlen(url));
}

/* Immutable data. */

static enum blockstore_status ftp_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                const char *key) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  return status == BLOCKSTORE_STATUS_OK ? ftp_get(self, call, ret_data, &object, false) : status;
}

static enum blockstore_status ftp_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                const struct blockstore_source *data, const char *txid) {
  const struct ftp *ftp = self;
  struct bs_layout object;
  struct bs_ftp_path path;
  bool is_same = false;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  (void)txid;
  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_ftp_place_path(&path, bs_ftp_wire_place(ftp->wire), object.path);
  status = bs_ftp_same(ftp->wire, call, &is_same, path.text, data);
  if (status != BLOCKSTORE_STATUS_OK || is_same) return status;
  /* Other bytes under this key are damage, for the key is their hash: putting again is how a store is repaired. */
  return bs_ftp_upload(ftp->wire, call, object.path, data, ftp->must_exist);
}

static enum blockstore_status ftp_delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_immutable(&object, call, key);

  (void)txid;
  return status == BLOCKSTORE_STATUS_OK ? ftp_delete(self, call, &object) : status;
}

/* Mutable data. */

static enum blockstore_status ftp_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                              const char *url) {
  const struct ftp *ftp = self;
  struct bs_layout object;

  if (!bs_ftp_place_take(&object, bs_ftp_wire_place(ftp->wire), url)) return BLOCKSTORE_STATUS_UNHANDLED_URL;
  return ftp_get(ftp, call, ret_record, &object, true);
}

static enum blockstore_status ftp_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                              const char *signature, const struct blockstore_source *record) {
  const struct ftp *ftp = self;
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  (void)version;
  (void)signature;
  return status == BLOCKSTORE_STATUS_OK ? bs_ftp_upload(ftp->wire, call, object.path, record, ftp->must_exist) : status;
}

static enum blockstore_status ftp_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                 const char *signature) {
  struct bs_layout object;
  enum blockstore_status status = bs_layout_mutable(&object, call, data_id);

  (void)signature;
  return status == BLOCKSTORE_STATUS_OK ? ftp_delete(self, call, &object) : status;
}

/* Beyond the eight. */

static enum blockstore_status ftp_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  static const char *const tls[] = {"none", "explicit", "implicit"};
  const struct ftp *ftp = self;
  const struct bs_ftp_place *place = bs_ftp_wire_place(ftp->wire);
  uint64_t swept = 0;
  struct bs_health health;
  enum blockstore_status status = bs_ftp_upload_try(ftp->wire, call, ftp->must_exist);

  if (status == BLOCKSTORE_STATUS_OK) swept = bs_ftp_upload_sweep(ftp->wire, call);
  if (status == BLOCKSTORE_STATUS_OK) status = blockstore_go_on(call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  bs_health_begin(&health);
  bs_health_text(&health, "server", place->server);
  bs_health_text(&health, "root", place->root);
  bs_health_text(&health, "tls", tls[place->tls]);
  bs_health_flag(&health, "writable", true);
  bs_health_number(&health, "uploads_swept", swept);
  return bs_health_end(&health, call, ret_report);
}

static const struct blockstore_driver ftp_driver = {
    .storage_init = ftp_storage_init,
    .storage_close = ftp_storage_close,
    .handles_url = ftp_handles_url,
    .make_mutable_url = ftp_make_mutable_url,
    .get_immutable_handler = ftp_get_immutable,
    .get_mutable_handler = ftp_get_mutable,
    .put_immutable_handler = ftp_put_immutable,
    .put_mutable_handler = ftp_put_mutable,
    .delete_immutable_handler = ftp_delete_immutable,
    .delete_mutable_handler = ftp_delete_mutable,
    .check = ftp_check,
};

#define FTP_METADATA                                                                                                        \
  BLOCKSTORE_VERSION(PACKAGE_VERSION)                                                                                       \
  BLOCKSTORE_DESCRIPTION("Files on an FTP server")                                                                          \
  BLOCKSTORE_URL_SCHEME("ftp")                                                                                              \
  BLOCKSTORE_URL_SCHEME("ftps")                                                                                             \
  BLOCKSTORE_THREADS_PARALLEL                                                                                               \
  BLOCKSTORE_CAPABILITY_CONSISTENT                                                                                          \
  BLOCKSTORE_NEEDS_NETWORK                                                                                                  \
  BLOCKSTORE_OPTION("host", STRING, REQUIRED, "", "The server: a name or an address")                                       \
  BLOCKSTORE_OPTION("port", INT, OPTIONAL, "0", "Its port; 0: 21, and 990 with implicit TLS")                            \
  BLOCKSTORE_OPTION("root", STRING, OPTIONAL, "", "Directory of the server that holds the objects and nothing else")        \
  BLOCKSTORE_OPTION("user", STRING, OPTIONAL, "", "User of the server; unset: anonymous")                                   \
  BLOCKSTORE_OPTION("password", SECRET, OPTIONAL, "", "The user's password")                                                \
  BLOCKSTORE_OPTION_ENUM("tls", "none,explicit,implicit", OPTIONAL, "", "Encryption; unset: explicit if a user is given")   \
  BLOCKSTORE_OPTION("must_exist", BOOL, OPTIONAL, "false", "Never make the root: it missing is an error")                   \
  BS_TRANSFER_OPTIONS

BLOCKSTORE_REGISTER_DRIVER(ftp, ftp_driver, FTP_METADATA);
