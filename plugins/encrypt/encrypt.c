/* SPDX-License-Identifier: MIT */
/*
 * A filter that encrypts what a store holds, and hides what it is called: the store below sees neither data nor keys nor ids.
 * What an object looks like is format.h's, how it is made seal.h's, how it is read open.h's.
 */
#include <config.h>

#include <blockstore/filter.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/encrypt/mark.h"
#include "plugins/encrypt/seal.h"

static enum blockstore_status encrypt_storage_init(void **ret_self, struct blockstore_call *call,
                                                   const struct blockstore_settings *settings,
                                                   const struct blockstore_next *next) {
  struct bs_crypt *self = calloc(1, sizeof *self);
  enum blockstore_status status;

  if (self == NULL) return bs_plugin_fail_memory(call);
  self->next = next;
  self->key_file = call->host->setting(settings, "key_file", 0);
  self->has_mark = call->host->setting_number(settings, "mark") != 0;
  status = bs_crypt_keys_read(&self->keys, call, self->key_file);
  if (status == BLOCKSTORE_STATUS_OK) *ret_self = self;
  else free(self);
  return status;
}

static void encrypt_storage_close(void *self, struct blockstore_call *call) {
  struct bs_crypt *crypt = self;

  (void)call;
  bs_crypt_keys_wipe(&crypt->keys);
  free(crypt);
}

static enum blockstore_status encrypt_fail_crypto(struct blockstore_call *call) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "libcrypto failed.");
}

/* ---- names ---- */

/* The name under the key `number`; `name` may be NULL. */
static bool encrypt_hide(const struct bs_crypt *crypt, char ret_text[BS_CRYPT_TEXT_SIZE], unsigned char *name, size_t number,
                         enum bs_crypt_kind kind, const char *text) {
  unsigned char bytes[BS_CRYPT_NAME_SIZE];

  if (!bs_crypt_name(bytes, &crypt->keys.all[number], kind, text)) return false;
  bs_crypt_name_text(ret_text, kind, bytes);
  if (name != NULL) memcpy(name, bytes, sizeof bytes);
  return true;
}

/* Mutable data has one name, whatever key it was encrypted with: that under the oldest. */
static bool encrypt_hide_id(const struct bs_crypt *crypt, char ret_text[BS_CRYPT_TEXT_SIZE], unsigned char *name,
                            const char *data_id) {
  return encrypt_hide(crypt, ret_text, name, crypt->keys.count - 1, BS_CRYPT_MUTABLE, data_id);
}

static enum blockstore_status encrypt_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                       const char *data_id) {
  const struct bs_crypt *crypt = self;
  char text[BS_CRYPT_TEXT_SIZE];

  if (!encrypt_hide_id(crypt, text, NULL, data_id)) return encrypt_fail_crypto(call);
  return crypt->next->driver->make_mutable_url(crypt->next->self, call, ret_url, text);
}

/* ---- getting ---- */

/* After the store below has answered. */
static enum blockstore_status encrypt_finish(const struct bs_crypt *crypt, struct blockstore_call *call,
                                             struct bs_crypt_open *open, enum blockstore_status status) {
  if (status == BLOCKSTORE_STATUS_OK) status = bs_crypt_open_finish(open);
  if (status == BLOCKSTORE_STATUS_FAILED && open->fault != BS_CRYPT_SOUND) return bs_crypt_fail(crypt, call, open);
  if (status == BLOCKSTORE_STATUS_OK && open->fault != BS_CRYPT_SOUND)
    blockstore_log(call, BLOCKSTORE_LOG_WARNING, "One of several objects that stand there cannot be decrypted.");
  return status;
}

/* Absent is what a store lacks that is written with a key of ours. */
static enum blockstore_status encrypt_absent(struct bs_crypt *crypt, struct blockstore_call *call) {
  enum blockstore_status status = bs_crypt_mark_look(crypt, call);

  return status == BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_UNSUPPORTED ? BLOCKSTORE_STATUS_NOT_FOUND : status;
}

