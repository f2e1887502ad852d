/* SPDX-License-Identifier: MIT */
/* What the files of the methods share: the call of one, its arguments, its answer. */
#ifndef BS_CLIENT_METHODS_H
#define BS_CLIENT_METHODS_H

#include "core/client/session.h"
#include "core/names/pending.h"

#define BS_METHOD_ARGUMENTS_MAX 8

/* One call of a method. */
struct bs_method_call {
  struct bs_work *work;
  const char *arguments[BS_METHOD_ARGUMENTS_MAX]; /* NULL: not given */
  const struct blockstore_name_options *options;
  cJSON *answer; /* an object, filled by the method */
  struct bs_pending_operation *told; /* what the answer tells of for the last time; by free() */
  size_t told_count;
};

static inline struct bs_names *bs_method_names(const struct bs_method_call *call) {
  return call->work->session->names;
}
static inline struct bs_error *bs_method_error(const struct bs_method_call *call) {
  return &call->work->report.error;
}

/* Arguments; one that is not given leaves the output alone.  Word: usage (says what it is of). */
bool bs_method_number(const struct bs_method_call *call, uint64_t *number, size_t argument, const char *what);
bool bs_method_boolean(const struct bs_method_call *call, bool *boolean, size_t argument, const char *what);
/* The keys and the rest of the options. */
struct bs_name_operation bs_method_operation(const struct bs_method_call *call);
/* The state directory, for an operation that may make the ledger in it; a dry run makes nothing. */
bool bs_method_make_directory(const struct bs_method_call *call);
/* Fills the answer from the receipt and clears it.  Should the answer fail now, its error names the transaction. */
bool bs_method_receipt(struct bs_method_call *call, struct bs_name_receipt *receipt);
/* Fills "names". */
bool bs_method_list(struct bs_method_call *call, const char *texts, size_t count);

/* methods-namespaces.c */
bool bs_method_namespace_preorder(struct bs_method_call *call);
bool bs_method_namespace_reveal(struct bs_method_call *call);
bool bs_method_namespace_ready(struct bs_method_call *call);
bool bs_method_name_import(struct bs_method_call *call);
bool bs_method_announce(struct bs_method_call *call);
bool bs_method_broadcast_transaction(struct bs_method_call *call);

/* methods-pending.c */
bool bs_method_pending(struct bs_method_call *call);
/* The answer was handed out: call->told goes.  Otherwise it is told again. */
void bs_method_told(struct bs_method_call *call);

/* methods-questions.c */
bool bs_method_get_namespace_cost(struct bs_method_call *call);
bool bs_method_get_namespace_blockchain_record(struct bs_method_call *call);
bool bs_method_get_names_in_namespace(struct bs_method_call *call);
bool bs_method_get_nameops_at(struct bs_method_call *call);
bool bs_method_get_consensus_range(struct bs_method_call *call);
bool bs_method_get_name_blockchain_history(struct bs_method_call *call);

#endif
