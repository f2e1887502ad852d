/* SPDX-License-Identifier: MIT */
#include <config.h>

/* EVP, which these functions are deprecated for, costs 2 ms at its first use. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "plugins/ipfs/search.h"

#include <openssl/ripemd.h>
#include <stdio.h>
#include <string.h>

/* ---- the sink ---- */

static struct bs_search *search_of_sink(struct blockstore_sink *sink) {
  return (struct bs_search *)(void *)((char *)sink - offsetof(struct bs_search, sink));
}

static enum blockstore_status begin(struct blockstore_sink *sink, uint64_t size) {
  struct bs_search *search = search_of_sink(sink);

  search->errand.end_ms = UINT64_MAX; /* it has something: for that there is all the time */
  SHA256_Init(&search->digest);
  return search->refusal = search->out->begin(search->out, size);
}

static enum blockstore_status take(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct bs_search *search = search_of_sink(sink);

  if (search->key != NULL) SHA256_Update(&search->digest, bytes, length);
  return search->refusal = search->out->write(search->out, bytes, length);
}

static bool is_wanted(struct bs_search *search) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  char digits[2 * sizeof digest + 1];
  size_t length = strlen(search->key) / 2;

  SHA256_Final(digest, &search->digest);
  if (length == RIPEMD160_DIGEST_LENGTH) RIPEMD160(digest, sizeof digest, digest);
  for (size_t i = 0; i < length && i < sizeof digest; i++) snprintf(digits + 2 * i, 3, "%02x", digest[i]);
  return memcmp(digits, search->key, 2 * length) == 0;
}

/* ---- the search ---- */

void bs_search_begin(struct bs_search *ret_search, struct blockstore_call *call, struct blockstore_sink *out, const char *key,
                     size_t places) {
  memset(ret_search, 0, sizeof *ret_search);
  bs_errand_within(&ret_search->errand, call, 0);
  ret_search->errand.end_ms = UINT64_MAX;
  ret_search->sink = (struct blockstore_sink){.struct_size = sizeof ret_search->sink, .begin = begin, .write = take};
  ret_search->outer = call;
  ret_search->out = out;
  ret_search->key = key;
  ret_search->places = places;
  ret_search->trouble = BLOCKSTORE_STATUS_NOT_FOUND;
}

/* An equal part for each that is still to be asked; and what was given must be handed out before the deadline, too. */
void bs_search_ask(struct bs_search *search) {
  size_t parts = search->places + search->gave;
  uint32_t left = search->outer->host->time_left(search->outer);
  bool is_all = parts < 2 || left == UINT32_MAX;

  bs_errand_within(&search->errand, search->outer, is_all ? 0 : (uint32_t)(left / parts));
  if (is_all) search->errand.end_ms = UINT64_MAX;
}

void bs_search_pass(struct bs_search *search) {
  search->asked = true;
  if (search->places > 1) search->places--;
}

void bs_search_take(struct bs_search *search, const char *who, enum blockstore_status status) {
  bs_search_pass(search);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND) search->is_absent = true;
  if (status == BLOCKSTORE_STATUS_CANCELLED && search->refusal == BLOCKSTORE_STATUS_OK &&
      search->outer->host->time_left(search->outer) > 0)
    status = blockstore_fail(search->outer, BLOCKSTORE_STATUS_TRANSIENT, "%s: It did not answer in its part of the time.", who);
  if (status == BLOCKSTORE_STATUS_OK) search->gave = true;
  else if (status != BLOCKSTORE_STATUS_NOT_FOUND) search->trouble = status;
  search->over = search->over || search->refusal != BLOCKSTORE_STATUS_OK || status == BLOCKSTORE_STATUS_CANCELLED ||
                 (status == BLOCKSTORE_STATUS_OK && search->key != NULL && is_wanted(search));
}

enum blockstore_status bs_search_end(const struct bs_search *search) {
  if (search->refusal != BLOCKSTORE_STATUS_OK) return search->refusal;
  if (search->gave) return BLOCKSTORE_STATUS_OK;
  if (search->is_absent || search->trouble != BLOCKSTORE_STATUS_NOT_FOUND) return search->trouble;
  if (search->asked)
    return blockstore_fail(search->outer, BLOCKSTORE_STATUS_FAILED,
                           "No gateway has the block. Larger data are no block, and found by the option ipns_name alone.");
  return blockstore_fail(search->outer, BLOCKSTORE_STATUS_FAILED,
                         "There is nobody to ask for it: see the options search, gateways and ipns_name.");
}
