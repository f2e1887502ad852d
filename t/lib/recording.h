/* SPDX-License-Identifier: MIT */
/*
 * A recorded run of the original name server (t/vectors/names/README), read whole: what came in each block and what
 * must come of it, then all that the server knew at the end.  All of it lives as long as the recording.
 */
#ifndef BS_T_RECORDING_H
#define BS_T_RECORDING_H

#include "core/chain/rules.h"

enum recording_verdict {
  RECORDING_ACCEPTED,
  RECORDING_DEFERRED, /* accepted; its effect comes when its multi-preorder is complete */
  RECORDING_REJECTED,
  RECORDING_UNPARSABLE,
  RECORDING_NOT_OURS
};

struct recording_bytes {
  const unsigned char *bytes;
  size_t length;
};

struct recording_block {
  uint64_t height;
  /* For bs_rules_apply, which writes nothing but verdict and reason. */
  struct bs_block_transaction *transactions;
  const enum recording_verdict *verdicts; /* expected; as many */
  const struct recording_bytes *raws;     /* as many */
  size_t count;
  const struct recording_bytes *operations; /* expected: serialised, in order of acceptance */
  size_t operation_count;
  unsigned char operations_hash[BS_SHA256_SIZE];
  unsigned char consensus[BS_CONSENSUS_SIZE];
};

/* What is known after the last block: "name foo.test value_hash= sender=76a9..." */
struct recording_line {
  const char *kind; /* "name" */
  const char *key;  /* "foo.test"; a kind has it once */
  const char *text; /* "value_hash= sender=76a9..." */
};

struct recording {
  const char *name;
  struct bs_chain_parameters parameters;
  struct recording_block *blocks;
  size_t block_count;
  struct recording_line *lines; /* sorted by kind, in the order of the README, and by key */
  size_t line_count;
};

/* path: ".../NAME.txt".  Words: those of bs_file_read; malformed (says which line). */
bool recording_open(struct recording **ret_recording, const char *path, struct bs_error *error);
void recording_close(struct recording *recording); /* NULL is allowed */

/* "rejected"; static. */
const char *recording_verdict_text(enum recording_verdict verdict);
/* Is it what bs_rules_apply should have said?  A deferred operation is an accepted one. */
bool recording_is_verdict(enum recording_verdict expected, enum bs_verdict verdict);
/* Takes "KIND KEY TEXT" apart, in place; false when it is something else. */
bool recording_split_line(struct recording_line *ret_line, char *text);
/* The value of FIELD=VALUE, within the line and not terminated; false when it has no such field. */
bool recording_get_field(const struct recording_line *line, const char **ret_value, size_t *ret_length,
                         const char *field);

#endif
