/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdlib.h>

#include "core/names/proof-private.h"

#define ROOM_MIN 256

void bs_proof_table_free(struct bs_proof_table *table) {
  free(table->places);
  *table = (struct bs_proof_table){.count = 0};
}

/* Numbers that follow one another are spread by the multiplication (2^64 divided by the golden ratio). */
static struct bs_proof_block *place_of(const struct bs_proof_table *table, uint64_t block) {
  size_t at = (size_t)((block * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (table->room - 1);

  while (table->places[at].is_used && table->places[at].block != block) at = (at + 1) & (table->room - 1);
  return &table->places[at];
}

struct bs_proof_block *bs_proof_table_find(const struct bs_proof_table *table, uint64_t block) {
  struct bs_proof_block *place = table->room == 0 ? NULL : place_of(table, block);

  return place != NULL && place->is_used ? place : NULL;
}

static bool grow(struct bs_proof_table *table) {
  struct bs_proof_table larger = {.room = table->room == 0 ? ROOM_MIN : 2 * table->room, .count = table->count};

  larger.places = calloc(larger.room, sizeof *larger.places);
  if (larger.places == NULL) return false;
  for (size_t i = 0; i < table->room; i++)
    if (table->places[i].is_used) *place_of(&larger, table->places[i].block) = table->places[i];
  free(table->places);
  *table = larger;
  return true;
}

struct bs_proof_block *bs_proof_table_add(struct bs_proof_table *table, uint64_t block) {
  struct bs_proof_block *place = bs_proof_table_find(table, block);

  if (place != NULL) return place;
  if (2 * (table->count + 1) > table->room && !grow(table)) return NULL;
  place = place_of(table, block);
  *place = (struct bs_proof_block){.block = block, .is_used = true};
  table->count++;
  return place;
}

size_t bs_proof_inputs(uint64_t backs[64], uint64_t block, uint64_t first_block) {
  size_t count = 0;

  for (uint64_t back = 1; count < 64 && back <= block - first_block; back = 2 * back + 1) backs[count++] = back;
  return count;
}
