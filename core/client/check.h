/* SPDX-License-Identifier: MIT */
/* The parts of blockstore_check that look at more than one room.  Words of all: no_memory; what else is wrong is a finding. */
#ifndef BS_CLIENT_CHECK_H
#define BS_CLIENT_CHECK_H

#include "core/client/config.h"
#include "core/names/names.h"
#include "core/state/check.h"

/* What the state remembers of names, held against the name service. */
bool bs_check_names(struct bs_names *names, const struct blockstore_config *config, const struct bs_remembered *remembered,
                    size_t count, struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error);
/* The evidence files: their form, and both signatures. */
bool bs_check_evidence(const char *state_dir, struct bs_survey *survey, struct bs_error *error);
/* Stores of the configuration that are one place, and, when some data are known to be stored, paths of theirs that are
 * not there.  No store is opened, no driver run. */
bool bs_check_stores(const struct blockstore_config *config, bool has_data, struct bs_survey *survey, struct bs_error *error);

#endif
