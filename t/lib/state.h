/* SPDX-License-Identifier: MIT */
/* For tests of the state: one in PLACE/state, and versions and answers to believe. */
#ifndef BS_T_STATE_H
#define BS_T_STATE_H

#include "core/base/auto.h"
#include "core/state/database.h"
#include "core/state/floors.h"
#include "t/lib/plugins.h"

static const unsigned char chain_one[32] = {1}, chain_two[32] = {2};
static const struct bs_datum here = {chain_one, "foo.id", "notes"};
static const struct bs_datum name_only = {chain_one, "foo.id", NULL};

static inline struct bs_state *open_state(const char *place) {
  char *directory = path_in(place, "state");
  struct bs_state *opened = NULL;
  struct bs_error error = {0};

  assert_ok(bs_state_new(&opened, directory, &error));
  free(directory);
  return opened;
}

static inline void free_state(struct bs_state **opened) {
  bs_state_free(*opened);
}
#define AUTO_STATE BS_AUTO(free_state)

/* z and signer are one byte each, repeated. */
static inline struct bs_seen seen(uint64_t ver, int z, int signer) {
  struct bs_seen version = {.ver = ver};

  memset(version.z, z, sizeof version.z);
  memset(version.signer, signer, sizeof version.signer);
  return version;
}

static inline bool believe(struct bs_state *opened, const struct bs_datum *datum, const struct bs_seen *version,
                           const struct bs_name_seen *name, uint64_t now, struct bs_error *error) {
  const struct bs_belief belief = {.datum = datum, .version = version, .name = name, .now = now};

  return bs_state_believe(opened, NULL, &belief, error);
}

/* Of the signer `signer`; negative: of none. */
static inline struct bs_recalled recall(struct bs_state *opened, const struct bs_datum *datum, int signer) {
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_recalled recalled;
  struct bs_error error = {0};

  memset(&recalled, 0xee, sizeof recalled);
  memset(hash, signer, sizeof hash);
  assert_ok(bs_state_recall(opened, NULL, &recalled, datum, signer < 0 ? NULL : hash, &error));
  assert_int_equal(error.word, BS_NO_WORD);
  return recalled;
}

/* With the value hash that repeats `digit`; 0: none. */
static inline struct bs_intent intent(const struct bs_datum *datum, uint64_t ver, int z, int digit) {
  static char value_hashes[10][41];
  struct bs_intent begun = {.datum = datum, .ver = ver, .record = "record", .record_length = 6};

  memset(begun.z, z, sizeof begun.z);
  if (digit == 0) return begun;
  memset(value_hashes[digit], '0' + digit, 40);
  begun.value_hash = value_hashes[digit];
  return begun;
}

#endif
