/* SPDX-License-Identifier: MIT */
/* What database.c lends to examine.c. */
#ifndef BS_STATE_DATABASE_PRIVATE_H
#define BS_STATE_DATABASE_PRIVATE_H

#include "core/base/buffer.h"
#include "core/state/database.h"

/* What who meets a damaged file is told, where its kind says nothing else. */
#define BS_DATABASE_ADVICE "blockstore-cli check says how to mend it"

/* One that is not open yet; NULL: no memory. */
struct bs_database *bs_database_new(const char *path, const struct bs_database_kind *kind, bool read_only,
                                    const struct bs_scope *scope);
/* Is there such a file?  mode create: makes it. */
bool bs_database_look_for(const char *path, const struct bs_database_kind *kind, enum bs_database_mode mode,
                          const struct bs_scope *scope, struct bs_error *error);
/* The URI of a file; in its path the bytes that mean something there are escaped. */
bool bs_database_uri(struct bs_buffer *uri, const char *path, const char *query, struct bs_error *error);
/* Of a connection just opened. */
bool bs_database_configure(struct bs_database *database, struct bs_error *error);
bool bs_database_check_kind(struct bs_database *database, struct bs_error *error);
/* Did the disk not give a page, which SQLite calls damaged, too?  Then the error says so. */
bool bs_database_is_unreadable(struct bs_database *database, struct bs_error *error);

#endif
