/* SPDX-License-Identifier: MIT */
/* What a public call tells its caller: the error object, what each store answered, documents. */
#ifndef BS_CLIENT_REPORT_H
#define BS_CLIENT_REPORT_H

#include <cjson/cJSON.h>

#include "core/replica/replica.h"

/* What one store answered, kept beyond the call. */
struct bs_outcome {
  char *store;
  char *reason; /* NULL: it did what it was asked */
  enum bs_word word;
};

struct bs_outcomes {
  struct bs_outcome *items;
  size_t count;
};

void bs_outcomes_free(struct bs_outcomes *outcomes);
/* Adds what each store answered, and who could not be asked; of a store that is in the list, its first failure counts. */
bool bs_outcomes_add(struct bs_outcomes *outcomes, const struct bs_replicas *replicas, struct bs_error *error);

/* A call in progress: filled as it goes, turned into the public error by bs_report_end. */
struct bs_report {
  struct bs_error error;
  struct bs_outcomes outcomes;
  char txid[65]; /* "": none went out */
};
#define BS_REPORT_INIT {.txid = ""}

/* The result of the call; on failure *ret_error (unless NULL) is the public object.  Frees what the report owns. */
enum blockstore_result bs_report_end(struct bs_report *report, bool good, struct blockstore_error **ret_error);

/* ---- documents: built with cJSON, printed with sorted keys; both free the tree ---- */
/* NULL when memory ran out, also while the tree was built: whoever adds to it by the functions below need not look. */
char *bs_document_print(cJSON *tree);
/* The same, and false with no_memory. */
bool bs_document_give(char **ret_json, cJSON *tree, struct bs_error *error);
/* [{"store": name, "ok": bool, "error": reason, "code": word}] */
cJSON *bs_document_outcomes(const struct bs_outcomes *outcomes);
/* What these add to is an object, or NULL when there was no memory for it. */
void bs_document_null(cJSON *object, const char *key);
void bs_document_truth(cJSON *object, const char *key, bool truth);
void bs_document_string(cJSON *object, const char *key, const char *text);
/* A string, or null for "" and NULL. */
void bs_document_text(cJSON *object, const char *key, const char *text);
/* An integer exactly. */
void bs_document_number(cJSON *object, const char *key, uint64_t number);
void bs_document_raw(cJSON *object, const char *key, const char *json);
/* An item, which is freed when that fails. */
void bs_document_add(cJSON *object, const char *key, cJSON *item);
/* A new object or array, NULL without memory. */
cJSON *bs_document_object(cJSON *object, const char *key);
cJSON *bs_document_array(cJSON *object, const char *key);
/* To an array; false without memory, and the item is freed. */
bool bs_document_append(cJSON *list, cJSON *item);

#endif
