/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/name-floor.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/log.h"
#include "core/codec/hex.h"

struct bs_name_seen bs_name_floor_of(const struct bs_name_record *record) {
  struct bs_name_seen seen = {.block = record->block, .vtxindex = record->vtxindex};

  memcpy(seen.value_hash, record->value_hash, sizeof record->value_hash);
  memcpy(seen.owner, record->owner, sizeof record->owner);
  return seen;
}

bool bs_name_floor_is_same(const struct bs_name_seen *a, const struct bs_name_seen *b) {
  return a->block == b->block && a->vtxindex == b->vtxindex && strcmp(a->value_hash, b->value_hash) == 0 &&
         strcmp(a->owner, b->owner) == 0;
}

bool bs_name_floor_is_above(const struct bs_name_seen *a, const struct bs_name_seen *b) {
  return a->block != b->block ? a->block > b->block : a->vtxindex > b->vtxindex;
}

const struct bs_pin *bs_name_floor_pin(struct bs_pin *room, const struct blockstore_config *config) {
  if (!config->has_pin) return NULL;
  *room = (struct bs_pin){.block = (uint64_t)config->pin_block};
  memcpy(room->consensus, config->pin_consensus, sizeof room->consensus);
  return room;
}

/* What is the block's hash in the pin's chain?  Who cannot show that is not believed. */
static bool shows_pin(bool *ret_shows, const struct bs_name_seen *floor, const char *told, struct bs_names *names,
                      const struct bs_pin *pin, struct bs_scope *scope, struct bs_error *error) {
  unsigned char consensus[BS_CONSENSUS_SIZE];
  char text[BS_CONSENSUS_TEXT];

  *ret_shows = true;
  if (pin == NULL || pin->block < floor->block) return true;
  *ret_shows = bs_names_reach(names, scope, consensus, pin, floor->block, error);
  if (!*ret_shows) {
    if (error->word != BS_WORD_forged && error->word != BS_WORD_stale && error->word != BS_WORD_not_found) return false;
    bs_log(BS_LOG_WARNING, "By the pin, names.pin: %s", error->message);
    *error = (struct bs_error){.word = BS_NO_WORD};
    return true;
  }
  bs_hex_encode(text, consensus, sizeof consensus);
  *ret_shows = strcmp(text, told) == 0;
  if (!*ret_shows)
    bs_log(BS_LOG_WARNING, "By the pin, names.pin, block %" PRIu64 " has the consensus hash %s; the name service tells %s.",
           floor->block, text, told);
  return true;
}

/* The name service says that another block is in its place. */
static bool may_have_left(bool *ret_may, const struct bs_name_seen *floor, const char *told, struct bs_names *names,
                          const struct bs_pin *pin, struct bs_scope *scope, struct bs_error *error) {
  struct bs_names_info info;
  bool has;

  *ret_may = false;
  if (bs_names_is_immediate(names)) return true;
  if (!bs_names_info(names, scope, &info, error)) return false;
  if (info.height > floor->block + BS_NAME_FLOOR_DEPTH) return true;
  if (!bs_names_has_elsewhere(names, scope, &has, floor->consensus, floor->block, error)) return false;
  return has || shows_pin(ret_may, floor, told, names, pin, scope, error);
}

bool bs_name_floor_fate(enum bs_fate *ret_fate, const struct bs_name_seen *floor, struct bs_names *names,
                        const struct bs_pin *pin, struct bs_scope *scope, struct bs_error *error) {
  char consensus[BS_CONSENSUS_TEXT];
  bool may_have, found = bs_names_consensus_at(names, scope, consensus, floor->block, error);

  if (!found && error->word != BS_WORD_not_found) return false;
  if (!found) {
    *error = (struct bs_error){.word = BS_NO_WORD};
    *ret_fate = BS_FATE_BEYOND_CHAIN;
  } else if (floor->consensus[0] == '\0' || strcmp(consensus, floor->consensus) == 0) {
    *ret_fate = BS_FATE_IN_CHAIN;
  } else {
    if (!may_have_left(&may_have, floor, consensus, names, pin, scope, error)) return false;
    *ret_fate = may_have ? BS_FATE_LEFT_CHAIN : BS_FATE_REPLACED;
  }
  return true;
}
