/* SPDX-License-Identifier: MIT */
/* What several methods and the HTTP side write in the same way. */
#ifndef BLOCKSTORED_SHAPES_H
#define BLOCKSTORED_SHAPES_H

#include "tools/blockstored/method.h"

/* The fields of an operation as members, a text of length 0 as null; without braces. */
void bsd_fields_write(struct bs_buffer *json, const struct bs_fields *fields);
void bsd_field_write(struct bs_buffer *json, const struct bs_field *field);
/* An operation as core/chain/entry.h serialised it. */
void bsd_fields_serialise(struct bs_buffer *text, const struct bs_fields *fields);

/* bs_visit_operation, user: struct bs_buffer, an array in the making: {"block", "opcode", the fields}. */
bool bsd_list_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error);
/* NUL-terminated texts one behind the other, as an array. */
void bsd_list_texts(struct bs_buffer *json, const char *texts, size_t count);
/* The members "block" and "consensus". */
void bsd_moment_write(struct bs_buffer *json, const struct bs_moment *moment);

/* A list of operations that must not become too long.  Where there is no more room the visit fails: with `more`, which is no
 * failure (bsd_page_end), or with too_large and what to do instead. */
struct bsd_page {
  struct bs_buffer *json;
  uint64_t skip;    /* operations that are passed over */
  size_t from;      /* where the list begins in json */
  bool with_block;  /* bsd_page_serialised: each as [BLOCK, hexadecimal] */
  const char *full; /* bsd_page_operation: what to do when it is too long */
  bool more;
};
/* bs_visit_operation, user: struct bsd_page.  As bsd_list_operation; as hexadecimal. */
bool bsd_page_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error);
bool bsd_page_serialised(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error);
/* What came of the visit: true also when it ended because the page was full. */
bool bsd_page_end(const struct bsd_page *page, bool good);

#endif
