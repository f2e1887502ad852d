/* SPDX-License-Identifier: MIT */
/* What is there, as documents: stores, the configuration in force. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/client/session.h"
#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/driver/catalog.h"

/* ---- stores ---- */

/* A driver's report, as it writes it: believed to be JSON only after a scan. */
struct check_text {
  struct bs_buffer text;
};

static bool check_begin(void *user, uint64_t size, struct bs_error *error) {
  (void)size, (void)error;
  bs_buffer_clear(&((struct check_text *)user)->text);
  return true;
}

static bool check_write(void *user, const void *bytes, size_t length, struct bs_error *error) {
  struct check_text *report = user;

  bs_buffer_add(&report->text, bytes, length);
  return bs_buffer_ok(&report->text, error);
}

static bool check_end(void *user, struct bs_error *error) {
  (void)user, (void)error;
  return true;
}

static void add_report(cJSON *item, struct bs_buffer *text) {
  const struct bs_json_limits limits = {1 << 20, 32};
  struct bs_error error;
  struct bs_json root;

  if (text->length == 0 && !text->failed) return;
  if (!text->failed && !bs_json_scan(&root, text->bytes, text->length, &limits, &error))
    bs_document_text(item, "report_error", error.message);
  else bs_document_raw(item, "report", bs_buffer_string(text));
}

/* Asks an open store; true: it is healthy.  One without a check of its own is, as far as is known. */
static bool check_store(struct bs_work *work, const struct bs_replica *replica, cJSON *item, struct bs_error *error) {
  struct check_text report = {BS_BUFFER_INIT};
  const struct bs_receiver receiver = {1 << 20, &report, check_begin, check_write, check_end};
  const struct bs_arguments arguments = {.target = "", .receiver = &receiver};
  struct bs_call *call;
  bool healthy;

  if (!bs_call_new(&call, replica->store, BS_ENTRY_CHECK, &arguments, error)) return false;
  bs_calls_run(&call, 1, work->scope, NULL);
  healthy = bs_call_result(call)->status == BLOCKSTORE_STATUS_OK || bs_call_result(call)->status == BLOCKSTORE_STATUS_UNSUPPORTED;
  *error = bs_call_result(call)->error;
  if (healthy) add_report(item, &report.text);
  bs_buffer_free(&report.text);
  bs_call_release(call);
  return healthy;
}

/* In the order of the configuration. */
static void add_filters(cJSON *item, const struct bs_stack *stack) {
  cJSON *filters = stack->count > 1 ? bs_document_array(item, "filters") : NULL;

  for (size_t i = stack->count; i > 1; i--) bs_document_append(filters, cJSON_CreateString(stack->layers[i - 1].module->name));
}

/* What works all the same, but not as it should: said since it was opened, by filters and store. */
static void add_warnings(cJSON *item, const struct bs_store *store) {
  cJSON *warnings = NULL;

  for (; store != NULL; store = store->below) {
    const char *warning = atomic_load(&store->warning);

    if (warning == NULL) continue;
    if (warnings == NULL) warnings = bs_document_array(item, "warnings");
    bs_document_append(warnings, cJSON_CreateString(warning));
  }
}

static bool stores(struct bs_work *work, char **ret_json) {
  const struct blockstore *session = work->session;
  cJSON *tree = cJSON_CreateObject(), *list = bs_document_array(tree, "stores");
  bool all = true;

  for (size_t i = 0; i < session->storage_count; i++) {
    const struct blockstore_storage *storage = session->storages[i];
    const struct bs_replica *replica = &work->replicas.items[i];
    struct bs_error error = replica->error;
    cJSON *item = cJSON_CreateObject();
    bool healthy = replica->store != NULL && check_store(work, replica, item, &error);

    bs_document_text(item, "name", storage->entry->name);
    bs_document_text(item, "driver", storage->entry->driver);
    bs_document_text(item, "file", bs_layer_file(&storage->stack.layers[0]));
    if (storage->entry->isolate != BS_ISOLATE_NONE) bs_document_text(item, "isolate", bs_isolate_text(storage->entry->isolate));
    add_filters(item, &storage->stack);
    bs_document_truth(item, "durable", storage->is_durable);
    bs_document_truth(item, "required", storage->is_required);
    bs_document_truth(item, "healthy", healthy);
    if (!healthy) bs_document_text(item, "error", error.message);
    add_warnings(item, replica->store);
    bs_document_append(list, item);
    all = all && healthy;
  }
  bs_document_truth(tree, "healthy", all);
  return bs_document_give(ret_json, tree, &work->report.error);
}

