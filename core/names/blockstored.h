/* SPDX-License-Identifier: MIT */
/* Between the files of the provider `blockstored`. */
#ifndef BS_NAMES_BLOCKSTORED_H
#define BS_NAMES_BLOCKSTORED_H

#include "core/names/servers.h"

#define BS_PARAMS_MAX 160
#define BS_REQUESTS_MAX 120 /* of a batch: servers take 8,192 bytes in a frame */
#define BS_BLOCKS_AHEAD 250 /* consensus hashes that are asked for at once where one after the other is wanted */

struct bs_blockstored {
  struct bs_servers servers;
  /* What this call has been told. */
  bool has_tip;
  struct bs_told_tip tip; /* all of its answers are as of this */
  bool has_name;
  struct bs_told_name name;
  bool has_moved; /* an answer was as of another */
  /* Of the last name, where there are several servers. */
  const struct bs_server *teller; /* who alone says what is believed; NULL: another one confirms it */
  bool is_far;      /* ... of a block more than BS_SERVERS_LAG beyond all that the others, which answered, have */
  bool is_compared; /* another one has answered */
  uint64_t reach;   /* ... and those are this far, or their nodes */
  struct {
    uint64_t first; /* block */
    size_t count;
    unsigned char hashes[BS_BLOCKS_AHEAD][BS_CONSENSUS_SIZE];
    uint64_t next; /* the block behind the one that was asked for last */
  } ahead;
  char place[sizeof((struct bs_server_address *)NULL)->text + sizeof "the name server "];
};

/* Bytes of names that are listed, some ten million; and operations of one question: a server may always say that there are more.
 * Tests make them smaller. */
extern size_t bs_blockstored_list_bytes, bs_blockstored_parts_most;

/* The call's answers are as of this tip.  False, with no_names, when others were as of another: has_moved. */
bool bs_blockstored_note_tip(struct bs_blockstored *blockstored, const struct bs_told_tip *tip, struct bs_error *error);
/* Nothing has been told yet: for what is begun anew. */
void bs_blockstored_forget(struct bs_blockstored *blockstored);
/* May what its server says be written by?  False also where another one is asked instead (*ret_again). */
bool bs_blockstored_may_write(struct bs_blockstored *blockstored, bool *ret_again, struct bs_error *error);
/* Is what it sends in a block at once, and stays there?  As far as is known. */
bool bs_blockstored_immediate(void *state);

bool bs_blockstored_ask(struct bs_blockstored *blockstored, const char *method, const char *params, bs_read_result read,
                        void *user, struct bs_error *error);

/* For the chain's consensus hash of a block. */
struct bs_consensus_wanted {
  unsigned char *consensus;
  bool found;
};
bool bs_blockstored_read_consensus(void *user, struct bs_json result, struct bs_error *error);

/* The provider's functions: blockstored.c */
bool bs_blockstored_network(void *state, const struct bs_scope *scope, enum bs_network *ret_network, struct bs_error *error);
/* blockstored-blocks.c */
bool bs_blockstored_has_elsewhere(void *state, bool *ret_has, uint64_t block, const unsigned char consensus[BS_CONSENSUS_SIZE],
                                  struct bs_error *error);
bool bs_blockstored_consensus_at(void *state, unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, uint64_t block,
                                 struct bs_error *error);
bool bs_blockstored_operations_hash_at(void *state, unsigned char hash[BS_SHA256_SIZE], bool *ret_found, uint64_t block,
                                       struct bs_error *error);
bool bs_blockstored_block_of(void *state, uint64_t *ret_block, bool *ret_found, const unsigned char consensus[BS_CONSENSUS_SIZE],
                             struct bs_error *error);
bool bs_blockstored_list(void *state, struct bs_buffer *texts, size_t *ret_count, const unsigned char *owner_hash,
                         uint64_t offset, uint64_t count, struct bs_error *error);
bool bs_blockstored_list_in_namespace(void *state, struct bs_buffer *texts, size_t *ret_count, const char *id, uint64_t offset,
                                      uint64_t count, struct bs_error *error);
bool bs_blockstored_operations_at(void *state, uint64_t block, bs_visit_operation visit, void *user, struct bs_error *error);
bool bs_blockstored_operations_on(void *state, const char *name, uint64_t first, uint64_t last, bs_visit_operation visit,
                                  void *user, struct bs_error *error);
bool bs_blockstored_announcements_at(void *state, uint64_t block, bs_visit_announcement visit, void *user,
                                     struct bs_error *error);
bool bs_blockstored_refused_at(void *state, uint64_t block, bs_visit_refused visit, void *user, struct bs_error *error);
bool bs_blockstored_find_value(void *state, unsigned char value_hash[BS_HASH160_SIZE], bool *ret_found, bool *ret_update,
                               const unsigned char txid[BS_TXID_SIZE], const char *name, struct bs_error *error);
/* blockstored-batch.c */
bool bs_blockstored_hashes_of(void *state, struct bs_block_hashes *blocks, size_t count, struct bs_error *error);
bool bs_blockstored_operations_of(void *state, const uint64_t *blocks, size_t count, bs_visit_operation visit, void *user,
                                  struct bs_error *error);
/* blockstored-write.c */
bool bs_blockstored_coins(void *state, struct bs_coin *coins, size_t *ret_count, size_t most,
                          const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);
bool bs_blockstored_submit(void *state, uint64_t *ret_block, bs_build build, void *user, bool dry_run, struct bs_error *error);
bool bs_blockstored_broadcast(void *state, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw, bool dry_run,
                              struct bs_error *error);

#endif
