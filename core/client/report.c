/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/pretty.h"

struct blockstore_error {
  struct bs_error error;
  struct bs_outcomes outcomes;
  char txid[65];
  char *document;
};

/* What is handed out when even the error object, or its document, cannot be made. */
static struct blockstore_error out_of_memory = {
    .error = {.word = BS_WORD_no_memory, .result = BLOCKSTORE_ERROR, .message = "There is not enough memory."}};
static const char out_of_memory_document[] =
    "{\n    \"code\": \"no_memory\",\n    \"error\": \"There is not enough memory.\",\n    \"result\": 1\n}";

void bs_outcomes_free(struct bs_outcomes *outcomes) {
  for (size_t i = 0; i < outcomes->count; i++) {
    free(outcomes->items[i].store);
    free(outcomes->items[i].reason);
  }
  free(outcomes->items);
  *outcomes = (struct bs_outcomes){NULL, 0};
}

static struct bs_outcome *find_outcome(const struct bs_outcomes *outcomes, const char *store) {
  for (size_t i = 0; i < outcomes->count; i++)
    if (strcmp(outcomes->items[i].store, store) == 0) return &outcomes->items[i];
  return NULL;
}

static struct bs_outcome *new_outcome(struct bs_outcomes *outcomes, const char *store) {
  struct bs_outcome *grown = realloc(outcomes->items, (outcomes->count + 1) * sizeof *grown);

  if (grown == NULL) return NULL;
  outcomes->items = grown;
  grown[outcomes->count] = (struct bs_outcome){strdup(store), NULL, BS_NO_WORD};
  return grown[outcomes->count].store == NULL ? NULL : &grown[outcomes->count++];
}

bool bs_outcomes_add(struct bs_outcomes *outcomes, const struct bs_replicas *replicas, struct bs_error *error) {
  for (size_t i = 0; i < replicas->count; i++) {
    const struct bs_replica *replica = &replicas->items[i];
    struct bs_outcome *outcome = find_outcome(outcomes, replica->name);

    if (!replica->was_asked && replica->store != NULL) continue;
    if (outcome == NULL) outcome = new_outcome(outcomes, replica->name);
    if (outcome == NULL) return bs_fail_memory(error);
    if (replica->is_good || outcome->reason != NULL) continue;
    outcome->reason = strdup(replica->error.message);
    outcome->word = replica->error.word;
    if (outcome->reason == NULL) return bs_fail_memory(error);
  }
  return true;
}

/* cJSON prints no tree in which there is an item of no type. */
static bool keep_whole(cJSON *tree, bool added) {
  if (!added && tree != NULL) tree->type = cJSON_Invalid;
  return added;
}

void bs_document_null(cJSON *object, const char *key) {
  keep_whole(object, cJSON_AddNullToObject(object, key) != NULL);
}

void bs_document_truth(cJSON *object, const char *key, bool truth) {
  keep_whole(object, cJSON_AddBoolToObject(object, key, truth) != NULL);
}

void bs_document_string(cJSON *object, const char *key, const char *text) {
  keep_whole(object, cJSON_AddStringToObject(object, key, text) != NULL);
}

void bs_document_text(cJSON *object, const char *key, const char *text) {
  if (text == NULL || text[0] == '\0') bs_document_null(object, key);
  else bs_document_string(object, key, text);
}

void bs_document_raw(cJSON *object, const char *key, const char *json) {
  keep_whole(object, cJSON_AddRawToObject(object, key, json) != NULL);
}

void bs_document_number(cJSON *object, const char *key, uint64_t number) {
  char text[24];

  snprintf(text, sizeof text, "%" PRIu64, number);
  bs_document_raw(object, key, text);
}

void bs_document_add(cJSON *object, const char *key, cJSON *item) {
  if (!keep_whole(object, cJSON_AddItemToObject(object, key, item))) cJSON_Delete(item);
}

cJSON *bs_document_object(cJSON *object, const char *key) {
  cJSON *added = cJSON_AddObjectToObject(object, key);

  keep_whole(object, added != NULL);
  return added;
}

cJSON *bs_document_array(cJSON *object, const char *key) {
  cJSON *added = cJSON_AddArrayToObject(object, key);

  keep_whole(object, added != NULL);
  return added;
}