enum blockstore_result blockstore_stores(struct blockstore *blockstore, char **ret_json, struct blockstore_error **error) {
  struct bs_work work;
  bool good = bs_work_begin(&work, blockstore, 0, NULL, NULL, true) && stores(&work, ret_json);

  return bs_work_end(&work, good, error);
}

/* ---- the configuration ---- */

static bool is_secret(const struct bs_metadata *metadata, const char *key) {
  for (size_t i = 0; metadata != NULL && i < metadata->option_count; i++)
    if (strcmp(metadata->options[i].key, key) == 0) return metadata->options[i].type == BS_OPTION_SECRET;
  return true; /* an option that nobody has declared may be one */
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than the reader of YAML goes, 16 */
static cJSON *node_document(const struct bs_yaml *node) {
  cJSON *tree;

  if (bs_yaml_is_null(node)) return cJSON_CreateNull();
  if (node->kind == BS_YAML_SCALAR) return cJSON_CreateString(node->text);
  tree = node->kind == BS_YAML_SEQUENCE ? cJSON_CreateArray() : cJSON_CreateObject();
  for (size_t i = 0; i < node->count; i++) {
    if (node->kind == BS_YAML_SEQUENCE) bs_document_append(tree, node_document(node->values[i]));
    else bs_document_add(tree, node->keys[i]->text, node_document(node->values[i]));
  }
  return tree;
}

static bool is_core_key(const char *key, const char *const *core_keys, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(key, core_keys[i]) == 0) return true;
  return false;
}

/* A mapping with the options of a driver. */
static cJSON *options_document(const struct blockstore_config *config, const char *driver, const struct bs_yaml *node,
                               const char *const *core_keys, size_t core_key_count) {
  struct bs_candidate *candidate BS_AUTO_CANDIDATE = NULL;
  const struct bs_metadata *metadata;
  cJSON *tree = cJSON_CreateObject();
  struct bs_error error;

  metadata = bs_catalog_find(&candidate, (const char *const *)config->plugin_path, config->plugin_path_count, driver, &error)
                 ? candidate->metadata
                 : NULL;
  for (size_t i = 0; i < node->count; i++) {
    const char *key = node->keys[i]->text;

    if (!is_core_key(key, core_keys, core_key_count) && is_secret(metadata, key)) bs_document_string(tree, key, "***");
    else if (strcmp(key, "filters") != 0) bs_document_add(tree, key, node_document(node->values[i]));
  }
  return tree;
}

static cJSON *filter_document(const struct blockstore_config *config, const struct bs_yaml *item) {
  struct bs_yaml node;
  const char *name;

  if (item->kind != BS_YAML_MAPPING || !bs_filter_item(&name, &node, item)) return node_document(item);
  return options_document(config, name, &node, bs_filter_core_keys, bs_filter_core_key_count);
}

static cJSON *store_document(const struct blockstore_config *config, const struct bs_store_config *store) {
  const struct bs_yaml *filters = bs_yaml_find(store->node, "filters");
  cJSON *tree = options_document(config, store->driver, store->node, bs_config_core_keys, bs_config_core_key_count), *list;

  if (filters == NULL) return tree;
  list = bs_document_array(tree, "filters");
  for (size_t i = 0; i < filters->count; i++) bs_document_append(list, filter_document(config, filters->values[i]));
  return tree;
}

