/* SPDX-License-Identifier: MIT */
/*
 * What the index knows of names, preorders and namespaces, and how an accepted operation is serialised for the
 * operations hash: the values are those of the entry after the operation (protocol.md 4.3).
 */
#ifndef BS_CHAIN_ENTRY_H
#define BS_CHAIN_ENTRY_H

#include "core/chain/transaction.h"
#include "core/chain/wire.h"

#define BS_OP_TEXT 8   /* ":", "::", "+", ">>", "?*" and a byte */

/* Who did it and where: what every entry has of the transaction that made or changed it. */
struct bs_entry_origin {
  struct bs_script sender;         /* length 0: made at genesis */
  struct bs_public_key public_key; /* length 0: not known */
  char address[BS_ADDRESS_TEXT];
  char op[BS_OP_TEXT];
  unsigned char txid[BS_TXID_SIZE];
  uint64_t vtxindex;
};

/* The lists of names: of an owner, for updates and quotas, and by hash, for transfers.  An import over an expired one
 * may return to one of them only. */
enum bs_lists { BS_LIST_OF_OWNER = 1, BS_LIST_BY_HASH = 2, BS_LIST_BOTH = 3 };

struct bs_name_entry {
  char name[BS_NAME_MAX + 1];
  struct bs_entry_origin origin; /* sender, key and address are the owner's */
  bool has_value;
  unsigned char value_hash[BS_HASH160_SIZE];
  uint64_t block_number, preorder_block_number, first_registered, last_renewed;
  bool revoked;
  char op_fee[BS_FEE_TEXT];
  struct bs_script importer; /* length 0: registered, not imported */
  char importer_address[BS_ADDRESS_TEXT];
  bool has_consensus; /* of the newest update since it was registered: a transfer serialises it again */
  unsigned char consensus[BS_CONSENSUS_SIZE];
  unsigned listed; /* the lists that it is in, from registration to the end of the block in which it expires */
  uint64_t changed_block; /* of the newest operation */
};

struct bs_preorder_entry {
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_entry_origin origin;
  unsigned char consensus[BS_CONSENSUS_SIZE];
  uint64_t block_number;
  uint64_t op_fee;
};

/* A registration that waits for others, see rules-multi.c. */
struct bs_pending_entry {
  char name[BS_NAME_MAX + 1];
  struct bs_script recipient;
  char recipient_address[BS_ADDRESS_TEXT];
  unsigned char txid[BS_TXID_SIZE];
  uint64_t vtxindex;
};

enum bs_namespace_state { BS_NAMESPACE_REVEALED = 1, BS_NAMESPACE_IS_READY = 2 };

struct bs_namespace_entry {
  char id[BS_NAMESPACE_MAX + 1];
  enum bs_namespace_state state;
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_entry_origin origin;
  struct bs_script recipient; /* who may import and make it ready */
  char recipient_address[BS_ADDRESS_TEXT];
  uint16_t version;
  struct bs_namespace_rules rules;
  uint64_t block_number, reveal_block, ready_block;
};

/* What the transaction alone knows of an accepted operation; unused members are zero. */
struct bs_entry_context {
  enum bs_opcode opcode;
  struct bs_script recipient; /* registration, import */
  char recipient_address[BS_ADDRESS_TEXT];
  unsigned char name_hash[BS_HASH128_SIZE]; /* update, transfer */
  unsigned char consensus[BS_CONSENSUS_SIZE];
  bool keep_data; /* transfer */
};

void bs_serialise_name(struct bs_buffer *text, const struct bs_name_entry *entry,
                       const struct bs_entry_context *context);
void bs_serialise_preorder(struct bs_buffer *text, const struct bs_preorder_entry *entry); /* of a name or namespace */
void bs_serialise_namespace(struct bs_buffer *text, const struct bs_namespace_entry *entry, enum bs_opcode opcode);

/* The op of a preorder: "?", "*", or "?*" and the number of names as a byte. */
void bs_preorder_set_op(struct bs_preorder_entry *entry, const struct bs_operation *operation);
size_t bs_preorder_quantity(const struct bs_preorder_entry *entry); /* of names, at least 1 */

/* At the end of which block a name that is registered, renewed or imported in `block` leaves the lists of owners and
 * hashes; UINT64_MAX: never. */
uint64_t bs_unlisted_block(uint64_t block, const struct bs_namespace_rules *rules);
/* The last block in which the name counts as registered, UINT64_MAX for ever: its namespace is not ready.  An imported
 * name may leave the lists before. */
uint64_t bs_name_last_block(const struct bs_name_entry *entry, const struct bs_namespace_entry *name_space);

#endif
