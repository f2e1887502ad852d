/* SPDX-License-Identifier: MIT */
/* Two contents that were signed for one version (trust rule 12): listed for the caller, kept on disk as evidence. */
#ifndef BS_CLIENT_EVIDENCE_H
#define BS_CLIENT_EVIDENCE_H

#include "core/client/reading.h"

/*
 * Writes evidence-HASH16.json (design section 3; mode 0600) into the state directory, of the version that the reading
 * found disputed: HASH16 are the first 16 digits of the SHA-256 of both z, the lower first.  A file that stands there
 * already is left.  Where only one of the two signatures is known, nothing is written.  A file that cannot be written
 * is for the log: the dispute itself is what the caller must hear of.
 */
void bs_evidence_keep(const struct bs_reading *reading);
/* Appends the JSON array of the contents that were seen for the chosen version beside it, now or before. */
void bs_evidence_list(const struct bs_reading *reading, struct bs_buffer *ret_json);

#endif
