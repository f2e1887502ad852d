/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/replica/mutable.h"

#include "core/client/receipt.h"

#include <stdlib.h>
#include <string.h>

#include "core/codec/hex.h"

struct blockstore_receipt {
  char txid[BS_TXID_TEXT];
  char key[65]; /* "": not immutable data */
  uint64_t ver;
  struct bs_outcomes outcomes;
  char *document;
};

static void list_missing(cJSON *tree, const struct bs_places *places) {
  cJSON *list = bs_document_array(tree, "missing_from_route");

  for (size_t i = 0; i < places->count; i++)
    if (places->items[i].is_own && !places->items[i].is_in_route)
      bs_document_append(list, cJSON_CreateString(places->answers.items[i].name));
}

static void describe_mutable(cJSON *tree, const struct bs_receipt_of *of) {
  char z[2 * BS_SHA256_SIZE + 1] = "";

  if (of->z != NULL) bs_hex_encode(z, of->z, BS_SHA256_SIZE);
  bs_document_text(tree, "id", of->id);
  if (of->ver == 0) bs_document_null(tree, "ver");
  else bs_document_number(tree, "ver", of->ver);
  bs_document_text(tree, "z", z);
  if (of->superseded_by != 0) bs_document_number(tree, "superseded_by", of->superseded_by);
  if (of->places != NULL) list_missing(tree, of->places);
}

/* work: the name record that the change was made from. */
static char *make_document(const struct blockstore_receipt *receipt, const struct bs_publication *publication,
                           const struct bs_receipt_of *of, const struct bs_work *work) {
  cJSON *tree = cJSON_CreateObject();

  bs_document_text(tree, "name", publication->name);
  if (of->key != NULL) bs_document_text(tree, "key", of->key);
  else describe_mutable(tree, of);
  bs_document_text(tree, "txid", receipt->txid);
  bs_document_text(tree, "value_hash", publication->value_hash);
  bs_document_text(tree, "proven", work->proving.proven);
  if (work->proving.told_by != NULL) bs_document_text(tree, "told_by", work->proving.told_by);
  bs_document_add(tree, "stores", bs_document_outcomes(&receipt->outcomes));
  return bs_document_print(tree);
}

bool bs_receipt_make(struct bs_work *work, struct blockstore_receipt **ret_receipt, const struct bs_publication *publication,
                     const struct bs_receipt_of *of) {
  struct blockstore_receipt *receipt;

  if (ret_receipt == NULL) return true;
  receipt = calloc(1, sizeof *receipt);
  if (receipt == NULL) return bs_fail_memory(&work->report.error);
  memcpy(receipt->txid, publication->txid_sent, sizeof receipt->txid);
  if (of->key != NULL) memcpy(receipt->key, of->key, strlen(of->key) + 1);
  receipt->ver = of->ver;
  receipt->outcomes = work->report.outcomes;
  work->report.outcomes = (struct bs_outcomes){NULL, 0};
  receipt->document = make_document(receipt, publication, of, work);
  if (receipt->document == NULL) {
    blockstore_receipt_free(receipt);
    return bs_fail_memory(&work->report.error);
  }
  *ret_receipt = receipt;
  return true;
}

const char *blockstore_receipt_txid(const struct blockstore_receipt *receipt) {
  return receipt->txid[0] == '\0' ? NULL : receipt->txid;
}

const char *blockstore_receipt_key(const struct blockstore_receipt *receipt) {
  return receipt->key[0] == '\0' ? NULL : receipt->key;
}

uint64_t blockstore_receipt_ver(const struct blockstore_receipt *receipt) {
  return receipt->ver;
}

size_t blockstore_receipt_stores(const struct blockstore_receipt *receipt) {
  return receipt->outcomes.count;
}

const char *blockstore_receipt_store(const struct blockstore_receipt *receipt, size_t index, const char **ret_reason) {
  *ret_reason = receipt->outcomes.items[index].reason;
  return receipt->outcomes.items[index].store;
}

const char *blockstore_receipt_document(const struct blockstore_receipt *receipt) {
  return receipt->document;
}

void blockstore_receipt_free(struct blockstore_receipt *receipt) {
  if (receipt == NULL) return;
  bs_outcomes_free(&receipt->outcomes);
  free(receipt->document);
  free(receipt);
}
