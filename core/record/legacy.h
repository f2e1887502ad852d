/* SPDX-License-Identifier: MIT */
/*
 * Mutable records of 2015.  Signed are id, decimal ver and base64, run together with nothing between them: the
 * signature of one record may fit another.  bs_mutable_verify verifies as the clients of 2015 did; the questions here
 * are asked besides, and a record to which one of them applies is refused as ambiguous.
 */
#ifndef BS_RECORD_LEGACY_H
#define BS_RECORD_LEGACY_H

#include "core/record/mutable.h"
#include "core/record/user.h"

/* z: hash160 of the preimage, as an integer of 32 bytes.  id: that of the record, which was asked for. */
void bs_legacy_digest(unsigned char z[BS_SHA256_SIZE], const struct bs_mutable *record, const char *id);

/* Has ver more than four digits?  Then base64 may be read as a part of it. */
bool bs_legacy_ver_is_long(const struct bs_mutable *record);
/* Has it no data?  Signed to delete a datum was its id alone, and that may end in digits. */
bool bs_legacy_is_empty(const struct bs_mutable *record);
/* Do the data begin with four digits?  Then these may have been signed as a part of ver. */
bool bs_legacy_data_begin_with_digits(const struct bs_mutable *record);
/* Does another id (unescaped), with digits and perhaps base64 behind, give the same text that is signed?  Or is it all of
 * that text: signed to delete it was the id alone. */
bool bs_legacy_fits_id(const struct bs_mutable *record, const char *id, const char *other_id, size_t length);

/* All of these, with every other route of the user record.  Words: forged, no_memory. */
bool bs_legacy_check(const struct bs_mutable *record, const char *id, const struct bs_user *user,
                     struct bs_error *error);

#endif
