/* SPDX-License-Identifier: MIT */
/* What was recalled, kept while the state's sequence number stands. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/state/state-private.h"

/* FNV-1a, 64 bits. */
static uint64_t add_to_hash(uint64_t hash, const void *bytes, size_t length) {
  const unsigned char *at = bytes;

  for (size_t i = 0; i < length; i++) hash = (hash ^ at[i]) * UINT64_C(1099511628211);
  return hash;
}

static struct bs_recall_entry *entry_of(struct bs_recall_cache *cache, const struct bs_datum *datum) {
  uint64_t hash = add_to_hash(UINT64_C(14695981039346656037), datum->name, strlen(datum->name));

  if (datum->id != NULL) hash = add_to_hash(hash, datum->id, strlen(datum->id));
  return &cache->entries[hash % BS_RECALL_ENTRIES];
}

static bool same_text(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_of(const struct bs_recall_entry *entry, const struct bs_datum *datum, const unsigned char *signer) {
  return strcmp(entry->name, datum->name) == 0 && same_text(entry->id, datum->id) &&
         memcmp(entry->chain_id, datum->chain_id, sizeof entry->chain_id) == 0 && entry->has_signer == (signer != NULL) &&
         (signer == NULL || memcmp(entry->signer, signer, sizeof entry->signer) == 0);
}

bool bs_recall_find(struct bs_recall_cache *cache, uint64_t sequence, struct bs_recalled *ret_recalled,
                    const struct bs_datum *datum, const unsigned char *signer) {
  BS_LOCKED(&cache->lock);
  const struct bs_recall_entry *entry = entry_of(cache, datum);

  if (sequence % 2 != 0 || entry->sequence != sequence || !is_of(entry, datum, signer)) return false;
  *ret_recalled = entry->recalled;
  return true;
}

void bs_recall_keep(struct bs_recall_cache *cache, uint64_t sequence, const struct bs_recalled *recalled,
                    const struct bs_datum *datum, const unsigned char *signer) {
  BS_LOCKED(&cache->lock);
  struct bs_recall_entry *entry = entry_of(cache, datum);
  char *id = datum->id == NULL ? NULL : strdup(datum->id);

  if (sequence % 2 != 0 || (id == NULL && datum->id != NULL)) {
    free(id);
    return;
  }
  free(entry->id);
  *entry = (struct bs_recall_entry){.sequence = sequence, .id = id, .has_signer = signer != NULL, .recalled = *recalled};
  memcpy(entry->chain_id, datum->chain_id, sizeof entry->chain_id);
  memcpy(entry->name, datum->name, strlen(datum->name) + 1);
  if (signer != NULL) memcpy(entry->signer, signer, sizeof entry->signer);
}

void bs_recall_free(struct bs_recall_cache *cache) {
  for (size_t i = 0; i < BS_RECALL_ENTRIES; i++) free(cache->entries[i].id);
}
