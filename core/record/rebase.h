/* SPDX-License-Identifier: MIT */
/* A change of a user record made again to another: two writers started from one record, and neither's entries are lost. */
#ifndef BS_RECORD_REBASE_H
#define BS_RECORD_REBASE_H

#include "core/record/user.h"

/*
 * Appends `onto` (NULL: an empty record) with what makes `to` out of `from` (NULL: an empty record): immutable keys that
 * came and went, routes that were set, deleted or dropped.  Where both changed one route, that of `to` stands.
 * *ret_changed: false when `onto` says all of that already; its bytes are appended as they are.  Words: those of
 * bs_user_write.
 */
bool bs_user_rebase(struct bs_buffer *ret_record, bool *ret_changed, const struct bs_user *from, const struct bs_user *to,
                    const struct bs_user *onto, const char *name, const char *owner, struct bs_error *error);

#endif
