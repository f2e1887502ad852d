/* SPDX-License-Identifier: MIT */
/* What is wrong with a state directory, and how to mend it.  Nothing is changed, made, or brought up to date. */
#ifndef BS_STATE_CHECK_H
#define BS_STATE_CHECK_H

#include "core/base/survey.h"
#include "core/base/scope.h"
#include "core/record/name.h"
#include "core/state/floors.h"

/* The newest answer about a name that was believed. */
struct bs_remembered {
  unsigned char chain_id[32];
  char name[BS_NAME_MAX + 1];
  struct bs_name_seen seen;
};

/* Is it the name of an evidence file? */
bool bs_state_is_evidence(const char *name);
/* The directory and what lies in it: whose, how open, which kind of file; leftovers, strangers.  ledger: its path; NULL: there is
 * none in a file.  *ret_exists false: there is no such directory, and so nothing to check. */
bool bs_state_check_directory(const char *directory, const char *ledger, struct bs_survey *survey, bool *ret_exists,
                              struct bs_error *error);
/* state.db and state.sequence: the files, and each row.  *ret_names, by free(): what the good rows say of names.
 * Words: no_memory, cancelled, deadline. */
bool bs_state_check(const char *directory, const struct bs_scope *scope, struct bs_survey *survey,
                    struct bs_remembered **ret_names, size_t *ret_count, struct bs_error *error);

#endif
