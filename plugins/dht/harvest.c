/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/dht/harvest.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/common/plugin.h"

/* ---- the best ---- */

static bool is_better(const struct dht_candidate *a, const struct dht_candidate *b) {
  return a->rank != b->rank ? a->rank > b->rank : a->value.version > b->value.version;
}

static bool is_same(const struct dht_value *a, const struct dht_value *b) {
  return a->length == b->length && memcmp(a->whole + DHT_VALUE_HEAD, b->whole + DHT_VALUE_HEAD, a->length) == 0;
}

static void drop_all(struct dht_harvest *harvest) {
  while (harvest->count > 0) dht_value_free(&harvest->best[--harvest->count].value);
}

static void remove_at(struct dht_harvest *harvest, size_t at) {
  dht_value_free(&harvest->best[at].value);
  memmove(&harvest->best[at], &harvest->best[at + 1], (--harvest->count - at) * sizeof harvest->best[0]);
}

/* Takes the value, or frees it. */
static void keep(struct dht_harvest *harvest, struct dht_candidate *candidate) {
  size_t at = 0, same = 0;

  while (same < harvest->count && !is_same(&harvest->best[same].value, &candidate->value)) same++;
  if (same < harvest->count && is_better(candidate, &harvest->best[same])) {
    remove_at(harvest, same);
  } else if (same < harvest->count) {
    dht_value_free(&candidate->value);
    return;
  }
  if (harvest->count == DHT_CANDIDATES) {
    harvest->left_out++;
    if (!is_better(candidate, &harvest->best[DHT_CANDIDATES - 1])) {
      dht_value_free(&candidate->value);
      return;
    }
    remove_at(harvest, DHT_CANDIDATES - 1);
  }
  while (at < harvest->count && !is_better(candidate, &harvest->best[at])) at++;
  memmove(&harvest->best[at + 1], &harvest->best[at], (harvest->count++ - at) * sizeof harvest->best[0]);
  harvest->best[at] = *candidate;
}

/* Takes the value, or frees it. */
static void sift(struct dht_harvest *harvest, struct dht_value *value) {
  struct dht_candidate candidate = {.value = *value};

  if (harvest->found || value->kind != harvest->kind) {
    dht_value_free(value);
    return;
  }
  if (harvest->key == NULL) {
    candidate.rank = dht_value_record_version(value);
  } else if (dht_place_is_key_of(harvest->key, value->whole + DHT_VALUE_HEAD, value->length)) {
    drop_all(harvest);
    harvest->found = true;
  }
  keep(harvest, &candidate);
}

/* ---- the answer ---- */

static enum blockstore_status end_line(struct dht_harvest *harvest) {
  size_t length = harvest->used;
  bool is_long = harvest->is_long;
  struct dht_value value;

  harvest->used = 0;
  harvest->is_long = false;
  if (length == 0) return BLOCKSTORE_STATUS_OK;
  harvest->values++;
  /* Ours are shorter: anybody can put a value whose user type is written with six bytes for each of its. */
  if (is_long && harvest->line[0] == '{') return BLOCKSTORE_STATUS_OK;
  switch (is_long ? DHT_LINE_MALFORMED : dht_value_read(&value, harvest->line, length)) {
    case DHT_LINE_OURS:
      sift(harvest, &value);
      return BLOCKSTORE_STATUS_OK;
    case DHT_LINE_FOREIGN:
      return BLOCKSTORE_STATUS_OK;
    case DHT_LINE_NO_MEMORY:
      return bs_plugin_fail_memory(harvest->call);
    case DHT_LINE_MALFORMED:
      break;
  }
  return blockstore_fail(harvest->call, BLOCKSTORE_STATUS_FAILED,
                         "%s: The answer has a line that is no value of OpenDHT; the URL must be that of a node's REST proxy.",
                         harvest->node);
}

static enum blockstore_status begin(struct blockstore_sink *sink, uint64_t size) {
  (void)sink, (void)size;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status take_line(struct dht_harvest *harvest, const char **at, const char *end) {
  const char *stop = memchr(*at, '\n', (size_t)(end - *at));
  size_t length = (size_t)((stop == NULL ? end : stop) - *at);
  size_t fits = length < DHT_LINE_LONGEST - harvest->used ? length : DHT_LINE_LONGEST - harvest->used;

  memcpy(harvest->line + harvest->used, *at, fits);
  harvest->used += fits;
  harvest->is_long = harvest->is_long || fits < length;
  *at += length + (stop != NULL);
  return stop == NULL ? BLOCKSTORE_STATUS_OK : end_line(harvest);
}

static enum blockstore_status take(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct dht_harvest *harvest = (struct dht_harvest *)sink;
  const char *at = bytes, *end = at + length;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  harvest->taken += length;
  harvest->overflowed = harvest->taken > DHT_ANSWER_MOST;
  if (harvest->overflowed)
    return blockstore_fail(harvest->call, BLOCKSTORE_STATUS_FAILED,
                           "%s: More than %u MiB stand under this key of the DHT: others have crowded it.", harvest->node,
                           (unsigned)(DHT_ANSWER_MOST >> 20));
  while (status == BLOCKSTORE_STATUS_OK && at < end) status = take_line(harvest, &at, end);
  return status;
}

enum blockstore_status dht_harvest_begin(struct dht_harvest *ret_harvest, struct blockstore_call *call, enum dht_kind kind,
                                         const char *key) {
  memset(ret_harvest, 0, sizeof *ret_harvest);
  ret_harvest->sink = (struct blockstore_sink){.struct_size = sizeof ret_harvest->sink, .begin = begin, .write = take};
  ret_harvest->call = call;
  ret_harvest->kind = kind;
  ret_harvest->key = key;
  ret_harvest->line = malloc(DHT_LINE_LONGEST);
  return ret_harvest->line == NULL ? bs_plugin_fail_memory(ret_harvest->call) : BLOCKSTORE_STATUS_OK;
}

void dht_harvest_reset(struct dht_harvest *harvest, const char *node) {
  drop_all(harvest);
  harvest->node = node;
  harvest->used = harvest->values = harvest->left_out = 0;
  harvest->taken = 0;
  harvest->found = harvest->overflowed = harvest->is_long = false;
}

enum blockstore_status dht_harvest_finish(struct dht_harvest *harvest) {
  return end_line(harvest);
}

bool dht_harvest_is_crowded(const struct dht_harvest *harvest) {
  return !harvest->found && (harvest->left_out > 0 || harvest->overflowed);
}

enum blockstore_status dht_harvest_give(const struct dht_harvest *harvest, struct blockstore_sink *ret_data) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  for (size_t i = 0; status == BLOCKSTORE_STATUS_OK && i < harvest->count; i++) {
    const struct dht_value *value = &harvest->best[i].value;

    status = blockstore_go_on(harvest->call);
    if (status == BLOCKSTORE_STATUS_OK) status = blockstore_give(ret_data, value->whole + DHT_VALUE_HEAD, value->length);
  }
  return status;
}

void dht_harvest_free(struct dht_harvest *harvest) {
  drop_all(harvest);
  free(harvest->line);
  harvest->line = NULL;
}
