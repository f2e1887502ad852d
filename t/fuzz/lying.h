/* SPDX-License-Identifier: MIT */
/*
 * The world of the target `lying`: two stores, whose driver is in this program and does as the fuzzer's bytes say, and a user who
 * owns a name.  The world is made once; each input finds it as it was.
 */
#ifndef BS_T_FUZZ_LYING_H
#define BS_T_FUZZ_LYING_H

#include <stdbool.h>

#include <blockstore/blockstore.h>
#include <blockstore/driver.h>

#include "core/base/buffer.h"
#include "t/fuzz/targets.h"

#define LYING_NAME "alice.id"

/* ---- the script: lying-store.c ---- */

/* The next byte of the input, 0 behind its end: what is honest and ordinary. */
unsigned lying_next(void);
bool lying_at_end(void);
/* urls: the stores also lie about URLs. */
void lying_begin(const uint8_t *bytes, size_t length, bool urls);

/* ---- the stores: lying-store.c ---- */

extern const struct blockstore_driver lying_driver;

/* What was ever put anywhere: the honest answer is the newest of its target. */
void lying_keep(const char *target, const void *bytes, size_t length);
size_t lying_kept(void);
/* Forgets what came after the first `count`. */
void lying_forget(size_t count);
/* What the put in progress writes; NULL: a deletion.  Each version that reaches a store is told to lying_signed. */
extern const char *lying_text;

/* ---- what is true: lying.c ---- */

/* The owner has signed this content for a version of the datum; text NULL: that it is deleted. */
void lying_signed(const char *data_id, uint64_t ver, const char *text);

/* ---- the world: lying-world.c ---- */

enum { LYING_IDS = 4 };
enum lying_id { LYING_MANY, LYING_FEW, LYING_DELETED, LYING_NEW }; /* LYING_NEW: no route yet */
extern const char *const lying_ids[LYING_IDS];

struct lying_world {
  struct blockstore_config *configs[4]; /* by LYING_READER | LYING_FIRST */
  struct blockstore_key *key;
  char keys[2][65];      /* of its immutable data */
  const char *texts[2];
  uint64_t newest[LYING_IDS]; /* that its owner has seen */
};

enum { LYING_READER = 1, LYING_FIRST = 2 }; /* another reader, who has seen nothing; replication.read: first */

const struct lying_world *lying_world(void);
/* Takes back what was changed in the state directories. */
void lying_restore(bool reader, bool owner);

#endif
