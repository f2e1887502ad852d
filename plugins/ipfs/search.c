/* SPDX-License-Identifier: MIT */
#include <config.h>

/* EVP, which these functions are deprecated for, costs 2 ms at its first use. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "plugins/ipfs/search.h"

#include <openssl/ripemd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the call that a place is asked with: the outer one, with less time ---- */

static struct bs_search *search_of_call(struct blockstore_call *call) {
  return (struct bs_search *)(void *)((char *)call - offsetof(struct bs_search, call));
}

static void set_error(struct blockstore_call *call, const char *sentence) {
  struct blockstore_call *outer = search_of_call(call)->outer;

  outer->host->set_error(outer, sentence);
}

static void retry_after(struct blockstore_call *call, uint32_t milliseconds) {
  struct blockstore_call *outer = search_of_call(call)->outer;

  outer->host->retry_after(outer, milliseconds);
}

static uint32_t time_left(struct blockstore_call *call) {
  const struct bs_search *search = search_of_call(call);
  uint32_t left = search->outer->host->time_left(search->outer);
  uint64_t now;

  if (search->until_ms == 0) return left;
  now = now_ms();
  if (search->until_ms <= now) return 0;
  return search->until_ms - now < left ? (uint32_t)(search->until_ms - now) : left;
}

/* None tells when a part of the time is over: time_left is looked at instead. */
static int cancel_fd(struct blockstore_call *call) {
  const struct bs_search *search = search_of_call(call);

  return search->until_ms > 0 ? -1 : search->outer->host->cancel_fd(search->outer);
}

/* ---- the sink ---- */

static struct bs_search *search_of_sink(struct blockstore_sink *sink) {
  return (struct bs_search *)(void *)((char *)sink - offsetof(struct bs_search, sink));
}

static enum blockstore_status begin(struct blockstore_sink *sink, uint64_t size) {
  struct bs_search *search = search_of_sink(sink);

  search->until_ms = 0; /* it has something: for that there is all the time */
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
  ret_search->host = *call->host;
  ret_search->host.struct_size = sizeof ret_search->host;
  ret_search->host.set_error = set_error;
  ret_search->host.retry_after = retry_after;
  ret_search->host.time_left = time_left;
  ret_search->host.cancel_fd = cancel_fd;
  ret_search->call = (struct blockstore_call){
      .struct_size = sizeof ret_search->call, .host = &ret_search->host, .store = call->store};
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

  search->until_ms = parts < 2 || left == UINT32_MAX ? 0 : now_ms() + left / parts;
}

void bs_search_take(struct bs_search *search, const char *who, enum blockstore_status status) {
  search->asked = true;
  if (search->places > 1) search->places--;
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
  if (search->asked) return search->trouble;
  return blockstore_fail(search->outer, BLOCKSTORE_STATUS_FAILED,
                         "There is nobody to ask for it: see the options search, gateways and ipns_name.");
}
