/* SPDX-License-Identifier: MIT */
/*
 * Mutable records that are wrong in one chosen way, for tests: a table of faults, each with the word that a reader must answer.
 * The record that the faults are made of is one of a datum that readers saw already: `ver` with `data`.  t/forge writes them for
 * shell tests.
 */
#ifndef BS_T_FORGE_H
#define BS_T_FORGE_H

#include "core/crypto/key.h"
#include "core/record/statement.h"

struct forge_fault {
  const char *name;
  /* Of bs_mutable_parse and bs_mutable_verify.  BS_NO_WORD: the record is authentic. */
  enum bs_word word;
  /* Of a get, when the stores have nothing but this, and the reader saw ver with data before.  BS_NO_WORD: it gives the data. */
  enum bs_word get_word;
};

struct forge {
  struct bs_datum datum;
  const struct bs_key *key; /* of the authority */
  uint64_t ver;
  uint64_t expires; /* 0: never */
  const void *data;
  size_t length;
};

/* By number from 0, or by name; NULL when there is none. */
const struct forge_fault *forge_fault_at(size_t number);
const struct forge_fault *forge_fault_find(const char *name);

/* Appends the record.  The fault is one of the table's.  Word: usage (a version that some faults go below or above). */
bool forge(struct bs_buffer *ret_record, const struct forge_fault *fault, const struct forge *of, struct bs_error *error);

#endif
