/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/record.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/base64.h"
#include "core/codec/hex.h"

static const char first_seen[] =
    "No version of this data was seen before: it is authentic, but whether it is the newest cannot be told.";

bool bs_record_new(struct blockstore_record **ret_record, const char *name, struct bs_error *error) {
  struct blockstore_record *record = calloc(1, sizeof *record);

  if (record == NULL) return bs_fail_memory(error);
  memcpy(record->name, name, strlen(name) + 1);
  *ret_record = record;
  return true;
}

bool bs_record_rely(struct blockstore_record *record, const struct bs_name_record *name_record, struct bs_error *error) {
  memcpy(record->proven, name_record->proven, sizeof record->proven);
  if (name_record->told_by == NULL) return true;
  free(record->told_by);
  record->told_by = strdup(name_record->told_by);
  return record->told_by != NULL || bs_fail_memory(error);
}

bool bs_record_describe(struct blockstore_record *record, const char *id, const struct bs_verified *verified, const char *sig,
                        enum bs_network network, struct bs_error *error) {
  record->id = strdup(id);
  if (record->id == NULL) return bs_fail_memory(error);
  record->ver = verified->statement.ver;
  record->size = verified->statement.length;
  record->expires = verified->statement.expires;
  bs_hex_encode(record->z, verified->z, sizeof verified->z);
  memcpy(record->sig, sig, strlen(sig) + 1);
  bs_address_encode(record->signer, bs_address_version(network), verified->signer);
  return true;
}

void blockstore_record_free(struct blockstore_record *record) {
  if (record == NULL) return;
  free(record->store);
  free(record->told_by);
  free(record->id);
  free(record->route);
  free(record->conflicts);
  free(record->explanation);
  free(record->document);
  free(record);
}

/* ---- its document ---- */

static void add_json(cJSON *tree, const char *key, const char *json) {
  if (json != NULL) bs_document_raw(tree, key, json);
}

static void describe_mutable(cJSON *tree, const struct blockstore_record *record) {
  bs_document_text(tree, "id", record->id);
  bs_document_number(tree, "ver", record->ver);
  if (record->expires == 0) bs_document_null(tree, "expires");
  else bs_document_number(tree, "expires", record->expires);
  bs_document_text(tree, "z", record->z);
  bs_document_text(tree, "sig", record->sig);
  bs_document_text(tree, "signer", record->signer);
  bs_document_truth(tree, "first_seen", record->is_first);
  if (record->is_first) bs_document_text(tree, "warning", first_seen);
  add_json(tree, "route", record->route);
  add_json(tree, "conflicts", record->conflicts);
  add_json(tree, "stores", record->explanation);
}

static cJSON *describe(const struct blockstore_record *record) {
  cJSON *tree = cJSON_CreateObject();

  bs_document_text(tree, "name", record->name);
  bs_document_number(tree, "size", record->size);
  bs_document_text(tree, "store", record->store);
  bs_document_text(tree, "proven", record->proven);
  if (record->told_by != NULL) bs_document_text(tree, "told_by", record->told_by);
  if (record->id != NULL) describe_mutable(tree, record);
  else bs_document_text(tree, "key", record->key);
  return tree;
}

static bool add_data(cJSON *tree, const void *bytes, size_t length, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  bool is_text = bs_utf8_valid(bytes, length);

  if (is_text) bs_buffer_add(&text, bytes, length);
  else bs_base64_encode(&text, bytes, length);
  if (bs_buffer_string(&text) == NULL) return bs_fail_memory(error);
  bs_document_string(tree, is_text ? "data" : "data_base64", bs_buffer_string(&text));
  return true;
}

enum blockstore_result blockstore_record_document_with_data(const struct blockstore_record *record,
                                                            const struct blockstore_output *data,
                                                            char **ret_json, struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;
  cJSON *tree = describe(record);
  size_t length = 0;
  const void *bytes = blockstore_output_bytes(data, &length);
  bool good = add_data(tree, bytes, length, &report.error);

  if (good) good = bs_document_give(ret_json, tree, &report.error);
  else cJSON_Delete(tree);
  return bs_report_end(&report, good, error);
}

/* ---- what the caller asks ---- */

/* A record belongs to one thread at a time, so that its document may wait until it is wanted. */
const char *blockstore_record_document(const struct blockstore_record *record) {
  struct blockstore_record *own = (struct blockstore_record *)(uintptr_t)record;

  if (own->document == NULL) own->document = bs_document_print(describe(record));
  return own->document;
}

const char *blockstore_record_name(const struct blockstore_record *record) {
  return record->name;
}

const char *blockstore_record_key(const struct blockstore_record *record) {
  return record->id == NULL ? record->key : NULL;
}

const char *blockstore_record_id(const struct blockstore_record *record) {
  return record->id;
}

uint64_t blockstore_record_size(const struct blockstore_record *record) {
  return record->size;
}

const char *blockstore_record_store(const struct blockstore_record *record) {
  return record->store;
}

const char *blockstore_record_proven(const struct blockstore_record *record) {
  return record->proven;
}

uint64_t blockstore_record_ver(const struct blockstore_record *record) {
  return record->ver;
}

const char *blockstore_record_z(const struct blockstore_record *record) {
  return record->id == NULL ? NULL : record->z;
}

const char *blockstore_record_sig(const struct blockstore_record *record) {
  return record->id == NULL ? NULL : record->sig;
}

const char *blockstore_record_signer(const struct blockstore_record *record) {
  return record->id == NULL ? NULL : record->signer;
}

uint64_t blockstore_record_expires(const struct blockstore_record *record) {
  return record->expires;
}

const char *blockstore_record_route(const struct blockstore_record *record) {
  return record->route;
}

int blockstore_record_first_seen(const struct blockstore_record *record) {
  return record->is_first;
}

const char *blockstore_record_conflicts(const struct blockstore_record *record) {
  return record->conflicts;
}

const char *blockstore_record_explanation(const struct blockstore_record *record) {
  return record->explanation;
}