static enum blockstore_status encrypt_get_under(const struct bs_crypt *crypt, struct blockstore_call *call,
                                                struct blockstore_sink *ret_data, const char *key, size_t number,
                                                bool *ret_damaged) {
  const struct blockstore_next *next = crypt->next;
  unsigned char name[BS_CRYPT_NAME_SIZE];
  char text[BS_CRYPT_TEXT_SIZE];
  struct bs_crypt_open open;
  enum blockstore_status status;

  if (!encrypt_hide(crypt, text, name, number, BS_CRYPT_IMMUTABLE, key)) return encrypt_fail_crypto(call);
  if (!bs_crypt_open_begin(&open, ret_data, &crypt->keys, BS_CRYPT_IMMUTABLE, name)) {
    status = bs_plugin_fail_memory(call);
  } else {
    status = next->driver->get_immutable_handler(next->self, call, &open.abi, text);
    status = encrypt_finish(crypt, call, &open, status);
  }
  *ret_damaged = status == BLOCKSTORE_STATUS_FAILED && open.fault != BS_CRYPT_SOUND;
  bs_crypt_open_end(&open);
  return status;
}

/* Under the name that each key gives it: what stands under an older one was put before the key was changed. */
static enum blockstore_status encrypt_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                    const char *key) {
  struct bs_crypt *crypt = self;
  bool was_damaged = false;

  for (size_t i = 0; i < crypt->keys.count; i++) {
    bool damaged = false;
    enum blockstore_status status = encrypt_get_under(crypt, call, ret_data, key, i, &damaged);

    if (status != BLOCKSTORE_STATUS_NOT_FOUND && !damaged) return status;
    was_damaged = was_damaged || damaged;
  }
  if (was_damaged)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "What the store holds there cannot be decrypted: it was changed, cut short or exchanged after it was "
                           "encrypted.");
  return encrypt_absent(crypt, call);
}

static enum blockstore_status encrypt_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                                  const char *url) {
  struct bs_crypt *crypt = self;
  unsigned char name[BS_CRYPT_NAME_SIZE];
  bool is_named = bs_crypt_name_of_url(name, url);
  struct bs_crypt_open open;
  enum blockstore_status status;

  if (!bs_crypt_open_begin(&open, ret_record, &crypt->keys, BS_CRYPT_MUTABLE, is_named ? name : NULL)) {
    status = bs_plugin_fail_memory(call);
  } else {
    status = crypt->next->driver->get_mutable_handler(crypt->next->self, call, &open.abi, url);
    status = encrypt_finish(crypt, call, &open, status);
  }
  bs_crypt_open_end(&open);
  return status == BLOCKSTORE_STATUS_NOT_FOUND ? encrypt_absent(crypt, call) : status;
}

static enum blockstore_status encrypt_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  struct bs_crypt *crypt = self;
  enum blockstore_status status = bs_crypt_mark_look(crypt, call);

  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND && status != BLOCKSTORE_STATUS_UNSUPPORTED)
    return status;
  return blockstore_pass_check(self, call, ret_report);
}

/* ---- putting and deleting: txid and signature would tell the store below whose it is, and are kept from it ---- */

static enum blockstore_status encrypt_hand_immutable(const struct bs_crypt *crypt, struct blockstore_call *call,
                                                     const struct blockstore_source *sealed, const char *name, uint64_t version) {
  (void)version;
  return crypt->next->driver->put_immutable_handler(crypt->next->self, call, name, sealed, NULL);
}

static enum blockstore_status encrypt_hand_mutable(const struct bs_crypt *crypt, struct blockstore_call *call,
                                                   const struct blockstore_source *sealed, const char *name, uint64_t version) {
  return crypt->next->driver->put_mutable_handler(crypt->next->self, call, name, version, "", sealed);
}

static enum blockstore_status encrypt_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                    const struct blockstore_source *data, const char *txid) {
  struct bs_crypt *crypt = self;
  unsigned char name[BS_CRYPT_NAME_SIZE];
  char text[BS_CRYPT_TEXT_SIZE];
  enum blockstore_status status = bs_crypt_mark_set(crypt, call);

  (void)txid;
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (!encrypt_hide(crypt, text, name, 0, BS_CRYPT_IMMUTABLE, key)) return encrypt_fail_crypto(call);
  return bs_crypt_store(crypt, call, BS_CRYPT_IMMUTABLE, name, 0, data, encrypt_hand_immutable);
}

