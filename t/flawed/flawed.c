/* SPDX-License-Identifier: MIT */
/* flawed: the good driver with one of the flaws, which its option `flaw` names. */
#include <config.h>

#include <string.h>

#include "t/flawed/flaws.h"

static const struct flaws *const files[] = {
    &flaws_file,
    &flaws_options,
    &flaws_opening,
    &flaws_immutable,
    &flaws_mutable,
    &flaws_ids,
    &flaws_urls,
    &flaws_streams,
    &flaws_visibility,
    &flaws_deadlines,
    &flaws_threads,
    &flaws_manners,
};

/* Of the whole process: set by the first storage_init, before any other call. */
static const struct flaw *chosen;

static const struct flaw *find(const char *name) {
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
    for (size_t j = 0; j < files[i]->count; j++)
      if (strcmp(files[i]->flaws[j].name, name) == 0) return &files[i]->flaws[j];
  return NULL;
}

/* The entry point of the chosen flaw, or the good one. */
#define ENTRY(member) (chosen != NULL && chosen->instead.member != NULL ? chosen->instead.member : good.member)

static enum blockstore_status flawed_init(void **ret_self, struct blockstore_call *call,
                                          const struct blockstore_settings *settings,
                                          const struct blockstore_next *next) {
  const char *name = call->host->setting(settings, "flaw", 0);

  if (name != NULL && chosen == NULL) chosen = find(name);
  if (name != NULL && chosen == NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "There is no flaw %s.", name);
  return ENTRY(storage_init)(ret_self, call, settings, next);
}

static void flawed_close(void *self, struct blockstore_call *call) {
  ENTRY(storage_close)(self, call);
}

static enum blockstore_status flawed_handles_url(void *self, struct blockstore_call *call, const char *url) {
  return ENTRY(handles_url)(self, call, url);
}

static enum blockstore_status flawed_make_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                              const char *id) {
  return ENTRY(make_mutable_url)(self, call, ret_url, id);
}

static enum blockstore_status flawed_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                   const char *key) {
  return ENTRY(get_immutable_handler)(self, call, ret_data, key);
}

static enum blockstore_status flawed_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                                 const char *url) {
  return ENTRY(get_mutable_handler)(self, call, ret_record, url);
}

static enum blockstore_status flawed_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                   const struct blockstore_source *data, const char *txid) {
  return ENTRY(put_immutable_handler)(self, call, key, data, txid);
}

static enum blockstore_status flawed_put_mutable(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                                 const char *signature, const struct blockstore_source *record) {
  return ENTRY(put_mutable_handler)(self, call, id, version, signature, record);
}

static enum blockstore_status flawed_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                      const char *txid) {
  return ENTRY(delete_immutable_handler)(self, call, key, txid);
}

static enum blockstore_status flawed_delete_mutable(void *self, struct blockstore_call *call, const char *id,
                                                    const char *signature) {
  return ENTRY(delete_mutable_handler)(self, call, id, signature);
}

static enum blockstore_status flawed_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  return ENTRY(check)(self, call, ret_report);
}

static const struct blockstore_driver flawed_driver = {.storage_init = flawed_init,
                                                       .storage_close = flawed_close,
                                                       .handles_url = flawed_handles_url,
                                                       .make_mutable_url = flawed_make_url,
                                                       .get_immutable_handler = flawed_get_immutable,
                                                       .get_mutable_handler = flawed_get_mutable,
                                                       .put_immutable_handler = flawed_put_immutable,
                                                       .put_mutable_handler = flawed_put_mutable,
                                                       .delete_immutable_handler = flawed_delete_immutable,
                                                       .delete_mutable_handler = flawed_delete_mutable,
                                                       .check = flawed_check};

BLOCKSTORE_REGISTER_DRIVER(flawed, flawed_driver, FLAWED_METADATA);