static void add_texts(cJSON *object, const char *key, char *const *texts, size_t count) {
  cJSON *list = bs_document_array(object, key);

  for (size_t i = 0; i < count; i++) bs_document_append(list, cJSON_CreateString(texts[i]));
}

static void add_pin(cJSON *names, const struct blockstore_config *config) {
  char consensus[2 * sizeof config->pin_consensus + 1];
  cJSON *pin;

  if (!config->has_pin) {
    bs_document_null(names, "pin");
    return;
  }
  bs_hex_encode(consensus, config->pin_consensus, sizeof config->pin_consensus);
  pin = bs_document_object(names, "pin");
  bs_document_number(pin, "block", (uint64_t)config->pin_block);
  bs_document_text(pin, "consensus", consensus);
}

static cJSON *config_document(const struct blockstore_config *config) {
  cJSON *tree = cJSON_CreateObject(), *names = bs_document_object(tree, "names"), *stores_list, *replication, *write, *part;

  bs_document_text(tree, "file", config->built_in ? NULL : config->file);
  add_texts(tree, "plugin_path", config->plugin_path, config->plugin_path_count);
  bs_document_text(tree, "state_dir", config->state_dir);
  bs_document_text(names, "provider", config->provider);
  if (config->ledger != NULL) bs_document_text(names, "ledger", config->ledger);
  if (config->server_count > 0) {
    add_texts(names, "servers", config->servers, config->server_count);
    bs_document_number(names, "port", (uint64_t)config->port);
    bs_document_text(names, "chain", config->chain);
  }
  bs_document_number(names, "max_age_ms", (uint64_t)config->max_age_ms);
  bs_document_number(names, "max_fee", config->max_fee == 0 ? BS_NAMES_MAX_FEE : (uint64_t)config->max_fee);
  bs_document_number(names, "max_price", config->max_price == 0 ? BS_NAMES_MAX_PRICE : (uint64_t)config->max_price);
  add_pin(names, config);
  bs_document_number(names, "prove_blocks", (uint64_t)config->prove_blocks);
  stores_list = bs_document_array(tree, "stores");
  for (size_t i = 0; i < config->store_count; i++) bs_document_append(stores_list, store_document(config, &config->stores[i]));
  replication = bs_document_object(tree, "replication");
  bs_document_text(replication, "read", config->read);
  write = bs_document_object(replication, "write");
  if (config->write_policy == BS_WRITE_NUMBER) bs_document_number(write, "at_least", (uint64_t)config->write_at_least);
  else bs_document_text(write, "at_least", config->write_policy == BS_WRITE_ALL ? "all" : "majority");
  add_texts(write, "require", config->require, config->require_count);
  if (config->locked != NULL) {
    part = bs_document_object(tree, "load");
    bs_document_text(part, "locked", config->locked);
    bs_document_text(part, "file", config->lock_file);
  }
  add_texts(bs_document_object(tree, "compat"), "legacy", config->legacy, config->legacy_count);
  part = bs_document_object(tree, "timeouts");
  bs_document_number(part, "connect_ms", (uint64_t)config->connect_ms);
  bs_document_number(part, "operation_ms", (uint64_t)config->operation_ms);
  bs_document_number(part, "budget_ms", (uint64_t)config->budget_ms);
  part = bs_document_object(tree, "limits");
  bs_document_number(part, "object", (uint64_t)config->limit_object);
  bs_document_number(part, "mutable_record", (uint64_t)config->limit_mutable_record);
  bs_document_number(part, "user_record", (uint64_t)config->limit_user_record);
  return tree;
}

enum blockstore_result blockstore_config_document(const struct blockstore_config *config, char **ret_json,
                                                  struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;

  return bs_report_end(&report, bs_document_give(ret_json, config_document(config), &report.error), error);
}
