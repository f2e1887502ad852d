/* SPDX-License-Identifier: MIT */
/* A read of mutable data: what get_mutable, explain, and a write before and after it share. */
#ifndef BS_CLIENT_READING_H
#define BS_CLIENT_READING_H

#include "core/client/choice.h"
#include "core/client/target.h"

struct bs_reading {
  struct bs_work *work;
  const struct bs_present *present; /* the caller's */
  const struct bs_target *target;   /* the caller's */
  struct bs_places places;
  struct bs_versions versions;
  struct bs_recalled recalled;      /* once something verified: what was known of its signer's versions */
  bool has_recalled;
  struct bs_bounds bounds;
  struct bs_choice choice;
};

/* Finds the places of the target; data_id: what the stores know the datum by. */
bool bs_reading_begin(struct bs_reading *reading, struct bs_work *work, const struct bs_present *present,
                      const struct bs_target *target, const char *data_id);
/* After false of bs_reading_begin, too. */
void bs_reading_end(struct bs_reading *reading);

/* What was seen of the signer's versions, where that is known before anything verified. */
void bs_reading_know(struct bs_reading *reading, const struct bs_recalled *recalled);
/* Asks them.  authority: whose signature counts; takes_first: as replication.read says, and only for a read whose bounds are set.
 * True also when nothing was found. */
bool bs_reading_ask(struct bs_reading *reading, const struct bs_authority *authority, bool takes_first);
/* Decides (bs_choose) against what was seen before; where nothing was found, or only stale versions beside forged ones,
 * says why. */
bool bs_reading_choose(struct bs_reading *reading);

/* "The data ID of NAME", for messages; an id that is long is cut. */
#define BS_READING_WHAT 128
void bs_reading_what(char what[BS_READING_WHAT], const struct bs_datum *datum);
/* Answers with what each store gives for the datum, and what a get would make of it.  Changes nothing. */
bool bs_explain(struct bs_work *work, cJSON *answer, const char *name, const char *id);
/* Appends the JSON array that says of each place what it gave and why that is believed or not; empty before bs_reading_begin. */
void bs_reading_explain(const struct bs_reading *reading, struct bs_buffer *ret_json);

#endif
