/* SPDX-License-Identifier: MIT */
/*
 * What a name server answers, taken apart: the results of its methods, read strictly.  No I/O.
 *
 * Word of all: malformed (the server's answer is not what the method gives; the message goes on after "The name server X ").
 */
#ifndef BS_NAMES_TOLD_H
#define BS_NAMES_TOLD_H

#include "core/chain/fields.h"
#include "core/names/entry-json.h"
#include "core/names/provider.h"

/* The chain's end when it was told. */
struct bs_told_tip {
  uint64_t block;
  unsigned char consensus[BS_CONSENSUS_SIZE];
};

struct bs_told_info {
  bool exists; /* false: there is no chain yet; what follows but the server is zero */
  unsigned char chain_id[32];
  const char *network; /* static, as in struct bs_names_info */
  struct bs_told_tip tip;
  uint64_t first_block, block_time, names;
  uint64_t fee_rate; /* satoshis for 1,000 bytes; 0: not known */
  uint64_t confirmations, node_blocks; /* 0: there is no node behind it */
  char server[64];
};
/* The ids of Bitcoin's networks go with these networks only. */
bool bs_told_info_read(struct bs_told_info *ret_info, struct bs_json result, struct bs_error *error);

struct bs_told_name {
  struct bs_told_tip tip;
  bool found, name_space_found, inherited;
  struct bs_name_entry entry;
  struct bs_namespace_entry name_space;
};
/* name: what was asked for. */
bool bs_told_name_read(struct bs_told_name *ret_name, struct bs_json result, const char *name, struct bs_error *error);

struct bs_told_namespace {
  struct bs_told_tip tip;
  bool found;
  struct bs_namespace_entry entry;
};
bool bs_told_namespace_read(struct bs_told_namespace *ret_namespace, struct bs_json result, const char *id,
                            struct bs_error *error);

struct bs_told_preorder {
  struct bs_told_tip tip;
  bool found;
  struct bs_preorder_entry entry;
};
bool bs_told_preorder_read(struct bs_told_preorder *ret_preorder, struct bs_json result, enum bs_opcode opcode,
                           const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);

/* Appends the names of a list from number `skip` on, at most `most`, each with its NUL; *ret_listed: how many the list has. */
bool bs_told_list_read(struct bs_buffer *texts, size_t *ret_count, size_t *ret_listed, struct bs_json result, uint64_t skip,
                       uint64_t most, struct bs_error *error);

bool bs_told_consensus_read(unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, struct bs_json result,
                            struct bs_error *error);
bool bs_told_value_read(unsigned char value_hash[BS_HASH160_SIZE], bool *ret_found, bool *ret_update, struct bs_json result,
                        struct bs_error *error);

/* Some operations of a longer list.  A visitor's false ends it, with the visitor's error and *ret_ended.  block: of all of them;
 * UINT64_MAX: each says its own. */
bool bs_told_operations_read(size_t *ret_count, bool *ret_more, bool *ret_ended, struct bs_json result, uint64_t block,
                             bs_visit_operation visit, void *user, struct bs_error *error);
bool bs_told_announcements_read(bool *ret_ended, struct bs_json result, bs_visit_announcement visit, void *user,
                                struct bs_error *error);
bool bs_told_refused_read(bool *ret_ended, struct bs_json result, bs_visit_refused visit, void *user, struct bs_error *error);

/* Each is checked against the whole transaction that came with it, and pays to `hash` as P2PKH or P2WPKH.  confirmations: as
 * many, 0 in no block yet; NULL: not wanted.  Word: also forged. */
bool bs_told_coins_read(struct bs_coin *coins, uint64_t *confirmations, size_t *ret_count, size_t most,
                        const unsigned char hash[BS_HASH160_SIZE], struct bs_json result, struct bs_error *error);

struct bs_told_broadcast {
  bool is_in_block; /* the chain puts a transaction into a block at once; what follows is told then only */
  uint64_t block;
  bool is_operation, is_accepted;
  char reason[200];
};
/* txid: of the transaction that was sent. */
bool bs_told_broadcast_read(struct bs_told_broadcast *ret_broadcast, struct bs_json result,
                            const unsigned char txid[BS_TXID_SIZE], struct bs_error *error);

/* Do the two contradict each other?  Where they are of different blocks, what the chain has done between them is no
 * contradiction. */
bool bs_told_names_differ(const struct bs_told_name *one, const struct bs_told_name *other);

#endif
