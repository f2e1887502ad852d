/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/choice.h"

#include <inttypes.h>
#include <string.h>

#include "core/codec/hex.h"

static uint64_t ver_of(const struct bs_found *found) {
  return found->verified.statement.ver;
}

static bool is_z(const struct bs_found *found, const unsigned char *z) {
  return z != NULL && memcmp(found->verified.z, z, BS_SHA256_SIZE) == 0;
}

struct bs_seen bs_seen_of(const struct bs_found *found) {
  struct bs_seen seen = {.ver = ver_of(found),
                         .is_tombstone = found->verified.statement.kind == BS_STATEMENT_TOMBSTONE,
                         .is_legacy = found->generation == BS_MUTABLE_LEGACY,
                         .expires = found->verified.statement.expires,
                         .length = found->verified.statement.length};

  memcpy(seen.sha256, found->verified.statement.sha256, sizeof seen.sha256);
  memcpy(seen.sig, found->sig, sizeof seen.sig);
  memcpy(seen.z, found->verified.z, sizeof seen.z);
  memcpy(seen.signer, found->verified.signer, sizeof seen.signer);
  return seen;
}

/* Everything found of one version: items first..end. */
struct group {
  const struct bs_versions *versions;
  size_t first, end;
};

static struct group group_at(const struct bs_versions *versions, size_t first) {
  struct group group = {versions, first, first};

  while (group.end < versions->count && ver_of(&versions->items[group.end]) == ver_of(&versions->items[first])) group.end++;
  return group;
}

static const struct bs_found *member(const struct group *group, const unsigned char *z) {
  for (size_t i = group->first; i < group->end; i++)
    if (is_z(&group->versions->items[i], z)) return &group->versions->items[i];
  return NULL;
}

/* The one content of the version, NULL: it is disputed.  What the caller chooses counts before what was seen first. */
static const struct bs_found *settle(const struct group *group, const struct bs_seen *floor, const struct bs_bounds *bounds,
                                     struct bs_choice *choice) {
  const struct bs_found *first = &group->versions->items[group->first], *chosen;
  bool was_seen = floor != NULL && floor->ver == ver_of(first);
  const unsigned char *seen_z = was_seen ? floor->z : NULL;

  if (group->end - group->first > 1 || (was_seen && !is_z(first, seen_z))) choice->disputed = ver_of(first);
  if (choice->disputed == 0) return first;
  chosen = member(group, bounds->z);
  if (chosen == NULL) chosen = member(group, seen_z);
  if (chosen != NULL && is_z(chosen, seen_z)) choice->raises = chosen; /* as it stands */
  return chosen;
}

static bool refuse_disputed(uint64_t ver, struct bs_error *error) {
  return bs_fail(error, BS_WORD_conflict,
                 "Two contents were signed for one version, %" PRIu64 ": its writers did not know of each other.  A "
                 "further put settles it; --z chooses one of the two.", ver);
}

/* Where the chosen content is nowhere, neither its rival nor anything else stands for it. */
static bool check_chosen(const struct bs_versions *versions, const struct bs_bounds *bounds, struct bs_error *error) {
  char z[2 * BS_SHA256_SIZE + 1];

  if (bounds->z == NULL) return true;
  for (size_t i = 0; i < versions->count; i++)
    if (is_z(&versions->items[i], bounds->z)) return true;
  bs_hex_encode(z, bounds->z, BS_SHA256_SIZE);
  return bs_fail(error, BS_WORD_conflict, "No store has the content that was chosen, z %s; without a choice, version %" PRIu64
                 " would be judged.", z, ver_of(&versions->items[0]));
}

/* A place that gave more than one record has no room for all their data. */
static bool check_kept(const struct bs_found *found, struct bs_error *error) {
  const struct bs_statement *statement = &found->verified.statement;

  if (found->has_data || statement->kind == BS_STATEMENT_TOMBSTONE) return true;
  return bs_fail_as(error, BLOCKSTORE_FORGED, BS_WORD_too_large, "The store that has version %" PRIu64
                    " gave other records with it, and together they are more than limits.mutable_record allows.",
                    statement->ver);
}

/* Is the version one that may be handed out at all? */
static bool check_content(const struct bs_found *found, const struct bs_bounds *bounds, struct bs_error *error) {
  const struct bs_statement *statement = &found->verified.statement;

  if (statement->kind == BS_STATEMENT_TOMBSTONE)
    return bs_fail(error, BS_WORD_deleted, "The data was deleted, by version %" PRIu64 ".", statement->ver);
  if (bs_statement_expired(statement, bounds->now))
    return bs_fail(error, BS_WORD_expired, "The newest version, %" PRIu64 ", has expired.", statement->ver);
  return true;
}

/* Versions only fall from here on: is this one still high enough? */
static bool check_height(uint64_t ver, const struct bs_seen *floor, const struct bs_bounds *bounds, struct bs_error *error) {
  if (ver < bounds->lowest)
    return bs_fail(error, BS_WORD_stale, "The newest version that could be had, %" PRIu64 ", is below %" PRIu64
                   ", from which the owner wants the data read.  " BS_CHOICE_MEND, ver, bounds->lowest);
  if (floor != NULL && ver < floor->ver)
    return bs_fail(error, BS_WORD_stale, "The newest version that could be had, %" PRIu64 ", is older than version %" PRIu64
                   ", which was seen before.  " BS_CHOICE_MEND, ver, floor->ver);
  if (ver < bounds->ver_min)
    return bs_fail(error, BS_WORD_stale, "The newest version that could be had, %" PRIu64 ", is below ver_min, %" PRIu64 ".", ver,
                   bounds->ver_min);
  return true;
}

bool bs_choose(struct bs_choice *ret_choice, const struct bs_versions *versions, const struct bs_seen *floor,
               const struct bs_bounds *bounds, struct bs_error *error) {
  struct group group;

  *ret_choice = (struct bs_choice){NULL, NULL, 0};
  for (size_t at = 0; at < versions->count; at = group.end) {
    uint64_t ver = ver_of(&versions->items[at]);
    const struct bs_found *found;

    group = group_at(versions, at);
    if (!check_height(ver, floor, bounds, error)) return false;
    if (ver > bounds->ver_max) continue;
    found = settle(&group, floor, bounds, ret_choice);
    if (found == NULL) return refuse_disputed(ver, error);
    if (!check_chosen(versions, bounds, error) || !check_kept(found, error)) return false;
    if (ret_choice->disputed == 0) ret_choice->raises = found;
    if (!check_content(found, bounds, error)) return false;
    if (bounds->accepts == NULL || bounds->accepts(bounds->user, found)) {
      ret_choice->found = found;
      return true;
    }
    *ret_choice = (struct bs_choice){NULL, NULL, 0};
  }
  return bs_fail(error, BS_WORD_not_found, "No version that could be had is within the bounds that were asked for.");
}
