/* SPDX-License-Identifier: MIT */
/*
 * Random blocks of name operations, for tests of the chain rules: mostly what the state of a model (t/lib/model.h) lets
 * come to something, much of it broken in one place.  Signatures are junk.  The same seed and the same states give the
 * same blocks.
 */
#ifndef BS_T_GENERATOR_H
#define BS_T_GENERATOR_H

#include "t/lib/model.h"

#define GENERATOR_BLOCK 16 /* transactions in a block, at most */
#define GENERATOR_ACTORS 12
#define GENERATOR_PLANS 64
#define GENERATOR_SET 4 /* names in one preorder, at most */

/* Somebody who owns an output script. */
struct generator_actor {
  char script[MODEL_SCRIPT], address[BS_ADDRESS_TEXT];
  char key[MODEL_KEY]; /* "": none that is known */
};

/* A preorder that was sent, so that somebody can go on with it. */
struct generator_plan {
  unsigned char opcode;
  char hash[MODEL_HASH160];
  const struct generator_actor *sender;
  size_t count, next; /* names: of all, and the first that nobody tried to register */
  struct {
    char name[MODEL_NAME]; /* or a namespace's id */
    const struct generator_actor *recipient;
  } names[GENERATOR_SET];
};

struct generator {
  uint64_t random;
  const struct model *model; /* before the block */
  struct generator_actor actors[GENERATOR_ACTORS];
  struct generator_plan plans[GENERATOR_PLANS]; /* a ring */
  size_t plan_count;
  /* The newest block. */
  struct bs_buffer raws[GENERATOR_BLOCK], senders[GENERATOR_BLOCK];
  struct bs_transaction parsed[GENERATOR_BLOCK];
  struct bs_block_transaction transactions[GENERATOR_BLOCK];
  unsigned char opcodes[GENERATOR_BLOCK]; /* what each was meant to be */
  size_t count;
};

void generator_init(struct generator *generator, uint64_t seed, const struct model *model);
void generator_free(struct generator *generator);
/* The next block: generator->transactions, until the next call. */
void generator_next(struct generator *generator);
/* Or an empty one. */
void generator_be_quiet(struct generator *generator);
/* 0 to limit - 1. */
size_t generator_below(struct generator *generator, size_t limit);

#endif