static enum blockstore_status encrypt_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                                  const char *signature, const struct blockstore_source *record) {
  struct bs_crypt *crypt = self;
  unsigned char name[BS_CRYPT_NAME_SIZE];
  char text[BS_CRYPT_TEXT_SIZE];
  enum blockstore_status status = bs_crypt_mark_set(crypt, call);

  (void)signature;
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (!encrypt_hide_id(crypt, text, name, data_id)) return encrypt_fail_crypto(call);
  return bs_crypt_store(crypt, call, BS_CRYPT_MUTABLE, name, version, record, encrypt_hand_mutable);
}

/* With a wrong key there is never anything to delete. */
static enum blockstore_status encrypt_may_delete(struct bs_crypt *crypt, struct blockstore_call *call) {
  enum blockstore_status status = bs_crypt_mark_look(crypt, call);

  return status == BLOCKSTORE_STATUS_NOT_FOUND || status == BLOCKSTORE_STATUS_UNSUPPORTED ? BLOCKSTORE_STATUS_OK : status;
}

/* Under each name, also where a store says that it lacks one, which it should not: an object under an older one would stay. */
static enum blockstore_status encrypt_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                       const char *txid) {
  struct bs_crypt *crypt = self;
  const struct blockstore_next *next = crypt->next;
  char text[BS_CRYPT_TEXT_SIZE];
  enum blockstore_status status = encrypt_may_delete(crypt, call);
  bool was_there = false;

  (void)txid;
  if (status != BLOCKSTORE_STATUS_OK) return status;
  for (size_t i = 0; i < crypt->keys.count; i++) {
    if (!encrypt_hide(crypt, text, NULL, i, BS_CRYPT_IMMUTABLE, key)) return encrypt_fail_crypto(call);
    status = next->driver->delete_immutable_handler(next->self, call, text, NULL);
    if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_NOT_FOUND) return status;
    was_there = was_there || status == BLOCKSTORE_STATUS_OK;
  }
  return was_there ? BLOCKSTORE_STATUS_OK : status;
}

static enum blockstore_status encrypt_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                     const char *signature) {
  struct bs_crypt *crypt = self;
  char text[BS_CRYPT_TEXT_SIZE];
  enum blockstore_status status = encrypt_may_delete(crypt, call);

  (void)signature;
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (!encrypt_hide_id(crypt, text, NULL, data_id)) return encrypt_fail_crypto(call);
  return crypt->next->driver->delete_mutable_handler(crypt->next->self, call, text, "");
}

static const struct blockstore_driver encrypt_driver = {
    .storage_init = encrypt_storage_init,
    .storage_close = encrypt_storage_close,
    .handles_url = blockstore_pass_handles_url,
    .make_mutable_url = encrypt_make_mutable_url,
    .get_immutable_handler = encrypt_get_immutable,
    .get_mutable_handler = encrypt_get_mutable,
    .put_immutable_handler = encrypt_put_immutable,
    .put_mutable_handler = encrypt_put_mutable,
    .delete_immutable_handler = encrypt_delete_immutable,
    .delete_mutable_handler = encrypt_delete_mutable,
    .check = encrypt_check,
};

BLOCKSTORE_REGISTER_DRIVER(encrypt, encrypt_driver,
    BLOCKSTORE_VERSION(PACKAGE_VERSION)
    BLOCKSTORE_DESCRIPTION("Filter: encrypts data and hides its names")
    BLOCKSTORE_KIND_FILTER
    BLOCKSTORE_THREADS_PARALLEL
    BLOCKSTORE_CAPABILITY_DURABLE
    BLOCKSTORE_CAPABILITY_CONSISTENT
    BLOCKSTORE_CAPABILITY_LOCAL
    BLOCKSTORE_CAPABILITY_CHANGES
    BLOCKSTORE_OPTION("key_file", PATH, REQUIRED, "", "File with the keys, for nobody else to read")
    BLOCKSTORE_OPTION("mark", BOOL, OPTIONAL, "true", "Whether the store is marked with its key, so that a wrong one is seen"));
