/* SPDX-License-Identifier: MIT */
/* What a node of the DHT answers: values that anybody may have put, read line by line as they arrive. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "plugins/common/plugin.h"
#include "plugins/dht/harvest.h"
#include "t/fuzz/targets.h"

#define HELLO_KEY "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static char said[1024];

static void set_error(struct blockstore_call *call, const char *sentence) {
  (void)call;
  snprintf(said, sizeof said, "%s", sentence);
}

static uint32_t time_left(struct blockstore_call *call) {
  (void)call;
  return UINT32_MAX;
}

static const struct blockstore_host host = {.set_error = set_error, .time_left = time_left};
static struct blockstore_call call = {.struct_size = sizeof call, .host = &host};

/* The answer in pieces of so many bytes. */
static enum blockstore_status read_answer(struct dht_harvest *harvest, const char *key, const uint8_t *bytes, size_t length,
                                          size_t piece) {
  enum blockstore_status status = dht_harvest_begin(harvest, &call, key == NULL ? DHT_MUTABLE : DHT_IMMUTABLE, key);

  PROMISED(status == BLOCKSTORE_STATUS_OK);
  said[0] = '\0';
  dht_harvest_reset(harvest, "http://node");
  status = harvest->sink.begin(&harvest->sink, BLOCKSTORE_SIZE_UNKNOWN);
  for (size_t at = 0; at < length && status == BLOCKSTORE_STATUS_OK; at += piece)
    status = harvest->sink.write(&harvest->sink, bytes + at, length - at < piece ? length - at : piece);
  if (status == BLOCKSTORE_STATUS_OK) status = dht_harvest_finish(harvest);
  PROMISED(status == BLOCKSTORE_STATUS_OK || (status == BLOCKSTORE_STATUS_FAILED && said[0] != '\0'));
  return status;
}

/* A value that was read is written and read again as it was. */
static void look_at_value(const struct dht_value *value) {
  char *line BS_AUTO_FREE = dht_value_write(value, false);
  struct dht_value again;

  PROMISED(line != NULL);
  if (strlen(line) > DHT_LINE_LONGEST) return;
  PROMISED(dht_value_read(&again, line, strlen(line)) == DHT_LINE_OURS);
  PROMISED(again.kind == value->kind && again.version == value->version && again.length == value->length);
  PROMISED(memcmp(again.whole, value->whole, DHT_VALUE_HEAD + value->length) == 0);
  dht_value_free(&again);
}

static void look_at_best(const struct dht_harvest *harvest) {
  PROMISED(harvest->count <= DHT_CANDIDATES && harvest->count <= harvest->values);
  PROMISED(!harvest->found || harvest->count == 1);
  for (size_t i = 0; i < harvest->count; i++) {
    const struct dht_candidate *candidate = &harvest->best[i], *last = i == 0 ? NULL : candidate - 1;

    PROMISED(candidate->value.kind == harvest->kind);
    PROMISED(last == NULL || last->rank > candidate->rank ||
             (last->rank == candidate->rank && last->value.version >= candidate->value.version));
    look_at_value(&candidate->value);
  }
}

/* However the bytes arrive, what was found is the same. */
static void compare(const struct dht_harvest *one, const struct dht_harvest *other) {
  PROMISED(one->count == other->count && one->values == other->values && one->left_out == other->left_out);
  PROMISED(one->found == other->found && dht_harvest_is_crowded(one) == dht_harvest_is_crowded(other));
  for (size_t i = 0; i < one->count; i++) {
    const struct dht_value *a = &one->best[i].value, *b = &other->best[i].value;

    PROMISED(a->length == b->length && memcmp(a->whole, b->whole, DHT_VALUE_HEAD + a->length) == 0);
  }
}

void bs_fuzz_values(const uint8_t *bytes, size_t length) {
  const char *const keys[] = {NULL, HELLO_KEY};
  size_t piece = length == 0 ? 1 : bytes[0] % 64 + (size_t)1;

  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    struct dht_harvest whole, pieces;
    enum blockstore_status status = read_answer(&whole, keys[i], bytes, length, length + 1);

    PROMISED(read_answer(&pieces, keys[i], bytes, length, piece) == status);
    look_at_best(&whole);
    compare(&whole, &pieces);
    dht_harvest_free(&whole);
    dht_harvest_free(&pieces);
  }
}
