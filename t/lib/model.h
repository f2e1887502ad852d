/* SPDX-License-Identifier: MIT */
/*
 * A second opinion about the chain rules (protocol.md 3 and 4): slow, plain, and written without a look at
 * core/chain/rules*.c, whose results it is held against.  Whatever is serialised is kept as the text that goes there;
 * lists are searched from their beginning; a copy of everything is kept of each of the newest blocks, to go back to.
 * Running out of memory ends the program.
 */
#ifndef BS_T_MODEL_H
#define BS_T_MODEL_H

#include "core/chain/rules.h"

#define MODEL_SCRIPT (2 * BS_SCRIPT_MAX + 1)   /* texts, with their NUL */
#define MODEL_KEY (2 * BS_PUBLIC_KEY_MAX + 1)
#define MODEL_NAME (BS_NAME_MAX + 1)
#define MODEL_HASH160 (2 * BS_HASH160_SIZE + 1)
#define MODEL_HASH128 (2 * BS_HASH128_SIZE + 1)
#define MODEL_TXID (2 * BS_TXID_SIZE + 1)
#define MODEL_UNDO 8 /* blocks that can be rolled back */

/* Who sent it, and in which transaction. */
struct model_origin {
  char sender[MODEL_SCRIPT], sender_pubkey[MODEL_KEY], address[BS_ADDRESS_TEXT];
  char op[8], txid[MODEL_TXID];
  uint64_t vtxindex;
};

struct model_name {
  char name[MODEL_NAME];
  struct model_origin origin; /* sender, key and address are the owner's */
  char value_hash[MODEL_HASH160];
  uint64_t block_number, preorder_block_number, first_registered, last_renewed;
  bool revoked;
  char op_fee[32], importer[MODEL_SCRIPT], importer_address[BS_ADDRESS_TEXT];
  char consensus[MODEL_HASH128]; /* of the last update; "": none since it was registered */
  bool has_owner;                /* in its owner's list, which the quota counts and updates look through */
  bool has_hash;                 /* in the list that transfers look through */
};

struct model_preorder {
  unsigned char opcode; /* of a name or of a namespace */
  char hash[MODEL_HASH160], consensus[MODEL_HASH128];
  struct model_origin origin;
  uint64_t block_number, op_fee, quantity;
};

struct model_prices {
  uint64_t lifetime, coeff, base, buckets[16], nonalpha_discount, no_vowel_discount;
};

struct model_namespace {
  char id[MODEL_NAME], hash[MODEL_HASH160];
  struct model_origin origin;
  char recipient[MODEL_SCRIPT], recipient_address[BS_ADDRESS_TEXT];
  uint64_t version, block_number, reveal_block, ready_block;
  bool is_ready;
  struct model_prices prices;
  char importer_key[MODEL_KEY]; /* of the first import: its children may import too; "": no import yet */
};

/* A name that leaves the lists at the end of a block. */
struct model_expiry {
  uint64_t block;
  char name[MODEL_NAME];
};

/* What one transaction asks for. */
struct model_operation {
  unsigned char opcode;
  char name[MODEL_NAME];     /* or a namespace's id */
  char hash[MODEL_HASH160];  /* of preorders */
  char name_hash[MODEL_HASH128], consensus[MODEL_HASH128], value_hash[MODEL_HASH160];
  uint64_t quantity, version;
  bool keep_data;
  struct model_prices prices;
  char recipient[MODEL_SCRIPT], recipient_address[BS_ADDRESS_TEXT];
  bool has_fee;
  uint64_t fee;
  struct model_origin origin;
};

/* An operation that changed a name. */
struct model_change {
  char name[MODEL_NAME], txid[MODEL_TXID];
  uint64_t block;
};

struct model_state {
  uint64_t height;
  struct model_name *names;
  size_t name_count;
  struct model_preorder *preorders;
  size_t preorder_count;
  struct model_namespace *namespaces;
  size_t namespace_count;
  struct model_expiry *expiries;
  size_t expiry_count;
  struct model_operation *waiting; /* registrations whose preorder is of several names */
  size_t waiting_count;
  struct model_change *changes;
  size_t change_count;
  char (*consensus)[MODEL_HASH128]; /* of each block from the first one on */
  size_t consensus_count;
};

