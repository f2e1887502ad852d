/* SPDX-License-Identifier: MIT */
/*
 * Operations on names that wait for a block: kept before they are sent, so that none is forgotten, its coins are not
 * spent twice, and it can be sent again or made anew, also by another process.  They lie in state.db.
 */
#ifndef BS_STATE_UNDERWAY_H
#define BS_STATE_UNDERWAY_H

#include "core/crypto/digest.h"
#include "core/state/state.h"

#define BS_UNDERWAY_SCRIPT_MAX 25 /* P2PKH; P2WPKH has 22 */
#define BS_UNDERWAY_INPUT_SIZE (32 + 4 + 8 + 1 + BS_UNDERWAY_SCRIPT_MAX) /* of one in the file */
#define BS_UNDERWAY_MAX 1000      /* operations of one chain */

enum bs_stage {
  BS_STAGE_PLANNED = 1, /* there is no transaction yet: a registration waits for its preorder */
  BS_STAGE_MADE,        /* kept, and perhaps sent */
  BS_STAGE_SENT,        /* whoever was asked took it, and the index does not show it yet */
  BS_STAGE_SPENT,       /* its coins are spent: the index will show by what */
  BS_STAGE_LOST,        /* it will be in no block: something else has them, or what it depends on is lost; until that was told */
  BS_STAGE_REFUSED      /* it is in a block, and the rules refused it; likewise */
};

/* What it takes to sign the input again. */
struct bs_underway_input {
  unsigned char txid[32];
  uint32_t output;
  uint64_t value;
  unsigned char script[BS_UNDERWAY_SCRIPT_MAX]; /* of the coin */
  size_t script_length;
};

struct bs_underway {
  int64_t id; /* given by the state, rising; 0: new */
  unsigned char chain_id[32];
  char name[38]; /* or a namespace's id; "" of an announcement */
  int opcode;    /* enum bs_opcode */
  enum bs_stage stage;
  unsigned char txid[32]; /* as hashed; planned: zero */
  struct bs_buffer raw;   /* the transaction; planned: empty */
  struct bs_buffer earlier; /* the ids of what it replaced, one behind the other */
  struct bs_underway_input *inputs;
  size_t input_count;
  char value_hash[41]; /* update, import; "": none */
  char address[40];    /* who gets it */
  unsigned char sender[BS_HASH160_SIZE], payer[BS_HASH160_SIZE]; /* whose keys sign */
  bool has_consensus;
  uint64_t consensus_block; /* whose consensus hash it names */
  uint32_t change;          /* the output that pays more when the fee is less */
  uint64_t fee;             /* satoshis */
  uint64_t block;           /* the first that it could be in */
  uint64_t spent;           /* the chain's newest, when its coins were found spent */
  uint64_t looked;          /* the last that was searched for its refusal */
  uint64_t made;            /* Unix seconds */
  char reason[200];         /* refused, lost; or what the node had against it; "" */
  bool is_unwanted;         /* not kept: a node that was asked just now does not take it */
  bool is_over;             /* given to bs_state_underway_save: it goes */
};
void bs_underway_clear(struct bs_underway *operation);
/* Is it the id of one that it replaced? */
bool bs_underway_was(const struct bs_underway *operation, const unsigned char txid[32]);
void bs_underway_free(struct bs_underway *operations, size_t count);

/* The oldest first, by bs_underway_free; chain_id NULL: of all chains.  Reading makes no state.  Words: corrupt. */
bool bs_state_underway_list(struct bs_state *state, struct bs_scope *scope, struct bs_underway **ret_operations,
                            size_t *ret_count, const unsigned char *chain_id, struct bs_error *error);
/*
 * Durable on return, in one commit: each is added (its id is 0, and is filled in), changed, or goes.  The journal's user
 * record that a new one publishes, found by name and value hash, counts as sent from here on; where the id of a
 * transaction changes (the former is the last of `earlier`), it goes with it, also where the operation goes; and it ends
 * with one that was refused.  Word: too_large (BS_UNDERWAY_MAX).
 */
bool bs_state_underway_save(struct bs_state *state, struct bs_scope *scope, struct bs_underway *const *operations, size_t count,
                            struct bs_error *error);

#endif
