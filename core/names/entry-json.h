/* SPDX-License-Identifier: MIT */
/*
 * What the index knows of a name, a namespace and a preorder (core/chain/entry.h), as a server of names tells it: a JSON object
 * with every member of the struct.  A member that the original server had too has its name (protocol.md 4.3); hashes, scripts and
 * keys are lower-case hexadecimal, a transaction id in displayed order, what is not there is null.
 *
 * Reading is strict: every member is there, of its type and length and in its range, and an address is that of its script.
 * Members that are not known are passed over, so that later servers may say more.
 */
#ifndef BS_NAMES_ENTRY_JSON_H
#define BS_NAMES_ENTRY_JSON_H

#include "core/chain/entry.h"
#include "core/codec/json.h"

/* Append the object; the buffer says at the end whether there was memory. */
void bs_name_to_json(struct bs_buffer *json, const struct bs_name_entry *entry);
void bs_namespace_to_json(struct bs_buffer *json, const struct bs_namespace_entry *entry);
/* Its op says whether it is of a name or of a namespace. */
void bs_preorder_to_json(struct bs_buffer *json, const struct bs_preorder_entry *entry);
/* The members of the first two without the braces around them, for an object that says more. */
void bs_name_members_to_json(struct bs_buffer *json, const struct bs_name_entry *entry);
void bs_namespace_members_to_json(struct bs_buffer *json, const struct bs_namespace_entry *entry);

/* Bytes of the entry that are not told are zero.  Word: malformed (says which member and what was expected). */
bool bs_name_from_json(struct bs_name_entry *ret_entry, struct bs_json object, struct bs_error *error);
bool bs_namespace_from_json(struct bs_namespace_entry *ret_entry, struct bs_json object, struct bs_error *error);
bool bs_preorder_from_json(struct bs_preorder_entry *ret_entry, struct bs_json object, struct bs_error *error);
/* False: it is no transaction id. */
bool bs_txid_from_json(unsigned char txid[BS_TXID_SIZE], struct bs_json value);

#endif
