/* SPDX-License-Identifier: MIT */
/*
 * The methods: one table.  A method appends its result, one JSON value, to call->reply, or fails; what it appended until then
 * is taken back, and the error is the application's: [{"error": sentence, "code": word}].
 *
 * Methods of one lane run one after the other, on a thread of their own but for the first.
 */
#ifndef BLOCKSTORED_METHOD_H
#define BLOCKSTORED_METHOD_H

#include "core/names/moment.h"

enum bsd_lane {
  BSD_AT_ONCE, /* on the loop's thread */
  BSD_SCAN,    /* may go through much of the index */
  BSD_SEND,    /* gives a transaction to the node, or waits for the write lock */
  BSD_NODE,    /* lets a node search for coins, which may take it long */
  BSD_LANES
};

enum bsd_kind {
  BSD_NAME = 1,
  BSD_NAMESPACE,
  BSD_ADDRESS,
  BSD_HASH,
  BSD_TXID,
  BSD_CONSENSUS,
  BSD_TRANSACTION,
  BSD_WHOLE,
  BSD_TRUTH,
  BSD_WORD
};
enum { BSD_ARGUMENTS_MAX = 4 };

/* What came for one parameter; null is as good as nothing. */
struct bsd_argument {
  bool given;
  const char *text; /* of the kinds that are one; hashes and ids: of the right length, in lower case */
  uint64_t number;  /* WHOLE; TRUTH: 0 or 1 */
};

struct bsd_service;
struct bsd_call {
  struct bsd_service *service;
  struct bs_names *names; /* the lane's own */
  struct bs_scope *scope;
  struct bsd_argument arguments[BSD_ARGUMENTS_MAX];
  struct bs_buffer *reply;
  struct bs_buffer *room; /* empty; for the method's own use */
  struct bs_error *error;
};

struct bsd_method {
  const char *name;
  const char *synopsis; /* of its parameters */
  unsigned least, most;
  enum bsd_kind kinds[BSD_ARGUMENTS_MAX];
  enum bsd_lane lane;
  bool is_kept; /* its reply depends on the last block and its consensus hash alone: not on what was refused or announced */
  bool (*run)(struct bsd_call *call);
  unsigned cost; /* of the peer's request_rate; 0: one */
};
extern const struct bsd_method bsd_methods[];
extern const size_t bsd_method_count;

/* NULL: there is none. */
const struct bsd_method *bsd_method_find(const char *name, size_t length);
/* Did methods of this name take private keys?  They never travel now: the sentence says so. */
bool bsd_method_is_refused(const char *name, size_t length, struct bs_error *error);

/* Is the index so far behind its source that what is not found may yet be? */
bool bsd_is_indexing(const struct bsd_call *call);
/* An error of the server of 2015, in its words; while it is indexing, that, instead of not_found. */
bool bsd_fail_2015(struct bsd_call *call, enum bs_word word, const char *sentence);

bool bsd_ping(struct bsd_call *call);
bool bsd_getinfo(struct bsd_call *call);
/* methods-names.c */
bool bsd_lookup(struct bsd_call *call);
bool bsd_name_record(struct bsd_call *call);
bool bsd_name_history(struct bsd_call *call);
bool bsd_name_cost(struct bsd_call *call);
bool bsd_names_of_address(struct bsd_call *call);
bool bsd_all_names(struct bsd_call *call);
bool bsd_name_state(struct bsd_call *call);
bool bsd_preorder_state(struct bsd_call *call);
bool bsd_name_value(struct bsd_call *call);
bool bsd_operations_on(struct bsd_call *call);
bool bsd_data_is_read_by_clients(struct bsd_call *call);
/* methods-namespaces.c */
bool bsd_namespace_cost(struct bsd_call *call);
bool bsd_namespace_record(struct bsd_call *call);
bool bsd_namespace_reveal_record(struct bsd_call *call);
bool bsd_names_in_namespace(struct bsd_call *call);
bool bsd_namespace_state(struct bsd_call *call);
/* methods-blocks.c */
bool bsd_nameops_at(struct bsd_call *call);
bool bsd_nameops_hash_at(struct bsd_call *call);
bool bsd_consensus_at(struct bsd_call *call);
bool bsd_consensus_range(struct bsd_call *call);
bool bsd_block_from_consensus(struct bsd_call *call);
bool bsd_operations_at(struct bsd_call *call);
bool bsd_announcements_at(struct bsd_call *call);
bool bsd_refused_at(struct bsd_call *call);
/* methods-coins.c */
bool bsd_unspents(struct bsd_call *call);
bool bsd_broadcast(struct bsd_call *call);

#endif
