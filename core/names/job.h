/* SPDX-License-Identifier: MIT */
/* An operation on its way into a block: what its files share. */
#ifndef BS_NAMES_JOB_H
#define BS_NAMES_JOB_H

#include "core/names/names-private.h"
#include "core/names/payment.h"

struct bs_waiting;

struct bs_job {
  /* What is wanted; members that an operation doesn't need are zero. */
  const struct bs_name_operation *operation;
  const char *name;                          /* or a namespace's id; checked */
  bool is_nameless;                          /* `name` is a noun for messages */
  const char *owner_address;                 /* who gets it, as given; NULL: owner_key */
  unsigned char value_hash[BS_HASH160_SIZE]; /* update, import; announce: the message's */
  bool keep_data;                            /* transfer */
  struct bs_namespace_rules rules;           /* reveal */
  /* Is the very same on its way?  Then that is told again; NULL: it is never looked for before the plan. */
  bool (*is_repeated)(struct bs_job *job);

  /* Reads of the chain what `plan` needs beyond height, consensus hash and coins; NULL: nothing. */
  bool (*look)(struct bs_job *job, struct bs_view *view, struct bs_error *error);
  /* Refuses what the rules would refuse, and adds the transactions. */
  bool (*plan)(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error);
  /* Says what is missing where there is no chain at all; NULL: the operation makes it. */
  bool (*fail_absent)(const struct bs_job *job, struct bs_error *error);

  /* Filled by bs_job_run: who gets it, as address and hash, and whose addresses the chain's are. */
  char owner[BS_ADDRESS_TEXT];
  unsigned char owner_hash[BS_HASH160_SIZE];
  enum bs_network network;
  struct bs_payment payment;
  struct bs_waiting *waiting; /* what else is on its way (waiting.h); NULL: the chain is immediate */
  bool is_kept;               /* something was made that is kept, and may be sent */
  bool plans_registration;    /* set by the plan: what it added is the preorder alone */
  /* The chain as the plan sees it. */
  uint64_t height;
  unsigned char consensus[BS_CONSENSUS_SIZE];
  bool found; /* the name */
  struct bs_name_entry entry;
  bool name_space_found;
  struct bs_namespace_entry name_space;
  struct bs_preorder_entry preorder;
  struct bs_name_receipt receipt;
};

bool bs_job_run(struct bs_job *job, struct bs_names *names, struct bs_scope *scope,
                struct bs_name_receipt *ret_receipt, struct bs_error *error);

/* ---- for plans ---- */
/* The owner key's address. */
void bs_job_sender(const struct bs_job *job, char address[BS_ADDRESS_TEXT]);
/* What a preorder of the name (or a namespace's id) commits to; sender: the hash of the key that makes it. */
void bs_job_preorder_hash(unsigned char hash[BS_HASH160_SIZE], const char *name, const unsigned char sender[BS_HASH160_SIZE],
                          const char *address);
/* noun: "name" or "namespace". */
bool bs_job_bound_price(struct bs_job *job, const char *noun, uint64_t price, struct bs_error *error);
/* Is a preorder of name and owner by this key pending?  job->preorder is it then.  opcode: NAME_PREORDER or
 * NAMESPACE_PREORDER. */
bool bs_job_find_preorder(struct bs_job *job, struct bs_view *view, enum bs_opcode opcode, bool *ret_pending,
                          struct bs_error *error);
/* Burns the receipt's price. */
bool bs_job_add_preorder(struct bs_job *job, struct bs_batch *batch, enum bs_opcode opcode, char txid[BS_TXID_TEXT],
                         struct bs_error *error);
/* The last transaction of a job. */
bool bs_job_add(struct bs_job *job, struct bs_batch *batch, const struct bs_payment_outputs *outputs,
                struct bs_error *error);

#endif