struct model {
  const struct bs_chain_parameters *parameters;
  struct model_state state;
  struct model_state undo[MODEL_UNDO]; /* before the newest block, before the one before it, ... */
  size_t undo_count;
  struct bs_buffer *operations; /* of the newest block, serialised, in order of acceptance */
  size_t operation_count;
  struct model_preorder *preordered; /* by the newest block */
  size_t preordered_count;
};

/* parameters: must live as long; undo_blocks doesn't count. */
void model_init(struct model *model, const struct bs_chain_parameters *parameters);
void model_free(struct model *model);
/* As bs_rules_apply; the reason of a refusal is not told. */
void model_apply(struct model *model, struct bs_block_result *ret_result, uint64_t height,
                 struct bs_block_transaction *transactions, size_t count);
/* Forgets all blocks above `height`, at most MODEL_UNDO. */
void model_rollback(struct model *model, uint64_t height);
/* Appends all that is known, in the lines of t/lib/index-lines.h. */
void model_lines(struct bs_buffer *lines, const struct model *model);

/* For whoever wants to know what would be accepted. */
struct model_name *model_find_name(const struct model *model, const char *name);
struct model_namespace *model_find_namespace(const struct model *model, const char *id);
struct model_preorder *model_find_preorder(const struct model *model, unsigned char opcode, const char *hash);
const char *model_namespace_of(const char *name);
/* Does it count as registered for operations of block `height`? */
bool model_is_registered(const struct model_name *name, const struct model_namespace *space, uint64_t height);
size_t model_count_owned(const struct model *model, const char *sender);
/* The consensus hash that counts as block `height`'s; NULL: none. */
const char *model_consensus(const struct model *model, uint64_t height);
/* Satoshis.  *ret_text: as an import's op_fee. */
double model_price(char text[32], const struct model_prices *prices, const char *name);
uint64_t model_namespace_price(const char *id);
void model_name_hash(char hash[MODEL_HASH160], const char *name, const char *sender, const char *address);
void model_names_hash(char hash[MODEL_HASH160], const char *const *names, size_t count, const char *sender,
                      const char *const *addresses);
void model_update_hash(char hash[MODEL_HASH128], const char *name, const char *consensus);
/* The key's non-hardened child `number`, compressed, with a chain code of zeros; false: there is none. */
bool model_child_key(char child[MODEL_KEY], const char *public_key, uint32_t number);
void model_key_address(char address[BS_ADDRESS_TEXT], const char *public_key, unsigned char version);

/* ---- between the files of the model ---- */

/* False: none of this chain.  A payload that makes no sense: opcode 0. */
bool model_parse(struct model_operation *ret_operation, const struct bs_chain_parameters *parameters,
                 const struct bs_block_transaction *transaction);
void model_serialise(struct bs_buffer *text, unsigned char opcode, const struct model_name *name,
                     const struct model_operation *operation);
void model_serialise_preorder(struct bs_buffer *text, const struct model_preorder *preorder);
void model_serialise_namespace(struct bs_buffer *text, unsigned char opcode, const struct model_namespace *space);
/* leaves: hexadecimal; sorted on the way. */
void model_merkle(char root[2 * BS_SHA256_SIZE + 1], char (*leaves)[2 * BS_SHA256_SIZE + 1], size_t count);
void model_operations_hash(char hash[2 * BS_SHA256_SIZE + 1], const struct bs_buffer *operations, size_t count);
void model_consensus_hash(char consensus[MODEL_HASH128], const struct model *model, const char *operations_hash);
/* Would the operation be accepted now?  For registrations and reveals, of which the whole block is looked at first. */
bool model_may_register(const struct model *model, const struct model_operation *operation, uint64_t height);
bool model_may_reveal(const struct model *model, const struct model_operation *operation);
/* Applies it; false: refused, and nothing changed. */
bool model_operate(struct model *model, const struct model_operation *operation, uint64_t height);
void model_expire(struct model *model, uint64_t height);
/* The array with room for one more element behind `count`, zeroed. */
void *model_grow(void *array, size_t count, size_t size);

#endif
