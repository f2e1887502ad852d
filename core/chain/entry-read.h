/* SPDX-License-Identifier: MIT */
/* Serialised operations, read back into the entries that entry.h serialised. */
#ifndef BS_CHAIN_ENTRY_READ_H
#define BS_CHAIN_ENTRY_READ_H

#include "core/chain/entry.h"
#include "core/chain/fields.h"

/* The text of the field of that name, which the fields must have. */
struct bs_field bs_field_of(const struct bs_fields *fields, const char *name);
bool bs_field_is(const struct bs_field *field, const char *text);

/* Registration, renewal, import, update, transfer or revocation? */
bool bs_fields_are_of_name(const struct bs_fields *fields);
/* Reveal or ready? */
bool bs_fields_are_of_namespace(const struct bs_fields *fields);

/*
 * Each is the entry after the operation, which entry.h would serialise to exactly `serialised`: another spelling of the same
 * values is refused.  What is not serialised is zero: the lists and the consensus hash of a name.  Word: malformed.
 */
bool bs_name_from_operation(struct bs_name_entry *ret_entry, struct bs_entry_context *ret_context, const struct bs_fields *fields,
                            const void *serialised, size_t length, struct bs_error *error);
bool bs_namespace_from_operation(struct bs_namespace_entry *ret_entry, const struct bs_fields *fields, const void *serialised,
                                 size_t length, struct bs_error *error);

#endif
