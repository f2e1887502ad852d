/* SPDX-License-Identifier: MIT */
/* What an index holds, in the lines in which the recordings have it (t/vectors/names/README, from "name" on). */
#ifndef BS_T_INDEX_LINES_H
#define BS_T_INDEX_LINES_H

#include "core/chain/index.h"

/* Appends all of them, in that order.  height: of the newest block. */
bool index_lines(struct bs_buffer *lines, const struct bs_index *index, uint64_t height, struct bs_error *error);

/* One record: "name foo.test value_hash= sender=76a9..." and a newline. */
void index_name_line(struct bs_buffer *lines, const struct bs_name_entry *entry);
void index_namespace_line(struct bs_buffer *lines, const struct bs_namespace_entry *entry);
void index_preorder_line(struct bs_buffer *lines, const struct bs_preorder_entry *entry, enum bs_opcode opcode);

#endif
