/* SPDX-License-Identifier: MIT */
/*
 * SQLite files looked at as they are: nothing is written, and no file made or changed, also none of those that SQLite
 * keeps beside its own; no schema is brought up to date.  It goes on read-only file systems, and while other processes
 * write.
 */
#ifndef BS_STATE_EXAMINE_H
#define BS_STATE_EXAMINE_H

#include "core/base/survey.h"
#include "core/state/database.h"

/* A file that is examined, and what there is to say of all that is wrong with it. */
struct bs_subject {
  const char *what; /* static: of its survey */
  const char *path;
  const struct bs_database_kind *kind;
  const char *mend;    /* a sentence: of what is damaged */
  const char *upgrade; /* a sentence: of an older schema */
};

/* What a subject's own examination adds: of a file that is sound as far as SQLite can tell, with a read transaction open.
 * version: of its schema, 1 to the kind's.  False: it could not be done, and that is no fault of the file (memory, the scope). */
typedef bool bs_examine_content(void *user, struct bs_database *database, int32_t version, struct bs_survey *survey,
                                struct bs_error *error);
/* `content` may be called twice: what it found the first time is dropped then, as somebody wrote the file meanwhile. */
bool bs_examine(const struct bs_subject *subject, const struct bs_scope *scope, bs_examine_content *content, void *user,
                struct bs_survey *survey, struct bs_error *error);

/* A connection of that kind, which writes nothing.  locked: it shares locks with other processes that have the file
 * open, which touches the memory that they share; else where these keep writing, what is read may be of two moments. */
bool bs_database_examine(struct bs_database **ret_database, const char *path, const struct bs_database_kind *kind, bool locked,
                         const struct bs_scope *scope, struct bs_error *error);

/* Adds an error whose problem is that failure.  False where memory is missing or the call was cancelled: then that
 * stays in *error. */
bool bs_examine_tell(const struct bs_subject *subject, struct bs_survey *survey, struct bs_error *error);

#endif