bool bs_document_append(cJSON *list, cJSON *item) {
  bool added = keep_whole(list, cJSON_AddItemToArray(list, item));

  if (!added) cJSON_Delete(item);
  return added;
}

cJSON *bs_document_outcomes(const struct bs_outcomes *outcomes) {
  cJSON *list = cJSON_CreateArray();

  for (size_t i = 0; i < outcomes->count; i++) {
    const struct bs_outcome *outcome = &outcomes->items[i];
    cJSON *item = cJSON_CreateObject();

    bs_document_text(item, "store", outcome->store);
    bs_document_truth(item, "ok", outcome->reason == NULL);
    if (outcome->reason != NULL) {
      bs_document_text(item, "error", outcome->reason);
      bs_document_text(item, "code", bs_word_text(outcome->word));
    }
    bs_document_append(list, item);
  }
  return list;
}

char *bs_document_print(cJSON *tree) {
  const struct bs_json_limits limits = {SIZE_MAX, 64};
  char *flat = cJSON_PrintUnformatted(tree);
  struct bs_buffer text = BS_BUFFER_INIT;
  struct bs_error error;
  struct bs_json root;
  char *pretty = NULL;

  cJSON_Delete(tree);
  if (flat != NULL && bs_json_scan(&root, flat, strlen(flat), &limits, &error)) {
    bs_json_pretty(&text, root);
    pretty = bs_buffer_take(&text);
  }
  cJSON_free(flat);
  return pretty;
}

bool bs_document_give(char **ret_json, cJSON *tree, struct bs_error *error) {
  char *json = bs_document_print(tree);

  if (json == NULL) return bs_fail_memory(error);
  *ret_json = json;
  return true;
}

/* ---- the public error ---- */

static char *error_document(const struct blockstore_error *error) {
  cJSON *tree = cJSON_CreateObject();

  bs_document_text(tree, "error", error->error.message);
  bs_document_text(tree, "code", bs_word_text(error->error.word));
  bs_document_number(tree, "result", (uint64_t)error->error.result);
  if (error->txid[0] != '\0') bs_document_text(tree, "txid", error->txid);
  if (error->outcomes.count > 0) bs_document_add(tree, "stores", bs_document_outcomes(&error->outcomes));
  return bs_document_print(tree);
}

enum blockstore_result bs_report_end(struct bs_report *report, bool good, struct blockstore_error **ret_error) {
  struct blockstore_error *made = NULL;

  if (!good && ret_error != NULL) {
    made = calloc(1, sizeof *made);
    *ret_error = made == NULL ? &out_of_memory : made;
  }
  if (made != NULL) {
    made->error = report->error;
    memcpy(made->txid, report->txid, sizeof made->txid);
    made->outcomes = report->outcomes;
    report->outcomes = (struct bs_outcomes){NULL, 0};
    made->document = error_document(made);
  }
  bs_outcomes_free(&report->outcomes);
  if (good) return BLOCKSTORE_DONE;
  /* The two agree, also when there is no memory for it. */
  return ret_error == NULL ? report->error.result : (*ret_error)->error.result;
}

enum blockstore_result blockstore_error_result(const struct blockstore_error *error) {
  return error->error.result;
}

const char *blockstore_error_word(const struct blockstore_error *error) {
  return bs_word_text(error->error.word);
}

const char *blockstore_error_message(const struct blockstore_error *error) {
  return error->error.message;
}

const char *blockstore_error_txid(const struct blockstore_error *error) {
  return error->txid[0] == '\0' ? NULL : error->txid;
}

size_t blockstore_error_stores(const struct blockstore_error *error) {
  return error->outcomes.count;
}

const char *blockstore_error_store(const struct blockstore_error *error, size_t index, const char **ret_reason) {
  *ret_reason = error->outcomes.items[index].reason;
  return error->outcomes.items[index].store;
}

const char *blockstore_error_document(const struct blockstore_error *error) {
  return error->document == NULL ? out_of_memory_document : error->document;
}

void blockstore_error_free(struct blockstore_error *error) {
  if (error == NULL || error == &out_of_memory) return;
  bs_outcomes_free(&error->outcomes);
  free(error->document);
  free(error);
}
